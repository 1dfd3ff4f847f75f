"""A wrong acceptance is taken back, and every book is as if it had not been."""

from datetime import date

import pytest
from msgspec.structs import replace

from tests.invoices.test_acts import in_force, signers
from tests.invoices.test_service import available, balances
from tests.make.ground import new_id
from trustprop.budgets import service as budgets
from trustprop.invoices import service
from trustprop.invoices.model import EndInvoice, InvoiceState, TakeBackAcceptance
from trustprop.invoices.rules import acceptance
from trustprop.invoices.rules.taking_back import InvoiceCorrected
from trustprop.kernel.caller import OfficeNeeded
from trustprop.kernel.errors import FieldsInvalid
from trustprop.ledger import service as ledger
from trustprop.plumbing import checks

__all__ = ["signers"]
WHOLE_LINE = 10_080_000


def command(**changes):
    values = {"reversal_id": new_id(), "accounting_on": date(2025, 9, 15), "reason": "科目选错"}
    return TakeBackAcceptance(**(values | changes))


async def take_back(tx, scene, invoice, **changes):
    return await service.take_back(tx, scene.manager, invoice.invoice_id, command(**changes))


async def broken(tx):
    """What the integrity queries find; the registry of all compounds is for the schema's owner."""
    return {
        name
        for name, sql in checks.queries().items()
        if name.startswith(("budgets:", "invoices:", "ledger:")) and "invoice_number" not in sql
        if await tx.raw.fetch(sql)
    }


async def test_an_acceptance_taken_back_leaves_the_invoice_as_it_was_handed_in(tx, scene):
    accepted = await scene.accepted(tx, gross_fen=840_000)
    again = await take_back(tx, scene, accepted)
    assert (again.state, again.entry_id, again.fund) == (InvoiceState.SUBMITTED, None, None)
    assert again.reason == "科目选错"
    assert await balances(tx, scene) == {}
    assert await available(tx, scene) == WHOLE_LINE
    detail = await service.read(tx, scene.key, accepted.invoice_id)
    assert detail.invoice == again
    assert [event.state for event in detail.events] == ["submitted", "accepted", "submitted"]
    assert (detail.lines, detail.acceptance_evidence) == ((), ())
    assert await broken(tx) == set()


async def test_it_is_accepted_anew_on_another_line(tx, scene):
    accepted = await scene.accepted(tx, gross_fen=840_000)
    again = await take_back(tx, scene, accepted)
    other = scene.accepted_line(840_000, account="510206", budget_line_id=scene.other_line.line_id)
    acceptance_of = scene.acceptance(again, other)
    right = await service.accept(tx, scene.manager, again.invoice_id, acceptance_of)
    assert (right.state, right.reason) == (InvoiceState.ACCEPTED, "")
    assert await balances(tx, scene) == {("510206", "OP"): 840_000, ("2202", "OP"): -840_000}
    assert await available(tx, scene) == WHOLE_LINE
    assert (await service.read(tx, scene.manager, right.invoice_id)).lines == (other,)
    assert await broken(tx) == set()


async def test_on_the_same_line_too_and_any_number_of_times(tx, scene):
    invoice = await scene.accepted(tx, gross_fen=840_000)
    for _ in range(2):
        invoice = await take_back(tx, scene, invoice)
        command = scene.acceptance(invoice)
        invoice = await service.accept(tx, scene.manager, invoice.invoice_id, command)
    assert await available(tx, scene) == WHOLE_LINE - 840_000
    assert await broken(tx) == set()


async def test_or_sent_back_to_the_vendor(tx, scene):
    again = await take_back(tx, scene, await scene.accepted(tx))
    ended = await service.reject(tx, scene.manager, again.invoice_id, EndInvoice(reason="未验收"))
    assert ended.state is InvoiceState.REJECTED
    assert await broken(tx) == set()


async def test_the_same_command_again_is_success_and_reverses_once(tx, scene):
    accepted = await scene.accepted(tx, gross_fen=1000)
    same = command()
    once = await service.take_back(tx, scene.manager, accepted.invoice_id, same)
    assert await service.take_back(tx, scene.manager, accepted.invoice_id, same) == once
    assert await balances(tx, scene) == {}


