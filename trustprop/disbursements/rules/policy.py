"""Who must sign what: the payment policy, and whether a set of signatures satisfies it."""

from collections.abc import Collection, Iterator
from uuid import UUID

import msgspec

from trustprop.acts.model import Act, Payload, Requirement
from trustprop.disbursements.model import (
    PaymentOrder,
    PaymentPolicy,
    PolicyRule,
    PolicyTerms,
)
from trustprop.disbursements.rules.refusals import (
    DrafterMayNotSign,
    PolicyChanged,
    SignatureLapsed,
    SignaturesMissing,
    SignedOtherContent,
    SignerOnBothSides,
)
from trustprop.kernel.caller import Party
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.errors import N_, FieldError, FieldsInvalid

PAYING_PARTIES = (Party.TRUSTEE, Party.OWNERS)
MAX_SIGNERS = 9


def built_in(large_payment_fen: int) -> PaymentPolicy:
    """The policy of a compound that signed none: one of each side, two owners for a large amount."""
    rules = (PolicyRule(), PolicyRule(from_fen=large_payment_fen, owners=2))
    return PaymentPolicy(version=0, terms=PolicyTerms(rules=rules))


def rule_for(terms: PolicyTerms, fund: str, amount_fen: int) -> PolicyRule:
    """The highest band at or below the amount, of the fund's own rules when it has any."""
    own = [rule for rule in terms.rules if rule.fund == fund]
    bands = own or [rule for rule in terms.rules if rule.fund is None]
    return max(
        (rule for rule in bands if rule.from_fen <= amount_fen), key=lambda rule: rule.from_fen
    )


def check_policy(terms: PolicyTerms) -> None:
    """Raises FieldsInvalid unless every payment of every fund needs somebody of each side."""
    errors = tuple(_term_errors(terms))
    if errors:
        raise FieldsInvalid(errors=errors)


def required(policy: PaymentPolicy, fund: str, amount_fen: int) -> tuple[Requirement, ...]:
    """What an order's act demands under this policy."""
    rule = rule_for(policy.terms, fund, amount_fen)
    return tuple(
        Requirement(
            party=party, count=rule.count(party), drafter_may_sign=policy.terms.drafter_may_sign
        )
        for party in PAYING_PARTIES
    )


def check_signatures(
    order: PaymentOrder, policy: PaymentPolicy, act: Act, lapsed_keys: Collection[str] = ()
) -> None:
    """The second witness of every release; the acts checked each signature as it came.

    Raises PolicyChanged, SignedOtherContent, SignatureLapsed, DrafterMayNotSign,
    SignerOnBothSides or SignaturesMissing.
    """
    if policy.version != order.policy_version or policy.terms.digest != order.body.policy_digest:
        raise PolicyChanged(in_force=policy.version, drafted_under=order.policy_version)
    _check_content(order, act)
    for signature in act.signatures:
        if signature.key_id in lapsed_keys:
            raise SignatureLapsed(key_id=signature.key_id)
    drafters = {order.drafted_by, act.drafted_by, act.revised_by}
    if not policy.terms.drafter_may_sign and drafters & {s.person_id for s in act.signatures}:
        raise DrafterMayNotSign
    signers = {party: _persons(act, party) for party in PAYING_PARTIES}
    if signers[Party.TRUSTEE] & signers[Party.OWNERS]:
        raise SignerOnBothSides
    rule = rule_for(policy.terms, order.body.fund, order.body.amount_fen)
    for party, persons in signers.items():
        if len(persons) < rule.count(party):
            raise SignaturesMissing(party=party, needed=rule.count(party), present=len(persons))


def _check_content(order: PaymentOrder, act: Act) -> None:
    """The digest is of the payload, the payload is this order, every signature is of this version."""
    payload = msgspec.json.decode(act.payload, type=Payload)
    is_this_order = (
        sha256(act.payload).hex() == act.digest
        and (payload.act_id, payload.version) == (order.act_id, order.act_version)
        and canonical_json(payload.body) == canonical_json(order.body)
    )
    if not is_this_order or any(s.version != order.act_version for s in act.signatures):
        raise SignedOtherContent


def _persons(act: Act, party: Party) -> set[UUID]:
    return {signature.person_id for signature in act.signatures if signature.party is party}


def _term_errors(terms: PolicyTerms) -> Iterator[FieldError]:
    seen = set()
    for i, rule in enumerate(terms.rules):
        for name in ("trustee", "owners"):
            if not 1 <= getattr(rule, name) <= MAX_SIGNERS:
                yield FieldError(
                    pointer=f"/terms/rules/{i}/{name}",
                    code="count-out-of-range",
                    detail=N_("Between 1 and {most} of each side sign."),
                    facts={"most": MAX_SIGNERS},
                )
        if rule.from_fen < 0 or (rule.fund, rule.from_fen) in seen:
            yield FieldError(
                pointer=f"/terms/rules/{i}/from_fen",
                code="band-invalid",
                detail=N_("A band begins at zero or above, and only once for a fund."),
            )
        seen.add((rule.fund, rule.from_fen))
    yield from _uncovered_funds(terms)


def _uncovered_funds(terms: PolicyTerms) -> Iterator[FieldError]:
    covered = {rule.fund for rule in terms.rules if rule.from_fen == 0}
    for fund in {rule.fund for rule in terms.rules} | {None}:
        if fund not in covered:
            yield FieldError(
                pointer="/terms/rules",
                code="band-missing",
                detail=N_("Rules for {fund} must begin with an amount of zero."),
                facts={"fund": fund or "*"},
            )
