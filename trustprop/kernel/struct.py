"""The two kinds of Struct: facts that the service holds, and commands that it is given."""

from typing import Any, dataclass_transform

import msgspec
from msgspec import Struct, StructMeta


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class FrozenMeta(StructMeta):
    """Frozen and keyword-only without saying so at every class."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> "FrozenMeta":
        options.setdefault("frozen", True)
        options.setdefault("kw_only", True)
        return super().__new__(cls, name, bases, namespace, **options)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Fact(Struct, metaclass=FrozenMeta):
    """Something that is so. Changed by ``msgspec.structs.replace``, never by assignment."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Command(Struct, metaclass=FrozenMeta, forbid_unknown_fields=True):
    """A request body. Unknown fields are refused, so that a typing error is not a silent default."""
