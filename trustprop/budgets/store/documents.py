"""Budget documents, their versions and comments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.budgets.model import (
    Budget,
    BudgetLine,
    BudgetState,
    BudgetVersion,
    Comment,
    IncomeDraft,
    LineDraft,
)
from trustprop.budgets.tables import (
    budget,
    budget_comment,
    budget_income,
    budget_line,
    budget_version,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_BUDGET = (
    budget.c.budget_id,
    budget.c.year,
    budget.c.title,
    budget.c.state,
    budget.c.version,
    budget.c.warning_percent,
    budget.c.drafted_by,
    budget.c.drafted_at,
    budget.c.consulting_since,
    budget.c.adopted_at,
    budget.c.resolution_id,
)
_LINE = (
    budget_line.c.line_id,
    budget_line.c.code,
    budget_line.c.title,
    budget_line.c.account,
    budget_line.c.fund,
    budget_line.c.category,
    budget_line.c.scope,
    budget_line.c.amount_fen,
    budget_line.c.assumption,
    budget_line.c.service_standard,
    budget_line.c.used_before_fen,
    budget_line.c.encumbered_before_fen,
    budget_line.c.added_by,
)
_INCOME = (
    budget_income.c.code,
    budget_income.c.title,
    budget_income.c.account,
    budget_income.c.fund,
    budget_income.c.amount_fen,
    budget_income.c.collection_percent,
    budget_income.c.assumption,
)
_COMMENT = (
    budget_comment.c.comment_id,
    budget_comment.c.budget_id,
    budget_comment.c.version,
    budget_comment.c.line_id,
    budget_comment.c.body,
    budget_comment.c.commented_at,
    budget_comment.c.answer,
    budget_comment.c.answered_at,
)


async def find_budget(
    tx: Tx, compound_id: UUID, budget_id: UUID, *, lock: bool = False
) -> Budget | None:
    statement = select(*_BUDGET).where(
        budget.c.compound_id == compound_id, budget.c.budget_id == budget_id
    )
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return rows.to(Budget, row) if row else None


async def find_adopted(tx: Tx, compound_id: UUID, year: int) -> Budget | None:
    row = (
        await tx.execute(
            select(*_BUDGET).where(
                budget.c.compound_id == compound_id,
                budget.c.year == year,
                budget.c.state == BudgetState.ADOPTED.value,
            )
        )
    ).one_or_none()
    return rows.to(Budget, row) if row else None


async def budgets(
    tx: Tx, compound_id: UUID, before: tuple[int, UUID] | None, limit: int
) -> tuple[Budget, ...]:
    """The latest year first."""
    statement = select(*_BUDGET).where(budget.c.compound_id == compound_id)
    if before is not None:
        statement = statement.where(tuple_(budget.c.year, budget.c.budget_id) < before)
    statement = statement.order_by(budget.c.year.desc(), budget.c.budget_id.desc()).limit(limit)
    return rows.all_of(Budget, await tx.execute(statement))


async def add_budget(tx: Tx, compound_id: UUID, new: Budget) -> bool:
    """False when the id is there already, put there by a request of the same instant too."""
    added = await tx.execute(
        insert(budget)
        .values(compound_id=compound_id, **_plain(new))
        .on_conflict_do_nothing()
        .returning(budget.c.budget_id)
    )
    return added.one_or_none() is not None


async def save_budget(tx: Tx, compound_id: UUID, changed: Budget) -> None:
    await tx.execute(
        update(budget)
        .where(budget.c.compound_id == compound_id, budget.c.budget_id == changed.budget_id)
        .values(
            title=changed.title,
            state=changed.state.value,
            version=changed.version,
            warning_percent=changed.warning_percent,
            consulting_since=changed.consulting_since,
            adopted_at=changed.adopted_at,
            resolution_id=changed.resolution_id,
        )
    )


async def supersede_others(tx: Tx, compound_id: UUID, adopted: Budget) -> None:
    """The drafts of the year that were not chosen."""
    await tx.execute(
        update(budget)
        .where(
            budget.c.compound_id == compound_id,
            budget.c.year == adopted.year,
            budget.c.budget_id != adopted.budget_id,
        )
        .values(state=BudgetState.SUPERSEDED.value)
    )


async def lines_of(tx: Tx, compound_id: UUID, budget_id: UUID) -> tuple[BudgetLine, ...]:
    statement = (
        select(*_LINE)
        .where(budget_line.c.compound_id == compound_id, budget_line.c.budget_id == budget_id)
        .order_by(budget_line.c.code)
    )
    return rows.all_of(BudgetLine, await tx.execute(statement))


async def income_of(tx: Tx, compound_id: UUID, budget_id: UUID) -> tuple[IncomeDraft, ...]:
    statement = (
        select(*_INCOME)
        .where(budget_income.c.compound_id == compound_id, budget_income.c.budget_id == budget_id)
        .order_by(budget_income.c.code)
    )
    return rows.all_of(IncomeDraft, await tx.execute(statement))


async def insert_lines(
    tx: Tx,
    compound_id: UUID,
    budget_id: UUID,
    lines: Sequence[LineDraft],
    added_by: UUID | None = None,
) -> None:
    if lines:
        place = {"compound_id": compound_id, "budget_id": budget_id, "added_by": added_by}
        await tx.execute(insert(budget_line), [_plain(line) | place for line in lines])


async def insert_income(
    tx: Tx,
    compound_id: UUID,
    budget_id: UUID,
    income: Sequence[IncomeDraft],
    added_by: UUID | None = None,
) -> None:
    if income:
        place = {"compound_id": compound_id, "budget_id": budget_id, "added_by": added_by}
        await tx.execute(insert(budget_income), [_plain(item) | place for item in income])


async def delete_document(tx: Tx, compound_id: UUID, budget_id: UUID) -> None:
    """Only a draft's: a line in force has a control row that keeps it."""
    for table in (budget_line, budget_income):
        await tx.execute(
            delete(table).where(table.c.compound_id == compound_id, table.c.budget_id == budget_id)
        )


