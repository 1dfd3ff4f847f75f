"""What is true of votes: the arithmetic of the law, the count, and its published form."""

from trustprop.votes.rules.counting import (
    Cast,
    Item,
    count,
    homes_in,
    items_of,
    joins_majority,
    result_of,
    seat_of,
    silent_voters,
    weight_in,
)
from trustprop.votes.rules.deliberation import deliberate
from trustprop.votes.rules.document import (
    NotInCount,
    check_receipt,
    document_bytes,
    draw_document,
    hiding,
    leaves_of,
    receipt_proof,
    row_commitment,
    salt_of,
    slip_id,
    slip_order,
    slip_secret_of,
)
from trustprop.votes.rules.policy import check_policy
from trustprop.votes.rules.tally import may_call_meeting, tally, tally_committee

__all__ = [
    "Cast",
    "Item",
    "NotInCount",
    "check_policy",
    "check_receipt",
    "count",
    "deliberate",
    "document_bytes",
    "draw_document",
    "hiding",
    "homes_in",
    "items_of",
    "joins_majority",
    "leaves_of",
    "may_call_meeting",
    "receipt_proof",
    "result_of",
    "row_commitment",
    "salt_of",
    "seat_of",
    "silent_voters",
    "slip_id",
    "slip_order",
    "slip_secret_of",
    "tally",
    "tally_committee",
    "weight_in",
]
