"""What goes out before the vote: notice, agenda, motion cards, roll."""

from collections.abc import Sequence
from datetime import timedelta

from trustprop.kernel.periods import local_date
from trustprop.meetings.model.debate import SPEECH, SPEECHES_EACH
from trustprop.meetings.model.meetings import CalledBy, MeetingKind, Step
from trustprop.meetings.model.motions import Motion
from trustprop.meetings.model.papers import (
    Agenda,
    AgendaItem,
    Attachment,
    ClauseRow,
    MotionCard,
    MotionCards,
    Notice,
    PrintedRoll,
    Scheduled,
)
from trustprop.meetings.papers.facts import MeetingFacts, deadline, head, item, items, moved_by
from trustprop.votes.model.counting import Weight
from trustprop.votes.model.holding import RollLine

SCHEDULED = (Step.DEBATE, Step.BALLOTS_OUT, Step.BALLOTS_IN, Step.COUNT, Step.POSTING)


def notice(facts: MeetingFacts) -> Notice:
    """会议通知: everything that the law wants posted, and how to vote."""
    meeting = facts.meeting
    assert meeting.opens_at
    assert meeting.closes_at
    assert meeting.record_on
    return Notice(
        head=head(facts),
        is_annual=meeting.kind is MeetingKind.ANNUAL,
        is_called_by_owners=meeting.called_by is CalledBy.OWNERS,
        notice_on=meeting.notice_on or facts.issued_on,
        record_on=meeting.record_on,
        opens_at=meeting.opens_at,
        closes_at=meeting.closes_at,
        place=meeting.place,
        form=meeting.form,
        items=items(facts),
        homes=facts.homes,
        roll=facts.total,
        quorum=quorum(facts.total),
        roll_objections_until=local_date(meeting.opens_at) - timedelta(days=1),
        proxies_per_holder=facts.policy.proxies_per_holder,
        silent_majority=facts.silent_majority,
    )


def quorum(total: Weight) -> Weight:
    """The least of two thirds or more (Civil Code 278(2), 1259), rounded up to what can be."""
    return Weight(heads=-(-2 * total.heads // 3), area_dm2=-(-2 * total.area_dm2 // 3))


def agenda(facts: MeetingFacts) -> Agenda:
    """议程, with the digest of every frozen motion."""
    meeting = facts.meeting
    frozen = meeting.done(Step.AGENDA)
    assert frozen
    assert meeting.agenda_digest
    return Agenda(
        head=head(facts),
        frozen_on=local_date(frozen.done_at),
        digest=meeting.agenda_digest,
        items=tuple(
            AgendaItem(
                item=item(facts, motion),
                moved_by=moved_by(facts, motion),
                attachments=_attachments(facts, motion),
                digest=motion.digest or "",
            )
            for motion in facts.motions
        ),
        schedule=_schedule(facts),
        speech_minutes=int(SPEECH / timedelta(minutes=1)),
        speeches_each=SPEECHES_EACH,
    )


def _schedule(facts: MeetingFacts) -> tuple[Scheduled, ...]:
    lines = [deadline(facts, step) for step in SCHEDULED]
    return tuple(
        Scheduled(
            step=line.step,
            from_on=line.earliest_on,
            until_on=line.due_on if line.step in (Step.DEBATE, Step.BALLOTS_IN) else None,
        )
        for line in lines
        if line.earliest_on is not None
    )


def motion_cards(facts: MeetingFacts) -> MotionCards:
    """动议卡, one page for every motion."""
    return MotionCards(
        head=head(facts), cards=tuple(_card(facts, motion) for motion in facts.motions)
    )


def _card(facts: MeetingFacts, motion: Motion) -> MotionCard:
    elements = motion.content.elements
    return MotionCard(
        item=item(facts, motion),
        decision=motion.content.decision,
        when=elements.time,
        where=elements.place,
        who=elements.people,
        resources=elements.resources,
        action=elements.action,
        result=elements.outcome,
        moved_by=moved_by(facts, motion),
        seconds=motion.seconds,
        attachments=_attachments(facts, motion),
        clauses=_clauses(facts, motion),
        digest=motion.digest or "",
    )


def _attachments(facts: MeetingFacts, motion: Motion) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(name=facts.files.get(sha256, sha256[:16]), sha256=sha256)
        for sha256 in motion.content.attachments
    )


def _clauses(facts: MeetingFacts, motion: Motion) -> tuple[ClauseRow, ...]:
    difference = facts.differences.get(motion.motion_id)
    if difference is None:
        return ()
    return tuple(
        ClauseRow(text=difference.title, code=one.code, kind=one.kind, words=one.words)
        for one in difference.clauses
    )


def printed_roll(facts: MeetingFacts, digest: str, lines: Sequence[RollLine]) -> PrintedRoll:
    """业主名册 of the record date, as it is posted: masked."""
    meeting = facts.meeting
    assert meeting.opens_at
    assert meeting.record_on
    return PrintedRoll(
        head=head(facts),
        record_on=meeting.record_on,
        digest=digest,
        homes=facts.homes,
        total=facts.total,
        objections_until=local_date(meeting.opens_at) - timedelta(days=1),
        lines=tuple(lines),
    )
