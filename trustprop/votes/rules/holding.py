"""When a vote takes what: its states, its window and its roll."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID, uuid5

from trustprop.compounds.model import HeadOnRoll
from trustprop.kernel.caller import Office
from trustprop.kernel.canonical import digest
from trustprop.kernel.errors import (
    N_,
    Conflict,
    Invalid,
)
from trustprop.kernel.periods import utc
from trustprop.votes.model.counting import Question, Voter, VoterHome, Weight
from trustprop.votes.model.holding import PrepareVote, Vote, VoteState
from trustprop.votes.rules.counting import weight_in

COMMITTEE = (Office.COMMITTEE_DIRECTOR, Office.COMMITTEE_MEMBER)
READERS = (*COMMITTEE, Office.SUPERVISOR)
"""Who enters papers, deliveries and proxies: never the property firm."""


# States and window


class VoteDiffers(Conflict):
    code = "vote-differs"
    detail = N_("This id already stands for another vote.")


class VoteNotInState(Conflict):
    code = "vote-not-in-state"
    detail = N_("This is not possible while the vote is {vote_state}.")
    vote_state: VoteState


class VoteWindowWrong(Invalid):
    code = "vote-window-wrong"
    detail = N_("A vote opens before it closes, and only a later end can replace its end.")


class VoteNotOpenYet(Conflict):
    code = "vote-not-open-yet"
    detail = N_("This vote takes ballots from {opens_at}.")
    opens_at: str


class VoteIsOver(Conflict):
    code = "vote-is-over"
    detail = N_("This vote took ballots until {closes_at}.")
    closes_at: str


class VoteStillRuns(Conflict):
    code = "vote-still-runs"
    detail = N_("This vote takes ballots until {closes_at}; it is not closed before.")
    closes_at: str


class RollEmpty(Invalid):
    code = "vote-roll-empty"
    detail = N_("Nobody owns anything within the scope of question {position}.")
    position: int


def prepare(
    compound_id: UUID, command: PrepareVote, voters: Sequence[Voter], sealing_key: bytes
) -> Vote:
    """The vote with its frozen roll, before its box has a beginning."""
    everybody = total(voters)
    return Vote(
        vote_id=command.vote_id,
        subject_id=command.subject_id,
        is_rehearsal=command.is_rehearsal,
        record_on=command.record_on,
        policy=command.policy,
        questions=tuple(sorted(command.questions, key=lambda one: one.position)),
        roll_digest=roll_digest(compound_id, command.record_on, voters).hex(),
        heads=everybody.heads,
        area_dm2=everybody.area_dm2,
        state=VoteState.PREPARED,
        opens_at=None,
        closes_at=None,
        sealing_key=sealing_key.hex(),
        box_size=0,
        box_head="",
    )


def check_same_vote(known: Vote, command: PrepareVote) -> None:
    """Raises VoteDiffers."""
    questions = tuple(sorted(command.questions, key=lambda one: one.position))
    there = (known.subject_id, known.is_rehearsal, known.record_on, known.policy, known.questions)
    asked = (command.subject_id, command.is_rehearsal, command.record_on, command.policy, questions)
    if there != asked:
        raise VoteDiffers


def check_state(vote: Vote, *states: VoteState) -> None:
    """Raises VoteNotInState."""
    if vote.state not in states:
        raise VoteNotInState(vote_state=vote.state)


def check_window(opens_at: datetime, closes_at: datetime, at: datetime) -> None:
    """Raises VoteWindowWrong."""
    if not (opens_at < closes_at and at < closes_at):
        raise VoteWindowWrong


def check_takes_ballots(vote: Vote, at: datetime) -> None:
    """Open, from ``opens_at`` on and before ``closes_at``: its very instant is too late.

    Raises VoteNotInState, VoteNotOpenYet or VoteIsOver.
    """
    if vote.state is VoteState.CLOSED and vote.closes_at is not None:
        raise VoteIsOver(closes_at=utc(vote.closes_at))
    check_state(vote, VoteState.OPEN)
    assert vote.opens_at is not None
    assert vote.closes_at is not None
    if at < vote.opens_at:
        raise VoteNotOpenYet(opens_at=utc(vote.opens_at))
    if at >= vote.closes_at:
        raise VoteIsOver(closes_at=utc(vote.closes_at))


def check_extension(vote: Vote, closes_at: datetime, at: datetime) -> None:
    """Only while it runs, and only to a later end. Raises VoteIsOver or VoteWindowWrong."""
    check_state(vote, VoteState.OPEN)
    assert vote.closes_at is not None
    if at >= vote.closes_at:
        raise VoteIsOver(closes_at=utc(vote.closes_at))
    if closes_at <= vote.closes_at:
        raise VoteWindowWrong


def check_closing(vote: Vote, at: datetime) -> None:
    """Nobody closes a vote before its time. Raises VoteStillRuns."""
    check_state(vote, VoteState.OPEN)
    assert vote.closes_at is not None
    if at < vote.closes_at:
        raise VoteStillRuns(closes_at=utc(vote.closes_at))


# The roll


def draw_roll(compound_id: UUID, heads: Sequence[HeadOnRoll]) -> tuple[Voter, ...]:
    """One voter per head, numbered in the order of the first home."""
    return tuple(
        Voter(
            voter_id=_voter_id(compound_id, head),
            serial=serial,
            owner_ids=head.owner_ids,
            homes=tuple(
                VoterHome(
                    home_id=home.home_id,
                    building=home.building,
                    stair=home.stair,
                    number=home.number,
                    area_dm2=home.area_dm2,
                )
                for home in head.homes
            ),
            is_developer=head.is_developer,
        )
        for serial, head in enumerate(heads, start=1)
    )


def _voter_id(compound_id: UUID, head: HeadOnRoll) -> UUID:
    """The same set of owners is the same voter in every vote of a compound."""
    owners = "developer" if head.is_developer else "/".join(str(one) for one in head.owner_ids)
    return uuid5(compound_id, f"voter/{owners}")


def roll_digest(compound_id: UUID, record_on: date, voters: Sequence[Voter]) -> bytes:
    return digest(
        {
            "type": "trustprop/roll/v1",
            "compound_id": compound_id,
            "record_on": record_on,
            "voters": sorted(voters, key=lambda voter: voter.serial),
        }
    )


def total(voters: Iterable[Voter]) -> Weight:
    """Heads and area; areas are never merged away."""
    known = tuple(voters)
    return Weight(heads=len(known), area_dm2=sum(area_of(voter) for voter in known))


def area_of(voter: Voter) -> int:
    return sum(home.area_dm2 for home in voter.homes)


def labels(voter: Voter) -> tuple[str, ...]:
    """``7-2-1203`` as on the door."""
    return tuple(
        "-".join(part for part in (home.building, home.stair, home.number) if part)
        for home in voter.homes
    )


def check_questions(questions: Sequence[Question], voters: Sequence[Voter]) -> None:
    """Raises RollEmpty when nobody could answer a question."""
    for question in questions:
        if not any(weight_in(voter, question).heads for voter in voters):
            raise RollEmpty(position=question.position)
