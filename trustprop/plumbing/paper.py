"""Paper: a template and its data become a tagged PDF, the same bytes for the same input.

Every document is a folder of `reports/`: template.html, style.css, sample.json. Nothing is ever
opened from outside while it is drawn.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from trustprop.kernel.money import yuan
from trustprop.kernel.periods import ZONE

REPORTS = Path(__file__).parents[2] / "reports"
LANGUAGES = ("zh", "en")
ACCESSIBLE = "pdf/ua-1"
ARCHIVAL = "pdf/a-3u"
"""The variant that may carry files; tagged as well."""

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def html(name: str, context: dict[str, Any]) -> str:
    """The template of a document, filled in."""
    return _environment().get_template(f"{name}/template.html").render(context)


def pdf(
    text: str,
    sheets: tuple[str, ...],
    identifier: bytes,
    *,
    variant: str = ACCESSIBLE,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """Lays out and writes; ``identifier`` (16 bytes) stands where other programs put a random one.

    Blocks for a second or so: never in the event loop (see the press).
    """
    fonts = FontConfiguration()
    document = HTML(string=text, url_fetcher=_NO_NETWORK)
    content: bytes = document.write_pdf(
        stylesheets=[CSS(string=style(sheets), font_config=fonts, url_fetcher=_NO_NETWORK)],
        font_config=fonts,
        pdf_variant=variant,
        pdf_tags=True,
        pdf_identifier=identifier,
        attachments=list(attachments),
    )
    return content


@cache
def style(sheets: tuple[str, ...]) -> str:
    """Style sheets of `reports/` one after the other."""
    return "\n".join((REPORTS / sheet).read_text(encoding="utf-8") for sheet in sheets)


def qr(text: str) -> Markup:
    """Drawn by segno, which writes nothing of the text but its squares."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(border=0, omitsize=True)
    return Markup(drawn)  # noqa: S704


def words(lang: str) -> dict[str, Any]:
    """What every template says in either language: a choice, a day, an instant, an amount."""
    is_chinese = lang == "zh"

    def choose(zh: str, en: str) -> str:
        return zh if is_chinese else en

    def instant(at: datetime) -> str:
        return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")

    def day(on: date) -> str:
        return (
            f"{on.year}年{on.month}月{on.day}日"
            if is_chinese
            else f"{on.day} {MONTHS[on.month - 1]} {on.year}"
        )

    return {"lang": lang, "t": choose, "day": day, "instant": instant, "yuan": yuan}


_NO_NETWORK = URLFetcher(allowed_protocols=())
"""A document is drawn from its own data alone: no address is ever opened."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(REPORTS),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
