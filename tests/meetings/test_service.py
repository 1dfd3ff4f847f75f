"""Resolutions and acts about the compound against a real database, with real signatures."""

import asyncio
from datetime import date, timedelta

import asyncpg
import pytest
from msgspec.structs import asdict, replace

from tests.make import acts as make_acts
from tests.make import compounds as make_compounds
from tests.make import meetings as make
from tests.make.acts import Person, Signers
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.identity import key_id_of, make_signing_key, prove
from trustprop.acts import service as acts
from trustprop.acts.model import Act
from trustprop.acts.rules import ActExists
from trustprop.compounds import rules as compound_rules
from trustprop.compounds import service as compounds
from trustprop.compounds.model import CompoundState, Founding, Scope
from trustprop.evidence.rules import FilesMissing
from trustprop.identity import service as identity
from trustprop.identity.model import KeyState
from trustprop.kernel.caller import Caller, Office, OfficeNeeded, Party, ScopeNeeded
from trustprop.kernel.errors import FieldsInvalid, Missing
from trustprop.meetings import rules, service, store
from trustprop.meetings.model import (
    Body,
    DraftFounding,
    DraftMandate,
    DraftMandateEnd,
    DraftRevocation,
    DraftText,
    Figures,
    Matter,
    ResolutionState,
)
from trustprop.plumbing.database import Database, Tx
from trustprop.votes.model.counting import Majority

ON = date(2025, 9, 15)
OPEN_UNTIL = SEPTEMBER + timedelta(days=30)


@pytest.fixture
async def signers(tx: Tx, caller: Caller) -> Signers:
    """The compound of 600 homes, founded, with a manager, a director and a member who can sign."""
    await make.add_compound_k(tx, caller)
    return await make_acts.make_signers(tx, caller.compound_id)


async def confirm(tx: Tx, signers: Signers, act_id: object) -> Act:
    act = await acts.lock(tx, signers.manager.caller.compound_id, act_id)
    return await make_acts.sign_both(tx, signers, act, service.EFFECTS)


# Resolutions


async def test_a_decision_is_recorded_with_its_arithmetic_and_confirmed_by_both_sides(
    tx: Tx, signers: Signers
) -> None:
    caller = signers.director.caller
    recorded = await service.record(tx, caller, make.record_command(Matter.BUDGET))
    assert (recorded.number, recorded.state) == ("2025-001", ResolutionState.RECORDED)
    assert recorded.majority is Majority.ORDINARY
    assert recorded.legal_basis == "民法典 278(1)(9)"
    assert recorded.tally.is_passed
    with pytest.raises(rules.ResolutionNotInForce):
        await service.require(tx, caller, recorded.resolution_id, Matter.BUDGET)
    await confirm(tx, signers, recorded.act_id)
    required = await service.require(tx, caller, recorded.resolution_id, Matter.BUDGET)
    assert required == replace(recorded, state=ResolutionState.CONFIRMED)


async def test_both_sides_sign_the_figures_themselves(tx: Tx, signers: Signers) -> None:
    caller = signers.manager.caller
    recorded = await service.record(tx, caller, make.record_command())
    act = await acts.get(tx, caller, recorded.act_id)
    assert act.body["figures"] == asdict(make.figures())
    assert act.body["minutes"] == [make.MINUTES]
    assert act.subject_id == recorded.resolution_id


async def test_recording_the_same_decision_again_is_success_and_another_content_a_conflict(
    tx: Tx, signers: Signers
) -> None:
    caller = signers.director.caller
    command = make.record_command()
    recorded = await service.record(tx, caller, command)
    assert await service.record(tx, caller, command) == recorded
    with pytest.raises(ActExists):
        await service.record(tx, caller, replace(command, title="另一项决议"))
    assert len(await service.resolutions(tx, caller.compound_id)) == 1


