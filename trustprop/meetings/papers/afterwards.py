"""What follows the count on paper: decisions, the letter to the street office, the minutes."""

from trustprop.kernel.periods import local_date
from trustprop.meetings.model.debate import SPEECH, Speech
from trustprop.meetings.model.meetings import Step
from trustprop.meetings.model.motions import Motion
from trustprop.meetings.model.papers import (
    Decision,
    DecisionNotice,
    FilingLetter,
    Minutes,
    ObjectionLine,
    PaperName,
    SpeechLine,
    StepLine,
)
from trustprop.meetings.papers.counting import names_of, taking_part
from trustprop.meetings.papers.facts import (
    AfterFacts,
    CountFacts,
    MeetingFacts,
    deadline,
    head,
    item,
    name_of,
)
from trustprop.votes.model.counting import Result

ENCLOSED = (
    PaperName.DECISIONS,
    PaperName.CERTIFICATE,
    PaperName.COUNT_SHEET,
    PaperName.NOTICE,
    PaperName.MOTIONS,
    PaperName.MINUTES,
)


def decisions(facts: MeetingFacts, count: CountFacts, after: AfterFacts) -> DecisionNotice:
    """决定公告, as it is posted in the compound."""
    posting = deadline(facts, Step.POSTING)
    objections = deadline(facts, Step.OBJECTIONS)
    window = deadline(facts, Step.REVOCATION_WINDOW)
    assert posting.done_at
    assert posting.until_on
    assert objections.due_on
    assert window.due_on
    return DecisionNotice(
        head=head(facts),
        counted_on=local_date(count.document.head.counted_at),
        posted_on=local_date(posting.done_at),
        posted_until=posting.until_on,
        objections_until=objections.due_on,
        revocation_until=window.due_on,
        total=facts.total,
        participating=taking_part(count.document),
        decisions=_decisions(facts, count, after),
        count_digest=count.digest,
    )


def _decisions(facts: MeetingFacts, count: CountFacts, after: AfterFacts) -> tuple[Decision, ...]:
    return tuple(_decision(facts, motion, count, after) for motion in facts.motions)


def _decision(
    facts: MeetingFacts, motion: Motion, count: CountFacts, after: AfterFacts
) -> Decision:
    document = count.document
    results = [one for one in document.results if one.question_id == motion.motion_id]
    seat = next((one for one in document.seats if one.question_id == motion.motion_id), None)
    names = names_of(document)
    shown: Result = results[0]
    return Decision(
        item=item(facts, motion),
        decision=motion.content.decision,
        is_passed=bool(seat.elected) if seat else shown.is_passed,
        total=shown.total,
        participating=shown.reading.participating,
        in_favour=shown.reading.in_favour,
        resolution_number=after.resolutions.get(motion.motion_id),
        elected=tuple(names[one] for one in seat.elected) if seat else (),
        open_seats=seat.open_seats if seat else 0,
        needs_legal_review=any(one.needs_legal_review for one in results),
    )


def filing(facts: MeetingFacts, count: CountFacts, after: AfterFacts) -> FilingLetter:
    """备案函: what was passed goes to the street office."""
    due = deadline(facts, Step.FILING)
    assert due.due_on
    return FilingLetter(
        head=head(facts),
        filed_on=facts.issued_on,
        due_on=due.due_on,
        total=facts.total,
        participating=taking_part(count.document),
        decisions=tuple(one for one in _decisions(facts, count, after) if one.is_passed),
        enclosures=ENCLOSED,
    )


def minutes(facts: MeetingFacts, count: CountFacts, after: AfterFacts) -> Minutes:
    """会议记录: every step with its time, who spoke how long, what was decided and objected."""
    meeting = facts.meeting
    return Minutes(
        head=head(facts),
        place=meeting.place,
        form=meeting.form,
        steps=tuple(StepLine(step=done.step, done_at=done.done_at) for done in meeting.steps),
        total=facts.total,
        participating=taking_part(count.document),
        speeches=_speeches(facts, after),
        decisions=_decisions(facts, count, after),
        objections=tuple(
            ObjectionLine(
                target=one.target,
                body=one.body,
                on=local_date(one.raised_at),
                answer=one.answer,
                answered_on=local_date(one.answered_at) if one.answered_at else None,
            )
            for one in after.objections
        ),
        committee_to_sign=-(-facts.committee // 2),
    )


def _speeches(facts: MeetingFacts, after: AfterFacts) -> tuple[SpeechLine, ...]:
    positions = {motion.motion_id: item(facts, motion).position for motion in facts.motions}
    return tuple(
        SpeechLine(
            position=positions[speech.motion_id],
            speaker=name_of(facts, speech.person_id),
            started_at=speech.started_at,
            seconds=_seconds(speech),
        )
        for speech in after.speeches
        if speech.started_at is not None and speech.motion_id in positions
    )


def _seconds(speech: Speech) -> int:
    """Two minutes end by themselves."""
    assert speech.started_at
    ended_at = speech.ended_at or speech.started_at + SPEECH
    return int(min(ended_at - speech.started_at, SPEECH).total_seconds())
