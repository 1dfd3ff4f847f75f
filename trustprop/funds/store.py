"""How funds, bank accounts and transfers are fetched and kept."""

from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.funds.model import BankAccount, BankAccountState, Fund, Transfer
from trustprop.funds.tables import bank_account, fund, fund_transfer
from trustprop.kernel.caller import Caller
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_FUND = (
    fund.c.code,
    fund.c.name_zh,
    fund.c.name_en,
    fund.c.is_restricted,
    fund.c.purpose,
    fund.c.equity_account,
)


async def funds(tx: Tx, compound_id: UUID) -> tuple[Fund, ...]:
    found = await tx.execute(
        select(*_FUND).where(fund.c.compound_id == compound_id).order_by(fund.c.code)
    )
    return rows.all_of(Fund, found)


async def find_fund(tx: Tx, compound_id: UUID, code: str) -> Fund | None:
    row = (
        await tx.execute(
            select(*_FUND).where(fund.c.compound_id == compound_id, fund.c.code == code)
        )
    ).one_or_none()
    return rows.to(Fund, row) if row else None


async def add_fund(tx: Tx, caller: Caller, new: Fund) -> bool:
    """False when the code is there already."""
    added = await tx.execute(
        insert(fund)
        .values(
            compound_id=caller.compound_id,
            established_by=caller.person_id,
            established_at=caller.at,
            **asdict(new),
        )
        .on_conflict_do_nothing()
        .returning(fund.c.code)
    )
    return added.one_or_none() is not None


async def bank_accounts(tx: Tx, compound_id: UUID) -> tuple[BankAccount, ...]:
    """Those in force, by account."""
    return rows.all_of(
        BankAccount,
        await tx.execute(
            select(bank_account)
            .where(
                bank_account.c.compound_id == compound_id,
                bank_account.c.state == BankAccountState.IN_FORCE.value,
            )
            .order_by(bank_account.c.account_code)
        ),
    )


async def find_bank_account(tx: Tx, compound_id: UUID, account_code: str) -> BankAccount | None:
    """The one in force for this account of the ledger."""
    return await _one_account(
        tx,
        compound_id,
        bank_account.c.account_code == account_code,
        bank_account.c.state == BankAccountState.IN_FORCE.value,
    )


async def lock_proposal(tx: Tx, compound_id: UUID, proposal_id: UUID) -> BankAccount | None:
    return await _one_account(tx, compound_id, bank_account.c.proposal_id == proposal_id, lock=True)


async def insert_bank_account(tx: Tx, compound_id: UUID, account: BankAccount) -> None:
    values = asdict(account) | {"funds": list(account.funds)}
    await tx.execute(insert(bank_account).values(compound_id=compound_id, **values))


async def save_bank_account(tx: Tx, compound_id: UUID, account: BankAccount) -> None:
    await tx.execute(
        update(bank_account)
        .where(
            bank_account.c.compound_id == compound_id,
            bank_account.c.proposal_id == account.proposal_id,
        )
        .values(state=account.state.value, in_force_at=account.in_force_at)
    )


async def find_transfer(tx: Tx, compound_id: UUID, transfer_id: UUID) -> Transfer | None:
    row = (
        await tx.execute(
            select(fund_transfer).where(
                fund_transfer.c.compound_id == compound_id,
                fund_transfer.c.transfer_id == transfer_id,
            )
        )
    ).one_or_none()
    return rows.to(Transfer, row) if row else None


async def insert_transfer(tx: Tx, compound_id: UUID, transfer: Transfer) -> None:
    await tx.execute(insert(fund_transfer).values(compound_id=compound_id, **asdict(transfer)))


async def transfers(
    tx: Tx, compound_id: UUID, after: UUID | None, limit: int
) -> tuple[Transfer, ...]:
    statement = select(fund_transfer).where(fund_transfer.c.compound_id == compound_id)
    if after is not None:
        statement = statement.where(fund_transfer.c.transfer_id > after)
    found = await tx.execute(statement.order_by(fund_transfer.c.transfer_id).limit(limit))
    return rows.all_of(Transfer, found)


async def _one_account(
    tx: Tx, compound_id: UUID, *conditions: Any, lock: bool = False
) -> BankAccount | None:
    statement = select(bank_account).where(bank_account.c.compound_id == compound_id, *conditions)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return rows.to(BankAccount, row) if row else None
