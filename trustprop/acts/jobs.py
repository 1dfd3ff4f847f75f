"""What time does to a compound: acts nobody finished expire, with all that follows from it."""

from datetime import datetime
from uuid import UUID

import structlog

from trustprop.acts import service
from trustprop.acts.service import Effects
from trustprop.kernel.caller import Caller
from trustprop.plumbing import idempotency
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.jobs import Duty

log = structlog.get_logger()


def expiry(database: Database, effects: Effects, clock: Clock) -> Duty:
    """Ends the acts whose time is over and forgets old idempotency keys, compound by compound."""

    async def expire() -> None:
        at = clock.now()
        for compound_id in await compounds_with_duties(database, at):
            try:
                await _expire_one(database, Caller(compound_id=compound_id, at=at), effects)
            except Exception as error:
                log.warning("expiry failed", compound_id=str(compound_id), exc_info=error)

    return expire


async def compounds_with_duties(database: Database, at: datetime) -> tuple[UUID, ...]:
    """Those where an open act's time is over or a key is too old: ids, and no more."""
    async with database.read(None) as tx:
        found = await tx.raw.fetch(
            "SELECT compounds_with_duties($1, $2) AS compound_id", at, at - idempotency.KEPT
        )
    return tuple(row["compound_id"] for row in found)


async def _expire_one(database: Database, caller: Caller, effects: Effects) -> None:
    async with database.begin(caller) as tx:
        ended = await service.expire_due(tx, caller, effects)
    async with database.begin(caller) as tx:
        await idempotency.forget_old(tx, caller)
    log.info("expired", compound_id=str(caller.compound_id), acts=len(ended))
