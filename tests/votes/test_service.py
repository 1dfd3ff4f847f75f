"""Votes against a real database: prepared, opened, cast, contested, closed, counted, witnessed."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make import votes as make
from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.compounds import service as compounds
from trustprop.compounds.model import HomeUse, NewOwner, OwnerKind, TransferHome
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.identity.rules import PersonNeeded
from trustprop.kernel.caller import OfficeNeeded
from trustprop.kernel.errors import FieldsInvalid, Missing
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.model.counting import Channel, Choice, CountingPolicy
from trustprop.votes.model.holding import (
    AppointVoter,
    DecideObjection,
    Deliver,
    DeliverMany,
    DeliveryMethod,
    EventKind,
    FindInvalid,
    NoticeKind,
    ObjectToBallot,
    VoteState,
    Witness,
)
from trustprop.votes.rules import boxes, franchise, holding, objections, witnesses
from trustprop.votes.store import box, papers

NEW_YEAR = date(2025, 1, 1)


# The roll


async def test_the_roll_merges_heads_and_never_areas(tx: Tx, world: make.World):
    voters = await service.draw_roll(tx, world.compound_id, make.RECORD_ON)
    held = [[home.number for home in voter.homes] for voter in voters]
    assert held == [["101", "102"], ["103"], ["104"], ["105"], ["106", "107"]]
    assert [voter.serial for voter in voters] == [1, 2, 3, 4, 5]
    assert [len(voter.owner_ids) for voter in voters] == [1, 1, 2, 1, 1]
    assert [voter.is_developer for voter in voters] == [False] * 4 + [True]
    assert holding.total(voters).area_dm2 == make.TOTAL_DM2


async def test_a_transfer_after_the_record_date_changes_no_roll(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.prepared(tx, world, vault)
    before = await service.voters(tx, world.compound_id, vote.vote_id)
    await sell(tx, world, "103", date(2025, 9, 10))
    assert await service.voters(tx, world.compound_id, vote.vote_id) == before
    assert await service.draw_roll(tx, world.compound_id, make.RECORD_ON) == before


async def test_a_parking_space_is_on_the_roll_by_a_clause_only(tx: Tx, world: make.World):
    await tx.raw.execute(
        "INSERT INTO home (compound_id, home_id, building, stair, number, area_dm2, area_source, "
        "delivered_on, use) VALUES ($1, $2, '1', '1', 'P1', 1200, 'registered', $3, $4)",
        world.compound_id,
        space := new_id(),
        NEW_YEAR,
        HomeUse.PARKING.value,
    )
    await tx.raw.execute(
        "INSERT INTO home_owner (compound_id, home_id, owner_id, since_on) VALUES ($1, $2, $3, $4)",
        world.compound_id,
        space,
        world.owner_id("103"),
        NEW_YEAR,
    )
    without = await service.draw_roll(tx, world.compound_id, make.RECORD_ON)
    with_it = await service.draw_roll(tx, world.compound_id, make.RECORD_ON, has_parking=True)
    assert holding.total(with_it).area_dm2 - holding.total(without).area_dm2 == 1200
    assert len(with_it) == len(without)


# States


async def test_a_vote_is_prepared_opened_cast_closed_and_counted(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    assert (vote.heads, vote.area_dm2) == (make.HEADS, make.TOTAL_DM2)
    receipts = [await make.cast(tx, world.people[owner], vote) for owner in (1, 2, 3, 5)]
    assert [one.sequence for one in receipts] == [1, 2, 3, 4]
    counted = await make.counted(tx, world, vote, vault)
    assert [result.is_passed for result in counted.results] == [True]
    results, _ = await service.outcome(tx, world.compound_id, vote.vote_id)
    assert results == counted.results


async def test_the_same_vote_again_is_success_and_another_under_its_id_is_refused(
    tx: Tx, world: make.World, vault: Vault
):
    command = make.prepare_command()
    first = await service.prepare(tx, world.director, command, vault)
    assert await service.prepare(tx, world.director, command, vault) == first
    other = replace(command, questions=(make.motion(title="别的"),))
    with pytest.raises(holding.VoteDiffers):
        await service.prepare(tx, world.director, other, vault)


async def test_only_the_committee_prepares(tx: Tx, world: make.World, vault: Vault):
    for caller in (world.manager, world.supervisor, world.people[1]):
        with pytest.raises(OfficeNeeded):
            await service.prepare(tx, caller, make.prepare_command(), vault)


async def test_a_reading_of_unsettled_law_needs_its_clause(tx: Tx, world: make.World, vault: Vault):
    command = make.prepare_command(policy=CountingPolicy(has_parking=True))
    with pytest.raises(FieldsInvalid):
        await service.prepare(tx, world.director, command, vault)


async def test_a_question_for_a_building_without_homes_is_refused(
    tx: Tx, world: make.World, vault: Vault
):
    command = make.prepare_command(make.motion(building="9"))
    with pytest.raises(holding.RollEmpty):
        await service.prepare(tx, world.director, command, vault)


async def test_ballots_come_from_the_first_instant_and_before_the_last(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    one, two, three = (world.people[owner] for owner in (1, 2, 3))
    instant = timedelta(microseconds=1)
    with pytest.raises(holding.VoteNotOpenYet):
        await make.cast(tx, make.at(one, make.OPENS - instant), vote)
    await make.cast(tx, make.at(one, make.OPENS), vote)
    await make.cast(tx, make.at(two, make.CLOSES - instant), vote)
    with pytest.raises(holding.VoteIsOver):
        await make.cast(tx, make.at(three, make.CLOSES), vote)


async def test_an_extension_is_later_and_before_the_end(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    later = make.CLOSES + timedelta(days=5)
    with pytest.raises(holding.VoteWindowWrong):
        await service.extend(tx, world.director, vote.vote_id, make.CLOSES - timedelta(days=1))
    extended = await service.extend(tx, world.director, vote.vote_id, later)
    assert extended.closes_at == later
    assert await service.extend(tx, world.director, vote.vote_id, later) == extended
    await make.cast(tx, make.at(world.people[1], make.CLOSES), vote)
    late = make.at(world.director, later)
    with pytest.raises(holding.VoteIsOver):
        await service.extend(tx, late, vote.vote_id, later + timedelta(days=1))


async def test_nobody_closes_early_and_nothing_is_counted_before_the_close(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    with pytest.raises(holding.VoteStillRuns):
        await service.close(tx, world.director, vote.vote_id)
    with pytest.raises(holding.VoteNotInState):
        await service.count(tx, world.director, vote.vote_id, vault)
    with pytest.raises(Missing):
        await service.outcome(tx, world.compound_id, vote.vote_id)


async def test_an_abandoned_vote_takes_nothing_more(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    abandoned = await service.abandon(tx, world.director, vote.vote_id, "通知有误")
    assert abandoned.state is VoteState.ABANDONED
    with pytest.raises(holding.VoteNotInState):
        await make.cast(tx, world.people[1], vote)
    with pytest.raises(holding.VoteNotInState):
        await service.count(tx, world.director, vote.vote_id, vault)


# Who votes


async def sell(tx: Tx, world: make.World, number: str, since_on: date) -> None:
    buyer = NewOwner(
        kind=OwnerKind.PERSON, name="买家", identity_number=make_compounds.identity_number(77)
    )
    keeper = make_caller(compound_id=world.compound_id)
    await compounds.transfer_home(
        tx, keeper, world.homes[number].home_id, TransferHome(since_on=since_on, owners=(buyer,))
    )


async def test_strangers_tenants_and_machines_have_no_vote(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    stranger = make.resident(world.compound_id)
    with pytest.raises(franchise.NoOwnerHere):
        await make.cast(tx, stranger, vote)
    with pytest.raises(franchise.OccupantHasNoVote):
        await make.cast(tx, world.tenant, vote)
    machine = make_caller(compound_id=world.compound_id, at=make.VOTING, scopes=("homes:read",))
    with pytest.raises(PersonNeeded):
        await make.cast(tx, machine, vote)


async def test_an_office_alone_is_no_vote(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    for holder in (world.director, world.manager, world.supervisor):
        with pytest.raises(franchise.NoOwnerHere):
            await make.cast(tx, holder, vote)


async def test_who_sold_before_the_record_date_has_no_vote_and_the_buyer_has(
    tx: Tx, world: make.World, vault: Vault
):
    await sell(tx, world, "103", date(2025, 8, 31))
    vote = await make.opened(tx, world, vault)
    with pytest.raises(franchise.SoldBeforeRecordDate):
        await make.cast(tx, world.people[2], vote)
    bought = (await compounds.home(tx, world.compound_id, world.homes["103"].home_id)).owner_ids[0]
    buyer = await make.add_resident(tx, world.manager, world.homes["103"], bought)
    assert (await make.cast(tx, buyer, vote)).sequence == 1


async def test_who_sold_after_the_record_date_votes_and_the_buyer_does_not(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    await sell(tx, world, "103", date(2025, 9, 10))
    bought = (await compounds.home(tx, world.compound_id, world.homes["103"].home_id)).owner_ids[0]
    buyer = await make.add_resident(tx, world.manager, world.homes["103"], bought)
    with pytest.raises(franchise.BoughtAfterRecordDate):
        await make.cast(tx, buyer, vote)
    assert (await make.cast(tx, world.people[2], vote)).sequence == 1


async def test_a_transfer_dated_back_behind_an_open_vote_takes_nobodys_vote(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    await sell(tx, world, "103", date(2025, 8, 1))
    assert (await make.cast(tx, world.people[2], vote)).sequence == 1
    bought = (await compounds.home(tx, world.compound_id, world.homes["103"].home_id)).owner_ids[0]
    buyer = await make.add_resident(tx, world.manager, world.homes["103"], bought)
    with pytest.raises(franchise.BoughtAfterRecordDate):
        await make.cast(tx, buyer, vote)


async def test_the_buyer_of_an_undelivered_home_has_no_vote(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    with pytest.raises(franchise.HomeNotOnRoll):
        await make.cast(tx, world.people[6], vote)


async def test_voter_of_finds_owners_only(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    found = {}
    for name, caller in {**world.people, "tenant": world.tenant}.items():
        assert caller.person_id is not None
        voter = await service.voter_of(tx, world.compound_id, vote.vote_id, caller.person_id)
        found[name] = voter.serial if voter else None
    assert found == {1: 1, 2: 2, 3: 3, 4: 3, 5: 4, 6: None, "tenant": None}


# The first valid ballot


async def test_the_first_ballot_of_an_owner_stands(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    first = await make.cast(tx, world.people[1], vote, Choice.FOR)
    with pytest.raises(franchise.AlreadyVoted):
        await make.cast(tx, world.people[1], vote, Choice.AGAINST)
    await service.note_second_ballot(
        tx, world.people[1], vote.vote_id, first.voter_id, Channel.ONLINE
    )
    (place,) = (await service.my_vote(tx, world.people[1], vote.vote_id, make.LOG_KEY)).places
    assert [notice.kind for notice in place.notices] == [
        NoticeKind.BALLOT_RECORDED,
        NoticeKind.SECOND_BALLOT_REFUSED,
    ]
    counted = await make.counted(tx, world, vote, vault)
    assert counted.results[0].in_favour.heads == 1


async def test_a_ballot_sent_again_is_the_same_ballot(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    command = make.ballot(vote)
    owner = world.people[1]
    first = await service.cast(tx, owner, vote.vote_id, command, make.LOG_KEY)
    later = make.at(owner, make.VOTING + timedelta(hours=1))
    assert await service.cast(tx, later, vote.vote_id, command, make.LOG_KEY) == first
    altered = replace(command, answers=make.answers(vote, Choice.AGAINST))
    with pytest.raises(franchise.BallotDiffers):
        await service.cast(tx, owner, vote.vote_id, altered, make.LOG_KEY)
    with pytest.raises(franchise.BallotDiffers):
        await service.cast(tx, world.people[2], vote.vote_id, command, make.LOG_KEY)


async def test_a_ballot_of_another_vote_cannot_be_replayed(tx: Tx, world: make.World, vault: Vault):
    first, second = [await make.opened(tx, world, vault) for _ in range(2)]
    command = make.ballot(first)
    await service.cast(tx, world.people[1], first.vote_id, command, make.LOG_KEY)
    with pytest.raises(FieldsInvalid):
        await service.cast(tx, world.people[1], second.vote_id, command, make.LOG_KEY)
    other = replace(command, answers=make.answers(second))
    with pytest.raises(franchise.BallotDiffers):
        await service.cast(tx, world.people[1], second.vote_id, other, make.LOG_KEY)


async def test_answers_are_to_what_this_voter_is_asked_and_once(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    (answer,) = make.answers(vote)
    with pytest.raises(FieldsInvalid) as twice:
        await make.cast(tx, world.people[1], vote, answers=(answer, answer))
    assert [error.pointer for error in twice.value.errors] == ["/answers/1"]
    foreign = replace(answer, question_id=new_id())
    with pytest.raises(FieldsInvalid):
        await make.cast(tx, world.people[1], vote, answers=(foreign,))


async def test_co_owners_send_one_each_and_are_held_while_they_disagree(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[3], vote, Choice.FOR)
    await make.cast(tx, world.people[4], vote, Choice.AGAINST)
    with pytest.raises(franchise.AlreadyVoted):
        await make.cast(tx, world.people[4], vote, Choice.FOR)
    counted = await make.counted(tx, world, vote, vault)
    assert counted.results[0].held.heads == 1
    assert counted.results[0].in_favour.heads == 0


async def test_an_appointed_co_owner_speaks_for_all(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    voter = await make.voter_with(tx, vote, world.compound_id, "104")
    three = (await own_ids(tx, world, 3))[0]
    four = (await own_ids(tx, world, 4))[0]
    await make.cast(tx, world.people[4], vote, Choice.AGAINST)
    command = AppointVoter(
        id=new_id(), voter_id=voter.voter_id, owner_id=three, evidence=(make.SCAN,)
    )
    await service.appoint_voter(tx, world.member, vote.vote_id, command)
    with pytest.raises(franchise.AnotherAppointed):
        await make.cast(tx, world.people[4], vote)
    await make.cast(tx, world.people[3], vote, Choice.FOR)
    counted = await make.counted(tx, world, vote, vault)
    assert counted.results[0].in_favour.heads == 1
    again = replace(command, id=new_id(), owner_id=four)
    with pytest.raises(holding.VoteNotInState):
        await service.appoint_voter(tx, world.member, vote.vote_id, again)


async def own_ids(tx: Tx, world: make.World, owner: int) -> list:
    person_id = world.people[owner].person_id
    assert person_id is not None
    return sorted(
        await compounds.owners_of_person(tx, world.compound_id, person_id, make.RECORD_ON)
    )


async def test_only_co_owners_appoint(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    single = await make.voter_with(tx, vote, world.compound_id, "103")
    command = AppointVoter(
        id=new_id(),
        voter_id=single.voter_id,
        owner_id=single.owner_ids[0],
        evidence=(make.SCAN,),
    )
    with pytest.raises(franchise.NoCoOwners):
        await service.appoint_voter(tx, world.member, vote.vote_id, command)
    with pytest.raises(OfficeNeeded):
        await service.appoint_voter(tx, world.manager, vote.vote_id, command)


# Objections


async def test_an_owner_contests_a_ballot_and_may_vote_again_when_it_is_struck(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    owner = world.people[1]
    receipt = await make.cast(tx, owner, vote, Choice.AGAINST)
    command = ObjectToBallot(reason="不是我投的")
    with pytest.raises(objections.BallotNotYours):
        await service.object_to_ballot(
            tx, world.people[2], vote.vote_id, receipt.ballot_id, command
        )
    await service.object_to_ballot(tx, owner, vote.vote_id, receipt.ballot_id, command)
    with pytest.raises(objections.ObjectionOpen):
        await service.object_to_ballot(tx, owner, vote.vote_id, receipt.ballot_id, command)
    (contested,) = await service.contested(tx, world.supervisor, vote.vote_id)
    assert contested.ballot_id == receipt.ballot_id
    decision = DecideObjection(is_struck=True, reason="账号被盗用")
    with pytest.raises(OfficeNeeded):
        await service.decide_objection(
            tx, world.supervisor, vote.vote_id, receipt.ballot_id, decision
        )
    struck = await service.decide_objection(
        tx, world.director, vote.vote_id, receipt.ballot_id, decision
    )
    assert struck.kind is EventKind.STRUCK
    with pytest.raises(objections.ObjectionDecided):
        await service.decide_objection(
            tx, world.director, vote.vote_id, receipt.ballot_id, decision
        )
    await make.cast(tx, owner, vote, Choice.FOR)
    counted = await make.counted(tx, world, vote, vault)
    assert (counted.results[0].in_favour.heads, counted.results[0].against.heads) == (1, 0)


async def test_an_upheld_ballot_counts_and_an_undecided_one_does_not(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    for owner in (1, 2):
        receipt = await make.cast(tx, world.people[owner], vote)
        command = ObjectToBallot(reason="有疑问")
        await service.object_to_ballot(
            tx, world.people[owner], vote.vote_id, receipt.ballot_id, command
        )
        if owner == 1:
            upheld = DecideObjection(is_struck=False, reason="登录记录相符")
            await service.decide_objection(
                tx, world.member, vote.vote_id, receipt.ballot_id, upheld
            )
    counted = await make.counted(tx, world, vote, vault)
    assert counted.results[0].in_favour.heads == 1
    assert counted.results[0].invalid.heads == 1


async def test_nobody_finds_a_ballot_invalid_that_an_owner_sent(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    receipt = await make.cast(tx, world.people[1], vote)
    command = FindInvalid(reason="笔迹不符", evidence=(make.SCAN,))
    with pytest.raises(objections.BallotNotOnPaper):
        await service.find_invalid(tx, world.director, vote.vote_id, receipt.ballot_id, command)


# What is seen, and by whom


async def test_turnout_is_area_and_heads_and_a_struck_ballot_leaves_it(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    receipt = await make.cast(tx, world.people[1], vote)
    turnout = await service.turnout(tx, world.compound_id, vote.vote_id)
    assert (turnout.returned.heads, turnout.returned.area_dm2) == (1, 8950 + 10800)
    assert (turnout.total.heads, turnout.total.area_dm2) == (make.HEADS, make.TOTAL_DM2)
    objection = ObjectToBallot(reason="不是我")
    await service.object_to_ballot(tx, world.people[1], vote.vote_id, receipt.ballot_id, objection)
    decision = DecideObjection(is_struck=True, reason="属实")
    await service.decide_objection(tx, world.member, vote.vote_id, receipt.ballot_id, decision)
    turnout = await service.turnout(tx, world.compound_id, vote.vote_id)
    assert turnout.returned.heads == 0


async def test_co_owners_do_not_see_each_others_answers(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[3], vote, Choice.FOR)
    for owner, seen in ((3, 1), (4, 0)):
        shown = await service.my_vote(tx, world.people[owner], vote.vote_id, make.LOG_KEY)
        (line,) = shown.places[0].ballots
        assert (len(line.answers), line.is_mine) == (seen, bool(seen))
    for other in (world.people[1], world.tenant, world.director):
        shown = await service.my_vote(tx, other, vote.vote_id, make.LOG_KEY)
        assert [line for place in shown.places for line in place.ballots] == []


async def test_the_roll_is_masked(tx: Tx, world: make.World, vault: Vault):
    vote = await make.prepared(tx, world, vault)
    roll = await service.roll(tx, world.compound_id, vote.vote_id)
    assert [line.owners for line in roll.lines][:3] == [("业**",), ("业**",), ("业**", "业**")]
    assert roll.lines[0].homes == ("1-1-101", "1-1-102")
    assert roll.roll_digest == vote.roll_digest


# Deliveries


async def test_a_warning_counts_when_it_was_delivered_with_proof(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    voter = await make.voter_with(tx, vote, world.compound_id, "103")
    delivery = Deliver(
        id=new_id(),
        voter_id=voter.voter_id,
        method=DeliveryMethod.HAND,
        delivered_at=SEPTEMBER,
        evidence=(make.SCAN,),
        has_warning=True,
    )
    command = DeliverMany(deliveries=(delivery,))
    for _ in range(2):
        await service.deliver(tx, world.member, vote.vote_id, command)
    assert len(await service.deliveries(tx, world.supervisor, vote.vote_id)) == 1
    other = await make.voter_with(tx, vote, world.compound_id, "105")
    posted = replace(delivery, id=new_id(), voter_id=other.voter_id, method=DeliveryMethod.POSTING)
    await service.deliver(tx, world.member, vote.vote_id, DeliverMany(deliveries=(posted,)))
    reached = await papers.warned(tx, world.compound_id, vote.vote_id)
    assert reached == {voter.voter_id}, "a posting proves it of nobody"
    wrong = DeliverMany(
        deliveries=(
            replace(delivery, id=new_id(), voter_id=new_id()),
            replace(delivery, id=new_id(), delivered_at=make.CLOSES),
        )
    )
    with pytest.raises(FieldsInvalid) as refused:
        await service.deliver(tx, world.member, vote.vote_id, wrong)
    assert [error.pointer for error in refused.value.errors] == [
        "/deliveries/0/voter_id",
        "/deliveries/1/delivered_at",
    ]
    with pytest.raises(OfficeNeeded):
        await service.deliver(tx, world.manager, vote.vote_id, command)


# The count


async def test_a_count_happens_once(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[1], vote)
    first = await make.counted(tx, world, vote, vault)
    service.forget_key(vault, world.compound_id, vote.vote_id)
    much_later = make.at(world.member, make.CLOSES + timedelta(days=2))
    assert await service.count(tx, much_later, vote.vote_id, vault) == first
    assert await tx.raw.fetchval("SELECT count(*) FROM vote_count") == 1


async def test_an_edited_ballot_is_found_named_and_stops_the_count(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    for owner in (1, 2, 5):
        await make.cast(tx, world.people[owner], vote)
    await service.close(tx, make.at(world.director, make.CLOSES), vote.vote_id)
    voters = await service.voters(tx, world.compound_id, vote.vote_id)
    closed = await service.find_vote(tx, world.compound_id, vote.vote_id)
    kept = await box.ballots(tx, world.compound_id, vote.vote_id)
    boxes.check_box(world.compound_id, closed, voters, kept)
    forged = replace(kept[1], content=kept[1].content.replace(b'"for"', b'"against"'))
    renamed = replace(kept[1], voter_id=kept[0].voter_id)
    rehashed = replace(kept[2], digest=bytes(32))
    for place, edited in (
        ("ballot 2", [kept[0], forged, kept[2]]),
        ("ballot 2", [kept[0], renamed, kept[2]]),
        ("ballot 3", [kept[0], kept[1], rehashed]),
        ("ballot 2", [kept[0], kept[2]]),
        ("end", list(kept[:2])),
    ):
        with pytest.raises(boxes.BoxBroken) as found:
            boxes.check_box(world.compound_id, closed, voters, edited)
        assert found.value.place == place
    with pytest.raises(boxes.BoxBroken) as found:
        boxes.check_box(world.compound_id, closed, voters[:-1], kept)
    assert found.value.place == "roll"
    moved = replace(closed, questions=(replace(closed.questions[0], title="改了"),))
    with pytest.raises(boxes.BoxBroken):
        boxes.check_box(world.compound_id, moved, voters, kept)


# Witnesses


async def test_the_count_is_witnessed_by_owners_and_half_of_the_committee(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[1], vote)
    counted = await make.counted(tx, world, vote, vault)
    late = make.CLOSES + timedelta(hours=2)
    seen = Witness(count_digest=counted.digest)
    with pytest.raises(witnesses.CountDigestDiffers):
        await service.witness(
            tx, make.at(world.people[1], late), vote.vote_id, Witness(count_digest="00" * 32)
        )
    for owner in (1, 2, 3, 4):
        await service.witness(tx, make.at(world.people[owner], late), vote.vote_id, seen)
    with pytest.raises(franchise.NoOwnerHere):
        await service.witness(tx, make.at(world.tenant, late), vote.vote_id, seen)
    sheet = Witness(count_digest=counted.digest, serials=(3, 4, 5), evidence=(make.SCAN,))
    with pytest.raises(OfficeNeeded):
        await service.witness(tx, make.at(world.manager, late), vote.vote_id, sheet)
    now = await service.witness(tx, make.at(world.member, late), vote.vote_id, sheet)
    assert (now.owner_witnesses, now.committee_witnesses, now.is_witnessed) == (5, 0, False)
    member = make.at(world.member, late)
    key = make.key_of(member)
    proved = await identity.prove_key(
        tx, member, identity_rules.prove(key, world.compound_id, member.person_id)
    )
    await identity.activate_key(tx, member, proved.key_id, new_id())
    signature = identity_rules.sign(key, bytes.fromhex(counted.digest))
    signed = Witness(count_digest=counted.digest, key_id=proved.key_id, signature=signature)
    with pytest.raises(witnesses.BadCountSignature):
        await service.witness(tx, member, vote.vote_id, replace(signed, signature=bytes(64)))
    done = await service.witness(tx, member, vote.vote_id, signed)
    assert (done.committee_witnesses, done.is_witnessed) == (1, True)
    assert await service.is_witnessed(tx, world.compound_id, vote.vote_id)
    again = await service.witness(tx, member, vote.vote_id, signed)
    assert again == done


async def test_a_witness_is_complete_or_refused(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    counted = await make.counted(tx, world, vote, vault)
    late = make.at(world.member, make.CLOSES + timedelta(hours=2))
    for half in (
        {"key_id": "ab" * 32},
        {"signature": b"x"},
        {"serials": (1,)},
        {"evidence": (make.SCAN,)},
        {"key_id": "ab" * 32, "signature": b"x", "serials": (1,), "evidence": (make.SCAN,)},
    ):
        with pytest.raises(witnesses.WitnessIncomplete):
            await service.witness(
                tx, late, vote.vote_id, Witness(count_digest=counted.digest, **half)
            )
    unknown = Witness(count_digest=counted.digest, serials=(99,), evidence=(make.SCAN,))
    with pytest.raises(witnesses.WitnessUnknown):
        await service.witness(tx, late, vote.vote_id, unknown)
    with pytest.raises(witnesses.WitnessOnCommittee):
        await service.witness(tx, late, vote.vote_id, Witness(count_digest=counted.digest))
