"""What follows an order of ballots: the worker prints them, as many chunks at once as it has processes."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import canonical_json
from trustprop.meetings.model.papers import PaperName
from trustprop.meetings.model.prints import PRINT_JOB
from trustprop.meetings.printing import counted_pdf
from trustprop.meetings.service import prints
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.files import Files
from trustprop.plumbing.jobs import Work
from trustprop.plumbing.press import Press
from trustprop.plumbing.vault import Vault
from trustprop.votes.model.counting import Voter


def works(
    database: Database, files: Files, press: Press, vault: Vault, clock: Clock, public_url: str
) -> Mapping[str, Work]:
    """The kinds of job of this house."""

    async def print_ballots(payload: dict[str, Any]) -> None:
        """What another worker had printed before it was killed is not printed again."""
        compound_id, print_id = UUID(payload["compound_id"]), UUID(payload["print_id"])
        caller = Caller(compound_id=compound_id, at=clock.now())
        async with database.read(caller) as tx:
            batch = await prints.load_batch(tx, compound_id, print_id, vault, public_url)
        gate = asyncio.Semaphore(press.size)

        async def print_chunk(number: int, voters: tuple[Voter, ...]) -> None:
            async with gate:
                told = canonical_json(prints.chunk_of(batch, voters))
                lang = batch.asked.lang.value
                content, pages = await press.draw(counted_pdf, PaperName.BALLOTS, told, lang)
                async with database.begin(caller) as tx:
                    await prints.keep_chunk(
                        tx, compound_id, files, batch, number, voters, content, pages, clock.now()
                    )

        async with asyncio.TaskGroup() as group:
            for number, voters in batch.waiting:
                group.create_task(print_chunk(number, voters))

    return {PRINT_JOB: print_ballots}
