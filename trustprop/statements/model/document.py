"""The statement of one month: every figure computed, nothing left to the template."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from trustprop.kernel.struct import Fact


class Name(Fact):
    """What a thing of the books is called, in both languages."""

    zh: str
    en: str


class Compound(Fact):
    compound_id: UUID
    name: str
    credit_code: str | None = None


class Change(Fact):
    """One of the three largest changes of the month (section 2)."""

    account: str
    name: Name
    before_fen: int
    now_fen: int
    is_income: bool
    basis: str
    """``previous_month``, or ``budget_pace``: the average month used before the books were opened."""

    @property
    def change_fen(self) -> int:
        return self.now_fen - self.before_fen


class Summary(Fact):
    """Four figures that tie: opening + in − out = closing, over cash and money on its way to the bank."""

    opening_fen: int
    in_fen: int
    out_fen: int
    closing_fen: int
    income_fen: int
    expense_fen: int
    owners_fen: int
    """What of the closing money belongs to the owners' funds."""
    held_fen: int
    """What of it is only held for others (agency and deposits)."""
    largest_changes: tuple[Change, ...]

    @property
    def result_fen(self) -> int:
        return self.income_fen - self.expense_fen


class Activity(Fact):
    """An income or expense account within one fund (section 3)."""

    fund: str
    account: str
    name: Name
    is_income: bool
    month_fen: int
    year_to_date_fen: int
    budget_fen: int | None = None
    """The year's appropriation with its adjustments; None where the budget has no line."""
    budget_to_date_fen: int | None = None
    """The budget's share of the year gone by: twelfths, rounded down."""

    @property
    def variance_fen(self) -> int | None:
        """Year to date less the budget to date: above zero is more than planned."""
        if self.budget_to_date_fen is None:
            return None
        return self.year_to_date_fen - self.budget_to_date_fen


class BudgetBar(Fact):
    """A budget line: what was appropriated, used, promised, and what is left (sections 3 and 10)."""

    line_id: UUID
    code: str
    name: str
    account_name: Name
    fund: str
    account: str
    appropriated_fen: int
    used_before_fen: int
    used_month_fen: int
    encumbered_fen: int
    reserved_fen: int

    @property
    def used_fen(self) -> int:
        return self.used_before_fen + self.used_month_fen

    @property
    def available_fen(self) -> int:
        return self.appropriated_fen - self.used_fen - self.encumbered_fen - self.reserved_fen


class FundMovement(Fact):
    """A fund from the first to the last day: what it owns less what it owes (section 4)."""

    fund: str
    name: Name
    is_held_for_others: bool
    """Agency and deposits: the figures are what is owed to those whose money it is."""
    opening_fen: int
    in_fen: int
    out_fen: int
    transfers_in_fen: int
    transfers_out_fen: int
    closing_fen: int


class Transfer(Fact):
    """Money over a fund wall, and the resolution that opened it (section 4)."""

    entry_number: int
    on: date
    from_fund: str
    to_fund: str
    amount_fen: int
    memo: str
    resolution_id: UUID | None
    resolution_number: str | None


class Claim(Fact):
    fund: str
    name: Name
    amount_fen: int


class BankAccount(Fact):
    """One bank account and its three-way reconciliation at the month's end (section 5)."""

    account: str
    name: Name
    bank: str
    number_masked: str
    opening_fen: int
    in_fen: int
    out_fen: int
    closing_fen: int
    """As the books say."""
    bank_fen: int
    """As the bank's own statement says."""
    receipts_not_on_bank_fen: int
    payments_not_on_bank_fen: int
    adjusted_bank_fen: int
    claims: tuple[Claim, ...]


class SignedBy(Fact):
    """Who signed, by role and key; never by name."""

    party: str
    office: str
    key_id: str
    signed_at: datetime


class Payment(Fact):
    """Money that left a bank account in the month under both signatures (section 6)."""

    kind: str
    """Of the act: ``payment-order``, or ``alarm-clearance`` for a debit explained afterwards."""
    order_id: UUID
    number: str
    """Of the order; empty for a debit explained afterwards."""
    entry_number: int
    on: date
    payee: str | None
    """A firm's name; empty where the bank took it; None where the payee is a natural person."""
    purpose: str
    budget_line: str | None
    fund: str
    invoices: tuple[str, ...]
    amount_fen: int
    digest: str
    """SHA-256 of the payload that both sides signed, hexadecimal."""
    signers: tuple[SignedBy, ...]
    bank_reference: str | None
    """None while the bank had not booked it at the month's end."""


