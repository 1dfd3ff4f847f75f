"""Who of the 563 heads votes, how, and what goes wrong: seeded, so every run has the same figures."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from trustprop.demo.agenda import ADS, BUDGET, CANDIDATES, CLAUSE, SEATS, STALLS
from trustprop.demo.world import SEED, Home, Owner, World

VOTERS, ONLINE, BY_PROXY, PER_HOLDER = 420, 60, 25, 3
UNSIGNED, TWO_CROSSES, TWICE = 4, 3, 2
AGREE = {BUDGET.key: 82, CLAUSE.key: 64, STALLS.key: 69}
"""Percent of the heads that count. The advertising gets what just carries it in either reading of the law."""
ELECTED = (82, 78, 74, 69, 64, 57)
NOT_ELECTED = (51, 38, 24)
"""The first of them has more than half of the heads and not of the area."""


class Flaw(StrEnum):
    NONE = ""
    UNSIGNED = "unsigned"
    TWO_CROSSES = "two_crosses"
    TWICE = "twice"
    """Online, and then on paper too: the first stands."""
    AT_ODDS = "at_odds"
    """Husband and wife vote differently and name nobody."""
    RECONCILED = "reconciled"
    """They too, and then name one of them."""
    OVER_CAP = "over_cap"
    """The proxy is one too many for its holder; the owner then comes with the paper."""
    STAFF = "staff"
    """The proxy names the property firm's bookkeeper; the owner then comes with the paper."""


Choices = dict[str, str]
"""By motion, and by the number of the candidate: for, against or abstain."""


@dataclass(eq=False)
class Head:
    """One head with all its homes, as the law counts it."""

    homes: tuple[Home, ...]
    owners: tuple[Owner, ...]
    choices: Choices = field(default_factory=dict)

    @property
    def area_dm2(self) -> int:
        return sum(home.area_dm2 for home in self.homes)

    @property
    def is_developer(self) -> bool:
        return self.owners[0].kind == "developer"


@dataclass
class Electorate:
    heads: tuple[Head, ...]
    """All 563, in the order of their first homes."""
    online: tuple[Head, ...]
    paper: tuple[Head, ...]
    proxies: dict[int, tuple[Head, ...]]
    """By the number of the holder among those online."""
    flaws: dict[Flaw, tuple[Head, ...]]

    @property
    def voters(self) -> tuple[Head, ...]:
        """Everybody of whom a ballot arrived in time, well or badly filled in."""
        by_proxy = [head for heads in self.proxies.values() for head in heads]
        return (*self.online, *self.paper, *by_proxy)

    @property
    def candidates(self) -> tuple[Head, ...]:
        """The first nine of those online."""
        return self.online[:CANDIDATES]

    @property
    def tenant_of(self) -> Head:
        """Somebody who owns, lets and does not vote."""
        return next(head for head in self.heads if head not in self.voters)


