"""What an act says, who stands for a side, and what its payload is to the last byte."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make.acts import draft_command
from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.acts import rules
from trustprop.acts.model import BOTH_SIDES, ActState, Payload, Requirement, Signature, Signer
from trustprop.compounds.model import Appointment
from trustprop.identity import rules as identity_rules
from trustprop.identity.model import KeyState, Scheme, SigningKey
from trustprop.kernel.caller import Mandate, Office, Party
from trustprop.kernel.errors import FieldsInvalid

COMPOUND = UUID("01920000-0000-7000-8000-000000000001")
ACT = UUID("01920000-0000-7000-8000-000000000002")
SUBJECT = UUID("01920000-0000-7000-8000-000000000003")
BOOKKEEPER = make_caller(compound_id=COMPOUND)


def mandates(*offices: Office) -> list[Mandate]:
    return [Mandate(mandate_id=new_id(), office=office) for office in offices]


def signer(party: Party = Party.OWNERS, person_id: UUID | None = None) -> Signer:
    office = Office.COMMITTEE_MEMBER if party is Party.OWNERS else Office.TRUSTEE_MANAGER
    return Signer(person_id=person_id or new_id(), party=party, office=office, mandate_id=new_id())


def given_by(who: Signer) -> Signature:
    return Signature(
        version=1,
        key_id="0" * 64,
        person_id=who.person_id,
        party=who.party,
        office=who.office,
        mandate_id=who.mandate_id,
        signature=bytes(64),
        signed_at=SEPTEMBER,
    )


def test_the_payload_is_frozen_to_the_last_byte():
    """Signers, the service and whoever verifies in ten years must agree on these bytes."""
    command = draft_command(
        act_id=ACT,
        subject_id=SUBJECT,
        body={"payee": "示例电梯", "amount_fen": 138_000},
        expires_at=datetime(2025, 10, 15, 12, 0, tzinfo=timezone(timedelta(hours=8))),
        policy_version=3,
    )
    act = rules.draft(command, BOOKKEEPER)
    assert act.payload.decode() == (
        '{"act_id":"01920000-0000-7000-8000-000000000002",'
        '"body":{"amount_fen":138000,"payee":"示例电梯"},'
        '"compound_id":"01920000-0000-7000-8000-000000000001",'
        '"expires_at":"2025-10-15T04:00:00Z","policy_version":3,'
        '"required":[{"count":1,"drafter_may_sign":true,"party":"trustee"},'
        '{"count":1,"drafter_may_sign":true,"party":"owners"}],'
        '"subject_id":"01920000-0000-7000-8000-000000000003",'
        '"type":"trustprop/payment-order/v1","version":1}'
    )
    assert act.digest == "03a1701bbbe98c3be4e09a260172ea7cd04f6d1b9b146b2e99aecddf5647a3e3"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_what_was_drafted_is_read_back_from_the_signed_bytes(body):
    act = rules.draft(draft_command(body=body), BOOKKEEPER)
    assert act.body == body
    payload = msgspec.json.decode(act.payload, type=Payload)
    assert (payload.act_id, payload.subject_id) == (act.act_id, act.subject_id)
    assert payload.expires_at == act.expires_at
    assert payload.required == act.required


@pytest.mark.parametrize(
    "change",
    [
        {"body": {"amount_fen": 138_001}},
        {"act_id": SUBJECT},
        {"subject_id": ACT},
        {"kind": "resolution"},
        {"expires_at": SEPTEMBER + timedelta(days=8)},
        {"policy_version": 1},
        {"required": (BOTH_SIDES[0], replace(BOTH_SIDES[1], count=2))},
        {"required": (BOTH_SIDES[0], replace(BOTH_SIDES[1], drafter_may_sign=False))},
    ],
)
def test_every_part_of_an_act_is_in_its_digest(change):
    command = draft_command(
        act_id=ACT, subject_id=SUBJECT, expires_at=SEPTEMBER + timedelta(days=7)
    )
    before = rules.draft(command, BOOKKEEPER).digest
    assert rules.draft(replace(command, **change), BOOKKEEPER).digest != before
    elsewhere = replace(BOOKKEEPER, compound_id=new_id())
    assert rules.draft(command, elsewhere).digest != before


@pytest.mark.parametrize(
    "required",
    [
        (),
        (BOTH_SIDES[0],),
        (BOTH_SIDES[0], BOTH_SIDES[0]),
        (*BOTH_SIDES, Requirement(party=Party.SUPERVISOR, count=1)),
        (BOTH_SIDES[0], replace(BOTH_SIDES[1], count=0)),
    ],
)
def test_no_house_can_draft_an_act_that_one_side_signs_alone(required):
    with pytest.raises(AssertionError):
        rules.draft(draft_command(required=required), BOOKKEEPER)


def test_an_amount_that_is_no_whole_number_is_a_bug():
    with pytest.raises(AssertionError):
        rules.draft(draft_command(body={"amount": 1380.5}), BOOKKEEPER)


@pytest.mark.parametrize(
    ("offices", "outcome"),
    [
        ([Office.TRUSTEE_MANAGER], Party.TRUSTEE),
        ([Office.COMMITTEE_DIRECTOR], Party.OWNERS),
        ([Office.COMMITTEE_MEMBER], Party.OWNERS),
        ([Office.TRUSTEE_BOOKKEEPER, Office.TRUSTEE_MANAGER], Party.TRUSTEE),
        ([Office.SUPERVISOR, Office.COMMITTEE_MEMBER], Party.OWNERS),
        ([Office.TRUSTEE_BOOKKEEPER], rules.MandateNotInForce),
        ([Office.SUPERVISOR], rules.MandateNotInForce),
        ([Office.AUDITOR], rules.MandateNotInForce),
        ([], rules.MandateNotInForce),
        ([Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER], rules.SignerOfBothSides),
        ([Office.TRUSTEE_BOOKKEEPER, Office.COMMITTEE_MEMBER], rules.SignerOfBothSides),
    ],
)
def test_a_person_stands_for_one_side_or_for_none(offices, outcome):
    if isinstance(outcome, Party):
        assert rules.signer(new_id(), mandates(*offices), SEPTEMBER).party is outcome
        return
    with pytest.raises(outcome):
        rules.signer(new_id(), mandates(*offices), SEPTEMBER)


def test_the_day_of_a_mandate_is_the_day_in_the_compounds_zone():
    late_evening = datetime(2025, 9, 15, 17, 0, tzinfo=UTC)
    with pytest.raises(rules.MandateNotInForce) as refused:
        rules.signer(new_id(), [], late_evening)
    assert refused.value.facts == {"on": "2025-09-16"}


def test_what_is_missing_is_counted_by_persons():
    two = (BOTH_SIDES[0], replace(BOTH_SIDES[1], count=2))
    act = rules.draft(draft_command(required=two), BOOKKEEPER)
    assert act.missing == two
    owner = given_by(signer())
    once, twice = replace(act, signatures=(owner,)), replace(act, signatures=(owner, owner))
    assert once.missing == twice.missing == (BOTH_SIDES[0], BOTH_SIDES[1])
    full = replace(act, signatures=(owner, given_by(signer()), given_by(signer(Party.TRUSTEE))))
    assert full.is_fully_signed


def test_a_signature_wanted_from_nobody_of_this_side_is_refused():
    act = rules.draft(draft_command(), BOOKKEEPER)
    watcher = replace(signer(), party=Party.SUPERVISOR)
    with pytest.raises(rules.PartyNotNeeded):
        rules.check_signer(act, watcher)
    with pytest.raises(rules.PartyNotNeeded):
        rules.reject(act, watcher, "no", SEPTEMBER)


def test_a_tampered_payload_is_a_loud_bug():
    act = rules.draft(draft_command(), BOOKKEEPER)
    tampered = replace(act, payload=act.payload.replace(b"138000", b"938000"))
    with pytest.raises(AssertionError):
        rules.check_digest(tampered, act.digest)


def test_an_act_expires_at_its_very_instant():
    act = rules.draft(draft_command(expires_at=SEPTEMBER + timedelta(days=1)), BOOKKEEPER)
    just_before = act.expires_at - timedelta(microseconds=1)
    rules.check_open(act, just_before)
    assert not rules.is_due(act, just_before)
    assert rules.summary(act, just_before).state is ActState.OPEN
    with pytest.raises(rules.ActExpired):
        rules.check_open(act, act.expires_at)
    assert rules.summary(act, act.expires_at).state is ActState.EXPIRED
    assert rules.expire(act, act.expires_at).ended_at == act.expires_at


def test_a_revision_of_an_ended_or_late_act_is_refused():
    command = draft_command()
    act = rules.draft(command, BOOKKEEPER)
    late = replace(BOOKKEEPER, at=act.expires_at)
    with pytest.raises(rules.ActExpired):
        rules.revise(act, late, replace(command, expires_at=late.at + timedelta(days=1)))
    withdrawn = rules.withdraw(act, BOOKKEEPER, "x")
    with pytest.raises(rules.ActNotOpen):
        rules.revise(withdrawn, BOOKKEEPER, command)
    with pytest.raises(FieldsInvalid):
        rules.revise(act, BOOKKEEPER, replace(command, expires_at=SEPTEMBER))


# -- founding and keys


def appointment(office: Office, **changes) -> Appointment:
    return make_compounds.appointment(office, **changes)


def test_everybody_with_a_key_and_an_office_that_signs_signs_the_founding():
    director = appointment(Office.COMMITTEE_DIRECTOR)
    founding = make_compounds.founding(
        mandates=(
            appointment(Office.TRUSTEE_MANAGER),
            appointment(Office.TRUSTEE_BOOKKEEPER),
            director,
            appointment(
                Office.COMMITTEE_MEMBER, person_id=director.person_id, key_id=director.key_id
            ),
            appointment(Office.COMMITTEE_MEMBER),
            appointment(Office.COMMITTEE_MEMBER, key_id=None),
            appointment(Office.SUPERVISOR, key_id="1" * 64),
        )
    )
    body = msgspec.to_builtins(founding)
    assert rules.founding_required(body) == (
        Requirement(party=Party.TRUSTEE, count=1),
        Requirement(party=Party.OWNERS, count=2),
    )


def signing_key(state: KeyState, person_id: UUID) -> SigningKey:
    return SigningKey(
        key_id="0" * 64,
        person_id=person_id,
        scheme=Scheme.ED25519,
        public_key=bytes(32),
        possession_proof=bytes(64),
        state=state,
        proved_at=SEPTEMBER,
        activated_by_act_id=None,
        activated_at=None,
        expires_at=None,
        revoked_by_act_id=None,
        revoked_at=None,
    )


def test_a_key_ends_with_the_last_signing_mandate_of_its_holder():
    person_id = new_id()
    key = signing_key(KeyState.PROVED, person_id)

    def term(office=Office.COMMITTEE_MEMBER, **facts):
        return make_compounds.term(office, **({"person_id": person_id} | facts))

    terms = [
        term(valid_until=date(2025, 12, 31)),
        term(valid_until=date(2026, 3, 31)),
        term(Office.SUPERVISOR, valid_until=date(2030, 1, 1)),
        term(person_id=new_id(), valid_until=date(2031, 1, 1)),
    ]
    body = rules.activation(key, terms, SEPTEMBER.date())
    assert body.key_expires_at == datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
    with pytest.raises(rules.KeyWithoutMandate):
        rules.activation(key, terms, date(2026, 4, 1))
    with pytest.raises(rules.KeyWithoutMandate):
        rules.activation(key, [], SEPTEMBER.date())


@pytest.mark.parametrize(
    ("state", "expires_at", "is_taken"),
    [
        (KeyState.PROVED, None, True),
        (KeyState.SUSPENDED, datetime(2026, 3, 31, 16, 0, tzinfo=UTC), True),
        (KeyState.ACTIVE, datetime(2025, 12, 31, 16, 0, tzinfo=UTC), True),
        (KeyState.ACTIVE, datetime(2026, 3, 31, 16, 0, tzinfo=UTC), False),
        (KeyState.ACTIVE, None, False),
        (KeyState.REVOKED, datetime(2025, 12, 31, 16, 0, tzinfo=UTC), False),
    ],
)
def test_an_active_key_is_activated_again_only_to_last_longer(state, expires_at, is_taken):
    key = replace(signing_key(state, new_id()), expires_at=expires_at)
    term = make_compounds.term(
        Office.COMMITTEE_MEMBER, person_id=key.person_id, valid_until=date(2026, 3, 31)
    )
    if is_taken:
        body = rules.activation(key, [term], SEPTEMBER.date())
        assert body.key_expires_at == datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
        return
    with pytest.raises(identity_rules.KeyNotInState):
        rules.activation(key, [term], SEPTEMBER.date())
