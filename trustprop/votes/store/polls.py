"""Votes, their questions and their rolls."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import asdict
from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Question, Voter, VoterHome
from trustprop.votes.model.holding import BallotPaper, Vote
from trustprop.votes.rules.boxes import code_hash
from trustprop.votes.tables import ballot_paper, roll_home, roll_voter, vote, vote_question


async def add(tx: Tx, compound_id: UUID, added: Vote, by: UUID | None, at: datetime) -> bool:
    """False when the id is taken."""
    start = bytes.fromhex(added.box_head)
    result = await tx.execute(
        insert(vote)
        .values(
            compound_id=compound_id,
            vote_id=added.vote_id,
            subject_id=added.subject_id,
            is_rehearsal=added.is_rehearsal,
            record_on=added.record_on,
            policy=msgspec.to_builtins(added.policy),
            roll_digest=bytes.fromhex(added.roll_digest),
            heads=added.heads,
            area_dm2=added.area_dm2,
            state=added.state.value,
            sealing_key=bytes.fromhex(added.sealing_key),
            box_size=0,
            box_start=start,
            box_head=start,
            prepared_by=by,
            prepared_at=at,
        )
        .on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def add_questions(
    tx: Tx, compound_id: UUID, vote_id: UUID, asked: Sequence[Question]
) -> None:
    await tx.execute(
        insert(vote_question),
        [
            {"compound_id": compound_id, "vote_id": vote_id}
            | asdict(question)
            | {
                "kind": question.kind.value,
                "majority": question.majority.value,
                "candidates": msgspec.to_builtins(question.candidates),
            }
            for question in asked
        ],
    )


async def add_roll(tx: Tx, compound_id: UUID, vote_id: UUID, voters: Sequence[Voter]) -> None:
    of_vote = {"compound_id": compound_id, "vote_id": vote_id}
    await tx.execute(
        insert(roll_voter),
        [
            of_vote
            | {
                "voter_id": voter.voter_id,
                "serial": voter.serial,
                "owner_ids": list(voter.owner_ids),
                "is_developer": voter.is_developer,
            }
            for voter in voters
        ],
    )
    await tx.execute(
        insert(roll_home),
        [
            of_vote | asdict(home) | {"voter_id": voter.voter_id, "place": place}
            for voter in voters
            for place, home in enumerate(voter.homes)
        ],
    )


async def add_papers(
    tx: Tx, compound_id: UUID, vote_id: UUID, papers: Sequence[BallotPaper], at: datetime
) -> None:
    await tx.execute(
        insert(ballot_paper),
        [
            {
                "compound_id": compound_id,
                "vote_id": vote_id,
                "voter_id": paper.voter_id,
                "serial": paper.serial,
                "code_hash": code_hash(paper.code),
                "issued_at": at,
            }
            for paper in papers
        ],
    )


async def find(tx: Tx, compound_id: UUID, vote_id: UUID) -> Vote | None:
    return await _one(tx, compound_id, _votes(compound_id).where(vote.c.vote_id == vote_id))


async def lock(tx: Tx, compound_id: UUID, vote_id: UUID) -> Vote | None:
    """Always the first lock of a command about a vote: the box has one order."""
    wanted = _votes(compound_id).where(vote.c.vote_id == vote_id).with_for_update()
    return await _one(tx, compound_id, wanted)


async def of_subject(tx: Tx, compound_id: UUID, subject_id: UUID) -> tuple[UUID, ...]:
    """In the order of their preparation."""
    found = await tx.execute(
        select(vote.c.vote_id)
        .where(vote.c.compound_id == compound_id, vote.c.subject_id == subject_id)
        .order_by(vote.c.prepared_at, vote.c.vote_id)
    )
    return tuple(found.scalars())


async def _one(tx: Tx, compound_id: UUID, wanted: Select[Any]) -> Vote | None:
    row = (await tx.execute(wanted)).first()
    if row is None:
        return None
    asked = await tx.execute(
        select(
            vote_question.c.question_id,
            vote_question.c.position,
            vote_question.c.kind,
            vote_question.c.title,
            vote_question.c.majority,
            vote_question.c.legal_basis,
            vote_question.c.building,
            vote_question.c.stair,
            vote_question.c.is_secret,
            vote_question.c.seats,
            vote_question.c.candidates,
        )
        .where(vote_question.c.compound_id == compound_id, vote_question.c.vote_id == row.vote_id)
        .order_by(vote_question.c.position)
    )
    questions = rows.all_of(Question, asked)
    found = {str(name): value for name, value in row._mapping.items()}  # noqa: SLF001 - public
    return msgspec.convert(found | {"questions": questions}, Vote)


def _votes(compound_id: UUID) -> Select[Any]:
    return select(
        vote.c.vote_id,
        vote.c.subject_id,
        vote.c.is_rehearsal,
        vote.c.record_on,
        vote.c.policy,
        func.encode(vote.c.roll_digest, "hex").label("roll_digest"),
        vote.c.heads,
        vote.c.area_dm2,
        vote.c.state,
        vote.c.opens_at,
        vote.c.closes_at,
        func.encode(vote.c.sealing_key, "hex").label("sealing_key"),
        vote.c.box_size,
        func.encode(vote.c.box_head, "hex").label("box_head"),
    ).where(vote.c.compound_id == compound_id)


async def save(
    tx: Tx, compound_id: UUID, changed: Vote, at: datetime | None = None, reason: str = ""
) -> None:
    """Its state and window; ``at`` is when it ended, if it did now."""
    values: dict[str, Any] = {
        "state": changed.state.value,
        "opens_at": changed.opens_at,
        "closes_at": changed.closes_at,
    }
    if at is not None:
        values |= {"ended_at": at, "ended_reason": reason}
    await tx.execute(
        update(vote)
        .where(vote.c.compound_id == compound_id, vote.c.vote_id == changed.vote_id)
        .values(**values)
    )


# The roll


async def voters(
    tx: Tx,
    compound_id: UUID,
    vote_id: UUID,
    *,
    voter_id: UUID | None = None,
    owner_ids: Collection[UUID] | None = None,
) -> tuple[Voter, ...]:
    """In the order of the ballot's serial, each with its homes."""
    wanted = (
        select(
            roll_voter.c.voter_id,
            roll_voter.c.serial,
            roll_voter.c.owner_ids,
            roll_voter.c.is_developer,
        )
        .where(roll_voter.c.compound_id == compound_id, roll_voter.c.vote_id == vote_id)
        .order_by(roll_voter.c.serial)
    )
    if voter_id is not None:
        wanted = wanted.where(roll_voter.c.voter_id == voter_id)
    if owner_ids is not None:
        wanted = wanted.where(roll_voter.c.owner_ids.overlap(list(owner_ids)))
    found = (await tx.execute(wanted)).all()
    known = [row.voter_id for row in found]
    is_part = voter_id is not None or owner_ids is not None
    homes = await _homes(tx, compound_id, vote_id, known if is_part else None)
    return tuple(
        Voter(
            voter_id=row.voter_id,
            serial=row.serial,
            owner_ids=tuple(row.owner_ids),
            homes=tuple(homes.get(row.voter_id, ())),
            is_developer=row.is_developer,
        )
        for row in found
    )


