"""Five hundred owners vote within a minute, against the real server: none lost, none twice.

They come at random instants of the minute, each on a connection of their own. One in ten does not wait
for the answer and sends the same request again with the same key; one in twenty also sends another
ballot, which must be refused. Afterwards the box is held against what was acknowledged, and counted.
"""

import asyncio
import random
import statistics
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import msgspec
from msgspec import Struct

from benchmarks.ground import ROOT, RUNS, Ground, Result, result, say
from benchmarks.serving import started_service
from tests.make import compounds as make_compounds
from tests.make import http as make_http
from tests.make import votes as make
from tests.make.ground import make_caller, new_id
from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller, Office
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.model.counting import Choice
from trustprop.votes.model.holding import BallotReceipt, CastBallot, Vote
from trustprop.votes.store import box

RECORD_ON = date(2025, 9, 1)
OWNERS = 500
SEED = 20261121


class Voter(Struct, frozen=True):
    """One owner, what they send, and when."""

    headers: dict[str, str]
    ballot: CastBallot
    key: str
    comes_s: float
    is_impatient: bool
    other: CastBallot | None


class Poll(Struct, frozen=True):
    vote: Vote
    director: Caller
    voters: list[Voter]


class Seen(Struct):
    """What the voters were told."""

    receipts: dict[UUID, bytes] = {}
    """By ballot."""
    latencies_ms: list[float] = []
    odd: Counter[str] = Counter()
    refused: int = 0


async def minute(ground: Ground) -> list[Result]:
    """The longest answer counts for the voter, so the figure is the 99th percentile of three minutes."""
    seconds = 60.0 if not ground.options.quick else 6.0
    owners = ground.options.count(OWNERS, 100)
    slowest, cast = [], []
    vault = Vault(ROOT / "var" / "bench" / "vault")
    with started_service(ground) as port:
        for run in range(RUNS):
            poll = await prepare(ground, vault, owners, seconds, run)
            seen = await hold(port, poll)
            lost, twice = await compare_box(ground, poll, seen, vault)
            assert (lost, twice, seen.odd) == ([], [], Counter()), (lost, twice, seen.odd)
            slowest.append(statistics.quantiles(seen.latencies_ms, n=100)[98])
            cast.append(float(len(seen.receipts)))
            say(
                f"  {len(seen.receipts)} ballots in {seconds:.0f} s, p99 {slowest[-1]:.0f} ms, "
                f"{seen.refused} second ballots refused, none lost, none twice"
            )
    return [
        result(
            "voting-ballots",
            f"owners who vote within {seconds:.0f} s, none lost, none twice",
            "ballots",
            tuple(cast),
            at_least=float(owners),
        ),
        result(
            "voting-p99", "the same, 99th percentile of the answers' time", "ms", tuple(slowest)
        ),
    ]


async def prepare(ground: Ground, vault: Vault, owners: int, seconds: float, run: int) -> Poll:
    """A compound of so many homes, each with an owner who is signed in, and a vote that is open."""
    dice = random.Random(SEED + run)
    now = datetime.now(UTC)
    compound_id = new_id()
    database = Database.connect(ground.owner_url, pool_size=1)
    owner = await asyncpg.connect(ground.owner_url)
    director = make_caller(Office.COMMITTEE_DIRECTOR, compound_id=compound_id, at=now)
    founder = make_caller(compound_id=compound_id, at=now)
    say(f"  laying out {owners} homes and their owners …")
    try:
        async with database.begin(director) as tx:
            mandates = (
                make_compounds.appointment(Office.TRUSTEE_MANAGER),
                make_compounds.appointment(Office.COMMITTEE_DIRECTOR, person_id=director.person_id),
            )
            await make_compounds.found_compound(tx, founder, mandates=mandates)
            rows = [make_compounds.row(f"{n:04d}", owner=n) for n in range(1, owners + 1)]
            csv = make_compounds.homes_csv(*rows)
            await compounds.import_homes(tx, founder, csv, date(2025, 1, 1))
            people = [
                await make.add_resident(tx, founder, home, home.owner_ids[0])
                for home in await compounds.homes(tx, compound_id)
            ]
            command = make.prepare_command(make.motion(1), make.election(2), record_on=RECORD_ON)
            vote = await service.prepare(tx, director, command, vault)
            closes_at = now + timedelta(hours=1)
            vote = await service.open_vote(tx, director, vote.vote_id, now, closes_at)
        voters = []
        for person in people:
            assert person.person_id is not None
            headers = await make_http.sign_in(owner, person.person_id)
            voters.append(_voter(dice, headers, vote, seconds))
    finally:
        await database.close()
        await owner.close()
    return Poll(vote, director, voters)


