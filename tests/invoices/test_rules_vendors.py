"""Credit codes, admission and resting accounts."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from tests.make.ground import SEPTEMBER, new_id
from trustprop.invoices.model import (
    RegisterVendor,
    Vendor,
    VendorAccount,
    VendorAccountState,
    VendorState,
)
from trustprop.invoices.rules import vendors as rules
from trustprop.kernel.errors import FieldsInvalid

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def vendor(**changes):
    values = {
        "vendor_id": new_id(),
        "name": "示例电梯有限公司",
        "credit_code": "91110000600037341L",
        "is_related_party": False,
        "resolution_id": None,
        "state": VendorState.PROPOSED,
        "version": 1,
        "registered_by": new_id(),
        "registered_at": SEPTEMBER,
    }
    return Vendor(**(values | changes))


def account(**changes):
    values = {
        "account_id": new_id(),
        "vendor_id": new_id(),
        "holder": "示例电梯有限公司",
        "bank": "某银行",
        "number": "6222020000001234",
        "bank_code": "",
        "state": VendorAccountState.DRAFTED,
        "act_id": new_id(),
    }
    return VendorAccount(**(values | changes))


@pytest.mark.parametrize(
    "code",
    [
        "91110000600037341L",  # the worked example of the library
        "91350100M000100Y43",  # the worked example of GB 32100-2015
    ],
)
def test_a_published_credit_code_is_valid(code):
    assert rules.is_credit_code(code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "91110000600037341M",
        "91110000600037341l",
        "9111000060003734",
        "91110000600037341L ",
        "91 110000600037341L",
        "９1110000600037341L",
        "9I110000600037341L",
        "91A10000600037341L",
    ],
)
def test_anything_else_is_no_credit_code(code):
    assert not rules.is_credit_code(code)


@given(
    st.text(ALPHABET, min_size=9, max_size=9), st.sampled_from(["91", "N2", "Y1", "52"]), st.data()
)
def test_one_changed_character_is_always_noticed(body, head, data):
    stem = head + "510100" + body
    code = stem + uscc.calc_check_digit(stem)
    assert rules.is_credit_code(code)
    place = data.draw(st.sampled_from([*range(2), *range(8, 18)]))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda c: c != code[place]))
    assert not rules.is_credit_code(code[:place] + other + code[place + 1 :])


def test_a_wrong_credit_code_is_named():
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_registration(
            RegisterVendor(id=new_id(), name="某公司", credit_code="91110000600037341M")
        )
    assert [error.pointer for error in refused.value.errors] == ["/credit_code"]


def test_a_related_party_is_not_admitted_without_a_resolution():
    with pytest.raises(rules.RelatedPartyNeedsResolution):
        rules.admit(vendor(is_related_party=True), new_id(), None)


def test_a_suspended_vendor_can_be_admitted_again():
    suspended = rules.suspend(rules.admit(vendor(), new_id(), None), new_id(), "服务不达标")
    assert (suspended.state, suspended.version) == (VendorState.SUSPENDED, 3)
    assert rules.admit(suspended, new_id(), None).state is VendorState.ADMITTED


def test_an_admitted_vendor_is_not_admitted_twice():
    with pytest.raises(rules.VendorInWrongState):
        rules.admit(vendor(state=VendorState.ADMITTED), new_id(), None)


def test_a_signed_account_rests_to_the_second():
    signed = rules.sign_account(account(), SEPTEMBER, 72)
    usable = SEPTEMBER + timedelta(hours=72)
    assert not signed.is_usable(usable - timedelta(seconds=1))
    assert signed.is_usable(usable)


@pytest.mark.parametrize(
    "state",
    [VendorAccountState.DRAFTED, VendorAccountState.REPLACED, VendorAccountState.REFUSED],
)
def test_an_account_that_is_not_signed_is_never_usable(state):
    assert not account(state=state, usable_from_at=SEPTEMBER).is_usable(
        SEPTEMBER + timedelta(days=365)
    )
