import csv
import io
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from lxml import etree
from msgspec.structs import replace

from tests.make import disbursements as make
from tests.make import paying
from tests.make.ground import new_id
from tests.make.paying import Payers
from trustprop.disbursements import rules, service
from trustprop.disbursements.model import MakeBankFile, OrderState, ReturnOrder
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files

AT = datetime(2025, 9, 15, 4, tzinfo=UTC)
DEBTOR = rules.Debtor(title="云栖里业主大会", bank="某银行某支行", number="330100000012345678")
NS = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"

SEQUENCES = {
    # Of the standard: each element's children in their order; "?" may be left out, "*" may repeat.
    "Document": "CstmrCdtTrfInitn",
    "CstmrCdtTrfInitn": "GrpHdr PmtInf*",
    "GrpHdr": "MsgId CreDtTm Authstn? NbOfTxs CtrlSum? InitgPty FwdgAgt? InitnSrc?",
    "PmtInf": "PmtInfId PmtMtd ReqdAdvcTp? BtchBookg? NbOfTxs? CtrlSum? PmtTpInf? ReqdExctnDt "
    "PoolgAdjstmntDt? Dbtr DbtrAcct DbtrAgt DbtrAgtAcct? InstrForDbtrAgt? UltmtDbtr? ChrgBr? "
    "ChrgsAcct? ChrgsAcctAgt? CdtTrfTxInf*",
    "CdtTrfTxInf": "PmtId PmtTpInf? Amt XchgRateInf? ChrgBr? MndtRltdInf? ChqInstr? UltmtDbtr? "
    "IntrmyAgt1? IntrmyAgt1Acct? IntrmyAgt2? IntrmyAgt2Acct? IntrmyAgt3? IntrmyAgt3Acct? CdtrAgt? "
    "CdtrAgtAcct? Cdtr? CdtrAcct? UltmtCdtr? InstrForCdtrAgt? InstrForDbtrAgt? Purp? RgltryRptg? "
    "Tax? RltdRmtInf? RmtInf? SplmtryData?",
    "PmtId": "InstrId? EndToEndId UETR?",
    "Amt": "InstdAmt",
    "ReqdExctnDt": "Dt",
    "InitgPty": "Nm? PstlAdr? Id? CtryOfRes? CtctDtls?",
    "Dbtr": "Nm? PstlAdr? Id? CtryOfRes? CtctDtls?",
    "Cdtr": "Nm? PstlAdr? Id? CtryOfRes? CtctDtls?",
    "DbtrAcct": "Id? Tp? Ccy? Nm? Prxy?",
    "CdtrAcct": "Id? Tp? Ccy? Nm? Prxy?",
    "Id": "Othr",
    "Othr": "Id SchmeNm? Issr?",
    "DbtrAgt": "FinInstnId BrnchId?",
    "CdtrAgt": "FinInstnId BrnchId?",
    "FinInstnId": "BICFI? ClrSysMmbId? LEI? Nm? PstlAdr? Othr?",
    "RmtInf": "Ustrd* Strd?",
}
TEXTS = {"MsgId": 35, "PmtInfId": 35, "InstrId": 35, "EndToEndId": 35, "Nm": 140, "Ustrd": 140}


def transfer(number: int = 1, **changes: object) -> rules.Transfer:
    made = rules.Transfer(
        order_id=UUID(int=number),
        number=f"2025-{number}",
        amount_fen=48_620,
        payee=make.TAX_OFFICE,
        purpose="缴8月税费",
        execute_on=date(2025, 9, 15),
    )
    return replace(made, **changes)


def check_structure(element: etree._Element) -> None:
    """Fails where the standard's order, cardinality or length is not kept."""
    name = str(element.tag).removeprefix(NS)
    children = [str(child.tag).removeprefix(NS) for child in element]
    if name == "Id" and not children:
        assert 0 < len(element.text or "") <= 34
        return
    if name not in SEQUENCES:
        assert children == []
        assert 0 < len(element.text or "") <= TEXTS.get(name, 40)
        return
    left = list(children)
    for wanted in SEQUENCES[name].split():
        bare = wanted.rstrip("?*")
        count = 0
        while left and left[0] == bare and (count == 0 or wanted.endswith("*")):
            left.pop(0)
            count += 1
        assert count or wanted.endswith("?"), f"{name} lacks {bare}"
    assert left == [], f"{name} has {left} out of place"
    for child in element:
        check_structure(child)


