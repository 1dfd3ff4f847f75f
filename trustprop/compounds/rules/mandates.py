"""Mandates: terms, and that one person never stands on two sides at once."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from trustprop.compounds.model import (
    Appointment,
    Compound,
    CompoundState,
    MandateEnd,
    MandateTerm,
)
from trustprop.kernel.caller import Party
from trustprop.kernel.errors import N_, Conflict, FieldError, Forbidden, Invalid

MAX_TERM_DAYS = 5 * 366
"""No office runs longer than five years without a new appointment."""
LAST_YEAR = 2200
"""Later dates are typing errors."""


class BothSides(Conflict):
    code = "both-sides"
    detail = N_(
        "One person cannot hold mandates of two sides; this one already stands for {party}."
    )
    person_id: UUID
    party: Party


class MandateTermWrong(Invalid):
    code = "mandate-term-wrong"
    detail = N_("The term must begin before it ends and last at most five years.")


class MandateEnded(Conflict):
    code = "mandate-ended"
    detail = N_("This mandate has already ended.")


class NotOpen(Conflict):
    code = "compound-not-open"
    detail = N_("This compound is not founded yet: the founding act lacks signatures.")


class InvitationNeedsOffice(Forbidden):
    code = "invitation-needs-office"
    detail = N_("Only the operator before the founding, or who signs for a side, invites people.")


def check_open(compound: Compound) -> None:
    """Raises NotOpen before the founding act is signed."""
    if compound.state is not CompoundState.OPEN:
        raise NotOpen


def check_appointment(
    appointment: Appointment, existing: Iterable[MandateTerm], act_id: UUID | None
) -> MandateTerm:
    """The mandate that an appointment makes. Raises MandateTermWrong or BothSides."""
    if _term_is_wrong(appointment):
        raise MandateTermWrong
    term = as_term(appointment, act_id)
    check_one_side(term, existing)
    return term


def as_term(appointment: Appointment, act_id: UUID | None) -> MandateTerm:
    """Without an act, the resolution that the appointment names has elected."""
    return MandateTerm(
        mandate_id=appointment.mandate_id,
        person_id=appointment.person_id,
        office=appointment.office,
        valid_from=appointment.valid_from,
        valid_until=appointment.valid_until,
        act_id=act_id,
        resolution_id=appointment.resolution_id,
    )


def check_one_side(term: MandateTerm, existing: Iterable[MandateTerm]) -> None:
    """Raises BothSides when this person holds a mandate of another party on any day of the term."""
    for other in existing:
        if (
            other.person_id == term.person_id
            and other.party is not term.party
            and term.overlaps(other)
        ):
            raise BothSides(person_id=term.person_id, party=other.party)


def check_ending(term: MandateTerm, ending: MandateEnd, today: date) -> date:
    """The first day without the mandate: never in the past, so that no signature is unmade.

    Raises MandateEnded when it is already over.
    """
    ended_on = max(ending.ended_on, today)
    if term.out_on <= ended_on:
        raise MandateEnded
    return ended_on


def still_held(terms: Iterable[MandateTerm], ended_on: date) -> tuple[MandateTerm, ...]:
    """Those of these mandates that an election ends on a day; others are over by then."""
    return tuple(term for term in terms if ended_on < term.out_on)


def _term_is_wrong(appointment: Appointment) -> bool:
    days = (appointment.valid_until - appointment.valid_from).days
    return not 0 <= days <= MAX_TERM_DAYS or appointment.valid_until.year > LAST_YEAR


def appointment_errors(appointments: Sequence[Appointment]) -> list[FieldError]:
    """What is wrong with the mandates of a founding act, all at once."""
    errors: list[FieldError] = []
    for i, appointment in enumerate(appointments):
        errors += _errors_of(appointment, appointments[:i], f"/mandates/{i}")
    for party in (Party.TRUSTEE, Party.OWNERS):
        if not any(a.office.may_sign and a.office.party is party for a in appointments):
            message = N_("Nobody here signs for {party}.")
            errors.append(_wrong("/mandates", "side-missing", message, party=party))
    return errors


def _errors_of(
    appointment: Appointment, before: Sequence[Appointment], at: str
) -> list[FieldError]:
    errors: list[FieldError] = []
    if _term_is_wrong(appointment):
        errors.append(_wrong(f"{at}/valid_until", "term", MandateTermWrong.detail))
    if any(other.mandate_id == appointment.mandate_id for other in before):
        message = N_("This mandate stands here twice.")
        errors.append(_wrong(f"{at}/mandate_id", "twice", message))
    if appointment.key_id and any(_share_wrongly(appointment, other) for other in before):
        message = N_("A person brings one key, and a key belongs to one person.")
        errors.append(_wrong(f"{at}/key_id", "twice", message))
    if any(_takes_both_sides(appointment, other) for other in before):
        message = N_("One person cannot hold mandates of two sides.")
        errors.append(_wrong(f"{at}/person_id", "both-sides", message))
    if appointment.office.may_sign and appointment.key_id is None:
        message = N_("An office that signs needs a proved key at the founding.")
        errors.append(_wrong(f"{at}/key_id", "missing", message))
    return errors


def _share_wrongly(one: Appointment, other: Appointment) -> bool:
    """Whether one key is named for two persons, or two keys for one."""
    same_person, same_key = one.person_id == other.person_id, one.key_id == other.key_id
    return other.key_id is not None and same_person != same_key


def _takes_both_sides(one: Appointment, other: Appointment) -> bool:
    return one.person_id == other.person_id and one.office.party is not other.office.party


def _wrong(pointer: str, code: str, detail: str, **facts: object) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail, facts=facts)
