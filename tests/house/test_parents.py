"""A list below something that is not here is not found: it is never an empty list."""

import re
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest
from litestar import Litestar

from tests.house.test_tenancy import QUERY, address, tenant_routes
from tests.make import acts as make_acts
from tests.make import compounds as make_compounds
from tests.make import ledger as make_ledger
from tests.make.ground import make_caller
from tests.make.http import api_key, sign_in
from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database

BELOW = re.compile(r"^/v1/compounds/\{compound_id:uuid\}/.*\{\w+:uuid\}/[^{}]+$")
SCOPES = ("books:read", "compounds:read", "homes:read")


@pytest.fixture
async def readers(
    database: Database, owner: asyncpg.Connection, caller: Caller, clock: Clock
) -> list[dict[str, str]]:
    """Somebody of each side and a machine, who may read whatever anybody reads here."""
    clock.set_to(datetime(2025, 9, 15, 4, 0, tzinfo=UTC))
    async with database.begin(caller) as tx:
        founding = await make_compounds.found_compound(tx, caller)
        await make_ledger.open_books(tx, make_caller(compound_id=caller.compound_id))
        await make_acts.make_signers(tx, caller.compound_id)
        assert await compounds.mandates(tx, caller.compound_id)
    people = [await sign_in(owner, mandate.person_id) for mandate in founding.mandates]
    return [*people, await api_key(owner, caller.compound_id, *SCOPES)]


async def test_what_hangs_on_nothing_is_not_found(
    app: Litestar, client: httpx.AsyncClient, caller: Caller, readers: list[dict[str, str]]
) -> None:
    routes = [path for method, path in tenant_routes(app) if method == "GET" and BELOW.match(path)]
    assert len(routes) > 20
    wrong = []
    for path in sorted(set(routes)):
        answers = [
            await client.get(address(path, caller.compound_id), headers=reader, params=QUERY)
            for reader in readers
        ]
        statuses = {answer.status_code for answer in answers}
        if 404 not in statuses or statuses - {403, 404}:
            wrong.append(f"{path}: {[(one.status_code, one.text[:90]) for one in answers]}")
    assert not wrong, "\n".join(wrong)
