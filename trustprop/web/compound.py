"""A compound's own page, open to anybody: where the money came from, where it went, what is left."""

from collections import Counter
from typing import Annotated, Any
from uuid import UUID
from xml.etree import ElementTree as ET

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from trustprop.compounds import service as compounds
from trustprop.kernel.periods import Period, utc
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.statements import service as statements
from trustprop.statements.model import Published
from trustprop.web import drawing, overview
from trustprop.web.answers import HTML, answer, anybody, base
from trustprop.web.overview import HomeAreas
from trustprop.web.shelf import CSP_WITH_SCRIPTS, FOR_A_MINUTE, Page, language_of
from trustprop.web.span import Span

ATOM = "http://www.w3.org/2005/Atom"
MOST_IN_FEED = 24
MOST_AREAS = 4
LARGEST_AREA_DM2 = 10_000_000
Area = Annotated[str | None, QueryParameter(name="area", max_length=9)]


@get("/public/{compound_id:uuid}", operation_id="public_compound", include_in_schema=False)
async def get_compound(
    compound_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    period: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Four figures that tie, the month in plain words, the budget; ``?period=2025-09|2025-Q3|2025``."""
    language = language_of(request.scope)
    async with database.read(anybody(compound_id, clock)) as tx:
        compound = await compounds.find(tx, compound_id)
        ends = await statements.published_ends(tx, compound_id)
        span = _span(period, ends)
        months = await statements.months(tx, compound_id, span.first, span.last) if span else ()
    if span is None or ends is None:
        page = drawing.unpublished_page(base(compound_id), compound.name, language)
    else:
        page = drawing.compound_page(base(compound_id), compound.name, span, months, ends, language)
    return answer(request, Page(page, HTML, cache_control=FOR_A_MINUTE))


@get("/public/{compound_id:uuid}/hundred", operation_id="public_hundred", include_in_schema=False)
async def get_hundred(
    compound_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    period: FromQuery[str | None] = None,
    area: Area = None,
) -> Response[bytes]:
    """What my hundred yuan paid for; ``?area=89.5`` (m²) says what fell to a home of that size."""
    language = language_of(request.scope)
    async with database.read(anybody(compound_id, clock)) as tx:
        compound = await compounds.find(tx, compound_id)
        ends = await statements.published_ends(tx, compound_id)
        span = _span(period, ends)
        months = await statements.months(tx, compound_id, span.first, span.last) if span else ()
        areas = [home.area_dm2 for home in await compounds.homes(tx, compound_id)]
    if span is None or not months:
        page = drawing.unpublished_page(base(compound_id), compound.name, language)
    else:
        homes = _home_areas(areas, area)
        shares = overview.shares(overview.overview(months), homes.area_dm2, homes.total_area_dm2)
        page = drawing.hundred_page(base(compound_id), compound.name, span, shares, homes, language)
    return answer(request, Page(page, HTML, cache_control=FOR_A_MINUTE))


@get("/public/{compound_id:uuid}/check", operation_id="public_check", include_in_schema=False)
async def get_check(
    compound_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    number: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Checks a statement in the reader's browser: ``?number=2025-001``, or a file of theirs."""
    async with database.read(anybody(compound_id, clock)) as tx:
        compound = await compounds.find(tx, compound_id)
        if number is not None:
            await statements.documents(tx, compound_id, number)
    page = drawing.check_page(
        base(compound_id), compound.name, number or "", language_of(request.scope)
    )
    return answer(request, Page(page, HTML, cache_control=FOR_A_MINUTE, csp=CSP_WITH_SCRIPTS))


@get(
    "/public/scripts/{name:str}",
    operation_id="public_script",
    include_in_schema=False,
    sync_to_thread=False,
)
def get_script(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """The scripts of the check; the only ones that public pages run."""
    page = Page(drawing.script(name), "text/javascript; charset=utf-8", cache_control=FOR_A_MINUTE)
    return answer(request, page)


@get("/public/{compound_id:uuid}/feed.atom", operation_id="public_feed", include_in_schema=False)
async def get_feed(
    compound_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """The last published statements as an Atom feed (RFC 4287)."""
    async with database.read(anybody(compound_id, clock)) as tx:
        compound = await compounds.find(tx, compound_id)
        listed = await statements.listed(tx, compound_id)
    address = f"{request.app.state.public_url}{base(compound_id)}"
    content = _feed(compound.name, address, listed[:MOST_IN_FEED])
    return answer(
        request, Page(content, "application/atom+xml; charset=utf-8", cache_control=FOR_A_MINUTE)
    )


def _span(period: str | None, ends: tuple[Period, Period] | None) -> Span | None:
    """What the address asks for, or the last published month. Raises Missing."""
    if period is not None:
        return Span.parse(period)
    return Span.month(ends[1]) if ends else None


def _home_areas(areas: list[int], asked: str | None) -> HomeAreas:
    """Of a home as large as asked, else of the size that most homes have."""
    common = tuple(sorted(area for area, _count in Counter(areas).most_common(MOST_AREAS)))
    most = Counter(areas).most_common(1)[0][0] if areas else 1
    return HomeAreas(
        area_dm2=_dm2(asked) or most, total_area_dm2=sum(areas) or 1, common_dm2=common
    )


def _dm2(text: str | None) -> int | None:
    """``89.5`` m² in dm²; None for what is no area of a home."""
    whole, _, cents = (text or "").strip().partition(".")
    if not (whole.isascii() and whole.isdigit() and len(cents) <= 2):
        return None
    if cents and not (cents.isascii() and cents.isdigit()):
        return None
    area_dm2 = int(whole) * 100 + int(cents.ljust(2, "0"))
    return area_dm2 if 0 < area_dm2 <= LARGEST_AREA_DM2 else None


def _feed(name: str, address: str, listed: tuple[Published, ...]) -> bytes:
    """No script and no person: numbers, months and digests of what is public anyway."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed", {"xml:lang": "zh-CN"})
    _element(feed, "id", address)
    _element(feed, "title", f"{name} · 账目公开")
    _element(feed, "updated", utc(listed[0].published_at) if listed else "1970-01-01T00:00:00Z")
    author = ET.SubElement(feed, f"{{{ATOM}}}author")
    _element(author, "name", name)
    _link(feed, "alternate", address)
    _link(feed, "self", f"{address}/feed.atom")
    for one in listed:
        entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
        _element(entry, "id", f"{address}/statements/{one.number}")
        _element(entry, "title", f"{one.period} 账目公开报告 · Statement {one.number}")
        _element(entry, "updated", utc(one.published_at))
        _element(entry, "summary", f"SHA-256 {one.digest}")
        _link(entry, "alternate", f"{address}/statements/{one.number}")
    content: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content


def _element(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _link(parent: ET.Element, relation: str, address: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", {"rel": relation, "href": address})


handlers = [get_compound, get_hundred, get_check, get_script, get_feed]
