"""The assembly has decided: resolutions are made, and texts, mandates and keys follow them."""

from datetime import date
from uuid import UUID

from trustprop.compounds import service as compounds
from trustprop.identity import service as identity
from trustprop.identity.model import KeyState
from trustprop.kernel.caller import Caller
from trustprop.meetings.model.afterwards import EffectTaken, ObjectionTarget
from trustprop.meetings.model.meetings import Meeting, Step, TakeEffect
from trustprop.meetings.model.motions import Motion
from trustprop.meetings.model.resolutions import Resolution, ResolutionState
from trustprop.meetings.rules import effect as rules
from trustprop.meetings.rules import motions as motion_rules
from trustprop.meetings.rules import steps
from trustprop.meetings.rules.afterwards import check_no_upheld
from trustprop.meetings.rules.calendar import start_of
from trustprop.meetings.rules.deadlines import handover_due
from trustprop.meetings.service.access import COMMITTEE, lock, save
from trustprop.meetings.service.voting import vote_of
from trustprop.meetings.store import afterwards as later
from trustprop.meetings.store import meetings as store
from trustprop.meetings.store import resolutions as decisions
from trustprop.plumbing.database import Tx
from trustprop.votes import service as votes
from trustprop.votes.model.counting import Result, Seat


async def take_effect(tx: Tx, caller: Caller, meeting_id: UUID, command: TakeEffect) -> EffectTaken:
    """Makes the resolutions of a posted meeting; a rehearsal comes to its end and makes none.

    No act is signed: the assembly has decided, and the firm cannot withhold a signature. Raises
    StepMissing, StepAlreadyDone, EffectDayWrong, ObjectionStands, BothSides, or FieldsInvalid when
    the law has overtaken a clause since.
    """
    caller.check_office(*COMMITTEE)
    await compounds.lock(tx, caller.compound_id)
    meeting = await lock(tx, caller, meeting_id)
    taken, effective_on = steps.take_effect(
        meeting, command.effective_on, caller.at, caller.person_id
    )
    objections = await later.objections(tx, caller.compound_id, meeting_id)
    check_no_upheld(objections, ObjectionTarget.RESULT)
    await save(tx, caller, meeting, taken)
    if meeting.is_rehearsal:
        return EffectTaken(meeting_id=meeting_id, resolutions=())
    results, seats = await votes.outcome(tx, caller.compound_id, vote_of(meeting))
    made: list[Resolution] = []
    for motion in motion_rules.live(await store.motions(tx, caller.compound_id, meeting_id)):
        made += await _carry_out(tx, caller, taken, motion, effective_on, results, seats)
    return EffectTaken(meeting_id=meeting_id, resolutions=tuple(made))


async def _carry_out(
    tx: Tx,
    caller: Caller,
    meeting: Meeting,
    motion: Motion,
    effective_on: date,
    results: tuple[Result, ...],
    seats: tuple[Seat, ...],
) -> list[Resolution]:
    """The resolutions of one motion and what follows from them at once."""
    made = [
        await _decide(tx, caller, meeting, motion, result, effective_on)
        for result in rules.passed(motion, results, seats)
    ]
    if not made:
        return []
    if motion.content.revokes_resolution_id is not None:
        await _revoke(tx, caller, motion.content.revokes_resolution_id, made[0])
    if motion.content.amendment is not None:
        await _adopt(tx, caller, motion, made[0])
    if motion.content.election is not None:
        await _install(tx, caller, motion, made, effective_on)
    return made


async def _decide(
    tx: Tx, caller: Caller, meeting: Meeting, motion: Motion, result: Result, effective_on: date
) -> Resolution:
    counted = meeting.done(Step.COUNT)
    assert counted is not None
    bare = rules.decided(
        meeting,
        motion,
        result,
        count_digest=counted.facts["count_digest"],
        effective_on=effective_on,
        at=caller.at,
    )
    serial = await decisions.next_serial(tx, caller.compound_id, bare.held_on.year)
    made = rules.numbered(bare, decisions.number(bare.held_on.year, serial))
    await decisions.add(tx, caller.compound_id, made)
    await decisions.add_outcome(
        tx,
        caller,
        made.resolution_id,
        ResolutionState.CONFIRMED,
        by_resolution_id=made.resolution_id,
    )
    return made


async def _revoke(tx: Tx, caller: Caller, revoked_id: UUID, by: Resolution) -> None:
    """What a court took back in the meantime stays taken back."""
    revoked = await decisions.find(tx, caller.compound_id, revoked_id)
    assert revoked is not None
    if revoked.state is ResolutionState.CONFIRMED:
        await decisions.add_outcome(
            tx,
            caller,
            revoked_id,
            ResolutionState.REVOKED,
            by_resolution_id=by.resolution_id,
        )


async def _adopt(tx: Tx, caller: Caller, motion: Motion, by: Resolution) -> None:
    """The next version of a text, in effect with its resolution."""
    amendment = motion.content.amendment
    assert amendment is not None
    text = motion_rules.text_of(amendment, await compounds.texts(tx, caller.compound_id))
    draft = motion_rules.next_version(amendment, text, by.valid_from)
    await compounds.adopt_text_by(tx, caller, draft, by.resolution_id)


async def _install(
    tx: Tx, caller: Caller, motion: Motion, made: list[Resolution], effective_on: date
) -> None:
    """Mandates and keys of those elected; the mandates they replace end with the handover.

    They end on its last day at the latest, so that nobody holds an office by not handing over.
    """
    election = motion.content.election
    assert election is not None
    for resolution in made:
        appointment = rules.appointment(motion, resolution.resolution_id, effective_on)
        term = await compounds.appoint_elected(tx, caller, appointment, resolution.resolution_id)
        if appointment.key_id is not None:
            key = await identity.find_key(tx, caller.compound_id, appointment.key_id)
            if key is not None and key.state in (KeyState.PROVED, KeyState.ACTIVE):
                until = start_of(term.out_on)
                await identity.activate_key_by(
                    tx, caller, key.key_id, resolution.resolution_id, until
                )
    if election.replaces and rules.replaces_the_committee(motion, len(made)):
        limits = await compounds.limits(tx, caller.compound_id, effective_on)
        begins_on = rules.appointment(motion, made[0].resolution_id, effective_on).valid_from
        due_on = handover_due(begins_on, limits)
        await compounds.end_mandates(tx, caller, election.replaces, due_on, made[0].resolution_id)
