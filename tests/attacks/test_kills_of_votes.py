"""Kill -9 of the service while owners vote: every acknowledged ballot is in the box, and each owner once.

A voter whose answer does not come sends the same ballot again with the same key until it does. The
control sends a new ballot each time, as a client does that knows nothing of keys: the box still takes one,
and tells the voter so instead of giving the receipt.
"""

import asyncio
import logging
import os
import random
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import msgspec
import pytest

from benchmarks import voting
from benchmarks.ground import Ground, Options
from tests.make.ground import new_id
from trustprop.plumbing.settings import Settings
from trustprop.plumbing.vault import Vault

log = logging.getLogger(__name__)
pytestmark = pytest.mark.xdist_group("kills")

VOTERS = 40
KILLS = 3
SECONDS = 4.0
FINISH_S = 60


class Service:
    """One process of ``trustprop serve``, killed without a word and started again."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._environment = os.environ | {
            "TRUSTPROP_DATABASE_URL": settings.database_url,
            "TRUSTPROP_SERVING_DATABASE_URL": settings.serving_database_url,
            "TRUSTPROP_VAR_DIR": settings.var_dir,
            "TRUSTPROP_RATE_LIMIT_PER_MINUTE": "100000000",
            "TRUSTPROP_LOG_LEVEL": "critical",
            "TRUSTPROP_PORT": str(self.port),
        }
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trustprop", "serve"],
            env=self._environment,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    async def is_ready(self, client: httpx.AsyncClient) -> None:
        for _ in range(FINISH_S * 10):
            try:
                if (await client.get("/readyz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
        raise TimeoutError


@pytest.fixture
async def served(settings: Settings) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    service = Service(settings)
    url = f"http://127.0.0.1:{service.port}"
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        await service.is_ready(client)
        yield service, client
    service.kill()


class Told:
    """What came back, and how often nothing did."""

    def __init__(self) -> None:
        self.seen = voting.Seen(receipts={}, latencies_ms=[], odd=Counter())
        self.repeated = 0
        self.already: set[UUID] = set()


async def insist(
    client: httpx.AsyncClient, path: str, voter: voting.Voter, told: Told, *, with_key: bool
) -> None:
    """Until there is an answer."""
    await asyncio.sleep(voter.comes_s)
    ballot, key = voter.ballot, voter.key
    while True:
        headers = voter.headers | {"Idempotency-Key": key, "Content-Type": "application/json"}
        try:
            answer = await client.post(path, content=msgspec.json.encode(ballot), headers=headers)
        except httpx.TransportError:
            told.repeated += 1
            await asyncio.sleep(0.05)
            if not with_key:
                ballot = msgspec.structs.replace(ballot, id=new_id())
                key = str(new_id())
            continue
        if answer.status_code == 201:
            told.seen.receipts[ballot.id] = answer.content
            return
        if answer.status_code == 409 and answer.json()["code"] == "already-voted":
            told.already.add(voter.ballot.id)
            return
        assert answer.status_code == 503, answer.text


async def election_day(
    served: tuple[Service, httpx.AsyncClient],
    settings: Settings,
    dice: random.Random,
    *,
    with_key: bool,
) -> tuple[Told, voting.Poll, Ground, Vault]:
    service, client = served
    ground = Ground(
        owner_url=settings.database_url,
        serving_url=settings.serving_database_url,
        options=Options(quick=True),
    )
    vault = Vault.of(settings)
    poll = await voting.prepare(ground, vault, VOTERS, SECONDS, dice.randrange(1000))
    path = f"/v1/compounds/{poll.director.compound_id}/votes/{poll.vote.vote_id}/ballots"
    told = Told()
    casting = asyncio.gather(
        *(insist(client, path, voter, told, with_key=with_key) for voter in poll.voters)
    )
    for _ in range(KILLS):
        await asyncio.sleep(SECONDS / KILLS * dice.random())
        service.kill()
        service.start()
        await service.is_ready(client)
    await asyncio.wait_for(casting, FINISH_S)
    return told, poll, ground, vault


@pytest.fixture
def dice() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    log.info("seed %d", seed)
    return random.Random(seed)


async def test_a_kill_in_mid_cast_loses_no_ballot_and_casts_none_twice(
    served: tuple[Service, httpx.AsyncClient], settings: Settings, dice: random.Random
) -> None:
    told, poll, ground, vault = await election_day(served, settings, dice, with_key=True)
    assert len(told.seen.receipts) == VOTERS
    assert told.already == set()
    assert told.repeated > 0, "somebody was cut off"
    assert await voting.compare_box(ground, poll, told.seen, vault) == ([], [])


async def test_control_without_the_key_a_voter_is_refused_and_still_counts_once(
    served: tuple[Service, httpx.AsyncClient], settings: Settings, dice: random.Random
) -> None:
    told, poll, ground, vault = await election_day(served, settings, dice, with_key=False)
    assert len(told.seen.receipts) + len(told.already) == VOTERS
    assert await voting.compare_box(ground, poll, told.seen, vault) == ([], [])
