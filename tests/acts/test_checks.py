"""The integrity queries find what the owner of the database does behind the triggers' backs."""

import pytest

from tests.make.acts import Recorder, make_act, make_signers, sign, sign_both
from tests.make.ground import make_caller, new_id
from trustprop.plumbing import checks

QUERIES = {name: sql for name, sql in checks.queries().items() if name.startswith("acts:")}


async def broken(owner, compound_id) -> set[str]:
    """The names of the rules that this compound breaks."""
    return {
        name.removeprefix("acts: ")
        for name, sql in QUERIES.items()
        if any(row["compound_id"] == compound_id for row in await owner.fetch(sql))
    }


@pytest.fixture
async def compound_id(database):
    """A compound with a signed act, one with a single signature, and a revised one."""
    caller = make_caller()
    recorder = Recorder()
    async with database.begin(caller) as tx:
        signers = await make_signers(tx, caller.compound_id)
        await sign_both(tx, signers, await make_act(tx, caller), recorder.effects)
        await sign(tx, signers.manager, await make_act(tx, caller), recorder.effects)
    return caller.compound_id


async def test_what_was_signed_in_order_breaks_nothing(owner, compound_id):
    assert len(QUERIES) == 4
    assert await broken(owner, compound_id) == set()


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (
            "DELETE FROM act_signature WHERE compound_id = $1 AND party = 'owners'",
            {"every_signed_act_carries_the_signatures_that_its_payload_demands"},
        ),
        (
            "UPDATE act SET state = 'signed', ended_at = drafted_at WHERE compound_id = $1",
            {"every_signed_act_carries_the_signatures_that_its_payload_demands"},
        ),
        (
            "UPDATE act_version SET required = '[]' WHERE compound_id = $1",
            {"what_is_stored_about_an_act_is_what_its_payload_says"},
        ),
        (
            "UPDATE act SET subject_id = act_id WHERE compound_id = $1",
            {"what_is_stored_about_an_act_is_what_its_payload_says"},
        ),
        (
            "UPDATE act_version SET expires_at = expires_at + interval '1 day' WHERE compound_id = $1",
            {"what_is_stored_about_an_act_is_what_its_payload_says"},
        ),
        (
            "UPDATE act_signature SET signed_at = signed_at - interval '1 day' WHERE compound_id = $1",
            {"every_signature_is_by_the_holder_of_its_key_while_it_was_not_revoked"},
        ),
    ],
)
async def test_tampering_is_found(owner, compound_id, tampering, found):
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(tampering, compound_id)
        assert await broken(owner, compound_id) == found
    finally:
        await transaction.rollback()


async def test_an_act_of_one_side_alone_is_found(owner, compound_id):
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute("SET LOCAL session_replication_role = replica")
        payload = b'{"required":[{"count":1,"party":"trustee"}]}'
        await owner.execute(
            "INSERT INTO act_version (compound_id, act_id, version, payload, digest, required, expires_at) "
            "VALUES ($1, $2, 1, $3, sha256($3), '[]', now())",
            compound_id,
            new_id(),
            payload,
        )
        assert await broken(owner, compound_id) == {"every_act_demands_both_sides"}
    finally:
        await transaction.rollback()
