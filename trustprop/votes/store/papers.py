"""Deliveries, appointments of co-owners, and written proxies."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Appointment
from trustprop.votes.model.holding import Delivery, DeliveryMethod, Proxy, VoterAppointment
from trustprop.votes.tables import ballot_delivery, proxy, proxy_end, voter_appointment


async def add_deliveries(
    tx: Tx, compound_id: UUID, vote_id: UUID, added: Sequence[Delivery], at: datetime
) -> None:
    """What is there already under its id stays as it is."""
    await tx.execute(
        insert(ballot_delivery).on_conflict_do_nothing(),
        [
            asdict(one)
            | {
                "compound_id": compound_id,
                "vote_id": vote_id,
                "method": one.method.value,
                "evidence": list(one.evidence),
                "recorded_at": at,
            }
            for one in added
        ],
    )


async def deliveries(
    tx: Tx, compound_id: UUID, vote_id: UUID, *, after: UUID | None = None, limit: int | None = None
) -> tuple[Delivery, ...]:
    """In the order of their ids."""
    wanted = (
        select(
            ballot_delivery.c.delivery_id,
            ballot_delivery.c.voter_id,
            ballot_delivery.c.method,
            ballot_delivery.c.delivered_at,
            ballot_delivery.c.recorded_by,
            ballot_delivery.c.evidence,
            ballot_delivery.c.has_warning,
        )
        .where(ballot_delivery.c.compound_id == compound_id, ballot_delivery.c.vote_id == vote_id)
        .order_by(ballot_delivery.c.delivery_id)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(ballot_delivery.c.delivery_id > after)
    return rows.all_of(Delivery, await tx.execute(wanted))


async def warned(tx: Tx, compound_id: UUID, vote_id: UUID) -> frozenset[UUID]:
    """Voters whom the ballot reached with the warning. A posting in the compound proves it of nobody."""
    found = await tx.execute(
        select(ballot_delivery.c.voter_id)
        .where(
            ballot_delivery.c.compound_id == compound_id,
            ballot_delivery.c.vote_id == vote_id,
            ballot_delivery.c.has_warning,
            ballot_delivery.c.method != DeliveryMethod.POSTING.value,
        )
        .distinct()
    )
    return frozenset(found.scalars())


# Appointments


async def add_appointment(
    tx: Tx, compound_id: UUID, vote_id: UUID, added: VoterAppointment
) -> bool:
    """False when the id is taken. The vote is locked."""
    number = (
        select(func.coalesce(func.max(voter_appointment.c.number), 0) + 1)
        .where(
            voter_appointment.c.compound_id == compound_id,
            voter_appointment.c.vote_id == vote_id,
            voter_appointment.c.voter_id == added.voter_id,
        )
        .scalar_subquery()
    )
    result = await tx.execute(
        insert(voter_appointment)
        .values(
            asdict(added)
            | {
                "compound_id": compound_id,
                "vote_id": vote_id,
                "number": number,
                "evidence": list(added.evidence),
            }
        )
        .on_conflict_do_nothing(constraint="pk_voter_appointment")
    )
    return result.rowcount == 1


async def appointments(tx: Tx, compound_id: UUID, vote_id: UUID) -> tuple[Appointment, ...]:
    """The latest of every voter."""
    found = await tx.execute(
        select(voter_appointment.c.voter_id, voter_appointment.c.owner_id)
        .where(
            voter_appointment.c.compound_id == compound_id, voter_appointment.c.vote_id == vote_id
        )
        .order_by(voter_appointment.c.voter_id, voter_appointment.c.number.desc())
        .ext(distinct_on(voter_appointment.c.voter_id))
    )
    return rows.all_of(Appointment, found)


# Proxies


async def add_proxy(tx: Tx, compound_id: UUID, vote_id: UUID, added: Proxy) -> bool:
    """False when the id is taken."""
    facts = asdict(added)
    del facts["ended_at"]
    result = await tx.execute(
        insert(proxy)
        .values(
            facts
            | {"compound_id": compound_id, "vote_id": vote_id, "evidence": list(added.evidence)}
        )
        .on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def end_proxy(
    tx: Tx, compound_id: UUID, proxy_id: UUID, by: UUID, at: datetime, reason: str
) -> None:
    """Ending it again changes nothing."""
    await tx.execute(
        insert(proxy_end)
        .values(compound_id=compound_id, proxy_id=proxy_id, ended_at=at, ended_by=by, reason=reason)
        .on_conflict_do_nothing()
    )


async def proxies(
    tx: Tx,
    compound_id: UUID,
    vote_id: UUID,
    *,
    proxy_id: UUID | None = None,
) -> tuple[Proxy, ...]:
    """With when they ended, in the order of their ids."""
    wanted = (
        select(
            proxy.c.proxy_id,
            proxy.c.voter_id,
            proxy.c.holder_name,
            proxy.c.holder_commitment,
            proxy.c.holder_person_id,
            proxy.c.evidence,
            proxy.c.recorded_by,
            proxy.c.given_at,
            proxy_end.c.ended_at,
        )
        .join_from(
            proxy,
            proxy_end,
            and_(
                proxy_end.c.compound_id == proxy.c.compound_id,
                proxy_end.c.proxy_id == proxy.c.proxy_id,
            ),
            isouter=True,
        )
        .where(proxy.c.compound_id == compound_id, proxy.c.vote_id == vote_id)
        .order_by(proxy.c.proxy_id)
    )
    if proxy_id is not None:
        wanted = wanted.where(proxy.c.proxy_id == proxy_id)
    return rows.all_of(Proxy, await tx.execute(wanted))
