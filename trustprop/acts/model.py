"""An act: one canonical payload that persons of both sides sign with keys of their own."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from trustprop.identity.model import KeyId
from trustprop.kernel.caller import Office, Party
from trustprop.kernel.struct import Command, Fact

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class ActState(StrEnum):
    OPEN = "open"
    """Waits for signatures; the only state that anything can leave."""
    SIGNED = "signed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Requirement(Fact):
    """How many persons of a party must sign."""

    party: Party
    count: int
    drafter_may_sign: bool = True


BOTH_SIDES = (
    Requirement(party=Party.TRUSTEE, count=1),
    Requirement(party=Party.OWNERS, count=1),
)


class DraftAct(Fact):
    """What a house above puts before the signers."""

    act_id: UUID
    kind: str
    """Kebab-case, such as ``payment-order``; it names the effect."""
    subject_id: UUID
    """What the act is about, in the words of the house that drafts it."""
    body: Any
    """A Struct or JSON values without floats."""
    expires_at: datetime
    required: tuple[Requirement, ...] = BOTH_SIDES
    policy_version: int = 0


class Payload(Fact):
    """What is signed: the SHA-256 of the RFC 8785 bytes of exactly this."""

    type: str
    """``trustprop/<kind>/v1``."""
    compound_id: UUID
    act_id: UUID
    subject_id: UUID
    version: int
    required: tuple[Requirement, ...]
    expires_at: datetime
    policy_version: int
    body: Any


class Signature(Fact):
    """One person's signature over the digest of one version; never changed, never removed."""

    version: int
    key_id: str
    person_id: UUID
    party: Party
    office: Office
    mandate_id: UUID
    signature: bytes
    signed_at: datetime


class Act(Fact):
    """An act with its present version and the signatures on that version."""

    compound_id: UUID
    act_id: UUID
    kind: str
    subject_id: UUID
    state: ActState
    version: int
    drafted_by: UUID | None
    """None: a program drafted it."""
    drafted_party: Party | None
    drafted_at: datetime
    revised_by: UUID | None
    """Who made the present version; the drafter of the first."""
    ended_at: datetime | None
    reason: str
    """Why it was rejected or withdrawn."""
    payload: bytes
    """RFC 8785 bytes of the :class:`Payload` of the present version."""
    digest: str
    """Hex SHA-256 of the payload."""
    required: tuple[Requirement, ...]
    expires_at: datetime
    signatures: tuple[Signature, ...] = ()

    @property
    def body(self) -> Any:
        """What was drafted, as JSON values."""
        return msgspec.json.decode(self.payload, type=Payload).body

    @property
    def policy_version(self) -> int:
        """Of the policy that asked for these signatures; 0 where the law itself does."""
        return msgspec.json.decode(self.payload, type=Payload).policy_version

    @property
    def missing(self) -> tuple[Requirement, ...]:
        """What is still to be signed, party by party."""
        left = (
            msgspec.structs.replace(wanted, count=wanted.count - self._signed_for(wanted.party))
            for wanted in self.required
        )
        return tuple(wanted for wanted in left if wanted.count > 0)

    @property
    def is_fully_signed(self) -> bool:
        return not self.missing

    def _signed_for(self, party: Party) -> int:
        return len({s.person_id for s in self.signatures if s.party is party})


class Signer(Fact):
    """A person with the one mandate that lets them sign this act."""

    person_id: UUID
    party: Party
    office: Office
    mandate_id: UUID


class SignAct(Command):
    key_id: KeyId
    payload_digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    """The digest that was signed; a payload changed meanwhile is refused."""
    signature: bytes
    """Ed25519 over the 32 bytes of the digest, base64."""


class RejectAct(Command):
    reason: Reason


class WithdrawAct(Command):
    reason: Reason


class WaitingFor(StrEnum):
    """Whose signature a list of acts waits for."""

    ME = "me"


class ActSummary(Fact):
    """An act as lists show it."""

    act_id: UUID
    kind: str
    subject_id: UUID
    state: ActState
    version: int
    drafted_by: UUID | None
    drafted_party: Party | None
    drafted_at: datetime
    ended_at: datetime | None
    reason: str
    payload_digest: str
    required: tuple[Requirement, ...]
    missing: tuple[Requirement, ...]
    expires_at: datetime
    signatures: tuple[Signature, ...]


class ActView(ActSummary):
    """An act with all that a signer checks before signing."""

    payload: bytes
    """Base64 of the very bytes whose SHA-256 is signed."""
    body: Any


# -- acts about signing keys ---------------------------------------------------------------------


class DraftKeyActivation(Command):
    id: UUID
    """Of the act."""
    key_id: KeyId
    expires_at: datetime
    """Until when the act may be signed."""


class DraftKeyRevocation(Command):
    id: UUID
    key_id: KeyId
    reason: Reason
    expires_at: datetime


class DraftKeyReplacement(Command):
    id: UUID
    old_key_id: KeyId
    new_key_id: KeyId
    reason: Reason
    expires_at: datetime


class KeyActivation(Fact):
    """The body of the act ``key-activation``."""

    key_id: str
    person_id: UUID
    scheme: str
    public_key: str
    """Hex."""
    key_expires_at: datetime
    """When the last signing mandate of its holder ends."""


class KeyRevocation(Fact):
    """The body of the act ``key-revocation``."""

    key_id: str
    person_id: UUID
    reason: str


class KeyReplacement(Fact):
    """The body of the act ``key-replacement``: one key goes, another of the same person comes."""

    old_key_id: str
    new: KeyActivation
    reason: str
