"""What the books and the parties say about an order: everything that its rules need, loaded once."""

from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets.model import LineControl
from trustprop.budgets.service.availability import lock_lines
from trustprop.compounds import service as compounds
from trustprop.compounds.model import Limits
from trustprop.disbursements import rules
from trustprop.disbursements.model import (
    OrderBody,
    OrderTerms,
    Payee,
    PaymentOrder,
    PaymentPolicy,
)
from trustprop.disbursements.service.decisions import decision_refusals
from trustprop.disbursements.store import orders as store
from trustprop.disbursements.store import papers
from trustprop.evidence import service as evidence
from trustprop.funds import service as funds
from trustprop.invoices import service as invoices
from trustprop.invoices.model import PAYABLE, Vendor, VendorAccount
from trustprop.invoices.service.vendors import check_related_party
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Refusal
from trustprop.kernel.periods import local_date
from trustprop.kernel.struct import Fact
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Books
from trustprop.plumbing.database import Tx


class Drawn(Fact):
    """An order drawn up, before anybody decides whether it may be."""

    body: OrderBody
    payee: Payee
    policy: PaymentPolicy
    limits: Limits
    standing: rules.Standing
    refusals: tuple[Refusal, ...]


async def policy_in_force(tx: Tx, compound_id: UUID, limits: Limits) -> PaymentPolicy:
    """The newest signed policy, or the one built in."""
    signed = await papers.policies(tx, compound_id)
    return signed[0] if signed else rules.built_in(limits.large_payment_fen.value)


async def draw_up(
    tx: Tx,
    caller: Caller,
    books: Books,
    order_id: UUID,
    terms: OrderTerms,
    salt: str,
    before: PaymentOrder | None = None,
) -> Drawn:
    """The order that these terms describe, with every reason against it.

    ``before`` is the version that this one revises. Raises Missing, FilesMissing or NoBudgetLine
    for what is not there.
    """
    compound_id = caller.compound_id
    today = local_date(caller.at)
    limits = await compounds.limits(tx, compound_id, today)
    policy = await policy_in_force(tx, compound_id, limits)
    await evidence.check_exist(tx, compound_id, terms.evidence)
    account = await _account(tx, compound_id, terms.vendor_account_id)
    payee = rules.payee_of(terms, account, salt)
    wanted = await invoices.lock_for_payment(tx, compound_id, terms.invoice_ids)
    line = await _line(tx, compound_id, terms.budget_line_id)
    body = rules.publish(
        rules.draw(order_id, terms, payee, account, wanted, line, policy),
        limits.large_payment_fen.value,
        today,
        before.body if before else None,
        is_same_payee=before is not None and await is_payee_of(tx, compound_id, before, payee),
    )
    facts = await load(tx, caller, books, body, limits, is_release=False)
    refusals = [
        *rules.refusals_at_draft(body, facts),
        *await related_party_refusals(tx, caller, facts.vendor),
        *await decision_refusals(tx, caller, body, limits, facts.invoices),
    ]
    return Drawn(
        body=body,
        payee=payee,
        policy=policy,
        limits=limits,
        standing=facts,
        refusals=tuple(refusals),
    )


async def load(
    tx: Tx, caller: Caller, books: Books, body: OrderBody, limits: Limits, *, is_release: bool
) -> rules.Standing:
    """What other orders were promised keeps a draft back, but never a release: who is signed first
    is paid first.
    """
    compound_id = caller.compound_id
    chart = await ledger.chart(tx, compound_id)
    debited = chart.accounts.get(body.account)
    keeps_subledger = debited is not None and debited.keeps_subledger
    counterparty_id = body.counterparty_id if keeps_subledger else None
    bank = await funds.find_bank_account(tx, compound_id, body.bank_account)
    promised_cash = promised_owed = 0
    if not is_release:
        promised_cash = await store.promised_cash(
            tx, compound_id, body.bank_account, body.fund, body.order_id
        )
        promised_owed = await store.promised_liability(
            tx, compound_id, body.account, body.fund, counterparty_id, body.order_id
        )
    return rules.Standing(
        at=caller.at,
        books=books,
        account=debited,
        is_account_of_fund=body.fund in bank.funds,
        cash_fen=await _held(tx, compound_id, body.bank_account, body.fund),
        cash_promised_fen=promised_cash,
        notice_days=limits.large_payment_notice_days.value,
        owed_fen=await _owed(tx, compound_id, body, counterparty_id),
        owed_promised_fen=promised_owed,
        line=await _line(tx, compound_id, body.budget_line_id),
        vendor=await _vendor(tx, compound_id, body.vendor_id),
        vendor_account=await _account(tx, compound_id, body.vendor_account_id),
        invoices=await invoices.lock_for_payment(
            tx, compound_id, tuple(invoice.invoice_id for invoice in body.invoices)
        ),
    )


async def related_party_refusals(
    tx: Tx, caller: Caller, vendor: Vendor | None
) -> tuple[Refusal, ...]:
    """A vendor close to the trustee is paid under a resolution that is still in force."""
    if vendor is None:
        return ()
    try:
        await check_related_party(tx, caller, vendor)
    except Refusal as refusal:
        return (refusal,)
    return ()


async def is_payee_of(tx: Tx, compound_id: UUID, order: PaymentOrder, payee: Payee) -> bool:
    """Whether an order pays this payee, whatever the salt."""
    known = (await store.payees(tx, compound_id, {order.order_id: order.act_version}))[
        order.order_id
    ]
    return replace(known, salt=payee.salt) == payee


async def _held(tx: Tx, compound_id: UUID, account: str, fund: str) -> int:
    claims = await ledger.fund_claims(tx, compound_id, account)
    return sum(claim.balance_fen for claim in claims if claim.fund == fund)


async def _owed(tx: Tx, compound_id: UUID, body: OrderBody, counterparty_id: UUID | None) -> int:
    """What the liability stands at; accepted invoices in it are paid by orders of their own kind."""
    if body.kind not in rules.LIABILITIES:
        return 0
    if counterparty_id is not None:
        return -sum(
            balance.balance_fen
            for balance in await ledger.subledger(tx, compound_id, body.account)
            if (balance.fund, balance.counterparty_id) == (body.fund, counterparty_id)
        )
    owed = -await _held(tx, compound_id, body.account, body.fund)
    if body.account == PAYABLE:
        owed -= await invoices.unpaid_fen(tx, compound_id, body.fund)
    return owed


async def _account(tx: Tx, compound_id: UUID, account_id: UUID | None) -> VendorAccount | None:
    return await invoices.vendor_account(tx, compound_id, account_id) if account_id else None


async def _vendor(tx: Tx, compound_id: UUID, vendor_id: UUID | None) -> Vendor | None:
    return await invoices.find_vendor(tx, compound_id, vendor_id) if vendor_id else None


async def _line(tx: Tx, compound_id: UUID, line_id: UUID | None) -> LineControl | None:
    if line_id is None:
        return None
    return (await lock_lines(tx, compound_id, [line_id]))[line_id]
