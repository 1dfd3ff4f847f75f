"""The payment policy: drafted by either side, in force when both have signed it."""

from datetime import timedelta

import msgspec

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct
from trustprop.acts.service import Effect
from trustprop.compounds import service as compounds
from trustprop.disbursements import rules
from trustprop.disbursements.model import POLICY_ACT, DraftPolicy, PaymentPolicy, PolicyBody
from trustprop.disbursements.service.standing import policy_in_force
from trustprop.disbursements.store import papers
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx

DRAFTERS = (Office.TRUSTEE_MANAGER, Office.COMMITTEE_DIRECTOR, Office.COMMITTEE_MEMBER)


async def draft_policy(tx: Tx, caller: Caller, command: DraftPolicy) -> Act:
    """Puts the next version of the policy before both sides. Raises FieldsInvalid or ActExists."""
    caller.check_office(*DRAFTERS)
    rules.check_policy(command.terms)
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    in_force = await policy_in_force(tx, caller.compound_id, limits)
    body = PolicyBody(version=in_force.version + 1, terms=command.terms)
    return await acts.draft(
        tx,
        caller,
        DraftAct(
            act_id=command.act_id,
            kind=POLICY_ACT,
            subject_id=command.act_id,
            body=body,
            expires_at=caller.at + timedelta(days=limits.order_valid_days.value),
        ),
    )


async def policies(tx: Tx, caller: Caller) -> tuple[PaymentPolicy, ...]:
    """Every version, the one in force first and the built-in one last."""
    caller.check_reads_books()
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    signed = await papers.policies(tx, caller.compound_id)
    return (*signed, rules.built_in(limits.large_payment_fen.value))


async def adopt(tx: Tx, caller: Caller, act: Act) -> None:
    """Signed by both sides. Orders drawn up under the version before must be revised."""
    await ledger.lock_books(tx, caller.compound_id)
    body = msgspec.convert(act.body, PolicyBody)
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    in_force = await policy_in_force(tx, caller.compound_id, limits)
    if body.version != in_force.version + 1:
        raise rules.PolicyWaiting(version=in_force.version)
    policy = PaymentPolicy(
        version=body.version, terms=body.terms, act_id=act.act_id, valid_from=caller.at
    )
    await papers.add_policy(tx, caller.compound_id, policy)


EFFECT = Effect(on_signed=adopt)
