"""Commands of the books: opening them, posting, reversing, closing a month."""

import secrets
from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period, local_date
from trustprop.ledger import rules
from trustprop.ledger.model import (
    Books,
    Entry,
    JournalEntry,
    PostedEntry,
    PostVoucher,
    Reverse,
    ReverseVoucher,
    SealedPeriod,
)
from trustprop.ledger.service.chart import add_default_accounts, chart
from trustprop.ledger.store import journal
from trustprop.ledger.store import posting as store
from trustprop.plumbing.database import Tx


def new_salt() -> bytes:
    """Thirty-two secret bytes that keep a memo's commitment from being guessed."""
    return secrets.token_bytes(32)


async def lock_books(tx: Tx, compound_id: UUID) -> Books:
    """Always the first lock of a command about money. Raises BooksNotOpen."""
    return await store.lock_books(tx, compound_id)


async def post(
    tx: Tx,
    caller: Caller,
    entries: Sequence[Entry],
    *,
    make_salt: Callable[[], bytes] = new_salt,
) -> tuple[PostedEntry, ...]:
    """Posts all of these entries or none, in this order; the one way to move money.

    The same ids with the same content are answered as they were; other content raises EntryDiffers.
    Raises whatever of :mod:`trustprop.ledger.rules.refusals` the entries or the books refuse.
    """
    for entry in entries:
        rules.check_entry(entry)
    if not entries:
        return ()
    return await store.post(tx, caller.compound_id, caller.at, entries, make_salt)


async def open_books(tx: Tx, caller: Caller, opened_on: date) -> Books:
    """Opens a compound's books with the default chart; no entry is dated before this day.

    Raises BooksAlreadyOpen when they were opened on another day.
    """
    await store.open_books(tx, caller.compound_id, opened_on)
    await add_default_accounts(tx, caller)
    return await store.lock_books(tx, caller.compound_id)


async def reverse(tx: Tx, caller: Caller, command: Reverse) -> PostedEntry:
    """Takes an entry back by its mirror; for the house that made the entry.

    Raises Missing, AlreadyReversed, ReversalNotReversible.
    """
    await store.lock_books(tx, caller.compound_id)
    original = await _entry(tx, caller.compound_id, command.entry_id)
    (posted,) = await post(tx, caller, (rules.mirror(original, command),))
    return posted


async def post_voucher(tx: Tx, caller: Caller, command: PostVoucher) -> PostedEntry:
    """A bookkeeper's entry. Raises FieldsInvalid naming every wrong line."""
    caller.check_office_or_scope("books:write", Office.TRUSTEE_BOOKKEEPER)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    books = await store.lock_books(tx, caller.compound_id)
    if await journal.find_entry(tx, caller.compound_id, command.id) is None:
        rules.check_date(books, command.accounting_on, local_date(caller.at))
    entry = rules.voucher(command)
    rules.check_lines(await chart(tx, caller.compound_id), entry.lines)
    (posted,) = await post(tx, caller, (entry,))
    return posted


async def post_plain_voucher(tx: Tx, caller: Caller, command: PostVoucher) -> PostedEntry:
    """A voucher that uses no budget line; budgets posts those that do. Raises FieldsInvalid."""
    caller.check_office_or_scope("books:write", Office.TRUSTEE_BOOKKEEPER)
    rules.check_uses_no_budget(command)
    return await post_voucher(tx, caller, command)


async def reverse_plain_voucher(
    tx: Tx, caller: Caller, entry_id: UUID, command: ReverseVoucher
) -> PostedEntry:
    """Takes back a voucher that used no budget line. Raises ReversedAsAccrual, NotAVoucher."""
    caller.check_office_or_scope("books:write", Office.TRUSTEE_BOOKKEEPER)
    rules.check_used_no_budget(await _entry(tx, caller.compound_id, entry_id))
    return await reverse_voucher(tx, caller, entry_id, command)


async def reverse_voucher(
    tx: Tx, caller: Caller, entry_id: UUID, command: ReverseVoucher
) -> PostedEntry:
    """A bookkeeper's correction. Raises NotAVoucher for entries that another house made."""
    caller.check_office_or_scope("books:write", Office.TRUSTEE_BOOKKEEPER)
    rules.check_voucher_reversal(await _entry(tx, caller.compound_id, entry_id))
    return await reverse(
        tx,
        caller,
        Reverse(
            entry_id=entry_id,
            reversal_id=command.id,
            accounting_on=command.accounting_on,
            memo=command.memo,
        ),
    )


async def close_period(tx: Tx, caller: Caller, period: Period) -> SealedPeriod:
    """Seals a month over the journal's root; a sealed one is answered as it was.

    Raises PeriodOutOfOrder, PeriodNotOver.
    """
    return await store.close_period(tx, caller.compound_id, period, caller.at)


async def _entry(tx: Tx, compound_id: UUID, entry_id: UUID) -> JournalEntry:
    found = await journal.find_entry(tx, compound_id, entry_id)
    if found is None:
        raise Missing(kind="entry")
    return found
