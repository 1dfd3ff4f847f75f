"""A meeting is proposed, supported, and given motions that somebody seconds."""

from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds import rules as compound_rules
from trustprop.compounds import service as compounds
from trustprop.compounds.model import HeadCount, HeadOnRoll
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import N_, FieldError, FieldsInvalid
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.meetings import CalledBy, Meeting, Propose, Step, Support, Supported
from trustprop.meetings.model.motions import AddMotion, Motion, MotionContent
from trustprop.meetings.rules import motions as rules
from trustprop.meetings.rules import proposing, steps
from trustprop.meetings.service.access import (
    COMMITTEE,
    check_owner,
    check_owner_or_committee,
    is_committee,
    lock,
    lock_by_motion,
    present_motion,
    save,
)
from trustprop.meetings.store import meetings as store
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Majority


async def propose(tx: Tx, caller: Caller, command: Propose) -> Meeting:
    """Calls a meeting: the committee at once, owners once enough of them support it.

    Raises OfficeNeeded, OwnersOnly, NotOpen or MeetingDiffers.
    """
    if command.called_by is CalledBy.COMMITTEE:
        caller.check_office(*COMMITTEE)
    else:
        await check_owner(tx, caller)
    compound_rules.check_open(await compounds.lock(tx, caller.compound_id))
    known = await store.find_meeting(tx, caller.compound_id, command.id)
    if known is not None:
        proposing.check_same_meeting(known, command)
        return known
    meeting = await _numbered(tx, caller, command)
    if command.called_by is CalledBy.COMMITTEE:
        meeting = steps.take(meeting, Step.PROPOSAL, caller.at, caller.person_id)
    await store.add_meeting(tx, caller.compound_id, meeting)
    return meeting


async def _numbered(tx: Tx, caller: Caller, command: Propose) -> Meeting:
    year = local_date(caller.at).year
    is_rehearsal = command.is_rehearsal
    serial = await store.next_meeting_serial(
        tx, caller.compound_id, year, is_rehearsal=is_rehearsal
    )
    assert caller.person_id is not None
    return Meeting(
        meeting_id=command.id,
        number=store.meeting_number(year, serial, is_rehearsal=is_rehearsal),
        kind=command.kind,
        form=command.form,
        title=command.title,
        place=command.place,
        called_by=command.called_by,
        is_rehearsal=is_rehearsal,
        proposed_by=caller.person_id,
        proposed_at=caller.at,
    )


async def support(tx: Tx, caller: Caller, meeting_id: UUID, command: Support) -> Supported:
    """Joins the call of owners; with enough of them behind it the proposal stands.

    Enough is 20 % of the area and of the heads by the roll of the proposal's day (Regulations 13).
    Raises OwnersOnly, StepAlreadyDone, FilesMissing or FieldsInvalid.
    """
    meeting = await lock(tx, caller, meeting_id)
    steps.check_step(meeting, Step.PROPOSAL)
    heads = await _roll(tx, caller, meeting)
    homes = await _supporting(tx, caller, meeting, command, heads)
    await store.add_supports(
        tx,
        caller.compound_id,
        meeting_id,
        homes,
        person_id=None if command.homes else caller.person_id,
        recorded_by=_person(caller),
        at=caller.at,
        evidence=command.evidence,
    )
    behind = await _supported(tx, caller, meeting, heads)
    if behind.is_enough:
        facts = {"heads": behind.heads, "area_dm2": behind.area_dm2}
        done = steps.take(meeting, Step.PROPOSAL, caller.at, caller.person_id, facts=facts)
        await save(tx, caller, meeting, done)
    return behind


async def supported(tx: Tx, caller: Caller, meeting: Meeting) -> Supported:
    """How much stands behind a call so far."""
    return await _supported(tx, caller, meeting, await _roll(tx, caller, meeting))


async def _roll(tx: Tx, caller: Caller, meeting: Meeting) -> tuple[HeadOnRoll, ...]:
    on = local_date(meeting.proposed_at)
    limits = await compounds.limits(tx, caller.compound_id, on)
    with_parking = bool(limits.parking_in_base.value)
    return await compounds.voters(tx, caller.compound_id, on, with_parking=with_parking)


async def _supporting(
    tx: Tx, caller: Caller, meeting: Meeting, command: Support, heads: tuple[HeadOnRoll, ...]
) -> frozenset[UUID]:
    """The homes of the caller, or those of a signed list that who calls the meeting brings."""
    if not command.homes:
        owners = await check_owner(tx, caller, local_date(meeting.proposed_at))
        return frozenset(
            home.home_id for head in heads if owners & set(head.owner_ids) for home in head.homes
        )
    if caller.person_id != meeting.proposed_by:
        caller.check_office(*COMMITTEE)
    listed, known = set(command.homes), {home.home_id for head in heads for home in head.homes}
    errors = [
        FieldError(
            pointer=f"/homes/{i}", code="unknown", detail=N_("This home is not on the roll.")
        )
        for i, home_id in enumerate(command.homes)
        if home_id not in known
    ]
    if not command.evidence:
        message = N_("A signed list comes with its scan.")
        errors.append(FieldError(pointer="/evidence", code="missing", detail=message))
    if errors:
        raise FieldsInvalid(errors=tuple(errors))
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    return frozenset(listed)


