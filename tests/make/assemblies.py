"""An assembly of fourteen owners that holds meetings: who is there, motions, and each step on its day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make import votes as make_votes
from tests.make.acts import Person
from tests.make.ground import make_caller, new_id
from tests.make.identity import key_id_of, make_signing_key, prove
from tests.make.meetings import MINUTES, add_minutes
from trustprop.compounds import service as compounds
from trustprop.compounds.model import ClauseChange, Home, TextDraft, TextKind
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.struct import Fact
from trustprop.meetings import service
from trustprop.meetings.model import (
    AddMotion,
    Amendment,
    AnnounceMeeting,
    DrawRoll,
    Election,
    Elements,
    Matter,
    Meeting,
    MeetingForm,
    MeetingKind,
    Motion,
    Nominee,
    PostResult,
    Propose,
    Resolution,
    SendBallotsOut,
    TakeEffect,
)
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service as votes
from trustprop.votes.model.counting import BallotAnswer, Choice, Question
from trustprop.votes.model.holding import CastBallot, Witness

PROPOSED = datetime(2025, 10, 9, 1, 0, tzinfo=UTC)
OPENS = datetime(2025, 10, 24, 16, 0, tzinfo=UTC)
"""Midnight of 25 October in Shanghai: 15 clear days after the 9th."""
CLOSES = datetime(2025, 11, 5, 10, 0, tzinfo=UTC)
POSTED = datetime(2025, 11, 6, 1, 0, tzinfo=UTC)
LISTED = date(2025, 1, 1)
OWNERS = 14
ELEMENTS = Elements(
    time="2026 年全年",
    place="本小区",
    people="受托人执行，业主委员会监督",
    resources="业主共有基金 OP",
    action="按预算开支",
    outcome="收支平衡",
)
PROCEDURE = TextKind.RULES_OF_PROCEDURE


class Assembly(Fact):
    """Everybody, at the instant of the proposal unless a test says otherwise."""

    compound_id: UUID
    director: Person
    member: Person
    manager: Caller
    supervisor: Caller
    owners: tuple[Caller, ...]
    """Of homes 101 to 114, as signed-in residents."""
    homes: tuple[Home, ...]
    tenant: Caller


async def add_assembly(tx: Tx, compound_id: UUID, *texts: TextDraft) -> Assembly:
    """Founded, two buildings of seven homes, everybody signed up, the committee with active keys."""
    founder = make_caller(compound_id=compound_id)
    held = {
        office: make_caller(office, compound_id=compound_id, at=PROPOSED)
        for office in (
            Office.COMMITTEE_DIRECTOR,
            Office.COMMITTEE_MEMBER,
            Office.TRUSTEE_MANAGER,
            Office.SUPERVISOR,
        )
    }
    mandates = tuple(
        make_compounds.appointment(
            office, mandate_id=caller.mandates[0].mandate_id, person_id=caller.person_id
        )
        for office, caller in held.items()
    )
    await make_compounds.found_compound(tx, founder, *texts, mandates=mandates)
    rows = [
        make_compounds.row(f"{100 + i}", building="1" if i <= 7 else "2", owner=i)
        for i in range(1, OWNERS + 1)
    ]
    await compounds.import_homes(tx, founder, make_compounds.homes_csv(*rows), LISTED)
    await add_minutes(tx, compound_id)
    homes = await compounds.homes(tx, compound_id)
    people = [
        await make_votes.add_resident(tx, founder, home, home.owner_ids[0], LISTED)
        for home in homes
    ]
    tenant = await make_votes.add_resident(tx, founder, homes[0], None, LISTED)
    return Assembly(
        compound_id=compound_id,
        director=await _with_key(tx, held[Office.COMMITTEE_DIRECTOR]),
        member=await _with_key(tx, held[Office.COMMITTEE_MEMBER]),
        manager=held[Office.TRUSTEE_MANAGER],
        supervisor=held[Office.SUPERVISOR],
        owners=tuple(at(person, PROPOSED) for person in people),
        homes=homes,
        tenant=at(tenant, PROPOSED),
    )


async def _with_key(tx: Tx, caller: Caller) -> Person:
    key = make_signing_key(caller.person_id or "")
    await prove(tx, caller, key)
    await identity.activate_key(tx, caller, key_id_of(key), new_id())
    return Person(caller, key)


def at(caller: Caller, instant: datetime) -> Caller:
    return replace(caller, at=instant)


# What is decided about


def propose_command(**changes: Any) -> Propose:
    values: dict[str, Any] = {
        "id": new_id(),
        "kind": MeetingKind.ANNUAL,
        "form": MeetingForm.WRITTEN,
        "title": "2025 年度业主大会",
        "place": "社区活动室",
    }
    return Propose(**(values | changes))


def motion_command(matter: Matter = Matter.BUDGET, **changes: Any) -> AddMotion:
    values: dict[str, Any] = {
        "id": new_id(),
        "matter": matter,
        "title": "2026 年度开放式预算",
        "decision": "同意 2026 年度开放式预算。",
        "elements": ELEMENTS,
        "subject_id": new_id(),
    }
    return AddMotion(**(values | changes))


def amendment_command(*changes: ClauseChange, **facts: Any) -> AddMotion:
    amendment = Amendment(
        text_id=new_id(), kind=PROCEDURE, title="业主大会议事规则", changes=changes
    )
    values: dict[str, Any] = {"subject_id": None, "title": "修改议事规则", "amendment": amendment}
    return motion_command(Matter.GOVERNING_TEXT, **(values | facts))


def candidate(person: Caller, name: str, **facts: Any) -> Nominee:
    values: dict[str, Any] = {
        "candidate_id": new_id(),
        "person_id": person.person_id,
        "name": name,
        "office": Office.COMMITTEE_MEMBER,
    }
    return Nominee(**(values | facts))


def election_command(*candidates: Nominee, seats: int = 2, **facts: Any) -> AddMotion:
    replaces = facts.pop("replaces", ())
    election = Election(
        seats=seats,
        candidates=candidates,
        term_from=date(2025, 11, 10),
        term_until=date(2028, 11, 9),
        replaces=replaces,
    )
    values: dict[str, Any] = {
        "subject_id": None,
        "title": "选举业主委员会",
        "election": election,
        "is_secret": True,
    }
    return motion_command(Matter.MANDATE, **(values | facts))


# The steps


async def proposed(tx: Tx, assembly: Assembly, *motions: AddMotion, **changes: Any) -> Meeting:
    """Called by the committee with these motions, or with a budget."""
    caller = assembly.director.caller
    meeting = await service.propose(tx, caller, propose_command(**changes))
    for motion in motions or (motion_command(),):
        await service.add_motion(tx, caller, meeting.meeting_id, motion)
    return meeting


async def on_the_roll(
    tx: Tx, assembly: Assembly, vault: Vault, *motions: AddMotion, **changes: Any
) -> Meeting:
    """Screened, with a frozen agenda and the roll of the day."""
    caller = assembly.director.caller
    meeting = await proposed(tx, assembly, *motions, **changes)
    await service.screen(tx, caller, meeting.meeting_id)
    await service.set_agenda(tx, caller, meeting.meeting_id)
    roll = DrawRoll(vote_id=new_id())
    return await service.draw_roll(tx, caller, meeting.meeting_id, roll, vault)


def notice_command(
    meeting: Meeting, motions: tuple[Motion, ...], **changes: Any
) -> AnnounceMeeting:
    values: dict[str, Any] = {
        "agenda_digest": meeting.agenda_digest,
        "motions": tuple(one.motion_id for one in motions if one.withdrawn_at is None),
        "opens_at": OPENS,
        "closes_at": CLOSES,
        "posted": (MINUTES,),
        "told_residents_committee": (MINUTES,),
    }
    return AnnounceMeeting(**(values | changes))


async def noticed(
    tx: Tx, assembly: Assembly, vault: Vault, *motions: AddMotion, **changes: Any
) -> Meeting:
    """Announced on the day of the proposal."""
    meeting = await on_the_roll(tx, assembly, vault, *motions, **changes)
    held = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    command = notice_command(meeting, held)
    return await service.give_notice(tx, assembly.director.caller, meeting.meeting_id, command)


async def opened(
    tx: Tx, assembly: Assembly, vault: Vault, *motions: AddMotion, **changes: Any
) -> Meeting:
    """Ballots go out at the announced hour."""
    meeting = await noticed(tx, assembly, vault, *motions, **changes)
    director = at(assembly.director.caller, OPENS)
    return await service.send_ballots_out(tx, director, meeting.meeting_id, SendBallotsOut())


async def vote(
    tx: Tx, assembly: Assembly, meeting: Meeting, in_favour: int, against: int = 0
) -> None:
    """The first owners agree to everything that they are asked, the next to nothing."""
    assert meeting.vote_id is not None
    held = await votes.find_vote(tx, assembly.compound_id, meeting.vote_id)
    for i, owner in enumerate(assembly.owners[: in_favour + against]):
        asked = [one for one in held.questions if one.building in ("", assembly.homes[i].building)]
        if not asked:
            continue
        choice = Choice.FOR if i < in_favour else Choice.AGAINST
        made = new_id()
        ballot = CastBallot(
            id=made,
            answers=tuple(answer for question in asked for answer in _answers(question, choice)),
            secret=made.bytes,
        )
        caster = at(owner, OPENS + timedelta(days=1, minutes=i))
        await votes.cast(tx, caster, meeting.vote_id, ballot, make_votes.LOG_KEY)


def _answers(question: Question, choice: Choice) -> tuple[BallotAnswer, ...]:
    """Of an election as many crosses as there are seats."""
    if not question.candidates:
        return (BallotAnswer(question_id=question.question_id, choice=choice),)
    return tuple(
        BallotAnswer(question_id=question.question_id, choice=choice, candidate_id=one.candidate_id)
        for one in question.candidates[: question.seats]
    )


async def closed(tx: Tx, assembly: Assembly, meeting: Meeting, vault: Vault) -> str:
    """Closed and counted on the last day; answers the digest of the count."""
    director = at(assembly.director.caller, CLOSES)
    await service.close(tx, director, meeting.meeting_id)
    return (await service.count(tx, director, meeting.meeting_id, vault)).digest


async def witness(tx: Tx, assembly: Assembly, meeting: Meeting, digest: str) -> None:
    """Ten owners on the count sheet, and the director with a signature."""
    assert meeting.vote_id is not None
    director = at(assembly.director.caller, CLOSES)
    sheet = Witness(count_digest=digest, serials=tuple(range(1, 11)), evidence=(MINUTES,))
    await votes.witness(tx, director, meeting.vote_id, sheet)
    signed = identity_rules.sign(assembly.director.key, bytes.fromhex(digest))
    own = Witness(count_digest=digest, key_id=assembly.director.key_id, signature=signed)
    await votes.witness(tx, director, meeting.vote_id, own)


async def posted(
    tx: Tx,
    assembly: Assembly,
    vault: Vault,
    *motions: AddMotion,
    in_favour: int = 12,
    against: int = 0,
    **changes: Any,
) -> Meeting:
    """Voted on, counted before witnesses, certified, and posted on the day after."""
    meeting = await opened(tx, assembly, vault, *motions, **changes)
    await vote(tx, assembly, meeting, in_favour, against)
    await witness(tx, assembly, meeting, await closed(tx, assembly, meeting, vault))
    director = at(assembly.director.caller, CLOSES)
    await service.certify(tx, director, meeting.meeting_id)
    command = PostResult(posted=(MINUTES,))
    return await service.post_result(tx, at(director, POSTED), meeting.meeting_id, command)


async def in_effect(
    tx: Tx, assembly: Assembly, vault: Vault, *motions: AddMotion, **changes: Any
) -> tuple[Resolution, ...]:
    """The resolutions of a whole meeting, taken into effect on the day of the posting."""
    meeting = await posted(tx, assembly, vault, *motions, **changes)
    director = at(assembly.director.caller, POSTED)
    taken = await service.take_effect(tx, director, meeting.meeting_id, TakeEffect())
    return taken.resolutions
