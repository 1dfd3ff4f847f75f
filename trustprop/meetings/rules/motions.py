"""Motions: six elements, the class of a matter by law and texts, clauses, elections, and the freeze."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds.model import GoverningText, Limits, TextDraft, TextKind
from trustprop.compounds.rules import amended_clauses, difference
from trustprop.kernel.caller import Party
from trustprop.kernel.canonical import digest
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid, Forbidden, Invalid
from trustprop.meetings.model.meetings import Meeting, Step
from trustprop.meetings.model.motions import (
    Amendment,
    Election,
    Elements,
    Motion,
    MotionContent,
    MotionDifference,
)
from trustprop.meetings.model.resolutions import Matter, Resolution, ResolutionState
from trustprop.meetings.rules.calendar import YEARS
from trustprop.meetings.rules.resolutions import law_of, majority_of
from trustprop.votes.model.counting import Candidate, Majority, Question, QuestionKind

MAX_TERM_DAYS = 5 * 366


class MotionsFrozen(Conflict):
    code = "motions-frozen"
    detail = N_("The motions of meeting {number} have been screened; nothing is added or changed.")
    number: str


class NotYourMotion(Forbidden):
    code = "not-your-motion"
    detail = N_("Only who moved it, or the committee for its own motions, changes a motion.")


class MotionWithdrawn(Conflict):
    code = "motion-withdrawn"
    detail = N_("This motion was withdrawn.")


class OwnMotionSeconded(Conflict):
    code = "own-motion-seconded"
    detail = N_("Nobody seconds a motion of their own.")


class NoMotions(Invalid):
    code = "no-motions"
    detail = N_("A meeting without a motion decides nothing.")


class MotionDiffers(Conflict):
    code = "motion-differs"
    detail = N_("A motion with this id is already here with other content.")


def check_same_motion(known: Motion, meeting_id: UUID, content: MotionContent) -> None:
    """Raises MotionDiffers unless a retry asks for what is already there."""
    if known.meeting_id != meeting_id or known.content != content:
        raise MotionDiffers


def class_of(content: MotionContent, limits: Limits) -> tuple[Majority, str]:
    """How many must agree, and why: by the matter, raised by the texts, never lowered."""
    return majority_of(content.matter, limits), law_of(content.matter, limits).source.citation


def check_open_to_motions(meeting: Meeting) -> None:
    """Raises MotionsFrozen from the screening on."""
    if meeting.done(Step.SCREENING) is not None:
        raise MotionsFrozen(number=meeting.number)


def check_mine(motion: Motion, person_id: UUID | None, *, is_committee: bool) -> None:
    """Raises NotYourMotion or MotionWithdrawn."""
    if motion.moved_by != person_id and not (motion.is_moved_by_committee and is_committee):
        raise NotYourMotion
    check_live(motion)


def check_live(motion: Motion) -> None:
    """Raises MotionWithdrawn."""
    if motion.withdrawn_at is not None:
        raise MotionWithdrawn


def check_seconder(motion: Motion, person_id: UUID) -> None:
    """Raises MotionWithdrawn or OwnMotionSeconded."""
    check_live(motion)
    if motion.moved_by == person_id:
        raise OwnMotionSeconded


def live(motions: Iterable[Motion]) -> tuple[Motion, ...]:
    return tuple(motion for motion in motions if motion.withdrawn_at is None)


# The screening


def content_errors(content: MotionContent, at: str) -> list[FieldError]:
    """What is wrong in itself, whatever the compound; said already when a motion is moved."""
    errors = []
    if content.is_secret and content.election is None:
        message = N_("Only elections of persons are secret.")
        errors.append(_wrong(f"{at}/is_secret", "secret", message))
    if (content.election is not None) != (
        content.matter is Matter.MANDATE and content.revokes_resolution_id is None
    ):
        message = N_("A motion about mandates elects, and only such a motion does.")
        errors.append(_wrong(f"{at}/election", "election", message))
    if (content.amendment is not None) != (
        content.matter is Matter.GOVERNING_TEXT and content.revokes_resolution_id is None
    ):
        message = N_("A motion about a text changes clauses, and only such a motion does.")
        errors.append(_wrong(f"{at}/amendment", "amendment", message))
    if content.matter is Matter.CHANGE_TO_BUSINESS and not content.scope.building:
        message = N_("The owners of the same building are interested: name it.")
        errors.append(_wrong(f"{at}/scope/building", "missing", message))
    if content.effective_on is not None and content.effective_on.year not in YEARS:
        message = N_("This year is a typing error.")
        errors.append(_wrong(f"{at}/effective_on", "year", message))
    if content.election is not None:
        errors += _election_errors(content.election, f"{at}/election")
    if content.amendment is not None:
        errors += _amendment_errors(content.amendment, f"{at}/amendment")
    if content.valid_until is not None and content.effective_on is not None:
        errors += _order(content.effective_on <= content.valid_until, f"{at}/valid_until")
    return errors


def _order(is_right: bool, pointer: str) -> list[FieldError]:
    message = N_("It must end after it begins.")
    return [] if is_right else [_wrong(pointer, "order", message)]


def _election_errors(election: Election, at: str) -> list[FieldError]:
    errors = _order(election.term_from <= election.term_until, f"{at}/term_until")
    if (
        election.term_until.year not in YEARS
        or (election.term_until - election.term_from).days > MAX_TERM_DAYS
    ):
        message = N_("No office runs longer than five years.")
        errors.append(_wrong(f"{at}/term_until", "term", message))
    seen: set[UUID] = set()
    for i, candidate in enumerate(election.candidates):
        if candidate.office.party is not Party.OWNERS:
            message = N_("Owners elect their own committee, nobody else.")
            errors.append(_wrong(f"{at}/candidates/{i}/office", "office", message))
        for name in ("candidate_id", "person_id"):
            if getattr(candidate, name) in seen:
                message = N_("Everybody stands once.")
                errors.append(_wrong(f"{at}/candidates/{i}/{name}", "twice", message))
            seen.add(getattr(candidate, name))
    return errors


def _amendment_errors(amendment: Amendment, at: str) -> list[FieldError]:
    message = N_("A clause that goes sets no limit.")
    return [
        _wrong(f"{at}/changes/{i}/limit_name", "limit", message)
        for i, change in enumerate(amendment.changes)
        if change.body is None and (change.limit_name or change.limit_value is not None)
    ]


def screening_errors(
    motions: Sequence[Motion], buildings: Mapping[str, frozenset[str]]
) -> list[FieldError]:
    """Every motion that cannot come on the agenda, and why. ``buildings`` with their stairs."""
    errors = []
    for motion in motions:
        at = f"/motions/{motion.position}"
        content = motion.content
        errors += content_errors(content, at)
        errors += _missing_elements(content.elements, at)
        if not motion.is_moved_by_committee and motion.seconds == 0:
            message = N_("Nobody has seconded it.")
            errors.append(_wrong(at, "not-seconded", message))
        scope = content.scope
        if scope.building and scope.building not in buildings:
            message = N_("There is no such building.")
            errors.append(_wrong(f"{at}/scope/building", "unknown", message))
        elif scope.stair and scope.stair not in buildings.get(scope.building, frozenset()):
            message = N_("There is no such stair.")
            errors.append(_wrong(f"{at}/scope/stair", "unknown", message))
    return errors + _colliding(motions)


def _missing_elements(elements: Elements, at: str) -> list[FieldError]:
    message = N_("A motion says when, where, who, with what, what, and to what end.")
    return [
        _wrong(f"{at}/elements/{name}", "missing", message)
        for name in elements.__struct_fields__
        if not getattr(elements, name).strip()
    ]


def _colliding(motions: Sequence[Motion]) -> list[FieldError]:
    """Two motions of one meeting cannot change the same clause: nobody would know what was decided."""
    message = N_("Another motion changes this clause too.")
    taken: set[tuple[TextKind, str, str]] = set()
    errors = []
    for motion in motions:
        amendment = motion.content.amendment
        for i, change in enumerate(amendment.changes if amendment else ()):
            assert amendment is not None
            key = (*text_key(amendment.kind, amendment.title), change.code)
            if key in taken:
                pointer = f"/motions/{motion.position}/amendment/changes/{i}/code"
                errors.append(_wrong(pointer, "collides", message))
            taken.add(key)
    return errors


def revocation_errors(motion: Motion, revoked: Resolution | None) -> list[FieldError]:
    """A decision is taken back by the same matter, so by the same majority at least."""
    at = f"/motions/{motion.position}/revokes_resolution_id"
    if revoked is None or revoked.state is not ResolutionState.CONFIRMED:
        return [_wrong(at, "unknown", N_("There is no resolution in force with this id."))]
    if revoked.matter is not motion.content.matter or revoked.scope != motion.content.scope:
        message = N_("A decision is taken back by the same owners in the same matter.")
        return [_wrong(at, "matter", message)]
    return []


def refuse(errors: Sequence[FieldError]) -> None:
    """Raises FieldsInvalid."""
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


# Texts


def text_key(kind: TextKind, title: str) -> tuple[TextKind, str]:
    """One text of each kind is in force; others are told apart by their titles."""
    return kind, title if kind is TextKind.OTHER else ""


def text_of(amendment: Amendment, texts: Iterable[GoverningText]) -> GoverningText | None:
    """The latest version of the text that it changes; None for a text that is new."""
    wanted = text_key(amendment.kind, amendment.title)
    found = [text for text in texts if text_key(text.kind, text.title) == wanted]
    return max(found, key=lambda text: text.version, default=None)


def before(amendment: Amendment, texts: Sequence[GoverningText]) -> tuple[GoverningText, ...]:
    """The versions from before the one that came of it, if one did."""
    made = next((text for text in texts if text.text_id == amendment.text_id), None)
    return tuple(texts) if made is None else tuple(t for t in texts if t.version < made.version)


def next_version(
    amendment: Amendment, text: GoverningText | None, effective_from: date
) -> TextDraft:
    """The text as it shall read. Raises FieldsInvalid for a clause that is not there to take out."""
    return TextDraft(
        text_id=amendment.text_id,
        kind=amendment.kind,
        title=amendment.title,
        effective_from=effective_from,
        clauses=amended_clauses(text.clauses if text else (), amendment.changes),
    )


def motion_difference(motion: Motion, text: GoverningText | None, on: date) -> MotionDifference:
    """Each clause that a motion changes, before and after, word by word."""
    amendment = motion.content.amendment
    assert amendment is not None
    return MotionDifference(
        motion_id=motion.motion_id,
        kind=amendment.kind,
        title=amendment.title,
        from_version=0 if text is None else text.version,
        clauses=difference(text, next_version(amendment, text, on)),
    )


# The agenda


def classed(motion: Motion, limits: Limits) -> Motion:
    majority, legal_basis = class_of(motion.content, limits)
    return replace(motion, majority=majority, legal_basis=legal_basis)


def frozen(motion: Motion) -> Motion:
    """With the digest over all that is put to the vote."""
    said = {
        "motion_id": motion.motion_id,
        "meeting_id": motion.meeting_id,
        "position": motion.position,
        "content": motion.content,
        "majority": motion.majority,
        "legal_basis": motion.legal_basis,
    }
    return replace(motion, digest=digest(said).hex())


def agenda_digest(motions: Iterable[Motion]) -> str:
    """Over the digests of its motions in order."""
    return digest([motion.digest for motion in motions]).hex()


def questions(motions: Iterable[Motion]) -> tuple[Question, ...]:
    """The items of the ballot: exactly the motions of the agenda, as they were frozen."""
    return tuple(_question(position, motion) for position, motion in enumerate(motions, start=1))


def _question(position: int, motion: Motion) -> Question:
    content, election = motion.content, motion.content.election
    standing = election.candidates if election else ()
    return Question(
        question_id=motion.motion_id,
        position=position,
        kind=QuestionKind.ELECTION if election else QuestionKind.MOTION,
        title=content.title,
        majority=motion.majority,
        legal_basis=motion.legal_basis,
        building=content.scope.building,
        stair=content.scope.stair,
        is_secret=content.is_secret,
        seats=election.seats if election else 0,
        candidates=tuple(
            Candidate(candidate_id=one.candidate_id, name=one.name) for one in standing
        ),
    )


def _wrong(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
