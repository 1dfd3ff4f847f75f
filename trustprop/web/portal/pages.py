"""How signed-in pages are drawn and answered: nothing kept by browsers, nothing from elsewhere."""

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.response import Redirect

from trustprop.kernel.caller import Office, Party
from trustprop.statements.presentation import words
from trustprop.web.answers import HTML
from trustprop.web.drawing import TEMPLATES
from trustprop.web.portal.forms import new_key
from trustprop.web.portal.visitor import Visitor

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; manifest-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Vary": "Cookie, Accept-Language",
}


def page(template: str, visitor: Visitor, *, status: int = 200, **facts: Any) -> Response[bytes]:
    """A page of the portal; ``facts`` are what the template lays out."""
    content = _environment().get_template(f"portal/{template}").render(_frame(visitor) | facts)
    return answer(content, status)


def draw(template: str, lang: str, **facts: Any) -> str:
    """A page or a part of one for whoever is not known yet."""
    return _environment().get_template(f"portal/{template}").render(words(lang) | facts)


def answer(content: str, status: int = 200) -> Response[bytes]:
    return Response(content.encode(), status_code=status, media_type=HTML, headers=HEADERS)


def go(request: Request[Any, Any, Any], address: str) -> Response[Any]:
    """After a form has done its work: another page, so that reloading does nothing twice."""
    if request.headers.get("hx-request"):
        return Response(b"", status_code=204, headers=HEADERS | {"HX-Redirect": address})
    return Redirect(address, status_code=303, headers=HEADERS)


def _frame(visitor: Visitor) -> dict[str, Any]:
    caller = visitor.caller
    return words(visitor.lang) | {
        "visitor": visitor,
        "base": visitor.base,
        "lang": visitor.lang,
        "other": "en" if visitor.lang == "zh" else "zh",
        "csrf": visitor.csrf,
        "new_key": new_key,
        "offices": caller.offices,
        "is_committee": visitor.stands_for(Party.OWNERS),
        "is_firm": visitor.stands_for(Party.TRUSTEE),
        "is_watcher": visitor.stands_for(Party.SUPERVISOR),
        "is_manager": Office.TRUSTEE_MANAGER in caller.offices,
        "is_bookkeeper": Office.TRUSTEE_BOOKKEEPER in caller.offices,
        "is_resident": caller.is_resident,
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
