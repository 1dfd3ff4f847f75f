"""Statements over revenue contracts, their monthly shares and what they were paid."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, insert, select

from trustprop.billing.model import RevenueContract, RevenueShare
from trustprop.billing.store.facts import facts, number
from trustprop.billing.tables import receipt, revenue_contract, revenue_share
from trustprop.kernel.periods import Period
from trustprop.plumbing.database import Tx


async def add_contract(tx: Tx, compound_id: UUID, contract: RevenueContract) -> None:
    await tx.execute(
        insert(revenue_contract).values(
            compound_id=compound_id,
            contract_id=contract.contract_id,
            counterparty=contract.counterparty,
            is_individual=contract.is_individual,
            kind=contract.kind.value,
            income_account=contract.income_account,
            fund=contract.fund,
            starts_on=contract.starts_on,
            ends_on=contract.ends_on,
            amount_fen=contract.amount_fen,
            recognised_before_fen=contract.recognised_before_fen,
            received_before_fen=contract.received_before_fen,
            resolution_id=contract.resolution_id,
        )
    )


async def contracts(tx: Tx, compound_id: UUID) -> tuple[RevenueContract, ...]:
    found = await tx.execute(
        select(
            revenue_contract.c.contract_id,
            revenue_contract.c.counterparty,
            revenue_contract.c.is_individual,
            revenue_contract.c.kind,
            revenue_contract.c.income_account,
            revenue_contract.c.fund,
            revenue_contract.c.starts_on,
            revenue_contract.c.ends_on,
            revenue_contract.c.amount_fen,
            revenue_contract.c.recognised_before_fen,
            revenue_contract.c.received_before_fen,
            revenue_contract.c.resolution_id,
        )
        .where(revenue_contract.c.compound_id == compound_id)
        .order_by(
            revenue_contract.c.kind, revenue_contract.c.starts_on, revenue_contract.c.contract_id
        )
    )
    return facts(RevenueContract, found)


async def add_shares(
    tx: Tx, compound_id: UUID, run_id: UUID, shares: Sequence[RevenueShare]
) -> None:
    await tx.execute(
        insert(revenue_share),
        [
            {
                "compound_id": compound_id,
                "contract_id": share.contract_id,
                "period": number(share.period),
                "run_id": run_id,
                "amount_fen": share.amount_fen,
                "from_deferred_fen": share.from_deferred_fen,
                "entry_id": share.entry_id,
            }
            for share in shares
        ],
    )


async def shares(tx: Tx, compound_id: UUID, period: Period) -> tuple[RevenueShare, ...]:
    found = await tx.execute(
        select(
            revenue_share.c.contract_id,
            revenue_share.c.period,
            revenue_share.c.amount_fen,
            revenue_share.c.from_deferred_fen,
            revenue_share.c.entry_id,
        )
        .where(revenue_share.c.compound_id == compound_id, revenue_share.c.period == period.number)
        .order_by(revenue_share.c.contract_id)
    )
    return facts(RevenueShare, found)


async def earned(tx: Tx, compound_id: UUID, until: Period) -> dict[UUID, int]:
    """What each contract has earned in the books up to the end of a month."""
    found = await tx.execute(
        select(
            revenue_share.c.contract_id, func.sum(revenue_share.c.amount_fen).label("amount_fen")
        )
        .where(revenue_share.c.compound_id == compound_id, revenue_share.c.period <= until.number)
        .group_by(revenue_share.c.contract_id)
    )
    return {row.contract_id: int(row.amount_fen) for row in found}


async def received(tx: Tx, compound_id: UUID, period: Period) -> dict[UUID, tuple[int, int]]:
    """What each contract paid: in the month, and up to its end."""
    found = await tx.execute(
        select(
            receipt.c.contract_id,
            func.coalesce(
                func.sum(receipt.c.amount_fen).filter(receipt.c.received_on >= period.first_on), 0
            ).label("month_fen"),
            func.sum(receipt.c.amount_fen).label("until_fen"),
        )
        .where(
            receipt.c.compound_id == compound_id,
            receipt.c.contract_id.is_not(None),
            receipt.c.received_on <= period.last_on,
        )
        .group_by(receipt.c.contract_id)
    )
    return {row.contract_id: (int(row.month_fen), int(row.until_fen)) for row in found}
