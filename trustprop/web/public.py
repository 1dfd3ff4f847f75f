"""Addresses that anybody may open: no login, no cookie, no script, nothing from elsewhere."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.ledger import service as ledger
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.files import Files
from trustprop.plumbing.problems import language_of
from trustprop.statements import rules
from trustprop.statements import service as statements
from trustprop.statements.model import Name
from trustprop.statements.press import Press
from trustprop.web import drawing
from trustprop.web.shelf import Page, Place, Shelf

HTML = "text/html; charset=utf-8"
JSON = "application/json"
CSP = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"
Reading = Callable[[Tx], Awaitable[Page]]


@cache
def provide_shelf() -> Shelf:
    """One per process."""
    return Shelf()


@get(
    "/public/style.css", operation_id="public_style", include_in_schema=False, sync_to_thread=False
)
def get_style(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The stylesheet of the public pages."""
    return _answer(
        request, Page.of(drawing.style(), "text/css; charset=utf-8"), "public, max-age=3600"
    )


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
    lang: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Every published statement of a compound, with the months that corrected it."""
    async with database.read(_anybody(compound_id, clock)) as tx:
        compound = await compounds.find(tx, compound_id)
        listed = await statements.listed(tx, compound_id)
    page = drawing.index_page(_base(compound_id), compound.name, listed, _language(request, lang))
    return _answer(request, Page.of(page, HTML), FOR_A_MINUTE)


@get(
    "/public/{compound_id:uuid}/statements/{number:str}",
    operation_id="public_statement",
    include_in_schema=False,
)
async def get_statement(
    compound_id: FromPath[UUID],
    number: FromPath[str],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    files: NamedDependency[Files],
    press: NamedDependency[Press],
    lang: FromQuery[str | None] = None,
) -> Response[bytes]:
    """A statement as a page, as ``.json``, ``.bundle.json`` (all that verification needs) or ``.pdf``."""
    number, _, form = number.partition(".")
    language = "" if form.endswith("json") else _language(request, lang)
    place = (compound_id, f"{number}.{form}", language)

    async def read(tx: Tx) -> Page:
        edition = await statements.documents(tx, compound_id, number)
        if form == "":
            return Page.of(drawing.statement_page(_base(compound_id), edition, language), HTML)
        if form == "json":
            return Page.of(edition.statement, JSON)
        if form == "bundle.json":
            return Page.of(rules.bundle(edition), JSON, f"{number}.bundle.json")
        if form == "pdf":
            content = await statements.open_print(tx, compound_id, files, number, language)
            printed = content or await press.pdf(edition, language)
            return Page.of(printed, "application/pdf", f"{number}-{language}.pdf")
        raise Missing(kind="statement")

    return await _immutable(request, database, clock, place, read)


@get(
    "/public/{compound_id:uuid}/statements/{number:str}/lines/{fund:str}/{account:str}",
    operation_id="public_line",
    include_in_schema=False,
)
async def get_line(
    compound_id: FromPath[UUID],
    number: FromPath[str],
    fund: FromPath[str],
    account: FromPath[str],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    lang: FromQuery[str | None] = None,
) -> Response[bytes]:
    """The entries behind one line of a statement."""
    language = _language(request, lang)

    async def read(tx: Tx) -> Page:
        edition = await statements.documents(tx, compound_id, number)
        return Page.of(
            drawing.line_page(_base(compound_id), edition, fund, account, language), HTML
        )

    place = (compound_id, f"{number}/{fund}/{account}", language)
    return await _immutable(request, database, clock, place, read)


@get(
    "/public/{compound_id:uuid}/entries/{number:int}",
    operation_id="public_entry",
    include_in_schema=False,
)
async def get_entry(
    compound_id: FromPath[UUID],
    number: FromPath[int],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    lang: FromQuery[str | None] = None,
) -> Response[bytes]:
    """A published entry: its voucher redacted by class, both signatures, the resolution."""
    language = _language(request, lang)

    async def read(tx: Tx) -> Page:
        statement_number = await statements.published_entry(tx, compound_id, number)
        edition = await statements.documents(tx, compound_id, statement_number)
        names = {
            account.code: Name(zh=account.name_zh, en=account.name_en)
            for account in await ledger.accounts(tx, compound_id)
        }
        return Page.of(
            drawing.entry_page(_base(compound_id), edition, number, names, language), HTML
        )

    return await _immutable(request, database, clock, (compound_id, f"e{number}", language), read)


async def _immutable(
    request: Request[Any, Any, Any],
    database: Database,
    clock: Clock,
    place: Place,
    read: Reading,
) -> Response[bytes]:
    """From the shelf, or read once; what is published never changes."""
    shelf = provide_shelf()
    page = shelf.find(place)
    if page is None:
        async with database.read(_anybody(place[0], clock)) as tx:
            page = shelf.put(place, await read(tx))
    return _answer(request, page, FOR_EVER)


def _answer(request: Request[Any, Any, Any], page: Page, cache_control: str) -> Response[bytes]:
    headers = {
        "ETag": page.etag,
        "Cache-Control": cache_control,
        "Content-Security-Policy": CSP,
        "Vary": "Accept-Language",
    }
    if page.name is not None:
        headers["Content-Disposition"] = f'inline; filename="{page.name}"'
    if page.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=page.media_type)
    return Response(page.content, headers=headers, media_type=page.media_type)


def _anybody(compound_id: UUID, clock: Clock) -> Caller:
    return Caller(compound_id=compound_id, at=clock.now())


def _base(compound_id: UUID) -> str:
    return f"/public/{compound_id}"


def _language(request: Request[Any, Any, Any], lang: str | None) -> str:
    wanted = lang or language_of(request)
    return "en" if wanted == "en" else "zh"


handlers = [get_style, get_index, get_statement, get_line, get_entry]