async def test_numbers_follow_each_other_within_the_year_of_the_meeting(
    tx: Tx, signers: Signers
) -> None:
    caller = signers.director.caller
    for _ in range(2):
        await service.record(tx, caller, make.record_command())
    last_year = make.record_command(held_on=date(2024, 12, 31), record_on=date(2024, 12, 1))
    with pytest.raises(rules.RollDiffers):
        await service.record(tx, caller, last_year)
    numbers = [
        resolution.number for resolution in await service.resolutions(tx, caller.compound_id)
    ]
    assert numbers == ["2025-001", "2025-002"]


async def test_decisions_recorded_at_the_same_instant_get_numbers_without_gaps(
    database: Database, caller: Caller
) -> None:
    director = make_caller(Office.COMMITTEE_DIRECTOR, compound_id=caller.compound_id)
    async with database.begin(caller) as tx:
        await make.add_compound_k(tx, caller)

    async def record() -> str:
        async with database.begin(director) as tx:
            return (await service.record(tx, director, make.record_command())).number

    numbers = await asyncio.gather(*(record() for _ in range(5)))
    assert sorted(numbers) == [f"2025-{serial:03d}" for serial in range(1, 6)]


async def test_a_rejected_record_carries_nothing(tx: Tx, signers: Signers) -> None:
    caller = signers.director.caller
    recorded = await service.record(tx, caller, make.record_command())
    await acts.reject(tx, signers.manager.caller, recorded.act_id, "数字不符", service.EFFECTS)
    found = await service.find(tx, caller.compound_id, recorded.resolution_id)
    assert found.state is ResolutionState.REJECTED
    with pytest.raises(rules.ResolutionNotInForce):
        await service.require(tx, caller, recorded.resolution_id, Matter.BUDGET)


async def test_a_revoked_resolution_carries_nothing_any_more(tx: Tx, signers: Signers) -> None:
    caller = signers.director.caller
    resolution = await make.add_resolution(tx, caller, Matter.FEE)
    command = DraftRevocation(
        id=new_id(),
        expires_at=OPEN_UNTIL,
        resolution_id=resolution.resolution_id,
        reason="法院撤销",
    )
    act = await service.draft_revocation(tx, caller, command)
    assert await service.require(tx, caller, resolution.resolution_id, Matter.FEE)
    await confirm(tx, signers, act.act_id)
    with pytest.raises(rules.ResolutionNotInForce):
        await service.require(tx, caller, resolution.resolution_id, Matter.FEE)
    with pytest.raises(rules.ResolutionNotConfirmed):
        await service.draft_revocation(tx, caller, replace(command, id=new_id()))


async def test_a_decision_about_one_building_is_counted_on_its_own_roll(
    tx: Tx, signers: Signers
) -> None:
    caller = signers.director.caller
    scope = Scope(building="7")
    entitled = await compounds.head_count(tx, caller.compound_id, date(2025, 6, 1), scope)
    figures = Figures(
        total_area_dm2=entitled.area_dm2,
        total_heads=entitled.heads,
        participating_area_dm2=entitled.area_dm2,
        participating_heads=entitled.heads,
        for_area_dm2=entitled.area_dm2,
        for_heads=entitled.heads,
    )
    command = make.record_command(Matter.MAINTENANCE_FUND_USE, figures=figures, scope=scope)
    recorded = await service.record(tx, caller, command)
    assert recorded.scope == scope
    with pytest.raises(rules.RollDiffers):
        await service.record(
            tx, caller, replace(command, id=new_id(), act_id=new_id(), scope=Scope())
        )


