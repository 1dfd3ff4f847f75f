"""The papers of a meeting: what is known of it and its vote, drawn up for who may read it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from trustprop.compounds import rules as compound_rules
from trustprop.compounds import service as compounds
from trustprop.compounds.model import GoverningText
from trustprop.evidence import service as evidence
from trustprop.identity import service as identity
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.kernel.struct import Fact
from trustprop.meetings import papers
from trustprop.meetings.model.meetings import Meeting, Step, StepDone
from trustprop.meetings.model.motions import Motion, MotionDifference
from trustprop.meetings.model.papers import PaperName
from trustprop.meetings.papers import AfterFacts, CountFacts, MeetingFacts
from trustprop.meetings.rules import motions as motion_rules
from trustprop.meetings.rules import papers as rules
from trustprop.meetings.rules.deadlines import draw_calendar
from trustprop.meetings.service.access import present
from trustprop.meetings.service.voting import limits_of, vote_of
from trustprop.meetings.store import afterwards as later
from trustprop.meetings.store import debate
from trustprop.meetings.store import meetings as store
from trustprop.meetings.store import resolutions as decided
from trustprop.plumbing.database import Tx
from trustprop.votes import service as votes
from trustprop.votes.model.counting import Basis, CountingPolicy, Weight
from trustprop.votes.model.document import VoteDocument
from trustprop.votes.rules.holding import READERS

Window = tuple[datetime, datetime]
"""From when until when ballots are taken in."""


async def draw_paper(
    tx: Tx,
    caller: Caller,
    meeting_id: UUID,
    name: PaperName,
    public_url: str,
    window: Window | None = None,
) -> Fact:
    """A paper as it stands now. ``window`` is that of a notice which is not given yet.

    Ballots are printed by a job and never here. Raises OfficeNeeded, ScopeNeeded, Missing,
    PaperNotReady or NoticeWindowNeeded.
    """
    meeting = present(await store.find_meeting(tx, caller.compound_id, meeting_id))
    _check_may_read(caller, meeting, name)
    meeting = _as_if(meeting, name, caller, window)
    facts = await meeting_facts(tx, caller, meeting, public_url)
    if name in _BEFORE:
        return _BEFORE[name](facts)
    if name is PaperName.PROXY:
        return papers.proxy_form(facts, None)
    if name is PaperName.ROLL:
        roll = await votes.roll(tx, caller.compound_id, vote_of(meeting))
        return papers.printed_roll(facts, roll.roll_digest, roll.lines)
    if name is PaperName.DELIVERIES:
        return await _register(tx, caller, facts)
    counted = await _count_facts(tx, caller.compound_id, vote_of(meeting))
    if name in _COUNTED:
        return _COUNTED[name](facts, counted)
    after = await _after_facts(tx, caller.compound_id, meeting, facts.motions)
    return _AFTER[name](facts, counted, after)


_BEFORE = {
    PaperName.NOTICE: papers.notice,
    PaperName.AGENDA: papers.agenda,
    PaperName.MOTIONS: papers.motion_cards,
}
_COUNTED = {
    PaperName.COUNT_SHEET: papers.count_sheet,
    PaperName.CERTIFICATE: papers.certificate,
}
_AFTER = {
    PaperName.DECISIONS: papers.decisions,
    PaperName.FILING: papers.filing,
    PaperName.MINUTES: papers.minutes,
}


def _check_may_read(caller: Caller, meeting: Meeting, name: PaperName) -> None:
    if name is PaperName.BALLOTS:
        raise Missing(kind="paper")
    if caller.offices & set(READERS):
        rules.check_ready(meeting, rules.DRAWN_AFTER[name])
        return
    if name not in rules.PUBLIC_AFTER:
        caller.check_office(*READERS)
    compounds.check_reads_compound(caller)
    rules.check_ready(meeting, rules.PUBLIC_AFTER[name])


def _as_if(meeting: Meeting, name: PaperName, caller: Caller, window: Window | None) -> Meeting:
    """What is printed to be posted says what will be so once it is posted today."""
    if name in (PaperName.NOTICE, PaperName.ROLL) and meeting.opens_at is None:
        if window is None:
            raise rules.NoticeWindowNeeded
        opens_at, closes_at = window
        today = local_date(caller.at)
        return replace(meeting, notice_on=today, opens_at=opens_at, closes_at=closes_at)
    if name is PaperName.DECISIONS and meeting.done(Step.POSTING) is None:
        posted = StepDone(
            step=Step.POSTING, number=1, done_at=caller.at, done_by=caller.person_id, facts={}
        )
        return replace(meeting, steps=(*meeting.steps, posted))
    return meeting


async def meeting_facts(tx: Tx, caller: Caller, meeting: Meeting, public_url: str) -> MeetingFacts:
    """What stands on every paper of a meeting."""
    compound_id, today = caller.compound_id, local_date(caller.at)
    motions = motion_rules.live(await store.motions(tx, compound_id, meeting.meeting_id))
    texts = await compounds.texts(tx, compound_id)
    limits = await limits_of(tx, caller, meeting)
    policy, homes, total = await _of_vote(tx, compound_id, meeting)
    speakers = await debate.speeches(tx, compound_id, meeting.meeting_id)
    attached = {digest for motion in motions for digest in motion.content.attachments}
    files = await evidence.find_all(tx, compound_id, attached)
    committee = await compounds.committee(tx, compound_id, today)
    spoke = [*(motion.moved_by for motion in motions), *(one.person_id for one in speakers)]
    return MeetingFacts(
        compound=await compounds.find(tx, compound_id),
        meeting=meeting,
        motions=motions,
        deadlines=draw_calendar(meeting, limits, today),
        policy=policy,
        homes=homes,
        total=total,
        issued_on=today,
        url=_url(public_url, compound_id, meeting),
        silent_majority=_cited(policy.silent_majority, texts),
        names=await _masked(tx, spoke),
        files={sha256: file.name for sha256, file in files.items()},
        differences=_differences(motions, texts, today),
        committee=len(committee),
    )


async def _of_vote(
    tx: Tx, compound_id: UUID, meeting: Meeting
) -> tuple[CountingPolicy, int, Weight]:
    """Policy, homes and the weight of all; nothing before the roll is drawn."""
    if meeting.vote_id is None:
        return CountingPolicy(), 0, Weight(heads=0, area_dm2=0)
    vote = await votes.find_vote(tx, compound_id, meeting.vote_id)
    voters = await votes.voters(tx, compound_id, meeting.vote_id)
    homes = sum(len(voter.homes) for voter in voters)
    return vote.policy, homes, Weight(heads=vote.heads, area_dm2=vote.area_dm2)


def _url(public_url: str, compound_id: UUID, meeting: Meeting) -> str:
    """The published count once there is one; before it the page of the compound."""
    base = f"{public_url.rstrip('/')}/public/{compound_id}"
    is_counted = meeting.done(Step.COUNT) is not None
    return f"{base}/votes/{meeting.vote_id}.json" if is_counted else base


def _cited(basis: Basis | None, texts: Iterable[GoverningText]) -> str | None:
    if basis is None:
        return None
    text = next(one for one in texts if one.text_id == basis.text_id)
    return f"《{text.title}》{basis.clause}"


async def _masked(tx: Tx, person_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    known = await identity.people(tx, set(person_ids))
    return {
        person_id: compound_rules.mask(person.display_name) for person_id, person in known.items()
    }


def _differences(
    motions: Iterable[Motion], texts: tuple[GoverningText, ...], on: date
) -> Mapping[UUID, MotionDifference]:
    found = {}
    for motion in motions:
        amendment = motion.content.amendment
        if amendment is not None:
            text = motion_rules.text_of(amendment, motion_rules.before(amendment, texts))
            found[motion.motion_id] = motion_rules.motion_difference(motion, text, on)
    return found


async def _register(tx: Tx, caller: Caller, facts: MeetingFacts) -> Fact:
    vote_id = vote_of(facts.meeting)
    lines = (await votes.roll(tx, caller.compound_id, vote_id)).lines
    serials = {
        voter.voter_id: voter.serial
        for voter in await votes.voters(tx, caller.compound_id, vote_id)
    }
    delivered = await votes.deliveries(tx, caller, vote_id)
    return papers.delivery_register(facts, lines, {serials[one.voter_id]: one for one in delivered})


async def _count_facts(tx: Tx, compound_id: UUID, vote_id: UUID) -> CountFacts:
    kept = await votes.document(tx, compound_id, vote_id)
    counted = await votes.counted_vote(tx, compound_id, vote_id)
    return CountFacts(
        document=msgspec.json.decode(kept.document, type=VoteDocument),
        digest=kept.digest,
        returned=await votes.returned_by_channel(tx, compound_id, vote_id),
        owner_witnesses=counted.owner_witnesses,
        committee_witnesses=counted.committee_witnesses,
    )


async def _after_facts(
    tx: Tx, compound_id: UUID, meeting: Meeting, motions: Iterable[Motion]
) -> AfterFacts:
    made = await decided.ids_of_meeting(tx, compound_id, meeting.meeting_id)
    numbers = {
        one.resolution_id: one.number
        for one in await decided.every(tx, compound_id)
        if one.resolution_id in made
    }
    return AfterFacts(
        resolutions={
            motion.motion_id: number
            for motion in motions
            if (number := _number(motion, numbers)) is not None
        },
        speeches=await debate.speeches(tx, compound_id, meeting.meeting_id),
        objections=await later.objections(tx, compound_id, meeting.meeting_id),
    )


def _number(motion: Motion, numbers: Mapping[UUID, str]) -> str | None:
    """Of the motion, or the numbers of all whom it elected."""
    election = motion.content.election
    candidates = election.candidates if election else ()
    ids = (motion.motion_id, *(one.candidate_id for one in candidates))
    found = sorted(numbers[one] for one in ids if one in numbers)
    return "、".join(found) or None
