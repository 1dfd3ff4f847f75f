"""Kill -9 under sixteen writers: with keys nothing is lost or doubled; without them there are doubles."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import uuid_utils

from benchmarks.kill import Campaign, Outcome, run

pytestmark = pytest.mark.xdist_group("kills")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A server of this test's own: nobody else's may be killed."""
    made = ROOT / "var" / f"kill-{uuid_utils.uuid7().hex[-8:]}"
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def play(folder: Path, **more: object) -> Outcome:
    """The seed stands in the outcome, so that a failure shows it."""
    seed = random.SystemRandom().randrange(2**32)
    return await run(Campaign(seed=seed, folder=folder, **more))  # type: ignore[arg-type]


async def test_nothing_acknowledged_is_lost_or_doubled_by_kills(folder: Path):
    outcome = await play(folder, database_kills=3, service_kills=3)
    assert (outcome.database_kills, outcome.service_kills) == (3, 3)
    assert outcome.acknowledged > 0
    assert outcome.repeated > 0
    assert (outcome.lost, outcome.doubled, outcome.broken) == ((), (), ()), outcome.seed


async def test_writers_that_retry_without_their_key_leave_doubles(folder: Path):
    outcome = await play(
        folder, database_kills=0, service_kills=40, with_keys=False, until_doubled=True
    )
    assert outcome.doubled, outcome.seed
    assert (outcome.lost, outcome.broken) == ((), ())
