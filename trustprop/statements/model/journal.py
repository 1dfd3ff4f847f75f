"""The journal beside the statement: what a reader needs to recompute it without asking anybody."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from trustprop.kernel.struct import Fact
from trustprop.ledger.model import AttestedEntry, Balance


class JournalEntry(AttestedEntry):
    """An entry of the month: what its leaf attests, and of the rest what may be shown."""

    number: int
    """Gapless per compound; the leaf's index is one less."""
    memo: str | None = None
    """None where the words could name a person; the commitment still stands in the leaf."""
    memo_opening: str | None = None
    """Hexadecimal; shows that the memo is the one committed to."""
    proof: tuple[str, ...] | None = None
    """Inclusion proof against the sealed root, for an entry older than the leaves of this journal."""


class PublicSignature(Fact):
    """A signature and the key that checks it."""

    party: str
    office: str
    key_id: str
    """SHA-256 of the public key, hexadecimal."""
    scheme: str
    public_key: str
    signature: str
    signed_at: datetime


class SignedAct(Fact):
    """An act of both sides: its payload, what was signed, and by which keys."""

    act_id: UUID
    kind: str
    entry_number: int | None
    """The entry that the last signature posted; None for the act that closes the month."""
    payload: str | None
    """Base64 of the stored bytes; None where they would name a natural person."""
    digest: str
    signatures: tuple[PublicSignature, ...]


class Journal(Fact):
    """Everything attested: the month's entries, the tree around them, and the signed acts."""

    type: Literal["trustprop/journal/v1"] = "trustprop/journal/v1"
    compound_id: UUID
    period: str
    previous_tree_size: int
    previous_frontier: tuple[str, ...]
    """Peaks of the tree sealed before, by level; empty where a level has none."""
    leaves: tuple[str, ...]
    """Leaf hashes from the previous size to the sealed size; entries of other months are among them."""
    tree_size: int
    root: str
    checkpoint: str
    log_key: str
    """The verifier key of the checkpoint, as C2SP writes it."""
    opening: tuple[Balance, ...]
    """Debit positive, before the month; the opening entry of new books is among the entries."""
    closing: tuple[Balance, ...]
    entries: tuple[JournalEntry, ...]
    close_act: SignedAct
    payments: tuple[SignedAct, ...]
