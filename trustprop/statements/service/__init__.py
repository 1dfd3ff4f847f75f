"""What the month does: check, close, publish, print, correct."""

from trustprop.statements.model import CLOSE_ACT
from trustprop.statements.service.auditing import audit
from trustprop.statements.service.closing import EFFECT, draft_close, find_close
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
    "documents",
    "draft_close",
    "find_close",
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
