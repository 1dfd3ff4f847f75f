"""The annual meeting of compound K, end to end, through real sockets: from a draft to money spent."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.played import PlayedMonth
from tests.stories.test_next_month import wide
from trustprop.demo import agenda
from trustprop.demo.electorate import Electorate, Flaw, Head
from trustprop.plumbing import checks

pytestmark = pytest.mark.xdist_group("meeting")

TABLE = Path(__file__).parent / "meeting.txt"
ORDER = Path(__file__).parent / "meeting_order.txt"

# By hand, from domain.md §5: 600 homes, 563 heads, 59,220.00 m². Quorum 39,480.00 m² and 376 heads.
# 420 ballots came. 4 unsigned and 3 crossed twice (663.50 m²) take no part, nor does the couple that
# names nobody (89.50 m²): 412 heads with 43,999.00 - 663.50 - 89.50 = 43,246.00 m² take part.
OUT = (Flaw.UNSIGNED, Flaw.TWO_CROSSES, Flaw.AT_ODDS)
TAKING_PART = (412, 43_246_00)
# heads for, m² for, and more than half is 207 heads and 21,623.01 m²; three quarters 309 and 32,434.50
BY_HAND = {
    "budget": (338, 34_254_00, True),
    "ads": (315, 33_322_50, True),
    "clause": (264, 28_374_00, True),
    "stalls": (285, 30_522_00, False),
    "0": (338, 35_549_50, True),
    "1": (322, 32_712_50, True),
    "2": (305, 32_627_50, True),
    "3": (285, 28_798_00, True),
    "4": (264, 28_446_50, True),
    "5": (235, 25_409_00, True),
    "6": (211, 21_098_50, False),
    "7": (157, 15_702_00, False),
    "8": (99, 10_050_00, False),
}


def test_the_meeting_ends_with_a_budget_in_force_and_a_count_that_two_programs_recompute(
    meeting: PlayedMonth,
) -> None:
    assert meeting.holds, meeting.log
    assert "recomputed the count with trustprop verify-vote: All of it holds." in meeting.log
    assert "recomputed the count with verify_vote.py: All of it holds." in meeting.log
    for name in ("notice", "agenda", "certificate", "decisions"):
        for lang in ("zh", "en"):
            assert (meeting.out / f"meeting-{name}-{lang}.pdf").read_bytes().startswith(b"%PDF")


def test_every_figure_is_the_one_worked_out_by_hand(meeting: PlayedMonth) -> None:
    ids = meeting.stage.ids
    names = {ids[f"motion/{motion.key}"]: motion.key for motion in agenda.MOTIONS}
    names |= {ids[f"candidate/{number}"]: str(number) for number in range(agenda.CANDIDATES)}
    found = {}
    for result in ids["counted"]["results"]:
        assert weight(result["reading"]["participating"]) == TAKING_PART
        assert weight(result["total"]) == (563, 59_220_00)
        assert (weight(result["invalid"]), weight(result["held"])) == ((7, 663_50), (1, 89_50))
        assert not result["needs_legal_review"]
        name = names[result["candidate_id"] or result["question_id"]]
        found[name] = (*weight(result["in_favour"]), result["is_passed"])
    assert found == BY_HAND
    (seat,) = ids["counted"]["seats"]
    assert seat["elected"] == [ids[f"candidate/{number}"] for number in range(6)]
    assert seat["open_seats"] == 1


def test_plain_addition_over_the_owners_gives_the_same(meeting: PlayedMonth) -> None:
    """Who cast what is known to the story alone; no rule of the service is asked."""
    electorate: Electorate = meeting.stage.ids["electorate"]
    out = [head for flaw in OUT for head in electorate.flaws[flaw]]
    counted = [head for head in electorate.voters if head not in out]
    assert len(electorate.voters) == 420
    assert summed(counted) == TAKING_PART
    for name, (*expected, _) in BY_HAND.items():
        assert summed(head for head in counted if head.choices[name] == "for") == tuple(expected)


def test_what_a_volunteer_reads(meeting: PlayedMonth) -> None:
    assert "\n".join(table(meeting)) + "\n" == TABLE.read_text(encoding="utf-8")


def test_januarys_order_stands_in_the_books_under_the_new_budget(meeting: PlayedMonth) -> None:
    assert "\n".join(order(meeting)) + "\n" == ORDER.read_text(encoding="utf-8")


async def test_every_integrity_query_returns_no_rows(
    meeting: PlayedMonth, meeting_url: str
) -> None:
    assert meeting.holds
    owner = await asyncpg.connect(meeting_url)
    found = await checks.run(owner)
    await owner.close()
    assert {name for name in found if name.startswith(("votes:", "meetings:"))}
    assert {name: rows for name, rows in found.items() if rows} == {}


def test_a_changed_slip_is_found_by_both_programs(meeting: PlayedMonth, tmp_path: Path) -> None:
    """One vote against the stalls becomes a vote for them, in the file that everybody downloads."""
    document = json.loads((meeting.out / "vote.json").read_bytes())
    stalls = meeting.stage.ids["motion/stalls"]
    slip = next(
        one
        for one in document["slips"]
        if (one["question_id"], one["choice"]) == (stalls, "against")
    )
    slip["choice"] = "for"
    forged = tmp_path / "vote.json"
    forged.write_text(
        json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    )
    script = Path(__file__).parents[2] / "scripts" / "verify_vote.py"
    for command in (
        [sys.executable, "-m", "trustprop", "verify-vote"],
        [sys.executable, str(script)],
    ):
        checked = subprocess.run([*command, str(forged)], capture_output=True, check=False)
        assert checked.returncode == 1, checked.stdout


def summed(heads: Iterable[Head]) -> tuple[int, int]:
    areas = [sum(home.area_dm2 for home in head.homes) for head in heads]
    return len(areas), sum(areas)


def weight(found: dict[str, Any]) -> tuple[int, int]:
    return found["heads"], found["area_dm2"]


def table(meeting: PlayedMonth) -> list[str]:
    """Motions and candidates with their figures, as they are posted."""
    ids = meeting.stage.ids
    electorate: Electorate = ids["electorate"]
    names = {ids[f"motion/{motion.key}"]: motion.title for motion in agenda.MOTIONS}
    names |= {
        ids[f"candidate/{number}"]: f"候选人 {head.owners[0].name}"
        for number, head in enumerate(electorate.candidates)
    }
    lines = [f"{wide('议题', 32)}{'参与':>21}{'同意':>20}{'反对':>20}{'弃权':>20}  须 / 结果"]
    needed = {one["question_id"]: one["majority"] for one in questions(meeting)}
    for result in ids["counted"]["results"]:
        parts = (result["in_favour"], result["against"], result["abstaining"])
        figures = "".join(shown(one) for one in (result["reading"]["participating"], *parts))
        name = names[result["candidate_id"] or result["question_id"]]
        words = ("当选", "未当选") if result["candidate_id"] else ("通过", "未通过")
        class_of = "四分之三" if needed[result["question_id"]] == "special" else "过半数"
        outcome = words[0] if result["is_passed"] else words[1]
        lines.append(f"{wide(name, 32)}{figures}  {wide(class_of, 8)}  {outcome}")
    return lines


def questions(meeting: PlayedMonth) -> list[dict[str, Any]]:
    document = json.loads((meeting.out / "vote.json").read_bytes())
    found: list[dict[str, Any]] = document["head"]["questions"]
    return found


def shown(found: dict[str, int]) -> str:
    return f"{found['heads']:>6} 人{found['area_dm2'] / 100:>12,.2f} ㎡"


def order(meeting: PlayedMonth) -> list[str]:
    """The entry, and what its budget line has left."""
    stage = meeting.stage
    found = stage.supervisor.everything("/entries")
    entry = next(one for one in found if one["entry_id"] == stage.ids["january"])
    lines = [f"{entry['accounting_on']}  {entry['memo']}"]
    for line in entry["lines"]:
        side = "借" if line["side"] == "debit" else "贷"
        place = wide(f"{line['account']}/{line['fund']}", 14)
        lines.append(f"            {side} {place}{line['amount_fen'] / 100:>14,.2f}")
    lines.append("")
    budget = stage.supervisor.get(f"/budgets/{stage.ids['budget/2026']}/availability")
    for one in budget["data"]:
        if one["actual_fen"]:
            name = wide(f"{one['code']} {one['title']}", 26)
            figures = (one["appropriated_fen"], one["actual_fen"], one["available_fen"])
            planned, used, left = (f"{fen / 100:>12,.2f}" for fen in figures)
            lines += [f"{name}预算 {planned}  已用 {used}  可用 {left}"]
    return lines
