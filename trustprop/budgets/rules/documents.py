"""When a budget document is sound, and the way from draft to adoption."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import asdict, replace

from trustprop.budgets.model import (
    Budget,
    BudgetLine,
    BudgetState,
    Comment,
    FundMeans,
    IncomeDraft,
    LineDraft,
    Movement,
    MovementKind,
    MovementSource,
)
from trustprop.kernel.canonical import canonical_json
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid, Forbidden

EXPENSE_GROUPS = ("5", "15")
"""Expenses, and common assets that are bought."""
INCOME_GROUPS = ("4", "3")
"""Income, and net assets where a fund spends what it has saved."""
REVISABLE = (BudgetState.DRAFT, BudgetState.CONSULTING)


class SpendingExceedsIncome(Conflict):
    """以收定支: what is planned stays within what will realistically come in."""

    code = "spending-exceeds-income"
    detail = N_(
        "The fund {fund} plans to spend {planned_fen}; of {expected_fen} expected only "
        "{collectable_fen} will realistically come in."
    )
    fund: str
    planned_fen: int
    expected_fen: int
    collectable_fen: int


class BudgetNotRevisable(Conflict):
    code = "budget-not-revisable"
    detail = N_("This budget is {state}; only a draft or a budget under consultation may change.")
    state: str


class BudgetNotConsulted(Conflict):
    """The nine steps: nothing is adopted that the owners could not comment on."""

    code = "budget-not-consulted"
    detail = N_("This budget is {state}; only a budget under consultation can be adopted.")
    state: str


class BudgetVersionMoved(Conflict):
    code = "budget-version-moved"
    detail = N_("You name version {named_version}; the budget is at version {version}.")
    named_version: int
    version: int


class BudgetYearTaken(Conflict):
    code = "budget-year-taken"
    detail = N_("The budget of {year} is adopted already; change it by an adjustment.")
    year: int


class BudgetAlreadyDiffers(Conflict):
    code = "budget-already-differs"
    detail = N_("This id already stands for another budget.")


class CommentsUnanswered(Conflict):
    code = "comments-unanswered"
    detail = N_("{count} comments wait for an answer; a budget is adopted after they have one.")
    count: int


class NotUnderConsultation(Conflict):
    code = "budget-not-under-consultation"
    detail = N_("Comments are open while a budget is under consultation; this one is {state}.")
    state: str


class CommentNeedsPerson(Forbidden):
    code = "comment-needs-person"
    detail = N_("Comments are written by people who are signed in.")


class CommentAlreadyDiffers(Conflict):
    code = "comment-already-differs"
    detail = N_("This comment or answer is already there with other words.")


def check_document(
    lines: Sequence[LineDraft],
    income: Sequence[IncomeDraft],
    funds: Collection[str],
    accounts: Collection[str],
) -> None:
    """Raises FieldsInvalid naming every wrong field."""
    errors = [
        *_duplicates(lines, "line_id", "/lines"),
        *_duplicates(lines, "code", "/lines"),
        *_duplicates(income, "code", "/income"),
    ]
    for number, line in enumerate(lines):
        errors += _line_errors(line, f"/lines/{number}", funds, accounts)
    for number, item in enumerate(income):
        errors += _place_errors(item, f"/income/{number}", funds, accounts, INCOME_GROUPS)
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def check_line_ids(lines: Sequence[LineDraft], elsewhere: Collection[UUID], pointer: str) -> None:
    """Raises FieldsInvalid for the id of a line that stands in another budget."""
    errors = tuple(
        FieldError(
            pointer=f"{pointer}/{number}/line_id",
            code="taken",
            detail=N_("This id belongs to a line of another budget."),
        )
        for number, line in enumerate(lines)
        if line.line_id in elsewhere
    )
    if errors:
        raise FieldsInvalid(errors=errors)


def check_additions(
    new_lines: Sequence[LineDraft],
    new_income: Sequence[IncomeDraft],
    line_codes: Collection[str],
    income_codes: Collection[str],
    funds: Collection[str],
    accounts: Collection[str],
) -> None:
    """What is added to a budget in force. Raises FieldsInvalid."""
    errors = [
        *_duplicates(new_lines, "line_id", "/new_lines"),
        *_duplicates(new_lines, "code", "/new_lines", line_codes),
        *_duplicates(new_income, "code", "/new_income", income_codes),
    ]
    for number, line in enumerate(new_lines):
        errors += _line_errors(line, f"/new_lines/{number}", funds, accounts)
    for number, item in enumerate(new_income):
        errors += _place_errors(item, f"/new_income/{number}", funds, accounts, INCOME_GROUPS)
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def check_new_line(
    line: LineDraft,
    line_codes: Collection[str],
    funds: Collection[str],
    accounts: Collection[str],
    pointer: str,
) -> None:
    """One line more for a budget in force. Raises FieldsInvalid."""
    errors = _line_errors(line, pointer, funds, accounts)
    if line.code in line_codes:
        errors.append(_duplicate(f"{pointer}/code"))
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def means(lines: Iterable[LineDraft], income: Iterable[IncomeDraft]) -> tuple[FundMeans, ...]:
    """Fund by fund, what is planned and what will realistically come in."""
    planned: dict[str, int] = {}
    expected: dict[str, int] = {}
    collectable: dict[str, int] = {}
    for line in lines:
        planned[line.fund] = planned.get(line.fund, 0) + line.amount_fen
    for item in income:
        expected[item.fund] = expected.get(item.fund, 0) + item.amount_fen
        collectable[item.fund] = collectable.get(item.fund, 0) + item.collectable_fen
    return tuple(
        FundMeans(
            fund=fund,
            planned_fen=planned.get(fund, 0),
            expected_fen=expected.get(fund, 0),
            collectable_fen=collectable.get(fund, 0),
        )
        for fund in sorted(planned.keys() | expected.keys())
    )


def check_means(found: Iterable[FundMeans]) -> None:
    """Raises SpendingExceedsIncome for the first fund that plans more than will come in."""
    for fund in found:
        if fund.planned_fen > fund.collectable_fen:
            raise SpendingExceedsIncome(
                fund=fund.fund,
                planned_fen=fund.planned_fen,
                expected_fen=fund.expected_fen,
                collectable_fen=fund.collectable_fen,
            )


def check_growing_means(before: Iterable[FundMeans], after: Iterable[FundMeans]) -> None:
    """A change answers for the funds that plan more by it. Raises SpendingExceedsIncome."""
    planned = {fund.fund: fund.planned_fen for fund in before}
    check_means(fund for fund in after if fund.planned_fen > planned.get(fund.fund, 0))


def revise(budget: Budget, title: str, version: int) -> Budget:
    """The next version of the one that was read. Raises BudgetVersionMoved, BudgetNotRevisable."""
    if budget.version != version:
        raise BudgetVersionMoved(named_version=version, version=budget.version)
    if budget.state not in REVISABLE:
        raise BudgetNotRevisable(state=budget.state)
    return replace(budget, title=title, version=budget.version + 1)


def consult(budget: Budget, found: Iterable[FundMeans], at: datetime) -> Budget:
    """Opens the comments. Raises BudgetNotRevisable or SpendingExceedsIncome."""
    if budget.state == BudgetState.CONSULTING:
        return budget
    if budget.state != BudgetState.DRAFT:
        raise BudgetNotRevisable(state=budget.state)
    check_means(found)
    return replace(budget, state=BudgetState.CONSULTING, consulting_since=at)


def check_adoptable(
    budget: Budget,
    version: int,
    found: Iterable[FundMeans],
    adopted: Budget | None,
    unanswered: int,
) -> None:
    """``adopted`` is the budget in force for the year, if there is one.

    Raises BudgetYearTaken, BudgetNotConsulted, BudgetVersionMoved, CommentsUnanswered or
    SpendingExceedsIncome.
    """
    if adopted is not None:
        raise BudgetYearTaken(year=budget.year)
    if budget.state != BudgetState.CONSULTING:
        raise BudgetNotConsulted(state=budget.state)
    if budget.version != version:
        raise BudgetVersionMoved(named_version=version, version=budget.version)
    if unanswered:
        raise CommentsUnanswered(count=unanswered)
    check_means(found)


def check_same_comment(there: tuple[Comment, UUID], new: Comment, person_id: UUID) -> None:
    """Raises CommentAlreadyDiffers unless a retry says what was said, by the same person."""
    comment, author_id = there
    said = (comment.budget_id, comment.line_id, comment.body, author_id)
    if said != (new.budget_id, new.line_id, new.body, person_id):
        raise CommentAlreadyDiffers


def check_comment_line(line_id: UUID | None, lines: Iterable[BudgetLine]) -> None:
    """Raises FieldsInvalid when a comment names a line of another budget."""
    if line_id is not None and line_id not in {line.line_id for line in lines}:
        raise FieldsInvalid(
            errors=(
                FieldError(
                    pointer="/line_id",
                    code="unknown-line",
                    detail=N_("There is no such line in this budget."),
                ),
            )
        )


def answer(comment: Comment, text: str, at: datetime) -> Comment:
    """The first answer stands. Raises CommentAlreadyDiffers."""
    if comment.answer is None:
        return replace(comment, answer=text, answered_at=at)
    if comment.answer != text:
        raise CommentAlreadyDiffers
    return comment


def opening(
    line: BudgetLine, source: MovementSource, on: date, at: datetime, *, appropriated_fen: int
) -> Movement:
    """The first movement of a line: its appropriation and what a takeover found used."""
    return Movement(
        line_id=line.line_id,
        number=1,
        kind=MovementKind.OPEN,
        source=source,
        moved_on=on,
        recorded_at=at,
        appropriated_fen=appropriated_fen,
        actual_fen=line.used_before_fen,
        encumbered_fen=line.encumbered_before_fen,
    )


def canonical_document(
    budget: Budget, lines: Iterable[LineDraft], income: Iterable[IncomeDraft]
) -> bytes:
    """The document as people decide about it: same content, same bytes."""
    return canonical_json(
        {
            "type": "trustprop/budget/v1",
            "budget_id": budget.budget_id,
            "year": budget.year,
            "title": budget.title,
            "lines": sorted(
                (_plain(line, LineDraft) for line in lines), key=lambda item: item["code"]
            ),
            "income": sorted(
                (_plain(item, IncomeDraft) for item in income), key=lambda item: item["code"]
            ),
        }
    )


def _plain(
    item: LineDraft | IncomeDraft, kind: type[LineDraft] | type[IncomeDraft]
) -> dict[str, object]:
    values = asdict(item)
    return {name: values[name] for name in kind.__struct_fields__}


def _duplicates(
    items: Sequence[LineDraft] | Sequence[IncomeDraft],
    field: str,
    pointer: str,
    there: Collection[str] = (),
) -> list[FieldError]:
    seen: set[object] = set(there)
    errors = []
    for number, item in enumerate(items):
        value = getattr(item, field)
        if value in seen:
            errors.append(_duplicate(f"{pointer}/{number}/{field}"))
        seen.add(value)
    return errors


def _duplicate(pointer: str) -> FieldError:
    return FieldError(
        pointer=pointer, code="duplicate", detail=N_("This stands in the budget twice.")
    )


def _line_errors(
    line: LineDraft, pointer: str, funds: Collection[str], accounts: Collection[str]
) -> list[FieldError]:
    errors = _place_errors(line, pointer, funds, accounts, EXPENSE_GROUPS)
    if line.used_before_fen + line.encumbered_before_fen > line.amount_fen:
        errors.append(
            FieldError(
                pointer=f"{pointer}/amount_fen",
                code="used-before-exceeds-amount",
                detail=N_("The line has {amount_fen}; {taken_fen} is used or contracted already."),
                facts={
                    "amount_fen": line.amount_fen,
                    "taken_fen": line.used_before_fen + line.encumbered_before_fen,
                },
            )
        )
    return errors


def _place_errors(
    item: LineDraft | IncomeDraft,
    pointer: str,
    funds: Collection[str],
    accounts: Collection[str],
    groups: tuple[str, ...],
) -> list[FieldError]:
    errors = []
    if item.fund not in funds:
        errors.append(
            FieldError(
                pointer=f"{pointer}/fund",
                code="unknown-fund",
                detail=N_("There is no such fund here."),
            )
        )
    if item.account not in accounts:
        errors.append(
            FieldError(
                pointer=f"{pointer}/account",
                code="unknown-account",
                detail=N_("There is no such open account here."),
            )
        )
    elif not item.account.startswith(groups):
        errors.append(
            FieldError(
                pointer=f"{pointer}/account",
                code="account-of-wrong-group",
                detail=N_("An account of group {groups} belongs here."),
                facts={"groups": ", ".join(groups)},
            )
        )
    return errors
