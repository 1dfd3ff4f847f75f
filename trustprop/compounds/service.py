"""What compounds do: take in homes, count heads, hold mandates and texts, answer for limits."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID, uuid5

from msgspec.structs import replace

from trustprop.compounds import rules, store
from trustprop.compounds.model import (
    WHOLE,
    Access,
    Appointment,
    Compound,
    CompoundState,
    CreateCompound,
    EnrolResident,
    Founding,
    GoverningText,
    HeadCount,
    HeadOnRoll,
    Home,
    HomeRow,
    Imported,
    InstrumentAmendment,
    Invite,
    Limits,
    MandateEnd,
    MandateTerm,
    NewOwner,
    Owner,
    Resident,
    Roll,
    Scope,
    TextDifference,
    TextDraft,
    TextKind,
    TransferHome,
    TrustInstrument,
)
from trustprop.kernel.caller import Caller, Mandate, Office, Party
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Tx

OPERATOR = "operator"
_OFFICES_OF_HOMES = (Office.TRUSTEE_MANAGER, Office.TRUSTEE_BOOKKEEPER)


# The compound


async def create(tx: Tx, caller: Caller, command: CreateCompound, salt: bytes) -> Compound:
    """Sets up an empty compound in state *founding*; the same id with the same content is success.

    ``salt`` is 32 random bytes that never leave the compound.
    """
    caller.check_scope(OPERATOR)
    rules.check_compound(command, store.profile_names())
    compound = Compound(
        compound_id=command.id,
        name=command.name,
        credit_code=command.credit_code,
        address=command.address,
        state=CompoundState.FOUNDING,
        rule_profile=command.rule_profile,
        created_at=caller.at,
    )
    if not await store.add_compound(tx, compound, salt):
        existing = await find(tx, command.id)
        rules.check_same_compound(existing, compound)
        compound = existing
    await store.invite(tx, command.id, command.invited, caller.at)
    return compound


async def find(tx: Tx, compound_id: UUID) -> Compound:
    """Raises Missing."""
    compound = await store.find_compound(tx, compound_id)
    if compound is None:
        raise Missing(kind="compound")
    return compound


async def lock(tx: Tx, compound_id: UUID) -> Compound:
    """One at a time decides about mandates, texts, homes and numbers. Raises Missing."""
    compound = await store.lock_compound(tx, compound_id)
    if compound is None:
        raise Missing(kind="compound")
    return compound


async def invite(tx: Tx, caller: Caller, command: Invite) -> None:
    """Lets a person in to prove a signing key, before a mandate names it.

    Raises InvitationNeedsOffice.
    """
    compound = await find(tx, caller.compound_id)
    is_founder = compound.state is CompoundState.FOUNDING and OPERATOR in caller.scopes
    if not (is_founder or any(office.may_sign for office in caller.offices)):
        raise rules.InvitationNeedsOffice
    await store.invite(tx, caller.compound_id, [command.person_id], caller.at)


async def find_access(tx: Tx, compound_id: UUID, person_id: UUID, on: date) -> Access | None:
    """What a person is here; None for a stranger.

    A former owner still reads as a resident for FORMER_OWNER_READS_DAYS.
    """
    return await store.find_access(tx, compound_id, person_id, on)


# Homes


async def import_homes(tx: Tx, caller: Caller, content: bytes, since_on: date) -> Imported:
    """Takes in a CSV of homes and owners, whole or not at all.

    Rows that are already here with the same content change nothing. Raises HomesNotImported with
    every bad row.
    """
    await _check_keeps_homes(tx, caller)
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


async def _check_keeps_homes(tx: Tx, caller: Caller) -> None:
    """The operator sets up a compound that is being founded; later its trustee keeps the list."""
    if OPERATOR in caller.scopes:
        rules.check_founding_state(await find(tx, caller.compound_id))
    else:
        caller.check_office_or_scope("homes:write", *_OFFICES_OF_HOMES)


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
    await _check_keeps_homes(tx, caller)
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


def check_reads_compound(caller: Caller) -> None:
    """Everybody who is let in, and keys with ``compounds:read``. Raises ScopeNeeded."""
    if caller.person_id is None and OPERATOR not in caller.scopes:
        caller.check_scope("compounds:read")


def check_reads_roll(caller: Caller) -> None:
    """Voter lists stay behind a login: office holders, residents, keys with ``homes:read``.

    Raises ScopeNeeded.
    """
    if not (caller.mandates or caller.is_resident or OPERATOR in caller.scopes):
        caller.check_scope("homes:read")


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


async def enrol_resident(tx: Tx, caller: Caller, command: EnrolResident) -> Resident:
    """Ties a signed-in person to a home, after a look at the papers.

    Raises Missing, NotAnOwner, or OwnerToBeNamed where the home has several owners.
    """
    await _check_keeps_homes(tx, caller)
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


# Mandates


async def mandates_of(tx: Tx, compound_id: UUID, person_id: UUID, on: date) -> tuple[Mandate, ...]:
    """The offices that a person holds on a day."""
    access = await store.find_access(tx, compound_id, person_id, on)
    return access.mandates if access else ()


async def mandate_in_force(
    tx: Tx, compound_id: UUID, person_id: UUID, party: Party, on: date
) -> Mandate | None:
    """The mandate by which a person stands for a party on a day; one that signs, if there is one."""
    held = [m for m in await mandates_of(tx, compound_id, person_id, on) if m.party is party]
    return min(held, key=lambda mandate: not mandate.office.may_sign, default=None)


async def mandates(tx: Tx, compound_id: UUID) -> tuple[MandateTerm, ...]:
    """All terms, past and to come."""
    return await store.mandate_terms(tx, compound_id)


async def find_mandate(tx: Tx, compound_id: UUID, mandate_id: UUID) -> MandateTerm:
    """Raises Missing."""
    found = await store.mandate_terms(tx, compound_id, mandate_id=mandate_id)
    if not found:
        raise Missing(kind="mandate")
    return found[0]


async def committee(tx: Tx, compound_id: UUID, on: date) -> tuple[MandateTerm, ...]:
    """The members of the owners' committee on a day, its director among them; each person once."""
    held = {
        term.person_id: term
        for term in await store.mandate_terms(tx, compound_id)
        if term.party is Party.OWNERS and term.is_in_force(on)
    }
    return tuple(held.values())


