"""The published count, ``trustprop/vote/v1``: what anyone recomputes, and what one owner can show.

Its canonical bytes are RFC 8785. The tree (RFC 6962) has the head as its first leaf, then the rows of
the register, then the slips; each leaf is the canonical bytes of what stands in the document.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.kernel.struct import Fact
from trustprop.votes.model.counting import (
    Choice,
    CountingPolicy,
    Question,
    Result,
    Seat,
    Standing,
    Weight,
)

FORMAT = "trustprop/vote/v1"
Hash = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
"""SHA-256 in lower-case hexadecimal digits."""


class RollTotals(Fact):
    digest: Hash
    """Of the roll of the record date with its names, hex; the roll itself is published masked."""
    heads: int
    area_dm2: int


class BoxHead(Fact):
    """The end of the ballot box: how many ballots, and the chain over all of them (hex)."""

    size: int
    head: Hash


class VoteHead(Fact):
    """What was asked, of whom, by which rules, and the box as it was counted."""

    type: str = FORMAT
    compound_id: UUID
    vote_id: UUID
    subject_id: UUID
    is_rehearsal: bool
    record_on: date
    opens_at: datetime
    closes_at: datetime
    counted_at: datetime
    roll: RollTotals
    policy: CountingPolicy
    questions: tuple[Question, ...]
    """By position."""
    box: BoxHead


class RegisterRow(Fact):
    """One voter who returned a ballot, or joins as silent; says nothing of a choice."""

    commitment: Hash
    """SHA-256 over salt, voter and vote, hex."""
    standing: Standing
    weights: tuple[Weight, ...]
    """In the scope of each question, in their order."""


class Slip(Fact):
    """One choice without its owner. A secret ballot makes one for the head and one per home."""

    id: Hash
    """SHA-256 over the voter's slip secret and what it answers, hex."""
    question_id: UUID
    candidate_id: UUID | None
    choice: Choice
    heads: int
    area_dm2: int


class Hiding(Fact):
    """How well the slips of a secret question hide their owners."""

    question_id: UUID
    smallest_group: int
    """So many slips are alike in head and area; whoever knows a home's area narrows it to these."""
    heads: int
    area_dm2: int
    """Of that group."""


class VoteDocument(Fact):
    head: VoteHead
    register: tuple[RegisterRow, ...]
    """By commitment."""
    slips: tuple[Slip, ...]
    """By question, candidate and id."""
    results: tuple[Result, ...]
    seats: tuple[Seat, ...]
    hiding: tuple[Hiding, ...]
    tree_size: int
    root: Hash


class LeafProof(Fact):
    """That a leaf stands in the tree."""

    leaf: str
    """Its canonical bytes, which are ASCII."""
    index: int
    proof: tuple[str, ...]
    """Hashes from the leaf's side up, hex."""


class ReceiptProof(Fact):
    """That a voter stands in the register; with the slips also how that voter chose.

    Without the slips it may be shown to anybody.
    """

    vote_id: UUID
    voter_id: UUID
    salt: str
    """Hex."""
    tree_size: int
    root: Hash
    register: LeafProof
    slips: tuple[LeafProof, ...] = ()