async def test_a_committee_decides_with_more_than_half_of_the_members_it_has(
    tx: Tx, signers: Signers
) -> None:
    """The founding director, the director and the member: three, so two must agree."""
    caller = signers.director.caller
    members = await compounds.committee(tx, caller.compound_id, make.HELD)
    assert len(members) == 3
    figures = Figures(total_heads=3, participating_heads=2, for_heads=2)
    command = make.record_command(Matter.LARGE_PAYMENT, decided_by=Body.COMMITTEE, figures=figures)
    assert (await service.record(tx, caller, command)).decided_by is Body.COMMITTEE
    with pytest.raises(rules.ResolutionFailed):
        await service.record(
            tx,
            caller,
            replace(command, id=new_id(), act_id=new_id(), figures=replace(figures, for_heads=1)),
        )
    with pytest.raises(rules.RollDiffers):
        await service.record(
            tx,
            caller,
            replace(command, id=new_id(), act_id=new_id(), figures=replace(figures, total_heads=2)),
        )


async def test_minutes_must_be_among_the_evidence(tx: Tx, signers: Signers) -> None:
    with pytest.raises(FilesMissing):
        await service.record(tx, signers.director.caller, make.record_command(minutes=("cd" * 32,)))


async def test_a_supervisor_records_nothing(tx: Tx, signers: Signers) -> None:
    watcher = make_caller(Office.SUPERVISOR, compound_id=signers.director.caller.compound_id)
    with pytest.raises(OfficeNeeded):
        await service.record(tx, watcher, make.record_command())


async def test_the_table_itself_refuses_figures_that_did_not_pass(tx: Tx, caller: Caller) -> None:
    await make_compounds.found_compound(tx, caller)
    failed = make.resolution(figures=make.figures(for_heads=200), majority=Majority.ORDINARY)
    with pytest.raises(Exception, match="ck_resolution_passed"):
        await store.add(tx, caller.compound_id, failed)


async def test_the_table_itself_refuses_a_special_matter_as_ordinary(
    tx: Tx, caller: Caller
) -> None:
    await make_compounds.found_compound(tx, caller)
    weakened = make.resolution(Matter.COMMON_PART_BUSINESS, majority=Majority.ORDINARY)
    with pytest.raises(Exception, match="ck_resolution_majority"):
        await store.add(tx, caller.compound_id, weakened)


async def test_a_recorded_resolution_cannot_be_changed_by_the_serving_role(
    tx: Tx, caller: Caller
) -> None:
    await make_compounds.found_compound(tx, caller)
    await make.add_resolution(tx, caller, Matter.FEE)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tx.raw.execute("UPDATE resolution SET for_heads = 563")


# Founding


async def founders(tx: Tx, compound_id: object) -> tuple[Person, Person]:
    """A manager and a director to be, each with a proved key."""
    made = []
    for _ in range(2):
        caller = replace(make_caller(compound_id=compound_id), mandates=())
        key = make_signing_key(caller.person_id)
        await prove(tx, caller, key)
        made.append(Person(caller, key))
    return made[0], made[1]


def founding_of(manager: Person, director: Person) -> Founding:
    return make_compounds.founding(
        mandates=(
            make_compounds.appointment(person_id=manager.caller.person_id, key_id=manager.key_id),
            make_compounds.appointment(
                Office.COMMITTEE_DIRECTOR,
                person_id=director.caller.person_id,
                key_id=director.key_id,
            ),
        )
    )


def draft_of(founding: Founding) -> DraftFounding:
    parts = {name: getattr(founding, name) for name in Founding.__struct_fields__}
    return DraftFounding(id=new_id(), expires_at=OPEN_UNTIL, **parts)


@pytest.fixture
def operator(caller: Caller) -> Caller:
    return replace(caller, person_id=None, mandates=(), scopes=frozenset({"operator"}))


