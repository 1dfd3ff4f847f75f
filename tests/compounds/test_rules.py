"""Counting, importing, mandates, founding and limits without a database."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import compounds as make
from tests.make.ground import new_id
from trustprop.compounds import rules, store
from trustprop.compounds.model import (
    Clause,
    CompoundState,
    Firm,
    Home,
    Owner,
    OwnerKind,
    RemunerationBasis,
    RemunerationKind,
    RemunerationRule,
    Scope,
    SourceKind,
    TextKind,
)
from trustprop.compounds.rules.homes import COLUMNS, is_identity
from trustprop.kernel.caller import Office
from trustprop.kernel.errors import FieldsInvalid

ON = date(2025, 9, 15)
DEVELOPER = UUID(int=99)
A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


# Heads


@pytest.mark.parametrize(
    ("homes", "heads"),
    [
        ([[A]], 1),
        ([[A], [B]], 2),
        ([[A], [A], [A]], 1),
        ([[A], [A, B]], 2),
        ([[A, B], [B, A]], 1),
        ([[A, B], [A, C], [B, C]], 3),
        ([[DEVELOPER], [DEVELOPER]], 1),
        ([[DEVELOPER], [A]], 2),
    ],
)
def test_heads_are_sets_of_registered_owners(homes: list[list[UUID]], heads: int) -> None:
    held = [make.home(*owners, number=str(i)) for i, owners in enumerate(homes)]
    assert rules.count_heads(held, frozenset({DEVELOPER}), ON) == heads


def test_sold_but_undelivered_homes_count_with_the_unsold_ones_as_one_head() -> None:
    homes = [
        make.home(DEVELOPER),
        make.home(A, delivered_on=None),
        make.home(B, delivered_on=ON + timedelta(days=1)),
        make.home(C, delivered_on=ON),
    ]
    assert rules.count_heads(homes, frozenset({DEVELOPER}), ON) == 2


@st.composite
def estates(draw: st.DrawFn) -> list[Home]:
    owners = [UUID(int=i) for i in range(1, 8)]
    groups = draw(st.lists(st.sets(st.sampled_from(owners), min_size=1, max_size=3), max_size=30))
    return [
        make.home(*group, number=str(i), delivered_on=draw(st.sampled_from([None, ON])))
        for i, group in enumerate(groups)
    ]


@given(estates())
def test_heads_never_exceed_homes_and_area_is_never_merged(homes: list[Home]) -> None:
    ids = {owner_id for home in homes for owner_id in home.owner_ids}
    owners = {
        i: Owner(owner_id=i, kind=OwnerKind.PERSON, name="某人", identity_commitment=b"")
        for i in ids
    }
    roll = rules.draw_roll(homes, owners, ON, Scope())
    assert roll.count.heads == rules.count_heads(homes, frozenset(), ON) <= len(homes)
    assert roll.count.area_dm2 == sum(home.area_dm2 for home in homes)
    assert {entry.head for entry in roll.entries} == set(range(1, roll.count.heads + 1))


@given(estates(), st.randoms())
def test_the_order_of_the_list_changes_no_count(homes: list[Home], dice: object) -> None:
    shuffled = list(homes)
    dice.shuffle(shuffled)
    assert rules.count_heads(homes, frozenset(), ON) == rules.count_heads(shuffled, frozenset(), ON)


def test_the_roll_masks_people_and_names_firms() -> None:
    owners = {
        A: Owner(owner_id=A, kind=OwnerKind.PERSON, name="王小明", identity_commitment=b""),
        B: Owner(owner_id=B, kind=OwnerKind.ORGANISATION, name="示例公司", identity_commitment=b""),
    }
    roll = rules.draw_roll([make.home(A, B)], owners, ON, Scope())
    assert roll.entries[0].owners == ("王**", "示例公司")


# Reading the CSV


def read(*rows: str, heading: str = make.HEADING) -> list[tuple[str, str]]:
    """Where and what is wrong."""
    _, errors = rules.read_homes(make.homes_csv(*rows, heading=heading))
    return [(error.pointer, error.code) for error in errors]


def test_a_good_file_reads_whole_in_either_encoding_and_either_language() -> None:
    heading = ",".join(COLUMNS.values())
    body = make.row(owner=1, name="王小明").replace("registered", "登记").replace("person", "个人")
    content = f"{heading}\n{body}\n\n".encode()
    for encoded in (content, b"\xef\xbb\xbf" + content, content.decode().encode("gb18030")):
        (row,), errors = rules.read_homes(encoded)
        assert errors == []
        assert (row.area_dm2, row.owner_name, row.line) == (8950, "王小明", 2)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"area": "0"}, ("/lines/2/area_m2", "area")),
        ({"area": "-1"}, ("/lines/2/area_m2", "area")),
        ({"area": "89.505"}, ("/lines/2/area_m2", "area")),
        ({"area": "1e3x"}, ("/lines/2/area_m2", "area")),
        ({"area": "999999999"}, ("/lines/2/area_m2", "area")),
        ({"number": ""}, ("/lines/2/number", "missing")),
        ({"building": " "}, ("/lines/2/building", "missing")),
        ({"delivered_on": "2025-02-30"}, ("/lines/2/delivered_on", "date")),
        ({"kind": "tenant"}, ("/lines/2/owner_kind", "owner-kind")),
        ({"name": " "}, ("/lines/2/owner_name", "missing")),
        ({"name": "王\x00明"}, ("/lines/2/owner_name", "unprintable")),
        ({"number": "1" * 41}, ("/lines/2/number", "missing")),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(changes: dict, wrong: tuple[str, str]) -> None:
    assert read(make.row(**changes)) == [wrong]


def test_every_bad_row_is_named_and_good_ones_are_not() -> None:
    found = read(
        make.row(area="x", building=""), make.row("102", owner=2), make.row("103", name=" ")
    )
    assert found == [
        ("/lines/2/building", "missing"),
        ("/lines/2/area_m2", "area"),
        ("/lines/4/owner_name", "missing"),
    ]


def test_rows_that_contradict_each_other_are_named() -> None:
    found = read(
        make.row("101", owner=1),
        make.row("101", owner=1),
        make.row("101", owner=2, area="90.00"),
        make.row("102", owner=2, name="别名"),
    )
    assert found == [
        ("/lines/3/number", "twice"),
        ("/lines/4/number", "contradiction"),
        ("/lines/5/identity_number", "name-differs"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "column-missing"),
        (b"\xff\xfe\x00\x01\x81", "encoding"),
        (make.HEADING.encode() + b"\n" + b'"' + b"x" * 200_000, "unreadable"),
        ((make.HEADING + ",number").encode(), "column-missing"),
    ],
    ids=["empty", "binary", "endless cell", "column twice"],
)
def test_what_is_no_list_of_homes_is_refused_at_once(content: bytes, code: str) -> None:
    with pytest.raises(rules.HomesNotImported) as refused:
        rules.read_homes(content)
    assert code in {error.code for error in refused.value.errors}


def test_a_file_without_homes_says_so() -> None:
    assert read() == [("/lines/1/number", "empty")]


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    try:
        rows, errors = rules.read_homes(make.HEADING.encode() + b"\n" + content)
    except rules.HomesNotImported as refused:
        rows, errors = (), list(refused.errors)
    assert rows or errors


@pytest.mark.parametrize(
    ("kind", "number", "is_right"),
    [
        (OwnerKind.PERSON, make.identity_number(1), True),
        (OwnerKind.PERSON, make.identity_number(1)[:-1] + "?", False),
        (OwnerKind.PERSON, "999999199913011234", False),
        (OwnerKind.PERSON, "E12345678", True),
        (OwnerKind.PERSON, "12345678", True),
        (OwnerKind.PERSON, "1234567", False),
        (OwnerKind.ORGANISATION, make.credit_code(3), True),
        (OwnerKind.DEVELOPER, make.identity_number(1), False),
    ],
)
def test_identity_numbers_are_checked_by_kind(
    kind: OwnerKind, number: str, *, is_right: bool
) -> None:
    assert is_identity(kind, number) is is_right


def test_the_same_number_commits_to_the_same_value_whatever_its_spaces() -> None:
    one = rules.commitment(make.SALT, "e 1234 5678")
    assert one == rules.commitment(make.SALT, "E12345678")
    assert one != rules.commitment(bytes(32), "E12345678")


# Mandates


@pytest.mark.parametrize(
    ("one", "other", "first", "refused"),
    [
        (Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER, date(2026, 1, 1), True),
        (Office.TRUSTEE_BOOKKEEPER, Office.SUPERVISOR, date(2026, 1, 1), True),
        (Office.COMMITTEE_MEMBER, Office.COMMITTEE_DIRECTOR, date(2026, 1, 1), False),
        (Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER, make.TERM_ENDS, True),
        (
            Office.TRUSTEE_MANAGER,
            Office.COMMITTEE_MEMBER,
            make.TERM_ENDS + timedelta(days=1),
            False,
        ),
    ],
)
def test_sides_may_follow_but_never_overlap(
    one: Office, other: Office, first: date, *, refused: bool
) -> None:
    held = make.term(one)
    wanted = make.term(
        other, person_id=held.person_id, valid_from=first, valid_until=date(2028, 6, 30)
    )
    if refused:
        with pytest.raises(rules.BothSides):
            rules.check_one_side(wanted, [held])
    else:
        rules.check_one_side(wanted, [held])


def test_an_ended_mandate_frees_its_holder_for_the_other_side() -> None:
    held = make.term(ended_on=date(2025, 6, 1))
    rules.check_one_side(
        make.term(Office.COMMITTEE_MEMBER, person_id=held.person_id, valid_from=date(2025, 6, 1)),
        [held],
    )


@pytest.mark.parametrize("days", [-1, 5 * 366 + 1])
def test_a_term_begins_before_it_ends_and_is_not_for_ever(days: int) -> None:
    wanted = make.appointment(valid_until=make.FOUNDED + timedelta(days=days))
    with pytest.raises(rules.MandateTermWrong):
        rules.check_appointment(wanted, [], new_id())


def test_a_term_at_the_end_of_all_calendars_is_a_typing_error() -> None:
    last = date.max
    wanted = make.appointment(valid_from=last - timedelta(days=1), valid_until=last)
    with pytest.raises(rules.MandateTermWrong):
        rules.check_appointment(wanted, [], new_id())


# Founding


NATIONAL = store.profile("national")


def founding_errors(**changes: object) -> list[tuple[str, str]]:
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_founding(make.compound(), make.founding(**changes), NATIONAL)
    return [(error.pointer, error.code) for error in refused.value.errors]


def test_a_complete_founding_is_accepted_once() -> None:
    rules.check_founding(make.compound(), make.founding(), NATIONAL)
    with pytest.raises(rules.AlreadyFounded):
        rules.check_founding(make.compound(state=CompoundState.OPEN), make.founding(), NATIONAL)


def test_a_founding_names_all_that_is_wrong_at_once() -> None:
    person_id, key_id = new_id(), "ab" * 32
    assert founding_errors(
        trustee=Firm(name="示例物业", credit_code="91999999000000001X", address="示例路"),
        ends_on=make.FOUNDED,
        mandates=(
            make.appointment(person_id=person_id, key_id=key_id),
            make.appointment(Office.SUPERVISOR, person_id=person_id),
            make.appointment(key_id=key_id),
        ),
    ) == [
        ("/trustee/credit_code", "credit-code"),
        ("/ends_on", "term"),
        ("/mandates/1/person_id", "both-sides"),
        ("/mandates/2/key_id", "twice"),
        ("/mandates", "side-missing"),
    ]


def test_nobody_founds_a_compound_alone_and_who_signs_needs_a_key() -> None:
    manager = make.appointment(key_id=None)
    assert founding_errors(mandates=(manager, make.appointment(Office.AUDITOR))) == [
        ("/mandates/0/key_id", "missing"),
        ("/mandates", "side-missing"),
    ]


@pytest.mark.parametrize(
    ("rule", "pointers"),
    [
        (RemunerationRule(kind=RemunerationKind.FIXED), ["fixed_fen_per_month"]),
        (
            RemunerationRule(kind=RemunerationKind.PERCENT, fixed_fen_per_month=1),
            ["fixed_fen_per_month", "rate_basis_points", "basis"],
        ),
        (
            RemunerationRule(
                kind=RemunerationKind.FIXED,
                fixed_fen_per_month=1,
                basis=RemunerationBasis.COLLECTED,
            ),
            ["basis"],
        ),
    ],
)
def test_remuneration_is_either_fixed_or_a_percentage(
    rule: RemunerationRule, pointers: list[str]
) -> None:
    found = founding_errors(remuneration=rule)
    assert found == [(f"/remuneration/{name}", "remuneration") for name in pointers]


def test_two_texts_of_one_kind_are_not_founded_together() -> None:
    assert founding_errors(texts=(make.text(), make.text())) == [("/texts/1/kind", "twice")]


# Limits


@pytest.mark.parametrize("name", sorted(store.profile_names()))
def test_every_profile_names_every_limit_with_a_source_and_keeps_its_own_bounds(name: str) -> None:
    limits = rules.resolve(store.profile(name), [])
    assert limits.meeting_notice_days.value >= 15
    for limit in store.profile(name).values():
        assert limit.source.citation
        assert (limit.floor is None and limit.ceiling is None) == (limit.bound_by == "")
        assert limit.floor is None or limit.value >= limit.floor
        assert limit.ceiling is None or limit.value <= limit.ceiling


@pytest.mark.parametrize(
    ("profile", "clause", "refused"),
    [
        ("national", make.clause("meeting_notice_days", 14), True),
        ("national", make.clause("meeting_notice_days", 20), False),
        ("national", make.clause("special_majority_reconstruct", 0), True),
        ("national", make.clause("special_majority_fee", 1), False),
        ("national", make.clause("audit_posting_days", 20), False),
        ("shanghai", make.clause("audit_posting_days", 20), True),
        ("beijing", make.clause("decision_posting_days", 4), True),
        ("hangzhou", make.clause("objection_days", 14), True),
        ("hangzhou", make.clause("public_revenue_every_months", 7), True),
        ("national", make.clause("no_such_limit", 1), True),
        ("national", Clause(code="1", body="空", limit_name="virement_percent"), True),
        ("national", Clause(code="1", body="空", limit_value=5), True),
    ],
)
def test_a_clause_cannot_weaken_the_law_of_its_place(
    profile: str, clause: Clause, *, refused: bool
) -> None:
    text = make.text(clause, kind=TextKind.COVENANT)
    if refused:
        with pytest.raises(FieldsInvalid):
            rules.check_text(text, store.profile(profile))
    else:
        rules.check_text(text, store.profile(profile))


def test_a_clause_that_the_law_has_overtaken_gives_way_to_the_law() -> None:
    stricter = dict(NATIONAL)
    stricter["audit_posting_days"] = replace(
        NATIONAL["audit_posting_days"], floor=30, bound_by="新法 1"
    )
    limits = rules.resolve(
        stricter, [(new_id(), "管理规约", make.clause("audit_posting_days", 20))]
    )
    assert limits.audit_posting_days.value == 30
    assert limits.audit_posting_days.source.kind is SourceKind.STATUTE
    assert limits.audit_posting_days.source.citation == "新法 1"


def test_of_two_clauses_about_one_limit_the_later_text_wins() -> None:
    first, second = (
        make.clause("virement_percent", 10),
        make.clause("virement_percent", 5, code="7"),
    )
    limits = rules.resolve(NATIONAL, [(A, "甲", first), (B, "乙", second)])
    assert limits.virement_percent.value == 5
    assert limits.virement_percent.source.citation == "《乙》 7"


def test_a_text_sets_each_limit_once_and_numbers_each_clause_once() -> None:
    text = make.text(make.clause("virement_percent", 5), make.clause("virement_percent", 6))
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_text(text, NATIONAL)
    assert [error.pointer for error in refused.value.errors] == [
        "/clauses/1/code",
        "/clauses/1/limit_name",
    ]