def make_electorate(world: World) -> Electorate:
    """The same seed gives the same votes to the last cross."""
    dice = random.Random(SEED + 1)
    heads = heads_of(world)
    drawn = [head for head in heads if not head.is_developer]
    dice.shuffle(drawn)
    singles = [head for head in drawn if len(head.owners) == 1 and len(head.homes) == 1]
    couples = [head for head in drawn if len(head.owners) == 2]
    online = (*singles[: ONLINE - 2], *couples[:2])
    rest = [head for head in drawn if head not in online]
    proxies = {
        number: tuple(rest[number * PER_HOLDER : min((number + 1) * PER_HOLDER, BY_PROXY)])
        for number in range(-(-BY_PROXY // PER_HOLDER))
    }
    developer = next(head for head in heads if head.is_developer)
    paper = (developer, *rest[BY_PROXY : VOTERS - ONLINE - 1])
    flaws = _flaws(online, paper)
    electorate = Electorate(heads, online, paper, proxies, flaws)
    _decide(electorate, dice)
    return electorate


def heads_of(world: World) -> tuple[Head, ...]:
    """The same set of owners is one head, the developer's homes are one altogether."""
    homes: dict[frozenset[str], list[Home]] = {}
    for home in world.homes:
        homes.setdefault(frozenset(owner.identity_number for owner in home.owners), []).append(home)
    return tuple(Head(tuple(held), held[0].owners) for held in homes.values())


def _flaws(online: Sequence[Head], paper: Sequence[Head]) -> dict[Flaw, tuple[Head, ...]]:
    plain = list(paper[1:])
    two = UNSIGNED + TWO_CROSSES
    return {
        Flaw.UNSIGNED: tuple(plain[:UNSIGNED]),
        Flaw.TWO_CROSSES: tuple(plain[UNSIGNED:two]),
        Flaw.OVER_CAP: (plain[two],),
        Flaw.STAFF: (plain[two + 1],),
        Flaw.TWICE: tuple(online[CANDIDATES : CANDIDATES + TWICE]),
        Flaw.AT_ODDS: (online[-2],),
        Flaw.RECONCILED: (online[-1],),
    }


def counted(electorate: Electorate) -> tuple[Head, ...]:
    """Those who take part by law: valid, and not held."""
    flaws = electorate.flaws
    out = (*flaws[Flaw.UNSIGNED], *flaws[Flaw.TWO_CROSSES], *flaws[Flaw.AT_ODDS])
    return tuple(head for head in electorate.voters if head not in out)


def _decide(electorate: Electorate, dice: random.Random) -> None:
    heads = list(counted(electorate))
    for key, percent in AGREE.items():
        _answer(key, heads, _some(heads, percent, dice), dice)
    with_invalid = [
        head for head in electorate.voters if head not in electorate.flaws[Flaw.AT_ODDS]
    ]
    _answer(ADS.key, heads, _just(heads, with_invalid, dice), dice)
    for number, percent in enumerate((*ELECTED, *NOT_ELECTED)):
        agreeing = _some(heads, percent, dice)
        if number == len(ELECTED):
            agreeing = _small_homes(heads, agreeing)
        _answer(str(number), heads, agreeing, dice)
    _keep_to_seats(heads)
    for head in electorate.voters:
        head.choices = head.choices or dict(dice.choice(heads).choices)


def _some(heads: Sequence[Head], percent: int, dice: random.Random) -> list[Head]:
    order = dice.sample(heads, len(heads))
    return order[: -(-len(heads) * percent // 100)]


def _just(heads: Sequence[Head], base: Sequence[Head], dice: random.Random) -> list[Head]:
    """The first in a drawn order who are three quarters of the base, by area and by heads."""
    order = dice.sample(heads, len(heads))
    counts = range(len(order) + 1)
    return next(order[:count] for count in counts if _are_three_quarters(order[:count], base))


def _are_three_quarters(some: Sequence[Head], base: Sequence[Head]) -> bool:
    area_dm2 = sum(head.area_dm2 for head in some)
    is_area = area_dm2 * 4 >= sum(head.area_dm2 for head in base) * 3
    return is_area and len(some) * 4 >= len(base) * 3


def _small_homes(heads: Sequence[Head], agreeing: list[Head]) -> list[Head]:
    """As many heads with less and less area, until it is no longer more than half."""
    whole = sum(head.area_dm2 for head in heads)
    chosen = sorted(agreeing, key=lambda head: head.area_dm2)
    others = sorted((head for head in heads if head not in chosen), key=lambda head: head.area_dm2)
    while sum(head.area_dm2 for head in chosen) * 2 > whole:
        chosen.pop()
        chosen.insert(0, others.pop(0))
    return chosen


def _answer(key: str, heads: Sequence[Head], agreeing: list[Head], dice: random.Random) -> None:
    yes = {id(head) for head in agreeing}
    for head in heads:
        no = "against" if dice.random() < 0.7 else "abstain"
        head.choices[key] = "for" if id(head) in yes else no


def _keep_to_seats(heads: Sequence[Head]) -> None:
    """Nobody crosses more names than there are seats: a cross too many goes to an equal neighbour."""
    for head in heads:
        while len(mine := _crosses(head)) > SEATS:
            number, other = next(
                (number, other)
                for other in heads
                if other.area_dm2 == head.area_dm2 and len(_crosses(other)) < SEATS
                for number in mine
                if other.choices[number] != "for"
            )
            head.choices[number], other.choices[number] = other.choices[number], "for"


def _crosses(head: Head) -> list[str]:
    return [str(number) for number in range(CANDIDATES) if head.choices[str(number)] == "for"]
