"""Contracts with vendors: signed by both sides, and held back on their budget line from then on."""

from uuid import UUID

import msgspec

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct
from trustprop.budgets import service as budgets
from trustprop.budgets.model import MovementSource
from trustprop.evidence import service as evidence
from trustprop.invoices.model import (
    CONTRACT_ACT,
    Contract,
    ContractState,
    ContractTerms,
    DraftContract,
    EndContract,
)
from trustprop.invoices.rules import contracts as rules
from trustprop.invoices.rules import vendors as vendor_rules
from trustprop.invoices.service import vendors
from trustprop.invoices.store import contracts as store
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx


async def draft_contract(tx: Tx, caller: Caller, command: DraftContract) -> Contract:
    """Puts a contract before both sides. The same draft again is success.

    Raises OfficeNeeded, FieldsInvalid, Missing, VendorNotAdmitted, FilesMissing, ContractIdTaken,
    and what budgets and acts raise.
    """
    caller.check_office(*vendors.TRUSTEE, *vendors.COMMITTEE)
    terms = rules.terms_of(command)
    compound_id = caller.compound_id
    stored = await store.find(tx, compound_id, command.id)
    if stored is None:
        await _check_draft(tx, caller, terms)
    await acts.draft(tx, caller, _act(command, terms))
    if stored is not None:
        return stored
    contract = Contract(
        terms=terms,
        state=ContractState.DRAFTED,
        version=1,
        act_id=command.act_id,
        billed_fen=0,
        encumbered_fen=0,
    )
    if not await store.add(tx, compound_id, contract):
        raise rules.ContractIdTaken
    return contract


async def _check_draft(tx: Tx, caller: Caller, terms: ContractTerms) -> None:
    vendor = await vendors.find_vendor(tx, caller.compound_id, terms.vendor_id)
    vendor_rules.check_admitted(vendor)
    await vendors.check_related_party(tx, caller, vendor)
    await evidence.check_exist(tx, caller.compound_id, terms.files)
    if terms.encumber_fen:
        await budgets.check_available(
            tx,
            caller.compound_id,
            terms.budget_line_id,
            terms.encumber_fen,
            on=local_date(caller.at),
            fund=terms.fund,
        )


def _act(command: DraftContract, terms: ContractTerms) -> DraftAct:
    return DraftAct(
        act_id=command.act_id,
        kind=CONTRACT_ACT,
        subject_id=command.id,
        body=terms,
        expires_at=command.expires_at,
    )


async def contract_signed(tx: Tx, caller: Caller, act: Act) -> None:
    """Effect of the last signature: in force, and its share of the budget line is held back.

    The vendor must still be admitted, and the resolution about a related party in force.
    """
    await ledger.lock_books(tx, caller.compound_id)
    contract = await lock(tx, caller.compound_id, act.subject_id)
    assert contract.terms == msgspec.convert(act.body, ContractTerms), "signed is what was drafted"
    vendor = await vendors.find_vendor(tx, caller.compound_id, contract.terms.vendor_id)
    vendor_rules.check_admitted(vendor)
    await vendors.check_related_party(tx, caller, vendor)
    signed = rules.sign(contract)
    await store.save(tx, caller.compound_id, signed)
    if signed.encumbered_fen:
        await budgets.encumber(
            tx,
            caller,
            signed.terms.budget_line_id,
            signed.encumbered_fen,
            source_of(signed),
            fund=signed.terms.fund,
        )


async def contract_ended(tx: Tx, caller: Caller, act: Act) -> None:
    contract = await lock(tx, caller.compound_id, act.subject_id)
    refused = msgspec.structs.replace(
        contract, state=ContractState.REFUSED, version=contract.version + 1, reason=act.reason
    )
    await store.save(tx, caller.compound_id, refused)


async def end_contract(tx: Tx, caller: Caller, contract_id: UUID, command: EndContract) -> Contract:
    """The budget line gets back what is still held; invoices of the term may still come in.

    Raises OfficeNeeded, Missing or ContractInWrongState.
    """
    caller.check_office(Office.TRUSTEE_MANAGER, *vendors.COMMITTEE)
    await ledger.lock_books(tx, caller.compound_id)
    contract = await lock(tx, caller.compound_id, contract_id)
    ended = rules.end(contract, command.reason)
    await store.save(tx, caller.compound_id, ended)
    if contract.encumbered_fen:
        await budgets.relieve(
            tx,
            caller,
            contract.terms.budget_line_id,
            contract.encumbered_fen,
            source_of(contract),
        )
    return ended


def source_of(contract: Contract) -> MovementSource:
    return MovementSource(kind="contract", id=contract.terms.contract_id)


async def read_contract(tx: Tx, caller: Caller, contract_id: UUID) -> Contract:
    """For those who read the books, and for its vendor. Raises Missing or OfficeNeeded."""
    contract = await store.find(tx, caller.compound_id, contract_id)
    if contract is None:
        raise Missing(kind="contract")
    vendors.check_reads(caller, contract.terms.vendor_id)
    return contract


async def list_contracts(
    tx: Tx, caller: Caller, vendor_id: UUID | None, after: UUID | None, limit: int
) -> tuple[Contract, ...]:
    """In id order, one more than the limit when there are more; a vendor's key sees its own."""
    wanted = caller.vendor_id if caller.vendor_id is not None else vendor_id
    if caller.vendor_id is None:
        caller.check_reads_books()
    return await store.page(tx, caller.compound_id, wanted, after, limit)


async def lock(tx: Tx, compound_id: UUID, contract_id: UUID) -> Contract:
    """Raises Missing."""
    contract = await store.find(tx, compound_id, contract_id, lock=True)
    if contract is None:
        raise Missing(kind="contract")
    return contract
