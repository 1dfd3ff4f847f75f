"""Which firms are let in, and when a bank account may be paid."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace
from stdnum.cn import uscc

from trustprop.invoices.model import (
    DraftVendorAccount,
    RegisterVendor,
    Vendor,
    VendorAccount,
    VendorAccountState,
    VendorState,
)
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid

_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_ACCOUNT_NUMBER = re.compile(r"[0-9]{6,32}")
_BANK_CODE = re.compile(r"[0-9]{12}")


class CreditCodeTaken(Conflict):
    code = "credit-code-taken"
    detail = N_("Another vendor here has the credit code {credit_code}.")
    credit_code: str


class VendorIdTaken(Conflict):
    code = "vendor-id-taken"
    detail = N_("This id belongs to a vendor with other content.")


class VendorInWrongState(Conflict):
    code = "vendor-in-wrong-state"
    detail = N_("The vendor is {state}.")
    state: str


class VendorNotAdmitted(Conflict):
    code = "vendor-not-admitted"
    detail = N_("The owners' side has not admitted this vendor, or has suspended it.")


class RelatedPartyNeedsResolution(Conflict):
    code = "related-party-needs-resolution"
    detail = N_("A firm close to the trustee is admitted by a resolution only (Trust Law 28).")


class VendorAccountIdTaken(Conflict):
    code = "vendor-account-id-taken"
    detail = N_("This id belongs to another bank account.")


class VendorAccountReplaced(Conflict):
    code = "vendor-account-not-in-use"
    detail = N_("The account to be replaced is not one in use of this vendor.")


def is_credit_code(text: str) -> bool:
    """GB 32100-2015: 18 characters without I, O, S, V, Z, the last one a check digit.

    The library's own ``validate`` refuses letters among the first two characters, which rural
    collectives have (N…), so only its check digit is used.
    """
    if not _CREDIT_CODE.fullmatch(text):
        return False
    return bool(uscc.calc_check_digit(text[:17]) == text[17])


def check_registration(command: RegisterVendor) -> None:
    """Raises FieldsInvalid."""
    if not is_credit_code(command.credit_code):
        raise FieldsInvalid(errors=(_wrong("/credit_code", "credit-code", CREDIT_CODE_WRONG),))


CREDIT_CODE_WRONG = N_("This is no unified social credit code (GB 32100, check digit included).")


def check_registered(stored: Vendor | None, command: RegisterVendor) -> Vendor:
    """The stored vendor when this is a retry. Raises VendorIdTaken or CreditCodeTaken."""
    assert stored is not None, "what refused the insert is there to be read"
    if stored.vendor_id != command.id:
        raise CreditCodeTaken(credit_code=command.credit_code)
    same = (stored.name, stored.credit_code, stored.is_related_party) == (
        command.name,
        command.credit_code,
        command.is_related_party,
    )
    if not same:
        raise VendorIdTaken
    return stored


def admit(vendor: Vendor, by: UUID, resolution_id: UUID | None) -> Vendor:
    """Raises VendorInWrongState or RelatedPartyNeedsResolution."""
    if vendor.state is VendorState.ADMITTED:
        raise VendorInWrongState(state=vendor.state)
    if vendor.is_related_party and resolution_id is None:
        raise RelatedPartyNeedsResolution
    return replace(
        vendor,
        state=VendorState.ADMITTED,
        version=vendor.version + 1,
        resolution_id=resolution_id,
        decided_by=by,
        reason="",
    )


def suspend(vendor: Vendor, by: UUID, reason: str) -> Vendor:
    """Raises VendorInWrongState."""
    if vendor.state is VendorState.SUSPENDED:
        raise VendorInWrongState(state=vendor.state)
    return replace(
        vendor,
        state=VendorState.SUSPENDED,
        version=vendor.version + 1,
        decided_by=by,
        reason=reason,
    )


def check_admitted(vendor: Vendor) -> None:
    """Raises VendorNotAdmitted."""
    if vendor.state is not VendorState.ADMITTED:
        raise VendorNotAdmitted


def check_account(
    command: DraftVendorAccount, replaced: VendorAccount | None, vendor: Vendor
) -> None:
    """Raises FieldsInvalid or VendorAccountReplaced."""
    errors = []
    if not _ACCOUNT_NUMBER.fullmatch(command.number):
        errors.append(
            _wrong("/number", "account-number", N_("An account number is 6 to 32 digits."))
        )
    if command.bank_code and not _BANK_CODE.fullmatch(command.bank_code):
        errors.append(_wrong("/bank_code", "bank-code", N_("A bank code (联行号) is 12 digits.")))
    if errors:
        raise FieldsInvalid(errors=tuple(errors))
    if command.replaces_account_id is not None and (
        replaced is None
        or replaced.vendor_id != vendor.vendor_id
        or replaced.state is not VendorAccountState.SIGNED
    ):
        raise VendorAccountReplaced


def sign_account(account: VendorAccount, at: datetime, rest_hours: int) -> VendorAccount:
    """Both sides have signed; it rests before it can be paid, so that a fraud can still be noticed."""
    assert account.state is VendorAccountState.DRAFTED
    return replace(
        account,
        state=VendorAccountState.SIGNED,
        usable_from_at=at + timedelta(hours=rest_hours),
    )


def _wrong(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
