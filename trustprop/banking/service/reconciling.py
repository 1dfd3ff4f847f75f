"""The three-way reconciliation of a bank account at the end of any day."""

from datetime import date
from uuid import UUID

from trustprop.banking import rules, store
from trustprop.banking.model import BankLine, Reconciliation, SealedReconciliation
from trustprop.banking.service.movements import Open, still_open
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.ledger.model import FundClaim
from trustprop.plumbing.database import Tx


async def reconcile(tx: Tx, compound_id: UUID, account: str, on: date) -> Reconciliation:
    """Bank + receipts not yet on it − payments not yet on it = books = claims of the funds.

    The books' figure is the sum of the journal's entries, the claims are the kept balances: two
    witnesses. Everything that only one side knew on that day is an item of its own.
    """
    found = await still_open(tx, compound_id, account, on)
    before, opening_fen = await _before(tx, compound_id, account, found)
    after = _after_seal(found)
    claims = await _claims(tx, compound_id, account, on)
    return rules.reconcile(
        account,
        on,
        bank_fen=rules.bank_balance(on, after, opening_fen),
        books_fen=rules.books_balance(on, found.moved, found.sealed),
        claims=claims,
        items=rules.draw_items(on, found.lines, found.moved, found.matched),
        alarms=await store.alarms(tx, compound_id, account=account, only_open=True),
        gaps=rules.find_gaps((*before, *after)),
    )


async def seal(tx: Tx, caller: Caller, account: str, period: Period) -> None:
    """Keeps where an account stands at the end of a month that was just closed.

    The next reconciliation goes on from there. Nothing before it can change but by bank lines that
    come late, and those are known by the statement that brought them.
    """
    on = period.last_on
    found = await still_open(tx, caller.compound_id, account, on)
    _, opening_fen = await _before(tx, caller.compound_id, account, found)
    open_lines, open_entries = rules.left_open(on, found.lines, found.moved, found.matched)
    sealed = SealedReconciliation(
        account=account,
        period=period.number,
        bank_fen=rules.bank_balance(on, _after_seal(found), opening_fen),
        books_fen=rules.books_balance(on, found.moved, found.sealed),
        open_lines=open_lines,
        open_entries=open_entries,
        sealed_at=caller.at,
    )
    await store.add_seal(tx, caller.compound_id, sealed)


def _after_seal(found: Open) -> tuple[BankLine, ...]:
    sealed = found.sealed
    return tuple(line for line in found.lines if sealed is None or line.booked_on > sealed.last_on)


async def _before(
    tx: Tx, compound_id: UUID, account: str, found: Open
) -> tuple[tuple[BankLine, ...], int]:
    """The last line before those after the seal, and the bank's balance there."""
    if found.sealed is None:
        stated = await store.statements(tx, compound_id, account)
        return (), rules.opening_balance(found.lines, stated, found.moved)
    last = await store.last_line(tx, compound_id, account, found.sealed.last_on)
    if last is None or last.balance_fen is None:
        return (), found.sealed.bank_fen
    return (last,), last.balance_fen


async def _claims(tx: Tx, compound_id: UUID, account: str, on: date) -> tuple[FundClaim, ...]:
    """What each fund owned of the account at the end of the day."""
    return tuple(
        FundClaim(fund=balance.fund, balance_fen=balance.balance_fen)
        for balance in await ledger.balances(tx, compound_id, on=on)
        if balance.account == account
    )
