"""Sign-in, machines' keys and signing keys against a real database."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.identity import PASSWORD, key_id_of, make_signer, make_signing_key, prove, register
from trustprop.identity import rules, service
from trustprop.identity.model import (
    CreateApiKey,
    CredentialKind,
    KeyState,
    OpenedSession,
    OpenSession,
    RegisterPerson,
    RotateApiKey,
)
from trustprop.kernel.caller import Office, OfficeNeeded
from trustprop.kernel.errors import FieldsInvalid, Missing
from trustprop.plumbing.database import Database, Tx

HOUR = timedelta(hours=1)


async def sign_in(
    tx: Tx, login: str, password: str, code: str, *, at=SEPTEMBER
) -> OpenedSession | None:
    return await service.open_session(
        tx,
        OpenSession(login=login, password=password, code=code),
        at=at,
        expires_at=at + 12 * HOUR,
        session_id=new_id(),
        secret=new_id().bytes * 2,
    )


def code_at(secret: bytes, at=SEPTEMBER) -> str:
    return rules.totp_code(secret, rules.totp_step(at))


async def test_a_session_is_opened_by_password_and_code_and_ends(tx):
    registration, secret = await register(tx)
    opened = await sign_in(tx, registration.person.login, PASSWORD, code_at(secret))
    assert opened is not None
    credential = await service.authenticate(tx, f"Bearer {opened.token}", SEPTEMBER)
    assert credential.kind is CredentialKind.SESSION
    assert credential.person_id == registration.person.person_id
    assert credential.compound_id is None
    assert credential.scopes == frozenset()
    await service.end_session(tx, credential, SEPTEMBER)
    with pytest.raises(rules.CredentialRefused):
        await service.authenticate(tx, f"Bearer {opened.token}", SEPTEMBER)


async def test_a_session_expires(tx):
    registration, secret = await register(tx)
    opened = await sign_in(tx, registration.person.login, PASSWORD, code_at(secret))
    assert opened is not None
    with pytest.raises(rules.CredentialRefused):
        await service.authenticate(tx, f"Bearer {opened.token}", SEPTEMBER + 12 * HOUR)


async def test_the_token_of_a_session_is_stored_nowhere(tx):
    registration, secret = await register(tx)
    opened = await sign_in(tx, registration.person.login, PASSWORD, code_at(secret))
    assert opened is not None
    stored = await tx.raw.fetchval(
        "SELECT token_hash FROM session WHERE session_id = $1", opened.session.session_id
    )
    assert stored == rules.token_hash(opened.token)


async def test_a_code_opens_one_session_only(tx):
    registration, secret = await register(tx)
    code = code_at(secret)
    assert await sign_in(tx, registration.person.login, PASSWORD, code) is not None
    assert await sign_in(tx, registration.person.login, PASSWORD, code) is None


@pytest.mark.parametrize("wrong", ["login", "password", "code"])
async def test_a_sign_in_that_does_not_fit_is_refused_alike(tx, wrong):
    registration, secret = await register(tx)
    login = "nobody" if wrong == "login" else registration.person.login
    password = "another long password" if wrong == "password" else PASSWORD
    code = "000000" if wrong == "code" else code_at(secret)
    assert await sign_in(tx, login, password, code) is None


@pytest.mark.parametrize("exists", [True, False])
async def test_five_failures_lock_a_login_whether_or_not_it_exists(tx, exists):
    registration, secret = await register(tx)
    login = registration.person.login if exists else f"x{new_id().hex}"
    for _ in range(5):
        assert await sign_in(tx, login, "another long password", "000000") is None
    stored = await tx.raw.fetchrow(
        "SELECT attempts, locked_until FROM sign_in_failure WHERE login_hash = $1",
        rules.sha256(login.encode()),
    )
    assert tuple(stored) == (5, SEPTEMBER + timedelta(minutes=1))
    assert await sign_in(tx, login, PASSWORD, code_at(secret)) is None
    later = SEPTEMBER + timedelta(minutes=2)
    opened = await sign_in(tx, login, PASSWORD, code_at(secret, later), at=later)
    assert (opened is not None) == exists


async def test_a_good_sign_in_forgets_the_failures(tx):
    registration, secret = await register(tx)
    login = registration.person.login
    await sign_in(tx, login, "another long password", "000000")
    assert await sign_in(tx, login, PASSWORD, code_at(secret)) is not None
    left = await tx.raw.fetchval(
        "SELECT count(*) FROM sign_in_failure WHERE login_hash = $1", rules.sha256(login.encode())
    )
    assert left == 0


async def test_a_registration_sent_again_gets_the_same_answer_until_the_first_sign_in(tx):
    person_id = new_id()
    command = RegisterPerson(
        id=person_id, display_name="李四", login=f"P{person_id.hex}", password=PASSWORD
    )
    first = await service.register(tx, command, at=SEPTEMBER, salt=b"1" * 16, totp_secret=b"a" * 20)
    again = await service.register(tx, command, at=SEPTEMBER, salt=b"2" * 16, totp_secret=b"b" * 20)
    assert again == first
    await sign_in(tx, command.login, PASSWORD, code_at(b"a" * 20))
    with pytest.raises(rules.LoginTaken):
        await service.register(tx, command, at=SEPTEMBER, salt=b"1" * 16, totp_secret=b"a" * 20)


async def test_a_taken_login_is_refused(tx):
    registration, _ = await register(tx)
    command = RegisterPerson(
        id=new_id(), display_name="张三", login=registration.person.login.upper(), password=PASSWORD
    )
    with pytest.raises(rules.LoginTaken):
        await service.register(tx, command, at=SEPTEMBER, salt=b"1" * 16, totp_secret=b"a" * 20)


# -- machines


def vendor_key(**changes) -> CreateApiKey:
    command = CreateApiKey(
        id=new_id(),
        label="the firm's software",
        scopes=("invoices:write", "invoices:read"),
        expires_at=SEPTEMBER + timedelta(days=90),
        vendor_id=new_id(),
    )
    return replace(command, **changes)


async def test_an_api_key_carries_its_compound_vendor_and_scopes(tx, caller):
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    command = vendor_key()
    made = await service.create_api_key(tx, manager, command, b"s" * 32)
    credential = await service.authenticate(tx, f"Bearer {made.token}", SEPTEMBER)
    assert credential.kind is CredentialKind.API_KEY
    assert credential.credential_id == command.id
    assert credential.compound_id == caller.compound_id
    assert credential.vendor_id == command.vendor_id
    assert credential.scopes == {"invoices:read", "invoices:write"}
    assert credential.person_id is None
    assert made.token.startswith(made.key.prefix)
    assert await service.api_keys(tx, manager) == (made.key,)


async def test_an_api_key_is_recognised_in_a_transaction_of_another_compound(database):
    """So that the edge can answer 404 instead of 401; it learns nothing else about it."""
    manager = make_caller(Office.TRUSTEE_MANAGER)
    async with database.begin(manager) as tx:
        made = await service.create_api_key(tx, manager, vendor_key(), b"t" * 32)
    async with database.read(make_caller()) as tx:
        credential = await service.authenticate(tx, f"Bearer {made.token}", SEPTEMBER)
        assert credential.compound_id == manager.compound_id
        assert await tx.raw.fetchval("SELECT count(*) FROM api_key") == 0


async def test_a_revoked_or_expired_api_key_is_refused(tx, caller):
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    command = vendor_key()
    made = await service.create_api_key(tx, manager, command, b"s" * 32)
    with pytest.raises(rules.CredentialRefused):
        await service.authenticate(tx, f"Bearer {made.token}", command.expires_at)
    await service.revoke_api_key(tx, manager, command.id)
    await service.revoke_api_key(tx, manager, command.id)
    with pytest.raises(rules.CredentialRefused):
        await service.authenticate(tx, f"Bearer {made.token}", SEPTEMBER)


async def test_a_rotated_api_key_overlaps_with_its_successor(tx, caller):
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    command = vendor_key()
    old = await service.create_api_key(tx, manager, command, b"s" * 32)
    rotation = RotateApiKey(
        id=new_id(), expires_at=SEPTEMBER + timedelta(days=180), overlap_hours=2
    )
    new = await service.rotate_api_key(tx, manager, command.id, rotation, b"n" * 32)
    assert new.key.scopes == old.key.scopes
    assert new.key.vendor_id == old.key.vendor_id
    assert new.key.replaces_key_id == command.id
    for token in (old.token, new.token):
        await service.authenticate(tx, f"Bearer {token}", SEPTEMBER + HOUR)
    with pytest.raises(rules.CredentialRefused):
        await service.authenticate(tx, f"Bearer {old.token}", SEPTEMBER + 2 * HOUR)


async def test_a_rotation_cannot_wake_a_revoked_key(tx, caller):
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    command = vendor_key()
    await service.create_api_key(tx, manager, command, b"s" * 32)
    await service.revoke_api_key(tx, manager, command.id)
    rotation = RotateApiKey(id=new_id(), expires_at=SEPTEMBER + timedelta(days=180))
    with pytest.raises(rules.ApiKeyEnded):
        await service.rotate_api_key(tx, manager, command.id, rotation, b"n" * 32)


async def test_the_id_of_an_api_key_is_used_once(tx, caller):
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    command = vendor_key()
    await service.create_api_key(tx, manager, command, b"s" * 32)
    with pytest.raises(rules.ApiKeyExists):
        await service.create_api_key(tx, manager, command, b"r" * 32)


async def test_a_bookkeeper_makes_no_api_keys(tx, caller):
    with pytest.raises(OfficeNeeded):
        await service.create_api_key(tx, caller, vendor_key(), b"s" * 32)


async def test_a_vendors_key_reaches_no_books(tx, caller):
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    with pytest.raises(FieldsInvalid) as refused:
        await service.create_api_key(
            tx, manager, vendor_key(scopes=("books:read", "pay")), b"s" * 32
        )
    assert [(e.pointer, e.code) for e in refused.value.errors] == [
        ("/scopes/0", "not-for-vendors"),
        ("/scopes/1", "invalid"),
    ]


async def test_the_service_cannot_make_an_operator_key(database, owner_url):
    arguments = {
        "key_id": new_id(),
        "secret": new_id().bytes * 2,
        "at": SEPTEMBER,
        "expires_at": SEPTEMBER + HOUR,
    }
    with pytest.raises(Exception, match="permission denied"):
        async with database.begin(None) as tx:
            await service.make_operator_key(tx, "mine", **arguments)
    owners = Database.connect(owner_url)
    async with owners.begin(None) as tx:
        token = await service.make_operator_key(tx, "mine", **arguments)
    await owners.close()
    async with database.read(None) as tx:
        credential = await service.authenticate(tx, f"Bearer {token}", SEPTEMBER)
        with pytest.raises(rules.CredentialRefused):
            await service.authenticate(tx, f"Bearer {token}", SEPTEMBER + HOUR)
    assert credential.kind is CredentialKind.OPERATOR
    assert credential.scopes == {"operator"}


# -- signing keys


async def test_a_proved_key_is_not_active(tx, caller):
    proved = await prove(tx, caller, make_signing_key(caller.person_id))
    assert proved.state is KeyState.PROVED
    assert await prove(tx, caller, make_signing_key(caller.person_id)) == proved
    assert not await service.was_founded(tx, caller.compound_id)


async def test_a_key_belongs_to_one_person(tx, caller):
    key = make_signing_key(caller.person_id)
    await prove(tx, caller, key)
    with pytest.raises(rules.KeyEnrolled):
        await prove(tx, make_caller(compound_id=caller.compound_id), key)


async def test_a_machine_has_no_signing_key(tx, caller):
    machine = replace(caller, person_id=None)
    command = rules.prove(make_signing_key("machine"), caller.compound_id, caller.person_id)
    with pytest.raises(rules.PersonNeeded):
        await service.prove_key(tx, machine, command)


async def test_a_key_goes_from_proved_over_active_and_suspended_to_revoked(tx, caller):
    holder, key = await make_signer(tx, caller.compound_id, Office.TRUSTEE_MANAGER)
    key_id = key_id_of(key)
    assert (await service.get_key(tx, caller.compound_id, key_id)).state is KeyState.ACTIVE
    assert await service.was_founded(tx, caller.compound_id)
    assert (await service.suspend_key(tx, holder, key_id)).state is KeyState.SUSPENDED
    act_id = new_id()
    revoked = await service.revoke_key(tx, holder, key_id, act_id)
    assert (revoked.state, revoked.revoked_by_act_id) == (KeyState.REVOKED, act_id)
    assert await service.get_key(tx, caller.compound_id, key_id) == revoked
    for change in (service.activate_key, service.revoke_key):
        with pytest.raises(rules.KeyNotInState):
            await change(tx, holder, key_id, new_id())
    with pytest.raises(rules.KeyEnrolled):
        await prove(tx, holder, key)


async def test_an_election_activates_a_key_and_prolongs_the_one_of_the_term_before(tx, caller):
    first, second = SEPTEMBER + HOUR, SEPTEMBER + 9 * HOUR
    proved = await prove(tx, caller, make_signing_key("director"))
    elected = await service.activate_key_by(tx, caller, proved.key_id, new_id(), first)
    assert (elected.state, elected.activated_by_act_id) == (KeyState.ACTIVE, None)
    assert await service.was_founded(tx, caller.compound_id)
    after = replace(caller, at=SEPTEMBER + 2 * HOUR)
    resolution_id = new_id()
    again = await service.activate_key_by(tx, after, proved.key_id, resolution_id, second)
    assert (again.expires_at, again.activated_by_resolution_id) == (second, resolution_id)
    shorter = await service.activate_key_by(tx, after, proved.key_id, new_id(), first)
    assert shorter.expires_at == second
    assert await service.get_key(tx, caller.compound_id, proved.key_id) == shorter


async def test_no_election_finds_a_lost_key_again(tx, caller):
    elected, key = await make_signer(tx, caller.compound_id, Office.COMMITTEE_DIRECTOR)
    key_id = key_id_of(key)
    await service.suspend_key(tx, elected, key_id)
    with pytest.raises(rules.KeyNotInState):
        await service.activate_key_by(tx, caller, key_id, new_id())
    await service.activate_key(tx, caller, key_id, new_id())
    await service.revoke_key(tx, caller, key_id, new_id())
    with pytest.raises(rules.KeyNotInState):
        await service.activate_key_by(tx, caller, key_id, new_id())


async def test_only_the_holder_reports_a_key_lost(tx, caller):
    _, key = await make_signer(tx, caller.compound_id, Office.TRUSTEE_MANAGER)
    with pytest.raises(rules.KeyNotYours):
        await service.suspend_key(tx, caller, key_id_of(key))


async def test_who_holds_no_office_sees_the_own_keys_only(tx, caller):
    await make_signer(tx, caller.compound_id, Office.TRUSTEE_MANAGER)
    mine = await prove(tx, caller, make_signing_key(caller.person_id))
    assert len(await service.signing_keys(tx, caller)) == 2
    assert await service.signing_keys(tx, replace(caller, mandates=())) == (mine,)


@pytest.mark.parametrize("key_id", ["0" * 64, "no hex", ""])
async def test_an_unknown_key_is_missing(tx, caller, key_id):
    assert await service.find_key(tx, caller.compound_id, key_id) is None
    with pytest.raises(Missing):
        await service.get_key(tx, caller.compound_id, key_id)


async def test_another_compounds_keys_are_not_there(database):
    holder = make_caller(Office.TRUSTEE_MANAGER)
    async with database.begin(holder) as tx:
        _, key = await make_signer(tx, holder.compound_id, Office.TRUSTEE_MANAGER)
    async with database.begin(make_caller()) as tx:
        assert await service.find_key(tx, holder.compound_id, key_id_of(key)) is None
