"""Other programs read the journal and come to the same balances."""

import asyncio
import csv
import io
import sys
from asyncio.subprocess import PIPE
from collections import defaultdict
from pathlib import Path
from shutil import which

import openpyxl
import pytest

from tests.make.ground import new_id
from tests.make.ledger import credit, debit, entry, fill_cash, open_books
from trustprop.kernel.caller import Caller
from trustprop.kernel.money import fen
from trustprop.ledger import service as ledger
from trustprop.ledger.model import EntryKind
from trustprop.ledger.service import ExportFormat
from trustprop.plumbing.database import Tx

MEMO = '="1+1" 付;保洁|\n第二行 \\"引号"'


@pytest.fixture
async def books(tx: Tx, caller: Caller) -> Tx:
    await open_books(tx, caller)
    await fill_cash(tx, caller, 1_234_567)
    await fill_cash(tx, caller, 50_005, account="100202", fund="PR")
    await ledger.post(
        tx,
        caller,
        (
            entry(debit("510301", 99), credit("100201", 99), kind=EntryKind.PAYMENT, memo=MEMO),
            entry(debit("112101", 7, counterparty_id=new_id(), scope="3栋"), credit("4301", 7)),
        ),
    )
    return tx


async def exported(tx: Tx, caller: Caller, form: ExportFormat, **more: object) -> bytes:
    pieces = [piece async for piece in ledger.export(tx, caller.compound_id, form, **more)]  # type: ignore[arg-type]
    return b"".join(pieces)


async def expected(tx: Tx, caller: Caller) -> dict[tuple[str, str], int]:
    found = await ledger.balances(tx, caller.compound_id)
    return {(one.account, one.fund): one.balance_fen for one in found}


async def test_a_spreadsheet_adds_up_to_the_balances(books: Tx, caller: Caller) -> None:
    content = (await exported(books, caller, ExportFormat.CSV)).decode("utf-8")
    assert content.startswith("\ufeff凭证号,日期,")
    totals: dict[tuple[str, str], int] = defaultdict(int)
    rows = list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
    for row in rows:
        amount = fen(row["借方(元)"] or "0") - fen(row["贷方(元)"] or "0")
        totals[row["科目"], row["基金"]] += amount
    assert dict(totals) == await expected(books, caller)
    assert rows[4]["摘要"] == "'" + MEMO
    assert rows[6]["科目名称"] == "应收物业费"


async def test_excel_opens_the_journal(books: Tx, caller: Caller) -> None:
    content = await exported(books, caller, ExportFormat.XLSX, language="en")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:3] == ("number", "date", "recorded at")
    assert len(rows) == 9
    assert rows[1][8] == 12345.67
    assert rows[5][4] == MEMO
    assert sheet["E6"].data_type == "s"


async def run(command: list[str], stdin: bytes = b"") -> str:
    """What the program printed; it must not complain."""
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    printed, complaints = await process.communicate(stdin)
    assert (process.returncode, complaints.decode()) == (0, "")
    return printed.decode()


READ_BEANCOUNT = """
import sys
from beancount import loader
from beancount.core import realization
entries, errors, options = loader.load_file(sys.argv[1])
assert not errors
for node in realization.iter_children(realization.realize(entries)):
    for position in node.balance:
        print(node.account, position.units.number)
"""


async def test_beancount_comes_to_the_same_balances(
    books: Tx, caller: Caller, tmp_path: Path
) -> None:
    path = tmp_path / "journal.beancount"
    path.write_bytes(await exported(books, caller, ExportFormat.BEANCOUNT))
    await run([str(Path(sys.executable).parent / "bean-check"), str(path)])
    found = {}
    for line in (await run([sys.executable, "-c", READ_BEANCOUNT, str(path)])).splitlines():
        account, amount = line.split()
        _, code, fund = account.split(":")
        found[code, fund] = fen(amount)
    assert found == await expected(books, caller)


@pytest.mark.skipif(which("hledger") is None, reason="hledger is not installed here")
async def test_hledger_comes_to_the_same_balances(books: Tx, caller: Caller) -> None:
    journal = await exported(books, caller, ExportFormat.HLEDGER)
    await run(["hledger", "-f", "-", "check", "--strict"], journal)
    listed = await run(["hledger", "-f", "-", "balance", "--flat", "-N", "-O", "csv"], journal)
    found = {}
    for account, amount in list(csv.reader(listed.splitlines()))[1:]:
        _, code, fund = account.split(":")
        found[code, fund] = fen(amount.removesuffix(" CNY"))
    assert found == await expected(books, caller)


async def test_an_export_stops_at_a_tree_size(books: Tx, caller: Caller) -> None:
    content = (await exported(books, caller, ExportFormat.CSV, as_of=2)).decode("utf-8-sig")
    assert len(content.splitlines()) == 5
