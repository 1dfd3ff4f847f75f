"""Votes against a real database."""

from tests.make import votes as make
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service


async def test_a_vote_is_prepared_opened_cast_closed_and_counted(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    assert (vote.heads, vote.area_dm2) == (make.HEADS, make.TOTAL_DM2)
    receipts = [await make.cast(tx, world.people[owner], vote) for owner in (1, 2, 3, 5)]
    assert [one.sequence for one in receipts] == [1, 2, 3, 4]
    counted = await make.counted(tx, world, vote, vault)
    assert [result.is_passed for result in counted.results] == [True]
    results, _ = await service.outcome(tx, world.compound_id, vote.vote_id)
    assert results == counted.results
