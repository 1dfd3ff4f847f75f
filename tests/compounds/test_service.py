"""Compounds against a real database: import, roll, mandates, founding, limits."""

import asyncio
from datetime import date, timedelta

import asyncpg
import pytest
from msgspec.structs import replace

from tests.make import compounds as make
from tests.make.ground import make_caller, new_id
from trustprop.compounds import rules, service, store
from trustprop.compounds.model import (
    CompoundState,
    EnrolResident,
    Invite,
    MandateEnd,
    NewOwner,
    OwnerKind,
    ResidentKind,
    Scope,
    SourceKind,
    TextKind,
    TransferHome,
)
from trustprop.kernel.caller import Caller, Office, Party, ScopeNeeded
from trustprop.kernel.errors import Missing
from trustprop.plumbing.database import Database, Tx

ON = date(2025, 9, 15)
LISTED = date(2025, 1, 1)


@pytest.fixture
def operator(caller: Caller) -> Caller:
    return replace(caller, mandates=(), person_id=None, scopes=frozenset({"operator"}))


async def test_the_compound_of_600_homes_has_563_heads_and_all_its_area(
    tx: Tx, caller: Caller
) -> None:
    await make.add_compound(tx, caller)
    imported = await service.import_homes(tx, caller, make.compound_k(), LISTED)
    count = await service.head_count(tx, caller.compound_id, ON)
    assert (imported.homes, imported.owners) == (600, 563)
    assert (count.homes, count.heads, count.area_dm2) == (600, 563, 5_922_000)


async def test_a_building_is_counted_in_its_own_scope(tx: Tx, caller: Caller) -> None:
    await make.add_compound(tx, caller)
    await service.import_homes(tx, caller, make.compound_k(), LISTED)
    whole = await service.homes(tx, caller.compound_id)
    count = await service.head_count(tx, caller.compound_id, ON, Scope(building="7"))
    assert count.homes == 50
    assert count.area_dm2 == sum(home.area_dm2 for home in whole if home.building == "7")


async def test_importing_the_same_file_again_changes_nothing(tx: Tx, caller: Caller) -> None:
    await make.add_compound(tx, caller)
    content = make.homes_csv(make.row("101"), make.row("102", owner=2), make.row("102", owner=3))
    await service.import_homes(tx, caller, content, LISTED)
    before = await service.homes(tx, caller.compound_id)
    again = await service.import_homes(tx, caller, content, ON)
    assert (again.homes, again.owners, again.unchanged) == (0, 0, 2)
    assert await service.homes(tx, caller.compound_id) == before


async def test_every_bad_row_is_named_at_once_and_nothing_is_imported(
    tx: Tx, caller: Caller
) -> None:
    await make.add_compound(tx, caller)
    first = make.homes_csv(make.row("101"), make.row("102", owner=2))
    await service.import_homes(tx, caller, first, LISTED)
    bad = make.homes_csv(
        make.row("201", owner=3, area="x"),
        make.row("101", area="90.00"),
        make.row("301", owner=2, name="别名"),
        make.row("401", owner=4),
    )
    with pytest.raises(rules.HomesNotImported) as refused:
        await service.import_homes(tx, caller, bad, ON)
    assert refused.value.bad_rows == 3
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/lines/2/area_m2", "area"),
        ("/lines/3/number", "home-differs"),
        ("/lines/4/identity_number", "name-differs"),
    ]
    assert len(await service.homes(tx, caller.compound_id)) == 2


async def test_identity_numbers_rest_only_as_salted_commitments(tx: Tx, caller: Caller) -> None:
    await make.add_compound(tx, caller)
    await service.import_homes(tx, caller, make.homes_csv(make.row("101")), LISTED)
    (owner,) = (await service.owners(tx, caller.compound_id)).values()
    assert owner.identity_commitment == rules.commitment(make.SALT, make.identity_number(1))
    assert owner.identity_commitment != rules.commitment(bytes(32), make.identity_number(1))
    dump = await tx.raw.fetchval("SELECT string_agg(owner::text, '') FROM owner")
    assert make.identity_number(1) not in dump


