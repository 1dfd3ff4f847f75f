"""What a sign-in, a token, a second factor and a signature must be to count.

Everything here is pure, so the command line and any client can use the same functions:
:func:`possession_digest`, :func:`sign`, :func:`write_key` and :func:`read_key`.
"""

import base64
import binascii
import re
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from msgspec import Struct
from msgspec.structs import replace

from trustprop.identity.model import (
    ApiKey,
    ChangePassword,
    CreateApiKey,
    CredentialKind,
    Failures,
    KeyState,
    PossessionClaim,
    ProveKey,
    RegisterPerson,
    RotateApiKey,
    SigningKey,
)
from trustprop.kernel.canonical import digest, sha256
from trustprop.kernel.errors import (
    N_,
    Conflict,
    FieldError,
    FieldsInvalid,
    Forbidden,
    Invalid,
    Unauthenticated,
)
from trustprop.kernel.periods import utc
from trustprop.kernel.signatures import Scheme, is_usable, verify

TOTP_STEP_S = 30
FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=15)
LONGEST_API_KEY = timedelta(days=400)
LONGEST_OVERLAP_HOURS = 14 * 24
VENDOR_RESOURCES = frozenset({"invoices", "files", "contracts", "vendors"})
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,63}")
_SCOPE = re.compile(r"[a-z][a-z_]*:(read|write)")
_HASHER = PasswordHasher()


# -- refusals ------------------------------------------------------------------------------------


class CredentialRefused(Unauthenticated):
    code = "credential-refused"
    detail = N_("This credential is unknown, expired or revoked.")


class SignInRefused(Unauthenticated):
    """The same for an unknown login, a wrong password, a wrong code and a locked login."""

    code = "sign-in-refused"
    detail = N_(
        "Login, password and code do not fit, or there were too many attempts; wait before you try again."
    )


class LoginTaken(Conflict):
    code = "login-taken"
    detail = N_("Somebody already uses this login.")


class PersonNeeded(Forbidden):
    code = "person-needed"
    detail = N_("Only a person who is signed in can do this, not a program.")


class ApiKeyExists(Conflict):
    code = "api-key-exists"
    detail = N_(
        "There is already an API key with this id; its token was shown once and cannot be shown again."
    )


class ApiKeyEnded(Conflict):
    code = "api-key-ended"
    detail = N_("This API key is revoked or expired.")


class KeyEnrolled(Conflict):
    code = "key-enrolled"
    detail = N_("This signing key is already enrolled here in the state {state}.")
    state: str


class PossessionNotProved(Invalid):
    code = "possession-not-proved"
    detail = N_("The proof is not a signature by this key over the possession claim.")


class KeyNotYours(Forbidden):
    code = "key-not-yours"
    detail = N_("This signing key belongs to another person.")


class KeyNotActive(Forbidden):
    code = "key-not-active"
    detail = N_("This signing key is in the state {state}; only an active key signs.")
    state: str


class KeyExpired(Forbidden):
    code = "key-expired"
    detail = N_("This signing key expired at {expired_at}.")
    expired_at: str


class KeyNotInState(Conflict):
    code = "key-not-in-state"
    detail = N_("This signing key is in the state {state}; this needs the state {needed}.")
    state: str
    needed: str


class KeyFileUnreadable(Invalid):
    code = "key-file-unreadable"
    detail = N_("This is not an encrypted Ed25519 key file, or the passphrase is wrong.")


# -- people, passwords, second factor ------------------------------------------------------------


def check_registration(command: RegisterPerson) -> None:
    """Raises FieldsInvalid, naming every wrong field."""
    errors = []
    if not 1 <= len(command.display_name.strip()) <= 64:
        errors.append(_field("/display_name", "length", N_("Between 1 and 64 characters.")))
    if not _LOGIN.fullmatch(login_of(command.login)):
        errors.append(
            _field(
                "/login",
                "invalid",
                N_("3 to 64 letters, digits or . _ @ + -, beginning with a letter or digit."),
            )
        )
    errors += _password_errors("/password", command.password)
    _refuse(errors)


