"""How banking is asked: statements, lines, matches, alarms, reconciliation."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter, QueryParameter

from trustprop.acts import rules as act_rules
from trustprop.acts.model import ActView
from trustprop.banking import service
from trustprop.banking.model import (
    Alarm,
    BankLine,
    BankStatement,
    BookInterest,
    BookUnidentified,
    ConfirmMatch,
    ExplainAlarm,
    Gap,
    Identify,
    ImportedStatement,
    ImportStatement,
    LineState,
    Matching,
    Reconciliation,
    Unidentified,
)
from trustprop.billing.model import Receipt
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.files import Files
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, CursorInvalid, Page, open_cursor, page

T = TypeVar("T")
COMPOUND = "/compounds/{compound_id:uuid}"
TAGS = ["banking"]
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]


def _shown(
    items: Sequence[T],
    limit: int,
    cursor: str | None,
    filters: dict[str, Any],
    name: Callable[[T], str],
) -> Page[T]:
    """A page of a list that is read whole; the cursor is the id that the last page ended with."""
    position = open_cursor(cursor, filters, str)
    start = 0
    if position is not None:
        names = [name(item) for item in items]
        if position[0] not in names:
            raise CursorInvalid
        start = names.index(position[0]) + 1
    return page(items[start : start + limit + 1], limit, filters, lambda item: [name(item)])


@post(COMPOUND + "/bank-statements", operation_id="bank_statements_import", tags=TAGS)
async def import_statement(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
    once: NamedDependency[Once],
    data: JSONBody[ImportStatement],
) -> Response[ImportedStatement]:
    """Import an uploaded file of the bank: new lines are kept and matched with the books."""
    async with database.begin(caller) as tx:
        return await once(tx, service.import_statement(tx, caller, files, data))


@get(COMPOUND + "/bank-statements", operation_id="bank_statements_list", tags=TAGS)
async def list_statements(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    account: FromQuery[str | None] = None,
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[BankStatement]:
    """List the imports in their order."""
    async with database.read(caller) as tx:
        found = await service.statements(tx, caller, account)
    return _shown(found, limit, cursor, {"account": account}, lambda one: str(one.statement_id))


@get(COMPOUND + "/bank-statement-gaps", operation_id="bank_statement_gaps_list", tags=TAGS)
async def list_gaps(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    account: FromQuery[str],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Gap]:
    """List where imported lines do not join: a statement is missing there."""
    caller.check_reads_books()
    async with database.read(caller) as tx:
        found = await service.find_gaps(tx, caller.compound_id, account)
    filters = {"account": account}
    return _shown(found, limit, cursor, filters, lambda gap: f"{gap.after_on}/{gap.found_fen}")


@get(COMPOUND + "/bank-lines", operation_id="bank_lines_list", tags=TAGS)
async def list_lines(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    account: FromQuery[str | None] = None,
    in_state: Annotated[LineState | None, QueryParameter(name="state")] = None,
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[BankLine]:
    """List bank lines, newest first, with the rule that matched each and why."""
    filters = {"account": account, "state": in_state}
    after = _day_and_id(open_cursor(cursor, filters, date, UUID))
    async with database.read(caller) as tx:
        found = await service.lines(
            tx, caller, account=account, state=in_state, limit=limit + 1, after=after
        )
    return page(found, limit, filters, lambda one: [one.booked_on.isoformat(), str(one.line_id)])


def _day_and_id(position: list[Any] | None) -> tuple[date, UUID] | None:
    if position is None:
        return None
    day, last = position
    return date.fromisoformat(day), UUID(last)


@post(
    COMPOUND + "/bank-accounts/{account:str}/matching",
    operation_id="bank_accounts_match",
    status_code=200,
    tags=TAGS,
)
async def match_account(
    account: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[Matching]:
    """Look at the waiting lines of an account again, after something was booked."""
    async with database.begin(caller) as tx:
        return await once(tx, service.match_account(tx, caller, account), status=200)


@post(
    COMPOUND + "/bank-lines/{line_id:uuid}/match",
    operation_id="bank_lines_match",
    status_code=200,
    tags=TAGS,
)
async def confirm(
    line_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ConfirmMatch],
) -> Response[BankLine]:
    """Say which entries a bank line is; their amounts sum to the line's."""
    async with database.begin(caller) as tx:
        return await once(tx, service.confirm(tx, caller, line_id, data), status=200)


