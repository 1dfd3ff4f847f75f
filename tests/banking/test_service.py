"""Bank files against real books: matched, unidentified, alarmed, reconciled."""

from datetime import date
from pathlib import Path

import pytest

from tests.make import acts as make_acts
from tests.make import banking as make
from tests.make import billing as make_billing
from tests.make import ledger as make_ledger
from tests.make.banking import read_line
from tests.make.ground import make_caller, new_id
from tests.make.ledger import credit, debit
from trustprop.acts import service as acts
from trustprop.banking import rules, service
from trustprop.banking.model import (
    AlarmState,
    BookInterest,
    BookUnidentified,
    ConfirmMatch,
    ExplainAlarm,
    Identify,
    ItemKind,
    LineState,
    MatchRule,
)
from trustprop.billing import service as billing
from trustprop.billing.model import ChargeKind, ReceiveOther, RunCharges
from trustprop.kernel.caller import Caller, Office
from trustprop.ledger import service as ledger
from trustprop.ledger.model import EntryKind
from trustprop.plumbing.database import Tx

MONTH_END = date(2025, 9, 30)
ACCOUNT = "100201"


async def opened(tx: Tx, caller: Caller, amount_fen: int = 1_000_000) -> None:
    await make_billing.open_money(tx, caller)
    await make_billing.open_with(
        tx, caller, debit(ACCOUNT, amount_fen), credit("310101", amount_fen)
    )


async def receive(tx: Tx, caller: Caller, amount_fen: int, on: date, reference: str = "") -> None:
    command = ReceiveOther(
        id=new_id(),
        received_on=on,
        account=ACCOUNT,
        fund="OP",
        amount_fen=amount_fen,
        credit_account="4901",
        memo="试",
        reference=reference,
    )
    await billing.receive_other(tx, caller, command)


async def pay(tx: Tx, caller: Caller, amount_fen: int, on: date) -> None:
    """A payment in the books, as a signed order posts it."""
    entry = make_ledger.entry(
        debit("5106", amount_fen),
        credit(ACCOUNT, amount_fen),
        kind=EntryKind.PAYMENT,
        on=on,
        act_id=new_id(),
    )
    await ledger.post(tx, caller, (entry,))


async def test_an_import_matches_what_the_books_know(tx: Tx, caller: Caller, tmp_path: Path):
    await opened(tx, caller)
    await receive(tx, caller, 25_060, date(2025, 9, 9), "REF20250909")
    content = make.ccb([read_line(25_060, memo="REF20250909")], 1_000_000)
    brought = await make.bring(tx, caller, tmp_path, content)
    assert brought.statement.profile == "ccb"
    assert (brought.statement.new_lines, brought.matching.matched) == (1, 1)
    line = await make.only_line(tx, caller)
    assert (line.state, line.match_rule) == (LineState.MATCHED, MatchRule.REFERENCE)
    done = await service.reconcile(tx, caller.compound_id, ACCOUNT, MONTH_END)
    assert done.is_reconciled
    assert done.bank_fen == done.books_fen == done.claims_fen == 1_025_060


async def test_the_same_file_again_brings_nothing(tx: Tx, caller: Caller, tmp_path: Path):
    await opened(tx, caller)
    content = make.ccb([read_line(25_060)], 1_000_000)
    first = await make.bring(tx, caller, tmp_path, content)
    again = await make.bring(tx, caller, tmp_path, content)
    assert again.statement == first.statement


async def test_an_overlapping_file_brings_only_its_new_lines(
    tx: Tx, caller: Caller, tmp_path: Path
):
    await opened(tx, caller)
    lines = [read_line(100 * n, date(2025, 9, n)) for n in range(1, 6)]
    await make.bring(tx, caller, tmp_path, make.ccb(lines[:4], 1_000_000))
    later = make.ccb(lines[2:], 1_000_000 + 300)
    brought = await make.bring(tx, caller, tmp_path, later)
    assert (brought.statement.lines, brought.statement.new_lines) == (3, 1)
    assert brought.gaps == ()


async def test_a_missing_statement_shows_as_a_gap(tx: Tx, caller: Caller, tmp_path: Path):
    await opened(tx, caller)
    first = make.ccb([read_line(100, date(2025, 9, 1))], 1_000_000)
    await make.bring(tx, caller, tmp_path, first)
    later = make.ccb([read_line(100, date(2025, 9, 20))], 1_005_000)
    (gap,) = (await make.bring(tx, caller, tmp_path, later)).gaps
    assert (gap.after_on, gap.before_on) == (date(2025, 9, 1), date(2025, 9, 20))
    assert gap.missing_fen == 1_005_000 - 1_000_100


