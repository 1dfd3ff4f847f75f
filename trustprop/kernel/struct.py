"""The two kinds of Struct: facts that the service holds, and commands that it is given."""

from msgspec import Struct


class Fact(Struct, frozen=True, kw_only=True):
    """Something that is so. Changed by ``msgspec.structs.replace``, never by assignment."""


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body. Unknown fields are refused, so that a typing error is not a silent default."""
