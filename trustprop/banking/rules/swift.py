"""SWIFT MT940 statements, by the mt-940 library."""

import re
from datetime import date
from typing import Any

import mt940

from trustprop.banking.model import Format, ReadLine, ReadStatement
from trustprop.banking.rules.refusals import StatementUnreadable
from trustprop.banking.rules.running import check_closing, with_balances
from trustprop.kernel.money import fen

CURRENCY = "CNY"
_START = re.compile(rb"^(?:\{1:|:20:)", re.MULTILINE)
_FIELD = re.compile(r"\?(\d\d)")
_NAMES = ("32", "33")
_NUMBERS = ("31", "38")
_MEMOS = tuple(str(code) for code in (*range(20, 30), *range(60, 64)))


def is_mt940(content: bytes) -> bool:
    return bool(_START.search(content[:2000])) and b":60" in content and b":25:" in content


def read(content: bytes) -> ReadStatement:
    """Every message of the file, in order. Raises StatementUnreadable or BalanceBroken."""
    blocks = _blocks(_decode(content))
    if not blocks:
        raise StatementUnreadable(line=0, reason="mt940")
    lines: list[ReadLine] = []
    opening_fen: int | None = None
    closing_fen: int | None = None
    account = ""
    for block in blocks:
        parsed = _parse(block)
        opening = _balance(parsed, "opening")
        closing_fen = _balance(parsed, "closing")
        found = tuple(_line(transaction.data) for transaction in parsed)
        check_closing(found, opening, closing_fen)
        lines += with_balances(found, opening)
        opening_fen = opening if opening_fen is None else opening_fen
        account = str(parsed.data.get("account_identification", account))
    return ReadStatement(
        profile=Format.MT940.value,
        account_number=account.rpartition("/")[2].removesuffix(CURRENCY).strip(),
        opening_fen=opening_fen,
        closing_fen=closing_fen,
        lines=tuple(lines),
    )


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise StatementUnreadable(line=0, reason="encoding")


def _blocks(text: str) -> list[str]:
    """One message each: they begin with field 20."""
    parts = re.split(r"(?m)^(?=:20:)", text.replace("\r\n", "\n"))
    return [part for part in parts if part.startswith(":20:")]


def _parse(block: str) -> Any:
    try:
        return mt940.parse(block)
    except Exception:  # noqa: BLE001 - the library raises whatever its patterns run into
        raise StatementUnreadable(line=0, reason="mt940") from None


def _balance(parsed: Any, which: str) -> int:
    for kind in ("final", "intermediate"):
        balance = parsed.data.get(f"{kind}_{which}_balance")
        if balance is not None:
            return _fen(balance.amount)
    raise StatementUnreadable(line=0, reason="balance")


def _fen(amount: Any) -> int:
    if amount.currency != CURRENCY:
        raise StatementUnreadable(line=0, reason="currency")
    return fen(str(amount.amount))


def _line(details: dict[str, Any]) -> ReadLine:
    fields = _fields(str(details.get("transaction_details") or ""))
    booked = details["entry_date"] if details.get("entry_date") else details["date"]
    ours = str(details.get("customer_reference") or "")
    return ReadLine(
        booked_on=date(booked.year, booked.month, booked.day),
        amount_fen=_fen(details["amount"]),
        balance_fen=None,
        counterparty_name=_joined(fields, _NAMES),
        counterparty_number=_joined(fields, _NUMBERS),
        memo=_joined(fields, ("", *_MEMOS), " "),
        reference=ours if ours not in ("", "NONREF") else str(details.get("bank_reference") or ""),
    )


def _fields(text: str) -> dict[str, str]:
    """Field 86 by its ``?nn`` subfields; what stands before the first goes under the empty code."""
    parts = _FIELD.split(text.replace("\n", ""))
    codes = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {"": parts[0] if not codes else "", **codes}


def _joined(fields: dict[str, str], codes: tuple[str, ...], separator: str = "") -> str:
    return separator.join(fields[code].strip() for code in codes if fields.get(code)).strip()
