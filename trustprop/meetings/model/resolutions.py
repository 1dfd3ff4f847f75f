"""Resolutions: what was decided, by which majority, on which figures."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.compounds.model import WHOLE, Name, Prose, Scope
from trustprop.kernel.struct import Command, Fact
from trustprop.votes.model.counting import Majority, Tally, Weight

Area = Annotated[int, Meta(ge=0, le=10**12)]
Heads = Annotated[int, Meta(ge=0, le=10**7)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Matter(StrEnum):
    """What a resolution is about; the law that stands on it follows from the matter alone."""

    BUDGET = "budget"
    BUDGET_ADJUSTMENT = "budget_adjustment"
    FUND_TRANSFER = "fund_transfer"
    REMUNERATION = "remuneration"
    RELATED_PARTY = "related_party"
    LARGE_PAYMENT = "large_payment"
    FEE = "fee"
    MANDATE = "mandate"
    GOVERNING_TEXT = "governing_text"
    TRUSTEE = "trustee"
    """Who manages: hiring and dismissing the property firm (278(1)(4))."""
    MAINTENANCE_FUND_USE = "maintenance_fund_use"
    MAINTENANCE_FUND_RAISE = "maintenance_fund_raise"
    COMMON_PART_BUSINESS = "common_part_business"
    RECONSTRUCT = "reconstruct"
    CHANGE_TO_BUSINESS = "change_to_business"
    """A dwelling becomes a shop: every interested owner must agree (279)."""
    OTHER = "other"


class Body(StrEnum):
    ASSEMBLY = "assembly"
    COMMITTEE = "committee"
    """More than half of all its members, present or not."""


class Figures(Command):
    """The count sheet. Of a committee only heads are counted, and areas are zero."""

    total_heads: Heads
    participating_heads: Heads
    """Valid ballots for, against and abstaining: who abstains takes part."""
    for_heads: Heads
    total_area_dm2: Area = 0
    participating_area_dm2: Area = 0
    for_area_dm2: Area = 0

    @property
    def total(self) -> Weight:
        return Weight(heads=self.total_heads, area_dm2=self.total_area_dm2)

    @property
    def participating(self) -> Weight:
        return Weight(heads=self.participating_heads, area_dm2=self.participating_area_dm2)

    @property
    def in_favour(self) -> Weight:
        return Weight(heads=self.for_heads, area_dm2=self.for_area_dm2)


class ResolutionState(StrEnum):
    RECORDED = "recorded"
    """Waits for the signatures of both sides under its record."""
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    """The act over its record ended without the signatures."""
    REVOKED = "revoked"
    """By a later decision or a court (Civil Code 280)."""


class RecordResolution(Command):
    """A decision of a paper meeting, with its figures and minutes."""

    id: UUID
    act_id: UUID
    """Of the act by which both sides confirm the record."""
    expires_at: datetime
    """Until when that act may be signed."""
    matter: Matter
    title: Name
    decision: Prose
    """The words that were voted on."""
    record_on: date
    """Whose homes and areas count is fixed on this day."""
    held_on: date
    """When the votes were counted."""
    valid_from: date
    figures: Figures
    minutes: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=50)]
    """Minutes, count sheets and rolls, by their digests among the evidence."""
    decided_by: Body = Body.ASSEMBLY
    scope: Scope = WHOLE
    """Who was asked: everybody, or the owners of one building or stair."""
    subject_id: UUID | None = None
    """The budget, text, vendor or transfer that it decides about."""
    valid_until: date | None = None


class Resolution(Fact):
    """A decision that others may stand on once it is confirmed."""

    resolution_id: UUID
    act_id: UUID | None
    """By which both sides confirmed the record of a paper meeting; None when it was counted here."""
    number: str
    """``2025-003``: gapless per compound and year of the meeting."""
    matter: Matter
    majority: Majority
    legal_basis: str
    """Why this majority: the article, or the clause that asks for more."""
    decided_by: Body
    scope: Scope
    subject_id: UUID | None
    title: str
    decision: str
    record_on: date
    held_on: date
    valid_from: date
    valid_until: date | None
    figures: Figures
    tally: Tally
    minutes: tuple[str, ...]
    recorded_at: datetime
    meeting_id: UUID | None = None
    motion_id: UUID | None = None
    count_digest: str | None = None
    """Of the published count that it comes from; whoever has it can count again."""
    revokes_resolution_id: UUID | None = None
    """The earlier decision that it takes back; it opens nothing itself."""
    needs_legal_review: bool = False
    """Another reading of unsettled law would have had another result."""
    state: ResolutionState = ResolutionState.RECORDED

    def is_in_force(self, on: date) -> bool:
        return (
            self.state is ResolutionState.CONFIRMED
            and self.valid_from <= on
            and (self.valid_until is None or on <= self.valid_until)
        )


class Revocation(Command):
    """The body of the act ``resolution-revocation``."""

    resolution_id: UUID
    reason: Prose


class DraftRevocation(Revocation, kw_only=True):
    id: UUID
    expires_at: datetime
