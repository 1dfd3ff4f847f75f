"""What the books refuse. The same refusals come from the rules and, by code, from the SQL functions."""

from typing import Any

from trustprop.kernel.errors import N_, Conflict, Invalid, Refusal


class TooFewLines(Invalid):
    code = "too-few-lines"
    detail = N_("An entry has at least two lines.")


class AmountInvalid(Invalid):
    code = "amount-invalid"
    detail = N_("An amount is a whole number of fen above zero and below ten trillion yuan.")


class EntryUnbalanced(Invalid):
    code = "entry-unbalanced"
    detail = N_("Fund {fund} is out of balance: {debit_fen} debit, {credit_fen} credit.")
    fund: str
    debit_fen: int
    credit_fen: int


class ActNeeded(Invalid):
    code = "act-needed"
    detail = N_("An entry of kind {kind} needs an act that both sides signed.")
    kind: str


class ResolutionNeeded(Invalid):
    code = "resolution-needed"
    detail = N_("Money crosses from fund to fund only by a resolution of the assembly.")


class FundWall(Invalid):
    code = "fund-wall"
    detail = N_("Account {account} may not fall in one fund and rise in another here.")
    account: str


class TransferUnmatched(Invalid):
    code = "transfer-unmatched"
    detail = N_("A transfer moves assets, and what leaves through 3902 arrives through 3901.")


class CashOutNeedsOrder(Invalid):
    code = "cash-out-needs-order"
    detail = N_("Money leaves account {account} only by a payment order that both sides signed.")
    account: str


class NotAReversal(Invalid):
    code = "not-a-reversal"
    detail = N_("An entry names the entry that it reverses exactly when it is a reversal.")


class NotTheMirror(Invalid):
    code = "not-the-mirror"
    detail = N_("A reversal mirrors every line of the entry that it reverses.")


class AlreadyReversed(Conflict):
    code = "already-reversed"
    detail = N_("This entry has been reversed already.")


class ReversalNotReversible(Conflict):
    code = "reversal-not-reversible"
    detail = N_("A reversal is not reversed; post the entry again.")


class NotAVoucher(Conflict):
    code = "not-a-voucher"
    detail = N_(
        "Only a voucher is reversed here; an entry of kind {kind} is undone where it arose."
    )
    kind: str


class BudgetLineNeedsAccrual(Invalid):
    code = "budget-line-needs-accrual"
    detail = N_("A voucher that uses a budget line is posted at /accruals.")


class ReversedAsAccrual(Conflict):
    code = "reversed-as-accrual"
    detail = N_("This voucher uses budget lines; it is reversed at /accruals/{entry_id}/reversals.")
    entry_id: str


class AccountNotOpen(Invalid):
    code = "account-not-open"
    detail = N_("There is no open account {account}.")
    account: str


class FundNotOpen(Invalid):
    code = "fund-not-open"
    detail = N_("There is no open fund {fund}.")
    fund: str


class CounterpartyNeeded(Invalid):
    code = "counterparty-needed"
    detail = N_("Account {account} keeps a sub-ledger: every line names its counterparty.")
    account: str


class BelowZero(Conflict):
    code = "below-zero"
    detail = N_("Account {account} in fund {fund} would fall {short_fen} below zero.")
    account: str
    fund: str
    short_fen: int


class SubledgerBelowZero(Conflict):
    code = "subledger-below-zero"
    detail = N_("A counterparty's balance on account {account} would fall {short_fen} below zero.")
    account: str
    counterparty_id: str
    short_fen: int


class FundBelowZero(Conflict):
    code = "fund-below-zero"
    detail = N_("The restricted fund {fund} would fall {short_fen} below zero.")
    fund: str
    short_fen: int


class PeriodClosed(Conflict):
    code = "period-closed"
    detail = N_("The period {period} is closed.")
    period: str


class BeforeOpening(Conflict):
    code = "before-opening"
    detail = N_("The books open on {opened_on}.")
    opened_on: str


class DateInFuture(Invalid):
    code = "date-in-future"
    detail = N_("The accounting date {accounting_on} has not come yet.")
    accounting_on: str


class EntryDiffers(Conflict):
    code = "entry-differs"
    detail = N_("Another entry was posted under the id {entry_id}.")
    entry_id: str


class BooksNotOpen(Conflict):
    code = "books-not-open"
    detail = N_("The books of this compound are not open yet.")


class BooksAlreadyOpen(Conflict):
    code = "books-already-open"
    detail = N_("The books of this compound are open since {opened_on}.")
    opened_on: str


class OpeningNotAtMonthEnd(Invalid):
    code = "opening-not-at-month-end"
    detail = N_("Opening balances are those of the last day of a month that is over.")


class BalanceZero(Invalid):
    code = "balance-zero"
    detail = N_("An opening balance is a whole number of fen and not zero.")


class PeriodOutOfOrder(Conflict):
    code = "period-out-of-order"
    detail = N_("Periods close in order; the next is {expected}.")
    expected: str


class PeriodNotOver(Conflict):
    code = "period-not-over"
    detail = N_("The period {period} is not over yet.")
    period: str


class PeriodNotSealed(Conflict):
    code = "period-not-sealed"
    detail = N_("The period {period} is not closed yet.")
    period: str


class AccountExists(Conflict):
    code = "account-exists"
    detail = N_("Account {account} exists already and is another one.")
    account: str


class FundExists(Conflict):
    code = "fund-exists"
    detail = N_("Fund {fund} exists already and is another one.")
    fund: str


class TreeSizeInvalid(Invalid):
    code = "tree-size-invalid"
    detail = N_("The journal has {tree_size} entries; the sizes asked for do not fit it.")
    tree_size: int


BY_CODE: dict[str, type[Refusal]] = {
    refusal.code: refusal
    for refusal in (
        EntryUnbalanced,
        ActNeeded,
        ResolutionNeeded,
        FundWall,
        TransferUnmatched,
        CashOutNeedsOrder,
        NotTheMirror,
        AlreadyReversed,
        ReversalNotReversible,
        AccountNotOpen,
        FundNotOpen,
        CounterpartyNeeded,
        BelowZero,
        SubledgerBelowZero,
        FundBelowZero,
        PeriodClosed,
        BeforeOpening,
        DateInFuture,
        EntryDiffers,
        BooksNotOpen,
        BooksAlreadyOpen,
        PeriodOutOfOrder,
        PeriodNotOver,
    )
}
"""Those that the SQL functions raise, with SQLSTATE ``TP001`` and their facts as JSON detail."""


def refusal_of(code: str, facts: dict[str, Any]) -> Refusal:
    """The refusal that an SQL function raised."""
    return BY_CODE[code](**facts)
