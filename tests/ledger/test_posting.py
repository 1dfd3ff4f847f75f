"""The one write path against real PostgreSQL: what it keeps, refuses and proves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec.structs import replace

from tests.ledger.test_leaf import COMPOUND, ENTRY, HOME, PLAIN, SALT
from tests.make.ground import make_caller, new_id
from tests.make.ledger import credit, debit, entry, fill_cash, open_books
from trustprop.kernel import merkle
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import rules
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Balance, Entry, EntryKind, LedgerFund, Reverse, Source
from trustprop.ledger.rules import leaf
from trustprop.ledger.store import posting as store
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database, Tx

OCTOBER = datetime(2025, 10, 2, 4, 0, tzinfo=UTC)
RESOLUTION = new_id()
JOURNAL = ("entry", "entry_line", "tree_node", "period", "period_balance")
BOOKS = ("books", "balance", "turnover", "subledger_balance")


@pytest.fixture
async def books(tx: Tx, caller: Caller) -> Tx:
    """Open books with 1,000.00 in the operating fund."""
    await open_books(tx, caller)
    await fill_cash(tx, caller, 100_000)
    return tx


async def broken(tx: Tx) -> dict[str, list[Any]]:
    """What the integrity queries of this house find, as the serving role sees it."""
    found = {
        name: await tx.raw.fetch(sql)
        for name, sql in checks.queries().items()
        if name.startswith("ledger: ")
    }
    return {name: rows for name, rows in found.items() if rows}


async def balances(tx: Tx, caller: Caller, **when: Any) -> dict[str, int]:
    found = await ledger.balances(tx, caller.compound_id, **when)
    return {f"{one.account}/{one.fund}": one.balance_fen for one in found}


async def test_an_entry_moves_balances_and_gets_the_next_number(books: Tx, caller: Caller) -> None:
    (posted,) = await ledger.post(books, caller, (entry(debit("5106", 300), credit("2202", 300)),))
    assert posted.number == 2
    assert posted.recorded_at == caller.at
    assert await balances(books, caller) == {
        "100201/OP": 100_000,
        "4901/OP": -100_000,
        "5106/OP": 300,
        "2202/OP": -300,
    }
    assert await broken(books) == {}


async def test_many_entries_are_posted_in_their_order(books: Tx, caller: Caller) -> None:
    homes = [new_id() for _ in range(23)]
    charges = [
        entry(
            debit("112101", 100 + n, counterparty_id=home, scope="3栋"),
            credit("4301", 100 + n),
            kind=EntryKind.CHARGE,
            memo=f"{n}户",
            evidence=("ab" * 32, "cd" * 32)[: n % 3],
        )
        for n, home in enumerate(homes)
    ]
    posted = await ledger.post(books, caller, charges)
    assert [one.number for one in posted] == list(range(2, 25))
    assert [one.entry_id for one in posted] == [one.entry_id for one in charges]
    held = await ledger.subledger(books, caller.compound_id, "112101")
    assert {one.counterparty_id: one.balance_fen for one in held} == {
        home: 100 + n for n, home in enumerate(homes)
    }
    read = await ledger.entries_by_id(books, caller.compound_id, [one.entry_id for one in charges])
    assert [one.lines for one in read] == [one.lines for one in charges]
    assert [one.evidence for one in read] == [one.evidence for one in charges]
    assert await broken(books) == {}


@pytest.mark.parametrize("sizes", [(1,) * 9, (3, 1, 4, 1, 5, 9, 2, 6), (64, 1), (7, 57)])
async def test_the_tree_in_sql_is_the_tree_in_python(
    tx: Tx, caller: Caller, sizes: tuple[int, ...]
) -> None:
    await open_books(tx, caller)
    for size in sizes:
        await ledger.post(
            tx, caller, [entry(debit("1122", n), credit("4901", n)) for n in range(1, size + 1)]
        )
    last = sum(sizes)
    attested = await ledger.attested_entries(tx, caller.compound_id, last=last)
    leaves = [leaf.entry_leaf(caller.compound_id, one) for one in attested]
    assert await ledger.root(tx, caller.compound_id) == merkle.root(leaves)
    for size in range(1, last + 1, 5):
        assert await ledger.root(tx, caller.compound_id, size) == merkle.root(leaves[:size])
    assert await broken(tx) == {}


async def test_the_bytes_in_sql_are_the_bytes_in_python(books: Tx) -> None:
    for attested, memo, homes in (
        (ENTRY, "计提9月物业费", (HOME, None)),
        (PLAIN, "", (None, None)),
    ):
        body = b""
        for n, line in enumerate(attested.lines, 1):
            body += await books.raw.fetchval(
                "SELECT ledger_line_bytes($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                SALT, n, line.account, line.fund, line.signed_fen, line.budget_line_id,
                homes[n - 1], line.scope, line.project,
            )  # fmt: skip
        found = await books.raw.fetchval(
            "SELECT ledger_leaf_hash($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            COMPOUND, attested.entry_id, attested.recorded_at, attested.accounting_on, memo, SALT,
            attested.kind.value, attested.source.kind, attested.source.id, attested.act_id,
            attested.resolution_id, attested.reverses, bytes.fromhex("".join(attested.evidence)),
            len(attested.lines), body,
        )  # fmt: skip
        assert found == leaf.entry_leaf(COMPOUND, attested)


async def test_every_entry_is_provably_in_the_journal(books: Tx, caller: Caller) -> None:
    entries = [entry(debit("1122", n), credit("4901", n)) for n in range(1, 13)]
    await ledger.post(books, caller, entries)
    compound_id = caller.compound_id
    for one in entries[::3]:
        for size in (None, 13):
            proof = await ledger.inclusion_proof(books, compound_id, one.entry_id, size)
            assert merkle.verify_inclusion(
                bytes.fromhex(proof.leaf_hash),
                proof.leaf_index,
                proof.tree_size,
                [bytes.fromhex(one) for one in proof.hashes],
                bytes.fromhex(proof.root),
            )
    for first in range(1, 14):
        grown = await ledger.consistency_proof(books, compound_id, first)
        assert merkle.verify_consistency(
            first,
            13,
            [bytes.fromhex(one) for one in grown.hashes],
            bytes.fromhex(grown.first_root),
            bytes.fromhex(grown.second_root),
        )


async def test_proofs_of_sizes_that_never_were_are_refused(books: Tx, caller: Caller) -> None:
    (late,) = await ledger.post(books, caller, (entry(debit("1122", 1), credit("4901", 1)),))
    for asked in (
        ledger.root(books, caller.compound_id, 3),
        ledger.inclusion_proof(books, caller.compound_id, late.entry_id, 1),
        ledger.consistency_proof(books, caller.compound_id, 2, 1),
        ledger.consistency_proof(books, caller.compound_id, 0),
        ledger.balances(books, caller.compound_id, tree_size=3),
    ):
        with pytest.raises(rules.TreeSizeInvalid):
            await asked


async def test_the_same_entries_again_are_answered_as_they_were(books: Tx, caller: Caller) -> None:
    entries = [
        entry(debit("112101", 7, counterparty_id=HOME), credit("4301", 7), evidence=("ab" * 32,)),
        entry(debit("5106", 5), credit("2202", 5)),
    ]
    first = await ledger.post(books, caller, entries)
    later = Caller(
        compound_id=caller.compound_id, mandates=caller.mandates, at=OCTOBER, person_id=new_id()
    )
    await ledger.close_period(books, later, Period(2025, 9))
    assert await ledger.post(books, later, entries) == first
    assert await broken(books) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"memo": "另"},
        {"accounting_on": date(2025, 9, 11)},
        {"kind": EntryKind.BANK},
        {"evidence": ("ab" * 32,)},
        {"source": Source(kind="other", id=HOME)},
        {"lines": (debit("5106", 6), credit("2202", 6))},
        {"lines": (debit("5106", 5), credit("2205", 5))},
        {"lines": (debit("5106", 5, scope="1栋"), credit("2202", 5))},
        {"resolution_id": RESOLUTION},
    ],
)
async def test_the_same_id_with_other_content_is_a_conflict(
    books: Tx, caller: Caller, change: dict[str, Any]
) -> None:
    first = entry(debit("5106", 5), credit("2202", 5))
    await ledger.post(books, caller, (first,))
    with pytest.raises(rules.EntryDiffers):
        await ledger.post(books, caller, (replace(first, **change),))


async def test_a_batch_that_is_only_partly_there_is_a_conflict(books: Tx, caller: Caller) -> None:
    first = entry(debit("5106", 5), credit("2202", 5))
    await ledger.post(books, caller, (first,))
    with pytest.raises(rules.EntryDiffers):
        await ledger.post(books, caller, (first, entry(debit("5106", 5), credit("2202", 5))))


REFUSED = [
    (entry(debit("7777", 5), credit("4901", 5)), rules.AccountNotOpen),
    (entry(debit("1122", 5, "XX"), credit("4901", 5, "XX")), rules.FundNotOpen),
    (entry(debit("112101", 5), credit("4301", 5)), rules.CounterpartyNeeded),
    (entry(debit("2202", 5), credit("4901", 5)), rules.BelowZero),
    (
        entry(debit("2202", 1), credit("100201", 1), kind=EntryKind.PAYMENT),
        rules.BelowZero,
    ),
    (
        entry(debit("5106", 100_001), credit("100201", 100_001), kind=EntryKind.PAYMENT),
        rules.BelowZero,
    ),
    (
        entry(debit("220301", 5, counterparty_id=HOME), credit("4301", 5)),
        rules.SubledgerBelowZero,
    ),
    (entry(debit("5401", 5, "PR"), credit("2202", 5, "PR")), rules.FundBelowZero),
    (entry(debit("5106", 5), credit("2202", 5), on=date(2025, 8, 31)), rules.BeforeOpening),
    (entry(debit("5106", 5), credit("2202", 5), on=date(2025, 9, 16)), rules.DateInFuture),
]


def beside_others(wrong: Entry, others: int) -> tuple[Entry, ...]:
    """One of two lines has a function of its own; among others it goes the way of many."""
    return (*(entry(debit("1122", 7), credit("4901", 7)) for _other in range(others)), wrong)


@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize(("wrong", "refusal"), REFUSED)
async def test_the_books_refuse(
    books: Tx, caller: Caller, wrong: Entry, refusal: type[Exception], others: int
) -> None:
    with pytest.raises(refusal):
        await ledger.post(books, caller, beside_others(wrong, others))


BEHIND_THE_RULES = [
    (entry(debit("2202", 5), credit("100201", 5)), rules.CashOutNeedsOrder),
    (entry(debit("2202", 5), credit("100201", 5), act_id=HOME), rules.CashOutNeedsOrder),
    (
        entry(debit("1122", 5), credit("4901", 5), debit("4901", 5, "PR"), credit("1122", 5, "PR")),
        rules.FundWall,
    ),
    (
        entry(
            debit("3902", 5, "OP"),
            credit("1122", 5, "OP"),
            debit("1122", 5, "PR"),
            credit("3901", 5, "PR"),
        ),
        rules.FundWall,
    ),
    (
        entry(
            debit("3902", 5, "OP"),
            credit("100201", 5, "OP"),
            debit("100202", 5, "PR"),
            credit("3901", 5, "PR"),
            kind=EntryKind.TRANSFER,
            resolution_id=RESOLUTION,
        ),
        rules.CashOutNeedsOrder,
    ),
    (
        entry(
            debit("3902", 5, "OP"),
            credit("2202", 5, "OP"),
            debit("2202", 5, "PR"),
            credit("3901", 5, "PR"),
            kind=EntryKind.TRANSFER,
            resolution_id=RESOLUTION,
        ),
        rules.TransferUnmatched,
    ),
    (
        entry(
            debit("3902", 5, "OP"),
            credit("1122", 5, "OP"),
            debit("1122", 5, "PR"),
            credit("3901", 5, "PR"),
            kind=EntryKind.TRANSFER,
        ),
        rules.ResolutionNeeded,
    ),
]


@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize(("wrong", "refusal"), BEHIND_THE_RULES)
async def test_the_function_refuses_what_the_rules_would_have(
    books: Tx, caller: Caller, wrong: Entry, refusal: type[Exception], others: int
) -> None:
    """The store is called directly: the second witness stands without the first."""
    entries = beside_others(wrong, others)
    with pytest.raises(refusal):
        await store.post(books, caller.compound_id, caller.at, entries, lambda: SALT)


async def test_two_lines_alone_must_balance_too(books: Tx, caller: Caller) -> None:
    wrong = entry(debit("1122", 5), credit("4901", 4))
    with pytest.raises(rules.EntryUnbalanced) as refused:
        await store.post(books, caller.compound_id, caller.at, (wrong,), lambda: SALT)
    assert (refused.value.debit_fen, refused.value.credit_fen) == (5, 4)


@pytest.mark.parametrize("others", [0, 1])
async def test_every_field_of_two_lines_is_kept_and_hashed(
    books: Tx, caller: Caller, others: int
) -> None:
    full = entry(
        debit("112101", 5, counterparty_id=HOME, budget_line_id=new_id(), scope="3", project="P"),
        credit("4301", 5, scope="三", project="电梯"),
        memo="9月 物业费",
        evidence=("ab" * 32, "cd" * 32),
    )
    *_others, posted = await ledger.post(books, caller, beside_others(full, others))
    (kept,) = await ledger.attested_entries(
        books, caller.compound_id, first=posted.number, last=posted.number
    )
    assert leaf.entry_leaf(caller.compound_id, kept).hex() == posted.leaf_hash
    assert kept.evidence == full.evidence
    assert [one.signed_fen for one in kept.lines] == [5, -5]
    assert [(one.scope, one.project) for one in kept.lines] == [("3", "P"), ("三", "电梯")]
    assert await broken(books) == {}


@pytest.mark.parametrize(
    ("wrong", "wrong_sums"),
    [
        (entry(debit("1122", 5), credit("4901", 4)), {(5, 4)}),
        (entry(debit("1122", 5), credit("4901", 5, "PR")), {(5, 0), (0, 5)}),
    ],
)
async def test_no_statement_adds_unbalanced_lines(
    books: Tx, caller: Caller, wrong: Entry, wrong_sums: set[tuple[int, int]]
) -> None:
    sound = entry(debit("1122", 5), credit("4901", 5))
    with pytest.raises(rules.EntryUnbalanced) as refused:
        await store.post(books, caller.compound_id, caller.at, (sound, wrong), lambda: SALT)
    assert (refused.value.debit_fen, refused.value.credit_fen) in wrong_sums


async def test_a_transfer_moves_money_between_funds(books: Tx, caller: Caller) -> None:
    await ledger.post(
        books,
        caller,
        (
            entry(
                debit("3902", 40_000, "OP"),
                credit("100201", 40_000, "OP"),
                debit("100201", 40_000, "RS"),
                credit("3901", 40_000, "RS"),
                kind=EntryKind.TRANSFER,
                resolution_id=RESOLUTION,
            ),
        ),
    )
    claims = await ledger.fund_claims(books, caller.compound_id, "100201")
    assert {claim.fund: claim.balance_fen for claim in claims} == {"OP": 60_000, "RS": 40_000}
    assert await ledger.net_assets(books, caller.compound_id, "RS") == 40_000
    assert (await broken(books)).keys() == {"ledger: transfers_rest_on_confirmed_resolutions"}


def reverse(entry_id: UUID, **more: Any) -> Reverse:
    return Reverse(
        entry_id=entry_id,
        reversal_id=new_id(),
        accounting_on=date(2025, 9, 12),
        memo="冲销",
        **more,
    )


async def test_a_reversal_takes_everything_back_once(books: Tx, caller: Caller) -> None:
    charge = entry(debit("112101", 7, counterparty_id=HOME), credit("4301", 7))
    await ledger.post(books, caller, (charge,))
    command = reverse(charge.entry_id)
    posted = await ledger.reverse(books, caller, command)
    assert await ledger.reverse(books, caller, command) == posted
    assert await balances(books, caller) == {"100201/OP": 100_000, "4901/OP": -100_000}
    assert await ledger.subledger(books, caller.compound_id, "112101") == ()
    original = await ledger.entry(books, caller.compound_id, charge.entry_id)
    mirror = await ledger.entry(books, caller.compound_id, posted.entry_id)
    assert (original.reversed_by, mirror.reverses) == (mirror.entry_id, original.entry_id)
    assert await broken(books) == {}
    with pytest.raises(rules.AlreadyReversed):
        await ledger.reverse(books, caller, reverse(charge.entry_id))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"lines": (credit("5106", 6), debit("2202", 6))}, rules.NotTheMirror),
        ({"lines": (credit("5106", 5), debit("2205", 5))}, rules.NotTheMirror),
        ({"reverses": HOME}, rules.NotTheMirror),
    ],
)
async def test_the_function_refuses_a_reversal_that_is_no_mirror(
    books: Tx, caller: Caller, change: dict[str, Any], refusal: type[Exception]
) -> None:
    original = entry(debit("5106", 5), credit("2202", 5))
    await ledger.post(books, caller, (original,))
    mirror = entry(
        credit("5106", 5), debit("2202", 5), kind=EntryKind.REVERSAL, reverses=original.entry_id
    )
    with pytest.raises(refusal):
        await store.post(
            books, caller.compound_id, caller.at, (replace(mirror, **change),), lambda: SALT
        )


async def test_balances_are_known_at_any_past_date_and_size(books: Tx, caller: Caller) -> None:
    later = replace(caller, at=OCTOBER)
    await ledger.post(
        books,
        later,
        (
            entry(debit("5106", 5), credit("2202", 5), on=date(2025, 9, 20)),
            entry(debit("5106", 7), credit("2202", 7), on=date(2025, 10, 1)),
        ),
    )
    expected = {
        date(2025, 9, 9): None,
        date(2025, 9, 10): None,
        date(2025, 9, 20): 5,
        date(2025, 9, 30): 5,
        date(2025, 10, 1): 12,
    }
    for sealed in (False, True):
        if sealed:
            await ledger.close_period(books, later, Period(2025, 9))
        found = {on: (await balances(books, caller, on=on)).get("5106/OP") for on in expected}
        assert found == expected
    assert await balances(books, caller, on=date(2025, 9, 9)) == {}
    assert (await balances(books, caller, tree_size=2))["2202/OP"] == -5
    assert await balances(books, caller, tree_size=0) == {}
    assert await broken(books) == {}


async def test_a_closed_month_is_sealed_and_takes_no_entries(books: Tx, caller: Caller) -> None:
    later = replace(caller, at=OCTOBER)
    sealed = await ledger.close_period(books, later, Period(2025, 9))
    assert sealed.root == (await ledger.root(books, caller.compound_id)).hex()
    assert sealed.tree_size == 1
    assert await ledger.close_period(books, later, Period(2025, 9)) == sealed
    assert await ledger.sealed_periods(books, caller.compound_id) == (sealed,)
    trial = await ledger.trial_balance(books, caller.compound_id, Period(2025, 9))
    assert [(line.account, line.opening_fen, line.closing_fen) for line in trial.lines] == [
        ("100201", 0, 100_000),
        ("4901", 0, -100_000),
    ]
    following = await ledger.trial_balance(books, caller.compound_id, Period(2025, 10))
    assert [(line.opening_fen, line.debit_fen) for line in following.lines] == [
        (100_000, 0),
        (-100_000, 0),
    ]
    with pytest.raises(rules.PeriodClosed):
        await ledger.post(books, later, (entry(debit("5106", 5), credit("2202", 5)),))


@pytest.mark.parametrize(
    ("period", "refusal"),
    [
        (Period(2025, 8), rules.PeriodOutOfOrder),
        (Period(2025, 10), rules.PeriodOutOfOrder),
        (Period(2025, 9), rules.PeriodNotOver),
    ],
)
async def test_months_close_in_order_and_when_they_are_over(
    books: Tx, caller: Caller, period: Period, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await ledger.close_period(books, caller, period)


async def test_the_year_turns_in_the_compounds_own_zone(tx: Tx, caller: Caller) -> None:
    await open_books(tx, caller, opened_on=date(2025, 12, 1))
    eve = replace(caller, at=datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC))
    new_year = replace(caller, at=datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    first = entry(debit("5106", 5), credit("2202", 5), on=date(2026, 1, 1))
    async with undone(tx):
        with pytest.raises(rules.DateInFuture):
            await ledger.post(tx, eve, (first,))
    async with undone(tx):
        with pytest.raises(rules.PeriodNotOver):
            await ledger.close_period(tx, eve, Period(2025, 12))
    await ledger.post(tx, new_year, (first,))
    await ledger.close_period(tx, new_year, Period(2025, 12))
    with pytest.raises(rules.PeriodOutOfOrder) as refused:
        await ledger.close_period(tx, new_year, Period(2025, 11))
    assert refused.value.expected == "2026-01"


@asynccontextmanager
async def undone(tx: Tx) -> AsyncIterator[None]:
    """What a test does inside is undone, so that the transaction survives a refusal."""
    await tx.raw.execute("SAVEPOINT inside")
    yield
    await tx.raw.execute("ROLLBACK TO SAVEPOINT inside")


async def test_closed_books_and_books_opened_twice_are_refused(tx: Tx, caller: Caller) -> None:
    async with undone(tx):
        with pytest.raises(rules.BooksNotOpen):
            await ledger.lock_books(tx, caller.compound_id)
    with pytest.raises(rules.BooksNotOpen):
        await ledger.books(tx, caller.compound_id)
    opened = await ledger.open_books(tx, caller, date(2025, 9, 1))
    assert opened.next_number == 1
    assert await ledger.open_books(tx, caller, date(2025, 9, 1)) == opened
    with pytest.raises(rules.BooksAlreadyOpen):
        await ledger.open_books(tx, caller, date(2025, 9, 2))


async def test_a_fund_keeps_its_kind(tx: Tx, caller: Caller) -> None:
    fund = await ledger.open_fund(tx, caller, "MF", True)
    assert (
        await ledger.open_fund(tx, caller, "MF", True)
        == fund
        == LedgerFund(fund="MF", is_restricted=True)
    )
    with pytest.raises(rules.FundExists):
        await ledger.open_fund(tx, caller, "MF", False)


@pytest.mark.parametrize("table", [*JOURNAL, *BOOKS])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {} DEFAULT VALUES",
        "UPDATE {} SET compound_id = compound_id",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
    ],
)
async def test_the_serving_role_writes_the_books_by_the_function_only(
    tx: Tx, table: str, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tx.raw.execute(statement.format(table))


@pytest.mark.parametrize("table", JOURNAL)
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET compound_id = compound_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"],
)
async def test_not_even_the_owner_changes_the_journal(
    database: Database, owner: asyncpg.Connection, table: str, statement: str
) -> None:
    caller = make_caller()
    async with database.begin(caller) as tx:
        await open_books(tx, caller)
        for _ in range(2):
            await fill_cash(tx, caller, 5)
        await ledger.close_period(tx, replace(caller, at=OCTOBER), Period(2025, 9))
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(statement.format(table))


async def test_not_even_the_owner_adds_lines_to_a_posted_entry(
    database: Database, owner: asyncpg.Connection
) -> None:
    caller = make_caller()
    async with database.begin(caller) as tx:
        await open_books(tx, caller)
        await fill_cash(tx, caller, 5)
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(
            "INSERT INTO entry_line (compound_id, number, line, account, fund, debit_fen, credit_fen, "
            "scope, project) VALUES ($1, 1, 3, '1122', 'OP', 5, 0, '', ''), "
            "($1, 1, 4, '4901', 'OP', 0, 5, '', '')",
            caller.compound_id,
        )


async def test_no_function_serves_another_compound(books: Tx, caller: Caller) -> None:
    other = new_id()
    one = entry(debit("5106", 5), credit("2202", 5))
    for call in (
        store.lock_books(books, other),
        store.open_books(books, other, date(2025, 9, 1)),
        store.close_period(books, other, Period(2025, 9), OCTOBER),
        store.post(books, other, caller.at, (one,), lambda: SALT),
    ):
        async with undone(books):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await call


async def test_another_compound_sees_nothing_of_these_books(database: Database) -> None:
    caller, stranger = make_caller(), make_caller()
    async with database.begin(caller) as tx:
        await open_books(tx, caller)
        await fill_cash(tx, caller, 5)
    async with database.read(stranger) as tx:
        for table in (*JOURNAL, *BOOKS, "account", "ledger_fund"):
            assert await tx.raw.fetchval(f"SELECT count(*) FROM {table}") == 0
        assert await ledger.balances(tx, caller.compound_id) == ()


async def test_writers_at_one_moment_leave_gapless_numbers(database: Database) -> None:
    caller = make_caller()
    async with database.begin(caller) as tx:
        await open_books(tx, caller)

    async def write(amount: int) -> int:
        async with database.begin(caller) as tx:
            one = entry(debit("1122", amount), credit("4901", amount))
            (posted,) = await ledger.post(tx, caller, (one,))
            return posted.number

    numbers = await asyncio.gather(*(write(amount) for amount in range(1, 41)))
    assert sorted(numbers) == list(range(1, 41))
    async with database.read(caller) as tx:
        assert await broken(tx) == {}
        assert Balance(fund="OP", account="1122", balance_fen=820) in await ledger.balances(
            tx, caller.compound_id
        )


async def test_sixteen_retries_at_one_moment_post_one_entry(database: Database) -> None:
    caller = make_caller()
    async with database.begin(caller) as tx:
        await open_books(tx, caller)
    one = entry(debit("1122", 5), credit("4901", 5))

    async def write() -> object:
        async with database.begin(caller) as tx:
            return await ledger.post(tx, caller, (one,))

    answers = await asyncio.gather(*(write() for _ in range(16)))
    assert all(answer == answers[0] for answer in answers)
    async with database.read(caller) as tx:
        assert (await ledger.books(tx, caller.compound_id)).tree_size == 1
