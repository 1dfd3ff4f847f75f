"""What an entry must be before it stands in the books.

The SQL function that posts checks the same once more: balance by a trigger over whatever a
statement adds, and cash, fund walls, dates, accounts, sub-ledgers and signs inside the function.
"""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import asdict, replace

from trustprop.kernel.errors import FieldError, FieldsInvalid, Refusal
from trustprop.kernel.money import MAX_FEN
from trustprop.kernel.periods import Period
from trustprop.ledger.model import (
    TRANSFER_IN,
    TRANSFER_OUT,
    WALL,
    AccountClass,
    Books,
    Chart,
    Entry,
    EntryKind,
    JournalEntry,
    Posting,
    PostVoucher,
    Reverse,
    Side,
    Source,
    is_cash,
)
from trustprop.ledger.rules import refusals

_NEEDS_ACT = (EntryKind.PAYMENT, EntryKind.OPENING)
_KEEPS_WALLS = frozenset(EntryKind) - {EntryKind.OPENING, EntryKind.TRANSFER, EntryKind.REVERSAL}


def check_entry(entry: Entry) -> None:
    """Everything that an entry shows by itself; the chart and the dates are asked elsewhere."""
    check_balanced(entry.lines)
    if (entry.reverses is not None) != (entry.kind is EntryKind.REVERSAL):
        raise refusals.NotAReversal
    if entry.kind in _NEEDS_ACT and entry.act_id is None:
        raise refusals.ActNeeded(kind=entry.kind)
    if entry.kind is EntryKind.TRANSFER or _touches_cash_or_walls(entry.lines):
        nets = _net_by_account_and_fund(entry.lines)
        _check_wall(entry, nets)
        _check_cash(entry, nets)


def check_balanced(lines: tuple[Posting, ...]) -> None:
    """At least two lines, every amount above zero, debit equal to credit in every fund."""
    if len(lines) < 2:
        raise refusals.TooFewLines
    debits: dict[str, int] = {}
    credits_: dict[str, int] = {}
    for line in lines:
        amount_fen = line.amount_fen
        if not 0 < amount_fen <= MAX_FEN:
            raise refusals.AmountInvalid
        side = debits if line.side is Side.DEBIT else credits_
        side[line.fund] = side.get(line.fund, 0) + amount_fen
    if debits == credits_:
        return
    for fund in sorted(debits.keys() | credits_.keys()):
        debit_fen, credit_fen = debits.get(fund, 0), credits_.get(fund, 0)
        if debit_fen != credit_fen:
            raise refusals.EntryUnbalanced(fund=fund, debit_fen=debit_fen, credit_fen=credit_fen)


def check_date(books: Books, accounting_on: date, today: date) -> None:
    """Not before the books opened, not in a sealed month, not in the future."""
    if accounting_on < books.opened_on:
        raise refusals.BeforeOpening(opened_on=books.opened_on.isoformat())
    period = Period.of(accounting_on)
    if period.number <= books.closed_through:
        raise refusals.PeriodClosed(period=str(period))
    if accounting_on > today:
        raise refusals.DateInFuture(accounting_on=accounting_on.isoformat())


def check_lines(chart: Chart, lines: Iterable[Posting]) -> None:
    """Names every line whose account, fund, amount or counterparty is wrong, all at once."""
    errors = []
    for number, line in enumerate(lines):
        errors += [
            _field_error(f"/lines/{number}/{field}", refusal)
            for field, refusal in _line_refusals(chart, line)
        ]
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def mirror(original: JournalEntry, command: Reverse) -> Entry:
    """The entry that takes another one back, line by line."""
    if original.kind is EntryKind.REVERSAL:
        raise refusals.ReversalNotReversible
    if original.reversed_by not in (None, command.reversal_id):
        raise refusals.AlreadyReversed
    return Entry(
        entry_id=command.reversal_id,
        kind=EntryKind.REVERSAL,
        accounting_on=command.accounting_on,
        memo=command.memo,
        lines=tuple(replace(line, side=line.side.other) for line in original.lines),
        source=original.source,
        act_id=command.act_id,
        resolution_id=command.resolution_id,
        reverses=original.entry_id,
    )


def voucher(command: PostVoucher) -> Entry:
    """A bookkeeper's command as the entry that it is."""
    return Entry(
        entry_id=command.id,
        kind=EntryKind.VOUCHER,
        accounting_on=command.accounting_on,
        memo=command.memo,
        lines=tuple(Posting(**asdict(line)) for line in command.lines),
        source=Source(kind="voucher", id=command.id),
        evidence=command.evidence,
    )


