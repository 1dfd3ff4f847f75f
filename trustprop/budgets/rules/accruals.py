"""What a voucher does to the budget lines that it names."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets.model import Change, LineControl, MovementKind, MovementSource
from trustprop.budgets.rules.availability import LineOfAnotherFund
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid, Invalid
from trustprop.kernel.periods import Period
from trustprop.kernel.struct import Fact
from trustprop.ledger.model import Posting, Side, VoucherLine


class LineNotNamed(Invalid):
    code = "budget-line-not-named"
    detail = N_("No line of this voucher uses a budget line; post it as a plain voucher.")


class LineOfAnotherAccount(Conflict):
    code = "line-of-another-account"
    detail = N_("The budget line {line} stands for the account {account}, not {requested_account}.")
    line: str
    account: str
    requested_account: str


class Use(Fact):
    """What one voucher does to one budget line."""

    account: str
    fund: str
    net_fen: int
    """Debit positive: above zero uses the line, below zero gives back."""


def uses(lines: Iterable[VoucherLine | Posting]) -> dict[UUID, Use]:
    """By budget line, what the voucher comes to. Raises LineNotNamed or FieldsInvalid."""
    found: dict[UUID, Use] = {}
    for number, line in enumerate(lines):
        if line.budget_line_id is None:
            continue
        signed = line.amount_fen if line.side is Side.DEBIT else -line.amount_fen
        use = Use(account=line.account, fund=line.fund, net_fen=signed)
        earlier = found.get(line.budget_line_id)
        if earlier is not None:
            _check_one_place(earlier, use, number)
            use = replace(use, net_fen=earlier.net_fen + signed)
        found[line.budget_line_id] = use
    moving = {line_id: use for line_id, use in found.items() if use.net_fen}
    if not moving:
        raise LineNotNamed
    return moving


def check_places(controls: Mapping[UUID, LineControl], found: Mapping[UUID, Use]) -> None:
    """Raises LineOfAnotherFund or LineOfAnotherAccount."""
    for line_id, use in found.items():
        line = controls[line_id]
        if use.fund != line.fund:
            raise LineOfAnotherFund(line=line.code, fund=line.fund, requested_fund=use.fund)
        if use.account != line.account:
            raise LineOfAnotherAccount(
                line=line.code, account=line.account, requested_account=use.account
            )


def change_of(line_id: UUID, use: Use, source: MovementSource, on: date) -> Change:
    return Change(
        kind=MovementKind.SPEND if use.net_fen > 0 else MovementKind.UNSPEND,
        line_id=line_id,
        amount_fen=abs(use.net_fen),
        source=source,
        on=on,
        fund=use.fund,
    )


def mirrored(lines: Iterable[Posting]) -> tuple[Posting, ...]:
    return tuple(replace(line, side=line.side.other) for line in lines)


def period(text: str) -> Period:
    """A month as it stands in an address. Raises FieldsInvalid."""
    try:
        return Period.parse(text)
    except ValueError:
        raise FieldsInvalid(
            errors=(
                FieldError(
                    pointer="/period", code="invalid", detail=N_("A month is written 2025-09.")
                ),
            )
        ) from None


def _check_one_place(earlier: Use, use: Use, number: int) -> None:
    if (earlier.account, earlier.fund) != (use.account, use.fund):
        raise FieldsInvalid(
            errors=(
                FieldError(
                    pointer=f"/lines/{number}/budget_line_id",
                    code="line-in-two-places",
                    detail=N_("One budget line stands for one account of one fund."),
                ),
            )
        )
