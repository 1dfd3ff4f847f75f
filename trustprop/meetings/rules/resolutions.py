"""Which majority a matter needs, what a recorded decision must say, and when one may be stood on."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from trustprop.compounds.model import HeadCount, Limit, Limits, Scope, Source, SourceKind
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid, Invalid
from trustprop.meetings.model import (
    Body,
    Figures,
    Matter,
    RecordResolution,
    Resolution,
    ResolutionState,
)
from trustprop.votes.model.counting import Majority, Tally
from trustprop.votes.rules import tally, tally_committee

COMMITTEE_DECIDES = frozenset({Matter.LARGE_PAYMENT, Matter.OTHER})
"""What the owners' committee may decide in the assembly's place; all else is the assembly's alone."""
UNANIMOUS = frozenset({Matter.CHANGE_TO_BUSINESS})
OF_EVERYBODY = Limit(
    value=1, source=Source(kind=SourceKind.STATUTE, citation="民法典 279; 区分所有权解释 11")
)
"""No vote of the assembly: every interested owner agrees, and no text changes that."""


class ResolutionFailed(Invalid):
    code = "resolution-failed"
    detail = N_(
        "By these figures the motion did not pass: {for_heads} of {participating_heads} heads and "
        "{for_area_dm2} of {participating_area_dm2} agreed, {total_heads} heads and {total_area_dm2} "
        "being entitled ({majority} majority)."
    )
    majority: Majority
    quorum_area: bool
    quorum_heads: bool
    majority_area: bool
    majority_heads: bool
    total_area_dm2: int
    total_heads: int
    participating_area_dm2: int
    participating_heads: int
    for_area_dm2: int
    for_heads: int


class RollDiffers(Invalid):
    code = "roll-differs"
    detail = N_(
        "On {record_on} the roll has {roll_heads} heads and {roll_area_dm2}; the minutes say "
        "{total_heads} heads and {total_area_dm2}."
    )
    record_on: date
    roll_heads: int
    roll_area_dm2: int
    total_heads: int
    total_area_dm2: int


class NotForCommittee(Invalid):
    code = "not-for-committee"
    detail = N_("The assembly alone decides about {matter} (Civil Code 278).")
    matter: Matter


class ResolutionMissing(Invalid):
    code = "resolution-missing"
    detail = N_("This needs a resolution, and there is none with this id here.")


class ResolutionOfAnotherMatter(Conflict):
    code = "resolution-of-another-matter"
    detail = N_("Resolution {number} decides about {matter}, not about {needed}.")
    number: str
    matter: Matter
    needed: Matter


class ResolutionOfAnotherSubject(Conflict):
    code = "resolution-of-another-subject"
    detail = N_("Resolution {number} decides about something else of the same kind.")
    number: str


class ResolutionOfAnotherScope(Conflict):
    code = "resolution-of-another-scope"
    detail = N_("Resolution {number} was decided by the owners of {scope}, not of {needed}.")
    number: str
    scope: str
    needed: str


class ResolutionTakesBack(Conflict):
    code = "resolution-takes-back"
    detail = N_("Resolution {number} takes an earlier decision back and opens nothing itself.")
    number: str


class ResolutionNotInForce(Conflict):
    code = "resolution-not-in-force"
    detail = N_("Resolution {number} is {state} and in force from {valid_from}.")
    number: str
    state: ResolutionState
    valid_from: date


class ResolutionNotConfirmed(Conflict):
    code = "resolution-not-confirmed"
    detail = N_("Resolution {number} is {state}; only a confirmed one can be revoked.")
    number: str
    state: ResolutionState


class MeetingsAreHeldHere(Conflict):
    code = "meetings-are-held-here"
    detail = N_("This assembly decides by ballots counted here; its decisions come from a meeting.")


def law_of(matter: Matter, limits: Limits) -> Limit:
    """What stands on a matter: 1 asks for the special majority, by law or by a clause."""
    return OF_EVERYBODY if matter in UNANIMOUS else limits.special_majority[matter]


def majority_of(matter: Matter, limits: Limits) -> Majority:
    """The class of a matter follows its kind; the texts can raise it and never lower it."""
    if matter in UNANIMOUS:
        return Majority.UNANIMOUS
    return Majority.SPECIAL if law_of(matter, limits).value else Majority.ORDINARY


def tally_of(figures: Figures, decided_by: Body, majority: Majority) -> Tally:
    """The tally by the body that decided."""
    if decided_by is Body.COMMITTEE:
        return tally_committee(
            members=figures.total_heads,
            present=figures.participating_heads,
            in_favour=figures.for_heads,
        )
    return tally(figures.total, figures.participating, figures.in_favour, majority)


