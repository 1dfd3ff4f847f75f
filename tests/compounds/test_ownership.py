"""Which owner a person is, who stands on a roll as one head, and what parking spaces count."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from tests.make import compounds as make
from tests.make.ground import make_caller, new_id
from trustprop.compounds import rules, service
from trustprop.compounds.model import (
    EnrolResident,
    Home,
    HomeUse,
    NewOwner,
    OwnerKind,
    Resident,
    ResidentKind,
    Scope,
    TransferHome,
)
from trustprop.kernel.caller import Caller, Office, OfficeNeeded
from trustprop.plumbing.database import Tx

ON = date(2025, 9, 15)
LISTED = date(2025, 1, 1)
SOLD = date(2025, 9, 1)


@pytest.fixture
async def homes(tx: Tx, caller: Caller) -> dict[str, Home]:
    """101 of one owner, 102 of two; by number."""
    await make.add_compound(tx, caller)
    rows = [make.row("101", owner=1), make.row("102", owner=2), make.row("102", owner=3)]
    await service.import_homes(tx, caller, make.homes_csv(*rows), LISTED)
    return {home.number: home for home in await service.homes(tx, caller.compound_id)}


async def enrol(
    tx: Tx, caller: Caller, home: Home, kind: ResidentKind = ResidentKind.OWNER, **facts: object
) -> Resident:
    values = {"person_id": new_id(), "home_id": home.home_id, "kind": kind, "since_on": LISTED}
    keeper = Office.SUPERVISOR if kind is ResidentKind.OWNER else Office.TRUSTEE_MANAGER
    by = make_caller(keeper, compound_id=caller.compound_id)
    return await service.enrol_resident(tx, by, EnrolResident(**(values | facts)))


async def test_the_firm_cannot_say_who_votes_as_an_owner(
    tx: Tx, caller: Caller, homes: dict[str, Home]
) -> None:
    """It keeps the list of homes, and would otherwise sign up stand-ins for silent owners."""
    command = EnrolResident(
        person_id=new_id(),
        home_id=homes["101"].home_id,
        kind=ResidentKind.OWNER,
        since_on=LISTED,
    )
    for firm in (
        make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id),
        make_caller(Office.TRUSTEE_BOOKKEEPER, compound_id=caller.compound_id),
        make_caller(compound_id=caller.compound_id, scopes=("homes:write",)),
    ):
        with pytest.raises(OfficeNeeded):
            await service.enrol_resident(tx, firm, command)


async def sell(tx: Tx, caller: Caller, home: Home, *owners: int, on: date = SOLD) -> None:
    buyers = tuple(
        NewOwner(
            kind=OwnerKind.PERSON, name=f"业主{seed}", identity_number=make.identity_number(seed)
        )
        for seed in owners
    )
    await service.transfer_home(tx, caller, home.home_id, TransferHome(since_on=on, owners=buyers))


async def test_the_single_owner_of_a_home_need_not_be_named(
    tx: Tx, caller: Caller, homes: dict[str, Home]
) -> None:
    enrolled = await enrol(tx, caller, homes["101"])
    assert (enrolled.owner_id,) == homes["101"].owner_ids


async def test_of_several_co_owners_one_is_named(
    tx: Tx, caller: Caller, homes: dict[str, Home]
) -> None:
    with pytest.raises(rules.OwnerToBeNamed) as refused:
        await enrol(tx, caller, homes["102"])
    assert refused.value.owners == 2
    named = homes["102"].owner_ids[1]
    assert (await enrol(tx, caller, homes["102"], owner_id=named)).owner_id == named


async def test_nobody_is_enrolled_as_the_owner_of_another_home(
    tx: Tx, caller: Caller, homes: dict[str, Home]
) -> None:
    with pytest.raises(rules.NotAnOwner):
        await enrol(tx, caller, homes["101"], owner_id=homes["102"].owner_ids[0])


async def test_an_occupant_is_no_owner(tx: Tx, caller: Caller, homes: dict[str, Home]) -> None:
    with pytest.raises(rules.NotAnOwner):
        await enrol(
            tx, caller, homes["101"], ResidentKind.OCCUPANT, owner_id=homes["101"].owner_ids[0]
        )
    tenant = await enrol(tx, caller, homes["101"], ResidentKind.OCCUPANT)
    assert await service.owners_of_person(tx, caller.compound_id, tenant.person_id, ON) == set()


@pytest.mark.parametrize(
    ("record_on", "is_owner"),
    [
        (LISTED - timedelta(days=1), False),
        (LISTED, True),
        (SOLD - timedelta(days=1), True),
        (SOLD, False),
        (ON, False),
    ],
)
async def test_who_sold_is_the_owner_of_the_record_dates_before_the_sale_only(
    tx: Tx, caller: Caller, homes: dict[str, Home], record_on: date, *, is_owner: bool
) -> None:
    seller = await enrol(tx, caller, homes["101"])
    await sell(tx, caller, homes["101"], 4)
    found = await service.owners_of_person(tx, caller.compound_id, seller.person_id, record_on)
    assert found == ({seller.owner_id} if is_owner else set())


async def test_who_is_enrolled_after_the_record_date_was_the_owner_all_the_same(
    tx: Tx, caller: Caller, homes: dict[str, Home]
) -> None:
    late = await enrol(tx, caller, homes["101"], since_on=ON)
    found = await service.owners_of_person(tx, caller.compound_id, late.person_id, SOLD)
    assert found == {late.owner_id}


async def test_a_buyer_is_no_owner_of_a_record_date_before_the_purchase(
    tx: Tx, caller: Caller, homes: dict[str, Home]
) -> None:
    await sell(tx, caller, homes["101"], 4)
    (moved,) = [h for h in await service.homes(tx, caller.compound_id) if h.number == "101"]
    buyer = await enrol(tx, caller, moved, since_on=LISTED)
    before = SOLD - timedelta(days=1)
    assert not await service.owners_of_person(tx, caller.compound_id, buyer.person_id, before)
    assert await service.owners_of_person(tx, caller.compound_id, buyer.person_id, SOLD)


async def test_a_former_owner_reads_on_for_a_while_and_is_then_a_stranger(
    tx: Tx, caller: Caller, homes: dict[str, Home]
) -> None:
    seller = await enrol(tx, caller, homes["101"])
    await sell(tx, caller, homes["101"], 4)

    async def is_here(on: date) -> bool:
        return (await service.find_access(tx, caller.compound_id, seller.person_id, on)) is not None

    assert await is_here(SOLD)
    assert await is_here(SOLD + timedelta(days=119))
    assert not await is_here(SOLD + timedelta(days=120))


async def test_a_tenant_stays_when_the_home_is_sold(
    tx: Tx, caller: Caller, homes: dict[str, Home]
) -> None:
    tenant = await enrol(tx, caller, homes["101"], ResidentKind.OCCUPANT)
    await sell(tx, caller, homes["101"], 4)
    access = await service.find_access(
        tx, caller.compound_id, tenant.person_id, SOLD + timedelta(days=500)
    )
    assert access is not None
    assert access.is_resident


async def test_a_co_owner_who_buys_the_other_share_stays_linked(
    tx: Tx, caller: Caller, homes: dict[str, Home]
) -> None:
    by_seed = {
        owner.name: owner.owner_id
        for owner in (await service.owners(tx, caller.compound_id)).values()
    }
    staying = await enrol(tx, caller, homes["102"], owner_id=by_seed["业主2"])
    leaving = await enrol(tx, caller, homes["102"], owner_id=by_seed["业主3"])
    await sell(tx, caller, homes["102"], 2)

    async def owned(person_id: UUID) -> frozenset[UUID]:
        return await service.owners_of_person(tx, caller.compound_id, person_id, SOLD)

    assert await owned(staying.person_id) == {staying.owner_id}
    assert await owned(leaving.person_id) == frozenset()


# Heads and uses


async def test_the_600_homes_are_563_heads_in_order_of_their_first_home(
    tx: Tx, caller: Caller
) -> None:
    await make.add_compound(tx, caller)
    await service.import_homes(tx, caller, make.compound_k(), LISTED)
    heads = await service.voters(tx, caller.compound_id, ON)
    assert len(heads) == 563
    assert sum(home.area_dm2 for head in heads for home in head.homes) == 5_922_000
    assert [len(head.homes) for head in heads if head.is_developer] == [18]
    order = {home.home_id: i for i, home in enumerate(await service.homes(tx, caller.compound_id))}
    firsts = [order[head.homes[0].home_id] for head in heads]
    assert firsts == sorted(firsts)
    assert heads == await service.voters(tx, caller.compound_id, ON)


async def test_what_is_sold_but_not_delivered_is_the_developers_head(
    tx: Tx, caller: Caller
) -> None:
    await make.add_compound(tx, caller)
    rows = [
        make.row("101", kind="developer", owner=9, delivered_on=""),
        make.row("102", owner=2, delivered_on=""),
        make.row("103", owner=2),
    ]
    await service.import_homes(tx, caller, make.homes_csv(*rows), LISTED)
    developer, buyer = await service.voters(tx, caller.compound_id, ON)
    assert [home.number for home in developer.homes] == ["101", "102"]
    assert developer.owner_ids == developer.homes[0].owner_ids
    assert [home.number for home in buyer.homes] == ["103"]
    assert not buyer.is_developer


async def test_parking_spaces_are_in_the_base_only_when_a_caller_says_so(
    tx: Tx, caller: Caller
) -> None:
    await make.add_compound(tx, caller)
    heading = f"{make.HEADING},use"
    rows = [
        f"{make.row('101', owner=1)},",
        f"{make.row('102', owner=2, area='30.00')},商铺",
        f"{make.row('B1-001', owner=1, area='12.00')},车位",
        f"{make.row('B1-002', owner=3, area='12.00')},parking",
    ]
    content = make.homes_csv(*rows, heading=heading)
    await service.import_homes(tx, caller, content, LISTED)
    uses = [home.use for home in await service.homes(tx, caller.compound_id)]
    assert uses == [HomeUse.DWELLING, HomeUse.SHOP, HomeUse.PARKING, HomeUse.PARKING]
    without = await service.head_count(tx, caller.compound_id, ON)
    assert (without.homes, without.heads, without.area_dm2) == (2, 2, 11_950)
    whole = await service.head_count(tx, caller.compound_id, ON, with_parking=True)
    assert (whole.homes, whole.heads, whole.area_dm2) == (4, 3, 14_350)
    in_scope = await service.roll(tx, caller.compound_id, ON, Scope(building="1"))
    assert [entry.number for entry in in_scope.entries] == ["101", "102"]
    assert len(await service.voters(tx, caller.compound_id, ON)) == 2
    assert len(await service.voters(tx, caller.compound_id, ON, with_parking=True)) == 3
    again = await service.import_homes(tx, caller, content, ON)
    assert (again.homes, again.unchanged) == (0, 4)


def test_an_unknown_use_is_named_with_its_row() -> None:
    content = make.homes_csv(f"{make.row('101')},仓库", heading=f"{make.HEADING},用途")
    _, errors = rules.read_homes(content)
    assert [(error.pointer, error.code) for error in errors] == [("/lines/2/use", "use")]
