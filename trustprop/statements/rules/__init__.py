"""What is true of a month: how its figures follow from its entries, and what may be closed."""

from trustprop.statements.rules.books import closing_balances, movements, trial_balance_digest
from trustprop.statements.rules.closing import (
    BooksChanged,
    CloseAlreadyDrafted,
    ErratumExists,
    MonthNotClosed,
    MonthOutOfOrder,
    TieOutsFail,
    check_closable,
    check_erratum,
    check_same_erratum,
    check_unchanged,
    close_body,
    parse_number,
    public_number,
)
from trustprop.statements.rules.disclosure import masked, memo_is_public, signers
from trustprop.statements.rules.figures import draw_up
from trustprop.statements.rules.publication import bundle, note_name, note_text

__all__ = [
    "BooksChanged",
    "CloseAlreadyDrafted",
    "ErratumExists",
    "MonthNotClosed",
    "MonthOutOfOrder",
    "TieOutsFail",
    "bundle",
    "check_closable",
    "check_erratum",
    "check_same_erratum",
    "check_unchanged",
    "close_body",
    "closing_balances",
    "draw_up",
    "masked",
    "memo_is_public",
    "movements",
    "note_name",
    "note_text",
    "parse_number",
    "public_number",
    "signers",
    "trial_balance_digest",
]
