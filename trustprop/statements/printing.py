"""The printed statement: one template, two languages, the same bytes for the same input."""

import csv
import io
from functools import cache
from pathlib import Path

import msgspec
import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.cells import harmless
from trustprop.kernel.money import yuan
from trustprop.kernel.periods import ZONE
from trustprop.statements.model import Journal, Statement
from trustprop.statements.presentation import context

REPORTS = Path(__file__).parents[2] / "reports"


def pdf(statement_json: bytes, journal_json: bytes, note: str, lang: str) -> bytes:
    """PDF/A-3u with the data attached. Blocks for a second or so: never in the event loop."""
    statement = msgspec.json.decode(statement_json, type=Statement)
    journal = msgspec.json.decode(journal_json, type=Journal)
    fonts = FontConfiguration()
    document = HTML(
        string=html(statement, sha256(statement_json).hex(), lang), url_fetcher=_NO_NETWORK
    )
    attachments = _attachments(statement, statement_json, journal, journal_json, note)
    content: bytes = document.write_pdf(
        stylesheets=[CSS(string=_style(), font_config=fonts, url_fetcher=_NO_NETWORK)],
        font_config=fonts,
        pdf_variant="pdf/a-3u",
        pdf_tags=True,
        pdf_identifier=sha256(statement_json + lang.encode())[:16],
        attachments=attachments,
    )
    return content


def render_sample(lang: str) -> bytes:
    """The sample as a PDF, without a database."""
    parts = msgspec.json.decode((REPORTS / "statement/sample.json").read_bytes())
    return pdf(
        canonical_json(parts["statement"]), canonical_json(parts["journal"]), parts["note"], lang
    )


def html(statement: Statement, digest: str, lang: str) -> str:
    """What WeasyPrint lays out."""
    template = _environment().get_template("statement/template.html")
    return template.render(context(statement, digest, lang) | {"qr": _qr(statement.public_url)})


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


_NO_NETWORK = URLFetcher(allowed_protocols=())
"""A statement is drawn from its own data alone: no address is ever opened."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(REPORTS),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )


@cache
def _style() -> str:
    sheets = (REPORTS / "shared/page.css", REPORTS / "statement/style.css")
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


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


def _qr(url: str) -> Markup:
    """Drawn by segno, which writes nothing of the address but its squares."""
    drawn = segno.make(url, error="m", micro=False).svg_inline(border=0, omitsize=True)
    return Markup(drawn)  # noqa: S704


def _plain_yuan(amount_fen: int) -> str:
    return yuan(amount_fen).replace(",", "")
