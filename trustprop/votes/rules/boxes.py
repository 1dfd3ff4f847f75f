"""The box: canonical ballots, their chain and receipts, and answers sealed until the count.

Everything that is secret comes as an argument. A vote has one secret of 32 bytes in the vault; its keys
follow from it, and with it go the sealed answers, the codes of the papers and the comparison of readings.
"""

import base64
import hmac
import unicodedata
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from trustprop.kernel.canonical import canonical_json, digest, prefixed, sha256
from trustprop.kernel.errors import N_, Conflict
from trustprop.kernel.notes import sign_note
from trustprop.kernel.periods import utc
from trustprop.kernel.struct import Fact
from trustprop.votes.model.counting import Ballot, BallotAnswer, Choice, Question, Voter
from trustprop.votes.model.holding import (
    BallotContent,
    BallotReceipt,
    BoxedBallot,
    EnterPaper,
    SealedAnswers,
    Vote,
)
from trustprop.votes.rules.counting import items_of
from trustprop.votes.rules.holding import roll_digest

BALLOT = "trustprop/ballot/v1"
_NONCE = bytes(12)
"""Every ballot is sealed under a key of its own, so the nonce need not differ."""
_LETTERS = {Choice.FOR: "f", Choice.AGAINST: "a", Choice.ABSTAIN: "x"}
_CHOICES = {letter: choice for choice, letter in _LETTERS.items()}
_BLANK = "-"


class BoxBroken(Conflict):
    code = "ballot-box-broken"
    detail = N_(
        "The ballot box was changed outside the service, first at {place}; nothing is counted."
    )
    place: str
    """``ballot 17``, ``roll``, ``head`` or ``end``."""


class VoteKeyLost(Conflict):
    code = "vote-key-lost"
    detail = N_(
        "The key that opens the secret answers of this vote is lost: they cannot be counted by "
        "anybody, and the secret questions must be voted again."
    )


class VoteKeys(Fact):
    """What follows from the secret of a vote."""

    sealing: bytes
    """X25519 private key."""
    paper: bytes
    reading: bytes
    holder: bytes
    retry: bytes


# Keys


def keys_of(secret: bytes) -> VoteKeys:
    return VoteKeys(
        sealing=_derive(secret, b"trustprop/votes/sealing/v1"),
        paper=_derive(secret, b"trustprop/votes/paper/v1"),
        reading=_derive(secret, b"trustprop/votes/reading/v1"),
        holder=_derive(secret, b"trustprop/votes/holder/v1"),
        retry=_derive(secret, b"trustprop/votes/retry/v1"),
    )


def public_of(keys: VoteKeys) -> bytes:
    return _public(X25519PrivateKey.from_private_bytes(keys.sealing))


def paper_code(keys: VoteKeys, voter_id: UUID) -> str:
    """Sixteen letters and digits (80 bits): the same for every print of a voter's paper."""
    return base64.b32encode(hmac.digest(keys.paper, voter_id.bytes, "sha256")[:10]).decode()


def code_hash(code: str) -> bytes:
    return sha256(code.strip().replace("-", "").upper().encode())


def holder_commitment(keys: VoteKeys, identity_number: str) -> bytes:
    """Equal for the same holder of proxies in one vote, and worthless without the key."""
    plain = unicodedata.normalize("NFKC", identity_number).upper()
    number = "".join(sign for sign in plain if sign.isalnum())
    return hmac.digest(keys.holder, number.encode(), "sha256")


def reading_of(keys: VoteKeys, questions: Sequence[Question], command: EnterPaper) -> bytes:
    """Equal for equal readings of one paper; says nothing without the key, and nothing about other papers.

    Questions answered by abstaining and by a blank read the same, because they count the same.
    """
    read = {
        "paper": code_hash(command.code).hex(),
        "flaw": command.flaw,
        "owner_id": command.owner_id,
        "proxy_id": command.proxy_id,
        "choices": "" if command.flaw else _spelt(questions, command.answers),
    }
    return hmac.digest(keys.reading, canonical_json(read), "sha256")


