"""What the books are made of: accounts, entries and their lines, balances, seals and proofs."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from trustprop.kernel.periods import Period
from trustprop.kernel.struct import Command, Fact


class Side(StrEnum):
    DEBIT = "debit"
    """借."""
    CREDIT = "credit"
    """贷."""

    @property
    def other(self) -> "Side":
        return Side.CREDIT if self is Side.DEBIT else Side.DEBIT


class EntryKind(StrEnum):
    """Why an entry exists; the kind decides what the entry may do with cash and fund walls."""

    OPENING = "opening"
    VOUCHER = "voucher"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CHARGE = "charge"
    RECEIPT = "receipt"
    TRANSFER = "transfer"
    REMUNERATION = "remuneration"
    REVERSAL = "reversal"
    BANK = "bank"


class AccountClass(StrEnum):
    """The groups of the chart, by first digit."""

    ASSET = "1"
    LIABILITY = "2"
    NET_ASSETS = "3"
    INCOME = "4"
    EXPENSE = "5"
    MEMO = "9"


CASH_GROUPS = ("1001", "1002")
"""库存现金 and 银行存款: money only leaves them by a payment that both sides signed."""
TRANSFER_IN = "3901"
"""基金间转入."""
TRANSFER_OUT = "3902"
"""基金间转出."""
WALL = (TRANSFER_IN, TRANSFER_OUT)
"""The only two accounts through which money crosses from fund to fund."""


def is_cash(code: str) -> bool:
    return code[:4] in CASH_GROUPS


class Account(Fact):
    """One account of a compound's chart. The code is four digits of group, then pairs of digits."""

    code: str
    name_zh: str
    name_en: str
    side: Side
    """The side on which this account grows."""
    cannot_go_below_zero: bool = False
    """Its balance in every fund stays on ``side`` or at zero."""
    keeps_subledger: bool = False
    """Every line names a counterparty, and no counterparty's balance goes below zero."""
    is_open: bool = True

    @property
    def is_cash(self) -> bool:
        return is_cash(self.code)

    @property
    def account_class(self) -> AccountClass:
        return AccountClass(self.code[0])


class LedgerFund(Fact):
    """A fund code that postings may use; its purpose and name belong to the house ``funds``."""

    fund: str
    is_restricted: bool
    """Its net assets never go below zero."""
    is_open: bool = True


class Chart(Fact):
    """The accounts and funds of one compound, by code."""

    accounts: Mapping[str, Account]
    funds: Mapping[str, LedgerFund]


class Posting(Fact):
    """One line of an entry."""

    account: str
    fund: str
    side: Side
    amount_fen: int
    """Above zero; the side says debit (借) or credit (贷)."""
    budget_line_id: UUID | None = None
    counterparty_id: UUID | None = None
    """Whose sub-ledger: a home, a contract's other party. Committed to in the leaf, not shown."""
    scope: str = ""
    """Whom it concerns, such as a building; empty for the whole compound."""
    project: str = ""

    @property
    def signed_fen(self) -> int:
        """Debit positive, credit negative."""
        return self.amount_fen if self.side is Side.DEBIT else -self.amount_fen


class Source(Fact):
    """What caused an entry: an invoice, an order, a charge, a voucher."""

    kind: str
    id: UUID


class Entry(Fact):
    """What is decided about one entry before it is posted."""

    entry_id: UUID
    kind: EntryKind
    accounting_on: date
    memo: str
    lines: tuple[Posting, ...]
    source: Source
    evidence: tuple[str, ...] = ()
    """SHA-256 digests of files, in hex."""
    act_id: UUID | None = None
    """What both sides signed; a payment and an opening cannot do without."""
    resolution_id: UUID | None = None
    """The assembly's resolution; a fund wall is not crossed without."""
    reverses: UUID | None = None
    """The entry that this one takes back."""


class PostedEntry(Fact):
    """Where an entry stands in the journal."""

    entry_id: UUID
    number: int
    """Gapless per compound; the leaf index in the journal's tree is one less."""
    recorded_at: datetime
    leaf_hash: str
    """RFC 6962 leaf hash of the entry's canonical bytes, in hex."""


class JournalEntry(Fact):
    """An entry as it stands in the journal."""

    number: int
    entry_id: UUID
    kind: EntryKind
    accounting_on: date
    recorded_at: datetime
    memo: str
    lines: tuple[Posting, ...]
    source: Source
    evidence: tuple[str, ...]
    act_id: UUID | None
    resolution_id: UUID | None
    reverses: UUID | None
    reversed_by: UUID | None
    leaf_hash: str

    @property
    def period(self) -> Period:
        return Period.of(self.accounting_on)


