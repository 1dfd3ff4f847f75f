"""The printed statement: one template, two languages, the same bytes for the same input."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.money import yuan
from trustprop.kernel.periods import ZONE, Period, utc
from trustprop.statements.model import Activity, BudgetBar, Figures, Journal, Name, Statement
from trustprop.statements.words import MONTHS, OFFICES, PARTIES, REVENUE_KINDS, TIE_OUTS

REPORTS = Path(__file__).parents[2] / "reports"
LANGUAGES = ("zh", "en")
BARS = 6


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
    return template.render(_context(statement, digest, lang))


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
                    _no_formula(entry.memo or ""),
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


def _context(statement: Statement, digest: str, lang: str) -> dict[str, Any]:
    figures = statement.figures
    period = Period.parse(figures.period)
    words = _words(lang)
    month_name = (
        f"{period.year}年{period.month}月"
        if lang == "zh"
        else f"{MONTHS[period.month - 1]} {period.year}"
    )
    title = {
        "zh": f"{statement.compound.name} {month_name}账目公开报告",
        "en": f"{statement.compound.name}: statement of {month_name}",
    }
    return words | {
        "s": statement,
        "f": figures,
        "digest": digest,
        "lang": lang,
        "month": period.month,
        "month_name": month_name,
        "title": title[lang],
        "created": utc(statement.published_at),
        "qr": Markup(_qr(statement.public_url)),  # noqa: S704 - our own SVG
        "bars": bars(figures),
        "activity_groups": _activity_groups(figures),
        "fund_name": lambda code: _fund_name(figures, code, lang),
    }


def _words(lang: str) -> dict[str, Any]:
    is_chinese = lang == "zh"

    def choose(zh: str, en: str) -> str:
        return zh if is_chinese else en

    def of(table: dict[str, tuple[str, str]]) -> Callable[[str], str]:
        return lambda key: choose(*table.get(key, (key, key)))

    def tie_name(key: str) -> str:
        name, _, detail = key.partition(":")
        return of(TIE_OUTS)(name) + (f" {detail}" if detail else "")

    def name(words: Name) -> str:
        return choose(words.zh, words.en)

    def instant(at: datetime) -> str:
        return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")

    def day(on: date) -> str:
        return (
            f"{on.year}年{on.month}月{on.day}日"
            if is_chinese
            else f"{on.day} {MONTHS[on.month - 1]} {on.year}"
        )

    return {
        "t": choose,
        "name": name,
        "party": of(PARTIES),
        "office": of(OFFICES),
        "revenue_kind": of(REVENUE_KINDS),
        "tie_name": tie_name,
        "instant": instant,
        "day": day,
        "yuan": yuan,
        "percent": _percent,
        "percent2": _percent2,
        "permille": _permille,
    }


def bars(figures: Figures) -> tuple[BudgetBar, ...]:
    """The largest budget lines, for the first page."""
    lines = sorted(figures.budget, key=lambda line: (-line.appropriated_fen, line.code))
    return tuple(line for line in lines if line.appropriated_fen > 0)[:BARS]


def _activity_groups(figures: Figures) -> list[dict[str, Any]]:
    groups = []
    for fund in figures.funds:
        rows = [row for row in figures.activities if row.fund == fund.fund]
        if rows:
            parts = [_part(rows, is_income=True), _part(rows, is_income=False)]
            groups.append(
                {
                    "name": fund.name,
                    "parts": [part for part in parts if part["rows"]],
                    "result_fen": parts[0]["month_fen"] - parts[1]["month_fen"],
                }
            )
    return groups


def _part(rows: list[Activity], *, is_income: bool) -> dict[str, Any]:
    shown = [row for row in rows if row.is_income is is_income]
    budgets = [row.budget_fen for row in shown if row.budget_fen is not None]
    return {
        "is_income": is_income,
        "rows": shown,
        "month_fen": sum(row.month_fen for row in shown),
        "year_to_date_fen": sum(row.year_to_date_fen for row in shown),
        "budget_fen": sum(budgets) if budgets else None,
    }


def _fund_name(figures: Figures, code: str, lang: str) -> str:
    for fund in figures.funds:
        if fund.fund == code:
            return fund.name.zh if lang == "zh" else fund.name.en
    return code


def _qr(url: str) -> str:
    return str(segno.make(url, error="m", micro=False).svg_inline(border=0, omitsize=True))


def _permille(part: int, whole: int) -> int:
    return min(max(part * 1000 // whole, 0), 1000) if whole > 0 else 0


def _percent(part: int, whole: int) -> str:
    return f"{(part * 200 + whole) // (2 * whole)}%" if whole > 0 else "—"


def _percent2(part: int, whole: int) -> str:
    """Two decimals, cut off rather than rounded up to a hundred."""
    hundredths = part * 10000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def _plain_yuan(amount_fen: int) -> str:
    return yuan(amount_fen).replace(",", "")


def _no_formula(text: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
