"""What banking says no to."""

from trustprop.kernel.errors import N_, Conflict, Invalid


class ProfileUnknown(Invalid):
    code = "bank-profile-unknown"
    detail = N_("There is no bank profile {profile}; known are {known}.")
    profile: str
    known: str


class StatementUnreadable(Invalid):
    code = "bank-statement-unreadable"
    detail = N_("The file is no bank statement that is known here: {reason}, line {line}.")
    line: int
    reason: str
    """``encoding``, ``header``, ``date``, ``amount``, ``balance``, ``xml``, ``mt940``, ``currency``."""


class BalanceBroken(Invalid):
    code = "bank-balance-broken"
    detail = N_(
        "In line {line} the balance is {found_fen}, where the line before and the amount make "
        "{expected_fen}: the file is incomplete or was changed."
    )
    line: int
    expected_fen: int
    found_fen: int


class StatementOfAnotherAccount(Invalid):
    code = "bank-statement-of-another-account"
    detail = N_("The file is of the account ending in {found}, not of {expected}.")
    found: str
    expected: str


class StatementContradicts(Conflict):
    code = "bank-statement-contradicts"
    detail = N_(
        "{lines} lines that were imported before are missing in this file, the first on {first_on}. "
        "One of the two was changed."
    )
    lines: int
    first_on: str


class StatementDiffers(Conflict):
    code = "bank-statement-differs"
    detail = N_("This id already stands for another import.")


class LineAlreadyMatched(Conflict):
    code = "bank-line-already-matched"
    detail = N_("This bank line is already {state}.")
    state: str


class LineNotIncoming(Conflict):
    code = "bank-line-not-incoming"
    detail = N_("Only money that came in can be booked this way.")


class AmountsDiffer(Conflict):
    code = "match-amounts-differ"
    detail = N_("The line is over {line_fen}, the entries named over {entries_fen}.")
    line_fen: int
    entries_fen: int


class EntryNotOpen(Conflict):
    code = "entry-not-open-for-match"
    detail = N_("The entry {entry_id} does not move this bank account, or is matched already.")
    entry_id: str


class PayeeDiffers(Conflict):
    code = "payee-differs"
    detail = N_(
        "The bank paid another payee than {label} names; only an explanation of both sides helps."
    )
    label: str


class ReceiptOfAnotherFund(Conflict):
    code = "receipt-of-another-fund"
    detail = N_("This money came for fund {expected}, not for {fund}.")
    fund: str
    expected: str


class AlarmNotOpen(Conflict):
    code = "alarm-not-open"
    detail = N_("This alarm is already cleared.")


class ClearanceIncomplete(Invalid):
    code = "clearance-incomplete"
    detail = N_("Name both the account and the fund that bear it, or neither.")


class AlreadyIdentified(Conflict):
    code = "receipt-already-identified"
    detail = N_("This receipt was already identified.")
