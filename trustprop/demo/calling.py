"""Chapter six: next year's budget is consulted, a meeting is rehearsed, and the real one is called."""

from datetime import date, datetime, time
from typing import Any

from trustprop.demo import agenda
from trustprop.demo.agenda import MOTIONS, Motion
from trustprop.demo.client import Client, Person, new_id
from trustprop.demo.electorate import Electorate
from trustprop.demo.papers import scan
from trustprop.demo.stage import ZONE, Stage, rfc3339
from trustprop.demo.world import COMPOUND
from trustprop.kernel.money import yuan

OPENS, CLOSES = date(2025, 11, 5), date(2025, 11, 22)
PLACE = "3 栋与 4 栋之间的中心广场"


def at(on: date, hour: int) -> str:
    """An hour of a day in Shanghai."""
    return rfc3339(datetime.combine(on, time(hour), tzinfo=ZONE))


def paper(stage: Stage, by: Client, title: str, *lines: str) -> str:
    """A scan among the evidence, by its digest."""
    content = scan(title, [COMPOUND, f"{stage.today}", *lines])
    return str(by.upload(f"{title}.png", content)["sha256"])


def consult_budget(stage: Stage) -> None:
    """The draft of 2026 is open to everybody; owners ask, the drafters answer."""
    budget_id = stage.remember("budget/2026")
    stage.bookkeeper.post("/budgets", _budget(stage, budget_id))
    stage.bookkeeper.post(f"/budgets/{budget_id}/consultation")
    asking = list(stage.owners.values())
    for owner, (account, question, answer) in zip(asking, agenda.COMMENTS, strict=False):
        comment_id = new_id()
        line_id = stage.ids[f"line/2026/{account}"]
        body = {"id": comment_id, "line_id": line_id, "body": question}
        owner.post(f"/budgets/{budget_id}/comments", body)
        stage.bookkeeper.post(f"/budget-comments/{comment_id}/answer", {"answer": answer})
    total_fen = sum(line.annual_fen for line in agenda.LINES)
    stage.say(
        f"drafted the open budget of {agenda.YEAR}: {len(agenda.LINES)} lines, ¥{yuan(total_fen)}; "
        f"{len(agenda.COMMENTS)} owners asked and were answered"
    )


def _budget(stage: Stage, budget_id: str) -> dict[str, Any]:
    return {
        "id": budget_id,
        "year": agenda.YEAR,
        "title": f"{COMPOUND} {agenda.YEAR} 年度开放式预算",
        "lines": [
            {
                "line_id": stage.remember(f"line/2026/{line.account}"),
                "code": line.account,
                "title": line.title,
                "account": line.account,
                "fund": line.fund,
                "category": line.category,
                "amount_fen": line.annual_fen,
                "assumption": line.assumption,
                "service_standard": line.service_standard,
            }
            for line in agenda.LINES
        ],
        "income": [
            {
                "code": f"I-{income.account}",
                "title": income.title,
                "account": income.account,
                "fund": income.fund,
                "amount_fen": income.annual_fen,
                "collection_percent": income.collection_percent,
                "assumption": income.assumption,
            }
            for income in agenda.INCOME
        ],
    }


def propose(stage: Stage, name: str, title: str, *, is_rehearsal: bool = False) -> str:
    """The committee's director proposes a meeting."""
    meeting_id = stage.remember(name)
    body = {
        "id": meeting_id,
        "kind": "annual",
        "form": "assembly",
        "title": title,
        "place": PLACE,
        "called_by": "committee",
        "is_rehearsal": is_rehearsal,
    }
    stage.director.post("/meetings", body)
    return meeting_id


def call(stage: Stage) -> None:
    """The annual meeting with its five motions, each in six elements; one comes from an owner."""
    meeting_id = propose(stage, "meeting", "2025 年度业主大会定期会议")
    owners = list(stage.owners.values())
    for motion in MOTIONS:
        mover: Client = owners[20] if motion is agenda.STALLS else stage.director
        mover.post(f"/meetings/{meeting_id}/motions", move(stage, motion))
    owners[21].post(f"/motions/{stage.ids['motion/stalls']}/seconds")
    stage.say(f"called the annual meeting: {len(MOTIONS)} motions in six elements, one by an owner")


def move(stage: Stage, motion: Motion) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": stage.remember(f"motion/{motion.key}"),
        "matter": motion.matter,
        "title": motion.title,
        "decision": motion.decision,
        "elements": {
            "time": motion.when,
            "place": motion.where,
            "people": motion.who,
            "resources": motion.resources,
            "action": motion.action,
            "outcome": motion.result,
        },
    }
    return body | _more(stage, motion)


