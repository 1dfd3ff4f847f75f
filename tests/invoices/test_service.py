"""Invoices from submission to payment, against a real database."""

import asyncio
from dataclasses import dataclass

import asyncpg
import pytest
from msgspec.structs import replace

from tests.make import evidence as make_evidence
from tests.make import invoices as make
from tests.make import meetings as make_meetings
from tests.make.ground import make_caller, new_id
from trustprop.budgets import service as budgets
from trustprop.evidence.rules import FilesMissing
from trustprop.invoices import service
from trustprop.invoices.model import (
    AdmitVendor,
    CheckOnPlatform,
    EndInvoice,
    InvoiceState,
    PlatformResult,
    RegisterVendor,
    SuspendVendor,
)
from trustprop.invoices.rules import acceptance, submission
from trustprop.invoices.rules import vendors as vendor_rules
from trustprop.kernel.caller import Office, OfficeNeeded
from trustprop.kernel.errors import FieldsInvalid, Missing, Refusal
from trustprop.ledger import service as ledger
from trustprop.meetings.model import Matter


async def balances(tx, scene):
    found = await ledger.balances(tx, scene.compound_id)
    return {(each.account, each.fund): each.balance_fen for each in found if each.balance_fen}


async def available(tx, scene):
    return (await budgets.availability(tx, scene.compound_id, scene.line.line_id)).available_fen


# Submission


async def test_an_invoice_comes_in_once_however_often_it_is_sent(tx, scene):
    command = make.bill()
    first = await scene.submit(tx, command)
    assert first.state is InvoiceState.SUBMITTED
    assert await scene.submit(tx, command) == first
    assert len(await service.list_invoices(tx, scene.key, limit=10)) == 1


async def test_the_answer_is_what_is_stored(tx, scene):
    file = await scene.upload(tx, make_evidence.PDF)
    first = await scene.submit(tx, make.submit(files=(file,), attachments=(scene.proof,)))
    assert (await service.read(tx, scene.key, first.invoice_id)).invoice == first


async def test_the_same_id_with_other_content_is_a_conflict(tx, scene):
    command = make.bill()
    await scene.submit(tx, command)
    with pytest.raises(submission.InvoiceIdTaken):
        await scene.submit(tx, replace(command, description="另一张"))


@pytest.mark.parametrize(
    ("again", "what"),
    [
        (make.submit(vendor_reference="other"), "number"),
        (make.submit(number=make.number(9), vendor_reference="R-1"), "reference"),
        (make.submit(vendor_reference="R-1"), "number, reference"),
    ],
)
async def test_a_number_or_a_reference_is_used_once(tx, scene, again, what):
    await scene.submit(tx, make.submit(vendor_reference="R-1"))
    with pytest.raises(submission.InvoiceDuplicate) as refused:
        await scene.submit(tx, again)
    assert refused.value.what == what


async def test_a_file_belongs_to_one_invoice_and_an_attachment_to_many(tx, scene):
    file = await scene.upload(tx, make_evidence.PDF)
    await scene.submit(tx, make.bill(files=(file,), attachments=(scene.proof,)))
    await scene.submit(tx, make.bill(attachments=(scene.proof,)))
    with pytest.raises(submission.InvoiceDuplicate) as refused:
        await scene.submit(tx, make.bill(files=(file,)))
    assert refused.value.what == "file"


async def test_two_vendors_may_use_the_same_bill_number(tx, scene):
    other = await make.add_vendor(tx, scene.bookkeeper, scene.director, ("另一公司", make.BUYER[1]))
    key = make.vendor_key(scene.compound_id, other.vendor_id)
    await scene.submit(tx, make.bill(number="2025-09", vendor_reference=""))
    await scene.submit(tx, make.bill(number="2025-09", vendor_reference=""), key)
    with pytest.raises(submission.InvoiceDuplicate):
        await scene.submit(tx, make.bill(number="2025-09", vendor_reference=""), key)


