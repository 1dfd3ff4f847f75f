"""The facts that a month is drawn up from, as the other houses tell them."""

from collections.abc import Mapping
from uuid import UUID

from trustprop.kernel.periods import Period
from trustprop.kernel.struct import Fact
from trustprop.ledger.model import Balance
from trustprop.statements.model.document import (
    BuildingAgeing,
    Commitment,
    Correction,
    Decision,
    Name,
    Question,
    RevenueContract,
    SignedBy,
    TieOut,
)
from trustprop.statements.model.journal import JournalEntry


class AccountFact(Fact):
    code: str
    name: Name


class FundFact(Fact):
    code: str
    name: Name
    is_held_for_others: bool = False


class Turnover(Fact):
    fund: str
    account: str
    debit_fen: int
    credit_fen: int


class BankFact(Fact):
    """A bank account and what the bank itself said at the month's end."""

    account: str
    bank: str
    number_masked: str
    bank_fen: int
    receipts_not_on_bank_fen: int
    payments_not_on_bank_fen: int


class BudgetFact(Fact):
    """A budget line at the month's end."""

    line_id: UUID
    code: str
    name: str
    fund: str
    account: str
    is_income: bool
    appropriated_fen: int
    used_before_fen: int
    """Used before the month; it may reach back before these books were opened."""
    used_before_books_fen: int = 0
    encumbered_fen: int = 0
    reserved_fen: int = 0


class PaymentFact(Fact):
    kind: str = "payment-order"
    order_id: UUID
    number: str
    entry_number: int
    payee: str | None
    purpose: str
    budget_line: str | None
    fund: str
    invoices: tuple[str, ...]
    amount_fen: int
    digest: str
    signers: tuple[SignedBy, ...]
    bank_reference: str | None


class Month(Fact):
    """Everything that the figures of one month depend on."""

    period: Period
    accounts: tuple[AccountFact, ...]
    funds: tuple[FundFact, ...]
    opening: tuple[Balance, ...]
    """Before the first day, without the opening entry of books taken over in this month."""
    entries: tuple[JournalEntry, ...]
    year_before: tuple[Turnover, ...]
    """This year's turnover before the month."""
    month_before: tuple[Turnover, ...] | None
    """None when the books were opened in this month."""
    banks: tuple[BankFact, ...]
    budget: tuple[BudgetFact, ...]
    payments: tuple[PaymentFact, ...]
    ageing: tuple[BuildingAgeing, ...]
    collected_fen: int
    """Of this month's billed fees: what is no longer outstanding."""
    billed_fen: int
    revenue_contracts: tuple[RevenueContract, ...]
    commitments: tuple[Commitment, ...]
    remuneration_basis: Name
    questions: tuple[Question, ...]
    resolutions: Mapping[UUID, Decision]
    """By id; amounts and entries are filled in from the month's entries."""
    corrections: tuple[Correction, ...]
    tie_outs: tuple[TieOut, ...]
    payments_threshold_fen: int = 0
