"""What everybody here may read: meetings, full texts, differences, deadlines, outcomes."""

from datetime import datetime
from uuid import UUID

from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.meetings import Deadline, Meeting, MeetingView, Step, Supported
from trustprop.meetings.model.motions import Motion, MotionDifference, MotionOutcome
from trustprop.meetings.rules import motions as rules
from trustprop.meetings.rules.deadlines import draw_calendar
from trustprop.meetings.service.access import present, present_motion
from trustprop.meetings.service.proposing import supported
from trustprop.meetings.service.voting import limits_of
from trustprop.meetings.service.voting import outcomes as counted
from trustprop.meetings.store import meetings as store
from trustprop.plumbing.database import Tx


async def find_meeting(tx: Tx, compound_id: UUID, meeting_id: UUID) -> Meeting:
    """Raises Missing."""
    return present(await store.find_meeting(tx, compound_id, meeting_id))


async def meetings(
    tx: Tx, compound_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None
) -> tuple[Meeting, ...]:
    """The latest first."""
    return await store.meetings(tx, compound_id, limit=limit, after=after)


def view(meeting: Meeting) -> MeetingView:
    return MeetingView(meeting=meeting, step=meeting.step)


async def calendar(tx: Tx, caller: Caller, meeting_id: UUID) -> tuple[Deadline, ...]:
    """Every step: earliest and last day, by whom, what a miss means, and what is done."""
    meeting = await find_meeting(tx, caller.compound_id, meeting_id)
    limits = await limits_of(tx, caller, meeting)
    return draw_calendar(meeting, limits, local_date(caller.at))


async def supports(tx: Tx, caller: Caller, meeting_id: UUID) -> Supported:
    """How much of the compound stands behind a call."""
    return await supported(tx, caller, await find_meeting(tx, caller.compound_id, meeting_id))


async def motions(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Motion, ...]:
    """In the order of being moved, withdrawn ones too. Raises Missing."""
    await find_meeting(tx, compound_id, meeting_id)
    return await store.motions(tx, compound_id, meeting_id)


async def find_motion(tx: Tx, compound_id: UUID, motion_id: UUID) -> Motion:
    """Raises Missing."""
    return present_motion(await store.find_motion(tx, compound_id, motion_id))


async def difference(tx: Tx, caller: Caller, motion_id: UUID) -> MotionDifference:
    """What a motion changes in a text, clause by clause. Raises Missing."""
    motion = await find_motion(tx, caller.compound_id, motion_id)
    amendment = motion.content.amendment
    if amendment is None:
        raise Missing(kind="amendment")
    texts = await compounds.texts(tx, caller.compound_id)
    before = rules.text_of(amendment, rules.before(amendment, texts))
    return rules.motion_difference(motion, before, local_date(caller.at))


async def outcomes(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[MotionOutcome, ...]:
    """What became of every motion, once the tally is certified. Raises Missing before."""
    meeting = await find_meeting(tx, compound_id, meeting_id)
    if meeting.done(Step.TALLY) is None:
        raise Missing(kind="tally")
    return await counted(tx, compound_id, meeting)
