"""Ids that follow from what a client named, and telling a retry from another content."""

from uuid import UUID, uuid5

from trustprop.billing.rules.refusals import (
    SameIdOtherContent,
)
from trustprop.kernel.struct import Fact


def derived_id(parent: UUID, *names: object) -> UUID:
    """The id of a part whose whole the client named, so that a retry makes the same part."""
    return uuid5(parent, "/".join(str(name) for name in names))


def check_same_content(content_sha256: bytes, known_sha256: bytes, id: UUID) -> None:  # noqa: A002
    """A retry says the same again. Raises SameIdOtherContent."""
    if content_sha256 != known_sha256:
        raise SameIdOtherContent(id=str(id))


def is_new(made: Fact, known: Fact | None, id: UUID) -> bool:  # noqa: A002
    """Whether it is not there yet. Raises SameIdOtherContent when another is."""
    if known is not None and known != made:
        raise SameIdOtherContent(id=str(id))
    return known is None