async def _supported(
    tx: Tx, caller: Caller, meeting: Meeting, heads: tuple[HeadOnRoll, ...]
) -> Supported:
    """A head supports with all its homes, whichever of them signed."""
    homes = await store.supporting_homes(tx, caller.compound_id, meeting.meeting_id)
    on = local_date(meeting.proposed_at)
    limits = await compounds.limits(tx, caller.compound_id, on)
    behind = [head for head in heads if homes & {home.home_id for home in head.homes}]
    return proposing.supported(
        _count(heads),
        heads=len(behind),
        area_dm2=_count(behind).area_dm2,
        percent=limits.meeting_call_percent.value,
    )


def _count(heads: tuple[HeadOnRoll, ...] | list[HeadOnRoll]) -> HeadCount:
    return HeadCount(
        homes=sum(len(head.homes) for head in heads),
        heads=len(heads),
        area_dm2=sum(home.area_dm2 for head in heads for home in head.homes),
    )


def _person(caller: Caller) -> UUID:
    assert caller.person_id is not None
    return caller.person_id


# Motions


async def add_motion(tx: Tx, caller: Caller, meeting_id: UUID, command: AddMotion) -> Motion:
    """Moves something; what an owner moves wants somebody who seconds it.

    Raises OwnersOnly, MotionsFrozen, FieldsInvalid, FilesMissing or MotionDiffers.
    """
    person_id = await check_owner_or_committee(tx, caller)
    meeting = await lock(tx, caller, meeting_id)
    content = _content(command)
    known = await store.find_motion(tx, caller.compound_id, command.id)
    if known is not None:
        rules.check_same_motion(known, meeting_id, content)
        return known
    steps.check_under_way(meeting)
    rules.check_open_to_motions(meeting)
    moved = await store.motions(tx, caller.compound_id, meeting_id)
    majority, legal_basis = await _class_of(tx, caller, content)
    motion = Motion(
        motion_id=command.id,
        meeting_id=meeting_id,
        position=len(moved) + 1,
        version=1,
        content=content,
        majority=majority,
        legal_basis=legal_basis,
        moved_by=person_id,
        is_moved_by_committee=is_committee(caller),
        moved_at=caller.at,
    )
    await store.add_motion(tx, caller.compound_id, motion)
    return motion


async def _class_of(tx: Tx, caller: Caller, content: MotionContent) -> tuple[Majority, str]:
    """After a look at what is wrong in itself."""
    rules.refuse(rules.content_errors(content, ""))
    await evidence.check_exist(tx, caller.compound_id, content.attachments)
    on = local_date(caller.at)
    if content.amendment is not None:
        text = rules.text_of(content.amendment, await compounds.texts(tx, caller.compound_id))
        draft = rules.next_version(content.amendment, text, on)
        await compounds.check_text(tx, caller.compound_id, draft)
    return rules.class_of(content, await compounds.limits(tx, caller.compound_id, on))


async def lock_motion(tx: Tx, caller: Caller, motion_id: UUID) -> Motion:
    """Held with its meeting. Raises Missing."""
    _, motion = await lock_by_motion(tx, caller, motion_id)
    return motion


async def revise_motion(tx: Tx, caller: Caller, motion_id: UUID, content: MotionContent) -> Motion:
    """Puts it otherwise, until the screening; whoever had seconded it had seconded something else.

    Raises MotionsFrozen, NotYourMotion, MotionWithdrawn, FieldsInvalid or FilesMissing.
    """
    meeting, motion = await lock_by_motion(tx, caller, motion_id)
    steps.check_under_way(meeting)
    rules.check_open_to_motions(meeting)
    rules.check_mine(motion, caller.person_id, is_committee=is_committee(caller))
    majority, legal_basis = await _class_of(tx, caller, content)
    revised = replace(
        motion,
        content=content,
        majority=majority,
        legal_basis=legal_basis,
        version=motion.version + 1,
    )
    await store.save_motion(tx, caller.compound_id, revised)
    return revised


async def withdraw_motion(tx: Tx, caller: Caller, motion_id: UUID) -> Motion:
    """Raises MotionsFrozen, NotYourMotion or MotionWithdrawn."""
    meeting, motion = await lock_by_motion(tx, caller, motion_id)
    steps.check_under_way(meeting)
    rules.check_open_to_motions(meeting)
    rules.check_mine(motion, caller.person_id, is_committee=is_committee(caller))
    withdrawn = replace(motion, withdrawn_at=caller.at, version=motion.version + 1)
    await store.save_motion(tx, caller.compound_id, withdrawn)
    return withdrawn


async def second(tx: Tx, caller: Caller, motion_id: UUID) -> Motion:
    """Another owner, or the committee, wants it discussed.

    Raises OwnersOnly, MotionsFrozen, MotionWithdrawn or OwnMotionSeconded.
    """
    person_id = await check_owner_or_committee(tx, caller)
    meeting, motion = await lock_by_motion(tx, caller, motion_id)
    steps.check_under_way(meeting)
    rules.check_open_to_motions(meeting)
    rules.check_seconder(motion, person_id)
    await store.add_second(tx, caller.compound_id, motion, person_id, caller.at)
    return present_motion(await store.find_motion(tx, caller.compound_id, motion_id))


def _content(command: AddMotion) -> MotionContent:
    return MotionContent(
        **{name: getattr(command, name) for name in MotionContent.__struct_fields__}
    )
