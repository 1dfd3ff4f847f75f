"""Chain, receipts and sealed answers, as pure rules."""

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import votes as make
from tests.make.ground import new_id
from trustprop.kernel import notes
from trustprop.kernel.canonical import sha256
from trustprop.votes.model.counting import (
    Channel,
    Choice,
    Question,
    Voter,
    VoterHome,
)
from trustprop.votes.model.holding import (
    BallotContent,
    BoxedBallot,
    EnterPaper,
    Flaw,
    Vote,
)
from trustprop.votes.rules import boxes, holding

COMPOUND = new_id()
KEYS = boxes.keys_of(bytes(range(32)))
SECRET = b"the sender's secret"
EPHEMERAL = bytes(range(32, 64))


def voter(serial: int = 1) -> Voter:
    home = VoterHome(home_id=new_id(), building="1", stair="1", number=f"10{serial}", area_dm2=8950)
    return Voter(voter_id=new_id(), serial=serial, owner_ids=(new_id(),), homes=(home,))


def vote(*questions: Question, voters: tuple[Voter, ...] = (voter(),)) -> Vote:
    command = make.prepare_command(*questions)
    prepared = holding.prepare(COMPOUND, command, voters, boxes.public_of(KEYS))
    return replace(prepared, box_head=boxes.genesis(COMPOUND, prepared).hex())


def content(held: Vote, choice: Choice = Choice.FOR, **changes: object) -> BallotContent:
    values = {
        "type": boxes.BALLOT,
        "compound_id": COMPOUND,
        "vote_id": held.vote_id,
        "ballot_id": new_id(),
        "voter_id": new_id(),
        "owner_id": None,
        "channel": Channel.ONLINE,
        "proxy_id": None,
        "cast_at": make.VOTING,
        "flaw": None,
        "answers": make.answers(held, choice),
        "secret": "",
        "sealed": "",
    }
    return BallotContent(**(values | changes))  # type: ignore[arg-type]


def boxed(held: Vote, written: bytes, sequence: int = 1) -> BoxedBallot:
    said = boxes.read_content(written)
    return BoxedBallot(
        sequence=sequence,
        ballot_id=said.ballot_id,
        voter_id=said.voter_id,
        owner_id=said.owner_id,
        channel=said.channel,
        proxy_id=said.proxy_id,
        cast_at=said.cast_at,
        recorded_by=new_id(),
        flaw=said.flaw,
        content=written,
        is_sealed=bool(said.sealed),
        digest=sha256(written),
        chain=boxes.chain(bytes.fromhex(held.box_head), sha256(written)),
        paper_round=None,
        evidence=(),
    )


def write(held: Vote, ballot: BallotContent, ephemeral: bytes = EPHEMERAL) -> bytes:
    sealing_key = bytes.fromhex(held.sealing_key)
    return boxes.write_content(ballot, held.questions, SECRET, sealing_key, ephemeral)


# Sealing


@given(st.binary(max_size=400), st.binary(min_size=32, max_size=32), st.binary(max_size=40))
def test_what_is_sealed_opens_with_the_private_half_only(
    plain: bytes, ephemeral: bytes, context: bytes
):
    sealed = boxes.seal(boxes.public_of(KEYS), ephemeral, plain, context)
    assert boxes.unseal(KEYS.sealing, sealed, context) == plain
    other = boxes.keys_of(b"another secret of 32 bytes......")
    with pytest.raises(boxes.VoteKeyLost):
        boxes.unseal(other.sealing, sealed, context)
    with pytest.raises(boxes.VoteKeyLost):
        boxes.unseal(KEYS.sealing, sealed, context + b"x")
    with pytest.raises(boxes.VoteKeyLost):
        boxes.unseal(KEYS.sealing, sealed[:-1] + bytes([sealed[-1] ^ 1]), context)


def test_a_sealed_ballot_cannot_be_moved_under_another_id():
    held = vote(make.election(1))
    written = write(held, content(held))
    moved = replace(boxes.read_content(written), ballot_id=new_id())
    other = replace(boxed(held, written), ballot_id=moved.ballot_id)
    with pytest.raises(boxes.VoteKeyLost):
        boxes.open_ballot(other, held.questions, KEYS, is_invalid=False)


@pytest.mark.parametrize("choice", [*Choice, None])
def test_secret_answers_and_the_secret_are_sealed_and_open_ones_are_not(choice: Choice | None):
    held = vote(make.motion(1), make.election(2))
    said = make.answers(held, choice) if choice else ()
    written = write(held, content(held, answers=said))
    shown = boxes.read_content(written)
    assert shown.secret == ""
    assert {answer.question_id for answer in shown.answers} <= {held.questions[0].question_id}
    assert base64.b64encode(SECRET) not in written
    ballot, secret = boxes.open_ballot(boxed(held, written), held.questions, KEYS, is_invalid=False)
    assert secret == SECRET
    assert set(ballot.answers) == set(said)


def test_the_length_of_a_sealed_ballot_says_nothing():
    held = vote(make.election(1, "甲", "乙", "丙"))
    lengths = {
        len(write(held, content(held, answers=answers)))
        for answers in ((), *(make.answers(held, choice) for choice in Choice))
    }
    first = held.questions[0]
    full = tuple(
        replace(make.answers(held)[0], candidate_id=candidate.candidate_id)
        for candidate in first.candidates
    )
    lengths.add(len(write(held, content(held, answers=full))))
    assert len(lengths) == 1


def test_two_ballots_with_the_same_answers_share_no_sealed_bytes():
    held = vote(make.election(1))
    one = boxes.read_content(write(held, content(held), bytes([1]) * 32))
    two = boxes.read_content(write(held, content(held), bytes([2]) * 32))
    assert base64.b64decode(one.sealed)[32:] != base64.b64decode(two.sealed)[32:]


