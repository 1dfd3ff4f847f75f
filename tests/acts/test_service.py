"""Acts against a real database: drafts, signatures, ends and what is refused."""

from datetime import timedelta

import asyncpg
import pytest
from msgspec.structs import replace

from tests.make.acts import (
    Recorder,
    add_signer,
    draft_command,
    make_act,
    make_signers,
    sign,
    sign_both,
    signature,
)
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.identity import make_signing_key, prove
from trustprop.acts import rules, service
from trustprop.acts.model import ActState, Requirement
from trustprop.compounds import service as compounds
from trustprop.compounds.model import MandateEnd
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.kernel import signatures
from trustprop.kernel.caller import Office, Party, ScopeNeeded
from trustprop.kernel.errors import FieldsInvalid, Missing

DAY = timedelta(days=1)


@pytest.fixture
async def signers(tx, caller):
    return await make_signers(tx, caller.compound_id)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


async def test_an_act_takes_effect_with_the_last_signature(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    first = await sign(tx, signers.manager, act, recorder.effects)
    assert first.state is ActState.OPEN
    assert [one.party for one in first.missing] == [Party.OWNERS]
    assert recorder.signed == []
    second = await sign(tx, signers.director, act, recorder.effects)
    assert second.state is ActState.SIGNED
    assert second.ended_at == SEPTEMBER
    assert recorder.signed == [second]
    assert recorder.ended == []
    stored = await service.find(tx, caller.compound_id, act.act_id)
    assert stored == replace(second, signatures=stored.signatures)
    assert set(stored.signatures) == set(second.signatures)


async def test_signatures_can_be_checked_again_from_what_is_stored(tx, caller, signers, recorder):
    act = await sign_both(tx, signers, await make_act(tx, caller), recorder.effects)
    stored = await service.find(tx, caller.compound_id, act.act_id)
    for given in stored.signatures:
        key = await identity.get_key(tx, caller.compound_id, given.key_id)
        digest = identity_rules.sha256(stored.payload)
        assert signatures.verify(key.scheme, key.public_key, digest, given.signature)


async def test_the_same_draft_again_is_success_and_another_one_is_not(tx, caller):
    command = draft_command()
    first = await service.draft(tx, caller, command)
    assert await service.draft(tx, caller, command) == first
    with pytest.raises(rules.ActExists):
        await service.draft(tx, caller, replace(command, body={"amount_fen": 1}))


@pytest.mark.parametrize("days", [-1, 0, 181])
async def test_an_act_ends_in_the_near_future(tx, caller, days):
    with pytest.raises(FieldsInvalid):
        await make_act(tx, caller, expires_at=SEPTEMBER + days * DAY)


# -- who may not sign


async def test_the_same_person_twice_is_refused(tx, caller, signers, recorder):
    two = (Requirement(party=Party.TRUSTEE, count=1), Requirement(party=Party.OWNERS, count=2))
    act = await make_act(tx, caller, required=two)
    await sign(tx, signers.director, act, recorder.effects)
    with pytest.raises(rules.AlreadySigned):
        await sign(tx, signers.director, act, recorder.effects)


async def test_the_same_person_with_a_second_key_is_refused(tx, caller, signers, recorder):
    two = (Requirement(party=Party.TRUSTEE, count=1), Requirement(party=Party.OWNERS, count=2))
    act = await make_act(tx, caller, required=two)
    await sign(tx, signers.director, act, recorder.effects)
    spare = replace(signers.director, key=make_signing_key("spare"))
    await prove(tx, spare.caller, spare.key)
    await identity.activate_key(tx, spare.caller, spare.key_id, new_id())
    with pytest.raises(rules.AlreadySigned):
        await sign(tx, spare, act, recorder.effects)


async def test_two_members_can_sign_where_two_of_the_owners_are_needed(
    tx, caller, signers, recorder
):
    two = (Requirement(party=Party.TRUSTEE, count=1), Requirement(party=Party.OWNERS, count=2))
    act = await make_act(tx, caller, required=two)
    await sign(tx, signers.director, act, recorder.effects)
    await sign(tx, signers.manager, act, recorder.effects)
    assert recorder.signed == []
    signed = await sign(tx, signers.member, act, recorder.effects)
    assert signed.state is ActState.SIGNED


async def test_a_second_signature_of_a_complete_side_is_refused(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    await sign(tx, signers.director, act, recorder.effects)
    with pytest.raises(rules.PartyComplete):
        await sign(tx, signers.member, act, recorder.effects)


@pytest.mark.parametrize("office", [Office.TRUSTEE_BOOKKEEPER, Office.SUPERVISOR, Office.AUDITOR])
async def test_an_office_that_does_not_sign_is_refused(tx, caller, signers, recorder, office):
    person = await add_signer(tx, caller.compound_id, office)
    act = await make_act(tx, caller)
    with pytest.raises(rules.MandateNotInForce):
        await sign(tx, person, act, recorder.effects)


@pytest.mark.parametrize(
    "term", [{"valid_until": (SEPTEMBER - DAY).date()}, {"valid_from": (SEPTEMBER + DAY).date()}]
)
async def test_a_mandate_that_is_over_or_to_come_is_refused_whatever_the_request_says(
    tx, caller, signers, recorder, term
):
    person = await add_signer(tx, caller.compound_id, Office.COMMITTEE_MEMBER, **term)
    act = await make_act(tx, caller)
    assert person.caller.offices == {Office.COMMITTEE_MEMBER}
    with pytest.raises(rules.MandateNotInForce):
        await sign(tx, person, act, recorder.effects)


async def test_a_mandate_ended_between_two_signatures_is_refused(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    await sign(tx, signers.manager, act, recorder.effects)
    ending = MandateEnd(
        mandate_id=signers.director.caller.mandates[0].mandate_id,
        ended_on=SEPTEMBER.date(),
        reason="resigned",
    )
    await compounds.end_mandate(tx, caller, ending)
    with pytest.raises(rules.MandateNotInForce):
        await sign(tx, signers.director, act, recorder.effects)


async def test_a_mandate_of_another_compound_signs_nothing_here(tx, caller, signers, recorder):
    stranger = make_caller(Office.COMMITTEE_DIRECTOR, compound_id=caller.compound_id)
    person = replace(signers.director, caller=stranger)
    act = await make_act(tx, caller)
    with pytest.raises(rules.MandateNotInForce):
        await sign(tx, person, act, recorder.effects)


async def test_a_program_cannot_sign(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    machine = replace(signers.manager.caller, person_id=None)
    with pytest.raises(identity_rules.PersonNeeded):
        await service.sign(
            tx, machine, act.act_id, signature(act, signers.manager), recorder.effects
        )


async def test_the_drafter_may_sign_for_the_own_side_and_needs_the_other(
    tx, caller, signers, recorder
):
    act = await make_act(tx, signers.manager.caller)
    assert (await sign(tx, signers.manager, act, recorder.effects)).state is ActState.OPEN
    assert (await sign(tx, signers.director, act, recorder.effects)).state is ActState.SIGNED


async def test_the_drafter_may_not_sign_where_the_policy_says_so(tx, caller, signers, recorder):
    required = (
        Requirement(party=Party.TRUSTEE, count=1, drafter_may_sign=False),
        Requirement(party=Party.OWNERS, count=1),
    )
    act = await make_act(tx, signers.manager.caller, required=required)
    with pytest.raises(rules.SelfApproval):
        await sign(tx, signers.manager, act, recorder.effects)


async def test_who_revised_an_act_counts_as_its_drafter(tx, caller, signers, recorder):
    required = (
        Requirement(party=Party.TRUSTEE, count=1, drafter_may_sign=False),
        Requirement(party=Party.OWNERS, count=1),
    )
    act = await make_act(tx, caller, required=required)
    revised = await service.revise(tx, signers.manager.caller, act.act_id, {"amount_fen": 2})
    with pytest.raises(rules.SelfApproval):
        await sign(tx, signers.manager, revised, recorder.effects)


# -- keys that do not sign


async def test_a_key_that_is_only_proved_is_refused(tx, caller, signers, recorder):
    person = await add_signer(tx, caller.compound_id, Office.COMMITTEE_MEMBER, activate=False)
    act = await make_act(tx, caller)
    with pytest.raises(identity_rules.KeyNotActive):
        await sign(tx, person, act, recorder.effects)


@pytest.mark.parametrize("end", ["revoked", "suspended"])
async def test_a_revoked_or_suspended_key_is_refused(tx, caller, signers, recorder, end):
    act = await make_act(tx, caller)
    director = signers.director
    if end == "revoked":
        await identity.revoke_key(tx, caller, director.key_id, new_id())
    else:
        await identity.suspend_key(tx, director.caller, director.key_id)
    with pytest.raises(identity_rules.KeyNotActive):
        await sign(tx, director, act, recorder.effects)


async def test_an_expired_key_is_refused(tx, caller, signers, recorder):
    person = await add_signer(tx, caller.compound_id, Office.COMMITTEE_MEMBER, activate=False)
    await identity.activate_key(tx, caller, person.key_id, new_id(), SEPTEMBER)
    act = await make_act(tx, caller)
    with pytest.raises(identity_rules.KeyExpired):
        await sign(tx, person, act, recorder.effects)


async def test_another_persons_key_is_refused(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    thief = replace(signers.director, caller=signers.member.caller)
    with pytest.raises(identity_rules.KeyNotYours):
        await sign(tx, thief, act, recorder.effects)


async def test_an_unknown_key_is_missing(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    person = replace(signers.director, key=make_signing_key("unknown"))
    with pytest.raises(Missing):
        await sign(tx, person, act, recorder.effects)


# -- payloads and signatures that do not fit


async def test_a_bad_signature_is_refused(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    command = replace(signature(act, signers.director), signature=bytes(64))
    with pytest.raises(rules.BadSignature):
        await service.sign(tx, signers.director.caller, act.act_id, command, recorder.effects)


async def test_a_signature_over_another_act_is_refused(tx, caller, signers, recorder):
    act, other = await make_act(tx, caller), await make_act(tx, caller)
    command = replace(
        signature(act, signers.director),
        signature=signature(other, signers.director).signature,
    )
    with pytest.raises(rules.BadSignature):
        await service.sign(tx, signers.director.caller, act.act_id, command, recorder.effects)


async def test_a_revised_payload_has_no_signatures_and_refuses_those_over_the_old_one(
    tx, caller, signers, recorder
):
    act = await make_act(tx, caller, policy_version=3)
    await sign(tx, signers.manager, act, recorder.effects)
    revised = await service.revise(tx, caller, act.act_id, {"amount_fen": 1_380_000})
    assert revised.version == 2
    assert revised.policy_version == act.policy_version
    assert revised.signatures == ()
    with pytest.raises(rules.DigestChanged) as refused:
        await sign(tx, signers.director, act, recorder.effects)
    assert refused.value.facts == {"version": 2, "payload_digest": revised.digest}
    stale = replace(signature(act, signers.director), payload_digest=revised.digest)
    with pytest.raises(rules.BadSignature):
        await service.sign(tx, signers.director.caller, act.act_id, stale, recorder.effects)
    signed = await sign_both(tx, signers, revised, recorder.effects)
    assert signed.state is ActState.SIGNED
    assert [one.version for one in signed.signatures] == [2, 2]


# -- the other ends


async def test_a_rejected_act_is_over(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    await sign(tx, signers.manager, act, recorder.effects)
    rejected = await service.reject(
        tx, signers.member.caller, act.act_id, "no receipt", recorder.effects
    )
    assert (rejected.state, rejected.reason) == (ActState.REJECTED, "no receipt")
    assert recorder.ended == [rejected]
    with pytest.raises(rules.ActNotOpen):
        await sign(tx, signers.director, act, recorder.effects)
    with pytest.raises(rules.ActNotOpen):
        await service.reject(tx, signers.member.caller, act.act_id, "again", recorder.effects)
    with pytest.raises(rules.ActNotOpen):
        await service.revise(tx, caller, act.act_id, {"amount_fen": 1})


async def test_who_may_not_read_an_act_can_do_nothing_with_it(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    resident = replace(signers.director.caller, mandates=(), is_resident=True)
    command = signature(act, signers.director)
    with pytest.raises(Missing):
        await service.sign(tx, resident, act.act_id, command, recorder.effects)
    for end in (service.reject, service.withdraw):
        with pytest.raises(Missing):
            await end(tx, resident, act.act_id, "no", recorder.effects)


async def test_who_cannot_sign_cannot_reject(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    with pytest.raises(rules.MandateNotInForce):
        await service.reject(tx, caller, act.act_id, "no", recorder.effects)


async def test_the_drafters_side_takes_an_act_back(tx, caller, signers, recorder):
    act = await make_act(tx, caller)
    with pytest.raises(rules.NotDraftersSide):
        await service.withdraw(tx, signers.director.caller, act.act_id, "wrong", recorder.effects)
    withdrawn = await service.withdraw(
        tx, signers.manager.caller, act.act_id, "wrong account", recorder.effects
    )
    assert withdrawn.state is ActState.WITHDRAWN
    assert recorder.ended == [withdrawn]


async def test_a_signed_act_can_neither_be_rejected_nor_withdrawn(tx, caller, signers, recorder):
    act = await sign_both(tx, signers, await make_act(tx, caller), recorder.effects)
    with pytest.raises(rules.ActNotOpen):
        await service.reject(tx, signers.member.caller, act.act_id, "no", recorder.effects)
    with pytest.raises(rules.ActNotOpen):
        await service.withdraw(tx, caller, act.act_id, "no", recorder.effects)
    with pytest.raises(rules.ActNotOpen):
        await sign(tx, signers.member, act, recorder.effects)
    assert recorder.ended == []


async def test_an_expired_act_takes_no_signature_and_is_swept(tx, caller, signers, recorder):
    act = await make_act(tx, caller, expires_at=SEPTEMBER + DAY)
    kept = await make_act(tx, caller, expires_at=SEPTEMBER + 2 * DAY)
    tomorrow = replace(caller, at=SEPTEMBER + DAY)
    manager = replace(signers.manager, caller=replace(signers.manager.caller, at=tomorrow.at))
    with pytest.raises(rules.ActExpired):
        await sign(tx, manager, act, recorder.effects)
    assert await service.expire_due(tx, caller, recorder.effects) == ()
    (expired,) = await service.expire_due(tx, tomorrow, recorder.effects)
    assert (expired.act_id, expired.state) == (act.act_id, ActState.EXPIRED)
    assert recorder.ended == [expired]
    assert await service.expire_due(tx, tomorrow, recorder.effects) == ()
    assert (await service.find(tx, caller.compound_id, kept.act_id)).state is ActState.OPEN


async def test_one_expired_act_is_ended_on_touch(tx, caller, recorder):
    act = await make_act(tx, caller, expires_at=SEPTEMBER + DAY)
    early = await service.expire(tx, caller, act.act_id, recorder.effects)
    assert early.state is ActState.OPEN
    tomorrow = replace(caller, at=SEPTEMBER + DAY)
    late = await service.expire(tx, tomorrow, act.act_id, recorder.effects)
    assert late.state is ActState.EXPIRED
    assert await service.expire(tx, tomorrow, act.act_id, recorder.effects) == late
    assert recorder.ended == [late]


async def test_a_kind_without_an_effect_is_a_loud_bug(tx, caller, signers):
    act = await make_act(tx, caller)
    await sign(tx, signers.manager, act, {})
    with pytest.raises(KeyError):
        await sign(tx, signers.director, act, {})


# -- reading


async def test_acts_wait_for_those_who_can_still_sign_them(tx, caller, signers, recorder):
    first, second = await make_act(tx, caller), await make_act(tx, signers.manager.caller)
    own_hand_forbidden = await make_act(
        tx,
        signers.manager.caller,
        required=(
            Requirement(party=Party.TRUSTEE, count=1, drafter_may_sign=False),
            Requirement(party=Party.OWNERS, count=1),
        ),
    )
    await sign(tx, signers.director, first, recorder.effects)

    async def waiting_for(person):
        found = await service.acts(tx, person.caller, waiting_for_me=True)
        return [act.act_id for act in found]

    assert await waiting_for(signers.manager) == [first.act_id, second.act_id]
    assert await waiting_for(signers.director) == [second.act_id, own_hand_forbidden.act_id]
    assert await waiting_for(signers.member) == [second.act_id, own_hand_forbidden.act_id]
    await sign(tx, signers.manager, first, recorder.effects)
    assert await waiting_for(signers.manager) == [second.act_id]
    with pytest.raises(rules.MandateNotInForce):
        await service.acts(tx, caller, waiting_for_me=True)


async def test_lists_are_filtered_and_cut(tx, caller, signers, recorder):
    acts = [await make_act(tx, caller) for _ in range(3)]
    await service.withdraw(tx, caller, acts[0].act_id, "wrong", recorder.effects)
    ids = [act.act_id for act in acts]
    listed = await service.acts(tx, caller, state=ActState.OPEN)
    assert [act.act_id for act in listed] == ids[1:]
    listed = await service.acts(tx, caller, after=ids[0], limit=1)
    assert [act.act_id for act in listed] == ids[1:2]
    listed = await service.acts(tx, caller, subject_id=acts[2].subject_id)
    assert [act.act_id for act in listed] == ids[2:]
    assert await service.acts(tx, caller, kind="resolution") == ()


async def test_acts_are_read_by_office_holders_and_keys_with_the_scope_only(tx, caller):
    act = await make_act(tx, caller)
    resident = replace(caller, person_id=new_id(), mandates=(), is_resident=True)
    reader = replace(caller, person_id=None, mandates=(), scopes=frozenset({"acts:read"}))
    vendor = replace(reader, vendor_id=new_id())
    assert await service.get(tx, reader, act.act_id) == act
    assert await service.acts(tx, reader) == (act,)
    operator = replace(reader, scopes=frozenset({"operator"}))
    for nobody in (resident, vendor, operator):
        with pytest.raises(Missing):
            await service.get(tx, nobody, act.act_id)
        with pytest.raises(ScopeNeeded):
            await service.acts(tx, nobody)


async def test_another_compounds_act_is_not_there(database, recorder):
    mine = make_caller()
    async with database.begin(mine) as tx:
        act = await make_act(tx, mine)
    other = make_caller()
    async with database.begin(other, dry_run=True) as tx:
        signers = await make_signers(tx, other.compound_id)
        assert await service.find(tx, mine.compound_id, act.act_id) is None
        with pytest.raises(Missing):
            await service.get(tx, other, act.act_id)
        with pytest.raises(Missing):
            await sign(tx, signers.manager, act, recorder.effects)


# -- the database is the second witness


async def test_the_database_refuses_a_signed_act_without_its_signatures(tx, caller, signers):
    act = await make_act(tx, caller)
    await sign(tx, signers.manager, act, {})
    with pytest.raises(asyncpg.RestrictViolationError, match="lacks signatures"):
        await tx.raw.execute(
            "UPDATE act SET state = 'signed', ended_at = now() WHERE act_id = $1", act.act_id
        )


async def test_the_database_lets_no_ended_act_open_again(tx, caller, recorder):
    act = await make_act(tx, caller)
    await service.withdraw(tx, caller, act.act_id, "wrong", recorder.effects)
    with pytest.raises(asyncpg.RestrictViolationError):
        await tx.raw.execute(
            "UPDATE act SET state = 'open', ended_at = NULL WHERE act_id = $1", act.act_id
        )


@pytest.mark.parametrize("table", ["act_version", "act_signature"])
@pytest.mark.parametrize("change", ["UPDATE {} SET version = 2", "DELETE FROM {}", "TRUNCATE {}"])
async def test_nobody_changes_what_was_signed(owner, database, table, change):
    caller = make_caller()
    async with database.begin(caller) as tx:
        signers = await make_signers(tx, caller.compound_id)
        await sign(tx, signers.manager, await make_act(tx, caller), {})
    async with database.begin(caller, dry_run=True) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.raw.execute(change.format(table))
    with pytest.raises((asyncpg.RestrictViolationError, asyncpg.FeatureNotSupportedError)):
        await owner.execute(change.format(table) + (" CASCADE" if "TRUNC" in change else ""))
