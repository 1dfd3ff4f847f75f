"""The two kinds of Struct: facts that the service holds, and commands that it is given."""

from typing import dataclass_transform

from msgspec import Struct


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Fact(Struct, frozen=True, kw_only=True):
    """Something that is so. Changed by ``msgspec.structs.replace``, never by assignment."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body. Unknown fields are refused, so that a typing error is not a silent default."""
