"""E-invoices as XML, submissions, and a compound whose vendor can be paid."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

from msgspec import Struct
from msgspec.structs import replace

from tests.make import budgets as make_budgets
from tests.make import compounds as make_compounds
from tests.make import meetings as make_meetings
from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.budgets import service as budgets
from trustprop.budgets.model import AdoptBudget, LineDraft
from trustprop.compounds import service as compounds
from trustprop.evidence import service as evidence
from trustprop.funds import service as funds
from trustprop.funds.model import EstablishFund
from trustprop.invoices import service
from trustprop.invoices.model import (
    AcceptedLine,
    AcceptInvoice,
    AdmitVendor,
    DraftContract,
    DraftVendorAccount,
    Invoice,
    InvoiceKind,
    RegisterVendor,
    SubmitInvoice,
    Vendor,
)
from trustprop.kernel.caller import Caller, Office
from trustprop.ledger import service as ledger
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files

ISSUED = date(2025, 9, 12)
SELLER = ("示例电梯有限公司", make_compounds.credit_code(7))
BUYER = ("示例小区业主大会", make_compounds.credit_code(8))
NUMBER = "25510000000000000001"


def number(serial: int = 1, year: int = 25) -> str:
    """Twenty digits: year, province, issuing channel, sequence."""
    return f"{year:02d}51{serial:016d}"


def e_invoice_xml(
    *,
    number: str = NUMBER,
    issue_time: str = "2025-09-12",
    seller: tuple[str, str] = SELLER,
    buyer: tuple[str, str] = BUYER,
    lines: Sequence[tuple[str, int, int | None]] = (("电梯维护保养", 792_453, 47_547),),
    net_fen: int | None = None,
    tax_fen: int | None = None,
    gross_fen: int | None = None,
    remark: str = "",
    rate: str = "0.06",
    encoding: str = "UTF-8",
) -> bytes:
    """The XML of a fully digital e-invoice; totals follow from the lines unless they are given.

    A line is a name, a net amount in fen and a tax in fen or None where it shall not say.
    """
    net = sum(line[1] for line in lines) if net_fen is None else net_fen
    tax = sum(line[2] or 0 for line in lines) if tax_fen is None else tax_fen
    gross = net + tax if gross_fen is None else gross_fen
    items = "".join(_item(*line, rate) for line in lines)
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n'
        "<EInvoice>"
        f"<Header><EIid>{number}</EIid><EInvoiceTag>SWEI3200</EInvoiceTag><Version>0.2</Version></Header>"
        "<EInvoiceData>"
        f"<SellerInformation><SellerIdNum>{seller[1]}</SellerIdNum>"
        f"<SellerName>{escape(seller[0])}</SellerName></SellerInformation>"
        f"<BuyerInformation><BuyerIdNum>{buyer[1]}</BuyerIdNum>"
        f"<BuyerName>{escape(buyer[0])}</BuyerName></BuyerInformation>"
        f"<BasicInformation><TotalAmWithoutTax>{_yuan(net)}</TotalAmWithoutTax>"
        f"<TotalTaxAm>{_yuan(tax)}</TotalTaxAm>"
        f"<TotalTax-includedAmount>{_yuan(gross)}</TotalTax-includedAmount></BasicInformation>"
        f"{items}"
        f"<AdditionalInformation><Remark>{escape(remark)}</Remark></AdditionalInformation>"
        "</EInvoiceData>"
        f"<TaxSupervisionInfo><InvoiceNumber>{number}</InvoiceNumber>"
        f"<IssueTime>{issue_time}</IssueTime></TaxSupervisionInfo>"
        "</EInvoice>"
    )
    return text.encode(encoding)


def _item(name: str, amount_fen: int, tax_fen: int | None, rate: str) -> str:
    tax = "" if tax_fen is None else f"<ComTaxAm>{_yuan(tax_fen)}</ComTaxAm>"
    return (
        f"<IssuItemInformation><ItemName>{escape(name)}</ItemName><SpecMod/><MeaUnits>项</MeaUnits>"
        f"<Quantity>1</Quantity><UnPrice>{_yuan(amount_fen)}</UnPrice>"
        f"<Amount>{_yuan(amount_fen)}</Amount><TaxRate>{rate}</TaxRate>{tax}</IssuItemInformation>"
    )


def _yuan(amount_fen: int) -> str:
    return f"{Decimal(amount_fen) / 100:.2f}"


def submit(**changes: Any) -> SubmitInvoice:
    """The e-invoice of :func:`e_invoice_xml`, without files unless they are given."""
    values: dict[str, Any] = {
        "id": new_id(),
        "kind": InvoiceKind.E_INVOICE,
        "number": NUMBER,
        "issued_on": ISSUED,
        "net_fen": 792_453,
        "tax_fen": 47_547,
        "gross_fen": 840_000,
        "description": "9月电梯维护保养 24台",
    }
    return SubmitInvoice(**(values | changes))


def bill(gross_fen: int = 193_420, **changes: Any) -> SubmitInvoice:
    """A water bill, with a reference of its own."""
    values: dict[str, Any] = {
        "id": new_id(),
        "kind": InvoiceKind.UTILITY,
        "issued_on": ISSUED,
        "net_fen": gross_fen,
        "gross_fen": gross_fen,
        "description": "9月公共用水",
        "vendor_reference": new_id().hex,
    }
    return SubmitInvoice(**(values | changes))


def draft_contract(vendor_id: UUID, budget_line_id: UUID, **changes: Any) -> DraftContract:
    """Four months of lift maintenance."""
    values: dict[str, Any] = {
        "id": new_id(),
        "act_id": new_id(),
        "vendor_id": vendor_id,
        "title": "电梯维护保养合同",
        "fund": "OP",
        "budget_line_id": budget_line_id,
        "starts_on": date(2025, 9, 1),
        "ends_on": date(2025, 12, 31),
        "amount_fen": 3_360_000,
        "expires_at": SEPTEMBER + timedelta(days=30),
    }
    return DraftContract(**(values | changes))


class Scene(Struct, frozen=True, kw_only=True):
    """An open compound with books, an adopted budget and one admitted vendor."""

    compound_id: UUID
    files: Files
    bookkeeper: Caller
    manager: Caller
    director: Caller
    vendor: Vendor
    key: Caller
    """The API key of the vendor's own software."""
    line: LineDraft
    """Lift maintenance (510201) in OP."""
    other_line: LineDraft
    """Small repairs (510206) in OP."""
    proof: str
    """The digest of an acceptance sheet."""

    async def upload(self, tx: Tx, content: bytes, name: str = "发票.xml") -> str:
        return (await evidence.store(tx, self.key, self.files, name, content)).sha256

    async def submit(self, tx: Tx, command: SubmitInvoice, caller: Caller | None = None) -> Invoice:
        return await service.submit(tx, caller or self.key, self.files, command)

    async def submitted(self, tx: Tx, **changes: Any) -> Invoice:
        """A bill that needs no look at the tax platform."""
        return await self.submit(tx, bill(**changes))

    async def accepted(self, tx: Tx, **changes: Any) -> Invoice:
        invoice = await self.submitted(tx, **changes)
        return await service.accept(tx, self.manager, invoice.invoice_id, self.acceptance(invoice))

    def acceptance(self, invoice: Invoice, *lines: AcceptedLine, **changes: Any) -> AcceptInvoice:
        values: dict[str, Any] = {
            "entry_id": new_id(),
            "accounting_on": date(2025, 9, 15),
            "fund": "OP",
            "memo": "电梯维保",
            "lines": lines or (self.accepted_line(invoice.gross_fen),),
            "evidence": (self.proof,),
        }
        return AcceptInvoice(**(values | changes))

    def accepted_line(self, amount_fen: int, **changes: Any) -> AcceptedLine:
        values: dict[str, Any] = {
            "account": "510201",
            "amount_fen": amount_fen,
            "budget_line_id": self.line.line_id,
        }
        return AcceptedLine(**(values | changes))

    def draft_contract(self, **changes: Any) -> DraftContract:
        return draft_contract(self.vendor.vendor_id, self.line.line_id, **changes)

    def draft_account(self, **changes: Any) -> DraftVendorAccount:
        values: dict[str, Any] = {
            "id": new_id(),
            "act_id": new_id(),
            "holder": self.vendor.name,
            "bank": "某银行某支行",
            "number": "6222020000001234",
            "expires_at": SEPTEMBER + timedelta(days=30),
        }
        return DraftVendorAccount(**(values | changes))


