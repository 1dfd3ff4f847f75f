"""What both sides sign about vendors: bank accounts and contracts."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make.ground import new_id
from trustprop.acts import service as acts
from trustprop.budgets import service as budgets
from trustprop.invoices import service
from trustprop.invoices.model import (
    ContractState,
    EndContract,
    VendorAccountState,
)
from trustprop.invoices.rules import contracts as contract_rules
from trustprop.invoices.rules import vendors as vendor_rules
from trustprop.kernel.errors import FieldsInvalid, Refusal


@pytest.fixture
async def signers(tx, scene):
    return await make_acts.make_signers(tx, scene.compound_id)


async def sign(tx, scene, signers, act_id):
    act = await acts.find(tx, scene.compound_id, act_id)
    return await make_acts.sign_both(tx, signers, act, service.EFFECTS)


async def line(tx, scene):
    return await budgets.availability(tx, scene.compound_id, scene.line.line_id)


# Bank accounts


async def test_an_account_can_be_paid_after_both_signatures_and_its_rest(tx, scene, signers):
    command = scene.draft_account()
    vendor_id = scene.vendor.vendor_id
    drafted = await service.draft_vendor_account(tx, scene.bookkeeper, vendor_id, command)
    assert not drafted.is_usable(scene.manager.at + timedelta(days=365))
    assert await service.draft_vendor_account(tx, scene.bookkeeper, vendor_id, command) == drafted
    await sign(tx, scene, signers, command.act_id)
    signed = await service.vendor_account(tx, scene.compound_id, command.id)
    rested_at = signers.director.caller.at + timedelta(hours=72)
    assert signed.usable_from_at == rested_at
    assert signed.is_usable(rested_at)
    assert not signed.is_usable(rested_at - timedelta(seconds=1))


async def test_one_signature_is_not_enough(tx, scene, signers):
    command = scene.draft_account()
    await service.draft_vendor_account(tx, scene.bookkeeper, scene.vendor.vendor_id, command)
    act = await acts.find(tx, scene.compound_id, command.act_id)
    await make_acts.sign(tx, signers.manager, act, service.EFFECTS)
    account = await service.vendor_account(tx, scene.compound_id, command.id)
    assert account.state is VendorAccountState.DRAFTED


async def test_a_new_account_replaces_the_old_one_when_it_is_signed(tx, scene, signers):
    old, new = scene.draft_account(), scene.draft_account(number="6222020000009999")
    vendor_id = scene.vendor.vendor_id
    await service.draft_vendor_account(tx, scene.bookkeeper, vendor_id, old)
    await sign(tx, scene, signers, old.act_id)
    new = replace(new, replaces_account_id=old.id)
    await service.draft_vendor_account(tx, scene.bookkeeper, vendor_id, new)
    assert [account.state for account in await service.read_accounts(tx, scene.key, vendor_id)] == [
        "signed",
        "drafted",
    ]
    await sign(tx, scene, signers, new.act_id)
    assert [account.state for account in await service.read_accounts(tx, scene.key, vendor_id)] == [
        "replaced",
        "signed",
    ]


async def test_an_account_that_is_not_in_use_is_not_replaced(tx, scene):
    command = scene.draft_account(replaces_account_id=new_id())
    with pytest.raises(vendor_rules.VendorAccountReplaced):
        await service.draft_vendor_account(tx, scene.bookkeeper, scene.vendor.vendor_id, command)


async def test_a_rejected_account_is_never_paid(tx, scene, signers):
    command = scene.draft_account()
    await service.draft_vendor_account(tx, scene.bookkeeper, scene.vendor.vendor_id, command)
    await acts.reject(
        tx,
        signers.director.caller,
        command.act_id,
        "账号与合同不符",
        service.EFFECTS,
    )
    account = await service.vendor_account(tx, scene.compound_id, command.id)
    assert account.state is VendorAccountState.REFUSED


@pytest.mark.parametrize("number", ["", "12345", "6222 0200", "６２２２０２００", "1" * 33])
async def test_an_account_number_is_digits(tx, scene, number):
    with pytest.raises(FieldsInvalid):
        await service.draft_vendor_account(
            tx, scene.bookkeeper, scene.vendor.vendor_id, scene.draft_account(number=number)
        )


# Contracts


async def in_force(tx, scene, signers, **changes):
    command = scene.draft_contract(**changes)
    await service.draft_contract(tx, scene.bookkeeper, command)
    await sign(tx, scene, signers, command.act_id)
    return await service.read_contract(tx, scene.manager, command.id)


async def test_a_signed_contract_holds_its_amount_back(tx, scene, signers):
    command = scene.draft_contract()
    drafted = await service.draft_contract(tx, scene.bookkeeper, command)
    assert await service.draft_contract(tx, scene.bookkeeper, command) == drafted
    assert (await line(tx, scene)).encumbered_fen == 0
    await sign(tx, scene, signers, command.act_id)
    contract = await service.read_contract(tx, scene.key, command.id)
    assert contract.state is ContractState.IN_FORCE
    assert (await line(tx, scene)).encumbered_fen == 3_360_000


async def test_an_invoice_under_a_contract_uses_what_was_held_back(tx, scene, signers):
    contract = await in_force(tx, scene, signers)
    before = await line(tx, scene)
    await scene.accepted(tx, gross_fen=840_000, contract_id=contract.terms.contract_id)
    after = await line(tx, scene)
    assert after.available_fen == before.available_fen
    assert (after.actual_fen, after.encumbered_fen) == (840_000, 2_520_000)
    contract = await service.read_contract(tx, scene.manager, contract.terms.contract_id)
    assert (contract.billed_fen, contract.encumbered_fen) == (840_000, 2_520_000)


async def test_no_more_is_billed_than_was_agreed(tx, scene, signers):
    contract = await in_force(tx, scene, signers, amount_fen=1000)
    contract_id = contract.terms.contract_id
    await scene.accepted(tx, gross_fen=900, contract_id=contract_id)
    invoice = await scene.submitted(tx, gross_fen=101, contract_id=contract_id)
    with pytest.raises(contract_rules.ContractExceeded):
        await service.accept(tx, scene.manager, invoice.invoice_id, scene.acceptance(invoice))


async def test_a_credit_note_opens_the_contract_again(tx, scene, signers):
    contract = await in_force(tx, scene, signers, amount_fen=1000)
    contract_id = contract.terms.contract_id
    blue = await scene.accepted(tx, gross_fen=1000, contract_id=contract_id)
    red = {"gross_fen": -300, "corrects_id": blue.invoice_id, "contract_id": contract_id}
    await scene.accepted(tx, **red)
    contract = await service.read_contract(tx, scene.manager, contract_id)
    assert (contract.open_fen, contract.encumbered_fen) == (300, 0)


async def test_an_ended_contract_gives_back_what_it_held(tx, scene, signers):
    contract = await in_force(tx, scene, signers)
    contract_id = contract.terms.contract_id
    ended = await service.end_contract(tx, scene.director, contract_id, EndContract(reason="换约"))
    assert (ended.state, ended.encumbered_fen) == (ContractState.ENDED, 0)
    assert (await line(tx, scene)).encumbered_fen == 0
    with pytest.raises(contract_rules.ContractInWrongState):
        await service.end_contract(tx, scene.director, contract_id, EndContract(reason="换约"))


async def test_a_rejected_contract_holds_nothing_and_covers_nothing(tx, scene, signers):
    command = scene.draft_contract()
    await service.draft_contract(tx, scene.bookkeeper, command)
    await acts.reject(tx, signers.director.caller, command.act_id, "价高", service.EFFECTS)
    contract = await service.read_contract(tx, scene.manager, command.id)
    assert (contract.state, contract.encumbered_fen) == (ContractState.REFUSED, 0)
    with pytest.raises(FieldsInvalid):
        await scene.submitted(tx, contract_id=command.id)


async def test_a_contract_above_its_budget_line_is_refused(tx, scene):
    with pytest.raises(Refusal) as refused:
        await service.draft_contract(
            tx, scene.bookkeeper, scene.draft_contract(amount_fen=10_080_001)
        )
    assert refused.value.code == "budget-exceeded"


async def test_an_invoice_outside_the_contracts_term_is_refused(tx, scene, signers):
    contract = await in_force(tx, scene, signers)
    with pytest.raises(FieldsInvalid) as refused:
        await scene.submitted(
            tx,
            contract_id=contract.terms.contract_id,
            issued_on=contract.terms.starts_on - timedelta(days=1),
        )
    assert [error.code for error in refused.value.errors] == ["contract-term"]
