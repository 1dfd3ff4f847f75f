"""When an order needs a decision of the owners, about what, and of whom."""

from collections.abc import Collection, Sequence
from uuid import UUID

from trustprop.compounds.model import WHOLE, Scope
from trustprop.funds.model import FundKind
from trustprop.invoices.model import Invoice
from trustprop.kernel.errors import N_, Conflict
from trustprop.meetings.model import Matter


class OrderNeedsResolution(Conflict):
    code = "payment-order-needs-resolution"
    detail = N_("This order needs a resolution of the matter {matter} about it.")
    matter: Matter


def matter_needed(fund: str, amount_fen: int, limit_fen: int) -> Matter | None:
    """The decision that an order needs; a limit of 0 asks for none.

    Using the maintenance fund is decided by those who benefit, whatever the amount (Civil Code
    278(1)(5)); such a decision about the very payment also carries a large one.
    """
    if fund == FundKind.MAINTENANCE:
        return Matter.MAINTENANCE_FUND_USE
    if 0 < limit_fen <= amount_fen:
        return Matter.LARGE_PAYMENT
    return None


def other_subjects(
    matter: Matter, paid: Sequence[Invoice], line_ids: Collection[UUID]
) -> tuple[UUID, ...]:
    """What the decision may be about instead of the order: the one contract of all its invoices, or
    the one budget line of the work that the maintenance fund pays.
    """
    contracts = {invoice.contract_id for invoice in paid}
    found = [id_ for id_ in contracts if id_ is not None and len(contracts) == 1]
    if matter is Matter.MAINTENANCE_FUND_USE and len(line_ids) == 1:
        found += line_ids
    return tuple(found)


def scope_of(matter: Matter, scopes: Sequence[Scope]) -> Scope:
    """Whose decision it is: of the maintenance fund those of the one scope whose lines it uses."""
    if matter is Matter.MAINTENANCE_FUND_USE and len(set(scopes)) == 1:
        return scopes[0]
    return WHOLE
