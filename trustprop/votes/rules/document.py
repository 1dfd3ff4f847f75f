"""The published count: drawn up from the poll, rebuilt from its own rows, and one owner's place in it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from trustprop.kernel import merkle
from trustprop.kernel.canonical import canonical_json, prefixed, sha256
from trustprop.kernel.errors import N_, NotFound
from trustprop.kernel.struct import Fact
from trustprop.votes.model.counting import (
    Ballot,
    BallotAnswer,
    Choice,
    Count,
    Poll,
    Question,
    Standing,
    Voter,
    VoterHome,
    Weight,
)
from trustprop.votes.model.document import (
    Hiding,
    LeafProof,
    ReceiptProof,
    RegisterRow,
    Slip,
    VoteDocument,
    VoteHead,
)
from trustprop.votes.rules.counting import homes_in, items_of, silent_voters, weight_in

NO_SALT = b""
"""Of a silent voter, who has no receipt: the row opens by the voter's id alone."""


class NotInCount(NotFound):
    code = "not-in-count"
    detail = N_("The count has no row for this voter and this secret.")


# What hides a voter


def salt_of(secret: bytes) -> bytes:
    """What opens a voter's row and may be shown; the secret of the ballot does not follow from it."""
    return sha256(prefixed(b"trustprop/vote-salt/v1", secret))


def slip_secret_of(secret: bytes) -> bytes:
    """What finds a voter's slips, and so tells the choices; kept by the voter alone."""
    return sha256(prefixed(b"trustprop/vote-slips/v1", secret))


def row_commitment(salt: bytes, voter_id: UUID, vote_id: UUID) -> str:
    return sha256(prefixed(salt, voter_id.bytes, vote_id.bytes)).hex()


def slip_id(
    slip_secret: bytes, voter_id: UUID, question_id: UUID, candidate_id: UUID | None, part: int
) -> str:
    """The voter is inside, so that two who agree on one secret cannot make equal slips."""
    candidate = candidate_id.bytes if candidate_id else b""
    parts = (slip_secret, voter_id.bytes, question_id.bytes, candidate, part.to_bytes(4, "big"))
    return sha256(prefixed(*parts)).hex()


# Drawing up


def draw_document(
    head: VoteHead, poll: Poll, counted: Count, secrets: Mapping[UUID, bytes]
) -> VoteDocument:
    """The count as it is published. ``secrets`` are those of the ballots, by ballot.

    A voter's row and slips hang on the secret of the ballot that stands, or of the first one where
    none does.
    """
    assert head.questions == tuple(sorted(poll.questions, key=lambda one: one.position))
    assert head.policy == poll.policy
    voters = {voter.voter_id: voter for voter in poll.voters}
    speaking = _speaking(poll.ballots, counted)
    register, slips = [], []
    for voter_id, ballot in speaking.items():
        voter, secret = voters[voter_id], secrets[ballot.ballot_id]
        standing = counted.standing[voter_id]
        register.append(_row(head, voter, salt_of(secret), standing))
        if standing is Standing.COUNTED:
            slips += _slips(head.questions, voter, ballot.answers, slip_secret_of(secret))
    silent = (voters[voter_id] for voter_id in silent_voters(poll))
    register += [_row(head, voter, NO_SALT, Standing.SILENT) for voter in silent]
    register.sort(key=lambda row: row.commitment)
    slips.sort(key=slip_order)
    leaves = leaves_of(head, register, slips)
    return VoteDocument(
        head=head,
        register=tuple(register),
        slips=tuple(slips),
        results=counted.results,
        seats=counted.seats,
        hiding=hiding(head.questions, slips),
        tree_size=len(leaves),
        root=merkle.root(merkle.leaf_hash(leaf) for leaf in leaves).hex(),
    )


def _speaking(ballots: Iterable[Ballot], counted: Count) -> dict[UUID, Ballot]:
    """By voter, the ballot that stands, or the first in the box."""
    found: dict[UUID, Ballot] = {}
    for ballot in sorted(ballots, key=lambda ballot: ballot.sequence):
        if ballot.ballot_id in counted.standing_ballots:
            found[ballot.voter_id] = ballot
        else:
            found.setdefault(ballot.voter_id, ballot)
    return found


def _row(head: VoteHead, voter: Voter, salt: bytes, standing: Standing) -> RegisterRow:
    return RegisterRow(
        commitment=row_commitment(salt, voter.voter_id, head.vote_id),
        standing=standing,
        weights=tuple(weight_in(voter, question) for question in head.questions),
    )


def _slips(
    questions: Iterable[Question], voter: Voter, answers: Iterable[BallotAnswer], secret: bytes
) -> list[Slip]:
    chosen = {(answer.question_id, answer.candidate_id): answer.choice for answer in answers}
    return [
        Slip(
            id=slip_id(secret, voter.voter_id, question_id, candidate_id, part),
            question_id=question_id,
            candidate_id=candidate_id,
            choice=chosen.get((question_id, candidate_id), Choice.ABSTAIN),
            heads=weight.heads,
            area_dm2=weight.area_dm2,
        )
        for question in questions
        for question_id, candidate_id in items_of(question)
        for part, weight in enumerate(_parts(question, homes_in(voter, question)))
    ]


