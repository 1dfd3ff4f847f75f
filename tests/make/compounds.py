"""Compounds, homes, texts and mandates, with only what a test is about."""

from datetime import date
from uuid import UUID

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from tests.make.ground import make_caller, new_id
from trustprop.compounds import service, store
from trustprop.compounds.model import (
    Appointment,
    AreaSource,
    Clause,
    Compound,
    CompoundState,
    CreateCompound,
    Firm,
    Founding,
    Home,
    MandateTerm,
    RemunerationKind,
    RemunerationRule,
    TextDraft,
    TextKind,
)
from trustprop.kernel.caller import Caller, Office
from trustprop.plumbing.database import Tx

FOUNDED = date(2025, 1, 1)
TERM_ENDS = date(2027, 12, 31)
SALT = bytes(range(32))


def credit_code(seed: int = 1) -> str:
    """A made-up unified social credit code with its right check character."""
    body = f"91999999{seed:09d}"
    return body + str(uscc.calc_check_digit(body))


def identity_number(seed: int = 1) -> str:
    """A made-up resident identity number of a district that does not exist."""
    body = f"999999{1950 + seed % 50}0101{seed // 50 % 1000:03d}"
    return body + str(mod_11_2.calc_check_digit(body))


def compound(compound_id: UUID | None = None, **facts: object) -> Compound:
    values = {
        "compound_id": compound_id or new_id(),
        "name": "云栖里",
        "credit_code": "",
        "address": "示例路 1 号",
        "state": CompoundState.FOUNDING,
        "rule_profile": "national",
        "created_at": make_caller().at,
    }
    return Compound(**(values | facts))


def home(
    *owner_ids: UUID,
    area_dm2: int = 8950,
    building: str = "1",
    stair: str = "1",
    number: str = "101",
    delivered_on: date | None = FOUNDED,
) -> Home:
    return Home(
        home_id=new_id(),
        building=building,
        stair=stair,
        number=number,
        area_dm2=area_dm2,
        area_source=AreaSource.REGISTERED,
        delivered_on=delivered_on,
        owner_ids=tuple(sorted(owner_ids)),
    )


def appointment(office: Office = Office.TRUSTEE_MANAGER, **facts: object) -> Appointment:
    values = {
        "mandate_id": new_id(),
        "person_id": new_id(),
        "office": office,
        "valid_from": FOUNDED,
        "valid_until": TERM_ENDS,
        "key_id": new_id().hex * 2 if office.may_sign else None,
    }
    return Appointment(**(values | facts))


def term(office: Office = Office.TRUSTEE_MANAGER, **facts: object) -> MandateTerm:
    values = {
        "mandate_id": new_id(),
        "person_id": new_id(),
        "office": office,
        "valid_from": FOUNDED,
        "valid_until": TERM_ENDS,
        "act_id": new_id(),
    }
    return MandateTerm(**(values | facts))


def text(*clauses: Clause, kind: TextKind = TextKind.TRUST_CONTRACT, **facts: object) -> TextDraft:
    values = {
        "text_id": new_id(),
        "kind": kind,
        "title": "信托制物业服务合同",
        "effective_from": FOUNDED,
        "clauses": clauses or (Clause(code="1", body="物业费由全体业主共有。"),),
    }
    return TextDraft(**(values | facts))


def clause(limit_name: str, limit_value: int, code: str = "18") -> Clause:
    return Clause(
        code=code,
        body=f"{limit_name} 为 {limit_value}。",
        limit_name=limit_name,
        limit_value=limit_value,
    )


def founding(**facts: object) -> Founding:
    values = {
        "instrument_id": new_id(),
        "purpose": "为全体业主的利益管理共有基金。",
        "settlor": "云栖里业主大会",
        "settlor_address": "示例路 1 号",
        "trustee": Firm(name="示例物业", credit_code=credit_code(), address="示例路 2 号"),
        "beneficiaries": "全体业主",
        "property": "物业费、公共收益及其孳息。",
        "benefit": "以服务和维护的形式。",
        "remuneration": RemunerationRule(
            kind=RemunerationKind.FIXED, fixed_fen_per_month=1_280_000
        ),
        "effective_from": FOUNDED,
        "texts": (text(),),
        "mandates": (appointment(), appointment(Office.COMMITTEE_DIRECTOR)),
    }
    return Founding(**(values | facts))


async def add_compound(tx: Tx, caller: Caller, **facts: object) -> Compound:
    """A compound in state *founding* under the caller's id."""
    made = compound(caller.compound_id, **facts)
    assert await store.add_compound(tx, made, SALT)
    return made


async def found_compound(tx: Tx, caller: Caller, *texts: TextDraft, **facts: object) -> Founding:
    """An open compound under the caller's id, with texts and mandates but no keys."""
    await add_compound(tx, caller)
    made = founding(**({"texts": texts} if texts else {}), **facts)
    await service.found(tx, caller, made, new_id())
    return made


def create_command(**facts: object) -> CreateCompound:
    values = {"id": new_id(), "name": "云栖里", "address": "示例路 1 号"}
    return CreateCompound(**(values | facts))


HEADING = (
    "building,stair,number,area_m2,area_source,delivered_on,owner_kind,owner_name,identity_number"
)


def homes_csv(*rows: str, heading: str = HEADING) -> bytes:
    return "\n".join([heading, *rows]).encode()


def row(
    number: str = "101",
    *,
    building: str = "1",
    area: str = "89.50",
    owner: int = 1,
    name: str = "",
    kind: str = "person",
    delivered_on: str = "2019-06-30",
) -> str:
    document = identity_number(owner) if kind == "person" else credit_code(owner)
    shown = name or f"业主{owner}"
    return f"{building},1,{number},{area},registered,{delivered_on},{kind},{shown},{document}"


def compound_k() -> bytes:
    """The 600 homes of the hand-worked cases: 360 × 89.50, 180 × 108.00, 60 × 126.00 m².

    545 owners with one home, 14 with two, 3 with three, and 18 unsold.
    """
    areas = ["89.50"] * 360 + ["108.00"] * 180 + ["126.00"] * 60
    holders = list(range(1, 546))
    holders += [owner for owner in range(546, 560) for _ in range(2)]
    holders += [owner for owner in range(560, 563) for _ in range(3)]
    rows = [
        row(f"{i:04d}", building=str(i % 12 + 1), area=areas[i], owner=owner)
        for i, owner in enumerate(holders)
    ]
    rows += [
        row(f"{i:04d}", building=str(i % 12 + 1), area=areas[i], kind="developer", delivered_on="")
        for i in range(len(holders), 600)
    ]
    return homes_csv(*rows)
