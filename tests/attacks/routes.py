"""Every route of the service with a request that it takes: real ids, and bodies that fit."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg
from litestar import Litestar
from msgspec import Struct

from tests.make.ground import new_id
from tests.played import Asked, PlayedMonth

COMPOUND = "/v1/compounds/{compound_id}"
DIGEST = "ab" * 32
TEXTS = {
    "period": "2025-09",
    "number": "2025-001",
    "account": "100201",
    "code": "100201",
    "fund": "OP",
    "version": "1",
    "chunk": "1",
}
"""What stands in an address and is no id."""


class Route(Struct, frozen=True):
    method: str
    path: str
    """As the OpenAPI document writes it: ``/v1/compounds/{compound_id}/acts/{act_id}``."""
    operation: str
    body: Mapping[str, Any] | None
    """The schema of the JSON body."""
    query: tuple[Mapping[str, Any], ...]

    @property
    def is_of_a_compound(self) -> bool:
        return self.path.startswith(COMPOUND)

    @property
    def parameters(self) -> tuple[str, ...]:
        found = re.findall(r"\{(\w+)\}", self.path)
        return tuple(name for name in found if name != "compound_id")


def routes(app: Litestar) -> list[Route]:
    """All of ``/v1``, in the order of their addresses."""
    document = app.openapi_schema.to_schema()
    found = []
    for path, operations in sorted(document["paths"].items()):
        for method, operation in sorted(operations.items()):
            content = operation.get("requestBody", {}).get("content", {})
            found.append(
                Route(
                    method.upper(),
                    path,
                    operation["operationId"],
                    content.get("application/json", {}).get("schema"),
                    tuple(p for p in operation.get("parameters", ()) if p["in"] == "query"),
                )
            )
    return [route for route in found if route.path.startswith("/v1/")]


def asked_by_route(month: PlayedMonth, all_routes: list[Route]) -> dict[str, Asked]:
    """The last request of the month for each operation that it used; its body certainly fits."""
    found: dict[str, Asked] = {}
    patterns = [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", route.path) + "$"), route)
        for route in all_routes
        if route.method == "POST"
    ]
    for asked in month.asked:
        path = asked.path
        if not path.startswith("/v1"):
            path = f"/v1/compounds/{month.compound_id}{path}"
        for pattern, route in patterns:
            if pattern.match(path):
                found[route.operation] = Asked(asked.name, path, asked.body)
    return found


async def ids_of(
    owner: asyncpg.Connection, compound_id: str, *, at_most: int = 3
) -> dict[str, list[str]]:
    """Real ids of a compound by the name of their column, digests in hexadecimal."""
    columns = await owner.fetch("""
        SELECT c.relname AS table, a.attname AS column, a.atttypid = 'uuid'::regtype AS is_uuid
        FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relrowsecurity
        WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'compound_id'
          AND (a.atttypid = 'uuid'::regtype
               OR a.atttypid = 'bytea'::regtype AND a.attname IN ('key_id', 'sha256'))
        ORDER BY 1, 2
    """)
    found: dict[str, list[str]] = {}
    for table, column, is_uuid in columns:
        shown = f"CAST({column} AS text)" if is_uuid else f"encode({column}, 'hex')"
        rows = await owner.fetch(
            f"SELECT DISTINCT {shown} AS id FROM {table} WHERE compound_id = $1 "
            f"AND {column} IS NOT NULL ORDER BY 1 DESC LIMIT {at_most}",
            compound_id,
        )
        for name in (column, f"{table}.{column}"):
            found.setdefault(name, []).extend(
                row["id"] for row in rows if row["id"] not in found.get(name, ())
            )
    return found


def example(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """The smallest value that fits."""
    if "$ref" in schema:
        return example(document["components"]["schemas"][schema["$ref"].split("/")[-1]], document)
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in schema:
            return example(schema[choice][0], document)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    return schema["enum"][0] if "enum" in schema else _of_type(schema, document)


def _of_type(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        wanted = schema.get("required", ())
        return {name: example(schema["properties"][name], document) for name in wanted}
    if kind == "array":
        return [example(schema["items"], document) for _ in range(schema.get("minItems", 0))]
    if kind == "integer":
        return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
    plain = {"boolean": False, "null": None}
    return plain[kind] if kind in plain else _text(schema)


def _text(schema: Mapping[str, Any]) -> str:
    fixed = {
        "uuid": str(new_id()),
        "date": "2025-10-08",
        "date-time": "2025-10-20T00:00:00Z",
        "byte": "AAAA",
    }.get(schema.get("format", ""))
    if fixed:
        return fixed
    pattern = schema.get("pattern", "")
    if "{64}" in pattern:
        return DIGEST
    if re.match(pattern, "2025-09"):
        return "2025-09" if pattern else "x" * max(1, schema.get("minLength", 1))
    return "1" * max(1, schema.get("minLength", 1))


def addresses(
    route: Route, compound_id: str, ids: Mapping[str, list[str]], *, others: int = 0
) -> Iterator[str]:
    """The route's address with each id of the column that it names, and some of other columns."""
    path = route.path.replace("{compound_id}", compound_id)
    if not route.parameters:
        yield path
        return
    for name in route.parameters[1:]:
        path = path.replace(f"{{{name}}}", TEXTS.get(name) or (ids.get(name) or [str(new_id())])[0])
    name = route.parameters[0]
    values = [TEXTS[name]] if name in TEXTS else ids.get(name, [])
    if name not in TEXTS and others:
        strangers = [found[0] for key, found in ids.items() if "." in key and found]
        values = list(dict.fromkeys([*values, *strangers[:others]]))
    for value in values:
        yield path.replace(f"{{{name}}}", value)