@post(
    COMPOUND + "/bank-lines/{line_id:uuid}/unidentified",
    operation_id="bank_lines_book_unidentified",
    tags=TAGS,
)
async def book_unidentified(
    line_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[BookUnidentified],
) -> Response[BankLine]:
    """Book money that came without a payer to 220904, in one step."""
    async with database.begin(caller) as tx:
        return await once(tx, service.book_unidentified(tx, caller, line_id, data))


@post(
    COMPOUND + "/bank-lines/{line_id:uuid}/interest",
    operation_id="bank_lines_book_interest",
    tags=TAGS,
)
async def book_interest(
    line_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[BookInterest],
) -> Response[BankLine]:
    """Book the bank's interest as income of a fund, in one step."""
    async with database.begin(caller) as tx:
        return await once(tx, service.book_interest(tx, caller, line_id, data))


@post(
    COMPOUND + "/bank-lines/{line_id:uuid}/identification",
    operation_id="bank_lines_identify",
    tags=TAGS,
)
async def identify(
    line_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Identify],
) -> Response[Receipt]:
    """Say which home an unidentified receipt came from."""
    async with database.begin(caller) as tx:
        return await once(tx, service.identify(tx, caller, line_id, data))


@get(COMPOUND + "/unidentified-receipts", operation_id="unidentified_receipts_list", tags=TAGS)
async def list_unidentified(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Unidentified]:
    """List what came without a payer, identified since or not."""
    async with database.read(caller) as tx:
        found = await service.unidentified(tx, caller)
    return _shown(found, limit, cursor, {}, lambda one: str(one.line_id))


@get(COMPOUND + "/alarms", operation_id="alarms_list", tags=TAGS)
async def list_alarms(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    is_open: FromQuery[bool] = False,
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Alarm]:
    """List bank debits that no dual-signed order answers to; both sides see them at once."""
    async with database.read(caller) as tx:
        found = await service.alarms(tx, caller, only_open=is_open)
    return _shown(found, limit, cursor, {"is_open": is_open}, lambda one: str(one.alarm_id))


@post(COMPOUND + "/alarms/{alarm_id:uuid}/explanations", operation_id="alarms_explain", tags=TAGS)
async def explain_alarm(
    alarm_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ExplainAlarm],
) -> Response[ActView]:
    """Draft the act by which both sides say what a debit was; their signatures end the alarm."""
    async with database.begin(caller) as tx:
        return await once(tx, _explained(tx, caller, alarm_id, data))


async def _explained(tx: Tx, caller: Caller, alarm_id: UUID, data: ExplainAlarm) -> ActView:
    return act_rules.view(await service.explain_alarm(tx, caller, alarm_id, data), caller.at)


@get(
    COMPOUND + "/bank-accounts/{account:str}/reconciliation",
    operation_id="bank_accounts_reconcile",
    tags=TAGS,
)
async def reconcile(
    account: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    on: FromQuery[date | None] = None,
) -> Reconciliation:
    """Reconcile bank, books and claims of the funds at the end of a day, item by item."""
    caller.check_reads_books()
    async with database.read(caller) as tx:
        day = on or local_date(caller.at)
        return await service.reconcile(tx, caller.compound_id, account, day)


handlers = [
    import_statement,
    list_statements,
    list_gaps,
    list_lines,
    match_account,
    confirm,
    book_unidentified,
    book_interest,
    identify,
    list_unidentified,
    list_alarms,
    explain_alarm,
    reconcile,
]
