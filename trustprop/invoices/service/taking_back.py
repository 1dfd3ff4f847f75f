"""A wrong acceptance is taken back: entry reversed, budget freed, invoice handed in again."""

from uuid import UUID

from trustprop.budgets import service as budgets
from trustprop.invoices.model import Invoice, TakeBackAcceptance
from trustprop.invoices.rules import acceptance
from trustprop.invoices.rules import taking_back as rules
from trustprop.invoices.service.acceptance import lock, lock_contract
from trustprop.invoices.store import contracts as contract_store
from trustprop.invoices.store import invoices as store
from trustprop.kernel.caller import Caller, Office
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Reverse
from trustprop.plumbing.database import Tx


async def take_back(
    tx: Tx, caller: Caller, invoice_id: UUID, command: TakeBackAcceptance
) -> Invoice:
    """The invoice as it was handed in, to be accepted rightly, sent back or withdrawn.

    The same command again is success. Raises OfficeNeeded, Missing, InvoiceInWrongState,
    InvoiceCorrected, and what ledger and budgets raise.
    """
    caller.check_office(Office.TRUSTEE_MANAGER)
    compound_id = caller.compound_id
    await ledger.lock_books(tx, compound_id)
    invoice = await lock(tx, compound_id, invoice_id)
    if await _is_done(tx, compound_id, invoice, command):
        return invoice
    corrected = await store.taken_back(tx, compound_id, [invoice_id], [])
    again = rules.take_back(invoice, command.reason, corrected.get(invoice_id, 0))
    assert invoice.entry_id is not None, "an accepted invoice has its entry"
    await _give_back(tx, caller, invoice, command)
    await store.save_taken_back(tx, caller, again)
    await ledger.reverse(
        tx,
        caller,
        Reverse(
            entry_id=invoice.entry_id,
            reversal_id=command.reversal_id,
            accounting_on=command.accounting_on,
            memo=command.reason,
        ),
    )
    return again


async def _is_done(
    tx: Tx, compound_id: UUID, invoice: Invoice, command: TakeBackAcceptance
) -> bool:
    posted = await ledger.entries_by_id(tx, compound_id, [command.reversal_id])
    return any(
        entry.reverses is not None and entry.source.id == invoice.invoice_id for entry in posted
    )


async def _give_back(tx: Tx, caller: Caller, invoice: Invoice, command: TakeBackAcceptance) -> None:
    """The budget lines, and what the contract held back of its own."""
    compound_id, on = caller.compound_id, command.accounting_on
    version = await store.accepted_version(tx, compound_id, invoice.invoice_id)
    source = acceptance.source_of(invoice.invoice_id, version - 1)
    lines = await store.lines(tx, compound_id, invoice.invoice_id)
    line_ids = {line.budget_line_id for line in lines if line.budget_line_id is not None}
    movements = await budgets.movements_by(tx, compound_id, source, line_ids)
    contract = await lock_contract(tx, caller, invoice)
    held_fen = 0
    if contract is not None:
        held_fen = rules.holds_again_fen(contract, movements, on)
        contract = rules.unbill(contract, invoice.gross_fen, held_fen)
        await contract_store.save(tx, compound_id, contract)
    changes = rules.changes(movements, on, contract, held_fen)
    if changes:
        await budgets.move(tx, caller, changes)
