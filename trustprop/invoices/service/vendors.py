"""Vendors: registered by the trustee, admitted by the owners' side; their bank accounts signed by both."""

from uuid import UUID

import msgspec

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct
from trustprop.compounds import service as compounds
from trustprop.invoices.model import (
    VENDOR_ACCOUNT_ACT,
    AdmitVendor,
    DraftVendorAccount,
    RegisterVendor,
    SuspendVendor,
    Vendor,
    VendorAccount,
    VendorAccountState,
    VendorAccountTerms,
    VendorState,
)
from trustprop.invoices.rules import vendors as rules
from trustprop.invoices.store import vendors as store
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.meetings import service as meetings
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx

TRUSTEE = (Office.TRUSTEE_MANAGER, Office.TRUSTEE_BOOKKEEPER)
COMMITTEE = (Office.COMMITTEE_DIRECTOR, Office.COMMITTEE_MEMBER)


async def register_vendor(tx: Tx, caller: Caller, command: RegisterVendor) -> Vendor:
    """The trustee proposes a firm. The same id with the same content is success.

    Raises OfficeNeeded, FieldsInvalid, VendorIdTaken or CreditCodeTaken.
    """
    caller.check_office(*TRUSTEE)
    rules.check_registration(command)
    assert caller.person_id is not None
    vendor = Vendor(
        vendor_id=command.id,
        name=command.name,
        credit_code=command.credit_code,
        is_related_party=command.is_related_party,
        resolution_id=None,
        state=VendorState.PROPOSED,
        version=1,
        registered_by=caller.person_id,
        registered_at=caller.at,
    )
    if await store.add(tx, caller.compound_id, vendor):
        return vendor
    stored = await store.find_same(tx, caller.compound_id, command.id, command.credit_code)
    return rules.check_registered(stored, command)


async def admit_vendor(tx: Tx, caller: Caller, vendor_id: UUID, command: AdmitVendor) -> Vendor:
    """The owners' side lets it in; a related party only by a resolution about it.

    Raises OfficeNeeded, Missing, VendorInWrongState or RelatedPartyNeedsResolution.
    """
    caller.check_office(*COMMITTEE)
    assert caller.person_id is not None
    vendor = await _lock(tx, caller.compound_id, vendor_id)
    admitted = rules.admit(vendor, caller.person_id, command.resolution_id)
    await check_related_party(tx, caller, admitted)
    await store.save(tx, caller.compound_id, admitted)
    return admitted


async def suspend_vendor(tx: Tx, caller: Caller, vendor_id: UUID, command: SuspendVendor) -> Vendor:
    """Either side stops a vendor at once. Raises OfficeNeeded, Missing or VendorInWrongState."""
    caller.check_office(Office.TRUSTEE_MANAGER, *COMMITTEE)
    assert caller.person_id is not None
    vendor = await _lock(tx, caller.compound_id, vendor_id)
    suspended = rules.suspend(vendor, caller.person_id, command.reason)
    await store.save(tx, caller.compound_id, suspended)
    return suspended


async def check_related_party(tx: Tx, caller: Caller, vendor: Vendor) -> None:
    """Raises what meetings raise unless the resolution about a related party is in force."""
    if vendor.is_related_party:
        if vendor.resolution_id is None:
            raise rules.RelatedPartyNeedsResolution
        await meetings.require(
            tx, caller, vendor.resolution_id, Matter.RELATED_PARTY, vendor.vendor_id
        )


async def draft_vendor_account(
    tx: Tx, caller: Caller, vendor_id: UUID, command: DraftVendorAccount
) -> VendorAccount:
    """Puts a bank account before both sides; it is paid only after their signatures and its rest.

    Raises OfficeNeeded, Missing, FieldsInvalid or VendorAccountReplaced, and what acts raise.
    """
    caller.check_office(*TRUSTEE, *COMMITTEE)
    compound_id = caller.compound_id
    vendor = await find_vendor(tx, compound_id, vendor_id)
    replaced = None
    if command.replaces_account_id is not None:
        replaced = await store.find_account(tx, compound_id, command.replaces_account_id)
    stored = await store.find_account(tx, compound_id, command.id)
    if stored is None:
        rules.check_account(command, replaced, vendor)
    await acts.draft(tx, caller, _act(vendor, command))
    if stored is not None:
        return stored
    account = VendorAccount(
        account_id=command.id,
        vendor_id=vendor_id,
        holder=command.holder,
        bank=command.bank,
        number=command.number,
        bank_code=command.bank_code,
        state=VendorAccountState.DRAFTED,
        act_id=command.act_id,
        replaces_account_id=command.replaces_account_id,
    )
    if not await store.add_account(tx, compound_id, account):
        raise rules.VendorAccountIdTaken
    return account


