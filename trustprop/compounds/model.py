"""What a compound is made of: homes and owners, mandates, the trust instrument, texts and limits."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.identity.model import KeyId
from trustprop.kernel.caller import Mandate, Office, Party
from trustprop.kernel.struct import Command, Fact

PRINTABLE = r"^[^\x00]*$"
"""PostgreSQL stores no NUL."""
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTABLE)]
Prose = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=PRINTABLE)]
Code = Annotated[str, Meta(max_length=40, pattern=PRINTABLE)]
Fen = Annotated[int, Meta(ge=0, le=10**15)]


class CompoundState(StrEnum):
    FOUNDING = "founding"
    """The trust instrument is not signed yet: no books, no money."""
    OPEN = "open"


class Compound(Fact):
    """A residential compound (小区), one settlor with one set of books (Trust Law 29)."""

    compound_id: UUID
    name: str
    credit_code: str
    """Unified social credit code of the owners' assembly; empty while it has none."""
    address: str
    state: CompoundState
    rule_profile: str
    created_at: datetime


class CreateCompound(Command):
    """The operator sets up an empty compound; the founding act opens it."""

    id: UUID
    name: Name
    address: Name
    credit_code: Annotated[str, Meta(max_length=18)] = ""
    rule_profile: str = "national"
    invited: tuple[UUID, ...] = ()
    """People who may prove a signing key here before they hold any office."""


class Invite(Command):
    person_id: UUID


# Homes and owners


class AreaSource(StrEnum):
    """Where an area comes from, the best first (Interpretation 8)."""

    REGISTERED = "registered"
    """登记: the real-estate register."""
    SURVEYED = "surveyed"
    """实测: the surveyor, while nothing is registered."""
    CONTRACT = "contract"
    """合同: the sales contract, while nothing is surveyed."""


class OwnerKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"
    DEVELOPER = "developer"
    """建设单位: the owner of what is not sold yet."""


class Owner(Fact):
    """A registered owner. The name stays inside; the identity number is only committed to."""

    owner_id: UUID
    kind: OwnerKind
    name: str
    identity_commitment: bytes
    """HMAC-SHA256 of the identity number under the compound's secret salt."""


class HomeUse(StrEnum):
    DWELLING = "dwelling"
    SHOP = "shop"
    PARKING = "parking"
    """A separately registered parking space: in the base of a vote by a clause only."""


class Home(Fact):
    """One exclusive part (专有部分)."""

    home_id: UUID
    building: str
    stair: str
    """Empty where a building has no stairs of its own."""
    number: str
    area_dm2: int
    area_source: AreaSource
    delivered_on: date | None
    """None while the developer has not handed it over."""
    owner_ids: tuple[UUID, ...]
    """The registered owners, co-owners included, in id order."""
    use: HomeUse = HomeUse.DWELLING

    @property
    def label(self) -> str:
        """``7-2-1203`` as it stands on the door."""
        return "-".join(part for part in (self.building, self.stair, self.number) if part)

    def is_delivered(self, on: date) -> bool:
        return self.delivered_on is not None and self.delivered_on <= on


class HomeRow(Fact):
    """One good row of the CSV: one home and one of its owners."""

    line: int
    """Where it stands in the file; the heading is line 1."""
    building: str
    stair: str
    number: str
    area_dm2: int
    area_source: AreaSource
    delivered_on: date | None
    owner_kind: OwnerKind
    owner_name: str
    identity_number: str
    use: HomeUse = HomeUse.DWELLING

    @property
    def place(self) -> tuple[str, str, str]:
        return (self.building, self.stair, self.number)


class Imported(Fact):
    """What an import brought in; rows already there with the same content count as unchanged."""

    homes: int
    owners: int
    unchanged: int


class TransferHome(Command):
    """A home changes hands or is handed over; the roll of an earlier record date keeps the old owners."""

    since_on: date
    owners: Annotated[tuple["NewOwner", ...], Meta(min_length=1, max_length=20)]
    delivered_on: date | None = None
    """The day of a handover by the developer, not before ``since_on``; left out: as before."""


class NewOwner(Command):
    kind: OwnerKind
    name: Name
    identity_number: Name


class ResidentKind(StrEnum):
    OWNER = "owner"
    OCCUPANT = "occupant"
    """物业使用人: a tenant or relative; reads what is published, has no vote."""


