"""Keys are activated, replaced and revoked by acts of both sides, and the founding by proved keys."""

from datetime import date, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make.acts import (
    Person,
    Recorder,
    add_signer,
    draft_command,
    make_act,
    make_signers,
    sign,
    sign_both,
)
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.identity import key_id_of, make_signing_key, prove
from trustprop.acts import rules, service
from trustprop.acts.model import (
    ActState,
    DraftKeyActivation,
    DraftKeyReplacement,
    DraftKeyRevocation,
)
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.identity.model import KeyState
from trustprop.kernel.caller import Office, OfficeNeeded, Party
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import utc

SOON = SEPTEMBER + timedelta(days=7)


@pytest.fixture
async def signers(tx, caller):
    return await make_signers(tx, caller.compound_id)


def activation(key_id: str) -> DraftKeyActivation:
    return DraftKeyActivation(id=new_id(), key_id=key_id, expires_at=SOON)


async def state_of(tx, caller, key_id: str) -> KeyState:
    return (await identity.get_key(tx, caller.compound_id, key_id)).state


async def test_a_key_becomes_active_by_both_sides_and_ends_with_the_mandate(tx, caller, signers):
    member = await add_signer(
        tx,
        caller.compound_id,
        Office.COMMITTEE_MEMBER,
        activate=False,
        valid_until=date(2026, 6, 30),
    )
    act = await service.draft_key_activation(tx, caller, activation(member.key_id))
    await sign(tx, signers.manager, act, service.EFFECTS)
    assert await state_of(tx, caller, member.key_id) is KeyState.PROVED
    await sign(tx, signers.director, act, service.EFFECTS)
    key = await identity.get_key(tx, caller.compound_id, member.key_id)
    assert (key.state, key.activated_by_act_id) == (KeyState.ACTIVE, act.act_id)
    assert utc(key.expires_at) == "2026-06-30T16:00:00Z"
    recorder = Recorder()
    await sign(tx, member, await make_act(tx, caller), recorder.effects)


async def test_nobody_activates_a_key_with_that_very_key(tx, caller, signers):
    member = await add_signer(tx, caller.compound_id, Office.COMMITTEE_MEMBER, activate=False)
    act = await service.draft_key_activation(tx, caller, activation(member.key_id))
    with pytest.raises(identity_rules.KeyNotActive):
        await sign(tx, member, act, service.EFFECTS)


async def test_a_key_whose_holder_signs_for_nobody_is_not_activated(tx, caller, signers):
    bookkeeper = await add_signer(tx, caller.compound_id, Office.TRUSTEE_BOOKKEEPER, activate=False)
    with pytest.raises(rules.KeyWithoutMandate):
        await service.draft_key_activation(tx, caller, activation(bookkeeper.key_id))


async def test_an_active_key_needs_no_activation(tx, caller, signers):
    with pytest.raises(identity_rules.KeyNotInState):
        await service.draft_key_activation(tx, caller, activation(signers.member.key_id))


async def test_acts_about_keys_are_drawn_up_by_office_holders(tx, caller, signers):
    resident = replace(caller, mandates=())
    with pytest.raises(OfficeNeeded):
        await service.draft_key_activation(tx, resident, activation(signers.member.key_id))
    with pytest.raises(Missing):
        await service.draft_key_activation(tx, caller, activation("0" * 64))


async def test_a_revoked_key_signs_nothing_from_that_moment_on(tx, caller, signers):
    waiting = await make_act(tx, caller)
    command = DraftKeyRevocation(
        id=new_id(), key_id=signers.member.key_id, reason="left", expires_at=SOON
    )
    act = await service.draft_key_revocation(tx, caller, command)
    await sign_both(tx, signers, act, service.EFFECTS)
    key = await identity.get_key(tx, caller.compound_id, signers.member.key_id)
    assert (key.state, key.revoked_by_act_id) == (KeyState.REVOKED, act.act_id)
    with pytest.raises(identity_rules.KeyNotActive):
        await sign(tx, signers.member, waiting, service.EFFECTS)
    with pytest.raises(identity_rules.KeyNotInState):
        await service.draft_key_revocation(tx, caller, replace(command, id=new_id()))


async def test_a_lost_key_is_suspended_by_its_holder_and_replaced_by_both_sides(
    tx, caller, signers
):
    member = signers.member
    await identity.suspend_key(tx, member.caller, member.key_id)
    fresh = Person(member.caller, make_signing_key("fresh"))
    await prove(tx, fresh.caller, fresh.key)
    command = DraftKeyReplacement(
        id=new_id(),
        old_key_id=member.key_id,
        new_key_id=fresh.key_id,
        reason="telephone lost",
        expires_at=SOON,
    )
    act = await service.draft_key_replacement(tx, member.caller, command)
    await sign_both(tx, signers, act, service.EFFECTS)
    assert await state_of(tx, caller, member.key_id) is KeyState.REVOKED
    assert await state_of(tx, caller, fresh.key_id) is KeyState.ACTIVE
    recorder = Recorder()
    await sign(tx, fresh, await make_act(tx, caller), recorder.effects)


async def test_the_last_signer_of_a_side_signs_with_a_spare_key(tx, caller, signers):
    """Losing one key stops nobody who keeps a second one in a safe."""
    spare = Person(signers.manager.caller, make_signing_key("spare"))
    await prove(tx, spare.caller, spare.key)
    act = await service.draft_key_activation(tx, caller, activation(spare.key_id))
    await sign_both(tx, signers, act, service.EFFECTS)
    await identity.suspend_key(tx, spare.caller, signers.manager.key_id)
    recorder = Recorder()
    order = await make_act(tx, caller)
    with pytest.raises(identity_rules.KeyNotActive):
        await sign(tx, signers.manager, order, recorder.effects)
    await sign(tx, spare, order, recorder.effects)
    await sign(tx, signers.director, order, recorder.effects)
    assert len(recorder.signed) == 1


