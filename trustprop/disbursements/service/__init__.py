"""What disbursements do: draw up orders, pay on the last signature, follow the money to the bank."""

from trustprop.disbursements.model import ORDER_ACT, POLICY_ACT
from trustprop.disbursements.service.bank import (
    bank_files,
    make_bank_file,
    mark_returned,
    mark_settled,
    mark_unsettled,
    payments,
    refund,
    released_orders,
)
from trustprop.disbursements.service.orders import (
    detail,
    draft,
    dry_run,
    find,
    lock,
    notices,
    orders,
    revise,
)
from trustprop.disbursements.service.policies import EFFECT as _POLICY
from trustprop.disbursements.service.policies import draft_policy, policies
from trustprop.disbursements.service.release import EFFECT as _ORDER

EFFECTS = {ORDER_ACT: _ORDER, POLICY_ACT: _POLICY}

__all__ = [
    "EFFECTS",
    "bank_files",
    "detail",
    "draft",
    "draft_policy",
    "dry_run",
    "find",
    "lock",
    "make_bank_file",
    "mark_returned",
    "mark_settled",
    "mark_unsettled",
    "notices",
    "orders",
    "payments",
    "policies",
    "refund",
    "released_orders",
    "revise",
]
