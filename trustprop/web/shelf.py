"""Published pages ready to hand out: they never change, so they are made once per process."""

from collections import OrderedDict
from functools import cached_property

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from trustprop.kernel.canonical import sha256
from trustprop.plumbing import i18n

Place = tuple[str, str]
"""Path and language."""
LARGEST = 512 * 1024
MOST = 512
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
CSP_WITH_SCRIPTS = CSP + "; script-src 'self'; connect-src 'self'"
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"


class Page:
    """A page with the headers that go with it."""

    def __init__(
        self,
        content: bytes,
        media_type: str,
        name: str | None = None,
        cache_control: str = FOR_EVER,
        csp: str = CSP,
    ) -> None:
        self.content = content
        self.etag = f'"{sha256(content).hex()[:32]}"'
        self.headers = {
            "Content-Type": media_type,
            "ETag": self.etag,
            "Cache-Control": cache_control,
            "Content-Security-Policy": csp,
            "Vary": "Accept-Language",
        }
        if name is not None:
            self.headers["Content-Disposition"] = f'inline; filename="{name}"'

    @cached_property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """As ASGI wants them."""
        return [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]

    async def send(self, send: Send, if_none_match: bytes) -> None:
        """304 when the visitor has it already."""
        is_known = self.etag.encode() in if_none_match
        body = b"" if is_known else self.content
        headers = list(self.raw_headers)
        if not is_known:
            headers.append((b"content-length", str(len(body)).encode()))
        status = 304 if is_known else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


class Shelf:
    """The pages asked for last, up to a bound; large ones are not kept."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Place, Page] = OrderedDict()

    def find(self, place: Place) -> Page | None:
        page = self._pages.get(place)
        if page is not None:
            self._pages.move_to_end(place)
        return page

    def put(self, place: Place, page: Page) -> Page:
        if len(page.content) <= LARGEST:
            self._pages[place] = page
            if len(self._pages) > MOST:
                self._pages.popitem(last=False)
        return page


SHELF = Shelf()
"""One per process."""


class FromShelf:
    """Hands out a page that is on the shelf before anything else is looked at."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = SHELF.find(place_of(scope)) if scope["type"] == ScopeType.HTTP else None
        if page is None:
            await self.app(scope, receive, send)
        else:
            await page.send(send, header(scope, b"if-none-match"))


def place_of(scope: Scope) -> Place:
    return scope["path"], language_of(scope)


def language_of(scope: Scope) -> str:
    """``zh`` or ``en``: as the address says, else as the browser does."""
    asked = scope["query_string"]
    if b"lang=en" in asked:
        return "en"
    if b"lang=zh" in asked:
        return "zh"
    wishes = header(scope, b"accept-language")
    return "en" if i18n.choose(wishes.decode("latin-1")) == "en" else "zh"


def header(scope: Scope, name: bytes) -> bytes:
    """Empty when it was not sent."""
    return next((value for key, value in scope["headers"] if key == name), b"")
