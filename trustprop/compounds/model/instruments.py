"""The trust instrument, its founding act and its amendments."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.compounds.model.compounds import Fen, Name, Prose
from trustprop.compounds.model.mandates import Appointment
from trustprop.compounds.model.texts import TextDraft
from trustprop.kernel.struct import Command, Fact


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
