"""Every wrong field of a request body at once, each with its JSON Pointer."""

from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from litestar import Request
from litestar.utils.scope.state import ScopeState
from msgspec import Struct

from trustprop.kernel.errors import N_, FieldError
from trustprop.plumbing.reasons import explain

MAX_ERRORS = 100
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for bytes that are no JSON, or JSON without end."""


def body_errors(request: Request[Any, Any, Any]) -> tuple[FieldError, ...] | None:
    """What is wrong with the JSON body of this request; None when it is no JSON at all."""
    field = getattr(request.route_handler, "parsed_data_field", None)
    if field is None:
        return ()
    content = ScopeState.from_scope(request.scope).body
    if "json" not in request.headers.get("content-type", "application/json"):
        return ()
    try:
        value = msgspec.json.decode(content if isinstance(content, bytes) else b"")
    except UNREADABLE:
        return None
    return tuple(errors_of(value, field.annotation))


def errors_of(value: Any, kind: Any) -> list[FieldError]:
    """Checks a decoded JSON value against a type, field by field."""
    found: list[FieldError] = []
    _walk(value, kind, "", found)
    return found[:MAX_ERRORS]


def _walk(value: Any, kind: Any, pointer: str, found: list[FieldError]) -> None:
    kind = _branch(value, kind)
    before = len(found)
    if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(value, dict):
        _walk_struct(value, kind, pointer, found)
    elif get_origin(kind) in (list, tuple, set, frozenset) and isinstance(value, list):
        for i, item in enumerate(value):
            _walk(item, get_args(kind)[0], f"{pointer}/{i}", found)
    if len(found) == before:
        _check_whole(value, kind, pointer, found)


def _walk_struct(
    value: dict[str, Any], kind: type[Struct], pointer: str, found: list[FieldError]
) -> None:
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    tag = kind.__struct_config__.tag_field
    for name, item in value.items():
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name in known:
            _walk(item, known[name].type, place, found)
        elif kind.__struct_config__.forbid_unknown_fields and name != tag:
            found.append(
                FieldError(
                    pointer=place, code="unknown-field", detail=N_("There is no such field.")
                )
            )
    for name, field in known.items():
        if field.required and name not in value:
            found.append(
                FieldError(
                    pointer=f"{pointer}/{name}", code="missing", detail=N_("This field is missing.")
                )
            )


def _branch(value: Any, kind: Any) -> Any:
    """Of ``X | None`` (or a union) the branch that this value is most likely meant to be."""
    if get_origin(kind) not in (Union, UnionType) or value is None:
        return kind
    others = [branch for branch in get_args(kind) if branch is not NoneType]
    return others[0] if len(others) == 1 else kind


def _check_whole(value: Any, kind: Any, pointer: str, found: list[FieldError]) -> None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        found.append(not_taken(pointer + _pointer(place.rstrip("`")), reason))


def not_taken(pointer: str, reason: str) -> FieldError:
    """The wrong field, with what the decoder said of it in words that can be translated."""
    detail, facts = explain(reason)
    return FieldError(pointer=pointer, code="invalid", detail=detail, facts=facts)


def _pointer(place: str) -> str:
    """Msgspec's ``[0].amount_fen`` as ``/0/amount_fen``; its ``[...]`` names no place."""
    return place.replace("[...]", "").replace("[", "/").replace("]", "").replace(".", "/")
