"""An invoice is accepted and becomes an expense, or it ends without."""

from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets import service as budgets
from trustprop.budgets.model import Spending
from trustprop.evidence import service as evidence
from trustprop.invoices.model import (
    AcceptInvoice,
    CheckOnPlatform,
    Contract,
    EndInvoice,
    Invoice,
    InvoiceState,
    PlatformCheck,
    Vendor,
)
from trustprop.invoices.rules import (
    acceptance as rules,
)
from trustprop.invoices.rules import (
    contracts as contract_rules,
)
from trustprop.invoices.rules import (
    submission,
)
from trustprop.invoices.rules import (
    vendors as vendor_rules,
)
from trustprop.invoices.service import contracts, vendors
from trustprop.invoices.store import contracts as contract_store
from trustprop.invoices.store import invoices as store
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx


async def accept(tx: Tx, caller: Caller, invoice_id: UUID, command: AcceptInvoice) -> Invoice:
    """Accrues the expense (借 expense / 贷 2202) and uses the budget line, in one transaction.

    The same acceptance again is success: posting it again finds the same entry. Raises OfficeNeeded, Missing, InvoiceInWrongState,
    SelfAcceptance, FieldsInvalid, VendorNotAdmitted, PlatformCheckNeeded, PlatformCheckFailed,
    SimilarNotAcknowledged, ContractExceeded, FilesMissing, and what ledger and budgets raise.
    """
    caller.check_office(Office.TRUSTEE_MANAGER)
    compound_id = caller.compound_id
    await ledger.lock_books(tx, compound_id)
    invoice = await lock(tx, compound_id, invoice_id)
    contract = await lock_contract(tx, caller, invoice)
    if invoice.entry_id == command.entry_id:
        await ledger.post(tx, caller, [rules.entry(invoice, command, contract)])
        return invoice
    if invoice.version > 1:
        rules.check_is_new(await ledger.entries_by_id(tx, compound_id, [command.entry_id]))
    vendor = await vendors.find_vendor(tx, compound_id, invoice.vendor_id)
    await _check(tx, caller, invoice, command, vendor)

    relieved_fen = 0
    if contract is not None:
        on_line_fen = rules.on_line(command, contract)
        contract, relieved_fen = contract_rules.bill(contract, invoice.gross_fen, on_line_fen)
        await contract_store.save(tx, compound_id, contract)
    accepted = replace(
        rules.move(invoice, InvoiceState.ACCEPTED),
        fund=command.fund,
        entry_id=command.entry_id,
        reason="",
    )
    await store.accept(tx, caller, accepted, command.lines, command.evidence)
    spendings = rules.spendings(invoice, command, contract, relieved_fen)
    await _spend(tx, caller, spendings)
    await ledger.post(tx, caller, [rules.entry(invoice, command, contract)])
    return accepted


async def lock_contract(tx: Tx, caller: Caller, invoice: Invoice) -> Contract | None:
    if invoice.contract_id is None:
        return None
    return await contracts.lock(tx, caller.compound_id, invoice.contract_id)


async def _check(
    tx: Tx, caller: Caller, invoice: Invoice, command: AcceptInvoice, vendor: Vendor
) -> None:
    compound_id = caller.compound_id
    submitter = await store.submitter(tx, compound_id, invoice.invoice_id)
    rules.check_acceptable(
        invoice,
        command,
        is_own=submitter is not None and submitter == caller.person_id,
        similar=await store.similar(tx, compound_id, invoice),
        platform=await store.platform_checks(tx, compound_id, invoice.invoice_id),
    )
    vendor_rules.check_admitted(vendor)
    await vendors.check_related_party(tx, caller, vendor)
    await evidence.check_exist(tx, compound_id, command.evidence)


async def _spend(tx: Tx, caller: Caller, spendings: tuple[Spending, ...]) -> None:
    """A credit note gives back what its blue invoice used."""
    spent = [each for each in spendings if each.amount_fen > 0]
    if spent:
        await budgets.spend_many(tx, caller, spent)
    for each in spendings:
        if each.amount_fen < 0:
            await budgets.unspend(
                tx, caller, each.line_id, -each.amount_fen, each.source, on=each.on
            )


async def reject(tx: Tx, caller: Caller, invoice_id: UUID, command: EndInvoice) -> Invoice:
    """The trustee sends it back; its number, reference and files are free again.

    Raises OfficeNeeded, Missing or InvoiceInWrongState.
    """
    caller.check_office(Office.TRUSTEE_MANAGER)
    invoice = await lock(tx, caller.compound_id, invoice_id)
    return await _end(tx, caller, invoice, InvoiceState.REJECTED, command.reason)


async def withdraw(tx: Tx, caller: Caller, invoice_id: UUID, command: EndInvoice) -> Invoice:
    """Whoever may submit takes it back. Raises as :func:`reject`, and Missing for another vendor."""
    submission.check_submits(caller)
    invoice = await lock(tx, caller.compound_id, invoice_id)
    if caller.vendor_id not in (None, invoice.vendor_id):
        raise Missing(kind="invoice")
    return await _end(tx, caller, invoice, InvoiceState.WITHDRAWN, command.reason)


async def _end(tx: Tx, caller: Caller, invoice: Invoice, to: InvoiceState, reason: str) -> Invoice:
    if (invoice.state, invoice.reason) == (to, reason):
        return invoice
    ended = replace(rules.move(invoice, to), reason=reason)
    fiscal = submission.fiscal_number(invoice.kind, invoice.number)
    claims = submission.claims(
        invoice.kind,
        invoice.number,
        invoice.vendor_id,
        invoice.vendor_reference,
        invoice.files,
    )
    number_hash = submission.number_hash(fiscal) if fiscal else None
    await store.end(tx, caller, ended, claims, number_hash)
    return ended


async def record_platform_check(
    tx: Tx, caller: Caller, invoice_id: UUID, command: CheckOnPlatform
) -> PlatformCheck:
    """Who looked the invoice up on the tax platform, when, and what it said.

    Raises OfficeNeeded or Missing.
    """
    caller.check_office(*vendors.TRUSTEE, *vendors.COMMITTEE)
    assert caller.person_id is not None
    invoice = await lock(tx, caller.compound_id, invoice_id)
    check = PlatformCheck(
        check_id=command.id,
        result=command.result,
        checked_at=command.checked_at,
        checked_by=caller.person_id,
        recorded_at=caller.at,
        note=command.note,
    )
    rules.check_looked_up(check, caller.at)
    known = await store.platform_checks(tx, caller.compound_id, invoice.invoice_id)
    for before in known:
        if before.check_id == check.check_id:
            return before
    await store.add_platform_check(tx, caller.compound_id, invoice_id, check)
    return check


async def lock(tx: Tx, compound_id: UUID, invoice_id: UUID) -> Invoice:
    """Raises Missing."""
    invoice = await store.find(tx, compound_id, invoice_id, lock=True)
    if invoice is None:
        raise Missing(kind="invoice")
    return invoice
