"""The XML of a fully digital e-invoice (数电票): read without trusting it, then checked against all we know."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial

from lxml import etree

from trustprop.invoices.model import Buyer, EInvoice, EInvoiceLine, Invoice, SubmitInvoice, Vendor
from trustprop.kernel.errors import N_, FieldError
from trustprop.kernel.money import fen

MAX_XML = 2 * 1024 * 1024
"""Bytes; a real one has a few thousand."""
MAX_LINES = 2000
_ENCODINGS = {
    None,
    "UTF-8",
    "UTF-16",
    "UTF-16LE",
    "UTF-16BE",
    "GB18030",
    "GBK",
    "GB2312",
    "ASCII",
    "US-ASCII",
}
_NUMBER = re.compile(r"[0-9]{20}")


class XmlRefused(ValueError):
    """Why the bytes are no e-invoice; carries a code and a message for the field's error."""

    def __init__(self, code: str, detail: str, place: str = "") -> None:
        super().__init__(code)
        self.error_code = code
        self.detail = detail
        self.place = place

    @property
    def field_error(self) -> FieldError:
        return FieldError(
            pointer="/files", code=self.error_code, detail=self.detail, facts={"place": self.place}
        )


def check_size(size: int) -> None:
    """Raises XmlRefused."""
    if size > MAX_XML:
        raise XmlRefused("xml-too-large", N_("The XML of an invoice has at most two megabytes."))


def is_number(text: str) -> bool:
    """Twenty digits: year, place, channel, sequence."""
    return _NUMBER.fullmatch(text) is not None


def read(content: bytes) -> EInvoice:
    """Raises XmlRefused. Neither a DTD nor an entity is ever followed."""
    root = _root(content)
    return EInvoice(
        number=_text(root, "TaxSupervisionInfo", "InvoiceNumber"),
        issued_on=_date(root, "TaxSupervisionInfo", "IssueTime"),
        seller_name=_text(root, "EInvoiceData", "SellerInformation", "SellerName"),
        seller_id=_text(root, "EInvoiceData", "SellerInformation", "SellerIdNum"),
        buyer_name=_text(root, "EInvoiceData", "BuyerInformation", "BuyerName"),
        buyer_id=_find(root, "EInvoiceData", "BuyerInformation", "BuyerIdNum") or "",
        net_fen=_amount(root, "EInvoiceData", "BasicInformation", "TotalAmWithoutTax"),
        tax_fen=_amount(root, "EInvoiceData", "BasicInformation", "TotalTaxAm"),
        gross_fen=_amount(root, "EInvoiceData", "BasicInformation", "TotalTax-includedAmount"),
        lines=_lines(root),
        remark=_remark(root),
    )


