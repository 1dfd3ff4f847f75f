"""The printed statement: one template, two languages, the same bytes for the same input."""

import csv
import io

import msgspec
from weasyprint import Attachment

from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.cells import harmless
from trustprop.kernel.money import yuan
from trustprop.kernel.periods import ZONE
from trustprop.plumbing import paper
from trustprop.plumbing.press import Press
from trustprop.statements.model import Edition, Journal, Statement
from trustprop.statements.presentation import context

MOST_ON_POSTER = 6
SHEETS = ("shared/page.css", "statement/style.css")


async def printed(press: Press, edition: Edition, lang: str) -> bytes:
    """The PDF of an edition, drawn in a process of the press."""
    return await press.draw(pdf, edition.statement, edition.journal, edition.note, lang)


def pdf(statement_json: bytes, journal_json: bytes, note: str, lang: str) -> bytes:
    """PDF/A-3u with the data attached. Blocks for a second or so: never in the event loop."""
    statement = msgspec.json.decode(statement_json, type=Statement)
    journal = msgspec.json.decode(journal_json, type=Journal)
    return paper.pdf(
        html(statement, sha256(statement_json).hex(), lang),
        SHEETS,
        sha256(statement_json + lang.encode())[:16],
        variant=paper.ARCHIVAL,
        attachments=_attachments(statement, statement_json, journal, journal_json, note),
    )


async def printed_poster(press: Press, edition: Edition, lang: str) -> bytes:
    """The notice for the stairwell, drawn in a process of the press."""
    return await press.draw(poster, edition.statement, lang)


def poster(statement_json: bytes, lang: str) -> bytes:
    """One sheet of A3: the four figures, where it went, and a QR code to everything else."""
    statement = msgspec.json.decode(statement_json, type=Statement)
    spent = [row for row in statement.figures.activities if not row.is_income and row.month_fen > 0]
    spent.sort(key=lambda row: (-row.month_fen, row.fund, row.account))
    told = context(statement, sha256(statement_json).hex(), lang) | {
        "qr": paper.qr(statement.public_url),
        "spent": spent[:MOST_ON_POSTER],
        "others": len(spent[MOST_ON_POSTER:]),
        "others_fen": sum(row.month_fen for row in spent[MOST_ON_POSTER:]),
        "spent_fen": sum(row.month_fen for row in spent),
    }
    identifier = sha256(statement_json + b"poster" + lang.encode())[:16]
    return paper.pdf(paper.html("poster", told), ("poster/style.css",), identifier)


def render_sample(lang: str) -> bytes:
    """The sample as a PDF, without a database."""
    parts = msgspec.json.decode((paper.REPORTS / "statement/sample.json").read_bytes())
    return pdf(
        canonical_json(parts["statement"]), canonical_json(parts["journal"]), parts["note"], lang
    )


def html(statement: Statement, digest: str, lang: str) -> str:
    """What WeasyPrint lays out."""
    told = context(statement, digest, lang) | {"qr": paper.qr(statement.public_url)}
    return paper.html("statement", told)


def entries_csv(journal: Journal) -> bytes:
    """The month's lines for a spreadsheet: UTF-8 with BOM, ISO dates, yuan with two decimals."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(
        [
            "number",
            "date",
            "kind",
            "memo",
            "fund",
            "account",
            "debit_yuan",
            "credit_yuan",
            "leaf_sha256",
        ]
    )
    for entry in journal.entries:
        index = entry.number - 1 - journal.previous_tree_size
        leaf = journal.leaves[index] if 0 <= index < len(journal.leaves) else ""
        for line in entry.lines:
            table.writerow(
                [
                    entry.number,
                    entry.accounting_on,
                    entry.kind,
                    harmless(entry.memo or ""),
                    line.fund,
                    line.account,
                    _plain_yuan(max(line.signed_fen, 0)),
                    _plain_yuan(max(-line.signed_fen, 0)),
                    leaf,
                ]
            )
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _attachments(
    statement: Statement, statement_json: bytes, journal: Journal, journal_json: bytes, note: str
) -> list[Attachment]:
    stamp = statement.published_at.astimezone(ZONE).replace(tzinfo=None)
    files = (
        ("statement.json", statement_json, "The statement, RFC 8785 JSON", "Source"),
        ("journal.json", journal_json, "Entries, proofs and signed acts", "Data"),
        ("note.txt", note.encode(), "The journal key's attestation of the statement", "Data"),
        ("journal.csv", entries_csv(journal), "Entries for a spreadsheet", "Alternative"),
    )
    return [
        Attachment(
            string=content,
            name=name,
            description=description,
            relationship=relationship,
            created=stamp,
            modified=stamp,
        )
        for name, content, description, relationship in files
    ]


def _plain_yuan(amount_fen: int) -> str:
    return yuan(amount_fen).replace(",", "")
