"""Budgets and their lines, with only what a test is about."""

from datetime import date
from typing import Any
from uuid import UUID

from tests.make import meetings as make_meetings
from tests.make.ground import make_caller, new_id
from trustprop.budgets import service
from trustprop.budgets.model import (
    AdoptBudget,
    BudgetDocument,
    Change,
    DraftBudget,
    IncomeDraft,
    LineControl,
    LineDraft,
    MovementKind,
    MovementSource,
)
from trustprop.kernel.caller import Caller, Office
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx

SEPTEMBER_15 = date(2025, 9, 15)


def source(kind: str = "invoice", version: int = 0) -> MovementSource:
    return MovementSource(kind=kind, id=new_id(), version=version)


def control(appropriated_fen: int = 100_00, **facts: Any) -> LineControl:
    values = {
        "line_id": new_id(),
        "budget_id": new_id(),
        "year": 2025,
        "code": "510206",
        "title": "小修",
        "account": "510206",
        "fund": "OP",
        "category": "运行维护",
        "scope": "",
        "warning_percent": 90,
        "resolution_id": new_id(),
        "appropriated_fen": appropriated_fen,
        "movements": 1,
    }
    return LineControl(**(values | facts))


def change(line: LineControl, kind: MovementKind, amount_fen: int, **facts: Any) -> Change:
    values = {
        "kind": kind,
        "line_id": line.line_id,
        "amount_fen": amount_fen,
        "source": source(),
        "on": SEPTEMBER_15,
    }
    return Change(**(values | facts))


def line_draft(code: str = "510206", amount_fen: int = 72_000_00, **facts: Any) -> LineDraft:
    values = {
        "line_id": new_id(),
        "code": code,
        "title": f"预算 {code}",
        "account": code,
        "fund": "OP",
        "category": "运行维护",
        "amount_fen": amount_fen,
    }
    return LineDraft(**(values | facts))


def income_draft(code: str = "I-4301", amount_fen: int = 2_000_000_00, **facts: Any) -> IncomeDraft:
    values = {
        "code": code,
        "title": "物业服务费",
        "account": "4301",
        "fund": "OP",
        "amount_fen": amount_fen,
        "collection_percent": 90,
    }
    return IncomeDraft(**(values | facts))


def budget_draft(
    *lines: LineDraft,
    income: tuple[IncomeDraft, ...] = (),
    year: int = 2025,
    budget_id: UUID | None = None,
) -> DraftBudget:
    return DraftBudget(
        id=budget_id or new_id(),
        year=year,
        title=f"{year} 年度开放式预算",
        lines=lines or (line_draft(),),
        income=income or (income_draft(),),
    )


async def add_budget(
    tx: Tx,
    caller: Caller,
    *lines: LineDraft,
    income: tuple[IncomeDraft, ...] = (),
    year: int = 2025,
) -> BudgetDocument:
    """A budget in force, for a compound with books and funds (``tests.make.funds.add_books``)."""
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    command = budget_draft(*lines, income=income, year=year)
    await service.draft(tx, manager, command)
    await service.consult(tx, manager, command.id)
    resolution = await make_meetings.add_resolution(tx, caller, Matter.BUDGET, command.id)
    adoption = AdoptBudget(resolution_id=resolution.resolution_id, version=1)
    return await service.adopt(tx, manager, command.id, adoption)
