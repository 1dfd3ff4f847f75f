"""Orders that pay invoices: held while being signed, paid once, free again when the money comes back."""

from datetime import date, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import disbursements as make
from tests.make import invoices as make_invoices
from tests.make import ledger as books
from tests.make import meetings as make_meetings
from tests.make import paying
from tests.make.acts import Person
from tests.make.compounds import credit_code
from tests.make.ground import SEPTEMBER, new_id
from tests.make.invoices import Scene
from trustprop.acts import service as acts
from trustprop.budgets import service as budgets
from trustprop.disbursements import service
from trustprop.disbursements.model import (
    DraftOrder,
    OrderKind,
    PaymentOrder,
    RefundOrder,
    ReturnOrder,
    ReviseOrder,
)
from trustprop.invoices import service as invoices
from trustprop.invoices.model import AdmitVendor, InvoiceState, RegisterVendor, SuspendVendor
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Refusal
from trustprop.ledger import service as ledger
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files

RESTED = timedelta(hours=72)


@pytest.fixture
async def scene(tx: Tx, caller: Caller, tmp_path) -> Scene:
    made = await make_invoices.make_scene(tx, caller.compound_id, Files.at(str(tmp_path)))
    await books.fill_cash(tx, made.bookkeeper, paying.CASH)
    await paying.add_bank_account(tx, made.bookkeeper)
    return made


@pytest.fixture
async def both(tx: Tx, scene: Scene) -> tuple[Person, Person]:
    manager = await make_acts.add_signer(tx, scene.compound_id, Office.TRUSTEE_MANAGER)
    director = await make_acts.add_signer(tx, scene.compound_id, Office.COMMITTEE_DIRECTOR)
    return manager, director


@pytest.fixture
async def account_id(tx: Tx, scene: Scene, both: tuple[Person, Person]):
    command = scene.draft_account()
    await invoices.draft_vendor_account(tx, scene.bookkeeper, scene.vendor.vendor_id, command)
    act = await acts.lock(tx, scene.compound_id, command.act_id)
    for person in both:
        await make_acts.sign(tx, person, act, invoices.EFFECTS)
    return command.id


def order_for(scene: Scene, account_id, *paid, **changes) -> DraftOrder:
    return make.draft_order(
        OrderKind.INVOICES,
        sum(invoice.gross_fen for invoice in paid),
        vendor_account_id=account_id,
        payee=None,
        invoice_ids=tuple(invoice.invoice_id for invoice in paid),
        pay_on=date(2025, 9, 15),
        **changes,
    )


def rested(person: Person) -> Person:
    return paying.later(person, person.caller.at + RESTED)


async def draw_up(tx: Tx, scene: Scene, command: DraftOrder) -> PaymentOrder:
    caller = replace(scene.bookkeeper, at=scene.bookkeeper.at + RESTED)
    return await service.draft(tx, caller, command, make.SALT)


async def state_of(tx: Tx, scene: Scene, invoice) -> InvoiceState:
    return (await invoices.read(tx, scene.manager, invoice.invoice_id)).invoice.state


async def payable(tx: Tx, scene: Scene) -> int:
    return -sum(one.balance_fen for one in await ledger.fund_claims(tx, scene.compound_id, "2202"))


async def test_two_invoices_are_held_then_paid_together(
    tx: Tx, scene: Scene, both, account_id
) -> None:
    first, second = await scene.accepted(tx), await scene.accepted(tx, gross_fen=6_580)
    order = await draw_up(tx, scene, order_for(scene, account_id, first, second))
    assert await state_of(tx, scene, first) is InvoiceState.ORDERED
    assert await payable(tx, scene) == 200_000
    await paying.sign(tx, order, *map(rested, both))
    assert await state_of(tx, scene, second) is InvoiceState.PAID
    assert await payable(tx, scene) == 0


async def test_an_invoice_is_in_one_order_at_a_time(tx: Tx, scene: Scene, account_id) -> None:
    invoice = await scene.accepted(tx)
    await draw_up(tx, scene, order_for(scene, account_id, invoice))
    with pytest.raises(Refusal, match="invoice-not-accepted"):
        await draw_up(tx, scene, order_for(scene, account_id, invoice))


async def test_a_rejected_order_gives_its_invoices_back(
    tx: Tx, scene: Scene, both, account_id
) -> None:
    invoice = await scene.accepted(tx)
    order = await draw_up(tx, scene, order_for(scene, account_id, invoice))
    director = rested(both[1]).caller
    await acts.reject(tx, director, order.act_id, "未见验收单", service.EFFECTS)
    assert await state_of(tx, scene, invoice) is InvoiceState.ACCEPTED
    await draw_up(tx, scene, order_for(scene, account_id, invoice))


async def test_a_revision_may_let_an_invoice_go(tx: Tx, scene: Scene, account_id) -> None:
    first, second = await scene.accepted(tx), await scene.accepted(tx, gross_fen=6_580)
    order = await draw_up(tx, scene, order_for(scene, account_id, first, second))
    smaller = order_for(scene, account_id, second)
    fields = {name: getattr(smaller, name) for name in ReviseOrder.__struct_fields__}
    caller = replace(scene.bookkeeper, at=scene.bookkeeper.at + RESTED)
    revision = ReviseOrder(**fields)
    await service.revise(tx, caller, order.order_id, revision, make.SALT)
    assert await state_of(tx, scene, first) is InvoiceState.ACCEPTED
    assert await state_of(tx, scene, second) is InvoiceState.ORDERED


