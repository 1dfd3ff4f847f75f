"""Which decision of the owners an order stands on, asked at its draft and again when it pays."""

from uuid import UUID

from trustprop.budgets.service.availability import lock_lines
from trustprop.compounds import rules as compound_rules
from trustprop.compounds.model import Limits, Scope
from trustprop.disbursements import rules
from trustprop.disbursements.model import OrderBody
from trustprop.invoices import service as invoices
from trustprop.invoices.model import Invoice
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Refusal
from trustprop.meetings import service as meetings
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx


async def decision_refusals(
    tx: Tx, caller: Caller, body: OrderBody, limits: Limits, paid: tuple[Invoice, ...]
) -> tuple[Refusal, ...]:
    """The first reason why no decision carries this order; none where it needs and names none."""
    limit_fen = limits.large_payment_resolution_fen.value
    needed = rules.matter_needed(body.fund, body.amount_fen, limit_fen)
    if body.resolution_id is None:
        return () if needed is None else (rules.OrderNeedsResolution(matter=needed),)
    matter = needed or Matter.LARGE_PAYMENT
    try:
        lines = await _lines(tx, caller, body)
        await meetings.require(
            tx,
            caller,
            body.resolution_id,
            matter,
            body.order_id,
            or_about=rules.other_subjects(matter, paid, lines.keys()),
            scope=rules.scope_of(matter, tuple(lines.values())),
        )
    except Refusal as refusal:
        return (refusal,)
    return ()


async def _lines(tx: Tx, caller: Caller, body: OrderBody) -> dict[UUID, Scope]:
    """The budget lines that an order uses, its own or those of its invoices, with whose they are."""
    used = [body.budget_line_id]
    for invoice in body.invoices:
        accepted = await invoices.read(tx, caller, invoice.invoice_id)
        used += [line.budget_line_id for line in accepted.lines]
    wanted = {line_id for line_id in used if line_id is not None}
    held = await lock_lines(tx, caller.compound_id, wanted)
    return {line_id: compound_rules.read_scope(line.scope) for line_id, line in held.items()}
