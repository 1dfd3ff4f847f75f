"""The life of an act. Its row is locked first, so signatures on one act come one after another."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from trustprop.acts import rules, store
from trustprop.acts.model import Act, ActState, DraftAct, Requirement, SignAct, Signer
from trustprop.compounds import service as compounds
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.kernel.caller import Caller, ScopeNeeded
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Tx

BATCH = 100


async def _nothing(_tx: Tx, _caller: Caller, _act: Act) -> None:
    """An end without consequences."""


class Effect(Struct, frozen=True, kw_only=True):
    """What the end of an act of one kind does, in the same transaction."""

    on_signed: Callable[[Tx, Caller, Act], Awaitable[None]] = _nothing
    on_ended: Callable[[Tx, Caller, Act], Awaitable[None]] = _nothing
    """Rejected, withdrawn or expired."""


Effects = Mapping[str, Effect]
"""By kind. Every kind that is drafted has its entry; one without is a bug and is loud."""


# -- drafting: called by the houses above --------------------------------------------------------


async def draft(tx: Tx, caller: Caller, command: DraftAct) -> Act:
    """Puts a payload before both sides. The same draft again is success.

    Raises FieldsInvalid (``/expires_at``) or ActExists. Who may draft is for the drafting house.
    """
    act = rules.draft(command, caller)
    if await store.add_act(tx, act):
        return act
    existing = await lock(tx, caller.compound_id, command.act_id)
    rules.check_same_draft(existing, act)
    return existing


async def revise(
    tx: Tx,
    caller: Caller,
    act_id: UUID,
    body: Any,
    *,
    expires_at: datetime | None = None,
    required: tuple[Requirement, ...] | None = None,
    policy_version: int | None = None,
) -> Act:
    """The next version, without signatures. What is not named stays as it was.

    Raises Missing, ActNotOpen, ActExpired or FieldsInvalid.
    """
    act = await lock(tx, caller.compound_id, act_id)
    command = DraftAct(
        act_id=act_id,
        kind=act.kind,
        subject_id=act.subject_id,
        body=body,
        expires_at=expires_at or act.expires_at,
        required=required or act.required,
        policy_version=act.policy_version if policy_version is None else policy_version,
    )
    revised = rules.revise(act, caller, command)
    await store.save_version(tx, revised)
    return revised


# -- reading -------------------------------------------------------------------------------------


async def find(tx: Tx, compound_id: UUID, act_id: UUID) -> Act | None:
    return await store.find_act(tx, compound_id, act_id)


async def get(tx: Tx, caller: Caller, act_id: UUID) -> Act:
    """An act that this caller may read. Raises Missing."""
    return _readable(await store.find_act(tx, caller.compound_id, act_id), caller)


async def acts(
    tx: Tx,
    caller: Caller,
    *,
    state: ActState | None = None,
    kind: str | None = None,
    subject_id: UUID | None = None,
    waiting_for_me: bool = False,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[Act, ...]:
    """Acts in the order of their ids. Raises OfficeNeeded, ScopeNeeded or MandateNotInForce."""
    if not rules.reads_acts(caller):
        raise ScopeNeeded(needed=rules.READ)
    waiting_for = None
    if waiting_for_me:
        me = await _signer(tx, caller)
        waiting_for = (me.person_id, me.party)
    return await store.acts(
        tx,
        caller.compound_id,
        state=state,
        kind=kind,
        subject_id=subject_id,
        waiting_for=waiting_for,
        after=after,
        limit=limit,
        at=caller.at,
    )


async def lock(tx: Tx, compound_id: UUID, act_id: UUID) -> Act:
    """The act, locked until this transaction ends. Raises Missing."""
    act = await store.lock_act(tx, compound_id, act_id)
    if act is None:
        raise Missing(kind="act")
    return act


# -- signing and the other ends ------------------------------------------------------------------


async def sign(tx: Tx, caller: Caller, act_id: UUID, command: SignAct, effects: Effects) -> Act:
    """One more signature; the last one needed takes effect in this very transaction.

    Raises, in this order: Missing, PersonNeeded, ActNotOpen, ActExpired, DigestChanged,
    SignerOfBothSides, MandateNotInForce (or NotNamedInFounding, FoundingOver), PartyNotNeeded,
    AlreadySigned, SelfApproval, PartyComplete, KeyNotYours, KeyNotActive, KeyExpired, BadSignature.
    """
    act = _readable(await store.lock_act(tx, caller.compound_id, act_id), caller)
    person_id = _person(caller)
    rules.check_open(act, caller.at)
    rules.check_digest(act, command.payload_digest)
    who = await _signer_of(tx, caller, act, person_id, command.key_id)
    rules.check_signer(act, who)
    key = await identity.hold_key(tx, caller.compound_id, command.key_id)
    signed = rules.sign(act, who, key, command, caller.at)
    await store.add_signature(tx, signed, signed.signatures[-1])
    if signed.state is ActState.SIGNED:
        await store.save_act(tx, signed)
        await effects[signed.kind].on_signed(tx, caller, signed)
    return signed


async def reject(tx: Tx, caller: Caller, act_id: UUID, reason: str, effects: Effects) -> Act:
    """Raises Missing, PersonNeeded, ActNotOpen, ActExpired, MandateNotInForce or PartyNotNeeded."""
    act = _readable(await store.lock_act(tx, caller.compound_id, act_id), caller)
    person_id = _person(caller)
    rules.check_open(act, caller.at)
    if act.kind == rules.FOUNDING:
        who = rules.founder(act, person_id, caller.at)
    else:
        who = await _signer(tx, caller)
    return await _end(tx, caller, rules.reject(act, who, reason, caller.at), effects)


async def withdraw(tx: Tx, caller: Caller, act_id: UUID, reason: str, effects: Effects) -> Act:
    """Raises Missing, ActNotOpen, ActExpired or NotDraftersSide."""
    act = _readable(await store.lock_act(tx, caller.compound_id, act_id), caller)
    return await _end(tx, caller, rules.withdraw(act, caller, reason), effects)


async def expire(tx: Tx, caller: Caller, act_id: UUID, effects: Effects) -> Act:
    """Ends an act whose time is over; one that is not due is left as it is. Raises Missing."""
    act = await lock(tx, caller.compound_id, act_id)
    if not rules.is_due(act, caller.at):
        return act
    return await _end(tx, caller, rules.expire(act, caller.at), effects)


async def expire_due(tx: Tx, caller: Caller, effects: Effects) -> tuple[Act, ...]:
    """Ends up to a hundred acts of this compound whose time is over."""
    due = await store.lock_due_acts(tx, caller.compound_id, caller.at, BATCH)
    return tuple([await _end(tx, caller, rules.expire(act, caller.at), effects) for act in due])


async def _end(tx: Tx, caller: Caller, ended: Act, effects: Effects) -> Act:
    await store.save_act(tx, ended)
    await effects[ended.kind].on_ended(tx, caller, ended)
    return ended


async def _signer_of(tx: Tx, caller: Caller, act: Act, person_id: UUID, key_id: str) -> Signer:
    if act.kind != rules.FOUNDING:
        return await _signer(tx, caller)
    if await identity.was_founded(tx, caller.compound_id):
        raise rules.FoundingOver
    return rules.founding_signer(act, person_id, key_id, caller.at)


async def _signer(tx: Tx, caller: Caller) -> Signer:
    """By the mandates in force at this instant, not by those that the request came with."""
    person_id = _person(caller)
    held = await compounds.mandates_of(tx, caller.compound_id, person_id, local_date(caller.at))
    return rules.signer(person_id, held, caller.at)


def _readable(act: Act | None, caller: Caller) -> Act:
    """What may not be seen is not there."""
    if act is None or not rules.may_read(act, caller):
        raise Missing(kind="act")
    return act


def _person(caller: Caller) -> UUID:
    if caller.person_id is None:
        raise identity_rules.PersonNeeded
    return caller.person_id
