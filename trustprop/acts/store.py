"""How acts are fetched, locked and kept."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy import Row, Select, Text, Uuid, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from trustprop.acts.model import Act, ActState, Signature
from trustprop.acts.tables import act, act_signature, act_version
from trustprop.kernel.caller import Party
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx


async def add_act(tx: Tx, drafted: Act) -> bool:
    """False when there is one with this id."""
    added = await tx.execute(
        upsert(act)
        .values(
            compound_id=drafted.compound_id,
            act_id=drafted.act_id,
            kind=drafted.kind,
            subject_id=drafted.subject_id,
            state=drafted.state,
            version=drafted.version,
            drafted_by=drafted.drafted_by,
            drafted_party=drafted.drafted_party,
            drafted_at=drafted.drafted_at,
            reason=drafted.reason,
        )
        .on_conflict_do_nothing(constraint="pk_act")
        .returning(act.c.act_id)
    )
    if added.first() is None:
        return False
    await _add_version(tx, drafted)
    return True


async def save_version(tx: Tx, revised: Act) -> None:
    await _add_version(tx, revised)
    await save_act(tx, revised)


async def _add_version(tx: Tx, drafted: Act) -> None:
    await tx.execute(
        insert(act_version).values(
            compound_id=drafted.compound_id,
            act_id=drafted.act_id,
            version=drafted.version,
            payload=drafted.payload,
            digest=bytes.fromhex(drafted.digest),
            required=msgspec.to_builtins(drafted.required),
            expires_at=drafted.expires_at,
            revised_by=drafted.revised_by,
        )
    )


async def save_act(tx: Tx, changed: Act) -> None:
    await tx.execute(
        update(act)
        .where(act.c.compound_id == changed.compound_id, act.c.act_id == changed.act_id)
        .values(
            state=changed.state,
            version=changed.version,
            ended_at=changed.ended_at,
            reason=changed.reason,
        )
    )


async def add_signature(tx: Tx, signed: Act, signature: Signature) -> None:
    await tx.execute(
        insert(act_signature).values(
            compound_id=signed.compound_id,
            act_id=signed.act_id,
            version=signature.version,
            person_id=signature.person_id,
            key_id=bytes.fromhex(signature.key_id),
            party=signature.party,
            office=signature.office,
            mandate_id=signature.mandate_id,
            signature=signature.signature,
            signed_at=signature.signed_at,
        )
    )


async def lock_act(tx: Tx, compound_id: UUID, act_id: UUID) -> Act | None:
    """Orders everything that happens to one act.

    The lock is a statement of its own: what it waited for is seen only by the statements after it.
    """
    locked = await tx.execute(
        select(act.c.act_id)
        .where(act.c.compound_id == compound_id, act.c.act_id == act_id)
        .with_for_update()
    )
    return await find_act(tx, compound_id, act_id) if locked.first() else None


async def lock_due_acts(tx: Tx, compound_id: UUID, at: datetime, limit: int) -> tuple[Act, ...]:
    """Open acts past their time; those that somebody is busy with wait for the next round."""
    locked = await tx.execute(
        select(act.c.act_id)
        .join(act_version, _present_version())
        .where(
            act.c.compound_id == compound_id,
            act.c.state == ActState.OPEN,
            act_version.c.expires_at <= at,
        )
        .order_by(act.c.act_id)
        .limit(limit)
        .with_for_update(of=act, skip_locked=True)
    )
    wanted = [row.act_id for row in locked]
    return await _with_signatures(tx, compound_id, await _fetch(tx, compound_id, wanted))


async def find_act(tx: Tx, compound_id: UUID, act_id: UUID) -> Act | None:
    found = await _with_signatures(tx, compound_id, await _fetch(tx, compound_id, [act_id]))
    return found[0] if found else None


async def acts(
    tx: Tx,
    compound_id: UUID,
    *,
    state: ActState | None,
    kind: str | None,
    subject_id: UUID | None,
    waiting_for: tuple[UUID, Party] | None,
    after: UUID | None,
    limit: int,
    at: datetime,
) -> tuple[Act, ...]:
    """In id order, which is the order in which they were drafted; open are those still in time."""
    wanted = _acts(compound_id).order_by(act.c.act_id).limit(limit)
    if state is not None:
        wanted = wanted.where(act.c.state == state)
    if state is ActState.OPEN or waiting_for is not None:
        wanted = wanted.where(act_version.c.expires_at > at)
    if kind is not None:
        wanted = wanted.where(act.c.kind == kind)
    if subject_id is not None:
        wanted = wanted.where(act.c.subject_id == subject_id)
    if waiting_for is not None:
        wanted = _waiting_for(wanted, *waiting_for)
    if after is not None:
        wanted = wanted.where(act.c.act_id > after)
    return await _with_signatures(tx, compound_id, (await tx.execute(wanted)).all())


def _acts(compound_id: UUID) -> Select[Any]:
    return (
        select(
            act.c.compound_id,
            act.c.act_id,
            act.c.kind,
            act.c.subject_id,
            act.c.state,
            act.c.version,
            act.c.drafted_by,
            act.c.drafted_party,
            act.c.drafted_at,
            act_version.c.revised_by,
            act.c.ended_at,
            act.c.reason,
            act_version.c.payload,
            func.encode(act_version.c.digest, "hex").label("digest"),
            act_version.c.required,
            act_version.c.expires_at,
        )
        .join(act_version, _present_version())
        .where(act.c.compound_id == compound_id)
    )


def _present_version() -> Any:
    return (
        (act_version.c.compound_id == act.c.compound_id)
        & (act_version.c.act_id == act.c.act_id)
        & (act_version.c.version == act.c.version)
    )


_OPEN_PLACE = """
    NOT EXISTS (
        SELECT FROM act_signature AS own
        WHERE own.compound_id = act.compound_id
          AND own.act_id = act.act_id
          AND own.version = act.version
          AND own.person_id = :person_id
    ) AND EXISTS (
        SELECT FROM jsonb_array_elements(act_version.required) AS wanted
        WHERE wanted ->> 'party' = :party
          AND (wanted ->> 'drafter_may_sign' = 'true' OR (
              act.drafted_by IS DISTINCT FROM :person_id
              AND act_version.revised_by IS DISTINCT FROM :person_id
          ))
          AND CAST(wanted ->> 'count' AS integer) > (
              SELECT count(*) FROM act_signature AS given
              WHERE given.compound_id = act.compound_id
                AND given.act_id = act.act_id
                AND given.version = act.version
                AND given.party = :party
          )
    )
