"""The close's named checks (domain: month close, 1 to 7); each costs what the month costs."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from trustprop.billing import service as billing
from trustprop.billing.model import ACCOUNTS, ChargeKind
from trustprop.budgets import service as budgets
from trustprop.compounds import service as compounds
from trustprop.kernel import merkle
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.ledger.model import AttestedEntry, Books, EntryKind, TrialBalance
from trustprop.ledger.rules import leaf
from trustprop.plumbing.database import Tx
from trustprop.statements import store
from trustprop.statements.model import TieOut, TieOuts
from trustprop.statements.service.facts import HELD_FOR_OTHERS, Reconciled, reconciliations

CONTRACT_RECEIVABLE = "112103"
"""Owed by contracts of public revenue, whose ledgers are not homes'."""


async def tie_outs(tx: Tx, caller: Caller, period: Period) -> TieOuts:
    """Every check of a month, green or not. For office holders and ``books:read``."""
    caller.check_reads_books()
    reconciled = await reconciliations(tx, caller.compound_id, period)
    found = await check(tx, caller.compound_id, period, reconciled)
    return TieOuts(period=str(period), is_green=all(tie.passed for tie in found), tie_outs=found)


async def check(
    tx: Tx, compound_id: UUID, period: Period, reconciled: Reconciled
) -> tuple[TieOut, ...]:
    """In the order in which a bookkeeper goes about it."""
    books = await ledger.books(tx, compound_id)
    trial = await ledger.trial_balance(tx, compound_id, period)
    return (
        _previous_month(books, period),
        await _cut_off(tx, compound_id, period),
        _trial_balance(trial),
        _fund_balances(trial),
        *_three_way(reconciled),
        await _channel(tx, compound_id, period, trial),
        *await _receivables(tx, compound_id, period, trial),
        _agency(trial),
        await _budget(tx, compound_id, period),
        await _integrity(tx, compound_id, period, books.tree_size),
    )


def _tie(
    name: str, left_fen: int, right_fen: int, *, holds: bool = True, detail: str = ""
) -> TieOut:
    passed = holds and left_fen == right_fen
    return TieOut(
        name=name,
        passed=passed,
        left_fen=left_fen,
        right_fen=right_fen,
        detail="" if passed else detail,
    )


def _previous_month(books: Books, period: Period) -> TieOut:
    expected = books.next_to_close
    return _tie("previous_month", 0, 0, holds=expected == period, detail=str(expected))


async def _cut_off(tx: Tx, compound_id: UUID, period: Period) -> TieOut:
    """Charges, public revenue and remuneration of the month are booked; what is not is named."""
    missing = list(await store.not_yet_run(tx, compound_id, period))
    instrument = await compounds.trust_instrument(tx, compound_id, period.last_on)
    if instrument and await billing.remuneration_of(tx, compound_id, period) is None:
        missing.append("remuneration")
    return _tie("cut_off", 0, 0, holds=not missing, detail=", ".join(missing))


def _trial_balance(trial: TrialBalance) -> TieOut:
    debit_fen = sum(line.debit_fen for line in trial.lines)
    credit_fen = sum(line.credit_fen for line in trial.lines)
    return _tie("trial_balance", debit_fen, credit_fen)


def _fund_balances(trial: TrialBalance) -> TieOut:
    """What each fund owns equals what it owes and is worth; funds that differ are named."""
    left: defaultdict[str, int] = defaultdict(int)
    right: defaultdict[str, int] = defaultdict(int)
    for line in trial.lines:
        side = left if line.closing_fen > 0 else right
        side[line.fund] += abs(line.closing_fen)
    odd = sorted(fund for fund in left.keys() | right.keys() if left[fund] != right[fund])
    return _tie(
        "fund_balances",
        sum(left.values()),
        sum(right.values()),
        holds=not odd,
        detail=", ".join(odd),
    )


def _three_way(reconciled: Reconciled) -> list[TieOut]:
    """Per bank account, and whether any debit without an order is still unexplained."""
    found = []
    alarms_fen = 0
    for account, told in reconciled:
        alarms_fen += sum(-alarm.amount_fen for alarm in told.alarms)
        ties = told.is_reconciled and told.books_fen == told.claims_fen
        found.append(
            _tie(
                f"three_way:{account.account_code}",
                told.adjusted_bank_fen,
                told.books_fen,
                holds=ties,
                detail=", ".join(item.kind for item in told.items),
            )
        )
    return [*found, _tie("alarms", alarms_fen, 0)]


