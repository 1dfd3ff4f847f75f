"""What an entry must be, as tables of cases in a bookkeeper's notation."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make.ground import new_id
from tests.make.ledger import credit, debit, entry
from trustprop.kernel.errors import FieldsInvalid
from trustprop.kernel.money import MAX_FEN
from trustprop.ledger import rules
from trustprop.ledger.model import (
    Account,
    Books,
    Chart,
    DraftOpening,
    Entry,
    EntryKind,
    JournalEntry,
    LedgerFund,
    OpenAccount,
    OpeningLine,
    Reverse,
    Side,
)

ACT = new_id()
RESOLUTION = new_id()
TRANSFER_LINES = (
    debit("3902", 50, "PR"),
    credit("100202", 50, "PR"),
    debit("100202", 50, "RS"),
    credit("3901", 50, "RS"),
)
CHART = Chart(
    accounts={account.code: account for account in rules.default_accounts()},
    funds={
        "OP": LedgerFund(fund="OP", is_restricted=False),
        "MF": LedgerFund(fund="MF", is_restricted=True, is_open=False),
    },
)


def test_a_balanced_voucher_is_accepted() -> None:
    rules.check_entry(entry(debit("100201", 500), credit("4901", 500)))


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ((), rules.TooFewLines),
        ((debit("5106", 5),), rules.TooFewLines),
        ((debit("5106", 0), credit("2202", 0)), rules.AmountInvalid),
        ((debit("5106", -5), credit("2202", -5)), rules.AmountInvalid),
        ((debit("5106", MAX_FEN + 1), credit("2202", MAX_FEN + 1)), rules.AmountInvalid),
        ((debit("5106", 5), credit("2202", 4)), rules.EntryUnbalanced),
        ((debit("5106", 5, "OP"), credit("2202", 5, "PR")), rules.EntryUnbalanced),
    ],
)
def test_an_entry_that_does_not_balance_is_refused(
    lines: tuple[object, ...], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        rules.check_entry(entry(*lines))  # type: ignore[arg-type]


def test_an_entry_must_balance_inside_every_fund_and_says_which_does_not() -> None:
    with pytest.raises(rules.EntryUnbalanced) as refused:
        rules.check_balanced((debit("5106", 7, "OP"), credit("2202", 7, "PR")))
    assert (refused.value.fund, refused.value.debit_fen, refused.value.credit_fen) == ("OP", 7, 0)


@pytest.mark.parametrize("kind", [EntryKind.PAYMENT, EntryKind.OPENING])
def test_payments_and_openings_need_an_act(kind: EntryKind) -> None:
    paying = entry(debit("2202", 5), credit("100201", 5), kind=kind, act_id=ACT)
    rules.check_entry(paying)
    with pytest.raises(rules.ActNeeded):
        rules.check_entry(replace(paying, act_id=None))


@pytest.mark.parametrize(
    "kind", sorted(set(EntryKind) - {EntryKind.PAYMENT, EntryKind.OPENING, EntryKind.REVERSAL})
)
def test_no_other_kind_takes_money_out_of_a_bank_account(kind: EntryKind) -> None:
    with pytest.raises((rules.CashOutNeedsOrder, rules.TransferUnmatched)):
        rules.check_entry(
            entry(debit("2202", 5), credit("100201", 5), kind=kind, resolution_id=RESOLUTION)
        )


@pytest.mark.parametrize("kind", [EntryKind.VOUCHER, EntryKind.RECEIPT, EntryKind.BANK])
def test_money_in_transit_arrives_without_an_order(kind: EntryKind) -> None:
    rules.check_entry(
        entry(debit("100201", 99), debit("5301", 1), credit("101201", 100), kind=kind)
    )


def test_an_act_does_not_let_a_voucher_pay() -> None:
    with pytest.raises(rules.CashOutNeedsOrder):
        rules.check_entry(entry(debit("2202", 5), credit("100201", 5), act_id=ACT))


def test_a_transfer_crosses_the_wall_with_a_resolution() -> None:
    crossing = entry(*TRANSFER_LINES, kind=EntryKind.TRANSFER, resolution_id=RESOLUTION)
    rules.check_entry(crossing)
    with pytest.raises(rules.ResolutionNeeded):
        rules.check_entry(replace(crossing, resolution_id=None))


def test_a_transfer_between_two_bank_accounts_needs_an_act_as_well() -> None:
    moving = entry(
        debit("3902", 50, "PR"),
        credit("100202", 50, "PR"),
        debit("100201", 50, "OP"),
        credit("3901", 50, "OP"),
        kind=EntryKind.TRANSFER,
        resolution_id=RESOLUTION,
    )
    with pytest.raises(rules.CashOutNeedsOrder):
        rules.check_entry(moving)
    rules.check_entry(replace(moving, act_id=ACT))


@pytest.mark.parametrize(
    "lines",
    [
        (debit("100202", 5, "RS"), credit("4901", 5, "RS")),
        (debit("3902", 5, "PR"), credit("4901", 5, "PR")),
        (
            debit("3902", 5, "PR"),
            credit("100202", 9, "PR"),
            debit("2202", 4, "PR"),
            debit("100202", 9, "RS"),
            credit("3901", 5, "RS"),
            credit("2202", 4, "RS"),
        ),
    ],
)
def test_a_transfer_moves_assets_through_the_two_accounts_and_nothing_else(
    lines: tuple[object, ...],
) -> None:
    with pytest.raises(rules.TransferUnmatched):
        rules.check_entry(
            entry(*lines, kind=EntryKind.TRANSFER, resolution_id=RESOLUTION)  # type: ignore[arg-type]
        )


@pytest.mark.parametrize(
    "lines",
    [
        TRANSFER_LINES,
        (debit("3902", 5, "PR"), credit("4901", 5, "PR")),
        (
            debit("100201", 5, "OP"),
            credit("2202", 5, "OP"),
            debit("2202", 5, "AG"),
            credit("100201", 5, "AG"),
        ),
        (
            debit("112101", 5, "OP"),
            credit("4301", 5, "OP"),
            debit("431101", 5, "PR"),
            credit("112101", 5, "PR"),
        ),
    ],
)
@pytest.mark.parametrize("kind", [EntryKind.VOUCHER, EntryKind.PAYMENT, EntryKind.CHARGE])
def test_nothing_else_crosses_a_fund_wall(lines: tuple[object, ...], kind: EntryKind) -> None:
    with pytest.raises(rules.FundWall):
        rules.check_entry(entry(*lines, kind=kind, resolution_id=RESOLUTION, act_id=ACT))  # type: ignore[arg-type]


def test_a_receipt_may_touch_two_funds() -> None:
    rules.check_entry(
        entry(
            debit("100201", 5, "OP"),
            credit("112101", 5, "OP"),
            debit("100201", 2, "AG"),
            credit("220901", 2, "AG"),
            kind=EntryKind.RECEIPT,
        )
    )


def posted(original: Entry, reversed_by: object = None) -> JournalEntry:
    return JournalEntry(
        number=1,
        entry_id=original.entry_id,
        kind=original.kind,
        accounting_on=original.accounting_on,
        recorded_at=datetime(2025, 9, 10, tzinfo=UTC),
        memo=original.memo,
        lines=original.lines,
        source=original.source,
        evidence=(),
        act_id=original.act_id,
        resolution_id=original.resolution_id,
        reverses=original.reverses,
        reversed_by=reversed_by,  # type: ignore[arg-type]
        leaf_hash="",
    )


def reverse(original: Entry, **more: object) -> Reverse:
    return Reverse(
        entry_id=original.entry_id,
        reversal_id=new_id(),
        accounting_on=date(2025, 9, 12),
        memo="冲销",
        **more,  # type: ignore[arg-type]
    )


def test_a_reversal_mirrors_every_line() -> None:
    original = entry(debit("112101", 5, counterparty_id=ACT), credit("4301", 5))
    mirror = rules.mirror(posted(original), reverse(original))
    assert [(line.account, line.side, line.amount_fen) for line in mirror.lines] == [
        ("112101", Side.CREDIT, 5),
        ("4301", Side.DEBIT, 5),
    ]
    assert mirror.lines[0].counterparty_id == ACT
    assert mirror.reverses == original.entry_id
    rules.check_entry(mirror)


def test_an_entry_is_reversed_once_and_a_reversal_never() -> None:
    original = entry(debit("5106", 5), credit("2202", 5))
    command = reverse(original)
    with pytest.raises(rules.AlreadyReversed):
        rules.mirror(posted(original, reversed_by=new_id()), command)
    again = rules.mirror(posted(original, reversed_by=command.reversal_id), command)
    with pytest.raises(rules.ReversalNotReversible):
        rules.mirror(posted(again), reverse(again))


def test_taking_back_a_receipt_takes_money_out_and_needs_an_act() -> None:
    receipt = entry(debit("100201", 5), credit("4901", 5), kind=EntryKind.RECEIPT)
    with pytest.raises(rules.CashOutNeedsOrder):
        rules.check_entry(rules.mirror(posted(receipt), reverse(receipt)))
    rules.check_entry(rules.mirror(posted(receipt), reverse(receipt, act_id=ACT)))


def test_taking_back_a_transfer_needs_a_resolution() -> None:
    crossing = entry(*TRANSFER_LINES, kind=EntryKind.TRANSFER, resolution_id=RESOLUTION)
    with pytest.raises(rules.ResolutionNeeded):
        rules.check_entry(rules.mirror(posted(crossing), reverse(crossing)))
    rules.check_entry(rules.mirror(posted(crossing), reverse(crossing, resolution_id=RESOLUTION)))


def test_only_a_reversal_names_what_it_reverses() -> None:
    lines = (debit("5106", 5), credit("2202", 5))
    with pytest.raises(rules.NotAReversal):
        rules.check_entry(entry(*lines, reverses=ACT))
    with pytest.raises(rules.NotAReversal):
        rules.check_entry(entry(*lines, kind=EntryKind.REVERSAL))


def test_only_vouchers_are_reversed_by_hand() -> None:
    voucher = entry(debit("5106", 5), credit("2202", 5))
    rules.check_voucher_reversal(posted(voucher))
    with pytest.raises(rules.NotAVoucher):
        rules.check_voucher_reversal(posted(replace(voucher, kind=EntryKind.INVOICE)))


BOOKS = Books(
    compound_id=ACT, tree_size=9, frontier=(), opened_on=date(2025, 7, 31), closed_through=202508
)


@pytest.mark.parametrize(
    ("accounting_on", "refusal"),
    [
        (date(2025, 7, 30), rules.BeforeOpening),
        (date(2025, 7, 31), rules.PeriodClosed),
        (date(2025, 8, 31), rules.PeriodClosed),
        (date(2025, 9, 16), rules.DateInFuture),
        (date(2025, 9, 1), None),
        (date(2025, 9, 15), None),
    ],
)
def test_an_entry_is_dated_in_an_open_month_and_not_in_the_future(
    accounting_on: date, refusal: type[Exception] | None
) -> None:
    today = date(2025, 9, 15)
    if refusal is None:
        rules.check_date(BOOKS, accounting_on, today)
    else:
        with pytest.raises(refusal):
            rules.check_date(BOOKS, accounting_on, today)


def test_every_wrong_line_is_named_at_once() -> None:
    lines = (
        debit("112101", 5),
        credit("7777", 5, "MF"),
        credit("4301", 0, "XX"),
    )
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_lines(CHART, lines)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/lines/0/counterparty_id", "counterparty-needed"),
        ("/lines/1/account", "account-not-open"),
        ("/lines/1/fund", "fund-not-open"),
        ("/lines/2/fund", "fund-not-open"),
        ("/lines/2/amount_fen", "amount-invalid"),
    ]


def opening(*lines: OpeningLine, on: date = date(2025, 8, 31)) -> DraftOpening:
    return DraftOpening(
        act_id=ACT,
        id=new_id(),
        accounting_on=on,
        memo="期初余额",
        lines=lines,
        expires_at=datetime(2025, 9, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (opening(on=date(2025, 8, 30)), rules.OpeningNotAtMonthEnd),
        (opening(on=date(2025, 9, 30)), rules.OpeningNotAtMonthEnd),
        (opening(OpeningLine(account="100201", fund="OP", balance_fen=0)), FieldsInvalid),
        (opening(OpeningLine(account="1", fund="OP", balance_fen=5)), FieldsInvalid),
        (
            opening(
                OpeningLine(account="100201", fund="OP", balance_fen=5),
                OpeningLine(account="310101", fund="OP", balance_fen=-4),
            ),
            rules.EntryUnbalanced,
        ),
    ],
)
def test_wrong_opening_balances_are_refused(
    command: DraftOpening, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        rules.check_opening(None, CHART, rules.opening(command), date(2025, 9, 15))


def test_opening_balances_become_one_entry_with_the_act() -> None:
    command = opening(
        OpeningLine(account="100201", fund="OP", balance_fen=5),
        OpeningLine(account="310101", fund="OP", balance_fen=-5),
    )
    drafted = rules.opening(command)
    rules.check_opening(None, CHART, drafted, date(2025, 9, 15))
    made = rules.opening_entry(drafted, ACT)
    assert made is not None
    assert made.lines == (debit("100201", 5), credit("310101", 5))
    assert made.act_id == ACT
    rules.check_entry(made)
    assert rules.opening_entry(replace(drafted, lines=()), ACT) is None


def test_books_open_once() -> None:
    with pytest.raises(rules.BooksAlreadyOpen):
        rules.check_opening(BOOKS, CHART, rules.opening(opening()), date(2025, 9, 15))


def test_a_new_account_keeps_what_makes_its_group_safe() -> None:
    command = OpenAccount(
        code="100205", name_zh="银行存款-新户", name_en="Bank: new", side=Side.DEBIT
    )
    opened = rules.open_account(command, CHART.accounts["1002"])
    assert opened.cannot_go_below_zero
    assert opened.is_cash


@pytest.mark.parametrize(
    ("code", "group"), [("100205", None), ("1002", "1002"), ("1002056", "1002")]
)
def test_an_account_outside_the_chart_is_refused(code: str, group: str | None) -> None:
    command = OpenAccount(code=code, name_zh="户", name_en="Account", side=Side.DEBIT)
    known: Account | None = CHART.accounts[group] if group else None
    with pytest.raises(rules.AccountNotOpen):
        rules.open_account(command, known)


def test_the_default_chart_holds_every_account_of_the_sample_month() -> None:
    names = {
        "100201": "银行存款-共有基金双密码户",
        "310102": "应急备用金",
        "310202": "待划转维修资金",
    }
    assert {code: CHART.accounts[code].name_zh for code in names} == names
    for code in ("1141", "2601", "4301", "4302", "4312", "4313", "4314", "5401"):
        assert CHART.accounts[code].is_open
    groups = {code[:4] for code in CHART.accounts}
    assert groups <= CHART.accounts.keys()


@given(
    st.lists(st.tuples(st.sampled_from(["OP", "PR", "AG"]), st.integers(1, 10**9)), min_size=1),
    st.data(),
)
def test_an_entry_whose_one_amount_changes_no_longer_balances(
    pairs: list[tuple[str, int]], data: st.DataObject
) -> None:
    lines = [
        line
        for fund, amount in pairs
        for line in (debit("5106", amount, fund), credit("2202", amount, fund))
    ]
    rules.check_entry(entry(*lines))
    position = data.draw(st.integers(0, len(lines) - 1))
    lines[position] = replace(lines[position], amount_fen=lines[position].amount_fen + 1)
    with pytest.raises(rules.EntryUnbalanced):
        rules.check_entry(entry(*lines))
