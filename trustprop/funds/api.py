"""How funds, bank accounts and transfers are asked for."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, Parameter

from trustprop.funds import service
from trustprop.funds.model import (
    EstablishFund,
    Fund,
    FundBalance,
    MakeTransfer,
    MaskedBankAccount,
    ProposeBankAccount,
    Transfer,
)
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Page, open_cursor, page

ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]
TAGS = ["funds"]


@post("/compounds/{compound_id:uuid}/funds", operation_id="funds_create", tags=TAGS)
async def establish_fund(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[EstablishFund],
) -> Response[Fund]:
    """Establish a fund. A standard code brings its own names; a project names its restriction."""
    async with database.begin(caller) as tx:
        return await once(tx, service.establish(tx, caller, data))


@get("/compounds/{compound_id:uuid}/funds", operation_id="funds_list", tags=TAGS)
async def list_funds(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[FundBalance]:
    """List the funds with their balances and their money in each bank account."""
    after = open_cursor(cursor, {}, str)
    async with database.read(caller) as tx:
        found = await service.balances(tx, caller)
    held = [fund for fund in found if after is None or _code_of(fund) > after]
    return page(held, limit, {}, _code_of)


@post(
    "/compounds/{compound_id:uuid}/bank-accounts", operation_id="bank_accounts_propose", tags=TAGS
)
async def propose_bank_account(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ProposeBankAccount],
) -> Response[MaskedBankAccount]:
    """Draft the act (with the same id) by which both sides open or change a bank account."""
    async with database.begin(caller) as tx:
        return await once(tx, service.propose_bank_account(tx, caller, data))


@get("/compounds/{compound_id:uuid}/bank-accounts", operation_id="bank_accounts_list", tags=TAGS)
async def list_bank_accounts(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[MaskedBankAccount]:
    """List the compound's own bank accounts in force, their numbers masked."""
    service.check_reads(caller)
    after = open_cursor(cursor, {}, str)
    async with database.read(caller) as tx:
        found = await service.bank_accounts(tx, caller.compound_id)
    held = [account for account in found if after is None or [account.account_code] > after]
    return page(held, limit, {}, lambda account: [account.account_code])


@post("/compounds/{compound_id:uuid}/transfers", operation_id="transfers_create", tags=TAGS)
async def make_transfer(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[MakeTransfer],
) -> Response[Transfer]:
    """Move money between two funds inside one bank account, by a resolution about this transfer."""
    async with database.begin(caller) as tx:
        return await once(tx, service.transfer(tx, caller, data))


@get("/compounds/{compound_id:uuid}/transfers", operation_id="transfers_list", tags=TAGS)
async def list_transfers(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[Transfer]:
    """List the transfers between funds, oldest first."""
    after = open_cursor(cursor, {}, UUID)
    async with database.read(caller) as tx:
        found = await service.transfers(tx, caller, UUID(after[0]) if after else None, limit + 1)
    return page(found, limit, {}, lambda transfer: [str(transfer.transfer_id)])


@get(
    "/compounds/{compound_id:uuid}/transfers/{transfer_id:uuid}",
    operation_id="transfers_get",
    tags=TAGS,
)
async def get_transfer(
    transfer_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Transfer:
    """Read one transfer with its resolution and its number in the journal."""
    async with database.read(caller) as tx:
        return await service.find_transfer(tx, caller, transfer_id)


def _code_of(fund: FundBalance) -> list[Any]:
    return [fund.code]


handlers = [
    establish_fund,
    list_funds,
    propose_bank_account,
    list_bank_accounts,
    make_transfer,
    list_transfers,
    get_transfer,
]
