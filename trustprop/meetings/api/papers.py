"""How the papers of a meeting are asked for: one as a PDF, or ballots for everybody."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import canonical_json
from trustprop.kernel.errors import Missing
from trustprop.meetings.model.papers import PaperName
from trustprop.meetings.model.prints import BallotPrintProgress, PaperLanguage, PrintBallots
from trustprop.meetings.printing import pdf
from trustprop.meetings.service import papers, prints
from trustprop.plumbing.database import Database
from trustprop.plumbing.downloads import operation_of
from trustprop.plumbing.files import Files
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.press import Press
from trustprop.plumbing.settings import Settings

TAGS = ["meetings"]
PDF = "application/pdf"
"""How every path of a printed file ends, and what it is served as."""


@get(
    "/compounds/{compound_id:uuid}/meetings/{meeting_id:uuid}/papers/{name:str}",
    operation_id="meeting_papers_get",
    operation_class=operation_of([PDF]),
    tags=TAGS,
)
async def get_paper(
    meeting_id: FromPath[UUID],
    name: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    press: NamedDependency[Press],
    settings: NamedDependency[Settings],
    lang: Annotated[PaperLanguage | None, QueryParameter(name="lang")] = None,
    opens_at: Annotated[datetime | None, QueryParameter(name="opens_at")] = None,
    closes_at: Annotated[datetime | None, QueryParameter(name="closes_at")] = None,
) -> Response[bytes]:
    """Print a paper of a meeting (``notice.pdf``, ``agenda.pdf``, ``certificate.pdf`` …) as it stands.

    Everybody here may print notice, agenda, motions, proxy form, decisions and certificate once they
    are posted; the rest is for the owners' side and the supervisor. ``opens_at`` and ``closes_at``
    are those of a notice that is still to be posted.
    """
    wanted = _name(name)
    window = (opens_at, closes_at) if opens_at and closes_at else None
    async with database.read(caller) as tx:
        drawn = await papers.draw_paper(tx, caller, meeting_id, wanted, settings.public_url, window)
    language = lang or _language_of(caller)
    content = await press.draw(pdf, wanted, canonical_json(drawn), language.value)
    return _file(content, f"{wanted}-{language}.pdf")


@post(
    "/compounds/{compound_id:uuid}/meetings/{meeting_id:uuid}/ballot-prints",
    operation_id="ballot_prints_create",
    status_code=202,
    tags=TAGS,
)
async def print_ballots(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[PrintBallots],
) -> Response[BallotPrintProgress]:
    """Order a ballot for every voter; a worker prints them in files of a hundred."""
    here = f"/v1/compounds/{caller.compound_id}/meetings/{meeting_id}/ballot-prints/{data.id}"
    async with database.begin(caller) as tx:
        ordered = prints.print_ballots(tx, caller, meeting_id, data)
        return await once(tx, ordered, status=202, location=here)


@get(
    "/compounds/{compound_id:uuid}/meetings/{meeting_id:uuid}/ballot-prints/{print_id:uuid}",
    operation_id="ballot_prints_get",
    tags=TAGS,
)
async def get_ballot_print(
    meeting_id: FromPath[UUID],
    print_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> BallotPrintProgress:
    """Read how many pages of all are printed, and which files are ready."""
    async with database.read(caller) as tx:
        return await prints.ballot_print(tx, caller, meeting_id, print_id)


@get(
    "/compounds/{compound_id:uuid}/meetings/{meeting_id:uuid}/ballot-prints/{print_id:uuid}/files/{chunk:int}",
    operation_id="ballot_prints_download",
    operation_class=operation_of([PDF]),
    tags=TAGS,
)
async def download_ballots(
    meeting_id: FromPath[UUID],
    print_id: FromPath[UUID],
    chunk: FromPath[int],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
) -> Response[bytes]:
    """Download one file of ballots, for the owners' side and the supervisor."""
    async with database.read(caller) as tx:
        content = await prints.open_chunk(tx, caller, files, meeting_id, print_id, chunk)
    return _file(content, f"ballots-{chunk:03d}.pdf")


def _name(path: str) -> PaperName:
    """Raises Missing for what is no paper."""
    name, dot, kind = path.rpartition(".")
    if not dot or kind != "pdf" or name not in {one.value for one in PaperName}:
        raise Missing(kind="paper")
    return PaperName(name)


def _language_of(caller: Caller) -> PaperLanguage:
    return PaperLanguage.CHINESE if caller.language.startswith("zh") else PaperLanguage.ENGLISH


def _file(content: bytes, name: str) -> Response[bytes]:
    return Response(
        content=content,
        media_type=PDF,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


handlers = [get_paper, print_ballots, get_ballot_print, download_ballots]
