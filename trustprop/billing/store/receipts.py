"""Statements over receipts and the settlements of payment channels."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, insert, select, tuple_

from trustprop.billing.model import ChannelSettlement, Receipt
from trustprop.billing.store.facts import fact, facts
from trustprop.billing.tables import channel_settlement, receipt
from trustprop.plumbing.database import Tx


async def add(tx: Tx, compound_id: UUID, receipts: Sequence[tuple[Receipt, bytes]]) -> None:
    """Each with the digest of the request that made it, to know a retry from another content."""
    await tx.execute(
        insert(receipt),
        [
            {
                "compound_id": compound_id,
                "receipt_id": one.receipt_id,
                "home_id": one.home_id,
                "contract_id": one.contract_id,
                "kind": one.kind.value if one.kind else None,
                "received_on": one.received_on,
                "account": one.account,
                "fund": one.fund,
                "amount_fen": one.amount_fen,
                "arrears_fen": one.arrears_fen,
                "surplus_fen": one.surplus_fen,
                "payer": one.payer,
                "reference": one.reference,
                "memo": one.memo,
                "entry_id": one.entry_id,
                "recorded_at": one.recorded_at,
                "content_sha256": content_sha256,
            }
            for one, content_sha256 in receipts
        ],
    )


async def find(
    tx: Tx, compound_id: UUID, ids: Collection[UUID]
) -> dict[UUID, tuple[Receipt, bytes]]:
    """Those already there, each with the digest of its content."""
    found = await tx.execute(
        _receipts(compound_id, receipt.c.content_sha256).where(receipt.c.receipt_id.in_(list(ids)))
    )
    return {row.receipt_id: (fact(Receipt, row), bytes(row.content_sha256)) for row in found}


async def of_entries(tx: Tx, compound_id: UUID, entries: Collection[UUID]) -> tuple[Receipt, ...]:
    found = await tx.execute(
        _receipts(compound_id)
        .where(receipt.c.entry_id.in_(list(entries)))
        .order_by(receipt.c.received_on, receipt.c.receipt_id)
    )
    return facts(Receipt, found)


async def of_home(tx: Tx, compound_id: UUID, home_id: UUID) -> tuple[Receipt, ...]:
    found = await tx.execute(
        _receipts(compound_id)
        .where(receipt.c.home_id == home_id)
        .order_by(receipt.c.received_on, receipt.c.receipt_id)
    )
    return facts(Receipt, found)


async def page(
    tx: Tx, compound_id: UUID, limit: int, after: tuple[date, UUID] | None
) -> tuple[Receipt, ...]:
    """Newest first."""
    statement = _receipts(compound_id)
    if after is not None:
        statement = statement.where(tuple_(receipt.c.received_on, receipt.c.receipt_id) < after)
    found = await tx.execute(
        statement.order_by(receipt.c.received_on.desc(), receipt.c.receipt_id.desc()).limit(limit)
    )
    return facts(Receipt, found)


def _receipts(compound_id: UUID, *more: Any) -> Select[tuple[object, ...]]:
    return select(
        receipt.c.receipt_id,
        receipt.c.home_id,
        receipt.c.contract_id,
        receipt.c.kind,
        receipt.c.received_on,
        receipt.c.account,
        receipt.c.fund,
        receipt.c.amount_fen,
        receipt.c.arrears_fen,
        receipt.c.surplus_fen,
        receipt.c.payer,
        receipt.c.reference,
        receipt.c.memo,
        receipt.c.entry_id,
        receipt.c.recorded_at,
        *more,
    ).where(receipt.c.compound_id == compound_id)


async def add_settlement(
    tx: Tx, compound_id: UUID, settlement: ChannelSettlement, content_sha256: bytes
) -> None:
    await tx.execute(
        insert(channel_settlement).values(
            compound_id=compound_id,
            settlement_id=settlement.settlement_id,
            settled_on=settlement.settled_on,
            channel=settlement.channel,
            account=settlement.account,
            gross_fen=settlement.gross_fen,
            fee_fen=settlement.fee_fen,
            reference=settlement.reference,
            entry_id=settlement.entry_id,
            content_sha256=content_sha256,
        )
    )


async def find_settlement(
    tx: Tx, compound_id: UUID, settlement_id: UUID
) -> tuple[ChannelSettlement, bytes] | None:
    row = (
        await tx.execute(
            _settlements(compound_id, channel_settlement.c.content_sha256).where(
                channel_settlement.c.settlement_id == settlement_id
            )
        )
    ).first()
    return None if row is None else (fact(ChannelSettlement, row), bytes(row.content_sha256))


async def settlements_of_entries(
    tx: Tx, compound_id: UUID, entries: Collection[UUID]
) -> tuple[ChannelSettlement, ...]:
    found = await tx.execute(
        _settlements(compound_id).where(channel_settlement.c.entry_id.in_(list(entries)))
    )
    return facts(ChannelSettlement, found)


def _settlements(compound_id: UUID, *more: Any) -> Select[tuple[object, ...]]:
    return select(
        channel_settlement.c.settlement_id,
        channel_settlement.c.settled_on,
        channel_settlement.c.channel,
        channel_settlement.c.account,
        channel_settlement.c.gross_fen,
        channel_settlement.c.fee_fen,
        channel_settlement.c.reference,
        channel_settlement.c.entry_id,
        *more,
    ).where(channel_settlement.c.compound_id == compound_id)
