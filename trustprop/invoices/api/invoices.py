"""Invoices over HTTP: for the submitting firm's software, and for those who accept them."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from trustprop.invoices import service
from trustprop.invoices.api.shared import HOUSE, ShownAtOnce, after, tagged
from trustprop.invoices.model import (
    AcceptInvoice,
    BatchVerdict,
    CheckOnPlatform,
    EndInvoice,
    Invoice,
    InvoiceDetail,
    InvoiceState,
    ItemError,
    ItemVerdict,
    PlatformCheck,
    SubmitBatch,
    SubmitInvoice,
    TakeBackAcceptance,
)
from trustprop.invoices.rules import submission as rules
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import FieldError, Refusal
from trustprop.plumbing import i18n
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.files import Files
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import Page, page

INVOICE = HOUSE + "/invoices/{invoice_id:uuid}"


@post(HOUSE + "/invoices", operation_id="invoices_create", tags=["invoices"])
async def submit_invoice(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
    once: NamedDependency[Once],
    data: JSONBody[SubmitInvoice],
) -> Response[Invoice]:
    """Hand in an invoice; every failed check is named at once. Files are uploaded before."""
    answer = await _submit_foreseen(caller, database, once, data)
    if answer is not None:
        return answer
    async with database.begin(caller) as tx:
        return await once(tx, service.submit(tx, caller, files, data))


async def _submit_foreseen(
    caller: Caller, database: Database, once: Once, data: SubmitInvoice
) -> Response[Invoice] | None:
    """The many plain ones in one statement; whatever is not plain goes the ordinary way."""
    submission = service.foreseen(caller, data)
    if submission is None:
        return None
    async with database.alone() as tx:
        return await once.ahead(
            rules.submitted(submission, caller),
            lambda claim: service.submit_once(tx, caller, submission, claim),
        )


@post(
    HOUSE + "/invoices/batches",
    operation_id="invoices_create_batch",
    status_code=200,
    tags=["invoices"],
)
async def submit_batch(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
    once: NamedDependency[Once],
    data: JSONBody[SubmitBatch],
) -> Response[BatchVerdict]:
    """Hand in up to 1,000 invoices; each stands or falls by itself and has its own verdict."""
    async with database.begin(caller) as tx:
        return await once(tx, _batch(tx, caller, files, data), status=200)


async def _batch(tx: Tx, caller: Caller, files: Files, data: SubmitBatch) -> BatchVerdict:
    results = await service.submit_batch(tx, caller, files, data.invoices)
    refused = sum(isinstance(result, Refusal) for result in results)
    return BatchVerdict(
        submitted=len(results) - refused,
        refused=refused,
        items=tuple(
            _verdict(command.id, f"/invoices/{i}", result, caller.language)
            for i, (command, result) in enumerate(zip(data.invoices, results, strict=True))
        ),
    )


def _verdict(
    invoice_id: UUID, pointer: str, result: Invoice | Refusal, language: str
) -> ItemVerdict:
    if isinstance(result, Invoice):
        return ItemVerdict(id=invoice_id, is_submitted=True)
    errors: Sequence[FieldError] = getattr(result, "errors", ())
    return ItemVerdict(
        id=invoice_id,
        is_submitted=False,
        code=result.code,
        detail=i18n.translate(result.detail, language, result.facts),
        errors=tuple(
            ItemError(
                pointer=pointer + error.pointer,
                code=error.code,
                detail=i18n.translate(error.detail, language, error.facts),
            )
            for error in errors
        ),
    )


@get(HOUSE + "/invoices", operation_id="invoices_list", tags=["invoices"])
async def list_invoices(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    in_state: Annotated[InvoiceState | None, QueryParameter(name="state")] = None,
    vendor_id: FromQuery[UUID | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: ShownAtOnce = 50,
) -> Page[Invoice]:
    """Invoices with their states, newest first; a vendor's key sees its own."""
    filters: dict[str, Any] = {"state": in_state, "vendor_id": vendor_id}
    async with database.read(caller) as tx:
        found = await service.list_invoices(
            tx,
            caller,
            vendor_id=vendor_id,
            state=in_state,
            before=after(cursor, filters),
            limit=limit,
        )
    return page(found, limit, filters, lambda invoice: [invoice.invoice_id])


@get(INVOICE, operation_id="invoices_get", tags=["invoices"])
async def get_invoice(
    invoice_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[InvoiceDetail]:
    """One invoice with its history, and for office holders the invoices that are like it."""
    async with database.read(caller) as tx:
        detail = await service.read(tx, caller, invoice_id)
    return tagged(detail, detail.invoice.version)


@post(
    INVOICE + "/platform-checks",
    operation_id="invoices_check_on_platform",
    tags=["invoices"],
)
async def check_on_platform(
    invoice_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[CheckOnPlatform],
) -> Response[PlatformCheck]:
    """Record what the tax authority's platform says about it: who looked, when, the result."""
    async with database.begin(caller) as tx:
        return await once(tx, service.record_platform_check(tx, caller, invoice_id, data))


@post(INVOICE + "/acceptance", operation_id="invoices_accept", status_code=200, tags=["invoices"])
async def accept_invoice(
    invoice_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AcceptInvoice],
) -> Response[Invoice]:
    """The trustee's manager accepts it: expense, payable and budget line in one transaction."""
    async with database.begin(caller) as tx:
        return await once(tx, service.accept(tx, caller, invoice_id, data), status=200)


@post(
    INVOICE + "/acceptance-reversal",
    operation_id="invoices_take_back_acceptance",
    status_code=200,
    tags=["invoices"],
)
async def take_back_acceptance(
    invoice_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[TakeBackAcceptance],
) -> Response[Invoice]:
    """The manager takes a wrong acceptance back: entry reversed, budget freed, invoice as handed in."""
    async with database.begin(caller) as tx:
        return await once(tx, service.take_back(tx, caller, invoice_id, data), status=200)


@post(INVOICE + "/rejection", operation_id="invoices_reject", status_code=200, tags=["invoices"])
async def reject_invoice(
    invoice_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[EndInvoice],
) -> Response[Invoice]:
    """The trustee's manager sends it back with a reason."""
    async with database.begin(caller) as tx:
        return await once(tx, service.reject(tx, caller, invoice_id, data), status=200)


@post(INVOICE + "/withdrawal", operation_id="invoices_withdraw", status_code=200, tags=["invoices"])
async def withdraw_invoice(
    invoice_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[EndInvoice],
) -> Response[Invoice]:
    """The submitting firm takes it back before it is accepted."""
    async with database.begin(caller) as tx:
        return await once(tx, service.withdraw(tx, caller, invoice_id, data), status=200)


handlers = [
    submit_invoice,
    submit_batch,
    list_invoices,
    get_invoice,
    check_on_platform,
    accept_invoice,
    take_back_acceptance,
    reject_invoice,
    withdraw_invoice,
]
