"""What a compound's own page says, computed from published statements and nothing else."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from trustprop.kernel.money import yuan
from trustprop.kernel.struct import Fact
from trustprop.statements.model import BudgetBar, Figures, Name, Statement

MOST_SENTENCES_OF_BUDGET = 3
HUNDRED_YUAN = 100_00


class Item(Fact):
    """An income or expense of a span within one fund."""

    fund: str
    account: str
    name: Name
    amount_fen: int


class Overview(Fact):
    """Published months in their order; opening + in − out = closing."""

    months: tuple[str, ...]
    opening_fen: int
    in_fen: int
    out_fen: int
    closing_fen: int
    income: tuple[Item, ...]
    expense: tuple[Item, ...]
    budget: tuple[BudgetBar, ...]
    """As it stood at the end of the last month."""
    collected_fen: int
    billed_fen: int

    @property
    def income_fen(self) -> int:
        return sum(item.amount_fen for item in self.income)

    @property
    def expense_fen(self) -> int:
        return sum(item.amount_fen for item in self.expense)


class Share(Fact):
    """What an expense took of every hundred yuan, and of one home by its area (Civil Code 283)."""

    item: Item
    of_hundred_fen: int
    of_home_fen: int


class HomeAreas(Fact):
    """The area that a share is computed for, and those that most homes have."""

    area_dm2: int
    total_area_dm2: int
    common_dm2: tuple[int, ...]


class Sentence(Fact):
    """One plain sentence, and where its figures stand."""

    told: Name
    place: str
    """Below the compound's address: ``statements/2025-001/lines/OP/5101``."""


def overview(statements: Sequence[Statement]) -> Overview:
    """``statements`` are months that follow each other, at least one."""
    figures = [statement.figures for statement in statements]
    assert figures
    assert all(a.summary.closing_fen == b.summary.opening_fen for a, b in pairwise(figures))
    return Overview(
        months=tuple(one.period for one in figures),
        opening_fen=figures[0].summary.opening_fen,
        in_fen=sum(one.summary.in_fen for one in figures),
        out_fen=sum(one.summary.out_fen for one in figures),
        closing_fen=figures[-1].summary.closing_fen,
        income=_items(figures, is_income=True),
        expense=_items(figures, is_income=False),
        budget=tuple(line for line in figures[-1].budget if line.appropriated_fen > 0),
        collected_fen=sum(one.collected_fen for one in figures),
        billed_fen=sum(one.billed_fen for one in figures),
    )


def _items(figures: Iterable[Figures], *, is_income: bool) -> tuple[Item, ...]:
    """The largest first."""
    found: dict[tuple[str, str], Item] = {}
    for row in (row for one in figures for row in one.activities if row.is_income is is_income):
        before = found.get((row.fund, row.account))
        found[row.fund, row.account] = Item(
            fund=row.fund,
            account=row.account,
            name=row.name,
            amount_fen=row.month_fen + (before.amount_fen if before else 0),
        )
    held = (item for item in found.values() if item.amount_fen)
    return tuple(sorted(held, key=lambda item: (-item.amount_fen, item.fund, item.account)))


