"""What homes and counterparties owe and pay: tariffs, charges, receipts, contracts, remuneration."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.compounds.model import RemunerationBasis, RemunerationKind
from trustprop.kernel.money import MAX_FEN
from trustprop.kernel.struct import Command, Fact

Fen = Annotated[int, Meta(gt=0, le=MAX_FEN)]
PeriodText = Annotated[str, Meta(pattern=r"^(19[9]\d|2\d{3})-(0[1-9]|1[0-2])$")]
Line = Annotated[str, Meta(max_length=200)]
AccountCode = Annotated[str, Meta(pattern=r"^\d{4,10}$")]
FundCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}(-\d{3})?$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]

UNIDENTIFIED = "220904"
"""暂收待查款: money that arrived without saying from whom."""
CHANNELS = ("101201", "101202")
"""支付通道在途: collected by WeChat, Alipay or POS and not yet on the bank."""
CHANNEL_FEE = "5301"
REMUNERATION_EXPENSE = "5201"
REMUNERATION_PAYABLE = "2205"
REMUNERATION_HELD = "2207"
"""暂扣受托人酬金: accrued, but not claimable until a breach is made good (Trust Law 36).

No kind of payment order can debit it."""
CONTRACT_RECEIVABLE = "112103"
CONTRACT_DEFERRED = "220303"


class ChargeKind(StrEnum):
    """What a home is charged for."""

    PROPERTY_FEE = "property_fee"
    """物业服务费, by area."""
    PARKING_FEE = "parking_fee"
    """产权车位管理费, by space."""
    GROUND_PARKING = "ground_parking"
    """地面车位包月 on common ground, by space; public revenue."""

    @property
    def is_by_area(self) -> bool:
        return self is ChargeKind.PROPERTY_FEE


class ChargeAccounts(Fact):
    """Where a kind of charge is booked."""

    fund: str
    receivable: str
    income: str
    prepaid: str


ACCOUNTS: Mapping[ChargeKind, ChargeAccounts] = {
    ChargeKind.PROPERTY_FEE: ChargeAccounts(
        fund="OP", receivable="112101", income="4301", prepaid="220301"
    ),
    ChargeKind.PARKING_FEE: ChargeAccounts(
        fund="OP", receivable="112102", income="4302", prepaid="220302"
    ),
    ChargeKind.GROUND_PARKING: ChargeAccounts(
        fund="PR", receivable="112103", income="431101", prepaid="220302"
    ),
}


class AdoptTariff(Command):
    """A fee level; it rests on a resolution of matter ``fee`` or on a clause of an adopted text."""

    id: UUID
    kind: ChargeKind
    rate_fen: Fen
    """Per m² and month, or per space and month."""
    valid_from: PeriodText
    resolution_id: UUID | None = None
    clause: Annotated[str, Meta(max_length=100)] | None = None
    """Text and clause as adopted, such as ``物业服务合同 §11``."""


class Tariff(Fact):
    tariff_id: UUID
    kind: ChargeKind
    rate_fen: int
    valid_from: str
    resolution_id: UUID | None
    clause: str | None


class RentSpace(Command):
    """A parking space of a home, from one month to another."""

    id: UUID
    code: Annotated[str, Meta(min_length=1, max_length=30)]
    kind: ChargeKind
    home_id: UUID
    valid_from: PeriodText
    valid_until: PeriodText | None = None
    """The last month charged."""


class RentSpaces(Command):
    spaces: Annotated[tuple[RentSpace, ...], Meta(min_length=1, max_length=2000)]


class ParkingSpace(Fact):
    space_id: UUID
    code: str
    kind: ChargeKind
    home_id: UUID
    valid_from: str
    valid_until: str | None


class RunCharges(Command):
    """Charges every home for one month and one kind."""

    id: UUID
    period: PeriodText
    kind: ChargeKind


class ChargeRun(Fact):
    run_id: UUID
    period: str
    kind: ChargeKind
    tariff_id: UUID
    charged_on: date
    charges: int
    amount_fen: int
    from_prepaid: int
    """How many homes had paid ahead."""
    from_prepaid_fen: int
    run_at: datetime


class Charge(Fact):
    """One home, one kind, one month."""

    charge_id: UUID
    home_id: UUID
    kind: ChargeKind
    period: str
    charged_on: date
    amount_fen: int
    settled_fen: int = 0
    entry_id: UUID | None = None
    """None for what was owed before the books were opened: the opening entry carries the sum."""
    run_id: UUID | None = None

    @property
    def open_fen(self) -> int:
        return self.amount_fen - self.settled_fen


class OpeningReceivable(Command):
    id: UUID
    home_id: UUID
    kind: ChargeKind
    period: PeriodText
    """The month for which it was owed; its age counts from that month's first day."""
    amount_fen: Fen


