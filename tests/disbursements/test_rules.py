import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make.disbursements import (
    POLICY,
    RESIDENT,
    TAX_OFFICE,
    act_of,
    draft_order,
    order,
    order_body,
    signed,
    standing,
)
from tests.make.ground import SEPTEMBER, new_id
from trustprop.budgets.model import LineControl
from trustprop.disbursements import rules
from trustprop.disbursements.model import (
    NamedPayee,
    OrderKind,
    OrderState,
    PayeeKind,
    PaymentPolicy,
    PolicyRule,
    PolicyTerms,
)
from trustprop.kernel.caller import Party
from trustprop.kernel.canonical import canonical_json
from trustprop.kernel.errors import FieldsInvalid, Refusal

TRUSTEE, OWNERS = Party.TRUSTEE, Party.OWNERS


def codes(refusals) -> list[str]:
    return [refusal.code for refusal in refusals]


@pytest.mark.parametrize(
    ("fund", "amount_fen", "trustee", "owners"),
    [
        ("OP", 1, 1, 1),
        ("OP", 9_999_999, 1, 1),
        ("OP", 10_000_000, 1, 2),
        ("RS", 1, 2, 2),
        ("RS", 20_000_000, 2, 3),
    ],
)
def test_the_highest_band_of_the_funds_own_rules_decides(fund, amount_fen, trustee, owners) -> None:
    terms = PolicyTerms(
        rules=(
            *POLICY.terms.rules,
            PolicyRule(fund="RS", trustee=2, owners=2),
            PolicyRule(fund="RS", from_fen=20_000_000, trustee=2, owners=3),
        )
    )
    rule = rules.rule_for(terms, fund, amount_fen)
    assert (rule.trustee, rule.owners) == (trustee, owners)


@given(st.sampled_from(["OP", "PR", "RS"]), st.integers(1, 10**15), st.integers(0, 10**15))
def test_no_policy_that_passes_the_check_lets_one_side_pay_alone(fund, amount_fen, band) -> None:
    terms = PolicyTerms(
        rules=(PolicyRule(), PolicyRule(fund="RS"), PolicyRule(fund="RS", from_fen=band + 1))
    )
    rules.check_policy(terms)
    rule = rules.rule_for(terms, fund, amount_fen)
    assert min(rule.trustee, rule.owners) >= 1


@pytest.mark.parametrize(
    ("policy", "pointers"),
    [
        ((), {"/terms/rules"}),
        ((PolicyRule(from_fen=1),), {"/terms/rules"}),
        ((PolicyRule(owners=0),), {"/terms/rules/0/owners"}),
        ((PolicyRule(trustee=10),), {"/terms/rules/0/trustee"}),
        ((PolicyRule(), PolicyRule()), {"/terms/rules/1/from_fen"}),
        ((PolicyRule(), PolicyRule(fund="RS", from_fen=5)), {"/terms/rules"}),
        (
            (PolicyRule(trustee=0), PolicyRule(from_fen=-1)),
            {"/terms/rules/0/trustee", "/terms/rules/1/from_fen"},
        ),
    ],
)
def test_a_policy_with_a_hole_is_refused_with_every_hole_named(policy, pointers) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_policy(PolicyTerms(rules=policy))
    assert {error.pointer for error in refused.value.errors} == pointers


def released(made, policy, *signatures, lapsed_keys=()) -> str:
    """The refusal's code, or nothing when the signatures are enough."""
    act = act_of(made, policy, *signatures)
    try:
        rules.check_signatures(made, policy, act, lapsed_keys)
    except Refusal as refusal:
        return refusal.code
    return ""


LARGE = order(order_body(amount_fen=10_000_000, published_on=date(2025, 9, 1)))
MEMBER = new_id()


@pytest.mark.parametrize(
    ("made", "signatures", "code"),
    [
        (order(), [signed(TRUSTEE), signed(OWNERS)], ""),
        (order(), [], "signatures-missing"),
        (order(), [signed(TRUSTEE)], "signatures-missing"),
        (order(), [signed(OWNERS), signed(OWNERS)], "signatures-missing"),
        (order(), [signed(TRUSTEE), signed(Party.SUPERVISOR)], "signatures-missing"),
        (order(), [signed(TRUSTEE), signed(OWNERS, version=0)], "signed-other-content"),
        (order(act_version=2), [signed(TRUSTEE), signed(OWNERS)], "signed-other-content"),
        (LARGE, [signed(TRUSTEE), signed(OWNERS)], "signatures-missing"),
        (
            LARGE,
            [signed(TRUSTEE), signed(OWNERS, MEMBER), signed(OWNERS, MEMBER)],
            "signatures-missing",
        ),
        (LARGE, [signed(TRUSTEE), signed(OWNERS), signed(OWNERS)], ""),
        (order(), [signed(TRUSTEE, MEMBER), signed(OWNERS, MEMBER)], "signer-on-both-sides"),
    ],
)
def test_nothing_is_released_without_the_signatures_of_the_policy(made, signatures, code) -> None:
    assert released(made, POLICY, *signatures) == code


