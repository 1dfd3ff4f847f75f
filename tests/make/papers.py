"""The papers of an invented meeting of compound K in November 2025: 600 homes, 563 heads, 59,220.00 m².

No dice: every choice follows from the voter's number, so the figures are the same for ever.
"""

import base64
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from trustprop.compounds import rules as compound_rules
from trustprop.compounds import store as compound_store
from trustprop.compounds.model import (
    AreaSource,
    ChangeKind,
    Clause,
    ClauseDifference,
    Compound,
    CompoundState,
    Home,
    Limits,
    Owner,
    OwnerKind,
    TextKind,
)
from trustprop.compounds.rules.versions import compare
from trustprop.kernel.caller import Office
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.periods import ZONE
from trustprop.meetings import papers
from trustprop.meetings.model import Matter
from trustprop.meetings.model.afterwards import MeetingObjection, ObjectionTarget
from trustprop.meetings.model.debate import Speech, Stance
from trustprop.meetings.model.meetings import (
    CalledBy,
    Meeting,
    MeetingForm,
    MeetingKind,
    Step,
    StepDone,
)
from trustprop.meetings.model.motions import (
    Election,
    Elements,
    Motion,
    MotionContent,
    MotionDifference,
    Nominee,
)
from trustprop.meetings.model.papers import Ballots, PaperName, PaperVoter
from trustprop.meetings.papers import AfterFacts, CountFacts, MeetingFacts
from trustprop.meetings.rules.deadlines import draw_calendar
from trustprop.meetings.rules.motions import questions
from trustprop.votes import rules as vote_rules
from trustprop.votes.model.counting import (
    Ballot,
    BallotAnswer,
    Channel,
    Choice,
    Count,
    CountingPolicy,
    Majority,
    Poll,
    QuestionKind,
    Voter,
    VoterHome,
    Weight,
)
from trustprop.votes.model.document import BoxHead, RollTotals, VoteDocument, VoteHead
from trustprop.votes.model.holding import Delivery, DeliveryMethod, RollLine

COMPOUND_ID = UUID("01990000-0000-7000-8000-00000000c0de")
RECORD_ON = date(2025, 10, 20)
URL = f"https://trustprop.example/public/{COMPOUND_ID}/votes/{UUID(int=2)}.json"
HEADS = 563
RETURNED, ONLINE, BY_PROXY, FLAWED = 420, 60, 25, 7
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "若川清和念慈望舒知远白露书昀景行思齐予安怀瑾明哲静姝文柏向晚云舒子衿承宇"
SEVERAL = 21
"""The serial of an owner with several homes."""
AGREE = {1: 82, 2: 79, 3: 64, 5: 69}
"""Percent of the heads, by the position of the motion."""
AGREE_PERSONS = (84, 79, 73, 66, 58, 47)


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def number(kind: int, n: int) -> UUID:
    return UUID(int=(kind << 64) + n)


# The compound


@cache
def homes() -> tuple[Home, ...]:
    """Twelve buildings of 30 homes at 89.50, 15 at 108.00 and 5 at 126.00 m²."""
    areas = [8950] * 30 + [10800] * 15 + [12600] * 5
    owners = _holders()
    found = []
    for n in range(600):
        building, i = divmod(n, 50)
        found.append(
            Home(
                home_id=number(1, n),
                building=str(building + 1),
                stair=str(i % 2 + 1),
                number=f"{i // 4 + 1}{i // 2 % 2 + 1:02d}",
                area_dm2=areas[i],
                area_source=AreaSource.REGISTERED,
                delivered_on=date(2019, 6, 30),
                owner_ids=owners[n],
            )
        )
    return tuple(found)


