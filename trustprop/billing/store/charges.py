"""Statements over tariffs, parking spaces, charges and their settlement."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Select, func, insert, select

from trustprop.billing.model import (
    Allocation,
    Charge,
    ChargeKind,
    ChargeRun,
    ParkingSpace,
    Tariff,
)
from trustprop.billing.store.facts import fact, facts, number
from trustprop.billing.tables import allocation, charge, charge_run, parking_space, tariff
from trustprop.kernel.periods import Period
from trustprop.plumbing.database import Tx


async def add_tariff(tx: Tx, compound_id: UUID, added: Tariff) -> None:
    await tx.execute(
        insert(tariff).values(
            compound_id=compound_id,
            tariff_id=added.tariff_id,
            kind=added.kind.value,
            rate_fen=added.rate_fen,
            valid_from=number(added.valid_from),
            resolution_id=added.resolution_id,
            clause=added.clause,
        )
    )


async def tariffs(tx: Tx, compound_id: UUID) -> tuple[Tariff, ...]:
    found = await tx.execute(
        select(
            tariff.c.tariff_id,
            tariff.c.kind,
            tariff.c.rate_fen,
            tariff.c.valid_from,
            tariff.c.resolution_id,
            tariff.c.clause,
        )
        .where(tariff.c.compound_id == compound_id)
        .order_by(tariff.c.kind, tariff.c.valid_from, tariff.c.tariff_id)
    )
    return facts(Tariff, found)


async def add_spaces(tx: Tx, compound_id: UUID, spaces: Sequence[ParkingSpace]) -> None:
    await tx.execute(
        insert(parking_space),
        [
            {
                "compound_id": compound_id,
                "space_id": space.space_id,
                "code": space.code,
                "kind": space.kind.value,
                "home_id": space.home_id,
                "valid_from": number(space.valid_from),
                "valid_until": number(space.valid_until) if space.valid_until else None,
            }
            for space in spaces
        ],
    )


async def spaces(tx: Tx, compound_id: UUID) -> tuple[ParkingSpace, ...]:
    found = await tx.execute(
        select(
            parking_space.c.space_id,
            parking_space.c.code,
            parking_space.c.kind,
            parking_space.c.home_id,
            parking_space.c.valid_from,
            parking_space.c.valid_until,
        )
        .where(parking_space.c.compound_id == compound_id)
        .order_by(parking_space.c.code, parking_space.c.space_id)
    )
    return facts(ParkingSpace, found)


async def find_run(tx: Tx, compound_id: UUID, kind: ChargeKind, period: Period) -> ChargeRun | None:
    row = (
        await tx.execute(
            _runs(compound_id).where(
                charge_run.c.kind == kind.value, charge_run.c.period == period.number
            )
        )
    ).first()
    return None if row is None else fact(ChargeRun, row)


async def runs(tx: Tx, compound_id: UUID) -> tuple[ChargeRun, ...]:
    found = await tx.execute(
        _runs(compound_id).order_by(charge_run.c.period.desc(), charge_run.c.kind)
    )
    return facts(ChargeRun, found)


def _runs(compound_id: UUID) -> Select[tuple[object, ...]]:
    return select(
        charge_run.c.run_id,
        charge_run.c.period,
        charge_run.c.kind,
        charge_run.c.tariff_id,
        charge_run.c.charged_on,
        charge_run.c.charges,
        charge_run.c.amount_fen,
        charge_run.c.from_prepaid,
        charge_run.c.from_prepaid_fen,
        charge_run.c.run_at,
    ).where(charge_run.c.compound_id == compound_id)


async def add_run(tx: Tx, compound_id: UUID, run: ChargeRun) -> None:
    await tx.execute(
        insert(charge_run).values(
            compound_id=compound_id,
            run_id=run.run_id,
            period=number(run.period),
            kind=run.kind.value,
            tariff_id=run.tariff_id,
            charged_on=run.charged_on,
            charges=run.charges,
            amount_fen=run.amount_fen,
            from_prepaid=run.from_prepaid,
            from_prepaid_fen=run.from_prepaid_fen,
            run_at=run.run_at,
        )
    )


async def add_charges(tx: Tx, compound_id: UUID, charges: Sequence[Charge]) -> None:
    await tx.raw.execute(
        """
        INSERT INTO charge (compound_id, charge_id, home_id, kind, period, charged_on, amount_fen,
                            entry_id, run_id)
        SELECT $1, new.* FROM unnest(
            $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::date[], $7::bigint[],
            $8::uuid[], $9::uuid[]
        ) AS new
        """,
        compound_id,
        [one.charge_id for one in charges],
        [one.home_id for one in charges],
        [one.kind.value for one in charges],
        [number(one.period) for one in charges],
        [one.charged_on for one in charges],
        [one.amount_fen for one in charges],
        [one.entry_id for one in charges],
        [one.run_id for one in charges],
    )


async def add_allocations(tx: Tx, compound_id: UUID, allocations: Sequence[Allocation]) -> None:
    """Writes what settles what, and counts it on the charges in the same statement."""
    await tx.raw.execute(
        """
        WITH added AS (
            INSERT INTO allocation (compound_id, charge_id, source_id, is_prepayment, allocated_on,
                                    amount_fen)
            SELECT $1, new.* FROM unnest(
                $2::uuid[], $3::uuid[], $4::boolean[], $5::date[], $6::bigint[]
            ) AS new
            RETURNING charge_id, amount_fen
        ), summed AS (
            SELECT charge_id, sum(amount_fen) AS amount_fen FROM added GROUP BY charge_id
        )
        UPDATE charge SET settled_fen = settled_fen + summed.amount_fen
        FROM summed
        WHERE charge.compound_id = $1 AND charge.charge_id = summed.charge_id
        """,
        compound_id,
        [one.charge_id for one in allocations],
        [one.source_id for one in allocations],
        [one.is_prepayment for one in allocations],
        [one.allocated_on for one in allocations],
        [one.amount_fen for one in allocations],
    )


_CHARGE = (
    charge.c.charge_id,
    charge.c.home_id,
    charge.c.kind,
    charge.c.period,
    charge.c.charged_on,
    charge.c.amount_fen,
    charge.c.settled_fen,
    charge.c.entry_id,
    charge.c.run_id,
)


async def open_charges(tx: Tx, compound_id: UUID, homes: Collection[UUID]) -> tuple[Charge, ...]:
    """What these homes still owe, oldest first. The caller holds the lock of the books."""
    found = await tx.execute(
        select(*_CHARGE)
        .where(
            charge.c.compound_id == compound_id,
            charge.c.home_id.in_(list(homes)),
            charge.c.settled_fen < charge.c.amount_fen,
        )
        .order_by(charge.c.charged_on, charge.c.kind, charge.c.charge_id)
    )
    return facts(Charge, found)


async def charges_of_home(tx: Tx, compound_id: UUID, home_id: UUID) -> tuple[Charge, ...]:
    found = await tx.execute(
        select(*_CHARGE)
        .where(charge.c.compound_id == compound_id, charge.c.home_id == home_id)
        .order_by(charge.c.charged_on, charge.c.kind, charge.c.charge_id)
    )
    return facts(Charge, found)


async def find_charges(tx: Tx, compound_id: UUID, ids: Collection[UUID]) -> tuple[Charge, ...]:
    found = await tx.execute(
        select(*_CHARGE).where(
            charge.c.compound_id == compound_id, charge.c.charge_id.in_(list(ids))
        )
    )
    return facts(Charge, found)


async def open_by_home(tx: Tx, compound_id: UUID, kind: ChargeKind) -> tuple[tuple[UUID, int], ...]:
    """What each home owes of one kind."""
    found = await tx.execute(
        select(
            charge.c.home_id,
            func.sum(charge.c.amount_fen - charge.c.settled_fen).label("open_fen"),
        )
        .where(
            charge.c.compound_id == compound_id,
            charge.c.kind == kind.value,
            charge.c.settled_fen < charge.c.amount_fen,
        )
        .group_by(charge.c.home_id)
    )
    return tuple((row.home_id, int(row.open_fen)) for row in found)


async def charged_homes(tx: Tx, compound_id: UUID, homes: Collection[UUID]) -> set[UUID]:
    """Which of these were ever charged."""
    found = await tx.execute(
        select(charge.c.home_id)
        .distinct()
        .where(charge.c.compound_id == compound_id, charge.c.home_id.in_(list(homes)))
    )
    return {row.home_id for row in found}


async def prepayments_used(tx: Tx, compound_id: UUID, home_id: UUID) -> tuple[Allocation, ...]:
    found = await tx.execute(
        select(
            allocation.c.charge_id,
            allocation.c.source_id,
            allocation.c.is_prepayment,
            allocation.c.allocated_on,
            allocation.c.amount_fen,
        )
        .join_from(allocation, charge)
        .where(
            allocation.c.compound_id == compound_id,
            charge.c.home_id == home_id,
            allocation.c.is_prepayment,
        )
        .order_by(allocation.c.allocated_on, allocation.c.charge_id)
    )
    return facts(Allocation, found)


async def debts(
    tx: Tx, compound_id: UUID, on: date, kind: ChargeKind | None
) -> list[tuple[UUID, date, int]]:
    """(home, charged on, still open) as it stood at the end of a day.

    From what is open now and what was settled since, so that settled charges of old are not read.
    """
    found = await tx.raw.fetch(
        """
        WITH later AS (
            SELECT a.charge_id, sum(a.amount_fen) AS settled_fen
            FROM allocation AS a
            WHERE a.compound_id = $1 AND a.allocated_on > $2
            GROUP BY a.charge_id
        ), owed AS (
            SELECT c.charge_id, 0 AS settled_fen
            FROM charge AS c
            WHERE c.compound_id = $1 AND c.settled_fen < c.amount_fen
            UNION ALL
            SELECT later.charge_id, later.settled_fen FROM later
        ), summed AS (
            SELECT owed.charge_id, sum(owed.settled_fen) AS settled_fen
            FROM owed GROUP BY owed.charge_id
        )
        SELECT c.home_id, c.charged_on,
               CAST(c.amount_fen - c.settled_fen + summed.settled_fen AS bigint) AS open_fen
        FROM summed
        JOIN charge AS c ON c.compound_id = $1 AND c.charge_id = summed.charge_id
        WHERE c.charged_on <= $2 AND (CAST($3 AS text) IS NULL OR c.kind = $3)
        """,
        compound_id,
        on,
        kind.value if kind else None,
    )
    return [(row["home_id"], row["charged_on"], row["open_fen"]) for row in found]


async def movement(tx: Tx, compound_id: UUID, kind: ChargeKind, period: Period) -> dict[str, int]:
    """The sums of one kind: owed before, charged, settled by prepayment, by receipts, of arrears.

    What was owed before follows backwards from what is open now, so that history is not read.
    """
    row = await tx.raw.fetchrow(
        """
        WITH open_now AS (
            SELECT COALESCE(sum(amount_fen - settled_fen), 0) AS open_fen
            FROM charge
            WHERE compound_id = $1 AND kind = $2 AND settled_fen < amount_fen
        ), charged AS (
            SELECT COALESCE(sum(amount_fen), 0) AS since_fen,
                   COALESCE(sum(amount_fen) FILTER (WHERE charged_on <= $4), 0) AS month_fen
            FROM charge
            WHERE compound_id = $1 AND kind = $2 AND charged_on >= $3
        ), settled AS (
            SELECT COALESCE(sum(a.amount_fen), 0) AS since_fen,
                   COALESCE(sum(a.amount_fen) FILTER (
                       WHERE a.allocated_on <= $4 AND a.is_prepayment), 0) AS prepaid_fen,
                   COALESCE(sum(a.amount_fen) FILTER (
                       WHERE a.allocated_on <= $4 AND NOT a.is_prepayment), 0) AS received_fen,
                   COALESCE(sum(a.amount_fen) FILTER (
                       WHERE a.allocated_on <= $4 AND NOT a.is_prepayment
                       AND c.charged_on < $3), 0) AS arrears_fen,
                   COALESCE(sum(a.amount_fen) FILTER (
                       WHERE a.allocated_on <= $4 AND c.charged_on >= $3), 0) AS current_fen
            FROM allocation AS a
            JOIN charge AS c ON c.compound_id = a.compound_id AND c.charge_id = a.charge_id
            WHERE a.compound_id = $1 AND c.kind = $2 AND a.allocated_on >= $3
        )
        SELECT open_now.open_fen - charged.since_fen + settled.since_fen AS opening_fen,
               charged.month_fen AS charged_fen,
               settled.prepaid_fen AS from_prepaid_fen,
               settled.received_fen,
               settled.arrears_fen AS received_arrears_fen,
               settled.current_fen AS collected_current_fen
        FROM open_now, charged, settled
        """,
        compound_id,
        kind.value,
        period.first_on,
        period.last_on,
    )
    return {name: int(value) for name, value in dict(row).items()}
