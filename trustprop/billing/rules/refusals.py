"""What billing says no to."""

from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid


class TariffMissing(Conflict):
    code = "tariff-missing"
    detail = N_("No tariff for {kind} is in force in {period}.")
    kind: str
    period: str


class TariffNeedsResolution(Conflict):
    code = "tariff-needs-resolution"
    detail = N_("A fee level that changes {kind} needs a resolution; a clause carries the first.")
    kind: str


class BusinessNeedsResolution(Conflict):
    code = "business-needs-resolution"
    detail = N_(
        "Business on common parts needs a resolution of three quarters (Civil Code 278(1)(8))."
    )


class PeriodAlreadyCharged(Conflict):
    code = "period-already-charged"
    detail = N_("{period} was already charged for {kind}.")
    period: str
    kind: str


class NothingToCharge(Conflict):
    code = "nothing-to-charge"
    detail = N_("No home has anything to be charged for {kind} in {period}.")
    kind: str
    period: str


class SameIdOtherContent(Conflict):
    code = "same-id-other-content"
    detail = N_("The id {id} already stands for another content.")
    id: str


class ContractOfAnotherFund(Conflict):
    code = "contract-of-another-fund"
    detail = N_("The contract earns for fund {expected}, not for {fund}.")
    fund: str
    expected: str


class NotAChannel(Conflict):
    code = "not-a-channel"
    detail = N_("The account {account} is no payment channel.")
    account: str


class OpeningDiffersFromBooks(Conflict):
    code = "opening-differs-from-books"
    detail = N_(
        "For {homes} homes the opening receivables are not what the books say; "
        "the first is home {home_id}: {listed_fen} listed, {booked_fen} in account {account}."
    )
    homes: int
    home_id: str
    account: str
    listed_fen: int
    booked_fen: int


class RemunerationAlreadyAccrued(Conflict):
    code = "remuneration-already-accrued"
    detail = N_("The remuneration of {period} is already accrued.")
    period: str


class NoRemunerationDue(Conflict):
    code = "no-remuneration-due"
    detail = N_("Under the rule in force nothing is due for {period}.")
    period: str


class RemunerationAlreadyHeld(Conflict):
    code = "remuneration-already-held"
    detail = N_("The remuneration is already held.")


class RemunerationNotHeld(Conflict):
    code = "remuneration-not-held"
    detail = N_("The remuneration is not held.")


def invalid(pointer: str, code: str, detail: str) -> FieldsInvalid:
    """One wrong field."""
    return FieldsInvalid(errors=(FieldError(pointer=pointer, code=code, detail=detail),))
