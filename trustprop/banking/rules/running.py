"""Running balances: which way a file runs, and whether it is whole."""

import itertools
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from trustprop.banking.model import BankLine, Gap, ReadLine
from trustprop.banking.rules.refusals import BalanceBroken


def in_order(lines: Sequence[ReadLine], first_line: int = 1) -> tuple[ReadLine, ...]:
    """Oldest first, whichever way the bank wrote it. Raises BalanceBroken.

    ``first_line`` is where the first of them stands in the file.
    """
    if first_break(lines) is None and _is_ascending(lines):
        return tuple(lines)
    turned = tuple(reversed(lines))
    if first_break(turned) is None and _is_ascending(turned):
        return turned
    ascending = _is_ascending(lines) or not _is_ascending(turned)
    chosen = tuple(lines) if ascending else turned
    broken = first_break(chosen)
    if broken is None:
        return tuple(sorted(lines, key=lambda line: line.booked_on))
    before, line = chosen[broken - 1], chosen[broken]
    assert before.balance_fen is not None
    assert line.balance_fen is not None
    raise BalanceBroken(
        line=first_line + (broken if ascending else len(lines) - 1 - broken),
        expected_fen=before.balance_fen + line.amount_fen,
        found_fen=line.balance_fen,
    )


def first_break(lines: Sequence[ReadLine]) -> int | None:
    """The first line whose balance does not follow from the one before."""
    for number in range(1, len(lines)):
        before, balance = lines[number - 1].balance_fen, lines[number].balance_fen
        if before is None or balance is None:
            continue
        if before + lines[number].amount_fen != balance:
            return number
    return None


def _is_ascending(lines: Sequence[ReadLine]) -> bool:
    return all(a.booked_on <= b.booked_on for a, b in itertools.pairwise(lines))


def with_balances(lines: Sequence[ReadLine], opening_fen: int) -> tuple[ReadLine, ...]:
    """Balances computed from the opening, for formats that state only that."""
    balance_fen = opening_fen
    counted = []
    for line in lines:
        balance_fen += line.amount_fen
        counted.append(replace(line, balance_fen=balance_fen))
    return tuple(counted)


def check_closing(lines: Sequence[ReadLine], opening_fen: int, closing_fen: int) -> None:
    """Opening and movements make the closing. Raises BalanceBroken."""
    expected_fen = opening_fen + sum(line.amount_fen for line in lines)
    if expected_fen != closing_fen:
        raise BalanceBroken(line=len(lines), expected_fen=expected_fen, found_fen=closing_fen)


def find_gaps(lines: Iterable[BankLine]) -> tuple[Gap, ...]:
    """Where imported lines do not join; ``lines`` are of one account in the bank's order."""
    gaps = []
    before: BankLine | None = None
    for line in lines:
        if before is not None and before.balance_fen is not None and line.balance_fen is not None:
            opening_fen = line.balance_fen - line.amount_fen
            if opening_fen != before.balance_fen:
                gaps.append(
                    Gap(
                        account=line.account,
                        after_on=before.booked_on,
                        before_on=line.booked_on,
                        expected_fen=before.balance_fen,
                        found_fen=opening_fen,
                    )
                )
        before = line
    return tuple(gaps)
