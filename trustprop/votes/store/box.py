"""Ballots in their order, what happened to them, readings of papers, and what owners are told."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Channel, Weight
from trustprop.votes.model.holding import (
    BallotEvent,
    BoxedBallot,
    NoticeKind,
    PaperEntry,
    VoterNotice,
)
from trustprop.votes.tables import ballot, ballot_event, paper_entry, voter_notice


async def add_ballot(tx: Tx, compound_id: UUID, vote_id: UUID, added: BoxedBallot) -> None:
    """The trigger ``ballot_witness`` moves the head of the box."""
    await tx.execute(
        insert(ballot).values(
            compound_id=compound_id,
            vote_id=vote_id,
            sequence=added.sequence,
            ballot_id=added.ballot_id,
            voter_id=added.voter_id,
            owner_id=added.owner_id,
            channel=added.channel.value,
            proxy_id=added.proxy_id,
            cast_at=added.cast_at,
            recorded_by=added.recorded_by,
            flaw=added.flaw.value if added.flaw else None,
            content=added.content,
            is_sealed=added.is_sealed,
            digest=added.digest,
            chain=added.chain,
            paper_round=added.paper_round,
            evidence=list(added.evidence),
        )
    )


async def ballots(
    tx: Tx, compound_id: UUID, vote_id: UUID, voter_id: UUID | None = None
) -> tuple[BoxedBallot, ...]:
    """In the order of receipt."""
    wanted = _ballots(compound_id).where(ballot.c.vote_id == vote_id).order_by(ballot.c.sequence)
    if voter_id is not None:
        wanted = wanted.where(ballot.c.voter_id == voter_id)
    return rows.all_of(BoxedBallot, await tx.execute(wanted))


async def find_ballot(
    tx: Tx, compound_id: UUID, vote_id: UUID, ballot_id: UUID
) -> BoxedBallot | None:
    wanted = _ballots(compound_id).where(
        ballot.c.vote_id == vote_id, ballot.c.ballot_id == ballot_id
    )
    row = (await tx.execute(wanted)).first()
    return None if row is None else rows.to(BoxedBallot, row)


async def by_channel(tx: Tx, compound_id: UUID, vote_id: UUID) -> dict[Channel, int]:
    """How many ballots lie in the box, by how they came."""
    found = await tx.execute(
        select(ballot.c.channel, func.count().label("ballots"))
        .where(ballot.c.compound_id == compound_id, ballot.c.vote_id == vote_id)
        .group_by(ballot.c.channel)
    )
    return {Channel(row.channel): row.ballots for row in found}


_RETURNED = """
    SELECT CAST(count(DISTINCT h.voter_id) AS integer) AS heads,
           CAST(coalesce(sum(h.area_dm2), 0) AS bigint) AS area_dm2
    FROM roll_home h
    WHERE h.compound_id = $1 AND h.vote_id = $2
      AND EXISTS (
          SELECT FROM ballot b
          WHERE b.compound_id = h.compound_id AND b.vote_id = h.vote_id
            AND b.voter_id = h.voter_id AND b.flaw IS NULL
            AND NOT EXISTS (
                SELECT FROM ballot_event e
                WHERE e.compound_id = b.compound_id AND e.ballot_id = b.ballot_id
                  AND e.kind IN ('struck', 'found_invalid')
            )
      )
