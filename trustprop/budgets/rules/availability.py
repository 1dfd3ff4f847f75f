"""Whether a line can be moved: never below zero, never twice for the same reason."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets.model import (
    Availability,
    Change,
    LineControl,
    Movement,
    MovementKind,
    MovementSource,
)
from trustprop.kernel.errors import N_, Conflict, NotFound
from trustprop.meetings.model import Resolution, ResolutionState
from trustprop.meetings.rules import ResolutionNotInForce

NEW_USE = frozenset({MovementKind.ENCUMBER, MovementKind.RESERVE, MovementKind.SPEND})
"""What needs a budget of the right year; taking back is possible for ever."""

Key = tuple[UUID, MovementKind, MovementSource]


class NoBudgetLine(NotFound):
    """无预算不支出: no line, no spending."""

    code = "no-budget-line"
    detail = N_("There is no budget line {line_id} here; without a line nothing is spent.")
    line_id: str


class BudgetNotInForce(Conflict):
    code = "budget-not-in-force"
    detail = N_("The line {line} belongs to the budget of {year}, which is not in force for this.")
    line: str
    year: int


class BudgetExceeded(Conflict):
    code = "budget-exceeded"
    detail = N_("{line} has {available_fen} left; {requested_fen} requested.")
    line: str
    available_fen: int
    requested_fen: int


class LineOfAnotherFund(Conflict):
    code = "line-of-another-fund"
    detail = N_("The line {line} spends the fund {fund}, not {requested_fund}.")
    line: str
    fund: str
    requested_fund: str


class LineHoldsLess(Conflict):
    code = "line-holds-less"
    detail = N_("{line} holds {held_fen} as {figure}; {requested_fen} cannot be taken back.")
    line: str
    figure: str
    held_fen: int
    requested_fen: int


class SourceMovedOtherwise(Conflict):
    code = "line-source-moved-otherwise"
    detail = N_("{source_kind} {source_id} already moved the line {line} with other figures.")
    line: str
    source_kind: str
    source_id: str


def move(
    lines: Mapping[UUID, LineControl],
    recorded: Mapping[Key, Movement],
    changes: Iterable[Change],
    at: datetime,
) -> tuple[dict[UUID, LineControl], tuple[Movement, ...]]:
    """The lines after all changes, in order, and the new movements; a retry moves nothing.

    Raises NoBudgetLine, LineOfAnotherFund, BudgetNotInForce, SourceMovedOtherwise, LineHoldsLess
    or BudgetExceeded.
    """
    after = dict(lines)
    known = dict(recorded)
    made: list[Movement] = []
    for change in changes:
        line = after.get(change.line_id)
        if line is None:
            raise NoBudgetLine(line_id=str(change.line_id))
        movement = _movement(line, change, at)
        earlier = known.get(movement.key)
        if earlier is not None:
            check_same(line, earlier, movement)
            continue
        check_change(line, change)
        after[line.line_id] = apply(line, movement)
        known[movement.key] = movement
        made.append(movement)
    return after, tuple(made)


def check_decided(resolution: Resolution, on: date) -> None:
    """A revoked or expired decision opens nothing more. Raises ResolutionNotInForce.

    A budget may be adopted while its year runs, so the first day of the decision is no bound.
    """
    is_past = resolution.valid_until is not None and on > resolution.valid_until
    if is_past or resolution.state is not ResolutionState.CONFIRMED:
        raise ResolutionNotInForce(
            number=resolution.number, state=resolution.state, valid_from=resolution.valid_from
        )


def check_change(line: LineControl, change: Change) -> None:
    """Raises LineOfAnotherFund, BudgetNotInForce, LineHoldsLess or BudgetExceeded."""
    if change.fund is not None and change.fund != line.fund:
        raise LineOfAnotherFund(line=line.code, fund=line.fund, requested_fund=change.fund)
    if change.kind in NEW_USE and change.on.year != line.year:
        raise BudgetNotInForce(line=line.code, year=line.year)
    _check_held(line, "actual", line.actual_fen, _taken(change, MovementKind.UNSPEND))
    relieved = change.from_encumbered_fen + _taken(change, MovementKind.RELIEVE)
    _check_held(line, "encumbered", line.encumbered_fen, relieved)
    unreserved = change.from_reserved_fen + _taken(change, MovementKind.UNRESERVE)
    _check_held(line, "reserved", line.reserved_fen, unreserved)
    requested = _requested(change)
    if requested > line.available_fen:
        raise BudgetExceeded(
            line=line.code, available_fen=line.available_fen, requested_fen=requested
        )


def apply(line: LineControl, movement: Movement) -> LineControl:
    """The line with one more movement."""
    assert movement.number == line.movements + 1
    return replace(
        line,
        appropriated_fen=line.appropriated_fen + movement.appropriated_fen,
        adjusted_fen=line.adjusted_fen + movement.adjusted_fen,
        actual_fen=line.actual_fen + movement.actual_fen,
        encumbered_fen=line.encumbered_fen + movement.encumbered_fen,
        reserved_fen=line.reserved_fen + movement.reserved_fen,
        movements=movement.number,
    )


def check_same(line: LineControl, earlier: Movement, again: Movement) -> None:
    """Raises SourceMovedOtherwise unless a retry asks for what was done."""
    asked = replace(again, number=earlier.number, recorded_at=earlier.recorded_at)
    if replace(earlier, moved_on=asked.moved_on) != asked:
        raise SourceMovedOtherwise(
            line=line.code, source_kind=earlier.source.kind, source_id=str(earlier.source.id)
        )


def view(line: LineControl) -> Availability:
    return Availability(
        line_id=line.line_id,
        code=line.code,
        title=line.title,
        account=line.account,
        fund=line.fund,
        category=line.category,
        scope=line.scope,
        appropriated_fen=line.appropriated_fen,
        adjusted_fen=line.adjusted_fen,
        actual_fen=line.actual_fen,
        encumbered_fen=line.encumbered_fen,
        reserved_fen=line.reserved_fen,
        available_fen=line.available_fen,
        is_near_limit=line.is_near_limit,
    )


def _movement(line: LineControl, change: Change, at: datetime) -> Movement:
    amount = change.amount_fen
    assert amount > 0 or (change.kind == MovementKind.ADJUST and amount != 0)
    assert change.from_reserved_fen >= 0
    assert change.from_encumbered_fen >= 0
    signs = _SIGNS[change.kind]
    return Movement(
        line_id=line.line_id,
        number=line.movements + 1,
        kind=change.kind,
        source=change.source,
        moved_on=change.on,
        recorded_at=at,
        adjusted_fen=signs[0] * amount,
        actual_fen=signs[1] * amount,
        encumbered_fen=signs[2] * amount - change.from_encumbered_fen,
        reserved_fen=signs[3] * amount - change.from_reserved_fen,
    )


_SIGNS = {
    # adjusted, actual, encumbered, reserved
    MovementKind.ADJUST: (1, 0, 0, 0),
    MovementKind.ENCUMBER: (0, 0, 1, 0),
    MovementKind.RELIEVE: (0, 0, -1, 0),
    MovementKind.RESERVE: (0, 0, 0, 1),
    MovementKind.UNRESERVE: (0, 0, 0, -1),
    MovementKind.SPEND: (0, 1, 0, 0),
    MovementKind.UNSPEND: (0, -1, 0, 0),
}


def _taken(change: Change, kind: MovementKind) -> int:
    return change.amount_fen if change.kind == kind else 0


def _requested(change: Change) -> int:
    """How much less the line has afterwards; zero when it has more."""
    if change.kind == MovementKind.ADJUST:
        return max(0, -change.amount_fen)
    if change.kind in NEW_USE:
        freed = change.from_reserved_fen + change.from_encumbered_fen
        return max(0, change.amount_fen - freed)
    return 0


def _check_held(line: LineControl, figure: str, held_fen: int, requested_fen: int) -> None:
    if requested_fen > held_fen:
        raise LineHoldsLess(
            line=line.code, figure=figure, held_fen=held_fen, requested_fen=requested_fen
        )