async def test_a_compound_opens_with_the_last_founders_signature_and_its_keys_become_active(
    tx: Tx, caller: Caller, operator: Caller
) -> None:
    await make_compounds.add_compound(tx, caller)
    manager, director = await founders(tx, caller.compound_id)
    act = await service.draft_founding(tx, operator, draft_of(founding_of(manager, director)))
    await make_acts.sign(tx, manager, act, service.EFFECTS)
    assert (await compounds.find(tx, caller.compound_id)).state is CompoundState.FOUNDING
    await make_acts.sign(tx, director, act, service.EFFECTS)
    assert (await compounds.find(tx, caller.compound_id)).state is CompoundState.OPEN
    for person, party in ((manager, Party.TRUSTEE), (director, Party.OWNERS)):
        key = await identity.get_key(tx, caller.compound_id, person.key_id)
        assert key.state is KeyState.ACTIVE
        assert key.activated_by_act_id == act.act_id
        assert key.expires_at is not None
        assert key.expires_at.date() == make_compounds.TERM_ENDS, (
            "16:00 UTC is midnight in Shanghai"
        )
        person_id = person.caller.person_id
        assert person_id is not None
        assert await compounds.mandate_in_force(tx, caller.compound_id, person_id, party, ON)


async def test_a_founding_names_every_key_that_its_holder_has_not_proved(
    tx: Tx, caller: Caller, operator: Caller
) -> None:
    await make_compounds.add_compound(tx, caller)
    manager, director = await founders(tx, caller.compound_id)
    swapped = replace(director, key=manager.key), replace(manager, key=director.key)
    with pytest.raises(FieldsInvalid) as refused:
        await service.draft_founding(tx, operator, draft_of(founding_of(swapped[1], swapped[0])))
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/mandates/0/key_id", "key-of-another"),
        ("/mandates/1/key_id", "key-of-another"),
    ]


async def test_nobody_but_the_operator_drafts_a_founding(tx: Tx, caller: Caller) -> None:
    await make_compounds.add_compound(tx, caller)
    with pytest.raises(ScopeNeeded):
        await service.draft_founding(tx, caller, draft_of(make_compounds.founding()))


async def test_of_two_founding_acts_only_one_opens_the_compound(
    tx: Tx, caller: Caller, operator: Caller
) -> None:
    await make_compounds.add_compound(tx, caller)
    manager, director = await founders(tx, caller.compound_id)
    for _ in range(2):
        act = await service.draft_founding(tx, operator, draft_of(founding_of(manager, director)))
    await make_acts.sign(tx, manager, act, service.EFFECTS)
    await make_acts.sign(tx, director, act, service.EFFECTS)
    with pytest.raises(compound_rules.AlreadyFounded):
        await service.draft_founding(tx, operator, draft_of(founding_of(manager, director)))


# Mandates and texts


def mandate_draft(office: Office, **facts: object) -> DraftMandate:
    made = make_compounds.appointment(office, **({"key_id": None} | facts))
    parts = {name: getattr(made, name) for name in made.__struct_fields__}
    return DraftMandate(id=new_id(), expires_at=OPEN_UNTIL, **parts)


async def test_a_new_member_takes_office_by_a_resolution_and_both_signatures(
    tx: Tx, signers: Signers
) -> None:
    caller = signers.director.caller
    newcomer = replace(make_caller(compound_id=caller.compound_id), mandates=())
    key = make_signing_key(newcomer.person_id)
    await prove(tx, newcomer, key)
    election = await make.add_resolution(tx, caller, Matter.MANDATE)
    draft = mandate_draft(
        Office.COMMITTEE_MEMBER,
        person_id=newcomer.person_id,
        key_id=key_id_of(key),
        resolution_id=election.resolution_id,
    )
    act = await service.draft_mandate(tx, caller, draft)
    assert not await compounds.mandates_of(tx, caller.compound_id, draft.person_id, ON)
    await confirm(tx, signers, act.act_id)
    held = await compounds.mandates_of(tx, caller.compound_id, draft.person_id, ON)
    assert [mandate.office for mandate in held] == [Office.COMMITTEE_MEMBER]
    assert (await identity.get_key(tx, caller.compound_id, key_id_of(key))).state is KeyState.ACTIVE


