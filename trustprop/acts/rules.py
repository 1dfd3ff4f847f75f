"""What may be signed by whom, and how an act goes from open to its one end.

open ── the last signature that is needed ──▶ signed
  ├──── a signer of a needed party says no ──▶ rejected
  ├──── the drafter's side takes it back ────▶ withdrawn
  └──── nobody came in time ────────────────▶ expired
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trustprop.acts.model import (
    Act,
    ActState,
    ActSummary,
    ActView,
    DraftAct,
    KeyActivation,
    Payload,
    Requirement,
    SignAct,
    Signature,
    Signer,
)
from trustprop.compounds.model import MandateTerm
from trustprop.identity import rules as identity
from trustprop.identity.model import KeyState, SigningKey
from trustprop.kernel.caller import Caller, Mandate, Office, Party
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.errors import (
    N_,
    Conflict,
    FieldError,
    FieldsInvalid,
    Forbidden,
    Invalid,
)
from trustprop.kernel.periods import ZONE, local_date, utc

FOUNDING = "founding"
"""The one act signed with keys that are not active yet: those that it names itself."""
READ = "acts:read"
LONGEST_OPEN = timedelta(days=180)
_SIDES = (Party.TRUSTEE, Party.OWNERS)
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


class NotNamedInFounding(Forbidden):
    code = "not-named-in-founding"
    detail = N_("The founding act names nobody with this key and an office that signs.")


class FoundingOver(Conflict):
    code = "founding-over"
    detail = N_("Keys are active here; a founding act can no longer be signed.")


class NotDraftersSide(Forbidden):
    code = "not-drafters-side"
    detail = N_("Only the side that drew up this act can take it back; you can reject it.")


# -- drafting ------------------------------------------------------------------------------------


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
    assert sorted(parties) == sorted(_SIDES), "an act is signed by both sides, each named once"
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


# -- signing -------------------------------------------------------------------------------------


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
    if {mandate.party for mandate in held}.issuperset(_SIDES):
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
    if not identity.verify(
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


# -- founding: no mandate is in force and no key active before the act itself --------------------


class FoundingMandate(Struct, frozen=True, kw_only=True):
    """What a founding act says about a signer; the rest of its body belongs to compounds."""

    mandate_id: UUID
    person_id: UUID
    office: Office
    valid_from: date
    valid_until: date
    key_id: str | None = None


class FoundingBody(Struct, frozen=True, kw_only=True):
    mandates: tuple[FoundingMandate, ...]


def founders(body: Any) -> tuple[FoundingMandate, ...]:
    """Those of a founding act who sign it: a signing office and a key."""
    named = msgspec.convert(body, FoundingBody).mandates
    return tuple(one for one in named if one.key_id is not None and one.office.may_sign)


def founding_required(body: Any) -> tuple[Requirement, ...]:
    """Everybody whose key the founding act activates signs it with that very key."""
    return tuple(
        Requirement(
            party=party,
            count=len({one.person_id for one in founders(body) if one.office.party is party}),
        )
        for party in _SIDES
    )


def founding_signer(act: Act, person_id: UUID, key_id: str, at: datetime) -> Signer:
    """Raises NotNamedInFounding, SignerOfBothSides or MandateNotInForce."""
    if not any(one.key_id == key_id for one in founders(act.body) if one.person_id == person_id):
        raise NotNamedInFounding
    return founder(act, person_id, at)


def founder(act: Act, person_id: UUID, at: datetime) -> Signer:
    """Raises NotNamedInFounding, SignerOfBothSides or MandateNotInForce."""
    named = msgspec.convert(act.body, FoundingBody).mandates
    own = [one for one in named if one.person_id == person_id]
    if not own:
        raise NotNamedInFounding
    held = [
        Mandate(mandate_id=one.mandate_id, office=one.office)
        for one in own
        if one.valid_from <= local_date(at) <= one.valid_until
    ]
    return signer(person_id, held, at)


# -- the other ends ------------------------------------------------------------------------------


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


# -- keys ----------------------------------------------------------------------------------------


class KeyWithoutMandate(Conflict):
    code = "key-without-mandate"
    detail = N_("The holder of this key has no office here that signs, now or later.")


class KeysOfTwoPersons(Conflict):
    code = "keys-of-two-persons"
    detail = N_("A key is replaced by another key of the same person only.")


def activation(key: SigningKey, terms: Iterable[MandateTerm], on: date) -> KeyActivation:
    """What both sides sign to make a key active: it ends with the last mandate of its holder.

    Raises KeyNotInState or KeyWithoutMandate.
    """
    if key.state not in (KeyState.PROVED, KeyState.SUSPENDED):
        raise identity.KeyNotInState(state=key.state, needed=KeyState.PROVED)
    ends = [
        term.out_on
        for term in terms
        if term.person_id == key.person_id and term.office.may_sign and term.out_on > on
    ]
    if not ends:
        raise KeyWithoutMandate
    return KeyActivation(
        key_id=key.key_id,
        person_id=key.person_id,
        scheme=key.scheme,
        public_key=key.public_key.hex(),
        key_expires_at=start_of_day(max(ends)),
    )


def check_revocable(key: SigningKey) -> None:
    """Raises KeyNotInState when the key is revoked already."""
    if key.state is KeyState.REVOKED:
        raise identity.KeyNotInState(state=key.state, needed=KeyState.ACTIVE)


def check_replacement(old: SigningKey, new: SigningKey) -> None:
    """Raises KeysOfTwoPersons or KeyNotInState."""
    if old.person_id != new.person_id:
        raise KeysOfTwoPersons
    check_revocable(old)


def start_of_day(on: date) -> datetime:
    """The first instant of a day in the compound's zone."""
    return datetime(on.year, on.month, on.day, tzinfo=ZONE).astimezone(UTC)


# -- shown ---------------------------------------------------------------------------------------


def may_read(act: Act, caller: Caller) -> bool:
    """Office holders, keys with ``acts:read``, and those whom a founding act names."""
    if reads_acts(caller) or "operator" in caller.scopes:
        return True
    if caller.person_id is None:
        return False
    if act.kind == FOUNDING:
        return any(one.person_id == caller.person_id for one in founders(act.body))
    return act.drafted_by == caller.person_id


def reads_acts(caller: Caller) -> bool:
    """Whoever holds an office, and programs that are not a vendor's."""
    return bool(caller.mandates) or (caller.vendor_id is None and READ in caller.scopes)


def summary(act: Act) -> ActSummary:
    return ActSummary(**_shown(act))


def view(act: Act) -> ActView:
    return ActView(**_shown(act), payload=act.payload, body=act.body)


def _shown(act: Act) -> dict[str, Any]:
    names = (field for field in ActSummary.__struct_fields__ if field != "payload_digest")
    return {name: getattr(act, name) for name in names} | {"payload_digest": act.digest}
