"""People, what they sign in with, what machines show, and the keys that people sign with."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.kernel.signatures import Scheme
from trustprop.kernel.struct import Command, Fact

KeyId = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
"""Hex SHA-256 of a public key."""


class CredentialKind(StrEnum):
    SESSION = "session"
    API_KEY = "api_key"
    OPERATOR = "operator"


class Credential(Fact):
    """What an ``Authorization`` header proved. No credential can stand in for a signature."""

    kind: CredentialKind
    credential_id: UUID
    person_id: UUID | None = None
    """Set for a session only."""
    compound_id: UUID | None = None
    """The one compound of an API key; a session and an operator are not bound to one."""
    vendor_id: UUID | None = None
    scopes: frozenset[str] = frozenset()


class Person(Fact):
    person_id: UUID
    display_name: str
    login: str
    created_at: datetime


class RegisterPerson(Command):
    id: UUID
    display_name: str
    login: str
    password: str


class Registration(Fact):
    """The answer to a registration; the secret is told until the first sign-in, then never again."""

    person: Person
    totp_secret: str
    """Base32, as authenticator programs want it."""
    totp_uri: str


class OpenSession(Command):
    login: Annotated[str, Meta(max_length=100)]
    password: Annotated[str, Meta(max_length=200)]
    code: Annotated[str, Meta(max_length=6)]
    """Six digits of the second factor (RFC 6238)."""


class ChangePassword(Command):
    password: Annotated[str, Meta(max_length=200)]
    """The one in use."""
    new_password: Annotated[str, Meta(max_length=200)]
    code: Annotated[str, Meta(max_length=6)]
    """Six digits of the second factor that no session was opened with."""


class Session(Fact):
    session_id: UUID
    person_id: UUID
    created_at: datetime
    expires_at: datetime


class OpenedSession(Fact):
    """A new session with its token, which is shown this once and stored only as a hash."""

    session: Session
    token: str


class Secrets(Fact):
    """What a sign-in is checked against."""

    person_id: UUID
    password_hash: str
    totp_secret: bytes
    totp_last_step: int | None
    """The step of the last accepted code: each code opens one session. None: never signed in."""


class Failures(Fact):
    """Refused sign-ins for one login, whether or not anybody has it."""

    attempts: int = 0
    locked_until: datetime | None = None


class ApiKey(Fact):
    key_id: UUID
    prefix: str
    """The first characters of the token, to tell keys apart; not enough to use one."""
    label: str
    scopes: tuple[str, ...]
    vendor_id: UUID | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    replaces_key_id: UUID | None


class CreateApiKey(Command):
    id: UUID
    label: str
    scopes: tuple[str, ...]
    expires_at: datetime
    vendor_id: UUID | None = None
    """Binds the key to one vendor: it then sees that vendor's own invoices only."""


class RotateApiKey(Command):
    id: UUID
    """The new key; it takes over label, scopes and vendor."""
    expires_at: datetime
    overlap_hours: int = 24
    """How long the old key still works."""


class NewApiKey(Fact):
    """A key with its token, which is shown this once and stored only as a hash."""

    key: ApiKey
    token: str


class KeyState(StrEnum):
    PROVED = "proved"
    """Its holder has shown possession; it signs nothing yet, save the founding act."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Reported lost by its holder: signs nothing until an act of both sides decides."""
    REVOKED = "revoked"


class SigningKey(Fact):
    key_id: str
    """Hex SHA-256 of the public key."""
    person_id: UUID
    scheme: Scheme
    public_key: bytes
    possession_proof: bytes
    """The signature over the digest of the possession claim; anybody can check it again."""
    state: KeyState
    proved_at: datetime
    activated_by_act_id: UUID | None
    """The act of both sides behind it; None where a counted resolution elected its holder."""
    activated_at: datetime | None
    expires_at: datetime | None
    """None: for as long as the mandate of its holder."""
    revoked_by_act_id: UUID | None
    revoked_at: datetime | None
    activated_by_resolution_id: UUID | None = None
    """The resolution that elected its holder, where no act activated it."""
    credential_id: bytes | None = None
    """Of a passkey: by which the browser finds it again."""


class ProveKey(Command):
    scheme: Scheme
    public_key: bytes
    proof: bytes
    credential_id: Annotated[bytes, Meta(max_length=1023)] | None = None
    """Of a passkey: how the browser names it; wanted of no other scheme."""


class PossessionClaim(Fact):
    """What the holder of a new key signs with it: this key is mine, in this compound."""

    compound_id: UUID
    person_id: UUID
    scheme: Scheme
    public_key: str
    """Hex."""
    type: str = "trustprop/key-possession/v1"