def _holders() -> list[tuple[UUID, ...]]:
    """18 homes of the developer, 14 owners with two, 3 with three, 545 with one; every fifth is two."""
    holders: list[tuple[UUID, ...]] = [()] * 600
    for n in range(0, 594, 33):
        holders[n] = (number(3, 0),)
    free = [n for n in range(600) if not holders[n]]
    groups = [(free[k * 20], free[k * 20 + 7]) for k in range(14)]
    groups += [(free[300 + k * 50], free[301 + k * 50], free[330 + k * 50]) for k in range(3)]
    taken = {n for group in groups for n in group}
    groups += [(n,) for n in free if n not in taken]
    for count, group in enumerate(sorted(groups), start=1):
        persons = (number(3, count),) if count % 5 else (number(3, count), number(3, 1000 + count))
        for n in group:
            holders[n] = persons
    return holders


@cache
def owners() -> dict[UUID, Owner]:
    found = {}
    for owner_id in sorted({one for home in homes() for one in home.owner_ids}):
        n = owner_id.int & 0xFFFF
        name = "锦里置业有限公司（示例）" if n == 0 else person(n)
        kind = OwnerKind.DEVELOPER if n == 0 else OwnerKind.PERSON
        found[owner_id] = Owner(
            owner_id=owner_id, kind=kind, name=name, identity_commitment=bytes(32)
        )
    return found


def person(n: int) -> str:
    given = GIVEN[n * 2 % len(GIVEN) : n * 2 % len(GIVEN) + 2]
    return SURNAMES[n * 7 % len(SURNAMES)] + given


@cache
def voters() -> tuple[Voter, ...]:
    heads = compound_rules.heads(homes(), compound_rules.developers_among(owners()), RECORD_ON)
    return tuple(
        Voter(
            voter_id=number(4, serial),
            serial=serial,
            owner_ids=head.owner_ids,
            homes=tuple(
                VoterHome(
                    home_id=home.home_id,
                    building=home.building,
                    stair=home.stair,
                    number=home.number,
                    area_dm2=home.area_dm2,
                )
                for home in head.homes
            ),
            is_developer=head.is_developer,
        )
        for serial, head in enumerate(heads, start=1)
    )


def total() -> Weight:
    return Weight(heads=len(voters()), area_dm2=sum(home.area_dm2 for home in homes()))


def roll_lines() -> tuple[RollLine, ...]:
    return tuple(
        RollLine(
            serial=voter.serial,
            owners=tuple(compound_rules.masked_owner(owners()[one]) for one in voter.owner_ids),
            homes=tuple(f"{h.building}-{h.stair}-{h.number}" for h in voter.homes),
            area_dm2=sum(home.area_dm2 for home in voter.homes),
        )
        for voter in voters()
    )


# The meeting

FILES = {
    sha256(name.encode()).hex(): name
    for name in (
        "2026年度开放式预算（21行）.pdf",
        "电梯轿厢广告合同（草案）.pdf",
        "信托制物业服务合同第13条新旧对照.pdf",
        "候选人简历.pdf",
        "中心广场摊位平面图.pdf",
    )
}
_BUDGET, _ADS, _CLAUSE, _PERSONS, _STALLS = FILES


def motion(
    position: int, matter: Matter, majority: Majority, basis: str, content: dict[str, Any]
) -> Motion:
    told = MotionContent(matter=matter, **content)
    return Motion(
        motion_id=number(5, position),
        meeting_id=number(6, 1),
        position=position,
        version=1,
        content=told,
        majority=majority,
        legal_basis=basis,
        moved_by=number(7, position),
        is_moved_by_committee=position != 5,
        moved_at=at(10, 10),
        seconds=6 if position == 5 else 0,
        digest=sha256(canonical_json(told)).hex(),
    )