async def test_an_old_acceptance_sent_again_brings_nothing_back(tx, scene):
    invoice = await scene.submitted(tx)
    old = scene.acceptance(invoice)
    accepted = await service.accept(tx, scene.manager, invoice.invoice_id, old)
    await take_back(tx, scene, accepted)
    with pytest.raises(FieldsInvalid) as refused:
        await service.accept(tx, scene.manager, invoice.invoice_id, old)
    assert [error.pointer for error in refused.value.errors] == ["/entry_id"]
    assert await balances(tx, scene) == {}


async def test_what_an_order_holds_or_paid_is_not_taken_back(tx, scene):
    invoice = await scene.accepted(tx)
    order_id = new_id()
    await service.mark_ordered(tx, scene.manager, [invoice.invoice_id], order_id)
    with pytest.raises(acceptance.InvoiceInWrongState):
        await take_back(tx, scene, invoice)
    await service.mark_accepted_again(tx, scene.manager, [invoice.invoice_id], order_id)
    assert (await take_back(tx, scene, invoice)).state is InvoiceState.SUBMITTED
    assert await balances(tx, scene) == {}
    assert await broken(tx) == set()


async def test_an_invoice_not_yet_accepted_has_nothing_to_take_back(tx, scene):
    with pytest.raises(acceptance.InvoiceInWrongState):
        await take_back(tx, scene, await scene.submitted(tx))


async def test_a_corrected_invoice_waits_for_the_end_of_its_credit_note(tx, scene):
    blue = await scene.accepted(tx, gross_fen=1000)
    red = await scene.submitted(tx, gross_fen=-400, corrects_id=blue.invoice_id)
    red = await service.accept(tx, scene.manager, red.invoice_id, scene.acceptance(red))
    with pytest.raises(InvoiceCorrected):
        await take_back(tx, scene, blue)
    red = await take_back(tx, scene, red)
    assert await available(tx, scene) == WHOLE_LINE - 1000
    await service.reject(tx, scene.manager, red.invoice_id, EndInvoice(reason="误开"))
    await take_back(tx, scene, blue)
    assert await balances(tx, scene) == {}
    assert await available(tx, scene) == WHOLE_LINE
    assert await broken(tx) == set()


async def test_a_contract_holds_back_again_what_the_invoice_had_used(tx, scene, signers):
    contract = await in_force(tx, scene, signers)
    contract_id = contract.terms.contract_id
    before = await budgets.availability(tx, scene.compound_id, scene.line.line_id)
    accepted = await scene.accepted(tx, gross_fen=840_000, contract_id=contract_id)
    again = await take_back(tx, scene, accepted)
    after = await service.read_contract(tx, scene.manager, contract_id)
    assert replace(after, version=contract.version) == contract
    assert await budgets.availability(tx, scene.compound_id, scene.line.line_id) == before
    command = scene.acceptance(again)
    await service.accept(tx, scene.manager, again.invoice_id, command)
    contract = await service.read_contract(tx, scene.manager, contract_id)
    assert (contract.billed_fen, contract.encumbered_fen) == (840_000, 2_520_000)
    assert await broken(tx) == set()


async def test_only_the_manager_takes_an_acceptance_back(tx, scene):
    accepted = await scene.accepted(tx)
    for caller in (scene.bookkeeper, scene.director, scene.key):
        with pytest.raises(OfficeNeeded):
            await service.take_back(tx, caller, accepted.invoice_id, command())


async def test_the_reversal_points_at_the_entry_of_the_acceptance(tx, scene):
    accepted = await scene.accepted(tx)
    same = command()
    await service.take_back(tx, scene.manager, accepted.invoice_id, same)
    (posted,) = await ledger.entries_by_id(tx, scene.compound_id, [same.reversal_id])
    assert posted.reverses == accepted.entry_id
    assert posted.memo == "科目选错"
