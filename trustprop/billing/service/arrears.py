"""Who owes what since when: home ledgers, ageing by building, the movement of a month."""

from collections import defaultdict
from datetime import date
from uuid import UUID

from trustprop.billing import rules
from trustprop.billing.model import (
    ACCOUNTS,
    Ageing,
    Allocation,
    Charge,
    ChargeKind,
    HomeLedger,
    HomeLedgerLine,
    OpeningReceivable,
    OpeningReceivables,
    OpenReceivables,
    ReceivableMovement,
)
from trustprop.billing.service.charges import BILLERS, SCOPE
from trustprop.billing.store import charges as store
from trustprop.billing.store import receipts as receipts_store
from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx


async def opening_receivables(
    tx: Tx, caller: Caller, command: OpenReceivables
) -> OpeningReceivables:
    """Lists what homes owed when the books were opened; nothing is posted.

    The opening entry has booked the sums already: each home's open charges must equal its
    sub-ledger afterwards. Raises OpeningDiffersFromBooks.
    """
    caller.check_office_or_scope(SCOPE, *BILLERS)
    compound_id = caller.compound_id
    rules.check_different([item.id for item in command.items], "/items/{}/id")
    homes = {home.home_id for home in await compounds.homes(tx, compound_id)}
    rules.check_known([item.home_id for item in command.items], homes, "/items/{}/home_id")
    await ledger.lock_books(tx, compound_id)
    listed = tuple(_opening(item) for item in command.items)
    ids = [charge.charge_id for charge in listed]
    known = {one.charge_id: one for one in await store.find_charges(tx, compound_id, ids)}
    added = [one for one in listed if rules.is_new_charge(one, known.get(one.charge_id))]
    if added:
        await store.add_charges(tx, compound_id, added)
    for kind in {charge.kind for charge in listed}:
        await _check_sub_ledger(tx, compound_id, kind)
    return OpeningReceivables(
        charges=len(listed),
        homes=len({charge.home_id for charge in listed}),
        amount_fen=sum(charge.amount_fen for charge in listed),
    )


def _opening(item: OpeningReceivable) -> Charge:
    return Charge(
        charge_id=item.id,
        home_id=item.home_id,
        kind=item.kind,
        period=item.period,
        charged_on=Period.parse(item.period).first_on,
        amount_fen=item.amount_fen,
    )


async def _check_sub_ledger(tx: Tx, compound_id: UUID, kind: ChargeKind) -> None:
    """Home by home, the open charges are the balance of the receivable account."""
    booked = ACCOUNTS[kind]
    open_fen: dict[UUID, int] = defaultdict(int)
    for home_id, amount_fen in await store.open_by_home(tx, compound_id, kind):
        open_fen[home_id] += amount_fen
    homes = {home.home_id for home in await compounds.homes(tx, compound_id)}
    balances = {
        balance.counterparty_id: balance.balance_fen
        for balance in await ledger.subledger(tx, compound_id, booked.receivable)
        if balance.fund == booked.fund and balance.counterparty_id in homes
    }
    rules.check_opening(open_fen, balances, booked.receivable)


async def home_ledger(tx: Tx, caller: Caller, home_id: UUID) -> HomeLedger:
    """A home's account from the first charge to the last receipt. Raises Missing."""
    caller.check_reads_books()
    compound_id = caller.compound_id
    await compounds.home(tx, compound_id, home_id)
    charges = await store.charges_of_home(tx, compound_id, home_id)
    lines = [
        *(rules.charge_line(charge) for charge in charges),
        *map(rules.receipt_line, await receipts_store.of_home(tx, compound_id, home_id)),
        *_used(charges, await store.prepayments_used(tx, compound_id, home_id)),
    ]
    return HomeLedger(
        home_id=home_id,
        owed_fen=sum(charge.open_fen for charge in charges),
        prepaid_fen=await _prepaid(tx, compound_id, home_id),
        lines=tuple(sorted(lines, key=lambda line: (line.on, line.what, line.reference))),
    )


def _used(charges: tuple[Charge, ...], used: tuple[Allocation, ...]) -> tuple[HomeLedgerLine, ...]:
    by_id = {charge.charge_id: charge for charge in charges}
    return tuple(rules.prepayment_line(by_id[one.charge_id], one) for one in used)


async def _prepaid(tx: Tx, compound_id: UUID, home_id: UUID) -> int:
    prepaid_fen = 0
    for account in sorted({booked.prepaid for booked in ACCOUNTS.values()}):
        for balance in await ledger.subledger(tx, compound_id, account):
            if balance.counterparty_id == home_id:
                prepaid_fen -= balance.balance_fen
    return prepaid_fen


async def ageing(tx: Tx, compound_id: UUID, on: date, kind: ChargeKind | None = None) -> Ageing:
    """Receivables by building and age; groups of fewer than five homes are not shown."""
    homes = {home.home_id: home.building for home in await compounds.homes(tx, compound_id)}
    debts = [
        (homes[home_id], home_id, charged_on, open_fen)
        for home_id, charged_on, open_fen in await store.debts(tx, compound_id, on, kind)
    ]
    return rules.draw_up_ageing(on, debts, homes.values())


async def receivable_movement(
    tx: Tx, compound_id: UUID, period: Period, kind: ChargeKind
) -> ReceivableMovement:
    """How a month's receivable came from its opening to its closing, and what was collected."""
    sums = await store.movement(tx, compound_id, kind, period)
    closing_fen = (
        sums["opening_fen"] + sums["charged_fen"] - sums["from_prepaid_fen"] - sums["received_fen"]
    )
    return ReceivableMovement(period=str(period), kind=kind, closing_fen=closing_fen, **sums)
