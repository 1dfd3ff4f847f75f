"""Signing in and out, and how a person likes the pages."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import uuid_utils
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from trustprop.compounds import service as compounds
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.identity.model import OpenSession
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.settings import Settings
from trustprop.web.answers import anybody
from trustprop.web.portal.forms import Form
from trustprop.web.portal.pages import answer, draw, go
from trustprop.web.portal.visitor import (
    LANGUAGE,
    PRINT,
    SESSION,
    Visitor,
    check_same_site,
    choice_cookie,
    language_of,
    own_place,
    session_cookie,
)

LONGEST_FIELD = 200


@get("/sign-in", operation_id="page_sign_in")
async def get_sign_in(
    compound_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    back: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Login, password and the code of the second factor."""
    async with database.read(anybody(compound_id, clock)) as tx:
        compound = await compounds.find(tx, compound_id)
    lang = language_of(request)
    content = draw(
        "sign_in.html",
        lang,
        compound=compound.name,
        base=f"/c/{compound_id}",
        compound_id=compound_id,
        back=own_place(compound_id, back or ""),
    )
    return answer(content)


@post("/sign-in", operation_id="page_open_session")
async def open_session(
    compound_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """A new session with a new token, whatever the browser brought along.

    Raises SignInRefused, the same for a wrong login, password or code.
    """
    check_same_site(request)
    sent = await request.form()
    login, password, code = (
        str(sent.get(name, ""))[:LONGEST_FIELD] for name in ("login", "password", "code")
    )
    at = clock.now()
    async with database.begin(None) as tx:
        opened = await identity.open_session(
            tx,
            OpenSession(login=login, password=password, code=code.replace(" ", "")),
            at=at,
            expires_at=at + timedelta(hours=settings.session_hours),
            session_id=UUID(bytes=uuid_utils.uuid7().bytes),
            secret=secrets.token_bytes(32),
        )
    if opened is None:
        raise identity_rules.SignInRefused
    response = go(request, own_place(compound_id, str(sent.get("back", ""))))
    response.set_cookie(session_cookie(settings, opened.token, settings.session_hours))
    return response


@post("/sign-out", operation_id="page_end_session")
async def end_session(
    visitor: NamedDependency[Visitor],
    form: NamedDependency[Form],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
) -> Response[Any]:
    """The token is worth nothing from now on."""
    assert form.fields is not None
    async with database.begin(None) as tx:
        at = visitor.caller.at
        credential = await identity.authenticate(tx, f"Bearer {visitor.token}", at)
        await identity.end_session(tx, credential, at)
    response = go(request, f"/public/{visitor.caller.compound_id}")
    response.delete_cookie(SESSION, path="/c")
    return response


@post("/choices", operation_id="page_choose")
async def choose(
    visitor: NamedDependency[Visitor],
    form: NamedDependency[Form],
    request: Request[Any, Any, Any],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Language and size of print, kept in this browser."""
    response = go(request, own_place(visitor.caller.compound_id, form.text("back")))
    if form.text("language") in ("zh", "en"):
        response.set_cookie(choice_cookie(settings, LANGUAGE, form.text("language")))
    if form.text("print") in ("large", "normal"):
        response.set_cookie(choice_cookie(settings, PRINT, form.text("print")))
    return response


handlers = [get_sign_in, open_session, end_session, choose]
