"""The founding act: no mandate is in force and no key active before the act itself."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from trustprop.acts.model import Act, Requirement, Signer
from trustprop.acts.rules.lifecycle import SIDES, signer
from trustprop.kernel.caller import Mandate, Office
from trustprop.kernel.errors import N_, Conflict, Forbidden
from trustprop.kernel.periods import local_date


class NotNamedInFounding(Forbidden):
    code = "not-named-in-founding"
    detail = N_("The founding act names nobody with this key and an office that signs.")


class FoundingOver(Conflict):
    code = "founding-over"
    detail = N_("Keys are active here; a founding act can no longer be signed.")


class FoundingMandate(Struct, frozen=True, kw_only=True):
    """What a founding act says about a signer; the rest of its body belongs to compounds."""

    mandate_id: UUID
    person_id: UUID
    office: Office
    valid_from: date
    valid_until: date
    key_id: str | None = None

    @property
    def signs(self) -> bool:
        return self.key_id is not None and self.office.may_sign


class FoundingBody(Struct, frozen=True, kw_only=True):
    mandates: tuple[FoundingMandate, ...]


def named(body: Any) -> tuple[FoundingMandate, ...]:
    """Everybody whom a founding act puts in office."""
    return msgspec.convert(body, FoundingBody).mandates


def founders(body: Any) -> tuple[FoundingMandate, ...]:
    """Those of a founding act who sign it."""
    return tuple(one for one in named(body) if one.signs)


def founding_required(body: Any) -> tuple[Requirement, ...]:
    """Everybody whose key the founding act activates signs it with that very key."""
    signing = founders(body)
    return tuple(
        Requirement(
            party=party,
            count=len({one.person_id for one in signing if one.office.party is party}),
        )
        for party in SIDES
    )


def founding_signer(act: Act, person_id: UUID, key_id: str, at: datetime) -> Signer:
    """Raises NotNamedInFounding, SignerOfBothSides or MandateNotInForce."""
    if not any(one.key_id == key_id for one in founders(act.body) if one.person_id == person_id):
        raise NotNamedInFounding
    return founder(act, person_id, at)


def founder(act: Act, person_id: UUID, at: datetime) -> Signer:
    """Raises NotNamedInFounding, SignerOfBothSides or MandateNotInForce."""
    own = [one for one in named(act.body) if one.person_id == person_id]
    if not own:
        raise NotNamedInFounding
    held = [
        Mandate(mandate_id=one.mandate_id, office=one.office)
        for one in own
        if one.valid_from <= local_date(at) <= one.valid_until
    ]
    return signer(person_id, held, at)
