"""Statements over contracts with vendors."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.invoices.model import Contract, ContractState, ContractTerms
from trustprop.invoices.tables import contract
from trustprop.plumbing.database import Tx


async def add(tx: Tx, compound_id: UUID, added: Contract) -> bool:
    """False when its id is taken."""
    terms = added.terms
    result = await tx.execute(
        insert(contract)
        .values(
            compound_id=compound_id,
            contract_id=terms.contract_id,
            vendor_id=terms.vendor_id,
            title=terms.title,
            fund=terms.fund,
            budget_line_id=terms.budget_line_id,
            starts_on=terms.starts_on,
            ends_on=terms.ends_on,
            amount_fen=terms.amount_fen,
            encumber_fen=terms.encumber_fen,
            billed_before_fen=terms.billed_before_fen,
            files=[bytes.fromhex(file) for file in terms.files],
            state=added.state,
            version=added.version,
            act_id=added.act_id,
            billed_fen=added.billed_fen,
            encumbered_fen=added.encumbered_fen,
            reason=added.reason,
        )
        .on_conflict_do_nothing()
        .returning(contract.c.contract_id)
    )
    return result.first() is not None


async def find(
    tx: Tx, compound_id: UUID, contract_id: UUID, *, lock: bool = False
) -> Contract | None:
    statement = _contracts(compound_id).where(contract.c.contract_id == contract_id)
    row = (
        await tx.execute(statement.with_for_update(key_share=True) if lock else statement)
    ).first()
    return None if row is None else _contract(row)


async def find_many(
    tx: Tx, compound_id: UUID, contract_ids: Collection[UUID]
) -> dict[UUID, Contract]:
    statement = _contracts(compound_id).where(contract.c.contract_id.in_(contract_ids))
    found = (_contract(row) for row in await tx.execute(statement))
    return {each.terms.contract_id: each for each in found}


async def page(
    tx: Tx, compound_id: UUID, vendor_id: UUID | None, after: UUID | None, limit: int
) -> tuple[Contract, ...]:
    statement = _contracts(compound_id).order_by(contract.c.contract_id).limit(limit + 1)
    if vendor_id is not None:
        statement = statement.where(contract.c.vendor_id == vendor_id)
    if after is not None:
        statement = statement.where(contract.c.contract_id > after)
    return tuple(_contract(row) for row in await tx.execute(statement))


async def save(tx: Tx, compound_id: UUID, changed: Contract) -> None:
    await tx.execute(
        update(contract)
        .where(
            contract.c.compound_id == compound_id,
            contract.c.contract_id == changed.terms.contract_id,
        )
        .values(
            state=changed.state,
            version=changed.version,
            billed_fen=changed.billed_fen,
            encumbered_fen=changed.encumbered_fen,
            reason=changed.reason,
        )
    )


def _contracts(compound_id: UUID) -> Select[Any]:
    return select(
        contract.c.contract_id,
        contract.c.vendor_id,
        contract.c.title,
        contract.c.fund,
        contract.c.budget_line_id,
        contract.c.starts_on,
        contract.c.ends_on,
        contract.c.amount_fen,
        contract.c.encumber_fen,
        contract.c.billed_before_fen,
        contract.c.files,
        contract.c.state,
        contract.c.version,
        contract.c.act_id,
        contract.c.billed_fen,
        contract.c.encumbered_fen,
        contract.c.reason,
    ).where(contract.c.compound_id == compound_id)


def _contract(row: Row[Any]) -> Contract:
    return Contract(
        terms=ContractTerms(
            contract_id=row.contract_id,
            vendor_id=row.vendor_id,
            title=row.title,
            fund=row.fund,
            budget_line_id=row.budget_line_id,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            amount_fen=row.amount_fen,
            encumber_fen=row.encumber_fen,
            billed_before_fen=row.billed_before_fen,
            files=tuple(file.hex() for file in row.files),
        ),
        state=ContractState(row.state),
        version=row.version,
        act_id=row.act_id,
        billed_fen=row.billed_fen,
        encumbered_fen=row.encumbered_fen,
        reason=row.reason,
    )