def test_the_message_has_the_structure_of_the_standard() -> None:
    later = transfer(3, execute_on=date(2025, 9, 16), amount_fen=1)
    long = transfer(2, purpose="长" * 300, payee=replace(make.TAX_OFFICE, name="名" * 100))
    message = rules.pain_001(new_id(), DEBTOR, [transfer(), long, later], AT)
    root = etree.fromstring(message)
    check_structure(root)
    blocks = root.findall(f".//{NS}PmtInf")
    assert [block.findtext(f"{NS}NbOfTxs") for block in blocks] == ["2", "1"]
    assert [block.findtext(f"{NS}CtrlSum") for block in blocks] == ["972.40", "0.01"]
    assert root.findtext(f".//{NS}GrpHdr/{NS}CtrlSum") == "972.41"
    amounts = {one.get("Ccy") for one in root.iter(f"{NS}InstdAmt")}
    assert amounts == {"CNY"}


def test_a_structure_out_of_order_would_be_noticed() -> None:
    """The control of the test above."""
    root = etree.fromstring(rules.pain_001(new_id(), DEBTOR, [transfer()], AT))
    header = root.find(f".//{NS}GrpHdr")
    assert header is not None
    header.append(header[0])
    with pytest.raises(AssertionError, match="GrpHdr lacks MsgId"):
        check_structure(root)


def test_the_same_orders_give_the_same_bytes() -> None:
    file_id = new_id()
    again = [rules.pain_001(file_id, DEBTOR, [transfer()], AT) for _ in range(2)]
    assert again[0] == again[1]


def test_a_spreadsheet_shows_amounts_in_yuan_whole_numbers_and_no_formula() -> None:
    hostile = transfer(purpose="=HYPERLINK(1)", amount_fen=123_456_789)
    content = rules.table([hostile])
    assert content.startswith(b"\xef\xbb\xbf")
    (row,) = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert row["金额(元)"] == "1234567.89"
    assert row["用途"] == "'=HYPERLINK(1)"
    assert row["账号"] == "\t2130000012345678"
    assert row["付款日期"] == "2025-09-15"


def test_a_bank_is_not_asked_to_pay_on_a_day_that_is_over() -> None:
    assert rules.execute_on(date(2025, 9, 12), AT) == date(2025, 9, 15)
    assert rules.execute_on(date(2025, 9, 30), AT) == date(2025, 9, 30)


@pytest.fixture
async def payers(tx: Tx, caller: Caller) -> Payers:
    return await paying.make_payers(tx, caller.compound_id)


@pytest.fixture
def files(tmp_path) -> Files:
    return Files.at(str(tmp_path))


async def test_each_released_order_goes_into_one_file_which_is_kept_as_evidence(
    tx: Tx, payers: Payers, files: Files
) -> None:
    caller = payers.bookkeeper
    await paying.owe(tx, caller, "2205", 1_280_000)
    tax = await paying.pay(tx, payers)
    fee = await paying.pay(tx, payers, make.draft_order(amount_fen=1_280_000, account="2205"))
    command = MakeBankFile(id=new_id(), bank_account="100201")
    made = await service.make_bank_file(tx, caller, files, command)
    assert (made.orders, made.amount_fen) == (2, 1_328_620)
    _, table = await evidence.read(tx, caller, files, made.csv_sha256)
    assert [row[0] for row in csv.reader(io.StringIO(table.decode("utf-8-sig")))][1:] == [
        "2025-1",
        "2025-2",
    ]
    _, message = await evidence.read(tx, caller, files, made.xml_sha256)
    ids = [one.text for one in etree.fromstring(message).iter(f"{NS}EndToEndId")]
    assert ids == [tax.order_id.hex, fee.order_id.hex]
    exported = await service.find(tx, caller.compound_id, tax.order_id)
    assert (exported.state, exported.bank_file_id) == (OrderState.EXPORTED, made.file_id)
    assert await service.make_bank_file(tx, caller, files, command) == made
    with pytest.raises(rules.NothingToExport):
        await service.make_bank_file(tx, caller, files, replace(command, id=new_id()))


async def test_an_order_that_is_not_released_is_not_exported(
    tx: Tx, payers: Payers, files: Files
) -> None:
    order = await paying.draft(tx, payers)
    command = MakeBankFile(id=new_id(), bank_account="100201", order_ids=(order.order_id,))
    with pytest.raises(rules.OrdersNotExportable):
        await service.make_bank_file(tx, payers.bookkeeper, files, command)


async def test_an_exported_payment_that_comes_back_frees_what_it_paid(
    tx: Tx, payers: Payers, files: Files
) -> None:
    paid = await paying.pay(tx, payers)
    await service.make_bank_file(
        tx, payers.bookkeeper, files, MakeBankFile(id=new_id(), bank_account="100201")
    )
    back = ReturnOrder(reversal_id=new_id(), returned_on=date(2025, 9, 15), reason="户名不符")
    await service.mark_returned(tx, payers.bookkeeper, paid.order_id, back)
    again = await paying.pay(tx, payers)
    assert (again.number, again.state) == (2, OrderState.RELEASED)
