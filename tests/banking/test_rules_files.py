"""Bank files of five banks and two standards, and files that are broken or hostile."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import banking as make
from tests.make.banking import read_line
from trustprop.banking import rules

SEPTEMBER_5 = date(2025, 9, 5)
SEPTEMBER_24 = date(2025, 9, 24)

ICBC = """凭证号,本方账号,对方账号,交易时间,借/贷,借方发生额,贷方发生额,对方行号,摘要,用途,对方单位名称,余额,个性化信息
00000001,\t1202020209900000001,\t6222020000001234,2025-09-24 09:01:02,贷,,250.60,102,汇入,物业费,张三,"281,990.78",
00000002,\t1202020209900000001,\t1202000000005678,2025-09-05 16:20:00,借,"46,800.00",,102,转账,保安费,示例保安服务有限公司,"281,740.18",
"""
ABC = """交易明细
账号:,10-200101040012345
交易时间,收入金额,支出金额,账户余额,交易行名,对方省市,对方账号,对方户名,交易用途,交易摘要,交易附言,交易流水号
20250905162000,,46800.00,281740.18,某支行,浙江,1202000000005678,示例保安服务有限公司,保安费,转账,,A1
20250924090102,250.60,,281990.78,某支行,浙江,6222020000001234,张三,,,物业费,A2
合计,250.60,46800.00,,,,,,,,,
"""
BOC = """查询账号[ Inquirer account number ],350600000001
交易类型[ Transaction Type ],付款人账号[ Debit Account No. ],付款人名称[ Payer's Name ],收款人账号[ Payee's Account Number ],收款人名称[ Payee's Name ],交易日期[ Transaction Date ],交易金额[ Trade Amount ],交易后余额[ After-transaction balance ],摘要[ Reference ],交易流水号[ Transaction reference number ],用途[ Purpose ],交易附言[ Remark ]
往账,350600000001,云栖里业主大会,1202000000005678,示例保安服务有限公司,20250905,-46800.00,281740.18,转账,B1,保安费,
来账,6222020000001234,张三,350600000001,云栖里业主大会,20250924,250.60,281990.78,汇入,B2,,物业费
"""
CMB = """# 招商银行 账号:571900000010001
账号,571900000010001
交易日,交易时间,起息日,交易类型,借方金额,贷方金额,余额,摘要,流水号,用途,业务参考号,收(付)方名称,收(付)方账号
20250905,16:20:00,20250905,转账,46800.00,,281740.18,保安费,C1,,,示例保安服务有限公司,1202000000005678
20250924,09:01:02,20250924,转账,,250.60,281990.78,物业费,C2,,,张三,6222020000001234
"""
CCB = make.ccb(
    [
        read_line(
            -4_680_000,
            SEPTEMBER_5,
            counterparty_name="示例保安服务有限公司",
            counterparty_number="1202000000005678",
            memo="保安费",
            reference="D1",
        ),
        read_line(
            25_060,
            SEPTEMBER_24,
            counterparty_name="张三",
            counterparty_number="6222020000001234",
            memo="物业费",
            reference="D2",
        ),
    ],
    32_854_018,
)
MT940 = """:20:STARTUMS
:25:5101000012345
:28C:00001/001
:60F:C250831CNY328540,18
:61:2509050905D46800,00NTRF2025-0001//B001
:86:?20Baoan fei?311202000000005678?32Shili Baoan
:61:2509240924C250,60NMSCNONREF//B002
:86:Wuye fei
:62F:C250924CNY281990,78
-
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Acct><Id><Othr><Id>33050161702700000001</Id></Othr></Id></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">328540.18</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">281990.78</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Ntry><Amt Ccy="CNY">46800.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2025-09-05</Dt></BookgDt><AcctSvcrRef>E1</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>0199aabb</EndToEndId></Refs>
<RltdPties><Cdtr><Pty><Nm>示例保安服务有限公司</Nm></Pty></Cdtr>
<CdtrAcct><Id><Othr><Id>1202000000005678</Id></Othr></Id></CdtrAcct></RltdPties>
<RmtInf><Ustrd>保安费</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">250.60</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><DtTm>2025-09-24T09:01:02</DtTm></BookgDt><AcctSvcrRef>E2</AcctSvcrRef></Ntry>
<Ntry><Amt Ccy="CNY">9.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
<BookgDt><Dt>2025-09-25</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""
FILES = {
    "ccb": CCB,
    "icbc": ICBC.encode("gbk"),
    "abc": ABC.encode("gbk"),
    "boc": BOC.encode("utf-8-sig"),
    "cmb": CMB.encode(),
    "mt940": MT940.encode(),
    "camt.053": CAMT.encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_every_layout_says_the_same_two_lines(name: str):
    statement = rules.read(FILES[name], None)
    assert statement.profile == name
    said = [(line.booked_on, line.amount_fen, line.balance_fen) for line in statement.lines]
    assert said == [
        (SEPTEMBER_5, -4_680_000, 28_174_018),
        (SEPTEMBER_24, 25_060, 28_199_078),
    ]
    assert (statement.opening_fen, statement.closing_fen) == (32_854_018, 28_199_078)
    assert statement.account_number
    assert rules.read(FILES[name], name) == statement


@pytest.mark.parametrize("name", ["ccb", "icbc", "abc", "boc", "cmb", "camt.053"])
def test_the_other_side_is_named_whichever_way_the_money_went(name: str):
    out = rules.read(FILES[name], None).lines[0]
    assert out.counterparty_name == "示例保安服务有限公司"
    assert out.counterparty_number == "1202000000005678"
    assert "保安费" in out.memo


def test_our_own_reference_comes_back_in_the_standards():
    assert rules.read(FILES["camt.053"], None).lines[0].reference == "0199aabb"
    assert [line.reference for line in rules.read(FILES["mt940"], None).lines] == [
        "2025-0001",
        "B002",
    ]


def test_the_same_lines_have_the_same_ids_in_every_layout():
    account = make.line(1).line_id
    drawn = [
        rules.draw_lines(account, "100201", account, rules.read(content, None))
        for content in FILES.values()
    ]
    assert len({tuple(line.line_id for line in lines) for lines in drawn}) == 1


def test_two_lines_that_say_the_very_same_are_two_lines():
    same = [read_line(100), read_line(-100), read_line(100), read_line(-100)]
    statement = rules.read(make.ccb(same), None)
    compound = make.line(1).line_id
    drawn = rules.draw_lines(compound, "100201", compound, statement)
    assert len({line.line_id for line in drawn}) == 4


@given(
    st.lists(
        st.integers(min_value=-(10**9), max_value=10**9).filter(bool), min_size=1, max_size=20
    ),
    st.integers(min_value=0, max_value=10**12),
    st.booleans(),
)
def test_a_statement_is_read_as_it_was_written_in_either_order(
    amounts: list[int], opening_fen: int, newest_first: bool
):
    written = [read_line(fen, date(2025, 9, 1 + i)) for i, fen in enumerate(amounts)]
    rows = make.ccb(written, opening_fen).decode("gbk").splitlines(keepends=True)
    if newest_first:
        rows = [rows[0], *reversed(rows[1:])]
    statement = rules.read("".join(rows).encode("gbk"), "ccb")
    assert [line.amount_fen for line in statement.lines] == amounts
    assert statement.opening_fen == opening_fen


def test_a_file_that_lost_a_line_is_refused_where_it_breaks():
    lines = [read_line(100, date(2025, 9, day)) for day in range(1, 5)]
    rows = make.ccb(lines).decode("gbk").splitlines(keepends=True)
    del rows[2]
    with pytest.raises(rules.BalanceBroken) as refused:
        rules.read("".join(rows).encode("gbk"), None)
    assert refused.value.line == 3
    assert (refused.value.expected_fen, refused.value.found_fen) == (200, 300)


@pytest.mark.parametrize("name", ["camt.053", "mt940"])
def test_a_closing_that_the_lines_do_not_make_is_refused(name: str):
    changed = FILES[name].replace(b"281990", b"281991")
    with pytest.raises(rules.BalanceBroken):
        rules.read(changed, None)


@pytest.mark.parametrize(
    ("content", "profile"),
    [
        (b"", None),
        (b"a,b,c\n1,2,3\n", None),
        (b"\xff\xfe\x00\x81", None),
        (CAMT.replace("CNY", "USD").encode(), None),
        (CAMT.replace("46800.00", "46800.001").encode(), None),
        (CAMT[:-40].encode(), None),
        (CAMT.replace("2025-09-05", "2025-13-05").encode(), None),
        (MT940.replace("CNY", "USD").encode(), None),
        (MT940.replace(":60F:", ":60X:").encode(), "mt940"),
        (CCB.replace(b"46800.00", b"4x800.00"), None),
        (CCB, "icbc"),
    ],
)
def test_what_is_no_statement_is_refused(content: bytes, profile: str | None):
    with pytest.raises(rules.StatementUnreadable):
        rules.read(content, profile)


def test_an_unknown_profile_is_refused():
    with pytest.raises(rules.ProfileUnknown):
        rules.read(CCB, "hsbc")


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_entities_and_doctypes_are_refused(doctype: str):
    hostile = CAMT.replace("?>\n", f"?>\n{doctype}\n", 1).replace("保安费", "&x;")
    with pytest.raises(rules.StatementUnreadable):
        rules.read(hostile.encode(), "camt.053")
