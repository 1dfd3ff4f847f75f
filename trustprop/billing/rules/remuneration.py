"""What the trustee earns for a month."""

from uuid import UUID

from trustprop.billing.model import (
    RemunerationAccrual,
    RemunerationHold,
)
from trustprop.billing.rules.refusals import (
    NoRemunerationDue,
    RemunerationAlreadyAccrued,
    SameIdOtherContent,
)
from trustprop.compounds.model import RemunerationKind, RemunerationRule


def uncapped_remuneration(rule: RemunerationRule, basis_fen: int) -> int:
    """Before the cap; a share is rounded half up to the fen."""
    if rule.kind is RemunerationKind.FIXED:
        return rule.fixed_fen_per_month
    return (2 * max(basis_fen, 0) * rule.rate_basis_points + 10_000) // 20_000


def remuneration(rule: RemunerationRule, basis_fen: int) -> int:
    """What the trustee earns for a month (Trust Law 35)."""
    uncapped = uncapped_remuneration(rule, basis_fen)
    return uncapped if rule.cap_fen_per_month is None else min(uncapped, rule.cap_fen_per_month)


def check_same_accrual(done: RemunerationAccrual, accrual_id: UUID) -> None:
    """A month is accrued once. Raises RemunerationAlreadyAccrued."""
    if done.accrual_id != accrual_id:
        raise RemunerationAlreadyAccrued(period=done.period)


def check_due(accrual: RemunerationAccrual) -> None:
    """Raises NoRemunerationDue."""
    if accrual.amount_fen == 0:
        raise NoRemunerationDue(period=accrual.period)


def check_same_reason(hold: RemunerationHold, reason: str) -> None:
    """Raises SameIdOtherContent."""
    if hold.reason != reason:
        raise SameIdOtherContent(id=str(hold.hold_id))


def is_service_cost(fund: str, account: str) -> bool:
    """Whether it is one of the nine national cost items (5101-5109) of the operating fund."""
    return fund == "OP" and "5101" <= account[:4] <= "5109"


def month_of_year(annual_fen: int) -> int:
    """A twelfth of a year's budget, rounded half up."""
    return (annual_fen + 6) // 12