async def find_lines(
    tx: Tx, compound_id: UUID, line_ids: Sequence[UUID]
) -> tuple[tuple[UUID, UUID], ...]:
    """Which of these line ids are taken, and by which budget."""
    statement = select(budget_line.c.line_id, budget_line.c.budget_id).where(
        budget_line.c.compound_id == compound_id, budget_line.c.line_id.in_(line_ids)
    )
    return tuple((row.line_id, row.budget_id) for row in await tx.execute(statement))


async def insert_version(tx: Tx, compound_id: UUID, version: BudgetVersion) -> None:
    await tx.execute(
        insert(budget_version).values(
            compound_id=compound_id,
            budget_id=version.budget_id,
            version=version.version,
            document=version.document,
            digest=bytes.fromhex(version.digest),
            saved_by=version.saved_by,
            saved_at=version.saved_at,
        )
    )


async def find_version(
    tx: Tx, compound_id: UUID, budget_id: UUID, version: int
) -> BudgetVersion | None:
    row = (
        await tx.execute(
            select(
                budget_version.c.budget_id,
                budget_version.c.version,
                func.encode(budget_version.c.digest, "hex").label("digest"),
                budget_version.c.document,
                budget_version.c.saved_by,
                budget_version.c.saved_at,
            ).where(
                budget_version.c.compound_id == compound_id,
                budget_version.c.budget_id == budget_id,
                budget_version.c.version == version,
            )
        )
    ).one_or_none()
    return rows.to(BudgetVersion, row) if row else None


async def find_comment(
    tx: Tx, compound_id: UUID, comment_id: UUID, *, lock: bool = False
) -> tuple[Comment, UUID] | None:
    """The comment and who wrote it."""
    statement = select(*_COMMENT, budget_comment.c.person_id).where(
        budget_comment.c.compound_id == compound_id, budget_comment.c.comment_id == comment_id
    )
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return (rows.to(Comment, row), row.person_id) if row else None


async def insert_comment(tx: Tx, compound_id: UUID, comment: Comment, person_id: UUID) -> None:
    await tx.execute(
        insert(budget_comment).values(
            compound_id=compound_id, person_id=person_id, **_plain(comment)
        )
    )


async def save_answer(
    tx: Tx,
    compound_id: UUID,
    comment_id: UUID,
    answer: str,
    answered_by: UUID | None,
    answered_at: datetime,
) -> None:
    await tx.execute(
        update(budget_comment)
        .where(
            budget_comment.c.compound_id == compound_id,
            budget_comment.c.comment_id == comment_id,
        )
        .values(answer=answer, answered_by=answered_by, answered_at=answered_at)
    )


async def comments_of(
    tx: Tx, compound_id: UUID, budget_id: UUID, after: UUID | None, limit: int
) -> tuple[Comment, ...]:
    statement = select(*_COMMENT).where(
        budget_comment.c.compound_id == compound_id, budget_comment.c.budget_id == budget_id
    )
    if after is not None:
        statement = statement.where(budget_comment.c.comment_id > after)
    statement = statement.order_by(budget_comment.c.comment_id).limit(limit)
    return rows.all_of(Comment, await tx.execute(statement))


async def count_unanswered(tx: Tx, compound_id: UUID, budget_id: UUID) -> int:
    found = await tx.execute(
        select(func.count()).where(
            budget_comment.c.compound_id == compound_id,
            budget_comment.c.budget_id == budget_id,
            budget_comment.c.answer.is_(None),
        )
    )
    return int(found.scalar_one())


def _plain(struct: Any) -> dict[str, Any]:
    return asdict(struct)
