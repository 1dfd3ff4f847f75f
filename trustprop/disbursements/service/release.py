"""What the end of an order's act does: the last signature pays, every other end gives back."""

from uuid import UUID

from trustprop.acts.model import Act, ActState
from trustprop.acts.service import Effect
from trustprop.budgets import service as budgets
from trustprop.compounds import service as compounds
from trustprop.disbursements import rules
from trustprop.disbursements.model import OrderKind, OrderState, PaymentOrder, PaymentPolicy
from trustprop.disbursements.service.decisions import decision_refusals
from trustprop.disbursements.service.orders import give_back, source
from trustprop.disbursements.service.standing import (
    load,
    policy_in_force,
    related_party_refusals,
)
from trustprop.disbursements.store import orders as store
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.invoices import service as invoices
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Refusal
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Books, Entry, EntryKind, Posting, Side, Source
from trustprop.plumbing.database import Tx

_ENDS = {
    ActState.REJECTED: OrderState.REJECTED,
    ActState.WITHDRAWN: OrderState.WITHDRAWN,
    ActState.EXPIRED: OrderState.EXPIRED,
}


async def release(tx: Tx, caller: Caller, act: Act) -> None:
    """The last signature: everything is checked once more, then budget, entry, invoices and number.

    A refusal undoes the signature with it; it can be given again once the reason is gone.
    """
    books = await ledger.lock_books(tx, caller.compound_id)
    order = await _locked(tx, caller.compound_id, act)
    rules.check_awaiting(order)
    await _check(tx, caller, books, order, act)
    await _use(tx, caller, order)
    await ledger.post(tx, caller, (_entry(order),))
    year = order.body.pay_on.year
    number = await store.next_number(tx, caller.compound_id, year)
    released = rules.release(order, caller.at, year, number)
    await store.save_order(tx, caller.compound_id, released)


async def end(tx: Tx, caller: Caller, act: Act) -> None:
    """Rejected, withdrawn or expired: the budget line and the invoices are free again."""
    await ledger.lock_books(tx, caller.compound_id)
    order = await _locked(tx, caller.compound_id, act)
    ended = rules.end(order, _ENDS[act.state], act.reason)
    await give_back(tx, caller, order)
    await store.save_order(tx, caller.compound_id, ended)


EFFECT = Effect(on_signed=release, on_ended=end)


async def _locked(tx: Tx, compound_id: UUID, act: Act) -> PaymentOrder:
    order = await store.lock_order(tx, compound_id, act.subject_id)
    assert order is not None, "an act of this kind is drafted together with its order"
    return order


async def _check(tx: Tx, caller: Caller, books: Books, order: PaymentOrder, act: Act) -> None:
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    policy: PaymentPolicy = await policy_in_force(tx, caller.compound_id, limits)
    rules.check_signatures(order, policy, act, await _lapsed_keys(tx, caller, act))
    standing = await load(tx, caller, books, order.body, limits, is_release=True)
    for refusal in rules.refusals_at_release(order.body, standing, order.expires_at):
        raise refusal
    for refusal in await related_party_refusals(tx, caller, standing.vendor):
        raise refusal
    for refusal in await decision_refusals(tx, caller, order.body, limits, standing.invoices):
        raise refusal


async def _lapsed_keys(tx: Tx, caller: Caller, act: Act) -> set[str]:
    """Keys that were good when they signed and are not any more, themselves or their mandate."""
    today = local_date(caller.at)
    in_force = {
        term.mandate_id
        for term in await compounds.mandates(tx, caller.compound_id)
        if term.is_in_force(today)
    }
    lapsed = {one.key_id for one in act.signatures if one.mandate_id not in in_force}
    for one in act.signatures:
        key = await identity.find_key(tx, caller.compound_id, one.key_id)
        try:
            assert key is not None
            identity_rules.check_signs(key, one.person_id, caller.at)
        except Refusal:
            lapsed.add(one.key_id)
    return lapsed


async def _use(tx: Tx, caller: Caller, order: PaymentOrder) -> None:
    body = order.body
    if body.kind is OrderKind.INVOICES:
        ids = tuple(invoice.invoice_id for invoice in body.invoices)
        await invoices.mark_released(tx, caller, ids, order.order_id)
    if body.budget_line_id is not None:
        await budgets.spend(
            tx,
            caller,
            body.budget_line_id,
            body.amount_fen,
            source(order),
            from_reserved_fen=body.amount_fen,
            fund=body.fund,
            on=body.pay_on,
        )


def _entry(order: PaymentOrder) -> Entry:
    """借 what is paid / 贷 the bank account. The entry bears the order's own id."""
    body = order.body
    paid = Posting(
        account=body.account,
        fund=body.fund,
        side=Side.DEBIT,
        amount_fen=body.amount_fen,
        budget_line_id=body.budget_line_id,
        counterparty_id=body.counterparty_id,
    )
    bank = Posting(
        account=body.bank_account,
        fund=body.fund,
        side=Side.CREDIT,
        amount_fen=body.amount_fen,
    )
    return Entry(
        entry_id=body.order_id,
        kind=EntryKind.PAYMENT,
        accounting_on=body.pay_on,
        memo=body.purpose,
        lines=(paid, bank),
        source=Source(kind=rules.SOURCE, id=body.order_id),
        evidence=body.evidence,
        act_id=order.act_id,
        resolution_id=body.resolution_id,
    )
