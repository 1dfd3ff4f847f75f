"""Chapter eight: the public count, what is posted and objected to, and what the decision opens."""

import base64
from typing import Any

from trustprop.demo import agenda
from trustprop.demo.calling import paper
from trustprop.demo.client import Person, new_id
from trustprop.demo.electorate import Electorate
from trustprop.demo.papers import scan
from trustprop.demo.spending import organisation
from trustprop.demo.stage import Stage
from trustprop.kernel.money import yuan

OWNER_WITNESSES = 10
LIFTS = 12
INSPECTION_FEN = LIFTS * 600_00
ADS_TERM = {"starts_on": "2026-01-01", "ends_on": "2027-12-31"}


def count(stage: Stage) -> None:
    """In public: ten owners by their sessions, both members of the committee by their keys."""
    meeting = f"/meetings/{stage.ids['meeting']}"
    stage.director.post(f"{meeting}/close")
    stage.director.post(f"{meeting}/count")
    vote = f"/votes/{stage.ids['vote/meeting']}"
    counted = stage.director.get(f"{vote}/count")
    digest = counted["digest"]
    electorate: Electorate = stage.ids["electorate"]
    watching = electorate.online[20 : 20 + OWNER_WITNESSES]
    for head in watching:
        stage.owners[(head, 0)].post(f"{vote}/count/witnesses", {"count_digest": digest})
    for person in (stage.director, stage.member):
        person.post(f"{vote}/count/witnesses", witness(person, digest))
    counted = stage.director.get(f"{vote}/count")
    assert counted["is_witnessed"], counted
    stage.director.post(f"{meeting}/tally")
    stage.ids["counted"] = counted
    stage.say(
        f"counted in public before {counted['owner_witnesses']} owners and "
        f"{counted['committee_witnesses']} members; count {digest[:16]}…, root {counted['root'][:16]}…"
    )
    say_results(stage, counted)


def witness(person: Person, digest: str) -> dict[str, Any]:
    """A member of the committee signs the digest of the count with the key that signs payments."""
    return {
        "count_digest": digest,
        "key_id": person.key_id,
        "signature": base64.b64encode(person.sign_digest(bytes.fromhex(digest))).decode(),
    }


def say_results(stage: Stage, counted: dict[str, Any]) -> None:
    """Each motion and each candidate with the whole arithmetic."""
    titles = {stage.ids[f"motion/{motion.key}"]: motion.title for motion in agenda.MOTIONS}
    electorate: Electorate = stage.ids["electorate"]
    names = {
        stage.ids[f"candidate/{number}"]: head.owners[0].name
        for number, head in enumerate(electorate.candidates)
    }
    for result in counted["results"]:
        part, yes = result["reading"]["participating"], result["in_favour"]
        passed, failed = (
            ("elected", "not elected") if result["candidate_id"] else ("passed", "failed")
        )
        name = names.get(result["candidate_id"]) or titles[result["question_id"]]
        stage.say(
            f"{passed if result['is_passed'] else failed}  {name}: for "
            f"{yes['heads']} of {part['heads']} heads, {yes['area_dm2'] / 100:,.2f} of "
            f"{part['area_dm2'] / 100:,.2f} m²"
        )
    (seat,) = counted["seats"]
    stage.say(
        f"{len(seat['elected'])} of {agenda.SEATS} seats filled, {seat['open_seats']} stays open"
    )


def post_result(stage: Stage) -> None:
    """Within three days; an owner objects, and is answered."""
    meeting = f"/meetings/{stage.ids['meeting']}"
    posted = paper(stage, stage.director, "表决结果公告张贴照片", "12 栋门厅及公告栏")
    stage.director.post(f"{meeting}/posting", {"posted": [posted]})
    stage.say("posted the decision with its arithmetic and the digest of the count")


def hear_objection(stage: Stage) -> None:
    meeting = f"/meetings/{stage.ids['meeting']}"
    owner = list(stage.owners.values())[40]
    objection_id = new_id()
    body = "我的票投的是反对摊位，公布名册里查不到名字，怎么知道算进去了？"
    owner.post(f"{meeting}/objections", {"id": objection_id, "target": "result", "body": body})
    answer = "凭回执可自行核对：登记册一行、选票各一张，均在公布文件的同一棵树下。"
    stage.director.post(
        f"/objections/{objection_id}/answer", {"answer": answer, "is_upheld": False}
    )
    stage.say("an owner objected and was answered: the receipt finds the ballot in the count")


def take_effect(stage: Stage) -> None:
    """Resolutions are made with the figures of the count; texts, mandates and keys follow."""
    meeting = f"/meetings/{stage.ids['meeting']}"
    stage.director.post(f"{meeting}/effect")
    made = stage.supervisor.everything("/resolutions")
    stage.ids["resolutions"] = [
        one for one in made if one.get("meeting_id") == stage.ids["meeting"]
    ]
    text = stage.supervisor.get("/limits")["virement_percent"]
    assert text["value"] == 15, text
    stage.say(
        f"in effect: {len(stage.ids['resolutions'])} resolutions, "
        f"{'、'.join(one['number'] for one in stage.ids['resolutions'])}; virement limit 15 %"
    )


