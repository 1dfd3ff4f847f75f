"""Lawful changes of a budget in force: adjustment, virement, emergency."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets.model import (
    Adjustment,
    Budget,
    BudgetLine,
    BudgetState,
    ChangeState,
    Emergency,
    EmergencyNow,
    LineControl,
    LineDelta,
    LineDraft,
    ProposeAdjustment,
    ProposeEmergency,
    ProposeVirement,
    Virement,
)
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid
from trustprop.kernel.periods import local_date


class BudgetNotAdopted(Conflict):
    code = "budget-not-adopted"
    detail = N_("This budget is {state}; only a budget in force is changed this way.")
    state: str


class ChangeNotProposed(Conflict):
    code = "budget-change-not-proposed"
    detail = N_("This change is {state}; it no longer waits for a decision.")
    state: str


class ChangeAlreadyDiffers(Conflict):
    code = "budget-change-already-differs"
    detail = N_("This id already stands for another change of a budget.")


class VirementAcrossCategories(Conflict):
    code = "virement-across-categories"
    detail = N_("{from_line} and {to_line} are not lines of one category and fund of this budget.")
    from_line: str
    to_line: str


class VirementLimitExceeded(Conflict):
    code = "virement-limit-exceeded"
    detail = N_(
        "{line} may give {limit_fen} in a year ({percent} %, {source}); {given_fen} is given, "
        "{requested_fen} more requested. The assembly may decide more."
    )
    line: str
    limit_fen: int
    percent: int
    source: str
    given_fen: int
    requested_fen: int


class EmergencyCapExceeded(Conflict):
    code = "emergency-cap-exceeded"
    detail = N_(
        "Emergencies that are not ratified may reach {cap_fen} ({source}); {open_fen} is open, "
        "{requested_fen} more requested."
    )
    cap_fen: int
    source: str
    open_fen: int
    requested_fen: int


class EmergencyNotInForce(Conflict):
    code = "emergency-not-in-force"
    detail = N_("This emergency is {state}; it has nothing to be told or ratified.")
    state: str


class LineOfAnotherBudget(Conflict):
    code = "line-of-another-budget"
    detail = N_("The line {line_id} is no line in force of this budget.")
    line_id: str


def check_in_force(budget: Budget) -> None:
    """Raises BudgetNotAdopted."""
    if budget.state != BudgetState.ADOPTED:
        raise BudgetNotAdopted(state=budget.state)


def check_of_budget(
    lines: Mapping[UUID, LineControl], budget_id: UUID, line_ids: Iterable[UUID]
) -> None:
    """Raises LineOfAnotherBudget."""
    for line_id in line_ids:
        if line_id not in lines or lines[line_id].budget_id != budget_id:
            raise LineOfAnotherBudget(line_id=str(line_id))


# Adjustment


def check_adjustment(command: ProposeAdjustment) -> None:
    """Raises FieldsInvalid for a change of nothing, a line twice, or a delta of zero."""
    errors = []
    if not (command.deltas or command.new_lines or command.new_income):
        errors.append(
            FieldError(
                pointer="/deltas",
                code="empty",
                detail=N_("An adjustment changes at least one line."),
            )
        )
    seen: set[UUID] = set()
    for number, delta in enumerate(command.deltas):
        if delta.amount_fen == 0 or delta.line_id in seen:
            errors.append(
                FieldError(
                    pointer=f"/deltas/{number}",
                    code="invalid",
                    detail=N_("Each line stands here once, with what it gains or loses."),
                )
            )
        seen.add(delta.line_id)
    errors += [
        FieldError(
            pointer=f"/new_lines/{number}",
            code="used-before",
            detail=N_("A new line has nothing used or contracted yet."),
        )
        for number, line in enumerate(command.new_lines)
        if line.used_before_fen or line.encumbered_before_fen
    ]
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def planned_after(
    lines: Iterable[LineControl], deltas: Iterable[LineDelta], new_lines: Iterable[LineDraft]
) -> tuple[LineDraft, ...]:
    """The lines as they would be planned with the change, for the check against the means."""
    changed = {delta.line_id: delta.amount_fen for delta in deltas}
    planned = tuple(
        LineDraft(
            line_id=line.line_id,
            code=line.code,
            title=line.title,
            account=line.account,
            fund=line.fund,
            category=line.category,
            amount_fen=line.budgeted_fen + changed.get(line.line_id, 0),
        )
        for line in lines
    )
    return planned + tuple(new_lines)


def adjust(adjustment: Adjustment, resolution_id: UUID, at: datetime) -> Adjustment:
    """In force by its own decision. Raises ChangeNotProposed."""
    check_proposed(adjustment.state)
    return replace(
        adjustment, state=ChangeState.IN_FORCE, resolution_id=resolution_id, in_force_at=at
    )


def check_proposed(state: ChangeState) -> None:
    """Raises ChangeNotProposed."""
    if state != ChangeState.PROPOSED:
        raise ChangeNotProposed(state=state)


# Virement


def check_virement(
    giving: LineControl,
    gaining: LineControl,
    amount_fen: int,
    given_fen: int,
    percent: int,
    source: str,
) -> None:
    """``given_fen`` is what the giving line gave this year already.

    Raises VirementAcrossCategories or VirementLimitExceeded.
    """
    is_one_place = (giving.budget_id, giving.category, giving.fund) == (
        gaining.budget_id,
        gaining.category,
        gaining.fund,
    )
    if giving.line_id == gaining.line_id or not is_one_place:
        raise VirementAcrossCategories(from_line=giving.code, to_line=gaining.code)
    limit_fen = giving.appropriated_fen * percent // 100
    if given_fen + amount_fen > limit_fen:
        raise VirementLimitExceeded(
            line=giving.code,
            limit_fen=limit_fen,
            percent=percent,
            source=source,
            given_fen=given_fen,
            requested_fen=amount_fen,
        )


def same_virement(there: Virement, command: ProposeVirement) -> bool:
    return (there.from_line_id, there.to_line_id, there.amount_fen, there.reason) == (
        command.from_line_id,
        command.to_line_id,
        command.amount_fen,
        command.reason,
    )


# Emergency


def check_emergency(command: ProposeEmergency) -> None:
    """Raises FieldsInvalid unless it names one line, there already or new."""
    errors = []
    if (command.line_id is None) == (command.new_line is None):
        errors.append(
            FieldError(
                pointer="/line_id",
                code="one-of",
                detail=N_("Name the line that gains, or a new line, and not both."),
            )
        )
    if command.new_line is not None and (
        command.new_line.amount_fen != command.amount_fen
        or command.new_line.used_before_fen
        or command.new_line.encumbered_before_fen
    ):
        errors.append(
            FieldError(
                pointer="/new_line/amount_fen",
                code="amount-differs",
                detail=N_("A new line has exactly the amount of the emergency, all of it unused."),
            )
        )
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def check_cap(emergencies: Sequence[Emergency], amount_fen: int, cap_fen: int, source: str) -> None:
    """Cutting one emergency into several does not widen the cap. Raises EmergencyCapExceeded."""
    open_fen = sum(
        emergency.amount_fen
        for emergency in emergencies
        if emergency.state == ChangeState.IN_FORCE and emergency.ratified_at is None
    )
    if open_fen + amount_fen > cap_fen:
        raise EmergencyCapExceeded(
            cap_fen=cap_fen, source=source, open_fen=open_fen, requested_fen=amount_fen
        )


def start_emergency(
    emergency: Emergency, notice_hours: int, ratification_days: int, at: datetime
) -> Emergency:
    """In force with its clocks running. Raises ChangeNotProposed."""
    check_proposed(emergency.state)
    return replace(
        emergency,
        state=ChangeState.IN_FORCE,
        in_force_at=at,
        notice_due_at=at + timedelta(hours=notice_hours),
        ratify_by=local_date(at) + timedelta(days=ratification_days),
    )


def give_notice(emergency: Emergency, evidence: tuple[str, ...], at: datetime) -> Emergency:
    """The first notice counts. Raises EmergencyNotInForce."""
    _check_emergency_in_force(emergency)
    if emergency.noticed_at is not None:
        return emergency
    return replace(emergency, noticed_at=at, notice_evidence=evidence)


def ratify(emergency: Emergency, resolution_id: UUID, at: datetime) -> Emergency:
    """Raises EmergencyNotInForce; a late ratification is a ratification."""
    _check_emergency_in_force(emergency)
    if emergency.ratified_at is not None:
        return emergency
    return replace(emergency, resolution_id=resolution_id, ratified_at=at)


def look(emergency: Emergency, at: datetime) -> EmergencyNow:
    """The clocks of an emergency at this moment."""
    return EmergencyNow(
        emergency=emergency,
        is_notice_overdue=_is_late(emergency.notice_due_at, emergency.noticed_at, at),
        is_ratification_overdue=emergency.ratified_at is None
        and _is_past(emergency.ratify_by, local_date(at)),
    )


def same_emergency(there: Emergency, command: ProposeEmergency) -> bool:
    line_id = command.new_line.line_id if command.new_line else command.line_id
    return (there.line_id, there.new_line, there.amount_fen, there.reason, there.evidence) == (
        line_id,
        command.new_line,
        command.amount_fen,
        command.reason,
        command.evidence,
    )


def same_adjustment(there: Adjustment, command: ProposeAdjustment) -> bool:
    return (there.title, there.reason, there.deltas, there.new_lines, there.new_income) == (
        command.title,
        command.reason,
        command.deltas,
        command.new_lines,
        command.new_income,
    )


def as_line(draft: LineDraft, added_by: UUID) -> BudgetLine:
    """A new line of a budget in force, with who opened it."""
    return BudgetLine(
        line_id=draft.line_id,
        code=draft.code,
        title=draft.title,
        account=draft.account,
        fund=draft.fund,
        category=draft.category,
        scope=draft.scope,
        amount_fen=draft.amount_fen,
        assumption=draft.assumption,
        service_standard=draft.service_standard,
        added_by=added_by,
    )


def _check_emergency_in_force(emergency: Emergency) -> None:
    if emergency.state != ChangeState.IN_FORCE:
        raise EmergencyNotInForce(state=emergency.state)


def _is_late(due_at: datetime | None, done_at: datetime | None, at: datetime) -> bool:
    return due_at is not None and (done_at or at) > due_at


def _is_past(day: date | None, today: date) -> bool:
    return day is not None and today > day
