"""The integrity queries of funds and budgets: empty on sound books, loud on tampered ones."""

from datetime import date

import pytest

from tests.budgets.test_service_accruals import voucher
from tests.make import acts as make_acts
from tests.make import funds as make_funds
from tests.make import ledger as make_ledger
from tests.make import meetings as make_meetings
from tests.make.budgets import add_budget, line_draft, source
from tests.make.compounds import clause
from tests.make.ground import make_caller, new_id
from trustprop.acts import service as acts
from trustprop.budgets import service
from trustprop.budgets.model import ProposeEmergency, ProposeVirement
from trustprop.funds import service as funds
from trustprop.kernel.caller import Office
from trustprop.meetings.model import Matter
from trustprop.plumbing import checks


async def broken(tx):
    """The names of the rules that do not hold."""
    names = [name for name in checks.queries() if name.startswith(("budgets:", "funds:"))]
    assert len(names) > 10
    return [name for name in names if await tx.raw.fetch(checks.queries()[name])]


@pytest.fixture
async def busy(tx, caller):
    """A compound with a transfer, a virement, an emergency, uses of every kind and a voucher."""
    clauses = (clause("virement_percent", 10), clause("emergency_cap_fen", 500_00, "19"))
    await make_funds.add_books(tx, caller, *clauses)
    signers = await make_acts.make_signers(tx, caller.compound_id)
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    keeper = make_caller(Office.TRUSTEE_BOOKKEEPER, compound_id=caller.compound_id)

    await make_funds.add_bank_account(tx, caller, signers=signers)
    await make_ledger.fill_cash(tx, caller, 50_000_00, account="100202", fund="PR")
    transfer = make_funds.transfer_command()
    resolution = await make_meetings.add_resolution(tx, caller, Matter.FUND_TRANSFER, transfer.id)
    transfer = make_funds.transfer_command(id=transfer.id, resolution_id=resolution.resolution_id)
    await funds.transfer(tx, keeper, transfer)

    insurance = line_draft("5108", 1000_00, used_before_fen=50_00, encumbered_before_fen=10_00)
    repairs = line_draft("510206", 1000_00)
    document = await add_budget(tx, caller, insurance, repairs)
    virement = ProposeVirement(
        id=new_id(),
        from_line_id=insurance.line_id,
        to_line_id=repairs.line_id,
        amount_fen=60_00,
        reason="小修增加",
    )
    new_line = line_draft("510205", 90_00)
    emergency = ProposeEmergency(id=new_id(), amount_fen=90_00, reason="爆管", new_line=new_line)
    budget_id = document.budget.budget_id
    await service.propose_virement(tx, manager, budget_id, virement)
    await service.propose_emergency(tx, manager, budget_id, emergency)
    for change in (virement, emergency):
        act = await acts.find(tx, caller.compound_id, change.id)
        await make_acts.sign_both(tx, signers, act, service.EFFECTS)
    await service.encumber(tx, caller, repairs.line_id, 100_00, source())
    await service.reserve(tx, caller, repairs.line_id, 100_00, source())
    await service.relieve(tx, caller, repairs.line_id, 40_00, source())
    await service.accrue(tx, keeper, voucher(insurance))
    return insurance


async def test_sound_books_break_no_rule(tx, busy):
    assert await broken(tx) == []


async def test_a_figure_without_a_movement_is_found(tx, busy):
    await tx.raw.execute(
        "UPDATE line_control SET reserved_fen = reserved_fen + 1 WHERE line_id = $1", busy.line_id
    )
    assert await broken(tx) == ["budgets: lines are the sums of their movements"]


async def test_an_expense_on_a_line_without_an_entry_is_found(tx, caller, busy):
    await service.spend(tx, caller, busy.line_id, 1, source())
    assert await broken(tx) == ["budgets: what lines spent is what the journal shows on them"]


async def test_an_entry_on_a_line_that_did_not_spend_is_found(tx, caller, busy):
    stray = make_ledger.entry(
        make_ledger.debit("5106", 5_00, "PR", budget_line_id=busy.line_id),
        make_ledger.credit("2202", 5_00, "PR"),
        on=date(2025, 9, 15),
    )
    await make_ledger.ledger.post(tx, caller, (stray,))
    assert await broken(tx) == [
        "budgets: what lines spent is what the journal shows on them",
        "budgets: the journal uses a budget line in its own fund",
    ]


async def test_money_of_a_fund_in_an_account_that_may_not_hold_it_is_found(tx, caller, busy):
    await make_ledger.fill_cash(tx, caller, 1_00, account="100202", fund="OP")
    assert await broken(tx) == ["funds: bank accounts hold only the funds of their label"]


async def test_a_line_pushed_into_a_budget_in_force_is_found(tx, caller, busy):
    await tx.raw.execute(
        """
        INSERT INTO budget_line
        SELECT compound_id, $1, budget_id, 'X', title, account, fund, category, scope, amount_fen,
               assumption, service_standard, used_before_fen, encumbered_before_fen, added_by
        FROM budget_line WHERE line_id = $2
        """,
        new_id(),
        busy.line_id,
    )
    assert await broken(tx) == ["budgets: exactly the lines of budgets in force have a control"]
