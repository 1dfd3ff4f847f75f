"""Chapter four: charges to homes, receipts day by day, public revenue, deposits, the month's accruals."""

from collections.abc import Iterator, Sequence
from datetime import date

from trustprop.demo.client import new_id
from trustprop.demo.collection import (
    OWNED_SPACES,
    OWNED_SPACES_PAID,
    PUBLIC_SPACES_PREPAID,
    Collection,
    months_owed,
)
from trustprop.demo.opening import resolve
from trustprop.demo.papers import BankLine, scan
from trustprop.demo.stage import Stage
from trustprop.demo.world import Home
from trustprop.kernel.money import apportion, yuan

PERIOD = "2025-09"
SETTLEMENT_DAYS = (9, 16, 23, 30)
CHANNEL_SETTLED, CHANNEL_FEE = 116_257_50, 441_78
TEMPORARY_PARKING = ((7, 2_310_00), (14, 2_465_00), (21, 2_390_00), (28, 2_695_00))


PARKING_DAYS = ((5, slice(0, 80)), (15, slice(80, 140)), (25, slice(140, 208)))
GROUND = {5: slice(0, 40), 15: slice(40, 75), 25: slice(75, 100)}


def decide(stage: Stage) -> None:
    """Business on common parts needs three quarters; a transfer between funds more than half."""
    stage.ids["business"] = resolve(
        stage, "common_part_business", "同意电梯广告、快递柜与通信基站合同"
    )
    transfer_id = stage.remember("transfer")
    stage.ids["transfer-resolution"] = resolve(
        stage, "fund_transfer", "公共收益净额的一半按月划入业主大会指定储备", subject_id=transfer_id
    )


def prepare(stage: Stage) -> None:
    """Tariffs rest on clauses; spaces, contracts and the ages of the opening debts are entered."""
    for kind, rate_fen in (
        ("property_fee", 280),
        ("parking_fee", 60_00),
        ("ground_parking", 150_00),
    ):
        stage.bookkeeper.post(
            "/tariffs",
            {
                "id": new_id(),
                "kind": kind,
                "rate_fen": rate_fen,
                "valid_from": PERIOD,
                "clause": "信托制物业服务合同 §11",
            },
        )
    homes = [stage.homes[home.key] for home in stage.world.sold_homes]
    spaces = [
        ("parking_fee", f"产权-{i + 1:03d}", home) for i, home in enumerate(homes[:OWNED_SPACES])
    ]
    spaces += [
        ("ground_parking", f"地面-{i + 1:03d}", home)
        for i, home in enumerate(stage.ids["space_homes"])
    ]
    stage.bookkeeper.post(
        "/parking-spaces",
        {
            "spaces": [
                {
                    "id": new_id(),
                    "code": code,
                    "kind": kind,
                    "home_id": home_id,
                    "valid_from": "2025-01",
                }
                for kind, code, home_id in spaces
            ]
        },
    )
    _contracts(stage)
    _opening_receivables(stage)
    stage.say(
        f"entered tariffs, {len(spaces)} parking spaces, three revenue contracts and what homes still owe"
    )


def _contracts(stage: Stage) -> None:
    resolution_id = stage.ids["business"]
    for name, counterparty, kind, account, amount, recognised, received in (
        (
            "ads",
            "映象传媒有限公司（示例）",
            "lift_advertising",
            "4312",
            86_400_00,
            57_600_00,
            64_800_00,
        ),
        ("lockers", "收件易科技有限公司（示例）", "locker", "4313", 12_000_00, 8_000_00, 11_000_00),
        ("station", "示例铁塔公司", "base_station", "4313", 24_000_00, 16_000_00, 16_000_00),
    ):
        stage.bookkeeper.post(
            "/revenue-contracts",
            {
                "id": stage.ids.get(name) or stage.remember(name),
                "counterparty": counterparty,
                "kind": kind,
                "income_account": account,
                "starts_on": "2025-01-01",
                "ends_on": "2025-12-31",
                "amount_fen": amount,
                "recognised_before_fen": recognised,
                "received_before_fen": received,
                "resolution_id": resolution_id,
            },
        )


