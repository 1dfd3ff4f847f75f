"""Signers with keys and mandates, and acts for them to sign."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from tests.make import compounds as make_compounds
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.identity import key_id_of, make_signer, make_signing_key, prove
from trustprop.acts import rules, service, store
from trustprop.acts.model import BOTH_SIDES, Act, DraftAct, SignAct, Signer
from trustprop.acts.service import Effect
from trustprop.compounds import store as compounds_store
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.kernel.caller import Caller, Office
from trustprop.plumbing.database import Tx


class Person(Struct, frozen=True):
    """A caller and the key they sign with."""

    caller: Caller
    key: Ed25519PrivateKey

    @property
    def key_id(self) -> str:
        return key_id_of(self.key)


class Signers(Struct, frozen=True):
    manager: Person
    director: Person
    member: Person


class Recorder:
    """Effects that write down what they were called for."""

    def __init__(self, kind: str = "payment-order") -> None:
        self.signed: list[Act] = []
        self.ended: list[Act] = []
        self.effects: Mapping[str, Effect] = {
            kind: Effect(on_signed=self._on_signed, on_ended=self._on_ended)
        }

    async def _on_signed(self, _tx: Tx, _caller: Caller, act: Act) -> None:
        self.signed.append(act)

    async def _on_ended(self, _tx: Tx, _caller: Caller, act: Act) -> None:
        self.ended.append(act)


async def add_signer(
    tx: Tx, compound_id: UUID, *offices: Office, activate: bool = True, **term: Any
) -> Person:
    """A person of an existing compound with these offices and an (active) key."""
    caller = make_caller(*offices, compound_id=compound_id)
    assert caller.person_id is not None
    for mandate in caller.mandates:
        made = make_compounds.term(
            mandate.office, mandate_id=mandate.mandate_id, person_id=caller.person_id, **term
        )
        await compounds_store.add_mandate(tx, compound_id, made)
    key = make_signing_key(caller.person_id)
    await prove(tx, caller, key)
    if activate:
        await identity.activate_key(tx, caller, key_id_of(key), new_id())
    return Person(caller, key)


async def make_signers(tx: Tx, compound_id: UUID) -> Signers:
    """An open compound with a manager, a director and a member who can sign; it may exist already."""
    if await compounds_store.find_compound(tx, compound_id) is None:
        await make_compounds.found_compound(tx, make_caller(compound_id=compound_id))
    return Signers(
        manager=await add_signer(tx, compound_id, Office.TRUSTEE_MANAGER),
        director=await add_signer(tx, compound_id, Office.COMMITTEE_DIRECTOR),
        member=await add_signer(tx, compound_id, Office.COMMITTEE_MEMBER),
    )


def draft_command(**changes: Any) -> DraftAct:
    values: dict[str, Any] = {
        "act_id": new_id(),
        "kind": "payment-order",
        "subject_id": new_id(),
        "body": {"amount_fen": 138_000, "payee": "示例电梯"},
        "expires_at": SEPTEMBER + timedelta(days=30),
        "required": BOTH_SIDES,
    }
    return DraftAct(**(values | changes))


async def make_act(tx: Tx, drafter: Caller, **changes: Any) -> Act:
    return await service.draft(tx, drafter, draft_command(**changes))


def signature(act: Act, person: Person) -> SignAct:
    """What this person's own machine makes of the act."""
    return SignAct(
        key_id=person.key_id,
        payload_digest=act.digest,
        signature=identity_rules.sign(person.key, bytes.fromhex(act.digest)),
    )


async def sign(tx: Tx, person: Person, act: Act, effects: Mapping[str, Effect]) -> Act:
    return await service.sign(tx, person.caller, act.act_id, signature(act, person), effects)


async def sign_both(tx: Tx, signers: Signers, act: Act, effects: Mapping[str, Effect]) -> Act:
    """The manager and the director sign, which completes an act of both sides."""
    await sign(tx, signers.manager, act, effects)
    return await sign(tx, signers.director, act, effects)


async def signed_act(tx: Tx, compound_id: UUID, kind: str, subject_id: UUID, **body: Any) -> UUID:
    """An act of both sides with real signatures, and no more of a compound than their two keys."""
    command = draft_command(kind=kind, subject_id=subject_id, body=body)
    act = rules.draft(command, make_caller(compound_id=compound_id))
    await store.add_act(tx, act)
    for office in (Office.TRUSTEE_MANAGER, Office.COMMITTEE_DIRECTOR):
        caller, key = await make_signer(tx, compound_id, office)
        assert caller.person_id is not None
        who = Signer(
            person_id=caller.person_id,
            party=office.party,
            office=office,
            mandate_id=caller.mandates[0].mandate_id,
        )
        held = await identity.hold_key(tx, compound_id, key_id_of(key))
        act = rules.sign(act, who, held, signature(act, Person(caller, key)), SEPTEMBER)
        await store.add_signature(tx, act, act.signatures[-1])
    await store.save_act(tx, act)
    return act.act_id
