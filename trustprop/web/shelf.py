"""Published pages ready to hand out: they never change, so they are made once per process."""

from collections import OrderedDict
from uuid import UUID

from trustprop.kernel.canonical import sha256
from trustprop.kernel.struct import Fact

Place = tuple[UUID, str, str]
"""Compound, what, and language or format."""
LARGEST = 512 * 1024
MOST = 512


class Page(Fact):
    """A page with the headers that go with it."""

    content: bytes
    media_type: str
    etag: str
    name: str | None = None
    """Under which a download is saved."""

    @classmethod
    def of(cls, content: bytes, media_type: str, name: str | None = None) -> "Page":
        etag = f'"{sha256(content).hex()[:32]}"'
        return cls(content=content, media_type=media_type, etag=etag, name=name)


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
