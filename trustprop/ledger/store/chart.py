"""Accounts and fund codes."""

from collections.abc import Collection
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from trustprop.ledger.model import Account, LedgerFund
from trustprop.ledger.tables import account, ledger_fund
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_ACCOUNT = (
    account.c.code,
    account.c.name_zh,
    account.c.name_en,
    account.c.side,
    account.c.cannot_go_below_zero,
    account.c.keeps_subledger,
    account.c.is_open,
)
_FUND = (ledger_fund.c.fund, ledger_fund.c.is_restricted, ledger_fund.c.is_open)


async def accounts(tx: Tx, compound_id: UUID) -> tuple[Account, ...]:
    found = await tx.execute(
        select(*_ACCOUNT).where(account.c.compound_id == compound_id).order_by(account.c.code)
    )
    return rows.all_of(Account, found)


async def find_account(tx: Tx, compound_id: UUID, code: str) -> Account | None:
    found = await tx.execute(
        select(*_ACCOUNT).where(account.c.compound_id == compound_id, account.c.code == code)
    )
    row = found.one_or_none()
    return rows.to(Account, row) if row else None


async def funds(tx: Tx, compound_id: UUID) -> tuple[LedgerFund, ...]:
    found = await tx.execute(
        select(*_FUND).where(ledger_fund.c.compound_id == compound_id).order_by(ledger_fund.c.fund)
    )
    return rows.all_of(LedgerFund, found)


async def add_accounts(tx: Tx, compound_id: UUID, added: Collection[Account]) -> None:
    """Those there already stay as they are."""
    await tx.execute(
        insert(account).on_conflict_do_nothing(),
        [{"compound_id": compound_id, **asdict(one)} for one in added],
    )


async def add_fund(tx: Tx, compound_id: UUID, added: LedgerFund) -> None:
    """One there already stays as it is."""
    await tx.execute(
        insert(ledger_fund)
        .values(compound_id=compound_id, **asdict(added))
        .on_conflict_do_nothing()
    )
