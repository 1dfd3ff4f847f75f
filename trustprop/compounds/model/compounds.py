"""The compound itself, and the words that every part of it is written in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.kernel.struct import Command, Fact

PRINTABLE = r"^[^\x00]*$"
"""PostgreSQL stores no NUL."""
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTABLE)]
Prose = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=PRINTABLE)]
Code = Annotated[str, Meta(max_length=40, pattern=PRINTABLE)]
Fen = Annotated[int, Meta(ge=0, le=10**15)]


class CompoundState(StrEnum):
    FOUNDING = "founding"
    """The trust instrument is not signed yet: no books, no money."""
    OPEN = "open"


class Compound(Fact):
    """A residential compound (小区), one settlor with one set of books (Trust Law 29)."""

    compound_id: UUID
    name: str
    credit_code: str
    """Unified social credit code of the owners' assembly; empty while it has none."""
    address: str
    state: CompoundState
    rule_profile: str
    created_at: datetime


class CreateCompound(Command):
    """The operator sets up an empty compound; the founding act opens it."""

    id: UUID
    name: Name
    address: Name
    credit_code: Annotated[str, Meta(max_length=18)] = ""
    rule_profile: str = "national"
    invited: tuple[UUID, ...] = ()
    """People who may prove a signing key here before they hold any office."""


class Invite(Command):
    person_id: UUID
