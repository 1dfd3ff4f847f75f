"""Refusals and errors as RFC 9457 problems in the caller's language."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar

import asyncpg
import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Struct
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from trustprop.kernel.errors import (
    N_,
    Conflict,
    FieldError,
    FieldsInvalid,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    Unauthenticated,
)
from trustprop.plumbing import i18n
from trustprop.plumbing.database import RETRYABLE, UNAVAILABLE
from trustprop.plumbing.validation import body_errors, not_taken

log = structlog.get_logger()

UNWRITABLE = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
"""Text with a NUL: JSON can carry it, PostgreSQL cannot."""

PLACE = "/problems/"
"""Where the service explains its problems; with ``public_url`` in front it is what ``type`` begins with."""


class EdgeRefusal(Refusal):
    """A refusal that only HTTP knows: it names its own status."""

    status: ClassVar[int]


class Malformed(EdgeRefusal):
    status = 400
    code = "malformed"
    detail = N_("The request could not be read.")


class WrongFields(Invalid):
    code = FieldsInvalid.code
    detail = FieldsInvalid.detail


class NoSuchAddress(EdgeRefusal):
    status = 404
    code = "not-found"
    detail = N_("Nothing is at this address.")


class MethodNotOffered(EdgeRefusal):
    status = 405
    code = "method-not-allowed"
    detail = N_("This address does not take this method; the header Allow names those it takes.")


class BodyTooLarge(EdgeRefusal):
    status = 413
    code = "request-entity-too-large"
    detail = N_("The request is larger than the service takes.")


class MediaTypeNotTaken(EdgeRefusal):
    status = 415
    code = "unsupported-media-type"
    detail = N_("The body has a media type that this address does not take.")


class PreconditionMissing(EdgeRefusal):
    status = 428
    code = "if-match-missing"
    detail = N_("Send If-Match with the ETag that you read, so that nobody's change is lost.")


class PreconditionFailed(EdgeRefusal):
    status = 412
    code = "if-match-stale"
    detail = N_("This changed since you read it; read it again before you change it.")


class RateLimited(EdgeRefusal):
    status = 429
    code = "rate-limited"
    detail = N_("Too many requests; wait a moment.")


class Busy(EdgeRefusal):
    status = 503
    code = "busy"
    detail = N_(
        "The service cannot answer just now. Nothing is known to be lost: retry with the same key."
    )


class Unexpected(EdgeRefusal):
    status = 500
    code = "unexpected"
    detail = N_("Something went wrong on our side. It was recorded; retry with the same key.")


STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (Unauthenticated, 401),
    (NotFound, 404),
    (Forbidden, 403),
    (Invalid, 422),
    (Conflict, 409),
)
OF_THE_FRAMEWORK: dict[int, type[EdgeRefusal]] = {
    kind.status: kind
    for kind in (NoSuchAddress, MethodNotOffered, BodyTooLarge, MediaTypeNotTaken, RateLimited)
}
"""Named here and not by the phrases of ``http``, which differ between versions of Python."""
TITLES = {
    400: N_("The request cannot be read"),
    401: N_("Not signed in"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("This method is not offered here"),
    409: N_("Not possible in the present state"),
    412: N_("It changed meanwhile"),
    413: N_("Too large"),
    415: N_("This media type is not taken here"),
    422: N_("Some of it is wrong"),
    428: N_("A precondition is missing"),
    429: N_("Too many requests"),
    500: N_("An error of ours"),
    503: N_("Not available just now"),
}


class ProblemField(Struct, kw_only=True):
    """One wrong field."""

    pointer: str
    code: str
    detail: str


class Problem(Struct, kw_only=True):
    """RFC 9457. Clients switch on ``code``; the facts of the refusal stand beside it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: tuple[ProblemField, ...] = ()


RESPONSES = {
    status: ResponseSpec(
        data_container=Problem,
        description=title,
        media_type="application/problem+json",
        generate_examples=False,
    )
    for status, title in TITLES.items()
    if status not in (405, 500)
}
"""What every route may answer besides its own success."""


def check_version(if_match: str | None, version: int) -> None:
    """Raises PreconditionMissing or PreconditionFailed unless ``If-Match`` names this version."""
    if not if_match:
        raise PreconditionMissing
    if if_match.strip().removeprefix("W/").strip('"') != str(version):
        raise PreconditionFailed


