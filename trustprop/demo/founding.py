"""Chapter one: the compound is founded by both sides, its roll is imported, its books are opened."""

from datetime import date

from trustprop.demo.client import new_id
from trustprop.demo.stage import Stage
from trustprop.demo.world import ADDRESS, COMPOUND, FIRM

TERM = {"valid_from": "2025-08-20", "valid_until": "2028-08-19"}


def found(stage: Stage) -> None:
    """People register, prove their keys, and both sides sign the founding act."""
    suffix = stage.compound_id[-6:]
    for person in stage.people:
        person.register(suffix)
        person.sign_in(stage.clock)
    stage.operator.post(
        "/v1/compounds",
        {
            "id": stage.compound_id,
            "name": COMPOUND,
            "address": ADDRESS,
            "credit_code": stage.world.assembly_credit_code,
            "invited": [person.person_id for person in stage.people],
        },
    )
    for person in (stage.manager, stage.director, stage.member):
        person.prove_key()
    act_id = stage.remember("founding")
    stage.operator.post("/founding", _founding(stage, act_id))
    for person in (stage.manager, stage.director, stage.member):
        act = person.sign_act(act_id)
    assert act["state"] == "signed"
    stage.say(f"founded: {COMPOUND}, trustee {FIRM}; every key named in the instrument signed it")


def _founding(stage: Stage, act_id: str) -> dict[str, object]:
    offices = (
        (stage.manager, "trustee_manager"),
        (stage.bookkeeper, "trustee_bookkeeper"),
        (stage.director, "committee_director"),
        (stage.member, "committee_member"),
        (stage.supervisor, "supervisor"),
    )
    return {
        "id": act_id,
        "expires_at": stage.expires_at,
        "instrument_id": stage.remember("instrument"),
        "purpose": "为全体业主的共同利益，管理和使用小区业主共有资金，维护共有部分。",
        "settlor": f"{COMPOUND}业主大会",
        "settlor_address": ADDRESS,
        "trustee": {"name": FIRM, "credit_code": stage.world.firm_credit_code, "address": ADDRESS},
        "beneficiaries": "本小区全体业主，按专有部分面积享有受益权。",
        "property": "物业服务费、公共收益及其孳息，存入双密码账户与公共收益专户。",
        "benefit": "以物业服务和共有部分的维护、增值方式受益；结余归全体业主。",
        "remuneration": {"kind": "fixed", "fixed_fen_per_month": 12_800_00},
        "effective_from": "2025-08-20",
        "texts": _texts(stage),
        "mandates": [
            {
                "mandate_id": new_id(),
                "person_id": person.person_id,
                "office": office,
                "key_id": getattr(person, "key_id", None),
                **TERM,
            }
            for person, office in offices
        ],
    }


def _texts(stage: Stage) -> list[dict[str, object]]:
    def text(kind: str, title: str, *clauses: dict[str, object]) -> dict[str, object]:
        return {
            "text_id": stage.remember(kind),
            "kind": kind,
            "title": title,
            "effective_from": "2025-08-20",
            "clauses": list(clauses),
        }

    def clause(
        code: str, body: str, name: str | None = None, value: int | None = None
    ) -> dict[str, object]:
        return {"code": code, "body": body, "limit_name": name, "limit_value": value}

    return [
        text(
            "rules_of_procedure",
            "业主大会议事规则",
            clause("12", "表决权按专有部分面积与业主人数双重计算；同一买受人按一人计。"),
            clause("15", "每位受托投票人至多接受三份书面委托。", "proxies_per_holder", 3),
        ),
        text("covenant", "管理规约", clause("9", "公共收益扣除合理成本后归全体业主共有。")),
        text(
            "trust_contract",
            "信托制物业服务合同",
            clause("11", "受托人按经表决的年度开放式预算支出，无预算不支出。"),
            clause(
                "13",
                "同类别预算行之间可经双方签署调剂，累计不超过原预算的 10%。",
                "virement_percent",
                10,
            ),
            clause("14", "应急支出单笔不超过三万元。", "emergency_cap_fen", 30_000_00),
            clause("18", "十万元以上支出付款前公示十日。", "large_payment_fen", 100_000_00),
        ),
    ]


def import_homes(stage: Stage) -> None:
    """Six hundred homes from the firm's CSV; the count of heads is the law's, not the file's."""
    stage.turn_to(date(2025, 8, 21))
    stage.bookkeeper.upload("homes.csv", stage.world.homes_csv(), "/homes/import")
    homes = stage.bookkeeper.everything("/homes")
    stage.homes = {
        (home["building"], home["stair"], home["number"]): home["home_id"] for home in homes
    }
    count = stage.bookkeeper.get("/roll", limit=1)
    stage.ids["count"] = count["count"]
    stage.say(
        f"imported {len(homes)} homes, {count['count']['area_dm2'] / 100:,.2f} m², "
        f"{count['count']['heads']} heads as the law counts them"
    )
