"""CSV statements by profile."""

import csv
import io
import itertools
import re
from collections.abc import Sequence
from datetime import date

from trustprop.banking.model import ReadLine, ReadStatement
from trustprop.banking.rules.profiles import Profile
from trustprop.banking.rules.refusals import StatementUnreadable
from trustprop.banking.rules.running import in_order
from trustprop.kernel.money import fen
from trustprop.kernel.struct import Fact

_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})")
_MAX_COLUMNS = 200


class FoundTable(Fact):
    """The rows of a file with the place of its header."""

    rows: tuple[tuple[str, ...], ...]
    header: int


def find_table(content: bytes, profile: Profile) -> FoundTable | None:
    """The table of this profile in a file, or None when its header is not there."""
    for encoding in profile.encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        rows = _rows(text, profile.delimiter)
        for number, row in enumerate(rows[:40]):
            if _is_header(row, profile):
                return FoundTable(rows=rows, header=number)
    return None


def _rows(text: str, delimiter: str) -> tuple[tuple[str, ...], ...]:
    """Cells without the tabs, quotes and equal signs that keep spreadsheets from rounding numbers."""
    try:
        read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return tuple(tuple(_cell(cell) for cell in row[:_MAX_COLUMNS]) for row in read)
    except csv.Error:
        return ()


def _cell(text: str) -> str:
    cleaned = text.strip().removeprefix("\ufeff")
    if cleaned.startswith('="') and cleaned.endswith('"'):
        cleaned = cleaned[2:-1]
    return cleaned.strip("'`\t \u3000")


def _is_header(row: Sequence[str], profile: Profile) -> bool:
    money = [profile.amount] if profile.amount else [profile.out, profile.into]
    wanted = [profile.date, profile.balance, *money]
    sides = profile.name_columns or profile.payee_name
    return all(any(name in row for name in names) for names in [*wanted, sides])


def read(found: FoundTable, profile: Profile) -> ReadStatement:
    """Raises StatementUnreadable or BalanceBroken, naming the line of the file."""
    header = found.rows[found.header]
    lines, accounts = [], set()
    for number, row in enumerate(found.rows[found.header + 1 :], start=found.header + 2):
        cells = dict(zip(header, row, strict=False))
        if not _first(cells, profile.date) or not any(char.isdigit() for char in "".join(row)):
            continue
        if not _DATE.match(_first(cells, profile.date)):
            continue
        lines.append(_line(cells, profile, number))
        accounts.add(_first(cells, profile.account))
    own = _own_account(found, profile, accounts)
    ordered = in_order(lines, first_line=found.header + 2)
    return ReadStatement(
        profile=profile.name,
        account_number=own,
        opening_fen=_opening(ordered),
        closing_fen=ordered[-1].balance_fen if ordered else None,
        lines=ordered,
    )


def _opening(lines: Sequence[ReadLine]) -> int | None:
    if not lines or lines[0].balance_fen is None:
        return None
    return lines[0].balance_fen - lines[0].amount_fen


def _own_account(found: FoundTable, profile: Profile, accounts: set[str]) -> str:
    """From the column, or from a label above the table."""
    named = accounts - {""}
    if len(named) == 1:
        return named.pop()
    for row in found.rows[: found.header]:
        for label, value in itertools.pairwise(row):
            if label.rstrip(":：") in profile.account and value:
                return value
    return ""


def _line(cells: dict[str, str], profile: Profile, number: int) -> ReadLine:
    amount_fen = _amount(cells, profile, number)
    name, account = _other_side(cells, profile, amount_fen)
    balance = _first(cells, profile.balance)
    return ReadLine(
        booked_on=_date(_first(cells, profile.date), number),
        amount_fen=amount_fen,
        balance_fen=_fen(balance, number, "balance") if balance else None,
        counterparty_name=name,
        counterparty_number=account,
        memo=" ".join(dict.fromkeys(cells[c] for c in profile.memo if cells.get(c))),
        reference=_first(cells, profile.reference),
    )


def _amount(cells: dict[str, str], profile: Profile, number: int) -> int:
    """Signed: above zero when money came in."""
    if not profile.amount:
        into = _fen(_first(cells, profile.into) or "0", number, "amount")
        out = _fen(_first(cells, profile.out) or "0", number, "amount")
        if (into == 0) == (out == 0):
            raise StatementUnreadable(line=number, reason="amount")
        return into - out
    amount = _fen(_first(cells, profile.amount), number, "amount")
    word = _first(cells, profile.direction)
    if amount == 0:
        raise StatementUnreadable(line=number, reason="amount")
    if word in profile.out_words:
        return -abs(amount)
    if word in profile.into_words:
        return abs(amount)
    return amount


def _other_side(cells: dict[str, str], profile: Profile, amount_fen: int) -> tuple[str, str]:
    if not profile.payee_name:
        return _first(cells, profile.name_columns), _first(cells, profile.number_columns)
    if amount_fen > 0:
        return _first(cells, profile.payer_name), _first(cells, profile.payer_number)
    return _first(cells, profile.payee_name), _first(cells, profile.payee_number)


def _first(cells: dict[str, str], names: Sequence[str]) -> str:
    return next((cells[name] for name in names if cells.get(name)), "")


def _fen(text: str, number: int, reason: str) -> int:
    try:
        return fen(text.removeprefix("+"))
    except ValueError:
        raise StatementUnreadable(line=number, reason=reason) from None


def _date(text: str, number: int) -> date:
    found = _DATE.match(text)
    try:
        assert found is not None
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise StatementUnreadable(line=number, reason="date") from None
