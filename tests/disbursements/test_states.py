"""No path reaches *released* without the signatures that the policy in force demands on the digest."""

from datetime import date, timedelta
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as explore
from msgspec import Struct
from msgspec.structs import replace

from tests.make import disbursements as make
from tests.make.ground import SEPTEMBER, make_caller
from tests.make.identity import key_id_of, make_signing_key
from trustprop.acts import rules as acts
from trustprop.acts.model import Act, ActState, DraftAct, Payload, SignAct
from trustprop.disbursements import rules
from trustprop.disbursements.model import (
    ORDER_ACT,
    OrderState,
    PaymentOrder,
    PaymentPolicy,
    PolicyRule,
    PolicyTerms,
)
from trustprop.identity import rules as identity
from trustprop.identity.model import KeyState, Scheme, SigningKey
from trustprop.kernel import signatures
from trustprop.kernel.caller import Caller, Mandate, Office, Party
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.errors import Refusal

BUDGET_OF_STEPS = settings(
    derandomize=True,
    max_examples=200,
    stateful_step_count=25,
    deadline=None,
    report_multiple_bugs=False,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
OFFICES = (
    Office.TRUSTEE_BOOKKEEPER,
    Office.TRUSTEE_MANAGER,
    Office.TRUSTEE_MANAGER,
    Office.COMMITTEE_DIRECTOR,
    Office.COMMITTEE_MEMBER,
    Office.COMMITTEE_MEMBER,
)
AMOUNTS = (9_999_999, 10_000_000)
PLENTY = 10**12
PEOPLE = range(len(OFFICES))
EVENTS: list[tuple[str, tuple[Any, ...]]] = [
    *(("sign", (who,)) for who in (1, 2, 3, 4, 5) for _ in range(8)),
    *(("sign_with_any_key_over_any_digest", (who, 3, 0)) for who in PEOPLE),
    *(("sign_with_any_key_over_any_digest", (who, who, 1)) for who in PEOPLE),
    *(("revise", (amount_fen, who)) for amount_fen in AMOUNTS for who in (0, 0, 1)),
    *(
        ("sign_another_policy", (trustee, owners, lenient))
        for trustee in (1, 2)
        for owners in (1, 2, 3)
        for lenient in (False, True)
    ),
    *(("wait", (days,)) for days in (1, 9, 9, 10, 10, 31)),
    *(("lose_key_or_mandate", (who, key)) for who in PEOPLE for key in (False, True)),
    ("end_otherwise", (3, False)),
    ("end_otherwise", (1, True)),
]
"""What may happen; what stands here more often happens more often."""


class Member(Struct, frozen=True, kw_only=True):
    caller: Caller
    private_key: Ed25519PrivateKey
    key: SigningKey
    mandates: tuple[Mandate, ...]


@cache
def members() -> tuple[Member, ...]:
    compound_id = UUID(int=7)
    return tuple(member(i, office, compound_id) for i, office in enumerate(OFFICES))


def member(i: int, office: Office, compound_id: UUID) -> Member:
    caller = replace(make_caller(office, compound_id=compound_id), person_id=UUID(int=100 + i))
    private_key = make_signing_key(f"member {i}")
    key = SigningKey(
        key_id=key_id_of(private_key),
        person_id=UUID(int=100 + i),
        scheme=Scheme.ED25519,
        public_key=identity.public_bytes(private_key),
        possession_proof=b"",
        state=KeyState.ACTIVE,
        proved_at=SEPTEMBER,
        activated_by_act_id=None,
        activated_at=SEPTEMBER,
        expires_at=None,
        revoked_by_act_id=None,
        revoked_at=None,
    )
    return Member(caller=caller, private_key=private_key, key=key, mandates=caller.mandates)


class Orders(RuleBasedStateMachine):
    """One order among six people; everything that the services do, without a database."""

    checks_signatures: ClassVar[bool] = True
    """The control takes the guard of the release away."""
    checks_standing: ClassVar[bool] = True

    @initialize(amount_fen=st.sampled_from(AMOUNTS), drafter=st.sampled_from((0, 1)))
    def draft(self, amount_fen: int, drafter: int) -> None:
        self.at = SEPTEMBER
        self.people = list(members())
        self.policy = make.POLICY
        self.digests: list[str] = []
        self.released_with: dict[str, Any] | None = None
        caller = self.people[drafter].caller
        self.order = make.order(
            make.order_body(amount_fen=amount_fen, published_on=self.published(amount_fen)),
            drafted_by=caller.person_id,
        )
        self.act = acts.draft(self.command(self.order), caller)
        self.digests.append(self.act.digest)

    def published(self, amount_fen: int) -> date | None:
        return self.at.date() if amount_fen >= 10_000_000 else None

    def command(self, order: PaymentOrder) -> DraftAct:
        body = order.body
        return DraftAct(
            act_id=order.act_id,
            kind=ORDER_ACT,
            subject_id=order.order_id,
            body=body,
            expires_at=self.at + timedelta(days=30),
            required=rules.required(self.policy, body.fund, body.amount_fen),
            policy_version=self.policy.version,
        )

    def revise(self, amount_fen: int, reviser: int) -> None:
        if self.order.state is not OrderState.AWAITING_SIGNATURES:
            return
        caller = replace(self.people[reviser].caller, at=self.at)
        body = replace(
            self.order.body,
            amount_fen=amount_fen,
            published_on=self.published(amount_fen),
            policy_digest=self.policy.terms.digest,
        )
        order = replace(
            self.order,
            body=body,
            act_version=self.act.version + 1,
            version=self.order.version + 1,
            policy_version=self.policy.version,
            drafted_by=caller.person_id,
            expires_at=self.at + timedelta(days=30),
        )
        try:
            self.act = acts.revise(self.act, caller, self.command(order))
        except Refusal:
            return
        self.order = order
        self.digests.append(self.act.digest)

    def sign_another_policy(self, trustee: int, owners: int, lenient: bool) -> None:
        terms = PolicyTerms(
            rules=(PolicyRule(trustee=trustee, owners=owners),), drafter_may_sign=lenient
        )
        self.policy = PaymentPolicy(version=self.policy.version + 1, terms=terms)

    def wait(self, days: int) -> None:
        self.at += timedelta(days=days)

    def lose_key_or_mandate(self, who: int, key: bool) -> None:
        one = self.people[who]
        revoked = replace(one.key, state=KeyState.REVOKED if key else one.key.state)
        mandates = one.mandates if key else ()
        self.people[who] = msgspec.structs.replace(one, key=revoked, mandates=mandates)

    def sign_with_any_key_over_any_digest(self, who: int, other_key: int, back: int) -> None:
        self.try_to_sign(self.people[who], self.people[other_key], back)

    def sign(self, who: int) -> None:
        self.try_to_sign(self.people[who], self.people[who], 0)

    def try_to_sign(self, who: Member, holder: Member, back: int) -> None:
        digest = self.digests[max(0, len(self.digests) - 1 - back)]
        command = SignAct(
            key_id=holder.key.key_id,
            payload_digest=digest,
            signature=identity.sign(holder.private_key, bytes.fromhex(digest)),
        )
        person_id = who.caller.person_id
        assert person_id is not None
        try:
            signer = acts.signer(person_id, who.mandates, self.at)
            act = acts.sign(self.act, signer, holder.key, command, self.at)
            order = self.release(act) if act.state is ActState.SIGNED else self.order
        except Refusal:
            return
        self.act, self.order = act, order

    def release(self, act: Act) -> PaymentOrder:
        rules.check_awaiting(self.order)
        in_force = {one.key.key_id for one in self.people if self.is_in_force(one)}
        lapsed = {signature.key_id for signature in act.signatures} - in_force
        if self.checks_signatures:
            rules.check_signatures(self.order, self.policy, act, lapsed)
        now = replace(
            make.standing(at=self.at, cash_fen=PLENTY, owed_fen=PLENTY),
            books=replace(make.standing().books, opened_on=date(2025, 1, 1)),
        )
        if self.checks_standing:
            for refusal in rules.refusals_at_release(self.order.body, now, self.order.expires_at):
                raise refusal
        self.released_with = {"policy": self.policy, "in_force": in_force, "at": self.at}
        return rules.release(self.order, self.at, 2025, 1)

    def is_in_force(self, one: Member) -> bool:
        return bool(one.mandates) and one.key.state is KeyState.ACTIVE

    def end_otherwise(self, who: int, is_unwilling: bool) -> None:
        if acts.is_due(self.act, self.at):
            self.act = acts.expire(self.act, self.at)
            self.order = rules.end(self.order, OrderState.EXPIRED, "")
        elif is_unwilling:
            self.reject(self.people[who])

    def reject(self, one: Member) -> None:
        assert one.caller.person_id is not None
        try:
            signer = acts.signer(one.caller.person_id, one.mandates, self.at)
            self.act = acts.reject(self.act, signer, "不同意", self.at)
        except Refusal:
            return
        self.order = rules.end(self.order, OrderState.REJECTED, "不同意")

    @rule(event=st.sampled_from(EVENTS))
    def something_happens(self, event: tuple[str, tuple[Any, ...]]) -> None:
        name, arguments = event
        getattr(self, name)(*arguments)

    @invariant()
    def what_is_released_was_signed_as_the_policy_in_force_demanded(self) -> None:
        if self.order.state is not OrderState.RELEASED:
            return
        assert self.released_with is not None
        policy, in_force, at = (self.released_with[name] for name in ("policy", "in_force", "at"))
        payload = msgspec.json.decode(self.act.payload, type=Payload)
        assert canonical_json(payload.body) == canonical_json(self.order.body)
        digest = sha256(self.act.payload)
        keys = {one.key.key_id: one.key for one in self.people}
        signed: dict[Party, set[UUID]] = {Party.TRUSTEE: set(), Party.OWNERS: set()}
        for one in self.act.signatures:
            key = keys[one.key_id]
            assert signatures.verify(key.scheme, key.public_key, digest, one.signature)
            assert key.person_id == one.person_id
            assert one.key_id in in_force
            signed[one.party].add(one.person_id)
        bands = [one for one in policy.terms.rules if one.from_fen <= self.order.body.amount_fen]
        band = max(bands, key=lambda one: one.from_fen)
        assert len(signed[Party.TRUSTEE]) >= band.trustee
        assert len(signed[Party.OWNERS]) >= band.owners
        assert not signed[Party.TRUSTEE] & signed[Party.OWNERS]
        if not policy.terms.drafter_may_sign:
            assert self.order.drafted_by not in signed[Party.TRUSTEE] | signed[Party.OWNERS]
        assert at < self.order.expires_at
        if self.order.body.published_on is not None:
            assert at.date() >= self.order.body.published_on + timedelta(days=10)


def test_no_path_reaches_released_without_what_the_policy_demands() -> None:
    explore(Orders, settings=BUDGET_OF_STEPS)


def test_the_exploration_does_reach_released() -> None:
    class NeverReleased(Orders):
        @invariant()
        def nothing_is_ever_released(self) -> None:
            assert self.order.state is not OrderState.RELEASED

    with pytest.raises(AssertionError):
        explore(NeverReleased, settings=BUDGET_OF_STEPS)


@pytest.mark.parametrize("guard", ["checks_signatures", "checks_standing"])
def test_without_a_guard_the_exploration_finds_a_way(guard: str) -> None:
    """The control: an order released under a policy that changed, or before its notice is over."""
    unguarded = type("Unguarded", (Orders,), {guard: False})
    with pytest.raises(AssertionError):
        explore(unguarded, settings=BUDGET_OF_STEPS)
