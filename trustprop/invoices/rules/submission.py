"""Whether an invoice may come in, with every wrong field named at once."""

import re
from collections.abc import Iterable, Iterator
from uuid import UUID

import msgspec
from msgspec.structs import replace

from trustprop.evidence.model import MediaType
from trustprop.invoices.model import (
    Invoice,
    InvoiceKind,
    InvoiceState,
    Submission,
    SubmitInvoice,
    Surroundings,
    Verdict,
)
from trustprop.invoices.rules import contracts, e_invoice
from trustprop.invoices.rules.vendors import VendorNotAdmitted
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid, Missing, Refusal

TRUSTEE_OFFICES = (Office.TRUSTEE_MANAGER, Office.TRUSTEE_BOOKKEEPER)
SCOPE = "invoices:write"
INVOICE_FILES = {MediaType.XML, MediaType.PDF, MediaType.OFD, MediaType.PNG, MediaType.JPEG}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PAPER_CODE = re.compile(r"[0-9]{10}|[0-9]{12}")
_PAPER_NUMBER = re.compile(r"[0-9]{8}")


class InvoiceIdTaken(Conflict):
    code = "invoice-id-taken"
    detail = N_("This id belongs to an invoice with other content.")


class InvoiceDuplicate(Conflict):
    code = "invoice-duplicate"
    detail = N_("Another invoice here has the same {what}.")
    what: str
    """``number``, ``reference``, ``file`` or several of them."""


class InvoiceUsedElsewhere(Conflict):
    code = "invoice-used-elsewhere"
    detail = N_("An invoice of this number was already handed in elsewhere.")


def check_submits(caller: Caller) -> None:
    """Raises OfficeNeeded or ScopeNeeded."""
    caller.check_office_or_scope(SCOPE, *TRUSTEE_OFFICES)


def vendor_of(caller: Caller, command: SubmitInvoice) -> UUID:
    """The vendor that the invoice is of. Raises Missing or FieldsInvalid.

    A vendor's key stands for its vendor alone; the trustee's people, and a key of the trustee's own
    software, name the vendor.
    """
    if caller.vendor_id is not None and command.vendor_id not in (None, caller.vendor_id):
        raise Missing(kind="vendor")
    known = caller.vendor_id or command.vendor_id
    if known is None:
        wrong = _wrong("/vendor_id", "missing", N_("Say which vendor the invoice is of."))
        raise FieldsInvalid(errors=(wrong,))
    return known


def prepare(caller: Caller, command: SubmitInvoice, around: Surroundings) -> Submission:
    """The submission to be stored. Raises Missing, or FieldsInvalid naming every failed check."""
    vendor_id = vendor_of(caller, command)
    xml = [digest for digest in command.files if around.files.get(digest) is MediaType.XML]
    found = [
        *_field_errors(command, around),
        *_relation_errors(command, vendor_id, around),
        *_file_errors(command, around, xml),
        *_xml_errors(command, vendor_id, around, xml),
    ]
    if found:
        raise FieldsInvalid(errors=tuple(found))
    number = shown_number(command)
    fiscal = fiscal_number(command.kind, number)
    return Submission(
        content=command,
        vendor_id=vendor_id,
        number=number,
        fiscal_number=fiscal,
        number_hash=number_hash(fiscal).hex() if fiscal else "",
        claims=claims(command.kind, number, vendor_id, command.vendor_reference, command.files),
        is_xml_checked=command.kind is InvoiceKind.E_INVOICE and bool(xml),
        digest=sha256(msgspec.json.encode(command)),
    )


def _file_errors(
    command: SubmitInvoice, around: Surroundings, xml: list[str]
) -> Iterator[FieldError]:
    for field, digests in (("files", command.files), ("attachments", command.attachments)):
        for i, sha256_hex in enumerate(digests):
            if sha256_hex not in around.files:
                yield _wrong(
                    f"/{field}/{i}", "file-missing", N_("This file has not been uploaded.")
                )
            elif field == "files" and around.files[sha256_hex] not in INVOICE_FILES:
                yield _wrong(
                    f"/files/{i}", "file-kind", N_("An invoice is an XML, PDF, OFD or image.")
                )
    if len({*command.files, *command.attachments}) < len(command.files) + len(command.attachments):
        yield _wrong("/files", "twice", N_("A file is named twice."))
    if len(xml) > 1:
        yield _wrong("/files", "two-xml", N_("One invoice has one XML."))


def _xml_errors(
    command: SubmitInvoice, vendor_id: UUID, around: Surroundings, xml: list[str]
) -> Iterator[FieldError]:
    if command.kind is not InvoiceKind.E_INVOICE or len(xml) != 1:
        return
    pointer = f"/files/{command.files.index(xml[0])}"
    found = around.e_invoices[xml[0]]
    if isinstance(found, FieldError):
        yield replace(found, pointer=pointer)
        return
    blue = None if command.corrects_id is None else around.blue.get(command.corrects_id)
    vendor = around.vendors.get(vendor_id)
    yield from e_invoice.errors(command, found, vendor, around.buyers, blue, pointer)


