"""The close's look at the journal: from the last seal on, whether or not its statement is published."""

from datetime import UTC, date, datetime

import asyncpg
import pytest

from tests.make import ledger as books
from tests.make.closing import AFTER, SEPTEMBER, at
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Database
from trustprop.statements import service

OCTOBER = Period(2025, 10)
LATER = datetime(2025, 11, 6, 2, 0, tzinfo=UTC)


@pytest.fixture
async def sealed(database: Database, caller: Caller) -> Caller:
    """Five entries of September, sealed and not published, and two of October."""
    then = at(caller, AFTER)
    async with database.begin(then) as tx:
        await books.open_books(tx, then)
        await ledger.post(tx, then, [an_entry(date(2025, 9, 20)) for _entry in range(5)])
        await ledger.close_period(tx, then, SEPTEMBER)
    later = at(caller, LATER)
    async with database.begin(later) as tx:
        await ledger.post(tx, later, [an_entry(date(2025, 10, 20)) for _entry in range(2)])
    return later


@pytest.fixture
async def tampering(owner: asyncpg.Connection) -> asyncpg.Connection:
    """The owner of the database, with every trigger off."""
    await owner.execute("SET session_replication_role = replica")
    return owner


def an_entry(on: date):
    return books.entry(books.debit("1122", 700), books.credit("4901", 700), on=on)


async def integrity(database: Database, caller: Caller) -> str:
    async with database.read(caller) as tx:
        found = await service.tie_outs(tx, caller, OCTOBER)
    (tie,) = (tie for tie in found.tie_outs if tie.name == "integrity")
    assert tie.passed == (tie.detail == "")
    return tie.detail


async def test_an_untouched_journal_holds(database: Database, sealed: Caller):
    assert await integrity(database, sealed) == ""


@pytest.mark.parametrize("number", [6, 7])
async def test_an_entry_edited_after_the_seal_is_named(
    database: Database, sealed: Caller, tampering: asyncpg.Connection, number: int
):
    await tampering.execute(
        "UPDATE entry SET memo = memo || '.' WHERE compound_id = $1 AND number = $2",
        sealed.compound_id,
        number,
    )
    assert await integrity(database, sealed) == str(number)


async def test_a_peak_below_the_seal_that_no_longer_gives_its_root_is_found(
    database: Database, sealed: Caller, tampering: asyncpg.Connection
):
    await tampering.execute(
        "UPDATE tree_node SET hash = sha256(hash) "
        "WHERE compound_id = $1 AND level = 2 AND index = 0",
        sealed.compound_id,
    )
    assert await integrity(database, sealed) == "2025-09"


async def test_what_was_sealed_is_not_read_again(
    database: Database, sealed: Caller, tampering: asyncpg.Connection
):
    """The work is that of the month; ``trustprop check`` looks at everything."""
    await tampering.execute(
        "DELETE FROM entry_line WHERE compound_id = $1 AND number <= 5", sealed.compound_id
    )
    assert await integrity(database, sealed) == ""
