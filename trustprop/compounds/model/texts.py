"""Governing texts, their clauses, and what two versions say otherwise."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.compounds.model.compounds import PRINTABLE, Fen, Name, Prose
from trustprop.kernel.struct import Command, Fact


class TextKind(StrEnum):
    RULES_OF_PROCEDURE = "rules_of_procedure"
    """业主大会议事规则."""
    COVENANT = "covenant"
    """管理规约."""
    TRUST_CONTRACT = "trust_contract"
    """信托制物业服务合同."""
    OTHER = "other"
    """Any other text that the assembly adopts, such as budget rules."""


class Clause(Command):
    """A numbered clause; it may set one limit of the service."""

    code: Annotated[str, Meta(min_length=1, max_length=40, pattern=PRINTABLE)]
    body: Prose
    limit_name: str | None = None
    limit_value: Fen | None = None


class TextDraft(Command):
    """A governing text as it is put before both sides."""

    text_id: UUID
    kind: TextKind
    title: Name
    effective_from: date
    clauses: Annotated[tuple[Clause, ...], Meta(min_length=1, max_length=2000)]
    document_sha256: str | None = None
    """The signed paper, if there is one, among the compound's evidence."""
    resolution_id: UUID | None = None
    """The resolution that adopted it; none for the texts of the founding act."""


class GoverningText(Fact):
    text_id: UUID
    kind: TextKind
    version: int
    """Counted per kind; the highest one in effect is the one that holds."""
    title: str
    effective_from: date
    document_sha256: str | None
    act_id: UUID | None
    """The signed act behind it; None where a counted resolution adopted it."""
    resolution_id: UUID | None
    clauses: tuple[Clause, ...] = ()


class ClauseChange(Command):
    """One clause as it shall read; without a body it goes."""

    code: Annotated[str, Meta(min_length=1, max_length=40, pattern=PRINTABLE)]
    body: Prose | None = None
    limit_name: Annotated[str, Meta(max_length=100, pattern=PRINTABLE)] | None = None
    limit_value: Fen | None = None


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    KEPT = "kept"


class Words(Fact):
    """A run of words that both versions have, or only one of them."""

    kind: ChangeKind
    text: str


class ClauseDifference(Fact):
    """One clause before and after, with its limit."""

    code: str
    kind: ChangeKind
    before: Clause | None
    after: Clause | None
    words: tuple[Words, ...]
    """Of the body: in order, added, removed and kept. Without the removed ones they read as after."""


class TextDifference(Fact):
    """What one version of a governing text says otherwise than another."""

    text_id: UUID
    version: int
    from_text_id: UUID | None
    from_version: int
    """0: there was none before, and all is new."""
    kind: TextKind
    title: str
    clauses: tuple[ClauseDifference, ...]
