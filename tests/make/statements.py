"""Compound K in September 2025: the constructed month as facts, statement and journal."""

import base64
import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from trustprop.kernel import merkle
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.canonical import digest as _digest
from trustprop.kernel.money import apportion
from trustprop.kernel.periods import Period
from trustprop.ledger.model import AttestedLine, Balance, EntryKind, Source
from trustprop.ledger.rules import checkpoint, leaf
from trustprop.statements import rules
from trustprop.statements.model import (
    AccountFact,
    AgeBand,
    BankFact,
    BudgetFact,
    BuildingAgeing,
    Commitment,
    Compound,
    Decision,
    Edition,
    FundFact,
    Journal,
    JournalEntry,
    Month,
    Name,
    PaymentFact,
    PublicSignature,
    Question,
    RevenueContract,
    Seal,
    SignedAct,
    Statement,
    TieOut,
)

SOURCE = json.loads(
    (Path(__file__).parents[1] / "statements" / "month-2025-09.json").read_text(encoding="utf-8")
)
COMPOUND_ID = UUID("01990000-0000-7000-8000-00000000c0de")
PERIOD = Period(2025, 9)

ENGLISH = {
    "100201": "Bank: common fund, two signatures",
    "100202": "Bank: public revenue",
    "101201": "In transit (WeChat Pay, Alipay)",
    "112101": "Property fees receivable",
    "112102": "Parking management receivable",
    "112103": "Public revenue receivable",
    "1131": "Allowance for bad debts",
    "1141": "Prepaid liability insurance",
    "2202": "Suppliers",
    "2205": "Trustee's remuneration owed",
    "2206": "Taxes owed",
    "220301": "Prepaid property fees",
    "220302": "Prepaid parking",
    "220303": "Prepaid advertising and rent",
    "220901": "Renovation deposits",
    "220904": "Receipts not yet identified",
    "2601": "Held for others (electricity)",
    "310101": "Operating surplus",
    "310102": "Emergency reserve",
    "310201": "Public revenue surplus",
    "310202": "To be moved to the maintenance fund",
    "3901": "Transfers in",
    "3902": "Transfers out",
    "4301": "Property fees",
    "4302": "Parking management fees",
    "431101": "Monthly parking",
    "431102": "Short-stay parking",
    "4312": "Lift advertising",
    "4313": "Sites let (parcel lockers, mast)",
    "4314": "Recycling and other",
    "4601": "Interest",
    "5101": "Staff on site",
    "510201": "Lift maintenance",
    "510203": "Fire system maintenance",
    "510206": "Small repairs",
    "510207": "Shared electricity",
    "510208": "Shared water",
    "510301": "Cleaning",
    "510302": "Refuse removal",
    "5104": "Greening",
    "5105": "Order and security",
    "5106": "Office",
    "5108": "Public liability insurance",
    "5201": "Trustee's remuneration",
    "5202": "Assembly and committee",
    "5203": "Taxes",
    "5204": "Bad debts",
    "5301": "Bank and channel fees",
    "5401": "Direct cost of public revenue",
    "5501": "Major repairs",
}
FUNDS = {
    "OP": Name(zh="运营基金", en="Operations"),
    "PR": Name(zh="公共收益", en="Public revenue"),
    "RS": Name(zh="业主大会指定储备", en="Designated reserve"),
    "AG": Name(zh="代收代付与押金", en="Agency and deposits"),
}
# account, code, name, year's amount, used January to August, encumbered (fen)
BUDGET = (
    ("5101", "OP-01", "项目部人员", 51480000, 34320000, 0),
    ("510201", "OP-02", "电梯维保", 10080000, 6720000, 2520000),
    ("510203", "OP-03", "消防维保", 3000000, 2000000, 750000),
    ("510206", "OP-04", "小修", 7200000, 4125000, 980000),
    ("510207", "OP-05", "公共用电", 18600000, 12148055, 0),
    ("510208", "OP-06", "公共用水", 2400000, 1526610, 0),
    ("510301", "OP-07", "保洁外包", 32640000, 21760000, 8160000),
    ("510302", "OP-08", "垃圾清运", 5040000, 3360000, 1260000),
    ("5104", "OP-09", "绿化养护", 7800000, 5200000, 1950000),
    ("5105", "OP-10", "秩序维护", 56160000, 37440000, 14040000),
    ("5106", "OP-11", "办公", 1560000, 1087030, 0),
    ("5108", "OP-12", "公众责任险", 960000, 640000, 0),
    ("5201", "OP-13", "受托人酬金", 15360000, 10240000, 0),
    ("5202", "OP-14", "业主大会与业委会", 1800000, 742000, 0),
    ("5301", "OP-15", "银行与通道手续费", 600000, 351400, 0),
    ("5401", "PR-01", "停车系统", 1440000, 960000, 360000),
    ("5501", "RS-01", "电梯钢丝绳更换", 7600000, 0, 6840000),
)
# journal number: payee (None: a natural person), purpose, invoices
PAYMENTS = {
    18: (None, "退还装修押金(验收合格)", ()),
    20: ("锦川供电服务有限公司", "代缴充电桩电费", ("25512000000031870416",)),
    22: ("蜀卫秩序维护服务有限公司等 2 户", "支付8月应付款", ("25512000000029001152",)),
    23: ("安和物业服务有限公司", "8月受托人酬金", ()),
    24: ("国家税务总局锦川区税务局", "8月税费", ()),
    25: ("安和物业服务有限公司", "项目部7人工资社保(按岗位汇总)", ()),
    26: ("洁城环境服务有限公司", "保洁外包9月", ("25512000000030117725",)),
    27: ("恒升电梯工程有限公司", "电梯维保24台", ("25512000000030119983",)),
    28: ("安盾消防技术有限公司", "消防维保9月", ("25512000000030244018",)),
    29: ("绿源清运有限公司", "垃圾清运9月", ("25512000000030560217",)),
    30: ("锦川供电服务有限公司", "公共用电", ("25512000000030671140",)),
    31: ("锦川自来水有限公司", "公共用水", ("25512000000030671992",)),
    32: ("匠心维修服务部", "3栋闭门器、6栋水泵轴承小修", ("25512000000031218834",)),
    33: ("文汇办公用品有限公司", "办公耗材与通讯", ("25512000000031420075",)),
    34: ("通泊停车技术有限公司", "停车道闸系统月服务费", ("25512000000031422610",)),
    35: ("新印图文有限公司", "业主大会表决票印刷及送达", ("25512000000032001127",)),
}
KINDS = {44: "transfer", 39: "remuneration", 36: "invoice", 37: "invoice", 1: "charge", 3: "charge"}
RECEIPTS = {8, 10, 11, 12, 13, 17, 21}
SIGNERS = (("trustee", "trustee_manager", 2), ("owners", "committee_director", 9))
RESOLUTION_ID = UUID("01990000-0000-7000-8000-0000000e5001")


