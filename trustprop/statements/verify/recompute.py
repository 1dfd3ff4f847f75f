"""The figures once more, from the journal: the same rules over facts read back from the statement."""

from collections import Counter
from uuid import UUID

import msgspec

from trustprop.kernel.periods import Period
from trustprop.statements import rules
from trustprop.statements.model import (
    AccountFact,
    Activity,
    BankFact,
    BudgetFact,
    Change,
    Figures,
    FundFact,
    Journal,
    Month,
    Name,
    PaymentFact,
    Turnover,
)

_NO_LINE = UUID(int=0)


def first_odd_section(figures: Figures, journal: Journal) -> str:
    """The first section whose figures do not follow from the journal; empty when all do."""
    again = rules.draw_up(_facts(figures, journal))
    for field in msgspec.structs.fields(Figures):
        if field.name == "summary":
            if _odd_summary(figures, again):
                return "summary"
        elif getattr(figures, field.name) != getattr(again, field.name):
            return field.name
    if any(not tie.passed or tie.left_fen != tie.right_fen for tie in figures.tie_outs):
        return "tie_outs"
    return ""


def _odd_summary(figures: Figures, again: Figures) -> bool:
    """All but the figures of the month before, which this journal does not hold."""
    now = {row.account: 0 for row in figures.activities}
    for row in figures.activities:
        now[row.account] += row.month_fen
    changes = figures.summary.largest_changes
    told = msgspec.structs.replace(again.summary, largest_changes=changes)
    return figures.summary != told or any(_odd_change(change, now) for change in changes)


def _odd_change(change: Change, now: dict[str, int]) -> bool:
    return change.now_fen != now.get(change.account, 0)


def _facts(figures: Figures, journal: Journal) -> Month:
    movements = rules.movements(entry for entry in journal.entries if entry.kind != "opening")
    return Month(
        period=Period.parse(figures.period),
        accounts=_accounts(figures),
        funds=tuple(
            FundFact(code=fund.fund, name=fund.name, is_held_for_others=fund.is_held_for_others)
            for fund in figures.funds
        ),
        opening=journal.opening,
        entries=journal.entries,
        year_before=tuple(
            _before(row, movements.get((row.fund, row.account))) for row in figures.activities
        ),
        month_before=(),
        banks=tuple(
            BankFact(
                account=bank.account,
                bank=bank.bank,
                number_masked=bank.number_masked,
                bank_fen=bank.bank_fen,
                receipts_not_on_bank_fen=bank.receipts_not_on_bank_fen,
                payments_not_on_bank_fen=bank.payments_not_on_bank_fen,
            )
            for bank in figures.banks
        ),
        budget=_budget(figures),
        payments=_payments(figures),
        ageing=figures.ageing,
        collected_fen=figures.collected_fen,
        billed_fen=figures.billed_fen,
        revenue_contracts=figures.revenue_contracts,
        commitments=figures.commitments,
        remuneration_basis=figures.remuneration.basis,
        questions=figures.questions,
        resolutions={decision.resolution_id: decision for decision in figures.decisions},
        corrections=figures.corrections,
        tie_outs=figures.tie_outs,
        payments_threshold_fen=figures.payments_threshold_fen,
    )


def _accounts(figures: Figures) -> tuple[AccountFact, ...]:
    names: dict[str, Name] = {line.account: line.account_name for line in figures.budget}
    for rows in (figures.activities, figures.banks, figures.receivables, figures.payables):
        names.update({row.account: row.name for row in rows})
    return tuple(AccountFact(code=code, name=name) for code, name in names.items())


def _before(row: Activity, turnover: Turnover | None) -> Turnover:
    """What the year before the month must have been for the year to date to be what it says."""
    month_fen = 0
    if turnover is not None:
        month_fen = turnover.credit_fen - turnover.debit_fen
        month_fen = month_fen if row.is_income else -month_fen
    earlier_fen = row.year_to_date_fen - month_fen
    is_credit = row.is_income
    return Turnover(
        fund=row.fund,
        account=row.account,
        debit_fen=0 if is_credit else earlier_fen,
        credit_fen=earlier_fen if is_credit else 0,
    )


def _budget(figures: Figures) -> tuple[BudgetFact, ...]:
    lines = [
        BudgetFact(
            line_id=line.line_id,
            code=line.code,
            name=line.name,
            fund=line.fund,
            account=line.account,
            is_income=False,
            appropriated_fen=line.appropriated_fen,
            used_before_fen=line.used_before_fen,
            encumbered_fen=line.encumbered_fen,
            reserved_fen=line.reserved_fen,
        )
        for line in figures.budget
    ]
    return (*lines, *_income_budget(figures))


def _income_budget(figures: Figures) -> list[BudgetFact]:
    """Budgeted income stands in the activities alone; a line for each gives the same figure again."""
    planned: Counter[tuple[str, str]] = Counter()
    for line in figures.budget:
        planned[line.fund, line.account] += line.appropriated_fen
    return [
        BudgetFact(
            line_id=_NO_LINE,
            code="",
            name="",
            fund=row.fund,
            account=row.account,
            is_income=True,
            appropriated_fen=row.budget_fen,
            used_before_fen=0,
        )
        for row in figures.activities
        if row.is_income and row.budget_fen is not None and (row.fund, row.account) not in planned
    ]


def _payments(figures: Figures) -> tuple[PaymentFact, ...]:
    return tuple(
        PaymentFact(
            kind=payment.kind,
            order_id=payment.order_id,
            number=payment.number,
            entry_number=payment.entry_number,
            payee=payment.payee,
            purpose=payment.purpose,
            budget_line=payment.budget_line,
            fund=payment.fund,
            invoices=payment.invoices,
            amount_fen=payment.amount_fen,
            digest=payment.digest,
            signers=payment.signers,
            bank_reference=payment.bank_reference,
        )
        for payment in figures.payments
    )