def language_of(request: Request[Any, Any, Any]) -> str:
    return i18n.choose(request.headers.get("accept-language", ""))


def refusals() -> tuple[type[Refusal], ...]:
    """Every refusal of the project that is loaded, by code."""
    found = {
        kind
        for kind in _below(Refusal)
        if hasattr(kind, "code") and kind.__module__.startswith("trustprop.")
    }
    return tuple(sorted(found, key=lambda kind: (kind.code, kind.__module__)))


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def status_of(kind: type[Refusal]) -> int:
    if issubclass(kind, EdgeRefusal):
        return kind.status
    return next(status for base, status in STATUS if issubclass(kind, base))


def from_refusal(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    status = status_of(type(refusal))
    language = language_of(request)
    facts = refusal.facts
    errors = getattr(refusal, "errors", ())
    facts.pop("errors", None)
    problem: dict[str, Any] = {
        "type": request.app.state.get("public_url", "") + PLACE + refusal.code,
        "title": i18n.translate(TITLES[status], language),
        "status": status,
        "detail": i18n.translate(refusal.detail, language, facts),
        "instance": request.url.path,
        "code": refusal.code,
        "request_id": request.scope.get("state", {}).get("request_id", ""),
    }
    if errors:
        problem["errors"] = [_field(error, language) for error in errors]
    problem |= {name: value for name, value in facts.items() if name not in problem}
    headers = {"Content-Language": language}
    if status in (429, 503):
        headers["Retry-After"] = "2"
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        content=msgspec.json.encode(problem, enc_hook=str),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


def from_validation(request: Request[Any, Any, Any], error: ValidationException) -> Response[Any]:
    """Names every wrong field of the body, or the wrong parameter of the address."""
    errors = body_errors(request)
    if errors is None:
        return from_refusal(request, Malformed())
    if not errors:
        extra = error.extra if isinstance(error.extra, list) else []
        errors = tuple(
            not_taken("/" + str(item.get("key", "")), str(item.get("message", "")))
            for item in extra
        )
        if not errors:
            return from_refusal(request, Malformed())
    refusal = FieldsInvalid(errors=errors)
    return from_refusal(request, refusal)


def from_unreadable(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A body that is no UTF-8, or nested without end; the same from our own code is a bug."""
    if body_errors(request) is None:
        return from_refusal(request, Malformed())
    return from_bug(request, error)


def from_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What Litestar itself refuses: unknown routes, methods, sizes and media types."""
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return from_bug(request, error)
    response = from_refusal(request, OF_THE_FRAMEWORK.get(error.status_code, Malformed)())
    response.headers.update(error.headers or {})
    return response


def from_database(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A lost or contended database: say *unknown*, the same key may be sent again."""
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
    known = (
        *RETRYABLE,
        *UNAVAILABLE,
        asyncpg.LockNotAvailableError,
        asyncpg.QueryCanceledError,
        PoolTimeout,
    )
    if isinstance(cause, known) or isinstance(error, known):
        log.warning("database unavailable", error=type(cause).__name__, path=request.url.path)
        return from_refusal(request, Busy())
    if isinstance(cause, UNWRITABLE):
        return from_refusal(request, Malformed())
    return from_bug(request, error)


def from_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Anything that is not a refusal is a bug and is loud in the log, quiet to the caller."""
    log.error("unexpected", path=request.url.path, exc_info=error)
    return from_refusal(request, Unexpected())


def _field(error: FieldError, language: str) -> dict[str, Any]:
    return {
        "pointer": error.pointer,
        "code": error.code,
        "detail": i18n.translate(error.detail, language, error.facts),
    } | {
        name: value
        for name, value in error.facts.items()
        if name not in ("pointer", "code", "detail")
    }


EXCEPTION_HANDLERS: dict[Any, Any] = {
    Refusal: from_refusal,
    ValidationException: from_validation,
    HTTPException: from_http,
    DBAPIError: from_database,
    asyncpg.PostgresError: from_database,
    asyncpg.InterfaceError: from_database,
    asyncpg.InternalClientError: from_database,
    PoolTimeout: from_database,
    OSError: from_database,
    UnicodeDecodeError: from_unreadable,
    RecursionError: from_unreadable,
    Exception: from_bug,
}
