"""The three-way reconciliation of a bank account at the end of any day."""

from datetime import date
from uuid import UUID

from trustprop.banking import rules, store
from trustprop.banking.model import Reconciliation
from trustprop.banking.service.movements import movements
from trustprop.ledger import service as ledger
from trustprop.ledger.model import FundClaim
from trustprop.plumbing.database import Tx


async def reconcile(tx: Tx, compound_id: UUID, account: str, on: date) -> Reconciliation:
    """Bank + receipts not yet on it − payments not yet on it = books = claims of the funds.

    The books' figure is the sum of the journal's entries, the claims are the kept balances: two
    witnesses. Everything that only one side knew on that day is an item of its own.
    """
    lines = await store.lines(tx, compound_id, account)
    moved = await movements(tx, compound_id, account)
    matched = await store.matches(tx, compound_id, account)
    opening_fen = rules.opening_balance(
        lines, await store.statements(tx, compound_id, account), moved
    )
    claims = await _claims(tx, compound_id, account, on)
    return rules.reconcile(
        account,
        on,
        bank_fen=rules.bank_balance(on, lines, opening_fen),
        books_fen=sum(one.amount_fen for one in moved if one.accounting_on <= on),
        claims=claims,
        items=rules.draw_items(on, lines, moved, matched),
        alarms=await store.alarms(tx, compound_id, account=account, only_open=True),
        gaps=rules.find_gaps(lines),
    )


async def _claims(tx: Tx, compound_id: UUID, account: str, on: date) -> tuple[FundClaim, ...]:
    """What each fund owned of the account at the end of the day."""
    return tuple(
        FundClaim(fund=balance.fund, balance_fen=balance.balance_fen)
        for balance in await ledger.balances(tx, compound_id, on=on)
        if balance.account == account
    )
