"""How billing is asked: charges, receipts, arrears, revenue contracts, remuneration."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from trustprop.billing import service
from trustprop.billing.model import (
    AccrueRemuneration,
    AdoptTariff,
    Ageing,
    ChannelSettlement,
    ChargeKind,
    ChargeRun,
    DrawUpContract,
    HoldRemuneration,
    HomeLedger,
    LiftHold,
    OpeningReceivables,
    OpenReceivables,
    ParkingSpace,
    Receipt,
    ReceivableMovement,
    Receive,
    ReceiveOther,
    RemunerationAccrual,
    RemunerationHold,
    RentSpaces,
    RevenueContract,
    RevenueFigure,
    RevenueRun,
    RunCharges,
    RunRevenue,
    SettleChannel,
    Tariff,
)
from trustprop.budgets import rules as budget_rules
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, CursorInvalid, Page, open_cursor, page

T = TypeVar("T")
COMPOUND = "/compounds/{compound_id:uuid}"
TAGS = ["billing"]
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]


def _shown(
    items: Sequence[T], limit: int, cursor: str | None, name: Callable[[T], UUID]
) -> Page[T]:
    """A page of a list that is read whole; the cursor is the id that the last page ended with."""
    position = open_cursor(cursor, {}, str)
    start = 0
    if position is not None:
        ids = [str(name(item)) for item in items]
        if position[0] not in ids:
            raise CursorInvalid
        start = ids.index(position[0]) + 1
    return page(items[start : start + limit + 1], limit, {}, lambda item: [str(name(item))])


# Tariffs, spaces, charges


@post(COMPOUND + "/tariffs", operation_id="tariffs_create", tags=TAGS)
async def adopt_tariff(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AdoptTariff],
) -> Response[Tariff]:
    """Record a fee level with the resolution or the clause that adopted it."""
    async with database.begin(caller) as tx:
        return await once(tx, service.adopt_tariff(tx, caller, data))


@get(COMPOUND + "/tariffs", operation_id="tariffs_list", tags=TAGS)
async def list_tariffs(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Tariff]:
    """List the fee levels, past and present."""
    async with database.read(caller) as tx:
        found = await service.tariffs(tx, caller)
    return _shown(found, limit, cursor, lambda tariff: tariff.tariff_id)


@post(COMPOUND + "/parking-spaces", operation_id="parking_spaces_create", tags=TAGS)
async def rent_spaces(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RentSpaces],
) -> Response[tuple[ParkingSpace, ...]]:
    """Record parking spaces of homes, up to 2,000 at once."""
    async with database.begin(caller) as tx:
        return await once(tx, service.rent_spaces(tx, caller, data))


@get(COMPOUND + "/parking-spaces", operation_id="parking_spaces_list", tags=TAGS)
async def list_spaces(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ParkingSpace]:
    """List the parking spaces that homes are charged for."""
    async with database.read(caller) as tx:
        found = await service.spaces(tx, caller)
    return _shown(found, limit, cursor, lambda space: space.space_id)


@post(COMPOUND + "/charge-runs", operation_id="charge_runs_create", tags=TAGS)
async def run_charges(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RunCharges],
) -> Response[ChargeRun]:
    """Charge every home for a month; what was paid ahead settles its charge at once."""
    async with database.begin(caller) as tx:
        return await once(tx, service.run_charges(tx, caller, data))


@get(COMPOUND + "/charge-runs", operation_id="charge_runs_list", tags=TAGS)
async def list_runs(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ChargeRun]:
    """List the charge runs, the latest month first."""
    async with database.read(caller) as tx:
        found = await service.runs(tx, caller)
    return _shown(found, limit, cursor, lambda run: run.run_id)


@post(COMPOUND + "/opening-receivables", operation_id="opening_receivables_create", tags=TAGS)
async def opening_receivables(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[OpenReceivables],
) -> Response[OpeningReceivables]:
    """List what homes owed when the books were opened; it must equal their sub-ledgers."""
    async with database.begin(caller) as tx:
        return await once(tx, service.opening_receivables(tx, caller, data))


# Receipts


@post(COMPOUND + "/receipts", operation_id="receipts_create", tags=TAGS)
async def receive(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Receive],
) -> Response[tuple[Receipt, ...]]:
    """Book receipts of homes, one entry each or one for a day's summary; arrears first."""
    async with database.begin(caller) as tx:
        return await once(tx, service.receive(tx, caller, data))


@get(COMPOUND + "/receipts", operation_id="receipts_list", tags=TAGS)
async def list_receipts(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Receipt]:
    """List the receipts, newest first."""
    after = _day_and_id(open_cursor(cursor, {}, date, UUID))
    async with database.read(caller) as tx:
        found = await service.receipts(tx, caller, limit + 1, after)
    return page(found, limit, {}, lambda one: [one.received_on.isoformat(), str(one.receipt_id)])


def _day_and_id(position: list[Any] | None) -> tuple[date, UUID] | None:
    if position is None:
        return None
    day, last = position
    return date.fromisoformat(day), UUID(last)


@post(COMPOUND + "/other-receipts", operation_id="other_receipts_create", tags=TAGS)
async def receive_other(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ReceiveOther],
) -> Response[Receipt]:
    """Book money that no home owes: of a contract, parking by the hour, deposits, agency money."""
    async with database.begin(caller) as tx:
        return await once(tx, service.receive_other(tx, caller, data))


