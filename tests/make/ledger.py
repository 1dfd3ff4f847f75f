"""Entries in a bookkeeper's notation, and books to post them to."""

from datetime import date
from uuid import UUID

from tests.make.ground import new_id
from trustprop.kernel.caller import Caller
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry, EntryKind, Posting, Side, Source
from trustprop.plumbing.database import Tx

FUNDS = {"OP": False, "PR": True, "RS": True, "AG": True}


def debit(account: str, amount_fen: int, fund: str = "OP", **more: object) -> Posting:
    return Posting(account=account, fund=fund, side=Side.DEBIT, amount_fen=amount_fen, **more)  # type: ignore[arg-type]


def credit(account: str, amount_fen: int, fund: str = "OP", **more: object) -> Posting:
    return Posting(account=account, fund=fund, side=Side.CREDIT, amount_fen=amount_fen, **more)  # type: ignore[arg-type]


def entry(
    *lines: Posting,
    kind: EntryKind = EntryKind.VOUCHER,
    on: date = date(2025, 9, 10),
    memo: str = "试",
    entry_id: UUID | None = None,
    act_id: UUID | None = None,
    resolution_id: UUID | None = None,
    reverses: UUID | None = None,
    evidence: tuple[str, ...] = (),
) -> Entry:
    """A voucher unless said otherwise; a payment and an opening get an act of their own."""
    if act_id is None and kind in (EntryKind.PAYMENT, EntryKind.OPENING):
        act_id = new_id()
    identity = entry_id or new_id()
    return Entry(
        entry_id=identity,
        kind=kind,
        accounting_on=on,
        memo=memo,
        lines=lines,
        source=Source(kind="test", id=identity),
        act_id=act_id,
        resolution_id=resolution_id,
        reverses=reverses,
        evidence=evidence,
    )


async def open_books(tx: Tx, caller: Caller, *, opened_on: date = date(2025, 9, 1)) -> None:
    """Books with the default chart and the funds OP, PR, RS, AG, and no money."""
    await ledger.open_books(tx, caller, opened_on)
    for fund, is_restricted in FUNDS.items():
        await ledger.open_fund(tx, caller, fund, is_restricted)


async def fill_cash(
    tx: Tx, caller: Caller, amount_fen: int, *, account: str = "100201", fund: str = "OP"
) -> None:
    """Money to spend, received as unrestricted income of the fund."""
    await ledger.post(
        tx, caller, (entry(debit(account, amount_fen, fund), credit("4901", amount_fen, fund)),)
    )
