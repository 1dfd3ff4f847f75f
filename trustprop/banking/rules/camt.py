"""ISO 20022 camt.053 statements, read with entities, DTDs and the network off."""

from datetime import date

from lxml import etree

from trustprop.banking.model import Format, ReadLine, ReadStatement
from trustprop.banking.rules.refusals import StatementUnreadable
from trustprop.banking.rules.running import check_closing, with_balances
from trustprop.kernel.money import fen

CURRENCY = "CNY"


def is_camt(content: bytes) -> bool:
    return b"BkToCstmrStmt" in content[:4096]


def read(content: bytes) -> ReadStatement:
    """Raises StatementUnreadable or BalanceBroken."""
    root = _parse(content)
    statement = _child(root, "BkToCstmrStmt/Stmt")
    if statement is None:
        raise StatementUnreadable(line=0, reason="xml")
    opening_fen = _balance(statement, "OPBD")
    closing_fen = _balance(statement, "CLBD")
    booked = [e for e in _children(statement, "Ntry") if _status(e) == "BOOK"]
    lines = tuple(_line(entry) for entry in booked)
    if opening_fen is not None and closing_fen is not None:
        check_closing(lines, opening_fen, closing_fen)
    if opening_fen is not None:
        lines = with_balances(lines, opening_fen)
    return ReadStatement(
        profile=Format.CAMT053.value,
        account_number=_text(statement, "Acct/Id/Othr/Id") or _text(statement, "Acct/Id/IBAN"),
        opening_fen=opening_fen,
        closing_fen=closing_fen,
        lines=lines,
    )


def _parse(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise StatementUnreadable(line=error.lineno or 0, reason="xml") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise StatementUnreadable(line=1, reason="xml")
    return root


def _line(entry: etree._Element) -> ReadLine:
    is_credit = _text(entry, "CdtDbtInd") == "CRDT"
    amount_fen = _amount(entry)
    details = _child(entry, "NtryDtls/TxDtls")
    other = "Dbtr" if is_credit else "Cdtr"
    return ReadLine(
        booked_on=_date(entry),
        amount_fen=amount_fen if is_credit else -amount_fen,
        balance_fen=None,
        counterparty_name=_any(details, f"RltdPties/{other}/Pty/Nm", f"RltdPties/{other}/Nm"),
        counterparty_number=_any(
            details, f"RltdPties/{other}Acct/Id/Othr/Id", f"RltdPties/{other}Acct/Id/IBAN"
        ),
        memo=_any(details, "RmtInf/Ustrd") or _text(entry, "AddtlNtryInf"),
        reference=_reference(entry, details),
    )


def _reference(entry: etree._Element, details: etree._Element | None) -> str:
    """Ours comes first: the end-to-end id is the number of the order."""
    end_to_end = _any(details, "Refs/EndToEndId")
    if end_to_end and end_to_end != "NOTPROVIDED":
        return end_to_end
    return _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")


def _balance(statement: etree._Element, code: str) -> int | None:
    for balance in _children(statement, "Bal"):
        if _text(balance, "Tp/CdOrPrtry/Cd") == code:
            amount_fen = _amount(balance)
            return amount_fen if _text(balance, "CdtDbtInd") == "CRDT" else -amount_fen
    return None


def _amount(holder: etree._Element) -> int:
    element = _child(holder, "Amt")
    if element is None or element.get("Ccy", CURRENCY) != CURRENCY:
        raise StatementUnreadable(line=_place(holder), reason="currency")
    try:
        return fen(element.text or "")
    except ValueError:
        raise StatementUnreadable(line=_place(element), reason="amount") from None


def _date(entry: etree._Element) -> date:
    text = _text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise StatementUnreadable(line=_place(entry), reason="date") from None


def _place(element: etree._Element) -> int:
    """The line of the file, for whoever has to look at it."""
    line: int | None = getattr(element, "sourceline", None)
    return line or 0


def _status(entry: etree._Element) -> str:
    return _text(entry, "Sts/Cd") or _text(entry, "Sts")


def _any(holder: etree._Element | None, *paths: str) -> str:
    if holder is None:
        return ""
    return next((text for path in paths if (text := _text(holder, path))), "")


def _text(holder: etree._Element, path: str) -> str:
    found = _child(holder, path)
    return (found.text or "").strip() if found is not None else ""


def _child(holder: etree._Element, path: str) -> etree._Element | None:
    """By local names: banks send versions 001.02 to 001.12, which differ in namespace only."""
    return holder.find("/".join(f"{{*}}{step}" for step in path.split("/")))


def _children(holder: etree._Element, name: str) -> list[etree._Element]:
    return holder.findall(f"{{*}}{name}")
