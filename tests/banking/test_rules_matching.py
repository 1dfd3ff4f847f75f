"""Which line is which entry, what alarms, and what a reconciliation says."""

from datetime import date

import pytest

from tests.make.banking import candidate, line
from tests.make.ground import new_id
from trustprop.banking import rules
from trustprop.banking.model import (
    BankLine,
    BankMatch,
    Candidate,
    CashMovement,
    Decision,
    ItemKind,
    LineState,
    MatchRule,
    ReconcilingItem,
)
from trustprop.ledger.model import FundClaim

GUARD = {"names": ("示例保安服务有限公司",), "numbers": ("1202 0000 0000 5678",)}
SEPTEMBER_10 = date(2025, 9, 10)
MONTH_END = date(2025, 9, 30)


def decide(one: BankLine, *candidates: Candidate) -> Decision:
    (decision,) = rules.match([one], candidates)
    return decision


def test_a_reference_on_both_sides_decides_even_weeks_later():
    order = candidate(-4_680_000, date(2025, 8, 1), references=("0199aabbccdd",))
    paid = line(-4_680_000, memo="转账 0199AABBCCDD 保安费")
    decision = decide(paid, order)
    assert (decision.state, decision.rule) == (LineState.MATCHED, MatchRule.REFERENCE)
    assert decision.candidates == (order,)
    assert "0199aabbccdd" in decision.reason


def test_a_reference_with_another_amount_matches_nothing():
    order = candidate(-4_680_000, references=("0199aabbccdd",), **GUARD)
    assert decide(line(-4_680_001, reference="0199aabbccdd"), order).state is LineState.ALARM


def test_several_receipts_of_one_reference_are_one_line():
    parts = [candidate(100, references=("WX20250910",)), candidate(200, references=("WX20250910",))]
    decision = decide(line(300, reference="WX20250910"), *parts)
    assert decision.rule is MatchRule.REFERENCE_SUM
    assert decision.candidates == tuple(parts)


@pytest.mark.parametrize(
    "said",
    [
        {"counterparty_number": "1202000000005678"},
        {"counterparty_number": "**** 5678"},
        {"counterparty_name": "示例保安服务有限公司 "},
    ],
)
def test_amount_date_and_the_other_side_decide_together(said: dict[str, str]):
    order = candidate(-4_680_000, **GUARD)
    decision = decide(line(-4_680_000, date(2025, 9, 12), **said), order)
    assert (decision.state, decision.rule) == (LineState.MATCHED, MatchRule.AMOUNT_DATE_PAYEE)


def test_full_width_brackets_are_the_same_name():
    order = candidate(-500, names=("云栖(杭州)物业",))
    assert (
        decide(line(-500, counterparty_name="云栖（杭州）物业"), order).state is LineState.MATCHED
    )


def test_a_payment_to_somebody_else_of_the_same_amount_alarms():
    order = candidate(-4_680_000, label="2025-0001", **GUARD)
    diverted = line(-4_680_000, counterparty_number="6222029999999999")
    decision = decide(diverted, order)
    assert (decision.state, decision.rule) == (LineState.ALARM, MatchRule.OTHER_PAYEE)
    assert "2025-0001" in decision.reason


def test_a_debit_without_any_order_alarms():
    assert decide(line(-100)).state is LineState.ALARM


def test_a_debit_whose_payee_the_bank_does_not_name_is_only_proposed():
    order = candidate(-4_680_000, **GUARD)
    decision = decide(line(-4_680_000), order)
    assert (decision.state, decision.candidates) == (LineState.PROPOSED, (order,))


def test_an_order_is_no_match_long_after_it_was_paid():
    order = candidate(-4_680_000, date(2025, 7, 1), **GUARD)
    late = line(-4_680_000, counterparty_number="1202000000005678")
    assert decide(late, order).state is LineState.ALARM


def test_the_only_receipt_of_an_amount_near_its_day_matches():
    decision = decide(line(25_060), candidate(25_060, date(2025, 9, 8)))
    assert (decision.state, decision.rule) == (LineState.MATCHED, MatchRule.AMOUNT_DATE)


def test_two_receipts_that_could_be_it_are_proposed():
    both = (candidate(25_060), candidate(25_060))
    decision = decide(line(25_060), *both)
    assert (decision.state, decision.candidates) == (LineState.PROPOSED, both)


def test_one_receipt_for_two_equal_lines_is_left_to_a_person():
    decisions = rules.match([line(25_060), line(25_060)], [candidate(25_060)])
    assert [one.state for one in decisions] == [LineState.PROPOSED, LineState.PROPOSED]


def test_no_entry_answers_to_two_lines():
    order = candidate(-500, references=("0199aabbccdd",))
    twice = [line(-500, reference="0199aabbccdd"), line(-500, reference="0199aabbccdd")]
    states = [one.state for one in rules.match(twice, [order])]
    assert states == [LineState.MATCHED, LineState.ALARM]


def test_interest_is_told_by_its_memo():
    assert decide(line(6_231, memo="结息")).rule is MatchRule.INTEREST
    assert decide(line(6_231)).rule is MatchRule.NOTHING


# Confirming


def test_a_person_cannot_confirm_a_payment_to_another_payee():
    order = candidate(-500, **GUARD)
    diverted = line(-500, counterparty_number="6222029999999999", state=LineState.ALARM)
    with pytest.raises(rules.PayeeDiffers):
        rules.choose(diverted, {order.entry_id: order}, [order.entry_id])