def _opening_receivables(stage: Stage) -> None:
    money: Collection = stage.ids["collection"]
    stage.bookkeeper.post(
        "/opening-receivables",
        {
            "items": [
                {
                    "id": new_id(),
                    "home_id": stage.homes[home.key],
                    "kind": "property_fee",
                    "period": f"2025-{9 - months_ago:02d}" if months_ago < 9 else "2024-12",
                    "amount_fen": part,
                }
                for home, owed in money.arrears.items()
                for months_ago, part in months_owed(home, owed)
            ]
        },
    )


_WORDS = {
    "property_fee": "property fee",
    "parking_fee": "fee of their own parking space",
    "ground_parking": "rent of a ground parking space",
}


def charge(stage: Stage) -> None:
    """One entry for each home, six hundred in one call; who paid ahead is settled at once."""
    for kind in ("property_fee", "parking_fee", "ground_parking"):
        run = stage.bookkeeper.post(
            "/charge-runs", {"id": new_id(), "period": PERIOD, "kind": kind}
        )
        stage.say(f"charged {run['charges']} homes the {_WORDS[kind]}: ¥{yuan(run['amount_fen'])}")
    stage.bookkeeper.post("/revenue-runs", {"id": new_id(), "period": PERIOD})


def collect_online(stage: Stage, day: int, homes: Sequence[Home]) -> None:
    """What WeChat and Alipay report for a day, as one entry with every home's part."""
    money: Collection = stage.ids["collection"]
    _receive(
        stage,
        day,
        "101201",
        [(home, money.online[home]) for home in homes],
        f"线上收款 9 月 {day} 日",
    )


def online_days(stage: Stage) -> Iterator[tuple[int, list[Home]]]:
    """The payers of each day from the 2nd to the 30th; most pay early."""
    money: Collection = stage.ids["collection"]
    homes = list(money.online)
    days = list(range(2, 31))
    counts = apportion(len(homes), [40 - day for day in days])
    for day, count in zip(days, counts, strict=True):
        yield day, homes[:count]
        homes = homes[count:]


def settle_channel(stage: Stage, day: int, gross_fen: int, fee_fen: int) -> None:
    """The channel pays out on the bank account and keeps its fee, which stays visible as expense."""
    reference = f"QD202509{day:02d}"
    stage.bookkeeper.post(
        "/channel-settlements",
        {
            "id": new_id(),
            "settled_on": f"2025-09-{day:02d}",
            "channel": "101201",
            "account": "100201",
            "gross_fen": gross_fen,
            "fee_fen": fee_fen,
            "budget_line_id": stage.ids["line/5301"],
            "reference": reference,
        },
    )
    stage.on_bank("100201", day, gross_fen - fee_fen, "支付通道", "通道结算", reference)


def settlements(stage: Stage) -> Iterator[tuple[int, int, int]]:
    """Each week's sum and fee: what has come in by then, and in the end the file's totals."""
    money: Collection = stage.ids["collection"]
    collected, settled = 0, 0
    by_day = {day: sum(money.online[home] for home in homes) for day, homes in online_days(stage)}
    gross = []
    for day in SETTLEMENT_DAYS:
        collected = sum(amount for on, amount in by_day.items() if on < day)
        gross.append(
            min(collected, CHANNEL_SETTLED) - settled if day < 30 else CHANNEL_SETTLED - settled
        )
        settled += gross[-1]
    return zip(SETTLEMENT_DAYS, gross, apportion(CHANNEL_FEE, gross), strict=True)


def collect_by_bank(stage: Stage) -> None:
    """Transfers from the 3rd to the 28th, each a line of the bank."""
    money: Collection = stage.ids["collection"]
    homes = list(money.by_bank)
    for i, home in enumerate(homes):
        day = 3 + i * 26 // len(homes)
        if day == stage.today.day:
            reference = f"ZZ202509{day:02d}{i:03d}"
            _receive(stage, day, "100201", [(home, money.by_bank[home])], "", reference)
            stage.on_bank(
                "100201",
                day,
                money.by_bank[home],
                "业主",
                f"物业费 {'-'.join(home.key)}",
                reference,
            )


