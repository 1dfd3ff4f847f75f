"""Offices with their terms, and what a signed-in person is here."""

from datetime import date, timedelta
from uuid import UUID

from trustprop.compounds.model.compounds import Prose
from trustprop.identity.model import KeyId
from trustprop.kernel.caller import Mandate, Office, Party
from trustprop.kernel.struct import Command, Fact


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