def check_new_password(command: ChangePassword) -> None:
    """Raises FieldsInvalid."""
    errors = _password_errors("/new_password", command.new_password)
    if command.new_password == command.password:
        errors.append(_field("/new_password", "same", N_("This is the password in use.")))
    _refuse(errors)


def _password_errors(pointer: str, password: str) -> list[FieldError]:
    if 12 <= len(password) <= 200:
        return []
    return [_field(pointer, "length", N_("Between 12 and 200 characters."))]


def login_of(login: str) -> str:
    """Logins are compared without regard to case or surrounding blanks."""
    return login.strip().lower()


def hash_password(password: str, salt: bytes) -> str:
    """Argon2id with its parameters inside; takes tens of milliseconds on purpose."""
    return _HASHER.hash(password, salt=salt)


def password_fits(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


NOBODYS_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$dHJ1c3Rwcm9wIG5vYm9keQ$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""Fits no password; checked when there is no such login, so that the answer takes as long."""


def totp_code(
    secret: bytes, step: int, *, length: int = 6, algorithm: SHA1 | SHA256 | SHA512 | None = None
) -> str:
    """The RFC 6238 code of one time step; authenticator programs use six digits and SHA-1."""
    totp = TOTP(secret, length, algorithm or SHA1(), TOTP_STEP_S)  # noqa: S303 - what RFC 6238 and every phone use
    return totp.generate(step * TOTP_STEP_S).decode()


def totp_step(at: datetime) -> int:
    return int(at.timestamp()) // TOTP_STEP_S


def accepted_step(secret: bytes, code: str, at: datetime, last_step: int | None) -> int | None:
    """The step of this code, within one step of now and later than the last accepted one."""
    now = totp_step(at)
    for step in (now, now - 1, now + 1):
        if totp_code(secret, step) == code and (last_step is None or step > last_step):
            return step
    return None


def totp_base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode().rstrip("=")


def totp_uri(secret: bytes, login: str) -> str:
    return TOTP(secret, 6, SHA1(), TOTP_STEP_S).get_provisioning_uri(login, "trustprop")  # noqa: S303


def is_locked(failures: Failures, at: datetime) -> bool:
    return failures.locked_until is not None and at < failures.locked_until


def count_failure(failures: Failures, at: datetime) -> Failures:
    """Five attempts are free, then the lock doubles from one minute up to fifteen."""
    attempts = failures.attempts + 1
    if attempts < FREE_ATTEMPTS:
        return Failures(attempts=attempts)
    lock = min(timedelta(minutes=2 ** min(attempts - FREE_ATTEMPTS, 10)), LONGEST_LOCK)
    return Failures(attempts=attempts, locked_until=at + lock)


# -- tokens --------------------------------------------------------------------------------------


class Presented(Struct, frozen=True, kw_only=True):
    """A token as it came in, hashed; the token itself goes no further."""

    kind: CredentialKind
    token_hash: bytes
    compound_id: UUID | None = None


_PREFIX = {
    CredentialKind.SESSION: "tps_",
    CredentialKind.API_KEY: "tpk_",
    CredentialKind.OPERATOR: "tpo_",
}
PREFIX_SHOWN = 12


def session_token(secret: bytes) -> str:
    return _token(CredentialKind.SESSION, secret)


def operator_token(secret: bytes) -> str:
    return _token(CredentialKind.OPERATOR, secret)


def api_token(secret: bytes, compound_id: UUID) -> str:
    """Names its compound, so that the key can be found where the compound lives."""
    return _token(CredentialKind.API_KEY, secret + compound_id.bytes)


def token_hash(token: str) -> bytes:
    return sha256(token.encode())


def read_authorization(header: str | None) -> Presented:
    """Understands ``Bearer tps_…``, ``tpk_…`` and ``tpo_…``. Raises CredentialRefused."""
    scheme, _, token = (header or "").partition(" ")
    kind = next((kind for kind, prefix in _PREFIX.items() if token.startswith(prefix)), None)
    if scheme.lower() != "bearer" or kind is None or not token.isascii():
        raise CredentialRefused
    try:
        content = base64.b64decode(
            token[4:] + "=" * (-len(token[4:]) % 4), altchars=b"-_", validate=True
        )
    except binascii.Error:
        raise CredentialRefused from None
    if len(content) != (48 if kind is CredentialKind.API_KEY else 32):
        raise CredentialRefused
    compound_id = UUID(bytes=content[32:]) if kind is CredentialKind.API_KEY else None
    return Presented(kind=kind, token_hash=token_hash(token), compound_id=compound_id)


def _token(kind: CredentialKind, content: bytes) -> str:
    return _PREFIX[kind] + base64.urlsafe_b64encode(content).decode().rstrip("=")


# -- API keys ------------------------------------------------------------------------------------


def check_api_key(command: CreateApiKey, at: datetime) -> None:
    """Raises FieldsInvalid. A vendor's key reaches invoices and their files, nothing else."""
    errors = []
    if not 1 <= len(command.label.strip()) <= 100:
        errors.append(_field("/label", "length", N_("Between 1 and 100 characters.")))
    if not command.scopes:
        errors.append(_field("/scopes", "missing", N_("Name at least one scope.")))
    for place, scope in enumerate(command.scopes):
        if not _SCOPE.fullmatch(scope):
            errors.append(
                _field(f"/scopes/{place}", "invalid", N_("A scope reads like invoices:write."))
            )
        elif command.vendor_id and scope.partition(":")[0] not in VENDOR_RESOURCES:
            errors.append(
                _field(
                    f"/scopes/{place}",
                    "not-for-vendors",
                    N_("A vendor's key cannot have this scope."),
                )
            )
    errors += _expiry_errors(command.expires_at, at)
    _refuse(errors)


def check_rotation(command: RotateApiKey, old: ApiKey, at: datetime) -> None:
    """Raises ApiKeyEnded or FieldsInvalid."""
    if old.revoked_at is not None or old.expires_at <= at:
        raise ApiKeyEnded
    errors = _expiry_errors(command.expires_at, at)
    if not 0 <= command.overlap_hours <= LONGEST_OVERLAP_HOURS:
        errors.append(_field("/overlap_hours", "range", N_("Between 0 and 336 hours.")))
    _refuse(errors)


def end_of_overlap(command: RotateApiKey, old: ApiKey, at: datetime) -> datetime:
    return min(old.expires_at, at + timedelta(hours=command.overlap_hours))


def _expiry_errors(expires_at: datetime, at: datetime) -> list[FieldError]:
    if at < expires_at <= at + LONGEST_API_KEY:
        return []
    return [_field("/expires_at", "range", N_("Later than now and at most 400 days ahead."))]


# -- signing keys --------------------------------------------------------------------------------


def key_id_of(public_key: bytes) -> str:
    return sha256(public_key).hex()


def possession_claim(
    compound_id: UUID, person_id: UUID, scheme: Scheme, public_key: bytes
) -> PossessionClaim:
    return PossessionClaim(
        compound_id=compound_id, person_id=person_id, scheme=scheme, public_key=public_key.hex()
    )


def possession_digest(claim: PossessionClaim) -> bytes:
    """What the new key signs: SHA-256 of the RFC 8785 bytes of the claim."""
    return digest(claim)


def check_possession(compound_id: UUID, person_id: UUID, command: ProveKey) -> None:
    """Raises FieldsInvalid on a weak key, PossessionNotProved on a proof that does not verify."""
    if not is_usable(command.scheme, command.public_key):
        message = N_("This is no usable public key of its scheme.")
        _refuse([_field("/public_key", "invalid", message)])
    if (command.scheme is Scheme.WEBAUTHN) != bool(command.credential_id):
        message = N_("A passkey comes with its credential id, and only a passkey does.")
        _refuse([_field("/credential_id", "invalid", message)])
    claim = possession_claim(compound_id, person_id, command.scheme, command.public_key)
    if not verify(command.scheme, command.public_key, possession_digest(claim), command.proof):
        raise PossessionNotProved


def check_signs(
    key: SigningKey, person_id: UUID, at: datetime, *, state: KeyState = KeyState.ACTIVE
) -> None:
    """Raises KeyNotYours, KeyNotActive or KeyExpired unless this person may sign with it now."""
    if key.person_id != person_id:
        raise KeyNotYours
    if key.state is not state:
        raise KeyNotActive(state=key.state)
    if key.expires_at is not None and key.expires_at <= at:
        raise KeyExpired(expired_at=utc(key.expires_at))


def activate(
    key: SigningKey, act_id: UUID, at: datetime, expires_at: datetime | None
) -> SigningKey:
    """A proved key, a suspended one that was found again, or an active one with a new term.

    Raises KeyNotInState when it is revoked.
    """
    if key.state is KeyState.REVOKED:
        raise KeyNotInState(state=key.state, needed=KeyState.PROVED)
    return replace(
        key,
        state=KeyState.ACTIVE,
        activated_by_act_id=act_id,
        activated_by_resolution_id=None,
        activated_at=at,
        expires_at=expires_at,
    )


def activate_elected(
    key: SigningKey, resolution_id: UUID, at: datetime, expires_at: datetime | None
) -> SigningKey:
    """The key of whoever was elected: a proved one, or the one of the term before.

    Nothing but an act of both sides finds a lost key again. Raises KeyNotInState when it is
    suspended or revoked.
    """
    if key.state not in (KeyState.PROVED, KeyState.ACTIVE):
        raise KeyNotInState(state=key.state, needed=KeyState.ACTIVE)
    return replace(
        key,
        state=KeyState.ACTIVE,
        activated_by_act_id=None,
        activated_by_resolution_id=resolution_id,
        activated_at=at,
        expires_at=term_of(key, expires_at),
    )


def term_of(key: SigningKey, expires_at: datetime | None) -> datetime | None:
    """When a key ends that gets a new term: a new term never shortens the one that it has."""
    if key.state is not KeyState.ACTIVE:
        return expires_at
    if key.expires_at is None or expires_at is None:
        return None
    return max(key.expires_at, expires_at)


def suspend(key: SigningKey, person_id: UUID) -> SigningKey:
    """A lost key: its holder alone can stop it at once. Raises KeyNotYours or KeyNotInState."""
    if key.person_id != person_id:
        raise KeyNotYours
    if key.state is KeyState.SUSPENDED:
        return key
    if key.state is not KeyState.ACTIVE:
        raise KeyNotInState(state=key.state, needed=KeyState.ACTIVE)
    return replace(key, state=KeyState.SUSPENDED)


def revoke(key: SigningKey, act_id: UUID, at: datetime) -> SigningKey:
    """Raises KeyNotInState when it is revoked already; that is for ever."""
    if key.state is KeyState.REVOKED:
        raise KeyNotInState(state=key.state, needed=KeyState.ACTIVE)
    return replace(key, state=KeyState.REVOKED, revoked_by_act_id=act_id, revoked_at=at)


# -- for those who hold a key --------------------------------------------------------------------


def key_from_seed(seed: bytes) -> Ed25519PrivateKey:
    """A signing key from 32 random bytes; the same bytes give the same key."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(key: Ed25519PrivateKey, digest: bytes) -> bytes:
    assert len(digest) == 32
    return key.sign(digest)


def prove(key: Ed25519PrivateKey, compound_id: UUID, person_id: UUID) -> ProveKey:
    """The request that enrols this key for this person in this compound."""
    public_key = public_bytes(key)
    claim = possession_claim(compound_id, person_id, Scheme.ED25519, public_key)
    return ProveKey(
        scheme=Scheme.ED25519, public_key=public_key, proof=sign(key, possession_digest(claim))
    )


def write_key(key: Ed25519PrivateKey, passphrase: str) -> bytes:
    """The key as an encrypted PKCS #8 PEM file."""
    assert passphrase
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
    )


def read_key(pem: bytes, passphrase: str) -> Ed25519PrivateKey:
    """Raises KeyFileUnreadable: no such file, not encrypted, another kind of key, wrong passphrase."""
    try:
        key = load_pem_private_key(pem, passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileUnreadable from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileUnreadable
    return key


def _field(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise FieldsInvalid(errors=tuple(errors))