class AttestedLine(Fact):
    """One line as its leaf attests it: the counterparty only as a commitment."""

    account: str
    fund: str
    signed_fen: int
    """Debit positive, credit negative."""
    budget_line_id: UUID | None = None
    counterparty_commitment: str = ""
    """Hex; empty when the line has no counterparty."""
    scope: str = ""
    project: str = ""


class AttestedEntry(Fact):
    """Exactly what a leaf hash attests: publishable, with personal things only as commitments."""

    entry_id: UUID
    kind: EntryKind
    accounting_on: date
    recorded_at: datetime
    memo_commitment: str
    """Hex of SHA-256 over the memo's own salt and the memo."""
    source: Source
    lines: tuple[AttestedLine, ...]
    evidence: tuple[str, ...] = ()
    act_id: UUID | None = None
    resolution_id: UUID | None = None
    reverses: UUID | None = None


class Books(Fact):
    """The one row that orders everything about a compound's money."""

    compound_id: UUID
    tree_size: int
    frontier: tuple[bytes, ...]
    """Peaks of the journal's tree by level; empty bytes where a level has none."""
    opened_on: date
    closed_through: int
    """The last sealed period's number (``202509``), or 0."""

    @property
    def next_number(self) -> int:
        return self.tree_size + 1

    @property
    def next_to_close(self) -> Period:
        if self.closed_through:
            return Period.from_number(self.closed_through).next
        return Period.of(self.opened_on)


class SealedPeriod(Fact):
    """A closed month: what the journal was when it was sealed."""

    period: Period
    closed_at: datetime
    tree_size: int
    root: str
    """RFC 6962 root over the first ``tree_size`` entries, in hex."""


class Balance(Fact):
    """Debit positive, credit negative."""

    fund: str
    account: str
    balance_fen: int


class SubledgerBalance(Fact):
    """Debit positive, credit negative."""

    account: str
    fund: str
    counterparty_id: UUID
    balance_fen: int


class TrialBalanceLine(Fact):
    """One (fund, account) over one period; opening and closing are debit positive."""

    fund: str
    account: str
    opening_fen: int
    debit_fen: int
    credit_fen: int

    @property
    def closing_fen(self) -> int:
        return self.opening_fen + self.debit_fen - self.credit_fen


class TrialBalance(Fact):
    period: Period
    lines: tuple[TrialBalanceLine, ...]


class FundClaim(Fact):
    """What a fund owns of an account, debit positive."""

    fund: str
    balance_fen: int


class InclusionProof(Fact):
    """That an entry is a leaf of the tree of this size."""

    number: int
    leaf_index: int
    tree_size: int
    leaf_hash: str
    root: str
    hashes: tuple[str, ...]


class ConsistencyProof(Fact):
    """That the journal of ``second_size`` entries begins with the journal of ``first_size``."""

    first_size: int
    second_size: int
    first_root: str
    second_root: str
    hashes: tuple[str, ...]


class Reverse(Command):
    """Take back an entry by its mirror, dated in an open period."""

    entry_id: UUID
    reversal_id: UUID
    accounting_on: date
    memo: str
    act_id: UUID | None = None
    """Needed when the mirror takes money out of a bank account."""
    resolution_id: UUID | None = None
    """Needed when the mirror crosses a fund wall."""


class VoucherLine(Command):
    account: str
    fund: str
    side: Side
    amount_fen: int
    budget_line_id: UUID | None = None
    counterparty_id: UUID | None = None
    scope: str = ""
    project: str = ""


class PostVoucher(Command):
    """A bookkeeper's entry: income, accruals, amortisation, deposits."""

    id: UUID
    accounting_on: date
    memo: str
    lines: tuple[VoucherLine, ...]
    evidence: tuple[str, ...] = ()


class ReverseVoucher(Command):
    id: UUID
    """Of the reversing entry."""
    accounting_on: date
    memo: str


class OpenAccount(Command):
    """An account of the compound's own, under the default chart."""

    code: str
    name_zh: str
    name_en: str
    side: Side
    cannot_go_below_zero: bool = False
    keeps_subledger: bool = False


class OpeningLine(Command):
    account: str
    fund: str
    balance_fen: int
    """Debit positive, credit negative, never zero."""
    counterparty_id: UUID | None = None


class Opening(Fact):
    """What both sides sign: what the compound owns and owes when its books open."""

    entry_id: UUID
    accounting_on: date
    """The last day of the month before the first month of these books."""
    memo: str
    lines: tuple[OpeningLine, ...]
    evidence: tuple[str, ...]


class DraftOpening(Command):
    """Put the opening balances before both sides."""

    act_id: UUID
    id: UUID
    """Of the entry that the last signature posts."""
    accounting_on: date
    memo: str
    lines: tuple[OpeningLine, ...]
    evidence: tuple[str, ...] = ()
    expires_at: datetime
