"""The published count: sums that agree, one voter's place in it, and what it keeps to itself."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import counting as make
from tests.make.counting import AGAINST, FOR
from trustprop.kernel.canonical import canonical_json
from trustprop.votes import rules
from trustprop.votes.model.counting import (
    Ballot,
    Choice,
    CountingPolicy,
    InvalidBallots,
    Poll,
    Question,
    Standing,
    Voter,
    Weight,
)
from trustprop.votes.model.document import RegisterRow, VoteDocument

BUDGET = make.motion(1)
LIFT = make.motion(2, building="7")
COMMITTEE = make.election(3, seats=2, candidates=3, is_secret=True)
QUESTIONS = (BUDGET, LIFT, COMMITTEE)


def poll() -> Poll:
    """Six voters: counted, of two homes, of building 7, held, invalid, and silent."""
    voters = (
        make.voter(1),
        make.voter(2, 8_950, 12_600),
        make.voter(3, building="7"),
        make.voter(4, owners=2),
        make.voter(5),
        make.voter(6),
    )
    full = (
        make.answer(BUDGET, FOR),
        make.answer(COMMITTEE, FOR, 0),
        make.answer(COMMITTEE, AGAINST, 1),
    )
    ballots = (
        make.ballot(voters[0], 1, *full),
        make.ballot(voters[1], 2, *full),
        make.ballot(voters[2], 3, *full, make.answer(LIFT, FOR)),
        make.ballot(voters[3], 4, make.answer(BUDGET, FOR), owner=0),
        make.ballot(voters[3], 5, make.answer(BUDGET, AGAINST), owner=1),
        make.ballot(voters[4], 6, *full, is_invalid=True),
    )
    return Poll(
        questions=QUESTIONS,
        voters=voters,
        ballots=ballots,
        warned=frozenset({voters[5].voter_id}),
        policy=CountingPolicy(silent_majority=make.BASIS),
    )


POLL = poll()
SECRETS = make.secrets_of(POLL.ballots)
DOCUMENT = make.document(POLL)


def prove(voter: Voter, secret: bytes, *, with_slips: bool = True):
    slips = rules.slip_secret_of(secret) if with_slips else None
    return rules.receipt_proof(DOCUMENT, rules.salt_of(secret), voter.voter_id, slips)


def test_the_bytes_are_rfc_8785() -> None:
    assert rules.document_bytes(DOCUMENT) == canonical_json(DOCUMENT)
    assert msgspec.json.decode(rules.document_bytes(DOCUMENT), type=VoteDocument) == DOCUMENT


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_bytes_are_rfc_8785_whatever_a_motion_is_called(title: str) -> None:
    changed = replace(DOCUMENT, head=replace(DOCUMENT.head, questions=(make.motion(title=title),)))
    assert rules.document_bytes(changed) == canonical_json(changed)


def test_who_returned_a_ballot_or_is_silent_by_clause_has_one_row() -> None:
    standing = sorted(row.standing for row in DOCUMENT.register)
    assert standing == ["counted", "counted", "counted", "held", "invalid", "silent"]


def test_without_the_clause_the_silent_have_no_row() -> None:
    plain = make.document(replace(POLL, policy=CountingPolicy()))
    assert Standing.SILENT not in {row.standing for row in plain.register}
    assert {result.silent for result in plain.results} == {Weight(heads=0, area_dm2=0)}


def test_nothing_published_names_a_voter_an_owner_a_home_or_a_ballot() -> None:
    content = rules.document_bytes(DOCUMENT).decode()
    for voter in POLL.voters:
        for one in (voter.voter_id, *voter.owner_ids, *(home.home_id for home in voter.homes)):
            assert str(one) not in content
            assert one.hex not in content
    assert not any(str(one.ballot_id) in content for one in POLL.ballots)
    assert not any(secret.hex() in content for secret in SECRETS.values())


def test_an_open_ballot_makes_one_slip_a_question_and_a_secret_one_one_for_head_and_homes() -> None:
    own = [
        msgspec.json.decode(leaf.leaf) for leaf in prove(POLL.voters[1], SECRETS[ballot(2)]).slips
    ]
    assert [(slip["heads"], slip["area_dm2"], slip["choice"]) for slip in own] == [
        (1, 21_550, "for"),
        *[(1, 0, "for"), (0, 8_950, "for"), (0, 12_600, "for")],
        *[(1, 0, "against"), (0, 8_950, "against"), (0, 12_600, "against")],
        *[(1, 0, "abstain"), (0, 8_950, "abstain"), (0, 12_600, "abstain")],
    ]


def ballot(sequence: int) -> UUID:
    return POLL.ballots[sequence - 1].ballot_id


def test_it_says_how_well_the_slips_of_a_secret_question_hide() -> None:
    (hiding,) = DOCUMENT.hiding
    assert (hiding.question_id, hiding.smallest_group) == (COMMITTEE.question_id, 1)
    assert (hiding.heads, hiding.area_dm2) == (0, 8_950)


# One voter's place


@pytest.mark.parametrize(("sequence", "slips"), [(1, 7), (2, 10), (3, 8), (4, 0), (6, 0)])
def test_a_voter_finds_the_own_row_and_slips(sequence: int, slips: int) -> None:
    cast = POLL.ballots[sequence - 1]
    voter = next(one for one in POLL.voters if one.voter_id == cast.voter_id)
    proof = prove(voter, SECRETS[cast.ballot_id])
    assert len(proof.slips) == slips
    assert rules.check_receipt(proof, DOCUMENT.root)


def test_what_is_shown_to_others_leads_to_no_slip() -> None:
    voter, secret = POLL.voters[0], SECRETS[ballot(1)]
    shown = prove(voter, secret, with_slips=False)
    assert shown.slips == ()
    assert rules.check_receipt(shown, DOCUMENT.root)
    row = msgspec.json.decode(shown.register.leaf, type=RegisterRow)
    assert set(RegisterRow.__struct_fields__) == {"commitment", "standing", "weights"}
    assert row.standing is Standing.COUNTED
    with_the_salt = rules.slip_id(bytes.fromhex(shown.salt), voter.voter_id, UUID(int=1), None, 0)
    assert with_the_salt not in {slip.id for slip in DOCUMENT.slips}


def test_a_silent_voter_opens_the_row_with_the_own_id_alone() -> None:
    proof = rules.receipt_proof(DOCUMENT, b"", POLL.voters[5].voter_id, None)
    assert rules.check_receipt(proof, DOCUMENT.root)


@pytest.mark.parametrize("voter", [POLL.voters[1], POLL.voters[5]])
def test_another_voters_secret_finds_nothing(voter: Voter) -> None:
    with pytest.raises(rules.NotInCount):
        prove(voter, SECRETS[ballot(1)])


def test_a_proof_holds_for_its_own_root_row_and_salt_alone() -> None:
    proof = prove(POLL.voters[0], SECRETS[ballot(1)])
    other = prove(POLL.voters[1], SECRETS[ballot(2)])
    register = proof.register
    forged = [
        replace(proof, salt="00" * 32),
        replace(proof, voter_id=other.voter_id),
        replace(proof, vote_id=UUID(int=1)),
        replace(proof, tree_size=proof.tree_size + 1),
        replace(proof, register=other.register),
        replace(proof, register=replace(register, index=register.index + 1)),
        replace(proof, register=replace(register, proof=register.proof[:-1])),
        replace(proof, slips=(replace(proof.slips[0], leaf=other.slips[0].leaf),)),
    ]
    assert not any(rules.check_receipt(one, DOCUMENT.root) for one in forged)
    assert not rules.check_receipt(proof, "00" * 32)


def test_two_who_agree_on_one_secret_still_have_slips_of_their_own() -> None:
    shared = dict.fromkeys(SECRETS, b"the same secret.")
    drawn = make.document(POLL, shared)
    assert len({slip.id for slip in drawn.slips}) == len(drawn.slips)
    assert len({row.commitment for row in drawn.register}) == len(drawn.register)


# Sums


@st.composite
def polls(draw: st.DrawFn) -> Poll:
    """Small rolls with every kind of ballot."""
    count = draw(st.integers(1, 6))
    voters = tuple(
        make.voter(
            serial,
            *draw(st.lists(st.integers(1, 20_000), min_size=1, max_size=3)),
            owners=draw(st.integers(1, 2)),
            building=draw(st.sampled_from(["1", "7"])),
        )
        for serial in range(1, count + 1)
    )
    ballots = [
        draw(ballots_of(voter, sequence))
        for sequence, voter in enumerate(draw(st.lists(st.sampled_from(voters), max_size=8)), 1)
    ]
    return Poll(
        questions=QUESTIONS,
        voters=voters,
        ballots=tuple(ballots),
        warned=frozenset(draw(st.sets(st.sampled_from([one.voter_id for one in voters])))),
        policy=CountingPolicy(
            invalid_ballots=draw(st.sampled_from(InvalidBallots)),
            invalid_ballots_basis=make.BASIS,
            silent_majority=draw(st.sampled_from([None, make.BASIS])),
        ),
    )


@st.composite
def ballots_of(draw: st.DrawFn, voter: Voter, sequence: int) -> Ballot:
    asked: list[tuple[Question, int | None]] = [(BUDGET, None), (LIFT, None)]
    asked += [(COMMITTEE, place) for place in range(3)]
    given_answers = draw(st.lists(st.sampled_from(asked), unique=True))
    return make.ballot(
        voter,
        sequence,
        *(
            make.answer(question, draw(st.sampled_from(Choice)), place)
            for question, place in given_answers
        ),
        owner=draw(st.sampled_from([None, *range(len(voter.owner_ids))])),
        is_invalid=draw(st.booleans()),
    )


@settings(max_examples=60)
@given(polls())
def test_the_register_weighs_what_the_slips_weigh(drawn: Poll) -> None:
    published = make.document(drawn)
    for place, question in enumerate(published.head.questions):
        rows = [row.weights[place] for row in published.register if row.standing == "counted"]
        for item in rules.items_of(question):
            slips = [s for s in published.slips if (s.question_id, s.candidate_id) == item]
            assert sum(s.heads for s in slips) == sum(row.heads for row in rows)
            assert sum(s.area_dm2 for s in slips) == sum(row.area_dm2 for row in rows)
    _no_floats(msgspec.to_builtins(published))


def _no_floats(value: object) -> None:
    assert not isinstance(value, float)
    if isinstance(value, dict):
        for inner in value.values():
            _no_floats(inner)
    elif isinstance(value, list):
        for inner in value:
            _no_floats(inner)
