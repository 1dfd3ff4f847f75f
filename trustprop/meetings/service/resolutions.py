"""Resolutions: recorded with their figures, confirmed by both sides, then stood on by others."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct
from trustprop.acts.service import Effect
from trustprop.compounds import rules as compound_rules
from trustprop.compounds import service as compounds
from trustprop.compounds.model import WHOLE, HeadCount, Scope
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.meetings import rules, store
from trustprop.meetings.model import (
    Body,
    DraftRevocation,
    Matter,
    RecordResolution,
    Resolution,
    ResolutionState,
    Revocation,
)
from trustprop.meetings.store import meetings
from trustprop.plumbing.database import Tx

RESOLUTION = "resolution"
REVOCATION = "resolution-revocation"
_RECORDERS = (
    Office.COMMITTEE_DIRECTOR,
    Office.COMMITTEE_MEMBER,
    Office.TRUSTEE_MANAGER,
    Office.TRUSTEE_BOOKKEEPER,
)


async def record(tx: Tx, caller: Caller, command: RecordResolution) -> Resolution:
    """Records a decision and puts the record before both sides.

    Its arithmetic is done again and must pass; its totals must be those of the roll. Raises
    NotOpen, MeetingsAreHeldHere, FilesMissing, FieldsInvalid, NotForCommittee, RollDiffers,
    ResolutionFailed, ActExists.
    """
    caller.check_office(*_RECORDERS)
    compound_rules.check_open(await compounds.lock(tx, caller.compound_id))
    existing = await store.find(tx, caller.compound_id, command.id)
    if command.decided_by is Body.ASSEMBLY and existing is None:
        rules.check_recorded_from_paper(
            are_held_here=await meetings.has_taken_effect(tx, caller.compound_id)
        )
    recorded = await _recorded(tx, caller, command, existing)
    await evidence.check_exist(tx, caller.compound_id, command.minutes)
    draft = DraftAct(
        act_id=command.act_id,
        kind=RESOLUTION,
        subject_id=command.id,
        body=_body(recorded),
        expires_at=command.expires_at,
    )
    await acts.draft(tx, caller, draft)
    if existing is not None:
        return existing
    await store.add(tx, caller.compound_id, recorded)
    return recorded


async def _recorded(
    tx: Tx, caller: Caller, command: RecordResolution, existing: Resolution | None
) -> Resolution:
    limits = await compounds.limits(tx, caller.compound_id, command.held_on)
    entitled = await _entitled(tx, caller, command)
    rules.check_recorded(command, limits, entitled, local_date(caller.at))
    majority = rules.majority_of(command.matter, limits)
    year = command.held_on.year
    serial = await store.next_serial(tx, caller.compound_id, year)
    return Resolution(
        resolution_id=command.id,
        act_id=command.act_id,
        number=existing.number if existing else store.number(year, serial),
        matter=command.matter,
        majority=majority,
        legal_basis=rules.law_of(command.matter, limits).source.citation,
        decided_by=command.decided_by,
        scope=command.scope,
        subject_id=command.subject_id,
        title=command.title,
        decision=command.decision,
        record_on=command.record_on,
        held_on=command.held_on,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        figures=command.figures,
        tally=rules.tally_of(command.figures, command.decided_by, majority),
        minutes=command.minutes,
        recorded_at=existing.recorded_at if existing else caller.at,
    )


async def _entitled(tx: Tx, caller: Caller, command: RecordResolution) -> HeadCount:
    """The roll of the scope on the record date, or the committee on the day it met."""
    if command.decided_by is Body.COMMITTEE:
        members = await compounds.committee(tx, caller.compound_id, command.held_on)
        return HeadCount(homes=0, heads=len(members), area_dm2=0)
    return await compounds.head_count(tx, caller.compound_id, command.record_on, command.scope)


def _body(resolution: Resolution) -> dict[str, object]:
    """What both sides sign: the decision as it was recorded, not what becomes of it."""
    body = msgspec.to_builtins(resolution)
    assert isinstance(body, dict)
    del body["state"]
    return body


async def find(tx: Tx, compound_id: UUID, resolution_id: UUID) -> Resolution:
    """Raises Missing."""
    found = await store.find(tx, compound_id, resolution_id)
    if found is None:
        raise Missing(kind="resolution")
    return found


async def resolutions(tx: Tx, compound_id: UUID) -> tuple[Resolution, ...]:
    """In order of their numbers."""
    return await store.every(tx, compound_id)


async def require(
    tx: Tx,
    caller: Caller,
    resolution_id: UUID,
    matter: Matter,
    subject_id: UUID | None = None,
    *,
    or_about: Collection[UUID | None] = (),
    scope: Scope = WHOLE,
) -> Resolution:
    """The resolution that something may be done under, today.

    With a ``subject_id`` it must decide about that very thing, or about one of ``or_about``, where
    None is a decision that names no subject. ``scope`` says whose decision it must be: one building's
    owners open nothing of the compound's, and the compound nothing of a building's own. Raises
    ResolutionMissing, ResolutionOfAnotherMatter, ResolutionOfAnotherSubject,
    ResolutionOfAnotherScope or ResolutionNotInForce.
    """
    found = await store.find(tx, caller.compound_id, resolution_id)
    subject_ids = () if subject_id is None else (subject_id, *or_about)
    return rules.check_stands(found, matter, subject_ids, scope, local_date(caller.at))


async def draft_revocation(tx: Tx, caller: Caller, command: DraftRevocation) -> Act:
    """Puts the revocation of a resolution before both sides. Raises Missing, ResolutionNotConfirmed."""
    caller.check_office(*_RECORDERS)
    rules.check_revocable(await find(tx, caller.compound_id, command.resolution_id))
    draft = DraftAct(
        act_id=command.id,
        kind=REVOCATION,
        subject_id=command.resolution_id,
        body=Revocation(resolution_id=command.resolution_id, reason=command.reason),
        expires_at=command.expires_at,
    )
    return await acts.draft(tx, caller, draft)


async def _confirm(tx: Tx, caller: Caller, act: Act) -> None:
    state = ResolutionState.CONFIRMED
    await store.add_outcome(tx, caller, act.subject_id, state, act.act_id)


async def _drop(tx: Tx, caller: Caller, act: Act) -> None:
    await store.add_outcome(tx, caller, act.subject_id, ResolutionState.REJECTED, act.act_id)


async def _revoke(tx: Tx, caller: Caller, act: Act) -> None:
    rules.check_revocable(await find(tx, caller.compound_id, act.subject_id))
    await store.add_outcome(tx, caller, act.subject_id, ResolutionState.REVOKED, act.act_id)


EFFECTS = {
    RESOLUTION: Effect(on_signed=_confirm, on_ended=_drop),
    REVOCATION: Effect(on_signed=_revoke),
}
