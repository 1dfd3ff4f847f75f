"""Chapter three: invoices come in by the vendors' own software, and payments leave under two keys."""

from datetime import date
from typing import Any

from trustprop.demo import plan
from trustprop.demo.client import new_id
from trustprop.demo.papers import e_invoice, invoice_number, scan
from trustprop.demo.stage import Stage
from trustprop.demo.world import FIRM, split_tax
from trustprop.kernel.money import yuan


def submit(stage: Stage, bill: plan.Bill) -> None:
    """The vendor's program uploads the e-invoice and submits it; the manager accepts the work."""
    vendor = stage.world.vendors[bill.vendor]
    software = stage.vendor_software[bill.vendor]
    issued_on = date(2025, 9, bill.issued_day)
    net_fen, tax_fen = split_tax(bill.amount_fen, vendor.tax_percent)
    number = invoice_number(issued_on, stage.ids["run"] * 1000 + bill.no)
    body: dict[str, Any] = {
        "id": stage.remember(f"invoice/{bill.no}"),
        "kind": bill.kind,
        "number": number if bill.kind == "e_invoice" else f"{issued_on:%Y%m}-{bill.no:04d}",
        "issued_on": issued_on.isoformat(),
        "net_fen": net_fen,
        "tax_fen": tax_fen,
        "gross_fen": bill.amount_fen,
        "description": bill.memo,
        "vendor_reference": f"{bill.vendor}-{issued_on:%Y%m}-{bill.no}",
    }
    if bill.in_contract:
        body["contract_id"] = stage.ids[f"contract/{bill.account}"]
    if bill.kind == "e_invoice":
        content = e_invoice(stage.world, vendor, number, issued_on, bill.amount_fen)
        body["files"] = [software.upload(f"{number}.xml", content)["sha256"]]
    else:
        content = scan(
            f"{vendor.name} 账单", [bill.memo, f"金额 ¥{yuan(bill.amount_fen)}", body["number"]]
        )
        body["files"] = [software.upload(f"{body['number']}.png", content)["sha256"]]
    software.post("/invoices", body)


def accept(stage: Stage, bill: plan.Bill) -> None:
    """The expense is accrued and the budget line used on acceptance, with evidence of the work."""
    proof = stage.manager.upload(
        f"acceptance-{bill.no}.png",
        scan("验收单", [bill.memo, f"¥{yuan(bill.amount_fen)}", "现场核验合格"]),
    )
    stage.manager.post(
        f"/invoices/{stage.ids[f'invoice/{bill.no}']}/acceptance",
        {
            "entry_id": new_id(),
            "accounting_on": stage.now.date().isoformat(),
            "fund": bill.fund,
            "memo": bill.memo,
            "lines": [
                {
                    "account": bill.account,
                    "amount_fen": bill.amount_fen,
                    "budget_line_id": stage.ids[f"line/{bill.account}"],
                }
            ],
            "evidence": [proof["sha256"]],
        },
    )


def pay_bill(stage: Stage, bill: plan.Bill) -> None:
    """One order for one accepted invoice, drawn up by the bookkeeper, released by two keys."""
    release(
        stage,
        f"{bill.memo}",
        bill.amount_fen,
        kind="invoices",
        fund=bill.fund,
        bank_account="100202" if bill.fund == "PR" else "100201",
        vendor_account_id=stage.ids[f"{bill.vendor}/account"],
        invoice_ids=[stage.ids[f"invoice/{bill.no}"]],
    )


def release(stage: Stage, purpose: str, amount_fen: int, **terms: Any) -> str:
    """Dry run, draft, two signatures; the second one posts and releases in one transaction."""
    order_id, act_id = new_id(), new_id()
    today = stage.now.date().isoformat()
    body = {
        "fund": "OP",
        "bank_account": "100201",
        "amount_fen": amount_fen,
        "purpose": purpose,
        "due_on": today,
        "pay_on": today,
        **terms,
    }
    order = {"id": order_id, "act_id": act_id, **body}
    stage.bookkeeper.post("/payment-orders/dry-run", order)
    stage.bookkeeper.post("/payment-orders", order)
    stage.both_sign(act_id, owners=stage.member if len(stage.ids["orders"]) % 3 else stage.director)
    number = stage.bookkeeper.get(f"/payment-orders/{order_id}")["order"]["number"]
    stage.ids["orders"].append((order_id, number, amount_fen, stage.now.date(), terms))
    stage.say(f"paid order {number}: ¥{yuan(amount_fen)} under two signatures: {purpose}")
    return order_id


def organisation(name: str, number: str) -> dict[str, object]:
    return {"kind": "organisation", "name": name, "bank": "示例银行云栖支行", "number": number}


def pay_august(stage: Stage) -> None:
    """What August left: the security firm, the trustee's remuneration, taxes."""
    release(
        stage,
        "支付 8 月应付款（保安 46,800 + 绿化欠款 1,500）",
        48_300_00,
        kind="payable",
        account="2202",
        counterparty_id=stage.ids["security"],
        vendor_account_id=stage.ids["security/account"],
    )


def pay_remuneration(stage: Stage) -> None:
    release(
        stage,
        "支付 8 月受托人酬金",
        12_800_00,
        kind="payable",
        account="2205",
        payee=organisation(FIRM, "9999020000000000001"),
    )


def pay_payroll(stage: Stage) -> None:
    """Seven people as they were really paid: published by post, never by name."""
    summary = stage.bookkeeper.upload(
        "payroll-summary.png",
        scan("项目部工资社保汇总凭证", ["管理 2 人、客服 2 人、工程 3 人", "合计 ¥42,900.00"]),
    )
    release(
        stage,
        "项目部 7 人工资社保（按实列支）",
        42_900_00,
        kind="expense",
        budget_line_id=stage.ids["line/5101"],
        payee=organisation(f"{FIRM}项目部代发户", "9999020000000000002"),
        evidence=[summary["sha256"]],
    )


def pay_tax(stage: Stage) -> None:
    release(
        stage,
        "缴 8 月税费",
        486_20,
        kind="payable",
        account="2206",
        payee=organisation("示例市税务局", "9999020000000000003"),
    )


def refund_deposit(stage: Stage) -> None:
    """The resident's name stays out of everything that is published."""
    release(
        stage,
        "退装修押金 1 户（验收合格）",
        2_000_00,
        kind="agency",
        fund="AG",
        account="220901",
        counterparty_id=stage.ids["deposits"][0],
        payee={
            "kind": "individual",
            "name": "白露",
            "bank": "示例银行",
            "number": "9999030000000000001",
        },
    )


def pay_charging_power(stage: Stage) -> None:
    """Collected for the power company and handed on: agency, not expense."""
    release(
        stage,
        "代缴充电桩电费",
        4_120_80,
        kind="agency",
        fund="AG",
        account="2601",
        counterparty_id=stage.ids["power"],
        vendor_account_id=stage.ids["power/account"],
    )