def shares(shown: Overview, area_dm2: int, total_area_dm2: int) -> tuple[Share, ...]:
    """Of every hundred yuan spent, how much went where; the parts add up to the fen."""
    spent = [item for item in shown.expense if item.amount_fen > 0]
    weights = [item.amount_fen for item in spent]
    hundred = apportion(HUNDRED_YUAN, weights)
    of_home = apportion(sum(weights) * area_dm2 // total_area_dm2, weights)
    return tuple(
        Share(item=item, of_hundred_fen=part, of_home_fen=own)
        for item, part, own in zip(spent, hundred, of_home, strict=True)
    )


def apportion(amount_fen: int, weights: Sequence[int]) -> list[int]:
    """Largest remainders: whole fen that add up to the amount, in proportion to the weights."""
    total = sum(weights)
    if not total:
        return [0 for _weight in weights]
    parts = [amount_fen * weight // total for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda i: (-(amount_fen * weights[i] % total), i)
    )
    for i in by_remainder[: amount_fen - sum(parts)]:
        parts[i] += 1
    return parts


def sentences(statement: Statement) -> tuple[Sentence, ...]:
    """The month in plain words, by rules from its figures; each leads to where they stand."""
    return (*_of_money(statement), *_of_budget(statement), *_of_people(statement))


def _of_money(statement: Statement) -> Iterable[Sentence]:
    figures, page = statement.figures, f"statements/{statement.number}"
    shown = overview([statement])
    summary = figures.summary
    yield _sentence(
        page,
        f"这个月收进 {yuan(summary.in_fen)} 元，付出 {yuan(summary.out_fen)} 元，"
        f"月末还有 {yuan(summary.closing_fen)} 元。",
        f"{yuan(summary.in_fen)} came in, {yuan(summary.out_fen)} went out, "
        f"{yuan(summary.closing_fen)} was left at the end.",
    )
    for items, zh, en in (
        (shown.income, "收入最多的是", "The largest income was"),
        (shown.expense, "花钱最多的是", "The largest expense was"),
    ):
        for item in items[:1]:
            yield _sentence(
                f"{page}/lines/{item.fund}/{item.account}",
                f"{zh}{item.name.zh}：{yuan(item.amount_fen)} 元。",
                f"{en} {item.name.en}: {yuan(item.amount_fen)}.",
            )
    count, total = len(figures.payments), sum(payment.amount_fen for payment in figures.payments)
    if count:
        yield _sentence(
            f"{page}#payments",
            f"一共付款 {count} 笔、{yuan(total)} 元，每一笔都有物业方和业主方两方签名。",
            f"{count} payments were made, {yuan(total)} in all, each signed by both sides.",
        )
    for move in figures.transfers:
        yield _sentence(
            f"entries/{move.entry_number}",
            f"依据决议 {move.resolution_number or '—'}，在基金之间划转 {yuan(move.amount_fen)} 元。",
            f"Under resolution {move.resolution_number or '—'}, {yuan(move.amount_fen)} was moved "
            "between funds.",
        )


def _of_budget(statement: Statement) -> Iterable[Sentence]:
    """The budget lines that are nearly used up, those furthest ahead first."""
    page = f"statements/{statement.number}"
    lines = [line for line in statement.figures.budget if line.appropriated_fen > 0]
    month = int(statement.figures.period[5:])
    ahead = [line for line in lines if 12 * line.used_fen > month * line.appropriated_fen]
    ahead.sort(key=lambda line: (-line.used_fen * 10_000 // line.appropriated_fen, line.code))
    for line in ahead[:MOST_SENTENCES_OF_BUDGET]:
        used = line.used_fen * 100 // line.appropriated_fen
        yield _sentence(
            f"{page}/lines/{line.fund}/{line.account}",
            f"“{line.name}”用得比进度快：全年预算已用 {used}%，一年过去 {month * 100 // 12}%。",
            f"{line.account_name.en} runs ahead of its budget: {used}% used, "
            f"{month * 100 // 12}% of the year gone.",
        )


def _of_people(statement: Statement) -> Iterable[Sentence]:
    figures, page = statement.figures, f"statements/{statement.number}"
    if figures.billed_fen > 0:
        rate = figures.collected_fen * 100 // figures.billed_fen
        yield _sentence(
            f"{page}#receivables",
            f"当月物业费收到 {rate}%。",
            f"{rate}% of the month's fees were paid.",
        )
    waiting = sum(question.answer is None for question in figures.questions)
    if figures.questions:
        yield _sentence(
            f"{page}#questions",
            f"业主提了 {len(figures.questions)} 个问题或异议，还有 {waiting} 个没有答复。",
            f"Owners asked or objected {len(figures.questions)} times; {waiting} wait for an answer.",
        )
    for correction in figures.corrections:
        yield _sentence(
            f"entries/{correction.entry_number}",
            f"更正了报告 {correction.statement_number} 的一笔账：{yuan(correction.amount_fen)} 元。",
            f"An entry of statement {correction.statement_number} was corrected: "
            f"{yuan(correction.amount_fen)}.",
        )


def _sentence(place: str, zh: str, en: str) -> Sentence:
    return Sentence(told=Name(zh=zh, en=en), place=place)
