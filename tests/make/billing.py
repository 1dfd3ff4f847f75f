"""A compound whose homes can be charged: books, bank accounts, tariffs, and what is owed."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from tests.make import ledger as make_ledger
from tests.make import meetings as make_meetings
from tests.make.acts import signed_act
from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.billing import service
from trustprop.billing.model import (
    AdoptTariff,
    Charge,
    ChargeKind,
    NewReceipt,
    Receive,
    RentSpace,
    RentSpaces,
    Tariff,
)
from trustprop.compounds import service as compounds
from trustprop.compounds.model import Home
from trustprop.funds import service as funds
from trustprop.funds import store as funds_store
from trustprop.funds.model import BankAccount, BankAccountState, EstablishFund, HolderKind
from trustprop.kernel.caller import Caller
from trustprop.ledger import service as ledger
from trustprop.ledger.model import EntryKind, Posting
from trustprop.plumbing.database import Tx

OPERATIONS_NUMBER = "33050161702700000001"
REVENUE_NUMBER = "33050161702700000002"
ACCOUNTS = {
    "100201": (("OP", "AG"), OPERATIONS_NUMBER),
    "100202": (("PR", "RS"), REVENUE_NUMBER),
}


async def open_compound(tx: Tx, caller: Caller) -> tuple[Home, ...]:
    """The 600 homes with open books, both bank accounts and this month's tariffs."""
    await make_meetings.add_compound_k(tx, caller)
    await open_money(tx, caller)
    for kind, rate_fen in ((ChargeKind.PROPERTY_FEE, 280), (ChargeKind.PARKING_FEE, 6000)):
        await adopt(tx, caller, kind, rate_fen)
    await adopt(tx, caller, ChargeKind.GROUND_PARKING, 15000)
    return await compounds.homes(tx, caller.compound_id)


async def open_money(tx: Tx, caller: Caller) -> None:
    """Books, funds and bank accounts without homes."""
    await ledger.open_books(tx, caller, date(2025, 9, 1))
    for code in ("OP", "PR", "RS", "AG"):
        manager = make_caller(compound_id=caller.compound_id)
        await funds.establish(tx, manager, EstablishFund(code=code))
    for code in ACCOUNTS:
        await funds_store.insert_bank_account(tx, caller.compound_id, bank_account(code))


def bank_account(code: str) -> BankAccount:
    held, number = ACCOUNTS[code]
    return BankAccount(
        proposal_id=new_id(),
        account_code=code,
        title="共有基金",
        bank="中国建设银行",
        branch_code="",
        holder_kind=HolderKind.ASSEMBLY,
        holder="云栖里业主大会",
        number=number,
        funds=held,
        state=BankAccountState.IN_FORCE,
        act_id=new_id(),
        proposed_by=None,
        proposed_at=SEPTEMBER,
        in_force_at=SEPTEMBER,
    )


async def adopt(tx: Tx, caller: Caller, kind: ChargeKind, rate_fen: int) -> Tariff:
    command = AdoptTariff(
        id=new_id(), kind=kind, rate_fen=rate_fen, valid_from="2025-01", clause="物业服务合同 §11"
    )
    return await service.adopt_tariff(tx, caller, command)


async def rent(tx: Tx, caller: Caller, kind: ChargeKind, homes: Iterable[Home]) -> None:
    spaces = tuple(
        RentSpace(
            id=new_id(),
            code=f"{kind[:1]}{i:03d}",
            kind=kind,
            home_id=home.home_id,
            valid_from="2025-01",
        )
        for i, home in enumerate(homes)
    )
    await service.rent_spaces(tx, caller, RentSpaces(spaces=spaces))


async def open_with(tx: Tx, caller: Caller, *lines: Posting) -> None:
    """An opening entry, as the act of both sides would post it."""
    opening = make_ledger.entry(*lines, kind=EntryKind.OPENING, on=date(2025, 9, 1))
    act_id = await signed_act(tx, caller.compound_id, "opening-balances", opening.entry_id)
    await ledger.post(tx, caller, (replace(opening, act_id=act_id),))


def charge(
    home_id: UUID | None = None,
    amount_fen: int = 25060,
    *,
    kind: ChargeKind = ChargeKind.PROPERTY_FEE,
    on: date = date(2025, 9, 1),
    settled_fen: int = 0,
) -> Charge:
    return Charge(
        charge_id=new_id(),
        home_id=home_id or new_id(),
        kind=kind,
        period=f"{on.year}-{on.month:02d}",
        charged_on=on,
        amount_fen=amount_fen,
        settled_fen=settled_fen,
        entry_id=new_id(),
    )


def receipt(home_id: UUID, amount_fen: int = 25060, **facts: object) -> NewReceipt:
    values = {
        "id": new_id(),
        "home_id": home_id,
        "received_on": date(2025, 9, 10),
        "account": "100201",
        "amount_fen": amount_fen,
    }
    return NewReceipt(**(values | facts))  # type: ignore[arg-type]


def receive(*receipts: NewReceipt, **facts: object) -> Receive:
    return Receive(receipts=receipts, **facts)  # type: ignore[arg-type]
