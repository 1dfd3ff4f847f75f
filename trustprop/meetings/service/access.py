"""Who may do what in a meeting, and the meeting it is about."""

from datetime import date
from uuid import UUID

from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.meetings import Meeting
from trustprop.meetings.model.motions import Motion
from trustprop.meetings.rules.afterwards import OwnersOnly
from trustprop.meetings.store import meetings as store
from trustprop.plumbing.database import Tx

COMMITTEE = (Office.COMMITTEE_DIRECTOR, Office.COMMITTEE_MEMBER)
"""The owners' side conducts; the firm reads and remarks."""


def is_committee(caller: Caller) -> bool:
    return bool(caller.offices & set(COMMITTEE))


async def check_owner(tx: Tx, caller: Caller, on: date | None = None) -> frozenset[UUID]:
    """Which owners the caller is on a day. Raises OwnersOnly for everybody else."""
    if caller.person_id is None:
        raise OwnersOnly
    day = on or local_date(caller.at)
    owners = await compounds.owners_of_person(tx, caller.compound_id, caller.person_id, day)
    if not owners:
        raise OwnersOnly
    return owners


async def check_owner_or_committee(tx: Tx, caller: Caller) -> UUID:
    """The person who asks. Raises OwnersOnly."""
    if not is_committee(caller):
        await check_owner(tx, caller)
    assert caller.person_id is not None
    return caller.person_id


async def lock(tx: Tx, caller: Caller, meeting_id: UUID) -> Meeting:
    """Always the first lock of a command about a meeting. Raises Missing."""
    return present(await store.lock_meeting(tx, caller.compound_id, meeting_id))


async def lock_by_motion(tx: Tx, caller: Caller, motion_id: UUID) -> tuple[Meeting, Motion]:
    """The meeting of a motion, held, and the motion as it is then. Raises Missing."""
    found = present_motion(await store.find_motion(tx, caller.compound_id, motion_id))
    meeting = await lock(tx, caller, found.meeting_id)
    motion = present_motion(await store.find_motion(tx, caller.compound_id, motion_id))
    return meeting, motion


async def save(tx: Tx, caller: Caller, before: Meeting, after: Meeting) -> Meeting:
    await store.save_meeting(tx, caller.compound_id, before, after)
    return after


def present(meeting: Meeting | None) -> Meeting:
    if meeting is None:
        raise Missing(kind="meeting")
    return meeting


def present_motion(motion: Motion | None) -> Motion:
    if motion is None:
        raise Missing(kind="motion")
    return motion
