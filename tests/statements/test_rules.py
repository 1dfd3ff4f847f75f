"""The figures of compound K in September 2025, and what holds of the figures of any month."""

from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import statements as make
from trustprop.kernel.periods import Period
from trustprop.ledger.model import AttestedLine, EntryKind, Source
from trustprop.statements import rules
from trustprop.statements.model import FundFact, JournalEntry, Month, Name

FIGURES = rules.draw_up(make.month())


def test_the_four_figures_tie():
    summary = FIGURES.summary
    assert (summary.opening_fen, summary.in_fen, summary.out_fen, summary.closing_fen) == (
        56745862,
        22034092,
        17937185,
        60842769,
    )
    assert summary.opening_fen + summary.in_fen - summary.out_fen == summary.closing_fen


def test_income_and_expense_are_those_of_the_file():
    assert FIGURES.summary.income_fen == 22202242
    assert FIGURES.summary.expense_fen == 17943720
    assert FIGURES.summary.result_fen == 4258522


def test_each_fund_moves_from_opening_to_closing():
    found = {fund.fund: (fund.opening_fen, fund.closing_fen) for fund in FIGURES.funds}
    assert found == {
        "OP": (18272589, 18397110),
        "PR": (7461844, 9528845),
        "RS": (15000000, 17067000),
        "AG": (3860000, 4079170),
    }
    for fund in FIGURES.funds:
        moved = fund.in_fen - fund.out_fen + fund.transfers_in_fen - fund.transfers_out_fen
        assert fund.opening_fen + moved == fund.closing_fen


def test_closing_balances_are_those_of_the_file():
    found = rules.closing_balances(make.opening(), make.entries())
    assert rules.trial_balance_digest(found) == rules.trial_balance_digest(make.closing())


def test_bank_books_and_claims_of_funds_agree():
    for bank in FIGURES.banks:
        assert bank.adjusted_bank_fen == bank.closing_fen
        assert sum(claim.amount_fen for claim in bank.claims) == bank.closing_fen
        assert bank.opening_fen + bank.in_fen - bank.out_fen == bank.closing_fen


def test_the_fee_receivable_rolls_forward():
    fees = next(row for row in FIGURES.receivables if row.account == "112101")
    assert (fees.charged_fen, fees.prepaid_applied_fen, fees.received_fen) == (
        16581600,
        1326360,
        14336980,
    )
    assert fees.closing_fen == 7038720


def test_budget_lines_show_what_is_left():
    left = {line.code: line.available_fen for line in FIGURES.budget}
    assert left["OP-04"] == 1556400
    assert left["OP-05"] == 4965708
    assert left["OP-02"] == 0
    assert left["RS-01"] == 760000


def test_a_transfer_names_its_resolution():
    (transfer,) = FIGURES.transfers
    assert (transfer.amount_fen, transfer.resolution_number) == (2067000, "2025-003")
    assert FIGURES.decisions[0].entry_numbers == (44,)


def test_an_opening_entry_counts_as_opening_and_not_as_income():
    month = make.month()
    taken_over = replace(
        month.entries[0],
        kind=EntryKind.OPENING,
        lines=tuple(
            AttestedLine(account=row.account, fund=row.fund, signed_fen=row.balance_fen)
            for row in month.opening
        ),
    )
    moved = replace(month, opening=(), entries=(taken_over, *month.entries))
    assert rules.draw_up(moved).summary == FIGURES.summary
    assert rules.draw_up(moved).funds == FIGURES.funds


def test_with_a_month_before_the_changes_are_against_it():
    month = make.month()
    before = tuple(rules.movements(month.entries).values())
    assert rules.draw_up(replace(month, month_before=before)).summary.largest_changes == ()


amounts = st.integers(1, 10**9)
lines = st.tuples(
    st.sampled_from(["100201", "112101", "1141"]),
    st.sampled_from(["4301", "5106", "2202", "100202"]),
    st.sampled_from(["OP", "PR"]),
    amounts,
    st.booleans(),
)


def _entry(number: int, drawn: tuple[str, str, str, int, bool]) -> JournalEntry:
    debit, credit, fund, amount, is_swapped = drawn
    if is_swapped:
        debit, credit = credit, debit
    return JournalEntry(
        number=number,
        entry_id=UUID(int=number),
        kind=EntryKind.VOUCHER,
        accounting_on=date(2025, 9, 1),
        recorded_at=datetime(2025, 9, 1, tzinfo=UTC),
        memo_commitment="00" * 32,
        lines=(
            AttestedLine(account=debit, fund=fund, signed_fen=amount),
            AttestedLine(account=credit, fund=fund, signed_fen=-amount),
        ),
        source=Source(kind="voucher", id=UUID(int=number)),
    )


@given(st.lists(lines, max_size=12))
def test_any_month_of_balanced_entries_ties(drawn):
    month = replace(
        make.month(),
        period=Period(2025, 9),
        opening=(),
        entries=tuple(_entry(number, one) for number, one in enumerate(drawn, 1)),
        funds=tuple(FundFact(code=code, name=Name(zh=code, en=code)) for code in ("OP", "PR")),
        payments=(),
    )
    assert isinstance(month, Month)
    figures = rules.draw_up(month)
    summary = figures.summary
    assert summary.opening_fen + summary.in_fen - summary.out_fen == summary.closing_fen
    assert sum(fund.closing_fen for fund in figures.funds) == summary.result_fen
    for bank in figures.banks:
        assert bank.opening_fen + bank.in_fen - bank.out_fen == bank.closing_fen


def test_memos_about_homes_are_withheld_and_others_shown():
    shown = {entry.number for entry in make.entries() if entry.memo is not None}
    assert {22, 36, 44} <= shown
    assert not shown & {1, 8, 10, 17}
    voucher = make.entries()[4]
    line = replace(voucher.lines[0], counterparty_commitment="ab" * 32)
    assert rules.memo_is_public(voucher)
    assert not rules.memo_is_public(replace(voucher, lines=(line, *voucher.lines[1:])))
    assert not rules.memo_is_public(make.entries()[17], payee_is_person=True)


def test_words_of_people_lose_numbers_that_lead_home():
    told = "我是3-1201的业主,电话13800001111;3栋电梯、502室、2,000元和2025年9月"
    assert rules.masked(told) == "我是＊的业主,电话＊;3栋电梯、＊、2,000元和2025年9月"