async def check_appointment(tx: Tx, compound_id: UUID, appointment: Appointment) -> None:
    """Raises NotOpen, MandateTermWrong or BothSides: before anybody is asked to sign."""
    rules.check_open(await find(tx, compound_id))
    existing = await store.mandate_terms(tx, compound_id, person_id=appointment.person_id)
    rules.check_appointment(appointment, existing, appointment.mandate_id)


async def appoint(tx: Tx, caller: Caller, appointment: Appointment, act_id: UUID) -> MandateTerm:
    """Puts a person in office; called by the effect of a signed act only."""
    return await _appoint(tx, caller, appointment, act_id)


async def appoint_elected(
    tx: Tx, caller: Caller, appointment: Appointment, resolution_id: UUID
) -> MandateTerm:
    """Puts in office whom a counted resolution elected; called when a meeting takes effect only.

    Raises MandateTermWrong or BothSides.
    """
    elected = replace(appointment, resolution_id=resolution_id)
    return await _appoint(tx, caller, elected, act_id=None)


async def _appoint(
    tx: Tx, caller: Caller, appointment: Appointment, act_id: UUID | None
) -> MandateTerm:
    await lock(tx, caller.compound_id)
    existing = await store.mandate_terms(tx, caller.compound_id, person_id=appointment.person_id)
    term = rules.check_appointment(appointment, existing, act_id)
    await store.add_mandate(tx, caller.compound_id, term)
    return term


async def check_ending(tx: Tx, caller: Caller, ending: MandateEnd) -> None:
    """Raises Missing or MandateEnded: before anybody is asked to sign."""
    term = await find_mandate(tx, caller.compound_id, ending.mandate_id)
    rules.check_ending(term, ending, local_date(caller.at))


async def end_mandate(tx: Tx, caller: Caller, ending: MandateEnd) -> MandateTerm:
    """Ends a mandate, at the earliest today; called by the effect of a signed act only."""
    await lock(tx, caller.compound_id)
    term = await find_mandate(tx, caller.compound_id, ending.mandate_id)
    ended_on = rules.check_ending(term, ending, local_date(caller.at))
    await store.end_mandates(tx, caller.compound_id, [term.mandate_id], ended_on)
    return await find_mandate(tx, caller.compound_id, term.mandate_id)


async def end_mandates(
    tx: Tx, caller: Caller, mandate_ids: Collection[UUID], ended_on: date, resolution_id: UUID
) -> tuple[MandateTerm, ...]:
    """Ends what an election replaced, at the earliest today; called after a counted one only.

    Answers those that it ended: what is over by that day stays as it is. Raises Missing.
    """
    await lock(tx, caller.compound_id)
    terms = [await find_mandate(tx, caller.compound_id, id_) for id_ in sorted(set(mandate_ids))]
    day = max(ended_on, local_date(caller.at))
    ids = [term.mandate_id for term in rules.still_held(terms, day)]
    await store.end_mandates(tx, caller.compound_id, ids, day, resolution_id)
    return tuple([await find_mandate(tx, caller.compound_id, id_) for id_ in ids])


# The trust and its texts


async def check_founding(tx: Tx, compound_id: UUID, founding: Founding) -> None:
    """Raises AlreadyFounded or FieldsInvalid."""
    compound = await find(tx, compound_id)
    rules.check_founding(compound, founding, store.profile(compound.rule_profile))


