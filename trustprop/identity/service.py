"""What identity does: sign people in, know machines, and enrol the keys that people sign with."""

import asyncio
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from trustprop.identity import rules, store
from trustprop.identity.model import (
    ApiKey,
    ChangePassword,
    CreateApiKey,
    Credential,
    KeyState,
    NewApiKey,
    OpenedSession,
    OpenSession,
    Person,
    ProveKey,
    RegisterPerson,
    Registration,
    RotateApiKey,
    Secrets,
    Session,
    SigningKey,
)
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.plumbing.database import Tx

API_KEY_OFFICES = (Office.TRUSTEE_MANAGER, Office.COMMITTEE_DIRECTOR)


async def authenticate(tx: Tx, authorization: str | None, at: datetime) -> Credential:
    """Who shows this ``Authorization`` header. One statement. Raises CredentialRefused."""
    credential = await store.find_credential(tx, rules.read_authorization(authorization), at)
    if credential is None:
        raise rules.CredentialRefused
    return credential


# -- people and sessions -------------------------------------------------------------------------


async def register(
    tx: Tx, command: RegisterPerson, *, at: datetime, salt: bytes, totp_secret: bytes
) -> Registration:
    """Adds a person with a password and a second factor.

    The same command again, before the first sign-in, gives the same answer. Raises LoginTaken.
    """
    rules.check_registration(command)
    person = Person(
        person_id=command.id,
        display_name=command.display_name.strip(),
        login=rules.login_of(command.login),
        created_at=at,
    )
    password_hash = await asyncio.to_thread(rules.hash_password, command.password, salt)
    if not await store.add_person(tx, person, password_hash, totp_secret):
        person, totp_secret = await _registered_before(tx, person, command.password)
    return Registration(
        person=person,
        totp_secret=rules.totp_base32(totp_secret),
        totp_uri=rules.totp_uri(totp_secret, person.login),
    )


async def _registered_before(tx: Tx, person: Person, password: str) -> tuple[Person, bytes]:
    found = await store.find_person(tx, person.person_id)
    secrets = await store.find_secrets(tx, person.login)
    if found is None or secrets is None or secrets.totp_last_step is not None:
        raise rules.LoginTaken
    if (found.login, found.display_name) != (person.login, person.display_name):
        raise rules.LoginTaken
    if not await asyncio.to_thread(rules.password_fits, secrets.password_hash, password):
        raise rules.LoginTaken
    return found, secrets.totp_secret


async def open_session(
    tx: Tx,
    command: OpenSession,
    *,
    at: datetime,
    expires_at: datetime,
    session_id: UUID,
    secret: bytes,
) -> OpenedSession | None:
    """A session, or None when the sign-in is refused.

    A refusal is an answer and not an exception here, because the failed attempt must be committed;
    the edge raises SignInRefused after that.
    """
    login = rules.login_of(command.login)
    failures = await store.lock_failures(tx, login, at)
    if rules.is_locked(failures, at):
        return None
    secrets = await store.find_secrets(tx, login)
    step = await _accepted_step(secrets, command, at)
    if secrets is None or step is None:
        await store.save_failures(tx, login, rules.count_failure(failures, at))
        return None
    await store.forget_failures(tx, login, at)
    session = Session(
        session_id=session_id, person_id=secrets.person_id, created_at=at, expires_at=expires_at
    )
    token = rules.session_token(secret)
    await store.add_session(tx, session, rules.token_hash(token), step)
    return OpenedSession(session=session, token=token)


async def change_password(
    tx: Tx, credential: Credential, command: ChangePassword, *, at: datetime, salt: bytes
) -> bool:
    """Whether the password changed; then every other session of the person has ended.

    False is a refused attempt, counted like a sign-in and with it, so the edge commits it and raises
    SignInRefused after that. Raises PersonNeeded and FieldsInvalid.
    """
    login = (await whoever(tx, credential)).login
    rules.check_new_password(command)
    failures = await store.lock_failures(tx, login, at)
    if rules.is_locked(failures, at):
        return False
    secrets = await store.find_secrets(tx, login)
    step = await _accepted_step(secrets, command, at)
    if secrets is None or step is None:
        await store.save_failures(tx, login, rules.count_failure(failures, at))
        return False
    await store.forget_failures(tx, login, at)
    hashed = await asyncio.to_thread(rules.hash_password, command.new_password, salt)
    await store.change_password(tx, secrets.person_id, hashed, step)
    await store.end_other_sessions(tx, secrets.person_id, credential.credential_id, at)
    return True


