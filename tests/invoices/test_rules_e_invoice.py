"""The XML of an e-invoice: read from good hands and bad ones, and checked."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from tests.invoices.test_rules_vendors import vendor
from tests.make import invoices as make
from trustprop.invoices.model import Buyer
from trustprop.invoices.rules import e_invoice as rules

BUYERS = (Buyer(name=make.BUYER[0], credit_code=make.BUYER[1]),)
SELLER = vendor(name=make.SELLER[0], credit_code=make.SELLER[1])


def codes(content, stated=None, *, seller=SELLER, buyers=BUYERS, blue=None):
    found = rules.read(content)
    stated = stated or make.submit()
    return [error.code for error in rules.errors(stated, found, seller, buyers, blue, "/files/0")]


def test_an_e_invoice_is_read_field_by_field():
    found = rules.read(make.e_invoice_xml(remark="示例小区"))
    assert (found.number, found.issued_on) == (make.NUMBER, date(2025, 9, 12))
    assert (found.seller_name, found.seller_id) == make.SELLER
    assert (found.buyer_name, found.buyer_id) == make.BUYER
    assert (found.net_fen, found.tax_fen, found.gross_fen) == (792_453, 47_547, 840_000)
    assert [(line.name, line.amount_fen, line.tax_fen) for line in found.lines] == [
        ("电梯维护保养", 792_453, 47_547)
    ]
    assert found.remark == "示例小区"


def test_a_good_e_invoice_passes_every_check():
    assert codes(make.e_invoice_xml()) == []


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "GB18030", "GBK"])
def test_the_encodings_that_issuers_use_are_read(encoding):
    assert codes(make.e_invoice_xml(encoding=encoding)) == []


@pytest.mark.parametrize(
    "issue_time", ["2025-09-12", "2025-09-12 09:30:00", "2025-09-12T09:30:00+08:00", "2025/09/12"]
)
def test_the_date_may_come_with_a_time(issue_time):
    assert codes(make.e_invoice_xml(issue_time=issue_time)) == []


def test_a_namespace_does_not_hide_the_fields():
    content = make.e_invoice_xml().replace(b"<EInvoice>", b'<EInvoice xmlns="urn:x">')
    assert codes(content) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": make.number(2)}, "xml-number-differs"),
        ({"seller": ("示例电梯有限公司", make.BUYER[1])}, "xml-seller"),
        ({"buyer": ("另一个小区业主大会", make.BUYER[1])}, "xml-buyer"),
        ({"buyer": (make.BUYER[0], make.SELLER[1])}, "xml-buyer"),
        ({"issue_time": "2025-09-11"}, "xml-date-differs"),
        ({"lines": [("x", 792_453, 47_546)], "tax_fen": 47_547}, "xml-line-taxes"),
        ({"lines": [("x", 792_452, 47_547)], "net_fen": 792_453}, "xml-lines"),
    ],
)
def test_each_check_finds_its_own_fault(changes, code):
    assert codes(make.e_invoice_xml(**changes)) == [code]


def test_every_failed_check_is_named_at_once():
    content = make.e_invoice_xml(
        number=make.number(3),
        seller=("x", make.BUYER[1]),
        buyer=("y", make.SELLER[1]),
        issue_time="2024-01-01",
        lines=[("a", 100, 7)],
        net_fen=101,
        tax_fen=8,
        gross_fen=110,
    )
    assert codes(content) == [
        "xml-number-differs",
        "xml-seller",
        "xml-buyer",
        "xml-sum",
        "xml-lines",
        "xml-line-taxes",
        "xml-date-differs",
        "xml-amounts-differ",
    ]


def test_lines_that_do_not_say_their_tax_are_not_summed():
    content = make.e_invoice_xml(
        lines=[("a", 700_000, None), ("b", 92_453, None)], tax_fen=47_547, gross_fen=840_000
    )
    assert codes(content) == []


def test_a_discount_line_is_below_zero():
    content = make.e_invoice_xml(lines=[("维保", 892_453, 53_547), ("折扣", -100_000, -6_000)])
    assert codes(content) == []


@pytest.mark.parametrize(
    ("remark", "expected"), [("服务于示例小区九月", []), ("", ["xml-buyer"]), ("示例 小区", [])]
)
def test_the_trustee_as_buyer_needs_the_compound_in_the_remark(remark, expected):
    trustee = Buyer(name="示例物业（成都）公司", credit_code=make.BUYER[1], must_name="示例小区")
    content = make.e_invoice_xml(buyer=("示例物业(成都)公司", make.BUYER[1]), remark=remark)
    assert codes(content, buyers=(trustee,)) == expected


# Hostile files

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">]><EInvoice>&lol3;</EInvoice>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<EInvoice><TaxSupervisionInfo><InvoiceNumber>&e;</InvoiceNumber></TaxSupervisionInfo></EInvoice>"""
PARAMETER = b"""<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd"><EInvoice/>"""
INCLUDE = b"""<EInvoice xmlns:xi="http://www.w3.org/2001/XInclude"><TaxSupervisionInfo><InvoiceNumber>
<xi:include href="file:///etc/passwd" parse="text"/></InvoiceNumber></TaxSupervisionInfo></EInvoice>"""
EBCDIC = '<?xml version="1.0" encoding="cp037"?><EInvoice/>'.encode("cp037")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (LAUGHS, "xml-doctype"),
        (LAUGHS.decode().encode("utf-16"), "xml-doctype"),
        (LAUGHS.replace(b"<!DOCTYPE", b"<!doctype"), "xml-doctype"),
        (OUTSIDE, "xml-doctype"),
        (PARAMETER, "xml-doctype"),
        (INCLUDE, "xml-field-missing"),
        (b"<EInvoice>&lol;</EInvoice>", "xml-unreadable"),
        (b"<EInvoice>" + b"<a>" * 100_000, "xml-unreadable"),
        (b"<EInvoice>" + b" " * (30 << 20) + b"</EInvoice>", "xml-too-large"),
        (
            '<?xml version="1.0" encoding="UTF-8"?><EInvoice>发票</EInvoice>'.encode("gb18030"),
            "xml-unreadable",
        ),
        (b'<?xml version="1.0" encoding="no-such"?><EInvoice/>', "xml-unreadable"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><EInvoice/>', "xml-encoding"),
        (EBCDIC, "xml-unreadable"),
        (b"", "xml-unreadable"),
        (b"%PDF-1.7", "xml-unreadable"),
        (b"<Other/>", "xml-no-invoice"),
        (b"<EInvoice/>", "xml-field-missing"),
        (make.e_invoice_xml().replace(b"8400.00", b"NaN"), "xml-amount"),
        (make.e_invoice_xml().replace(b"8400.00", b"1e999"), "xml-amount"),
        (make.e_invoice_xml().replace(b"8400.00", b"8400.001"), "xml-amount"),
        (make.e_invoice_xml(issue_time="12 Sept"), "xml-date"),
        (make.e_invoice_xml(issue_time="2025-13-45"), "xml-date"),
        (make.e_invoice_xml(lines=[("x", 1, 0)] * (rules.MAX_LINES + 1)), "xml-field-missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_xml_is_refused_with_its_reason(content, code):
    with pytest.raises(rules.XmlRefused) as refused:
        rules.read(content)
    assert refused.value.error_code == code


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_xml_is_read_or_refused_but_never_an_error(data):
    content = make.e_invoice_xml()
    start = data.draw(st.integers(0, len(content)))
    noise = data.draw(st.binary(max_size=20))
    skipped = data.draw(st.integers(0, 40))
    try:
        found = rules.read(content[:start] + noise + content[start + skipped :])
    except rules.XmlRefused:
        return
    assert replace(found).number


def test_without_the_guard_the_same_parser_would_follow_an_entity():
    """The control: an ordinary parser does what ours refuses to do."""

    document = b'<!DOCTYPE x [<!ENTITY e "harm">]><EInvoice>&e;</EInvoice>'
    assert etree.fromstring(document, etree.XMLParser(resolve_entities=True)).text == "harm"
    with pytest.raises(rules.XmlRefused):
        rules.read(document)
