"""When a call of owners carries, and when a retry asks for the same meeting."""

from trustprop.compounds.model import HeadCount
from trustprop.kernel.errors import N_, Conflict
from trustprop.meetings.model.meetings import Meeting, Propose, Supported


class MeetingDiffers(Conflict):
    code = "meeting-differs"
    detail = N_("A meeting with this id is already here with other content.")


def check_same_meeting(known: Meeting, command: Propose) -> None:
    """Raises MeetingDiffers unless a retry asks for what is already there."""
    names = [name for name in command.__struct_fields__ if name != "id"]
    if any(getattr(known, name) != getattr(command, name) for name in names):
        raise MeetingDiffers


def supported(total: HeadCount, *, heads: int, area_dm2: int, percent: int) -> Supported:
    """Whether the call carries, by area and by heads; 20.01 heads of a hundred are 21."""
    is_enough = (
        heads > 0
        and 100 * heads >= percent * total.heads
        and 100 * area_dm2 >= percent * total.area_dm2
    )
    return Supported(
        heads=heads,
        area_dm2=area_dm2,
        total_heads=total.heads,
        total_area_dm2=total.area_dm2,
        percent=percent,
        is_enough=is_enough,
    )
