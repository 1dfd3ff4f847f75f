"""The figures of a month, computed from its entries; the offline check computes them the same way."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from trustprop.statements.model import (
    Activity,
    BudgetBar,
    Change,
    Figures,
    FundMovement,
    JournalEntry,
    Month,
    Summary,
    Turnover,
)
from trustprop.statements.rules import sections
from trustprop.statements.rules.books import (
    Books,
    Key,
    expense_of,
    income_of,
    is_cash,
    is_channel,
    is_expense,
    is_income,
    is_liability,
)

MAINTENANCE_FUND = "MF"
LARGEST = 3


def draw_up(month: Month) -> Figures:
    """Every figure of the statement. The same facts give the same figures, byte for byte."""
    books = Books(month)
    return Figures(
        period=str(month.period),
        summary=_summary(month, books),
        activities=_activities(month, books),
        budget=_budget(month, books),
        funds=tuple(_fund(fund.code, books) for fund in month.funds if books.has(fund.code)),
        transfers=sections.transfers(month),
        banks=sections.banks(month, books),
        in_transit_fen=books.closing_of(lambda _fund, account: is_channel(account)),
        payments=sections.payments(month),
        payments_threshold_fen=month.payments_threshold_fen,
        receivables=sections.receivables(books),
        ageing=month.ageing,
        collected_fen=month.collected_fen,
        billed_fen=month.billed_fen,
        revenue_contracts=month.revenue_contracts,
        payables=sections.payables(books),
        commitments=month.commitments,
        remuneration=sections.remuneration(month, books),
        maintenance_fund=_fund(MAINTENANCE_FUND, books) if books.has(MAINTENANCE_FUND) else None,
        questions=month.questions,
        decisions=sections.decisions(month),
        corrections=month.corrections,
        tie_outs=month.tie_outs,
    )


def _summary(month: Month, books: Books) -> Summary:
    received, paid = _cash_in_and_out(books.entries)
    closing = books.closing_of(lambda _fund, account: is_cash(account))
    held = {fund.code for fund in month.funds if fund.is_held_for_others}
    held_fen = books.closing_of(lambda fund, account: is_cash(account) and fund in held)
    return Summary(
        opening_fen=books.opening_of(lambda _fund, account: is_cash(account)),
        in_fen=received,
        out_fen=paid,
        closing_fen=closing,
        income_fen=sum(income_of(turnover) for turnover in books.turnover.values()),
        expense_fen=sum(expense_of(turnover) for turnover in books.turnover.values()),
        owners_fen=closing - held_fen,
        held_fen=held_fen,
        largest_changes=_largest_changes(month, books),
    )


def _cash_in_and_out(entries: Iterable[JournalEntry]) -> tuple[int, int]:
    """Net per entry, so that money moved between the compound's own accounts counts as neither."""
    received = paid = 0
    for entry in entries:
        net = sum(line.signed_fen for line in entry.lines if is_cash(line.account))
        received += max(net, 0)
        paid += max(-net, 0)
    return received, paid


def _largest_changes(month: Month, books: Books) -> tuple[Change, ...]:
    now = _results(books.turnover.values())
    if month.month_before is not None:
        before, basis = _results(month.month_before), "previous_month"
        accounts = now.keys() | before.keys()
    else:
        before, basis = _budget_pace(month), "budget_pace"
        accounts = set(before)
    changes = [
        Change(
            account=account,
            name=books.name(account),
            before_fen=before.get(account, 0),
            now_fen=now.get(account, 0),
            is_income=is_income(account),
            basis=basis,
        )
        for account in accounts
        if now.get(account, 0) != before.get(account, 0)
    ]
    changes.sort(key=lambda change: (-abs(change.change_fen), change.account))
    return tuple(changes[:LARGEST])


def _results(turnovers: Iterable[Turnover]) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    for turnover in turnovers:
        if is_income(turnover.account) or is_expense(turnover.account):
            totals[turnover.account] += income_of(turnover) + expense_of(turnover)
    return totals


