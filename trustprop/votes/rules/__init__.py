"""What is true of votes: the arithmetic of the law, the count, and its published form."""

from trustprop.votes.rules.counting import count, items_of, joins_majority, weight_in
from trustprop.votes.rules.deliberation import deliberate
from trustprop.votes.rules.tally import may_call_meeting, tally, tally_committee

__all__ = [
    "count",
    "deliberate",
    "items_of",
    "joins_majority",
    "may_call_meeting",
    "tally",
    "tally_committee",
    "weight_in",
]