def test_a_policy_that_changed_meanwhile_releases_nothing() -> None:
    made = order()
    both = (signed(TRUSTEE), signed(OWNERS))
    assert released(made, replace(POLICY, version=1), *both) == "payment-policy-changed"
    other = replace(POLICY, terms=PolicyTerms(rules=(PolicyRule(),)))
    assert released(made, other, *both) == "payment-policy-changed"


def test_what_was_signed_must_be_the_order_to_the_last_byte() -> None:
    made = order()
    act = act_of(made, POLICY, signed(TRUSTEE), signed(OWNERS))
    touched = replace(made, body=replace(made.body, purpose="缴9月税费"))
    with pytest.raises(Refusal, match="signed-other-content"):
        rules.check_signatures(touched, POLICY, act)
    with pytest.raises(Refusal, match="signed-other-content"):
        rules.check_signatures(made, POLICY, replace(act, digest="00" * 32))


def test_a_signature_whose_key_or_mandate_lapsed_before_the_last_one_counts_for_nothing() -> None:
    manager, member = signed(TRUSTEE), signed(OWNERS)
    assert (
        released(order(), POLICY, manager, member, lapsed_keys={manager.key_id})
        == "signature-lapsed"
    )


def test_the_drafter_signs_only_where_the_policy_says_so() -> None:
    manager = new_id()
    both = (signed(TRUSTEE, manager), signed(OWNERS))
    assert released(order(drafted_by=manager), POLICY, *both) == "drafter-may-not-sign"
    lenient = PaymentPolicy(
        version=1, terms=PolicyTerms(rules=(PolicyRule(),), drafter_may_sign=True)
    )
    assert released(order(policy=lenient, drafted_by=manager), lenient, *both) == ""


@pytest.mark.parametrize(
    ("kind", "account", "allowed"),
    [
        ("invoices", "2202", True),
        ("invoices", "2205", False),
        ("payable", "2202", True),
        ("payable", "2205", True),
        ("payable", "2206", True),
        ("payable", "220901", False),
        ("payable", "2601", False),
        ("payable", "5101", False),
        ("payable", "310101", False),
        ("payable", "100202", False),
        ("expense", "5101", True),
        ("expense", "510206", True),
        ("expense", "2202", False),
        ("expense", "3902", False),
        ("agency", "2601", True),
        ("agency", "260102", True),
        ("agency", "220901", True),
        ("agency", "2202", False),
        ("refund", "220301", True),
        ("refund", "220903", True),
        ("refund", "220904", True),
        ("refund", "4301", False),
        ("refund", "", False),
    ],
)
def test_each_kind_reaches_its_own_accounts_only(kind, account, allowed) -> None:
    assert rules.may_pay(OrderKind(kind), account) is allowed


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({}, set()),
        ({"amount_fen": 0}, {"/amount_fen"}),
        ({"purpose": " "}, {"/purpose"}),
        ({"purpose": "a\x00b"}, {"/purpose"}),
        ({"payee": None}, {"/payee"}),
        ({"vendor_account_id": new_id()}, {"/payee"}),
        ({"account": None}, {"/account"}),
        ({"budget_line_id": new_id()}, {"/budget_line_id"}),
        ({"invoice_ids": (new_id(),)}, {"/invoice_ids"}),
        ({"evidence": ("aa" * 32, "aa" * 32)}, {"/evidence"}),
        ({"evidence": ("aa",)}, {"/evidence"}),
        ({"kind": OrderKind.EXPENSE}, {"/evidence", "/budget_line_id"}),
        ({"kind": OrderKind.INVOICES}, {"/payee", "/invoice_ids"}),
        (
            {
                "amount_fen": -1,
                "payee": NamedPayee(kind=PayeeKind.VENDOR, name="", bank="b", number="1"),
            },
            {"/amount_fen", "/payee/kind", "/payee/name"},
        ),
    ],
)
def test_every_wrong_field_is_named_at_once(changes, pointers) -> None:
    found = set()
    try:
        rules.check_terms(draft_order(**changes))
    except FieldsInvalid as refusal:
        found = {error.pointer for error in refusal.errors}
    assert found == pointers


LINE = LineControl(
    line_id=new_id(),
    budget_id=new_id(),
    year=2025,
    code="5101",
    title="人员费用",
    account="5101",
    fund="OP",
    category="staff",
    scope="",
    warning_percent=90,
    resolution_id=new_id(),
    appropriated_fen=48_619,
)


