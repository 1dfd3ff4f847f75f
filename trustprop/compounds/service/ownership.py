"""Homes and owners: importing, transferring, counting heads, knowing residents."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid5

from trustprop.compounds import rules, store
from trustprop.compounds.model import (
    WHOLE,
    EnrolResident,
    HeadCount,
    HeadOnRoll,
    Home,
    HomeRow,
    Imported,
    NewOwner,
    Owner,
    Resident,
    ResidentKind,
    Roll,
    Scope,
    TransferHome,
)
from trustprop.compounds.service.founding import check_keeps_homes, lock
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.plumbing.database import Tx


async def import_homes(tx: Tx, caller: Caller, content: bytes, since_on: date) -> Imported:
    """Takes in a CSV of homes and owners, whole or not at all.

    Rows that are already here with the same content change nothing. Raises HomesNotImported with
    every bad row.
    """
    await check_keeps_homes(tx, caller)
    read, errors = rules.read_homes(content)
    compound_id = caller.compound_id
    await lock(tx, compound_id)
    salt = await store.salt(tx, compound_id)
    known_homes = {(h.building, h.stair, h.number): h for h in await store.homes(tx, compound_id)}
    known_owners = {
        o.identity_commitment: o for o in (await store.owners(tx, compound_id)).values()
    }
    owners = {row.identity_number: _owner(compound_id, salt, row) for row in read}
    homes = _homes_of(compound_id, read, owners)
    for row in read:
        known_owner = known_owners.get(owners[row.identity_number].identity_commitment)
        if known_owner not in (None, owners[row.identity_number]):
            errors.append(rules.other_owner(row))
        if known_homes.get(row.place) not in (None, homes[row.place]):
            errors.append(rules.other_home(row))
    rules.refuse_rows(errors)
    new_homes = [home for place, home in homes.items() if place not in known_homes]
    new_owners = [o for o in owners.values() if o.identity_commitment not in known_owners]
    await store.add_homes(tx, compound_id, new_homes, new_owners, since_on)
    return Imported(
        homes=len(new_homes), owners=len(new_owners), unchanged=len(homes) - len(new_homes)
    )


def _owner(compound_id: UUID, salt: bytes, row: HomeRow | NewOwner) -> Owner:
    """The same identity number is the same owner, in every file that is ever imported."""
    name, kind = (
        (row.owner_name, row.owner_kind) if isinstance(row, HomeRow) else (row.name, row.kind)
    )
    committed = rules.commitment(salt, row.identity_number)
    owner_id = uuid5(compound_id, f"owner/{committed.hex()}")
    return Owner(owner_id=owner_id, kind=kind, name=name, identity_commitment=committed)


def _homes_of(
    compound_id: UUID, read: Sequence[HomeRow], owners: dict[str, Owner]
) -> dict[tuple[str, str, str], Home]:
    """The homes that the rows describe. Ids follow from the place, so that a retry names the same."""
    held: dict[tuple[str, str, str], list[HomeRow]] = {}
    for row in read:
        held.setdefault(row.place, []).append(row)
    return {
        place: Home(
            home_id=uuid5(compound_id, "home/" + "/".join(place)),
            building=group[0].building,
            stair=group[0].stair,
            number=group[0].number,
            area_dm2=group[0].area_dm2,
            area_source=group[0].area_source,
            delivered_on=group[0].delivered_on,
            use=group[0].use,
            owner_ids=tuple(sorted(owners[row.identity_number].owner_id for row in group)),
        )
        for place, group in held.items()
    }


async def transfer_home(tx: Tx, caller: Caller, home_id: UUID, command: TransferHome) -> Home:
    """A home gets new owners from a day on. The roll of an earlier record date stays as it was.

    Owners who hold it already stay, so that a retry changes nothing. Raises IdentityInvalid, DeliveryWrong, OwnerNameDiffers, TransferTooEarly.
    """
    await check_keeps_homes(tx, caller)
    compound_id = caller.compound_id
    await lock(tx, compound_id)
    held = await home(tx, compound_id, home_id)
    rules.check_identities(command.owners)
    rules.check_delivery(command, held)
    salt = await store.salt(tx, compound_id)
    owners = {o.owner_id: o for o in (_owner(compound_id, salt, new) for new in command.owners)}
    known = await store.owners(tx, compound_id)
    rules.check_known_owners(owners, known)
    new_owners = [owner for owner_id, owner in owners.items() if owner_id not in known]
    await store.add_homes(tx, compound_id, [], new_owners, command.since_on)
    if set(owners) != set(held.owner_ids):
        rules.check_transfer(command, await store.latest_ownership(tx, compound_id, home_id))
        await store.end_ownership(tx, compound_id, home_id, command.since_on)
        pairs = [(home_id, owner_id) for owner_id in sorted(owners)]
        await store.add_ownerships(tx, compound_id, pairs, command.since_on)
        await store.end_residency_of_owners(tx, compound_id, home_id, owners, command.since_on)
    if command.delivered_on is not None:
        await store.set_delivered(tx, compound_id, home_id, command.delivered_on)
    return await home(tx, compound_id, home_id)


async def homes(tx: Tx, compound_id: UUID) -> tuple[Home, ...]:
    """Every home with its present owners, by building, stair and number."""
    return await store.homes(tx, compound_id)


async def home(tx: Tx, compound_id: UUID, home_id: UUID) -> Home:
    """Raises Missing."""
    found = await store.homes(tx, compound_id, home_id=home_id)
    if not found:
        raise Missing(kind="home")
    return found[0]


async def owners(tx: Tx, compound_id: UUID) -> dict[UUID, Owner]:
    """With their names: for matching payers, never for publication."""
    return await store.owners(tx, compound_id)


async def roll(
    tx: Tx, compound_id: UUID, on: date, scope: Scope = WHOLE, *, with_parking: bool = False
) -> Roll:
    """The masked roll of a record date."""
    held = await store.homes(tx, compound_id, on)
    owners = await store.owners(tx, compound_id)
    return rules.draw_roll(held, owners, on, scope, with_parking=with_parking)


async def head_count(
    tx: Tx, compound_id: UUID, on: date, scope: Scope = WHOLE, *, with_parking: bool = False
) -> HeadCount:
    """Homes, heads and area of a record date: the denominators of a vote."""
    return (await roll(tx, compound_id, on, scope, with_parking=with_parking)).count


async def voters(
    tx: Tx, compound_id: UUID, on: date, *, with_parking: bool = False
) -> tuple[HeadOnRoll, ...]:
    """Every head of a record date with its homes, in order of the first one. Never published."""
    held = rules.of_roll(await store.homes(tx, compound_id, on), with_parking=with_parking)
    developers = rules.developers_among(await store.owners(tx, compound_id))
    return rules.heads(held, developers, on)


async def owners_of_person(tx: Tx, compound_id: UUID, person_id: UUID, on: date) -> frozenset[UUID]:
    """Which owners of a record date a person is: who sold since then still is, who bought is not.

    The day of the enrolment plays no part: whoever is enrolled late was the owner all the same.
    """
    return await store.owners_of_person(tx, compound_id, person_id, on)


async def owner_ids_of_person(tx: Tx, compound_id: UUID, person_id: UUID) -> frozenset[UUID]:
    """Every owner that a person was found to be, whenever: for a frozen roll, which says what counts.

    A transfer that is recorded later and dated back takes nobody off such a roll.
    """
    ties = await store.residencies(tx, compound_id, person_id)
    return frozenset(one.owner_id for one in ties if one.owner_id is not None)


async def residencies(tx: Tx, compound_id: UUID, person_id: UUID) -> tuple[Resident, ...]:
    """Every tie of a person to a home, past ones too: why somebody has no vote follows from them."""
    return await store.residencies(tx, compound_id, person_id)


TIES_OWNERS = (Office.COMMITTEE_DIRECTOR, Office.COMMITTEE_MEMBER, Office.SUPERVISOR)


async def enrol_resident(tx: Tx, caller: Caller, command: EnrolResident) -> Resident:
    """Ties a signed-in person to a home, after a look at the papers.

    An owner's vote goes with it, so the owners' side or the supervisor ties owners, never the firm;
    the firm, which keeps the list of homes, ties occupants. Raises Missing, NotAnOwner, or
    OwnerToBeNamed where the home has several owners.
    """
    if command.kind is ResidentKind.OWNER:
        caller.check_office(*TIES_OWNERS)
    else:
        await check_keeps_homes(tx, caller)
    held = await home(tx, caller.compound_id, command.home_id)
    resident = Resident(
        person_id=command.person_id,
        home_id=command.home_id,
        kind=command.kind,
        since_on=command.since_on,
        owner_id=rules.resident_owner(command, held),
    )
    await store.add_resident(tx, caller.compound_id, resident)
    return resident