class EnrolResident(Command):
    """Ties a signed-in person to a home after a look at the papers."""

    person_id: UUID
    home_id: UUID
    kind: ResidentKind
    since_on: date
    owner_id: UUID | None = None
    """Which of several co-owners this person is; of a single owner it need not be said."""


class Resident(Fact):
    person_id: UUID
    home_id: UUID
    kind: ResidentKind
    since_on: date
    owner_id: UUID | None = None
    """The registered owner that this person is, or stands for where it is an organisation."""


# The roll


class Scope(Fact):
    """Who decides: the whole compound, one building or one stair of it (受益范围)."""

    building: Code = ""
    stair: Code = ""

    def holds(self, home: Home) -> bool:
        return self.building in ("", home.building) and self.stair in ("", home.stair)

    def __str__(self) -> str:
        """``compound``, ``building:7`` or ``building:7/stair:2``."""
        if not self.building:
            return "compound"
        return f"building:{self.building}" + (f"/stair:{self.stair}" if self.stair else "")


WHOLE = Scope()


class RollEntry(Fact):
    """One home on the roll with the head it counts under."""

    home_id: UUID
    building: str
    stair: str
    number: str
    area_dm2: int
    owners: tuple[str, ...]
    """Masked: ``王**``."""
    head: int
    """Homes with the same number here count as one head; their areas all count."""


class HeadOnRoll(Fact):
    """One head with all its homes: for the votes, unmasked and never published."""

    owner_ids: tuple[UUID, ...]
    """In id order. Of the developer's head all developers, whoever has bought what is not delivered."""
    homes: tuple[Home, ...]
    """In order of building, stair and number."""
    is_developer: bool
    """What is unsold and what is sold but not delivered (Interpretation 9)."""


class HeadCount(Fact):
    """The denominators of every vote (Civil Code 278)."""

    homes: int
    heads: int
    area_dm2: int


class Roll(Fact):
    """The homes of a scope with their owners on the record date."""

    on: date
    scope: Scope
    count: HeadCount
    entries: tuple[RollEntry, ...]


# Mandates


class MandateTerm(Fact):
    """An office with its term; in force from the first to the last day, or until it was ended."""

    mandate_id: UUID
    person_id: UUID
    office: Office
    valid_from: date
    valid_until: date
    """The last day."""
    act_id: UUID | None
    """The signed act behind it; None where a counted resolution elected."""
    resolution_id: UUID | None = None
    ended_on: date | None = None
    """The first day on which an ended mandate is no longer in force."""
    ended_by_resolution_id: UUID | None = None
    """The election that replaced it."""

    @property
    def party(self) -> Party:
        return self.office.party

    @property
    def out_on(self) -> date:
        """The first day after the mandate."""
        after = self.valid_until + timedelta(days=1)
        return after if self.ended_on is None else min(after, self.ended_on)

    def is_in_force(self, on: date) -> bool:
        return self.valid_from <= on < self.out_on

    def overlaps(self, other: "MandateTerm") -> bool:
        return self.valid_from < other.out_on and other.valid_from < self.out_on


class Appointment(Command):
    """A mandate to be: who, which office, from when to when, and the key that comes with it."""

    mandate_id: UUID
    person_id: UUID
    office: Office
    valid_from: date
    valid_until: date
    key_id: KeyId | None = None
    """A signing key that this person has proved; the signed act activates it."""
    resolution_id: UUID | None = None
    """The resolution that elected an owners' office (Civil Code 278(1)(3)); none at the founding."""


class MandateEnd(Command):
    mandate_id: UUID
    ended_on: date
    """The first day without it; not before the day of the last signature."""
    reason: Prose


class Access(Fact):
    """What a signed-in person is here. Nobody at all is None instead."""

    mandates: tuple[Mandate, ...]
    is_resident: bool


# Texts


class TextKind(StrEnum):
    RULES_OF_PROCEDURE = "rules_of_procedure"
    """业主大会议事规则."""
    COVENANT = "covenant"
    """管理规约."""
    TRUST_CONTRACT = "trust_contract"
    """信托制物业服务合同."""
    OTHER = "other"
    """Any other text that the assembly adopts, such as budget rules."""


class Clause(Command):
    """A numbered clause; it may set one limit of the service."""

    code: Annotated[str, Meta(min_length=1, max_length=40, pattern=PRINTABLE)]
    body: Prose
    limit_name: str | None = None
    limit_value: Fen | None = None


