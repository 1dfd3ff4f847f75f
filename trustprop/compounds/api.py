"""How compounds are asked, and how a request's ``Authorization`` header becomes a caller."""

import secrets
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, JSONBody, Parameter, QueryParameter
from msgspec.structs import replace

from trustprop.compounds import rules, service
from trustprop.compounds.model import (
    Compound,
    CreateCompound,
    EnrolResident,
    GoverningText,
    HeadCount,
    Home,
    Imported,
    Invite,
    Limits,
    MandateTerm,
    Resident,
    RollEntry,
    Scope,
    TextDifference,
    TransferHome,
    TrustInstrument,
)
from trustprop.identity import service as identity
from trustprop.identity.model import Credential, CredentialKind
from trustprop.kernel.caller import Caller, ScopeNeeded
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.kernel.struct import Fact
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import NOBODY, Database
from trustprop.plumbing.paging import MAX_LIMIT, CursorInvalid, Page, PageLinks, open_cursor, page
from trustprop.plumbing.problems import language_of

T = TypeVar("T")
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]


# Who asks


async def provide_caller(
    request: Request[Any, Any, Any],
    compound_id: FromPath[UUID],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Caller:
    """Dependency ``caller``: who the credential is in the compound of the address.

    Raises CredentialRefused (401), and Missing (404) for whoever is nobody here: another compound
    looks exactly like one that does not exist.
    """
    caller = Caller(
        compound_id=compound_id,
        at=clock.now(),
        language=language_of(request),
        request_id=request.scope["state"].get("request_id", ""),
    )
    async with database.alone() as tx:
        credential = await identity.authenticate(
            tx, request.headers.get("authorization"), caller.at
        )
    return await _admit(database, caller, credential)


async def _admit(database: Database, caller: Caller, credential: Credential) -> Caller:
    known = replace(
        caller,
        person_id=credential.person_id,
        credential_id=credential.credential_id,
        vendor_id=credential.vendor_id,
        scopes=credential.scopes,
    )
    if credential.person_id is None:
        if (
            credential.kind is CredentialKind.API_KEY
            and credential.compound_id != caller.compound_id
        ):
            raise Missing(kind="compound")
        return known
    async with database.read(caller) as tx:
        access = await service.find_access(
            tx, caller.compound_id, credential.person_id, local_date(caller.at)
        )
    if access is None:
        raise Missing(kind="compound")
    return replace(known, mandates=access.mandates, is_resident=access.is_resident)


async def provide_public_caller(
    request: Request[Any, Any, Any], compound_id: FromPath[UUID], clock: NamedDependency[Clock]
) -> Caller:
    """Dependency ``caller`` of routes that anybody may read: it asks no database."""
    return Caller(
        compound_id=compound_id,
        at=clock.now(),
        language=language_of(request),
        request_id=request.scope["state"].get("request_id", ""),
    )


async def provide_operator(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Caller:
    """Dependency ``caller`` of the one route that has no compound yet. Raises ScopeNeeded."""
    at = clock.now()
    async with database.alone() as tx:
        credential = await identity.authenticate(tx, request.headers.get("authorization"), at)
    if credential.kind is not CredentialKind.OPERATOR:
        raise ScopeNeeded(needed=service.OPERATOR)
    return Caller(
        compound_id=NOBODY,
        credential_id=credential.credential_id,
        scopes=credential.scopes,
        at=at,
        language=language_of(request),
        request_id=request.scope["state"].get("request_id", ""),
    )


# The compound


@post(
    "/compounds",
    operation_id="compounds_create",
    tags=["compounds"],
    dependencies={"caller": Provide(provide_operator)},
)
async def create_compound(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[CreateCompound],
) -> Compound:
    """Set up an empty compound (operator key). The same id again with the same content is success."""
    async with database.begin(replace(caller, compound_id=data.id)) as tx:
        return await service.create(tx, caller, data, secrets.token_bytes(32))


@get("/compounds/{compound_id:uuid}", operation_id="compounds_get", tags=["compounds"])
async def get_compound(
    caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Compound:
    """Read the compound."""
    service.check_reads_compound(caller)
    async with database.read(caller) as tx:
        return await service.find(tx, caller.compound_id)


@post(
    "/compounds/{compound_id:uuid}/invitations",
    operation_id="invitations_create",
    tags=["compounds"],
    status_code=204,
)
async def invite(
    caller: NamedDependency[Caller], database: NamedDependency[Database], data: JSONBody[Invite]
) -> None:
    """Let a person in to prove a signing key: the operator before the founding, signers later."""
    async with database.begin(caller) as tx:
        await service.invite(tx, caller, data)


# Homes


@post(
    "/compounds/{compound_id:uuid}/homes/import",
    operation_id="homes_import",
    tags=["compounds"],
    status_code=200,
)
async def import_homes(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: Annotated[dict[str, UploadFile], Body(media_type=RequestEncodingType.MULTI_PART)],
    since_on: FromQuery[date | None] = None,
) -> Imported:
    """Import homes and owners from a CSV in the form field ``file``; a second time changes nothing.

    Every bad row is named and then nothing is imported. ``since_on`` is the first day of the list,
    so that a record date after it finds these owners; today when it is left out.
    """
    sent = data.get("file")
    if len(data) != 1 or not isinstance(sent, UploadFile):
        raise rules.HomesFileMissing
    content = await sent.read()
    async with database.begin(caller) as tx:
        return await service.import_homes(tx, caller, content, since_on or local_date(caller.at))


@get("/compounds/{compound_id:uuid}/homes", operation_id="homes_list", tags=["compounds"])
async def list_homes(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Home]:
    """List homes by building, stair and number, without any name."""
    service.check_reads_roll(caller)
    async with database.read(caller) as tx:
        homes = await service.homes(tx, caller.compound_id)
    return listed(homes, limit, cursor, {}, _place)


@post(
    "/compounds/{compound_id:uuid}/homes/{home_id:uuid}/transfers",
    operation_id="homes_transfer",
    tags=["compounds"],
    status_code=200,
)
async def transfer_home(
    home_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[TransferHome],
) -> Home:
    """Give a home new owners from a day on; earlier record dates keep the old ones."""
    async with database.begin(caller) as tx:
        return await service.transfer_home(tx, caller, home_id, data)


@post(
    "/compounds/{compound_id:uuid}/residents", operation_id="residents_create", tags=["compounds"]
)
async def enrol_resident(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[EnrolResident],
) -> Resident:
    """Tie a signed-in person to a home."""
    async with database.begin(caller) as tx:
        return await service.enrol_resident(tx, caller, data)


class RollPage(Fact):
    """A page of the masked roll with the totals of the whole."""

    on: date
    scope: str
    count: HeadCount
    data: tuple[RollEntry, ...]
    page: PageLinks


@get("/compounds/{compound_id:uuid}/roll", operation_id="roll_get", tags=["compounds"])
async def get_roll(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    on: FromQuery[date | None] = None,
    building: FromQuery[str] = "",
    stair: FromQuery[str] = "",
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> RollPage:
    """Read the roll of a record date, names masked, with heads and area as the law counts them."""
    service.check_reads_roll(caller)
    day = on or local_date(caller.at)
    scope = Scope(building=building, stair=stair)
    filters = {"on": day, "scope": scope}
    async with database.read(caller) as tx:
        roll = await service.roll(tx, caller.compound_id, day, scope)
    shown = listed(roll.entries, limit, cursor, filters, _place)
    return RollPage(on=day, scope=str(scope), count=roll.count, data=shown.data, page=shown.page)


def _place(item: Home | RollEntry) -> list[str]:
    return [item.building, item.stair, item.number]


def listed(
    items: Sequence[T],
    limit: int,
    cursor: str | None,
    filters: dict[str, Any],
    position: Callable[[T], list[Any]],
) -> Page[T]:
    """A page of what is short enough to be read whole and is already in the order of its position.

    Raises CursorInvalid.
    """
    after = open_cursor(cursor, filters)
    try:
        held = [item for item in items if after is None or position(item) > after]
    except TypeError:
        raise CursorInvalid from None
    return page(held[: limit + 1], limit, filters, position)


# Mandates and texts


@get("/compounds/{compound_id:uuid}/mandates", operation_id="mandates_list", tags=["compounds"])
async def list_mandates(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[MandateTerm]:
    """List every mandate, past and to come, in order of its beginning."""
    service.check_reads_roll(caller)
    async with database.read(caller) as tx:
        terms = await service.mandates(tx, caller.compound_id)
    return listed(terms, limit, cursor, {}, lambda t: [t.valid_from.isoformat(), str(t.mandate_id)])


@get("/compounds/{compound_id:uuid}/texts", operation_id="texts_list", tags=["compounds"])
async def list_texts(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    on: FromQuery[date | None] = None,
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[GoverningText]:
    """List every version of the governing texts by kind, or what is in effect on a day."""
    service.check_reads_compound(caller)
    async with database.read(caller) as tx:
        texts = await service.texts(tx, caller.compound_id, on)
    return listed(texts, limit, cursor, {"on": on}, lambda text: [text.kind, text.version])


@get(
    "/compounds/{compound_id:uuid}/texts/{text_id:uuid}/difference",
    operation_id="texts_difference",
    tags=["compounds"],
)
async def get_text_difference(
    text_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    from_text_id: Annotated[UUID | None, QueryParameter(name="from")] = None,
) -> TextDifference:
    """Compare a version of a text with another, or with the one before it, clause by clause and word by word."""
    service.check_reads_compound(caller)
    async with database.read(caller) as tx:
        return await service.text_difference(tx, caller.compound_id, text_id, from_text_id)


@get("/compounds/{compound_id:uuid}/limits", operation_id="limits_get", tags=["compounds"])
async def get_limits(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    on: FromQuery[date | None] = None,
) -> Limits:
    """Read every limit in effect with the clause or statute that it stands on."""
    service.check_reads_compound(caller)
    async with database.read(caller) as tx:
        return await service.limits(tx, caller.compound_id, on or local_date(caller.at))


@get(
    "/compounds/{compound_id:uuid}/trust-instrument",
    operation_id="trust_instrument_get",
    tags=["compounds"],
)
async def get_trust_instrument(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    on: FromQuery[date | None] = None,
) -> TrustInstrument:
    """Read the trust instrument in effect on a day."""
    service.check_reads_compound(caller)
    async with database.read(caller) as tx:
        found = await service.trust_instrument(tx, caller.compound_id, on or local_date(caller.at))
    if found is None:
        raise Missing(kind="trust instrument")
    return found


handlers = [
    create_compound,
    get_compound,
    invite,
    import_homes,
    list_homes,
    transfer_home,
    enrol_resident,
    get_roll,
    list_mandates,
    list_texts,
    get_text_difference,
    get_limits,
    get_trust_instrument,
]
