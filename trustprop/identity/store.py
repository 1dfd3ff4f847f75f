"""How people, sessions, API keys and signing keys are fetched and kept."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from trustprop.identity.model import (
    ApiKey,
    Credential,
    CredentialKind,
    Failures,
    Person,
    Secrets,
    Session,
    SigningKey,
)
from trustprop.identity.rules import Presented
from trustprop.identity.tables import (
    api_key,
    operator_key,
    password,
    person,
    session,
    sign_in_failure,
    signing_key,
)
from trustprop.kernel.canonical import sha256
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

STALE = timedelta(days=1)


# -- credentials: one statement each, on every request -------------------------------------------

_SESSION = """
    SELECT session_id, person_id FROM session
    WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2
"""
_OPERATOR = """
    SELECT key_id FROM operator_key
    WHERE secret_hash = $1 AND revoked_at IS NULL AND expires_at > $2
"""
_API_KEY = """
    SELECT key_id, vendor_id, scopes FROM find_api_key($3, $1)
    WHERE revoked_at IS NULL AND expires_at > $2
"""


async def find_credential(tx: Tx, presented: Presented, at: datetime) -> Credential | None:
    if presented.kind is CredentialKind.SESSION:
        return _session_credential(await tx.raw.fetchrow(_SESSION, presented.token_hash, at))
    if presented.kind is CredentialKind.OPERATOR:
        return _operator_credential(await tx.raw.fetchrow(_OPERATOR, presented.token_hash, at))
    found = await tx.raw.fetchrow(_API_KEY, presented.token_hash, at, presented.compound_id)
    return _api_credential(found, presented.compound_id)


def _session_credential(found: Any) -> Credential | None:
    if found is None:
        return None
    return Credential(
        kind=CredentialKind.SESSION, credential_id=found["session_id"], person_id=found["person_id"]
    )


def _operator_credential(found: Any) -> Credential | None:
    if found is None:
        return None
    return Credential(
        kind=CredentialKind.OPERATOR,
        credential_id=found["key_id"],
        scopes=frozenset({"operator"}),
    )


def _api_credential(found: Any, compound_id: UUID | None) -> Credential | None:
    if found is None:
        return None
    return Credential(
        kind=CredentialKind.API_KEY,
        credential_id=found["key_id"],
        compound_id=compound_id,
        vendor_id=found["vendor_id"],
        scopes=frozenset(found["scopes"]),
    )


# -- people --------------------------------------------------------------------------------------


async def add_person(tx: Tx, who: Person, password_hash: str, totp_secret: bytes) -> bool:
    """False when the id or the login is taken."""
    added = await tx.execute(
        upsert(person)
        .values(
            person_id=who.person_id,
            display_name=who.display_name,
            login=who.login,
            created_at=who.created_at,
        )
        .on_conflict_do_nothing()
        .returning(person.c.person_id)
    )
    if added.first() is None:
        return False
    await tx.execute(
        insert(password).values(
            person_id=who.person_id, password_hash=password_hash, totp_secret=totp_secret
        )
    )
    return True


def _people() -> Select[Any]:
    return select(person.c.person_id, person.c.display_name, person.c.login, person.c.created_at)


async def find_person(tx: Tx, person_id: UUID) -> Person | None:
    found = (await tx.execute(_people().where(person.c.person_id == person_id))).first()
    return rows.to(Person, found) if found else None


async def people(tx: Tx, person_ids: Collection[UUID]) -> tuple[Person, ...]:
    wanted = _people().where(person.c.person_id.in_(person_ids)).order_by(person.c.person_id)
    return rows.all_of(Person, await tx.execute(wanted))


async def find_secrets(tx: Tx, login: str) -> Secrets | None:
    found = (
        await tx.execute(
            select(
                password.c.person_id,
                password.c.password_hash,
                password.c.totp_secret,
                password.c.totp_last_step,
            )
            .join(person, person.c.person_id == password.c.person_id)
            .where(person.c.login == login)
        )
    ).first()
    return rows.to(Secrets, found) if found else None


# -- sign-ins and sessions -----------------------------------------------------------------------


async def lock_failures(tx: Tx, login: str, at: datetime) -> Failures:
    """The row is made for an unknown login too; it orders the attempts on one login."""
    locked = await tx.execute(
        upsert(sign_in_failure)
        .values(login_hash=sha256(login.encode()), attempts=0, failed_at=at)
        .on_conflict_do_update(constraint="pk_sign_in_failure", set_={"failed_at": at})
        .returning(sign_in_failure.c.attempts, sign_in_failure.c.locked_until)
    )
    return rows.to(Failures, locked.one())


async def save_failures(tx: Tx, login: str, failures: Failures) -> None:
    await tx.execute(
        update(sign_in_failure)
        .where(sign_in_failure.c.login_hash == sha256(login.encode()))
        .values(attempts=failures.attempts, locked_until=failures.locked_until)
    )


async def forget_failures(tx: Tx, login: str, at: datetime) -> None:
    """Drops those of this login, and old ones that nobody holds."""
    stale = (
        select(sign_in_failure.c.login_hash)
        .where(sign_in_failure.c.failed_at < at - STALE)
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    own = sign_in_failure.c.login_hash == sha256(login.encode())
    await tx.execute(delete(sign_in_failure).where(own | sign_in_failure.c.login_hash.in_(stale)))


async def add_session(tx: Tx, opened: Session, token_hash: bytes, totp_step: int) -> None:
    await tx.execute(
        update(password)
        .where(password.c.person_id == opened.person_id)
        .values(totp_last_step=totp_step)
    )
    await tx.execute(
        insert(session).values(
            session_id=opened.session_id,
            token_hash=token_hash,
            person_id=opened.person_id,
            created_at=opened.created_at,
            expires_at=opened.expires_at,
        )
    )


async def end_session(tx: Tx, session_id: UUID, at: datetime) -> None:
    await tx.execute(
        update(session)
        .where(session.c.session_id == session_id, session.c.ended_at.is_(None))
        .values(ended_at=at)
    )


async def change_password(tx: Tx, person_id: UUID, password_hash: str, totp_step: int) -> None:
    await tx.execute(
        update(password)
        .where(password.c.person_id == person_id)
        .values(password_hash=password_hash, totp_last_step=totp_step)
    )


async def end_other_sessions(tx: Tx, person_id: UUID, but_id: UUID, at: datetime) -> None:
    await tx.execute(
        update(session)
        .where(
            session.c.person_id == person_id,
            session.c.session_id != but_id,
            session.c.ended_at.is_(None),
        )
        .values(ended_at=at)
    )


async def add_operator_key(
    tx: Tx,
    key_id: UUID,
    prefix: str,
    secret_hash: bytes,
    label: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    await tx.execute(
        insert(operator_key).values(
            key_id=key_id,
            prefix=prefix,
            secret_hash=secret_hash,
            label=label,
            created_at=at,
            expires_at=expires_at,
        )
    )


# -- API keys ------------------------------------------------------------------------------------


async def add_api_key(tx: Tx, compound_id: UUID, key: ApiKey, secret_hash: bytes) -> bool:
    """False when there is one with this id."""
    added = await tx.execute(
        upsert(api_key)
        .values(
            compound_id=compound_id,
            key_id=key.key_id,
            prefix=key.prefix,
            secret_hash=secret_hash,
            label=key.label,
            scopes=list(key.scopes),
            vendor_id=key.vendor_id,
            created_at=key.created_at,
            expires_at=key.expires_at,
            replaces_key_id=key.replaces_key_id,
        )
        .on_conflict_do_nothing(constraint="pk_api_key")
        .returning(api_key.c.key_id)
    )
    return added.first() is not None


def _api_keys(compound_id: UUID) -> Select[Any]:
    return select(
        api_key.c.key_id,
        api_key.c.prefix,
        api_key.c.label,
        api_key.c.scopes,
        api_key.c.vendor_id,
        api_key.c.created_at,
        api_key.c.expires_at,
        api_key.c.revoked_at,
        api_key.c.replaces_key_id,
    ).where(api_key.c.compound_id == compound_id)


async def api_keys(tx: Tx, compound_id: UUID) -> tuple[ApiKey, ...]:
    return rows.all_of(ApiKey, await tx.execute(_api_keys(compound_id).order_by(api_key.c.key_id)))


async def lock_api_key(tx: Tx, compound_id: UUID, key_id: UUID) -> ApiKey | None:
    wanted = _api_keys(compound_id).where(api_key.c.key_id == key_id).with_for_update()
    found = (await tx.execute(wanted)).first()
    return rows.to(ApiKey, found) if found else None


async def end_api_key(
    tx: Tx, compound_id: UUID, key_id: UUID, expires_at: datetime, revoked_at: datetime | None
) -> None:
    await tx.execute(
        update(api_key)
        .where(api_key.c.compound_id == compound_id, api_key.c.key_id == key_id)
        .values(expires_at=expires_at, revoked_at=revoked_at)
    )


# -- signing keys --------------------------------------------------------------------------------


def _signing_keys(compound_id: UUID) -> Select[Any]:
    return select(
        func.encode(signing_key.c.key_id, "hex").label("key_id"),
        signing_key.c.person_id,
        signing_key.c.scheme,
        signing_key.c.public_key,
        signing_key.c.possession_proof,
        signing_key.c.state,
        signing_key.c.proved_at,
        signing_key.c.activated_by_act_id,
        signing_key.c.activated_by_resolution_id,
        signing_key.c.activated_at,
        signing_key.c.expires_at,
        signing_key.c.revoked_by_act_id,
        signing_key.c.revoked_at,
        signing_key.c.credential_id,
    ).where(signing_key.c.compound_id == compound_id)


async def signing_keys(
    tx: Tx, compound_id: UUID, *, person_id: UUID | None = None
) -> tuple[SigningKey, ...]:
    wanted = _signing_keys(compound_id).order_by(signing_key.c.proved_at, signing_key.c.key_id)
    if person_id is not None:
        wanted = wanted.where(signing_key.c.person_id == person_id)
    return rows.all_of(SigningKey, await tx.execute(wanted))


async def find_key(tx: Tx, compound_id: UUID, key_id: str) -> SigningKey | None:
    wanted = _signing_keys(compound_id).where(signing_key.c.key_id == _key_bytes(key_id))
    found = (await tx.execute(wanted)).first()
    return rows.to(SigningKey, found) if found else None


async def hold_key(tx: Tx, compound_id: UUID, key_id: str) -> SigningKey | None:
    """Nobody changes the key until this transaction ends; others may hold it too."""
    wanted = _signing_keys(compound_id).where(signing_key.c.key_id == _key_bytes(key_id))
    found = (await tx.execute(wanted.with_for_update(read=True))).first()
    return rows.to(SigningKey, found) if found else None


async def lock_key(tx: Tx, compound_id: UUID, key_id: str) -> SigningKey | None:
    wanted = _signing_keys(compound_id).where(signing_key.c.key_id == _key_bytes(key_id))
    found = (await tx.execute(wanted.with_for_update())).first()
    return rows.to(SigningKey, found) if found else None


async def has_been_active(tx: Tx, compound_id: UUID) -> bool:
    """Whether any key here was ever activated."""
    wanted = (
        select(signing_key.c.key_id)
        .where(
            signing_key.c.compound_id == compound_id,
            signing_key.c.activated_at.is_not(None),
        )
        .limit(1)
    )
    return (await tx.execute(wanted)).first() is not None


async def add_key(tx: Tx, compound_id: UUID, key: SigningKey) -> bool:
    """False when it is enrolled already."""
    added = await tx.execute(
        upsert(signing_key)
        .values(
            compound_id=compound_id,
            key_id=_key_bytes(key.key_id),
            person_id=key.person_id,
            scheme=key.scheme,
            public_key=key.public_key,
            possession_proof=key.possession_proof,
            state=key.state,
            proved_at=key.proved_at,
            credential_id=key.credential_id,
        )
        .on_conflict_do_nothing(constraint="pk_signing_key")
        .returning(signing_key.c.key_id)
    )
    return added.first() is not None


async def save_key(tx: Tx, compound_id: UUID, key: SigningKey) -> None:
    await tx.execute(
        update(signing_key)
        .where(
            signing_key.c.compound_id == compound_id,
            signing_key.c.key_id == _key_bytes(key.key_id),
        )
        .values(
            state=key.state,
            activated_by_act_id=key.activated_by_act_id,
            activated_by_resolution_id=key.activated_by_resolution_id,
            activated_at=key.activated_at,
            expires_at=key.expires_at,
            revoked_by_act_id=key.revoked_by_act_id,
            revoked_at=key.revoked_at,
        )
    )


def _key_bytes(key_id: str) -> bytes:
    """What is no hex is the id of no key."""
    try:
        return bytes.fromhex(key_id)
    except ValueError:
        return b""
