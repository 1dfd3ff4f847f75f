"""Ballots on paper, read twice, and written proxies."""

import base64

import msgspec
import pytest
from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make import votes as make
from tests.make.ground import make_caller, new_id
from trustprop.evidence.rules import FilesMissing
from trustprop.kernel.caller import Caller, Office, OfficeNeeded
from trustprop.kernel.errors import FieldsInvalid
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import rules, service
from trustprop.votes.model.counting import Channel, Choice, Voter
from trustprop.votes.model.document import VoteDocument
from trustprop.votes.model.holding import (
    EndProxy,
    EnterPaper,
    FindInvalid,
    Flaw,
    GiveProxy,
    NoticeKind,
    PaperOutcome,
    PaperState,
    Proxy,
    ProxyView,
    Vote,
)
from trustprop.votes.rules import boxes, franchise, holding, papers
from trustprop.votes.store import box


async def enter(
    tx: Tx, caller: Caller, vote: Vote, command: EnterPaper, vault: Vault
) -> PaperOutcome:
    return await service.enter_paper(tx, caller, vote.vote_id, command, vault, make.LOG_KEY)


async def paper_of(
    tx: Tx, world: make.World, vote: Vote, vault: Vault, number: str
) -> tuple[Voter, str]:
    voter = await make.voter_with(tx, vote, world.compound_id, number)
    return voter, await make.code_of(tx, world, vote, vault, voter)


