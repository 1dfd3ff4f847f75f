"""What a page sends: fields, a key for retries, the proof that the form is ours."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import uuid_utils
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency

from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import FieldsInvalid
from trustprop.kernel.money import fen
from trustprop.plumbing.idempotency import MAX_KEY, IdempotencyKeyMissing, Once
from trustprop.plumbing.validation import not_taken
from trustprop.web.portal.visitor import Visitor, check_csrf

T = TypeVar("T")
OURS = frozenset({"csrf", "key"})


class Form:
    """One form, read and known to be ours.

    Fields named ``…_yuan`` become ``…_fen``; empty fields are left out, so that defaults stand;
    a name that ends in ``[]`` gathers a list.
    """

    def __init__(
        self, fields: Mapping[str, Any], files: Mapping[str, UploadFile], once: Once
    ) -> None:
        self.fields = fields
        self.files = files
        self.once = once
        """Runs a command once for the key that the page was drawn with."""

    def to(self, kind: type[T], **known: Any) -> T:
        """The command of a kind; ``known`` is what the page itself adds. Raises FieldsInvalid."""
        try:
            return msgspec.convert(dict(self.fields) | known, kind, strict=False)
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at `$")
            pointer = "/" + place.removesuffix("`").strip(".").replace(".", "/").replace("[", "/")
            raise FieldsInvalid(errors=(not_taken(pointer.replace("]", ""), message),)) from None

    def text(self, name: str) -> str:
        return str(self.fields.get(name, ""))


async def provide_form(request: Request[Any, Any, Any], visitor: NamedDependency[Visitor]) -> Form:
    """Dependency ``form``. Raises FromElsewhere, IdempotencyKeyMissing or FieldsInvalid."""
    sent = await request.form()
    check_csrf(request, visitor, str(sent.get("csrf", "")))
    key = str(sent.get("key", ""))
    if not key or len(key) > MAX_KEY:
        raise IdempotencyKeyMissing
    fields: dict[str, Any] = {}
    files: dict[str, UploadFile] = {}
    for name in sent:
        if name in OURS:
            continue
        values = sent.getall(name)
        if isinstance(values[0], UploadFile):
            files |= {name: values[0]} if values[0].filename else {}
        else:
            fields |= _field(name, [str(value).strip() for value in values])
    operation = request.route_handler.operation_id
    content = await _content(request, fields, files)
    once = Once(visitor.caller, f"{request.method} page:{operation}", key, content)
    return Form(fields, files, once)


def _field(name: str, values: list[str]) -> dict[str, Any]:
    if name.endswith("[]"):
        return {name[:-2]: [value for value in values if value]}
    value = values[0].replace("\r\n", "\n")
    if not value:
        return {}
    if name.endswith("_yuan"):
        try:
            return {name.removesuffix("_yuan") + "_fen": fen(value)}
        except ValueError as error:
            raise FieldsInvalid(errors=(not_taken(f"/{name}", str(error)),)) from None
    return {name: value}


async def _content(
    request: Request[Any, Any, Any], fields: Mapping[str, Any], files: Mapping[str, UploadFile]
) -> bytes:
    """What the key stands for: the address, the fields and the bytes of the files."""
    digests = {name: sha256(await file.read()).hex() for name, file in files.items()}
    for file in files.values():
        await file.seek(0)
    return sha256(msgspec.json.encode([request.url.path, fields, digests], order="sorted"))


def new_key() -> UUID:
    """For the hidden fields ``key`` and ``id`` of a form that is drawn."""
    return UUID(bytes=uuid_utils.uuid7().bytes)
