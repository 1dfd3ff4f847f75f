"""How old debts are, in a table that no home can be read out of."""

import itertools
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

from trustprop.billing.model import (
    AGES,
    Ageing,
    AgeingCell,
    AgeingRow,
)

FEWEST_HOMES = 5
"""Smaller groups could be recognised; they are not published (PIPL 25)."""


def age(charged_on: date, on: date) -> int:
    """The index in AGES."""
    days = (on - charged_on).days
    return sum(days > limit for limit in (30, 90, 180, 365))


def draw_up_ageing(
    on: date, debts: Iterable[tuple[str, UUID, date, int]], buildings: Iterable[str]
) -> Ageing:
    """From (building, home, charged on, open fen): a table that no home can be read out of."""
    names = sorted(set(buildings), key=_in_order)
    homes: list[list[set[UUID]]] = [[set() for _ in AGES] for _ in names]
    sums = [[0] * len(AGES) for _ in names]
    place = {name: row for row, name in enumerate(names)}
    for building, home_id, charged_on, open_fen in debts:
        row, column = place[building], age(charged_on, on)
        homes[row][column].add(home_id)
        sums[row][column] += open_fen
    counts = _with_totals([[frozenset(cell) for cell in row] for row in homes])
    amounts = _amounts_with_totals(sums)
    hidden = suppress(counts)
    cells = [
        [
            AgeingCell(homes=None, amount_fen=None)
            if (row, column) in hidden
            else AgeingCell(homes=counts[row][column], amount_fen=amounts[row][column])
            for column in range(len(AGES) + 1)
        ]
        for row in range(len(names) + 1)
    ]
    return Ageing(
        on=on,
        ages=AGES,
        rows=tuple(
            AgeingRow(building=name, cells=tuple(cells[row][:-1]), total=cells[row][-1])
            for row, name in enumerate(names)
        ),
        totals=tuple(cells[-1][:-1]),
        total=cells[-1][-1],
    )


def _with_totals(homes: list[list[frozenset[UUID]]]) -> list[list[int]]:
    """Counts of different homes, with a last column and a last row for all ages and buildings."""
    rows = [[*row, frozenset().union(*row)] for row in homes]
    columns = [frozenset().union(*(row[i] for row in rows)) for i in range(len(AGES) + 1)]
    return [[len(cell) for cell in row] for row in [*rows, columns]]


def _amounts_with_totals(sums: list[list[int]]) -> list[list[int]]:
    rows = [[*row, sum(row)] for row in sums]
    return [*rows, [sum(row[i] for row in rows) for i in range(len(AGES) + 1)]]


def suppress(counts: Sequence[Sequence[int]]) -> frozenset[tuple[int, int]]:
    """The cells to hide: groups below five homes, and as many more as keep them from being
    computed from a row's or a column's total.

    The last row and column are totals. The grand total is never hidden: the balance of the account
    is public anyway.
    """
    last_row, last_column = len(counts) - 1, len(counts[0]) - 1
    corner = (last_row, last_column)
    rows = [[(r, c) for c in range(last_column + 1)] for r in range(last_row + 1)]
    columns = [[(r, c) for r in range(last_row + 1)] for c in range(last_column + 1)]
    hidden = {
        (r, c)
        for row in rows
        for r, c in row
        if 0 < counts[r][c] < FEWEST_HOMES and (r, c) != corner
    }
    while True:
        more = {
            cell for line in [*rows, *columns] for cell in _companion(line, hidden, counts, corner)
        }
        if not more:
            return frozenset(hidden)
        hidden.add(min(more))


def _companion(
    line: Sequence[tuple[int, int]],
    hidden: Collection[tuple[int, int]],
    counts: Sequence[Sequence[int]],
    corner: tuple[int, int],
) -> Sequence[tuple[int, int]]:
    """The next cell to hide when a line hides some, but so few that their sum gives them away."""
    concealed = [cell for cell in line if cell in hidden]
    if not concealed:
        return ()
    is_safe = len(concealed) > 1 and sum(counts[r][c] for r, c in concealed) >= FEWEST_HOMES
    if is_safe:
        return ()
    shown = [
        cell for cell in line if cell not in hidden and cell != corner and counts[cell[0]][cell[1]]
    ]
    return (min(shown, key=lambda cell: (counts[cell[0]][cell[1]], cell)),) if shown else ()


def _in_order(building: str) -> tuple[int, int, str]:
    """Buildings as people count them: 2 before 10, numbers before names."""
    number = "".join(itertools.takewhile(str.isdecimal, building))
    return (0, int(number), building) if number else (1, 0, building)