def _voter(dice: random.Random, headers: dict[str, str], vote: Vote, seconds: float) -> Voter:
    choice = dice.choice(list(Choice))
    is_double = dice.random() < 0.05
    return Voter(
        headers=headers,
        ballot=make.ballot(vote, choice),
        key=str(new_id()),
        comes_s=dice.random() * seconds,
        is_impatient=dice.random() < 0.1,
        other=make.ballot(vote, Choice.AGAINST) if is_double else None,
    )


async def hold(port: int, poll: Poll) -> Seen:
    """The minute itself; a line every ten seconds says how far it is."""
    seen = Seen(receipts={}, latencies_ms=[], odd=Counter())
    path = f"/v1/compounds/{poll.director.compound_id}/votes/{poll.vote.vote_id}/ballots"
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=60
    ) as client:
        watching = asyncio.create_task(_watch(seen, len(poll.voters)))
        await asyncio.gather(*(_vote(client, path, voter, seen) for voter in poll.voters))
        watching.cancel()
    return seen


async def _watch(seen: Seen, wanted: int) -> None:
    while True:
        await asyncio.sleep(10)
        say(f"  {len(seen.receipts)} of {wanted} have voted")


async def _vote(client: httpx.AsyncClient, path: str, voter: Voter, seen: Seen) -> None:
    await asyncio.sleep(voter.comes_s)

    async def send(ballot: CastBallot, key: str) -> httpx.Response:
        started = time.perf_counter()
        answer = await client.post(
            path,
            content=msgspec.json.encode(ballot),
            headers=voter.headers | {"Idempotency-Key": key, "Content-Type": "application/json"},
        )
        seen.latencies_ms.append((time.perf_counter() - started) * 1000)
        return answer

    times = 2 if voter.is_impatient else 1
    answers = await asyncio.gather(*(send(voter.ballot, voter.key) for _ in range(times)))
    for answer in answers:
        if answer.status_code != 201:
            seen.odd[f"{answer.status_code} {answer.text[:100]}"] += 1
        elif seen.receipts.setdefault(voter.ballot.id, answer.content) != answer.content:
            seen.odd["another receipt for the same ballot"] += 1
    if voter.other is not None:
        refused = await send(voter.other, str(new_id()))
        is_refused = refused.status_code == 409
        seen.refused += is_refused
        if not is_refused:
            seen.odd[f"second ballot: {refused.status_code}"] += 1


async def compare_box(
    ground: Ground, poll: Poll, seen: Seen, vault: Vault
) -> tuple[list[UUID], list[UUID]]:
    """Ballots that were acknowledged and are not there, and voters with two; then the count itself."""
    compound_id, vote_id = poll.director.compound_id, poll.vote.vote_id
    database = Database.connect(ground.owner_url, pool_size=1)
    try:
        async with database.read(poll.director) as tx:
            ballots = await box.ballots(tx, compound_id, vote_id)
        there = {one.ballot_id: one for one in ballots}
        lost = [
            ballot_id
            for ballot_id, told in seen.receipts.items()
            if ballot_id not in there or _digest(told) != there[ballot_id].digest.hex()
        ]
        by_voter = Counter(one.voter_id for one in ballots)
        late = msgspec.structs.replace(poll.director, at=datetime.now(UTC) + timedelta(hours=2))
        async with database.begin(late) as tx:
            await service.close(tx, late, vote_id)
            counted = await service.count(tx, late, vote_id, vault)
        expected = sum(voter.ballot.answers[0].choice is Choice.FOR for voter in poll.voters)
        assert counted.results[0].in_favour.heads == expected, "every vote counts as it was sent"
        broken = {name for name, found in (await _checked(ground)).items() if found}
        assert broken == set(), broken
        return lost, [voter_id for voter_id, times in by_voter.items() if times > 1]
    finally:
        await database.close()


def _digest(receipt: bytes) -> str:
    return msgspec.json.decode(receipt, type=BallotReceipt).digest


async def _checked(ground: Ground) -> dict[str, list[asyncpg.Record]]:
    """The integrity queries of the votes."""
    owner = await asyncpg.connect(ground.owner_url)
    try:
        return {
            name: await owner.fetch(sql)
            for name, sql in checks.queries().items()
            if name.startswith("votes:")
        }
    finally:
        await owner.close()
