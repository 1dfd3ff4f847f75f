"""Chapter seven: the ballots go out, and come back on paper, online and by proxy; some are wrong."""

import base64
import secrets
from dataclasses import dataclass
from typing import Any

from trustprop.demo.agenda import CANDIDATES, COMMITTEE, MOTIONS
from trustprop.demo.calling import at, paper
from trustprop.demo.client import Person, new_id
from trustprop.demo.electorate import Choices, Electorate, Flaw, Head
from trustprop.demo.owners import tenant, together
from trustprop.demo.papers import scan
from trustprop.demo.stage import Stage
from trustprop.demo.world import FIRM

OTHERWISE = {"for": "against", "against": "for", "abstain": "abstain"}


@dataclass(frozen=True)
class Paper:
    """A printed ballot: whose it is, and what its QR code says."""

    voter_id: str
    serial: int
    code: str


def send_out(stage: Stage) -> None:
    """One ballot per owner with all their homes; the delivery register is kept with its proofs."""
    stage.director.post(f"/meetings/{stage.ids['meeting']}/ballots-out")
    read_papers(stage, "meeting")
    by_hand = paper(stage, stage.director, "表决票送达登记表", "563 份，签收或公告送达")
    electorate: Electorate = stage.ids["electorate"]
    voters = set(map(id, electorate.voters))
    vote = f"/votes/{stage.ids['vote/meeting']}"
    deliveries = [
        {
            "id": new_id(),
            "voter_id": paper_of(stage, head).voter_id,
            "method": "hand" if id(head) in voters else "posting",
            "delivered_at": at(stage.today, 9),
            "evidence": [by_hand],
            "has_warning": False,
        }
        for head in electorate.heads
    ]
    for first in range(0, len(deliveries), 500):
        stage.director.post(f"{vote}/deliveries", {"deliveries": deliveries[first : first + 500]})
    stage.say(
        f"sent out {len(deliveries)} ballots, {len(voters)} by hand and the rest by public posting"
    )


def read_papers(stage: Stage, name: str) -> None:
    """The printed ballots with their codes, by the first home on each."""
    vote = f"/votes/{stage.ids[f'vote/{name}']}"
    lines = stage.director.everything(f"{vote}/roll")
    papers = {one["serial"]: one for one in stage.director.everything(f"{vote}/papers")}
    stage.ids[f"papers/{name}"] = {
        label: Paper(found["voter_id"], found["serial"], found["code"])
        for line in lines
        for label in line["homes"]
        if (found := papers[line["serial"]])
    }


def paper_of(stage: Stage, head: Head, name: str = "meeting") -> Paper:
    found: Paper = stage.ids[f"papers/{name}"]["-".join(head.homes[0].key)]
    return found


def answers(stage: Stage, choices: Choices) -> list[dict[str, str]]:
    """The crosses of one ballot; the election asks about every candidate."""
    found = [
        {"question_id": stage.ids[f"motion/{motion.key}"], "choice": choices[motion.key]}
        for motion in MOTIONS
        if motion is not COMMITTEE
    ]
    return found + [
        {
            "question_id": stage.ids[f"motion/{COMMITTEE.key}"],
            "candidate_id": stage.ids[f"candidate/{number}"],
            "choice": choices[str(number)],
        }
        for number in range(CANDIDATES)
    ]


def cast(stage: Stage, person: Person, choices: Choices, **more: object) -> dict[str, Any]:
    """From the owner's own screen; the secret stays with the owner and finds the slips later."""
    secret = secrets.token_bytes(32)
    body = {
        "id": new_id(),
        "answers": answers(stage, choices),
        "secret": base64.b64encode(secret).decode(),
    }
    receipt = person.post(f"/votes/{stage.ids['vote/meeting']}/ballots", body | more)
    return {"receipt": receipt, "secret": secret}


def vote_online(stage: Stage) -> None:
    """Sixty households; in two of them husband and wife do not agree."""
    electorate: Electorate = stage.ids["electorate"]

    def one(head: Head) -> dict[str, Any]:
        return cast(stage, stage.owners[(head, 0)], head.choices)

    made = together(stage, "ballots online", electorate.online, one)
    stage.ids["receipts"] = dict(zip(electorate.online, made, strict=True))
    at_odds = [*electorate.flaws[Flaw.AT_ODDS], *electorate.flaws[Flaw.RECONCILED]]
    for head in at_odds:
        other = {key: OTHERWISE[choice] for key, choice in head.choices.items()}
        cast(stage, stage.owners[(head, 1)], other)
    for head in electorate.flaws[Flaw.RECONCILED]:
        appoint(stage, head)
    stage.say(
        f"{len(electorate.online)} households voted online, each with a signed receipt; "
        f"{len(at_odds)} couples disagreed, one of them then named who votes"
    )


def appoint(stage: Stage, head: Head) -> None:
    """Husband and wife sign who of them votes for both."""
    person: Person = stage.owners[(head, 0)]
    held = paper_of(stage, head)
    owner_id = stage.ids["owners"][(head, 0)]
    body = {
        "id": new_id(),
        "voter_id": held.voter_id,
        "owner_id": owner_id,
        "evidence": [
            paper(stage, stage.director, "共有人推举书", f"票号 {held.serial}", person.name)
        ],
    }
    stage.director.post(f"/votes/{stage.ids['vote/meeting']}/appointments", body)