@cache
def motions() -> tuple[Motion, ...]:
    candidates = tuple(
        Nominee(
            candidate_id=number(8, n),
            person_id=number(9, n),
            name=person(40 + 11 * n),
            office=Office.COMMITTEE_MEMBER,
        )
        for n in range(len(AGREE_PERSONS))
    )
    return (
        motion(
            1,
            Matter.BUDGET,
            Majority.ORDINARY,
            "民法典 278(1)(9)",
            {
                "title": "2026 年度开放式预算",
                "decision": "通过 2026 年度开放式预算：支出 2,335,800.00 元，分 21 个预算行；无预算不支出。",
                "elements": Elements(
                    time="2026 年 1 月 1 日至 12 月 31 日",
                    place="全小区共有部分",
                    people="受托人按预算执行，业主委员会逐笔复核，双方签署",
                    resources="物业服务费、车位管理费、公共收益及经同意动用的结余，预期收入按收缴率折算",
                    action="按预算行支出，每月公布执行情况",
                    outcome="收支平衡，服务标准不低于 2025 年",
                ),
                "attachments": (_BUDGET,),
            },
        ),
        motion(
            2,
            Matter.COMMON_PART_BUSINESS,
            Majority.SPECIAL,
            "民法典 278(1)(8)",
            {
                "title": "电梯轿厢广告合同",
                "decision": "同意与映象传媒有限公司（示例）签订两年电梯轿厢广告合同，合同额 184,320.00 元，收益归全体业主。",
                "elements": Elements(
                    time="2026 年 1 月 1 日至 2027 年 12 月 31 日",
                    place="12 栋 24 台电梯轿厢，每台两框",
                    people="受托人签约收款，业主委员会监督",
                    resources="不需支出；画框由广告公司出资安装和维护",
                    action="每季度首月 15 日前预收，入公共收益专户",
                    outcome="每年增加公共收益 92,160.00 元，其中一半划入储备",
                ),
                "attachments": (_ADS,),
            },
        ),
        motion(
            3,
            Matter.GOVERNING_TEXT,
            Majority.ORDINARY,
            "民法典 278(1)(1)(2)",
            {
                "title": "修改信托制物业服务合同第 13 条",
                "decision": "同类别预算行之间的调剂上限由原预算的 10% 提高到 15%。",
                "elements": Elements(
                    time="2026 年 1 月 1 日起",
                    place="《信托制物业服务合同》第 13 条",
                    people="受托人提出、业主委员会会签，双方签署后生效",
                    resources="不增加预算总额",
                    action="修改条款并公布新旧对照",
                    outcome="小额余缺不必召开临时会议",
                ),
                "attachments": (_CLAUSE,),
            },
        ),
        motion(
            4,
            Matter.MANDATE,
            Majority.ORDINARY,
            "民法典 278(1)(3)",
            {
                "title": "选举第二届业主委员会",
                "decision": "从六名候选人中选举业主委员会委员五名，任期三年。",
                "elements": Elements(
                    time="决定生效之日起三年",
                    place="本小区",
                    people="候选人六名，均为本小区业主",
                    resources="委员不领取报酬，办公经费列入预算",
                    action="无记名投票，逐人计票",
                    outcome="五个席位；未过半数者不当选，席位空缺",
                ),
                "attachments": (_PERSONS,),
                "is_secret": True,
                "election": Election(
                    seats=5,
                    candidates=candidates,
                    term_from=date(2025, 12, 9),
                    term_until=date(2028, 12, 8),
                ),
            },
        ),
        motion(
            5,
            Matter.COMMON_PART_BUSINESS,
            Majority.SPECIAL,
            "民法典 278(1)(8)",
            {
                "title": "中心广场夜间摊位",
                "decision": "同意在中心广场设夜间摊位 8 个，每个每月 600 元，收益归全体业主。",
                "elements": Elements(
                    time="2026 年 5 月 1 日至 10 月 31 日，每晚 18 时至 22 时",
                    place="3 栋与 4 栋之间的中心广场",
                    people="受托人招租和清洁，业主委员会抽查",
                    resources="水电改造 6,000.00 元从公共收益列支",
                    action="公开招租，一月一结",
                    outcome="六个月增加公共收益 28,800.00 元",
                ),
                "attachments": (_STALLS,),
            },
        ),
    )