class TextDraft(Command):
    """A governing text as it is put before both sides."""

    text_id: UUID
    kind: TextKind
    title: Name
    effective_from: date
    clauses: Annotated[tuple[Clause, ...], Meta(min_length=1, max_length=2000)]
    document_sha256: str | None = None
    """The signed paper, if there is one, among the compound's evidence."""
    resolution_id: UUID | None = None
    """The resolution that adopted it; none for the texts of the founding act."""


class GoverningText(Fact):
    text_id: UUID
    kind: TextKind
    version: int
    """Counted per kind; the highest one in effect is the one that holds."""
    title: str
    effective_from: date
    document_sha256: str | None
    act_id: UUID | None
    """The signed act behind it; None where a counted resolution adopted it."""
    resolution_id: UUID | None
    clauses: tuple[Clause, ...] = ()


class ClauseChange(Command):
    """One clause as it shall read; without a body it goes."""

    code: Annotated[str, Meta(min_length=1, max_length=40, pattern=PRINTABLE)]
    body: Prose | None = None
    limit_name: Annotated[str, Meta(max_length=100, pattern=PRINTABLE)] | None = None
    limit_value: Fen | None = None


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    KEPT = "kept"


class Words(Fact):
    """A run of words that both versions have, or only one of them."""

    kind: ChangeKind
    text: str


class ClauseDifference(Fact):
    """One clause before and after, with its limit."""

    code: str
    kind: ChangeKind
    before: Clause | None
    after: Clause | None
    words: tuple[Words, ...]
    """Of the body: in order, added, removed and kept. Without the removed ones they read as after."""


class TextDifference(Fact):
    """What one version of a governing text says otherwise than another."""

    text_id: UUID
    version: int
    from_text_id: UUID | None
    from_version: int
    """0: there was none before, and all is new."""
    kind: TextKind
    title: str
    clauses: tuple[ClauseDifference, ...]


# The trust instrument


class RemunerationKind(StrEnum):
    FIXED = "fixed"
    PERCENT = "percent"


class RemunerationBasis(StrEnum):
    COLLECTED = "collected"
    BUDGETED = "budgeted"
    ACTUAL = "actual"


class RemunerationRule(Command):
    """What the trustee earns, and nothing else (Trust Law 26, 35)."""

    kind: RemunerationKind
    fixed_fen_per_month: Fen = 0
    rate_basis_points: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """Hundredths of a percent: 850 is 8.5 %."""
    basis: RemunerationBasis | None = None
    cap_fen_per_month: Fen | None = None


class Firm(Command):
    name: Name
    credit_code: str
    """Unified social credit code, GB 32100."""
    address: Name


class Founding(Command):
    """The trust instrument with all that opens a compound: the body of the act ``founding``.

    Purpose, parties, beneficiaries, property and form of benefit are what Trust Law 9 demands.
    """

    instrument_id: UUID
    purpose: Prose
    settlor: Name
    """The owners' assembly."""
    settlor_address: Name
    trustee: Firm
    beneficiaries: Prose
    property: Prose
    """Extent, kind and condition of the trust property."""
    benefit: Prose
    """In which form and how the beneficiaries benefit."""
    remuneration: RemunerationRule
    effective_from: date
    texts: Annotated[tuple[TextDraft, ...], Meta(min_length=1, max_length=20)]
    mandates: Annotated[tuple[Appointment, ...], Meta(min_length=2, max_length=50)]
    ends_on: date | None = None


class InstrumentAmendment(Command):
    """What a supplementary agreement changes in the trust instrument (Trust Law 9, 35)."""

    instrument_id: UUID
    """Of the version to be; what the resolution is about."""
    resolution_id: UUID
    effective_from: date
    remuneration: RemunerationRule | None = None
    """The terms of remuneration, decided as the matter ``remuneration``; None: as before."""
    trustee: Firm | None = None
    """The party that holds in trust, decided as the matter ``trustee``; None: as before."""
    ends_on: date | None = None
    """Wanted with another trustee: the last day of its term."""


class TrustInstrument(Fact):
    instrument_id: UUID
    purpose: str
    settlor: str
    settlor_address: str
    trustee: Firm
    beneficiaries: str
    property: str
    benefit: str
    remuneration: RemunerationRule
    effective_from: date
    ends_on: date | None
    act_id: UUID
    version: int = 1
    """The highest one in effect is the one that holds."""
    resolution_id: UUID | None = None
    """The resolution that amended it; none for the one of the founding act."""


# Limits


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
