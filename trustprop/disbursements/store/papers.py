"""Statements of what stands around an order: policies, bank files and refunds."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, tuple_

from trustprop.disbursements.model import (
    BankFile,
    OrderRefund,
    PaymentPolicy,
)
from trustprop.disbursements.tables import (
    bank_file,
    order_refund,
    payment_policy,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_BANK_FILE = (
    bank_file.c.file_id,
    bank_file.c.bank_account,
    bank_file.c.orders,
    bank_file.c.amount_fen,
    bank_file.c.csv_sha256,
    bank_file.c.xml_sha256,
    bank_file.c.made_by,
    bank_file.c.made_at,
)
_REFUND = (
    order_refund.c.refund_id,
    order_refund.c.order_id,
    order_refund.c.amount_fen,
    order_refund.c.received_on,
    order_refund.c.memo,
)


# Policies


async def policies(tx: Tx, compound_id: UUID) -> tuple[PaymentPolicy, ...]:
    """The newest first."""
    result = await tx.execute(
        select(
            payment_policy.c.version,
            payment_policy.c.terms,
            payment_policy.c.act_id,
            payment_policy.c.valid_from,
        )
        .where(payment_policy.c.compound_id == compound_id)
        .order_by(payment_policy.c.version.desc())
    )
    return rows.all_of(PaymentPolicy, result)


async def add_policy(tx: Tx, compound_id: UUID, policy: PaymentPolicy) -> None:
    await tx.execute(
        insert(payment_policy).values(
            compound_id=compound_id,
            version=policy.version,
            act_id=policy.act_id,
            terms=msgspec.to_builtins(policy.terms),
            digest=bytes.fromhex(policy.terms.digest),
            valid_from=policy.valid_from,
        )
    )


# Bank files and refunds


async def add_bank_file(tx: Tx, compound_id: UUID, file: BankFile) -> None:
    values = msgspec.structs.asdict(file) | {"compound_id": compound_id}
    await tx.execute(insert(bank_file).values(values))


async def find_bank_file(tx: Tx, compound_id: UUID, file_id: UUID) -> BankFile | None:
    statement = select(*_BANK_FILE).where(
        bank_file.c.compound_id == compound_id, bank_file.c.file_id == file_id
    )
    row = (await tx.execute(statement)).one_or_none()
    return rows.to(BankFile, row) if row else None


async def bank_files(
    tx: Tx, compound_id: UUID, *, after: Sequence[Any] | None, limit: int
) -> tuple[BankFile, ...]:
    """Newest first, one more than the limit."""
    statement = (
        select(*_BANK_FILE)
        .where(bank_file.c.compound_id == compound_id)
        .order_by(bank_file.c.made_at.desc(), bank_file.c.file_id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(
            tuple_(bank_file.c.made_at, bank_file.c.file_id) < tuple_(*after)
        )
    return rows.all_of(BankFile, await tx.execute(statement))


async def add_refund(tx: Tx, compound_id: UUID, refund: OrderRefund) -> None:
    values = msgspec.structs.asdict(refund) | {"compound_id": compound_id}
    await tx.execute(insert(order_refund).values(values))


async def find_refund(tx: Tx, compound_id: UUID, refund_id: UUID) -> OrderRefund | None:
    statement = select(*_REFUND).where(
        order_refund.c.compound_id == compound_id, order_refund.c.refund_id == refund_id
    )
    row = (await tx.execute(statement)).one_or_none()
    return rows.to(OrderRefund, row) if row else None


async def refunds(tx: Tx, compound_id: UUID, order_id: UUID) -> tuple[OrderRefund, ...]:
    result = await tx.execute(
        select(*_REFUND)
        .where(order_refund.c.compound_id == compound_id, order_refund.c.order_id == order_id)
        .order_by(order_refund.c.refund_id)
    )
    return rows.all_of(OrderRefund, result)