async def test_papers_are_printed_again_with_the_same_codes(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.prepared(tx, world, vault)
    first = await service.ballot_papers(tx, world.director, vote.vote_id, vault)
    assert await service.ballot_papers(tx, world.member, vote.vote_id, vault) == first
    assert [paper.serial for paper in first] == [1, 2, 3, 4, 5]
    assert len({paper.code for paper in first}) == 5
    stored = await tx.raw.fetch("SELECT code_hash FROM ballot_paper")
    assert {bytes(row["code_hash"]) for row in stored} == {
        boxes.code_hash(paper.code) for paper in first
    }
    with pytest.raises(OfficeNeeded):
        await service.ballot_papers(tx, world.manager, vote.vote_id, vault)


async def test_no_paper_is_printed_after_the_count(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    await make.counted(tx, world, vote, vault)
    with pytest.raises(holding.VoteNotInState):
        await service.ballot_papers(tx, world.director, vote.vote_id, vault)


async def test_two_who_read_the_same_make_a_ballot(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    voter, code = await paper_of(tx, world, vote, vault, "103")
    first = await enter(tx, world.director, vote, make.paper(vote, code), vault)
    assert (first.state, first.receipt) == (PaperState.OPEN, None)
    with pytest.raises(papers.AlreadyRead):
        await enter(tx, world.director, vote, make.paper(vote, code), vault)
    second = await enter(tx, world.supervisor, vote, make.paper(vote, code), vault)
    assert second.state is PaperState.SETTLED
    assert second.receipt is not None
    (kept,) = await box.ballots(tx, world.compound_id, vote.vote_id)
    assert (kept.channel, kept.owner_id, kept.evidence) == (
        Channel.PAPER,
        voter.owner_ids[0],
        (make.SCAN,),
    )
    (told,) = await box.notices(tx, world.compound_id, vote.vote_id, voter.voter_id)
    assert told.kind is NoticeKind.BALLOT_RECORDED
    with pytest.raises(franchise.AlreadyVoted):
        await make.cast(tx, world.people[2], vote)


async def test_the_owner_sees_what_was_read_from_their_paper_and_finds_it_in_the_count(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    voter, code = await paper_of(tx, world, vote, vault, "103")
    for reader in (world.director, world.member):
        await enter(tx, reader, vote, make.paper(vote, code), vault)
    (place,) = (await service.my_vote(tx, world.people[2], vote.vote_id, make.LOG_KEY)).places
    (line,) = place.ballots
    assert (line.answers, line.is_mine) == (make.answers(vote), True)
    for reader in (world.director, world.member):
        assert (await service.my_vote(tx, reader, vote.vote_id, make.LOG_KEY)).places == ()
    await make.counted(tx, world, vote, vault)
    kept = await service.document(tx, world.compound_id, vote.vote_id)
    document = msgspec.json.decode(kept.document, type=VoteDocument)
    secret = base64.b64decode(line.secret)
    proof = rules.receipt_proof(
        document, rules.salt_of(secret), voter.voter_id, rules.slip_secret_of(secret)
    )
    assert len(proof.slips) == 1
    assert rules.check_receipt(proof, document.root)


async def test_a_third_person_decides_between_two(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    _, code = await paper_of(tx, world, vote, vault, "103")
    await enter(tx, world.director, vote, make.paper(vote, code, Choice.FOR), vault)
    against = await enter(tx, world.member, vote, make.paper(vote, code, Choice.AGAINST), vault)
    assert against.state is PaperState.DIFFERING
    (standing,) = await service.paper_standings(
        tx, world.member, vote.vote_id, PaperState.DIFFERING
    )
    assert standing.entered_by == (world.director.person_id, world.member.person_id)
    third = await enter(tx, world.supervisor, vote, make.paper(vote, code, Choice.AGAINST), vault)
    assert third.state is PaperState.SETTLED
    (standing,) = await service.paper_standings(tx, world.member, vote.vote_id)
    assert standing.state is PaperState.SETTLED
    counted = await make.counted(tx, world, vote, vault)
    assert counted.results[0].against.heads == 1


async def test_three_who_differ_read_again(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    _, code = await paper_of(tx, world, vote, vault, "103")
    readers = (world.director, world.member, world.supervisor)
    for reader, choice in zip(readers, Choice, strict=True):
        outcome = await enter(tx, reader, vote, make.paper(vote, code, choice), vault)
        assert outcome.receipt is None
    again = await enter(tx, world.director, vote, make.paper(vote, code), vault)
    assert again.state is PaperState.OPEN
    done = await enter(tx, world.member, vote, make.paper(vote, code), vault)
    assert done.state is PaperState.SETTLED


async def test_a_blank_reads_like_an_abstention(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    _, code = await paper_of(tx, world, vote, vault, "103")
    await enter(tx, world.director, vote, make.paper(vote, code, answers=()), vault)
    done = await enter(tx, world.member, vote, make.paper(vote, code, Choice.ABSTAIN), vault)
    assert done.state is PaperState.SETTLED


async def test_an_unsigned_paper_is_kept_as_invalid_and_the_owner_may_still_vote(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    _, code = await paper_of(tx, world, vote, vault, "103")
    for reader in (world.director, world.member):
        flawed = make.paper(vote, code, answers=(), flaw=Flaw.UNSIGNED)
        await enter(tx, reader, vote, flawed, vault)
    turnout = await service.turnout(tx, world.compound_id, vote.vote_id)
    assert turnout.returned.heads == 0
    await make.cast(tx, world.people[2], vote)
    counted = await make.counted(tx, world, vote, vault)
    assert (counted.results[0].in_favour.heads, counted.results[0].invalid.heads) == (1, 0)


async def test_a_paper_is_refused_that_is_not_of_this_vote_or_contradicts_itself(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    other = await make.opened(tx, world, vault)
    _, code = await paper_of(tx, world, other, vault, "103")
    with pytest.raises(papers.BallotCodeUnknown):
        await enter(tx, world.director, vote, make.paper(vote, code), vault)
    _, code = await paper_of(tx, world, vote, vault, "103")
    for wrong in (
        make.paper(vote, code, flaw=Flaw.AMBIGUOUS),
        make.paper(vote, code, owner_id=new_id()),
        make.paper(other, code),
    ):
        with pytest.raises(FieldsInvalid):
            await enter(tx, world.director, vote, wrong, vault)
    with pytest.raises(FilesMissing):
        await enter(tx, world.director, vote, make.paper(vote, code, scan="cd" * 32), vault)
    for outsider in (world.manager, world.people[2]):
        with pytest.raises(OfficeNeeded):
            await enter(tx, outsider, vote, make.paper(vote, code), vault)


async def test_a_reading_sent_again_is_the_same_reading(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    _, code = await paper_of(tx, world, vote, vault, "103")
    command = make.paper(vote, code)
    first = await enter(tx, world.director, vote, command, vault)
    assert await enter(tx, world.director, vote, command, vault) == first
    with pytest.raises(papers.EntryDiffers):
        await enter(tx, world.member, vote, command, vault)


async def test_no_row_and_no_answer_shows_what_was_read(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    _, code = await paper_of(tx, world, vote, vault, "103")
    outcome = await enter(tx, world.director, vote, make.paper(vote, code), vault)
    standings = await service.paper_standings(tx, world.member, vote.vote_id)
    row = await tx.raw.fetchrow("SELECT * FROM paper_entry")
    for shown in (repr(outcome), repr(standings), repr(dict(row))):
        assert "for" not in shown.split("'")
        assert str(vote.questions[0].question_id) not in shown


async def test_a_paper_found_invalid_after_it_was_read_lets_the_owner_vote(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    _, code = await paper_of(tx, world, vote, vault, "103")
    for reader in (world.director, world.member):
        outcome = await enter(tx, reader, vote, make.paper(vote, code), vault)
    assert outcome.receipt is not None
    found = FindInvalid(reason="签名与备案不符", evidence=(make.SCAN,))
    await service.find_invalid(tx, world.director, vote.vote_id, outcome.receipt.ballot_id, found)
    await make.cast(tx, world.people[2], vote)
    for reader in (world.director, world.member):
        with pytest.raises(franchise.AlreadyVoted):
            await enter(tx, reader, vote, make.paper(vote, code), vault)


async def test_co_owners_sign_one_paper_together_or_one_of_them_does(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    voter, code = await paper_of(tx, world, vote, vault, "104")
    for reader in (world.director, world.member):
        await enter(tx, reader, vote, make.paper(vote, code, owner_id=voter.owner_ids[0]), vault)
    (kept,) = await box.ballots(tx, world.compound_id, vote.vote_id)
    assert kept.owner_id == voter.owner_ids[0]
    together = make.paper(vote, code)
    with pytest.raises(franchise.AlreadyVoted):
        await enter(tx, world.director, vote, together, vault)


# Proxies


def proxy_command(voter: Voter, holder: int = 50, **changes: object) -> GiveProxy:
    values = {
        "id": new_id(),
        "voter_id": voter.voter_id,
        "holder_name": "代理人",
        "holder_identity_number": make_compounds.identity_number(holder),
        "is_staff_of_firm": False,
        "evidence": (make.SCAN,),
    }
    return GiveProxy(**(values | changes))  # type: ignore[arg-type]


async def give(
    tx: Tx, world: make.World, vote: Vote, vault: Vault, number: str, **changes: object
) -> ProxyView:
    voter = await make.voter_with(tx, vote, world.compound_id, number)
    command = proxy_command(voter, **changes)  # type: ignore[arg-type]
    return await service.give_proxy(tx, world.member, vote.vote_id, command, vault)


async def test_a_proxy_over_the_cap_is_void(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    first = await give(tx, world, vote, vault, "101")
    assert first.holder_name == "代**"
    await give(tx, world, vote, vault, "103")
    with pytest.raises(franchise.ProxiesOverCap) as refused:
        await give(tx, world, vote, vault, "105")
    assert refused.value.cap == 2
    await give(tx, world, vote, vault, "105", holder=51)
    await service.end_proxy(
        tx, world.member, vote.vote_id, first.proxy_id, EndProxy(reason="业主撤回")
    )
    await give(tx, world, vote, vault, "104")


async def test_no_cap_in_the_texts_means_no_proxies(tx: Tx, world: make.World, vault: Vault):
    policy = replace(make.POLICY, proxies_per_holder=0)
    vote = await make.opened(tx, world, vault, policy=policy)
    with pytest.raises(franchise.ProxiesOverCap):
        await give(tx, world, vote, vault, "101")


async def test_staff_of_the_firm_hold_no_proxies(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    with pytest.raises(franchise.ProxyHolderIsStaff):
        await give(tx, world, vote, vault, "101", is_staff_of_firm=True)
    with pytest.raises(franchise.ProxyHolderIsStaff):
        await give(tx, world, vote, vault, "101", holder_person_id=world.manager.person_id)


async def test_the_holder_casts_online_and_nobody_else(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    holder = world.people[5]
    given = await give(tx, world, vote, vault, "103", holder_person_id=holder.person_id)
    with pytest.raises(franchise.ProxyNotYours):
        await make.cast(tx, world.people[1], vote, proxy_id=given.proxy_id)
    receipt = await make.cast(tx, holder, vote, proxy_id=given.proxy_id)
    assert receipt.voter_id == given.voter_id
    with pytest.raises(franchise.AlreadyVoted):
        await make.cast(tx, world.people[2], vote)
    (kept,) = await box.ballots(tx, world.compound_id, vote.vote_id)
    assert (kept.channel, kept.proxy_id) == (Channel.PROXY, given.proxy_id)
    seen = await service.my_vote(tx, world.people[2], vote.vote_id, make.LOG_KEY)
    assert seen.places[0].ballots[0].answers == make.answers(vote), "as the owner told the holder"
    assert [notice.kind for notice in seen.places[0].notices] == [
        NoticeKind.PROXY_RECORDED,
        NoticeKind.BALLOT_RECORDED,
    ]


async def test_an_ended_proxy_and_one_of_another_voter_cast_nothing(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    given = await give(tx, world, vote, vault, "103", holder_person_id=world.people[5].person_id)
    _, code = await paper_of(tx, world, vote, vault, "101")
    with pytest.raises(franchise.ProxyNotYours):
        await enter(
            tx, world.director, vote, make.paper(vote, code, proxy_id=given.proxy_id), vault
        )
    await service.end_proxy(
        tx, world.member, vote.vote_id, given.proxy_id, EndProxy(reason="业主撤回")
    )
    with pytest.raises(franchise.ProxyEnded):
        await make.cast(tx, world.people[5], vote, proxy_id=given.proxy_id)


async def test_a_holder_who_joined_the_firm_casts_nothing(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    given = await give(tx, world, vote, vault, "103", holder_person_id=world.people[5].person_id)
    await tx.raw.execute(
        "INSERT INTO mandate (compound_id, mandate_id, person_id, office, party, valid_from, "
        "valid_until, act_id) VALUES ($1, $2, $3, $4, 'trustee', $5, $6, $2)",
        world.compound_id,
        new_id(),
        world.people[5].person_id,
        Office.TRUSTEE_BOOKKEEPER.value,
        make.RECORD_ON,
        make_compounds.TERM_ENDS,
    )
    with pytest.raises(franchise.ProxyHolderIsStaff):
        await make.cast(tx, world.people[5], vote, proxy_id=given.proxy_id)


def test_the_same_person_is_the_same_holder_whatever_the_number():
    person_id = new_id()
    held = Proxy(
        proxy_id=new_id(),
        voter_id=new_id(),
        holder_name="甲",
        holder_commitment=bytes(32),
        holder_person_id=person_id,
        evidence=(make.SCAN,),
        recorded_by=new_id(),
        given_at=make.VOTING,
    )
    other = replace(held, proxy_id=new_id(), holder_commitment=b"\x01" * 32)
    with pytest.raises(franchise.ProxiesOverCap):
        franchise.check_holder(other, (held,), 1, is_staff_of_firm=False)


async def test_a_lost_vault_stops_papers_and_proxies(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    _, code = await paper_of(tx, world, vote, vault, "103")
    service.forget_key(vault, world.compound_id, vote.vote_id)
    with pytest.raises(boxes.VoteKeyLost):
        await enter(tx, world.director, vote, make.paper(vote, code), vault)
    with pytest.raises(boxes.VoteKeyLost):
        await give(tx, world, vote, vault, "101")
    with pytest.raises(boxes.VoteKeyLost):
        await service.ballot_papers(tx, make_reader(world), vote.vote_id, vault)


def make_reader(world: make.World) -> Caller:
    return make_caller(Office.SUPERVISOR, compound_id=world.compound_id, at=make.VOTING)
