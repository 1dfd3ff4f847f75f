"""Acts about the compound itself. ``id`` is the id of the act."""

from datetime import datetime
from uuid import UUID

from trustprop.compounds.model import (
    Appointment,
    Founding,
    InstrumentAmendment,
    MandateEnd,
    TextDraft,
)


class DraftFounding(Founding, kw_only=True):
    id: UUID
    expires_at: datetime


class DraftMandate(Appointment, kw_only=True):
    id: UUID
    expires_at: datetime


class DraftMandateEnd(MandateEnd, kw_only=True):
    id: UUID
    expires_at: datetime


class DraftText(TextDraft, kw_only=True):
    id: UUID
    expires_at: datetime


class DraftAmendment(InstrumentAmendment, kw_only=True):
    id: UUID
    expires_at: datetime
