"""The OpenAPI document: generated from the handlers, with every problem explained once."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Operation, Parameter, Schema, SecurityScheme
from litestar.openapi.spec.enums import OpenAPIType

import trustprop
from trustprop.compounds.api import provide_operator, provide_public_caller
from trustprop.kernel.errors import FieldError, Refusal
from trustprop.plumbing import i18n
from trustprop.plumbing.problems import PLACE, RESPONSES, TITLES, refusals, status_of

PROBLEM = "application/problem+json"
DESCRIPTION = (
    "The common money of a residential compound, run as a trust. "
    "How every route behaves is said in docs/api-conventions.md, "
    "and every problem is explained at the address in its type."
)


SCHEMES = {
    "session": SecurityScheme(
        type="http",
        scheme="bearer",
        bearer_format="tps_…",
        description="A person who signed in with password and second factor at POST /v1/sessions. "
        "What they may do follows from their mandates and homes; no session stands in for a signature.",
    ),
    "api_key": SecurityScheme(
        type="http",
        scheme="bearer",
        bearer_format="tpk_…",
        description="A machine's key for one compound, made at POST …/api-keys. "
        "A 403 names the scope that it lacks.",
    ),
    "operator": SecurityScheme(
        type="http",
        scheme="bearer",
        bearer_format="tpo_…",
        description="Whoever runs the service: sets compounds up, and can do nothing with money.",
    ),
}


@dataclass
class Repeatable(Operation):
    """An operation that wants an ``Idempotency-Key``."""

    def __post_init__(self) -> None:
        self.parameters = [
            *(self.parameters or []),
            Parameter(
                name="Idempotency-Key",
                param_in="header",
                required=True,
                description="A UUID that you keep: the same request with the same key is done once.",
                schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=255),
            ),
        ]


class Published(JsonRenderPlugin):
    """Serves the document as it is frozen in ``docs/openapi.json``."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return self.render_json(request, tidy(openapi_schema))


def config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="trustprop",
        version=trustprop.__version__,
        description=DESCRIPTION,
        use_handler_docstrings=True,
        components=Components(security_schemes=dict(SCHEMES)),
        render_plugins=(Published(),),
    )


def documented(handlers: list[Any]) -> list[Any]:
    """Says of every handler what it may answer, in one sentence what it does, and what it needs."""
    for handler in handlers:
        handler.responses = RESPONSES | (handler.responses or {})
        handler.summary = handler.summary or _first_sentence(handler)
        handler.security = handler.security or _credentials(handler)
        if "once" in handler.fn.__annotations__:
            handler.operation_class = Repeatable
    return handlers


def _credentials(handler: HTTPRouteHandler) -> list[dict[str, list[str]]]:
    """One of these; an empty list means that anybody may ask."""
    provided = (handler.dependencies or {}).get("caller")
    provider = getattr(provided, "dependency", None)
    if provider is provide_operator:
        return [{"operator": []}]
    if "caller" not in handler.fn.__annotations__ or provider is provide_public_caller:
        return []
    return [{name: []} for name in SCHEMES]


def document(app: Litestar) -> dict[str, Any]:
    """What ``/schema/openapi.json`` serves."""
    return tidy(app.openapi_schema.to_schema())


def tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """The same document with each kind of problem written once, and an example of every code."""
    statuses: dict[str, Any] = {}
    paths = {
        path: {
            method: _plain(operation) | {"responses": _referring(operation["responses"], statuses)}
            for method, operation in operations.items()
        }
        for path, operations in schema["paths"].items()
    }
    examples = problem_examples()
    responses = {
        _name(status): _with_examples(response, status, examples)
        for status, response in sorted(statuses.items())
    }
    # Where a Struct is first met depends on the order of a set; its default there is not its own.
    schemas = {
        name: {word: value for word, value in one.items() if word != "default"}
        for name, one in schema["components"]["schemas"].items()
    }
    components = schema["components"] | {
        "schemas": schemas,
        "responses": responses,
        "examples": {f"problem-{code}": example for code, example in examples.items()},
    }
    return schema | {"paths": paths, "components": components}