def _field_errors(command: SubmitInvoice, around: Surroundings) -> Iterator[FieldError]:
    for field in ("number", "code", "vendor_reference", "description"):
        if _CONTROL.search(getattr(command, field)):
            yield _wrong(f"/{field}", "characters", N_("No control characters stand here."))
    yield from _number_errors(command)
    if command.net_fen + command.tax_fen != command.gross_fen:
        yield _wrong("/gross_fen", "sum", N_("Net and tax do not sum to the gross amount."))
    signs = {
        amount > 0 for amount in (command.net_fen, command.tax_fen, command.gross_fen) if amount
    }
    if command.gross_fen == 0 or len(signs) > 1:
        yield _wrong(
            "/gross_fen",
            "sign",
            N_("The amounts are all above zero, or all below it for a red invoice."),
        )
    if command.issued_on > around.today:
        yield _wrong("/issued_on", "future", N_("An invoice is not dated in the future."))
    if command.gross_fen < 0 and command.corrects_id is None:
        yield _wrong(
            "/corrects_id",
            "missing",
            N_("A red invoice or credit note cites the one it takes back."),
        )
    if command.gross_fen > 0 and command.corrects_id is not None:
        yield _wrong(
            "/corrects_id",
            "not-red",
            N_("Only a red invoice or credit note takes another one back."),
        )


def _number_errors(command: SubmitInvoice) -> Iterator[FieldError]:
    if command.kind is not InvoiceKind.PAPER and command.code:
        yield _wrong("/code", "no-code", N_("Only a paper invoice has a separate code."))
    if command.kind is InvoiceKind.E_INVOICE:
        if not e_invoice.is_number(command.number):
            yield _wrong("/number", "number", N_("The number of an e-invoice is twenty digits."))
        elif int(command.number[:2]) != command.issued_on.year % 100:
            yield _wrong("/number", "number-year", N_("The number begins with the year of issue."))
    elif command.kind is InvoiceKind.PAPER:
        if not _PAPER_CODE.fullmatch(command.code):
            yield _wrong(
                "/code", "code", N_("The code of a paper invoice is ten or twelve digits.")
            )
        if not _PAPER_NUMBER.fullmatch(command.number):
            yield _wrong("/number", "number", N_("The number of a paper invoice is eight digits."))
    elif not (command.number or command.vendor_reference):
        yield _wrong(
            "/vendor_reference",
            "missing",
            N_("A bill needs a number or the vendor's own reference."),
        )


def _relation_errors(
    command: SubmitInvoice, vendor_id: UUID, around: Surroundings
) -> Iterator[FieldError]:
    if command.contract_id is not None:
        contract = around.contracts.get(command.contract_id)
        if contract is None or contract.terms.vendor_id != vendor_id:
            yield _wrong("/contract_id", "missing", N_("There is no such contract of this vendor."))
        elif not contracts.is_billable(contract, command.issued_on, around.grace_days):
            yield _wrong(
                "/issued_on", "contract-term", N_("The contract does not cover this date.")
            )
    if command.corrects_id is not None:
        blue = around.blue.get(command.corrects_id)
        if blue is None or blue.vendor_id != vendor_id or blue.is_red or not blue.state.is_live:
            yield _wrong(
                "/corrects_id", "missing", N_("There is no such blue invoice of this vendor.")
            )
        elif blue.gross_fen + around.taken_back_fen.get(blue.invoice_id, 0) + command.gross_fen < 0:
            yield _wrong(
                "/gross_fen",
                "over-corrected",
                N_("Red invoices take back no more than the blue one is over."),
            )


def shown_number(command: SubmitInvoice) -> str:
    return f"{command.code}-{command.number}" if command.code else command.number


def fiscal_number(kind: InvoiceKind, number: str) -> str:
    """The number under which the tax office knows it; empty for a bill that it does not know."""
    return number if kind in (InvoiceKind.E_INVOICE, InvoiceKind.PAPER) else ""


def claims(
    kind: InvoiceKind, number: str, vendor_id: UUID, reference: str, files: Iterable[str]
) -> tuple[str, ...]:
    """What no other live invoice of the compound may have."""
    found = [f"file:{sha256_hex}" for sha256_hex in files]
    if fiscal_number(kind, number):
        found.append(f"number:{number}")
    elif number:
        found.append(f"number:{vendor_id}:{number}")
    if reference:
        found.append(f"reference:{vendor_id}:{reference}")
    return tuple(found)


def number_hash(fiscal_number: str) -> bytes:
    """What is kept over all compounds about a number: a digest and nothing else."""
    return sha256(b"trustprop/invoice-number/v1\x00" + fiscal_number.encode())


def refusal_of(verdict: Verdict, taken: tuple[str, ...]) -> Refusal | None:
    """``taken`` are the claims that another live invoice here has."""
    if verdict in (Verdict.SUBMITTED, Verdict.ALREADY):
        return None
    if verdict is Verdict.DUPLICATE_HERE:
        kinds = {claim.partition(":")[0] for claim in taken}
        return InvoiceDuplicate(what=", ".join(sorted(kinds)))
    if verdict is Verdict.VENDOR_MISSING:
        return Missing(kind="vendor")
    return _REFUSAL_OF[verdict]()


_REFUSAL_OF: dict[Verdict, type[Refusal]] = {
    Verdict.ID_TAKEN: InvoiceIdTaken,
    Verdict.VENDOR_NOT_ADMITTED: VendorNotAdmitted,
    Verdict.DUPLICATE_ELSEWHERE: InvoiceUsedElsewhere,
}


def submitted(submission: Submission, caller: Caller) -> Invoice:
    """The invoice as it now stands."""
    content = submission.content
    return Invoice(
        invoice_id=content.id,
        vendor_id=submission.vendor_id,
        contract_id=content.contract_id,
        corrects_id=content.corrects_id,
        kind=content.kind,
        number=submission.number,
        vendor_reference=content.vendor_reference,
        issued_on=content.issued_on,
        net_fen=content.net_fen,
        tax_fen=content.tax_fen,
        gross_fen=content.gross_fen,
        description=content.description,
        files=content.files,
        attachments=content.attachments,
        is_xml_checked=submission.is_xml_checked,
        state=InvoiceState.SUBMITTED,
        version=1,
        submitted_at=caller.at,
    )


def _wrong(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