def check_uses_no_budget(command: PostVoucher) -> None:
    """A line of the budget knows of every use, so what uses one is posted together with the use."""
    refusal = refusals.BudgetLineNeedsAccrual()
    errors = tuple(
        _field_error(f"/lines/{number}/budget_line_id", refusal)
        for number, line in enumerate(command.lines)
        if line.budget_line_id is not None
    )
    if errors:
        raise FieldsInvalid(errors=errors)


def check_used_no_budget(original: JournalEntry) -> None:
    if any(line.budget_line_id is not None for line in original.lines):
        raise refusals.ReversedAsAccrual(entry_id=str(original.entry_id))


def check_voucher_reversal(original: JournalEntry) -> None:
    """A charge, a payment or an invoice is undone by the house that made it."""
    if original.kind is not EntryKind.VOUCHER:
        raise refusals.NotAVoucher(kind=original.kind)


def _touches_cash_or_walls(lines: tuple[Posting, ...]) -> bool:
    """Most entries stay in one fund and take nothing out of a bank account; they need no sums."""
    fund = lines[0].fund
    return any(
        line.fund != fund
        or line.account in WALL
        or (line.side is Side.CREDIT and is_cash(line.account))
        for line in lines
    )


Nets = dict[str, dict[str, int]]


def _net_by_account_and_fund(lines: tuple[Posting, ...]) -> Nets:
    nets: Nets = {}
    for line in lines:
        by_fund = nets.setdefault(line.account, {})
        by_fund[line.fund] = by_fund.get(line.fund, 0) + line.signed_fen
    return nets


def _check_wall(entry: Entry, nets: Nets) -> None:
    """An account that falls in one fund and rises in another has carried money across."""
    uses_wall = not nets.keys().isdisjoint(WALL)
    crossing = next(
        (
            code
            for code, by_fund in nets.items()
            if min(by_fund.values()) < 0 < max(by_fund.values())
        ),
        None,
    )
    if entry.kind in _KEEPS_WALLS and (uses_wall or crossing):
        raise refusals.FundWall(account=crossing or min(nets.keys() & set(WALL)))
    if entry.kind is EntryKind.TRANSFER or (entry.kind is EntryKind.REVERSAL and uses_wall):
        if entry.resolution_id is None:
            raise refusals.ResolutionNeeded
        _check_transfer(nets)


def _check_transfer(nets: Nets) -> None:
    arrived = -sum(nets.get(TRANSFER_IN, {}).values())
    left = sum(nets.get(TRANSFER_OUT, {}).values())
    others = nets.keys() - set(WALL)
    moves_assets_only = all(code[0] == AccountClass.ASSET for code in others)
    if arrived == 0 or arrived != left or not moves_assets_only:
        raise refusals.TransferUnmatched


def _check_cash(entry: Entry, nets: Nets) -> None:
    """The gate: no fund's cash falls without an act, except between funds inside one bank account."""
    if entry.kind in _NEEDS_ACT or (entry.act_id is not None and entry.kind in _MAY_PAY_WITH_ACT):
        return
    for code, by_fund in nets.items():
        if not is_cash(code):
            continue
        falls = min(by_fund.values()) < 0
        leaves = sum(by_fund.values()) < 0
        if leaves or (falls and entry.kind in _KEEPS_WALLS):
            raise refusals.CashOutNeedsOrder(account=code)


_MAY_PAY_WITH_ACT = (EntryKind.TRANSFER, EntryKind.REVERSAL)


def _line_refusals(chart: Chart, line: Posting) -> list[tuple[str, Refusal]]:
    found: list[tuple[str, Refusal]] = []
    account = chart.accounts.get(line.account)
    fund = chart.funds.get(line.fund)
    if account is None or not account.is_open:
        found.append(("account", refusals.AccountNotOpen(account=line.account)))
    elif account.keeps_subledger and line.counterparty_id is None:
        found.append(("counterparty_id", refusals.CounterpartyNeeded(account=line.account)))
    if fund is None or not fund.is_open:
        found.append(("fund", refusals.FundNotOpen(fund=line.fund)))
    if not 0 < line.amount_fen <= MAX_FEN:
        found.append(("amount_fen", refusals.AmountInvalid()))
    return found


def _field_error(pointer: str, refusal: Refusal) -> FieldError:
    return FieldError(
        pointer=pointer, code=refusal.code, detail=refusal.detail, facts=refusal.facts
    )