def collect_year_ahead(stage: Stage) -> None:
    money: Collection = stage.ids["collection"]
    for i, home in enumerate(money.year_ahead):
        amount_fen = home.monthly_fee_fen * 12
        reference = f"YJ20250910{i}"
        stage.bookkeeper.post(
            "/receipts",
            {
                "receipts": [
                    {
                        "id": new_id(),
                        "home_id": stage.homes[home.key],
                        "received_on": "2025-09-10",
                        "account": "100201",
                        "amount_fen": amount_fen,
                        "kind": "property_fee",
                        "apply": "prepayment",
                        "reference": reference,
                    }
                ]
            },
        )
        stage.on_bank("100201", 10, amount_fen, "业主", "预缴全年物业费", reference)


def collect_parking(stage: Stage, day: int, part: slice) -> None:
    """Owned spaces pay 60.00 into the common account; rented ground spaces 150.00 into the public one."""
    homes = list(stage.world.sold_homes)[:OWNED_SPACES_PAID][part]
    reference = f"CW202509{day:02d}"
    _receive(
        stage,
        day,
        "100201",
        [(home, 60_00) for home in homes],
        "车位管理费批量代收",
        reference,
        "parking_fee",
    )
    stage.on_bank("100201", day, 60_00 * len(homes), "银行代收", "车位管理费批量代收", reference)
    by_id = {stage.homes[home.key]: home for home in stage.world.sold_homes}
    renters = [by_id[home_id] for home_id in stage.ids["space_homes"][PUBLIC_SPACES_PREPAID:]][
        GROUND[day]
    ]
    reference = f"DM202509{day:02d}"
    _receive(
        stage,
        day,
        "100202",
        [(home, 150_00) for home in renters],
        "地面车位包月代收",
        reference,
        "ground_parking",
    )
    stage.on_bank("100202", day, 150_00 * len(renters), "银行代收", "地面车位包月代收", reference)


def _receive(
    stage: Stage,
    day: int,
    account: str,
    paid: Sequence[tuple[Home, int]],
    memo: str,
    reference: str = "",
    kind: str = "property_fee",
) -> None:
    if not paid:
        return
    body: dict[str, object] = {
        "receipts": [
            {
                "id": new_id(),
                "home_id": stage.homes[home.key],
                "received_on": f"2025-09-{day:02d}",
                "account": account,
                "amount_fen": amount_fen,
                "kind": kind,
                "reference": "" if memo else reference,
            }
            for home, amount_fen in paid
        ]
    }
    if memo:
        body["summary"] = {"id": new_id(), "reference": reference, "memo": memo}
    stage.bookkeeper.post("/receipts", body)


def collect_other(
    stage: Stage, account: str, fund: str, amount_fen: int, memo: str, payer: str, **more: object
) -> None:
    """Money that no home owes."""
    day = stage.today.day
    reference = f"QT202509{day:02d}{amount_fen}"
    stage.bookkeeper.post(
        "/other-receipts",
        {
            "id": new_id(),
            "received_on": stage.today.isoformat(),
            "account": account,
            "fund": fund,
            "amount_fen": amount_fen,
            "memo": memo,
            "payer": payer,
            "reference": reference,
            **more,
        },
    )
    stage.on_bank(account, day, amount_fen, payer, memo, reference)


def collect_temporary_parking(stage: Stage, amount_fen: int) -> None:
    collect_other(
        stage,
        "100202",
        "PR",
        amount_fen,
        "临停收入（道闸系统汇总）",
        "聚合支付",
        credit_account="431102",
    )


