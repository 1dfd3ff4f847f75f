"""What the assembly's papers say: every figure and every line is there before a template sees it."""

from datetime import date, datetime
from enum import StrEnum

from trustprop.compounds.model import ChangeKind, Words
from trustprop.kernel.struct import Fact
from trustprop.meetings.model.afterwards import ObjectionTarget
from trustprop.meetings.model.meetings import MeetingForm, Step
from trustprop.meetings.model.resolutions import Matter
from trustprop.votes.model.counting import Channel, InvalidBallots, Majority, Weight
from trustprop.votes.model.holding import DeliveryMethod, RollLine


class PaperName(StrEnum):
    """The papers of a meeting, as they are asked for."""

    NOTICE = "notice"
    AGENDA = "agenda"
    MOTIONS = "motions"
    ROLL = "roll"
    PROXY = "proxy"
    BALLOTS = "ballots"
    DELIVERIES = "deliveries"
    COUNT_SHEET = "count-sheet"
    MINUTES = "minutes"
    DECISIONS = "decisions"
    FILING = "filing"
    CERTIFICATE = "certificate"


# What every paper begins with


class PaperHead(Fact):
    """Whose paper it is and of which meeting."""

    compound: str
    credit_code: str | None
    meeting: str
    """The title of the meeting."""
    number: str
    """``2025-001``: of the year, gapless."""
    is_rehearsal: bool
    issued_on: date
    url: str
    """Where the meeting is published; in the QR code."""


class Item(Fact):
    """One item of the agenda, as every list shows it."""

    position: int
    title: str
    matter: Matter
    majority: Majority
    legal_basis: str
    building: str = ""
    stair: str = ""
    is_secret: bool = False
    seats: int = 0
    candidates: tuple[str, ...] = ()
    """Of an election, in the order of the ballot."""


class Attachment(Fact):
    name: str
    sha256: str


class ClauseRow(Fact):
    """What a motion does to one clause."""

    text: str
    """The governing text, by its title."""
    code: str
    kind: ChangeKind
    words: tuple[Words, ...]
    """The old words without the added ones, the new words without the removed ones."""


# Before the vote


class Notice(Fact):
    """会议通知 (Regulations 14; Beijing 35)."""

    head: PaperHead
    is_annual: bool
    is_called_by_owners: bool
    notice_on: date
    record_on: date
    """Whoever owns on this day votes."""
    opens_at: datetime
    closes_at: datetime
    place: str
    form: MeetingForm
    items: tuple[Item, ...]
    homes: int
    roll: Weight
    quorum: Weight
    """The least that makes the vote valid."""
    roll_objections_until: date
    """The last day before ballots go out."""
    proxies_per_holder: int
    silent_majority: str | None
    """The clause by which silence joins the majority, in words; None: silence is no vote."""


class AgendaItem(Fact):
    item: Item
    moved_by: str | None
    """An owner's name, masked; None: the committee."""
    attachments: tuple[Attachment, ...]
    digest: str
    """Of the frozen motion; what is not posted cannot be voted on."""


class Scheduled(Fact):
    """What happens when; days, or instants where the hour counts."""

    step: Step
    from_on: date
    until_on: date | None = None


class Agenda(Fact):
    """议程."""

    head: PaperHead
    frozen_on: date
    digest: str
    """Over every motion of it."""
    items: tuple[AgendaItem, ...]
    schedule: tuple[Scheduled, ...]
    speech_minutes: int
    speeches_each: int


class MotionCard(Fact):
    """动议卡: the motion in its six elements."""

    item: Item
    decision: str
    """The words that are voted on."""
    when: str
    where: str
    who: str
    resources: str
    action: str
    result: str
    moved_by: str | None
    """An owner's name, masked; None: the committee."""
    seconds: int
    attachments: tuple[Attachment, ...]
    clauses: tuple[ClauseRow, ...]
    digest: str


class MotionCards(Fact):
    head: PaperHead
    cards: tuple[MotionCard, ...]


class PrintedRoll(Fact):
    """业主名册, names masked."""

    head: PaperHead
    record_on: date
    digest: str
    homes: int
    total: Weight
    objections_until: date
    lines: tuple[RollLine, ...]


# The ballots


class PaperHome(Fact):
    label: str
    """``7-2-1203`` as on the door."""
    area_dm2: int


class PaperVoter(Fact):
    """For whom a ballot is: one head with all its homes."""

    serial: int
    names: tuple[str, ...]
    homes: tuple[PaperHome, ...]
    area_dm2: int


class ProxyForm(Fact):
    """授权委托书: for one voter, or to be filled in by anybody."""

    head: PaperHead
    voter: PaperVoter | None
    items: tuple[Item, ...]
    closes_at: datetime
    proxies_per_holder: int


class BallotSheet(Fact):
    """What stands on every ballot of a vote."""

    head: PaperHead
    opens_at: datetime
    closes_at: datetime
    place: str
    """Where the box stands."""
    items: tuple[Item, ...]
    """Open questions, answered beside the owner's name."""
    secret_items: tuple[Item, ...]
    """On a sheet of their own without a name."""
    silent_majority: str | None
    """Where a clause says so: the warning that silence joins the majority."""


