"""Votes that advise: one person, one vote. They order an agenda and bind nobody."""

from collections.abc import Mapping
from uuid import UUID

from trustprop.votes.model.counting import Choice
from trustprop.votes.model.deliberation import Advice


def deliberate(votes: Mapping[UUID, Choice]) -> Advice:
    """What a meeting thinks, by person: more for than against; a tie fails."""
    said = list(votes.values())
    return Advice(
        in_favour=said.count(Choice.FOR),
        against=said.count(Choice.AGAINST),
        abstaining=said.count(Choice.ABSTAIN),
    )
