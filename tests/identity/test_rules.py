"""Second factor, tokens, lockout, possession and signatures, against published vectors first."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make.ground import SEPTEMBER, new_id
from tests.make.identity import make_signing_key
from trustprop.identity import rules
from trustprop.identity.model import (
    ApiKey,
    CreateApiKey,
    CredentialKind,
    Failures,
    KeyState,
    ProveKey,
    RegisterPerson,
    RotateApiKey,
    Scheme,
    SigningKey,
)
from trustprop.kernel.canonical import canonical_json
from trustprop.kernel.errors import FieldsInvalid

COMPOUND = UUID("01920000-0000-7000-8000-000000000001")
PERSON = UUID("01920000-0000-7000-8000-000000000002")
DIGESTS = st.binary(min_size=32, max_size=32)

RFC_6238 = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("second", "sha1", "sha256", "sha512"), RFC_6238)
def test_codes_are_those_of_rfc_6238(second, sha1, sha256, sha512):
    digits = b"1234567890" * 7
    step = second // 30
    assert rules.totp_code(digits[:20], step, length=8) == sha1
    assert rules.totp_code(digits[:20], step, length=8, algorithm=SHA1()) == sha1
    assert rules.totp_code(digits[:32], step, length=8, algorithm=SHA256()) == sha256
    assert rules.totp_code(digits[:64], step, length=8, algorithm=SHA512()) == sha512


@pytest.mark.parametrize(
    ("late_s", "is_taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_code_is_taken_one_step_early_or_late(late_s, is_taken):
    secret = b"s" * 20
    code = rules.totp_code(secret, rules.totp_step(SEPTEMBER))
    at = SEPTEMBER + timedelta(seconds=late_s)
    step = rules.accepted_step(secret, code, at, None)
    assert step == (rules.totp_step(SEPTEMBER) if is_taken else None)


def test_a_code_is_taken_once():
    secret = b"s" * 20
    step = rules.totp_step(SEPTEMBER)
    code = rules.totp_code(secret, step)
    assert rules.accepted_step(secret, code, SEPTEMBER, step - 1) == step
    assert rules.accepted_step(secret, code, SEPTEMBER, step) is None


def test_the_secret_reads_as_authenticator_programs_want_it():
    assert rules.totp_base32(b"12345678901234567890") == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    uri = rules.totp_uri(b"12345678901234567890", "zhang@example")
    assert uri.startswith("otpauth://totp/trustprop:zhang%40example?")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in uri


def test_a_password_fits_its_own_hash_only():
    stored = rules.hash_password("correct horse battery", b"0123456789abcdef")
    assert stored.startswith("$argon2id$")
    assert rules.password_fits(stored, "correct horse battery")
    assert not rules.password_fits(stored, "correct horse batterz")
    assert not rules.password_fits("no hash", "correct horse battery")


def test_the_hash_of_nobody_takes_the_same_work_and_fits_nothing():
    real = rules.hash_password("correct horse battery", b"0123456789abcdef")
    assert rules.NOBODYS_HASH.split("$")[:4] == real.split("$")[:4]
    assert not rules.password_fits(rules.NOBODYS_HASH, "correct horse battery")


def test_the_lock_doubles_up_to_a_quarter_of_an_hour():
    failures, minutes = Failures(), []
    for _ in range(12):
        failures = rules.count_failure(failures, SEPTEMBER)
        locked = failures.locked_until
        minutes.append(0 if locked is None else (locked - SEPTEMBER).seconds // 60)
    assert minutes == [0, 0, 0, 0, 1, 2, 4, 8, 15, 15, 15, 15]
    assert rules.is_locked(failures, SEPTEMBER)
    assert not rules.is_locked(failures, SEPTEMBER + timedelta(minutes=15))
    assert not rules.is_locked(Failures(attempts=4), SEPTEMBER)


def test_every_wrong_field_of_a_registration_is_named():
    command = RegisterPerson(id=new_id(), display_name=" ", login="a b", password="short")
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_registration(command)
    assert [error.pointer for error in refused.value.errors] == [
        "/display_name",
        "/login",
        "/password",
    ]


# -- tokens


@given(st.binary(min_size=32, max_size=32), st.uuids())
def test_a_token_is_read_back_by_kind_hash_and_compound(secret, compound_id):
    for token, kind, of in (
        (rules.session_token(secret), CredentialKind.SESSION, None),
        (rules.operator_token(secret), CredentialKind.OPERATOR, None),
        (rules.api_token(secret, compound_id), CredentialKind.API_KEY, compound_id),
    ):
        presented = rules.read_authorization(f"Bearer {token}")
        assert (presented.kind, presented.compound_id) == (kind, of)
        assert presented.token_hash == rules.token_hash(token)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer abc",
        "Basic dXNlcjpwYXNz",
        "Bearer tps_",
        "Bearer tps_short",
        "Bearer tpx_" + "A" * 43,
        "Bearer tps_" + "A" * 44,
        "Bearer tpk_" + "A" * 43,
        "Bearer tps_" + "é" * 43,
        "Bearer tps_" + "!" * 43,
        "tps_" + "A" * 43,
    ],
)
def test_anything_else_is_refused(header):
    with pytest.raises(rules.CredentialRefused):
        rules.read_authorization(header)


@given(st.text(max_size=100))
def test_no_header_breaks_the_reader(text):
    with pytest.raises(rules.CredentialRefused):
        rules.read_authorization(text)


# -- API keys


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({}, []),
        ({"label": " "}, ["/label"]),
        ({"scopes": ()}, ["/scopes"]),
        ({"scopes": ("invoices:write", "operator")}, ["/scopes/1"]),
        ({"scopes": ("Invoices:write",)}, ["/scopes/0"]),
        ({"scopes": ("books:read",)}, []),
        ({"scopes": ("books:read",), "vendor_id": PERSON}, ["/scopes/0"]),
        ({"expires_at": SEPTEMBER}, ["/expires_at"]),
        ({"expires_at": SEPTEMBER + timedelta(days=401)}, ["/expires_at"]),
    ],
)
def test_an_api_key_has_a_label_scopes_and_an_end(changes, pointers):
    command = replace(
        CreateApiKey(
            id=new_id(),
            label="software",
            scopes=("invoices:write",),
            expires_at=SEPTEMBER + timedelta(days=400),
        ),
        **changes,
    )
    if not pointers:
        rules.check_api_key(command, SEPTEMBER)
        return
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_api_key(command, SEPTEMBER)
    assert [error.pointer for error in refused.value.errors] == pointers


def test_an_overlap_never_outlives_the_old_key():
    old = ApiKey(
        key_id=new_id(),
        prefix="tpk_",
        label="software",
        scopes=("invoices:write",),
        vendor_id=None,
        created_at=SEPTEMBER,
        expires_at=SEPTEMBER + timedelta(hours=3),
        revoked_at=None,
        replaces_key_id=None,
    )
    rotation = RotateApiKey(id=new_id(), expires_at=SEPTEMBER + timedelta(days=30))
    rules.check_rotation(rotation, old, SEPTEMBER)
    assert rules.end_of_overlap(rotation, old, SEPTEMBER) == old.expires_at
    short = replace(rotation, overlap_hours=1)
    assert rules.end_of_overlap(short, old, SEPTEMBER) == SEPTEMBER + timedelta(hours=1)
    for wrong in (-1, 337):
        with pytest.raises(FieldsInvalid):
            rules.check_rotation(replace(rotation, overlap_hours=wrong), old, SEPTEMBER)


# -- possession


def test_keys_are_those_of_rfc_8032():
    key = rules.key_from_seed(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    public = rules.public_bytes(key)
    assert public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert (
        rules.key_id_of(public)
        == "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9"
    )


def test_the_claim_is_frozen():
    """What is signed must be the same bytes for every client and for ever."""
    public = rules.public_bytes(make_signing_key("frozen"))
    claim = rules.possession_claim(COMPOUND, PERSON, Scheme.ED25519, public)
    assert canonical_json(claim) == (
        b'{"compound_id":"01920000-0000-7000-8000-000000000001",'
        b'"person_id":"01920000-0000-7000-8000-000000000002",'
        b'"public_key":"' + public.hex().encode() + b'",'
        b'"scheme":"ed25519","type":"trustprop/key-possession/v1"}'
    )


def test_a_proof_holds_for_one_key_person_and_compound():
    proof = rules.prove(make_signing_key("mine"), COMPOUND, PERSON)
    rules.check_possession(COMPOUND, PERSON, proof)
    other = rules.prove(make_signing_key("another"), COMPOUND, PERSON)
    for compound_id, person_id, wrong in (
        (new_id(), PERSON, proof),
        (COMPOUND, new_id(), proof),
        (COMPOUND, PERSON, replace(proof, public_key=other.public_key)),
        (COMPOUND, PERSON, replace(proof, proof=bytes(64))),
        (COMPOUND, PERSON, replace(proof, proof=b"")),
    ):
        with pytest.raises(rules.PossessionNotProved):
            rules.check_possession(compound_id, person_id, wrong)


SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def test_a_key_of_small_order_would_verify_anything():
    """The control: without our check this forged signature counts, over any message."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(SMALL_ORDER[2]))
    forged = bytes.fromhex(SMALL_ORDER[2]) + bytes(32)
    for message in (b"pay", b"anything"):
        key.verify(forged, message)


