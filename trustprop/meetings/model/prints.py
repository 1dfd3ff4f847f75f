"""Ballots printed for everybody: asked for once, printed chunk by chunk, kept as files."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from trustprop.kernel.struct import Command, Fact

CHUNK = 100
"""Ballots in one file, and what is lost when a printing process is killed."""
PRINT_JOB = "print_ballots"


class PaperLanguage(StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"


class PrintBallots(Command):
    id: UUID
    lang: PaperLanguage = PaperLanguage.CHINESE


class BallotPrint(Fact):
    """As it was asked for."""

    print_id: UUID
    meeting_id: UUID
    vote_id: UUID
    lang: PaperLanguage
    ballots: int
    asked_by: UUID
    asked_at: datetime


class PrintedChunk(Fact):
    """One file of ballots; never printed a second time."""

    number: int
    """1, 2, 3 …"""
    first_serial: int
    last_serial: int
    ballots: int
    pages: int
    sha256: str
    size: int
    """In bytes."""
    printed_at: datetime


class BallotPrintProgress(Fact):
    print_id: UUID
    meeting_id: UUID
    lang: PaperLanguage
    asked_at: datetime
    ballots: int
    """In all."""
    ballots_printed: int
    pages_expected: int
    """In all: what is printed, and for each ballot to come its sheet and the secret sheet if any."""
    pages_printed: int
    is_done: bool
    files: tuple[PrintedChunk, ...]
    """In order of serials; each is complete."""
