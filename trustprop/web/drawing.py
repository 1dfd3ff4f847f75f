"""Published statements as HTML for phones: the same words and figures as on paper, with links."""

import base64
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period
from trustprop.statements.model import (
    Edition,
    Figures,
    Journal,
    JournalEntry,
    Name,
    Published,
    SignedAct,
    Statement,
)
from trustprop.statements.presentation import context, fund_name, words
from trustprop.web import overview
from trustprop.web.overview import HomeAreas, Share
from trustprop.web.span import Span

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = frozenset({"check.js", "check-page.js", "noble-ed25519.js", "htmx.min.js", "keys.js"})
CHECK_WORDS = {
    "fetching": ("正在取报告…", "Fetching the statement…"),
    "busy": ("正在核对…", "Checking…"),
    "good": ("全部成立。", "all of it holds."),
    "bad": ("有不成立的地方，请不要相信这份报告。", "something does not hold; do not trust it."),
    "network": (
        "网络不通，没有取到报告。这不说明报告有问题。",
        "The network failed and the statement did not arrive. This says nothing about it.",
    ),
    "unreadable": ("这不是一份报告文件", "This is no file of a statement"),
    "browser": (
        "这个浏览器不能计算指纹，请换一个浏览器，或用 https 地址打开。",
        "This browser cannot compute hashes here; use another one, or an https address.",
    ),
    "digest": ("文件就是公布的那一份，指纹一致", "The file is as published: its digest"),
    "note": ("账本密钥为这份报告作证", "The journal's key attests this statement"),
    "entries": ("每笔分录的指纹都对得上", "Every entry has the hash in the journal"),
    "memos": ("公开的摘要就是当初记下的", "The published memos are those written down"),
    "root": ("由所有指纹算出账本的根", "All hashes together give the journal's root"),
    "checkpoint": ("账本的根有签名封存", "The root is sealed by a signature"),
    "balances": (
        "期初 + 发生 = 期末，每个科目、每个基金",
        "Opening + movements = closing, in every account and fund",
    ),
    "summary": ("首页四个数字相符", "The four figures of the first page tie"),
    "payments": ("每笔付款都有两方签名", "Every payment carries the signatures of both sides"),
    "close": ("两方签名的结账覆盖全部数字", "The close that both sides signed covers every figure"),
}
"""What the check in the browser says, by the codes of ``scripts/check.js``."""


def index_page(base: str, compound: str, listed: tuple[Published, ...], lang: str) -> bytes:
    """Every statement of a compound, the newest first."""
    return _draw(
        "index.html", words(lang) | _frame(base, lang) | {"name_of": compound, "listed": listed}
    )


def compound_page(
    base: str,
    compound: str,
    span: Span,
    statements: Sequence[Statement],
    ends: tuple[Period, Period],
    lang: str,
) -> bytes:
    """A month, a quarter or a year at a glance; every figure leads to the statement behind it."""
    until = Period.parse(statements[-1].figures.period) if statements else span.last
    facts = {
        "name_of": compound,
        "span": span,
        "shown_until": until,
        "choices": [Span.month(until), Span.quarter(until), Span.year(until)],
        "before": span.previous if span.first > ends[0] else None,
        "after": span.next if span.last < ends[1] else None,
        "statements": statements,
        "o": overview.overview(statements) if statements else None,
        "sentences": overview.sentences(statements[0]) if statements and span.length == 1 else (),
        "fund_name": lambda code: fund_name(statements[-1].figures, code, lang),
    }
    return _draw("compound.html", words(lang) | _frame(base, lang) | facts)


def hundred_page(
    base: str, compound: str, span: Span, shares: Sequence[Share], homes: HomeAreas, lang: str
) -> bytes:
    """What every hundred yuan paid for, and what fell to one home by its area."""
    facts = {"name_of": compound, "span": span, "shares": shares, "homes": homes}
    return _draw("hundred.html", words(lang) | _frame(base, lang) | facts)


def check_page(base: str, compound: str, number: str, lang: str) -> bytes:
    """Where a browser checks a statement, or a file of one when ``number`` is empty."""
    shared = words(lang)
    told = {code: shared["t"](*told) for code, told in CHECK_WORDS.items()}
    facts = {"name_of": compound, "number": number, "check_words": told}
    return _draw("check.html", shared | _frame(base, lang) | facts)


def decisions_page(base: str, facts: dict[str, Any], lang: str) -> bytes:
    """What became of decisions in a quarter."""
    return _draw("decisions.html", words(lang) | _frame(base, lang) | facts)


def unpublished_page(base: str, compound: str, lang: str) -> bytes:
    """A compound before its first statement."""
    return index_page(base, compound, (), lang)


def statement_page(base: str, edition: Edition, lang: str) -> bytes:
    statement = msgspec.json.decode(edition.statement, type=Statement)
    digest = sha256(edition.statement).hex()
    return _draw("statement.html", context(statement, digest, lang) | _frame(base, lang))