async def test_a_tax_number_is_used_once_over_all_compounds(database, owner, files):
    number = make.number(int.from_bytes(new_id().bytes[-5:], "big"))
    scenes = []
    for _ in range(2):
        caller = make_caller()
        async with database.begin(caller) as tx:
            scenes.append(await make.make_scene(tx, caller.compound_id, files))
    first, second = scenes
    async with database.begin(first.key) as tx:
        invoice = await first.submit(tx, make.submit(number=number))
    with pytest.raises(submission.InvoiceUsedElsewhere):
        async with database.begin(second.key) as tx:
            await second.submit(tx, make.submit(number=number))
    columns = await owner.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'invoice_number'"
    )
    assert [row["column_name"] for row in columns] == ["number_hash"]

    async with database.begin(first.manager) as tx:
        await service.reject(tx, first.manager, invoice.invoice_id, EndInvoice(reason="错开"))
    async with database.begin(second.key) as tx:
        await second.submit(tx, make.submit(number=number))


async def test_the_serving_role_cannot_read_or_drop_numbers_of_others(database, caller):
    for statement in ("SELECT number_hash FROM invoice_number", "DELETE FROM invoice_number"):
        async with database.begin(caller, dry_run=True) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await tx.raw.execute(statement)


async def test_a_number_is_not_freed_while_its_invoice_lives(tx, scene):
    invoice = await scene.submit(tx, make.submit())
    number_hash = submission.number_hash(make.NUMBER)
    await tx.raw.execute("SELECT free_invoice_number($1, $2)", invoice.invoice_id, number_hash)
    with pytest.raises(asyncpg.UniqueViolationError):
        await tx.raw.execute("INSERT INTO invoice_number VALUES ($1)", number_hash)


async def test_only_an_admitted_vendor_bills(tx, scene):
    await service.suspend_vendor(
        tx, scene.director, scene.vendor.vendor_id, SuspendVendor(reason="停电梯")
    )
    with pytest.raises(vendor_rules.VendorNotAdmitted):
        await scene.submit(tx, make.bill())
    stranger = make.vendor_key(scene.compound_id, new_id())
    with pytest.raises(Missing):
        await scene.submit(tx, make.bill(), stranger)


async def test_the_bookkeeper_hands_in_for_a_vendor(tx, scene):
    command = make.bill(vendor_id=scene.vendor.vendor_id)
    invoice = await scene.submit(tx, command, scene.bookkeeper)
    assert invoice.vendor_id == scene.vendor.vendor_id


async def test_an_e_invoice_is_checked_against_vendor_and_compound(tx, scene):
    assembly, trustee, name = await make.titles(tx, scene.compound_id)
    good = await scene.upload(tx, make.e_invoice_xml(buyer=assembly))
    invoice = await scene.submit(tx, make.submit(files=(good,)))
    assert invoice.is_xml_checked

    number = make.number(2)
    by_trustee = await scene.upload(
        tx, make.e_invoice_xml(number=number, buyer=trustee, remark=f"{name} 九月")
    )
    assert (await scene.submit(tx, make.submit(number=number, files=(by_trustee,)))).is_xml_checked

    wrong = await scene.upload(tx, make.e_invoice_xml(number=make.number(3), buyer=trustee))
    with pytest.raises(FieldsInvalid) as refused:
        await scene.submit(tx, make.submit(number=make.number(4), tax_fen=0, files=(wrong,)))
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/gross_fen", "sum"),
        ("/files/0", "xml-number-differs"),
        ("/files/0", "xml-buyer"),
        ("/files/0", "xml-amounts-differ"),
    ]


async def test_a_hostile_xml_is_a_field_error_like_any_other(tx, scene):
    hostile = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    )
    file = await scene.upload(tx, hostile)
    with pytest.raises(FieldsInvalid) as refused:
        await scene.submit(tx, make.submit(files=(file,)))
    assert [error.code for error in refused.value.errors] == ["xml-doctype"]