async def found(
    tx: Tx, caller: Caller, founding: Founding, act_id: UUID
) -> tuple[MandateTerm, ...]:
    """Opens a compound; called by the effect of the signed founding act only."""
    compound = await lock(tx, caller.compound_id)
    rules.check_founding(compound, founding, store.profile(compound.rule_profile))
    await store.add_instrument(tx, caller.compound_id, rules.as_instrument(founding, act_id))
    for text in founding.texts:
        await store.add_text(tx, caller.compound_id, rules.as_text(text, 1, act_id))
    terms = tuple(rules.as_term(appointment, act_id) for appointment in founding.mandates)
    for term in terms:
        await store.add_mandate(tx, caller.compound_id, term)
    await store.open_compound(tx, caller.compound_id)
    return terms


async def trust_instrument(tx: Tx, compound_id: UUID, on: date) -> TrustInstrument | None:
    """The version of the instrument in effect on a day."""
    return rules.instrument_in_effect(await store.instruments(tx, compound_id), on)


async def check_amendment(tx: Tx, caller: Caller, amendment: InstrumentAmendment) -> None:
    """Raises NotOpen or FieldsInvalid: before anybody is asked to sign."""
    rules.check_open(await find(tx, caller.compound_id))
    rules.check_amendment(amendment, local_date(caller.at))


async def amend_instrument(
    tx: Tx, caller: Caller, amendment: InstrumentAmendment, act_id: UUID
) -> TrustInstrument:
    """The next version of the trust instrument; called by the effect of a signed act only."""
    await lock(tx, caller.compound_id)
    latest = (await store.instruments(tx, caller.compound_id))[-1]
    amended = rules.amend(latest, amendment, act_id)
    await store.add_instrument(tx, caller.compound_id, amended)
    return amended


async def check_text(tx: Tx, compound_id: UUID, text: TextDraft) -> None:
    """Raises NotOpen, or FieldsInvalid when a clause weakens the law."""
    compound = await find(tx, compound_id)
    rules.check_open(compound)
    rules.check_text(text, store.profile(compound.rule_profile))


async def adopt_text(tx: Tx, caller: Caller, text: TextDraft, act_id: UUID) -> GoverningText:
    """The next version of a governing text; called by the effect of a signed act only."""
    return await _adopt(tx, caller, text, act_id)


async def adopt_text_by(
    tx: Tx, caller: Caller, text: TextDraft, resolution_id: UUID
) -> GoverningText:
    """The next version that a counted resolution adopted; called when a meeting takes effect only.

    Raises FieldsInvalid when a clause weakens the law as it is today.
    """
    return await _adopt(tx, caller, replace(text, resolution_id=resolution_id), act_id=None)


async def _adopt(tx: Tx, caller: Caller, text: TextDraft, act_id: UUID | None) -> GoverningText:
    compound = await lock(tx, caller.compound_id)
    rules.check_text(text, store.profile(compound.rule_profile))
    earlier = await store.texts(tx, caller.compound_id)
    version = 1 + max((t.version for t in earlier if t.kind is text.kind), default=0)
    adopted = rules.as_text(text, version, act_id)
    await store.add_text(tx, caller.compound_id, adopted)
    return adopted


async def texts(tx: Tx, compound_id: UUID, on: date | None = None) -> tuple[GoverningText, ...]:
    """Every version, or only what is in effect on a day."""
    every = await store.texts(tx, compound_id)
    if on is None:
        return every
    in_effect = {
        (text.kind, text.title if text.kind is TextKind.OTHER else ""): text
        for text in every
        if text.effective_from <= on
    }
    return tuple(in_effect.values())


async def text_difference(
    tx: Tx, compound_id: UUID, text_id: UUID, from_text_id: UUID | None = None
) -> TextDifference:
    """What a version says otherwise than another, or than the one before it.

    Raises Missing or TextsOfTwoKinds.
    """
    every = {text.text_id: text for text in await store.texts(tx, compound_id)}
    after = _present_text(every, text_id)
    if from_text_id is None:
        return rules.text_difference(rules.version_before(after, every.values()), after)
    return rules.text_difference(_present_text(every, from_text_id), after)


def _present_text(texts: Mapping[UUID, GoverningText], text_id: UUID) -> GoverningText:
    if text_id not in texts:
        raise Missing(kind="governing text")
    return texts[text_id]


async def limits(tx: Tx, compound_id: UUID, on: date) -> Limits:
    """Every limit in effect on a day with its source, a statute or a clause. Raises Missing."""
    found = await store.limit_clauses(tx, compound_id, on)
    if found is None:
        raise Missing(kind="compound")
    rule_profile, clauses = found
    return rules.resolve(store.profile(rule_profile), clauses)
