"""What identifies a bank line, so that overlapping files bring each line once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID, uuid5

from trustprop.banking.model import (
    BankLine,
    BankStatement,
    ImportStatement,
    ReadLine,
    ReadStatement,
)
from trustprop.banking.rules.refusals import (
    StatementContradicts,
    StatementDiffers,
    StatementOfAnotherAccount,
)

_Key = tuple[date, int, int | None, str]


def draw_lines(
    compound_id: UUID, account: str, statement_id: UUID, read: ReadStatement
) -> tuple[BankLine, ...]:
    """The lines of a file with ids that follow from what they say.

    The same line in another file has the same id; two lines of one file that say the very same are
    told apart by counting.
    """
    seen: Counter[_Key] = Counter()
    of_day: dict[date, int] = defaultdict(int)
    drawn = []
    for line in read.lines:
        key = _key(line)
        name = "/".join(map(str, (account, *key, seen[key])))
        seen[key] += 1
        drawn.append(
            BankLine(
                line_id=uuid5(compound_id, f"bank-line/{name}"),
                statement_id=statement_id,
                account=account,
                booked_on=line.booked_on,
                day_index=of_day[line.booked_on],
                amount_fen=line.amount_fen,
                balance_fen=line.balance_fen,
                counterparty_name=line.counterparty_name[:200],
                counterparty_number=line.counterparty_number[:60],
                memo=line.memo[:500],
                reference=line.reference[:100],
            )
        )
        of_day[line.booked_on] += 1
    return tuple(drawn)


def _key(line: ReadLine) -> _Key:
    """Date, amount and running balance name a line in every format; without a balance its reference."""
    reference = line.reference if line.balance_fen is None else ""
    return line.booked_on, line.amount_fen, line.balance_fen, reference


def check_account(found: str, expected: str) -> None:
    """A file that names its account is of this account. Raises StatementOfAnotherAccount."""
    said = "".join(char for char in found if char.isdigit())
    known = "".join(char for char in expected if char.isdigit())
    if said and known and said != known:
        raise StatementOfAnotherAccount(found=said[-4:], expected=known[-4:])


def check_contains(lines: Sequence[BankLine], known: Iterable[BankLine]) -> None:
    """On days that a file covers whole, it holds every line imported before.

    The first and the last day may be partial. Raises StatementContradicts.
    """
    if not lines:
        return
    ids = {line.line_id for line in lines}
    first_on, last_on = lines[0].booked_on, lines[-1].booked_on
    missing = [
        line for line in known if first_on < line.booked_on < last_on and line.line_id not in ids
    ]
    if missing:
        first = min(line.booked_on for line in missing)
        raise StatementContradicts(lines=len(missing), first_on=first.isoformat())


def check_same_import(known: BankStatement, command: ImportStatement) -> None:
    """A retry brings the same file for the same account. Raises StatementDiffers."""
    if (known.account, known.file_sha256) != (command.account, command.file_sha256):
        raise StatementDiffers
