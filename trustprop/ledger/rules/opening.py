"""Opening balances: one entry that both sides sign, dated on the last day before the books begin."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from trustprop.kernel.errors import FieldError, FieldsInvalid
from trustprop.kernel.money import MAX_FEN
from trustprop.kernel.periods import Period
from trustprop.ledger.model import (
    Books,
    Chart,
    DraftOpening,
    Entry,
    EntryKind,
    Opening,
    OpeningLine,
    Posting,
    Side,
    Source,
)
from trustprop.ledger.rules import refusals
from trustprop.ledger.rules.entries import check_balanced, check_lines


def opening(command: DraftOpening) -> Opening:
    return Opening(
        entry_id=command.id,
        accounting_on=command.accounting_on,
        memo=command.memo,
        lines=command.lines,
        evidence=command.evidence,
    )


def check_opening(books: Books | None, chart: Chart, drafted: Opening, today: date) -> None:
    """Raises BooksAlreadyOpen, OpeningNotAtMonthEnd, FieldsInvalid for every wrong line, EntryUnbalanced."""
    if books is not None:
        raise refusals.BooksAlreadyOpen(opened_on=books.opened_on.isoformat())
    period = Period.of(drafted.accounting_on)
    if drafted.accounting_on != period.last_on or period >= Period.of(today):
        raise refusals.OpeningNotAtMonthEnd
    _check_amounts(drafted.lines)
    postings = _postings(drafted.lines)
    check_lines(chart, postings)
    if postings:
        check_balanced(postings)


def opening_entry(signed: Opening, act_id: UUID) -> Entry | None:
    """The entry of signed opening balances; None for a compound that begins with nothing."""
    if not signed.lines:
        return None
    return Entry(
        entry_id=signed.entry_id,
        kind=EntryKind.OPENING,
        accounting_on=signed.accounting_on,
        memo=signed.memo,
        lines=_postings(signed.lines),
        source=Source(kind="opening-balances", id=act_id),
        evidence=signed.evidence,
        act_id=act_id,
    )


def _check_amounts(lines: Sequence[OpeningLine]) -> None:
    wrong = tuple(
        FieldError(
            pointer=f"/lines/{number}/balance_fen",
            code=refusals.BalanceZero.code,
            detail=refusals.BalanceZero.detail,
        )
        for number, line in enumerate(lines)
        if not 0 < abs(line.balance_fen) <= MAX_FEN
    )
    if wrong:
        raise FieldsInvalid(errors=wrong)


def _postings(lines: Sequence[OpeningLine]) -> tuple[Posting, ...]:
    return tuple(
        Posting(
            account=line.account,
            fund=line.fund,
            side=Side.DEBIT if line.balance_fen > 0 else Side.CREDIT,
            amount_fen=abs(line.balance_fen),
            counterparty_id=line.counterparty_id,
        )
        for line in lines
    )
