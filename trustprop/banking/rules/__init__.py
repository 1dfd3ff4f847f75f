"""How bank files are read, lines matched and balances reconciled, and the refusals about them."""

from trustprop.banking.rules.confirming import (
    accounting_day,
    check_explanation,
    check_identifiable,
    check_incoming,
    check_same_match,
    check_waiting,
    choose,
)
from trustprop.banking.rules.files import NAMES, read
from trustprop.banking.rules.lines import (
    check_account,
    check_contains,
    check_same_import,
    draw_lines,
)
from trustprop.banking.rules.matching import is_same_party, match
from trustprop.banking.rules.reconciling import (
    bank_balance,
    draw_items,
    opening_balance,
    reconcile,
)
from trustprop.banking.rules.refusals import (
    AlarmNotOpen,
    AlreadyIdentified,
    AmountsDiffer,
    BalanceBroken,
    ClearanceIncomplete,
    EntryNotOpen,
    LineAlreadyMatched,
    LineNotIncoming,
    PayeeDiffers,
    ProfileUnknown,
    ReceiptOfAnotherFund,
    StatementContradicts,
    StatementDiffers,
    StatementOfAnotherAccount,
    StatementUnreadable,
)
from trustprop.banking.rules.running import find_gaps

__all__ = [
    "NAMES",
    "AlarmNotOpen",
    "AlreadyIdentified",
    "AmountsDiffer",
    "BalanceBroken",
    "ClearanceIncomplete",
    "EntryNotOpen",
    "LineAlreadyMatched",
    "LineNotIncoming",
    "PayeeDiffers",
    "ProfileUnknown",
    "ReceiptOfAnotherFund",
    "StatementContradicts",
    "StatementDiffers",
    "StatementOfAnotherAccount",
    "StatementUnreadable",
    "accounting_day",
    "bank_balance",
    "check_account",
    "check_contains",
    "check_explanation",
    "check_identifiable",
    "check_incoming",
    "check_same_import",
    "check_same_match",
    "check_waiting",
    "choose",
    "draw_items",
    "draw_lines",
    "find_gaps",
    "is_same_party",
    "match",
    "opening_balance",
    "read",
    "reconcile",
]