"""


def _waiting_for(wanted: Select[Any], person_id: UUID, party: Party) -> Select[Any]:
    """Open acts on which this person can put a signature that is still missing."""
    place = text(_OPEN_PLACE).bindparams(
        bindparam("person_id", person_id, Uuid), bindparam("party", party.value, Text)
    )
    return wanted.where(act.c.state == ActState.OPEN, place)


async def _fetch(tx: Tx, compound_id: UUID, act_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    wanted = _acts(compound_id).where(act.c.act_id.in_(act_ids)).order_by(act.c.act_id)
    return (await tx.execute(wanted)).all()


async def _with_signatures(tx: Tx, compound_id: UUID, found: Sequence[Row[Any]]) -> tuple[Act, ...]:
    if not found:
        return ()
    given = await tx.execute(
        select(
            act_signature.c.act_id,
            act_signature.c.version,
            func.encode(act_signature.c.key_id, "hex").label("key_id"),
            act_signature.c.person_id,
            act_signature.c.party,
            act_signature.c.office,
            act_signature.c.mandate_id,
            act_signature.c.signature,
            act_signature.c.signed_at,
        )
        .where(
            act_signature.c.compound_id == compound_id,
            act_signature.c.act_id.in_([row.act_id for row in found]),
        )
        .order_by(act_signature.c.signed_at, act_signature.c.person_id)
    )
    by_version: dict[tuple[UUID, int], list[Signature]] = {}
    for row in given:
        by_version.setdefault((row.act_id, row.version), []).append(rows.to(Signature, row))
    return tuple(
        replace(rows.to(Act, row), signatures=tuple(by_version.get((row.act_id, row.version), ())))
        for row in found
    )
