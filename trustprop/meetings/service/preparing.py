"""Screening, agenda, roll and notice: from motions to what hangs in the compound."""

from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds import service as compounds
from trustprop.evidence import service as evidence
from trustprop.identity import service as identity
from trustprop.identity.model import KeyState
from trustprop.kernel.caller import Caller, Party
from trustprop.kernel.errors import N_, FieldError
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.meetings import AnnounceMeeting, DrawRoll, Meeting, Step
from trustprop.meetings.model.motions import Election, Motion, Nominee
from trustprop.meetings.rules import motions as rules
from trustprop.meetings.rules import steps
from trustprop.meetings.rules.foundations import KeyOfAnother
from trustprop.meetings.rules.policy import policy_of
from trustprop.meetings.service.access import COMMITTEE, lock, save
from trustprop.meetings.store import meetings as store
from trustprop.meetings.store import resolutions as decisions
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service as votes
from trustprop.votes.model.holding import PrepareVote


async def screen(tx: Tx, caller: Caller, meeting_id: UUID) -> Meeting:
    """Looks at every motion: six elements, seconded, lawful, in its class.

    Raises OfficeNeeded, StepMissing, NoMotions, FilesMissing, or FieldsInvalid naming all that every
    motion lacks.
    """
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    steps.check_step(meeting, Step.SCREENING)
    motions = rules.live(await store.motions(tx, caller.compound_id, meeting_id))
    if not motions:
        raise rules.NoMotions
    errors = rules.screening_errors(motions, await _buildings(tx, caller.compound_id))
    for motion in motions:
        errors += await _errors_of(tx, caller, motion)
    rules.refuse(errors)
    await _check_texts(tx, caller, motions)
    await _class(tx, caller, motions)
    facts = {"motions": len(motions)}
    screened = steps.take(meeting, Step.SCREENING, caller.at, caller.person_id, facts=facts)
    return await save(tx, caller, meeting, screened)


async def _buildings(tx: Tx, compound_id: UUID) -> dict[str, frozenset[str]]:
    """With their stairs."""
    found: dict[str, set[str]] = {}
    for home in await compounds.homes(tx, compound_id):
        found.setdefault(home.building, set()).add(home.stair)
    return {building: frozenset(stairs) for building, stairs in found.items()}


async def _errors_of(tx: Tx, caller: Caller, motion: Motion) -> list[FieldError]:
    """What only the database knows."""
    content = motion.content
    await evidence.check_exist(tx, caller.compound_id, content.attachments)
    errors: list[FieldError] = []
    if content.revokes_resolution_id is not None:
        revoked = await decisions.find(tx, caller.compound_id, content.revokes_resolution_id)
        errors += rules.revocation_errors(motion, revoked)
    if content.election is not None:
        errors += await _election_errors(tx, caller, motion.position, content.election)
    return errors


async def _election_errors(
    tx: Tx, caller: Caller, position: int, election: Election
) -> list[FieldError]:
    at = f"/motions/{position}/election"
    errors = []
    terms = {term.mandate_id: term for term in await compounds.mandates(tx, caller.compound_id)}
    for i, mandate_id in enumerate(election.replaces):
        if mandate_id not in terms or terms[mandate_id].party is not Party.OWNERS:
            message = N_("There is no mandate of the committee with this id.")
            pointer = f"{at}/replaces/{i}"
            errors.append(FieldError(pointer=pointer, code="unknown", detail=message))
    for i, candidate in enumerate(election.candidates):
        pointer = f"{at}/candidates/{i}"
        if not await _is_owner(tx, caller, candidate):
            message = N_("Who stands for the committee owns a home here.")
            errors.append(
                FieldError(pointer=f"{pointer}/person_id", code="not-an-owner", detail=message)
            )
        if any(
            term.person_id == candidate.person_id
            and term.party is not Party.OWNERS
            and term.out_on > local_date(caller.at)
            for term in terms.values()
        ):
            message = N_("One person cannot hold mandates of two sides.")
            errors.append(
                FieldError(pointer=f"{pointer}/person_id", code="both-sides", detail=message)
            )
        if candidate.key_id is not None and not await _has_key(tx, caller, candidate):
            errors.append(
                FieldError(
                    pointer=f"{pointer}/key_id", code=KeyOfAnother.code, detail=KeyOfAnother.detail
                )
            )
    return errors


