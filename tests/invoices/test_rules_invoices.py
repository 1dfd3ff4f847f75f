"""What may come in, what may be accepted, and what a contract allows."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.invoices.test_rules_vendors import vendor
from tests.make import invoices as make
from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.evidence.model import MediaType
from trustprop.invoices.model import (
    AcceptedLine,
    AcceptInvoice,
    Contract,
    ContractState,
    ContractTerms,
    InvoiceKind,
    InvoiceState,
    PlatformCheck,
    PlatformResult,
    Similar,
    Surroundings,
    Verdict,
)
from trustprop.invoices.rules import acceptance, contracts, submission
from trustprop.kernel.caller import Office, OfficeNeeded, ScopeNeeded
from trustprop.kernel.errors import FieldsInvalid, Missing
from trustprop.kernel.periods import local_date
from trustprop.ledger.model import Side

VENDOR = new_id()
KEY = make.vendor_key(new_id(), VENDOR)
TODAY = Surroundings(today=local_date(SEPTEMBER))


def submitted(**changes):
    prepared = submission.prepare(KEY, make.bill(**changes), TODAY)
    return submission.submitted(prepared, KEY)


def contract(**changes):
    terms = {
        "contract_id": new_id(),
        "vendor_id": VENDOR,
        "title": "电梯维保",
        "fund": "OP",
        "budget_line_id": new_id(),
        "starts_on": date(2025, 1, 1),
        "ends_on": date(2025, 12, 31),
        "amount_fen": 100_000,
        "encumber_fen": 60_000,
        "billed_before_fen": 40_000,
        "files": (),
    }
    state = changes.pop("state", ContractState.IN_FORCE)
    billed_fen = changes.pop("billed_fen", 0)
    encumbered_fen = changes.pop("encumbered_fen", 60_000)
    return Contract(
        terms=ContractTerms(**(terms | changes)),
        state=state,
        version=2,
        act_id=new_id(),
        billed_fen=billed_fen,
        encumbered_fen=encumbered_fen,
    )


def places(command, around=TODAY):
    with pytest.raises(FieldsInvalid) as refused:
        submission.prepare(KEY, command, around)
    return [(error.pointer, error.code) for error in refused.value.errors]


# Submission


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"number": "1234"}, [("/number", "number")]),
        ({"number": make.number(1, 24)}, [("/number", "number-year")]),
        ({"code": "1234567890"}, [("/code", "no-code")]),
        ({"tax_fen": 1}, [("/gross_fen", "sum")]),
        ({"issued_on": date(2025, 9, 16)}, [("/issued_on", "future")]),
        ({"corrects_id": VENDOR}, [("/corrects_id", "not-red"), ("/corrects_id", "missing")]),
        ({"contract_id": VENDOR}, [("/contract_id", "missing")]),
        ({"files": ("a" * 64,)}, [("/files/0", "file-missing")]),
        (
            {"net_fen": 1, "tax_fen": -1, "gross_fen": 0},
            [("/gross_fen", "sign")],
        ),
        (
            {"net_fen": -792_453, "tax_fen": -47_547, "gross_fen": -840_000},
            [("/corrects_id", "missing")],
        ),
    ],
)
def test_a_wrong_field_is_named(changes, expected):
    assert places(make.submit(**changes)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code": "123", "number": "12345678"}, [("/code", "code")]),
        ({"code": "1234567890", "number": "123"}, [("/number", "number")]),
        ({"code": "", "number": ""}, [("/code", "code"), ("/number", "number")]),
    ],
)
def test_a_paper_invoice_has_a_code_and_a_number(changes, expected):
    assert places(make.submit(kind=InvoiceKind.PAPER, **changes)) == expected


def test_a_bill_without_any_number_is_refused():
    assert places(make.bill(vendor_reference="")) == [("/vendor_reference", "missing")]


def test_every_wrong_field_is_named_at_once():
    command = make.submit(
        number="1", tax_fen=5, issued_on=date(2026, 1, 1), contract_id=new_id(), files=("b" * 64,)
    )
    assert {pointer for pointer, _ in places(command)} == {
        "/number",
        "/gross_fen",
        "/issued_on",
        "/contract_id",
        "/files/0",
    }


def test_an_invoice_file_is_no_table_and_no_file_twice():
    around = replace(TODAY, files={"a" * 64: MediaType.CSV, "b" * 64: MediaType.PDF})
    command = make.submit(files=("a" * 64, "b" * 64), attachments=("b" * 64,))
    assert places(command, around) == [("/files/0", "file-kind"), ("/files", "twice")]


@pytest.mark.parametrize(
    ("issued_on", "is_covered"),
    [
        (date(2024, 12, 31), False),
        (date(2025, 1, 1), True),
        (date(2026, 3, 31), True),
        (date(2026, 4, 1), False),
    ],
)
def test_a_contract_covers_its_term_and_ninety_days_of_grace(issued_on, is_covered):
    assert contracts.is_billable(contract(), issued_on, 90) is is_covered


def test_a_drafted_contract_covers_nothing():
    drafted = contract(state=ContractState.DRAFTED)
    assert not contracts.is_billable(drafted, date(2025, 9, 1), 90)


def test_red_invoices_take_back_no_more_than_the_blue_one():
    blue = submitted(gross_fen=1000)
    red = make.bill(-400, corrects_id=blue.invoice_id)
    around = replace(TODAY, blue={blue.invoice_id: blue}, taken_back_fen={blue.invoice_id: -600})
    assert submission.prepare(KEY, red, around).content == red
    assert places(make.bill(-401, corrects_id=blue.invoice_id), around) == [
        ("/gross_fen", "over-corrected")
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"vendor_id": new_id()},
        {"state": InvoiceState.REJECTED},
        {"gross_fen": -5, "net_fen": -5},
    ],
)
def test_a_red_invoice_cites_a_live_blue_one_of_its_vendor(changes):
    blue = replace(submitted(gross_fen=1000), **changes)
    around = replace(TODAY, blue={blue.invoice_id: blue})
    assert places(make.bill(-4, corrects_id=blue.invoice_id), around) == [
        ("/corrects_id", "missing")
    ]


def test_a_vendors_key_stands_for_its_vendor_alone():
    assert submission.vendor_of(KEY, make.bill()) == VENDOR
    assert submission.vendor_of(KEY, make.bill(vendor_id=VENDOR)) == VENDOR
    with pytest.raises(Missing):
        submission.vendor_of(KEY, make.bill(vendor_id=new_id()))


def test_the_trustee_names_the_vendor():
    bookkeeper = make_caller(Office.TRUSTEE_BOOKKEEPER)
    assert submission.vendor_of(bookkeeper, make.bill(vendor_id=VENDOR)) == VENDOR
    with pytest.raises(FieldsInvalid):
        submission.vendor_of(bookkeeper, make.bill())


def test_neither_the_owners_side_nor_a_key_without_scope_submits():
    with pytest.raises(OfficeNeeded):
        submission.check_submits(make_caller(Office.COMMITTEE_DIRECTOR))
    with pytest.raises(ScopeNeeded):
        submission.check_submits(make_caller(scopes=("books:read",)))


def test_claims_tell_numbers_references_and_files_apart():
    prepared = submission.prepare(
        KEY,
        make.submit(vendor_reference="A-1", files=("a" * 64,)),
        replace(TODAY, files={"a" * 64: MediaType.PDF}),
    )
    assert set(prepared.claims) == {
        f"number:{make.NUMBER}",
        f"reference:{VENDOR}:A-1",
        "file:" + "a" * 64,
    }


def test_a_number_leaves_only_its_digest_outside_the_compound():
    prepared = submission.prepare(KEY, make.submit(), TODAY)
    assert len(bytes.fromhex(prepared.number_hash)) == 32
    assert make.NUMBER not in prepared.number_hash
    assert submission.prepare(KEY, make.bill(), TODAY).number_hash == ""


def test_a_duplicate_names_what_is_the_same():
    refusal = submission.refusal_of(Verdict.DUPLICATE_HERE, ("file:aa", "number:1", "file:bb"))
    assert isinstance(refusal, submission.InvoiceDuplicate)
    assert refusal.what == "file, number"


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_success_or_a_refusal(verdict):
    refusal = submission.refusal_of(verdict, ())
    assert (refusal is None) == (verdict in (Verdict.SUBMITTED, Verdict.ALREADY))


# Acceptance


def acceptance_of(invoice, *lines, **changes):
    values = {
        "entry_id": new_id(),
        "accounting_on": date(2025, 9, 15),
        "fund": "OP",
        "memo": "九月公共用水",
        "lines": lines,
        "evidence": ("c" * 64,),
    }
    return AcceptInvoice(**(values | changes))


def line(amount_fen=193_420, account="510208", **changes):
    needs_line = account.startswith("5")
    values = {
        "account": account,
        "amount_fen": amount_fen,
        "budget_line_id": new_id() if needs_line else None,
    }
    return AcceptedLine(**(values | changes))


def check(invoice, command, *, is_own=False, similar=(), platform=()):
    acceptance.check_acceptable(invoice, command, is_own=is_own, similar=similar, platform=platform)


@pytest.mark.parametrize("account", ["510208", "1141", "1501", "2601", "220901"])
def test_an_invoice_is_an_expense_a_prepayment_or_a_liability(account):
    invoice = submitted()
    command = acceptance_of(invoice, line(account=account))
    check(invoice, command)
    entry = acceptance.entry(invoice, command, None)
    assert [(each.account, each.side, each.amount_fen) for each in entry.lines] == [
        (account, Side.DEBIT, 193_420),
        ("2202", Side.CREDIT, 193_420),
    ]
    assert entry.lines[-1].counterparty_id == VENDOR


@pytest.mark.parametrize(
    "account", ["100201", "1001", "101201", "2202", "310101", "4301", "9101", "x"]
)
def test_no_other_account_takes_an_invoice(account):
    invoice = submitted()
    with pytest.raises(FieldsInvalid) as refused:
        check(invoice, acceptance_of(invoice, line(account=account)))
    assert [error.pointer for error in refused.value.errors] == ["/lines/0/account"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line(100)], [("/lines", "sum")]),
        ([line(193_420, budget_line_id=None)], [("/lines/0/budget_line_id", "missing")]),
        (
            [line(193_420, "2601", budget_line_id=new_id())],
            [("/lines/0/budget_line_id", "not-here")],
        ),
        ([line(200_000), line(-6_580)], [("/lines/1/amount_fen", "sign")]),
        ([line(193_420), line(0)], [("/lines/1/amount_fen", "sign")]),
    ],
)
def test_a_wrong_line_is_named(lines, expected):
    invoice = submitted()
    with pytest.raises(FieldsInvalid) as refused:
        check(invoice, acceptance_of(invoice, *lines))
    assert [(error.pointer, error.code) for error in refused.value.errors] == expected


def test_whoever_handed_it_in_does_not_accept_it():
    invoice = submitted()
    with pytest.raises(acceptance.SelfAcceptance):
        check(invoice, acceptance_of(invoice, line()), is_own=True)


def test_every_similar_invoice_must_be_acknowledged():
    invoice = submitted()
    others = tuple(
        Similar(invoice_id=new_id(), number="", state=InvoiceState.PAID) for _ in range(2)
    )
    ids = tuple(other.invoice_id for other in others)
    check(invoice, acceptance_of(invoice, line(), acknowledged_similar=ids), similar=others)
    with pytest.raises(acceptance.SimilarNotAcknowledged) as refused:
        check(invoice, acceptance_of(invoice, line(), acknowledged_similar=ids[:1]), similar=others)
    assert refused.value.similar == str(ids[1])


def looked_up(result):
    return PlatformCheck(
        check_id=new_id(),
        result=result,
        checked_at=SEPTEMBER,
        checked_by=new_id(),
        recorded_at=SEPTEMBER,
        note="",
    )


def test_an_e_invoice_without_xml_waits_for_the_tax_platform():
    prepared = submission.prepare(KEY, make.submit(), TODAY)
    invoice = submission.submitted(prepared, KEY)
    command = acceptance_of(invoice, line(840_000))
    with pytest.raises(acceptance.PlatformCheckNeeded):
        check(invoice, command)
    check(invoice, command, platform=[looked_up(PlatformResult.VALID)])
    check(replace(invoice, is_xml_checked=True), command)


@pytest.mark.parametrize(
    "result", [PlatformResult.VOID, PlatformResult.RED, PlatformResult.NOT_FOUND]
)
def test_what_the_platform_denies_is_not_accepted(result):
    invoice = submitted()
    seen = [looked_up(PlatformResult.VALID), looked_up(result)]
    with pytest.raises(acceptance.PlatformCheckFailed):
        check(invoice, acceptance_of(invoice, line()), platform=seen)


def test_a_red_invoice_posts_the_other_way_round():
    red = replace(submitted(), net_fen=-500, gross_fen=-500, corrects_id=new_id())
    command = acceptance_of(red, line(-500))
    check(red, command)
    entry = acceptance.entry(red, command, None)
    assert [(each.account, each.side, each.amount_fen) for each in entry.lines] == [
        ("510208", Side.CREDIT, 500),
        ("2202", Side.DEBIT, 500),
    ]


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=20), st.booleans())
def test_every_acceptance_balances(amounts, is_red):
    signed = [-amount if is_red else amount for amount in amounts]
    invoice = replace(submitted(), gross_fen=sum(signed), net_fen=sum(signed))
    command = acceptance_of(invoice, *(line(amount) for amount in signed))
    check(invoice, command)
    entry = acceptance.entry(invoice, command, None)
    assert sum(each.signed_fen for each in entry.lines) == 0
    assert all(each.amount_fen > 0 for each in entry.lines)


def test_lines_on_one_budget_line_use_it_once():
    line_id = new_id()
    invoice = submitted()
    command = acceptance_of(
        invoice, line(100_000, budget_line_id=line_id), line(93_420, budget_line_id=line_id)
    )
    (spending,) = acceptance.spendings(invoice, command, None, 0)
    assert (spending.line_id, spending.amount_fen) == (line_id, 193_420)


@pytest.mark.parametrize("state", InvoiceState)
@pytest.mark.parametrize("to", InvoiceState)
def test_an_invoice_moves_only_along_its_way(state, to):
    allowed = {
        ("submitted", "accepted"),
        ("submitted", "rejected"),
        ("submitted", "withdrawn"),
        ("accepted", "ordered"),
        ("accepted", "submitted"),
        ("ordered", "paid"),
        ("ordered", "accepted"),
        ("paid", "accepted"),
    }
    invoice = replace(submitted(), state=state)
    if (state, to) in allowed:
        assert acceptance.move(invoice, to).version == invoice.version + 1
    else:
        with pytest.raises(acceptance.InvoiceInWrongState):
            acceptance.move(invoice, to)


# Contracts


def test_a_bill_uses_what_the_contract_held_back():
    billed, relieved_fen = contracts.bill(contract(), 25_000, 25_000)
    assert (billed.billed_fen, billed.encumbered_fen, relieved_fen) == (25_000, 35_000, 25_000)


def test_only_the_part_on_the_contracts_line_is_relieved():
    billed, relieved_fen = contracts.bill(contract(), 25_000, 10_000)
    assert (billed.encumbered_fen, relieved_fen) == (50_000, 10_000)


def test_no_more_is_relieved_than_was_held_back():
    _, relieved_fen = contracts.bill(contract(encumbered_fen=5_000), 25_000, 25_000)
    assert relieved_fen == 5_000


def test_what_was_billed_before_counts():
    contracts.bill(contract(), 60_000, 0)
    with pytest.raises(contracts.ContractExceeded) as refused:
        contracts.bill(contract(), 60_001, 0)
    assert refused.value.open_fen == 60_000


@given(st.lists(st.integers(-50_000, 50_000).filter(bool), max_size=30))
def test_a_contract_is_never_billed_above_its_amount(amounts):
    standing = contract()
    for amount in amounts:
        try:
            standing, relieved_fen = contracts.bill(standing, amount, amount)
        except contracts.ContractExceeded:
            continue
        assert relieved_fen >= 0
    assert standing.open_fen >= 0
    assert 0 <= standing.encumbered_fen <= standing.terms.encumber_fen


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"ends_on": date(2025, 8, 31)}, "/ends_on"),
        ({"billed_before_fen": 3_360_001}, "/billed_before_fen"),
        ({"encumber_fen": 3_360_001}, "/encumber_fen"),
        ({"billed_before_fen": 360_000, "encumber_fen": 3_000_001}, "/encumber_fen"),
    ],
)
def test_contract_terms_that_do_not_fit_are_named(changes, pointer):
    with pytest.raises(FieldsInvalid) as refused:
        contracts.terms_of(draft_contract(**changes))
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_a_contract_holds_back_what_is_left_unless_it_says_otherwise():
    assert contracts.terms_of(draft_contract(billed_before_fen=360_000)).encumber_fen == 3_000_000
    assert contracts.terms_of(draft_contract(encumber_fen=0)).encumber_fen == 0


def draft_contract(**changes):
    return make.draft_contract(vendor().vendor_id, new_id(), **changes)