def check_recorded_from_paper(*, are_held_here: bool) -> None:
    """Raises MeetingsAreHeldHere: two ways to decide would be one too many."""
    if are_held_here:
        raise MeetingsAreHeldHere


def check_recorded(
    command: RecordResolution, limits: Limits, entitled: HeadCount, today: date
) -> None:
    """Raises FieldsInvalid, NotForCommittee, RollDiffers or ResolutionFailed, in that order.

    ``entitled`` is the roll of the scope on the record date, or the committee's members.
    """
    errors = _date_errors(command, today) + _figure_errors(command.figures)
    if errors:
        raise FieldsInvalid(errors=tuple(errors))
    if command.decided_by is Body.COMMITTEE and command.matter not in COMMITTEE_DECIDES:
        raise NotForCommittee(matter=command.matter)
    figures = command.figures
    if (figures.total_heads, figures.total_area_dm2) != (entitled.heads, entitled.area_dm2):
        raise RollDiffers(
            record_on=command.record_on,
            roll_heads=entitled.heads,
            roll_area_dm2=entitled.area_dm2,
            total_heads=figures.total_heads,
            total_area_dm2=figures.total_area_dm2,
        )
    majority = majority_of(command.matter, limits)
    check_passed(figures, tally_of(figures, command.decided_by, majority), majority)


def check_passed(figures: Figures, counted: Tally, majority: Majority) -> None:
    """Raises ResolutionFailed with the whole arithmetic."""
    if not counted.is_passed:
        raise ResolutionFailed(
            majority=majority,
            quorum_area=counted.quorum_area,
            quorum_heads=counted.quorum_heads,
            majority_area=counted.majority_area,
            majority_heads=counted.majority_heads,
            total_area_dm2=figures.total_area_dm2,
            total_heads=figures.total_heads,
            participating_area_dm2=figures.participating_area_dm2,
            participating_heads=figures.participating_heads,
            for_area_dm2=figures.for_area_dm2,
            for_heads=figures.for_heads,
        )


def _date_errors(command: RecordResolution, today: date) -> list[FieldError]:
    wrong = {
        "/held_on": command.held_on > today,
        "/record_on": command.record_on > command.held_on,
        "/valid_from": command.valid_from < command.held_on,
        "/valid_until": command.valid_until is not None
        and command.valid_until < command.valid_from,
    }
    message = N_("These days are not in order: record date, meeting, validity, and none to come.")
    return [
        FieldError(pointer=pointer, code="order", detail=message)
        for pointer, is_wrong in wrong.items()
        if is_wrong
    ]


def _figure_errors(figures: Figures) -> list[FieldError]:
    wrong = {
        "participating_heads": figures.participating_heads > figures.total_heads,
        "for_heads": figures.for_heads > figures.participating_heads,
        "participating_area_dm2": figures.participating_area_dm2 > figures.total_area_dm2,
        "for_area_dm2": figures.for_area_dm2 > figures.participating_area_dm2,
    }
    message = N_("More than the whole it is part of.")
    return [
        FieldError(pointer=f"/figures/{name}", code="range", detail=message)
        for name, is_wrong in wrong.items()
        if is_wrong
    ]


def check_stands(
    resolution: Resolution | None,
    matter: Matter,
    subject_ids: Collection[UUID | None],
    scope: Scope,
    on: date,
) -> Resolution:
    """The resolution, if it can be stood on for this matter, subject and scope on a day.

    It decides about one of the subjects; None among them stands for a decision that names none, and
    no subjects at all for whichever it names. Raises ResolutionMissing, ResolutionOfAnotherMatter,
    ResolutionTakesBack, ResolutionOfAnotherSubject, ResolutionOfAnotherScope or
    ResolutionNotInForce.
    """
    if resolution is None:
        raise ResolutionMissing
    if resolution.matter is not matter:
        raise ResolutionOfAnotherMatter(
            number=resolution.number, matter=resolution.matter, needed=matter
        )
    if resolution.revokes_resolution_id is not None:
        raise ResolutionTakesBack(number=resolution.number)
    if subject_ids and resolution.subject_id not in subject_ids:
        raise ResolutionOfAnotherSubject(number=resolution.number)
    if resolution.scope != scope:
        raise ResolutionOfAnotherScope(
            number=resolution.number, scope=str(resolution.scope), needed=str(scope)
        )
    if not resolution.is_in_force(on):
        raise ResolutionNotInForce(
            number=resolution.number, state=resolution.state, valid_from=resolution.valid_from
        )
    return resolution


def check_revocable(resolution: Resolution) -> None:
    """Raises ResolutionNotConfirmed."""
    if resolution.state is not ResolutionState.CONFIRMED:
        raise ResolutionNotConfirmed(number=resolution.number, state=resolution.state)
