"""Chapter two: funds, bank accounts, vendors with their own software, opening balances, the budget."""

from datetime import date
from typing import Any

from trustprop.demo import collection, plan
from trustprop.demo.client import Client, new_id
from trustprop.demo.papers import scan
from trustprop.demo.stage import Stage, rfc3339
from trustprop.demo.world import COMPOUND, MONTH
from trustprop.kernel.money import yuan

BANKS = (
    ("100201", "共有基金双密码户", "9999010000000000201", ["OP", "AG"]),
    ("100202", "公共收益专户", "9999010000000000202", ["PR", "RS"]),
)


def establish_funds(stage: Stage) -> None:
    """Operations, public revenue, reserve, agency: each a purpose of its own."""
    for code in MONTH["funds"]:
        stage.bookkeeper.post("/funds", {"code": code})


def open_accounts(stage: Stage) -> None:
    """The compound's own bank accounts, each with the funds that may claim it, by both sides."""
    for account_code, title, number, funds in BANKS:
        act_id = new_id()
        stage.bookkeeper.post(
            "/bank-accounts",
            {
                "id": act_id,
                "account_code": account_code,
                "title": title,
                "bank": "示例银行云栖支行",
                "holder_kind": "assembly",
                "holder": f"{COMPOUND}业主大会",
                "number": number,
                "funds": funds,
            },
        )
        stage.both_sign(act_id)
    stage.say("opened two bank accounts, each by an act of both sides")


def admit_vendors(stage: Stage) -> None:
    """Twelve vendors; each account is signed by both sides and rests before it can be paid."""
    for vendor in stage.world.vendors.values():
        vendor_id = stage.remember(vendor.key)
        stage.bookkeeper.post(
            "/vendors", {"id": vendor_id, "name": vendor.name, "credit_code": vendor.credit_code}
        )
        stage.director.post(f"/vendors/{vendor_id}/admission")
        act_id = new_id()
        stage.bookkeeper.post(
            f"/vendors/{vendor_id}/accounts",
            {
                "id": stage.remember(f"{vendor.key}/account"),
                "act_id": act_id,
                "holder": vendor.name,
                "bank": vendor.bank,
                "number": vendor.account_number,
                "expires_at": stage.expires_at,
            },
        )
        stage.both_sign(act_id, owners=stage.member)
        stage.vendor_software[vendor.key] = _software(stage, vendor.key, vendor_id)
    stage.say(
        f"admitted {len(stage.world.vendors)} vendors; nobody can be paid into a new account for three days"
    )


def _software(stage: Stage, key: str, vendor_id: str) -> Client:
    """The vendor's own program, with an API key that sees its own invoices only."""
    made = stage.manager.post(
        "/api-keys",
        {
            "id": new_id(),
            "label": key,
            "scopes": ["invoices:write", "invoices:read"],
            "vendor_id": vendor_id,
            "expires_at": "2026-08-01T00:00:00Z",
        },
    )
    return Client(stage.base_url, token=made["token"], compound_id=stage.compound_id, name=key)


def open_books(stage: Stage) -> None:
    """The balances at the end of August, home by home and vendor by vendor, signed by both sides."""
    stage.turn_to(date(2025, 9, 1), 8)
    stage.ids["collection"] = collection.plan(stage.world)
    act_id = new_id()
    lines = _opening_lines(stage)
    paper = stage.bookkeeper.upload(
        "opening.png", scan("八月末余额确认单", [COMPOUND, "双方盘点核对一致"])
    )
    stage.bookkeeper.post(
        "/opening-balances",
        {
            "act_id": act_id,
            "id": new_id(),
            "accounting_on": "2025-08-31",
            "memo": "接管期初余额",
            "lines": lines,
            "evidence": [paper["sha256"]],
            "expires_at": stage.expires_at,
        },
    )
    stage.both_sign(act_id)
    cash_fen = sum(line["balance_fen"] for line in lines if line["account"].startswith("1002"))
    stage.say(f"opened the books with {len(lines)} balances; bank ¥{yuan(cash_fen)}")


def _opening_lines(stage: Stage) -> list[dict[str, Any]]:
    parts = _parts(stage)
    lines: list[dict[str, Any]] = []
    for place, balance_fen in MONTH["opening"].items():
        account, fund = place.split("/")
        if not balance_fen:
            continue
        shares = parts.get(place, {None: abs(balance_fen)})
        assert sum(shares.values()) == abs(balance_fen), place
        lines += [
            {
                "account": account,
                "fund": fund,
                "balance_fen": share if balance_fen > 0 else -share,
                "counterparty_id": counterparty_id,
            }
            for counterparty_id, share in shares.items()
        ]
    return lines


