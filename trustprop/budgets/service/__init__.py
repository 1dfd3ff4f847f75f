"""What budgets do: the way of a document, changes in force, and every use of a line."""

from trustprop.budgets.service.accruals import accrue, reverse_accrual
from trustprop.budgets.service.adjustment import (
    adjustments,
    adopt_adjustment,
    propose_adjustment,
)
from trustprop.budgets.service.availability import (
    availability,
    check_available,
    encumber,
    execution,
    move,
    movements,
    movements_by,
    relieve,
    reserve,
    spend,
    spend_many,
    unreserve,
    unspend,
)
from trustprop.budgets.service.documents import (
    adopt,
    answer,
    availability_of,
    check_reads,
    comment,
    comments,
    consult,
    draft,
    find,
    find_version,
    listed,
    revise,
)
from trustprop.budgets.service.emergency import EFFECTS as _OF_EMERGENCIES
from trustprop.budgets.service.emergency import (
    emergencies,
    give_notice,
    propose_emergency,
    ratify,
)
from trustprop.budgets.service.virement import EFFECTS as _OF_VIREMENTS
from trustprop.budgets.service.virement import propose_virement, virements

EFFECTS = {**_OF_EMERGENCIES, **_OF_VIREMENTS}

__all__ = [
    "EFFECTS",
    "accrue",
    "adjustments",
    "adopt",
    "adopt_adjustment",
    "answer",
    "availability",
    "availability_of",
    "check_available",
    "check_reads",
    "comment",
    "comments",
    "consult",
    "draft",
    "emergencies",
    "encumber",
    "execution",
    "find",
    "find_version",
    "give_notice",
    "listed",
    "move",
    "movements",
    "movements_by",
    "propose_adjustment",
    "propose_emergency",
    "propose_virement",
    "ratify",
    "relieve",
    "reserve",
    "reverse_accrual",
    "revise",
    "spend",
    "spend_many",
    "unreserve",
    "unspend",
    "virements",
]
