"""Bank files as banks write them, and what a test needs of lines and candidates."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tests.make.billing import OPERATIONS_NUMBER
from tests.make.ground import new_id
from trustprop.banking import service
from trustprop.banking.model import (
    BankLine,
    Candidate,
    ImportedStatement,
    ImportStatement,
    ReadLine,
)
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller
from trustprop.kernel.money import yuan
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files

CCB_HEADER = (
    "账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,"
    "对方开户机构,记账日期,摘要,备注,账户明细编号-交易流水号,企业流水号,凭证种类,凭证号,关联账户"
)


def read_line(amount_fen: int, on: date = date(2025, 9, 10), **facts: Any) -> ReadLine:
    values: dict[str, Any] = {
        "booked_on": on,
        "amount_fen": amount_fen,
        "balance_fen": None,
        "counterparty_name": "",
        "counterparty_number": "",
        "memo": "",
        "reference": "",
    }
    return ReadLine(**(values | facts))


def line(amount_fen: int, on: date = date(2025, 9, 10), **facts: Any) -> BankLine:
    values: dict[str, Any] = {
        "line_id": new_id(),
        "statement_id": new_id(),
        "account": "100201",
        "booked_on": on,
        "day_index": 0,
        "amount_fen": amount_fen,
        "balance_fen": None,
        "counterparty_name": "",
        "counterparty_number": "",
        "memo": "",
        "reference": "",
    }
    return BankLine(**(values | facts))


def candidate(amount_fen: int, on: date = date(2025, 9, 10), **facts: Any) -> Candidate:
    values: dict[str, Any] = {"entry_id": new_id(), "on": on, "amount_fen": amount_fen}
    return Candidate(**(values | facts))


def plain_yuan(amount_fen: int) -> str:
    return yuan(amount_fen).replace(",", "")


def ccb(lines: Sequence[ReadLine], opening_fen: int = 0, number: str = OPERATIONS_NUMBER) -> bytes:
    """A statement of China Construction Bank's corporate online banking, in GBK."""
    out = io.StringIO()
    written = csv.writer(out, lineterminator="\r\n")
    written.writerow(CCB_HEADER.split(","))
    balance_fen = opening_fen
    for one in lines:
        balance_fen += one.amount_fen
        written.writerow(
            [
                f"\t{number}",
                "云栖里业主大会",
                f"{one.booked_on:%Y%m%d} 10:11:12",
                plain_yuan(-one.amount_fen) if one.amount_fen < 0 else "0.00",
                plain_yuan(one.amount_fen) if one.amount_fen > 0 else "0.00",
                yuan(balance_fen),
                "人民币元",
                one.counterparty_name,
                f"\t{one.counterparty_number}",
                "某支行",
                f"{one.booked_on:%Y%m%d}",
                one.memo,
                "",
                one.reference,
                "",
                "",
                "",
                "",
            ]
        )
    return out.getvalue().encode("gbk")


async def bring(
    tx: Tx, caller: Caller, folder: Path, content: bytes, **facts: Any
) -> ImportedStatement:
    """Uploads a file and imports it."""
    files = Files.at(str(folder))
    stored = await evidence.store(tx, caller, files, "statement.csv", content)
    values: dict[str, Any] = {
        "id": new_id(),
        "account": "100201",
        "file_sha256": stored.sha256,
    }
    return await service.import_statement(tx, caller, files, ImportStatement(**(values | facts)))


async def only_line(tx: Tx, caller: Caller) -> BankLine:
    (found,) = await service.lines(tx, caller, account=None, state=None, limit=10, after=None)
    return found