class OpenReceivables(Command):
    """What each home owed when the books were opened, month by month, under the opening entry."""

    items: Annotated[tuple[OpeningReceivable, ...], Meta(min_length=1, max_length=20000)]


class OpeningReceivables(Fact):
    charges: int
    homes: int
    amount_fen: int


class Apply(StrEnum):
    """What the payer said the money is for."""

    OLDEST_FIRST = "oldest_first"
    """Nothing: arrears first, the surplus is a prepayment."""
    PREPAYMENT = "prepayment"
    """For months to come."""


class NewReceipt(Command):
    """Money from one home."""

    id: UUID
    home_id: UUID
    received_on: date
    account: AccountCode
    """A bank account, a channel in transit (101201), or 220904 when its payer is found later."""
    amount_fen: Fen
    kind: ChargeKind | None = None
    """What it is for, when the payer says so; otherwise any arrears of the operating fund."""
    apply: Apply = Apply.OLDEST_FIRST
    payer: Line = ""
    reference: Line = ""
    """The bank's or the channel's own reference."""


class Summary(Command):
    """A day's receipts as one entry, as the bank or the channel reports them."""

    id: UUID
    reference: Line = ""
    memo: Line = ""


class Receive(Command):
    """Receipts; one entry each, or one entry for all of them when a summary is given."""

    receipts: Annotated[tuple[NewReceipt, ...], Meta(min_length=1, max_length=2000)]
    summary: Summary | None = None
    evidence: tuple[Sha256, ...] = ()


class ReceiveOther(Command):
    """Money that no home owes: revenue of a contract, temporary parking, deposits, agency money."""

    id: UUID
    received_on: date
    account: AccountCode
    fund: FundCode
    amount_fen: Fen
    contract_id: UUID | None = None
    """What the contract owes is settled, the rest is deferred income."""
    credit_account: AccountCode | None = None
    """Income (4…), a deposit (2209…) or agency money (2601…), when there is no contract."""
    counterparty_id: UUID | None = None
    memo: Line
    payer: Line = ""
    reference: Line = ""
    evidence: tuple[Sha256, ...] = ()


class Receipt(Fact):
    receipt_id: UUID
    home_id: UUID | None
    contract_id: UUID | None
    kind: ChargeKind | None
    received_on: date
    account: str
    fund: str
    amount_fen: int
    arrears_fen: int
    """What went to charges or to a contract's receivable."""
    surplus_fen: int
    """What was paid ahead."""
    payer: str
    reference: str
    memo: str
    entry_id: UUID
    recorded_at: datetime


class Allocation(Fact):
    """Part of a receipt or of a prepayment that settles part of a charge."""

    charge_id: UUID
    source_id: UUID
    """The receipt, or the charge run that used up a prepayment."""
    is_prepayment: bool
    allocated_on: date
    amount_fen: int


class SettleChannel(Command):
    """A channel pays out: the collected sum less its fee arrives on the bank account."""

    id: UUID
    settled_on: date
    channel: AccountCode
    account: AccountCode
    gross_fen: Fen
    fee_fen: Annotated[int, Meta(ge=0, le=MAX_FEN)]
    budget_line_id: UUID | None = None
    reference: Line = ""
    evidence: tuple[Sha256, ...] = ()


class ChannelSettlement(Fact):
    settlement_id: UUID
    settled_on: date
    channel: str
    account: str
    gross_fen: int
    fee_fen: int
    reference: str
    entry_id: UUID

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.fee_fen


class HomeLedgerLine(Fact):
    """One movement of a home's account, oldest first."""

    on: date
    what: str
    """``charge``, ``receipt`` or ``prepayment_used``."""
    kind: ChargeKind | None
    period: str | None
    charged_fen: int
    paid_fen: int
    reference: str


class HomeLedger(Fact):
    home_id: UUID
    owed_fen: int
    prepaid_fen: int
    lines: tuple[HomeLedgerLine, ...]


AGES = ("0-30", "31-90", "91-180", "181-365", "over-365")


class AgeingCell(Fact):
    """A sum over homes; both figures are None where fewer than five homes could be recognised."""

    homes: int | None
    amount_fen: int | None


class AgeingRow(Fact):
    building: str
    cells: tuple[AgeingCell, ...]
    """In the order of ``AGES``."""
    total: AgeingCell


