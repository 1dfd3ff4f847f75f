"""What every request passes: an id, a log line, security headers, a rate limit, counters."""

import time
from functools import cache
from typing import Any

import structlog
import uuid_utils
from litestar import Litestar, Request
from litestar.enums import RequestEncodingType, ScopeType
from litestar.middleware import DefineMiddleware
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from trustprop.plumbing.problems import MediaTypeNotTaken, RateLimited
from trustprop.plumbing.settings import Settings

log = structlog.get_logger()

REQUESTS = Counter("trustprop_requests", "Requests answered", ["method", "status"])
SECONDS = Histogram("trustprop_request_seconds", "Time to answer", ["method"])

DEFAULT_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
]
"""Of every answer that does not say otherwise itself."""
WINDOW_S = 60
UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})


def middleware(settings: Settings) -> list[DefineMiddleware]:
    """Of every route."""
    allowance = Allowance(settings.rate_limit_per_minute)
    return [DefineMiddleware(RateLimit, allowance=allowance)]


def envelope(app: Litestar, settings: Settings) -> None:
    """Puts the envelope around the whole application: an address that no route has gets one too."""
    app.asgi_handler = Envelope(app.asgi_handler, rehearsal=settings.rehearsal)


async def check_media_type(request: Request[Any, Any, Any]) -> None:
    """Runs before every request. Raises MediaTypeNotTaken for a JSON body that says to be another.

    A page of another origin can send forms and plain text unasked, but not JSON.
    """
    field = getattr(request.route_handler, "parsed_data_field", None)
    if field is None or field.kwarg_definition.media_type != RequestEncodingType.JSON:
        return
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise MediaTypeNotTaken


def resolve_in_turn(app: Litestar) -> None:
    """Lets a handler's dependencies be resolved one after another.

    Litestar gives each of those that do not need one another a task of its own, which costs more than
    all of ours together: only one of them ever waits.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _handler, needed in route.route_handler_map.values():
                needed.dependency_batches = [
                    {dependency} for batch in needed.dependency_batches for dependency in batch
                ]


class Allowance:
    """How many requests each credential made in this minute; in a new minute everybody starts anew."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._window = 0
        self._made: dict[int, int] = {}

    def check(self, who: bytes, now_s: float) -> None:
        """Counts one request. Raises RateLimited. Kept is a hash under the process's own key."""
        window = int(now_s // WINDOW_S)
        if window != self._window:
            self._window = window
            self._made.clear()
        key = hash(who)
        made = self._made.get(key, 0)
        if made >= self._per_minute:
            raise RateLimited
        self._made[key] = made + 1


class RateLimit:
    """A credential has its own allowance; without one the address has."""

    def __init__(self, app: ASGIApp, *, allowance: Allowance) -> None:
        self.app = app
        self.allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["path"] not in UNLIMITED:
            self.allowance.check(_who(scope), time.monotonic())
        await self.app(scope, receive, send)


def _who(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return value
    client = scope["client"]
    return client[0].encode() if client else b"unknown"


class Envelope:
    """Gives the request its id, the answer its headers, and the log one line."""

    def __init__(self, app: ASGIApp, *, rehearsal: bool) -> None:
        self.app = app
        self.default_headers = DEFAULT_HEADERS + (
            [(b"trustprop-rehearsal", b"true")] if rehearsal else []
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = str(uuid_utils.uuid7())
        scope["state"]["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                said = [*message["headers"], (b"x-request-id", request_id.encode())]
                names = {name for name, _value in said}
                said += [header for header in self.default_headers if header[0] not in names]
                message["headers"] = said
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            took_s = time.perf_counter() - started
            method, answered = _measures(scope["method"], status)
            answered.inc()
            method.observe(took_s)
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                took_ms=round(took_s * 1000, 1),
            )
            structlog.contextvars.unbind_contextvars("request_id")


@cache
def _measures(method: str, status: int) -> tuple[Histogram, Counter]:
    return SECONDS.labels(method), REQUESTS.labels(method, str(status))