def identifier(*parts: object) -> UUID:
    """A UUIDv7-shaped id that is the same in every run."""
    content = bytearray(hashlib.sha256(repr(parts).encode()).digest()[:16])
    content[6] = content[6] & 0x0F | 0x70
    content[8] = content[8] & 0x3F | 0x80
    return UUID(bytes=bytes(content))


def budget_line_id(account: str) -> UUID | None:
    return next((identifier("budget", line[1]) for line in BUDGET if line[0] == account), None)


def entries() -> tuple[JournalEntry, ...]:
    return tuple(_entry(written) for written in SOURCE["journal"])


def opening() -> tuple[Balance, ...]:
    return _balances(SOURCE["opening"])


def closing() -> tuple[Balance, ...]:
    return _balances(SOURCE["closing"])


def month() -> Month:
    """The facts of the month, the file's figures and plausible ones around them."""
    return Month(
        period=PERIOD,
        accounts=tuple(
            AccountFact(code=code, name=Name(zh=zh, en=ENGLISH[code]))
            for code, zh in sorted((SOURCE["account_names"] | {"5501": "专项维修支出"}).items())
        ),
        funds=tuple(
            FundFact(code=code, name=name, is_held_for_others=code == "AG")
            for code, name in FUNDS.items()
        ),
        opening=opening(),
        entries=entries(),
        year_before=(),
        month_before=None,
        banks=_banks(),
        budget=tuple(
            BudgetFact(
                line_id=identifier("budget", code),
                code=code,
                name=name,
                fund=code[:2],
                account=account,
                is_income=False,
                appropriated_fen=amount,
                used_before_fen=used,
                used_before_books_fen=used,
                encumbered_fen=encumbered,
            )
            for account, code, name, amount, used, encumbered in BUDGET
        ),
        payments=payments(),
        ageing=_ageing(),
        collected_fen=15031500,
        billed_fen=16581600,
        revenue_contracts=_revenue_contracts(),
        commitments=_commitments(),
        remuneration_basis=Name(
            zh="固定酬金，每月 12,800.00 元。", en="A fixed 12,800.00 yuan a month."
        ),
        questions=_questions(),
        resolutions={
            RESOLUTION_ID: Decision(
                resolution_id=RESOLUTION_ID,
                number="2025-003",
                title="公共收益净额的 50% 划入业主大会指定储备",
                held_on=date(2025, 6, 21),
                amount_fen=0,
                entry_numbers=(),
            )
        },
        corrections=(),
        tie_outs=(),
    )