def problem_examples() -> dict[str, dict[str, Any]]:
    """One problem of every code, as the service would send it in English."""
    first = {kind.code: kind for kind in reversed(refusals())}
    return {code: _example(first[code]) for code in sorted(first)}


def _first_sentence(handler: HTTPRouteHandler) -> str | None:
    text = " ".join((handler.fn.__doc__ or "").split())
    return text.partition(". ")[0].removesuffix(".") or None


def _plain(operation: dict[str, Any]) -> dict[str, Any]:
    """Without what is said by saying nothing; that anybody may ask is said."""
    parameters = [
        {name: value for name, value in parameter.items() if value is not False}
        for parameter in operation.get("parameters", ())
    ]
    told = {name: value for name, value in operation.items() if value is not False}
    told.setdefault("security", [])
    return told | ({"parameters": parameters} if parameters else {})


def _referring(responses: dict[str, Any], statuses: dict[str, Any]) -> dict[str, Any]:
    """Problems by reference; what they are is kept in ``statuses``."""
    answer = {}
    for status, response in responses.items():
        if PROBLEM in response.get("content", {}):
            statuses[status] = response
            answer[status] = {"$ref": f"#/components/responses/{_name(status)}"}
        else:
            answer[status] = response
    return answer


def _name(status: str) -> str:
    return f"problem-{status}"


def _with_examples(
    response: dict[str, Any], status: str, examples: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    shown = {
        code: {"$ref": f"#/components/examples/problem-{code}"}
        for code, example in examples.items()
        if example["value"]["status"] == int(status)
    }
    content = response["content"][PROBLEM] | {"examples": shown}
    return response | {"content": {PROBLEM: content}}


def _example(kind: type[Refusal]) -> dict[str, Any]:
    status = status_of(kind)
    facts = {name: _sample(name, annotation) for name, annotation in _facts(kind).items()}
    value = {
        "type": "https://example.org" + PLACE + kind.code,
        "title": TITLES[status],
        "status": status,
        "detail": i18n.translate(kind.detail, "en", facts),
        "instance": "/v1/…",
        "code": kind.code,
        "request_id": "019a3f5e-7c00-7000-8000-000000000001",
    }
    return {
        "summary": TITLES[status],
        "value": msgspec.to_builtins(facts, enc_hook=str) | value,
    }


def _facts(kind: type[Refusal]) -> dict[str, Any]:
    annotations: dict[str, Any] = {}
    for owner in reversed(kind.__mro__):
        annotations.update(vars(owner).get("__annotations__", {}))
    return {name: annotations[name] for name in kind._facts}  # noqa: SLF001 - the class's own list


def _sample(name: str, annotation: Any) -> Any:
    """A plausible fact of this name and type."""
    if name in _NAMED and annotation in (str, int, Any):
        return _NAMED[name]
    if name.endswith("_fen"):
        return 1_250_00
    if annotation == tuple[FieldError, ...]:
        return [{"pointer": "/amount_fen", "code": "invalid", "detail": "Expected `int`"}]
    if "tuple" in str(annotation) or "list" in str(annotation):
        return ["…"]
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return next(iter(annotation))
    return _TYPED.get(annotation, "…")


_NAMED: dict[str, Any] = {
    "account": "100201",
    "bank_account": "100201",
    "fund": "OP",
    "line": "510201",
    "period": "2025-09",
    "expected": "2025-09",
    "party": "owners",
    "number": "25112000000012345678",
    "state": "closed",
}
_TYPED: dict[Any, Any] = {
    int: 12,
    bool: True,
    date: date(2025, 9, 30),
    datetime: datetime(2025, 9, 30, 1, 0, tzinfo=UTC),
    UUID: UUID("019a3f5e-7c00-7000-8000-000000000002"),
}