async def test_a_transfer_leaves_the_roll_of_an_earlier_record_date_alone(
    tx: Tx, caller: Caller
) -> None:
    await make.add_compound(tx, caller)
    content = make.homes_csv(make.row("101", owner=1), make.row("102", owner=2))
    await service.import_homes(tx, caller, content, LISTED)
    home = (await service.homes(tx, caller.compound_id))[0]
    buyer = NewOwner(kind=OwnerKind.PERSON, name="业主2", identity_number=make.identity_number(2))
    moved = await service.transfer_home(
        tx, caller, home.home_id, TransferHome(since_on=date(2025, 9, 1), owners=(buyer,))
    )
    assert moved.owner_ids != home.owner_ids
    assert (await service.head_count(tx, caller.compound_id, date(2025, 8, 31))).heads == 2
    assert (await service.head_count(tx, caller.compound_id, date(2025, 9, 1))).heads == 1


async def test_a_sold_home_counts_with_the_developer_until_it_is_delivered(
    tx: Tx, caller: Caller
) -> None:
    await make.add_compound(tx, caller)
    rows = [make.row("101", kind="developer"), make.row("102", owner=2, delivered_on="2025-10-01")]
    await service.import_homes(tx, caller, make.homes_csv(*rows), LISTED)
    assert (await service.head_count(tx, caller.compound_id, date(2025, 9, 30))).heads == 1
    assert (await service.head_count(tx, caller.compound_id, date(2025, 10, 1))).heads == 2


async def test_a_home_is_handed_over_once_and_never_in_the_past(tx: Tx, caller: Caller) -> None:
    await make.add_compound(tx, caller)
    rows = [make.row("101", kind="developer", delivered_on=""), make.row("102", owner=2)]
    await service.import_homes(tx, caller, make.homes_csv(*rows), LISTED)
    sold, other = await service.homes(tx, caller.compound_id)
    buyer = NewOwner(kind=OwnerKind.PERSON, name="业主3", identity_number=make.identity_number(3))
    sale = TransferHome(since_on=date(2025, 8, 1), owners=(buyer,), delivered_on=date(2025, 9, 1))
    early = replace(sale, delivered_on=date(2025, 7, 1))
    for home_id, wrong in ((sold.home_id, early), (other.home_id, sale)):
        with pytest.raises(rules.DeliveryWrong):
            await service.transfer_home(tx, caller, home_id, wrong)
    moved = await service.transfer_home(tx, caller, sold.home_id, sale)
    assert moved.delivered_on == date(2025, 9, 1)
    assert await service.transfer_home(tx, caller, sold.home_id, sale) == moved
    later = replace(sale, delivered_on=date(2025, 9, 2))
    with pytest.raises(rules.DeliveryWrong):
        await service.transfer_home(tx, caller, sold.home_id, later)


async def test_the_operator_imports_only_until_the_compound_is_founded(
    tx: Tx, caller: Caller, operator: Caller
) -> None:
    await make.found_compound(tx, caller)
    with pytest.raises(rules.AlreadyFounded):
        await service.import_homes(tx, operator, make.homes_csv(make.row()), LISTED)


async def test_a_key_without_the_scope_imports_nothing(tx: Tx, caller: Caller) -> None:
    machine = make_caller(compound_id=caller.compound_id, scopes=("invoices:write",))
    with pytest.raises(ScopeNeeded):
        await service.import_homes(tx, machine, make.homes_csv(make.row()), LISTED)


async def test_creating_the_same_compound_twice_is_success_and_another_content_a_conflict(
    database: Database, operator: Caller
) -> None:
    command = make.create_command()
    there = replace(operator, compound_id=command.id)
    async with database.begin(there, dry_run=True) as tx:
        first = await service.create(tx, there, command, make.SALT)
        assert await service.create(tx, there, command, bytes(32)) == first
        assert await store.salt(tx, command.id) == make.SALT
        with pytest.raises(rules.CompoundDiffers):
            await service.create(tx, there, replace(command, name="另一个"), make.SALT)


async def test_founding_opens_the_compound_with_its_mandates_and_texts(
    tx: Tx, caller: Caller
) -> None:
    founding = await make.found_compound(tx, caller)
    compound = await service.find(tx, caller.compound_id)
    instrument = await service.trust_instrument(tx, caller.compound_id, ON)
    assert compound.state is CompoundState.OPEN
    assert instrument is not None
    assert instrument.trustee == founding.trustee
    assert instrument.remuneration == founding.remuneration
    manager = founding.mandates[0]
    held = await service.mandates_of(tx, caller.compound_id, manager.person_id, ON)
    assert [mandate.office for mandate in held] == [Office.TRUSTEE_MANAGER]
    with pytest.raises(rules.AlreadyFounded):
        await service.found(tx, caller, make.founding(), new_id())


