"""The composition root of the service: every house's handlers, effects and dependencies."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from litestar import Litestar, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

import trustprop
from trustprop import openapi
from trustprop.acts import api as acts
from trustprop.acts import jobs as acts_jobs
from trustprop.acts import service as acts_service
from trustprop.acts.service import Effect
from trustprop.banking import api as banking
from trustprop.banking import service as banking_service
from trustprop.billing import api as billing
from trustprop.budgets import api as budgets
from trustprop.budgets import service as budgets_service
from trustprop.compounds import api as compounds
from trustprop.disbursements import api as disbursements
from trustprop.disbursements import service as disbursements_service
from trustprop.evidence import api as evidence
from trustprop.funds import api as funds
from trustprop.funds import service as funds_service
from trustprop.identity import api as identity
from trustprop.inquiries import api as inquiries
from trustprop.invoices import api as invoices
from trustprop.invoices import service as invoices_service
from trustprop.kernel.struct import Command
from trustprop.ledger import api as ledger
from trustprop.ledger import service as ledger_service
from trustprop.meetings import api as meetings
from trustprop.meetings import jobs as meetings_jobs
from trustprop.meetings import service as meetings_service
from trustprop.plumbing import jobs, log_key
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.files import Files
from trustprop.plumbing.http import check_media_type, envelope, middleware, resolve_in_turn
from trustprop.plumbing.idempotency import provide_once
from trustprop.plumbing.press import Press
from trustprop.plumbing.problems import EXCEPTION_HANDLERS, RESPONSES
from trustprop.plumbing.settings import Settings
from trustprop.plumbing.vault import Vault
from trustprop.statements import api as statements
from trustprop.statements import jobs as statements_jobs
from trustprop.statements import service as statements_service
from trustprop.urls import serving_url
from trustprop.votes import api as votes
from trustprop.votes import jobs as votes_jobs
from trustprop.web import compound, counts, decisions, problems, public
from trustprop.web.portal import app as portal

BOOKS_BALANCED = Gauge(
    "trustprop_books_balanced", "1 while debit equals credit in every fund of every compound"
)
SEALED_UNTIL = Gauge(
    "trustprop_journal_sealed_until", "The earliest last sealed month of all compounds, as 202509"
)
HOUSES = (
    identity,
    evidence,
    compounds,
    acts,
    votes,
    meetings,
    ledger,
    funds,
    budgets,
    invoices,
    disbursements,
    billing,
    banking,
    inquiries,
    statements,
)
EFFECTS: Mapping[str, Effect] = {
    **acts_service.EFFECTS,
    **meetings_service.EFFECTS,
    **ledger_service.EFFECTS,
    **funds_service.EFFECTS,
    **budgets_service.EFFECTS,
    **invoices_service.EFFECTS,
    **disbursements_service.EFFECTS,
    **banking_service.EFFECTS,
    **statements_service.EFFECTS,
}
"""What follows from the last signature of each kind of act, in the same transaction."""
MAX_BODY = 25 * 1024 * 1024


@get(
    "/healthz",
    operation_id="healthz",
    summary="The process answers",
    tags=["operations"],
    sync_to_thread=False,
)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get(
    "/readyz",
    operation_id="readyz",
    summary="The database answers too",
    tags=["operations"],
    responses={503: RESPONSES[503]},
)
async def readyz(database: NamedDependency[Database]) -> dict[str, str]:
    """The database answers too."""
    async with database.read(None) as tx:
        await tx.raw.fetchval("SELECT 1")
    return {"status": "ready", "version": trustprop.__version__}


@get("/metrics", operation_id="metrics", tags=["operations"], include_in_schema=False)
async def metrics(database: NamedDependency[Database]) -> Response[bytes]:
    """Prometheus counters, with "the books balance" and "journal sealed until"."""
    async with database.read(None) as tx:
        health = await tx.raw.fetchrow("SELECT * FROM books_health()")
    BOOKS_BALANCED.set(health["is_balanced"])
    SEALED_UNTIL.set(health["sealed_until"] or 0)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class SetClock(Command):
    at: datetime


@post(
    "/rehearsal/clock",
    operation_id="rehearsal_set_clock",
    status_code=200,
    sync_to_thread=False,
    responses=RESPONSES,
)
def set_clock(data: JSONBody[SetClock], clock: NamedDependency[Clock]) -> dict[str, str]:
    """Moves the clock of a rehearsal. The route does not exist with real money."""
    clock.set_to(data.at)
    return {"at": clock.now().isoformat()}


def create_app(
    settings: Settings, *, database: Database | None = None, clock: Clock | None = None
) -> Litestar:
    """The application; a database and a clock may be given, as tests and rehearsals do."""
    opened = database or Database.connect(serving_url(settings), pool_size=settings.pool_size)
    kept_clock = clock or Clock()
    files = files_of(settings)
    key = log_key.load(settings)
    vault = Vault.of(settings)
    press = Press(settings.render_processes)
    handlers = openapi.documented(houses())
    if settings.rehearsal:
        handlers.append(set_clock)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        yield
        press.close()
        if database is None:
            await opened.close()

    app = Litestar(
        route_handlers=[
            healthz,
            readyz,
            metrics,
            *public.handlers,
            *counts.handlers,
            *decisions.handlers,
            *compound.handlers,
            *problems.handlers,
            portal.router,
            Router("/v1", route_handlers=handlers),
        ],
        dependencies={
            "settings": Provide(lambda: settings, sync_to_thread=False, use_cache=True),
            "database": Provide(lambda: opened, sync_to_thread=False, use_cache=True),
            "clock": Provide(lambda: kept_clock, sync_to_thread=False, use_cache=True),
            "files": Provide(lambda: files, sync_to_thread=False, use_cache=True),
            "press": Provide(lambda: press, sync_to_thread=False, use_cache=True),
            "log_key": Provide(lambda: key, sync_to_thread=False, use_cache=True),
            "vault": Provide(lambda: vault, sync_to_thread=False, use_cache=True),
            "caller": Provide(compounds.provide_caller),
            "once": Provide(provide_once),
            "effects": Provide(lambda: EFFECTS, sync_to_thread=False, use_cache=True),
        },
        before_request=check_media_type,
        middleware=middleware(settings),
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=MAX_BODY,
        lifespan=[lifespan],
        openapi_config=openapi.config(),
        state=State({"public_url": settings.public_url.rstrip("/")}),
        debug=False,
    )
    resolve_in_turn(app)
    envelope(app, settings)
    return app


async def work(settings: Settings, *, until_empty: bool = False) -> None:
    """The worker: does the jobs of every house until told to stop, or until none is left.

    In a rehearsal only the server knows what time it is, so there the worker expires nothing.
    """
    url = serving_url(settings)
    database = Database.connect(url, pool_size=2)
    press = Press(settings.render_processes)
    clock = Clock()
    try:
        files, vault = files_of(settings), Vault.of(settings)
        public_url = settings.public_url
        works = {
            **statements_jobs.works(database, files, press, clock),
            **votes_jobs.works(vault),
            **meetings_jobs.works(database, files, press, vault, clock, public_url),
        }
        duties = () if settings.rehearsal else (acts_jobs.expiry(database, EFFECTS, clock),)
        if not until_empty:
            await press.warm_up()
        await jobs.run(url, works, duties=duties, stop=told_to_stop(), until_empty=until_empty)
    finally:
        press.close()
        await database.close()


def told_to_stop() -> asyncio.Event:
    """Set by SIGTERM and by Ctrl-C."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def files_of(settings: Settings) -> Files:
    """The evidence store of the settings."""
    return Files.at(settings.files_url or str(Path(settings.var_dir).absolute() / "files"))


def houses() -> list[Any]:
    """The handlers of every house under ``/v1``."""
    return [handler for house in HOUSES for handler in house.handlers]