def _budget_pace(month: Month) -> dict[str, int]:
    """The average month used before these books were opened, rounded down."""
    months = month.period.month - 1
    totals: dict[str, int] = defaultdict(int)
    for line in month.budget:
        totals[line.account] += line.used_before_books_fen
    return {account: used // months for account, used in totals.items() if months and used}


def _activities(month: Month, books: Books) -> tuple[Activity, ...]:
    before = {(turnover.fund, turnover.account): turnover for turnover in month.year_before}
    budget: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for line in month.budget:
        budget[line.fund, line.account][0] += line.appropriated_fen
        budget[line.fund, line.account][1] += line.used_before_books_fen
    keys = {key for key in (*books.turnover, *before) if is_income(key[1]) or is_expense(key[1])}
    return tuple(
        _activity(month, books, key, before.get(key), budget.get(key))
        for key in sorted(keys | {key for key in budget if is_income(key[1]) or is_expense(key[1])})
    )


def _activity(
    month: Month, books: Books, key: Key, before: Turnover | None, budget: list[int] | None
) -> Activity:
    fund, account = key
    turnover = books.turnover.get(key)
    month_fen = income_of(turnover) + expense_of(turnover) if turnover else 0
    earlier_fen = income_of(before) + expense_of(before) if before else 0
    return Activity(
        fund=fund,
        account=account,
        name=books.name(account),
        is_income=is_income(account),
        month_fen=month_fen,
        year_to_date_fen=month_fen + earlier_fen + (budget[1] if budget else 0),
        budget_fen=budget[0] if budget else None,
        budget_to_date_fen=budget[0] * month.period.month // 12 if budget else None,
    )


def _budget(month: Month, books: Books) -> tuple[BudgetBar, ...]:
    used: Counter[UUID] = Counter()
    for entry in books.entries:
        for line in entry.lines:
            if line.budget_line_id is not None and is_expense(line.account):
                used[line.budget_line_id] += line.signed_fen
    return tuple(
        BudgetBar(
            line_id=line.line_id,
            code=line.code,
            name=line.name,
            account_name=books.name(line.account),
            fund=line.fund,
            account=line.account,
            appropriated_fen=line.appropriated_fen,
            used_before_fen=line.used_before_fen,
            used_month_fen=used[line.line_id],
            encumbered_fen=line.encumbered_fen,
            reserved_fen=line.reserved_fen,
        )
        for line in month.budget
        if not line.is_income
    )


def _fund(code: str, books: Books) -> FundMovement:
    """Of a fund held for others the liabilities are told, of the owners' funds what is left to them."""
    fund = books.funds[code]
    if fund.is_held_for_others:
        return _held(code, books)
    turnovers = [turnover for key, turnover in books.turnover.items() if key[0] == code]
    return FundMovement(
        fund=code,
        name=fund.name,
        is_held_for_others=False,
        opening_fen=_net_assets(books.opening, code),
        in_fen=sum(income_of(turnover) for turnover in turnovers),
        out_fen=sum(expense_of(turnover) for turnover in turnovers),
        transfers_in_fen=sum(
            _net(turnover) for turnover in turnovers if turnover.account == "3901"
        ),
        transfers_out_fen=-sum(
            _net(turnover) for turnover in turnovers if turnover.account == "3902"
        ),
        closing_fen=_net_assets(books.closing, code),
    )


def _held(code: str, books: Books) -> FundMovement:
    owed = [key for key in books.keys if key[0] == code and is_liability(key[1])]
    return FundMovement(
        fund=code,
        name=books.funds[code].name,
        is_held_for_others=True,
        opening_fen=-sum(books.opening.get(key, 0) for key in owed),
        in_fen=sum(books.credit(key) for key in owed),
        out_fen=sum(books.debit(key) for key in owed),
        transfers_in_fen=0,
        transfers_out_fen=0,
        closing_fen=-sum(books.closing.get(key, 0) for key in owed),
    )


def _net(turnover: Turnover) -> int:
    return turnover.credit_fen - turnover.debit_fen


def _net_assets(balances: Mapping[Key, int], fund: str) -> int:
    """Assets less liabilities."""
    return sum(
        amount
        for key, amount in balances.items()
        if key[0] == fund and (key[1].startswith("1") or is_liability(key[1]))
    )
