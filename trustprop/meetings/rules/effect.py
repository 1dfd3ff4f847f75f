"""What a counted vote comes to: one resolution for each motion that passed, and for each who was elected."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds.model import Appointment
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.meetings import Meeting, Step
from trustprop.meetings.model.motions import Motion, MotionOutcome, Nominee
from trustprop.meetings.model.resolutions import Body, Figures, Resolution, ResolutionState
from trustprop.votes.model.counting import Result, Seat


def outcome(
    motion: Motion, results: Iterable[Result], seats: Iterable[Seat], made: frozenset[UUID]
) -> MotionOutcome:
    """Of a motion its own result, of an election who sits. ``made`` are the resolutions there are."""
    own = [result for result in results if result.question_id == motion.motion_id]
    seat = next((seat for seat in seats if seat.question_id == motion.motion_id), None)
    elected = seat.elected if seat else ()
    is_passed = bool(elected) if seat else all(result.is_passed for result in own)
    ids = {motion.motion_id, *elected}
    return MotionOutcome(
        motion_id=motion.motion_id,
        position=motion.position,
        title=motion.content.title,
        is_passed=is_passed,
        needs_legal_review=any(result.needs_legal_review for result in own),
        elected=elected,
        open_seats=seat.open_seats if seat else 0,
        resolutions=tuple(sorted(ids & made)),
    )


def decided(
    meeting: Meeting,
    motion: Motion,
    result: Result,
    *,
    count_digest: str,
    effective_on: date,
    at: datetime,
) -> Resolution:
    """The resolution of a motion, or of the candidate whom the result is about; its number comes last."""
    content = motion.content
    candidate = _candidate(motion, result.candidate_id)
    posted, counted = meeting.done(Step.POSTING), meeting.done(Step.COUNT)
    assert posted is not None
    assert counted is not None
    assert meeting.record_on is not None
    reading = result.reading
    return Resolution(
        resolution_id=candidate.candidate_id if candidate else motion.motion_id,
        act_id=None,
        number="",
        matter=content.matter,
        majority=motion.majority,
        legal_basis=motion.legal_basis,
        decided_by=Body.ASSEMBLY,
        scope=content.scope,
        subject_id=_subject(motion, candidate),
        title=f"{content.title}：{candidate.name}" if candidate else content.title,
        decision=content.decision,
        record_on=meeting.record_on,
        held_on=local_date(counted.done_at),
        valid_from=in_force_from(motion, effective_on),
        valid_until=content.valid_until,
        figures=Figures(
            total_heads=reading.total.heads,
            participating_heads=reading.participating.heads,
            for_heads=reading.in_favour.heads,
            total_area_dm2=reading.total.area_dm2,
            participating_area_dm2=reading.participating.area_dm2,
            for_area_dm2=reading.in_favour.area_dm2,
        ),
        tally=reading.tally,
        minutes=posted.evidence,
        recorded_at=at,
        meeting_id=meeting.meeting_id,
        motion_id=motion.motion_id,
        count_digest=count_digest,
        revokes_resolution_id=content.revokes_resolution_id,
        needs_legal_review=result.needs_legal_review,
        state=ResolutionState.CONFIRMED,
    )


def numbered(resolution: Resolution, number: str) -> Resolution:
    return replace(resolution, number=number)


def _candidate(motion: Motion, candidate_id: UUID | None) -> Nominee | None:
    election = motion.content.election
    if election is None:
        return None
    return next(one for one in election.candidates if one.candidate_id == candidate_id)


def _subject(motion: Motion, candidate: Nominee | None) -> UUID | None:
    """A mandate, the version of a text, or what the motion names."""
    if candidate is not None:
        return candidate.candidate_id
    amendment = motion.content.amendment
    return amendment.text_id if amendment else motion.content.subject_id


def in_force_from(motion: Motion, effective_on: date) -> date:
    return max(effective_on, motion.content.effective_on or effective_on)


def passed(motion: Motion, results: Iterable[Result], seats: Iterable[Seat]) -> tuple[Result, ...]:
    """The results that make resolutions: of an election those who sit, and nobody else who passed."""
    own = [result for result in results if result.question_id == motion.motion_id]
    if motion.content.election is None:
        return tuple(result for result in own if result.is_passed)
    elected = {
        candidate_id
        for seat in seats
        if seat.question_id == motion.motion_id
        for candidate_id in seat.elected
    }
    return tuple(result for result in own if result.candidate_id in elected)


def appointment(motion: Motion, candidate_id: UUID, effective_on: date) -> Appointment:
    """The mandate of somebody elected; it has the id of the candidate."""
    election = motion.content.election
    candidate = _candidate(motion, candidate_id)
    assert election is not None
    assert candidate is not None
    return Appointment(
        mandate_id=candidate.candidate_id,
        person_id=candidate.person_id,
        office=candidate.office,
        valid_from=max(election.term_from, in_force_from(motion, effective_on)),
        valid_until=election.term_until,
        key_id=candidate.key_id,
        resolution_id=candidate.candidate_id,
    )


def replaces_the_committee(motion: Motion, elected: int) -> bool:
    """The old mandates end once more than half of the seats are filled; fewer are no committee."""
    election = motion.content.election
    assert election is not None
    return 2 * elected > election.seats
