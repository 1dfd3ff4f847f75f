"""Contracts with vendors over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from trustprop.invoices import service
from trustprop.invoices.api.shared import HOUSE, ShownAtOnce, after, tagged
from trustprop.invoices.model import Contract, DraftContract, EndContract
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import Page, page

CONTRACT = HOUSE + "/contracts/{contract_id:uuid}"


@post(HOUSE + "/contracts", operation_id="contracts_draft", tags=["contracts"])
async def draft_contract(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftContract],
) -> Response[Contract]:
    """Put a contract before both sides: the act ``contract``.

    The last signature holds its amount back on the budget line.
    """
    async with database.begin(caller) as tx:
        return await once(tx, service.draft_contract(tx, caller, data))


@get(HOUSE + "/contracts", operation_id="contracts_list", tags=["contracts"])
async def list_contracts(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    vendor_id: FromQuery[UUID | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: ShownAtOnce = 50,
) -> Page[Contract]:
    """Contracts, for those who read the books; a vendor's key sees its own."""
    filters: dict[str, Any] = {"vendor_id": vendor_id}
    async with database.read(caller) as tx:
        last = after(cursor, filters)
        found = await service.list_contracts(tx, caller, vendor_id, last, limit)
    return page(found, limit, filters, lambda contract: [contract.terms.contract_id])


@get(CONTRACT, operation_id="contracts_get", tags=["contracts"])
async def get_contract(
    contract_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[Contract]:
    """One contract with what is billed and what its budget line still holds back."""
    async with database.read(caller) as tx:
        contract = await service.read_contract(tx, caller, contract_id)
    return tagged(contract, contract.version)


@post(CONTRACT + "/end", operation_id="contracts_end", status_code=200, tags=["contracts"])
async def end_contract(
    contract_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[EndContract],
) -> Response[Contract]:
    """End a contract; its budget line gets back what is still held."""
    async with database.begin(caller) as tx:
        return await once(tx, service.end_contract(tx, caller, contract_id, data), status=200)


handlers = [draft_contract, list_contracts, get_contract, end_contract]
