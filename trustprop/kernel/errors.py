"""Refusals: what the service says no to, as facts that an edge turns into words.

Refusal
├── Unauthenticated  nobody that we know is asking
├── NotFound    nothing there, or nothing that this caller may see
├── Forbidden   the caller lacks the office, scope or key
├── Invalid     well-formed but wrong; names every wrong field at once
└── Conflict    right in itself, but not in the present state
"""

from typing import Any, ClassVar, dataclass_transform

from msgspec import Struct


def N_(message: str) -> str:  # noqa: N802 - the gettext name for "mark, do not translate yet"
    """Marks a message for translation; the edge translates it when it knows the reader."""
    return message


class FieldError(Struct, frozen=True, kw_only=True):
    """One wrong field of a request."""

    pointer: str
    """RFC 6901 JSON Pointer into the request body, such as ``/lines/0/amount_fen``."""
    code: str
    detail: str
    """A message marked with :func:`N_`; its placeholders are filled from ``facts``."""
    facts: dict[str, Any] = {}


@dataclass_transform(kw_only_default=True)
class _FactsAreFields:
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        names: dict[str, Any] = {}
        for owner in reversed(cls.__mro__):
            names.update(vars(owner).get("__annotations__", {}))
        cls._facts = tuple(
            name
            for name, annotation in names.items()
            if not name.startswith("_") and "ClassVar" not in str(annotation)
        )

    _facts: ClassVar[tuple[str, ...]] = ()


class Refusal(Exception, _FactsAreFields):
    """A no that a person could have caused. Carries facts as keyword arguments."""

    code: ClassVar[str]
    """Kebab-case, and once shipped it keeps its meaning for ever."""
    detail: ClassVar[str]

    def __init__(self, **facts: Any) -> None:
        unknown = facts.keys() - set(self._facts)
        missing = {
            name for name in self._facts if name not in facts and not hasattr(type(self), name)
        }
        assert not unknown, f"{type(self).__name__} has no fact {sorted(unknown)}"
        assert not missing, f"{type(self).__name__} lacks {sorted(missing)}"
        super().__init__(self.code)
        for name, value in facts.items():
            setattr(self, name, value)

    @property
    def facts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._facts}

    def __str__(self) -> str:
        return f"{self.code} {self.facts}"


class Unauthenticated(Refusal):
    """No valid credential came with the request."""


class NotFound(Refusal):
    """Nothing there, or nothing that this caller may know of."""


class Forbidden(Refusal):
    """The caller lacks the office, the scope or the key."""


class Invalid(Refusal):
    """Well-formed but wrong."""

    errors: tuple[FieldError, ...] = ()


class Conflict(Refusal):
    """Right in itself, but not in the present state."""


class Missing(NotFound):
    """The one refusal for everything absent or of another compound."""

    code = "not-found"
    detail = N_("There is no {kind} with this id here.")
    kind: str


class FieldsInvalid(Invalid):
    """The request names fields that are wrong; each is listed."""

    code = "invalid-fields"
    detail = N_("Some fields are wrong; each is listed with its place.")
