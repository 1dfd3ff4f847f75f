"""The note under a published statement: the journal's own key attests the digest of every byte."""

import base64
from uuid import UUID

from trustprop.kernel.canonical import canonical_json
from trustprop.statements.model import Edition


def note_name(compound_id: UUID) -> str:
    """The key that signs checkpoints of the journal signs the statements over it."""
    return f"trustprop/journal/{compound_id}"


def note_text(compound_id: UUID, number: str, digest: bytes) -> str:
    """C2SP signed-note text: what, its number, its SHA-256."""
    return f"trustprop/statement/{compound_id}\n{number}\n{base64.b64encode(digest).decode()}\n"


def bundle(edition: Edition) -> bytes:
    """One RFC 8785 document of the three, made from their canonical bytes without parsing them."""
    note = canonical_json(edition.note)
    return b'{"journal":%b,"note":%b,"statement":%b}' % (edition.journal, note, edition.statement)
