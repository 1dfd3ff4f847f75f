"""Answers that are files: which media types the OpenAPI document says they may have."""

from collections.abc import Iterable
from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType


def operation_of(media_types: Iterable[str]) -> type[Operation]:
    """The ``operation_class`` of a handler that answers 200 with a file of one of these types."""
    schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
    content = {kind.partition(";")[0]: OpenAPIMediaType(schema=schema) for kind in media_types}

    @dataclass
    class Download(Operation):
        def __post_init__(self) -> None:
            found = (self.responses or {}).get("200")
            if isinstance(found, OpenAPIResponse):
                found.content = content

    return Download
