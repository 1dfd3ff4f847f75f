"""Ballots that are contested, struck or found invalid."""

from collections.abc import Collection, Iterable
from uuid import UUID

from trustprop.kernel.errors import (
    N_,
    Conflict,
    Forbidden,
)
from trustprop.votes.model.counting import Voter
from trustprop.votes.model.holding import (
    BallotEvent,
    BoxedBallot,
    ContestedBallot,
    EventKind,
)

_OUT = (EventKind.STRUCK, EventKind.FOUND_INVALID)


class BallotNotYours(Forbidden):
    code = "ballot-not-yours"
    detail = N_("Only the owner in whose name a ballot stands can contest it.")


class ObjectionOpen(Conflict):
    code = "ballot-objection-open"
    detail = N_("This ballot is contested already; the committee decides.")


class ObjectionDecided(Conflict):
    code = "ballot-objection-decided"
    detail = N_("What became of this ballot is decided already.")


class NothingToDecide(Conflict):
    code = "ballot-not-contested"
    detail = N_("Nobody has contested this ballot.")


class BallotNotOnPaper(Conflict):
    code = "ballot-not-on-paper"
    detail = N_("Only a ballot on paper can be found invalid; an owner sent this one.")


def is_of(ballot: BoxedBallot, person_id: UUID, owner_ids: Collection[UUID]) -> bool:
    """Whether a person sent this ballot, or it was read from a paper, or cast by proxy, in their name.

    A ballot of all co-owners is each one's; the ballot that another co-owner sent is not.
    """
    if ballot.recorded_by == person_id and ballot.paper_round is None:
        return True
    return ballot.owner_id is None or ballot.owner_id in owner_ids


def last_event(events: Iterable[BallotEvent]) -> EventKind | None:
    last = max(events, key=lambda event: event.number, default=None)
    return last.kind if last else None


def check_contestable(events: Iterable[BallotEvent]) -> None:
    """A ballot is contested once. Raises ObjectionOpen or ObjectionDecided."""
    last = last_event(events)
    if last is EventKind.OBJECTED:
        raise ObjectionOpen
    if last is not None:
        raise ObjectionDecided


def check_decidable(events: Iterable[BallotEvent]) -> None:
    """Raises NothingToDecide or ObjectionDecided."""
    last = last_event(events)
    if last is None:
        raise NothingToDecide
    if last is not EventKind.OBJECTED:
        raise ObjectionDecided


def check_can_be_invalid(ballot: BoxedBallot, events: Iterable[BallotEvent]) -> None:
    """Raises BallotNotOnPaper or ObjectionDecided."""
    if ballot.paper_round is None:
        raise BallotNotOnPaper
    if last_event(events) in _OUT:
        raise ObjectionDecided


def out_of(events: Iterable[BallotEvent]) -> frozenset[UUID]:
    """The ballots that were struck or found invalid: their owners may vote again."""
    return frozenset(event.ballot_id for event in events if event.kind in _OUT)


def contested(
    voters: Iterable[Voter], ballots: Iterable[BoxedBallot], events: Iterable[BallotEvent]
) -> tuple[ContestedBallot, ...]:
    """The ballots about which anything happened, in the order of the box."""
    serials = {voter.voter_id: voter.serial for voter in voters}
    happened: dict[UUID, list[BallotEvent]] = {}
    for event in sorted(events, key=lambda one: one.number):
        happened.setdefault(event.ballot_id, []).append(event)
    return tuple(
        ContestedBallot(
            sequence=ballot.sequence,
            ballot_id=ballot.ballot_id,
            serial=serials[ballot.voter_id],
            channel=ballot.channel,
            cast_at=ballot.cast_at,
            events=tuple(happened[ballot.ballot_id]),
        )
        for ballot in ballots
        if ballot.ballot_id in happened
    )


def invalid_at_count(
    ballots: Iterable[BoxedBallot], events: Iterable[BallotEvent]
) -> frozenset[UUID]:
    """Flawed, struck, found invalid, or contested and never decided."""
    last: dict[UUID, EventKind] = {}
    for event in sorted(events, key=lambda one: one.number):
        last[event.ballot_id] = event.kind
    return frozenset(
        ballot.ballot_id
        for ballot in ballots
        if ballot.flaw is not None or last.get(ballot.ballot_id) in (*_OUT, EventKind.OBJECTED)
    )