async def test_a_batch_has_a_verdict_for_each_of_its_invoices(tx, scene):
    good = [make.bill() for _ in range(3)]
    bad = make.bill(gross_fen=5, tax_fen=1)
    twin = replace(good[0], id=new_id())
    results = await service.submit_batch(
        tx, scene.key, scene.files, [good[0], bad, good[1], twin, good[2], good[0]]
    )
    assert [result.code if isinstance(result, Refusal) else "ok" for result in results] == [
        "ok",
        "invalid-fields",
        "ok",
        "invoice-duplicate",
        "ok",
        "ok",
    ]
    assert len(await service.list_invoices(tx, scene.key, limit=10)) == 3


async def test_text_that_cannot_be_stored_spoils_its_own_item_only(tx, scene):
    bad = make.bill(description="水费\x00", vendor_reference="a\nb")
    refused, stored = await service.submit_batch(
        tx, scene.key, scene.files, [bad, make.bill(description="九月\u3000水费")]
    )
    assert isinstance(refused, FieldsInvalid)
    assert [error.pointer for error in refused.errors] == ["/vendor_reference", "/description"]
    assert stored.state is InvoiceState.SUBMITTED


async def test_a_thousand_invoices_are_one_statement(tx, scene):
    commands = [make.bill(100 + i) for i in range(1000)]
    results = await service.submit_batch(tx, scene.key, scene.files, commands)
    assert not [result for result in results if isinstance(result, Refusal)]
    assert await tx.raw.fetchval("SELECT count(*) FROM invoice_event") == 1000