class BallotToPrint(Fact):
    voter: PaperVoter
    code: str
    items: tuple[int, ...]
    """Positions of the questions that this voter is asked: a scope leaves others out."""


class Ballots(Fact):
    """表决票, as many as one file holds."""

    sheet: BallotSheet
    ballots: tuple[BallotToPrint, ...]


class DeliveryLine(Fact):
    serial: int
    owners: tuple[str, ...]
    """Masked."""
    homes: tuple[str, ...]
    method: DeliveryMethod | None
    delivered_at: datetime | None
    has_warning: bool = False


class DeliveryRegister(Fact):
    """送达登记表: what is recorded, and room to sign for what is not."""

    head: PaperHead
    lines: tuple[DeliveryLine, ...]
    delivered: int
    needs_warning: bool


# The count


class Choices(Fact):
    """What one question, or one candidate, was given."""

    label: str
    """The title, or the candidate's name."""
    position: int
    total: Weight
    in_favour: Weight
    against: Weight
    abstaining: Weight
    invalid: Weight
    held: Weight
    silent: Weight


class Returned(Fact):
    channel: Channel
    ballots: int


class CountSheet(Fact):
    """计票单, signed by those who watched."""

    head: PaperHead
    counted_at: datetime
    digest: str
    box_size: int
    box_head: str
    returned: tuple[Returned, ...]
    total: Weight
    participating: Weight
    choices: tuple[Choices, ...]
    owners_to_sign: int
    committee_to_sign: int


class Measure(StrEnum):
    QUORUM = "quorum"
    MAJORITY = "majority"


class CountedBy(StrEnum):
    AREA = "area"
    HEADS = "heads"


class Comparison(Fact):
    """One sentence of the law as whole numbers: ``left`` against ``right``, nothing rounded.

    ``denominator`` · ``part`` is held against ``numerator`` · ``whole``; areas count in 0.01 m².
    """

    measure: Measure
    by: CountedBy
    numerator: int
    denominator: int
    is_strict: bool
    """More than (过半数), not just as much (以上)."""
    part: int
    whole: int
    left: int
    right: int
    least: int
    """The smallest part that would do."""
    is_met: bool


class ReadingKind(StrEnum):
    DECISIVE = "decisive"
    OTHERWISE_INVALID = "otherwise_invalid"
    WITHOUT_SILENT = "without_silent"


class CertifiedReading(Fact):
    kind: ReadingKind
    participating: Weight
    in_favour: Weight
    comparisons: tuple[Comparison, ...]
    is_passed: bool


class CertifiedResult(Fact):
    item: Item
    candidate: str | None
    choices: Choices
    readings: tuple[CertifiedReading, ...]
    """The decisive one first; then every other one that unsettled law allows."""
    is_passed: bool
    needs_legal_review: bool


class CertifiedSeats(Fact):
    """Of an election: who sits."""

    position: int
    title: str
    elected: tuple[str, ...]
    open_seats: int
    tied: tuple[str, ...]


class Certificate(Fact):
    """计票结果证书: the whole arithmetic, and where to recompute it."""

    head: PaperHead
    record_on: date
    roll_digest: str
    homes: int
    total: Weight
    opens_at: datetime
    closes_at: datetime
    counted_at: datetime
    invalid_ballots: InvalidBallots
    silent_majority: str | None
    has_parking: bool
    results: tuple[CertifiedResult, ...]
    seats: tuple[CertifiedSeats, ...]
    box_size: int
    box_head: str
    digest: str
    root: str
    tree_size: int
    owner_witnesses: int
    committee_witnesses: int


# After the vote


class Decision(Fact):
    item: Item
    decision: str
    is_passed: bool
    total: Weight
    participating: Weight
    in_favour: Weight
    resolution_number: str | None
    """None until it has taken effect, and for what was not passed."""
    elected: tuple[str, ...] = ()
    open_seats: int = 0
    needs_legal_review: bool = False


class DecisionNotice(Fact):
    """决定公告 (Beijing 37; Qingyuan 17)."""

    head: PaperHead
    counted_on: date
    posted_on: date
    posted_until: date
    objections_until: date
    revocation_until: date
    total: Weight
    participating: Weight
    decisions: tuple[Decision, ...]
    count_digest: str


class FilingLetter(Fact):
    """备案函 to the street office (Regulations 16; Ningbo 26)."""

    head: PaperHead
    filed_on: date
    due_on: date
    total: Weight
    participating: Weight
    decisions: tuple[Decision, ...]
    enclosures: tuple[PaperName, ...]


class SpeechLine(Fact):
    position: int
    """Of the motion."""
    speaker: str
    """Masked."""
    started_at: datetime
    seconds: int


class StepLine(Fact):
    step: Step
    done_at: datetime


class ObjectionLine(Fact):
    target: ObjectionTarget
    body: str
    on: date
    answer: str | None
    answered_on: date | None


class Minutes(Fact):
    """会议记录 (Regulations 14)."""

    head: PaperHead
    place: str
    form: MeetingForm
    steps: tuple[StepLine, ...]
    total: Weight
    participating: Weight
    speeches: tuple[SpeechLine, ...]
    decisions: tuple[Decision, ...]
    objections: tuple[ObjectionLine, ...]
    committee_to_sign: int
