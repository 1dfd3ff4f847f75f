"""Closing a month: the first one of a compound, and the same month with five years of books behind it."""

import statistics
import time
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from benchmarks.ground import Ground, Result, result, say
from tests.make import acts as make_acts
from tests.make import closing as make
from tests.make import meetings as make_meetings
from tests.make import paying
from tests.make.ground import make_caller, new_id
from tests.make.ledger import credit, debit, entry, fill_cash, open_books
from tests.make.paying import CASH, TAX, Payers
from trustprop.funds import service as funds
from trustprop.funds.model import EstablishFund
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Database

YEARS = 5
A_MONTH = 1000
"""Entries besides the payment and the accruals."""
FIRST = date(2025, 9, 1)
COMPOUNDS = 3


async def months(ground: Ground) -> list[Result]:
    """Drafting (all tie-outs), both signatures and the seal of September 2025; medians of three compounds."""
    database = Database.connect(ground.serving_url, pool_size=2)
    owner = await asyncpg.connect(ground.owner_url)
    years = ground.options.count(YEARS, 1)
    try:
        # One of each beforehand, so that neither pays for what a process does only once.
        await _close_a_september(database, owner, 0)
        first = tuple([await _close_a_september(database, owner, 0) for _ in range(COMPOUNDS)])
        late = tuple([await _close_a_september(database, owner, years) for _ in range(COMPOUNDS)])
    finally:
        await database.close()
        await owner.close()
    say(f"  {late} {first}")
    entries = years * 12 * A_MONTH
    return [
        result(
            "closing",
            f"closing a month of {A_MONTH:,} entries with {years} years ({entries:,} entries) behind it",
            "ms",
            late,
            first,
            "closing the first month",
            at_most=1.3,
            remark=f"median {statistics.median(late):.0f} ms",
        )
    ]


async def _close_a_september(database: Database, owner: asyncpg.Connection, years: int) -> float:
    """Milliseconds to close September 2025 of a fresh compound with so many years before it."""
    caller = make_caller()
    opened_on = FIRST.replace(year=FIRST.year - years)
    async with database.begin(caller) as tx:
        signers = await make_acts.make_signers(tx, caller.compound_id)
        await open_books(tx, caller, opened_on=opened_on)
    month = Period.of(opened_on)
    while month < make.SEPTEMBER:
        await _live_through(database, caller, month)
        month = month.next
    await _publish_august(owner, caller, years * 12 * A_MONTH)
    # What autovacuum has long done in a compound of this age.
    await owner.execute("ANALYZE")
    payers = Payers(caller, signers)
    async with database.begin(caller) as tx:
        for code in ("OP", "AG"):
            await funds.establish(tx, caller, EstablishFund(code=code))
        await fill_cash(tx, caller, CASH)
        await paying.owe(tx, caller, "2206", TAX)
        await make_meetings.add_minutes(tx, caller.compound_id)
        await paying.add_bank_account(tx, caller)
        await paying.pay(tx, payers)
        await make.accrue(tx, payers)
        await _post(tx, caller, date(2025, 9, 10))
    started = time.perf_counter()
    async with database.begin(caller) as tx:
        drafted = await make.draft(tx, payers)
    async with database.begin(caller) as tx:
        await make.sign(tx, payers, drafted.act_id)
    return (time.perf_counter() - started) * 1000


async def _live_through(database: Database, caller: Caller, month: Period) -> None:
    """A month of entries, sealed."""
    then = replace(caller, at=_after(month))
    async with database.begin(then) as tx:
        await _post(tx, then, month.last_on)
        await ledger.close_period(tx, then, month)


async def _publish_august(owner: asyncpg.Connection, caller: Caller, tree_size: int) -> None:
    """The month before was published: only where its journal ended matters to the next close."""
    if tree_size == 0:
        return
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(
        "INSERT INTO statement (compound_id, year, serial, period, act_id, tree_size, document, digest, "
        "journal, note, published_at) VALUES ($1, 2025, 1, 202508, $2, $3, '', sha256(''), '', '', $4)",
        caller.compound_id,
        new_id(),
        tree_size,
        _after(Period(2025, 8)),
    )
    await owner.execute("RESET session_replication_role")


async def _post(tx: object, caller: Caller, on: date) -> None:
    """What was earned and what fell due, home by home."""
    homes = [new_id() for _ in range(A_MONTH)]
    await ledger.post(tx, caller, tuple(_earned(home, on) for home in homes))  # type: ignore[arg-type]


def _earned(home: UUID, on: date) -> object:
    return entry(debit("1122", 26_730), credit("4901", 26_730), on=on, memo=f"物业费 {home}")


def _after(month: Period) -> datetime:
    following = month.last_on + timedelta(days=5)
    return datetime(following.year, following.month, following.day, 2, tzinfo=UTC)
