"""The books over HTTP: opened by both sides, written by the bookkeeper, proved to anybody of the compound."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from tests.make import acts as make_acts
from tests.make import ledger as make_ledger
from tests.make.acts import Signers
from tests.make.ground import make_caller, new_id
from tests.make.http import sign_in
from tests.make.ledger import credit, debit
from trustprop.acts import service as acts
from trustprop.kernel import merkle
from trustprop.kernel.caller import Caller, Office
from trustprop.ledger import service as ledger
from trustprop.ledger.rules import checkpoint
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database

SEPTEMBER = datetime(2025, 9, 15, 4, 0, tzinfo=UTC)
OPENING = [
    {"account": "100201", "fund": "OP", "balance_fen": 28_654_018},
    {"account": "310101", "fund": "OP", "balance_fen": -28_654_018},
]


class Books:
    """An open compound whose bookkeeper and signers are signed in."""

    def __init__(self, client: httpx.AsyncClient, database: Database, owner: asyncpg.Connection):
        self.client = client
        self.database = database
        self.owner = owner
        self.compound_id = new_id()
        self.signers: Signers
        self.bookkeeper: Caller
        self.headers: dict[str, str]

    @property
    def url(self) -> str:
        return f"/v1/compounds/{self.compound_id}"

    async def found(self) -> None:
        founder = make_caller(compound_id=self.compound_id)
        async with self.database.begin(founder) as tx:
            self.signers = await make_acts.make_signers(tx, self.compound_id)
            clerk = await make_acts.add_signer(
                tx, self.compound_id, Office.TRUSTEE_BOOKKEEPER, activate=False
            )
            await ledger.open_fund(tx, founder, "OP", False)
        self.bookkeeper = clerk.caller
        assert clerk.caller.person_id is not None
        self.headers = await sign_in(self.owner, clerk.caller.person_id)

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        keyed = {**self.headers, "Idempotency-Key": str(new_id()), **headers}
        return await self.client.post(self.url + path, json=body, headers=keyed)

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        return await self.client.get(self.url + path, params=parameters, headers=self.headers)

    async def open(self) -> None:
        """Both sides sign the opening balances of the last of August."""
        drafted = await self.post(
            "/opening-balances",
            {
                "act_id": str(new_id()),
                "id": str(new_id()),
                "accounting_on": "2025-08-31",
                "memo": "期初余额",
                "lines": OPENING,
                "expires_at": "2025-09-30T00:00:00Z",
            },
        )
        assert drafted.status_code == 201, drafted.text
        async with self.database.begin(self.bookkeeper) as tx:
            act = await acts.find(tx, self.compound_id, drafted.json()["act_id"])
            assert act is not None
            await make_acts.sign_both(tx, self.signers, act, ledger.EFFECTS)


@pytest.fixture
async def books(
    client: httpx.AsyncClient, database: Database, owner: asyncpg.Connection, clock: Clock
) -> Books:
    clock.set_to(SEPTEMBER)
    made = Books(client, database, owner)
    await made.found()
    return made


def voucher(*lines: tuple[str, str, int], **more: Any) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "accounting_on": "2025-09-10",
        "memo": "银行结息",
        "lines": [
            {"account": account, "fund": "OP", "side": side, "amount_fen": amount}
            for account, side, amount in lines
        ],
        **more,
    }


INTEREST = (("100201", "debit", 6231), ("4601", "credit", 6231))


async def test_both_sides_open_the_books_and_august_is_sealed(books: Books) -> None:
    assert (await books.get("/balances")).json()["code"] == "books-not-open"
    await books.open()
    balances = (await books.get("/balances")).json()
    assert balances["tree_size"] == 1
    assert [one["balance_fen"] for one in balances["data"]] == [28_654_018, -28_654_018]
    assert [one["period"] for one in (await books.get("/periods")).json()["data"]] == ["2025-08"]
    trial = (await books.get("/periods/2025-09/trial-balance")).json()["data"]
    assert [(one["opening_fen"], one["debit_fen"]) for one in trial] == [
        (28_654_018, 0),
        (-28_654_018, 0),
    ]
    assert (await books.get("/periods/2025-13/trial-balance")).status_code == 404


async def test_a_voucher_is_posted_once_and_reversed(books: Books) -> None:
    await books.open()
    body = voucher(("5105", "debit", 4_680_000), ("2202", "credit", 4_680_000))
    key = str(new_id())
    first = await books.post("/vouchers", body, **{"Idempotency-Key": key})
    again = await books.post("/vouchers", body, **{"Idempotency-Key": key})
    assert (first.status_code, first.json()["number"]) == (201, 2)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    under_another_key = await books.post("/vouchers", body)
    assert under_another_key.json() == first.json()
    reversal = await books.post(
        f"/entries/{body['id']}/reversals",
        {"id": str(new_id()), "accounting_on": "2025-09-12", "memo": "冲销"},
    )
    assert reversal.json()["number"] == 3
    shown = (await books.get(f"/entries/{body['id']}")).json()
    assert shown["reversed_by"] == reversal.json()["entry_id"]


async def test_a_receipt_is_not_taken_back_without_an_act(books: Books) -> None:
    await books.open()
    body = voucher(*INTEREST)
    await books.post("/vouchers", body)
    answer = await books.post(
        f"/entries/{body['id']}/reversals",
        {"id": str(new_id()), "accounting_on": "2025-09-12", "memo": "冲销"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "cash-out-needs-order")


async def test_a_wrong_voucher_names_every_wrong_line(books: Books) -> None:
    await books.open()
    answer = await books.post(
        "/vouchers",
        voucher(("7777", "debit", 5), ("112101", "credit", 0)),
        **{"Accept-Language": "zh-CN"},
    )
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/lines/0/account", "account-not-open"),
        ("/lines/1/counterparty_id", "counterparty-needed"),
        ("/lines/1/amount_fen", "amount-invalid"),
    ]
    assert answer.json()["errors"][0]["detail"] == "没有启用的科目 7777。"


@pytest.mark.parametrize(
    ("lines", "status", "code"),
    [
        ((("2202", "debit", 5), ("100201", "credit", 5)), 422, "cash-out-needs-order"),
        ((("3902", "debit", 5), ("4901", "credit", 5)), 422, "fund-wall"),
        ((("5106", "debit", 5), ("2202", "credit", 4)), 422, "entry-unbalanced"),
        ((("2202", "debit", 5), ("4901", "credit", 5)), 409, "below-zero"),
    ],
)
async def test_a_voucher_takes_no_money_out(
    books: Books, lines: tuple[tuple[str, str, int], ...], status: int, code: str
) -> None:
    await books.open()
    answer = await books.post("/vouchers", voucher(*lines))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_only_the_bookkeeper_writes_vouchers(books: Books) -> None:
    await books.open()
    person_id = books.signers.member.caller.person_id
    assert person_id is not None
    headers = await sign_in(books.owner, person_id)
    answer = await books.post("/vouchers", voucher(*INTEREST), **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "office-needed")


async def test_pages_of_entries_stay_in_the_same_books(books: Books) -> None:
    await books.open()
    for _ in range(3):
        await books.post("/vouchers", voucher(*INTEREST))
    first = (await books.get("/entries", limit=2, as_of=4)).json()
    await books.post("/vouchers", voucher(*INTEREST))
    second = (await books.get("/entries", limit=2, as_of=4, cursor=first["page"]["next"])).json()
    numbers = [one["number"] for one in first["data"] + second["data"]]
    assert numbers == [1, 2, 3, 4]
    assert not second["page"]["has_more"]
    interest = (await books.get("/entries", account="4601", period="2025-09", fund="OP")).json()
    assert [one["number"] for one in interest["data"]] == [2, 3, 4, 5]
    assert (await books.get("/entries", kind="opening")).json()["data"][0]["number"] == 1


async def test_anybody_of_the_compound_can_check_the_journal(books: Books) -> None:
    await books.open()
    body = voucher(*INTEREST)
    await books.post("/vouchers", body)
    await books.post("/vouchers", voucher(*INTEREST))
    proof = (await books.get("/proofs/inclusion", entry_id=body["id"])).json()
    hashes = [bytes.fromhex(one) for one in proof["hashes"]]
    root = bytes.fromhex(proof["root"])
    leaf = bytes.fromhex(proof["leaf_hash"])
    assert merkle.verify_inclusion(leaf, proof["leaf_index"], proof["tree_size"], hashes, root)
    grown = (await books.get("/proofs/consistency", first=1, second=3)).json()
    assert merkle.verify_consistency(
        1,
        3,
        [bytes.fromhex(one) for one in grown["hashes"]],
        bytes.fromhex(grown["first_root"]),
        root,
    )
    note = (await books.get("/checkpoint")).text
    assert note.splitlines()[:2] == [checkpoint.origin(books.compound_id), "3"]
    too_far = await books.get("/proofs/consistency", first=1, second=9)
    assert too_far.json()["code"] == "tree-size-invalid"


async def test_an_account_is_opened_in_a_group_of_the_chart(books: Books) -> None:
    await books.open()
    body = {"code": "100205", "name_zh": "银行存款-新户", "name_en": "Bank: new", "side": "debit"}
    assert (await books.post("/accounts", body)).json()["cannot_go_below_zero"]
    assert (await books.post("/accounts", body)).status_code == 201
    other = await books.post("/accounts", body | {"name_zh": "另一户"})
    assert other.json()["code"] == "account-exists"
    listed = (await books.get("/accounts")).json()["data"]
    assert "100205" in {one["code"] for one in listed}


@pytest.mark.parametrize("form", ["csv", "xlsx", "beancount", "hledger"])
async def test_the_journal_is_exported(books: Books, form: str) -> None:
    await books.open()
    answer = await books.get("/export", format=form)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="journal.{form}"'
    assert answer.content[:2] == b"PK" or "期初余额" in answer.text


async def test_another_compound_is_not_there(books: Books) -> None:
    await books.open()
    elsewhere = f"/v1/compounds/{new_id()}"
    for path in ("/balances", "/entries", "/accounts", "/checkpoint", "/export?format=csv"):
        answer = await books.client.get(elsewhere + path, headers=books.headers)
        assert answer.status_code == 404


async def test_a_voucher_that_uses_a_budget_line_is_sent_to_the_accruals(books: Books) -> None:
    await books.open()
    wrong = voucher(("5106", "debit", 300), ("2202", "credit", 300))
    wrong["lines"][0]["budget_line_id"] = str(new_id())
    refused = await books.post("/vouchers", wrong, **{"Accept-Language": "zh-CN"})
    assert refused.status_code == 422, refused.text
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == (
        "/lines/0/budget_line_id",
        "budget-line-needs-accrual",
    )
    assert "/accruals" in error["detail"]


async def test_a_voucher_that_used_a_budget_line_is_not_reversed_as_a_plain_one(
    books: Books,
) -> None:
    await books.open()
    used = make_ledger.entry(debit("5106", 300, budget_line_id=new_id()), credit("2202", 300))
    async with books.database.begin(books.bookkeeper) as tx:
        await ledger.post(tx, books.bookkeeper, (used,))
    command = {"id": str(new_id()), "accounting_on": "2025-09-12", "memo": "冲销"}
    refused = await books.post(f"/entries/{used.entry_id}/reversals", command)
    assert refused.status_code == 409, refused.text
    assert refused.json()["code"] == "reversed-as-accrual"
    assert f"/accruals/{used.entry_id}/reversals" in refused.json()["detail"]
