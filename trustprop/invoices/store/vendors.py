"""Statements over vendors and their bank accounts."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.invoices.model import Vendor, VendorAccount, VendorAccountState
from trustprop.invoices.tables import vendor, vendor_account
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_VENDOR = (
    vendor.c.vendor_id,
    vendor.c.name,
    vendor.c.credit_code,
    vendor.c.is_related_party,
    vendor.c.resolution_id,
    vendor.c.state,
    vendor.c.version,
    vendor.c.registered_by,
    vendor.c.registered_at,
    vendor.c.decided_by,
    vendor.c.reason,
)
_ACCOUNT = (
    vendor_account.c.account_id,
    vendor_account.c.vendor_id,
    vendor_account.c.holder,
    vendor_account.c.bank,
    vendor_account.c.number,
    vendor_account.c.bank_code,
    vendor_account.c.state,
    vendor_account.c.act_id,
    vendor_account.c.replaces_account_id,
    vendor_account.c.usable_from_at,
)


async def add(tx: Tx, compound_id: UUID, added: Vendor) -> bool:
    """False when its id or its credit code is taken."""
    statement = insert(vendor).values(
        compound_id=compound_id,
        vendor_id=added.vendor_id,
        name=added.name,
        credit_code=added.credit_code,
        is_related_party=added.is_related_party,
        resolution_id=added.resolution_id,
        state=added.state,
        version=added.version,
        registered_by=added.registered_by,
        registered_at=added.registered_at,
        reason=added.reason,
    )
    result = await tx.execute(statement.on_conflict_do_nothing().returning(vendor.c.vendor_id))
    return result.first() is not None


async def find_same(tx: Tx, compound_id: UUID, vendor_id: UUID, credit_code: str) -> Vendor | None:
    """By id or by credit code; the id first."""
    result = await tx.execute(
        select(*_VENDOR)
        .where(
            vendor.c.compound_id == compound_id,
            (vendor.c.vendor_id == vendor_id) | (vendor.c.credit_code == credit_code),
        )
        .order_by((vendor.c.vendor_id == vendor_id).desc())
        .limit(1)
        .with_for_update()
    )
    row = result.first()
    return None if row is None else rows.to(Vendor, row)


async def find(tx: Tx, compound_id: UUID, vendor_id: UUID, *, lock: bool = False) -> Vendor | None:
    statement = select(*_VENDOR).where(
        vendor.c.compound_id == compound_id, vendor.c.vendor_id == vendor_id
    )
    result = await tx.execute(statement.with_for_update(key_share=True) if lock else statement)
    row = result.first()
    return None if row is None else rows.to(Vendor, row)


async def find_many(tx: Tx, compound_id: UUID, vendor_ids: Collection[UUID]) -> dict[UUID, Vendor]:
    result = await tx.execute(
        select(*_VENDOR).where(
            vendor.c.compound_id == compound_id, vendor.c.vendor_id.in_(vendor_ids)
        )
    )
    return {found.vendor_id: found for found in rows.all_of(Vendor, result)}


async def page(tx: Tx, compound_id: UUID, after: UUID | None, limit: int) -> tuple[Vendor, ...]:
    statement = (
        select(*_VENDOR)
        .where(vendor.c.compound_id == compound_id)
        .order_by(vendor.c.vendor_id)
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(vendor.c.vendor_id > after)
    return rows.all_of(Vendor, await tx.execute(statement))


async def save(tx: Tx, compound_id: UUID, changed: Vendor) -> None:
    await tx.execute(
        update(vendor)
        .where(vendor.c.compound_id == compound_id, vendor.c.vendor_id == changed.vendor_id)
        .values(
            state=changed.state,
            version=changed.version,
            resolution_id=changed.resolution_id,
            decided_by=changed.decided_by,
            reason=changed.reason,
        )
    )


async def add_account(tx: Tx, compound_id: UUID, added: VendorAccount) -> bool:
    """False when its id is taken."""
    result = await tx.execute(
        insert(vendor_account)
        .values(
            compound_id=compound_id,
            account_id=added.account_id,
            vendor_id=added.vendor_id,
            holder=added.holder,
            bank=added.bank,
            number=added.number,
            bank_code=added.bank_code,
            state=added.state,
            act_id=added.act_id,
            replaces_account_id=added.replaces_account_id,
        )
        .on_conflict_do_nothing()
        .returning(vendor_account.c.account_id)
    )
    return result.first() is not None


async def find_account(
    tx: Tx, compound_id: UUID, account_id: UUID, *, lock: bool = False
) -> VendorAccount | None:
    statement = select(*_ACCOUNT).where(
        vendor_account.c.compound_id == compound_id, vendor_account.c.account_id == account_id
    )
    result = await tx.execute(statement.with_for_update(key_share=True) if lock else statement)
    row = result.first()
    return None if row is None else rows.to(VendorAccount, row)


async def accounts_of(tx: Tx, compound_id: UUID, vendor_id: UUID) -> tuple[VendorAccount, ...]:
    result = await tx.execute(
        select(*_ACCOUNT)
        .where(vendor_account.c.compound_id == compound_id, vendor_account.c.vendor_id == vendor_id)
        .order_by(vendor_account.c.account_id)
    )
    return rows.all_of(VendorAccount, result)


async def save_account(tx: Tx, compound_id: UUID, changed: VendorAccount) -> None:
    await tx.execute(
        update(vendor_account)
        .where(
            vendor_account.c.compound_id == compound_id,
            vendor_account.c.account_id == changed.account_id,
        )
        .values(state=changed.state, usable_from_at=changed.usable_from_at)
    )


async def replace_account(tx: Tx, compound_id: UUID, account_id: UUID) -> None:
    await tx.execute(
        update(vendor_account)
        .where(
            vendor_account.c.compound_id == compound_id,
            vendor_account.c.account_id == account_id,
            vendor_account.c.state == VendorAccountState.SIGNED,
        )
        .values(state=VendorAccountState.REPLACED)
    )
