"""The journal written out for other programs, piece by piece."""

from collections.abc import AsyncIterator
from enum import StrEnum
from uuid import UUID

from trustprop.ledger.model import JournalEntry
from trustprop.ledger.rules import exports
from trustprop.ledger.service.chart import chart
from trustprop.ledger.service.reading import books
from trustprop.ledger.store import journal
from trustprop.plumbing.database import Tx

AT_ONCE = 1000


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    BEANCOUNT = "beancount"
    HLEDGER = "hledger"


async def export(
    tx: Tx,
    compound_id: UUID,
    form: ExportFormat,
    *,
    language: str = "zh-CN",
    as_of: int | None = None,
) -> AsyncIterator[bytes]:
    """The whole journal up to a tree size, without a row cap; XLSX comes as one piece.

    Raises BooksNotOpen.
    """
    opened = await books(tx, compound_id)
    known = await chart(tx, compound_id)
    last = opened.tree_size if as_of is None else min(as_of, opened.tree_size)
    if form is ExportFormat.XLSX:
        found = await journal.entries(tx, compound_id, as_of=last)
        yield exports.xlsx(known, language, found)
        return
    if form is ExportFormat.CSV:
        yield exports.csv_heading(language).encode()
    elif form is ExportFormat.BEANCOUNT:
        yield exports.beancount_heading(known, str(compound_id), opened.opened_on).encode()
    else:
        yield exports.hledger_heading(known).encode()
    async for entries in _pieces(tx, compound_id, last):
        if form is ExportFormat.CSV:
            yield exports.csv_lines(known, language, entries).encode()
        elif form is ExportFormat.BEANCOUNT:
            yield exports.beancount_entries(entries).encode()
        else:
            yield exports.hledger_entries(entries).encode()


async def _pieces(tx: Tx, compound_id: UUID, last: int) -> AsyncIterator[tuple[JournalEntry, ...]]:
    after = 0
    while after < last:
        entries = await journal.entries(tx, compound_id, after=after, as_of=last, limit=AT_ONCE)
        yield entries
        after = entries[-1].number
