"""The count of a vote and who watched it."""

from uuid import UUID

from sqlalchemy import func, insert, select

from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx
from trustprop.votes.model.holding import CountWitness, VoteCount
from trustprop.votes.tables import count_witness, vote_count


async def add(tx: Tx, compound_id: UUID, vote_id: UUID, counted: VoteCount) -> None:
    await tx.execute(
        insert(vote_count).values(
            compound_id=compound_id,
            vote_id=vote_id,
            document=counted.document,
            digest=bytes.fromhex(counted.digest),
            root=bytes.fromhex(counted.root),
            tree_size=counted.tree_size,
            counted_at=counted.counted_at,
            counted_by=counted.counted_by,
        )
    )


async def find(tx: Tx, compound_id: UUID, vote_id: UUID) -> VoteCount | None:
    found = await tx.execute(
        select(
            vote_count.c.document,
            func.encode(vote_count.c.digest, "hex").label("digest"),
            func.encode(vote_count.c.root, "hex").label("root"),
            vote_count.c.tree_size,
            vote_count.c.counted_at,
            vote_count.c.counted_by,
        ).where(vote_count.c.compound_id == compound_id, vote_count.c.vote_id == vote_id)
    )
    row = found.first()
    return None if row is None else rows.to(VoteCount, row)


async def add_witness(tx: Tx, compound_id: UUID, vote_id: UUID, added: CountWitness) -> None:
    """The vote is locked, so that numbers have no gap."""
    await tx.execute(
        insert(count_witness).values(
            compound_id=compound_id,
            vote_id=vote_id,
            number=added.number,
            role=added.role.value,
            person_id=added.person_id,
            voter_id=added.voter_id,
            key_id=added.key_id,
            signature=added.signature,
            evidence=list(added.evidence),
            at=added.at,
        )
    )


async def witnesses(tx: Tx, compound_id: UUID, vote_id: UUID) -> tuple[CountWitness, ...]:
    """In the order in which they came."""
    found = await tx.execute(
        select(
            count_witness.c.number,
            count_witness.c.role,
            count_witness.c.person_id,
            count_witness.c.voter_id,
            count_witness.c.key_id,
            count_witness.c.signature,
            count_witness.c.evidence,
            count_witness.c.at,
        )
        .where(count_witness.c.compound_id == compound_id, count_witness.c.vote_id == vote_id)
        .order_by(count_witness.c.number)
    )
    return rows.all_of(CountWitness, found)