async def make_scene(tx: Tx, compound_id: UUID, files: Files) -> Scene:
    """``compound_id`` is that of the transaction."""
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=compound_id)
    bookkeeper = make_caller(Office.TRUSTEE_BOOKKEEPER, compound_id=compound_id)
    director = make_caller(Office.COMMITTEE_DIRECTOR, compound_id=compound_id)
    await make_compounds.found_compound(tx, manager)
    await make_meetings.add_minutes(tx, compound_id)
    await ledger.open_books(tx, manager, date(2025, 9, 1))
    for code in ("OP", "AG"):
        await funds.establish(tx, manager, EstablishFund(code=code))
    line = make_budgets.line_draft("510201", 10_080_000)
    other = make_budgets.line_draft("510206", 7_200_000)
    await adopt_budget(tx, bookkeeper, director, line, other)
    vendor = await add_vendor(tx, bookkeeper, director)
    proof = await evidence.store(tx, manager, files, "验收单.txt", b"accepted: lifts, September")
    return Scene(
        compound_id=compound_id,
        files=files,
        bookkeeper=bookkeeper,
        manager=manager,
        director=director,
        vendor=vendor,
        key=vendor_key(compound_id, vendor.vendor_id),
        line=line,
        other_line=other,
        proof=proof.sha256,
    )


async def adopt_budget(tx: Tx, bookkeeper: Caller, director: Caller, *lines: LineDraft) -> None:
    draft = make_budgets.budget_draft(*lines)
    await budgets.draft(tx, bookkeeper, draft)
    document = await budgets.consult(tx, bookkeeper, draft.id)
    resolution = await make_meetings.add_resolution(tx, bookkeeper, Matter.BUDGET, draft.id)
    command = AdoptBudget(resolution_id=resolution.resolution_id, version=document.budget.version)
    await budgets.adopt(tx, director, draft.id, command)


async def add_vendor(
    tx: Tx, bookkeeper: Caller, director: Caller, seller: tuple[str, str] = SELLER
) -> Vendor:
    command = RegisterVendor(id=new_id(), name=seller[0], credit_code=seller[1])
    await service.register_vendor(tx, bookkeeper, command)
    return await service.admit_vendor(tx, director, command.id, AdmitVendor())


def vendor_key(compound_id: UUID, vendor_id: UUID) -> Caller:
    key = make_caller(compound_id=compound_id, scopes=("invoices:write",))
    return replace(key, vendor_id=vendor_id)


async def titles(tx: Tx, compound_id: UUID) -> tuple[tuple[str, str], tuple[str, str], str]:
    """The assembly and the trustee as invoice titles, and the compound's name for the remark."""
    compound = await compounds.find(tx, compound_id)
    instrument = await compounds.trust_instrument(tx, compound_id, ISSUED)
    assert instrument is not None
    assembly = (instrument.settlor, compound.credit_code)
    return assembly, (instrument.trustee.name, instrument.trustee.credit_code), compound.name
