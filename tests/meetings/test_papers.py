"""Papers of a meeting that is held: who may print which and when, and ballots for everybody."""

import asyncio
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pikepdf
import pytest

from tests.make import assemblies as make
from tests.make import http
from tests.make.ground import make_caller, new_id
from trustprop.app import work
from trustprop.kernel.caller import Caller, OfficeNeeded
from trustprop.kernel.canonical import canonical_json
from trustprop.kernel.errors import Missing
from trustprop.meetings import jobs, printing, service
from trustprop.meetings.model import Matter, Meeting, MeetingForm
from trustprop.meetings.model.papers import PaperName
from trustprop.meetings.model.prints import (
    PRINT_JOB,
    BallotPrintProgress,
    PaperLanguage,
    PrintBallots,
)
from trustprop.meetings.rules.papers import (
    BallotsOver,
    NoticeWindowNeeded,
    PaperNotReady,
    PrintDiffers,
)
from trustprop.meetings.service import papers, prints
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.files import Files
from trustprop.plumbing.press import Press
from trustprop.plumbing.vault import Vault
from trustprop.votes import service as votes

URL = "https://trustprop.example"
FOR_EVERYBODY = {"notice", "agenda", "motions", "proxy", "decisions", "certificate"}


async def draw(tx: Tx, caller: Caller, meeting: Meeting, name: PaperName, **named):
    return await papers.draw_paper(tx, caller, meeting.meeting_id, name, URL, **named)