def _spelt(questions: Sequence[Question], answers: Iterable[BallotAnswer]) -> str:
    return _letters(questions, answers).replace(_BLANK, _LETTERS[Choice.ABSTAIN])


# The chain


def genesis(compound_id: UUID, vote: Vote) -> bytes:
    """Where the chain begins: every receipt stands for the roll, the questions and the policy too."""
    return digest(
        {
            "type": "trustprop/vote-box/v1",
            "compound_id": compound_id,
            "vote_id": vote.vote_id,
            "subject_id": vote.subject_id,
            "is_rehearsal": vote.is_rehearsal,
            "record_on": vote.record_on,
            "roll_digest": vote.roll_digest,
            "policy": vote.policy,
            "questions": vote.questions,
            "sealing_key": vote.sealing_key,
        }
    )


def chain(before: bytes, ballot_digest: bytes) -> bytes:
    return sha256(before + ballot_digest)


def check_box(
    compound_id: UUID, vote: Vote, voters: Sequence[Voter], ballots: Sequence[BoxedBallot]
) -> None:
    """Recomputes roll, chain and ballots from the rows. Raises BoxBroken naming the first edited one."""
    if roll_digest(compound_id, vote.record_on, voters).hex() != vote.roll_digest:
        raise BoxBroken(place="roll")
    head = genesis(compound_id, vote)
    for sequence, ballot in enumerate(sorted(ballots, key=lambda one: one.sequence), start=1):
        head = chain(head, ballot.digest)
        if not (
            ballot.sequence == sequence
            and ballot.digest == sha256(ballot.content)
            and ballot.chain == head
            and _says_the_same(compound_id, vote.vote_id, ballot)
        ):
            raise BoxBroken(place=f"ballot {sequence}")
    if len(ballots) != vote.box_size:
        raise BoxBroken(place="end")
    if head.hex() != vote.box_head:
        raise BoxBroken(place="head")


def _says_the_same(compound_id: UUID, vote_id: UUID, ballot: BoxedBallot) -> bool:
    """Whether the columns of a row say what its bytes say."""
    content = read_content(ballot.content)
    return (
        content.compound_id,
        content.vote_id,
        content.ballot_id,
        content.voter_id,
        content.owner_id,
        content.channel,
        content.proxy_id,
        content.cast_at,
        content.flaw,
        bool(content.sealed),
    ) == (
        compound_id,
        vote_id,
        ballot.ballot_id,
        ballot.voter_id,
        ballot.owner_id,
        ballot.channel,
        ballot.proxy_id,
        ballot.cast_at,
        ballot.flaw,
        ballot.is_sealed,
    )


def receipt(
    compound_id: UUID, vote_id: UUID, ballot: BoxedBallot, log_key: Ed25519PrivateKey
) -> BallotReceipt:
    """The place of a ballot, signed; the same however often it is asked for."""
    origin = f"{compound_id}/votes/{vote_id}"
    lines = (
        origin,
        str(ballot.sequence),
        base64.b64encode(ballot.digest).decode(),
        base64.b64encode(ballot.chain).decode(),
        utc(ballot.cast_at),
    )
    return BallotReceipt(
        vote_id=vote_id,
        voter_id=ballot.voter_id,
        ballot_id=ballot.ballot_id,
        sequence=ballot.sequence,
        cast_at=ballot.cast_at,
        digest=ballot.digest.hex(),
        chain=ballot.chain.hex(),
        note=sign_note("\n".join(lines) + "\n", origin, log_key),
    )


# Answers


