"""Ballots for everybody: asked for by the committee, printed by the worker, chunk by chunk."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.kernel.struct import Fact
from trustprop.meetings import papers
from trustprop.meetings.model.papers import Ballots, BallotSheet
from trustprop.meetings.model.prints import (
    CHUNK,
    PRINT_JOB,
    BallotPrint,
    BallotPrintProgress,
    PrintBallots,
    PrintedChunk,
)
from trustprop.meetings.papers import MeetingFacts
from trustprop.meetings.rules import motions as motion_rules
from trustprop.meetings.rules import papers as rules
from trustprop.meetings.service.access import COMMITTEE, present
from trustprop.meetings.service.papers import meeting_facts
from trustprop.meetings.service.voting import vote_of
from trustprop.meetings.store import meetings as meeting_store
from trustprop.meetings.store import prints as store
from trustprop.plumbing import jobs
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files
from trustprop.plumbing.vault import Vault
from trustprop.votes import service as votes
from trustprop.votes.model.counting import Voter
from trustprop.votes.rules.holding import READERS


async def print_ballots(
    tx: Tx, caller: Caller, meeting_id: UUID, command: PrintBallots
) -> BallotPrintProgress:
    """Orders a ballot for every voter; the worker prints. The same order again is success.

    Raises OfficeNeeded, Missing, MeetingEnded, PaperNotReady, BallotsOver or PrintDiffers.
    """
    caller.check_office(*COMMITTEE)
    compound_id = caller.compound_id
    meeting = present(await meeting_store.find_meeting(tx, compound_id, meeting_id))
    rules.check_prints_ballots(meeting)
    vote = await votes.find_vote(tx, compound_id, vote_of(meeting))
    assert caller.person_id is not None
    asked = BallotPrint(
        print_id=command.id,
        meeting_id=meeting_id,
        vote_id=vote.vote_id,
        lang=command.lang,
        ballots=vote.heads,
        asked_by=caller.person_id,
        asked_at=caller.at,
    )
    if await store.add(tx, compound_id, asked):
        payload = {"compound_id": str(compound_id), "print_id": str(command.id)}
        await jobs.enqueue(tx, PRINT_JOB, payload)
    else:
        known = await store.find(tx, compound_id, command.id)
        assert known is not None
        rules.check_same_print(known, asked)
    return await ballot_print(tx, caller, meeting_id, command.id)


async def ballot_print(
    tx: Tx, caller: Caller, meeting_id: UUID, print_id: UUID
) -> BallotPrintProgress:
    """How far it is, and the files so far. Raises OfficeNeeded or Missing."""
    caller.check_office(*READERS)
    asked = await _asked(tx, caller.compound_id, meeting_id, print_id)
    done = await store.chunks(tx, caller.compound_id, print_id)
    motions = await meeting_store.motions(tx, caller.compound_id, meeting_id)
    is_secret = any(motion.content.is_secret for motion in motion_rules.live(motions))
    printed = sum(chunk.ballots for chunk in done)
    pages = sum(chunk.pages for chunk in done)
    return BallotPrintProgress(
        print_id=print_id,
        meeting_id=meeting_id,
        lang=asked.lang,
        asked_at=asked.asked_at,
        ballots=asked.ballots,
        ballots_printed=printed,
        pages_expected=pages + (asked.ballots - printed) * (2 if is_secret else 1),
        pages_printed=pages,
        is_done=printed == asked.ballots,
        files=done,
    )


async def open_chunk(
    tx: Tx, caller: Caller, files: Files, meeting_id: UUID, print_id: UUID, number: int
) -> bytes:
    """One file of ballots. They carry names and codes: for the owners' side and the supervisor.

    Raises OfficeNeeded or Missing.
    """
    caller.check_office(*READERS)
    await _asked(tx, caller.compound_id, meeting_id, print_id)
    done = await store.chunks(tx, caller.compound_id, print_id)
    found = next((chunk for chunk in done if chunk.number == number), None)
    if found is None:
        raise Missing(kind="file")
    content = await files.get(str(caller.compound_id), found.sha256)
    assert sha256(content).hex() == found.sha256, "a stored print differs from its digest"
    return content


async def _asked(tx: Tx, compound_id: UUID, meeting_id: UUID, print_id: UUID) -> BallotPrint:
    found = await store.find(tx, compound_id, print_id)
    if found is None or found.meeting_id != meeting_id:
        raise Missing(kind="print")
    return found


# What the worker needs


class Batch(Fact):
    """An order and what of it is still to be printed."""

    asked: BallotPrint
    sheet: BallotSheet
    facts: MeetingFacts
    names: Mapping[UUID, str]
    codes: Mapping[UUID, str]
    waiting: tuple[tuple[int, tuple[Voter, ...]], ...]
    """Chunks by number."""


async def load_batch(
    tx: Tx, compound_id: UUID, print_id: UUID, vault: Vault, public_url: str
) -> Batch:
    """What is needed to go on, whoever began. Printed for whoever asked, with the offices of then.

    Raises Missing or VoteKeyLost.
    """
    asked = await store.find(tx, compound_id, print_id)
    if asked is None:
        raise Missing(kind="print")
    on = local_date(asked.asked_at)
    caller = Caller(
        compound_id=compound_id,
        person_id=asked.asked_by,
        mandates=await compounds.mandates_of(tx, compound_id, asked.asked_by, on),
        at=asked.asked_at,
    )
    meeting = present(await meeting_store.find_meeting(tx, compound_id, asked.meeting_id))
    facts = await meeting_facts(tx, caller, meeting, public_url)
    done = {chunk.number for chunk in await store.chunks(tx, compound_id, print_id)}
    voters = await votes.voters(tx, compound_id, asked.vote_id)
    ballots = await votes.ballot_papers(tx, caller, asked.vote_id, vault)
    owners = await compounds.owners(tx, compound_id)
    return Batch(
        asked=asked,
        sheet=papers.ballot_sheet(facts),
        facts=facts,
        names={owner_id: owner.name for owner_id, owner in owners.items()},
        codes={paper.voter_id: paper.code for paper in ballots},
        waiting=tuple(
            (number, chunk)
            for number, chunk in enumerate(_chunks(voters), start=1)
            if number not in done
        ),
    )


def _chunks(voters: tuple[Voter, ...]) -> Iterator[tuple[Voter, ...]]:
    for first in range(0, len(voters), CHUNK):
        yield voters[first : first + CHUNK]


def chunk_of(batch: Batch, voters: tuple[Voter, ...]) -> Ballots:
    """The ballots of one file."""
    return Ballots(
        sheet=batch.sheet,
        ballots=tuple(
            papers.ballot_to_print(batch.facts, voter, batch.names, batch.codes[voter.voter_id])
            for voter in voters
        ),
    )


async def keep_chunk(
    tx: Tx,
    compound_id: UUID,
    files: Files,
    batch: Batch,
    number: int,
    voters: tuple[Voter, ...],
    content: bytes,
    pages: int,
    at: datetime,
) -> None:
    """Puts a file of ballots away; one that is there already stays."""
    hashed = sha256(content).hex()
    await files.put(str(compound_id), hashed, content)
    printed = PrintedChunk(
        number=number,
        first_serial=voters[0].serial,
        last_serial=voters[-1].serial,
        ballots=len(voters),
        pages=pages,
        sha256=hashed,
        size=len(content),
        printed_at=at,
    )
    await store.add_chunk(tx, compound_id, batch.asked.print_id, printed)