def _root(content: bytes) -> etree._Element:
    check_size(len(content))
    if b"<!DOCTYPE" in content.replace(b"\x00", b"").upper():
        raise XmlRefused(
            "xml-doctype", N_("An invoice's XML has no document type and no entities.")
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise XmlRefused(
            "xml-unreadable", N_("This is no well-formed XML in the encoding it names.")
        ) from None
    found = root.getroottree().docinfo
    if found.internalDTD is not None:
        raise XmlRefused(
            "xml-doctype", N_("An invoice's XML has no document type and no entities.")
        )
    if found.encoding is not None and found.encoding.upper() not in _ENCODINGS:
        raise XmlRefused("xml-encoding", N_("An invoice's XML is in UTF-8, UTF-16 or GB 18030."))
    if _local(root) != "EInvoice":
        raise XmlRefused("xml-no-invoice", N_("The XML's root is not EInvoice."))
    return root


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _children(element: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in element if _local(child) == name]


def _find(element: etree._Element, *path: str) -> str | None:
    """The text at a path of local names; None when any part is absent."""
    for name in path:
        found = _children(element, name)
        if not found:
            return None
        element = found[0]
    return (element.text or "").strip()


def _text(element: etree._Element, *path: str) -> str:
    found = _find(element, *path)
    if not found:
        raise XmlRefused("xml-field-missing", N_("The XML lacks {place}."), "/".join(path))
    return found


def _amount(element: etree._Element, *path: str) -> int:
    try:
        return fen(_text(element, *path))
    except XmlRefused:
        raise
    except ValueError:
        raise XmlRefused(
            "xml-amount", N_("{place} in the XML is no whole number of fen."), "/".join(path)
        ) from None


def _date(element: etree._Element, *path: str) -> date:
    text = _text(element, *path)
    try:
        return date.fromisoformat(text[:10].replace("/", "-"))
    except ValueError:
        raise XmlRefused("xml-date", N_("{place} in the XML is no date."), "/".join(path)) from None


def _lines(root: etree._Element) -> tuple[EInvoiceLine, ...]:
    items = [
        item
        for holder in _children(root, "EInvoiceData")
        for item in _children(holder, "IssuItemInformation")
    ]
    if not items or len(items) > MAX_LINES:
        raise XmlRefused(
            "xml-field-missing", N_("The XML lacks {place}."), "EInvoiceData/IssuItemInformation"
        )
    return tuple(
        EInvoiceLine(
            name=_find(item, "ItemName") or "",
            amount_fen=_amount(item, "Amount"),
            tax_fen=_amount(item, "ComTaxAm") if _find(item, "ComTaxAm") else None,
        )
        for item in items
    )


def _remark(root: etree._Element) -> str:
    """Wherever the issuer put it: the place differs between issuing platforms."""
    paths = (
        ("EInvoiceData", "AdditionalInformation", "Remark"),
        ("EInvoiceData", "Remark"),
        ("Remark",),
    )
    return "\n".join(filter(None, (_find(root, *path) for path in paths)))


# Checks


def errors(
    stated: SubmitInvoice,
    found: EInvoice,
    vendor: Vendor | None,
    buyers: Iterable[Buyer],
    blue: Invoice | None,
    pointer: str,
) -> Iterator[FieldError]:
    """Every check that fails, at once."""
    wrong = partial(_wrong, pointer)
    if found.number != stated.number:
        yield wrong(
            "xml-number-differs", N_("The XML is of invoice {number}."), number=found.number
        )
    if vendor is not None and found.seller_id != vendor.credit_code:
        yield wrong(
            "xml-seller", N_("The XML's seller has the credit code {found}."), found=found.seller_id
        )
    if not any(_is_made_out_to(found, buyer) for buyer in buyers):
        yield wrong(
            "xml-buyer",
            N_("The XML is made out to {name}, which is no title of this compound."),
            name=found.buyer_name,
        )
    yield from _sum_errors(found, pointer)
    if found.issued_on != stated.issued_on:
        yield wrong(
            "xml-date-differs",
            N_("The XML is dated {issued_on}."),
            issued_on=found.issued_on.isoformat(),
        )
    if (found.net_fen, found.tax_fen, found.gross_fen) != (
        stated.net_fen,
        stated.tax_fen,
        stated.gross_fen,
    ):
        yield wrong(
            "xml-amounts-differ", N_("The XML is over {gross_fen}."), gross_fen=found.gross_fen
        )
    if blue is not None and blue.number not in found.remark:
        yield wrong("xml-blue-not-cited", N_("The XML's remark does not cite the blue invoice."))


def _wrong(pointer: str, code: str, detail: str, **facts: object) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail, facts=facts)


def _sum_errors(found: EInvoice, pointer: str) -> Iterator[FieldError]:
    if found.net_fen + found.tax_fen != found.gross_fen:
        yield _wrong(
            pointer, "xml-sum", N_("In the XML net and tax do not sum to the gross amount.")
        )
    if sum(line.amount_fen for line in found.lines) != found.net_fen:
        yield _wrong(pointer, "xml-lines", N_("The XML's lines do not sum to its net amount."))
    taxes = [line.tax_fen for line in found.lines]
    known = [tax for tax in taxes if tax is not None]
    if len(known) == len(taxes) and sum(known) != found.tax_fen:
        yield _wrong(pointer, "xml-line-taxes", N_("The XML's line taxes do not sum to its tax."))


def _is_made_out_to(found: EInvoice, buyer: Buyer) -> bool:
    if buyer.credit_code != found.buyer_id or _plain(buyer.name) != _plain(found.buyer_name):
        return False
    return _plain(buyer.must_name) in _plain(found.remark)


def _plain(text: str) -> str:
    """Full-width brackets and letters as narrow ones, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split())
