"""Vendors and their bank accounts over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from trustprop.invoices import service
from trustprop.invoices.api.shared import HOUSE, ShownAtOnce, after, tagged
from trustprop.invoices.model import (
    AdmitVendor,
    DraftVendorAccount,
    RegisterVendor,
    SuspendVendor,
    Vendor,
    VendorAccount,
)
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import Page, page

VENDOR = HOUSE + "/vendors/{vendor_id:uuid}"


@post(HOUSE + "/vendors", operation_id="vendors_create", tags=["vendors"])
async def register_vendor(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RegisterVendor],
) -> Response[Vendor]:
    """The trustee proposes a vendor; the owners' side admits it before it can bill."""
    async with database.begin(caller) as tx:
        return await once(tx, service.register_vendor(tx, caller, data))


@get(HOUSE + "/vendors", operation_id="vendors_list", tags=["vendors"])
async def list_vendors(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    cursor: FromQuery[str | None] = None,
    limit: ShownAtOnce = 50,
) -> Page[Vendor]:
    """Every vendor, for those who read the books."""
    filters: dict[str, Any] = {}
    async with database.read(caller) as tx:
        found = await service.list_vendors(tx, caller, after(cursor, filters), limit)
    return page(found, limit, filters, lambda vendor: [vendor.vendor_id])


@get(VENDOR, operation_id="vendors_get", tags=["vendors"])
async def get_vendor(
    vendor_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[Vendor]:
    """One vendor, for those who read the books and for the vendor itself."""
    async with database.read(caller) as tx:
        vendor = await service.read_vendor(tx, caller, vendor_id)
    return tagged(vendor, vendor.version)


@post(VENDOR + "/admission", operation_id="vendors_admit", status_code=200, tags=["vendors"])
async def admit_vendor(
    vendor_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AdmitVendor],
) -> Response[Vendor]:
    """The owners' side lets a vendor in; a related party needs a resolution about it."""
    async with database.begin(caller) as tx:
        return await once(tx, service.admit_vendor(tx, caller, vendor_id, data), status=200)


@post(VENDOR + "/suspension", operation_id="vendors_suspend", status_code=200, tags=["vendors"])
async def suspend_vendor(
    vendor_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[SuspendVendor],
) -> Response[Vendor]:
    """Either side stops a vendor: no new invoices, no payments, until it is admitted again."""
    async with database.begin(caller) as tx:
        return await once(tx, service.suspend_vendor(tx, caller, vendor_id, data), status=200)


@post(VENDOR + "/accounts", operation_id="vendor_accounts_draft", tags=["vendors"])
async def draft_vendor_account(
    vendor_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftVendorAccount],
) -> Response[VendorAccount]:
    """Put a vendor's bank account before both sides: the act ``vendor-account``.

    After the last signature it rests before it can be paid.
    """
    async with database.begin(caller) as tx:
        return await once(tx, service.draft_vendor_account(tx, caller, vendor_id, data))


@get(VENDOR + "/accounts", operation_id="vendor_accounts_list", tags=["vendors"])
async def list_vendor_accounts(
    vendor_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> tuple[VendorAccount, ...]:
    """A vendor's bank accounts, replaced and refused ones too."""
    async with database.read(caller) as tx:
        return await service.read_accounts(tx, caller, vendor_id)


handlers = [
    register_vendor,
    list_vendors,
    get_vendor,
    admit_vendor,
    suspend_vendor,
    draft_vendor_account,
    list_vendor_accounts,
]