def key(office: str) -> Ed25519PrivateKey:
    """Everybody can make these keys: they sign nothing but the sample."""
    return Ed25519PrivateKey.from_private_bytes(sha256(f"sample key {office}".encode()))


def public_key(office: str) -> bytes:
    return key(office).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def signatures(digest: bytes, on: date) -> tuple[PublicSignature, ...]:
    return tuple(
        PublicSignature(
            party=party,
            office=office,
            key_id=sha256(public_key(office)).hex(),
            scheme="ed25519",
            public_key=public_key(office).hex(),
            signature=key(office).sign(digest).hex(),
            signed_at=datetime(on.year, on.month, on.day, hour, 5, tzinfo=UTC),
        )
        for party, office, hour in SIGNERS
    )


def act(
    kind: str, name: object, body: dict, on: date, entry_number: int | None = None
) -> SignedAct:
    act_id = identifier("act", name)
    payload = canonical_json(
        {
            "type": f"trustprop/{kind}/v1",
            "compound_id": COMPOUND_ID,
            "act_id": act_id,
            "subject_id": identifier("subject", name),
            "version": 1,
            "required": [{"party": party, "count": 1} for party, _office, _hour in SIGNERS],
            "expires_at": "2025-12-31T16:00:00Z",
            "policy_version": 1,
            "body": body,
        }
    )
    digest = sha256(payload)
    return SignedAct(
        act_id=act_id,
        kind=kind,
        entry_number=entry_number,
        payload=base64.b64encode(payload).decode(),
        digest=digest.hex(),
        signatures=signatures(digest, on),
    )


def payment_acts() -> tuple[SignedAct, ...]:
    """In the order of their entries; the payload of a payment to a person stays back."""
    acts = (
        act("payment-order", number, _order_body(number), _day(number), number)
        for number in sorted(PAYMENTS)
    )
    return tuple(
        one if PAYMENTS[one.entry_number or 0][0] else replace(one, payload=None) for one in acts
    )