def vote_by_proxy(stage: Stage) -> None:
    """Written mandates, three for one holder at most and none for the property firm."""
    electorate: Electorate = stage.ids["electorate"]
    for number, heads in electorate.proxies.items():
        holder = electorate.online[number]
        for head in heads:
            proxy_id = give_proxy(stage, head, holder)["proxy_id"]
            person: Person = stage.owners[(holder, 0)]
            voter_id = paper_of(stage, head).voter_id
            cast(stage, person, head.choices, voter_id=voter_id, proxy_id=proxy_id)
    (over_cap,) = electorate.flaws[Flaw.OVER_CAP]
    (staff,) = electorate.flaws[Flaw.STAFF]
    expect(stage, "proxies-over-cap", proxy_body(stage, over_cap, electorate.online[0]))
    of_firm = proxy_body(stage, staff, electorate.online[0]) | {
        "holder_name": stage.bookkeeper.name,
        "holder_identity_number": "999901199001010019",
        "is_staff_of_firm": True,
    }
    expect(stage, "proxy-holder-is-staff", of_firm)
    count = sum(map(len, electorate.proxies.values()))
    stage.say(f"{count} owners voted by written proxy; a fourth for one holder was void")
    stage.say(f"a proxy for the bookkeeper of {FIRM} was void; both owners came themselves")


def give_proxy(stage: Stage, head: Head, holder: Head) -> Any:
    body = proxy_body(stage, head, holder)
    return stage.director.post(f"/votes/{stage.ids['vote/meeting']}/proxies", body)


def proxy_body(stage: Stage, head: Head, holder: Head) -> dict[str, Any]:
    held = paper_of(stage, head)
    by = holder.owners[0]
    letter = scan("授权委托书", [f"票号 {held.serial}", f"受托人 {by.name}", "按委托人意见投票"])
    return {
        "id": new_id(),
        "voter_id": held.voter_id,
        "holder_name": by.name,
        "holder_identity_number": by.identity_number,
        "holder_person_id": stage.owners[(holder, 0)].person_id,
        "is_staff_of_firm": False,
        "evidence": [stage.director.upload("proxy.png", letter)["sha256"]],
    }


def expect(stage: Stage, code: str, body: dict[str, Any]) -> None:
    """A proxy that must be refused with this code."""
    answer = stage.director.send(f"/votes/{stage.ids['vote/meeting']}/proxies", body)
    assert answer.json()["code"] == code, answer.text


def vote_on_paper(stage: Stage) -> None:
    """Two members read every paper by themselves; where they differ, the supervisor decides."""
    electorate: Electorate = stage.ids["electorate"]
    flaws = {
        id(head): flaw
        for flaw in (Flaw.UNSIGNED, Flaw.TWO_CROSSES)
        for head in electorate.flaws[flaw]
    }
    misread = electorate.paper[len(electorate.paper) // 2]

    def read(head: Head) -> str:
        entry = reading(stage, head, flaws.get(id(head)))
        _enter(stage, stage.director, entry)
        if head is misread:
            slip = dict(head.choices, budget=OTHERWISE[head.choices["budget"]])
            _enter(stage, stage.member, entry | {"answers": answers(stage, slip)})
            return str(_enter(stage, stage.supervisor, entry)["state"])
        return str(_enter(stage, stage.member, entry)["state"])

    states = together(stage, "ballots on paper", electorate.paper, read)
    assert set(states) == {"settled"}, states
    stage.say(
        f"{len(states)} ballots came on paper, each read by two members; one was read differently "
        f"and settled by a third; {len(flaws)} were unsigned or crossed twice"
    )


def reading(stage: Stage, head: Head, flaw: Flaw | None = None) -> dict[str, Any]:
    """What is on a paper, with the digest of its scan."""
    held = paper_of(stage, head)
    sheet = scan("业主大会表决票", [f"票号 {held.serial}", "-".join(head.homes[0].key)])
    body: dict[str, Any] = {
        "code": held.code,
        "scan": stage.director.upload(f"{held.serial}.png", sheet)["sha256"],
    }
    if flaw is Flaw.UNSIGNED:
        return body | {"flaw": "unsigned"}
    if flaw is Flaw.TWO_CROSSES:
        return body | {"flaw": "ambiguous"}
    return body | {"answers": answers(stage, head.choices)}


def _enter(stage: Stage, person: Person, entry: dict[str, Any]) -> Any:
    vote = f"/votes/{stage.ids['vote/meeting']}"
    return person.post(f"{vote}/paper-entries", entry | {"id": new_id()})


def vote_wrongly(stage: Stage) -> None:
    """A second ballot of somebody who has voted, and a tenant's: both are refused, one is reported."""
    electorate: Electorate = stage.ids["electorate"]
    vote = f"/votes/{stage.ids['vote/meeting']}"
    for head in electorate.flaws[Flaw.TWICE]:
        entry = reading(stage, head)
        answer = stage.member.send(f"{vote}/paper-entries", entry | {"id": new_id()})
        assert answer.json()["code"] == "already-voted", answer.text
        mine = stage.owners[(head, 0)].get(f"{vote}/my-ballot")
        notices = [one["kind"] for place in mine["places"] for one in place["notices"]]
        assert "second_ballot_refused" in notices, notices
    head = electorate.online[0]
    body = {"id": new_id(), "answers": answers(stage, head.choices), "secret": "A" * 24}
    answer = tenant(stage).send(f"{vote}/ballots", body)
    assert answer.json()["code"] == "occupant-has-no-vote", answer.text
    stage.say(
        f"refused: {len(electorate.flaws[Flaw.TWICE])} second ballots, whose owners were told, "
        "and a tenant's"
    )


def say_turnout(stage: Stage) -> None:
    """Area and heads, never a choice: nothing leaks before the close."""
    found = stage.supervisor.get(f"/votes/{stage.ids['vote/meeting']}/turnout")
    returned, total = found["returned"], found["total"]
    stage.say(
        f"turnout: {returned['heads']} of {total['heads']} heads, "
        f"{returned['area_dm2'] / 100:,.2f} of {total['area_dm2'] / 100:,.2f} m²"
    )
