"""A closed month is not read again, and what follows from its seal is what all of history says."""

from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.banking.test_service import ACCOUNT, MONTH_END, opened, pay, receive
from tests.make import banking as make
from tests.make.banking import read_line
from tests.make.ground import SEPTEMBER as SEPTEMBER_15
from tests.make.ground import new_id
from trustprop.banking import rules, service, store
from trustprop.banking.model import BankMatch, CashMovement, ConfirmMatch, MatchRule
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx

SEPTEMBER = Period(2025, 9)
OCTOBER_END = date(2025, 10, 31)
DAYS = st.integers(0, 60).map(lambda n: date(2025, 9, 1) + timedelta(days=n))


@st.composite
def histories(draw):
    """Lines, movements, some of them matched one to one, some movements taken back by another."""
    lines, moved, matched = [], [], []
    for number in range(draw(st.integers(0, 8))):
        amount_fen = draw(st.integers(1, 500)) * draw(st.sampled_from((-1, 1)))
        movement = CashMovement(
            entry_id=new_id(),
            number=number,
            accounting_on=draw(DAYS),
            amount_fen=amount_fen,
            is_opening=False,
            memo="",
        )
        line = make.line(amount_fen, draw(DAYS))
        kind = draw(st.sampled_from(("matched", "line", "entry", "undone")))
        if kind in ("matched", "line"):
            lines.append(line)
        if kind in ("matched", "entry"):
            moved.append(movement)
        if kind == "matched":
            matched.append(match(line, movement))
        if kind == "undone":
            moved += taken_back(movement, draw(DAYS))
    return lines, moved, matched


def match(line, movement) -> BankMatch:
    return BankMatch(
        line_id=line.line_id,
        entry_id=movement.entry_id,
        amount_fen=line.amount_fen,
        rule=MatchRule.BY_HAND,
        reason="",
        matched_by=None,
        matched_at=SEPTEMBER_15,
        booked_on=line.booked_on,
        accounting_on=movement.accounting_on,
    )


def taken_back(movement: CashMovement, on: date) -> list[CashMovement]:
    values = {"number": 99, "is_opening": False, "memo": "", "entry_id": new_id()}
    back = CashMovement(
        accounting_on=max(on, movement.accounting_on),
        amount_fen=-movement.amount_fen,
        partner_id=movement.entry_id,
        **values,
    )
    first = CashMovement(
        entry_id=movement.entry_id,
        number=movement.number,
        accounting_on=movement.accounting_on,
        amount_fen=movement.amount_fen,
        is_opening=False,
        memo="",
        partner_id=back.entry_id,
    )
    return [first, back]


@given(histories(), DAYS)
def test_what_was_open_at_a_seal_and_what_came_since_give_what_all_history_gives(history, on):
    lines, moved, matched = history
    sealed_on = MONTH_END
    later_on = max(on, sealed_on)
    open_lines, open_entries = rules.left_open(sealed_on, lines, moved, matched)
    fewer_lines = [one for one in lines if one.booked_on > sealed_on or one.line_id in open_lines]
    fewer = [one for one in moved if one.accounting_on > sealed_on or one.entry_id in open_entries]
    ids = {one.line_id for one in fewer_lines} | {one.entry_id for one in fewer}
    touching = [one for one in matched if one.line_id in ids or one.entry_id in ids]
    from_seal = rules.draw_items(later_on, fewer_lines, fewer, touching)
    assert from_seal == rules.draw_items(later_on, lines, moved, matched)


async def test_a_reconciliation_goes_on_from_the_seal(tx: Tx, caller: Caller, tmp_path: Path):
    """A payment in flight at the month's end is matched in October; September is not read again."""
    await opened(tx, caller)
    await receive(tx, caller, 25_060, date(2025, 9, 9), "R1")
    await pay(tx, caller, 138_000, MONTH_END)
    await make.bring(
        tx, caller, tmp_path, make.ccb([read_line(25_060, date(2025, 9, 9), memo="R1")], 1_000_000)
    )
    before = await service.reconcile(tx, caller.compound_id, ACCOUNT, MONTH_END)
    await service.seal(tx, caller, ACCOUNT, SEPTEMBER)
    sealed = await store.last_seal(tx, caller.compound_id, ACCOUNT, None)
    assert sealed is not None
    assert (sealed.bank_fen, sealed.books_fen) == (1_025_060, 887_060)
    assert (len(sealed.open_lines), len(sealed.open_entries)) == (0, 1)
    assert await service.reconcile(tx, caller.compound_id, ACCOUNT, MONTH_END) == before
    lines = [read_line(-138_000, date(2025, 10, 1))]
    brought = await make.bring(tx, caller, tmp_path, make.ccb(lines, 1_025_060))
    assert brought.matching.proposed == 1
    (line,) = await store.lines_since(tx, caller.compound_id, sealed, ACCOUNT, None)
    await service.confirm(tx, caller, line.line_id, ConfirmMatch(entry_ids=line.candidates))
    done = await service.reconcile(tx, caller.compound_id, ACCOUNT, date(2025, 10, 1))
    assert (done.bank_fen, done.books_fen, done.items) == (887_060, 887_060, ())
    assert done.is_reconciled


async def test_a_line_that_comes_after_the_seal_of_its_month_is_seen(
    tx: Tx, caller: Caller, tmp_path: Path
):
    await opened(tx, caller)
    first = make.ccb([read_line(500, date(2025, 9, 9))], 1_000_000)
    await make.bring(tx, caller, tmp_path, first)
    await service.seal(tx, caller, ACCOUNT, SEPTEMBER)
    await close_september(tx, caller)
    late = make.ccb([read_line(-300_000, date(2025, 9, 20))], 1_000_500)
    brought = await make.bring(tx, caller, tmp_path, late)
    assert brought.matching.alarms == 1
    for on in (MONTH_END, OCTOBER_END):
        found = await service.reconcile(tx, caller.compound_id, ACCOUNT, on)
        assert found.bank_fen == 700_500
        assert {item.amount_fen for item in found.items} == {500, -300_000}
        assert not found.is_reconciled


async def close_september(tx: Tx, caller: Caller) -> None:
    october = Caller(
        compound_id=caller.compound_id, at=caller.at + timedelta(days=8), scopes=caller.scopes
    )
    await ledger.close_period(tx, october, SEPTEMBER)


async def test_a_gap_right_after_the_seal_is_shown(tx: Tx, caller: Caller, tmp_path: Path):
    await opened(tx, caller)
    await make.bring(tx, caller, tmp_path, make.ccb([read_line(500)], 1_000_000))
    await service.seal(tx, caller, ACCOUNT, SEPTEMBER)
    later = make.ccb([read_line(700, date(2025, 10, 3))], 1_009_000)
    await make.bring(tx, caller, tmp_path, later)
    (gap,) = (await service.reconcile(tx, caller.compound_id, ACCOUNT, OCTOBER_END)).gaps
    assert (gap.expected_fen, gap.found_fen) == (1_000_500, 1_009_000)
