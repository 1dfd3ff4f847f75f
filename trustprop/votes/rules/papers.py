"""Ballots on paper: two persons read each by themselves, a third decides between them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from trustprop.kernel.errors import (
    N_,
    Conflict,
    FieldError,
    FieldsInvalid,
    Invalid,
)
from trustprop.votes.model.counting import Question, Voter
from trustprop.votes.model.holding import (
    BoxedBallot,
    EnterPaper,
    PaperEntry,
    PaperStanding,
    PaperState,
)
from trustprop.votes.rules.franchise import check_answers

READERS_WANTED = 2
ROUND = 3


class BallotCodeUnknown(Invalid):
    code = "ballot-code-unknown"
    detail = N_("This code is of no ballot paper of this vote.")


class AlreadyRead(Conflict):
    code = "paper-already-read"
    detail = N_("You have read this paper already; another person must.")


class EntryDiffers(Conflict):
    code = "paper-entry-differs"
    detail = N_("This id already stands for another reading.")


def check_paper(questions: Sequence[Question], voter: Voter, command: EnterPaper) -> None:
    """A flawed paper has no answers, and who signed is on the roll. Raises FieldsInvalid."""
    errors: list[FieldError] = []
    if command.flaw is not None and command.answers:
        message = N_("A paper that is no valid ballot has no answers.")
        errors.append(_wrong("/answers", "flawed", message))
    if command.owner_id is not None and command.owner_id not in voter.owner_ids:
        message = N_("There is no such owner of this voter.")
        errors.append(_wrong("/owner_id", "unknown", message))
    if errors:
        raise FieldsInvalid(errors=tuple(errors))
    check_answers(questions, voter, command.answers)


def current_round(entries: Sequence[PaperEntry], ballots: Iterable[BoxedBallot]) -> int:
    """The round that a new reading belongs to: after a ballot, or three that differ, it is the next."""
    last = max((entry.round for entry in entries), default=1)
    is_settled = any(ballot.paper_round == last for ballot in ballots)
    is_full = sum(entry.round == last for entry in entries) >= ROUND
    return last + 1 if is_settled or is_full else last


def signer(voter: Voter, command: EnterPaper) -> UUID | None:
    """Which owner a paper speaks for; None for all co-owners together, and under a proxy."""
    if command.proxy_id is None and len(voter.owner_ids) == 1:
        return voter.owner_ids[0]
    return None if command.proxy_id is not None else command.owner_id


def check_same_entry(known: PaperEntry, reading: bytes, person_id: UUID) -> None:
    """Raises EntryDiffers."""
    if (known.reading, known.entered_by) != (reading, person_id):
        raise EntryDiffers


def with_entry(before: Sequence[PaperEntry], entry: PaperEntry) -> tuple[PaperEntry, ...]:
    """A person reads a paper once in a round. Raises AlreadyRead."""
    if any((one.round, one.entered_by) == (entry.round, entry.entered_by) for one in before):
        raise AlreadyRead
    return (*before, entry)


def agreeing(entries: Iterable[PaperEntry], entry: PaperEntry) -> tuple[PaperEntry, ...]:
    """Those of its round who read the same, the entry itself included."""
    return tuple(one for one in entries if (one.round, one.reading) == (entry.round, entry.reading))


def paper_state(entries: Sequence[PaperEntry]) -> PaperState:
    """Of one round, while no two agree."""
    return PaperState.OPEN if len(entries) < READERS_WANTED else PaperState.DIFFERING


def paper_standings(
    voters: Iterable[Voter], entries: Iterable[PaperEntry], ballots: Iterable[BoxedBallot]
) -> tuple[PaperStanding, ...]:
    """The latest round of every paper that anybody has read, in order of serial."""
    latest: dict[UUID, list[PaperEntry]] = {}
    for entry in sorted(entries, key=lambda one: (one.round, one.at)):
        known = latest.setdefault(entry.voter_id, [])
        if known and known[0].round < entry.round:
            known.clear()
        known.append(entry)
    settled = {(one.voter_id, one.paper_round) for one in ballots if one.paper_round is not None}
    return tuple(
        PaperStanding(
            voter_id=voter.voter_id,
            serial=voter.serial,
            state=(
                PaperState.SETTLED
                if (voter.voter_id, read[0].round) in settled
                else paper_state(read)
            ),
            entered_by=tuple(entry.entered_by for entry in read),
        )
        for voter in sorted(voters, key=lambda one: one.serial)
        if (read := latest.get(voter.voter_id))
    )


def _wrong(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
