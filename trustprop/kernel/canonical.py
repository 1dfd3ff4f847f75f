"""Canonical bytes and digests: what two machines must agree on to the last bit."""

import hashlib
from typing import Any

import msgspec
import rfc8785


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def canonical_json(document: Any) -> bytes:
    """RFC 8785 bytes of a Struct or of plain JSON values; floats are refused by an assert."""
    plain = msgspec.to_builtins(document, str_keys=True)
    _refuse_floats(plain)
    return rfc8785.dumps(plain)


def digest(document: Any) -> bytes:
    """SHA-256 of the RFC 8785 bytes."""
    return sha256(canonical_json(document))


def _refuse_floats(value: Any) -> None:
    assert not isinstance(value, float), "money, areas and ratios are integers"
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_floats(item)


def prefixed(*parts: bytes) -> bytes:
    """Length-prefixed concatenation (4 bytes, big-endian), so that no two lists share bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
