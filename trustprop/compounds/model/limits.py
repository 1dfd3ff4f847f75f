"""Numbers that the service obeys, each with its reason."""

from enum import StrEnum
from uuid import UUID

from trustprop.kernel.struct import Fact


class SourceKind(StrEnum):
    STATUTE = "statute"
    """National law."""
    LOCAL = "local"
    """A regulation of the place."""
    PRACTICE = "practice"
    """Not law: what compounds of this kind do; a clause may say otherwise."""
    CLAUSE = "clause"
    """A clause of this compound's own text."""


class Source(Fact):
    """Why a limit is what it is."""

    kind: SourceKind
    citation: str
    text_id: UUID | None = None
    clause: str | None = None


class Limit(Fact):
    """One number that the service obeys, with its reason."""

    value: int
    source: Source
    floor: int | None = None
    """A clause cannot go below; the law behind it is ``bound_by``."""
    ceiling: int | None = None
    bound_by: str = ""


class Limits(Fact):
    """Every limit of a compound on a day. Amounts in fen, the rest as the name says."""

    large_payment_fen: Limit
    """From this amount on a payment is published before it is made."""
    large_payment_notice_days: Limit
    large_payment_resolution_fen: Limit
    """From this amount on a payment needs a decision about it; 0: none until a clause sets it."""
    budget_warning_percent: Limit
    virement_percent: Limit
    """Of the giving line, within a category, by the committee; above it the assembly decides."""
    emergency_cap_fen: Limit
    """0: no emergency path until a clause opens it."""
    emergency_notice_hours: Limit
    emergency_ratification_days: Limit
    """Until the assembly has ratified it; afterwards it is listed as overdue."""
    order_valid_days: Limit
    vendor_account_rest_hours: Limit
    invoice_grace_days: Limit
    inquiry_answer_days: Limit
    objection_days: Limit
    meeting_notice_days: Limit
    decision_posting_days: Limit
    reserve_share_percent: Limit
    """Of net public revenue that goes to the maintenance fund or its reserve."""
    public_revenue_every_months: Limit
    maintenance_fund_every_months: Limit
    audit_posting_days: Limit
    extraordinary_notice_days: Limit
    """Clear days between the notice of an extraordinary meeting and its ballots."""
    meeting_call_percent: Limit
    """Of the area and of the heads: owners who hold that much call a meeting or a recall."""
    meeting_window_min_days: Limit
    meeting_window_max_days: Limit
    """How long ballots are taken in, an extension included."""
    meeting_extensions: Limit
    """How often the window may be extended; 0: never, until a clause allows it."""
    result_objection_days: Limit
    result_posting_days: Limit
    handover_days: Limit
    """Until the old committee has handed over; then its mandates end by themselves."""
    filing_days: Limit
    """Until texts and members are filed with the street office."""
    proxies_per_holder: Limit
    """Written proxies that one person may hold; 0: none."""
    silent_majority: Limit
    """Unsettled law, off until a clause says 1: who was reached, warned and is silent joins the majority."""
    silent_majority_special: Limit
    """The same for matters that need three quarters; wants ``silent_majority`` too."""
    parking_in_base: Limit
    """Unsettled law, off until a clause says 1: registered parking spaces count as homes."""
    invalid_ballots_take_part: Limit
    """Unsettled law, off until a clause says 1: who sent an invalid ballot has taken part."""
    special_majority: dict[str, Limit]
    """By matter of a resolution: 1 where three quarters are needed, by law or by the texts."""