STEPS = {
    Step.PROPOSAL: at(10, 10),
    Step.SCREENING: at(10, 14),
    Step.AGENDA: at(10, 17, 16),
    Step.ROLL: at(10, 20, 9),
    Step.NOTICE: at(10, 20, 10),
    Step.DEBATE: at(11, 2, 14),
    Step.BALLOTS_OUT: at(11, 5, 9),
    Step.BALLOTS_IN: at(11, 20, 20),
    Step.CLOSE: at(11, 20, 20),
    Step.COUNT: at(11, 20, 20, 30),
    Step.TALLY: at(11, 20, 22, 10),
    Step.POSTING: at(11, 21, 9),
    Step.FILING: at(12, 1, 15),
    Step.EFFECT: at(12, 9, 9),
}


@cache
def limits() -> Limits:
    return compound_rules.resolve(compound_store.profile("national"), ())


def meeting(until: Step = Step.EFFECT) -> Meeting:
    order = list(STEPS)
    return Meeting(
        meeting_id=number(6, 1),
        number="2025-001",
        kind=MeetingKind.ANNUAL,
        form=MeetingForm.ASSEMBLY,
        title="2025 年业主大会年会",
        place="社区活动中心一层大厅（6 栋对面）",
        called_by=CalledBy.COMMITTEE,
        is_rehearsal=False,
        proposed_by=number(7, 1),
        proposed_at=at(10, 10),
        agenda_digest=sha256(b"".join((m.digest or "").encode() for m in motions())).hex(),
        vote_id=number(0, 2),
        record_on=RECORD_ON,
        notice_on=RECORD_ON,
        opens_at=at(11, 5, 9),
        closes_at=at(11, 20, 20),
        steps=tuple(
            StepDone(
                step=step, number=1, done_at=done_at, done_by=number(7, 1), facts={}, evidence=()
            )
            for step, done_at in STEPS.items()
            if order.index(step) <= order.index(until)
        ),
    )


def facts(issued_on: date, until: Step = Step.EFFECT) -> MeetingFacts:
    held = meeting(until)
    return MeetingFacts(
        compound=Compound(
            compound_id=COMPOUND_ID,
            name="K 小区",
            credit_code="",
            address="",
            state=CompoundState.OPEN,
            rule_profile="national",
            created_at=at(1, 1),
        ),
        meeting=held,
        motions=motions(),
        deadlines=draw_calendar(held, limits(), issued_on),
        policy=CountingPolicy(proxies_per_holder=3),
        homes=len(homes()),
        total=total(),
        issued_on=issued_on,
        url=URL,
        silent_majority=None,
        names={number(7, n): f"{SURNAMES[n]}**" for n in range(20)},
        files=FILES,
        differences={motions()[2].motion_id: _difference()},
        committee=5,
    )


def _difference() -> MotionDifference:
    before = "同一类别预算行之间需要调剂的，由受托人提出、业主委员会会签，累计不超过原预算的 10%。"
    return MotionDifference(
        motion_id=motions()[2].motion_id,
        kind=TextKind.TRUST_CONTRACT,
        title="信托制物业服务合同",
        from_version=1,
        clauses=(
            ClauseDifference(
                code="第 13 条",
                kind=ChangeKind.CHANGED,
                words=compare(before, before.replace("10%", "15%")),
                before=Clause(code="第 13 条", body=before),
                after=Clause(code="第 13 条", body=before.replace("10%", "15%")),
            ),
        ),
    )


# The vote


def poll() -> Poll:
    """420 of 563 return a ballot; seven are flawed, and one couple is at odds."""
    returned = sorted(voters(), key=_rank)[:RETURNED]
    odd = next(voter for voter in returned if len(voter.owner_ids) == 2)
    ballots = []
    for voter in returned:
        by = voter.owner_ids if voter == odd else (None,)
        for times, owner_id in enumerate(by):
            ballots.append(_ballot(voter, owner_id, len(ballots) + 1, turned=times > 0))
    return Poll(
        questions=questions(motions()),
        voters=voters(),
        ballots=tuple(ballots),
        policy=CountingPolicy(proxies_per_holder=3),
    )