class Ageing(Fact):
    on: date
    ages: tuple[str, ...]
    rows: tuple[AgeingRow, ...]
    totals: tuple[AgeingCell, ...]
    total: AgeingCell


class ReceivableMovement(Fact):
    """How the receivable of one kind moved in a month."""

    period: str
    kind: ChargeKind
    opening_fen: int
    charged_fen: int
    from_prepaid_fen: int
    received_fen: int
    received_arrears_fen: int
    """The part of the receipts that settled earlier months."""
    closing_fen: int
    collected_current_fen: int
    """Settled, within the month, of this month's charges."""

    @property
    def collection_basis_points(self) -> int:
        """Hundredths of a percent, rounded half up; 0 when nothing was charged."""
        if self.charged_fen == 0:
            return 0
        return (self.collected_current_fen * 20_000 + self.charged_fen) // (2 * self.charged_fen)


class RevenueKind(StrEnum):
    """Uses of common parts (Civil Code 282)."""

    LIFT_ADVERTISING = "lift_advertising"
    WALL_ADVERTISING = "wall_advertising"
    LOCKER = "locker"
    STALL = "stall"
    CHARGING_SITE = "charging_site"
    BASE_STATION = "base_station"
    GROUND_PARKING = "ground_parking"
    OTHER = "other"


class DrawUpContract(Command):
    """A contract that earns public revenue."""

    id: UUID
    counterparty: Annotated[str, Meta(min_length=1, max_length=100)]
    is_individual: bool = False
    """Names of individuals are never published (PIPL 25)."""
    kind: RevenueKind
    income_account: AccountCode
    fund: FundCode = "PR"
    starts_on: date
    ends_on: date
    amount_fen: Fen
    """For the whole term; earned evenly over its months."""
    recognised_before_fen: Annotated[int, Meta(ge=0, le=MAX_FEN)] = 0
    """What was earned before the books were opened."""
    received_before_fen: Annotated[int, Meta(ge=0, le=MAX_FEN)] = 0
    resolution_id: UUID | None = None
    """The assembly's consent to running business on common parts (Civil Code 278 (8))."""
    evidence: tuple[Sha256, ...] = ()


class RevenueContract(Fact):
    contract_id: UUID
    counterparty: str
    is_individual: bool
    kind: RevenueKind
    income_account: str
    fund: str
    starts_on: date
    ends_on: date
    amount_fen: int
    recognised_before_fen: int
    received_before_fen: int
    resolution_id: UUID | None


class RunRevenue(Command):
    """Earns one month of every contract: deferred income first, the rest is owed."""

    id: UUID
    period: PeriodText


class RevenueShare(Fact):
    """One contract's month."""

    contract_id: UUID
    period: str
    amount_fen: int
    from_deferred_fen: int
    entry_id: UUID


class RevenueRun(Fact):
    run_id: UUID
    period: str
    shares: tuple[RevenueShare, ...]


class RevenueFigure(Fact):
    """A contract in the statement of a month."""

    contract_id: UUID
    counterparty: str
    """Empty for an individual."""
    kind: RevenueKind
    starts_on: date
    ends_on: date
    amount_fen: int
    earned_fen: int
    """In the month."""
    received_fen: int
    """In the month."""
    due_to_date_fen: int
    received_to_date_fen: int

    @property
    def owed_fen(self) -> int:
        return max(self.due_to_date_fen - self.received_to_date_fen, 0)

    @property
    def deferred_fen(self) -> int:
        return max(self.received_to_date_fen - self.due_to_date_fen, 0)


class AccrueRemuneration(Command):
    """A month's remuneration as the trust instrument agrees it (Trust Law 35)."""

    id: UUID
    period: PeriodText
    trustee_id: UUID | None = None
    """The vendor record of the trustee, to whom it is owed."""
    budget_line_id: UUID | None = None


class RemunerationAccrual(Fact):
    """How a month's remuneration was computed."""

    accrual_id: UUID
    period: str
    instrument_id: UUID
    kind: RemunerationKind
    basis: RemunerationBasis | None
    basis_fen: int
    """The base of a share; 0 for a fixed amount."""
    rate_basis_points: int
    cap_fen: int | None
    uncapped_fen: int
    amount_fen: int
    is_held: bool
    entry_id: UUID


class HoldRemuneration(Command):
    """A breach that must first be made good; what is owed cannot be paid meanwhile."""

    id: UUID
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]


class LiftHold(Command):
    id: UUID
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]


class RemunerationHold(Fact):
    hold_id: UUID
    reason: str
    held_at: datetime
    held_fen: int
    """What was owed then and moved out of reach."""
    lifted_at: datetime | None
    lifted_reason: str
