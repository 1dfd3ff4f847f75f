"""Released orders as the files that a bank takes: a table for people and pain.001 for machines."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from lxml import etree

from trustprop.disbursements.model import Payee
from trustprop.kernel.cells import harmless
from trustprop.kernel.money import yuan
from trustprop.kernel.periods import local_date
from trustprop.kernel.struct import Fact

PAIN_001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
HEADINGS = ("付款单号", "付款日期", "收款人", "开户行", "账号", "金额(元)", "用途", "付款单标识")
CURRENCY = "CNY"


class Debtor(Fact):
    """The account that pays."""

    title: str
    bank: str
    number: str


class Transfer(Fact):
    """One order as the bank sees it."""

    order_id: UUID
    number: str
    """``2025-12``."""
    amount_fen: int
    payee: Payee
    purpose: str
    execute_on: date


def table(transfers: Sequence[Transfer]) -> bytes:
    """UTF-8 with BOM, amounts in yuan, so that Excel opens it as it is meant.

    A tab before the account number keeps Excel from rounding its digits away.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(HEADINGS)
    for transfer in transfers:
        payee = transfer.payee
        amount = yuan(transfer.amount_fen).replace(",", "")
        rows.writerow(
            (
                transfer.number,
                transfer.execute_on.isoformat(),
                harmless(payee.name),
                harmless(payee.bank),
                "\t" + payee.number,
                amount,
                harmless(transfer.purpose),
                str(transfer.order_id),
            )
        )
    return text.getvalue().encode("utf-8-sig")


def pain_001(file_id: UUID, debtor: Debtor, transfers: Sequence[Transfer], at: datetime) -> bytes:
    """ISO 20022 CustomerCreditTransferInitiation, one payment block per day of execution."""
    document = etree.fromstring(f'<Document xmlns="{PAIN_001}"/>')
    initiation = _child(document, "CstmrCdtTrfInitn")
    header = _child(initiation, "GrpHdr")
    _text(header, "MsgId", file_id.hex)
    _text(header, "CreDtTm", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _sums(header, transfers)
    _text(_child(header, "InitgPty"), "Nm", debtor.title[:140])
    ordered = sorted(transfers, key=lambda transfer: (transfer.execute_on, transfer.number))
    for i, (day, block) in enumerate(groupby(ordered, key=lambda transfer: transfer.execute_on), 1):
        _block(initiation, f"{file_id.hex[:24]}-{i}", debtor, day, tuple(block))
    return bytes(
        etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    )


def execute_on(pay_on: date, at: datetime) -> date:
    """A bank executes no day that is over."""
    return max(pay_on, local_date(at))


def _block(
    initiation: etree._Element,
    block_id: str,
    debtor: Debtor,
    day: date,
    transfers: Sequence[Transfer],
) -> None:
    block = _child(initiation, "PmtInf")
    _text(block, "PmtInfId", block_id)
    _text(block, "PmtMtd", "TRF")
    _text(block, "BtchBookg", "false")
    _sums(block, transfers)
    _text(_child(block, "ReqdExctnDt"), "Dt", day.isoformat())
    _text(_child(block, "Dbtr"), "Nm", debtor.title[:140])
    account = _child(block, "DbtrAcct")
    _account(account, debtor.number)
    _text(account, "Ccy", CURRENCY)
    _agent(block, "DbtrAgt", debtor.bank)
    for transfer in transfers:
        _transfer(block, transfer)


def _transfer(block: etree._Element, transfer: Transfer) -> None:
    """The order's id is the end-to-end id, by which the bank's statement finds it again."""
    payment = _child(block, "CdtTrfTxInf")
    identity = _child(payment, "PmtId")
    _text(identity, "InstrId", transfer.number)
    _text(identity, "EndToEndId", transfer.order_id.hex)
    amount = _text(_child(payment, "Amt"), "InstdAmt", yuan(transfer.amount_fen).replace(",", ""))
    amount.set("Ccy", CURRENCY)
    _agent(payment, "CdtrAgt", transfer.payee.bank)
    _text(_child(payment, "Cdtr"), "Nm", transfer.payee.name[:140])
    _account(_child(payment, "CdtrAcct"), transfer.payee.number)
    _text(_child(payment, "RmtInf"), "Ustrd", transfer.purpose[:140])


def _sums(parent: etree._Element, transfers: Sequence[Transfer]) -> None:
    _text(parent, "NbOfTxs", str(len(transfers)))
    total = sum(transfer.amount_fen for transfer in transfers)
    _text(parent, "CtrlSum", yuan(total).replace(",", ""))


def _account(parent: etree._Element, number: str) -> None:
    identity = _child(parent, "Id")
    _text(_child(identity, "Othr"), "Id", number[:34])


def _agent(parent: etree._Element, name: str, bank: str) -> None:
    institution = _child(_child(parent, name), "FinInstnId")
    _text(institution, "Nm", bank[:140])


def _text(parent: etree._Element, name: str, text: str) -> etree._Element:
    element = _child(parent, name)
    element.text = text
    return element


def _child(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{PAIN_001}}}{name}")
