"""Vouchers that use budget lines."""

from datetime import date

import pytest
from msgspec.structs import replace

from tests.make import funds as make_funds
from tests.make.budgets import add_budget, line_draft
from tests.make.ground import make_caller, new_id
from trustprop.budgets import rules, service
from trustprop.kernel.caller import Office
from trustprop.kernel.errors import FieldsInvalid
from trustprop.ledger import service as ledger
from trustprop.ledger.model import PostVoucher, ReverseVoucher, Side, VoucherLine


def voucher(line, amount_fen=80_00, account="5108", fund="OP"):
    """Entry 38 of September: a month of the year's insurance."""
    return PostVoucher(
        id=new_id(),
        accounting_on=date(2025, 9, 15),
        memo="公众责任险摊销",
        lines=(
            VoucherLine(
                account=account,
                fund=fund,
                side=Side.DEBIT,
                amount_fen=amount_fen,
                budget_line_id=line.line_id,
            ),
            VoucherLine(account="2202", fund=fund, side=Side.CREDIT, amount_fen=amount_fen),
        ),
    )


@pytest.fixture
async def keeper(tx, caller):
    await make_funds.add_books(tx, caller)
    return make_caller(Office.TRUSTEE_BOOKKEEPER, compound_id=caller.compound_id)


@pytest.fixture
async def insurance(tx, caller, keeper):
    line = line_draft("5108", 100_00)
    await add_budget(tx, caller, line)
    return line


async def left(tx, keeper, line):
    return (await service.availability(tx, keeper.compound_id, line.line_id)).available_fen


async def test_a_voucher_uses_its_line_once_however_often_it_is_sent(tx, keeper, insurance):
    command = voucher(insurance)
    posted = await service.accrue(tx, keeper, command)
    assert await service.accrue(tx, keeper, command) == posted
    assert await left(tx, keeper, insurance) == 20_00


async def test_a_reversal_gives_the_line_its_money_again(tx, keeper, insurance):
    command = voucher(insurance)
    await service.accrue(tx, keeper, command)
    back = ReverseVoucher(id=new_id(), accounting_on=date(2025, 9, 15), memo="冲销")
    reversal = await service.reverse_accrual(tx, keeper, command.id, back)
    entry = await ledger.entry(tx, keeper.compound_id, reversal.entry_id)
    assert entry.reverses == command.id
    assert await left(tx, keeper, insurance) == 100_00


async def test_no_voucher_beyond_the_line(tx, keeper, insurance):
    with pytest.raises(rules.BudgetExceeded):
        await service.accrue(tx, keeper, voucher(insurance, 100_01))


async def test_a_line_stands_for_its_own_account_and_fund(tx, keeper, insurance):
    with pytest.raises(rules.LineOfAnotherAccount):
        await service.accrue(tx, keeper, voucher(insurance, account="5106"))
    with pytest.raises(rules.LineOfAnotherFund):
        await service.accrue(tx, keeper, voucher(insurance, fund="PR"))


async def test_a_voucher_without_a_budget_line_is_a_plain_voucher(tx, keeper, insurance):
    command = voucher(insurance)
    plain = replace(command, lines=tuple(replace(x, budget_line_id=None) for x in command.lines))
    with pytest.raises(rules.LineNotNamed):
        await service.accrue(tx, keeper, plain)


async def test_one_line_in_two_accounts_of_one_voucher_is_refused(tx, keeper, insurance):
    command = voucher(insurance)
    both = (*command.lines, replace(command.lines[0], account="5106"))
    with pytest.raises(FieldsInvalid) as refused:
        await service.accrue(tx, keeper, replace(command, lines=both))
    assert refused.value.errors[0].pointer == "/lines/2/budget_line_id"