def _order_body(number: int) -> dict:
    payee, purpose, invoices = PAYMENTS[number]
    debit, credit = SOURCE["journal"][number - 1]["lines"]
    return {
        "order_id": identifier("order", number),
        "kind": "invoices" if invoices else "payable",
        "amount_fen": debit["debit_fen"],
        "fund": debit["fund"],
        "bank_account": credit["account"],
        "account": debit["account"],
        "payee": {
            "kind": "vendor" if payee else "individual",
            "name": payee or "",
            "bank": "建设银行",
            "number_masked": "**** 0000",
            "commitment": sha256(f"payee {number}".encode()).hex(),
        },
        "invoices": list(invoices),
        "purpose": purpose,
        "evidence": [],
        "pay_on": _day(number),
    }


def _day(number: int) -> date:
    return date(2025, 9, int(SOURCE["journal"][number - 1]["date"][-2:]))


def payments() -> tuple[PaymentFact, ...]:
    found = []
    acts = {act.entry_number: act for act in payment_acts()}
    for order, (number, (payee, purpose, invoices)) in enumerate(sorted(PAYMENTS.items()), 1):
        lines = SOURCE["journal"][number - 1]["lines"]
        debit = lines[0]
        found.append(
            PaymentFact(
                order_id=identifier("order", number),
                number=f"2025-{order:04d}",
                entry_number=number,
                payee=payee,
                purpose=purpose if payee else "",
                budget_line=next((line[1] for line in BUDGET if line[0] == debit["account"]), None),
                fund=debit["fund"],
                invoices=invoices,
                amount_fen=debit["debit_fen"],
                digest=acts[number].digest,
                signers=rules.signers(acts[number]),
                bank_reference=None if number == 35 else f"CCB2509{number:02d}7741{order:02d}",
            )
        )
    return tuple(found)


def _entry(written: dict) -> JournalEntry:
    number = written["no"]
    memo = written["memo"].split(" 双签")[0]
    salt = sha256(f"salt {number}".encode())
    entry = JournalEntry(
        number=number,
        entry_id=identifier("entry", number),
        kind=_kind(number),
        accounting_on=_day(number),
        recorded_at=datetime(2025, 9, _day(number).day, 9, 0, number, tzinfo=UTC),
        memo=memo,
        memo_opening=leaf.memo_opening(salt).hex(),
        memo_commitment=leaf.memo_commitment(leaf.memo_opening(salt), memo).hex(),
        lines=tuple(
            AttestedLine(
                account=line["account"],
                fund=line["fund"],
                signed_fen=line["debit_fen"] - line["credit_fen"],
                budget_line_id=_line_id(line),
            )
            for line in written["lines"]
        ),
        source=Source(kind="voucher", id=identifier("voucher", number)),
        act_id=identifier("act", number) if number in PAYMENTS else None,
        resolution_id=RESOLUTION_ID if number == 44 else None,
    )
    pays_a_person = number in PAYMENTS and PAYMENTS[number][0] is None
    if rules.memo_is_public(entry, payee_is_person=pays_a_person):
        return entry
    return replace(entry, memo=None, memo_opening=None)


def _line_id(line: dict) -> UUID | None:
    return budget_line_id(line["account"]) if line["account"].startswith("5") else None


def _kind(number: int) -> EntryKind:
    if number in PAYMENTS:
        return EntryKind.PAYMENT
    if number in RECEIPTS:
        return EntryKind.RECEIPT
    return EntryKind(KINDS.get(number, "voucher"))


def _balances(amounts: dict[str, int]) -> tuple[Balance, ...]:
    return tuple(
        Balance(fund=key.split("/")[1], account=key.split("/")[0], balance_fen=amount)
        for key, amount in amounts.items()
        if amount
    )


def _banks() -> tuple[BankFact, ...]:
    return (
        BankFact(
            account="100201",
            bank="建设银行锦川支行",
            number_masked="5105 **** **** 7741",
            bank_fen=31969484,
            receipts_not_on_bank_fen=0,
            payments_not_on_bank_fen=138000,
        ),
        BankFact(
            account="100202",
            bank="建设银行锦川支行",
            number_masked="5105 **** **** 7758",
            bank_fen=28796255,
            receipts_not_on_bank_fen=0,
            payments_not_on_bank_fen=0,
        ),
    )


