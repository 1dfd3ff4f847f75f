"""Funds, bank account labels and masks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make.funds import bank_account_proposal, transfer_command
from tests.make.ground import SEPTEMBER
from trustprop.funds import rules
from trustprop.funds.model import EstablishFund, FundKind
from trustprop.kernel.errors import FieldsInvalid
from trustprop.ledger.model import Balance


def account(*funds, **facts):
    return rules.propose(bank_account_proposal(*funds, **facts), None, SEPTEMBER)


@pytest.mark.parametrize("kind", [kind for kind in FundKind if kind is not FundKind.PROJECT])
def test_a_standard_fund_brings_its_own_words(kind):
    fund = rules.establish(EstablishFund(code=kind.value))
    assert fund.kind is kind
    assert fund.name_zh
    assert fund.is_restricted is (kind is not FundKind.OPERATIONS)
    assert bool(fund.equity_account) is (kind is not FundKind.AGENCY)


def test_a_project_names_its_restriction():
    with pytest.raises(FieldsInvalid) as refused:
        rules.establish(EstablishFund(code="PJ-001", name_zh="花园更新"))
    assert [error.pointer for error in refused.value.errors] == ["/name_en", "/purpose"]
    fund = rules.establish(
        EstablishFund(
            code="PJ-001", name_zh="花园更新", name_en="garden renewal", purpose="只用于中心花园"
        )
    )
    assert (fund.is_restricted, fund.equity_account) == (True, "310203")


@pytest.mark.parametrize(
    ("holder", "is_organisation"),
    [
        ("云栖里业主大会", True),
        ("云栖里小区业主委员会", True),
        ("示例物业服务有限公司", True),
        ("Example Trust Co., Ltd.", True),
        ("王小明", False),
        ("欧阳示例", False),
        ("Wang Xiaoming", False),
    ],
)
def test_the_compound_s_money_is_never_in_a_person_s_name(holder, is_organisation):
    assert rules.is_organisation(holder) is is_organisation
    if not is_organisation:
        with pytest.raises(rules.HolderIsPerson):
            account(holder=holder)


def test_a_masked_account_shows_four_digits():
    shown = rules.masked(account(number="6217 0000-1234 5678 901"))
    assert shown.number == "**** 8901"
    assert account(number="6217 0000-1234 5678 901").number == "6217000012345678901"


@given(st.text(alphabet="0123456789", min_size=8, max_size=32))
def test_no_mask_reveals_more_than_four_digits(number):
    assert sum(character.isdigit() for character in rules.mask(number)) == 4


def test_what_both_sides_sign_pins_the_number_without_showing_it():
    first, other = account(), account(number="6217 0000 1234 9999 8901")
    body = rules.act_body(first)
    assert first.number not in str(body)
    assert body["number"] == rules.act_body(other)["number"]
    assert body["account_sha256"] != rules.act_body(other)["account_sha256"]


def test_an_account_is_labelled_with_funds_that_exist_and_mirrors_a_cash_account():
    with pytest.raises(rules.FundMissing):
        rules.check_bank_account(account("PR", "RS"), {"PR"}, True, ())
    with pytest.raises(rules.NotACashAccount):
        rules.check_bank_account(account("PR"), {"PR"}, False, ())


def test_a_fund_does_not_lose_its_place_while_it_has_money_there():
    held = (
        Balance(fund="RS", account="100202", balance_fen=1),
        Balance(fund="OP", account="100201", balance_fen=5),
    )
    rules.check_bank_account(account("PR", "RS"), {"PR", "RS"}, True, held)
    with pytest.raises(rules.FundStillInBankAccount):
        rules.check_bank_account(account("PR"), {"PR", "RS"}, True, held)


def test_a_transfer_names_two_funds_that_the_account_may_hold():
    funds = {"OP", "PR", "RS"}
    rules.check_transfer(transfer_command(), funds, account("PR", "RS"))
    with pytest.raises(FieldsInvalid):
        rules.check_transfer(transfer_command(to_fund="PR"), funds, account("PR", "RS"))
    with pytest.raises(rules.FundMissing):
        rules.check_transfer(transfer_command(to_fund="MF"), funds, account("PR", "RS"))
    with pytest.raises(rules.BankAccountMissing):
        rules.check_transfer(transfer_command(), funds, None)
    with pytest.raises(rules.FundNotInBankAccount):
        rules.check_transfer(transfer_command(to_fund="OP"), funds, account("PR", "RS"))


def test_the_balances_of_september_are_read_from_the_closing_balances():
    """domain.md §7: OP 183,971.10, AG 40,791.70 owed."""
    closing = {
        "100201/AG": 4079170,
        "100201/OP": 27752314,
        "220901/AG": -3800000,
        "2601/AG": -279170,
        "100202/RS": 17067000,
        "3901/RS": -2067000,
        "310102/RS": -15000000,
    }
    held = [
        Balance(account=key.split("/")[0], fund=key.split("/")[1], balance_fen=amount)
        for key, amount in closing.items()
    ]
    funds = [rules.establish(EstablishFund(code=code)) for code in ("AG", "RS")]
    agency, reserve = rules.fund_balances(funds, held)
    assert agency.balance_fen == 40_791_70
    assert [(claim.account_code, claim.amount_fen) for claim in agency.claims] == [
        ("100201", 40_791_70)
    ]
    assert reserve.balance_fen == 170_670_00
