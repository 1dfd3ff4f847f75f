"""What is true of meetings: their days and steps, their motions, and what a resolution opens."""

from trustprop.meetings.rules.foundations import (
    KeyOfAnother,
    MandateNeedsResolution,
)
from trustprop.meetings.rules.resolutions import (
    COMMITTEE_DECIDES,
    NotForCommittee,
    ResolutionFailed,
    ResolutionMissing,
    ResolutionNotConfirmed,
    ResolutionNotInForce,
    ResolutionOfAnotherMatter,
    ResolutionOfAnotherSubject,
    RollDiffers,
    check_passed,
    check_recorded,
    check_revocable,
    check_stands,
    law_of,
    majority_of,
    tally_of,
)
from trustprop.votes.rules import (
    tally,
    tally_committee,
)

__all__ = [
    "COMMITTEE_DECIDES",
    "KeyOfAnother",
    "MandateNeedsResolution",
    "NotForCommittee",
    "ResolutionFailed",
    "ResolutionMissing",
    "ResolutionNotConfirmed",
    "ResolutionNotInForce",
    "ResolutionOfAnotherMatter",
    "ResolutionOfAnotherSubject",
    "RollDiffers",
    "check_passed",
    "check_recorded",
    "check_revocable",
    "check_stands",
    "law_of",
    "majority_of",
    "tally",
    "tally_committee",
    "tally_of",
]
