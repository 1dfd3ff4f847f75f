"""The next version of a text, and what two versions say otherwise."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import compounds as make
from tests.make.ground import new_id
from trustprop.compounds import rules
from trustprop.compounds.model import (
    ChangeKind,
    Clause,
    ClauseChange,
    GoverningText,
    TextKind,
    Words,
)
from trustprop.compounds.rules.versions import LONGEST_COMPARED, compare
from trustprop.kernel.errors import FieldsInvalid

FROM = date(2025, 10, 1)


def clauses(*codes: str) -> tuple[Clause, ...]:
    return tuple(Clause(code=code, body=f"第{code}条") for code in codes)


def version(*held: Clause, number: int = 1, kind: TextKind = TextKind.COVENANT) -> GoverningText:
    return rules.as_text(make.text(*held, kind=kind), number, new_id())


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (["1", "2", "10"], ClauseChange(code="9", body="新"), ["1", "2", "9", "10"]),
        (["1", "2"], ClauseChange(code="3", body="新"), ["1", "2", "3"]),
        (["2", "3"], ClauseChange(code="1", body="新"), ["1", "2", "3"]),
        (["9.1", "9.10"], ClauseChange(code="9.2", body="新"), ["9.1", "9.2", "9.10"]),
        (["1", "2", "3"], ClauseChange(code="2", body="新"), ["1", "2", "3"]),
        (["1", "2", "3"], ClauseChange(code="2"), ["1", "3"]),
    ],
)
def test_a_change_keeps_the_clauses_in_order(
    before: list[str], change: ClauseChange, after: list[str]
) -> None:
    made = rules.amended_clauses(clauses(*before), [change])
    assert [clause.code for clause in made] == after
    if change.body is not None:
        assert Clause(code=change.code, body=change.body) in made


def test_a_clause_reads_as_the_change_says_so_its_limit_goes_when_it_names_none() -> None:
    held = make.clause("virement_percent", 10)
    (made,) = rules.amended_clauses([held], [ClauseChange(code=held.code, body="不设限额。")])
    assert made == Clause(code=held.code, body="不设限额。")


def test_the_next_version_is_of_the_same_kind_and_title() -> None:
    text = version(*clauses("1"))
    text_id = new_id()
    draft = rules.amended(
        text, [ClauseChange(code="2", body="新")], text_id=text_id, effective_from=FROM
    )
    assert (draft.kind, draft.title) == (text.kind, text.title)
    assert (draft.text_id, draft.effective_from) == (text_id, FROM)
    assert len(draft.clauses) == 2


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ([ClauseChange(code="7")], ("/changes/0/code", "clause-missing")),
        (
            [ClauseChange(code="1", body="甲"), ClauseChange(code="1", body="乙")],
            ("/changes/1/code", "twice"),
        ),
        ([ClauseChange(code="1")], ("/changes", "empty")),
    ],
)
def test_wrong_changes_are_named(changes: list[ClauseChange], found: tuple[str, str]) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        rules.amended_clauses(clauses("1"), changes)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [found]


def test_a_difference_names_every_clause_that_is_not_the_same() -> None:
    before = version(*clauses("1", "2", "3"))
    limited = Clause(code="3", body="第3条", limit_name="virement_percent", limit_value=5)
    after = version(clauses("1")[0], limited, *clauses("10"), number=2)
    found = rules.text_difference(before, after)
    assert [(one.code, one.kind) for one in found.clauses] == [
        ("2", ChangeKind.REMOVED),
        ("3", ChangeKind.CHANGED),
        ("10", ChangeKind.ADDED),
    ]
    assert found.clauses[1].after == limited
    assert [word.kind for word in found.clauses[1].words] == [ChangeKind.KEPT]
    assert (found.from_version, found.version) == (1, 2)


def test_a_first_version_is_all_new() -> None:
    found = rules.difference(None, make.text(*clauses("1", "2")))
    assert [one.kind for one in found] == [ChangeKind.ADDED, ChangeKind.ADDED]


def test_texts_of_two_kinds_are_not_compared() -> None:
    with pytest.raises(rules.TextsOfTwoKinds):
        rules.text_difference(
            version(*clauses("1")), version(*clauses("1"), kind=TextKind.RULES_OF_PROCEDURE)
        )


def test_numbers_change_as_a_whole_and_characters_one_by_one() -> None:
    assert compare("每月物业费 280 分", "每月服务费 300 分") == (
        Words(kind=ChangeKind.KEPT, text="每月"),
        Words(kind=ChangeKind.REMOVED, text="物业"),
        Words(kind=ChangeKind.ADDED, text="服务"),
        Words(kind=ChangeKind.KEPT, text="费 "),
        Words(kind=ChangeKind.REMOVED, text="280"),
        Words(kind=ChangeKind.ADDED, text="300"),
        Words(kind=ChangeKind.KEPT, text=" 分"),
    )


def test_very_long_bodies_are_shown_as_replaced() -> None:
    size = int(LONGEST_COMPARED**0.5) + 1
    found = compare("甲" * size, "乙" * size)
    assert [word.kind for word in found] == [ChangeKind.REMOVED, ChangeKind.ADDED]


BODIES = st.text(alphabet="物业费 0123ab。\n", max_size=40)


@given(BODIES, BODIES)
def test_a_difference_holds_both_versions_whole(before: str, after: str) -> None:
    found = compare(before, after)

    def read(leaving_out: ChangeKind) -> str:
        return "".join(word.text for word in found if word.kind is not leaving_out)

    assert read(ChangeKind.ADDED) == before
    assert read(ChangeKind.REMOVED) == after
    assert all(word.text for word in found)
