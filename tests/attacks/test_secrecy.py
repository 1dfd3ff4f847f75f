"""What anybody learns of a ballot: before the close by asking, after the count from the database itself.

The attackers ask every route with every session but the voter's, and at the end own the database, the
vault and every backup that was made after the count. The controls show that they would find it.
"""

import re
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
import structlog
from litestar import Litestar

from tests.attacks.hall import Hall, boxed, open_vote
from tests.attacks.routes import routes
from tests.make import votes as make
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import rules, service
from trustprop.votes.model.counting import Choice, Weight
from trustprop.votes.model.document import VoteDocument
from trustprop.votes.model.holding import Turnout, Vote
from trustprop.votes.rules import boxes

NAMES = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|[A-Za-z0-9+/=]{40,}"
    r"|\b[A-Z2-7]{16}\b|T\d\d:\d\d:\d\d(?:\.\d+)?Z"
)
"""Ids, digests, notes, codes and instants: they differ between any two votes."""


# -- before the close, by asking -----------------------------------------------------------------


def without_names(text: str) -> str:
    return NAMES.sub("…", text)


def observers(world: make.World) -> list[Caller]:
    offices = [world.director, world.member, world.supervisor, world.manager, world.tenant]
    return [*offices, world.people[2], world.people[5]]


async def seen(app: Litestar, hall: Hall, world: make.World, vote: Vote) -> dict[str, str]:
    """What everybody but the voter reads about a vote, by route and reader."""
    found = {}
    paths = {
        str(path)
        for path in (route.path for route in app.routes)
        if "vote_id" in str(path) and "/static" not in str(path)
    }
    for path in sorted(paths):
        address = re.sub(r"\{compound_id[^}]*\}", str(world.compound_id), path)
        address = re.sub(r"\{vote_id[^}]*\}", str(vote.vote_id), address)
        if "{" in address:
            continue
        for number, who in enumerate(observers(world)):
            answer = await hall.client.get(address, headers=hall.headers(who))
            found[f"{path} {number}"] = f"{answer.status_code} {without_names(answer.text)}"
    return found


async def twins(
    app: Litestar, hall: Hall, world: make.World, database: Database, vault: Vault
) -> tuple[dict[str, str], dict[str, str]]:
    """Two votes alike but for what one owner chose, as everybody else sees them."""
    questions = (make.motion(1), make.election(2))
    found = []
    for choice in (Choice.FOR, Choice.AGAINST):
        vote = await open_vote(database, world, vault, *questions)
        path = f"/votes/{vote.vote_id}/ballots"
        cast = await hall.post(world.people[1], path, make.ballot(vote, choice))
        assert cast.status_code == 201, cast.text
        second = await hall.post(world.people[1], path, make.ballot(vote, Choice.ABSTAIN))
        shown = await seen(app, hall, world, vote)
        shown["second ballot"] = without_names(second.text)
        shown["receipt"] = without_names(cast.text)
        found.append(shown)
    return found[0], found[1]


async def test_before_the_close_nobody_sees_what_was_chosen(
    app: Litestar, hall: Hall, world: make.World, database: Database, vault: Vault
) -> None:
    one, other = await twins(app, hall, world, database, vault)
    assert [name for name in one if one[name] != other[name]] == []
    assert len(one) > 30
    turnout = [text for name, text in one.items() if "turnout" in name]
    assert any('"returned":{"heads":1,' in text for text in turnout), "the ballot itself is seen"