async def _homes(
    tx: Tx, compound_id: UUID, vote_id: UUID, voter_ids: Collection[UUID] | None
) -> dict[UUID, list[VoterHome]]:
    wanted = (
        select(
            roll_home.c.voter_id,
            roll_home.c.home_id,
            roll_home.c.building,
            roll_home.c.stair,
            roll_home.c.number,
            roll_home.c.area_dm2,
        )
        .where(roll_home.c.compound_id == compound_id, roll_home.c.vote_id == vote_id)
        .order_by(roll_home.c.voter_id, roll_home.c.place)
    )
    if voter_ids is not None:
        wanted = wanted.where(roll_home.c.voter_id.in_(voter_ids))
    held: dict[UUID, list[VoterHome]] = {}
    for row in await tx.execute(wanted):
        home = VoterHome(
            home_id=row.home_id,
            building=row.building,
            stair=row.stair,
            number=row.number,
            area_dm2=row.area_dm2,
        )
        held.setdefault(row.voter_id, []).append(home)
    return held


async def voter_of_paper(tx: Tx, compound_id: UUID, vote_id: UUID, code: str) -> UUID | None:
    """Whose ballot paper carries this code."""
    found = await tx.execute(
        select(ballot_paper.c.voter_id).where(
            ballot_paper.c.compound_id == compound_id,
            ballot_paper.c.vote_id == vote_id,
            ballot_paper.c.code_hash == code_hash(code),
        )
    )
    voter_id: UUID | None = found.scalar_one_or_none()
    return voter_id
