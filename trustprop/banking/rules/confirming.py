"""What a person may confirm, and what may be booked straight from a bank line."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from trustprop.banking.model import (
    BankLine,
    BankMatch,
    Candidate,
    ExplainAlarm,
    LineState,
    Unidentified,
)
from trustprop.banking.rules.matching import is_same_party
from trustprop.banking.rules.refusals import (
    AlreadyIdentified,
    AmountsDiffer,
    ClearanceIncomplete,
    EntryNotOpen,
    LineAlreadyMatched,
    LineNotIncoming,
    PayeeDiffers,
    ReceiptOfAnotherFund,
)
from trustprop.kernel.periods import Period
from trustprop.ledger.model import Books


def choose(
    line: BankLine, found: Mapping[UUID, Candidate], entry_ids: Sequence[UUID]
) -> tuple[Candidate, ...]:
    """The open entries that a person named for a line.

    Raises LineAlreadyMatched, EntryNotOpen, AmountsDiffer or PayeeDiffers.
    """
    check_waiting(line)
    counted = Counter(entry_ids)
    for entry_id in entry_ids:
        if entry_id not in found or counted[entry_id] > 1:
            raise EntryNotOpen(entry_id=str(entry_id))
    chosen = tuple(found[entry_id] for entry_id in entry_ids)
    total_fen = sum(entry.amount_fen for entry in chosen)
    if total_fen != line.amount_fen:
        raise AmountsDiffer(line_fen=line.amount_fen, entries_fen=total_fen)
    for entry in chosen:
        if line.amount_fen < 0 and is_same_party(line, entry) is False:
            raise PayeeDiffers(label=entry.label)
    return chosen


def check_waiting(line: BankLine) -> None:
    """Raises LineAlreadyMatched."""
    if line.state in (LineState.MATCHED, LineState.EXPLAINED):
        raise LineAlreadyMatched(state=line.state.value)


def check_incoming(line: BankLine) -> None:
    """Raises LineAlreadyMatched or LineNotIncoming."""
    check_waiting(line)
    if line.amount_fen < 0:
        raise LineNotIncoming


def check_same_match(line: BankLine, kept: Iterable[BankMatch], entry_ids: Iterable[UUID]) -> None:
    """A retry names what is matched already. Raises LineAlreadyMatched."""
    if {one.entry_id for one in kept} != set(entry_ids):
        raise LineAlreadyMatched(state=line.state.value)


def check_explanation(command: ExplainAlarm) -> None:
    """Raises ClearanceIncomplete."""
    if (command.account is None) != (command.fund is None):
        raise ClearanceIncomplete


def check_identifiable(found: Unidentified, receipt_id: UUID, fund: str) -> None:
    """Raises AlreadyIdentified or ReceiptOfAnotherFund."""
    if found.receipt_id not in (None, receipt_id):
        raise AlreadyIdentified
    if found.fund != fund:
        raise ReceiptOfAnotherFund(fund=fund, expected=found.fund)


def accounting_day(books: Books, booked_on: date, today: date) -> date:
    """The bank's own day; today when its month is closed already."""
    return booked_on if Period.of(booked_on).number > books.closed_through else today
