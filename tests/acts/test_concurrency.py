"""Many signatures in one instant: each act takes effect exactly once and none gets stuck."""

import asyncio
from collections import Counter

import pytest
from msgspec.structs import replace

from tests.make.acts import Recorder, add_signer, make_act, make_signers, sign
from tests.make.ground import make_caller, new_id
from trustprop.acts import rules, service, store
from trustprop.acts.model import ActState
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.kernel.caller import Office
from trustprop.kernel.errors import Refusal

CROWD = 16


async def try_to_sign(database, person, act, effects) -> str:
    try:
        async with database.begin(person.caller) as tx:
            return (await sign(tx, person, act, effects)).state
    except Refusal as refusal:
        return refusal.code


@pytest.fixture
def bookkeeper():
    return make_caller()


async def states(database, caller, acts) -> Counter[ActState]:
    async with database.read(caller) as tx:
        return Counter(
            [(await service.find(tx, caller.compound_id, act.act_id)).state for act in acts]
        )


async def test_sixteen_signatures_at_once_release_once(database, bookkeeper):
    async with database.begin(bookkeeper) as tx:
        await make_signers(tx, bookkeeper.compound_id)
        offices = (Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER)
        crowd = [await add_signer(tx, bookkeeper.compound_id, offices[i % 2]) for i in range(CROWD)]
        acts = [await make_act(tx, bookkeeper) for _ in range(12)]
    recorder = Recorder()
    for act in acts:
        answers = await asyncio.gather(
            *[try_to_sign(database, person, act, recorder.effects) for person in crowd]
        )
        counted = Counter(answers)
        assert counted[ActState.OPEN] == 1
        assert counted[ActState.SIGNED] == 1
        assert counted["party-complete"] + counted["act-not-open"] == CROWD - 2
    assert [one.act_id for one in recorder.signed] == [act.act_id for act in acts]
    assert await states(database, bookkeeper, acts) == {ActState.SIGNED: len(acts)}


async def test_two_signatures_in_the_same_instant_release_once_and_never_get_stuck(
    database, bookkeeper
):
    async with database.begin(bookkeeper) as tx:
        signers = await make_signers(tx, bookkeeper.compound_id)
        acts = [await make_act(tx, bookkeeper) for _ in range(60)]
    recorder = Recorder()
    two = (signers.manager, signers.director)
    await asyncio.gather(
        *[try_to_sign(database, person, act, recorder.effects) for act in acts for person in two]
    )
    assert Counter(one.act_id for one in recorder.signed) == Counter(act.act_id for act in acts)
    assert await states(database, bookkeeper, acts) == {ActState.SIGNED: len(acts)}


async def test_without_the_lock_two_signatures_at_once_leave_an_act_stuck(
    database, bookkeeper, monkeypatch
):
    """The control: both read before either writes, and each sees its own signature only."""
    async with database.begin(bookkeeper) as tx:
        signers = await make_signers(tx, bookkeeper.compound_id)
        act = await make_act(tx, bookkeeper)
    both_have_read = asyncio.Barrier(2)

    async def read_without_lock(tx, compound_id, act_id):
        found = await store.find_act(tx, compound_id, act_id)
        await both_have_read.wait()
        return found

    monkeypatch.setattr(store, "lock_act", read_without_lock)
    recorder = Recorder()
    await asyncio.gather(
        *[
            try_to_sign(database, person, act, recorder.effects)
            for person in (signers.manager, signers.director)
        ]
    )
    assert recorder.signed == []
    async with database.read(bookkeeper) as tx:
        stuck = await service.find(tx, bookkeeper.compound_id, act.act_id)
    assert (stuck.state, len(stuck.signatures)) == (ActState.OPEN, 2)


async def test_an_effect_that_is_refused_leaves_the_act_open(database, bookkeeper):
    """The signature and its effect stand or fall together."""
    async with database.begin(bookkeeper) as tx:
        signers = await make_signers(tx, bookkeeper.compound_id)
        act = await make_act(tx, bookkeeper)

    async def refuse(_tx, _caller, _act) -> None:
        raise identity_rules.KeyNotYours

    refusing = {"payment-order": service.Effect(on_signed=refuse)}
    assert await try_to_sign(database, signers.manager, act, refusing) == ActState.OPEN
    assert await try_to_sign(database, signers.director, act, refusing) == "key-not-yours"
    assert await states(database, bookkeeper, [act]) == {ActState.OPEN: 1}
    recorder = Recorder()
    assert await try_to_sign(database, signers.director, act, recorder.effects) == ActState.SIGNED
    assert len(recorder.signed) == 1


async def test_a_rejection_and_the_last_signature_at_once_have_one_winner(database, bookkeeper):
    async with database.begin(bookkeeper) as tx:
        signers = await make_signers(tx, bookkeeper.compound_id)
        acts = [await make_act(tx, bookkeeper) for _ in range(20)]
        for act in acts:
            await sign(tx, signers.manager, act, {})
    recorder = Recorder()

    async def reject(act) -> None:
        try:
            async with database.begin(signers.member.caller) as tx:
                await service.reject(tx, signers.member.caller, act.act_id, "no", recorder.effects)
        except rules.ActNotOpen:
            return

    await asyncio.gather(
        *[reject(act) for act in acts],
        *[try_to_sign(database, signers.director, act, recorder.effects) for act in acts],
    )
    ended = [one.act_id for one in (*recorder.signed, *recorder.ended)]
    assert Counter(ended) == Counter(act.act_id for act in acts)
    assert await states(database, bookkeeper, acts) == {
        state: count
        for state, count in (
            (ActState.SIGNED, len(recorder.signed)),
            (ActState.REJECTED, len(recorder.ended)),
        )
        if count
    }


async def test_a_key_cannot_be_revoked_under_a_signature_that_is_being_made(database, bookkeeper):
    """The revocation waits for the signature; the next signature finds the key revoked."""
    async with database.begin(bookkeeper) as tx:
        signers = await make_signers(tx, bookkeeper.compound_id)
        first, second = await make_act(tx, bookkeeper), await make_act(tx, bookkeeper)
    director = signers.director
    is_revoked = asyncio.Event()

    async def revoke() -> None:
        async with database.begin(bookkeeper) as tx:
            await identity.revoke_key(tx, bookkeeper, director.key_id, new_id())
        is_revoked.set()

    async with database.begin(director.caller) as tx:
        await sign(tx, director, first, {})
        revoking = asyncio.create_task(revoke())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(is_revoked.wait()), 0.2)
    await revoking
    assert await try_to_sign(database, director, second, {}) == "key-not-active"


async def test_two_sweepers_end_every_act_once(database, bookkeeper):
    async with database.begin(bookkeeper) as tx:
        acts = [await make_act(tx, bookkeeper) for _ in range(30)]
    late = replace(bookkeeper, at=acts[0].expires_at)
    recorder = Recorder()

    async def sweep() -> None:
        async with database.begin(late) as tx:
            await service.expire_due(tx, late, recorder.effects)

    await asyncio.gather(*[sweep() for _ in range(4)])
    await sweep()
    assert Counter(one.act_id for one in recorder.ended) == Counter(act.act_id for act in acts)
    assert await states(database, bookkeeper, acts) == {ActState.EXPIRED: len(acts)}
