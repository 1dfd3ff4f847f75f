"""Callers and ids."""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils

from trustprop.kernel.caller import Caller, Mandate, Office

SEPTEMBER = datetime(2025, 9, 15, 4, 0, tzinfo=UTC)


def new_id() -> UUID:
    """A UUIDv7, as a client makes it."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


def make_caller(
    *offices: Office,
    compound_id: UUID | None = None,
    at: datetime = SEPTEMBER,
    scopes: tuple[str, ...] = (),
) -> Caller:
    """A person with these offices (a bookkeeper when none is named), or a key when only scopes are."""
    held = offices if offices or scopes else (Office.TRUSTEE_BOOKKEEPER,)
    return Caller(
        compound_id=compound_id or new_id(),
        person_id=new_id() if held else None,
        credential_id=new_id(),
        mandates=tuple(Mandate(mandate_id=new_id(), office=office) for office in held),
        scopes=frozenset(scopes),
        at=at,
        request_id="test",
    )