def _rank(voter: Voter) -> int:
    """563 is a prime, so this is an order of all."""
    return voter.serial * 211 % HEADS


def _ballot(voter: Voter, owner_id: UUID | None, sequence: int, *, turned: bool) -> Ballot:
    rank = _rank(voter)
    channel = Channel.ONLINE if rank < ONLINE else Channel.PAPER
    if ONLINE <= rank < ONLINE + BY_PROXY:
        channel = Channel.PROXY
    flawed_from = ONLINE + BY_PROXY
    return Ballot(
        ballot_id=number(10, sequence),
        sequence=sequence,
        voter_id=voter.voter_id,
        owner_id=owner_id,
        channel=channel,
        cast_at=at(11, 5 + sequence % 14, 9 + sequence % 10),
        answers=tuple(_answers(rank, turned=turned)),
        is_invalid=flawed_from <= rank < flawed_from + FLAWED,
    )


def _answers(rank: int, *, turned: bool) -> Iterable[BallotAnswer]:
    for question in questions(motions()):
        if question.kind is QuestionKind.MOTION:
            percent = AGREE[question.position]
            choice = _choice(rank * 37 + question.position * 31, percent, turned=turned)
            yield BallotAnswer(question_id=question.question_id, choice=choice)
        for n, candidate in enumerate(question.candidates):
            choice = _choice(rank * 43 + n * 17, AGREE_PERSONS[n], turned=turned)
            yield BallotAnswer(
                question_id=question.question_id,
                candidate_id=candidate.candidate_id,
                choice=choice,
            )


def _choice(mixed: int, percent: int, *, turned: bool) -> Choice:
    if (mixed % 100 < percent) is not turned:
        return Choice.FOR
    return Choice.AGAINST if mixed // 100 % 10 < 7 else Choice.ABSTAIN


@cache
def counted() -> Count:
    return vote_rules.count(poll())


@cache
def document() -> VoteDocument:
    cast = poll()
    secrets = {one.ballot_id: sha256(one.ballot_id.bytes)[:16] for one in cast.ballots}
    roll = sha256(canonical_json(cast.voters)).hex()
    head = VoteHead(
        compound_id=COMPOUND_ID,
        vote_id=number(0, 2),
        subject_id=number(6, 1),
        is_rehearsal=False,
        record_on=RECORD_ON,
        opens_at=at(11, 5, 9),
        closes_at=at(11, 20, 20),
        counted_at=STEPS[Step.COUNT],
        roll=RollTotals(digest=roll, heads=total().heads, area_dm2=total().area_dm2),
        policy=cast.policy,
        questions=cast.questions,
        box=BoxHead(size=len(cast.ballots), head=sha256(roll.encode()).hex()),
    )
    return vote_rules.draw_document(head, cast, counted(), secrets)


@cache
def count_facts() -> CountFacts:
    returned: dict[Channel, int] = {}
    for ballot in poll().ballots:
        returned[ballot.channel] = returned.get(ballot.channel, 0) + 1
    return CountFacts(
        document=document(),
        digest=sha256(canonical_json(document())).hex(),
        returned=returned,
        owner_witnesses=12,
        committee_witnesses=3,
    )