def write_content(
    content: BallotContent,
    questions: Sequence[Question],
    secret: bytes,
    sealing_key: bytes,
    ephemeral: bytes,
) -> bytes:
    """The canonical bytes of a ballot. ``content`` has all answers; the secret ones get sealed.

    ``ephemeral`` is 32 fresh random bytes, used for this ballot only and kept nowhere.
    """
    secrets = [question for question in questions if question.is_secret]
    kept = base64.b64encode(secret).decode()
    if not secrets or content.flaw is not None:
        return canonical_json(msgspec.structs.replace(content, secret=kept))
    hidden = {question.question_id for question in secrets}
    sealed = SealedAnswers(secret=kept, choices=_letters(secrets, content.answers))
    box = seal(sealing_key, ephemeral, canonical_json(sealed), content.ballot_id.bytes)
    return canonical_json(
        msgspec.structs.replace(
            content,
            answers=tuple(one for one in content.answers if one.question_id not in hidden),
            secret="",
            sealed=base64.b64encode(box).decode(),
        )
    )


def read_content(content: bytes) -> BallotContent:
    return msgspec.json.decode(content, type=BallotContent)


def open_ballot(
    boxed: BoxedBallot, questions: Sequence[Question], keys: VoteKeys | None, *, is_invalid: bool
) -> tuple[Ballot, bytes]:
    """The ballot as the count wants it, with its caster's secret. Raises VoteKeyLost."""
    content = read_content(boxed.content)
    answers, secret = content.answers, content.secret
    if content.sealed:
        if keys is None:
            raise VoteKeyLost
        plain = unseal(keys.sealing, base64.b64decode(content.sealed), boxed.ballot_id.bytes)
        sealed = msgspec.json.decode(plain, type=SealedAnswers)
        hidden = [question for question in questions if question.is_secret]
        answers, secret = (*answers, *_answers(hidden, sealed.choices)), sealed.secret
    ballot = Ballot(
        ballot_id=boxed.ballot_id,
        sequence=boxed.sequence,
        voter_id=boxed.voter_id,
        owner_id=boxed.owner_id,
        channel=boxed.channel,
        cast_at=boxed.cast_at,
        answers=answers,
        is_invalid=is_invalid,
    )
    return ballot, base64.b64decode(secret)


def seal(public_key: bytes, ephemeral: bytes, plain: bytes, context: bytes) -> bytes:
    """X25519, HKDF-SHA256 and ChaCha20-Poly1305: only the private half of the vote's key opens it."""
    own = X25519PrivateKey.from_private_bytes(ephemeral)
    shared = own.exchange(X25519PublicKey.from_public_bytes(public_key))
    key = _box_key(shared, _public(own), public_key, context)
    return _public(own) + ChaCha20Poly1305(key).encrypt(_NONCE, plain, context)


def unseal(private_key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Raises VoteKeyLost unless this key opens it."""
    own = X25519PrivateKey.from_private_bytes(private_key)
    sender = sealed[:32]
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(sender))
        key = _box_key(shared, sender, _public(own), context)
        return ChaCha20Poly1305(key).decrypt(_NONCE, sealed[32:], context)
    except (InvalidTag, ValueError):
        raise VoteKeyLost from None


def _letters(questions: Iterable[Question], answers: Iterable[BallotAnswer]) -> str:
    """One letter for every cross that the questions ask for, in the order of the ballot."""
    given = {(one.question_id, one.candidate_id): _LETTERS[one.choice] for one in answers}
    return "".join(given.get(item, _BLANK) for question in questions for item in items_of(question))


def _answers(questions: Iterable[Question], letters: str) -> tuple[BallotAnswer, ...]:
    items = [item for question in questions for item in items_of(question)]
    return tuple(
        BallotAnswer(question_id=item[0], candidate_id=item[1], choice=_CHOICES[letter])
        for item, letter in zip(items, letters, strict=True)
        if letter != _BLANK
    )


def _box_key(shared: bytes, sender: bytes, receiver: bytes, context: bytes) -> bytes:
    return _derive(shared, prefixed(b"trustprop/votes/seal/v1", context), sender + receiver)


def _derive(secret: bytes, info: bytes, salt: bytes | None = None) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def _public(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
