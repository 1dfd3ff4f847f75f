"""How the acts are asked for that appoint downward into compounds."""

from collections.abc import Awaitable

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from trustprop.acts import rules as act_rules
from trustprop.acts.model import Act, ActView
from trustprop.kernel.caller import Caller
from trustprop.meetings import service
from trustprop.meetings.model import DraftFounding, DraftMandate, DraftMandateEnd, DraftText
from trustprop.meetings.model.foundations import DraftAmendment
from trustprop.meetings.service import foundations
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once

TAGS = ["meetings"]


@post("/compounds/{compound_id:uuid}/founding", operation_id="founding_create", tags=TAGS)
async def draft_founding(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftFounding],
) -> Response[ActView]:
    """Draft the founding act (operator key): trust instrument, texts, mandates, proved keys.

    Everybody whose key it names signs it with that very key; the last signature opens the compound.
    """
    async with database.begin(caller) as tx:
        return await once(tx, _shown(service.draft_founding(tx, caller, data)))


@post("/compounds/{compound_id:uuid}/mandates", operation_id="mandates_create", tags=TAGS)
async def draft_mandate(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftMandate],
) -> Response[ActView]:
    """Draft the act that puts a person in office, with a key that this person has proved."""
    async with database.begin(caller) as tx:
        return await once(tx, _shown(service.draft_mandate(tx, caller, data)))


@post("/compounds/{compound_id:uuid}/mandate-ends", operation_id="mandate_ends_create", tags=TAGS)
async def draft_mandate_end(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftMandateEnd],
) -> Response[ActView]:
    """Draft the act that ends a mandate before its term."""
    async with database.begin(caller) as tx:
        return await once(tx, _shown(service.draft_mandate_end(tx, caller, data)))


@post("/compounds/{compound_id:uuid}/texts", operation_id="texts_create", tags=TAGS)
async def draft_text(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftText],
) -> Response[ActView]:
    """Draft the act that adopts the next version of a governing text under its resolution."""
    async with database.begin(caller) as tx:
        return await once(tx, _shown(service.draft_text(tx, caller, data)))


@post(
    "/compounds/{compound_id:uuid}/trust-instrument-amendments",
    operation_id="trust_instrument_amendments_create",
    tags=TAGS,
)
async def draft_amendment(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftAmendment],
) -> Response[ActView]:
    """Draft the act that amends the trust instrument: its remuneration or its trustee."""
    async with database.begin(caller) as tx:
        return await once(tx, _shown(foundations.draft_amendment(tx, caller, data)))


async def _shown(drafting: Awaitable[Act]) -> ActView:
    """The payload and digest that the signers sign."""
    return act_rules.view(await drafting)


handlers = [draft_founding, draft_mandate, draft_mandate_end, draft_text, draft_amendment]
