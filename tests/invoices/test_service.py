"""Invoices from submission to payment, against a real database."""

from trustprop.budgets import service as budgets
from trustprop.invoices.model import InvoiceState
from trustprop.ledger import service as ledger


async def test_an_accepted_invoice_is_an_expense_and_a_payable(tx, scene):
    invoice = await scene.accepted(tx, gross_fen=840_000)
    assert invoice.state is InvoiceState.ACCEPTED
    balances = {
        (each.account, each.fund): each.balance_fen
        for each in await ledger.balances(tx, scene.compound_id)
    }
    assert balances == {("510201", "OP"): 840_000, ("2202", "OP"): -840_000}
    line = await budgets.availability(tx, scene.compound_id, scene.line.line_id)
    assert (line.actual_fen, line.available_fen) == (840_000, 9_240_000)
