"""A small compound that votes: seven homes, six heads, people for every kind of owner, and their votes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make import identity as make_identity
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.meetings import add_minutes
from trustprop.compounds import service as compounds
from trustprop.compounds.model import EnrolResident, Home, ResidentKind
from trustprop.kernel.caller import Caller, Mandate, Office
from trustprop.kernel.struct import Fact
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.model.counting import (
    BallotAnswer,
    Candidate,
    Choice,
    CountingPolicy,
    Majority,
    Question,
    QuestionKind,
    Voter,
)
from trustprop.votes.model.holding import (
    BallotReceipt,
    CastBallot,
    CountedVote,
    EnterPaper,
    PrepareVote,
    Vote,
)

LISTED = date(2025, 1, 1)
RECORD_ON = date(2025, 9, 1)
OPENS = datetime(2025, 9, 16, 0, 0, tzinfo=UTC)
CLOSES = datetime(2025, 10, 8, 0, 0, tzinfo=UTC)
VOTING = datetime(2025, 9, 20, 4, 0, tzinfo=UTC)
SCAN = "ab" * 32
"""Of ``add_minutes``."""
POLICY = CountingPolicy(proxies_per_holder=2)
LOG_KEY = make_identity.make_signing_key("log")

HOMES = (
    make_compounds.row("101", owner=1),
    make_compounds.row("102", owner=1, area="108.00"),
    make_compounds.row("103", owner=2),
    make_compounds.row("104", owner=3),
    make_compounds.row("104", owner=4),
    make_compounds.row("105", owner=5, area="126.00"),
    make_compounds.row("106", kind="developer", owner=1, name="开发商", delivered_on=""),
    make_compounds.row("107", owner=6, delivered_on=""),
)
"""Owner 1 has two homes, 3 and 4 share one, 106 is unsold and 107 sold but not delivered."""
TOTAL_DM2 = 8950 + 10800 + 8950 + 8950 + 12600 + 8950 + 8950
HEADS = 5


class World(Fact):
    """Who is there; everybody speaks at ``VOTING`` unless a test says otherwise."""

    compound_id: UUID
    director: Caller
    member: Caller
    supervisor: Caller
    manager: Caller
    homes: dict[str, Home]
    """By number."""
    people: dict[int, Caller]
    """The owners 1 to 6, as signed-in residents."""
    tenant: Caller
    """Lives in 101."""

    def owner_id(self, number: str, place: int = 0) -> UUID:
        return self.homes[number].owner_ids[place]


def at(caller: Caller, instant: datetime) -> Caller:
    return replace(caller, at=instant)


async def add_world(tx: Tx, compound_id: UUID) -> World:
    """Founded, with its homes listed in January, its owners signed up, and a scan as evidence."""
    holders, homes = await _found(tx, compound_id, HOMES)
    founder = make_caller(compound_id=compound_id)
    names = {one.name: one.owner_id for one in (await compounds.owners(tx, compound_id)).values()}
    lives = {1: "101", 2: "103", 3: "104", 4: "104", 5: "105", 6: "107"}
    people = {
        owner: await add_resident(tx, founder, homes[number], names[f"业主{owner}"])
        for owner, number in lives.items()
    }
    tenant = await add_resident(tx, founder, homes["101"], None)
    return _world(compound_id, holders, homes, people, tenant)


async def add_crowd(tx: Tx, compound_id: UUID, size: int) -> tuple[World, tuple[Caller, ...]]:
    """So many homes with one owner each, all signed up."""
    rows = tuple(make_compounds.row(f"{i:04d}", owner=i) for i in range(1, size + 1))
    holders, homes = await _found(tx, compound_id, rows)
    founder = make_caller(compound_id=compound_id)
    people = {
        i: await add_resident(tx, founder, home, home.owner_ids[0])
        for i, home in enumerate(homes.values(), start=1)
    }
    world = _world(compound_id, holders, homes, people, make_caller(compound_id=compound_id))
    return world, tuple(people.values())


async def _found(
    tx: Tx, compound_id: UUID, rows: tuple[str, ...]
) -> tuple[dict[Office, Caller], dict[str, Home]]:
    holders = {
        office: make_caller(office, compound_id=compound_id, at=VOTING)
        for office in (
            Office.COMMITTEE_DIRECTOR,
            Office.COMMITTEE_MEMBER,
            Office.SUPERVISOR,
            Office.TRUSTEE_MANAGER,
        )
    }
    founder = make_caller(compound_id=compound_id)
    mandates = tuple(
        make_compounds.appointment(office, person_id=caller.person_id)
        for office, caller in holders.items()
    )
    await make_compounds.found_compound(tx, founder, mandates=mandates)
    await compounds.import_homes(tx, founder, make_compounds.homes_csv(*rows), LISTED)
    await add_minutes(tx, compound_id, SCAN)
    return holders, {home.number: home for home in await compounds.homes(tx, compound_id)}


def _world(
    compound_id: UUID,
    holders: dict[Office, Caller],
    homes: dict[str, Home],
    people: dict[int, Caller],
    tenant: Caller,
) -> World:
    return World(
        compound_id=compound_id,
        director=holders[Office.COMMITTEE_DIRECTOR],
        member=holders[Office.COMMITTEE_MEMBER],
        supervisor=holders[Office.SUPERVISOR],
        manager=holders[Office.TRUSTEE_MANAGER],
        homes=homes,
        people=people,
        tenant=tenant,
    )


async def add_resident(
    tx: Tx, caller: Caller, home: Home, owner_id: UUID | None, since_on: date = LISTED
) -> Caller:
    """A signed-in person who is this owner of a home, or an occupant."""
    person = resident(caller.compound_id)
    assert person.person_id is not None
    command = EnrolResident(
        person_id=person.person_id,
        home_id=home.home_id,
        kind=ResidentKind.OCCUPANT if owner_id is None else ResidentKind.OWNER,
        since_on=since_on,
        owner_id=owner_id,
    )
    keeper = Office.TRUSTEE_BOOKKEEPER if owner_id is None else Office.SUPERVISOR
    await compounds.enrol_resident(tx, make_caller(keeper, compound_id=caller.compound_id), command)
    return person


def resident(compound_id: UUID) -> Caller:
    caller = make_caller(compound_id=compound_id, at=VOTING)
    return replace(caller, mandates=(), is_resident=True)


def with_office(caller: Caller, office: Office) -> Caller:
    return replace(caller, mandates=(Mandate(mandate_id=new_id(), office=office),))


# Votes


def motion(position: int = 1, **changes: Any) -> Question:
    values: dict[str, Any] = {
        "question_id": new_id(),
        "position": position,
        "kind": QuestionKind.MOTION,
        "title": "2026 年度开放式预算",
        "majority": Majority.ORDINARY,
        "legal_basis": "民法典 278(1)(9)",
    }
    return Question(**(values | changes))


def election(position: int = 2, *names: str, **changes: Any) -> Question:
    values: dict[str, Any] = {
        "kind": QuestionKind.ELECTION,
        "title": "选举业主委员会",
        "legal_basis": "民法典 278(1)(3)",
        "is_secret": True,
        "seats": 1,
        "candidates": tuple(
            Candidate(candidate_id=new_id(), name=name) for name in names or ("甲", "乙")
        ),
    }
    return motion(position, **(values | changes))


def prepare_command(*questions: Question, **changes: Any) -> PrepareVote:
    values: dict[str, Any] = {
        "vote_id": new_id(),
        "subject_id": new_id(),
        "record_on": RECORD_ON,
        "policy": POLICY,
        "questions": questions or (motion(),),
    }
    return PrepareVote(**(values | changes))


async def prepared(
    tx: Tx, world: World, vault: Vault, *questions: Question, **changes: Any
) -> Vote:
    command = prepare_command(*questions, **changes)
    return await service.prepare(tx, at(world.director, SEPTEMBER), command, vault)


async def opened(tx: Tx, world: World, vault: Vault, *questions: Question, **changes: Any) -> Vote:
    vote = await prepared(tx, world, vault, *questions, **changes)
    return await service.open_vote(tx, at(world.director, SEPTEMBER), vote.vote_id, OPENS, CLOSES)


def answers(vote: Vote, choice: Choice = Choice.FOR) -> tuple[BallotAnswer, ...]:
    """The same cross on every question, for the first candidate in elections."""
    return tuple(
        BallotAnswer(
            question_id=question.question_id,
            choice=choice,
            candidate_id=question.candidates[0].candidate_id if question.candidates else None,
        )
        for question in vote.questions
    )


def ballot(vote: Vote, choice: Choice = Choice.FOR, **changes: Any) -> CastBallot:
    made = new_id()
    values: dict[str, Any] = {
        "id": made,
        "answers": answers(vote, choice),
        "secret": made.bytes + b"secret of the sender"[:16],
    }
    return CastBallot(**(values | changes))


async def cast(
    tx: Tx, caller: Caller, vote: Vote, choice: Choice = Choice.FOR, **changes: Any
) -> BallotReceipt:
    return await service.cast(tx, caller, vote.vote_id, ballot(vote, choice, **changes), LOG_KEY)


async def code_of(tx: Tx, world: World, vote: Vote, vault: Vault, voter: Voter) -> str:
    papers = await service.ballot_papers(tx, world.director, vote.vote_id, vault)
    return next(paper.code for paper in papers if paper.voter_id == voter.voter_id)


def paper(vote: Vote, code: str, choice: Choice = Choice.FOR, **changes: Any) -> EnterPaper:
    values: dict[str, Any] = {
        "id": new_id(),
        "code": code,
        "scan": SCAN,
        "answers": answers(vote, choice),
    }
    return EnterPaper(**(values | changes))


async def voter_with(tx: Tx, vote: Vote, compound_id: UUID, number: str) -> Voter:
    """The voter who holds the home of this number."""
    return next(
        voter
        for voter in await service.voters(tx, compound_id, vote.vote_id)
        if number in {home.number for home in voter.homes}
    )


async def counted(tx: Tx, world: World, vote: Vote, vault: Vault) -> CountedVote:
    """Closed in time and counted."""
    late = at(world.director, CLOSES + timedelta(hours=1))
    await service.close(tx, late, vote.vote_id)
    return await service.count(tx, late, vote.vote_id, vault)


def key_of(caller: Caller) -> Ed25519PrivateKey:
    return make_identity.make_signing_key(caller.person_id or "")
