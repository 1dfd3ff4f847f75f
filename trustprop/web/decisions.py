"""The quarterly page of decisions: what was decided, and what was done and spent under it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from trustprop.compounds import rules as compound_rules
from trustprop.compounds import service as compounds
from trustprop.compounds.model import WHOLE
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period, local_date
from trustprop.plumbing import i18n, paper
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.statements import service as statements
from trustprop.statements.model.decisions import Deed, DeedKind
from trustprop.statements.words import OFFICES
from trustprop.web import drawing
from trustprop.web.answers import HTML, JSON, answer, anybody, base
from trustprop.web.shelf import FOR_A_MINUTE, Page, language_of
from trustprop.web.span import Span

DEEDS = {
    DeedKind.BUDGET: ("预算生效", "Budget in force"),
    DeedKind.BUDGET_ADJUSTMENT: ("预算调整", "Budget adjusted"),
    DeedKind.EMERGENCY: ("应急支出追认", "Emergency spending ratified"),
    DeedKind.FUND_TRANSFER: ("资金划转", "Transfer between funds"),
    DeedKind.MANDATE: ("就任", "Took office"),
    DeedKind.MANDATE_END: ("离任", "Left office"),
    DeedKind.GOVERNING_TEXT: ("治理文本生效", "Text in force"),
    DeedKind.TRUST_INSTRUMENT: ("信托文件修改", "Trust instrument amended"),
    DeedKind.TARIFF: ("收费标准", "Fee level"),
    DeedKind.VENDOR: ("供应商准入", "Vendor admitted"),
    DeedKind.CONTRACT: ("合同", "Contract"),
    DeedKind.REVENUE_CONTRACT: ("共有部分经营合同", "Contract over common parts"),
    DeedKind.PAYMENT_ORDER: ("付款", "Payment"),
}
FEES = {
    "property_fee": ("物业服务费", "property fee"),
    "parking_fee": ("产权车位管理费", "fee of owned parking"),
    "ground_parking": ("地面停车", "ground parking"),
}


@get(
    "/public/{compound_id:uuid}/decisions/{quarter:str}",
    operation_id="public_decisions",
    include_in_schema=False,
)
async def get_decisions(
    compound_id: FromPath[UUID],
    quarter: FromPath[str],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """What became of decisions in a quarter (``2025-Q3``), as a page or as ``.json``."""
    name, _, form = quarter.partition(".")
    span = _quarter(name)
    if form not in ("", "json"):
        raise Missing(kind="period")
    caller = anybody(compound_id, clock)
    async with database.read(caller) as tx:
        compound = await compounds.find(tx, compound_id)
        found = await statements.decisions_of(tx, caller, span.first, span.last)
    if form == "json":
        return answer(request, Page(msgspec.json.encode(found), JSON, cache_control=FOR_A_MINUTE))
    today = local_date(caller.at)
    begins = Period(local_date(compound.created_at).year, 1)
    facts = {
        "d": found,
        "span": span,
        "before": span.previous if span.first > begins else None,
        "after": span.next if span.next.first <= Period(today.year, today.month) else None,
    }
    lang = language_of(request.scope)
    page = drawing.decisions_page(base(compound_id), facts | _words(lang), lang)
    return answer(request, Page(page, HTML, cache_control=FOR_A_MINUTE))


def _quarter(text: str) -> Span:
    """Raises Missing for what is no quarter."""
    span = Span.parse(text)
    if span.length != 3:
        raise Missing(kind="period")
    return span


def _words(lang: str) -> dict[str, Any]:
    """What the page calls matters, scopes and deeds."""
    known = i18n.words("en" if lang == "en" else "zh-CN")
    choose: Callable[[str, str], str] = paper.words(lang)["t"]

    def word(context: str, value: str) -> str:
        return known.get((context, value), value.replace("_", " "))

    def scope(text: str) -> str:
        read = compound_rules.read_scope(text)
        if read == WHOLE:
            return choose("全体业主", "all owners")
        stair = choose(f"{read.stair} 单元", f", stair {read.stair}") if read.stair else ""
        return choose(f"{read.building} 号楼", f"building {read.building}") + stair

    def title(deed: Deed) -> str:
        if deed.kind in (DeedKind.MANDATE, DeedKind.MANDATE_END):
            return choose(*OFFICES.get(deed.title, (deed.title, deed.title)))
        if deed.kind is DeedKind.TARIFF:
            return choose(*FEES.get(deed.title, (deed.title, deed.title)))
        return deed.title

    return {
        "word": word,
        "scope": scope,
        "title": title,
        "deed_kind": lambda kind: choose(*DEEDS[kind]),
    }


handlers = [get_decisions]