def after() -> AfterFacts:
    spoken = (
        (1, 2, 14, 5, 95),
        (1, 6, 14, 8, 120),
        (2, 9, 14, 21, 64),
        (5, 11, 14, 40, 118),
        (5, 2, 14, 43, 77),
    )
    return AfterFacts(
        resolutions={
            number(5, 1): "2025-004",
            number(5, 2): "2025-005",
            number(5, 3): "2025-006",
            number(5, 4): "2025-007",
        },
        speeches=tuple(
            Speech(
                speech_id=number(11, n),
                meeting_id=number(6, 1),
                motion_id=number(5, position),
                person_id=number(7, who),
                stance=Stance.FOR,
                asked_at=at(11, 2, hour, minute),
                started_at=at(11, 2, hour, minute),
                ended_at=at(11, 2, hour, minute) + timedelta(seconds=seconds),
            )
            for n, (position, who, hour, minute, seconds) in enumerate(spoken)
        ),
        objections=(
            MeetingObjection(
                objection_id=number(12, 1),
                meeting_id=number(6, 1),
                target=ObjectionTarget.ROLL,
                body="4 栋 2 单元 502 室面积登记为 89.50 ㎡，我的不动产权证为 89.80 ㎡。",
                evidence=(),
                raised_by=None,
                raised_at=at(10, 23),
                answer="已核对不动产登记簿，登记面积为 89.50 ㎡，名册不变；证载数字为旧测绘数。",
                is_upheld=False,
                answered_at=at(10, 27),
            ),
        ),
    )


# The papers


def voter_named(serial: int) -> PaperVoter:
    voter = voters()[serial - 1]
    return papers.paper_voter(voter, {one: owners()[one].name for one in voter.owner_ids})


def code(serial: int) -> str:
    """As long as the code of a real ballot."""
    return base64.b32encode(sha256(f"code {serial}".encode())[:10]).decode()


def ballots(serials: Iterable[int]) -> Ballots:
    told = facts(date(2025, 11, 5), Step.BALLOTS_OUT)
    names = {owner_id: owner.name for owner_id, owner in owners().items()}
    return Ballots(
        sheet=papers.ballot_sheet(told),
        ballots=tuple(
            papers.ballot_to_print(told, voters()[serial - 1], names, code(serial))
            for serial in serials
        ),
    )


def deliveries() -> dict[int, Delivery]:
    """The first building has been seen to, all but three homes."""
    return {
        serial: Delivery(
            delivery_id=number(13, serial),
            voter_id=number(4, serial),
            method=DeliveryMethod.POST if serial % 9 == 0 else DeliveryMethod.HAND,
            delivered_at=at(11, 5, 9 + serial % 9, serial % 60),
            recorded_by=number(7, 1),
            evidence=("00" * 32,),
            has_warning=False,
        )
        for serial in range(1, 50)
        if serial not in (7, 18, 31)
    }


def paper(name: PaperName) -> Any:
    """The sample of a paper."""
    before = facts(date(2025, 10, 20), Step.NOTICE)
    out = facts(date(2025, 11, 6), Step.BALLOTS_OUT)
    counted_on = facts(date(2025, 11, 20), Step.TALLY)
    posted = facts(date(2025, 11, 21), Step.POSTING)
    done = facts(date(2025, 12, 9))
    lines = roll_lines()
    made = {
        PaperName.NOTICE: lambda: papers.notice(before),
        PaperName.AGENDA: lambda: papers.agenda(before),
        PaperName.MOTIONS: lambda: papers.motion_cards(before),
        PaperName.ROLL: lambda: papers.printed_roll(before, document().head.roll.digest, lines),
        PaperName.PROXY: lambda: papers.proxy_form(out, voter_named(5)),
        PaperName.BALLOTS: lambda: ballots((5, SEVERAL)),
        PaperName.DELIVERIES: lambda: papers.delivery_register(out, lines[:60], deliveries()),
        PaperName.COUNT_SHEET: lambda: papers.count_sheet(counted_on, count_facts()),
        PaperName.CERTIFICATE: lambda: papers.certificate(counted_on, count_facts()),
        PaperName.DECISIONS: lambda: papers.decisions(posted, count_facts(), AfterFacts()),
        PaperName.FILING: lambda: papers.filing(done, count_facts(), after()),
        PaperName.MINUTES: lambda: papers.minutes(done, count_facts(), after()),
    }
    return made[name]()


def sample(name: PaperName) -> bytes:
    """What stands in `reports/<name>/sample.json`."""
    told = msgspec.json.format(canonical_json(paper(name)), indent=1)
    return told + b"\n"
