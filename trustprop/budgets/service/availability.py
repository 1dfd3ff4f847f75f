"""Uses of a line in the books, each under the books lock: encumber, reserve, spend, and back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from trustprop.budgets import rules
from trustprop.budgets.model import (
    Availability,
    Change,
    LineControl,
    LineExecution,
    Movement,
    MovementKind,
    MovementSource,
    Spending,
)
from trustprop.budgets.store import availability as store
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period, local_date
from trustprop.ledger import service as ledger
from trustprop.meetings import service as meetings
from trustprop.plumbing.database import Tx


async def spend(
    tx: Tx,
    caller: Caller,
    line_id: UUID,
    amount_fen: int,
    source: MovementSource,
    *,
    from_reserved_fen: int = 0,
    from_encumbered_fen: int = 0,
    fund: str | None = None,
    on: date | None = None,
) -> Availability:
    """An actual expense; what was reserved or encumbered for it is freed in the same step.

    Raises NoBudgetLine, LineOfAnotherFund, BudgetNotInForce, LineHoldsLess, BudgetExceeded, and
    SourceMovedOtherwise when the source already spent another amount.
    """
    spending = Spending(
        line_id=line_id,
        amount_fen=amount_fen,
        source=source,
        from_reserved_fen=from_reserved_fen,
        from_encumbered_fen=from_encumbered_fen,
        fund=fund,
        on=on,
    )
    return (await spend_many(tx, caller, [spending]))[0]


async def spend_many(
    tx: Tx, caller: Caller, spendings: Sequence[Spending]
) -> tuple[Availability, ...]:
    """Many expenses in one statement; the availability of each line after all of them."""
    today = local_date(caller.at)
    changes = [
        Change(
            kind=MovementKind.SPEND,
            line_id=spending.line_id,
            amount_fen=spending.amount_fen,
            source=spending.source,
            on=spending.on or today,
            from_reserved_fen=spending.from_reserved_fen,
            from_encumbered_fen=spending.from_encumbered_fen,
            fund=spending.fund,
        )
        for spending in spendings
    ]
    return await move(tx, caller, changes)


async def unspend(
    tx: Tx,
    caller: Caller,
    line_id: UUID,
    amount_fen: int,
    source: MovementSource,
    *,
    on: date | None = None,
) -> Availability:
    """An expense taken back: a reversed entry or a credit note. Raises LineHoldsLess."""
    return await _move_one(tx, caller, MovementKind.UNSPEND, line_id, amount_fen, source, on=on)


async def encumber(
    tx: Tx,
    caller: Caller,
    line_id: UUID,
    amount_fen: int,
    source: MovementSource,
    *,
    fund: str | None = None,
    on: date | None = None,
) -> Availability:
    """Contracted and not yet invoiced (保留). Raises what :func:`spend` raises."""
    kind = MovementKind.ENCUMBER
    return await _move_one(tx, caller, kind, line_id, amount_fen, source, fund=fund, on=on)


async def relieve(
    tx: Tx,
    caller: Caller,
    line_id: UUID,
    amount_fen: int,
    source: MovementSource,
    *,
    on: date | None = None,
) -> Availability:
    """A contract ends or shrinks without an expense. Raises LineHoldsLess."""
    return await _move_one(tx, caller, MovementKind.RELIEVE, line_id, amount_fen, source, on=on)


async def reserve(
    tx: Tx,
    caller: Caller,
    line_id: UUID,
    amount_fen: int,
    source: MovementSource,
    *,
    fund: str | None = None,
    on: date | None = None,
) -> Availability:
    """Ordered and being signed (预保留). Raises what :func:`spend` raises."""
    kind = MovementKind.RESERVE
    return await _move_one(tx, caller, kind, line_id, amount_fen, source, fund=fund, on=on)


async def unreserve(
    tx: Tx,
    caller: Caller,
    line_id: UUID,
    amount_fen: int,
    source: MovementSource,
    *,
    on: date | None = None,
) -> Availability:
    """An order ends without an expense. Raises LineHoldsLess."""
    return await _move_one(tx, caller, MovementKind.UNRESERVE, line_id, amount_fen, source, on=on)


async def move(tx: Tx, caller: Caller, changes: Sequence[Change]) -> tuple[Availability, ...]:
    """Any changes of any lines, decided together; the line of each change after all of them."""
    lines = await move_lines(tx, caller, changes)
    return tuple(rules.view(lines[change.line_id]) for change in changes)


async def move_lines(tx: Tx, caller: Caller, changes: Sequence[Change]) -> dict[UUID, LineControl]:
    await ledger.lock_books(tx, caller.compound_id)
    lines = await lock_lines(tx, caller.compound_id, {change.line_id for change in changes})
    await _check_decided(tx, caller.compound_id, lines, changes)
    sources = {change.source.id for change in changes}
    recorded = await store.movements_of(tx, caller.compound_id, sources, lines.keys())
    known = {movement.key: movement for movement in recorded}
    lines, movements = rules.move(lines, known, changes, caller.at)
    if movements:
        await store.save_movements(tx, caller.compound_id, movements)
    return lines


async def lock_lines(
    tx: Tx, compound_id: UUID, line_ids: Iterable[UUID]
) -> dict[UUID, LineControl]:
    """The lines of budgets in force. Raises NoBudgetLine or BudgetNotInForce."""
    wanted = set(line_ids)
    lines = await store.lock_controls(tx, compound_id, wanted)
    for missing in sorted(wanted - lines.keys()):
        await _refuse_missing(tx, compound_id, missing)
    return lines


async def _check_decided(
    tx: Tx, compound_id: UUID, lines: Mapping[UUID, LineControl], changes: Iterable[Change]
) -> None:
    """New uses need the decision that adopted the budget. Raises ResolutionNotInForce."""
    uses = {
        (lines[change.line_id].resolution_id, change.on)
        for change in changes
        if change.kind in rules.NEW_USE
    }
    for resolution_id, on in sorted(uses):
        rules.check_decided(await meetings.find(tx, compound_id, resolution_id), on)


async def availability(tx: Tx, compound_id: UUID, line_id: UUID) -> Availability:
    """Raises NoBudgetLine or BudgetNotInForce."""
    return rules.view(await _line(tx, compound_id, line_id))


async def check_available(
    tx: Tx,
    compound_id: UUID,
    line_id: UUID,
    amount_fen: int,
    *,
    on: date,
    fund: str | None = None,
) -> Availability:
    """What a dry run asks, without a lock: raises what :func:`reserve` would raise."""
    line = await _line(tx, compound_id, line_id)
    change = Change(
        kind=MovementKind.RESERVE,
        line_id=line_id,
        amount_fen=amount_fen,
        source=MovementSource(kind="question", id=line_id),
        on=on,
        fund=fund,
    )
    await _check_decided(tx, compound_id, {line_id: line}, [change])
    rules.check_change(line, change)
    return rules.view(line)


async def execution(tx: Tx, compound_id: UUID, period: Period) -> tuple[LineExecution, ...]:
    """Budget against actual at the end of a month, one row per line in force that year."""
    return await store.execution(tx, compound_id, period.year, period.first_on, period.last_on)


async def movements_by(
    tx: Tx, compound_id: UUID, source: MovementSource, line_ids: Collection[UUID]
) -> tuple[Movement, ...]:
    """What one source did to these lines, line by line in id order."""
    found = await store.movements_of(tx, compound_id, [source.id], line_ids)
    own = [movement for movement in found if movement.source == source]
    return tuple(sorted(own, key=lambda movement: (str(movement.line_id), movement.number)))


async def movements(
    tx: Tx, compound_id: UUID, line_id: UUID, *, after: int = 0, limit: int = 200
) -> tuple[Movement, ...]:
    """The movements of a line in order; their sums are its figures. Raises NoBudgetLine."""
    if await store.find_line_year(tx, compound_id, line_id) is None:
        raise rules.NoBudgetLine(line_id=str(line_id))
    return await store.movements_after(tx, compound_id, line_id, after, limit)


async def _move_one(
    tx: Tx,
    caller: Caller,
    kind: MovementKind,
    line_id: UUID,
    amount_fen: int,
    source: MovementSource,
    *,
    fund: str | None = None,
    on: date | None = None,
) -> Availability:
    change = Change(
        kind=kind,
        line_id=line_id,
        amount_fen=amount_fen,
        source=source,
        on=on or local_date(caller.at),
        fund=fund,
    )
    return (await move(tx, caller, [change]))[0]


async def _line(tx: Tx, compound_id: UUID, line_id: UUID) -> LineControl:
    found = await store.find_controls(tx, compound_id, [line_id])
    if line_id not in found:
        await _refuse_missing(tx, compound_id, line_id)
    return found[line_id]


async def _refuse_missing(tx: Tx, compound_id: UUID, line_id: UUID) -> None:
    known = await store.find_line_year(tx, compound_id, line_id)
    if known is None:
        raise rules.NoBudgetLine(line_id=str(line_id))
    code, year = known
    raise rules.BudgetNotInForce(line=code, year=year)
