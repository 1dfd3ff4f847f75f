"""One fiduciary month, end to end, through real sockets."""

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


async def test_every_integrity_query_returns_no_rows(month: PlayedMonth, month_url: str) -> None:
    assert month.holds
    owner = await asyncpg.connect(month_url)
    found = await checks.run(owner)
    await owner.close()
    assert len(found) > 40
    assert {name: rows for name, rows in found.items() if rows} == {}