BANDS = ("0-30", "31-90", "91-180", "181-365", "over-365")


def _ageing() -> tuple[BuildingAgeing, ...]:
    """Sums to the receivable of 70,387.20; the oldest bands are small and often suppressed."""
    totals = apportion(7038720, [9, 7, 8, 11, 6, 7, 9, 8, 6, 10, 9, 10])
    rows = []
    for index, total in enumerate(totals):
        parts = apportion(total, [46, 24, 14, 9, 7])
        shown = [
            amount if (index + band) % 4 or band < 2 else None for band, amount in enumerate(parts)
        ]
        if shown.count(None) == 1:
            shown[4] = shown[3] = None
        rows.append(
            BuildingAgeing(
                building=f"{index + 1}栋",
                bands=tuple(
                    AgeBand(band=band, amount_fen=amount)
                    for band, amount in zip(BANDS, shown, strict=True)
                ),
                total_fen=total,
            )
        )
    return tuple(rows)


def _revenue_contracts() -> tuple[RevenueContract, ...]:
    return (
        _revenue(
            "地面车位包月用户",
            "ground_parking",
            date(2025, 1, 1),
            date(2025, 12, 31),
            27000000,
            2250000,
        ),
        _revenue(
            "梯视传媒有限公司",
            "lift_advertising",
            date(2025, 1, 1),
            date(2026, 12, 31),
            17280000,
            720000,
        ),
        _revenue(
            "云柜科技有限公司", "locker", date(2025, 7, 1), date(2026, 6, 30), 1200000, 100000
        ),
        _revenue(
            "铁塔通信有限公司", "base_station", date(2024, 4, 1), date(2027, 3, 31), 7200000, 200000
        ),
    )


def _revenue(
    counterparty: str, kind: str, starts_on: date, ends_on: date, whole: int, month_fen: int
) -> RevenueContract:
    return RevenueContract(
        counterparty=counterparty,
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        contract_fen=whole,
        month_fen=month_fen,
    )


def _commitments() -> tuple[Commitment, ...]:
    rows = (
        ("电梯维保合同", "恒升电梯工程有限公司", "OP", "OP-02", 2520000),
        ("消防维保合同", "安盾消防技术有限公司", "OP", "OP-03", 750000),
        ("零星维修框架合同", "匠心维修服务部", "OP", "OP-04", 980000),
        ("保洁外包合同", "洁城环境服务有限公司", "OP", "OP-07", 8160000),
        ("垃圾清运合同", "绿源清运有限公司", "OP", "OP-08", 1260000),
        ("绿化养护合同", "青禾园林有限公司", "OP", "OP-09", 1950000),
        ("秩序维护合同", "蜀卫秩序维护服务有限公司", "OP", "OP-10", 14040000),
        ("停车系统服务合同", "通泊停车技术有限公司", "PR", "PR-01", 360000),
        ("钢丝绳更换合同", "恒升电梯工程有限公司", "RS", "RS-01", 6840000),
    )
    return tuple(
        Commitment(
            title=title,
            counterparty=counterparty,
            fund=fund,
            budget_line=line,
            ends_on=date(2025, 12, 31),
            encumbered_fen=amount,
        )
        for title, counterparty, fund, line, amount in rows
    )


def _questions() -> tuple[Question, ...]:
    return (
        Question(
            target="statement",
            kind="question",
            body="8月公共用电比7月多出一成,是什么原因?",
            asked_on=date(2025, 9, 9),
            due_on=date(2025, 9, 16),
            answer="高温期地下车库排风每日多运行四小时;抄表记录与供电局账单已附于凭证。",
            answered_on=date(2025, 9, 12),
        ),
        Question(
            target="payment_order",
            kind="question",
            body="6栋水泵轴承的旧件是否保留可供查看?",
            asked_on=date(2025, 9, 27),
            due_on=date(2025, 10, 4),
            answer=None,
            answered_on=None,
        ),
    )


