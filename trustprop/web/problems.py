"""Every problem explained: what it means and what to do next, Chinese first."""

import tomllib
from functools import cache
from itertools import groupby
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from trustprop.kernel.errors import Missing, Refusal
from trustprop.plumbing.i18n import catalogue
from trustprop.plumbing.problems import PLACE, TITLES, refusals, status_of
from trustprop.web import drawing
from trustprop.web.shelf import FOR_A_MINUTE, Page

ADVICE = Path(__file__).parent / "advice.toml"
"""What to do next, by code: Chinese, then English."""


class Both(Struct, frozen=True):
    """The same words in both languages."""

    zh: str
    en: str


class Explanation(Struct, frozen=True, kw_only=True):
    code: str
    status: int
    title: Both
    details: tuple[Both, ...]
    """More than one where several rules refuse for the same reason."""
    advice: Both


def explanations() -> tuple[Explanation, ...]:
    """One for every code that the loaded houses know, in alphabetical order."""
    return tuple(
        _explain(code, tuple(kinds)) for code, kinds in groupby(refusals(), lambda kind: kind.code)
    )


def _explain(code: str, kinds: tuple[type[Refusal], ...]) -> Explanation:
    status = status_of(kinds[0])
    details = dict.fromkeys(kind.detail for kind in kinds)
    zh, en = advice().get(code, ("", ""))
    return Explanation(
        code=code,
        status=status,
        title=_both(TITLES[status]),
        details=tuple(_both(detail) for detail in details),
        advice=Both(zh, en),
    )


@cache
def advice() -> dict[str, tuple[str, str]]:
    """The hand-written part."""
    rows = tomllib.loads(ADVICE.read_text(encoding="utf-8"))
    return {code: (zh, en) for code, (zh, en) in rows.items()}


def _both(message: str) -> Both:
    """With the names of the facts left in: this is about every occurrence."""
    return Both(catalogue("zh-CN").get(message, message), message)


@get(PLACE.rstrip("/"), operation_id="problems", include_in_schema=False, sync_to_thread=False)
def get_problems() -> Response[bytes]:
    """The list of all problems."""
    return _answer(explanations(), "")


@get(PLACE + "{code:str}", operation_id="problem", include_in_schema=False, sync_to_thread=False)
def get_problem(code: FromPath[str]) -> Response[bytes]:
    """One problem; this is the address in its ``type``."""
    found = tuple(one for one in explanations() if one.code == code)
    if not found:
        raise Missing(kind="problem")
    return _answer(found, code)


def _answer(shown: tuple[Explanation, ...], code: str) -> Response[bytes]:
    content = drawing.problems_page(shown, code)
    page = Page(content, "text/html; charset=utf-8", cache_control=FOR_A_MINUTE)
    return Response(page.content, headers=page.headers, media_type=page.headers["Content-Type"])


handlers = [get_problems, get_problem]
