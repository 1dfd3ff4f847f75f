"""Funds, bank accounts and transfers against real PostgreSQL."""

import asyncpg
import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import funds as make_funds
from tests.make import ledger as make_ledger
from tests.make import meetings as make_meetings
from tests.make.ground import make_caller, new_id
from trustprop.acts import service as acts
from trustprop.funds import rules, service
from trustprop.funds.model import EstablishFund
from trustprop.kernel.caller import Office, OfficeNeeded
from trustprop.ledger import service as ledger
from trustprop.ledger.model import EntryKind
from trustprop.meetings.model import Matter, ResolutionState
from trustprop.meetings.rules import ResolutionMissing, ResolutionNotInForce


@pytest.fixture
async def keeper(tx, caller):
    await make_funds.add_books(tx, caller)
    return make_caller(Office.TRUSTEE_BOOKKEEPER, compound_id=caller.compound_id)


async def with_money(tx, caller, amount_fen=50_000_00):
    """The public revenue account in force, with money of the fund PR in it."""
    account = await make_funds.add_bank_account(tx, caller)
    await make_ledger.fill_cash(tx, caller, amount_fen, account="100202", fund="PR")
    return account


async def resolved(tx, caller, command, **facts):
    """The same transfer with a confirmed resolution about it."""
    made = await make_meetings.add_resolution(tx, caller, Matter.FUND_TRANSFER, command.id, **facts)
    return replace(command, resolution_id=made.resolution_id)


async def test_a_fund_established_twice_is_one_fund(tx, keeper):
    project = EstablishFund(
        code="PJ-001", name_zh="花园", name_en="garden", purpose="只用于中心花园"
    )
    first = await service.establish(tx, keeper, project)
    assert await service.establish(tx, keeper, project) == first
    with pytest.raises(rules.FundAlreadyDiffers):
        await service.establish(tx, keeper, replace(project, purpose="别的用途"))
    assert "PJ-001" in await service.codes(tx, keeper.compound_id)


async def test_an_established_fund_takes_postings(tx, keeper):
    project = EstablishFund(code="PJ-002", name_zh="棚", name_en="shed", purpose="车棚")
    await service.establish(tx, keeper, project)
    await make_ledger.fill_cash(tx, keeper, 100_00, fund="PJ-002")
    balances = {fund.code: fund for fund in await service.balances(tx, keeper)}
    assert balances["PJ-002"].balance_fen == 100_00


async def test_a_bank_account_is_in_force_when_both_sides_signed(tx, caller, keeper):
    proposal = make_funds.bank_account_proposal()
    proposed = await service.propose_bank_account(tx, keeper, proposal)
    assert await service.propose_bank_account(tx, keeper, proposal) == proposed
    with pytest.raises(rules.BankAccountMissing):
        await service.find_bank_account(tx, keeper.compound_id, "100202")
    signers = await make_acts.make_signers(tx, keeper.compound_id)
    act = await acts.find(tx, keeper.compound_id, proposed.act_id)
    await make_acts.sign_both(tx, signers, act, service.EFFECTS)
    full = await service.find_bank_account(tx, keeper.compound_id, "100202")
    assert full.number == "6217000012345678901"
    (shown,) = await service.bank_accounts(tx, keeper.compound_id)
    assert (shown.number, shown.funds) == ("**** 8901", ("PR", "RS"))
    await service.check_holds(tx, keeper.compound_id, "100202", ["PR"])
    with pytest.raises(rules.FundNotInBankAccount):
        await service.check_holds(tx, keeper.compound_id, "100202", ["OP"])


async def test_a_changed_number_replaces_the_former_account_by_a_new_act(tx, caller, keeper):
    signers = await make_acts.make_signers(tx, keeper.compound_id)
    await make_funds.add_bank_account(tx, keeper, signers=signers)
    await make_funds.add_bank_account(tx, keeper, signers=signers, number="6217 0000 8888 4321")
    (shown,) = await service.bank_accounts(tx, keeper.compound_id)
    assert shown.number == "**** 4321"


async def test_a_rejected_proposal_leaves_the_account_as_it_was(tx, caller, keeper):
    signers = await make_acts.make_signers(tx, keeper.compound_id)
    await make_funds.add_bank_account(tx, keeper, signers=signers)
    changed = make_funds.bank_account_proposal(number="6217 0000 8888 4321")
    proposed = await service.propose_bank_account(tx, keeper, changed)
    await acts.reject(tx, signers.director.caller, proposed.act_id, "未经说明", service.EFFECTS)
    (shown,) = await service.bank_accounts(tx, keeper.compound_id)
    assert shown.number == "**** 8901"


