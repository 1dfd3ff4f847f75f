"""Budget documents: lines, income, versions, comments and adoption."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.budgets.model.words import Code, Fen, Percent, Prose, Reason, Title
from trustprop.kernel.struct import Command, Fact


class BudgetState(StrEnum):
    DRAFT = "draft"
    CONSULTING = "consulting"
    """Published for comments; may still be revised."""
    ADOPTED = "adopted"
    SUPERSEDED = "superseded"
    """Another budget of the same year was adopted."""


class LineDraft(Command):
    """One line: what may be spent on what, why so much, and which service stands against it."""

    line_id: UUID
    code: Code
    title: Title
    account: Code
    fund: Code
    category: Code
    """Virement is possible inside one category."""
    amount_fen: Fen
    scope: Annotated[str, Meta(max_length=80)] = ""
    """A building or stair; empty for the whole compound."""
    assumption: Prose = ""
    service_standard: Prose = ""
    used_before_fen: Fen = 0
    """Used in this year before the service took over."""
    encumbered_before_fen: Fen = 0
    """Contracted and not yet used when the service took over."""


class IncomeDraft(Command):
    """Money that a fund expects, and how much of it will realistically come in."""

    code: Code
    title: Title
    account: Code
    """Income (4…), or net assets (3…) where the fund spends what it has saved."""
    fund: Code
    amount_fen: Fen
    collection_percent: Percent
    assumption: Prose = ""

    @property
    def collectable_fen(self) -> int:
        return self.amount_fen * self.collection_percent // 100


class BudgetLine(LineDraft, frozen=True, kw_only=True):
    """A line as stored; ``added_by`` names the adjustment or emergency that opened it later."""

    added_by: UUID | None = None


class Budget(Fact):
    budget_id: UUID
    year: int
    title: str
    state: BudgetState
    version: int
    warning_percent: int
    drafted_by: UUID | None
    drafted_at: datetime
    consulting_since: datetime | None = None
    adopted_at: datetime | None = None
    resolution_id: UUID | None = None


class FundMeans(Fact):
    """One fund's plan: what it may spend against what will realistically come in (以收定支)."""

    fund: str
    planned_fen: int
    expected_fen: int
    collectable_fen: int


class BudgetDocument(Fact):
    """A budget with everything in it."""

    budget: Budget
    lines: tuple[BudgetLine, ...]
    income: tuple[IncomeDraft, ...]
    means: tuple[FundMeans, ...]


class BudgetVersion(Fact):
    """A version as it was saved, for ever."""

    budget_id: UUID
    version: int
    digest: str
    """SHA-256 of the canonical document, in hex."""
    document: bytes
    saved_by: UUID | None
    saved_at: datetime


class DraftBudget(Command):
    id: UUID
    year: Annotated[int, Meta(ge=2000, le=2200)]
    title: Title
    lines: Annotated[tuple[LineDraft, ...], Meta(min_length=1, max_length=500)]
    income: Annotated[tuple[IncomeDraft, ...], Meta(min_length=1, max_length=200)]


class ReviseBudget(Command):
    """The whole document again; it becomes the next version."""

    title: Title
    lines: Annotated[tuple[LineDraft, ...], Meta(min_length=1, max_length=500)]
    income: Annotated[tuple[IncomeDraft, ...], Meta(min_length=1, max_length=200)]


class AdoptBudget(Command):
    resolution_id: UUID
    version: int
    """The version that the resolution is about."""


class Comment(Fact):
    comment_id: UUID
    budget_id: UUID
    version: int
    line_id: UUID | None
    body: str
    commented_at: datetime
    answer: str | None = None
    answered_at: datetime | None = None


class WriteComment(Command):
    id: UUID
    body: Reason
    line_id: UUID | None = None


class AnswerComment(Command):
    answer: Reason
