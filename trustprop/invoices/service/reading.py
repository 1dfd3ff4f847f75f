"""What the submitting firm and the office holders see of invoices."""

from uuid import UUID

from trustprop.invoices.model import Invoice, InvoiceDetail, InvoiceState
from trustprop.invoices.store import invoices as store
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.plumbing.database import Tx


async def read(tx: Tx, caller: Caller, invoice_id: UUID) -> InvoiceDetail:
    """Everything about one invoice. Raises Missing or OfficeNeeded."""
    compound_id = caller.compound_id
    invoice = await store.find(tx, compound_id, invoice_id)
    if invoice is None or caller.vendor_id not in (None, invoice.vendor_id):
        raise Missing(kind="invoice")
    check_reads(caller)
    shows_similar = caller.vendor_id is None and invoice.state.is_live
    return InvoiceDetail(
        invoice=invoice,
        events=await store.events(tx, compound_id, invoice_id),
        lines=await store.lines(tx, compound_id, invoice_id),
        acceptance_evidence=await store.acceptance_evidence(tx, compound_id, invoice_id),
        platform_checks=await store.platform_checks(tx, compound_id, invoice_id),
        similar=await store.similar(tx, compound_id, invoice) if shows_similar else (),
    )


async def list_invoices(
    tx: Tx,
    caller: Caller,
    *,
    vendor_id: UUID | None = None,
    state: InvoiceState | None = None,
    before: UUID | None = None,
    limit: int,
) -> tuple[Invoice, ...]:
    """The newest first, one more than the limit when there are more; a vendor's key sees its own."""
    check_reads(caller)
    return await store.page(
        tx,
        caller.compound_id,
        vendor_id=caller.vendor_id if caller.vendor_id is not None else vendor_id,
        state=state,
        before=before,
        limit=limit,
    )


def check_reads(caller: Caller) -> None:
    """A vendor's key reads its own, a key that submits what it submits for, others the books."""
    if caller.vendor_id is None and "invoices:write" not in caller.scopes:
        caller.check_reads_books()
