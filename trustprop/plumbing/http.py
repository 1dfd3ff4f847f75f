"""What every request passes: an id, a log line, security headers, a rate limit, counters."""

import time
from typing import Any

import structlog
import uuid_utils
from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import DefineMiddleware
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from trustprop.kernel.canonical import sha256
from trustprop.plumbing.settings import Settings

log = structlog.get_logger()

REQUESTS = Counter("trustprop_requests", "Requests answered", ["method", "status"])
SECONDS = Histogram("trustprop_request_seconds", "Time to answer", ["method"])

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STRICT_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def middleware(settings: Settings) -> list[DefineMiddleware]:
    """Outermost first."""
    limit = RateLimitConfig(
        rate_limit=("minute", settings.rate_limit_per_minute),
        identifier_for_request=_who,
        exclude=["^/healthz$", "^/readyz$", "^/metrics$"],
    )
    return [DefineMiddleware(Envelope, rehearsal=settings.rehearsal), limit.middleware]


def _who(request: Request[Any, Any, Any]) -> str:
    """A credential has its own allowance; without one the address has."""
    credential = request.headers.get("authorization")
    if credential:
        return sha256(credential.encode()).hex()
    return request.client.host if request.client else "unknown"


class Envelope:
    """Gives the request its id, the answer its headers, and the log one line."""

    def __init__(self, app: ASGIApp, *, rehearsal: bool) -> None:
        self.app = app
        self.rehearsal = rehearsal

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
                headers = MutableScopeHeaders.from_message(message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", STRICT_CSP)
                if self.rehearsal:
                    headers["Trustprop-Rehearsal"] = "true"
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            took_s = time.perf_counter() - started
            REQUESTS.labels(scope["method"], str(status)).inc()
            SECONDS.labels(scope["method"]).observe(took_s)
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                took_ms=round(took_s * 1000, 1),
            )
            structlog.contextvars.unbind_contextvars("request_id")
