"""Questions and objections to what is published, and their answers (Trust Law 20)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.kernel.caller import Office
from trustprop.kernel.struct import Command, Fact

Prose = Annotated[str, Meta(min_length=1, max_length=4000)]


class InquiryKind(StrEnum):
    QUESTION = "question"
    OBJECTION = "objection"
    """异议: a written one is answered in writing (Shenzhen 22)."""


class TargetKind(StrEnum):
    """What an inquiry is about."""

    STATEMENT = "statement"
    ENTRY = "entry"
    PAYMENT_ORDER = "payment_order"
    INVOICE = "invoice"
    BUDGET = "budget"
    RESOLUTION = "resolution"


class Ask(Command):
    id: UUID
    kind: InquiryKind
    target_kind: TargetKind
    target_id: UUID
    place: Annotated[str, Meta(max_length=200)] = ""
    """Where in it, such as ``sections/5`` of a statement."""
    body: Prose


class Answer(Command):
    body: Prose


class Inquiry(Fact):
    """As kept; who asked is not for others."""

    inquiry_id: UUID
    kind: InquiryKind
    target_kind: TargetKind
    target_id: UUID
    place: str
    body: str
    asked_by: UUID
    asked_at: datetime
    due_on: date
    """The last day for the answer."""
    answer: str
    answered_by: UUID | None
    answered_for: Office | None
    answered_at: datetime | None


class PublicInquiry(Fact):
    """As everybody sees it: without the person who asked."""

    inquiry_id: UUID
    kind: InquiryKind
    target_kind: TargetKind
    target_id: UUID
    place: str
    body: str
    asked_at: datetime
    due_on: date
    answer: str
    answered_for: Office | None
    answered_at: datetime | None
    is_overdue: bool
    """Not answered by the last day, or answered after it."""
    is_mine: bool
