"""Addresses that anybody may open: no login, no cookie, no script, nothing from elsewhere."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.ledger import service as ledger
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.files import Files
from trustprop.plumbing.press import Press
from trustprop.statements import printing, rules
from trustprop.statements import service as statements
from trustprop.statements.model import Name
from trustprop.web import drawing
from trustprop.web.answers import HTML, JSON, answer, anybody, base
from trustprop.web.shelf import FOR_A_MINUTE, SHELF, FromShelf, Page, language_of, place_of

Reading = Callable[[Tx], Awaitable[Page]]


@get(
    "/public/style.css", operation_id="public_style", include_in_schema=False, sync_to_thread=False
)
def get_style(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The stylesheet of the public pages."""
    return answer(
        request, Page(drawing.style(), "text/css; charset=utf-8", cache_control=FOR_A_MINUTE)
    )


@get(
    "/public/portal.css",
    operation_id="public_portal_style",
    include_in_schema=False,
    sync_to_thread=False,
)
def get_portal_style(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What the signed-in pages add to it."""
    content = drawing.style("portal.css")
    return answer(request, Page(content, "text/css; charset=utf-8", cache_control=FOR_A_MINUTE))


@get(
    "/public/{compound_id:uuid}/statements",
    operation_id="public_statements",
    include_in_schema=False,
)
async def get_index(
    compound_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """Every published statement of a compound, with the months that corrected it."""
    async with database.read(anybody(compound_id, clock)) as tx:
        compound = await compounds.find(tx, compound_id)
        listed = await statements.listed(tx, compound_id)
    page = drawing.index_page(base(compound_id), compound.name, listed, language_of(request.scope))
    return answer(request, Page(page, HTML, cache_control=FOR_A_MINUTE))


@get(
    "/public/{compound_id:uuid}/statements/{number:str}",
    operation_id="public_statement",
    include_in_schema=False,
    middleware=[FromShelf],
)
async def get_statement(
    compound_id: FromPath[UUID],
    number: FromPath[str],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    files: NamedDependency[Files],
    press: NamedDependency[Press],
) -> Response[bytes]:
    """A statement as a page, as ``.json``, ``.bundle.json`` (all that verification needs), ``.pdf``
    or ``.poster.pdf`` (A3 for the stairwell).
    """
    number, _, form = number.partition(".")
    language = language_of(request.scope)

    async def read(tx: Tx) -> Page:
        edition = await statements.documents(tx, compound_id, number)
        if form == "":
            return Page(drawing.statement_page(base(compound_id), edition, language), HTML)
        if form == "json":
            return Page(edition.statement, JSON)
        if form == "bundle.json":
            return Page(rules.bundle(edition), JSON, f"{number}.bundle.json")
        if form == "pdf":
            content = await statements.open_print(tx, compound_id, files, number, language)
            printed = content or await printing.printed(press, edition, language)
            return Page(printed, "application/pdf", f"{number}-{language}.pdf")
        if form == "poster.pdf":
            printed = await printing.printed_poster(press, edition, language)
            return Page(printed, "application/pdf", f"{number}-poster-{language}.pdf")
        raise Missing(kind="statement")

    return await _immutable(request, database, anybody(compound_id, clock), read)


@get(
    "/public/{compound_id:uuid}/statements/{number:str}/lines/{fund:str}/{account:str}",
    operation_id="public_line",
    include_in_schema=False,
    middleware=[FromShelf],
)
async def get_line(
    compound_id: FromPath[UUID],
    number: FromPath[str],
    fund: FromPath[str],
    account: FromPath[str],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """The entries behind one line of a statement."""
    language = language_of(request.scope)

    async def read(tx: Tx) -> Page:
        edition = await statements.documents(tx, compound_id, number)
        return Page(drawing.line_page(base(compound_id), edition, fund, account, language), HTML)

    return await _immutable(request, database, anybody(compound_id, clock), read)


@get(
    "/public/{compound_id:uuid}/entries/{number:int}",
    operation_id="public_entry",
    include_in_schema=False,
    middleware=[FromShelf],
)
async def get_entry(
    compound_id: FromPath[UUID],
    number: FromPath[int],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """A published entry: its voucher redacted by class, both signatures, the resolution."""
    language = language_of(request.scope)

    async def read(tx: Tx) -> Page:
        statement_number = await statements.published_entry(tx, compound_id, number)
        edition = await statements.documents(tx, compound_id, statement_number)
        names = {
            account.code: Name(zh=account.name_zh, en=account.name_en)
            for account in await ledger.accounts(tx, compound_id)
        }
        return Page(drawing.entry_page(base(compound_id), edition, number, names, language), HTML)

    return await _immutable(request, database, anybody(compound_id, clock), read)


async def _immutable(
    request: Request[Any, Any, Any], database: Database, caller: Caller, read: Reading
) -> Response[bytes]:
    """Read once and put on the shelf; what is published never changes."""
    async with database.read(caller) as tx:
        page = SHELF.put(place_of(request.scope), await read(tx))
    return answer(request, page)


handlers = [get_style, get_portal_style, get_index, get_statement, get_line, get_entry]