@pytest.mark.parametrize(
    ("body", "facts", "expected"),
    [
        ({}, {}, []),
        ({}, {"owed_fen": 48_619}, ["liability-short"]),
        ({}, {"owed_promised_fen": 1}, ["liability-short"]),
        ({}, {"cash_fen": 48_619}, ["cash-short"]),
        ({}, {"cash_fen": 50_000, "cash_promised_fen": 1_381}, ["cash-short"]),
        ({}, {"books": replace(standing().books, closed_through=202509)}, ["period-closed"]),
        ({"pay_on": date(2025, 8, 31)}, {}, ["before-opening"]),
        ({"pay_on": date(2025, 10, 31)}, {}, []),
        ({}, {"account": None}, ["account-not-open"]),
        (
            {},
            {"account": replace(standing().account, keeps_subledger=True)},
            ["counterparty-needed"],
        ),
        ({}, {"is_account_of_fund": False}, ["bank-account-of-another-fund"]),
        ({"account": "3101"}, {}, ["account-not-payable"]),
        ({"kind": OrderKind.EXPENSE, "account": "5101"}, {"line": LINE}, ["budget-exceeded"]),
        (
            {"kind": OrderKind.EXPENSE, "account": "5101", "fund": "PR"},
            {"line": LINE, "cash_fen": 0},
            ["cash-short", "line-of-another-fund"],
        ),
    ],
)
def test_a_draft_is_refused_for_every_reason_at_once(body, facts, expected) -> None:
    assert codes(rules.refusals_at_draft(order_body(**body), standing(**facts))) == expected


@pytest.mark.parametrize(
    ("days_later", "expected"),
    [
        (0, ["large-payment-notice-running"]),
        (9, ["large-payment-notice-running"]),
        (10, []),
        (29, []),
    ],
)
def test_a_large_payment_waits_its_ten_days(days_later, expected) -> None:
    body = order_body(amount_fen=10_000_000, published_on=date(2025, 9, 15))
    now = standing(at=SEPTEMBER + timedelta(days=days_later), owed_fen=10_000_000)
    assert codes(rules.refusals_at_release(body, now, SEPTEMBER + timedelta(days=30))) == expected


def test_an_expired_order_is_not_released_in_its_last_instant() -> None:
    expired = rules.refusals_at_release(order_body(), standing(at=SEPTEMBER), SEPTEMBER)
    assert codes(expired) == ["payment-order-expired"]


def test_the_day_of_payment_must_have_come_when_the_last_signature_arrives() -> None:
    body = order_body(pay_on=date(2025, 9, 16))
    early = rules.refusals_at_release(body, standing(at=SEPTEMBER), SEPTEMBER + timedelta(days=30))
    assert codes(early) == ["date-in-future"]
    assert codes(rules.refusals_at_draft(body, standing(at=SEPTEMBER))) == []


def test_a_residents_name_is_in_no_byte_that_is_signed_or_published() -> None:
    content = canonical_json(order_body(payee=rules.public(RESIDENT))).decode()
    assert RESIDENT.name not in content
    assert RESIDENT.number not in content
    assert "****1234" in content


@pytest.mark.parametrize("field", ["name", "bank", "number", "salt"])
def test_the_commitment_changes_with_every_part_of_the_payee(field) -> None:
    other = replace(TAX_OFFICE, **{field: "00" * 32})
    assert rules.public(other).commitment != rules.public(TAX_OFFICE).commitment


@given(st.text("0123456789", max_size=30))
def test_a_mask_never_shows_more_than_half_of_a_number(number) -> None:
    shown = re.sub(r"^\*{4}", "", rules.public(replace(TAX_OFFICE, number=number)).number_masked)
    assert len(shown) <= min(4, len(number) / 2)
    assert number.endswith(shown)


MOVES = {
    "release": (lambda o: rules.release(o, SEPTEMBER, 2025, 1), {"awaiting_signatures"}),
    "reject": (lambda o: rules.end(o, OrderState.REJECTED, "no"), {"awaiting_signatures"}),
    "export": (lambda o: rules.export(o, new_id()), {"released"}),
    "settle": (lambda o: rules.settle(o, new_id()), {"released", "exported"}),
    "unsettle": (rules.unsettle, {"settled"}),
    "take back": (
        lambda o: rules.take_back(o, "closed account"),
        {"released", "exported", "settled"},
    ),
    "refund": (lambda o: rules.refund(o, 1), {"released", "exported", "settled"}),
}


@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("move", MOVES)
def test_an_order_moves_only_from_the_states_that_allow_it(move, state) -> None:
    step, allowed = MOVES[move]
    before = order(state=state)
    if state in allowed:
        assert step(before).version == 2
    else:
        with pytest.raises(rules.OrderClosed):
            step(before)


def test_refunds_never_exceed_the_payment_and_a_refunded_order_cannot_return_whole() -> None:
    released = order(state=OrderState.RELEASED)
    refunded = rules.refund(released, 48_619)
    with pytest.raises(Refusal, match="refund-too-large"):
        rules.refund(refunded, 2)
    with pytest.raises(Refusal, match="payment-partly-refunded"):
        rules.take_back(refunded, "no")
    assert rules.refund(refunded, 1).refunded_fen == 48_620
