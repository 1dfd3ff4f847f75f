"""How payment orders, the payment policy and bank files are asked for."""

import secrets
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import (
    FromPath,
    FromQuery,
    HeaderParameter,
    JSONBody,
    Parameter,
    QueryParameter,
)
from msgspec.structs import replace

from trustprop.acts import rules as acts
from trustprop.acts.model import ActView
from trustprop.compounds.api import provide_public_caller
from trustprop.disbursements import service
from trustprop.disbursements.model import (
    BankFile,
    DraftOrder,
    DraftPolicy,
    DryRun,
    MakeBankFile,
    OrderDetail,
    OrderKind,
    OrderRefund,
    OrderState,
    PaymentNotice,
    PaymentOrder,
    PaymentPolicy,
    RefundOrder,
    ReturnOrder,
    ReviseOrder,
)
from trustprop.kernel.caller import Caller
from trustprop.plumbing import i18n
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.files import Files
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Instant, Page, open_cursor, page
from trustprop.plumbing.problems import check_version

HOUSE = "/compounds/{compound_id:uuid}"
ORDER = HOUSE + "/payment-orders/{order_id:uuid}"
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match")]


@post(HOUSE + "/payment-orders", operation_id="payment_orders_create", tags=["payments"])
async def create_order(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftOrder],
) -> Response[PaymentOrder]:
    """Draw up a payment order; both sides sign its act, and the last signature pays it."""
    async with database.begin(caller) as tx:
        return await once(tx, service.draft(tx, caller, data, _salt()))


@post(
    HOUSE + "/payment-orders/dry-run",
    operation_id="payment_orders_dry_run",
    status_code=200,
    tags=["payments"],
)
async def try_order(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[DraftOrder],
) -> DryRun:
    """What an order would meet: every refusal, what it would leave, who would sign. Changes nothing."""
    async with database.begin(caller, dry_run=True) as tx:
        tried = await service.dry_run(tx, caller, data, _salt())
    return _in_words(tried, caller.language)


@put(ORDER, operation_id="payment_orders_revise", tags=["payments"])
async def revise_order(
    order_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[ReviseOrder],
    if_match: IfMatch = None,
) -> Response[PaymentOrder]:
    """Replace an order that waits for signatures; those it has are void."""
    async with database.begin(caller) as tx:
        check_version(if_match, (await service.lock(tx, caller, order_id)).version)
        order = await service.revise(tx, caller, order_id, data, _salt())
    return _tagged(order, order.version)


@get(HOUSE + "/payment-orders", operation_id="payment_orders_list", tags=["payments"])
async def list_orders(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    in_state: Annotated[OrderState | None, QueryParameter(name="state")] = None,
    kind: FromQuery[OrderKind | None] = None,
    bank_account: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: ShownAtOnce = 50,
) -> Page[PaymentOrder]:
    """Payment orders, newest first, for those who read the books; account numbers are masked."""
    filters: dict[str, Any] = {"state": in_state, "kind": kind, "bank_account": bank_account}
    async with database.read(caller) as tx:
        found = await service.orders(
            tx,
            caller,
            state=in_state,
            kind=kind,
            bank_account=bank_account,
            after=_after(cursor, filters),
            limit=limit,
        )
    return page(found, limit, filters, lambda one: [one.drafted_at.isoformat(), one.order_id])


@get(ORDER, operation_id="payment_orders_get", tags=["payments"])
async def get_order(
    order_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[OrderDetail]:
    """One order with its payee, its signatures (office and key) and who is still awaited."""
    async with database.read(caller) as tx:
        detail = await service.detail(tx, caller, order_id)
    return _tagged(detail, detail.order.version)


@get(
    "/public/{compound_id:uuid}/payment-notices",
    operation_id="payment_notices_list",
    tags=["public"],
    dependencies={"caller": Provide(provide_public_caller)},
)
async def list_notices(
    caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> tuple[PaymentNotice, ...]:
    """Large payments that are published and not made yet. Anybody may read this, signed in or not."""
    async with database.read(caller) as tx:
        return await service.notices(tx, caller)


@post(ORDER + "/returns", operation_id="payment_orders_return", status_code=200, tags=["payments"])
async def return_order(
    order_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ReturnOrder],
) -> Response[PaymentOrder]:
    """The bank sent the money back: reverse the entry and free budget and invoices."""
    async with database.begin(caller) as tx:
        return await once(tx, service.mark_returned(tx, caller, order_id, data), status=200)


@post(ORDER + "/refunds", operation_id="payment_orders_refund", tags=["payments"])
async def refund_order(
    order_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RefundOrder],
) -> Response[OrderRefund]:
    """The payee gave a part back: a receipt that gives the budget line its money again."""
    async with database.begin(caller) as tx:
        return await once(tx, service.refund(tx, caller, order_id, data))


@post(HOUSE + "/payment-policies", operation_id="payment_policies_create", tags=["payments"])
async def create_policy(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftPolicy],
) -> Response[ActView]:
    """Put the next payment policy before both sides; it is in force with the last signature."""
    async with database.begin(caller) as tx:
        return await once(tx, _draft_policy(tx, caller, data))


@get(HOUSE + "/payment-policies", operation_id="payment_policies_list", tags=["payments"])
async def list_policies(
    caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> tuple[PaymentPolicy, ...]:
    """Every payment policy, the one in force first, the built-in one last."""
    async with database.read(caller) as tx:
        return await service.policies(tx, caller)


@post(HOUSE + "/bank-files", operation_id="bank_files_create", tags=["payments"])
async def create_bank_file(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
    once: NamedDependency[Once],
    data: JSONBody[MakeBankFile],
) -> Response[BankFile]:
    """Gather released orders of an account for the bank: CSV for people, pain.001 for machines.

    Both are evidence; fetch them by their digests.
    """
    async with database.begin(caller) as tx:
        return await once(tx, service.make_bank_file(tx, caller, files, data))


@get(HOUSE + "/bank-files", operation_id="bank_files_list", tags=["payments"])
async def list_bank_files(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    cursor: FromQuery[str | None] = None,
    limit: ShownAtOnce = 50,
) -> Page[BankFile]:
    """Bank files, newest first."""
    async with database.read(caller) as tx:
        found = await service.bank_files(tx, caller, after=_after(cursor, {}), limit=limit)
    return page(found, limit, {}, lambda one: [one.made_at.isoformat(), one.file_id])


async def _draft_policy(tx: Tx, caller: Caller, data: DraftPolicy) -> ActView:
    return acts.view(await service.draft_policy(tx, caller, data))


def _salt() -> str:
    """Keeps the commitment to a payee from being guessed."""
    return secrets.token_hex(32)


def _after(cursor: str | None, filters: dict[str, Any]) -> tuple[datetime, UUID] | None:
    position = open_cursor(cursor, filters, Instant, UUID)
    if position is None:
        return None
    at, row_id = position
    return datetime.fromisoformat(at), UUID(row_id)


def _in_words(tried: DryRun, language: str) -> DryRun:
    refusals = tuple(
        replace(one, detail=i18n.translate(one.detail, language, one.facts))
        for one in tried.refusals
    )
    return replace(tried, refusals=refusals)


def _tagged(content: Any, version: int) -> Response[Any]:
    return Response(content, headers={"ETag": f'"{version}"'})


handlers = [
    create_order,
    try_order,
    revise_order,
    list_orders,
    get_order,
    list_notices,
    return_order,
    refund_order,
    create_policy,
    list_policies,
    create_bank_file,
    list_bank_files,
]