def canonical_digest(document: object) -> str:
    return _digest(document).hex()


def close_body(figures: object, closing_digest: str, size: int, root: bytes) -> dict:
    return {
        "period": str(PERIOD),
        "tree_size": size,
        "root": root.hex(),
        "trial_balance_digest": closing_digest,
        "figures_digest": canonical_digest(figures),
    }


def published() -> tuple[Statement, Journal]:
    """The sample statement and the journal beside it, signed and sealed."""
    facts = replace(month(), tie_outs=_tie_outs())
    figures = rules.draw_up(facts)
    leaves = [leaf.entry_leaf(COMPOUND_ID, entry) for entry in facts.entries]
    root = merkle.root(leaves)
    closed = act(
        "period-close",
        "close",
        close_body(figures, rules.trial_balance_digest(closing()), len(leaves), root),
        date(2025, 10, 8),
    )
    origin = checkpoint.origin(COMPOUND_ID)
    note = checkpoint.sign_checkpoint(
        checkpoint.Checkpoint(origin=origin, tree_size=len(leaves), root=root), key("log")
    )
    journal = Journal(
        compound_id=COMPOUND_ID,
        period=str(PERIOD),
        previous_tree_size=0,
        previous_frontier=(),
        leaves=tuple(hash_.hex() for hash_ in leaves),
        tree_size=len(leaves),
        root=root.hex(),
        checkpoint=note,
        log_key=str(checkpoint.verifier_of(origin, key("log"))),
        opening=opening(),
        closing=rules.closing_balances(facts.opening, facts.entries),
        entries=facts.entries,
        close_act=closed,
        payments=payment_acts(),
    )
    statement = Statement(
        compound=Compound(compound_id=COMPOUND_ID, name="K 小区", credit_code=None),
        number="2025-001",
        version=1,
        public_url=f"https://trustprop.example/public/{COMPOUND_ID}/statements/2025-001",
        published_at=datetime(2025, 10, 8, 10, 0, tzinfo=UTC),
        published_on=date(2025, 10, 8),
        objections_until=date(2025, 10, 23),
        previous=None,
        close_act_id=closed.act_id,
        close_act_digest=closed.digest,
        signatures=rules.signers(closed),
        seal=Seal(
            tree_size=len(leaves),
            root=root.hex(),
            checkpoint=note,
            previous_tree_size=0,
            previous_root=None,
        ),
        journal_digest=canonical_digest(journal),
        figures=figures,
    )
    return statement, journal


def _tie_outs() -> tuple[TieOut, ...]:
    rows = (
        ("trial_balance", 0, 0),
        ("fund_balances", 0, 0),
        ("three_way:100201", 31831484, 31831484),
        ("three_way:100202", 28796255, 28796255),
        ("channel_in_transit", 215030, 215030),
        ("receivables", 7038720, 7038720),
        ("agency", 4079170, 4079170),
        ("budget_actuals", 17943720, 17943720),
        ("alarms", 0, 0),
        ("integrity", 0, 0),
    )
    return tuple(
        TieOut(name=name, passed=left == right, left_fen=left, right_fen=right)
        for name, left, right in rows
    )


def note(statement: Statement) -> str:
    """The log's attestation of the statement."""
    text = rules.note_text(COMPOUND_ID, statement.number, _digest(statement))
    return checkpoint.sign_note(text, rules.note_name(COMPOUND_ID), key("log"))


def parts() -> tuple[bytes, bytes, str]:
    """Statement, journal and note, as they are published."""
    statement, journal = published()
    return canonical_json(statement), canonical_json(journal), note(statement)


def sample() -> bytes:
    """What ``reports/statement/sample.json`` holds."""
    return rules.bundle(edition())


def edition() -> Edition:
    statement_json, journal_json, attested = parts()
    return Edition(statement=statement_json, journal=journal_json, note=attested)
