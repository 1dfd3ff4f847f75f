"""Acts that make signing keys active, replace and revoke them: always by both sides."""

from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from trustprop.acts import rules
from trustprop.acts.model import (
    Act,
    DraftAct,
    DraftKeyActivation,
    DraftKeyReplacement,
    DraftKeyRevocation,
    KeyActivation,
    KeyReplacement,
    KeyRevocation,
)
from trustprop.acts.service.signing import Effect, draft
from trustprop.compounds import service as compounds
from trustprop.identity import service as identity
from trustprop.identity.model import SigningKey
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Tx


async def draft_key_activation(tx: Tx, caller: Caller, command: DraftKeyActivation) -> Act:
    """Raises OfficeNeeded, Missing, KeyNotInState or KeyWithoutMandate."""
    caller.check_office(*Office)
    key = await identity.get_key(tx, caller.compound_id, command.key_id)
    body = await _activation(tx, caller, key)
    return await _draft(tx, caller, "key-activation", key, body, command.id, command.expires_at)


async def draft_key_revocation(tx: Tx, caller: Caller, command: DraftKeyRevocation) -> Act:
    """Raises OfficeNeeded, Missing or KeyNotInState."""
    caller.check_office(*Office)
    key = await identity.get_key(tx, caller.compound_id, command.key_id)
    rules.check_revocable(key)
    body = KeyRevocation(key_id=key.key_id, person_id=key.person_id, reason=command.reason)
    return await _draft(tx, caller, "key-revocation", key, body, command.id, command.expires_at)


async def draft_key_replacement(tx: Tx, caller: Caller, command: DraftKeyReplacement) -> Act:
    """Raises OfficeNeeded, Missing, KeyNotInState, KeyWithoutMandate or KeysOfTwoPersons."""
    caller.check_office(*Office)
    old = await identity.get_key(tx, caller.compound_id, command.old_key_id)
    new = await identity.get_key(tx, caller.compound_id, command.new_key_id)
    rules.check_replacement(old, new)
    body = KeyReplacement(
        old_key_id=old.key_id, new=await _activation(tx, caller, new), reason=command.reason
    )
    return await _draft(tx, caller, "key-replacement", new, body, command.id, command.expires_at)


async def _activation(tx: Tx, caller: Caller, key: SigningKey) -> KeyActivation:
    terms = await compounds.mandates(tx, caller.compound_id)
    return rules.activation(key, terms, local_date(caller.at))


async def _draft(
    tx: Tx,
    caller: Caller,
    kind: str,
    key: SigningKey,
    body: KeyActivation | KeyRevocation | KeyReplacement,
    act_id: UUID,
    expires_at: datetime,
) -> Act:
    subject_id = uuid5(caller.compound_id, f"signing-key/{key.key_id}")
    command = DraftAct(
        act_id=act_id, kind=kind, subject_id=subject_id, body=body, expires_at=expires_at
    )
    return await draft(tx, caller, command)


async def _activate(tx: Tx, caller: Caller, act: Act) -> None:
    body = msgspec.convert(act.body, KeyActivation)
    await identity.activate_key(tx, caller, body.key_id, act.act_id, body.key_expires_at)


async def _revoke(tx: Tx, caller: Caller, act: Act) -> None:
    body = msgspec.convert(act.body, KeyRevocation)
    await identity.revoke_key(tx, caller, body.key_id, act.act_id)


async def _replace(tx: Tx, caller: Caller, act: Act) -> None:
    body = msgspec.convert(act.body, KeyReplacement)
    await identity.revoke_key(tx, caller, body.old_key_id, act.act_id)
    await identity.activate_key(tx, caller, body.new.key_id, act.act_id, body.new.key_expires_at)


EFFECTS = {
    "key-activation": Effect(on_signed=_activate),
    "key-revocation": Effect(on_signed=_revoke),
    "key-replacement": Effect(on_signed=_replace),
}