async def test_a_file_that_lost_a_line_imported_before_is_refused(
    tx: Tx, caller: Caller, tmp_path: Path
):
    await opened(tx, caller)
    lines = [read_line(100 * n, date(2025, 9, n)) for n in range(1, 4)]
    await make.bring(tx, caller, tmp_path, make.ccb(lines, 1_000_000))
    doctored = make.ccb([lines[0], lines[2]], 1_000_000)
    with pytest.raises(rules.StatementContradicts):
        await make.bring(tx, caller, tmp_path, doctored)


async def test_a_file_of_another_account_is_refused(tx: Tx, caller: Caller, tmp_path: Path):
    await opened(tx, caller)
    content = make.ccb([read_line(100)], number=make_billing.REVENUE_NUMBER)
    with pytest.raises(rules.StatementOfAnotherAccount):
        await make.bring(tx, caller, tmp_path, content)


async def test_an_unidentified_receipt_is_booked_and_identified_later(
    tx: Tx, caller: Caller, tmp_path: Path
):
    """250.60 without a note: owed to somebody, until home 0 turns out to have paid it."""
    homes = await make_billing.open_compound(tx, caller)
    await billing.run_charges(
        tx, caller, RunCharges(id=new_id(), period="2025-09", kind=ChargeKind.PROPERTY_FEE)
    )
    content = make.ccb([read_line(25_060, date(2025, 9, 24))])
    await make.bring(tx, caller, tmp_path, content)
    waiting = await make.only_line(tx, caller)
    assert waiting.state is LineState.UNMATCHED
    command = BookUnidentified(entry_id=new_id())
    booked = await service.book_unidentified(tx, caller, waiting.line_id, command)
    assert booked.state is LineState.MATCHED
    again = await service.book_unidentified(tx, caller, waiting.line_id, command)
    assert again.state is LineState.MATCHED
    found = Identify(receipt_id=new_id(), home_id=homes[0].home_id, identified_on=date(2025, 9, 28))
    received = await service.identify(tx, caller, waiting.line_id, found)
    assert received.arrears_fen == 25_060
    held = {b.account: b.balance_fen for b in await ledger.balances(tx, caller.compound_id)}
    assert "220904" not in held
    assert (await service.reconcile(tx, caller.compound_id, ACCOUNT, MONTH_END)).is_reconciled
    other = Identify(receipt_id=new_id(), home_id=homes[1].home_id, identified_on=date(2025, 9, 28))
    with pytest.raises(rules.AlreadyIdentified):
        await service.identify(tx, caller, waiting.line_id, other)


async def test_interest_is_recognised_and_booked_in_one_step(
    tx: Tx, caller: Caller, tmp_path: Path
):
    await opened(tx, caller)
    await make.bring(tx, caller, tmp_path, make.ccb([read_line(6_231, memo="结息")], 1_000_000))
    line = await make.only_line(tx, caller)
    assert line.match_rule is MatchRule.INTEREST
    await service.book_interest(
        tx, caller, line.line_id, BookInterest(entry_id=new_id(), fund="OP")
    )
    held = {b.account: b.balance_fen for b in await ledger.balances(tx, caller.compound_id)}
    assert held["4601"] == -6_231


async def test_a_payment_of_the_last_evening_reconciles_as_not_yet_on_the_bank(
    tx: Tx, caller: Caller, tmp_path: Path
):
    """1,380.00 signed on 30 September and booked by the bank on 1 October."""
    await opened(tx, caller, 31_969_484)
    await pay(tx, caller, 138_000, MONTH_END)
    done = await service.reconcile(tx, caller.compound_id, ACCOUNT, MONTH_END)
    assert (done.bank_fen, done.payments_not_on_bank_fen) == (31_969_484, 138_000)
    assert done.adjusted_bank_fen == done.books_fen == done.claims_fen == 31_831_484
    assert done.is_reconciled
    content = make.ccb([read_line(-138_000, date(2025, 10, 1))], 31_969_484)
    brought = await make.bring(tx, caller, tmp_path, content)
    assert brought.matching.proposed == 1
    line = await make.only_line(tx, caller)
    await service.confirm(tx, caller, line.line_id, ConfirmMatch(entry_ids=line.candidates))
    september = await service.reconcile(tx, caller.compound_id, ACCOUNT, MONTH_END)
    assert september.payments_not_on_bank_fen == 138_000
    october = await service.reconcile(tx, caller.compound_id, ACCOUNT, date(2025, 10, 1))
    assert (october.payments_not_on_bank_fen, october.is_reconciled) == (0, True)