async def test_every_paper_of_a_meeting_says_its_figures(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    election = make.election_command(
        *(make.candidate(owner, f"候选人{i}") for i, owner in enumerate(assembly.owners[:3]))
    )
    motions = (make.motion_command(), make.motion_command(Matter.COMMON_PART_BUSINESS), election)
    meeting = await make.posted(tx, assembly, vault, *motions, in_favour=10, against=2)
    director = make.at(assembly.director.caller, make.POSTED)
    for name in PaperName:
        if name is PaperName.BALLOTS:
            continue
        told = await draw(tx, director, meeting, name)
        assert isinstance(told, printing.PAPERS[name])
        for lang in ("zh", "en"):
            page = printing.html(name, told, "0" * 64, lang)
            assert meeting.number in page
    certificate = await draw(tx, director, meeting, PaperName.CERTIFICATE)
    counted = await votes.counted_vote(tx, assembly.compound_id, meeting.vote_id)
    assert (certificate.digest, certificate.root) == (counted.digest, counted.root)
    assert [one.is_passed for one in certificate.results[:2]] == [True, True]
    assert certificate.results[0].readings[0].in_favour.heads == 10
    assert (certificate.owner_witnesses, certificate.committee_witnesses) == (10, 1)
    sheet = await draw(tx, director, meeting, PaperName.COUNT_SHEET)
    assert [(one.channel, one.ballots) for one in sheet.returned] == [("online", 12)]


async def test_residents_print_what_is_posted_and_nothing_else(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.posted(tx, assembly, vault)
    owner = make.at(assembly.owners[0], make.POSTED)
    for name in PaperName:
        if name in FOR_EVERYBODY:
            await draw(tx, owner, meeting, name)
        else:
            with pytest.raises((OfficeNeeded, Missing)):
                await draw(tx, owner, meeting, name)


async def test_the_firm_never_sees_the_registers(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.posted(tx, assembly, vault)
    manager = make.at(assembly.manager, make.POSTED)
    supervisor = make.at(assembly.supervisor, make.POSTED)
    for name in (PaperName.DELIVERIES, PaperName.ROLL, PaperName.MINUTES):
        with pytest.raises(OfficeNeeded):
            await draw(tx, manager, meeting, name)
        await draw(tx, supervisor, meeting, name)


async def test_a_notice_is_printed_before_it_is_given_with_the_days_it_will_name(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.on_the_roll(tx, assembly, vault)
    director = assembly.director.caller
    with pytest.raises(NoticeWindowNeeded):
        await draw(tx, director, meeting, PaperName.NOTICE)
    window = (make.OPENS, make.CLOSES)
    told = await draw(tx, director, meeting, PaperName.NOTICE, window=window)
    assert (told.opens_at, told.closes_at) == window
    with pytest.raises(PaperNotReady):
        await draw(tx, assembly.owners[0], meeting, PaperName.NOTICE, window=window)


async def test_a_certificate_waits_for_the_tally(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.opened(tx, assembly, vault)
    with pytest.raises(PaperNotReady):
        await draw(tx, assembly.director.caller, meeting, PaperName.CERTIFICATE)


async def test_the_decision_notice_of_a_day_says_until_when_it_hangs(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.opened(tx, assembly, vault)
    await make.vote(tx, assembly, meeting, 12)
    await make.witness(tx, assembly, meeting, await make.closed(tx, assembly, meeting, vault))
    director = make.at(assembly.director.caller, make.CLOSES)
    await service.certify(tx, director, meeting.meeting_id)
    told = await draw(tx, make.at(director, make.POSTED), meeting, PaperName.DECISIONS)
    assert str(told.posted_on) == "2025-11-06"
    assert told.posted_until > told.objections_until > told.posted_on


async def test_ballots_are_ordered_from_the_notice_until_the_close(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    director = assembly.director.caller
    meeting = await make.on_the_roll(tx, assembly, vault)
    order = PrintBallots(id=new_id())
    with pytest.raises(PaperNotReady):
        await prints.print_ballots(tx, director, meeting.meeting_id, order)
    held = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    await service.give_notice(tx, director, meeting.meeting_id, make.notice_command(meeting, held))
    first = await prints.print_ballots(tx, director, meeting.meeting_id, order)
    assert (first.ballots, first.ballots_printed, first.is_done) == (14, 0, False)
    assert await prints.print_ballots(tx, director, meeting.meeting_id, order) == first
    english = PrintBallots(id=order.id, lang=PaperLanguage.ENGLISH)
    with pytest.raises(PrintDiffers):
        await prints.print_ballots(tx, director, meeting.meeting_id, english)
    for other in (assembly.manager, assembly.owners[0], assembly.supervisor):
        with pytest.raises(OfficeNeeded):
            await prints.print_ballots(tx, other, meeting.meeting_id, PrintBallots(id=new_id()))
    director = make.at(director, make.OPENS)
    await service.send_ballots_out(tx, director, meeting.meeting_id, make.SendBallotsOut())
    await service.close(tx, make.at(director, make.CLOSES), meeting.meeting_id)
    with pytest.raises(BallotsOver):
        await prints.print_ballots(tx, director, meeting.meeting_id, PrintBallots(id=new_id()))


# The worker


@pytest.fixture
def press() -> Iterator[Press]:
    opened = Press(1)
    yield opened
    opened.close()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.at(str(tmp_path / "files"))


class Ordered:
    """An order of ballots that is committed, and the work of a worker."""

    def __init__(self, database, assembly, meeting, print_id, work, vault, files) -> None:
        self.database = database
        self.assembly = assembly
        self.meeting = meeting
        self.print_id = print_id
        self.vault = vault
        self.files = files
        self._work = work

    async def run(self) -> None:
        await self._work(
            {"compound_id": str(self.assembly.compound_id), "print_id": str(self.print_id)}
        )

    async def progress(self) -> BallotPrintProgress:
        director = self.assembly.director.caller
        async with self.database.read(director) as tx:
            return await prints.ballot_print(tx, director, self.meeting.meeting_id, self.print_id)


@pytest.fixture
async def ordered(
    database: Database, vault: Vault, press: Press, files: Files, monkeypatch
) -> Ordered:
    """Fourteen ballots with a secret question, four in a file."""
    monkeypatch.setattr(prints, "CHUNK", 4)
    compound_id = new_id()
    print_id = new_id()
    async with database.begin(make_caller(compound_id=compound_id)) as tx:
        assembly = await make.add_assembly(tx, compound_id)
        election = make.election_command(
            *(make.candidate(owner, f"候选人{i}") for i, owner in enumerate(assembly.owners[:3]))
        )
        meeting = await make.noticed(tx, assembly, vault, make.motion_command(), election)
        director = assembly.director.caller
        await prints.print_ballots(tx, director, meeting.meeting_id, PrintBallots(id=print_id))
    work = jobs.works(database, files, press, vault, Clock(), URL)[PRINT_JOB]
    return Ordered(database, assembly, meeting, print_id, work, vault, files)


async def test_every_voter_gets_a_ballot_with_the_code_of_the_vote(ordered: Ordered) -> None:
    before = await ordered.progress()
    assert (before.pages_expected, before.pages_printed) == (28, 0)
    await ordered.run()
    done = await ordered.progress()
    assert done.is_done
    assert (done.pages_expected, done.pages_printed, done.ballots_printed) == (28, 28, 14)
    spans = [(one.number, one.first_serial, one.last_serial) for one in done.files]
    assert spans == [(1, 1, 4), (2, 5, 8), (3, 9, 12), (4, 13, 14)]
    director = ordered.assembly.director.caller
    async with ordered.database.read(director) as tx:
        known = await votes.ballot_papers(tx, director, ordered.meeting.vote_id, ordered.vault)
        content = await prints.open_chunk(
            tx, director, ordered.files, ordered.meeting.meeting_id, ordered.print_id, 4
        )
        batch = await prints.load_batch(
            tx, ordered.assembly.compound_id, ordered.print_id, ordered.vault, URL
        )
        voters = await votes.voters(tx, ordered.assembly.compound_id, ordered.meeting.vote_id)
    assert batch.waiting == ()
    told = prints.chunk_of(batch, voters[12:])
    assert [one.code for one in told.ballots] == [paper.code for paper in known[12:]]
    again = printing.pdf(PaperName.BALLOTS, canonical_json(told), "zh")
    assert again == content
    with pikepdf.open(io.BytesIO(content)) as opened:
        assert len(opened.pages) == 4


async def test_what_a_killed_worker_had_printed_is_not_printed_again(ordered: Ordered) -> None:
    working = asyncio.create_task(ordered.run())
    while not (kept := (await ordered.progress()).files):
        assert not working.done()
        await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert not (await ordered.progress()).is_done
    await ordered.run()
    done = await ordered.progress()
    assert done.is_done
    assert done.files[: len(kept)] == kept
    await ordered.run()
    assert (await ordered.progress()).files == done.files


async def test_ballots_are_read_by_the_owners_side_and_the_supervisor_alone(
    ordered: Ordered,
) -> None:
    await ordered.run()
    assembly = ordered.assembly

    async def opens(caller: Caller, number: int = 1) -> bytes:
        async with ordered.database.read(caller) as tx:
            return await prints.open_chunk(
                tx, caller, ordered.files, ordered.meeting.meeting_id, ordered.print_id, number
            )

    assert (await opens(assembly.supervisor)).startswith(b"%PDF")
    for other in (assembly.manager, assembly.owners[0]):
        with pytest.raises(OfficeNeeded):
            await opens(other)
    with pytest.raises(Missing):
        await opens(assembly.director.caller, 5)


# Over HTTP


async def test_papers_and_prints_over_http(
    client: httpx.AsyncClient,
    database: Database,
    settings,
    owner: asyncpg.Connection,
    clock: Clock,
) -> None:
    vault = Vault.of(settings)
    compound_id: UUID = new_id()
    async with database.begin(make_caller(compound_id=compound_id)) as tx:
        assembly = await make.add_assembly(tx, compound_id)
        meeting = await make.noticed(tx, assembly, vault, form=MeetingForm.WRITTEN)
    clock.set_to(make.PROPOSED + timedelta(hours=1))
    director = await http.sign_in(owner, assembly.director.caller.person_id)
    resident = await http.sign_in(owner, assembly.owners[2].person_id)
    here = f"/v1/compounds/{compound_id}/meetings/{meeting.meeting_id}"
    notice = await client.get(f"{here}/papers/notice.pdf?lang=en", headers=resident)
    assert notice.status_code == 200, notice.text
    assert notice.headers["content-type"] == "application/pdf"
    assert notice.content.startswith(b"%PDF-")
    assert (await client.get(f"{here}/papers/roll.pdf", headers=resident)).status_code == 403
    assert (await client.get(f"{here}/papers/ballots.pdf", headers=director)).status_code == 404
    assert (await client.get(f"{here}/papers/no.pdf", headers=director)).status_code == 404
    early = await client.get(f"{here}/papers/minutes.pdf", headers=director)
    assert (early.status_code, early.json()["code"]) == (409, "paper-not-ready")
    key = {"Idempotency-Key": str(new_id())}
    order = {"id": str(new_id()), "lang": "zh"}
    asked = await client.post(f"{here}/ballot-prints", json=order, headers=director | key)
    assert asked.status_code == 202, asked.text
    location = asked.headers["location"]
    found = await client.get(location, headers=director)
    assert found.json()["pages_printed"] == 0
    assert found.json()["pages_expected"] == 14
    assert (await client.get(location, headers=resident)).status_code == 403
    assert (await client.get(f"{location}/files/1", headers=director)).status_code == 404
    await work(settings, until_empty=True)
    done = (await client.get(location, headers=director)).json()
    assert (done["is_done"], done["pages_printed"], len(done["files"])) == (True, 14, 1)
    printed = await client.get(f"{location}/files/1", headers=director)
    assert printed.content.startswith(b"%PDF-")
    assert printed.headers["content-disposition"] == 'attachment; filename="ballots-001.pdf"'
    assert (await client.get(f"{location}/files/1", headers=resident)).status_code == 403
