"""A seeded compound: homes, owners, vendors and their papers. No real person, firm or place."""

import csv
import io
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from trustprop.kernel.money import square_metres

SEED = 20250901
MONTH = json.loads((Path(__file__).parent / "month-2025-09.json").read_text(encoding="utf-8"))

COMPOUND = "云栖里小区（示例）"
ADDRESS = "示例市示例区云栖路 18 号"
FIRM = "禾澜物业服务有限公司（示例）"
NOWHERE = "999901"
"""A district code that the state never gave away."""

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰春梅建国淑珍文博雨桐子涵欣怡"


@dataclass(frozen=True)
class Home:
    building: str
    stair: str
    number: str
    area_dm2: int
    owners: tuple["Owner", ...]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.building, self.stair, self.number

    @property
    def monthly_fee_fen(self) -> int:
        """¥2.80 for each m²: exact, because every area here is a multiple of half a m²."""
        return self.area_dm2 * 280 // 100


@dataclass(frozen=True)
class Owner:
    kind: str
    name: str
    identity_number: str


@dataclass(frozen=True)
class Vendor:
    key: str
    name: str
    credit_code: str
    bank: str
    account_number: str
    item: str
    tax_percent: int


@dataclass
class World:
    homes: tuple[Home, ...]
    vendors: dict[str, Vendor]
    firm_credit_code: str
    assembly_credit_code: str
    names: dict[str, str]
    dice: random.Random = field(repr=False)

    @property
    def sold_homes(self) -> tuple[Home, ...]:
        return tuple(home for home in self.homes if home.owners[0].kind != "developer")

    def homes_csv(self) -> bytes:
        """As a firm would export it: Chinese headings, one row per home and owner."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(
            [
                "楼栋",
                "单元",
                "房号",
                "面积",
                "面积来源",
                "交付日期",
                "业主类型",
                "业主姓名",
                "证件号码",
            ]
        )
        for home in self.homes:
            for owner in home.owners:
                delivered = "" if owner.kind == "developer" else "2019-06-30"
                area = square_metres(home.area_dm2).replace(",", "")
                writer.writerow(
                    [
                        *home.key,
                        area,
                        "registered",
                        delivered,
                        owner.kind,
                        owner.name,
                        owner.identity_number,
                    ]
                )
        return ("\ufeff" + out.getvalue()).encode()


def make_world(seed: int = SEED) -> World:
    """The same seed gives the same compound to the last character."""
    dice = random.Random(seed)
    return World(
        homes=_homes(dice),
        vendors={vendor.key: vendor for vendor in _vendors(dice)},
        firm_credit_code=_credit_code(dice),
        assembly_credit_code=_credit_code(dice),
        names={
            "manager": "沈若川",
            "bookkeeper": "陆清和",
            "director": "顾念慈",
            "member": "秦望舒",
            "supervisor": "江知远",
            "resident": "白露",
        },
        dice=dice,
    )


def _homes(dice: random.Random) -> tuple[Home, ...]:
    """Twelve buildings of 30 homes at 89.50, 15 at 108.00 and 5 at 126.00 m²."""
    places = []
    for building in range(1, 13):
        areas = [8950] * 30 + [10800] * 15 + [12600] * 5
        for i, area in enumerate(areas):
            stair, floor, door = i % 2 + 1, i // 4 + 1, i // 2 % 2 + 1
            places.append((str(building), str(stair), f"{floor:02d}0{door}", area))
    owners_of = _owners(dice, places)
    return tuple(Home(*place, owners_of[i]) for i, place in enumerate(places))


def _owners(dice: random.Random, places: list[Any]) -> dict[int, tuple[Owner, ...]]:
    """18 homes unsold, 14 owners with two, 3 with three, the rest with one: 563 heads.

    Building 7 has 48 heads: two of its owners hold two homes there, and none of it is unsold.
    """
    owners_of: dict[int, tuple[Owner, ...]] = {}
    in_seven = [i for i, place in enumerate(places) if place[0] == "7"]
    free = [i for i in range(len(places)) if i not in in_seven]
    dice.shuffle(free)
    developer = Owner("developer", "云栖置业有限公司（示例）", _credit_code(dice))
    for _ in range(18):
        owners_of[free.pop()] = (developer,)
    for pair in (in_seven[:2], in_seven[2:4]):
        owner = _person(dice)
        owners_of |= dict.fromkeys(pair, (owner,))
    for count in [2] * 12 + [3] * 3:
        owner = _person(dice)
        owners_of |= {free.pop(): (owner,) for _ in range(count)}
    for i in sorted([*free, *in_seven[4:]]):
        couple = dice.random() < 0.35
        owners_of[i] = (_person(dice), _person(dice)) if couple else (_person(dice),)
    assert len(owners_of) == len(places)
    return owners_of


def _person(dice: random.Random) -> Owner:
    name = dice.choice(SURNAMES) + "".join(
        dice.choice(GIVEN) for _ in range(dice.choice((1, 2, 2)))
    )
    born = f"{dice.randint(1945, 2000)}{dice.randint(1, 12):02d}{dice.randint(1, 28):02d}"
    body = f"{NOWHERE}{born}{dice.randint(0, 999):03d}"
    return Owner("person", name, body + mod_11_2.calc_check_digit(body))


def _credit_code(dice: random.Random) -> str:
    body = (
        "91"
        + NOWHERE
        + "MA"
        + "".join(dice.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(7))
    )
    return str(body + uscc.calc_check_digit(body))


VENDORS = (
    ("cleaning", "净和保洁服务有限公司（示例）", "*物业服务*保洁服务", 6),
    ("security", "安岳保安服务有限公司（示例）", "*安全保护服务*秩序维护", 6),
    ("greening", "绿丰园林养护有限公司（示例）", "*园林养护*绿化养护", 6),
    ("lift", "启明电梯工程有限公司（示例）", "*修理修配劳务*电梯维护保养", 6),
    ("fire", "盾安消防技术有限公司（示例）", "*其他现代服务*消防维保", 6),
    ("waste", "清源环卫有限公司（示例）", "*环境服务*生活垃圾清运", 6),
    ("power", "示例市供电公司", "*供电*电费", 13),
    ("water", "示例市自来水公司", "*水冰雪*水费", 3),
    ("repairs", "诚修机电维修部（示例）", "*修理修配劳务*零星维修", 3),
    ("office", "文汇办公用品店（示例）", "*文具*办公耗材", 1),
    ("barrier", "通行智能停车科技有限公司（示例）", "*信息技术服务*道闸系统服务费", 6),
    ("printing", "印为图文快印店（示例）", "*印刷品*表决票印刷", 1),
)


def _vendors(dice: random.Random) -> Iterable[Vendor]:
    for key, name, item, tax in VENDORS:
        number = "9999" + "".join(str(dice.randint(0, 9)) for _ in range(15))
        yield Vendor(key, name, _credit_code(dice), "示例银行云栖支行", number, item, tax)


def spread(total_fen: int, homes: list[Home], limit: dict[Home, int]) -> dict[Home, int]:
    """Hands an amount to homes in order, each at most its limit; the last one takes the rest."""
    shares: dict[Home, int] = {}
    for home in homes:
        share = min(limit[home], total_fen)
        if share:
            shares[home] = share
            total_fen -= share
    assert total_fen == 0
    return shares


def split_tax(gross_fen: int, percent: int) -> tuple[int, int]:
    """Net and tax of a gross amount, exact to the fen."""
    net = (gross_fen * 100 * 2 + (100 + percent)) // (2 * (100 + percent))
    return net, gross_fen - net