@pytest.mark.parametrize("encoded", SMALL_ORDER)
def test_a_key_of_small_order_is_refused(encoded):
    assert _times_eight_is_nothing(bytes.fromhex(encoded))
    command = ProveKey(
        scheme=Scheme.ED25519,
        public_key=bytes.fromhex(encoded),
        proof=bytes.fromhex(SMALL_ORDER[2]) + bytes(32),
    )
    with pytest.raises(FieldsInvalid):
        rules.check_possession(COMPOUND, PERSON, command)


def _times_eight_is_nothing(encoded: bytes) -> bool:
    """Eight times the point is the neutral one (RFC 8032, section 5.1), by hand."""
    p = 2**255 - 19
    d = -121665 * pow(121666, -1, p) % p
    y = (int.from_bytes(encoded, "little") & ~(1 << 255)) % p
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    x = pow(square, (p + 3) // 8, p)
    if (x * x - square) % p:
        x = x * pow(2, (p - 1) // 4, p) % p
    assert (x * x - square) % p == 0
    for _ in range(3):
        common = d * x * x * y * y
        x, y = (
            2 * x * y * pow(1 + common, -1, p) % p,
            (y * y + x * x) * pow(1 - common, -1, p) % p,
        )
    return (x, y) == (0, 1)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_the_wrong_length_is_refused(length):
    command = ProveKey(scheme=Scheme.ED25519, public_key=bytes(length), proof=bytes(64))
    with pytest.raises(FieldsInvalid):
        rules.check_possession(COMPOUND, PERSON, command)


# -- signatures


@given(DIGESTS, DIGESTS, st.integers(0, 511))
def test_a_signature_holds_for_its_digest_and_key_and_no_flipped_bit(digest, other, bit):
    key, another = make_signing_key("a"), make_signing_key("b")
    public = rules.public_bytes(key)
    signature = rules.sign(key, digest)
    assert rules.verify(Scheme.ED25519, public, digest, signature)
    assert not rules.verify(Scheme.ED25519, rules.public_bytes(another), digest, signature)
    if other != digest:
        assert not rules.verify(Scheme.ED25519, public, other, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not rules.verify(Scheme.ED25519, public, digest, bytes(flipped))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_the_wrong_length_does_not_verify(length):
    public = rules.public_bytes(make_signing_key("a"))
    assert not rules.verify(Scheme.ED25519, public, bytes(32), bytes(length))


# -- the life of a key


def signing_key(state: KeyState = KeyState.ACTIVE, **changes) -> SigningKey:
    public = rules.public_bytes(make_signing_key("life"))
    key = SigningKey(
        key_id=rules.key_id_of(public),
        person_id=PERSON,
        scheme=Scheme.ED25519,
        public_key=public,
        possession_proof=bytes(64),
        state=state,
        proved_at=SEPTEMBER,
        activated_by_act_id=None,
        activated_at=None,
        expires_at=None,
        revoked_by_act_id=None,
        revoked_at=None,
    )
    return replace(key, **changes)


@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        (signing_key(), None),
        (signing_key(expires_at=SEPTEMBER + timedelta(seconds=1)), None),
        (signing_key(expires_at=SEPTEMBER), rules.KeyExpired),
        (signing_key(person_id=COMPOUND), rules.KeyNotYours),
        (signing_key(KeyState.PROVED), rules.KeyNotActive),
        (signing_key(KeyState.SUSPENDED), rules.KeyNotActive),
        (signing_key(KeyState.REVOKED), rules.KeyNotActive),
    ],
)
def test_only_an_active_key_of_ones_own_signs(key, refusal):
    if refusal is None:
        rules.check_signs(key, PERSON, SEPTEMBER)
        return
    with pytest.raises(refusal):
        rules.check_signs(key, PERSON, SEPTEMBER)


def test_a_revoked_key_stays_revoked():
    revoked = rules.revoke(signing_key(), new_id(), SEPTEMBER)
    with pytest.raises(rules.KeyNotInState):
        rules.activate(revoked, new_id(), SEPTEMBER, None)
    with pytest.raises(rules.KeyNotInState):
        rules.revoke(revoked, new_id(), SEPTEMBER)
    with pytest.raises(rules.KeyNotInState):
        rules.suspend(revoked, PERSON)


def test_a_found_key_becomes_active_again_by_an_act():
    suspended = rules.suspend(signing_key(), PERSON)
    assert rules.suspend(suspended, PERSON) == suspended
    act_id = new_id()
    again = rules.activate(suspended, act_id, SEPTEMBER, None)
    assert (again.state, again.activated_by_act_id) == (KeyState.ACTIVE, act_id)


def test_an_active_key_gets_a_new_term_by_an_act():
    end = datetime(2027, 1, 1, tzinfo=UTC)
    assert rules.activate(signing_key(), new_id(), SEPTEMBER, end).expires_at == end


# -- key files


def test_a_key_file_opens_with_its_passphrase_only():
    key = make_signing_key("file")
    pem = rules.write_key(key, "open sesame")
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert rules.public_bytes(rules.read_key(pem, "open sesame")) == rules.public_bytes(key)
    with pytest.raises(rules.KeyFileUnreadable):
        rules.read_key(pem, "open barley")


def test_what_is_no_encrypted_ed25519_file_is_refused():
    plain = make_signing_key("file").private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    other_kind = X25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame")
    )
    for content in (b"", b"rubbish", plain, other_kind):
        with pytest.raises(rules.KeyFileUnreadable):
            rules.read_key(content, "open sesame")
