"""Signatures of people: published vectors, and everything that must not pass for one."""

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from trustprop.kernel import signatures
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.signatures import Assertion, Scheme, is_usable, to_base64url, verify

DIGEST = sha256(b"12,340.00 to a lift firm")
SITE = sha256(b"compound.example")

# RFC 6979, A.2.5: P-256, SHA-256, message "sample"
POINT = bytes.fromhex(
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)
R_AND_S = bytes.fromhex(
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
)


def test_the_vector_of_rfc_6979_verifies() -> None:
    signatures._verify_p256(POINT, signatures._der(R_AND_S), b"sample")
    assert is_usable(Scheme.P256, POINT)


def test_the_vector_of_rfc_8032_verifies() -> None:
    """7.1, SHA(abc) aside: test 2 signs one byte, so the library is asked directly."""
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    assert key.public_key().public_bytes_raw().hex() == (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    )
    signed = key.sign(DIGEST)
    assert verify(Scheme.ED25519, key.public_key().public_bytes_raw(), DIGEST, signed)


def point(key: EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def r_and_s(key: EllipticCurvePrivateKey, message: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(message, ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def test_a_browsers_own_key_signs_one_digest() -> None:
    key = generate_private_key(SECP256R1())
    signed = r_and_s(key, DIGEST)
    assert verify(Scheme.P256, point(key), DIGEST, signed)
    assert not verify(Scheme.P256, point(key), sha256(DIGEST), signed)
    assert not verify(Scheme.P256, POINT, DIGEST, signed)
    assert not verify(Scheme.P256, point(key), DIGEST, signed[:-1])
    assert not verify(Scheme.P256, point(key), DIGEST, bytes(64))


def assertion(key: EllipticCurvePrivateKey, **changed: Any) -> bytes:
    """What a browser and its authenticator answer for DIGEST on our page."""
    told = {
        "type": "webauthn.get",
        "challenge": to_base64url(DIGEST),
        "origin": "https://compound.example",
        "crossOrigin": False,
    } | changed.get("client", {})
    client = msgspec.json.encode(told)
    flags = changed.get("flags", 0x05)
    authenticator = changed.get("site", SITE) + bytes([flags]) + bytes(4)
    signed = key.sign(authenticator + sha256(client), ECDSA(SHA256()))
    return canonical_json(
        Assertion(
            authenticator_data=to_base64url(authenticator),
            client_data=to_base64url(client),
            signature=to_base64url(signed),
        )
    )


def test_a_passkey_signs_one_digest_for_one_site() -> None:
    key = generate_private_key(SECP256R1())
    public = point(key) + SITE
    assert is_usable(Scheme.WEBAUTHN, public)
    signed = assertion(key)
    assert verify(Scheme.WEBAUTHN, public, DIGEST, signed)
    assert not verify(Scheme.WEBAUTHN, public, sha256(DIGEST), signed)
    assert not verify(Scheme.WEBAUTHN, point(key) + sha256(b"evil.example"), DIGEST, signed)
    assert not verify(Scheme.WEBAUTHN, POINT + SITE, DIGEST, signed)


@pytest.mark.parametrize(
    "changed",
    [
        {"flags": 0x01},
        {"flags": 0x04},
        {"flags": 0x00},
        {"site": sha256(b"evil.example")},
        {"client": {"type": "webauthn.create"}},
        {"client": {"challenge": to_base64url(sha256(b"another order"))}},
        {"client": {"challenge": "not base64url!"}},
        {"client": {"crossOrigin": True}},
    ],
    ids=[
        "unverified user",
        "absent user",
        "nobody",
        "site",
        "creation",
        "challenge",
        "text",
        "frame",
    ],
)
def test_an_assertion_of_anything_else_is_none(changed: dict[str, Any]) -> None:
    key = generate_private_key(SECP256R1())
    assert not verify(Scheme.WEBAUTHN, point(key) + SITE, DIGEST, assertion(key, **changed))


def test_an_assertion_has_one_spelling() -> None:
    key = generate_private_key(SECP256R1())
    signed = assertion(key)
    for other in (signed + b" ", signed.replace(b":", b": ", 1), b"[]", b"", bytes(5000)):
        assert not verify(Scheme.WEBAUTHN, point(key) + SITE, DIGEST, other)


@pytest.mark.parametrize(
    ("scheme", "public"),
    [
        (Scheme.P256, bytes(65)),
        (Scheme.P256, b"\x04" + bytes(64)),
        (Scheme.P256, POINT[:-1]),
        (Scheme.P256, POINT[:-1] + bytes([POINT[-1] ^ 1])),
        (Scheme.WEBAUTHN, POINT),
        (Scheme.WEBAUTHN, POINT + SITE[:-1]),
        (Scheme.ED25519, POINT),
        (Scheme.ED25519, bytes(32)),
    ],
)
def test_what_is_no_key_is_not_usable(scheme: Scheme, public: bytes) -> None:
    assert not is_usable(scheme, public)