async def _accepted_step(
    secrets: Secrets | None, command: OpenSession | ChangePassword, at: datetime
) -> int | None:
    """Takes as long for an unknown login as for a wrong password."""
    password_hash = secrets.password_hash if secrets else rules.NOBODYS_HASH
    fits = await asyncio.to_thread(rules.password_fits, password_hash, command.password)
    if secrets is None or not fits:
        return None
    return rules.accepted_step(secrets.totp_secret, command.code, at, secrets.totp_last_step)


async def end_session(tx: Tx, credential: Credential, at: datetime) -> None:
    """Raises PersonNeeded for the key of a machine, which is revoked instead."""
    if credential.person_id is None:
        raise rules.PersonNeeded
    await store.end_session(tx, credential.credential_id, at)


async def whoever(tx: Tx, credential: Credential) -> Person:
    """The person behind a session. Raises PersonNeeded."""
    person = await store.find_person(tx, credential.person_id) if credential.person_id else None
    if person is None:
        raise rules.PersonNeeded
    return person


async def find_person(tx: Tx, person_id: UUID) -> Person | None:
    return await store.find_person(tx, person_id)


async def people(tx: Tx, person_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Those of these ids that exist."""
    return {person.person_id: person for person in await store.people(tx, person_ids)}


# -- machines ------------------------------------------------------------------------------------


async def make_operator_key(
    tx: Tx, label: str, *, key_id: UUID, secret: bytes, at: datetime, expires_at: datetime
) -> str:
    """The token of a new operator key. Only the owner of the schema can add one, not the service."""
    token = rules.operator_token(secret)
    prefix = token[: rules.PREFIX_SHOWN]
    await store.add_operator_key(tx, key_id, prefix, rules.token_hash(token), label, at, expires_at)
    return token


async def create_api_key(tx: Tx, caller: Caller, command: CreateApiKey, secret: bytes) -> NewApiKey:
    """Raises OfficeNeeded, FieldsInvalid or ApiKeyExists."""
    caller.check_office(*API_KEY_OFFICES)
    rules.check_api_key(command, caller.at)
    return await _add_api_key(
        tx,
        caller,
        ApiKey(
            key_id=command.id,
            prefix="",
            label=command.label.strip(),
            scopes=tuple(sorted(set(command.scopes))),
            vendor_id=command.vendor_id,
            created_at=caller.at,
            expires_at=command.expires_at,
            revoked_at=None,
            replaces_key_id=None,
        ),
        secret,
    )


async def rotate_api_key(
    tx: Tx, caller: Caller, key_id: UUID, command: RotateApiKey, secret: bytes
) -> NewApiKey:
    """A successor; the old key works until the overlap ends. Raises ApiKeyEnded or ApiKeyExists."""
    caller.check_office(*API_KEY_OFFICES)
    old = await _lock_api_key(tx, caller, key_id)
    rules.check_rotation(command, old, caller.at)
    ends_at = rules.end_of_overlap(command, old, caller.at)
    await store.end_api_key(tx, caller.compound_id, key_id, ends_at, None)
    return await _add_api_key(
        tx,
        caller,
        ApiKey(
            key_id=command.id,
            prefix="",
            label=old.label,
            scopes=old.scopes,
            vendor_id=old.vendor_id,
            created_at=caller.at,
            expires_at=command.expires_at,
            revoked_at=None,
            replaces_key_id=key_id,
        ),
        secret,
    )


async def revoke_api_key(tx: Tx, caller: Caller, key_id: UUID) -> None:
    """From now on it is refused. Revoking it again changes nothing."""
    caller.check_office(*API_KEY_OFFICES)
    key = await _lock_api_key(tx, caller, key_id)
    if key.revoked_at is None:
        await store.end_api_key(tx, caller.compound_id, key_id, key.expires_at, caller.at)


async def api_keys(tx: Tx, caller: Caller) -> tuple[ApiKey, ...]:
    caller.check_office(*Office)
    return await store.api_keys(tx, caller.compound_id)


async def _add_api_key(tx: Tx, caller: Caller, key: ApiKey, secret: bytes) -> NewApiKey:
    token = rules.api_token(secret, caller.compound_id)
    key = replace(key, prefix=token[: rules.PREFIX_SHOWN])
    if not await store.add_api_key(tx, caller.compound_id, key, rules.token_hash(token)):
        raise rules.ApiKeyExists
    return NewApiKey(key=key, token=token)


async def _lock_api_key(tx: Tx, caller: Caller, key_id: UUID) -> ApiKey:
    key = await store.lock_api_key(tx, caller.compound_id, key_id)
    if key is None:
        raise Missing(kind="API key")
    return key


# -- signing keys --------------------------------------------------------------------------------


async def prove_key(tx: Tx, caller: Caller, command: ProveKey) -> SigningKey:
    """Enrols a key of the caller, who shows to hold it; it signs only after an act activates it.

    Raises PersonNeeded, FieldsInvalid, PossessionNotProved or KeyEnrolled.
    """
    person_id = _person(caller)
    rules.check_possession(caller.compound_id, person_id, command)
    key = SigningKey(
        key_id=rules.key_id_of(command.public_key),
        person_id=person_id,
        scheme=command.scheme,
        public_key=command.public_key,
        possession_proof=command.proof,
        state=KeyState.PROVED,
        proved_at=caller.at,
        activated_by_act_id=None,
        activated_at=None,
        expires_at=None,
        revoked_by_act_id=None,
        revoked_at=None,
        credential_id=command.credential_id,
    )
    if await store.add_key(tx, caller.compound_id, key):
        return key
    enrolled = await get_key(tx, caller.compound_id, key.key_id)
    if enrolled.person_id != person_id or enrolled.state is not KeyState.PROVED:
        raise rules.KeyEnrolled(state=enrolled.state)
    return enrolled


async def find_key(tx: Tx, compound_id: UUID, key_id: str) -> SigningKey | None:
    return await store.find_key(tx, compound_id, key_id)


async def get_key(tx: Tx, compound_id: UUID, key_id: str) -> SigningKey:
    """Raises Missing."""
    return _present(await store.find_key(tx, compound_id, key_id))


async def hold_key(tx: Tx, compound_id: UUID, key_id: str) -> SigningKey:
    """The key as it is until this transaction ends. Raises Missing."""
    return _present(await store.hold_key(tx, compound_id, key_id))


async def signing_keys(tx: Tx, caller: Caller) -> tuple[SigningKey, ...]:
    """Every key of the compound for office holders, one's own for anybody else."""
    if caller.mandates:
        return await store.signing_keys(tx, caller.compound_id)
    return await store.signing_keys(tx, caller.compound_id, person_id=_person(caller))


async def was_founded(tx: Tx, compound_id: UUID) -> bool:
    """Whether any key was ever activated here; before that only the founding act can be signed."""
    return await store.has_been_active(tx, compound_id)


async def activate_key(
    tx: Tx, caller: Caller, key_id: str, act_id: UUID, expires_at: datetime | None = None
) -> SigningKey:
    """Called by the effects of signed acts only. Raises KeyNotInState."""
    key = _present(await store.lock_key(tx, caller.compound_id, key_id))
    key = rules.activate(key, act_id, caller.at, expires_at)
    await store.save_key(tx, caller.compound_id, key)
    return key


async def activate_key_by(
    tx: Tx, caller: Caller, key_id: str, resolution_id: UUID, expires_at: datetime | None = None
) -> SigningKey:
    """The key of somebody whom a counted resolution elected; nobody is asked to sign.

    A key of the term before goes on until the new one ends, also when it has expired. Called when a
    meeting takes effect only. Raises KeyNotInState when it is suspended or revoked.
    """
    key = _present(await store.lock_key(tx, caller.compound_id, key_id))
    key = rules.activate_elected(key, resolution_id, caller.at, expires_at)
    await store.save_key(tx, caller.compound_id, key)
    return key


async def revoke_key(tx: Tx, caller: Caller, key_id: str, act_id: UUID) -> SigningKey:
    """Called by the effects of signed acts only. Raises KeyNotInState."""
    key = _present(await store.lock_key(tx, caller.compound_id, key_id))
    key = rules.revoke(key, act_id, caller.at)
    await store.save_key(tx, caller.compound_id, key)
    return key


async def suspend_key(tx: Tx, caller: Caller, key_id: str) -> SigningKey:
    """The holder reports the key lost: it signs nothing from now on. Raises KeyNotYours."""
    key = _present(await store.lock_key(tx, caller.compound_id, key_id))
    key = rules.suspend(key, _person(caller))
    await store.save_key(tx, caller.compound_id, key)
    return key


def _person(caller: Caller) -> UUID:
    if caller.person_id is None:
        raise rules.PersonNeeded
    return caller.person_id


def _present(key: SigningKey | None) -> SigningKey:
    if key is None:
        raise Missing(kind="signing key")
    return key