def _parts(stage: Stage) -> dict[str, dict[str | None, int]]:
    """To whom the balances belong that are kept for each counterparty."""
    money: collection.Collection = stage.ids["collection"]
    homes = [stage.homes[home.key] for home in stage.world.sold_homes]
    stage.ids["deposits"] = homes[100:118]
    stage.ids["space_homes"] = homes[200 : 200 + collection.PUBLIC_SPACES]
    ads, lockers = stage.remember("ads"), stage.remember("lockers")
    return {
        "112101/OP": {stage.homes[home.key]: owed for home, owed in money.arrears.items()},
        "220301/OP": {stage.homes[home.key]: paid for home, paid in money.prepaid.items()},
        "220302/PR": dict.fromkeys(
            stage.ids["space_homes"][: collection.PUBLIC_SPACES_PREPAID], 150_00
        ),
        "220303/PR": {ads: 7_200_00, lockers: 3_000_00},
        "2202/OP": {stage.ids["security"]: 48_300_00},
        "220901/AG": dict.fromkeys(stage.ids["deposits"], 2_000_00),
        "2601/AG": {stage.ids["power"]: 2_600_00},
    }


def adopt_budget(stage: Stage) -> None:
    """The open budget: drafted, consulted, voted, adopted. The tally is recomputed, not believed."""
    budget_id = stage.remember("budget")
    stage.bookkeeper.post(
        "/budgets",
        {
            "id": budget_id,
            "year": plan.YEAR,
            "title": f"{COMPOUND} {plan.YEAR} 年度开放式预算",
            "lines": [
                {
                    "line_id": stage.remember(f"line/{line.account}"),
                    "code": line.account,
                    "title": line.title,
                    "account": line.account,
                    "fund": line.fund,
                    "category": line.category,
                    "amount_fen": line.annual_fen,
                    "assumption": line.assumption,
                    "service_standard": line.service_standard,
                    "used_before_fen": line.used_before_fen,
                }
                for line in plan.LINES
            ],
            "income": [
                {
                    "code": f"I-{income.account}",
                    "title": income.title,
                    "account": income.account,
                    "fund": income.fund,
                    "amount_fen": income.annual_fen,
                    "collection_percent": income.collection_percent,
                    "assumption": income.assumption,
                }
                for income in plan.INCOME
            ],
        },
    )
    stage.bookkeeper.post(f"/budgets/{budget_id}/consultation")
    comment_id = new_id()
    stage.member.post(
        f"/budgets/{budget_id}/comments",
        {"id": comment_id, "line_id": stage.ids["line/510206"], "body": "小修为什么比去年多 5%？"},
    )
    stage.bookkeeper.post(
        f"/budget-comments/{comment_id}/answer",
        {"answer": "3 栋和 6 栋水泵超过十年，按三年均值上浮。"},
    )
    resolution_id = resolve(
        stage, "budget", f"通过 {plan.YEAR} 年度开放式预算", subject_id=budget_id
    )
    stage.director.post(
        f"/budgets/{budget_id}/adoption", {"resolution_id": resolution_id, "version": 1}
    )
    total_fen = sum(line.annual_fen for line in plan.LINES)
    stage.say(
        f"adopted the open budget of {plan.YEAR} by resolution: {len(plan.LINES)} lines, ¥{yuan(total_fen)}"
    )


def resolve(
    stage: Stage,
    matter: str,
    title: str,
    *,
    subject_id: str | None = None,
    valid_from: str | None = None,
) -> str:
    """A paper meeting's decision, recorded with its count sheet and confirmed by both sides."""
    resolution_id, act_id = new_id(), new_id()
    today = stage.now.date().isoformat()
    count = stage.ids["count"]
    minutes = stage.bookkeeper.upload(
        f"{matter}.png",
        scan(
            title,
            [
                "计票表与会议纪要",
                "参与 426 人 44,812.50 ㎡，同意 371 人 39,020.00 ㎡",
                COMPOUND,
                title,
            ],
        ),
    )
    stage.bookkeeper.post(
        "/resolutions",
        {
            "id": resolution_id,
            "act_id": act_id,
            "expires_at": stage.expires_at,
            "matter": matter,
            "title": title,
            "decision": title,
            "record_on": "2025-08-21",
            "held_on": today,
            "valid_from": valid_from or today,
            "subject_id": subject_id,
            "minutes": [minutes["sha256"]],
            "figures": {
                "total_area_dm2": count["area_dm2"],
                "total_heads": count["heads"],
                "participating_area_dm2": 4_481_250,
                "participating_heads": 426,
                "for_area_dm2": 3_902_000,
                "for_heads": 371,
            },
        },
    )
    stage.both_sign(act_id)
    return resolution_id


def sign_contracts(stage: Stage) -> None:
    """Contracts hold their rest on the budget lines until the invoices come."""
    for contract in plan.CONTRACTS:
        act_id = new_id()
        stage.bookkeeper.post(
            "/contracts",
            {
                "id": stage.remember(f"contract/{contract.account}"),
                "act_id": act_id,
                "vendor_id": stage.ids[contract.vendor],
                "title": contract.title,
                "fund": next(line.fund for line in plan.LINES if line.account == contract.account),
                "budget_line_id": stage.ids[f"line/{contract.account}"],
                "starts_on": "2025-01-01",
                "ends_on": "2025-12-31",
                "amount_fen": contract.annual_fen,
                "billed_before_fen": contract.billed_before_fen,
                "expires_at": rfc3339(stage.now.replace(day=28)),
            },
        )
        stage.both_sign(act_id)
    stage.say(
        f"signed {len(plan.CONTRACTS)} contracts; what they will still cost is held on their budget lines"
    )
