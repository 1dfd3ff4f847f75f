"""What the month does: check, close, publish, print, correct."""

from trustprop.statements.model import CLOSE_ACT
from trustprop.statements.service.auditing import audit
from trustprop.statements.service.closing import EFFECT, draft_close, find_close
from trustprop.statements.service.decisions import decisions_of, follow_up
from trustprop.statements.service.errata import record_erratum
from trustprop.statements.service.publishing import (
    documents,
    keep_print,
    listed,
    months,
    open_print,
    publish,
    published_ends,
    published_entry,
)
from trustprop.statements.service.tie_outs import tie_outs

EFFECTS = {CLOSE_ACT: EFFECT}

__all__ = [
    "EFFECTS",
    "audit",
    "decisions_of",
    "documents",
    "draft_close",
    "find_close",
    "follow_up",
    "keep_print",
    "listed",
    "months",
    "open_print",
    "publish",
    "published_ends",
    "published_entry",
    "record_erratum",
    "tie_outs",
]
