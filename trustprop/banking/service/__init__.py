"""What banking does: reads the bank's statements, matches them with the books, reconciles."""

from trustprop.banking.service.alarms import EFFECTS, alarms, explain_alarm
from trustprop.banking.service.booking import (
    book_interest,
    book_unidentified,
    identify,
    unidentified,
)
from trustprop.banking.service.imports import find_gaps, import_statement, lines, statements
from trustprop.banking.service.matching import confirm, match_account, matches_of_lines
from trustprop.banking.service.reconciling import reconcile, seal

__all__ = [
    "EFFECTS",
    "alarms",
    "book_interest",
    "book_unidentified",
    "confirm",
    "explain_alarm",
    "find_gaps",
    "identify",
    "import_statement",
    "lines",
    "match_account",
    "matches_of_lines",
    "reconcile",
    "seal",
    "statements",
    "unidentified",
]