def collect_advertising(stage: Stage) -> None:
    collect_other(
        stage,
        "100202",
        "PR",
        21_600_00,
        "第四季度电梯广告预付款",
        "映象传媒有限公司（示例）",
        contract_id=stage.ids["ads"],
    )


def collect_scrap(stage: Stage) -> None:
    collect_other(
        stage, "100202", "PR", 350_00, "废品回收款", "再生资源回收站（示例）", credit_account="4314"
    )


def collect_deposits(stage: Stage) -> None:
    """Two homes renovate; each leaves 2,000.00, which is theirs and no income."""
    free = [stage.homes[home.key] for home in stage.world.sold_homes[60:62]]
    for home_id in free:
        collect_other(
            stage,
            "100201",
            "AG",
            2_000_00,
            "收装修押金",
            f"业主 {free.index(home_id) + 1}",
            credit_account="220901",
            counterparty_id=home_id,
        )


def collect_charging(stage: Stage) -> None:
    collect_other(
        stage,
        "100201",
        "AG",
        4_312_50,
        "代收充电桩电费",
        "充电桩平台",
        credit_account="2601",
        counterparty_id=stage.ids["power"],
    )


def receive_unknown(stage: Stage) -> None:
    """A payer without a name: it shows on the bank and is booked as money to be looked into."""
    stage.on_bank("100201", stage.today.day, 250_60, "", "", "WM20250924")


def accrue(stage: Stage) -> None:
    """The end of the month: insurance used up, taxes, doubtful debts, the trustee's remuneration."""
    stage.bookkeeper.post(
        "/remuneration-accruals",
        {"id": new_id(), "period": PERIOD, "budget_line_id": stage.ids["line/5201"]},
    )
    for memo, debit, credit, fund, amount_fen in (
        ("公众责任险摊销 9,600/12", "5108", "1141", "OP", 800_00),
        ("计提税金及附加（公共收益应税收入）", "5203", "2206", "PR", 404_10),
        ("补提坏账准备（账龄法）", "5204", "1131", "OP", 468_25),
    ):
        proof = stage.bookkeeper.upload(
            f"{debit}.png", scan("转账凭证", [memo, f"¥{yuan(amount_fen)}"])
        )
        stage.bookkeeper.post(
            "/accruals",
            {
                "id": new_id(),
                "accounting_on": stage.today.isoformat(),
                "memo": memo,
                "evidence": [proof["sha256"]],
                "lines": [
                    {
                        "account": debit,
                        "fund": fund,
                        "side": "debit",
                        "amount_fen": amount_fen,
                        "budget_line_id": stage.ids[f"line/{debit}"],
                    },
                    {"account": credit, "fund": fund, "side": "credit", "amount_fen": amount_fen},
                ],
            },
        )
    stage.say("accrued insurance, taxes, doubtful debts and the trustee's remuneration")


def transfer(stage: Stage) -> None:
    """Half of the net public revenue goes to the reserve, as the assembly decided."""
    stage.bookkeeper.post(
        "/transfers",
        {
            "id": stage.ids["transfer"],
            "from_fund": "PR",
            "to_fund": "RS",
            "bank_account": "100202",
            "amount_fen": 20_670_00,
            "transferred_on": stage.today.isoformat(),
            "memo": "公共收益净额 41,340.01 × 50% 划入储备（业主大会决议）",
            "resolution_id": stage.ids["transfer-resolution"],
        },
    )
    stage.say("moved ¥20,670.00 of public revenue to the reserve by resolution")


def bank_lines(stage: Stage) -> dict[str, list[BankLine]]:
    """What the bank saw in September and on the first of October, in its own order."""
    for order_id, number, amount_fen, on, terms in stage.ids["orders"]:
        late = amount_fen == 1_380_00
        booked_on = date(2025, 10, 1) if late else on
        account = str(terms.get("bank_account", "100201"))
        stage.bank[account].append(
            BankLine(booked_on, -amount_fen, "", f"付款 {number}", str(order_id))
        )
    return {
        account: sorted(lines, key=lambda line: line.on) for account, lines in stage.bank.items()
    }
