"""Attackers with every tool but the keys: no path reaches *signed* without the signatures demanded.

The machine plays people who sign, sign twice, use each other's keys, sign old digests, sign after
the end, revise, reject and let time pass. What it believes about the world is kept beside the rules,
and every signature is checked with the cryptographic library itself. Each control takes one guard
away and must be caught, else the machine would prove nothing.
"""

from collections import Counter
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from tests.make.acts import draft_command
from tests.make.ground import SEPTEMBER, make_caller
from tests.make.identity import make_signing_key
from trustprop.acts import rules
from trustprop.acts.model import Act, ActState, Payload, Requirement, SignAct
from trustprop.acts.rules import lifecycle
from trustprop.identity import rules as identity
from trustprop.identity.model import KeyState, Scheme, SigningKey
from trustprop.kernel import signatures
from trustprop.kernel.caller import Caller, Mandate, Office, Party
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import Refusal

COMPOUND = UUID("01920000-0000-7000-8000-000000000001")
OFFICES = (
    (Office.TRUSTEE_MANAGER,),
    (Office.TRUSTEE_MANAGER,),
    (Office.TRUSTEE_BOOKKEEPER,),
    (Office.COMMITTEE_DIRECTOR,),
    (Office.COMMITTEE_MEMBER,),
    (Office.COMMITTEE_MEMBER, Office.COMMITTEE_DIRECTOR),
    (Office.SUPERVISOR,),
    (Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER),
    (Office.TRUSTEE_BOOKKEEPER, Office.COMMITTEE_MEMBER),
)
PEOPLE = st.integers(0, len(OFFICES) - 1)
COUNTS = st.integers(1, 2)
LIES = st.sampled_from(["none", "none", "none", "digest", "old", "signature", "key", "zero"])


def made_up_id(*parts: object) -> UUID:
    return UUID(bytes=sha256(repr(parts).encode())[:16])