async def test_one_number_sent_by_many_at_once_comes_in_once(database, files):
    caller = make_caller()
    async with database.begin(caller) as tx:
        scene = await make.make_scene(tx, caller.compound_id, files)
    number = make.number(int.from_bytes(new_id().bytes[-5:], "big"))

    async def send():
        async with database.begin(scene.key) as tx:
            return await scene.submit(tx, make.submit(number=number))

    results = await asyncio.gather(*(send() for _ in range(16)), return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert all(
        isinstance(result, submission.InvoiceDuplicate)
        for result in results
        if isinstance(result, BaseException)
    )


# Acceptance


async def test_an_accepted_invoice_is_an_expense_and_a_payable(tx, scene):
    invoice = await scene.accepted(tx, gross_fen=840_000)
    assert invoice.state is InvoiceState.ACCEPTED
    assert await balances(tx, scene) == {("510201", "OP"): 840_000, ("2202", "OP"): -840_000}
    assert await available(tx, scene) == 10_080_000 - 840_000
    detail = await service.read(tx, scene.manager, invoice.invoice_id)
    assert [event.state for event in detail.events] == ["submitted", "accepted"]
    assert detail.events[0].person_id is None
    assert detail.events[1].person_id == scene.manager.person_id
    assert detail.acceptance_evidence == (scene.proof,)


async def test_the_same_acceptance_again_is_success_and_posts_once(tx, scene):
    invoice = await scene.submitted(tx)
    command = scene.acceptance(invoice)
    accepted = await service.accept(tx, scene.manager, invoice.invoice_id, command)
    assert await service.accept(tx, scene.manager, invoice.invoice_id, command) == accepted
    assert (await balances(tx, scene))["2202", "OP"] == -invoice.gross_fen


async def test_a_second_acceptance_is_refused(tx, scene):
    invoice = await scene.accepted(tx)
    with pytest.raises(acceptance.InvoiceInWrongState):
        await service.accept(tx, scene.manager, invoice.invoice_id, scene.acceptance(invoice))


async def test_only_the_manager_accepts(tx, scene):
    invoice = await scene.submitted(tx)
    for caller in (scene.bookkeeper, scene.director, make_caller(Office.AUDITOR)):
        with pytest.raises(OfficeNeeded):
            await service.accept(tx, caller, invoice.invoice_id, scene.acceptance(invoice))


async def test_a_manager_does_not_accept_what_he_handed_in(tx, scene):
    command = make.bill(vendor_id=scene.vendor.vendor_id)
    invoice = await scene.submit(tx, command, scene.manager)
    with pytest.raises(acceptance.SelfAcceptance):
        await service.accept(tx, scene.manager, invoice.invoice_id, scene.acceptance(invoice))


async def test_acceptance_needs_evidence_that_is_there(tx, scene):
    invoice = await scene.submitted(tx)
    command = scene.acceptance(invoice, evidence=("f" * 64,))
    with pytest.raises(FilesMissing):
        await service.accept(tx, scene.manager, invoice.invoice_id, command)


async def test_an_invoice_may_be_split_over_lines(tx, scene):
    invoice = await scene.submitted(tx, gross_fen=1000)
    command = scene.acceptance(
        invoice,
        scene.accepted_line(700),
        scene.accepted_line(200, account="510206", budget_line_id=scene.other_line.line_id),
        scene.accepted_line(100, account="1141", budget_line_id=None),
    )
    await service.accept(tx, scene.manager, invoice.invoice_id, command)
    assert await balances(tx, scene) == {
        ("510201", "OP"): 700,
        ("510206", "OP"): 200,
        ("1141", "OP"): 100,
        ("2202", "OP"): -1000,
    }
    detail = await service.read(tx, scene.manager, invoice.invoice_id)
    assert detail.lines == command.lines


async def test_no_more_than_the_budget_line_has_is_accepted(tx, scene):
    invoice = await scene.submitted(tx, gross_fen=10_080_001)
    with pytest.raises(Refusal) as refused:
        await service.accept(tx, scene.manager, invoice.invoice_id, scene.acceptance(invoice))
    assert refused.value.code == "budget-exceeded"


async def test_a_similar_invoice_must_be_looked_at(tx, scene):
    first = await scene.submitted(tx)
    second = await scene.submitted(tx)
    detail = await service.read(tx, scene.manager, second.invoice_id)
    assert [similar.invoice_id for similar in detail.similar] == [first.invoice_id]
    assert (await service.read(tx, scene.key, second.invoice_id)).similar == ()
    with pytest.raises(acceptance.SimilarNotAcknowledged):
        await service.accept(tx, scene.manager, second.invoice_id, scene.acceptance(second))
    command = scene.acceptance(second, acknowledged_similar=(first.invoice_id,))
    await service.accept(tx, scene.manager, second.invoice_id, command)


async def test_an_e_invoice_without_xml_is_looked_up_first(tx, scene):
    invoice = await scene.submit(tx, make.submit())
    command = scene.acceptance(invoice)
    with pytest.raises(acceptance.PlatformCheckNeeded):
        await service.accept(tx, scene.manager, invoice.invoice_id, command)
    look = CheckOnPlatform(id=new_id(), result=PlatformResult.VALID, checked_at=scene.bookkeeper.at)
    first = await service.record_platform_check(tx, scene.bookkeeper, invoice.invoice_id, look)
    again = await service.record_platform_check(tx, scene.bookkeeper, invoice.invoice_id, look)
    assert again == first
    assert first.checked_by == scene.bookkeeper.person_id
    await service.accept(tx, scene.manager, invoice.invoice_id, command)


async def test_a_red_invoice_takes_the_expense_and_the_budget_back(tx, scene):
    blue = await scene.accepted(tx, gross_fen=1000)
    red = await scene.submitted(tx, gross_fen=-400, corrects_id=blue.invoice_id)
    await service.accept(tx, scene.manager, red.invoice_id, scene.acceptance(red))
    assert await balances(tx, scene) == {("510201", "OP"): 600, ("2202", "OP"): -600}
    assert await available(tx, scene) == 10_080_000 - 600
    with pytest.raises(FieldsInvalid):
        await scene.submitted(tx, gross_fen=-601, corrects_id=blue.invoice_id)


# Its end without payment


async def test_a_rejected_invoice_may_be_sent_again_in_good_order(tx, scene):
    first = await scene.submit(tx, make.submit(vendor_reference="R-1"))
    reason = EndInvoice(reason="缺少验收单")
    rejected = await service.reject(tx, scene.manager, first.invoice_id, reason)
    assert (rejected.state, rejected.reason) == (InvoiceState.REJECTED, "缺少验收单")
    assert await service.reject(tx, scene.manager, first.invoice_id, reason) == rejected
    again = await scene.submit(tx, make.submit(vendor_reference="R-1"))
    assert again.state is InvoiceState.SUBMITTED


async def test_a_vendor_takes_back_its_own_invoice_only(tx, scene):
    invoice = await scene.submitted(tx)
    stranger = make.vendor_key(scene.compound_id, new_id())
    with pytest.raises(Missing):
        await service.withdraw(tx, stranger, invoice.invoice_id, EndInvoice(reason="x"))
    ended = await service.withdraw(tx, scene.key, invoice.invoice_id, EndInvoice(reason="重开"))
    assert ended.state is InvoiceState.WITHDRAWN


async def test_an_accepted_invoice_is_neither_rejected_nor_withdrawn(tx, scene):
    invoice = await scene.accepted(tx)
    with pytest.raises(acceptance.InvoiceInWrongState):
        await service.reject(tx, scene.manager, invoice.invoice_id, EndInvoice(reason="x"))
    with pytest.raises(acceptance.InvoiceInWrongState):
        await service.withdraw(tx, scene.key, invoice.invoice_id, EndInvoice(reason="x"))


# Payment


async def test_an_order_holds_pays_and_lets_go(tx, scene):
    first = await scene.accepted(tx)
    second = await scene.accepted(tx, gross_fen=700)
    ids = (first.invoice_id, second.invoice_id)
    order_id = new_id()

    async def states():
        found = await service.lock_for_payment(tx, scene.compound_id, ids)
        return [(each.state, each.order_id) for each in found]

    assert await service.unpaid_fen(tx, scene.compound_id, "OP") == 193_420 + 700
    await service.mark_ordered(tx, scene.manager, ids, order_id)
    assert await states() == [(InvoiceState.ORDERED, order_id)] * 2
    with pytest.raises(acceptance.InvoiceInWrongState):
        await service.mark_ordered(tx, scene.manager, ids, new_id())
    with pytest.raises(acceptance.InvoiceInWrongState):
        await service.mark_released(tx, scene.manager, ids, new_id())
    await service.mark_released(tx, scene.manager, ids, order_id)
    assert await states() == [(InvoiceState.PAID, order_id)] * 2
    assert await service.unpaid_fen(tx, scene.compound_id, "OP") == 0
    await service.mark_accepted_again(tx, scene.manager, ids, order_id)
    assert await states() == [(InvoiceState.ACCEPTED, None)] * 2
    events = (await service.read(tx, scene.key, first.invoice_id)).events
    assert [(event.state, event.order_id) for event in events] == [
        ("submitted", None),
        ("accepted", None),
        ("ordered", order_id),
        ("paid", order_id),
        ("accepted", order_id),
    ]


async def test_an_unaccepted_invoice_is_not_ordered(tx, scene):
    invoice = await scene.submitted(tx)
    with pytest.raises(acceptance.InvoiceInWrongState):
        await service.mark_ordered(tx, scene.manager, (invoice.invoice_id,), new_id())


async def test_an_unknown_invoice_is_not_locked(tx, scene):
    with pytest.raises(Missing):
        await service.lock_for_payment(tx, scene.compound_id, (new_id(),))


# Reading


async def test_a_vendor_sees_its_own_invoices_only(tx, scene):
    other = await make.add_vendor(tx, scene.bookkeeper, scene.director, ("另一公司", make.BUYER[1]))
    key = make.vendor_key(scene.compound_id, other.vendor_id)
    invoice = await scene.submitted(tx)
    assert await service.list_invoices(tx, key, limit=10) == ()
    with pytest.raises(Missing):
        await service.read(tx, key, invoice.invoice_id)
    with pytest.raises(Missing):
        await service.read_vendor(tx, key, scene.vendor.vendor_id)


async def test_a_resident_reads_no_invoices(tx, scene):
    resident = replace(make_caller(compound_id=scene.compound_id), mandates=(), is_resident=True)
    with pytest.raises(OfficeNeeded):
        await service.list_invoices(tx, resident, limit=10)


async def test_the_list_filters_and_pages_from_new_to_old(tx, scene):
    invoices = [await scene.submitted(tx, gross_fen=100 + i) for i in range(3)]
    await service.reject(tx, scene.manager, invoices[1].invoice_id, EndInvoice(reason="x"))
    first = await service.list_invoices(tx, scene.key, limit=1)
    assert [each.invoice_id for each in first] == [invoices[2].invoice_id, invoices[1].invoice_id]
    rest = await service.list_invoices(tx, scene.key, before=first[0].invoice_id, limit=5)
    assert [each.invoice_id for each in rest] == [invoices[1].invoice_id, invoices[0].invoice_id]
    open_ones = await service.list_invoices(
        tx, scene.manager, state=InvoiceState.SUBMITTED, limit=5
    )
    assert len(open_ones) == 2


async def test_another_compound_sees_and_changes_nothing(database, files):
    caller = make_caller()
    async with database.begin(caller) as tx:
        scene = await make.make_scene(tx, caller.compound_id, files)
        invoice = await scene.submitted(tx)
    stranger = make_caller(Office.TRUSTEE_MANAGER)
    async with database.begin(stranger) as tx:
        for command in (
            service.read(tx, stranger, invoice.invoice_id),
            service.reject(tx, stranger, invoice.invoice_id, EndInvoice(reason="x")),
            service.read_vendor(tx, stranger, scene.vendor.vendor_id),
        ):
            with pytest.raises(Missing):
                await command
        for table in ("vendor", "invoice", "invoice_event", "invoice_claim"):
            assert await tx.raw.fetchval(f"SELECT count(*) FROM {table}") == 0


# Vendors


@dataclass(frozen=True)
class Proposal:
    name: str = "某绿化公司"
    credit_code: str = make.make_compounds.credit_code(21)

    def command(self, **changes):
        values = {"id": new_id(), "name": self.name, "credit_code": self.credit_code}
        return RegisterVendor(**(values | changes))


async def test_a_vendor_is_registered_once(tx, scene):
    command = Proposal().command()
    first = await service.register_vendor(tx, scene.bookkeeper, command)
    assert await service.register_vendor(tx, scene.bookkeeper, command) == first
    with pytest.raises(vendor_rules.CreditCodeTaken):
        await service.register_vendor(tx, scene.bookkeeper, Proposal().command())
    with pytest.raises(vendor_rules.VendorIdTaken):
        await service.register_vendor(tx, scene.bookkeeper, replace(command, name="另一名称"))


async def test_the_side_that_proposes_a_vendor_does_not_admit_it(tx, scene):
    command = Proposal().command()
    await service.register_vendor(tx, scene.bookkeeper, command)
    with pytest.raises(OfficeNeeded):
        await service.admit_vendor(tx, scene.manager, command.id, AdmitVendor())
    with pytest.raises(OfficeNeeded):
        await service.register_vendor(tx, scene.director, Proposal().command())


async def test_a_related_party_comes_in_by_a_resolution_about_it(tx, scene):
    command = Proposal().command(is_related_party=True)
    await service.register_vendor(tx, scene.bookkeeper, command)
    with pytest.raises(vendor_rules.RelatedPartyNeedsResolution):
        await service.admit_vendor(tx, scene.director, command.id, AdmitVendor())
    about_another = await make_meetings.add_resolution(
        tx, scene.bookkeeper, Matter.RELATED_PARTY, new_id()
    )
    with pytest.raises(Refusal):
        await service.admit_vendor(
            tx, scene.director, command.id, AdmitVendor(resolution_id=about_another.resolution_id)
        )
    resolution = await make_meetings.add_resolution(
        tx, scene.bookkeeper, Matter.RELATED_PARTY, command.id
    )
    admitted = await service.admit_vendor(
        tx, scene.director, command.id, AdmitVendor(resolution_id=resolution.resolution_id)
    )
    assert admitted.resolution_id == resolution.resolution_id