async def test_nobody_joins_the_committee_without_an_election(tx: Tx, signers: Signers) -> None:
    caller = signers.director.caller
    with pytest.raises(rules.MandateNeedsResolution):
        await service.draft_mandate(tx, caller, mandate_draft(Office.COMMITTEE_MEMBER))
    budget = await make.add_resolution(tx, caller, Matter.BUDGET)
    with pytest.raises(rules.ResolutionOfAnotherMatter):
        await service.draft_mandate(
            tx, caller, mandate_draft(Office.COMMITTEE_MEMBER, resolution_id=budget.resolution_id)
        )


async def test_the_firm_sends_its_own_people_but_not_somebody_of_the_committee(
    tx: Tx, signers: Signers
) -> None:
    caller = signers.manager.caller
    act = await service.draft_mandate(tx, caller, mandate_draft(Office.TRUSTEE_BOOKKEEPER))
    await confirm(tx, signers, act.act_id)
    with pytest.raises(compound_rules.BothSides):
        await service.draft_mandate(
            tx,
            caller,
            mandate_draft(Office.TRUSTEE_MANAGER, person_id=signers.member.caller.person_id),
        )


async def test_nobody_is_appointed_with_the_key_of_another(tx: Tx, signers: Signers) -> None:
    with pytest.raises(rules.KeyOfAnother):
        await service.draft_mandate(
            tx,
            signers.manager.caller,
            mandate_draft(Office.TRUSTEE_MANAGER, key_id=signers.director.key_id),
        )


async def test_a_mandate_ends_early_by_both_signatures(tx: Tx, signers: Signers) -> None:
    caller = signers.director.caller
    (mandate,) = signers.member.caller.mandates
    draft = DraftMandateEnd(
        id=new_id(),
        expires_at=OPEN_UNTIL,
        mandate_id=mandate.mandate_id,
        ended_on=ON,
        reason="辞职",
    )
    act = await service.draft_mandate_end(tx, caller, draft)
    await confirm(tx, signers, act.act_id)
    person_id = signers.member.caller.person_id
    assert person_id is not None
    assert not await compounds.mandates_of(tx, caller.compound_id, person_id, ON)
    with pytest.raises(Missing):
        await service.draft_mandate_end(tx, caller, replace(draft, mandate_id=new_id()))


async def test_a_text_is_adopted_by_the_resolution_about_that_very_text(
    tx: Tx, signers: Signers
) -> None:
    caller = signers.director.caller
    text = make_compounds.text(make_compounds.clause("virement_percent", 10))
    parts = {name: getattr(text, name) for name in text.__struct_fields__}
    resolution = await make.add_resolution(tx, caller, Matter.GOVERNING_TEXT, text.text_id)
    parts["resolution_id"] = resolution.resolution_id
    act = await service.draft_text(
        tx, caller, DraftText(id=new_id(), expires_at=OPEN_UNTIL, **parts)
    )
    assert (await compounds.limits(tx, caller.compound_id, ON)).virement_percent.value == 0
    await confirm(tx, signers, act.act_id)
    limit = (await compounds.limits(tx, caller.compound_id, ON)).virement_percent
    assert (limit.value, limit.source.text_id) == (10, text.text_id)
    other = {**parts, "text_id": new_id()}
    with pytest.raises(rules.ResolutionOfAnotherSubject):
        await service.draft_text(tx, caller, DraftText(id=new_id(), expires_at=OPEN_UNTIL, **other))


async def test_a_text_that_weakens_the_law_is_not_even_put_before_the_signers(
    tx: Tx, signers: Signers
) -> None:
    text = make_compounds.text(make_compounds.clause("meeting_notice_days", 3))
    parts = {name: getattr(text, name) for name in text.__struct_fields__}
    with pytest.raises(FieldsInvalid) as refused:
        await service.draft_text(
            tx, signers.director.caller, DraftText(id=new_id(), expires_at=OPEN_UNTIL, **parts)
        )
    assert refused.value.errors[0].code == "weakens-law"
