"""Who looks at a page: the session in the cookie, the offices held, language and size of print."""

import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath

from trustprop.compounds import service as compounds
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.kernel.caller import Caller, Party
from trustprop.kernel.errors import N_, Forbidden, Missing, Unauthenticated
from trustprop.kernel.periods import local_date
from trustprop.kernel.struct import Fact
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.settings import Settings
from trustprop.web import shelf

SESSION = "trustprop_session"
LANGUAGE = "trustprop_language"
PRINT = "trustprop_print"
A_YEAR_S = 365 * 24 * 3600


class NotSignedIn(Unauthenticated):
    code = "not-signed-in"
    detail = N_("Sign in to see this page.")


class FromElsewhere(Forbidden):
    """Cross-site request forgery: the form was not one of ours, or of another session."""

    code = "form-from-elsewhere"
    detail = N_("This form was not sent from our own page; open the page again.")


class Visitor(Fact):
    """A person on a page of one compound."""

    caller: Caller
    name: str
    """As they registered; shown to themselves only."""
    compound: str
    token: str
    lang: str
    """``zh`` or ``en``."""
    has_large_print: bool

    @property
    def base(self) -> str:
        return f"/c/{self.caller.compound_id}"

    @property
    def csrf(self) -> str:
        """Goes with every form; another site cannot know it."""
        return csrf_of(self.token)

    def stands_for(self, party: Party) -> bool:
        return party in self.caller.parties


def csrf_of(token: str) -> str:
    return hmac.digest(token.encode(), b"trustprop/form", "sha256").hex()


async def provide_visitor(
    request: Request[Any, Any, Any],
    compound_id: FromPath[UUID],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Visitor:
    """Dependency ``visitor``.

    Raises NotSignedIn without a session, and Missing for whoever is nobody in this compound.
    """
    token = request.cookies.get(SESSION, "")
    lang = language_of(request)
    caller = Caller(
        compound_id=compound_id,
        at=clock.now(),
        language="zh-CN" if lang == "zh" else "en",
        request_id=request.scope["state"].get("request_id", ""),
    )
    try:
        async with database.alone() as tx:
            credential = await identity.authenticate(tx, f"Bearer {token}", caller.at)
    except identity_rules.CredentialRefused:
        raise NotSignedIn from None
    if credential.person_id is None:
        raise NotSignedIn
    async with database.read(caller) as tx:
        today = local_date(caller.at)
        access = await compounds.find_access(tx, compound_id, credential.person_id, today)
        if access is None:
            raise Missing(kind="compound")
        person = await identity.find_person(tx, credential.person_id)
        compound = await compounds.find(tx, compound_id)
    assert person is not None, "a session has its person"
    return Visitor(
        caller=Caller(
            compound_id=compound_id,
            person_id=credential.person_id,
            credential_id=credential.credential_id,
            mandates=access.mandates,
            is_resident=access.is_resident,
            at=caller.at,
            language=caller.language,
            request_id=caller.request_id,
        ),
        name=person.display_name,
        compound=compound.name,
        token=token,
        lang=lang,
        has_large_print=request.cookies.get(PRINT) == "large",
    )


async def provide_page_caller(visitor: NamedDependency[Visitor]) -> Caller:
    """Dependency ``caller`` of pages, for ``Once`` and whoever else asks for it."""
    return visitor.caller


def language_of(request: Request[Any, Any, Any]) -> str:
    """As the address says, else as chosen before, else as the browser does."""
    chosen = request.cookies.get(LANGUAGE)
    if "lang" not in request.query_params and chosen in ("zh", "en"):
        return chosen
    return shelf.language_of(request.scope)


def check_same_site(request: Request[Any, Any, Any]) -> None:
    """Raises FromElsewhere when the browser says that another site sent this."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "")
    host = request.headers.get("host", "")
    if site not in ("same-origin", "none") or (origin and urlsplit(origin).netloc != host):
        raise FromElsewhere


def check_csrf(request: Request[Any, Any, Any], visitor: Visitor, sent: str) -> None:
    """Raises FromElsewhere."""
    check_same_site(request)
    if not hmac.compare_digest(sent.encode(), visitor.csrf.encode()):
        raise FromElsewhere


def session_cookie(settings: Settings, token: str, hours: int) -> Cookie:
    """HttpOnly and of this site only; Secure wherever the service has an https address."""
    return Cookie(
        key=SESSION,
        value=token,
        path="/c",
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https://"),
        max_age=int(timedelta(hours=hours).total_seconds()),
    )


def choice_cookie(settings: Settings, name: str, value: str) -> Cookie:
    """A choice of language or print: says nothing about anybody."""
    return Cookie(
        key=name,
        value=value,
        path="/c",
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https://"),
        max_age=A_YEAR_S,
    )


def sign_in_address(compound_id: object, back: str) -> str:
    return f"/c/{compound_id}/sign-in?back={quote(back, safe='')}"


def own_place(compound_id: object, back: str) -> str:
    """Where to go after signing in: a page of this compound, never of another site."""
    base = f"/c/{compound_id}"
    inside = back == base or back.startswith((f"{base}/", f"{base}?"))
    return back if inside and "\\" not in back and "//" not in back else base