class Attack(RuleBasedStateMachine):
    reached: ClassVar[Counter[ActState]] = Counter()

    @initialize(trustees=COUNTS, owners=COUNTS, drafter=PEOPLE, strict=st.booleans())
    def begin(self, trustees: int, owners: int, drafter: int, strict: bool) -> None:
        self.at = SEPTEMBER
        self.mandates = {
            who: tuple(
                Mandate(mandate_id=made_up_id("mandate", who, office), office=office)
                for office in offices
            )
            for who, offices in enumerate(OFFICES)
        }
        self.keys = {who: self._key(who) for who in range(len(OFFICES))}
        required = (
            Requirement(party=Party.TRUSTEE, count=trustees, drafter_may_sign=not strict),
            Requirement(party=Party.OWNERS, count=owners, drafter_may_sign=not strict),
        )
        self.drafters = {drafter}
        self.command = draft_command(required=required, expires_at=SEPTEMBER + timedelta(days=3))
        self.act = rules.draft(self.command, self._caller(drafter))
        self.digests = [self.act.digest]
        self.good: set[tuple[int, int]] = set()
        """(version, person) for whom everything was in order when they signed."""
        self.over: Act | None = None

    def _key(self, who: int) -> SigningKey:
        public = identity.public_bytes(make_signing_key(who))
        return SigningKey(
            key_id=identity.key_id_of(public),
            person_id=made_up_id("person", who),
            scheme=Scheme.ED25519,
            public_key=public,
            possession_proof=b"",
            state=KeyState.ACTIVE,
            proved_at=SEPTEMBER,
            activated_by_act_id=COMPOUND,
            activated_at=SEPTEMBER,
            expires_at=None,
            revoked_by_act_id=None,
            revoked_at=None,
        )

    def _caller(self, who: int) -> Caller:
        caller = make_caller(compound_id=COMPOUND, at=self.at)
        return replace(caller, person_id=made_up_id("person", who), mandates=self.mandates[who])

    @rule(who=PEOPLE, key_of=PEOPLE, lie=LIES, older=st.integers(0, 3))
    def sign(self, who: int, key_of: int, lie: str, older: int) -> None:
        key = self.keys[key_of if lie == "key" else who]
        holder = key_of if lie == "key" else who
        shown = (
            self.digests[older % len(self.digests)] if lie in ("old", "digest") else self.act.digest
        )
        signed = shown if lie == "old" else self.act.digest
        signature = identity.sign(make_signing_key(holder), bytes.fromhex(signed))
        if lie == "signature":
            signature = identity.sign(make_signing_key("stranger"), bytes.fromhex(signed))
        if lie == "zero":
            signature = bytes(64)
        stale_but_told_new = self.act.digest if lie == "old" and older % 2 else shown
        command = SignAct(key_id=key.key_id, payload_digest=stale_but_told_new, signature=signature)
        is_good = self._is_in_order(who, key)
        try:
            mandates = self.mandates[who]
            signer = lifecycle.signer(made_up_id("person", who), mandates, self.at)
            act = lifecycle.sign(self.act, signer, key, command, self.at)
        except Refusal:
            return
        if is_good:
            self.good.add((act.version, who))
        self._now(act)

    def _is_in_order(self, who: int, key: SigningKey) -> bool:
        """What the world says, told apart from the rules under test."""
        offices = {mandate.office for mandate in self.mandates[who]}
        sides = {office.party for office in offices} & {Party.TRUSTEE, Party.OWNERS}
        signs = {
            Office.TRUSTEE_MANAGER,
            Office.COMMITTEE_DIRECTOR,
            Office.COMMITTEE_MEMBER,
        }
        return (
            self.act.state is ActState.OPEN
            and self.at < self.act.expires_at
            and len(sides) == 1
            and bool(offices & signs)
            and key == self.keys[who]
            and key.state is KeyState.ACTIVE
            and (key.expires_at is None or self.at < key.expires_at)
            and not (who in self.drafters and not self.act.required[0].drafter_may_sign)
        )

    @rule(who=PEOPLE, amount_fen=st.integers(1, 5))
    def revise(self, who: int, amount_fen: int) -> None:
        command = replace(
            self.command, body={"amount_fen": amount_fen}, expires_at=self.at + timedelta(days=3)
        )
        try:
            act = lifecycle.revise(self.act, self._caller(who), command)
        except Refusal:
            return
        self.drafters = {who} | self._first_drafter()
        self.digests.append(act.digest)
        self._now(act)

    def _first_drafter(self) -> set[int]:
        return {
            who for who in range(len(OFFICES)) if made_up_id("person", who) == self.act.drafted_by
        }

    @rule(who=PEOPLE)
    def reject(self, who: int) -> None:
        try:
            signer = lifecycle.signer(made_up_id("person", who), self.mandates[who], self.at)
            self._now(lifecycle.reject(self.act, signer, "no", self.at))
        except Refusal:
            return

    @rule(who=PEOPLE)
    def withdraw(self, who: int) -> None:
        try:
            self._now(lifecycle.withdraw(self.act, self._caller(who), "wrong"))
        except Refusal:
            return

    @rule(days=st.integers(0, 2))
    def wait(self, days: int) -> None:
        self.at += timedelta(days=days)

    @rule()
    def sweep(self) -> None:
        if lifecycle.is_due(self.act, self.at):
            self._now(lifecycle.expire(self.act, self.at))

    @rule(who=PEOPLE)
    def lose_a_mandate(self, who: int) -> None:
        self.mandates[who] = self.mandates[who][1:]

    @rule(who=PEOPLE, state=st.sampled_from(KeyState), expires=st.booleans())
    def change_a_key(self, who: int, state: KeyState, expires: bool) -> None:
        self.keys[who] = replace(
            self.keys[who], state=state, expires_at=self.at if expires else None
        )

    def _now(self, act: Act) -> None:
        self.act = act
        self.reached[act.state] += 1

    @invariant()
    def an_ended_act_stays_as_it_is(self) -> None:
        if self.over is not None:
            assert self.act == self.over, "an ended act changed"
        elif self.act.state is not ActState.OPEN:
            self.over = self.act

    @invariant()
    def every_signature_is_over_the_very_payload(self) -> None:
        act = self.act
        keys = {key.key_id: key for key in self.keys.values()}
        for given in act.signatures:
            assert given.version == act.version, "a signature on another version"
            key = keys[given.key_id]
            assert key.person_id == given.person_id, "another person's key"
            try:
                Ed25519PublicKey.from_public_bytes(key.public_key).verify(
                    given.signature, sha256(act.payload)
                )
            except InvalidSignature:
                raise AssertionError("a signature that does not verify") from None
        people = [given.person_id for given in act.signatures]
        assert len(set(people)) == len(people), "one person twice"
        good = {made_up_id("person", who) for version, who in self.good if version == act.version}
        assert set(people) <= good, "a signature by somebody who could not sign"

    @invariant()
    def what_is_signed_carries_what_its_payload_demands(self) -> None:
        if self.act.state is not ActState.SIGNED:
            return
        demanded = msgspec.json.decode(self.act.payload, type=Payload).required
        assert {one.party for one in demanded} == {Party.TRUSTEE, Party.OWNERS}
        for one in demanded:
            signed = {g.person_id for g in self.act.signatures if g.party is one.party}
            assert len(signed) == one.count, "signed without the signatures demanded"


EXPLORED = settings(max_examples=400, stateful_step_count=30, deadline=None, derandomize=True)
HUNTED = settings(
    max_examples=400,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def test_no_path_reaches_signed_without_the_signatures_demanded():
    Attack.reached.clear()
    run_state_machine_as_test(Attack, settings=EXPLORED)
    assert set(Attack.reached) == set(ActState), "the machine did not get everywhere"


def nothing(*_args: object, **_facts: object) -> bool:
    return True


def without_mandate(person_id: UUID, _mandates: object, _at: object) -> lifecycle.Signer:
    return lifecycle.Signer(
        person_id=person_id,
        party=Party.OWNERS,
        office=Office.COMMITTEE_MEMBER,
        mandate_id=COMPOUND,
    )


@pytest.mark.parametrize(
    ("guard", "weakened"),
    [
        ("check_open", nothing),
        ("check_signer", nothing),
        ("check_key", nothing),
        ("signer", without_mandate),
        ("_counts", nothing),
    ],
)
def test_the_machine_finds_every_guard_that_is_taken_away(monkeypatch, guard, weakened):
    if guard == "_counts":
        monkeypatch.setattr(Act, "is_fully_signed", property(lambda act: len(act.signatures) >= 2))
    else:
        monkeypatch.setattr(lifecycle, guard, weakened)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Attack, settings=HUNTED)


def test_the_machine_finds_signatures_that_nobody_checks(monkeypatch):
    monkeypatch.setattr(signatures, "verify", nothing)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Attack, settings=HUNTED)
