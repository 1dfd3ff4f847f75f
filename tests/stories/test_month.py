"""One fiduciary month, end to end, through real sockets."""

from uuid import UUID

import asyncpg
import pytest

from tests.played import PlayedMonth
from trustprop.plumbing import checks

pytestmark = pytest.mark.xdist_group("month")


def test_the_month_ends_with_every_balance_of_the_file_and_a_sound_statement(
    month: PlayedMonth,
) -> None:
    assert month.holds, month.log
    assert "all 50 closing balances equal the file's, to the fen" in month.log
    assert month.log.count("All of it holds.") == 3


async def test_every_integrity_query_returns_no_rows(
    month: PlayedMonth, owner: asyncpg.Connection
) -> None:
    assert month.holds
    found = await checks.run(owner)
    assert len(found) > 40
    ours = UUID(month.compound_id)
    assert {name: rows for name, rows in found.items() if any(ours in row for row in rows)} == {}
