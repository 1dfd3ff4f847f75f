"""The note under a published statement: the journal's own key attests the digest of every byte."""

import base64
from uuid import UUID


def note_name(compound_id: UUID) -> str:
    """The key that signs checkpoints of the journal signs the statements over it."""
    return f"trustprop/journal/{compound_id}"


def note_text(compound_id: UUID, number: str, digest: bytes) -> str:
    """C2SP signed-note text: what, its number, its SHA-256."""
    return f"trustprop/statement/{compound_id}\n{number}\n{base64.b64encode(digest).decode()}\n"


def bundle(statement_json: bytes, journal_json: bytes, note_json: bytes) -> bytes:
    """One RFC 8785 document of the three, made from their canonical bytes without parsing them."""
    return b'{"journal":%b,"note":%b,"statement":%b}' % (journal_json, note_json, statement_json)
