"""What became of a decision: what was done under it, what was spent, what the committee told."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from trustprop.kernel.struct import Fact
from trustprop.meetings.model import Matter, ResolutionState


class DeedKind(StrEnum):
    BUDGET = "budget"
    BUDGET_ADJUSTMENT = "budget_adjustment"
    EMERGENCY = "emergency"
    FUND_TRANSFER = "fund_transfer"
    MANDATE = "mandate"
    MANDATE_END = "mandate_end"
    GOVERNING_TEXT = "governing_text"
    TRUST_INSTRUMENT = "trust_instrument"
    TARIFF = "tariff"
    VENDOR = "vendor"
    CONTRACT = "contract"
    """With a vendor that the decision admitted."""
    REVENUE_CONTRACT = "revenue_contract"
    PAYMENT_ORDER = "payment_order"


class Deed(Fact):
    """One thing that a decision opened."""

    kind: DeedKind
    id: UUID
    title: str
    """Empty where it would name an individual."""
    on: date | None
    """Since when; of what waits for signatures, the day of the draft."""
    amount_fen: int | None
    spent_fen: int | None
    """Of a budget or a contract: what of the amount is used by now."""
    state: str


class DeedOf(Fact):
    resolution_id: UUID
    deed: Deed


class DecisionEntry(Fact):
    """An entry of the journal that names the decision."""

    number: int
    accounting_on: date
    kind: str
    amount_fen: int


class EntryOf(Fact):
    resolution_id: UUID
    entry: DecisionEntry


class Told(Fact):
    """What the committee wrote about carrying it out."""

    on: date
    body: str


class ToldOf(Fact):
    resolution_id: UUID
    told: Told


class DecisionRecord(Fact):
    """A decision with all that followed from it."""

    resolution_id: UUID
    number: str
    title: str
    matter: Matter
    scope: str
    held_on: date
    valid_from: date
    valid_until: date | None
    state: ResolutionState
    deeds: tuple[Deed, ...]
    entries: tuple[DecisionEntry, ...]
    told: tuple[Told, ...]
    spent_fen: int
    """Paid by entries that name it, reversed ones taken off."""


class DecisionsOfQuarter(Fact):
    """What was decided in a quarter, and what was done in it under decisions of any day."""

    compound_id: UUID
    compound: str
    first_on: date
    last_on: date
    closed_through: str
    """The last closed month: no entry of a later one is shown. Empty before the first."""
    decisions: tuple[DecisionRecord, ...]
