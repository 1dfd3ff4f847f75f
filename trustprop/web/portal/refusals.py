"""A no on a page: what it means, what to do next, and everything typed still there."""

from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect

from trustprop.kernel.errors import Refusal
from trustprop.plumbing import i18n
from trustprop.plumbing.problems import (
    EXCEPTION_HANDLERS,
    OF_THE_FRAMEWORK,
    TITLES,
    Malformed,
    status_of,
)
from trustprop.web.portal.pages import HEADERS, answer, draw
from trustprop.web.portal.visitor import NotSignedIn, language_of, sign_in_address
from trustprop.web.problems import advice


def refused(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    """Beside the form that was sent, or as a page of its own where there is no script."""
    if isinstance(refusal, NotSignedIn) and request.method == "GET":
        place = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return Redirect(sign_in_address(_compound(request), place), headers=HEADERS)
    lang = language_of(request)
    language = "zh-CN" if lang == "zh" else "en"
    status = status_of(type(refusal))
    zh, en = advice().get(refusal.code, ("", ""))
    facts = {name: fact for name, fact in refusal.facts.items() if name != "errors"}
    template = "problem.html" if request.headers.get("hx-request") else "problem_page.html"
    content = draw(
        template,
        lang,
        title=i18n.translate(TITLES[status], language),
        detail=i18n.translate(refusal.detail, language, facts),
        advice=zh if lang == "zh" else en,
        code=refusal.code,
        errors=[
            (error.pointer.strip("/"), i18n.translate(error.detail, language, error.facts))
            for error in getattr(refusal, "errors", ())
        ],
        sign_in=f"/c/{_compound(request)}/sign-in" if isinstance(refusal, NotSignedIn) else "",
        request_id=request.scope.get("state", {}).get("request_id", ""),
    )
    return answer(content, status)


def from_framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What Litestar itself refuses."""
    return refused(request, OF_THE_FRAMEWORK.get(error.status_code, Malformed)())


def from_validation(request: Request[Any, Any, Any], _error: ValidationException) -> Response[Any]:
    """An address with a wrong part in it."""
    return refused(request, Malformed())


def _compound(request: Request[Any, Any, Any]) -> UUID:
    return UUID(str(request.path_params["compound_id"]))


HANDLERS: dict[Any, Any] = EXCEPTION_HANDLERS | {
    Refusal: refused,
    ValidationException: from_validation,
    HTTPException: from_framework,
}