async def test_a_mandate_is_in_force_for_its_own_party_and_term_only(
    tx: Tx, caller: Caller
) -> None:
    founding = await make.found_compound(tx, caller)
    director = founding.mandates[1]

    async def in_force(party: Party, on: date) -> bool:
        found = await service.mandate_in_force(
            tx, caller.compound_id, director.person_id, party, on
        )
        return found is not None

    assert await in_force(Party.OWNERS, director.valid_from)
    assert await in_force(Party.OWNERS, director.valid_until)
    assert not await in_force(Party.OWNERS, director.valid_until + timedelta(days=1))
    assert not await in_force(Party.OWNERS, director.valid_from - timedelta(days=1))
    assert not await in_force(Party.TRUSTEE, ON)


async def test_an_ended_mandate_is_over_on_the_day_it_ends(tx: Tx, caller: Caller) -> None:
    founding = await make.found_compound(tx, caller)
    manager = founding.mandates[0]
    ending = MandateEnd(mandate_id=manager.mandate_id, ended_on=date(2025, 1, 1), reason="离职")
    ended = await service.end_mandate(tx, caller, ending)
    assert ended.ended_on == ON, "an ending in the past would unmake signatures"
    assert await service.mandates_of(
        tx, caller.compound_id, manager.person_id, ON - timedelta(days=1)
    )
    assert not await service.mandates_of(tx, caller.compound_id, manager.person_id, ON)
    with pytest.raises(rules.MandateEnded):
        await service.end_mandate(tx, caller, ending)


async def test_one_person_never_stands_on_two_sides_at_once(tx: Tx, caller: Caller) -> None:
    founding = await make.found_compound(tx, caller)
    manager = founding.mandates[0]
    with pytest.raises(rules.BothSides):
        await service.appoint(
            tx,
            caller,
            make.appointment(Office.COMMITTEE_MEMBER, person_id=manager.person_id),
            new_id(),
        )


@pytest.mark.parametrize(
    ("office", "valid_from", "refused"),
    [
        (Office.COMMITTEE_MEMBER, date(2025, 6, 1), True),
        (Office.SUPERVISOR, date(2025, 6, 1), True),
        (Office.TRUSTEE_BOOKKEEPER, date(2025, 6, 1), False),
        (Office.COMMITTEE_MEMBER, date(2028, 1, 1), False),
    ],
)
async def test_the_database_itself_refuses_a_second_side(
    tx: Tx, caller: Caller, office: Office, valid_from: date, *, refused: bool
) -> None:
    founding = await make.found_compound(tx, caller)
    second = make.term(
        office,
        person_id=founding.mandates[0].person_id,
        valid_from=valid_from,
        valid_until=date(2028, 12, 31),
    )
    if refused:
        with pytest.raises(rules.BothSides):
            await store.add_mandate(tx, caller.compound_id, second)
    else:
        await store.add_mandate(tx, caller.compound_id, second)


async def test_two_sides_given_to_one_person_at_the_same_instant_leave_one(
    database: Database, caller: Caller
) -> None:
    async with database.begin(caller) as tx:
        await make.found_compound(tx, caller)
    person_id = new_id()

    async def appoint(office: Office) -> bool:
        try:
            async with database.begin(caller) as tx:
                await store.add_mandate(
                    tx, caller.compound_id, make.term(office, person_id=person_id)
                )
        except rules.BothSides:
            return False
        return True

    offices = [Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER] * 5
    made = await asyncio.gather(*(appoint(office) for office in offices))
    async with database.read(caller) as tx:
        held = await service.mandates_of(tx, caller.compound_id, person_id, ON)
    assert len(held) == sum(made) == 5
    assert len({mandate.party for mandate in held}) == 1


async def test_a_clause_sets_a_limit_and_is_named_as_its_source(tx: Tx, caller: Caller) -> None:
    rules_text = make.text(make.clause("large_payment_fen", 5_000_000, code="18"))
    await make.found_compound(tx, caller, rules_text)
    limits = await service.limits(tx, caller.compound_id, ON)
    assert limits.large_payment_fen.value == 5_000_000
    assert limits.large_payment_fen.source.kind is SourceKind.CLAUSE
    assert limits.large_payment_fen.source.text_id == rules_text.text_id
    assert limits.large_payment_fen.source.clause == "18"
    assert limits.meeting_notice_days.source.kind is SourceKind.STATUTE
    assert limits.special_majority["common_part_business"].value == 1


