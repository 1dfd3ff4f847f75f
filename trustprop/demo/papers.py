"""The papers of the demo: e-invoices as XML, scans as PNG, bank statements as a bank's CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from trustprop.demo.world import COMPOUND, FIRM, Vendor, World, split_tax
from trustprop.kernel.money import yuan


def invoice_number(issued_on: date, sequence: int) -> str:
    """Twenty digits: year, region, issuing channel, sequence."""
    return f"{issued_on:%y}9900{sequence:014d}"


def e_invoice(world: World, vendor: Vendor, number: str, issued_on: date, gross_fen: int) -> bytes:
    """A fully digital e-invoice: the firm is the buyer, the compound stands in the remark."""
    net_fen, tax_fen = split_tax(gross_fen, vendor.tax_percent)
    rate = f"0.{vendor.tax_percent:02d}"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<EInvoice>
  <Header><EIid>{number}</EIid></Header>
  <TaxSupervisionInfo>
    <InvoiceNumber>{number}</InvoiceNumber>
    <IssueTime>{issued_on.isoformat()}</IssueTime>
  </TaxSupervisionInfo>
  <EInvoiceData>
    <SellerInformation>
      <SellerName>{escape(vendor.name)}</SellerName>
      <SellerIdNum>{vendor.credit_code}</SellerIdNum>
      <SellerBankName>{escape(vendor.bank)}</SellerBankName>
      <SellerBankAccNum>{vendor.account_number}</SellerBankAccNum>
    </SellerInformation>
    <BuyerInformation>
      <BuyerName>{escape(FIRM)}</BuyerName>
      <BuyerIdNum>{world.firm_credit_code}</BuyerIdNum>
    </BuyerInformation>
    <BasicInformation>
      <TotalAmWithoutTax>{plain(net_fen)}</TotalAmWithoutTax>
      <TotalTaxAm>{plain(tax_fen)}</TotalTaxAm>
      <TotalTax-includedAmount>{plain(gross_fen)}</TotalTax-includedAmount>
    </BasicInformation>
    <IssuItemInformation>
      <ItemName>{escape(vendor.item)}</ItemName>
      <Quantity>1</Quantity>
      <UnPrice>{plain(net_fen)}</UnPrice>
      <Amount>{plain(net_fen)}</Amount>
      <TaxRate>{rate}</TaxRate>
      <ComTaxAm>{plain(tax_fen)}</ComTaxAm>
    </IssuItemInformation>
    <AdditionalInformation><Remark>{escape(COMPOUND)}</Remark></AdditionalInformation>
  </EInvoiceData>
</EInvoice>
""".encode()


def plain(amount_fen: int) -> str:
    """Yuan without separators, as machines write it."""
    return yuan(amount_fen).replace(",", "")


FONT_NAMES = ("NotoSansCJK-Regular.ttc", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


def scan(title: str, lines: Sequence[str]) -> bytes:
    """A voucher as a phone would photograph it: a PNG of a few lines."""
    image = Image.new("L", (900, 140 + 52 * len(lines)), 250)
    draw = ImageDraw.Draw(image)
    draw.rectangle((14, 14, image.width - 15, image.height - 15), outline=120, width=2)
    draw.text((40, 34), title, font=_font(38), fill=20)
    for i, line in enumerate(lines):
        draw.text((40, 108 + 52 * i), line, font=_font(28), fill=50)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in FONT_NAMES:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


@dataclass(frozen=True)
class BankLine:
    """One line of the bank: what went in is positive."""

    on: date
    amount_fen: int
    other: str
    memo: str
    reference: str


def ccb_csv(account_number: str, opening_fen: int, lines: Sequence[BankLine]) -> bytes:
    """A statement in the layout of one bank's download, in its own encoding (GB 18030)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            "账号",
            "交易时间",
            "借方发生额（支取）",
            "贷方发生额（收入）",
            "余额",
            "币种",
            "对方户名",
            "对方账号",
            "对方开户机构",
            "记账日期",
            "摘要",
            "备注",
            "账户明细编号-交易流水号",
            "企业流水号",
            "凭证种类",
            "凭证号",
        ]
    )
    balance = opening_fen
    for line in lines:
        balance += line.amount_fen
        debit = plain(-line.amount_fen) if line.amount_fen < 0 else "0.00"
        credit = plain(line.amount_fen) if line.amount_fen > 0 else "0.00"
        writer.writerow(
            [
                account_number,
                f"{line.on:%Y%m%d} 10:00:00",
                debit,
                credit,
                plain(balance),
                "人民币元",
                line.other,
                "",
                "",
                f"{line.on:%Y%m%d}",
                line.memo,
                line.memo,
                line.reference,
                "",
                "",
                "",
            ]
        )
    return out.getvalue().encode("gb18030")