def _more(stage: Stage, motion: Motion) -> dict[str, Any]:
    if motion is agenda.BUDGET:
        return {"subject_id": stage.ids["budget/2026"]}
    if motion is agenda.ADS:
        contract = paper(stage, stage.director, "电梯轿厢广告合同（草案）", motion.decision)
        return {"subject_id": stage.remember("ads/2026"), "attachments": [contract]}
    if motion is agenda.CLAUSE:
        change = {
            "code": "13",
            "body": "同类别预算行之间可经双方签署调剂，累计不超过原预算的 15%。",
            "limit_name": "virement_percent",
            "limit_value": 15,
        }
        amendment = {
            "text_id": stage.remember("trust_contract/2"),
            "kind": "trust_contract",
            "title": "信托制物业服务合同",
            "changes": [change],
        }
        return {"amendment": amendment}
    if motion is agenda.COMMITTEE:
        return {"is_secret": True, "election": _election(stage)}
    return {}


def _election(stage: Stage) -> dict[str, Any]:
    """Nine of those who signed up stand; each has proved a key that nobody else holds."""
    electorate: Electorate = stage.ids["electorate"]
    committee = {stage.director.person_id, stage.member.person_id}
    mandates = stage.director.everything("/mandates")
    candidates = []
    for number, head in enumerate(electorate.candidates):
        person: Person = stage.owners[(head, 0)]
        person.prove_key()
        candidates.append(
            {
                "candidate_id": stage.remember(f"candidate/{number}"),
                "person_id": person.person_id,
                "name": person.name,
                "office": "committee_director" if number == 0 else "committee_member",
                "key_id": person.key_id,
            }
        )
    return {
        "seats": agenda.SEATS,
        "candidates": candidates,
        "term_from": agenda.TERM[0],
        "term_until": agenda.TERM[1],
        "replaces": [one["mandate_id"] for one in mandates if one["person_id"] in committee],
    }


def to_notice(stage: Stage, name: str, opens: date, closes: date) -> None:
    """Screening, agenda with frozen texts, roll with its digest, notice: one step after the other."""
    meeting = f"/meetings/{stage.ids[name]}"
    director = stage.director
    director.post(f"{meeting}/screening")
    director.post(f"{meeting}/agenda")
    director.post(f"{meeting}/roll", {"vote_id": stage.remember(f"vote/{name}")})
    held = director.get(meeting)["meeting"]
    motions = director.everything(f"{meeting}/motions")
    posted = paper(stage, director, "会议通知张贴照片", "12 栋门厅及公告栏")
    told = paper(stage, director, "居民委员会签收", "会议通知、议程、草案各一份")
    body = {
        "agenda_digest": held["agenda_digest"],
        "motions": [motion["motion_id"] for motion in motions],
        "opens_at": at(opens, 9),
        "closes_at": at(closes, 18),
        "posted": [posted],
        "told_residents_committee": [told],
    }
    director.post(f"{meeting}/notice", body)


def give_notice(stage: Stage) -> None:
    """Fifteen clear days before the ballots go out; an owner finds the roll wrong and is answered."""
    to_notice(stage, "meeting", OPENS, CLOSES)
    vote = stage.director.get(f"/votes/{stage.ids['vote/meeting']}")
    stage.say(
        f"gave notice with agenda, full texts and masked roll: {vote['heads']} heads, "
        f"{vote['area_dm2'] / 100:,.2f} m², roll {vote['roll_digest'][:12]}…"
    )


def debate(stage: Stage) -> None:
    """A neutral chair; whoever asks speaks for two minutes, at most twice on a motion."""
    meeting_id = stage.ids["meeting"]
    body = {"chair_id": stage.supervisor.person_id, "place": PLACE}
    stage.director.post(f"/meetings/{meeting_id}/debate", body)
    owners = list(stage.owners.values())
    motion_id = stage.ids["motion/stalls"]
    for minute, (owner, stance) in enumerate(((owners[20], "for"), (owners[30], "against"))):
        speech_id = new_id()
        owner.post(f"/motions/{motion_id}/speeches", {"id": speech_id, "stance": stance})
        stage.turn_to(stage.today, 15, 3 * minute)
        stage.supervisor.post(f"/speeches/{speech_id}/start")
        stage.turn_to(stage.today, 15, 3 * minute + 2)
        stage.supervisor.post(f"/speeches/{speech_id}/end")
    stage.say("debated under a neutral chair: two minutes each, first for, then against")
