"""What is true of votes: the arithmetic of the law, the count, and its published form."""

from trustprop.votes.rules.counting import (
    count,
    homes_in,
    items_of,
    joins_majority,
    silent_voters,
    weight_in,
)
from trustprop.votes.rules.deliberation import deliberate
from trustprop.votes.rules.document import (
    NotInCount,
    check_receipt,
    draw_document,
    receipt_proof,
    row_commitment,
    salt_of,
    slip_id,
    slip_secret_of,
)
from trustprop.votes.rules.policy import check_policy
from trustprop.votes.rules.tally import may_call_meeting, tally, tally_committee

__all__ = [
    "NotInCount",
    "check_policy",
    "check_receipt",
    "count",
    "deliberate",
    "draw_document",
    "homes_in",
    "items_of",
    "joins_majority",
    "may_call_meeting",
    "receipt_proof",
    "row_commitment",
    "salt_of",
    "silent_voters",
    "slip_id",
    "slip_secret_of",
    "tally",
    "tally_committee",
    "weight_in",
]