async def test_the_same_proposal_with_another_number_is_refused(tx, keeper):
    proposal = make_funds.bank_account_proposal()
    await service.propose_bank_account(tx, keeper, proposal)
    with pytest.raises(rules.BankAccountDiffers):
        await service.propose_bank_account(
            tx, keeper, replace(proposal, number="6217 0000 8888 8901")
        )


async def test_no_bank_account_without_a_cash_account_behind_it(tx, keeper):
    with pytest.raises(rules.NotACashAccount):
        await service.propose_bank_account(
            tx, keeper, make_funds.bank_account_proposal(account_code="4301")
        )


async def test_half_of_the_public_revenue_goes_to_the_reserve_by_resolution(tx, caller, keeper):
    await with_money(tx, caller)
    command = await resolved(tx, caller, make_funds.transfer_command())
    made = await service.transfer(tx, keeper, command)
    assert await service.transfer(tx, keeper, command) == made
    entry = await ledger.entry(tx, keeper.compound_id, command.id)
    assert (entry.kind, entry.number, entry.resolution_id) == (
        EntryKind.TRANSFER,
        made.number,
        command.resolution_id,
    )
    assert [(line.account, line.fund, line.signed_fen) for line in entry.lines] == [
        ("3902", "PR", 20_670_00),
        ("100202", "PR", -20_670_00),
        ("100202", "RS", 20_670_00),
        ("3901", "RS", -20_670_00),
    ]
    balances = {fund.code: fund for fund in await service.balances(tx, keeper)}
    assert (balances["PR"].balance_fen, balances["RS"].balance_fen) == (29_330_00, 20_670_00)


async def test_one_resolution_moves_its_own_transfer_once(tx, caller, keeper):
    await with_money(tx, caller)
    command = await resolved(tx, caller, make_funds.transfer_command())
    await service.transfer(tx, keeper, command)
    with pytest.raises(rules.TransferDiffers):
        await service.transfer(tx, keeper, replace(command, amount_fen=1))
    second = replace(command, id=new_id())
    with pytest.raises(Exception, match="resolution-of-another-subject"):
        await service.transfer(tx, keeper, second)


async def test_without_a_confirmed_resolution_no_money_crosses(tx, caller, keeper):
    await with_money(tx, caller)
    with pytest.raises(ResolutionMissing):
        await service.transfer(tx, keeper, make_funds.transfer_command())
    recorded = await resolved(
        tx, caller, make_funds.transfer_command(), state=ResolutionState.RECORDED
    )
    with pytest.raises(ResolutionNotInForce):
        await service.transfer(tx, keeper, recorded)


async def test_a_restricted_fund_does_not_give_more_than_it_has(tx, caller, keeper):
    await with_money(tx, caller, 20_669_99)
    await make_ledger.fill_cash(tx, caller, 50_000_00, account="100202", fund="RS")
    command = await resolved(tx, caller, make_funds.transfer_command())
    with pytest.raises(Exception, match="below-zero"):
        await service.transfer(tx, keeper, command)


async def test_money_does_not_pass_through_an_account_that_may_not_hold_it(tx, caller, keeper):
    await with_money(tx, caller)
    command = await resolved(tx, caller, make_funds.transfer_command(to_fund="OP"))
    with pytest.raises(rules.FundNotInBankAccount):
        await service.transfer(tx, keeper, command)


async def test_only_the_trustee_keeps_funds(tx, caller, keeper):
    director = make_caller(Office.COMMITTEE_DIRECTOR, compound_id=caller.compound_id)
    with pytest.raises(OfficeNeeded):
        await service.establish(tx, director, EstablishFund(code="MF"))
    with pytest.raises(OfficeNeeded):
        await service.transfer(tx, director, make_funds.transfer_command())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fund SET is_restricted = false",
        "DELETE FROM fund",
        "UPDATE bank_account SET number = '12345678'",
        "UPDATE fund_transfer SET amount_fen = 1",
    ],
)
async def test_the_serving_role_cannot_rewrite_funds_accounts_and_transfers(tx, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tx.raw.execute(statement)
