"""The meeting is rehearsed first (模拟业主大会): the same steps, invented ballots, no resolution."""

import base64
import secrets
from datetime import date

from trustprop.demo import calling
from trustprop.demo.agenda import Motion
from trustprop.demo.calling import move, paper, propose, to_notice
from trustprop.demo.client import new_id
from trustprop.demo.deciding import witness
from trustprop.demo.stage import Stage

OPENS, CLOSES = date(2025, 10, 25), date(2025, 10, 30)
BALLOTS = 12
MOTION = Motion(
    "tree",
    "other",
    "演练动议：中心广场种一棵桂花树",
    "同意在中心广场种一棵桂花树（演练，不产生决议）。",
    when="演练期间",
    where="中心广场",
    who="演练小组",
    resources="不支出",
    action="走完全部流程",
    result="人人会投票、会计票",
)


def call(stage: Stage) -> None:
    """Proposed, screened and called like a real one."""
    meeting_id = propose(stage, "rehearsal", "2025 年业主大会演练", is_rehearsal=True)
    stage.director.post(f"/meetings/{meeting_id}/motions", move(stage, MOTION))
    to_notice(stage, "rehearsal", OPENS, CLOSES)
    stage.say("rehearsal: proposed, screened and called; it can make no resolution")


def debate(stage: Stage) -> None:
    body = {"chair_id": stage.supervisor.person_id, "place": calling.PLACE}
    stage.director.post(f"/meetings/{stage.ids['rehearsal']}/debate", body)


def vote(stage: Stage) -> None:
    """A dozen owners try their screens."""
    stage.director.post(f"/meetings/{stage.ids['rehearsal']}/ballots-out")
    answer = {"question_id": stage.ids["motion/tree"], "choice": "for"}
    for person in list(stage.owners.values())[:BALLOTS]:
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
        body = {"id": new_id(), "answers": [answer], "secret": secret}
        person.post(f"/votes/{stage.ids['vote/rehearsal']}/ballots", body)


def count(stage: Stage) -> None:
    """Counted, witnessed and posted; then everybody sees that nothing came of it."""
    meeting, vote_id = f"/meetings/{stage.ids['rehearsal']}", stage.ids["vote/rehearsal"]
    stage.director.post(f"{meeting}/close")
    stage.director.post(f"{meeting}/count")
    digest = stage.director.get(f"/votes/{vote_id}/count")["digest"]
    for person in list(stage.owners.values())[20:30]:
        person.post(f"/votes/{vote_id}/count/witnesses", {"count_digest": digest})
    for member in (stage.director, stage.member):
        member.post(f"/votes/{vote_id}/count/witnesses", witness(member, digest))
    stage.director.post(f"{meeting}/tally")
    posted = paper(stage, stage.director, "演练结果公告", "演练，不产生决议")
    stage.director.post(f"{meeting}/posting", {"posted": [posted]})
    stage.director.post(f"{meeting}/effect")
    made = [
        one
        for one in stage.supervisor.everything("/resolutions")
        if one.get("meeting_id") == stage.ids["rehearsal"]
    ]
    assert made == []
    stage.say(
        f"rehearsed: {BALLOTS} invented ballots, counted and posted; no resolution came of it"
    )
