"""The trust instrument and governing texts: what must stand in them before anybody signs."""

from collections.abc import Mapping
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds.model import (
    Compound,
    CompoundState,
    CreateCompound,
    Founding,
    GoverningText,
    Limit,
    RemunerationKind,
    RemunerationRule,
    TextDraft,
    TrustInstrument,
)
from trustprop.compounds.rules.homes import is_credit_code
from trustprop.compounds.rules.limits import clause_errors
from trustprop.compounds.rules.mandates import appointment_errors
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid


class AlreadyFounded(Conflict):
    code = "already-founded"
    detail = N_("This compound has been founded; its instrument changes by a new act only.")


def check_compound(draft: CreateCompound, profiles: frozenset[str]) -> None:
    """Raises FieldsInvalid."""
    errors = []
    if draft.credit_code and not is_credit_code(draft.credit_code):
        errors.append(_wrong("/credit_code", "credit-code", CREDIT_CODE))
    if draft.rule_profile not in profiles:
        errors.append(_wrong("/rule_profile", "unknown", N_("There is no such rule profile.")))
    _refuse(errors)


class CompoundDiffers(Conflict):
    code = "compound-differs"
    detail = N_("A compound with this id is already here with other content.")


def check_same_compound(existing: Compound, wanted: Compound) -> None:
    """Raises CompoundDiffers unless a retry asks for what is already there."""
    if replace(wanted, created_at=existing.created_at, state=existing.state) != existing:
        raise CompoundDiffers


def check_founding_state(compound: Compound) -> None:
    """Raises AlreadyFounded: the operator sets things up before the founding only."""
    if compound.state is not CompoundState.FOUNDING:
        raise AlreadyFounded


def check_founding(compound: Compound, founding: Founding, profile: Mapping[str, Limit]) -> None:
    """Raises AlreadyFounded or FieldsInvalid: what Trust Law 9 demands, both sides, lawful limits."""
    check_founding_state(compound)
    errors = []
    if not is_credit_code(founding.trustee.credit_code):
        errors.append(_wrong("/trustee/credit_code", "credit-code", CREDIT_CODE))
    if founding.ends_on is not None and founding.ends_on <= founding.effective_from:
        errors.append(_wrong("/ends_on", "term", N_("It must end after it begins.")))
    errors += remuneration_errors(founding.remuneration)
    errors += appointment_errors(founding.mandates)
    for i, text in enumerate(founding.texts):
        errors += clause_errors(profile, text.clauses, f"/texts/{i}/clauses")
        if any(other.text_id == text.text_id for other in founding.texts[:i]):
            errors.append(
                _wrong(f"/texts/{i}/text_id", "twice", N_("This text stands here twice."))
            )
        if any(other.kind is text.kind for other in founding.texts[:i]):
            message = N_("There is one text of each kind at the founding.")
            errors.append(_wrong(f"/texts/{i}/kind", "twice", message))
    _refuse(errors)


def as_instrument(founding: Founding, act_id: UUID) -> TrustInstrument:
    return TrustInstrument(
        instrument_id=founding.instrument_id,
        purpose=founding.purpose,
        settlor=founding.settlor,
        settlor_address=founding.settlor_address,
        trustee=founding.trustee,
        beneficiaries=founding.beneficiaries,
        property=founding.property,
        benefit=founding.benefit,
        remuneration=founding.remuneration,
        effective_from=founding.effective_from,
        ends_on=founding.ends_on,
        act_id=act_id,
    )


def check_text(text: TextDraft, profile: Mapping[str, Limit]) -> None:
    """Raises FieldsInvalid when a clause sets no known limit or weakens the law."""
    _refuse(clause_errors(profile, text.clauses, "/clauses"))


def as_text(draft: TextDraft, version: int, act_id: UUID | None) -> GoverningText:
    """The version that a draft becomes; without an act, its resolution adopted it."""
    return GoverningText(
        text_id=draft.text_id,
        kind=draft.kind,
        version=version,
        title=draft.title,
        effective_from=draft.effective_from,
        document_sha256=draft.document_sha256,
        act_id=act_id,
        resolution_id=draft.resolution_id,
        clauses=draft.clauses,
    )


def remuneration_errors(rule: RemunerationRule) -> list[FieldError]:
    is_fixed = rule.kind is RemunerationKind.FIXED
    errors = []
    if is_fixed != (rule.fixed_fen_per_month > 0):
        message = N_("A fixed remuneration has an amount per month, and only that kind has one.")
        errors.append(_wrong("/remuneration/fixed_fen_per_month", "remuneration", message))
    if is_fixed == (rule.rate_basis_points > 0):
        message = N_("A percentage has a rate, and only that kind has one.")
        errors.append(_wrong("/remuneration/rate_basis_points", "remuneration", message))
    if is_fixed == (rule.basis is not None):
        message = N_("A percentage says of what, and only that kind does.")
        errors.append(_wrong("/remuneration/basis", "remuneration", message))
    return errors


CREDIT_CODE = N_("This is not a unified social credit code (GB 32100).")


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def _wrong(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
