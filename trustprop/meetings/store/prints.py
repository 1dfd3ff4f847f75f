"""Statements of ballot prints."""

from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from trustprop.meetings.model.prints import BallotPrint, PrintedChunk
from trustprop.meetings.tables.prints import ballot_print, ballot_print_chunk
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx


async def add(tx: Tx, compound_id: UUID, added: BallotPrint) -> bool:
    """False when the id is taken."""
    result = await tx.execute(
        insert(ballot_print)
        .values(compound_id=compound_id, **asdict(added) | {"lang": added.lang.value})
        .on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def find(tx: Tx, compound_id: UUID, print_id: UUID) -> BallotPrint | None:
    found = await tx.execute(
        select(
            ballot_print.c.print_id,
            ballot_print.c.meeting_id,
            ballot_print.c.vote_id,
            ballot_print.c.lang,
            ballot_print.c.ballots,
            ballot_print.c.asked_by,
            ballot_print.c.asked_at,
        ).where(ballot_print.c.compound_id == compound_id, ballot_print.c.print_id == print_id)
    )
    row = found.first()
    return None if row is None else rows.to(BallotPrint, row)


async def chunks(tx: Tx, compound_id: UUID, print_id: UUID) -> tuple[PrintedChunk, ...]:
    """Those that are printed, in order."""
    found = await tx.execute(
        select(
            ballot_print_chunk.c.number,
            ballot_print_chunk.c.first_serial,
            ballot_print_chunk.c.last_serial,
            ballot_print_chunk.c.ballots,
            ballot_print_chunk.c.pages,
            func.encode(ballot_print_chunk.c.sha256, "hex").label("sha256"),
            ballot_print_chunk.c.size,
            ballot_print_chunk.c.printed_at,
        )
        .where(
            ballot_print_chunk.c.compound_id == compound_id,
            ballot_print_chunk.c.print_id == print_id,
        )
        .order_by(ballot_print_chunk.c.number)
    )
    return rows.all_of(PrintedChunk, found)


async def add_chunk(tx: Tx, compound_id: UUID, print_id: UUID, added: PrintedChunk) -> None:
    """The first one stands: the same ballots give the same bytes."""
    values = asdict(added) | {"sha256": bytes.fromhex(added.sha256)}
    await tx.execute(
        insert(ballot_print_chunk)
        .values(compound_id=compound_id, print_id=print_id, **values)
        .on_conflict_do_nothing()
    )