async def test_a_new_version_of_a_text_replaces_the_old_one_from_its_day_on(
    tx: Tx, caller: Caller
) -> None:
    await make.found_compound(tx, caller, make.text(make.clause("virement_percent", 10)))
    later = make.text(make.clause("virement_percent", 5), effective_from=date(2025, 10, 1))
    adopted = await service.adopt_text(tx, caller, later, new_id())
    assert adopted.version == 2
    assert (
        await service.limits(tx, caller.compound_id, date(2025, 9, 30))
    ).virement_percent.value == 10
    assert (
        await service.limits(tx, caller.compound_id, date(2025, 10, 1))
    ).virement_percent.value == 5
    in_effect = await service.texts(tx, caller.compound_id, date(2025, 10, 1))
    assert [text.version for text in in_effect] == [2]
    assert len(await service.texts(tx, caller.compound_id)) == 2


async def test_other_texts_stand_beside_each_other_by_title(tx: Tx, caller: Caller) -> None:
    await make.found_compound(tx, caller)
    for title, name in (("预算规则", "virement_percent"), ("应急规则", "emergency_cap_fen")):
        draft = make.text(make.clause(name, 7), kind=TextKind.OTHER, title=title)
        await service.adopt_text(tx, caller, draft, new_id())
    limits = await service.limits(tx, caller.compound_id, ON)
    assert (limits.virement_percent.value, limits.emergency_cap_fen.value) == (7, 7)


async def test_a_stranger_is_nobody_an_invited_person_and_a_resident_are_somebody(
    tx: Tx, caller: Caller
) -> None:
    founding = await make.found_compound(tx, caller)
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    invited, resident, stranger = new_id(), new_id(), new_id()
    await service.invite(tx, manager, Invite(person_id=invited))
    await service.import_homes(tx, manager, make.homes_csv(make.row()), LISTED)
    (home,) = await service.homes(tx, caller.compound_id)
    await service.enrol_resident(
        tx,
        make_caller(Office.COMMITTEE_MEMBER, compound_id=caller.compound_id),
        EnrolResident(
            person_id=resident, home_id=home.home_id, kind=ResidentKind.OWNER, since_on=LISTED
        ),
    )
    found = {
        person_id: await service.find_access(tx, caller.compound_id, person_id, ON)
        for person_id in (invited, resident, stranger, founding.mandates[0].person_id)
    }
    assert found[stranger] is None
    assert found[invited] is not None
    assert found[invited].mandates == ()
    assert not found[invited].is_resident
    assert found[resident] is not None
    assert found[resident].is_resident


async def test_a_bookkeeper_invites_nobody(tx: Tx, caller: Caller) -> None:
    await make.found_compound(tx, caller)
    with pytest.raises(rules.InvitationNeedsOffice):
        await service.invite(tx, caller, Invite(person_id=new_id()))


async def test_another_compound_sees_nothing(database: Database, caller: Caller) -> None:
    async with database.begin(caller) as tx:
        await make.found_compound(tx, caller)
        await service.import_homes(tx, caller, make.homes_csv(make.row()), LISTED)
    other = make_caller()
    async with database.read(other) as tx:
        with pytest.raises(Missing):
            await service.find(tx, caller.compound_id)
        assert await service.homes(tx, caller.compound_id) == ()
        assert await service.owners(tx, caller.compound_id) == {}
        assert await service.mandates(tx, caller.compound_id) == ()
        with pytest.raises(Missing):
            await service.limits(tx, caller.compound_id, ON)


@pytest.mark.parametrize(
    "table", ["governing_text", "clause", "trust_instrument", "compound_secret"]
)
async def test_what_was_signed_cannot_be_changed_even_by_the_owner_of_the_schema(
    database: Database, caller: Caller, owner: asyncpg.Connection, table: str
) -> None:
    async with database.begin(caller) as tx:
        await make.found_compound(tx, caller)
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(f"DELETE FROM {table} WHERE compound_id = $1", caller.compound_id)