async def _is_owner(tx: Tx, caller: Caller, candidate: Nominee) -> bool:
    on = local_date(caller.at)
    return bool(await compounds.owners_of_person(tx, caller.compound_id, candidate.person_id, on))


async def _has_key(tx: Tx, caller: Caller, candidate: Nominee) -> bool:
    assert candidate.key_id is not None
    key = await identity.find_key(tx, caller.compound_id, candidate.key_id)
    return (
        key is not None
        and key.person_id == candidate.person_id
        and key.state in (KeyState.PROVED, KeyState.ACTIVE)
    )


async def _check_texts(tx: Tx, caller: Caller, motions: tuple[Motion, ...]) -> None:
    """Each version that would come of it keeps within the law."""
    texts = await compounds.texts(tx, caller.compound_id)
    for motion in motions:
        amendment = motion.content.amendment
        if amendment is not None:
            text = rules.text_of(amendment, texts)
            draft = rules.next_version(amendment, text, local_date(caller.at))
            await compounds.check_text(tx, caller.compound_id, draft)


async def _class(
    tx: Tx, caller: Caller, motions: tuple[Motion, ...], *, freeze: bool = False
) -> tuple[Motion, ...]:
    """By the law and the texts of this day."""
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    classed = tuple(rules.classed(motion, limits) for motion in motions)
    if freeze:
        classed = tuple(rules.frozen(motion) for motion in classed)
    for motion in classed:
        await store.save_motion(tx, caller.compound_id, motion)
    return classed


async def set_agenda(tx: Tx, caller: Caller, meeting_id: UUID) -> Meeting:
    """Freezes every motion with its full text, attachments and class. Raises StepMissing."""
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    steps.check_step(meeting, Step.AGENDA)
    motions = rules.live(await store.motions(tx, caller.compound_id, meeting_id))
    frozen = await _class(tx, caller, motions, freeze=True)
    agenda = rules.agenda_digest(frozen)
    facts = {"motions": [str(motion.motion_id) for motion in frozen], "agenda_digest": agenda}
    taken = steps.take(meeting, Step.AGENDA, caller.at, caller.person_id, facts=facts)
    return await save(tx, caller, meeting, replace(taken, agenda_digest=agenda))


async def draw_roll(
    tx: Tx, caller: Caller, meeting_id: UUID, command: DrawRoll, vault: Vault
) -> Meeting:
    """Draws the roll of this day and prepares the vote; an earlier roll without a notice is given up.

    Raises StepMissing, StepAlreadyDone, RollEmpty or VoteDiffers.
    """
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    drawn = steps.draw_roll(meeting, command.vote_id, caller.at, caller.person_id)
    if meeting.vote_id not in (None, command.vote_id):
        assert meeting.vote_id is not None
        await votes.abandon(tx, caller, meeting.vote_id, "名册重新抽取")
    await _prepare_vote(tx, caller, drawn, vault)
    return await save(tx, caller, meeting, drawn)


async def _prepare_vote(tx: Tx, caller: Caller, meeting: Meeting, vault: Vault) -> None:
    assert meeting.vote_id is not None
    assert meeting.record_on is not None
    motions = rules.live(await store.motions(tx, caller.compound_id, meeting.meeting_id))
    limits = await compounds.limits(tx, caller.compound_id, meeting.record_on)
    texts = await compounds.texts(tx, caller.compound_id)
    command = PrepareVote(
        vote_id=meeting.vote_id,
        subject_id=meeting.meeting_id,
        is_rehearsal=meeting.is_rehearsal,
        record_on=meeting.record_on,
        policy=policy_of(limits, texts),
        questions=rules.questions(motions),
    )
    await votes.prepare(tx, caller, command, vault)


async def give_notice(
    tx: Tx, caller: Caller, meeting_id: UUID, command: AnnounceMeeting
) -> Meeting:
    """Announces motions, roll and days; from here on nothing of it changes.

    Raises StepMissing, FilesMissing, RollOfAnotherDay, NoticeOfOtherMotions, BallotsTooEarly or
    WindowWrong.
    """
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    motions = rules.live(await store.motions(tx, caller.compound_id, meeting_id))
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    agenda = [motion.motion_id for motion in motions]
    noticed = steps.give_notice(meeting, limits, agenda, command, caller.at, caller.person_id)
    shown = (*command.posted, *command.told_residents_committee)
    await evidence.check_exist(tx, caller.compound_id, shown)
    return await save(tx, caller, meeting, noticed)
