"""Payment orders, their terms and signatures."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from tests.make.ground import SEPTEMBER, new_id
from trustprop.disbursements import rules
from trustprop.disbursements.model import (
    DraftOrder,
    NamedPayee,
    OrderBody,
    OrderKind,
    OrderState,
    Payee,
    PayeeKind,
    PaymentOrder,
    PaymentPolicy,
    Signed,
)
from trustprop.kernel.caller import Party

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
        is_period_open=True,
        is_account_of_fund=True,
        cash_fen=28_654_018,
        cash_promised_fen=0,
        notice_days=10,
        owed_fen=48_620,
    )
    return replace(plenty, **changes)


def signed(party: Party, person_id: UUID | None = None, digest: str = "d1") -> Signed:
    return Signed(
        person_id=person_id or new_id(), party=party, key_id=new_id().hex, payload_digest=digest
    )
