"""The arithmetic of Civil Code 278 and 279 in whole numbers. Nothing is ever rounded."""

from trustprop.votes.model.counting import Majority, Tally, Weight


def tally(total: Weight, participating: Weight, in_favour: Weight, majority: Majority) -> Tally:
    """Quorum and majority of a vote of the owners, by area and by heads.

    Two thirds must take part (278(2); 以上 includes the number itself, 1259); of those taking part,
    more than half agree, or three quarters or more for a special matter. Where every interested
    owner must agree (279), every one must have taken part.
    """
    return Tally(
        quorum_area=_take_part(participating.area_dm2, total.area_dm2, majority),
        quorum_heads=_take_part(participating.heads, total.heads, majority),
        majority_area=_agree(in_favour.area_dm2, participating.area_dm2, majority),
        majority_heads=_agree(in_favour.heads, participating.heads, majority),
    )


def _take_part(participating: int, total: int, majority: Majority) -> bool:
    if majority is Majority.UNANIMOUS:
        return 0 < total == participating
    return total > 0 and 3 * participating >= 2 * total


def _agree(in_favour: int, participating: int, majority: Majority) -> bool:
    if majority is Majority.UNANIMOUS:
        return 0 < participating == in_favour
    if majority is Majority.SPECIAL:
        return participating > 0 and 4 * in_favour >= 3 * participating
    return 2 * in_favour > participating


def tally_committee(*, members: int, present: int, in_favour: int) -> Tally:
    """More than half of the members present, and more than half of all members in favour.

    Beijing 45, Shanghai 26, Hangzhou 29. Area plays no part.
    """
    return Tally(
        quorum_area=True,
        quorum_heads=2 * present > members,
        majority_area=True,
        majority_heads=2 * in_favour > members,
    )


def may_call_meeting(total: Weight, supporting: Weight) -> bool:
    """Whether owners with this area and these heads can demand an extraordinary meeting (20 %)."""
    return 5 * supporting.area_dm2 >= total.area_dm2 and 5 * supporting.heads >= total.heads
