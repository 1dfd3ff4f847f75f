"""What follows a publication: both prints, made by the worker and kept among the files."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from trustprop.kernel.caller import Caller
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.files import Files
from trustprop.plumbing.jobs import Work
from trustprop.plumbing.paper import LANGUAGES
from trustprop.plumbing.press import Press
from trustprop.statements import service
from trustprop.statements.model import PRINT_JOB
from trustprop.statements.printing import printed


def works(database: Database, files: Files, press: Press, clock: Clock) -> Mapping[str, Work]:
    """The kinds of job of this house."""

    async def print_statement(payload: dict[str, Any]) -> None:
        caller = Caller(compound_id=UUID(payload["compound_id"]), at=clock.now())
        number = payload["number"]
        async with database.read(caller) as tx:
            edition = await service.documents(tx, caller.compound_id, number)
        prints = await asyncio.gather(*(printed(press, edition, lang) for lang in LANGUAGES))
        async with database.begin(caller) as tx:
            for lang, content in zip(LANGUAGES, prints, strict=True):
                await service.keep_print(tx, caller.compound_id, files, number, lang, content)

    return {PRINT_JOB: print_statement}
