"""Signed notes (https://c2sp.org/signed-note), Ed25519 (type 0x01) only."""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from trustprop.kernel.struct import Fact

_ED25519 = b"\x01"
_DASH = "— "
_MOST_SIGNATURES = 100


class NoteInvalid(ValueError):
    """The text is not a note, or no signature of the key stands under it, or it does not verify."""


class Verifier(Fact):
    """A named Ed25519 public key, as notes know it."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        content = self.name.encode() + b"\n" + _ED25519 + self.public_key
        return hashlib.sha256(content).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(_ED25519 + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Raises NoteInvalid unless the text is ``name+key id+key`` and they belong together."""
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise NoteInvalid("not a verifier key")
        name, key_id, encoded = parts
        content = from_base64(encoded)
        if not name or len(content) != 33 or content[:1] != _ED25519:
            raise NoteInvalid("not an Ed25519 verifier key")
        verifier = cls(name=name, public_key=content[1:])
        if verifier.key_id.hex() != key_id:
            raise NoteInvalid("the key id is not of this name and key")
        return verifier


def verifier_of(name: str, key: Ed25519PrivateKey) -> Verifier:
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Verifier(name=name, public_key=public)


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The note: the text, an empty line, and one signature line."""
    assert text.endswith("\n"), "a note's text ends with a line feed"
    assert "\n\n" not in text
    signature = verifier_of(name, key).key_id + key.sign(text.encode())
    return f"{text}\n{_DASH}{name} {base64.b64encode(signature).decode()}\n"


def open_note(note: str, verifier: Verifier) -> str:
    """The text of a note, verified. Raises NoteInvalid.

    Signatures of unknown keys are passed over; one of this key that does not verify refuses the note.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise NoteInvalid("not a note")
    lines = signatures[:-1].split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise NoteInvalid("too many signatures")
    text += "\n"
    for name, key_id, signature in [_parse_signature(line) for line in lines]:
        if (name, key_id) == (verifier.name, verifier.key_id):
            _check_signature(verifier, text, signature)
            return text
    raise NoteInvalid("not signed by this key")


def _check_signature(verifier: Verifier, text: str, signature: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public_key).verify(signature, text.encode())
    except InvalidSignature:
        raise NoteInvalid("the signature does not verify") from None


def _parse_signature(line: str) -> tuple[str, bytes, bytes]:
    name, separator, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator or not name or "+" in name:
        raise NoteInvalid("not a signature line")
    content = from_base64(encoded)
    if len(content) < 5:
        raise NoteInvalid("not a signature")
    return name, content[:4], content[4:]


def from_base64(text: str) -> bytes:
    """Only the one spelling that encoding gives, so that no byte of a note can change."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid("not base64") from None
    if base64.b64encode(content).decode() != text:
        raise NoteInvalid("not canonical base64")
    return content