async def _channel(tx: Tx, compound_id: UUID, period: Period, trial: TrialBalance) -> TieOut:
    lines = [line for line in trial.lines if line.account.startswith("1012")]
    received_fen, settled_fen = await store.through_channel(tx, compound_id, period)
    opened = await ledger.entries(tx, compound_id, in_period=period, kind=EntryKind.OPENING)
    reversed_ = await ledger.entries(tx, compound_id, in_period=period, kind=EntryKind.REVERSAL)
    otherwise_fen = sum(
        line.signed_fen
        for entry in (*opened, *reversed_)
        for line in entry.lines
        if line.account.startswith("1012")
    )
    opening_fen = sum(line.opening_fen for line in lines) + otherwise_fen
    return _tie(
        "channel_in_transit",
        sum(line.closing_fen for line in lines),
        opening_fen + received_fen - settled_fen,
    )


async def _receivables(
    tx: Tx, compound_id: UUID, period: Period, trial: TrialBalance
) -> list[TieOut]:
    """The roll-forward of the homes' ledgers leads to the balance in the books."""
    found = []
    for kind in ChargeKind:
        account = ACCOUNTS[kind].receivable
        if account == CONTRACT_RECEIVABLE:
            continue
        movement = await billing.receivable_movement(tx, compound_id, period, kind)
        closing_fen = sum(line.closing_fen for line in trial.lines if line.account == account)
        found.append(_tie(f"receivables:{account}", closing_fen, movement.closing_fen))
    return found


def _agency(trial: TrialBalance) -> TieOut:
    held = [line for line in trial.lines if line.fund == HELD_FOR_OTHERS]
    cash_fen = sum(line.closing_fen for line in held if line.account.startswith("10"))
    owed_fen = -sum(line.closing_fen for line in held if line.account.startswith("2"))
    return _tie("agency", cash_fen, owed_fen)


async def _budget(tx: Tx, compound_id: UUID, period: Period) -> TieOut:
    """Budget lines as used and the ledger's lines that name them; lines that differ are named."""
    actual: defaultdict[UUID, int] = defaultdict(int)
    for entry in await ledger.entries(tx, compound_id, in_period=period):
        for line in entry.lines:
            if line.budget_line_id is not None and line.account.startswith("5"):
                actual[line.budget_line_id] += line.signed_fen
    lines = await budgets.execution(tx, compound_id, period)
    odd = [line.code for line in lines if line.this_month_fen != actual[line.line_id]]
    return _tie(
        "budget_actuals",
        sum(line.this_month_fen for line in lines),
        sum(actual.values()),
        holds=not odd,
        detail=", ".join(odd),
    )


async def _integrity(tx: Tx, compound_id: UUID, period: Period, tree_size: int) -> TieOut:
    """The journal since the last seal: each leaf from its entry, the root from the leaves.

    What is older was looked at when it was sealed; its peaks still have to give the sealed root.
    """
    seals = [one for one in await ledger.sealed_periods(tx, compound_id) if one.period < period]
    start = seals[-1].tree_size if seals else 0
    entries = await ledger.attested_entries(tx, compound_id, first=start + 1, last=tree_size)
    stored = await store.leaves(tx, compound_id, start, tree_size)
    odd = _first_odd_leaf(compound_id, start, entries, stored)
    sealed = await store.frontier(tx, compound_id, start)
    if seals and merkle.root_of_peaks(sealed).hex() != seals[-1].root:
        odd = str(seals[-1].period)
    elif not odd and merkle.root_of_peaks(
        merkle.append(sealed, start, stored)
    ) != await ledger.root(tx, compound_id, tree_size):
        odd = "root"
    return _tie("integrity", 0, 0, holds=not odd, detail=odd)


def _first_odd_leaf(
    compound_id: UUID, start: int, entries: Iterable[AttestedEntry], stored: tuple[bytes, ...]
) -> str:
    hashed = [leaf.entry_leaf(compound_id, entry) for entry in entries]
    if len(hashed) != len(stored):
        return "entries"
    pairs = zip(hashed, stored, strict=True)
    odd = (number for number, (one, other) in enumerate(pairs, start + 1) if one != other)
    return str(next(odd, ""))