@post(COMPOUND + "/channel-settlements", operation_id="channel_settlements_create", tags=TAGS)
async def settle_channel(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[SettleChannel],
) -> Response[ChannelSettlement]:
    """Book a payment channel's payout; its fee is an expense of its own."""
    async with database.begin(caller) as tx:
        return await once(tx, service.settle_channel(tx, caller, data))


# Arrears


@get(COMPOUND + "/homes/{home_id:uuid}/ledger", operation_id="homes_ledger", tags=TAGS)
async def home_ledger(
    home_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> HomeLedger:
    """Read a home's account from the first charge to the last receipt."""
    async with database.read(caller) as tx:
        return await service.home_ledger(tx, caller, home_id)


@get(COMPOUND + "/ageing", operation_id="receivables_ageing", tags=TAGS)
async def ageing(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    on: FromQuery[date | None] = None,
    kind: FromQuery[ChargeKind | None] = None,
) -> Ageing:
    """Read receivables by building and age; groups of fewer than five homes are not shown."""
    caller.check_reads_books()
    async with database.read(caller) as tx:
        day = on or local_date(caller.at)
        return await service.ageing(tx, caller.compound_id, day, kind)


@get(COMPOUND + "/collection", operation_id="receivables_collection", tags=TAGS)
async def collection(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    period: FromQuery[str],
    kind: FromQuery[ChargeKind] = ChargeKind.PROPERTY_FEE,
) -> ReceivableMovement:
    """Read how a month's receivable moved, and how much of the month was collected."""
    caller.check_reads_books()
    month = budget_rules.period(period)
    async with database.read(caller) as tx:
        return await service.receivable_movement(tx, caller.compound_id, month, kind)


# Public revenue


@post(COMPOUND + "/revenue-contracts", operation_id="revenue_contracts_create", tags=TAGS)
async def draw_up_contract(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DrawUpContract],
) -> Response[RevenueContract]:
    """Record a contract over common parts with its term and its amount."""
    async with database.begin(caller) as tx:
        return await once(tx, service.draw_up_contract(tx, caller, data))


@get(COMPOUND + "/revenue-contracts", operation_id="revenue_contracts_list", tags=TAGS)
async def list_contracts(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[RevenueContract]:
    """List the contracts that earn public revenue."""
    async with database.read(caller) as tx:
        found = await service.contracts(tx, caller)
    return _shown(found, limit, cursor, lambda contract: contract.contract_id)


@post(COMPOUND + "/revenue-runs", operation_id="revenue_runs_create", tags=TAGS)
async def run_revenue(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RunRevenue],
) -> Response[RevenueRun]:
    """Earn a month of every contract: deferred income first, the rest is owed."""
    async with database.begin(caller) as tx:
        return await once(tx, service.run_revenue(tx, caller, data))


@get(COMPOUND + "/public-revenue", operation_id="public_revenue_report", tags=TAGS)
async def revenue_report(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    period: FromQuery[str],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[RevenueFigure]:
    """List what each contract earned and paid in a month; individuals are not named."""
    caller.check_reads_books()
    month = budget_rules.period(period)
    async with database.read(caller) as tx:
        found = await service.revenue_report(tx, caller.compound_id, month)
    return _shown(found, limit, cursor, lambda figure: figure.contract_id)


# Remuneration


@post(COMPOUND + "/remuneration-accruals", operation_id="remuneration_accruals_create", tags=TAGS)
async def accrue_remuneration(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AccrueRemuneration],
) -> Response[RemunerationAccrual]:
    """Accrue a month of the trustee's remuneration by the rule of the trust instrument."""
    async with database.begin(caller) as tx:
        return await once(tx, service.accrue_remuneration(tx, caller, data))


@get(COMPOUND + "/remuneration", operation_id="remuneration_read", tags=TAGS)
async def remuneration(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    period: FromQuery[str],
) -> RemunerationAccrual:
    """Read how a month's remuneration was computed."""
    caller.check_reads_books()
    month = budget_rules.period(period)
    async with database.read(caller) as tx:
        found = await service.remuneration_of(tx, caller.compound_id, month)
    if found is None:
        raise Missing(kind="remuneration")
    return found


@post(COMPOUND + "/remuneration-holds", operation_id="remuneration_holds_create", tags=TAGS)
async def hold_remuneration(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[HoldRemuneration],
) -> Response[RemunerationHold]:
    """Hold the remuneration until a breach is made good; the owners' side decides."""
    async with database.begin(caller) as tx:
        return await once(tx, service.hold_remuneration(tx, caller, data))


@post(
    COMPOUND + "/remuneration-holds/{hold_id:uuid}/release",
    operation_id="remuneration_holds_release",
    status_code=200,
    tags=TAGS,
)
async def lift_hold(
    hold_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[LiftHold],
) -> Response[RemunerationHold]:
    """Lift a hold: what was held is payable again."""
    async with database.begin(caller) as tx:
        return await once(tx, service.lift_hold(tx, caller, hold_id, data), status=200)


handlers = [
    adopt_tariff,
    list_tariffs,
    rent_spaces,
    list_spaces,
    run_charges,
    list_runs,
    opening_receivables,
    receive,
    list_receipts,
    receive_other,
    settle_channel,
    home_ledger,
    ageing,
    collection,
    draw_up_contract,
    list_contracts,
    run_revenue,
    revenue_report,
    accrue_remuneration,
    remuneration,
    hold_remuneration,
    lift_hold,
]
