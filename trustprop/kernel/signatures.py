"""Signatures of people over 32-byte digests: three kinds of key, one question, no network.

``ed25519``  public key: 32 bytes; signature: 64 bytes (RFC 8032) over the digest.
``p256``     a non-extractable key of a browser. Public key: the uncompressed point, 65 bytes; signature: r and s,
             64 bytes, ECDSA with SHA-256 (FIPS 186-5) over the digest as the message.
``webauthn`` a passkey (W3C Web Authentication, ES256). Public key: the point, then the SHA-256 of the relying party's
             id, 97 bytes in all, so that the key's own digest binds the site; signature: the RFC 8785 JSON of
             ``authenticator_data``, ``client_data`` and ``signature`` (base64url). The challenge is the digest
             itself and user verification is required, so an assertion serves for nothing else.
"""

import base64
import binascii
from enum import StrEnum

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.struct import Fact

POINT = 65
USER_PRESENT = 0x01
USER_VERIFIED = 0x04
MOST_BYTES = 4096
"""Of a signature; an assertion is well below it."""


class Scheme(StrEnum):
    ED25519 = "ed25519"
    P256 = "p256"
    WEBAUTHN = "webauthn"


class Assertion(Fact):
    """What a passkey says, as it is stored."""

    authenticator_data: str
    client_data: str
    signature: str


class ClientData(Fact):
    """Of the browser's own JSON, what counts; it may say more."""

    type: str
    challenge: str
    origin: str
    crossOrigin: bool = False  # noqa: N815 - W3C names it


def is_usable(scheme: Scheme, public_key: bytes) -> bool:
    """Whether these bytes are a public key of this kind that can vouch for anything."""
    if scheme is Scheme.ED25519:
        return len(public_key) == 32 and not _is_of_small_order(public_key)
    if len(public_key) != POINT + (32 if scheme is Scheme.WEBAUTHN else 0):
        return False
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public_key[:POINT])
    except ValueError:
        return False
    return public_key[0] == 4


def verify(scheme: Scheme, public_key: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether this key signed this 32-byte digest. Pure and offline."""
    assert len(digest) == 32
    if len(signature) > MOST_BYTES:
        return False
    try:
        if scheme is Scheme.ED25519:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, digest)
        elif scheme is Scheme.P256:
            _verify_p256(public_key, _der(signature), digest)
        else:
            _verify_passkey(public_key, digest, signature)
    except (InvalidSignature, ValueError, binascii.Error, msgspec.MsgspecError):
        return False
    return True


def _verify_p256(point: bytes, der: bytes, message: bytes) -> None:
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    key.verify(der, message, ECDSA(SHA256()))


def _der(signature: bytes) -> bytes:
    """R and s, 32 bytes each, as browsers write them."""
    if len(signature) != 64:
        raise ValueError("not r and s of P-256")
    r, s = (int.from_bytes(signature[i : i + 32], "big") for i in (0, 32))
    return encode_dss_signature(r, s)


def _verify_passkey(public_key: bytes, digest: bytes, signature: bytes) -> None:
    assertion = msgspec.json.decode(signature, type=Assertion)
    if canonical_json(assertion) != signature:
        raise ValueError("not in canonical form")
    authenticator = from_base64url(assertion.authenticator_data)
    client = from_base64url(assertion.client_data)
    told = msgspec.json.decode(client, type=ClientData)
    flags = authenticator[32] if len(authenticator) >= 37 else 0
    if authenticator[:32] != public_key[POINT:]:
        raise ValueError("another relying party")
    if not flags & USER_PRESENT or not flags & USER_VERIFIED:
        raise ValueError("the user was not verified")
    if told.type != "webauthn.get" or told.crossOrigin:
        raise ValueError("not an assertion of our own page")
    if from_base64url(told.challenge) != digest:
        raise ValueError("another challenge")
    signed = authenticator + sha256(client)
    _verify_p256(public_key[:POINT], from_base64url(assertion.signature), signed)


def from_base64url(text: str) -> bytes:
    """Without padding, and only the one spelling that encoding gives. Raises ValueError."""
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(content) != text:
        raise ValueError("not base64url")
    return content


def to_base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


_SMALL_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


def _is_of_small_order(public_key: bytes) -> bool:
    """Points for which anybody can make a signature that verifies over any message."""
    return public_key[:31] + bytes([public_key[31] & 0x7F]) in _SMALL_ORDER
