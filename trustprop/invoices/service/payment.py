"""What payment orders do with invoices: hold them, pay them, let them go again."""

from collections.abc import Callable, Collection
from uuid import UUID

from msgspec.structs import replace

from trustprop.invoices.model import Invoice, InvoiceState
from trustprop.invoices.rules import acceptance as rules
from trustprop.invoices.store import invoices as store
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.plumbing.database import Tx


async def lock_for_payment(
    tx: Tx, compound_id: UUID, invoice_ids: Collection[UUID]
) -> tuple[Invoice, ...]:
    """In id order, locked until the transaction ends; after the books. Raises Missing.

    Whether their state allows what the order wants is for the order's rules and for ``mark_…``.
    """
    wanted = set(invoice_ids)
    if not wanted:
        return ()
    found = await store.find_many(tx, compound_id, wanted, lock=True)
    if len(found) < len(wanted):
        raise Missing(kind="invoice")
    return found


async def mark_ordered(
    tx: Tx, caller: Caller, invoice_ids: Collection[UUID], order_id: UUID
) -> None:
    """An order holds them. Raises Missing or InvoiceInWrongState."""
    await _move(tx, caller, invoice_ids, order_id, lambda each: _held(each, order_id))


async def mark_released(
    tx: Tx, caller: Caller, invoice_ids: Collection[UUID], order_id: UUID
) -> None:
    """The order that holds them has paid them. Raises Missing or InvoiceInWrongState."""
    await _move(tx, caller, invoice_ids, order_id, lambda each: _paid(each, order_id))


async def mark_accepted_again(
    tx: Tx, caller: Caller, invoice_ids: Collection[UUID], order_id: UUID
) -> None:
    """The order ended unpaid, or the bank sent the money back. Raises as :func:`mark_released`."""
    await _move(tx, caller, invoice_ids, order_id, lambda each: _free(each, order_id))


async def unpaid_fen(tx: Tx, compound_id: UUID, fund: str) -> int:
    """What accepted invoices of a fund stand at in 2202; orders about them pay it, nothing else."""
    return await store.unpaid_fen(tx, compound_id, fund)


async def _move(
    tx: Tx,
    caller: Caller,
    invoice_ids: Collection[UUID],
    order_id: UUID,
    step: Callable[[Invoice], Invoice],
) -> None:
    if not invoice_ids:
        return
    found = await lock_for_payment(tx, caller.compound_id, invoice_ids)
    await store.move(tx, caller, [step(each) for each in found], order_id)


def _held(invoice: Invoice, order_id: UUID) -> Invoice:
    return replace(rules.move(invoice, InvoiceState.ORDERED), order_id=order_id)


def _paid(invoice: Invoice, order_id: UUID) -> Invoice:
    rules.check_held_by(invoice, order_id)
    return rules.move(invoice, InvoiceState.PAID)


def _free(invoice: Invoice, order_id: UUID) -> Invoice:
    rules.check_held_by(invoice, order_id)
    return replace(rules.move(invoice, InvoiceState.ACCEPTED), order_id=None)
