"""Clocks: what ends at an instant has ended at that instant, and not one moment before.

Each has a control: without the guard, or by another clock, the same thing goes through.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import paying
from tests.make.ground import SEPTEMBER, new_id
from tests.make.http import api_key
from trustprop.acts.rules import lifecycle
from trustprop.app import create_app
from trustprop.compounds import service as compounds
from trustprop.disbursements import rules, service
from trustprop.disbursements.model import OrderState
from trustprop.identity import rules as identity_rules
from trustprop.identity import store as identity_store
from trustprop.kernel.errors import Refusal
from trustprop.kernel.periods import local_date
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.settings import Settings

MOMENT = timedelta(microseconds=1)
ENDS = datetime(2099, 12, 31, 16, 0, tzinfo=UTC)
"""The last instant of 2099 in Shanghai: there the new year has begun."""


async def test_an_order_is_signed_until_the_very_instant_it_expires(tx: Tx) -> None:
    compound_id = await compound_of(tx)
    payers = await paying.make_payers(tx, compound_id)
    order = await paying.draft(tx, payers)
    manager, director = payers.both
    await paying.sign(tx, order, paying.later(manager, order.expires_at - MOMENT))
    with pytest.raises(Refusal, match="act-expired"):
        await paying.sign(tx, order, paying.later(director, order.expires_at))
    await paying.sign(tx, order, paying.later(director, order.expires_at - MOMENT))
    found = await service.find(tx, compound_id, order.order_id)
    assert found.state is OrderState.RELEASED


async def test_unasked_an_expired_order_would_be_signed(
    tx: Tx, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order's own clock stands behind that of its act, and refuses alone."""
    compound_id = await compound_of(tx)
    payers = await paying.make_payers(tx, compound_id)
    order = await paying.draft(tx, payers)
    manager, director = payers.both
    monkeypatch.setattr(lifecycle, "is_due", lambda *_asked: False)
    await paying.sign(tx, order, paying.later(manager, order.expires_at))
    await tx.raw.execute("SAVEPOINT expired")
    with pytest.raises(Refusal, match="payment-order-expired"):
        await paying.sign(tx, order, paying.later(director, order.expires_at))
    await tx.raw.execute("ROLLBACK TO SAVEPOINT expired")
    judged = rules.refusals_at_release
    monkeypatch.setattr(
        rules,
        "refusals_at_release",
        lambda *asked: (each for each in judged(*asked) if each.code != "payment-order-expired"),
    )
    await paying.sign(tx, order, paying.later(director, order.expires_at))
    found = await service.find(tx, compound_id, order.order_id)
    assert found.state is OrderState.RELEASED


async def compound_of(tx: Tx) -> Any:
    return await tx.raw.fetchval("SELECT current_setting('app.compound_id')::uuid")


async def test_a_mandate_ends_at_midnight_in_shanghai(tx: Tx) -> None:
    compound_id = await compound_of(tx)
    signers = await make_acts.make_signers(tx, compound_id)
    person_id = signers.manager.caller.person_id
    assert person_id is not None
    last = await tx.raw.fetchval(
        "SELECT valid_until FROM mandate WHERE compound_id = $1 AND person_id = $2",
        compound_id,
        person_id,
    )
    midnight = datetime(last.year, last.month, last.day, 16, 0, tzinfo=UTC)
    before = await compounds.find_access(tx, compound_id, person_id, local_date(midnight - MOMENT))
    after = await compounds.find_access(tx, compound_id, person_id, local_date(midnight))
    assert before is not None
    assert len(before.mandates) == 1
    assert after is None or after.mandates == ()
    by_greenwich = await compounds.find_access(tx, compound_id, person_id, midnight.date())
    assert by_greenwich == before, "the control: another clock would leave the mandate in force"


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2025, 12, 31, 15, 59, 59, 999_999, tzinfo=UTC), date(2025, 12, 31)),
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2024, 2, 28, 16, 0, tzinfo=UTC), date(2024, 2, 29)),
    ],
)
def test_the_night_of_a_years_end_is_shanghais(at: datetime, day: date) -> None:
    assert local_date(at) == day
    is_another_day_at_greenwich = at.hour == 16
    assert (at.date() != day) == is_another_day_at_greenwich


async def test_an_api_key_is_worth_nothing_from_the_instant_it_expires(
    client: httpx.AsyncClient,
    clock: Clock,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compound_id = new_id()
    headers = await api_key(owner, compound_id, "books:read")
    await owner.execute(
        "UPDATE api_key SET expires_at = $2 WHERE compound_id = $1", compound_id, ENDS
    )
    clock.set_to(ENDS - timedelta(seconds=30))
    before = await client.get(f"/v1/compounds/{compound_id}/accounts", headers=headers)
    assert before.status_code != 401
    clock.set_to(ENDS)
    after = await client.get(f"/v1/compounds/{compound_id}/accounts", headers=headers)
    assert after.status_code == 401
    monkeypatch.setattr(
        identity_store,
        "_API_KEY",
        identity_store._API_KEY.replace("expires_at > $2", "$2 IS NOT NULL"),
    )
    unasked = await client.get(f"/v1/compounds/{compound_id}/accounts", headers=headers)
    assert unasked.status_code != 401, "the control: unasked when it ends, the key would serve"


def test_a_code_of_the_second_factor_is_taken_once() -> None:
    secret = b"x" * 20
    code = TOTP(secret, 6, SHA1(), 30).generate(int(SEPTEMBER.timestamp())).decode()
    step = identity_rules.accepted_step(secret, code, SEPTEMBER, None)
    assert step is not None
    assert identity_rules.accepted_step(secret, code, SEPTEMBER, step) is None
    assert identity_rules.accepted_step(secret, code, SEPTEMBER, None) == step, "forgotten, again"
    later = SEPTEMBER + timedelta(minutes=5)
    assert identity_rules.accepted_step(secret, code, later, None) is None


async def test_with_real_money_there_is_no_route_for_the_clock(
    settings: Settings, database: Database
) -> None:
    """The control is a rehearsal, where there is one."""
    for is_rehearsal, status in ((False, 404), (True, 200)):
        app = create_app(replace(settings, rehearsal=is_rehearsal), database=database)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            answer = await client.post("/v1/rehearsal/clock", json={"at": "2099-01-01T00:00:00Z"})
        assert answer.status_code == status