async def test_a_key_is_not_replaced_by_somebody_elses(tx, caller, signers):
    other = await add_signer(tx, caller.compound_id, Office.COMMITTEE_MEMBER, activate=False)
    command = DraftKeyReplacement(
        id=new_id(),
        old_key_id=signers.member.key_id,
        new_key_id=other.key_id,
        reason="?",
        expires_at=SOON,
    )
    with pytest.raises(rules.KeysOfTwoPersons):
        await service.draft_key_replacement(tx, caller, command)


# -- founding


class Founders:
    """Two people with proved keys, an operator, and the act that names them."""

    def __init__(self, compound_id) -> None:
        self.operator = replace(
            make_caller(scopes=("operator",), compound_id=compound_id), person_id=None
        )
        self.trustee = self._person(compound_id)
        self.owner = self._person(compound_id)
        self.recorder = Recorder("founding")

    @staticmethod
    def _person(compound_id) -> Person:
        caller = replace(make_caller(compound_id=compound_id), mandates=())
        return Person(caller, make_signing_key(caller.person_id))

    def body(self, **of_the_owner):
        def mandate(person: Person, office: Office, **changes):
            values = {
                "person_id": person.caller.person_id,
                "key_id": key_id_of(person.key),
            }
            return make_compounds.appointment(office, **(values | changes))

        return make_compounds.founding(
            mandates=(
                mandate(self.trustee, Office.TRUSTEE_MANAGER),
                mandate(self.owner, Office.COMMITTEE_DIRECTOR, **of_the_owner),
                mandate(self._person(new_id()), Office.TRUSTEE_BOOKKEEPER, key_id=None),
            )
        )

    async def draft(self, tx, **of_the_owner):
        body = self.body(**of_the_owner)
        command = draft_command(
            kind=rules.FOUNDING,
            body=body,
            required=rules.founding_required(msgspec.to_builtins(body)),
        )
        return await service.draft(tx, self.operator, command)

    async def prove(self, tx) -> None:
        for person in (self.trustee, self.owner):
            await prove(tx, person.caller, person.key)


@pytest.fixture
async def founders(tx, caller):
    made = Founders(caller.compound_id)
    await made.prove(tx)
    return made


async def test_a_founding_is_signed_with_the_proved_keys_that_it_names(tx, founders):
    act = await founders.draft(tx)
    assert [(one.party, one.count) for one in act.required] == [
        (Party.TRUSTEE, 1),
        (Party.OWNERS, 1),
    ]
    await sign(tx, founders.trustee, act, founders.recorder.effects)
    signed = await sign(tx, founders.owner, act, founders.recorder.effects)
    assert signed.state is ActState.SIGNED
    assert founders.recorder.signed == [signed]
    assert {one.office for one in signed.signatures} == {
        Office.TRUSTEE_MANAGER,
        Office.COMMITTEE_DIRECTOR,
    }


async def test_nobody_else_signs_a_founding(tx, caller, founders):
    act = await founders.draft(tx)
    stranger = Founders(caller.compound_id).owner
    await prove(tx, stranger.caller, stranger.key)
    with pytest.raises(Missing):
        await sign(tx, stranger, act, founders.recorder.effects)


async def test_a_founder_signs_with_the_named_key_only(tx, founders):
    act = await founders.draft(tx)
    other = Person(founders.owner.caller, make_signing_key("other"))
    await prove(tx, other.caller, other.key)
    with pytest.raises(rules.NotNamedInFounding):
        await sign(tx, other, act, founders.recorder.effects)


async def test_a_founder_whose_term_has_not_begun_does_not_sign(tx, founders):
    act = await founders.draft(tx, valid_from=date(2025, 12, 1))
    with pytest.raises(rules.MandateNotInForce):
        await sign(tx, founders.owner, act, founders.recorder.effects)


async def test_a_founding_is_over_once_any_key_was_active(tx, caller, founders):
    act = await founders.draft(tx)
    await identity.activate_key(tx, caller, founders.trustee.key_id, new_id())
    with pytest.raises(rules.FoundingOver):
        await sign(tx, founders.owner, act, founders.recorder.effects)


async def test_a_proved_key_signs_nothing_but_the_founding(tx, caller, founders):
    act = await make_act(tx, caller)
    with pytest.raises(Missing):
        await sign(tx, founders.owner, act, founders.recorder.effects)
    watching = replace(
        founders.owner, caller=replace(founders.owner.caller, mandates=caller.mandates)
    )
    with pytest.raises(rules.MandateNotInForce):
        await sign(tx, watching, act, founders.recorder.effects)


async def test_a_founder_reads_and_rejects_and_the_operator_withdraws(tx, caller, founders):
    act = await founders.draft(tx)
    assert await service.get(tx, founders.owner.caller, act.act_id) == act
    stranger = Founders(caller.compound_id).owner.caller
    with pytest.raises(Missing):
        await service.get(tx, stranger, act.act_id)
    with pytest.raises(Missing):
        await service.reject(tx, stranger, act.act_id, "no", founders.recorder.effects)
    rejected = await service.reject(
        tx, founders.owner.caller, act.act_id, "wrong area", founders.recorder.effects
    )
    assert rejected.state is ActState.REJECTED
    again = await founders.draft(tx)
    with pytest.raises(rules.NotDraftersSide):
        await service.withdraw(
            tx, founders.owner.caller, again.act_id, "no", founders.recorder.effects
        )
    withdrawn = await service.withdraw(
        tx, founders.operator, again.act_id, "typing error", founders.recorder.effects
    )
    assert withdrawn.state is ActState.WITHDRAWN