"""


async def returned(tx: Tx, compound_id: UUID, vote_id: UUID) -> Weight:
    """Heads and area of whoever has a valid ballot in the box. One statement; no ballot is read."""
    return rows.to(Weight, await tx.raw.fetchrow(_RETURNED, compound_id, vote_id))


async def is_known(tx: Tx, compound_id: UUID, ballot_id: UUID) -> bool:
    """Whether this id stands for a ballot of any vote of the compound."""
    wanted = select(ballot.c.sequence).where(
        ballot.c.compound_id == compound_id, ballot.c.ballot_id == ballot_id
    )
    return (await tx.execute(wanted)).first() is not None


def _ballots(compound_id: UUID) -> Select[Any]:
    return select(
        ballot.c.sequence,
        ballot.c.ballot_id,
        ballot.c.voter_id,
        ballot.c.owner_id,
        ballot.c.channel,
        ballot.c.proxy_id,
        ballot.c.cast_at,
        ballot.c.recorded_by,
        ballot.c.flaw,
        ballot.c.content,
        ballot.c.is_sealed,
        ballot.c.digest,
        ballot.c.chain,
        ballot.c.paper_round,
        ballot.c.evidence,
    ).where(ballot.c.compound_id == compound_id)


# What happens to a ballot


async def add_event(tx: Tx, compound_id: UUID, vote_id: UUID, added: BallotEvent) -> None:
    await tx.execute(
        insert(ballot_event).values(
            compound_id=compound_id,
            ballot_id=added.ballot_id,
            number=added.number,
            vote_id=vote_id,
            kind=added.kind.value,
            by=added.by,
            at=added.at,
            reason=added.reason,
            evidence=list(added.evidence),
        )
    )


async def events(
    tx: Tx, compound_id: UUID, vote_id: UUID, ballot_id: UUID | None = None
) -> tuple[BallotEvent, ...]:
    """By ballot and number."""
    wanted = (
        select(
            ballot_event.c.ballot_id,
            ballot_event.c.number,
            ballot_event.c.kind,
            ballot_event.c.by,
            ballot_event.c.at,
            ballot_event.c.reason,
            ballot_event.c.evidence,
        )
        .where(ballot_event.c.compound_id == compound_id, ballot_event.c.vote_id == vote_id)
        .order_by(ballot_event.c.ballot_id, ballot_event.c.number)
    )
    if ballot_id is not None:
        wanted = wanted.where(ballot_event.c.ballot_id == ballot_id)
    return rows.all_of(BallotEvent, await tx.execute(wanted))


# Readings of papers


async def add_entry(tx: Tx, compound_id: UUID, vote_id: UUID, added: PaperEntry) -> bool:
    """False when the id is taken."""
    result = await tx.execute(
        insert(paper_entry)
        .values(
            compound_id=compound_id,
            entry_id=added.entry_id,
            vote_id=vote_id,
            voter_id=added.voter_id,
            round=added.round,
            entered_by=added.entered_by,
            reading=added.reading,
            scan=added.scan,
            at=added.at,
        )
        .on_conflict_do_nothing(constraint="pk_paper_entry")
    )
    return result.rowcount == 1


async def entries(
    tx: Tx, compound_id: UUID, vote_id: UUID, voter_id: UUID | None = None
) -> tuple[PaperEntry, ...]:
    """In the order of entry."""
    wanted = (
        select(
            paper_entry.c.entry_id,
            paper_entry.c.voter_id,
            paper_entry.c.round,
            paper_entry.c.entered_by,
            paper_entry.c.reading,
            paper_entry.c.scan,
            paper_entry.c.at,
        )
        .where(paper_entry.c.compound_id == compound_id, paper_entry.c.vote_id == vote_id)
        .order_by(paper_entry.c.round, paper_entry.c.at, paper_entry.c.entry_id)
    )
    if voter_id is not None:
        wanted = wanted.where(paper_entry.c.voter_id == voter_id)
    return rows.all_of(PaperEntry, await tx.execute(wanted))


# What owners are told


async def add_notice(
    tx: Tx,
    compound_id: UUID,
    vote_id: UUID,
    voter_id: UUID,
    kind: NoticeKind,
    facts: dict[str, Any],
    at: datetime,
) -> None:
    """Numbered per voter; the vote is locked."""
    last = (
        select(func.coalesce(func.max(voter_notice.c.number), 0) + 1)
        .where(
            voter_notice.c.compound_id == compound_id,
            voter_notice.c.vote_id == vote_id,
            voter_notice.c.voter_id == voter_id,
        )
        .scalar_subquery()
    )
    await tx.execute(
        insert(voter_notice).values(
            compound_id=compound_id,
            vote_id=vote_id,
            voter_id=voter_id,
            number=last,
            kind=kind.value,
            facts=msgspec.to_builtins(facts),
            at=at,
        )
    )


async def notices(
    tx: Tx, compound_id: UUID, vote_id: UUID, voter_id: UUID
) -> tuple[VoterNotice, ...]:
    """The latest last."""
    found = await tx.execute(
        select(
            voter_notice.c.voter_id,
            voter_notice.c.number,
            voter_notice.c.kind,
            voter_notice.c.facts,
            voter_notice.c.at,
        )
        .where(
            voter_notice.c.compound_id == compound_id,
            voter_notice.c.vote_id == vote_id,
            voter_notice.c.voter_id == voter_id,
        )
        .order_by(voter_notice.c.number)
    )
    return rows.all_of(VoterNotice, found)