async def test_a_debit_that_nobody_signed_raises_an_alarm_for_both_sides(
    tx: Tx, caller: Caller, tmp_path: Path
):
    await opened(tx, caller)
    content = make.ccb([read_line(-300_000, counterparty_name="某某贸易行")], 1_000_000)
    brought = await make.bring(tx, caller, tmp_path, content)
    assert brought.matching.alarms == 1
    for office in (Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER, Office.SUPERVISOR):
        reader = make_caller(office, compound_id=caller.compound_id)
        (alarm,) = await service.alarms(tx, reader)
        assert (alarm.state, alarm.amount_fen) == (AlarmState.OPEN, -300_000)
    done = await service.reconcile(tx, caller.compound_id, ACCOUNT, MONTH_END)
    assert not done.is_reconciled
    (item,) = done.items
    assert (item.kind, item.amount_fen) == (ItemKind.LINE_NOT_IN_BOOKS, -300_000)
    assert done.unexplained_fen == 0


async def test_an_alarm_ends_when_both_sides_sign_what_it_was(
    tx: Tx, caller: Caller, tmp_path: Path
):
    signers = await make_acts.make_signers(tx, caller.compound_id)
    await opened(tx, caller)
    content = make.ccb([read_line(-1_000, memo="账户管理费")], 1_000_000)
    await make.bring(tx, caller, tmp_path, content)
    (alarm,) = await service.alarms(tx, caller)
    command = ExplainAlarm(act_id=new_id(), explanation="银行账户管理费", account="5301", fund="OP")
    act = await service.explain_alarm(tx, signers.manager.caller, alarm.alarm_id, command)
    await make_acts.sign(tx, signers.manager, act, service.EFFECTS)
    (still,) = await service.alarms(tx, caller)
    assert still.state is AlarmState.OPEN
    signed = await acts.get(tx, signers.director.caller, act.act_id)
    await make_acts.sign(tx, signers.director, signed, service.EFFECTS)
    (cleared,) = await service.alarms(tx, caller)
    assert (cleared.state, cleared.act_id) == (AlarmState.CLEARED, act.act_id)
    done = await service.reconcile(tx, caller.compound_id, ACCOUNT, MONTH_END)
    assert done.is_reconciled
    assert done.books_fen == 999_000


async def test_an_explanation_that_books_nothing_leaves_the_difference_in_sight(
    tx: Tx, caller: Caller, tmp_path: Path
):
    signers = await make_acts.make_signers(tx, caller.compound_id)
    await opened(tx, caller)
    await make.bring(tx, caller, tmp_path, make.ccb([read_line(-1_000)], 1_000_000))
    (alarm,) = await service.alarms(tx, caller)
    command = ExplainAlarm(act_id=new_id(), explanation="银行误扣，将退回")
    act = await service.explain_alarm(tx, signers.manager.caller, alarm.alarm_id, command)
    await make_acts.sign_both(tx, signers, act, service.EFFECTS)
    assert (await make.only_line(tx, caller)).state is LineState.EXPLAINED
    done = await service.reconcile(tx, caller.compound_id, ACCOUNT, MONTH_END)
    assert done.alarms == ()
    assert not done.is_reconciled
    assert done.lines_not_in_books_fen == -1_000


async def test_entries_that_do_not_sum_to_the_line_are_refused(
    tx: Tx, caller: Caller, tmp_path: Path
):
    await opened(tx, caller)
    await receive(tx, caller, 10_000, date(2025, 9, 10))
    await make.bring(tx, caller, tmp_path, make.ccb([read_line(30_000)], 1_000_000))
    line = await make.only_line(tx, caller)
    (entry,) = await ledger.entries(tx, caller.compound_id, account=ACCOUNT, kind=EntryKind.RECEIPT)
    with pytest.raises(rules.AmountsDiffer):
        await service.confirm(tx, caller, line.line_id, ConfirmMatch(entry_ids=(entry.entry_id,)))
    with pytest.raises(rules.EntryNotOpen):
        await service.confirm(tx, caller, line.line_id, ConfirmMatch(entry_ids=(new_id(),)))