class Receivable(Fact):
    """The roll-forward of one receivable (section 7)."""

    account: str
    name: Name
    opening_fen: int
    charged_fen: int
    received_fen: int
    prepaid_applied_fen: int
    other_fen: int
    closing_fen: int


class AgeBand(Fact):
    band: str
    """Days: ``0-30``, ``31-90``, ``91-180``, ``181-365``, ``over-365``."""
    amount_fen: int | None
    """None where fewer than five homes stand behind it."""


class BuildingAgeing(Fact):
    building: str
    bands: tuple[AgeBand, ...]
    total_fen: int | None


class RevenueContract(Fact):
    """Income from the common parts, by contract (section 8)."""

    counterparty: str
    kind: str
    starts_on: date
    ends_on: date | None
    contract_fen: int
    month_fen: int


class Payable(Fact):
    """What is owed: suppliers, prepaid fees, deposits, money held for others (section 9)."""

    fund: str
    account: str
    name: Name
    opening_fen: int
    increase_fen: int
    decrease_fen: int
    closing_fen: int


class Commitment(Fact):
    """A contract that has reserved its part of a budget line (section 10)."""

    title: str
    counterparty: str
    fund: str
    budget_line: str
    ends_on: date | None
    encumbered_fen: int


class Remuneration(Fact):
    """How the trustee's remuneration was computed (section 11)."""

    opening_owed_fen: int
    accrued_fen: int
    paid_fen: int
    closing_owed_fen: int
    basis: Name
    """The rule of the trust instrument, in words."""


class Question(Fact):
    """A question or an objection from an owner, and its answer (section 13)."""

    target: str
    kind: str
    body: str
    asked_on: date
    due_on: date
    answer: str | None
    answered_on: date | None


class Decision(Fact):
    """A resolution that something of this month was done under (section 14)."""

    resolution_id: UUID
    number: str
    title: str
    held_on: date
    amount_fen: int
    entry_numbers: tuple[int, ...]


class Correction(Fact):
    """An entry of this month that reverses one of a month already published (section 15)."""

    statement_number: str
    entry_number: int
    reverses_number: int
    amount_fen: int
    explanation: str


class TieOut(Fact):
    """A named check of the close: two ways to the same figure."""

    name: str
    passed: bool
    left_fen: int
    right_fen: int
    detail: str = ""


class Figures(Fact):
    """All that both sides attest by the act that closes the month."""

    period: str
    summary: Summary
    activities: tuple[Activity, ...]
    budget: tuple[BudgetBar, ...]
    funds: tuple[FundMovement, ...]
    transfers: tuple[Transfer, ...]
    banks: tuple[BankAccount, ...]
    in_transit_fen: int
    payments: tuple[Payment, ...]
    payments_threshold_fen: int
    receivables: tuple[Receivable, ...]
    ageing: tuple[BuildingAgeing, ...]
    collected_fen: int
    billed_fen: int
    revenue_contracts: tuple[RevenueContract, ...]
    payables: tuple[Payable, ...]
    commitments: tuple[Commitment, ...]
    remuneration: Remuneration
    maintenance_fund: FundMovement | None
    questions: tuple[Question, ...]
    decisions: tuple[Decision, ...]
    corrections: tuple[Correction, ...]
    tie_outs: tuple[TieOut, ...]


class PreviousStatement(Fact):
    number: str
    digest: str


class Seal(Fact):
    """The journal up to and including this month."""

    tree_size: int
    root: str
    checkpoint: str
    """C2SP tlog-checkpoint: the signed note, as text."""
    previous_tree_size: int
    previous_root: str | None


class Statement(Fact):
    """The month as published. Its digest is the SHA-256 of its RFC 8785 bytes."""

    type: Literal["trustprop/statement/v1"] = "trustprop/statement/v1"
    compound: Compound
    number: str
    """Gapless per compound and year, such as ``2025-001``."""
    version: int
    public_url: str
    published_at: datetime
    published_on: date
    objections_until: date
    previous: PreviousStatement | None
    close_act_id: UUID
    close_act_digest: str
    signatures: tuple[SignedBy, ...]
    seal: Seal
    journal_digest: str
    """SHA-256 of the journal attached beside the statement, hexadecimal."""
    figures: Figures