def _parts(question: Question, homes: Sequence[VoterHome]) -> list[Weight]:
    """A secret ballot falls apart, so that several homes together do not give their owner away."""
    if not homes:
        return []
    if question.is_secret:
        areas = [Weight(heads=0, area_dm2=home.area_dm2) for home in homes]
        return [Weight(heads=1, area_dm2=0), *areas]
    return [Weight(heads=1, area_dm2=sum(home.area_dm2 for home in homes))]


def slip_order(slip: Slip) -> tuple[str, str, str]:
    return str(slip.question_id), str(slip.candidate_id or ""), slip.id


def hiding(questions: Iterable[Question], slips: Sequence[Slip]) -> tuple[Hiding, ...]:
    """Of every secret question with slips, the smallest group of slips that look alike."""
    found = []
    for question in questions:
        if not question.is_secret:
            continue
        item = items_of(question)[0]
        alike = Counter(
            (slip.heads, slip.area_dm2)
            for slip in slips
            if (slip.question_id, slip.candidate_id) == item
        )
        if alike:
            (heads, area_dm2), size = min(alike.items(), key=lambda group: (group[1], group[0]))
            one = Hiding(
                question_id=question.question_id,
                smallest_group=size,
                heads=heads,
                area_dm2=area_dm2,
            )
            found.append(one)
    return tuple(found)


# The bytes and the tree


def document_bytes(document: VoteDocument) -> bytes:
    """Its RFC 8785 bytes. Names are ASCII and numbers small and whole, so sorted compact JSON is them."""
    return msgspec.json.encode(document, order="sorted")


def leaves_of(
    head: VoteHead, register: Iterable[RegisterRow], slips: Iterable[Slip]
) -> list[bytes]:
    """The contents of the leaves in their order."""
    return [canonical_json(head), *map(_leaf, register), *map(_leaf, slips)]


def _leaf(row: RegisterRow | Slip) -> bytes:
    return msgspec.json.encode(row, order="sorted")


# One voter's place


class _Tree(Fact):
    """Hashes of the leaves, and what is proved by them."""

    hashes: list[bytes]

    def prove(self, leaf: bytes, index: int) -> LeafProof:
        assert self.hashes[index] == merkle.leaf_hash(leaf)
        ranges = merkle.inclusion_ranges(index, len(self.hashes))
        siblings = (merkle.root(self.hashes[start:end]).hex() for start, end in ranges)
        return LeafProof(leaf=leaf.decode(), index=index, proof=tuple(siblings))


def receipt_proof(
    document: VoteDocument, salt: bytes, voter_id: UUID, slip_secret: bytes | None
) -> ReceiptProof:
    """That a voter stands in the register, and with the slip secret every slip of theirs.

    Raises NotInCount.
    """
    head = document.head
    commitment = row_commitment(salt, voter_id, head.vote_id)
    rows = {row.commitment: index for index, row in enumerate(document.register)}
    if commitment not in rows:
        raise NotInCount
    leaves = leaves_of(head, document.register, document.slips)
    tree = _Tree(hashes=[merkle.leaf_hash(leaf) for leaf in leaves])
    place = rows[commitment] + 1
    slips = []
    if slip_secret is not None:
        first = len(document.register) + 1
        slips = [
            tree.prove(leaves[first + index], first + index)
            for index in _own_slips(document, slip_secret, voter_id)
        ]
    return ReceiptProof(
        vote_id=head.vote_id,
        voter_id=voter_id,
        salt=salt.hex(),
        tree_size=document.tree_size,
        root=document.root,
        register=tree.prove(leaves[place], place),
        slips=tuple(slips),
    )


def _own_slips(document: VoteDocument, slip_secret: bytes, voter_id: UUID) -> list[int]:
    """In the order of the ballot, and of the homes."""
    places = {slip.id: index for index, slip in enumerate(document.slips)}
    found = []
    for question in document.head.questions:
        for question_id, candidate_id in items_of(question):
            part = 0
            own = slip_id(slip_secret, voter_id, question_id, candidate_id, part)
            while own in places:
                found.append(places[own])
                part += 1
                own = slip_id(slip_secret, voter_id, question_id, candidate_id, part)
    return found


def check_receipt(proof: ReceiptProof, root: str) -> bool:
    """Whether the row is this voter's, and it and every slip stand in the tree of this root."""
    row = msgspec.json.decode(proof.register.leaf, type=RegisterRow)
    salt = bytes.fromhex(proof.salt)
    return (
        proof.root == root
        and row.commitment == row_commitment(salt, proof.voter_id, proof.vote_id)
        and all(_stands(leaf, proof) for leaf in (proof.register, *proof.slips))
    )


def _stands(leaf: LeafProof, proof: ReceiptProof) -> bool:
    return merkle.verify_inclusion(
        merkle.leaf_hash(leaf.leaf.encode()),
        leaf.index,
        proof.tree_size,
        [bytes.fromhex(sibling) for sibling in leaf.proof],
        bytes.fromhex(proof.root),
    )