async def test_control_a_turnout_of_the_ayes_would_be_seen(
    app: Litestar,
    hall: Hall,
    world: make.World,
    database: Database,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = service.turnout

    async def of_the_ayes(tx: Tx, compound_id: UUID, vote_id: UUID) -> Turnout:
        ballots = await tx.raw.fetch("SELECT content FROM ballot WHERE vote_id = $1", vote_id)
        ayes = sum(b'"for"' in row["content"] for row in ballots)
        answer = await honest(tx, compound_id, vote_id)
        return msgspec.structs.replace(answer, returned=Weight(heads=ayes, area_dm2=0))

    monkeypatch.setattr(service, "turnout", of_the_ayes)
    one, other = await twins(app, hall, world, database, vault)
    assert [name for name in one if one[name] != other[name]] != []


async def test_no_other_list_of_the_compound_moves_when_a_ballot_is_cast(
    app: Litestar, hall: Hall, world: make.World, database: Database, vault: Vault
) -> None:
    vote = await open_vote(database, world, vault, make.motion(1), make.election(2))
    lists = [
        route.path.replace("{compound_id}", str(world.compound_id))
        for route in routes(app)
        if route.method == "GET" and route.is_of_a_compound and not route.parameters
    ]

    async def everything() -> dict[tuple[str, int], str]:
        found = {}
        for path in lists:
            for number, who in enumerate(observers(world)):
                answer = await hall.client.get(path, headers=hall.headers(who))
                found[path, number] = re.sub(r'"request_id":"[^"]*"', "", answer.text)
        return found

    before = await everything()
    path = f"/votes/{vote.vote_id}/ballots"
    assert (await hall.post(world.people[1], path, make.ballot(vote))).status_code == 201
    after = await everything()
    assert len(before) > 100
    assert [name for name in before if before[name] != after[name]] == []


async def test_co_owners_and_officers_do_not_read_an_owners_answers(
    hall: Hall, world: make.World, database: Database, vault: Vault
) -> None:
    vote = await open_vote(database, world, vault)
    path = f"/votes/{vote.vote_id}"
    command = make.ballot(vote)
    assert (await hall.post(world.people[3], f"{path}/ballots", command)).status_code == 201
    own = (await hall.get(world.people[3], f"{path}/my-ballot")).text
    assert '"choice":"for"' in own, "the control: the sender reads them"
    for who in (world.people[4], world.people[1], world.director, world.manager):
        assert '"choice"' not in (await hall.get(who, f"{path}/my-ballot")).text


async def test_no_log_line_and_no_problem_says_what_was_chosen(
    hall: Hall, world: make.World, database: Database, vault: Vault
) -> None:
    vote = await open_vote(database, world, vault, make.election(1))
    candidates = {str(one.candidate_id) for one in vote.questions[0].candidates}
    path = f"/votes/{vote.vote_id}/ballots"
    command = make.ballot(vote)
    wrong = msgspec.structs.replace(command, answers=command.answers * 2)
    with structlog.testing.capture_logs() as lines:
        refused = await hall.post(world.people[1], path, wrong)
        cast = await hall.post(world.people[1], path, command)
    assert (refused.status_code, cast.status_code) == (422, 201)
    told = refused.text + cast.text + str(lines)
    assert lines, "the control: requests are logged"
    assert not [one for one in candidates if one in told]
    assert '"for"' not in told


# -- after the count, from the database itself ---------------------------------------------------


async def secret_vote(
    database: Database, world: make.World, vault: Vault, hall: Hall
) -> tuple[Vote, dict[int, bytes], VoteDocument]:
    """A motion and an election, voted online and on paper, counted, and its key forgotten."""
    vote = await open_vote(database, world, vault, make.motion(1), make.election(2))
    secrets = {}
    for number, choice in ((1, Choice.FOR), (2, Choice.AGAINST), (3, Choice.FOR)):
        command = make.ballot(vote, choice)
        secrets[number] = command.secret
        path = f"/votes/{vote.vote_id}/ballots"
        assert (await hall.post(world.people[number], path, command)).status_code == 201
    async with database.read(world.director) as tx:
        voter = await make.voter_with(tx, vote, world.compound_id, "105")
        code = await make.code_of(tx, world, vote, vault, voter)
    for reader in (world.director, world.member):
        path = f"/votes/{vote.vote_id}/paper-entries"
        assert (await hall.post(reader, path, make.paper(vote, code))).status_code == 201
    async with database.begin(world.director) as tx:
        await make.counted(tx, world, vote, vault)
    async with database.read(world.director) as tx:
        counted = await service.document(tx, world.compound_id, vote.vote_id)
    service.forget_key(vault, world.compound_id, vote.vote_id)
    return vote, secrets, msgspec.json.decode(counted.document, type=VoteDocument)


async def everything_kept(owner: asyncpg.Connection, compound_id: UUID) -> set[bytes]:
    """Every value of every column of every table, and what base64 and hexadecimal hide in them."""
    found: set[bytes] = set()
    tables = await owner.fetch(
        "SELECT c.relname AS name, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid "
        "AND a.attname = 'compound_id') AS has_compound FROM pg_class c "
        "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
    )
    for table in tables:
        where = "compound_id = $1" if table["has_compound"] else "$1::uuid IS NOT NULL"
        for row in await owner.fetch(f'SELECT * FROM "{table["name"]}" WHERE {where}', compound_id):
            for value in row.values():
                found |= forms(value)
    return found


def forms(value: Any) -> set[bytes]:
    """As bytes: itself, and every part of it that could have been a secret."""
    if isinstance(value, UUID):
        return {value.bytes}
    if isinstance(value, (list, tuple)):
        return set().union(*map(forms, value))
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        return set()
    found = {value}
    for part in re.findall(rb"[A-Za-z0-9+/]{20,}={0,2}", value):
        found.add(part)
        with_padding = part.rstrip(b"=") + b"=" * (-len(part.rstrip(b"=")) % 4)
        try:
            found.add(msgspec.json.decode(b'"' + with_padding + b'"', type=bytes))
        except msgspec.ValidationError:
            continue
    found |= {
        bytes.fromhex(part.decode()) for part in re.findall(rb"\b(?:[0-9a-f]{2}){16,64}\b", value)
    }
    return found


def slips_found(document: VoteDocument, kept: set[bytes], voter_ids: list[UUID]) -> set[str]:
    """Slips of the secret question that some value, taken for a secret of some voter, leads to."""
    (question,) = [one for one in document.head.questions if one.is_secret]
    ids = {slip.id for slip in document.slips if slip.question_id == question.question_id}
    found = set()
    for value in kept:
        for secret in (value, rules.slip_secret_of(value)):
            for voter_id in voter_ids:
                for question_id, candidate_id in rules.items_of(question):
                    made = rules.slip_id(secret, voter_id, question_id, candidate_id, 0)
                    found |= {made} & ids
    return found


async def voter_ids_of(database: Database, world: make.World, vote: Vote) -> list[UUID]:
    async with database.read(world.director) as tx:
        voters = await service.voters(tx, world.compound_id, vote.vote_id)
    return [voter.voter_id for voter in voters]


async def test_after_the_count_nothing_that_is_kept_leads_from_an_owner_to_a_choice(
    database: Database, world: make.World, vault: Vault, hall: Hall, owner: asyncpg.Connection
) -> None:
    vote, secrets, document = await secret_vote(database, world, vault, hall)
    kept = await everything_kept(owner, world.compound_id)
    voter_ids = await voter_ids_of(database, world, vote)
    assert len(kept) > 200
    assert not kept & set(secrets.values())
    assert slips_found(document, kept, voter_ids) == set()
    own = slips_found(document, {secrets[1]}, voter_ids)
    assert len(own) == 2, "the control: what the voter kept finds a slip for each candidate"


async def test_after_the_count_no_ballot_can_be_opened_and_none_looks_like_its_choice(
    database: Database, world: make.World, vault: Vault, hall: Hall, owner: asyncpg.Connection
) -> None:
    vote, _, document = await secret_vote(database, world, vault, hall)
    ballots = await boxed(database, world, vote)
    kept = await everything_kept(owner, world.compound_id)
    keys = [value for value in kept if len(value) == 32]
    for ballot in ballots:
        for secret in keys:
            with pytest.raises(boxes.VoteKeyLost):
                boxes.open_ballot(ballot, vote.questions, boxes.keys_of(secret), is_invalid=False)
    online = [boxes.read_content(one.content) for one in ballots if one.channel == "online"]
    assert len({len(content.sealed) for content in online}) == 1
    assert {len(content.answers) for content in online} == {1}, "the motion's, which is named"
    order = [
        slip.id for slip in document.slips if slip.question_id == vote.questions[1].question_id
    ]
    by_candidate = [slip.id for slip in sorted(document.slips, key=rules.slip_order)]
    assert order == [one for one in by_candidate if one in set(order)]


async def test_control_with_the_key_kept_every_ballot_would_open(
    database: Database, world: make.World, vault: Vault, hall: Hall
) -> None:
    vote = await open_vote(database, world, vault, make.election(1))
    path = f"/votes/{vote.vote_id}/ballots"
    assert (await hall.post(world.people[1], path, make.ballot(vote))).status_code == 201
    secret = vault.read(f"votes/{world.compound_id}/{vote.vote_id}")
    assert secret is not None
    (ballot,) = await boxed(database, world, vote)
    opened, _ = boxes.open_ballot(ballot, vote.questions, boxes.keys_of(secret), is_invalid=False)
    assert [one.choice for one in opened.answers] == [Choice.FOR]