def line_page(base: str, edition: Edition, fund: str, account: str, lang: str) -> bytes:
    """The entries behind one line of the statement. Raises Missing when there is no such line."""
    statement, journal = _parts(edition)
    entries = [
        (
            entry,
            sum(
                line.signed_fen
                for line in entry.lines
                if (line.fund, line.account) == (fund, account)
            ),
        )
        for entry in journal.entries
        if any((line.fund, line.account) == (fund, account) for line in entry.lines)
    ]
    if not entries and (fund, account) not in _known(statement, journal):
        raise Missing(kind="line")
    return _draw(
        "line.html",
        context(statement, "", lang)
        | _frame(base, lang)
        | {
            "entries": entries,
            "line_name": _names(statement.figures).get(account),
            "account": account,
            "fund": fund,
        },
    )


def entry_page(
    base: str, edition: Edition, number: int, names: dict[str, Name], lang: str
) -> bytes:
    """One entry as published: voucher redacted by class, signatures, resolution, place in the journal.

    Raises Missing when the statement does not publish it.
    """
    statement, journal = _parts(edition)
    found = [entry for entry in journal.entries if entry.number == number]
    if not found:
        raise Missing(kind="entry")
    entry = found[0]
    facts = {
        "entry": entry,
        "act": _act_of(journal, entry),
        "payment": _of(statement.figures.payments, "entry_number", number),
        "decision": _of(statement.figures.decisions, "resolution_id", entry.resolution_id),
        "leaf": _leaf(journal, entry),
        "account_names": names,
        "journal": journal,
        "paid_by": _paid_by(journal, entry),
        "pays": _pays(journal, entry),
    }
    return _draw("entry.html", context(statement, "", lang) | _frame(base, lang) | facts)


def problems_page(shown: tuple[Any, ...], code: str) -> bytes:
    """What problems mean and what to do next; ``code`` is empty for the list of all."""
    return _draw("problems.html", {"shown": shown, "code": code})


def _known(statement: Statement, journal: Journal) -> set[tuple[str, str]]:
    """Lines that the statement shows though nothing moved in the month."""
    budgeted = {(line.fund, line.account) for line in statement.figures.budget}
    return budgeted | {(balance.fund, balance.account) for balance in journal.opening}


def style(name: str = "style.css") -> bytes:
    return (TEMPLATES / name).read_bytes()


def script(name: str) -> bytes:
    """Raises Missing unless it is one of ours."""
    if name not in SCRIPTS:
        raise Missing(kind="script")
    return (TEMPLATES.parent / "scripts" / name).read_bytes()


def _parts(edition: Edition) -> tuple[Statement, Journal]:
    statement = msgspec.json.decode(edition.statement, type=Statement)
    return statement, msgspec.json.decode(edition.journal, type=Journal)


def _act_of(journal: Journal, entry: JournalEntry) -> SignedAct | None:
    return next((act for act in journal.payments if act.entry_number == entry.number), None)


def _paid_by(journal: Journal, entry: JournalEntry) -> list[int]:
    """The payments of this month that paid the invoice of this entry."""
    return [
        act.entry_number
        for act in journal.payments
        if act.entry_number is not None and entry.source.id in _invoices(act)
    ]


def _pays(journal: Journal, entry: JournalEntry) -> list[int]:
    """The entries of this month by which the paid invoices were accepted."""
    act = _act_of(journal, entry)
    invoices = _invoices(act) if act else set()
    return [one.number for one in journal.entries if one.source.id in invoices]


def _invoices(act: SignedAct) -> set[UUID]:
    """What an order says that it pays; nothing of a payload that is not published."""
    if act.payload is None:
        return set()
    body = msgspec.json.decode(base64.b64decode(act.payload))["body"]
    return {UUID(invoice["invoice_id"]) for invoice in body.get("invoices", ())}


def _of(rows: tuple[Any, ...], key: str, value: object) -> Any:
    if value is None:
        return None
    return next((row for row in rows if getattr(row, key) == value), None)


def _leaf(journal: Journal, entry: JournalEntry) -> str:
    """Empty for an entry older than this statement's leaves: it brings a proof instead."""
    index = entry.number - 1 - journal.previous_tree_size
    return journal.leaves[index] if index >= 0 else ""


def _names(figures: Figures) -> dict[str, Name]:
    names: dict[str, Name] = {}
    for rows in (figures.activities, figures.banks, figures.receivables, figures.payables):
        names.update({row.account: row.name for row in rows})
    return names


def _frame(base: str, lang: str) -> dict[str, Any]:
    return {"base": base, "lang": lang, "other": "en" if lang == "zh" else "zh"}


def _draw(template: str, facts: dict[str, Any]) -> bytes:
    return _environment().get_template(template).render(facts).encode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
