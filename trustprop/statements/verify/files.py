"""Opening a published statement: a PDF with its attachments, or the JSON bundle."""

import json
from io import BytesIO
from pathlib import Path

import pikepdf

from trustprop.kernel.canonical import sha256
from trustprop.statements.model import Edition
from trustprop.statements.verify.check import verify
from trustprop.statements.verify.report import Finding, Report

_PARTS = ("statement.json", "journal.json", "note.txt")


class Unreadable(ValueError):
    """Neither a statement's PDF with its attachments nor its JSON bundle."""


def verify_file(path: Path) -> Report:
    """Raises Unreadable when the file is no statement at all."""
    content = path.read_bytes()
    edition, printed = _opened(content)
    report = verify(edition.statement, edition.journal, edition.note)
    if printed in (None, f"SHA-256 {sha256(edition.statement).hex()}"):
        return report
    odd = Finding(code="digest", holds=False, detail=printed or "")
    return Report(number=report.number, period=report.period, findings=(odd, *report.findings))


def read_file(path: Path) -> Edition:
    """The parts of a published statement. Raises Unreadable."""
    return _opened(path.read_bytes())[0]


def _opened(content: bytes) -> tuple[Edition, str | None]:
    """With what a PDF prints of its own digest."""
    return _from_pdf(content) if content[:5] == b"%PDF-" else (_from_bundle(content), None)


def _from_pdf(content: bytes) -> tuple[Edition, str]:
    try:
        with pikepdf.open(BytesIO(content)) as document:
            parts = {
                name: document.attachments[name].get_file().read_bytes()
                for name in _PARTS
                if name in document.attachments
            }
            printed = str(document.docinfo.get("/Subject", ""))
    except pikepdf.PdfError as error:
        raise Unreadable(str(error)) from None
    if len(parts) != len(_PARTS):
        raise Unreadable("the attachments of a statement are missing")
    edition = Edition(
        statement=parts["statement.json"],
        journal=parts["journal.json"],
        note=parts["note.txt"].decode(errors="replace"),
    )
    return edition, printed


def _from_bundle(content: bytes) -> Edition:
    """The parts as they stand in the file, so that not a space of them is taken on trust."""
    try:
        document = json.loads(content)
        note = document["note"]
        start, middle, end = b'{"journal":', b',"note":', b',"statement":'
        cut = content.rindex(end)
        journal = content[len(start) : content.rindex(middle, 0, cut)]
        statement = content[cut + len(end) : -1]
        written = b"%b%b%b%b%b%b}" % (
            start, journal, middle, json.dumps(note, ensure_ascii=False).encode(), end, statement,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable(f"not a statement bundle: {error}") from None
    if written != content.rstrip(b"\n") or not isinstance(note, str):
        raise Unreadable("not a statement bundle")
    return Edition(statement=statement, journal=journal, note=note)
