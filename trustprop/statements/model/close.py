"""The close of a month, its publication, and errata: facts and the commands that ask for them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.kernel.struct import Command, Fact
from trustprop.statements.model.document import TieOut

CLOSE_ACT = "period-close"
PRINT_JOB = "print_statement"


class CloseState(StrEnum):
    OPEN = "open"
    """Drafted; waits for both sides."""
    CLOSED = "closed"
    ENDED = "ended"
    """Rejected, withdrawn or expired."""


class CloseBody(Fact):
    """What both sides sign to close a month."""

    period: str
    tree_size: int
    root: str
    trial_balance_digest: str
    figures_digest: str
    """SHA-256 of the RFC 8785 bytes of the statement's figures."""


class PeriodClose(Fact):
    """A close as it stands."""

    act_id: UUID
    state: CloseState
    body: CloseBody
    drafted_at: datetime
    ended_at: datetime | None = None


class TieOuts(Fact):
    """The named checks of a month; all must be green before it can be closed."""

    period: str
    is_green: bool
    tie_outs: tuple[TieOut, ...]


class DraftClose(Command):
    id: UUID
    """Of the act ``period-close``."""
    expires_at: datetime


class Erratum(Fact):
    """A correction of a published statement, by a reversal that the next statement prints."""

    erratum_id: UUID
    statement_number: str
    entry_id: UUID
    period: str
    """The month whose statement prints it."""
    explanation: str
    recorded_at: datetime


class RecordErratum(Command):
    id: UUID
    entry_id: UUID
    """The reversing entry."""
    explanation: Annotated[str, Meta(min_length=1, max_length=1000)]


class Published(Fact):
    """A published statement, in lists."""

    number: str
    period: str
    digest: str
    previous_digest: str | None
    published_at: datetime
    corrected_by: tuple[str, ...] = ()
    """Months whose statements print a correction of this one."""


class Edition(Fact):
    """A published statement, byte for byte."""

    statement: bytes
    journal: bytes
    note: str
