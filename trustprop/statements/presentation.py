"""What pages and paper say: figures in groups, codes in words, in Chinese or English."""

from collections.abc import Callable
from typing import Any

from trustprop.kernel.periods import Period, utc
from trustprop.plumbing import paper
from trustprop.plumbing.paper import MONTHS
from trustprop.statements.model import Activity, BudgetBar, Figures, Name, Payment, Statement
from trustprop.statements.words import (
    KINDS,
    OFFICES,
    PARTIES,
    REVENUE_KINDS,
    TARGETS,
    TIE_OUTS,
)

BARS = 6


def context(statement: Statement, digest: str, lang: str) -> dict[str, Any]:
    figures = statement.figures
    period = Period.parse(figures.period)
    shared = words(lang)
    month_name = (
        f"{period.year}年{period.month}月"
        if lang == "zh"
        else f"{MONTHS[period.month - 1]} {period.year}"
    )
    title = {
        "zh": f"{statement.compound.name} {month_name}账目公开报告",
        "en": f"{statement.compound.name}: statement of {month_name}",
    }
    return shared | {
        "s": statement,
        "f": figures,
        "digest": digest,
        "month": period.month,
        "month_name": month_name,
        "title": title[lang],
        "created": utc(statement.published_at),
        "bars": bars(figures),
        "activity_groups": _activity_groups(figures),
        "fund_name": lambda code: fund_name(figures, code, lang),
    }


def words(lang: str) -> dict[str, Any]:
    shared = paper.words(lang)
    choose: Callable[[str, str], str] = shared["t"]

    def of(table: dict[str, tuple[str, str]]) -> Callable[[str], str]:
        return lambda key: choose(*table.get(key, (key, key)))

    def tie_name(key: str) -> str:
        name, _, detail = key.partition(":")
        return of(TIE_OUTS)(name) + (f" {detail}" if detail else "")

    def name(told: Name) -> str:
        return choose(told.zh, told.en)

    def payee(payment: Payment) -> str:
        if payment.payee is None:
            return choose("个人（不公开姓名）", "An individual (name not published)")
        return payment.payee or choose("银行扣款（双方事后说明）", "Debit explained afterwards")

    return shared | {
        "name": name,
        "payee": payee,
        "party": of(PARTIES),
        "office": of(OFFICES),
        "revenue_kind": of(REVENUE_KINDS),
        "entry_kind": of(KINDS),
        "target": of(TARGETS),
        "tie_name": tie_name,
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


def fund_name(figures: Figures, code: str, lang: str) -> str:
    for fund in figures.funds:
        if fund.fund == code:
            return fund.name.zh if lang == "zh" else fund.name.en
    return code


def _permille(part: int, whole: int) -> int:
    return min(max(part * 1000 // whole, 0), 1000) if whole > 0 else 0


def _percent(part: int, whole: int) -> str:
    return f"{(part * 200 + whole) // (2 * whole)}%" if whole > 0 else "—"


def _percent2(part: int, whole: int) -> str:
    """Two decimals, cut off rather than rounded up to a hundred."""
    hundredths = part * 10000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
