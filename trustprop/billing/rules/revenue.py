"""What a contract over common parts earns, month by month."""

from datetime import date

from trustprop.billing.model import (
    DrawUpContract,
    RevenueContract,
)
from trustprop.billing.rules.refusals import BusinessNeedsResolution, ContractOfAnotherFund
from trustprop.kernel.errors import N_, FieldError, FieldsInvalid
from trustprop.kernel.money import apportion
from trustprop.kernel.periods import Period


def check_contract(command: DrawUpContract) -> None:
    """Raises FieldsInvalid, naming each wrong field."""
    errors = []
    if command.ends_on < command.starts_on:
        errors.append(
            FieldError(
                pointer="/ends_on", code="ends-before-start", detail=N_("It ends before it starts.")
            )
        )
    if not command.income_account.startswith("4"):
        errors.append(
            FieldError(
                pointer="/income_account",
                code="not-income",
                detail=N_("This is no income account."),
            )
        )
    if command.recognised_before_fen > command.amount_fen:
        errors.append(
            FieldError(
                pointer="/recognised_before_fen",
                code="more-than-amount",
                detail=N_("More was earned than the contract is worth."),
            )
        )
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def check_taken_over(contract: RevenueContract, opened_on: date) -> None:
    """Only a contract that ran before the books were opened is taken over without a resolution.

    Raises BusinessNeedsResolution.
    """
    if contract.starts_on > opened_on:
        raise BusinessNeedsResolution


def check_fund(contract: RevenueContract, fund: str) -> None:
    """Raises ContractOfAnotherFund."""
    if contract.fund != fund:
        raise ContractOfAnotherFund(fund=fund, expected=contract.fund)


def months_of(starts_on: date, ends_on: date) -> tuple[Period, ...]:
    """The months that a term touches, first and last included."""
    months = [Period.of(starts_on)]
    while months[-1] < Period.of(ends_on):
        months.append(months[-1].next)
    return tuple(months)


def month_share(contract: RevenueContract, period: Period) -> int:
    """What the contract earns in the month: even parts that sum exactly to its amount."""
    months = months_of(contract.starts_on, contract.ends_on)
    if period not in months:
        return 0
    return apportion(contract.amount_fen, [1] * len(months))[months.index(period)]


def earned_until(contract: RevenueContract, period: Period) -> int:
    """What the contract has earned from its start to the end of the month."""
    months = months_of(contract.starts_on, contract.ends_on)
    parts = apportion(contract.amount_fen, [1] * len(months))
    return sum(part for month, part in zip(months, parts, strict=True) if month <= period)
