"""Statements of the payment orders, their payees and their invoices."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from trustprop.disbursements.model import (
    OrderBody,
    OrderedInvoice,
    OrderKind,
    OrderState,
    Payee,
    PaymentOrder,
)
from trustprop.disbursements.tables import (
    order_invoice,
    payment_order,
    payment_payee,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_ORDER = (
    payment_order.c.order_id,
    payment_order.c.act_id,
    payment_order.c.act_version,
    payment_order.c.version,
    payment_order.c.state,
    payment_order.c.body,
    payment_order.c.policy_version,
    payment_order.c.drafted_by,
    payment_order.c.drafted_at,
    payment_order.c.expires_at,
    payment_order.c.number_year,
    payment_order.c.number,
    payment_order.c.released_at,
    payment_order.c.bank_file_id,
    payment_order.c.bank_line_id,
    payment_order.c.reason,
    payment_order.c.refunded_fen,
)

# Orders


async def find_order(tx: Tx, compound_id: UUID, order_id: UUID) -> PaymentOrder | None:
    return await _order(tx, _orders(compound_id).where(payment_order.c.order_id == order_id))


async def lock_order(tx: Tx, compound_id: UUID, order_id: UUID) -> PaymentOrder | None:
    statement = _orders(compound_id).where(payment_order.c.order_id == order_id)
    return await _order(tx, statement.with_for_update())


async def lock_orders(
    tx: Tx,
    compound_id: UUID,
    bank_account: str,
    states: Collection[OrderState],
    order_ids: Collection[UUID] = (),
) -> tuple[PaymentOrder, ...]:
    """Orders of an account in these states (of these ids, when any are named), in id order."""
    statement = _of_account(compound_id, bank_account, states)
    if order_ids:
        statement = statement.where(payment_order.c.order_id.in_(order_ids))
    return rows.all_of(PaymentOrder, await tx.execute(statement.with_for_update()))


async def orders_of_account(
    tx: Tx, compound_id: UUID, bank_account: str, states: Collection[OrderState]
) -> tuple[PaymentOrder, ...]:
    """The same without a lock, for those who only look."""
    statement = _of_account(compound_id, bank_account, states)
    return rows.all_of(PaymentOrder, await tx.execute(statement))


async def orders(
    tx: Tx,
    compound_id: UUID,
    *,
    state: OrderState | None = None,
    kind: OrderKind | None = None,
    bank_account: str | None = None,
    after: Sequence[Any] | None = None,
    limit: int,
) -> tuple[PaymentOrder, ...]:
    """Newest first, one more than the limit, to see whether there are more."""
    key = tuple_(payment_order.c.drafted_at, payment_order.c.order_id)
    statement = _orders(compound_id).order_by(
        payment_order.c.drafted_at.desc(), payment_order.c.order_id.desc()
    )
    for column, wanted in (
        (payment_order.c.state, state),
        (payment_order.c.kind, kind),
        (payment_order.c.bank_account, bank_account),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if after is not None:
        statement = statement.where(key < tuple_(*after))
    return rows.all_of(PaymentOrder, await tx.execute(statement.limit(limit + 1)))


async def published(tx: Tx, compound_id: UUID) -> tuple[PaymentOrder, ...]:
    """Large payments that are announced and not yet made, the earliest first."""
    statement = _orders(compound_id).where(
        payment_order.c.state == OrderState.AWAITING_SIGNATURES,
        payment_order.c.body["published_on"].astext.is_not(None),
    )
    return rows.all_of(PaymentOrder, await tx.execute(statement.order_by(payment_order.c.order_id)))


async def left_between(
    tx: Tx, compound_id: UUID, first_on: date, last_on: date
) -> tuple[PaymentOrder, ...]:
    """Orders that paid in these days of accounting, returned ones included, in number order."""
    statement = _orders(compound_id).where(
        payment_order.c.released_at.is_not(None), payment_order.c.pay_on.between(first_on, last_on)
    )
    ordered = statement.order_by(payment_order.c.number_year, payment_order.c.number)
    return rows.all_of(PaymentOrder, await tx.execute(ordered))


async def add_order(tx: Tx, compound_id: UUID, order: PaymentOrder) -> None:
    values = {"compound_id": compound_id, "order_id": order.order_id, "act_id": order.act_id}
    await tx.execute(insert(payment_order).values(values | _values(order)))


async def save_order(tx: Tx, compound_id: UUID, order: PaymentOrder) -> None:
    await tx.execute(
        update(payment_order)
        .where(
            payment_order.c.compound_id == compound_id, payment_order.c.order_id == order.order_id
        )
        .values(_values(order))
    )


async def mark_exported(
    tx: Tx, compound_id: UUID, order_ids: Collection[UUID], bank_file_id: UUID
) -> None:
    await tx.execute(
        update(payment_order)
        .where(
            payment_order.c.compound_id == compound_id,
            payment_order.c.order_id.in_(order_ids),
            payment_order.c.state == OrderState.RELEASED,
        )
        .values(
            state=OrderState.EXPORTED,
            bank_file_id=bank_file_id,
            version=payment_order.c.version + 1,
        )
    )


async def next_number(tx: Tx, compound_id: UUID, year: int) -> int:
    """The lock of the books is held, so nobody else takes the same one."""
    statement = select(func.coalesce(func.max(payment_order.c.number), 0) + 1).where(
        payment_order.c.compound_id == compound_id, payment_order.c.number_year == year
    )
    return int((await tx.execute(statement)).scalar_one())


async def promised_cash(
    tx: Tx, compound_id: UUID, bank_account: str, fund: str | None, but_for: UUID
) -> int:
    """What other orders being signed will take from this bank account, of one fund or of all."""
    statement = _awaiting(compound_id, but_for).where(payment_order.c.bank_account == bank_account)
    if fund is not None:
        statement = statement.where(payment_order.c.fund == fund)
    return await _promised(tx, statement)


async def promised_liability(
    tx: Tx,
    compound_id: UUID,
    account: str,
    fund: str,
    counterparty_id: UUID | None,
    but_for: UUID,
) -> int:
    """What other orders being signed will pay of this liability."""
    statement = _awaiting(compound_id, but_for).where(
        payment_order.c.account == account, payment_order.c.fund == fund
    )
    if counterparty_id is not None:
        statement = statement.where(payment_order.c.counterparty_id == counterparty_id)
    return await _promised(tx, statement)


# Payees


async def add_payee(
    tx: Tx, compound_id: UUID, order_id: UUID, act_version: int, payee: Payee
) -> None:
    await tx.execute(
        insert(payment_payee).values(
            compound_id=compound_id,
            order_id=order_id,
            act_version=act_version,
            kind=payee.kind,
            name=payee.name,
            bank=payee.bank,
            account_number=payee.number,
            salt=payee.salt,
        )
    )


async def payees(tx: Tx, compound_id: UUID, versions: Mapping[UUID, int]) -> dict[UUID, Payee]:
    """The payee of each order's version, in full."""
    result = await tx.execute(
        select(
            payment_payee.c.order_id,
            payment_payee.c.kind,
            payment_payee.c.name,
            payment_payee.c.bank,
            payment_payee.c.account_number.label("number"),
            payment_payee.c.salt,
        ).where(
            payment_payee.c.compound_id == compound_id,
            tuple_(payment_payee.c.order_id, payment_payee.c.act_version).in_(
                list(versions.items())
            ),
        )
    )
    return {row.order_id: rows.to(Payee, row) for row in result}