def test_a_matched_line_is_not_matched_again():
    done = line(500, state=LineState.MATCHED)
    with pytest.raises(rules.LineAlreadyMatched):
        rules.choose(done, {}, [new_id()])


def test_naming_an_entry_twice_does_not_make_the_sum():
    part = candidate(250)
    with pytest.raises(rules.EntryNotOpen):
        rules.choose(line(500), {part.entry_id: part}, [part.entry_id, part.entry_id])


def test_money_that_left_is_never_booked_as_received():
    with pytest.raises(rules.LineNotIncoming):
        rules.check_incoming(line(-1, state=LineState.ALARM))


# Reconciling


def movement(amount_fen: int, on: date = SEPTEMBER_10, **facts: object) -> CashMovement:
    values = {
        "entry_id": new_id(),
        "number": 1,
        "accounting_on": on,
        "amount_fen": amount_fen,
        "is_opening": False,
        "memo": "",
    }
    return CashMovement(**(values | facts))  # type: ignore[arg-type]


def match_of(one: BankLine, moved: CashMovement, amount_fen: int | None = None) -> BankMatch:
    return BankMatch(
        line_id=one.line_id,
        entry_id=moved.entry_id,
        amount_fen=amount_fen or one.amount_fen,
        rule=MatchRule.REFERENCE,
        reason="",
        matched_by=None,
        matched_at=None,  # type: ignore[arg-type]
        booked_on=one.booked_on,
        accounting_on=moved.accounting_on,
    )


def test_the_two_accounts_of_the_month_reconcile_three_ways():
    """319,694.84 − 1,380.00 = 318,314.84 = 277,523.14 + 40,791.70; 287,962.55 = 117,292.55 + 170,670.00."""
    in_flight = ReconcilingItem(
        kind=ItemKind.PAYMENT_NOT_ON_BANK, id=new_id(), on=MONTH_END, amount_fen=-138_000, memo=""
    )
    operations = rules.reconcile(
        "100201",
        MONTH_END,
        bank_fen=31_969_484,
        books_fen=31_831_484,
        claims=(
            FundClaim(fund="AG", balance_fen=4_079_170),
            FundClaim(fund="OP", balance_fen=27_752_314),
        ),
        items=(in_flight,),
    )
    assert operations.payments_not_on_bank_fen == 138_000
    assert operations.adjusted_bank_fen == operations.claims_fen == 31_831_484
    assert (operations.unexplained_fen, operations.is_reconciled) == (0, True)
    revenue = rules.reconcile(
        "100202",
        MONTH_END,
        bank_fen=28_796_255,
        books_fen=28_796_255,
        claims=(
            FundClaim(fund="PR", balance_fen=11_729_255),
            FundClaim(fund="RS", balance_fen=17_067_000),
        ),
        items=(),
    )
    assert revenue.is_reconciled


def test_a_fen_that_nothing_explains_is_named():
    done = rules.reconcile(
        "100201",
        MONTH_END,
        bank_fen=101,
        books_fen=100,
        claims=(FundClaim(fund="OP", balance_fen=100),),
        items=(),
    )
    assert (done.unexplained_fen, done.is_reconciled) == (1, False)


def test_the_opening_balance_is_on_the_bank_already():
    assert rules.draw_items(MONTH_END, [], [movement(500, is_opening=True)], []) == ()


def test_a_match_counts_from_the_day_on_which_both_sides_know_it():
    paid, booked = movement(-500, MONTH_END), line(-500, date(2025, 10, 1))
    matches = [match_of(booked, paid)]
    (item,) = rules.draw_items(MONTH_END, [booked], [paid], matches)
    assert (item.kind, item.id) == (ItemKind.PAYMENT_NOT_ON_BANK, paid.entry_id)
    assert rules.draw_items(date(2025, 10, 1), [booked], [paid], matches) == ()


def test_a_receipt_that_the_bank_shows_in_part_leaves_the_rest_open():
    received, shown = movement(500), line(200)
    (item,) = rules.draw_items(MONTH_END, [shown], [received], [match_of(shown, received)])
    assert (item.kind, item.amount_fen) == (ItemKind.RECEIPT_NOT_ON_BANK, 300)


def test_a_line_without_an_entry_is_a_difference_of_its_own():
    (item,) = rules.draw_items(MONTH_END, [line(-100)], [], [])
    assert (item.kind, item.amount_fen) == (ItemKind.LINE_NOT_IN_BOOKS, -100)


def test_an_entry_taken_back_before_the_bank_knew_is_no_item():
    wrong = movement(500)
    undone = movement(-500, partner_id=wrong.entry_id)
    pair = [movement(500, entry_id=wrong.entry_id, partner_id=undone.entry_id), undone]
    assert rules.draw_items(MONTH_END, [], pair, []) == ()


def test_the_banks_own_balance_is_taken_where_it_states_one():
    lines = [line(100, date(2025, 9, 1), balance_fen=1_100), line(50, date(2025, 9, 2))]
    assert rules.bank_balance(date(2025, 8, 31), lines, 1_000) == 1_000
    assert rules.bank_balance(date(2025, 9, 1), lines, 0) == 1_100
    assert rules.bank_balance(MONTH_END, lines, 0) == 1_150
