"""Payment orders, their terms and signatures."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.acts import rules as acts
from trustprop.acts.model import Act, DraftAct, Signature
from trustprop.disbursements import rules
from trustprop.disbursements.model import (
    ORDER_ACT,
    DraftOrder,
    NamedPayee,
    OrderBody,
    OrderKind,
    OrderState,
    Payee,
    PayeeKind,
    PaymentOrder,
    PaymentPolicy,
)
from trustprop.kernel.caller import Office, Party
from trustprop.ledger.model import Account, Books, Side

SALT = "5a" * 32
TAX_OFFICE = Payee(
    kind=PayeeKind.ORGANISATION,
    name="国家税务总局某区税务局",
    bank="国家金库某支库",
    number="2130000012345678",
    salt=SALT,
)
RESIDENT = Payee(
    kind=PayeeKind.INDIVIDUAL, name="王小明", bank="某银行", number="6222020000001234", salt=SALT
)
POLICY = rules.built_in(10_000_000)


def draft_order(
    kind: OrderKind = OrderKind.PAYABLE, amount_fen: int = 48_620, **changes: Any
) -> DraftOrder:
    """Tax of August to the tax office, unless something else is asked for."""
    order = DraftOrder(
        id=new_id(),
        act_id=new_id(),
        kind=kind,
        fund="OP",
        bank_account="100201",
        amount_fen=amount_fen,
        purpose="缴8月税费",
        due_on=date(2025, 9, 15),
        pay_on=date(2025, 9, 12),
        payee=NamedPayee(
            kind=PayeeKind.ORGANISATION,
            name=TAX_OFFICE.name,
            bank=TAX_OFFICE.bank,
            number=TAX_OFFICE.number,
        ),
        account="2206" if kind is OrderKind.PAYABLE else None,
    )
    return replace(order, **changes)


def order_body(**changes: Any) -> OrderBody:
    body = OrderBody(
        order_id=new_id(),
        kind=OrderKind.PAYABLE,
        amount_fen=48_620,
        fund="OP",
        bank_account="100201",
        payee=rules.public(TAX_OFFICE),
        vendor_id=None,
        vendor_account_id=None,
        invoices=(),
        account="2206",
        counterparty_id=None,
        budget_line_id=None,
        purpose="缴8月税费",
        evidence=(),
        due_on=date(2025, 9, 15),
        pay_on=date(2025, 9, 12),
        published_on=None,
        policy_digest=POLICY.terms.digest,
    )
    return replace(body, **changes)


def order(
    body: OrderBody | None = None,
    policy: PaymentPolicy = POLICY,
    drafted_by: UUID | None = None,
    **changes: Any,
) -> PaymentOrder:
    """An order that waits for its signatures."""
    body = body or order_body(policy_digest=policy.terms.digest)
    made = PaymentOrder(
        order_id=body.order_id,
        act_id=new_id(),
        act_version=1,
        version=1,
        state=OrderState.AWAITING_SIGNATURES,
        body=body,
        policy_version=policy.version,
        drafted_by=drafted_by or new_id(),
        drafted_at=SEPTEMBER,
        expires_at=SEPTEMBER + timedelta(days=30),
    )
    return replace(made, **changes)


def standing(**changes: Any) -> rules.Standing:
    """Plenty of everything."""
    plenty = rules.Standing(
        at=datetime(2025, 9, 12, 4, tzinfo=UTC),
        books=Books(
            compound_id=new_id(),
            tree_size=0,
            frontier=(),
            opened_on=date(2025, 9, 1),
            closed_through=0,
        ),
        account=Account(code="2206", name_zh="应交税费", name_en="Taxes", side=Side.CREDIT),
        is_account_of_fund=True,
        cash_fen=28_654_018,
        cash_promised_fen=0,
        notice_days=10,
        owed_fen=48_620,
    )
    return replace(plenty, **changes)


def signed(party: Party, person_id: UUID | None = None, version: int = 1) -> Signature:
    return Signature(
        version=version,
        key_id=new_id().hex,
        person_id=person_id or new_id(),
        party=party,
        office=Office.TRUSTEE_MANAGER if party is Party.TRUSTEE else Office.COMMITTEE_MEMBER,
        mandate_id=new_id(),
        signature=b"",
        signed_at=SEPTEMBER,
    )


def act_of(made: PaymentOrder, policy: PaymentPolicy, *signatures: Signature) -> Act:
    """The act of an order under a policy, with these signatures on it."""
    caller = make_caller()
    command = DraftAct(
        act_id=made.act_id,
        kind=ORDER_ACT,
        subject_id=made.order_id,
        body=made.body,
        expires_at=made.expires_at,
        required=rules.required(policy, made.body.fund, made.body.amount_fen),
        policy_version=policy.version,
    )
    return replace(
        acts.draft(command, caller),
        drafted_by=made.drafted_by,
        revised_by=made.drafted_by,
        signatures=signatures,
    )
