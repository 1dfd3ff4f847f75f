"""What the books say of a bank account, entry by entry, and what could name each entry."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from msgspec import Struct

from trustprop.banking import store
from trustprop.banking.model import (
    BankLine,
    BankMatch,
    Candidate,
    CashMovement,
    SealedReconciliation,
)
from trustprop.billing import service as billing
from trustprop.disbursements import service as disbursements
from trustprop.disbursements.model import ReleasedOrder
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.ledger.model import EntryKind, JournalEntry
from trustprop.plumbing.database import Tx


class Open(Struct, frozen=True, kw_only=True):
    """What can still be open on a bank account: what was so at the last seal, and all that came since."""

    sealed: SealedReconciliation | None
    lines: tuple[BankLine, ...]
    """In the bank's order."""
    moved: tuple[CashMovement, ...]
    """In journal order."""
    matched: tuple[BankMatch, ...]
    """Every match of these lines and entries."""


async def still_open(tx: Tx, compound_id: UUID, account: str, on: date | None = None) -> Open:
    """Now, or at the end of a day. Costs what happened since the last closed month before."""
    sealed = await store.last_seal(tx, compound_id, account, _closed_before(on) if on else None)
    if sealed is None:
        lines = await store.lines(tx, compound_id, account)
    else:
        lines = await store.lines_since(tx, compound_id, sealed, account, on)
    moved = await _movements(tx, compound_id, account, sealed)
    matched = await store.matches_among(
        tx,
        compound_id,
        account,
        [line.line_id for line in lines],
        [movement.entry_id for movement in moved],
    )
    return Open(sealed=sealed, lines=lines, moved=moved, matched=matched)


def _closed_before(on: date) -> int:
    """The last month that had ended by that day."""
    month = Period.of(on)
    return month.number if on == month.last_on else month.previous.number


async def _movements(
    tx: Tx, compound_id: UUID, account: str, sealed: SealedReconciliation | None
) -> tuple[CashMovement, ...]:
    """Every entry that changed the account since the seal, or was open at it."""
    since_on = sealed.last_on + timedelta(days=1) if sealed else None
    found = await ledger.entries(tx, compound_id, account=account, since_on=since_on)
    if sealed:
        found = (*await ledger.entries_by_id(tx, compound_id, sealed.open_entries), *found)
    made = (_movement(entry, account) for entry in found)
    return tuple(movement for movement in made if movement.amount_fen != 0)


def _movement(entry: JournalEntry, account: str) -> CashMovement:
    """The account's net change: a transfer between funds inside one account is none."""
    return CashMovement(
        entry_id=entry.entry_id,
        number=entry.number,
        accounting_on=entry.accounting_on,
        amount_fen=sum(line.signed_fen for line in entry.lines if line.account == account),
        is_opening=entry.kind is EntryKind.OPENING,
        memo=entry.memo,
        partner_id=entry.reverses or entry.reversed_by,
    )


async def candidates(
    tx: Tx,
    compound_id: UUID,
    account: str,
    moved: Iterable[CashMovement],
    matched: Iterable[BankMatch],
) -> tuple[Candidate, ...]:
    """What no bank line answers to yet, with references, names and numbers of the other side."""
    used: dict[UUID, int] = defaultdict(int)
    for one in matched:
        used[one.entry_id] += one.amount_fen
    left = [
        (movement, movement.amount_fen - used[movement.entry_id])
        for movement in moved
        if not movement.is_opening and movement.amount_fen != used[movement.entry_id]
    ]
    ids = [movement.entry_id for movement, _ in left]
    orders = {
        order.order_id: order
        for order in await disbursements.released_orders(tx, compound_id, account)
    }
    said = await _receipts(tx, compound_id, ids)
    return tuple(
        _order_candidate(movement, amount_fen, orders[movement.entry_id])
        if movement.entry_id in orders
        else _receipt_candidate(movement, amount_fen, said.get(movement.entry_id, ()))
        for movement, amount_fen in left
    )


async def _receipts(
    tx: Tx, compound_id: UUID, entries: Sequence[UUID]
) -> dict[UUID, list[tuple[str, str]]]:
    """Reference and payer of what billing booked under each entry."""
    said: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for receipt in await billing.receipts_of_entries(tx, compound_id, entries):
        said[receipt.entry_id].append((receipt.reference, receipt.payer))
    for settlement in await billing.settlements_of_entries(tx, compound_id, entries):
        said[settlement.entry_id].append((settlement.reference, ""))
    return said


def _order_candidate(movement: CashMovement, amount_fen: int, order: ReleasedOrder) -> Candidate:
    """The end-to-end id comes back in some banks' statements, the order's number in all others."""
    return Candidate(
        entry_id=movement.entry_id,
        on=movement.accounting_on,
        amount_fen=amount_fen,
        references=(order.order_id.hex, str(order.order_id), order.number),
        names=(order.payee.name,),
        numbers=(order.payee.number,),
        order_id=order.order_id,
        label=order.number,
    )


def _receipt_candidate(
    movement: CashMovement, amount_fen: int, said: Sequence[tuple[str, str]]
) -> Candidate:
    return Candidate(
        entry_id=movement.entry_id,
        on=movement.accounting_on,
        amount_fen=amount_fen,
        references=tuple(dict.fromkeys(reference for reference, _ in said if reference)),
        names=tuple(dict.fromkeys(payer for _, payer in said if payer)),
        label=f"记账凭证 {movement.number}",
    )
