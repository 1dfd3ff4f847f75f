"""People's keys and the credentials of machines."""

import hashlib
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.identity import rules, service
from trustprop.identity.model import RegisterPerson, Registration, SigningKey
from trustprop.kernel.caller import Caller, Office
from trustprop.plumbing.database import Tx

PASSWORD = "a long enough password"


def make_signing_key(name: str | UUID) -> Ed25519PrivateKey:
    """The same name gives the same key."""
    return rules.key_from_seed(hashlib.sha256(str(name).encode()).digest())


def key_id_of(key: Ed25519PrivateKey) -> str:
    return rules.key_id_of(rules.public_bytes(key))


async def register(tx: Tx, *, at: datetime = SEPTEMBER) -> tuple[Registration, bytes]:
    """A new person and the second factor's secret."""
    person_id = new_id()
    command = RegisterPerson(
        id=person_id, display_name="张三", login=f"p{person_id.hex}", password=PASSWORD
    )
    secret = person_id.bytes + b"seed"
    return await service.register(
        tx, command, at=at, salt=person_id.bytes, totp_secret=secret
    ), secret


async def prove(tx: Tx, caller: Caller, key: Ed25519PrivateKey) -> SigningKey:
    assert caller.person_id is not None
    command = rules.prove(key, caller.compound_id, caller.person_id)
    return await service.prove_key(tx, caller, command)


async def make_signer(
    tx: Tx, compound_id: UUID, office: Office
) -> tuple[Caller, Ed25519PrivateKey]:
    """A person with this office and an active key, as the founding act leaves them."""
    caller = make_caller(office, compound_id=compound_id)
    key = make_signing_key(caller.person_id or "")
    proved = await prove(tx, caller, key)
    await service.activate_key(tx, caller, proved.key_id, new_id())
    return caller, key


def later(caller: Caller, at: datetime) -> Caller:
    return replace(caller, at=at)
