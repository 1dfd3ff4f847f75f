"""Checkpoints: C2SP signed notes over the size and root of the journal's tree.

Formats: https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint, Ed25519 (type 0x01) only.
"""

import base64
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustprop.kernel.notes import (
    NoteInvalid,
    Verifier,
    from_base64,
    open_note,
    sign_note,
    verifier_of,
)
from trustprop.kernel.struct import Fact

__all__ = [
    "Checkpoint",
    "NoteInvalid",
    "Verifier",
    "open_checkpoint",
    "open_note",
    "origin",
    "sign_checkpoint",
    "sign_note",
    "verifier_of",
]


class Checkpoint(Fact):
    origin: str
    tree_size: int
    root: bytes


def origin(compound_id: UUID) -> str:
    """The name of a compound's journal, which is the name of the key in its notes too."""
    return f"trustprop/journal/{compound_id}"


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    encoded = base64.b64encode(checkpoint.root).decode()
    text = f"{checkpoint.origin}\n{checkpoint.tree_size}\n{encoded}\n"
    return sign_note(text, checkpoint.origin, key)


def open_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """Raises NoteInvalid unless the note is a checkpoint that this key signed."""
    lines = open_note(note, verifier).split("\n")
    if len(lines) < 4 or not lines[0] or "" in lines[:-1]:
        raise NoteInvalid("not a checkpoint")
    size = lines[1]
    if not (size.isascii() and size.isdigit()) or (size[0] == "0" and size != "0"):
        raise NoteInvalid("not a tree size")
    root = from_base64(lines[2])
    if len(root) != 32:
        raise NoteInvalid("not a root")
    return Checkpoint(origin=lines[0], tree_size=int(size), root=root)