async def similar(
    tx: Tx, compound_id: UUID, number: str, amount_fen: int, since_on: date, but_for: UUID
) -> tuple[PaymentOrder, ...]:
    """Other orders to the same account of the same amount that are alive or paid."""
    statement = (
        _orders(compound_id)
        .join(
            payment_payee,
            (payment_payee.c.compound_id == payment_order.c.compound_id)
            & (payment_payee.c.order_id == payment_order.c.order_id)
            & (payment_payee.c.act_version == payment_order.c.act_version),
        )
        .where(
            payment_payee.c.account_number == number,
            payment_order.c.amount_fen == amount_fen,
            payment_order.c.pay_on >= since_on,
            payment_order.c.order_id != but_for,
            payment_order.c.state.not_in(
                (OrderState.REJECTED, OrderState.WITHDRAWN, OrderState.EXPIRED)
            ),
        )
        .order_by(payment_order.c.order_id.desc())
        .limit(10)
    )
    return rows.all_of(PaymentOrder, await tx.execute(statement))


# Invoices of an order


async def hold_invoices(
    tx: Tx, compound_id: UUID, order_id: UUID, invoices: Collection[OrderedInvoice]
) -> None:
    """The unique index refuses an invoice that another order holds or has paid."""
    if not invoices:
        return
    statement = upsert(order_invoice).values(
        [
            {
                "compound_id": compound_id,
                "order_id": order_id,
                "invoice_id": invoice.invoice_id,
                "amount_fen": invoice.amount_fen,
                "is_held": True,
            }
            for invoice in invoices
        ]
    )
    await tx.execute(
        statement.on_conflict_do_update(
            constraint="pk_order_invoice",
            set_={"amount_fen": statement.excluded.amount_fen, "is_held": True},
        )
    )


