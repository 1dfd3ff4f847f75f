"""Counting: one large compound against a bare loop over the same ballots, and many compounds at once."""

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.ground import Ground, Result, compare, result, say
from tests.make import counting as make
from trustprop.votes import rules
from trustprop.votes.model.counting import BallotAnswer, Choice, Poll, Voter

HOMES, MOTIONS = 5_000, 20
COMPOUNDS, COMPOUND_HOMES = 100, 600
PROCESSES = 2
_CHOICES = (Choice.FOR,) * 6 + (Choice.AGAINST,) * 3 + (Choice.ABSTAIN,)


async def one_compound(ground: Ground) -> list[Result]:
    """Every owner returned a ballot; the loop only sums choices, and knows no law."""
    homes = ground.options.count(HOMES, 600)
    poll = _poll(seed=1, homes=homes)
    areas = {voter.voter_id: sum(home.area_dm2 for home in voter.homes) for voter in poll.voters}

    async def ours() -> float:
        return _per_second(lambda: rules.count(poll))

    async def bare() -> float:
        return _per_second(lambda: _bare(poll, areas))

    mine, other = await compare(ours, bare)
    say(f"  {mine} {other}")
    return [
        result(
            "count",
            f"{homes} homes, {len(poll.voters)} ballots, {MOTIONS} motions",
            "per CPU second",
            mine,
            other,
            "a bare loop that sums choices",
            at_least=0.25,
        )
    ]


async def many_compounds(ground: Ground) -> list[Result]:
    """Compounds of 600 homes and 20 motions, counted by all cores and by one."""
    count = ground.options.count(COMPOUNDS, 10)
    with (
        _pool(PROCESSES, count) as several,
        _pool(1, count) as single,
    ):

        async def by_several() -> float:
            return _rate(several, count)

        async def by_one() -> float:
            return _rate(single, count)

        await by_several()
        await by_one()
        mine, other = await compare(by_several, by_one)
    say(f"  {mine} {other}, {os.cpu_count()} cores")
    return [
        result(
            "count-many",
            f"{count} compounds of {COMPOUND_HOMES} homes by {PROCESSES} processes",
            "/s",
            mine,
            other,
            "1 process",
            at_least=1.6,
        )
    ]


def _per_second(work: Callable[[], object]) -> float:
    """By the processor's clock: counting never waits."""
    started = time.process_time()
    work()
    return 1 / (time.process_time() - started)


def _bare(poll: Poll, areas: dict) -> dict:
    """Heads and area by motion and choice, nothing else."""
    sums: dict = {
        question.question_id: {choice: [0, 0] for choice in Choice} for question in poll.questions
    }
    for ballot in poll.ballots:
        area_dm2 = areas[ballot.voter_id]
        for answer in ballot.answers:
            weight = sums[answer.question_id][answer.choice]
            weight[0] += 1
            weight[1] += area_dm2
    return sums


# Many at once: each process holds the polls, so that only numbers cross between them.

_POLLS: list[Poll] = []


def _pool(processes: int, count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_hold, initargs=(count,)
    )


def _hold(count: int) -> None:
    _POLLS.extend(_poll(seed=seed, homes=COMPOUND_HOMES) for seed in range(count))


def _count(place: int) -> int:
    return sum(one.is_passed for one in rules.count(_POLLS[place]).results)


def _rate(pool: ProcessPoolExecutor, count: int) -> float:
    started = time.perf_counter()
    list(pool.map(_count, range(count)))
    return count / (time.perf_counter() - started)


def _poll(*, seed: int, homes: int) -> Poll:
    """One owner in ten has two homes; every ballot answers every motion."""
    chance = random.Random(seed)
    questions = tuple(make.motion(number) for number in range(1, MOTIONS + 1))
    voters: list[Voter] = []
    while homes > 0:
        size = min(homes, 2 if chance.random() < 0.1 else 1)
        areas = (chance.choice((8_950, 10_800, 12_600)) for _ in range(size))
        voters.append(make.voter(len(voters) + 1, *areas))
        homes -= size
    ballots = tuple(
        make.ballot(
            voter,
            voter.serial,
            *(
                BallotAnswer(question_id=one.question_id, choice=chance.choice(_CHOICES))
                for one in questions
            ),
        )
        for voter in voters
    )
    return Poll(questions=questions, voters=tuple(voters), ballots=ballots)