def test_without_the_key_a_sealed_ballot_cannot_be_counted_and_an_open_one_can():
    secret_vote, open_vote = vote(make.election(1)), vote(make.motion(1))
    sealed = boxed(secret_vote, write(secret_vote, content(secret_vote)))
    with pytest.raises(boxes.VoteKeyLost):
        boxes.open_ballot(sealed, secret_vote.questions, None, is_invalid=False)
    plain = boxed(open_vote, write(open_vote, content(open_vote)))
    ballot, secret = boxes.open_ballot(plain, open_vote.questions, None, is_invalid=False)
    assert (ballot.answers, secret) == (make.answers(open_vote), SECRET)


def test_a_flawed_paper_seals_nothing():
    held = vote(make.election(1))
    written = write(held, content(held, flaw=Flaw.UNSIGNED, answers=()))
    assert boxes.read_content(written).sealed == ""


# Keys


def test_the_keys_of_a_vote_have_nothing_in_common():
    found = [KEYS.sealing, KEYS.paper, KEYS.reading, KEYS.holder]
    assert len({*found, bytes(range(32))}) == 5


def test_codes_differ_by_voter_and_by_vote_and_read_in_any_case():
    one, other = new_id(), new_id()
    code = boxes.paper_code(KEYS, one)
    assert len(code) == 16
    assert code != boxes.paper_code(KEYS, other)
    assert code != boxes.paper_code(boxes.keys_of(bytes(32)), one)
    spaced = f" {code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]} ".lower()
    assert boxes.code_hash(spaced) == boxes.code_hash(code)


def test_a_holder_is_known_again_within_one_vote_only():
    one = boxes.holder_commitment(KEYS, "11010119900101123x")
    assert one == boxes.holder_commitment(KEYS, " 110101 19900101 123X ")
    assert one != boxes.holder_commitment(boxes.keys_of(bytes(32)), "11010119900101123X")


def test_readings_are_equal_for_equal_papers_only():
    held = vote(make.motion(1), make.election(2))

    def reading(**changes: object) -> bytes:
        command = EnterPaper(id=new_id(), code="A" * 16, scan=make.SCAN, **changes)  # type: ignore[arg-type]
        return boxes.reading_of(KEYS, held.questions, command)

    answers = make.answers(held)
    assert reading(answers=answers) == reading(answers=answers[::-1])
    different = [
        reading(answers=answers),
        reading(answers=make.answers(held, Choice.AGAINST)),
        reading(answers=answers[:1]),
        reading(flaw=Flaw.UNSIGNED),
        reading(flaw=Flaw.DAMAGED),
        reading(answers=answers, owner_id=new_id()),
        reading(answers=answers, proxy_id=new_id()),
    ]
    assert len(set(different)) == len(different)


# Chain and receipts


def test_the_box_begins_with_everything_that_was_frozen():
    held = vote(make.motion(1))
    starts = {
        boxes.genesis(COMPOUND, changed)
        for changed in (
            held,
            replace(held, policy=replace(held.policy, proxies_per_holder=9)),
            replace(held, roll_digest="00" * 32),
            replace(held, record_on=make.LISTED),
            replace(held, sealing_key="00" * 32),
            replace(held, is_rehearsal=True),
            replace(held, questions=(replace(held.questions[0], title="别的"),)),
        )
    }
    assert len(starts) == 7
    assert boxes.genesis(new_id(), held) not in starts
    running = replace(held, opens_at=make.OPENS, closes_at=make.CLOSES, box_size=3)
    assert boxes.genesis(COMPOUND, running) in starts


def test_a_receipt_is_a_note_that_anybody_verifies():
    held = vote(make.motion(1))
    kept = boxed(held, write(held, content(held)))
    receipt = boxes.receipt(COMPOUND, held.vote_id, kept, make.LOG_KEY)
    assert boxes.receipt(COMPOUND, held.vote_id, kept, make.LOG_KEY) == receipt
    origin = f"{COMPOUND}/votes/{held.vote_id}"
    public = make.LOG_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    text = notes.open_note(receipt.note, notes.Verifier(name=origin, public_key=public))
    assert text.splitlines() == [
        origin,
        "1",
        base64.b64encode(kept.digest).decode(),
        base64.b64encode(kept.chain).decode(),
        "2025-09-20T04:00:00Z",
    ]
    forged = receipt.note.replace("\n1\n", "\n2\n")
    with pytest.raises(notes.NoteInvalid):
        notes.open_note(forged, notes.Verifier(name=origin, public_key=public))


def test_an_edited_ballot_contradicts_every_later_receipt():
    voters = (voter(),)
    held = vote(make.motion(1), voters=voters)
    ballots: list[BoxedBallot] = []
    for sequence in (1, 2, 3):
        written = write(held, content(held, cast_at=make.VOTING + timedelta(minutes=sequence)))
        ballots.append(boxed(held, written, sequence))
        held = replace(held, box_size=sequence, box_head=ballots[-1].chain.hex())
    boxes.check_box(COMPOUND, held, voters, ballots)
    edited = write(held, content(held, Choice.AGAINST))
    start = replace(held, box_head=boxes.genesis(COMPOUND, held).hex())
    rewritten = [boxed(start, edited, 1)]
    for sequence, ballot in enumerate(ballots[1:], start=2):
        head = replace(held, box_head=rewritten[-1].chain.hex())
        rewritten.append(boxed(head, ballot.content, sequence))
    with pytest.raises(boxes.BoxBroken) as found:
        boxes.check_box(COMPOUND, held, voters, rewritten)
    assert found.value.place == "head"
    assert {one.chain for one in rewritten} & {one.chain for one in ballots} == set()