async def test_an_account_that_has_not_rested_is_paid_nothing(
    tx: Tx, scene: Scene, account_id
) -> None:
    invoice = await scene.accepted(tx)
    with pytest.raises(Refusal, match="vendor-account-not-usable"):
        await service.draft(tx, scene.bookkeeper, order_for(scene, account_id, invoice), make.SALT)


async def test_a_vendor_suspended_between_draft_and_release_is_paid_nothing(
    tx: Tx, scene: Scene, both, account_id
) -> None:
    order = await draw_up(tx, scene, order_for(scene, account_id, await scene.accepted(tx)))
    await invoices.suspend_vendor(
        tx, scene.manager, scene.vendor.vendor_id, SuspendVendor(reason="查账")
    )
    with pytest.raises(Refusal, match="vendor-not-admitted"):
        await paying.sign(tx, order, *map(rested, both))


async def test_an_amount_other_than_the_sum_is_refused(tx: Tx, scene: Scene, account_id) -> None:
    invoice = await scene.accepted(tx)
    with pytest.raises(Refusal, match="amount-not-sum"):
        await draw_up(tx, scene, replace(order_for(scene, account_id, invoice), amount_fen=1))


async def test_accepted_invoices_are_not_paid_a_second_time_as_a_plain_payable(
    tx: Tx, scene: Scene
) -> None:
    await scene.accepted(tx)
    with pytest.raises(Refusal, match="liability-short"):
        await service.draft(
            tx, scene.bookkeeper, make.draft_order(amount_fen=1, account="2202"), make.SALT
        )


async def test_a_returned_payment_brings_its_invoices_back_to_accepted(
    tx: Tx, scene: Scene, both, account_id
) -> None:
    invoice = await scene.accepted(tx)
    order = await draw_up(tx, scene, order_for(scene, account_id, invoice))
    await paying.sign(tx, order, *map(rested, both))
    back = ReturnOrder(reversal_id=new_id(), returned_on=date(2025, 9, 15), reason="账号错误")
    await service.mark_returned(tx, scene.bookkeeper, order.order_id, back)
    assert await state_of(tx, scene, invoice) is InvoiceState.ACCEPTED
    assert await payable(tx, scene) == invoice.gross_fen


async def test_a_vendor_that_gives_a_part_back_frees_the_line_of_its_invoice(
    tx: Tx, scene: Scene, both, account_id
) -> None:
    invoice = await scene.accepted(tx)
    order = await draw_up(tx, scene, order_for(scene, account_id, invoice))
    await paying.sign(tx, order, *map(rested, both))
    line = scene.line.line_id
    before = await budgets.availability(tx, scene.compound_id, line)
    refund = RefundOrder(
        refund_id=new_id(), amount_fen=420, received_on=date(2025, 9, 15), memo="多收退回"
    )
    await service.refund(tx, scene.bookkeeper, order.order_id, refund)
    after = await budgets.availability(tx, scene.compound_id, line)
    assert after.available_fen - before.available_fen == 420
    assert await state_of(tx, scene, invoice) is InvoiceState.PAID


async def related(tx: Tx, scene: Scene, until: date) -> Scene:
    """The same compound with a vendor close to the trustee, admitted by a resolution until a day."""
    command = RegisterVendor(
        id=new_id(),
        name="示例关联保洁有限公司",
        credit_code=credit_code(77),
        is_related_party=True,
    )
    await invoices.register_vendor(tx, scene.bookkeeper, command)
    resolution = await make_meetings.add_resolution(
        tx, scene.bookkeeper, Matter.RELATED_PARTY, command.id, valid_until=until
    )
    admission = AdmitVendor(resolution_id=resolution.resolution_id)
    vendor = await invoices.admit_vendor(tx, scene.director, command.id, admission)
    key = make_invoices.vendor_key(scene.compound_id, vendor.vendor_id)
    return msgspec.structs.replace(scene, vendor=vendor, key=key)


@pytest.mark.parametrize(
    ("until", "is_paid"), [(date(2025, 9, 30), True), (date(2025, 9, 19), False)]
)
async def test_a_related_party_is_paid_only_while_its_resolution_stands(
    tx: Tx, scene: Scene, both, until: date, is_paid: bool
) -> None:
    close = await related(tx, scene, until)
    account = close.draft_account()
    await invoices.draft_vendor_account(tx, close.bookkeeper, close.vendor.vendor_id, account)
    act = await acts.lock(tx, close.compound_id, account.act_id)
    for person in both:
        await make_acts.sign(tx, person, act, invoices.EFFECTS)
    order = await draw_up(tx, close, order_for(close, account.id, await close.accepted(tx)))
    later = [paying.later(rested(person), SEPTEMBER + timedelta(days=6)) for person in both]
    if is_paid:
        await paying.sign(tx, order, *later)
    else:
        with pytest.raises(Refusal, match="resolution-not-in-force"):
            await paying.sign(tx, order, *later)
    found = await service.find(tx, close.compound_id, order.order_id)
    assert (found.state == "released") is is_paid
