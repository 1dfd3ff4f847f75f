"""What may be closed, published and corrected, and the refusals."""

from collections.abc import Iterable

from msgspec.structs import replace

from trustprop.kernel.canonical import digest
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid
from trustprop.kernel.periods import Period
from trustprop.ledger.model import Balance, Books, JournalEntry
from trustprop.statements.model import CloseBody, Erratum, Figures, TieOut
from trustprop.statements.rules.books import trial_balance_digest


class TieOutsFail(Conflict):
    code = "tie-outs-fail"
    detail = N_("{period} cannot be closed: these checks are not green: {names}.")
    period: str
    names: str


class MonthOutOfOrder(Conflict):
    code = "month-out-of-order"
    detail = N_("Months close in order; the next to close is {expected}.")
    expected: str


class CloseAlreadyDrafted(Conflict):
    code = "close-already-drafted"
    detail = N_("The close of {period} is already before both sides, or done.")
    period: str


class BooksChanged(Conflict):
    code = "books-changed"
    detail = N_(
        "The books of {period} changed after the close was drafted ({what}); reject it and draft again."
    )
    period: str
    what: str


class MonthNotClosed(Conflict):
    code = "month-not-closed"
    detail = N_("{period} is not closed; its statement is drawn up from locked books only.")
    period: str


class ErratumExists(Conflict):
    code = "erratum-exists"
    detail = N_("There is already an erratum for this entry.")


def check_closable(books: Books, period: Period, tie_outs: Iterable[TieOut]) -> None:
    """Raises MonthOutOfOrder, then TieOutsFail naming every check that is not green."""
    if books.next_to_close != period:
        raise MonthOutOfOrder(expected=str(books.next_to_close))
    red = [tie.name for tie in tie_outs if not tie.passed]
    if red:
        raise TieOutsFail(period=str(period), names=", ".join(red))


def close_body(
    figures: Figures, closing: Iterable[Balance], tree_size: int, root: bytes
) -> CloseBody:
    return CloseBody(
        period=figures.period,
        tree_size=tree_size,
        root=root.hex(),
        trial_balance_digest=trial_balance_digest(closing),
        figures_digest=digest(figures).hex(),
    )


def check_unchanged(signed: CloseBody, again: CloseBody, posted_since: int) -> None:
    """Raises BooksChanged unless the month is to the byte what both sides signed."""
    what = ""
    if posted_since:
        what = "entries"
    elif again.root != signed.root:
        what = "journal"
    elif again.trial_balance_digest != signed.trial_balance_digest:
        what = "balances"
    elif again.figures_digest != signed.figures_digest:
        what = "figures"
    if what:
        raise BooksChanged(period=signed.period, what=what)


def check_erratum(entry: JournalEntry, reversed_entry: JournalEntry | None, period: Period) -> None:
    """Raises FieldsInvalid unless the entry reverses one of the statement's month in a later one."""
    if reversed_entry is None or reversed_entry.period != period or entry.period <= period:
        raise FieldsInvalid(
            errors=(
                FieldError(
                    pointer="/entry_id",
                    code="not-a-correction",
                    detail=N_("It must reverse an entry of {period} in a later month."),
                    facts={"period": str(period)},
                ),
            )
        )


def check_same_erratum(standing: Erratum, again: Erratum) -> None:
    """Raises ErratumExists unless it says the same."""
    if replace(standing, recorded_at=again.recorded_at) != again:
        raise ErratumExists


def public_number(year: int, serial: int) -> str:
    return f"{year}-{serial:03d}"


def parse_number(number: str) -> tuple[int, int] | None:
    """Year and serial, or None when it is no number of a statement."""
    year, dash, serial = number.partition("-")
    if not (dash and len(year) == 4 and year.isdecimal() and year.isascii()):
        return None
    if not (3 <= len(serial) <= 6 and serial.isdecimal() and serial.isascii()):
        return None
    parsed = (int(year), int(serial))
    return parsed if public_number(*parsed) == number else None
