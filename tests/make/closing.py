"""Closing a month on real books: remuneration accrued, drafted, signed by both sides, published."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import paying
from tests.make import statements as make
from tests.make.ground import new_id
from tests.make.paying import Payers
from trustprop.acts import service as acts
from trustprop.billing import service as billing
from trustprop.billing.model import AccrueRemuneration
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.plumbing.database import Tx
from trustprop.statements import service
from trustprop.statements.model import DraftClose, PeriodClose, Published

SEPTEMBER = Period(2025, 9)
AFTER = datetime(2025, 10, 8, 2, 0, tzinfo=UTC)
URL = "https://example.org"


def at(caller: Caller, when: datetime) -> Caller:
    return replace(caller, at=when)


def signers_at(payers: Payers, when: datetime) -> tuple[paying.Person, paying.Person]:
    manager, director = payers.both
    return paying.later(manager, when), paying.later(director, when)


async def accrue(tx: Tx, payers: Payers) -> None:
    """September's remuneration, on its last day."""
    when = datetime(2025, 9, 30, 8, tzinfo=UTC)
    command = AccrueRemuneration(id=new_id(), period="2025-09")
    await billing.accrue_remuneration(tx, at(payers.bookkeeper, when), command)


async def draft(
    tx: Tx, payers: Payers, period: Period = SEPTEMBER, when: datetime = AFTER
) -> PeriodClose:
    command = DraftClose(id=new_id(), expires_at=when + timedelta(days=5))
    return await service.draft_close(tx, at(payers.bookkeeper, when), period, command)


async def sign(tx: Tx, payers: Payers, act_id: UUID, when: datetime = AFTER) -> None:
    for person in signers_at(payers, when):
        act = await acts.lock(tx, payers.bookkeeper.compound_id, act_id)
        command = make_acts.signature(act, person)
        await acts.sign(tx, person.caller, act_id, command, service.EFFECTS)


async def close(
    tx: Tx, payers: Payers, period: Period = SEPTEMBER, when: datetime = AFTER
) -> Published:
    drafted = await draft(tx, payers, period, when)
    await sign(tx, payers, drafted.act_id, when)
    return await service.publish(tx, at(payers.bookkeeper, when), period, make.key("log"), URL)
