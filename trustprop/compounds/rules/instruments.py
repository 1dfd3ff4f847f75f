"""Versions of the trust instrument: what a supplementary agreement may change, and which one holds."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds.model import InstrumentAmendment, TrustInstrument
from trustprop.compounds.rules.homes import is_credit_code
from trustprop.compounds.rules.texts import CREDIT_CODE, remuneration_errors
from trustprop.kernel.errors import N_, FieldError, FieldsInvalid


def check_amendment(amendment: InstrumentAmendment, today: date) -> None:
    """Raises FieldsInvalid: it changes something, lawfully, and not in the past (Trust Law 35)."""
    errors = []
    if amendment.effective_from < today:
        message = N_("An amendment does not reach into the past.")
        errors.append(_wrong("/effective_from", "past", message))
    if amendment.remuneration is None and amendment.trustee is None:
        errors.append(_wrong("/remuneration", "nothing", N_("Say what the amendment changes.")))
    if amendment.remuneration is not None:
        errors += remuneration_errors(amendment.remuneration)
    if amendment.trustee is None and amendment.ends_on is not None:
        message = N_("The term changes with the trustee only.")
        errors.append(_wrong("/ends_on", "term", message))
    if amendment.trustee is not None and not is_credit_code(amendment.trustee.credit_code):
        errors.append(_wrong("/trustee/credit_code", "credit-code", CREDIT_CODE))
    if amendment.ends_on is not None and amendment.ends_on <= amendment.effective_from:
        errors.append(_wrong("/ends_on", "term", N_("It must end after it begins.")))
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def amend(latest: TrustInstrument, amendment: InstrumentAmendment, act_id: UUID) -> TrustInstrument:
    """The next version: everything stays but what the amendment names."""
    return replace(
        latest,
        instrument_id=amendment.instrument_id,
        trustee=amendment.trustee or latest.trustee,
        remuneration=amendment.remuneration or latest.remuneration,
        effective_from=amendment.effective_from,
        ends_on=amendment.ends_on if amendment.trustee else latest.ends_on,
        act_id=act_id,
        version=latest.version + 1,
        resolution_id=amendment.resolution_id,
    )


def instrument_in_effect(
    instruments: Iterable[TrustInstrument], on: date
) -> TrustInstrument | None:
    """The highest version that has begun, unless it is over."""
    begun = [one for one in instruments if one.effective_from <= on]
    held = max(begun, key=lambda one: one.version, default=None)
    if held is not None and held.ends_on is not None and held.ends_on < on:
        return None
    return held


def _wrong(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