async def let_invoices_go(tx: Tx, compound_id: UUID, order_id: UUID) -> None:
    await tx.execute(
        update(order_invoice)
        .where(order_invoice.c.compound_id == compound_id, order_invoice.c.order_id == order_id)
        .values(is_held=False)
    )


def _orders(compound_id: UUID) -> Select[Any]:
    return select(*_ORDER).where(payment_order.c.compound_id == compound_id)


def _of_account(
    compound_id: UUID, bank_account: str, states: Collection[OrderState]
) -> Select[Any]:
    return (
        _orders(compound_id)
        .where(payment_order.c.bank_account == bank_account, payment_order.c.state.in_(states))
        .order_by(payment_order.c.order_id)
    )


async def _order(tx: Tx, statement: Select[Any]) -> PaymentOrder | None:
    row = (await tx.execute(statement)).one_or_none()
    return rows.to(PaymentOrder, row) if row else None


def _awaiting(compound_id: UUID, but_for: UUID) -> Select[Any]:
    return select(func.coalesce(func.sum(payment_order.c.amount_fen), 0)).where(
        payment_order.c.compound_id == compound_id,
        payment_order.c.state == OrderState.AWAITING_SIGNATURES,
        payment_order.c.order_id != but_for,
    )


async def _promised(tx: Tx, statement: Select[Any]) -> int:
    return int((await tx.execute(statement)).scalar_one())


def _values(order: PaymentOrder) -> dict[str, Any]:
    """Every column but the ids; what queries need of the body stands beside it."""
    body: OrderBody = order.body
    return {
        "act_version": order.act_version,
        "version": order.version,
        "state": order.state,
        "kind": body.kind,
        "amount_fen": body.amount_fen,
        "fund": body.fund,
        "bank_account": body.bank_account,
        "account": body.account,
        "counterparty_id": body.counterparty_id,
        "budget_line_id": body.budget_line_id,
        "vendor_id": body.vendor_id,
        "pay_on": body.pay_on,
        "body": msgspec.to_builtins(body),
        "policy_version": order.policy_version,
        "drafted_by": order.drafted_by,
        "drafted_at": order.drafted_at,
        "expires_at": order.expires_at,
        "number_year": order.number_year,
        "number": order.number,
        "released_at": order.released_at,
        "bank_file_id": order.bank_file_id,
        "bank_line_id": order.bank_line_id,
        "reason": order.reason,
        "refunded_fen": order.refunded_fen,
    }
