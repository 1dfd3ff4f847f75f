"""The journal for other programs: CSV and XLSX for people, beancount and hledger for accountants.

Each is written in pieces, so that an export needs no more memory than the entries at hand. In the two
plain-text formats every fund is a sub-account, which keeps the balance inside each fund visible there.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import xlsxwriter

from trustprop.kernel.cells import harmless
from trustprop.kernel.money import yuan
from trustprop.kernel.periods import utc
from trustprop.ledger.model import AccountClass, Chart, JournalEntry, Posting, Side

BOM = "\ufeff"
HEADINGS = {
    "zh-CN": (
        "凭证号", "日期", "记账时刻", "类型", "摘要", "科目", "科目名称", "基金", "借方(元)", "贷方(元)",
        "范围", "项目", "往来单位", "预算行", "冲销凭证", "叶哈希",
    ),
    "en": (
        "number", "date", "recorded at", "kind", "memo", "account", "account name", "fund",
        "debit (yuan)", "credit (yuan)", "scope", "project", "counterparty", "budget line", "reverses",
        "leaf hash",
    ),
}  # fmt: skip
_ROOTS = {
    AccountClass.ASSET: "Assets",
    AccountClass.LIABILITY: "Liabilities",
    AccountClass.NET_ASSETS: "Equity",
    AccountClass.INCOME: "Income",
    AccountClass.EXPENSE: "Expenses",
    AccountClass.MEMO: "Equity",
}


def csv_heading(language: str) -> str:
    """With a byte order mark, so that Excel reads it as UTF-8."""
    return BOM + _csv([HEADINGS[language]])


def csv_lines(chart: Chart, language: str, entries: Iterable[JournalEntry]) -> str:
    return _csv(_cells(chart, language, entries))


def xlsx(chart: Chart, language: str, entries: Iterable[JournalEntry]) -> bytes:
    """One sheet, frozen heading, amounts as numbers with two decimals."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("凭证" if language == "zh-CN" else "journal")
        bold = book.add_format({"bold": True})
        money = book.add_format({"num_format": "#,##0.00"})
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(HEADINGS[language]):
            sheet.write_string(0, column, heading, bold)
        row = 1
        for entry in entries:
            for line in entry.lines:
                for column, cell in enumerate(_row(chart, language, entry, line)):
                    sheet.write_string(row, column, cell)
                amount_column = 8 if line.side is Side.DEBIT else 9
                sheet.write_number(row, 0, entry.number)
                sheet.write_number(row, amount_column, Decimal(line.amount_fen) / 100, money)
                row += 1
        sheet.autofilter(0, 0, max(row - 1, 1), len(HEADINGS[language]) - 1)
    return content.getvalue()


def beancount_heading(chart: Chart, title: str, opened_on: date) -> str:
    lines = [f'option "title" {_quoted(title)}', 'option "operating_currency" "CNY"', ""]
    for account in chart.accounts.values():
        for fund in chart.funds:
            lines.append(f"{opened_on} open {_root(account.code)}:{account.code}:{fund} CNY")
            lines.append(f"  name: {_quoted(account.name_zh)}")
    return "\n".join([*lines, "", ""])


def beancount_entries(entries: Iterable[JournalEntry]) -> str:
    blocks = []
    for entry in entries:
        lines = [
            f"{entry.accounting_on} * {_quoted(entry.memo)}",
            f"  number: {entry.number}",
            f'  kind: "{entry.kind}"',
            f'  entry: "{entry.entry_id}"',
        ]
        lines += [
            f"  {_root(line.account)}:{line.account}:{line.fund}  {_signed_yuan(line)} CNY"
            for line in entry.lines
        ]
        blocks.append("\n".join(lines) + "\n\n")
    return "".join(blocks)


def hledger_heading(chart: Chart) -> str:
    lines = ["commodity 1000.00 CNY", ""]
    for account in chart.accounts.values():
        lines += [f"account {_hledger_account(account.code, fund)}" for fund in chart.funds]
    return "\n".join([*lines, "", ""])


def hledger_entries(entries: Iterable[JournalEntry]) -> str:
    blocks = []
    for entry in entries:
        lines = [
            f"{entry.accounting_on} * ({entry.number}) {_one_line(entry.memo)}",
            f"    ; kind:{entry.kind}, entry:{entry.entry_id}",
        ]
        lines += [
            f"    {_hledger_account(line.account, line.fund)}  {_signed_yuan(line)} CNY"
            for line in entry.lines
        ]
        blocks.append("\n".join(lines) + "\n\n")
    return "".join(blocks)


def _cells(
    chart: Chart, language: str, entries: Iterable[JournalEntry]
) -> Iterator[tuple[str, ...]]:
    for entry in entries:
        for line in entry.lines:
            yield tuple(map(harmless, _row(chart, language, entry, line)))


def _row(chart: Chart, language: str, entry: JournalEntry, line: Posting) -> tuple[str, ...]:
    account = chart.accounts[line.account]
    amount = yuan(line.amount_fen).replace(",", "")
    return (
        str(entry.number),
        entry.accounting_on.isoformat(),
        utc(entry.recorded_at),
        entry.kind.value,
        entry.memo,
        line.account,
        account.name_zh if language == "zh-CN" else account.name_en,
        line.fund,
        amount if line.side is Side.DEBIT else "",
        amount if line.side is Side.CREDIT else "",
        line.scope,
        line.project,
        str(line.counterparty_id or ""),
        str(line.budget_line_id or ""),
        str(entry.reverses or ""),
        entry.leaf_hash,
    )


def _csv(rows: Iterable[tuple[str, ...]]) -> str:
    content = io.StringIO()
    csv.writer(content, lineterminator="\r\n").writerows(rows)
    return content.getvalue()


def _root(code: str) -> str:
    return _ROOTS[AccountClass(code[0])]


def _hledger_account(code: str, fund: str) -> str:
    return f"{_root(code).lower()}:{code}:{fund}"


def _signed_yuan(line: Posting) -> str:
    return yuan(line.signed_fen).replace(",", "")


def _quoted(text: str) -> str:
    escaped = _one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _one_line(text: str) -> str:
    """Line feeds and what hledger reads as a comment or a payee become harmless."""
    return " ".join(text.split()).replace(";", "；").replace("|", "｜")
