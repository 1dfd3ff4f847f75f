"""Frozen vectors of the published count: both verifiers, and whoever writes a third, are held to them."""

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.make import counting as make
from tests.make.counting import AGAINST, FOR
from trustprop.votes import rules
from trustprop.votes.model.counting import Poll
from trustprop.votes.verify import verify_vote

ROOT = Path(__file__).parents[2]
EXAMPLE = (Path(__file__).parent / "vote-example.json").read_bytes()
DESCRIBED = (ROOT / "docs" / "verify-vote.md").read_text(encoding="utf-8")
SECRET = b"an owner's own secret"
VOTER, VOTE = UUID(int=2_000_001), UUID(int=9_002)


def example() -> tuple[Poll, dict[UUID, bytes]]:
    budget, committee = make.motion(1), make.election(2, seats=1, candidates=2, is_secret=True)
    voters = (make.voter(1), make.voter(2, 8_950, 12_600), make.voter(3))
    ballots = (
        make.ballot(voters[0], 1, make.answer(budget, FOR), make.answer(committee, FOR, 0)),
        make.ballot(voters[1], 2, make.answer(budget, FOR), make.answer(committee, FOR, 0)),
        make.ballot(voters[2], 3, make.answer(budget, AGAINST), make.answer(committee, FOR, 1)),
    )
    poll = Poll(questions=(budget, committee), voters=voters, ballots=ballots)
    return poll, make.secrets_of(ballots) | {ballots[0].ballot_id: SECRET}


def test_the_example_is_still_drawn_up_to_the_byte() -> None:
    poll, secrets = example()
    assert rules.document_bytes(make.document(poll, secrets)) == EXAMPLE


def test_both_verifiers_accept_the_example() -> None:
    spec = importlib.util.spec_from_file_location("verify_vote", ROOT / "scripts/verify_vote.py")
    alone = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alone)
    assert verify_vote(EXAMPLE).is_sound
    assert alone.verify(EXAMPLE)[0]["root"] == json.loads(EXAMPLE)["root"]


VECTORS: dict[str, Any] = {
    "salt": rules.salt_of(SECRET).hex(),
    "slip": rules.slip_secret_of(SECRET).hex(),
    "commitment": rules.row_commitment(rules.salt_of(SECRET), VOTER, VOTE),
    "slip1": rules.slip_id(rules.slip_secret_of(SECRET), VOTER, UUID(int=1), None, 0),
    "slip2": rules.slip_id(rules.slip_secret_of(SECRET), VOTER, UUID(int=2), UUID(int=200), 1),
    "root": json.loads(EXAMPLE)["root"],
    "digest": hashlib.sha256(EXAMPLE).hexdigest(),
}


FROZEN = {
    "salt": "b31519e51d3d8789beb10567e7cdabd42488cede2d7dfdfea3ca96f4e97bb0c9",
    "slip": "89d13a574ee3245796e666a2092fb08c5422e1a9fc960236eb1741db95faf387",
    "commitment": "10e88628d21b61d0dbeb5bbb627f587b99b624b5e7e0f4ec439dd078b216c137",
    "slip1": "38e3b4c9f4f60bedb1e7c739a06e3731dfb52d04daac9a6a99a595965a5b9da3",
    "slip2": "6dc3ff60448b0f445720335ccd6106b31897625cc04847de6072ddf327b622e3",
    "root": "3e8bb819bb63212252d59420e9491844055df83e2183e0363e93426eb8f9bef7",
    "digest": "f3acdea801a6c614f68f959ae49535ff7ea23f31bf7f520babd11fbc108a741a",
}


@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors_are_those_that_are_described(name: str) -> None:
    assert VECTORS[name] == FROZEN[name]
    assert f"`{FROZEN[name]}`" in DESCRIBED


def test_the_vectors_stand_in_the_example() -> None:
    document = json.loads(EXAMPLE)
    assert FROZEN["commitment"] in {row["commitment"] for row in document["register"]}
    assert {FROZEN["slip1"], FROZEN["slip2"]} <= {slip["id"] for slip in document["slips"]}