def hand_over(stage: Stage) -> None:
    """The old committee hands seals and files to the new one; its mandates end with that day."""
    electorate: Electorate = stage.ids["electorate"]
    signed = paper(stage, stage.director, "交接清单", "印章 2 枚、合同 14 份、账册、密钥登记簿")
    stage.director.post(
        f"/meetings/{stage.ids['meeting']}/handovers",
        {
            "id": new_id(),
            "motion_id": stage.ids["motion/committee"],
            "handed_on": stage.today.isoformat(),
            "items": ["印章 2 枚", "合同 14 份", "2025 年账册", "密钥登记簿"],
            "evidence": [signed],
        },
    )
    stage.ids["new_director"] = stage.owners[(electorate.online[0], 0)]
    stage.ids["new_member"] = stage.owners[(electorate.online[1], 0)]
    stage.say(f"handed over to the new committee under {stage.ids['new_director'].name}")


def file(stage: Stage) -> None:
    """Members and changed texts go to the street office, which gives a receipt."""
    by: Person = stage.ids["new_director"]
    for kind in ("members", "texts"):
        receipt = paper(stage, by, "街道办事处备案回执", kind)
        by.post(
            f"/meetings/{stage.ids['meeting']}/filing",
            {
                "id": new_id(),
                "kind": kind,
                "filed_on": stage.today.isoformat(),
                "receipt_number": f"云街备 {stage.today:%Y}-{kind}-018",
                "evidence": [receipt],
            },
        )
    stage.say("filed members and texts with the street office")


def adopt_budget(stage: Stage) -> None:
    """The resolution of this meeting, and no other, puts the budget of 2026 in force."""
    director: Person = stage.ids["new_director"]
    budget = f"/budgets/{stage.ids['budget/2026']}/adoption"
    wrong = {"resolution_id": stage.ids["motion/ads"], "version": 1}
    refused(stage, director, budget, wrong, "resolution-of-another-matter")
    director.post(budget, {"resolution_id": stage.ids["motion/budget"], "version": 1})
    stage.say("the budget of 2026 is in force by its resolution; the advertising's was refused")


def open_contract(stage: Stage) -> None:
    """The advertising by its own special resolution; the budget's opens no business."""
    body = {
        "id": stage.ids["ads/2026"],
        "counterparty": agenda.ADVERTISER,
        "kind": "lift_advertising",
        "income_account": "4312",
        "amount_fen": agenda.ADS_FEN,
        **ADS_TERM,
    }
    for motion, code in (
        ("budget", "resolution-of-another-matter"),
        ("stalls", "resolution-missing"),
    ):
        wrong = body | {"resolution_id": stage.ids[f"motion/{motion}"]}
        refused(stage, stage.bookkeeper, "/revenue-contracts", wrong, code)
    stage.bookkeeper.post("/revenue-contracts", body | {"resolution_id": stage.ids["motion/ads"]})
    stage.say(
        f"opened the lift advertising contract, ¥{yuan(agenda.ADS_FEN)}, by its special resolution; "
        "with the budget's or the failed motion's it was refused"
    )


def refused(stage: Stage, by: Person, path: str, body: dict[str, Any], code: str) -> None:
    """Somebody tries it with the wrong decision."""
    answer = by.send(path, body)
    assert answer.json()["code"] == code, f"{stage.today} {path}: {answer.text}"


def spend(stage: Stage) -> None:
    """January: the first twelve lifts are inspected, and the new committee's key stands beside the manager's."""
    proof = stage.bookkeeper.upload(
        "inspection.png",
        scan("电梯定期检验收费通知", [f"{LIFTS} 台 × 600.00 元", f"合计 ¥{yuan(INSPECTION_FEN)}"]),
    )
    order_id, act_id = new_id(), stage.remember("january/act")
    body = {
        "id": order_id,
        "act_id": act_id,
        "kind": "expense",
        "fund": "OP",
        "bank_account": "100201",
        "amount_fen": INSPECTION_FEN,
        "purpose": f"{LIFTS} 台电梯年检费（第一批）",
        "due_on": stage.today.isoformat(),
        "pay_on": stage.today.isoformat(),
        "budget_line_id": stage.ids["line/2026/510202"],
        "payee": organisation("示例市特种设备检测院", "9999020000000000004"),
        "evidence": [proof["sha256"]],
    }
    stage.bookkeeper.post("/payment-orders", body)
    stage.manager.sign_act(act_id)
    old = stage.director.signature(stage.manager.get(f"/acts/{act_id}")["payload"])
    answer = stage.director.send(f"/acts/{act_id}/signatures", old)
    assert not answer.is_success, "the old committee's key still signs"
    act = stage.ids["new_director"].sign_act(act_id)
    assert act["state"] == "signed", act
    stage.ids["january"] = order_id
    order = stage.bookkeeper.get(f"/payment-orders/{order_id}")["order"]
    stage.say(
        f"paid order {order['number']}: ¥{yuan(INSPECTION_FEN)} under the budget of 2026, signed by "
        f"the manager and {stage.ids['new_director'].name}; the old director's key was refused"
    )


def follow_up(stage: Stage) -> None:
    """What became of the decision: the committee tells, and the register adds up what was spent."""
    resolution = f"/resolutions/{stage.ids['motion/budget']}"
    told = {
        "id": new_id(),
        "done_on": stage.today.isoformat(),
        "body": "第一批 12 台电梯年检合格。",
    }
    stage.ids["new_director"].post(f"{resolution}/follow-ups", told)
    found = stage.supervisor.get(f"{resolution}/follow-up")
    (budget,) = [deed for deed in found["deeds"] if deed["kind"] == "budget"]
    assert budget["spent_fen"] == INSPECTION_FEN, found
    stage.say(
        f"followed up resolution {found['number']}: of ¥{yuan(budget['amount_fen'])} decided, "
        f"¥{yuan(budget['spent_fen'])} is spent"
    )
