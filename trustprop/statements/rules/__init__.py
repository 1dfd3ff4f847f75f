"""What is true of a month: how its figures follow from its entries, and what may be closed."""

from trustprop.statements.rules.books import closing_balances, movements, trial_balance_digest
from trustprop.statements.rules.disclosure import memo_is_public, signers
from trustprop.statements.rules.figures import draw_up
from trustprop.statements.rules.publication import bundle, note_name, note_text

__all__ = [
    "bundle",
    "closing_balances",
    "draw_up",
    "memo_is_public",
    "movements",
    "note_name",
    "note_text",
    "signers",
    "trial_balance_digest",
]
