"""Meetings that decide nothing, and a decision that is taken back: what the law stops, stays stopped."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import budgets as make_budgets
from tests.make import identity as make_identity
from tests.make import meetings as make_meetings
from tests.make import paying
from tests.make import votes as make
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.votes import World
from trustprop.compounds import service as compounds
from trustprop.compounds.model import EnrolResident, HeadOnRoll, ResidentKind
from trustprop.disbursements import service as disbursements
from trustprop.identity import service as identity
from trustprop.kernel.caller import Caller, Office
from trustprop.meetings import service
from trustprop.meetings.model.meetings import (
    AnnounceMeeting,
    CalledBy,
    DrawRoll,
    MeetingForm,
    MeetingKind,
    PostResult,
    Propose,
    SendBallotsOut,
    Step,
    Support,
    TakeEffect,
)
from trustprop.meetings.model.motions import AddMotion, Elements
from trustprop.meetings.model.resolutions import DraftRevocation, Matter
from trustprop.meetings.rules import ResolutionMissing, ResolutionNotInForce
from trustprop.meetings.rules.steps import StepMissing
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service as votes
from trustprop.votes.model.counting import Choice
from trustprop.votes.model.holding import Witness

ELEMENTS = Elements(
    time="2026 年",
    place="全小区",
    people="受托人执行，业委会复核",
    resources="物业服务费与公共收益",
    action="按预算行支出",
    outcome="收支平衡",
)


def proposal(called_by: CalledBy) -> Propose:
    return Propose(
        id=new_id(),
        kind=MeetingKind.EXTRAORDINARY,
        form=MeetingForm.WRITTEN,
        title="2025 年临时业主大会",
        place="书面征求意见",
        called_by=called_by,
    )


def motion(matter: Matter = Matter.OTHER, subject_id: UUID | None = None) -> AddMotion:
    return AddMotion(
        id=new_id(),
        matter=matter,
        title="更换单元门禁",
        decision="同意更换全部单元门禁。",
        elements=ELEMENTS,
        subject_id=subject_id,
    )


# -- the call of the owners ----------------------------------------------------------------------


async def test_a_call_of_1999_percent_is_none_and_one_home_more_makes_it_one(
    tx: Tx, caller: Caller
) -> None:
    """11,843.00 of 59,220.00 m² is 19.998 %: a metre short. Heads are enough with 128 of 563."""
    await make_meetings.add_compound_k(tx, caller)
    director = make_caller(Office.COMMITTEE_DIRECTOR, compound_id=caller.compound_id)
    roll = await compounds.voters(tx, caller.compound_id, SEPTEMBER.date())
    signers = [*single(roll, 8950, 110), *single(roll, 10800, 15), *single(roll, 12600, 3)]
    initiator = await enrolled(tx, caller, signers[0])
    call = proposal(CalledBy.OWNERS)
    await service.propose(tx, initiator, call)
    await service.add_motion(tx, initiator, call.id, motion())

    behind = await service.support(tx, initiator, call.id, signed(signers))
    assert (behind.heads, behind.area_dm2, behind.is_enough) == (128, 1_184_300, False)
    with pytest.raises(StepMissing) as refused:
        await service.screen(tx, director, call.id)
    assert refused.value.needed is Step.PROPOSAL

    (one_more,) = single(roll, 8950, 111)[-1:]
    behind = await service.support(tx, initiator, call.id, signed([one_more]))
    assert (behind.heads, behind.area_dm2, behind.is_enough) == (129, 1_193_250, True)
    meeting = await service.find_meeting(tx, caller.compound_id, call.id)
    assert meeting.step is Step.PROPOSAL


async def test_a_fifth_of_the_area_without_a_fifth_of_the_heads_calls_nothing(
    tx: Tx, caller: Caller
) -> None:
    """112 large homes have 22 % of the area and 19.89 % of the heads; 113 are needed."""
    await make_meetings.add_compound_k(tx, caller)
    roll = await compounds.voters(tx, caller.compound_id, SEPTEMBER.date())
    signers = single(roll, 10800, 113)
    initiator = await enrolled(tx, caller, signers[0])
    call = proposal(CalledBy.OWNERS)
    await service.propose(tx, initiator, call)
    behind = await service.support(tx, initiator, call.id, signed(signers[:112]))
    assert (behind.heads, behind.total_heads, behind.is_enough) == (112, 563, False)
    behind = await service.support(tx, initiator, call.id, signed(signers[112:]))
    assert (behind.heads, behind.is_enough) == (113, True)


def single(roll: tuple[HeadOnRoll, ...], area_dm2: int, count: int) -> list[HeadOnRoll]:
    """Heads with one home of this size."""
    found = [head for head in roll if [home.area_dm2 for home in head.homes] == [area_dm2]]
    assert len(found) >= count
    return found[:count]


def signed(heads: list[HeadOnRoll]) -> Support:
    """A list with their signatures, and its scan."""
    homes = tuple(home.home_id for head in heads for home in head.homes)
    return Support(homes=homes, evidence=(make_meetings.MINUTES,))


async def enrolled(tx: Tx, caller: Caller, head: HeadOnRoll) -> Caller:
    person = replace(make.resident(caller.compound_id), at=SEPTEMBER)
    assert person.person_id is not None
    command = EnrolResident(
        person_id=person.person_id,
        home_id=head.homes[0].home_id,
        kind=ResidentKind.OWNER,
        since_on=date(2025, 9, 1),
        owner_id=head.owner_ids[0],
    )
    await compounds.enrol_resident(
        tx, make_caller(Office.SUPERVISOR, compound_id=caller.compound_id), command
    )
    return person


# -- a meeting without a quorum ------------------------------------------------------------------

NOTICE = datetime(2025, 9, 1, 2, tzinfo=UTC)
OPENS = datetime(2025, 9, 17, 1, tzinfo=UTC)
CLOSES = datetime(2025, 10, 8, 10, tzinfo=UTC)


async def test_a_meeting_without_a_quorum_makes_no_resolution_and_opens_no_money(
    tx: Tx, caller: Caller, tmp_path: Path
) -> None:
    """Three of five heads take part, all in favour; four would have been two thirds."""
    world = await make.add_world(tx, caller.compound_id)
    vault = Vault(tmp_path / "vault")
    moved = motion(Matter.BUDGET, subject_id=new_id())
    meeting_id, vote_id = await called(tx, world, vault, moved)
    vote = await votes.find_vote(tx, caller.compound_id, vote_id)
    for owner in (1, 2, 5):
        await make.cast(tx, make.at(world.people[owner], OPENS), vote, Choice.FOR)

    when = CLOSES + timedelta(hours=1)
    director = make.at(world.director, when)
    await service.close(tx, director, meeting_id)
    counted = await service.count(tx, director, meeting_id, vault)
    (result,) = counted.results
    assert (result.reading.participating.heads, result.reading.in_favour.heads) == (3, 3)
    tally = result.reading.tally
    assert (tally.quorum_heads, tally.majority_heads, result.is_passed) == (False, True, False)

    await watched(tx, world, vote_id, counted.digest, when)
    await service.certify(tx, director, meeting_id)
    await service.post_result(tx, director, meeting_id, PostResult(posted=(make.SCAN,)))
    made = await service.take_effect(tx, director, meeting_id, TakeEffect())
    assert made.resolutions == ()
    assert await service.resolutions(tx, caller.compound_id) == ()
    with pytest.raises(ResolutionMissing):
        await service.require(tx, director, moved.id, Matter.BUDGET)


async def called(tx: Tx, world: World, vault: Vault, moved: AddMotion) -> tuple[UUID, UUID]:
    """From the proposal to the ballots, on the days that the law wants."""
    director = make.at(world.director, NOTICE)
    call = proposal(CalledBy.COMMITTEE)
    await service.propose(tx, director, call)
    await service.add_motion(tx, director, call.id, moved)
    await service.screen(tx, director, call.id)
    meeting = await service.set_agenda(tx, director, call.id)
    roll = DrawRoll(vote_id=new_id())
    await service.draw_roll(tx, director, call.id, roll, vault)
    assert meeting.agenda_digest is not None
    notice = AnnounceMeeting(
        agenda_digest=meeting.agenda_digest,
        motions=(moved.id,),
        opens_at=OPENS,
        closes_at=CLOSES,
        posted=(make.SCAN,),
        told_residents_committee=(make.SCAN,),
    )
    await service.give_notice(tx, director, call.id, notice)
    await service.send_ballots_out(tx, make.at(director, OPENS), call.id, SendBallotsOut())
    return call.id, roll.vote_id


async def watched(tx: Tx, world: World, vote_id: UUID, digest: str, when: datetime) -> None:
    """Where there are fewer than ten owners all of them sign the count sheet."""
    sheet = Witness(count_digest=digest, serials=(1, 2, 3, 4, 5), evidence=(make.SCAN,))
    await votes.witness(tx, make.at(world.director, when), vote_id, sheet)
    for member in (world.director, world.member):
        key = make.key_of(member)
        proved = await make_identity.prove(tx, make.at(member, NOTICE), key)
        await identity.activate_key(tx, make.at(member, NOTICE), proved.key_id, new_id())
        signature = Witness(
            count_digest=digest,
            key_id=proved.key_id,
            signature=key.sign(bytes.fromhex(digest)),
        )
        await votes.witness(tx, make.at(member, when), vote_id, signature)


# -- a decision that is taken back ---------------------------------------------------------------


async def test_nothing_more_is_spent_under_a_budget_whose_resolution_was_revoked(
    tx: Tx, caller: Caller
) -> None:
    payers = await paying.make_payers(tx, caller.compound_id)
    line = make_budgets.line_draft("5101", 540_000_00)
    await paying.add_budget(tx, payers.bookkeeper, line)
    paid = await paying.pay(tx, payers, paying.expense(line, 42_900_00))
    assert paid.state == "released"
    waiting = await paying.draft(tx, payers, paying.expense(line, 10_000_00))

    (resolution,) = await service.resolutions(tx, caller.compound_id)
    revocation = DraftRevocation(
        id=new_id(),
        resolution_id=resolution.resolution_id,
        reason="法院撤销该决定（民法典 280）",
        expires_at=SEPTEMBER + timedelta(days=20),
    )
    act = await service.draft_revocation(tx, payers.bookkeeper, revocation)
    for person in payers.both:
        act = await make_acts.sign(tx, person, act, service.EFFECTS)

    with pytest.raises(ResolutionNotInForce):
        await paying.draft(tx, payers, paying.expense(line, 1))
    await paying.sign(tx, waiting, payers.both[0])
    await tx.raw.execute("SAVEPOINT signed")
    with pytest.raises(ResolutionNotInForce):
        await paying.sign(tx, waiting, payers.both[1])
    await tx.raw.execute("ROLLBACK TO SAVEPOINT signed")
    order = await disbursements.find(tx, caller.compound_id, waiting.order_id)
    assert order.state == "awaiting_signatures"
    with pytest.raises(ResolutionNotInForce):
        await service.require(
            tx, payers.bookkeeper, resolution.resolution_id, Matter.BUDGET, resolution.subject_id
        )
