"""What may be signed by whom, and how an act goes from open to its one end.

open ── the last signature that is needed ──▶ signed
  ├──── a signer of a needed party says no ──▶ rejected
  ├──── the drafter's side takes it back ────▶ withdrawn
  └──── nobody came in time ────────────────▶ expired
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from trustprop.acts.model import (
    Act,
    ActState,
    DraftAct,
    Payload,
    Requirement,
    SignAct,
    Signature,
    Signer,
)
from trustprop.identity import rules as identity
from trustprop.identity.model import KeyState, SigningKey
from trustprop.kernel import signatures
from trustprop.kernel.caller import Caller, Mandate, Party
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid, Forbidden, Invalid
from trustprop.kernel.periods import local_date, utc

FOUNDING = "founding"
"""The one act signed with keys that are not active yet: those that it names itself."""
LONGEST_OPEN = timedelta(days=180)
SIDES = (Party.TRUSTEE, Party.OWNERS)
_KIND = re.compile(r"[a-z]+(-[a-z]+)*")


class ActExists(Conflict):
    code = "act-exists"
    detail = N_("An act with this id is already here with other content.")


class ActNotOpen(Conflict):
    code = "act-not-open"
    detail = N_("This act is {state}; nothing can be done with it any more.")
    state: str


class ActExpired(Conflict):
    code = "act-expired"
    detail = N_("This act expired at {expired_at}.")
    expired_at: str


class DigestChanged(Conflict):
    code = "digest-changed"
    detail = N_(
        "The payload changed: version {version} has the digest {payload_digest}. Read it again before you sign."
    )
    version: int
    payload_digest: str


class BadSignature(Invalid):
    code = "bad-signature"
    detail = N_("This is not a signature by this key over the digest of the payload.")


class MandateNotInForce(Forbidden):
    code = "mandate-not-in-force"
    detail = N_("On {on} you hold no office here that signs.")
    on: str


class SignerOfBothSides(Forbidden):
    code = "signer-of-both-sides"
    detail = N_("You hold offices of both sides; nobody signs for both, nor for either.")


class PartyNotNeeded(Forbidden):
    code = "party-not-needed"
    detail = N_("This act needs no signature of your side ({party}).")
    party: str


class PartyComplete(Conflict):
    code = "party-complete"
    detail = N_("Your side ({party}) has signed already; the other side is awaited.")
    party: str


class AlreadySigned(Conflict):
    code = "already-signed"
    detail = N_("You have signed this version already.")


class SelfApproval(Forbidden):
    code = "self-approval"
    detail = N_("Who draws up this act does not sign it.")


class NotDraftersSide(Forbidden):
    code = "not-drafters-side"
    detail = N_("Only the side that drew up this act can take it back; you can reject it.")


# -- drafting --------------------------------------------------------------------------------------


def draft(command: DraftAct, caller: Caller) -> Act:
    """The first version. Raises FieldsInvalid when it would expire in the past or much too late."""
    assert _KIND.fullmatch(command.kind), command.kind
    _assert_both_sides(command.required)
    _check_expiry(command.expires_at, caller.at)
    payload = canonical_json(_payload(command, caller.compound_id, 1))
    return Act(
        compound_id=caller.compound_id,
        act_id=command.act_id,
        kind=command.kind,
        subject_id=command.subject_id,
        state=ActState.OPEN,
        version=1,
        drafted_by=caller.person_id,
        drafted_party=_party_of(caller),
        drafted_at=caller.at,
        revised_by=caller.person_id,
        ended_at=None,
        reason="",
        payload=payload,
        digest=sha256(payload).hex(),
        required=command.required,
        expires_at=command.expires_at.astimezone(UTC),
    )


def check_same_draft(existing: Act, wanted: Act) -> None:
    """Raises ActExists unless a retry asks for what is already there."""
    if existing.version != 1 or existing.digest != wanted.digest:
        raise ActExists


def revise(act: Act, caller: Caller, command: DraftAct) -> Act:
    """The next version, which carries no signatures. Raises ActNotOpen, ActExpired, FieldsInvalid."""
    check_open(act, caller.at)
    assert (command.act_id, command.kind, command.subject_id) == (
        act.act_id,
        act.kind,
        act.subject_id,
    )
    _assert_both_sides(command.required)
    _check_expiry(command.expires_at, caller.at)
    payload = canonical_json(_payload(command, act.compound_id, act.version + 1))
    return replace(
        act,
        version=act.version + 1,
        revised_by=caller.person_id,
        payload=payload,
        digest=sha256(payload).hex(),
        required=command.required,
        expires_at=command.expires_at.astimezone(UTC),
        signatures=(),
    )


def _payload(command: DraftAct, compound_id: UUID, version: int) -> Payload:
    return Payload(
        type=f"trustprop/{command.kind}/v1",
        compound_id=compound_id,
        act_id=command.act_id,
        subject_id=command.subject_id,
        version=version,
        required=command.required,
        expires_at=command.expires_at.astimezone(UTC),
        policy_version=command.policy_version,
        body=command.body,
    )


def _assert_both_sides(required: Iterable[Requirement]) -> None:
    parties = [wanted.party for wanted in required]
    assert sorted(parties) == sorted(SIDES), "an act is signed by both sides, each named once"
    assert all(wanted.count >= 1 for wanted in required)


def _check_expiry(expires_at: datetime, at: datetime) -> None:
    if not at < expires_at <= at + LONGEST_OPEN:
        message = N_("Later than now and at most 180 days ahead.")
        raise FieldsInvalid(
            errors=(FieldError(pointer="/expires_at", code="range", detail=message),)
        )


def _party_of(caller: Caller) -> Party | None:
    """The side that a drafter stands for, if it is one."""
    return next(iter(caller.parties)) if len(caller.parties) == 1 else None


# -- signing ---------------------------------------------------------------------------------------


def check_open(act: Act, at: datetime) -> None:
    """Raises ActNotOpen or ActExpired."""
    if act.state is not ActState.OPEN:
        raise ActNotOpen(state=act.state)
    if is_due(act, at):
        raise ActExpired(expired_at=utc(act.expires_at))


def check_digest(act: Act, payload_digest: str) -> None:
    """Raises DigestChanged when what was signed is not what is here."""
    assert sha256(act.payload).hex() == act.digest, "stored payload and digest differ"
    if payload_digest != act.digest:
        raise DigestChanged(version=act.version, payload_digest=act.digest)


def signer(person_id: UUID, mandates: Iterable[Mandate], at: datetime) -> Signer:
    """The person with the one side they stand for. Raises SignerOfBothSides or MandateNotInForce."""
    held = tuple(mandates)
    if {mandate.party for mandate in held}.issuperset(SIDES):
        raise SignerOfBothSides
    signing = [mandate for mandate in held if mandate.office.may_sign]
    if not signing:
        raise MandateNotInForce(on=local_date(at).isoformat())
    return Signer(
        person_id=person_id,
        party=signing[0].party,
        office=signing[0].office,
        mandate_id=signing[0].mandate_id,
    )


def check_signer(act: Act, who: Signer) -> None:
    """Raises PartyNotNeeded, AlreadySigned, SelfApproval or PartyComplete."""
    wanted = next((one for one in act.required if one.party is who.party), None)
    if wanted is None:
        raise PartyNotNeeded(party=who.party)
    if any(signature.person_id == who.person_id for signature in act.signatures):
        raise AlreadySigned
    if not wanted.drafter_may_sign and who.person_id in (act.drafted_by, act.revised_by):
        raise SelfApproval
    if all(one.party is not who.party for one in act.missing):
        raise PartyComplete(party=who.party)


def check_key(act: Act, key: SigningKey, person_id: UUID, at: datetime) -> None:
    """Raises KeyNotYours, KeyNotActive or KeyExpired; a founding act wants keys that are proved."""
    state = KeyState.PROVED if act.kind == FOUNDING else KeyState.ACTIVE
    identity.check_signs(key, person_id, at, state=state)


def sign(act: Act, who: Signer, key: SigningKey, command: SignAct, at: datetime) -> Act:
    """The act with one more signature; with the last one needed it is signed.

    Raises whatever makes the signature worthless, the cheapest check first.
    """
    check_open(act, at)
    check_digest(act, command.payload_digest)
    check_signer(act, who)
    check_key(act, key, who.person_id, at)
    assert key.key_id == command.key_id
    if not signatures.verify(
        key.scheme, key.public_key, bytes.fromhex(act.digest), command.signature
    ):
        raise BadSignature
    return _with(act, _signature(act, who, command, at), at)


def _signature(act: Act, who: Signer, command: SignAct, at: datetime) -> Signature:
    return Signature(
        version=act.version,
        key_id=command.key_id,
        person_id=who.person_id,
        party=who.party,
        office=who.office,
        mandate_id=who.mandate_id,
        signature=command.signature,
        signed_at=at,
    )


def _with(act: Act, signature: Signature, at: datetime) -> Act:
    signed = replace(act, signatures=(*act.signatures, signature))
    if signed.is_fully_signed:
        return replace(signed, state=ActState.SIGNED, ended_at=at)
    return signed


# -- the other ends --------------------------------------------------------------------------------


def is_due(act: Act, at: datetime) -> bool:
    return act.state is ActState.OPEN and act.expires_at <= at


def reject(act: Act, who: Signer, reason: str, at: datetime) -> Act:
    """Any signer of a needed party may say no. Raises ActNotOpen, ActExpired or PartyNotNeeded."""
    check_open(act, at)
    if all(wanted.party is not who.party for wanted in act.required):
        raise PartyNotNeeded(party=who.party)
    return replace(act, state=ActState.REJECTED, ended_at=at, reason=reason)


def withdraw(act: Act, caller: Caller, reason: str) -> Act:
    """The drafter's side may take it back. Raises ActNotOpen, ActExpired or NotDraftersSide."""
    check_open(act, caller.at)
    if not _is_of_drafters_side(act, caller):
        raise NotDraftersSide
    return replace(act, state=ActState.WITHDRAWN, ended_at=caller.at, reason=reason)


def _is_of_drafters_side(act: Act, caller: Caller) -> bool:
    if act.drafted_by is not None and act.drafted_by == caller.person_id:
        return True
    if act.drafted_party is not None:
        return act.drafted_party in caller.parties
    return act.kind == FOUNDING and "operator" in caller.scopes


def expire(act: Act, at: datetime) -> Act:
    assert is_due(act, at)
    return replace(act, state=ActState.EXPIRED, ended_at=at)
