"""What a change of the OpenAPI document would break for somebody who wrote a client last year."""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


def breaking(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Every breaking change, in words; additions break nothing."""
    return [*_routes(old, new), *_schemas(old, new)]


def _routes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for path, operations in old["paths"].items():
        if path not in new["paths"]:
            yield f"{path} is gone"
            continue
        for method in METHODS:
            if method not in operations:
                continue
            if method not in new["paths"][path]:
                yield f"{method} {path} is gone"
            else:
                place = f"{method} {path}"
                yield from _operation(place, operations[method], new["paths"][path][method])


def _operation(place: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if old["operationId"] != new["operationId"]:
        yield f"{place}: operationId {old['operationId']} became {new['operationId']}"
    before = {(each["in"], each["name"]): each for each in old.get("parameters", ())}
    after = {(each["in"], each["name"]): each for each in new.get("parameters", ())}
    for key, parameter in after.items():
        was = before.get(key, {})
        if parameter.get("required") and not was.get("required"):
            yield f"{place}: parameter {key[1]} became required"
        if was:
            yield from _types(f"{place}: parameter {key[1]}", was["schema"], parameter["schema"])
    yield from (f"{place}: parameter {key[1]} is gone" for key in before.keys() - after.keys())
    yield from (
        f"{place}: answer {status} is gone"
        for status in old["responses"].keys() - new["responses"].keys()
        if status.startswith("2")
    )
    if not old.get("requestBody", {}).get("required") and new.get("requestBody", {}).get(
        "required"
    ):
        yield f"{place}: a body became required"


def _schemas(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    before, after = old["components"]["schemas"], new["components"]["schemas"]
    sent = _sent(new)
    for name, schema in before.items():
        if name not in after:
            yield f"schema {name} is gone"
        else:
            yield from _schema(name, schema, after[name], is_sent=name in sent)


def _schema(name: str, old: dict[str, Any], new: dict[str, Any], *, is_sent: bool) -> Iterator[str]:
    yield from _types(name, old, new)
    before, after = old.get("properties", {}), new.get("properties", {})
    yield from (f"{name}.{field} is gone" for field in before.keys() - after.keys())
    for field in before.keys() & after.keys():
        yield from _types(f"{name}.{field}", before[field], after[field])
    added = set(new.get("required", ())) - set(old.get("required", ()))
    if is_sent:
        yield from (f"{name}.{field} became required" for field in sorted(added))


def _types(place: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for word in ("type", "format", "$ref", "items"):
        if old.get(word) != new.get(word):
            yield f"{place}: {word} {old.get(word)} became {new.get(word)}"
    for value in old.get("enum", ()):
        if value not in new.get("enum", ()):
            yield f"{place}: the value {value} is gone"
    for word in ("oneOf", "anyOf"):
        lost = [each for each in old.get(word, ()) if each not in new.get(word, ())]
        yield from (f"{place}: {word} lost {each}" for each in lost)


def _sent(document: dict[str, Any]) -> set[str]:
    """The schemas that stand in request bodies, directly or inside others."""
    schemas = document["components"]["schemas"]
    waiting = [
        name
        for operations in document["paths"].values()
        for operation in operations.values()
        for name in _references(operation.get("requestBody", {}))
    ]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas.get(name, {}))
    return found


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)