def _act(vendor: Vendor, command: DraftVendorAccount) -> DraftAct:
    terms = VendorAccountTerms(
        account_id=command.id,
        vendor_id=vendor.vendor_id,
        vendor_name=vendor.name,
        credit_code=vendor.credit_code,
        holder=command.holder,
        bank=command.bank,
        number=command.number,
        bank_code=command.bank_code,
        replaces_account_id=command.replaces_account_id,
    )
    return DraftAct(
        act_id=command.act_id,
        kind=VENDOR_ACCOUNT_ACT,
        subject_id=command.id,
        body=terms,
        expires_at=command.expires_at,
    )


async def account_signed(tx: Tx, caller: Caller, act: Act) -> None:
    """Effect of the last signature: the rest begins; the account it replaces is paid no more."""
    terms = msgspec.convert(act.body, VendorAccountTerms)
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    account = await _lock_account(tx, caller.compound_id, terms.account_id)
    signed = rules.sign_account(account, caller.at, limits.vendor_account_rest_hours.value)
    await store.save_account(tx, caller.compound_id, signed)
    if terms.replaces_account_id is not None:
        await store.replace_account(tx, caller.compound_id, terms.replaces_account_id)


async def account_ended(tx: Tx, caller: Caller, act: Act) -> None:
    account = await _lock_account(tx, caller.compound_id, act.subject_id)
    refused = msgspec.structs.replace(account, state=VendorAccountState.REFUSED)
    await store.save_account(tx, caller.compound_id, refused)


async def find_vendor(tx: Tx, compound_id: UUID, vendor_id: UUID) -> Vendor:
    """Raises Missing."""
    vendor = await store.find(tx, compound_id, vendor_id)
    if vendor is None:
        raise Missing(kind="vendor")
    return vendor


async def vendor_account(tx: Tx, compound_id: UUID, account_id: UUID) -> VendorAccount:
    """Raises Missing. Whether it may be paid now: ``is_usable``."""
    account = await store.find_account(tx, compound_id, account_id)
    if account is None:
        raise Missing(kind="vendor account")
    return account


async def read_vendor(tx: Tx, caller: Caller, vendor_id: UUID) -> Vendor:
    """For those who read the books, and for the vendor itself."""
    check_reads(caller, vendor_id)
    return await find_vendor(tx, caller.compound_id, vendor_id)


async def read_accounts(tx: Tx, caller: Caller, vendor_id: UUID) -> tuple[VendorAccount, ...]:
    check_reads(caller, vendor_id)
    await find_vendor(tx, caller.compound_id, vendor_id)
    return await store.accounts_of(tx, caller.compound_id, vendor_id)


async def list_vendors(
    tx: Tx, caller: Caller, after: UUID | None, limit: int
) -> tuple[Vendor, ...]:
    """In id order, one more than the limit when there are more."""
    caller.check_reads_books()
    return await store.page(tx, caller.compound_id, after, limit)


def check_reads(caller: Caller, vendor_id: UUID) -> None:
    """Raises Missing for a vendor's key that asks about another vendor, else OfficeNeeded."""
    if caller.vendor_id is None:
        caller.check_reads_books()
    elif caller.vendor_id != vendor_id:
        raise Missing(kind="vendor")


async def _lock(tx: Tx, compound_id: UUID, vendor_id: UUID) -> Vendor:
    vendor = await store.find(tx, compound_id, vendor_id, lock=True)
    if vendor is None:
        raise Missing(kind="vendor")
    return vendor


async def _lock_account(tx: Tx, compound_id: UUID, account_id: UUID) -> VendorAccount:
    account = await store.find_account(tx, compound_id, account_id, lock=True)
    assert account is not None, "an act about a vendor account has its row"
    return account
