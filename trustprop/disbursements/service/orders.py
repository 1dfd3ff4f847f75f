"""Drawing up payment orders: draft, dry run, revise, and what it looks like to those who sign."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct, Requirement
from trustprop.budgets import service as budgets
from trustprop.budgets.model import MovementSource
from trustprop.compounds import service as compounds
from trustprop.disbursements import rules
from trustprop.disbursements.model import (
    ORDER_ACT,
    DraftOrder,
    DryRun,
    OrderBody,
    OrderDetail,
    OrderKind,
    OrderSignature,
    OrderState,
    PaymentNotice,
    PaymentOrder,
    Refused,
    ReviseOrder,
    SignersWanted,
    SimilarOrder,
)
from trustprop.disbursements.service.standing import Drawn, draw_up, is_payee_of
from trustprop.disbursements.store import orders as store
from trustprop.disbursements.store import papers
from trustprop.invoices import service as invoices
from trustprop.invoices.model import Similar
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing, Refusal
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx

DRAFTERS = (Office.TRUSTEE_BOOKKEEPER, Office.TRUSTEE_MANAGER)
SIMILAR = timedelta(days=92)


async def draft(tx: Tx, caller: Caller, command: DraftOrder, salt: str) -> PaymentOrder:
    """Draws up an order and opens its act; the same id with the same content is success.

    ``salt`` is 32 random bytes in hex. Raises the first of the refusals that a dry run would list.
    """
    caller.check_office(*DRAFTERS)
    rules.check_terms(command)
    books = await ledger.lock_books(tx, caller.compound_id)
    known = await store.find_order(tx, caller.compound_id, command.id)
    drawn = await draw_up(tx, caller, books, command.id, command, salt)
    if known is not None:
        await _check_same(tx, caller, known, drawn)
        return known
    _refuse(drawn)
    act = await acts.draft(tx, caller, _act(command.act_id, drawn, caller))
    assert caller.person_id is not None
    order = PaymentOrder(
        order_id=command.id,
        act_id=act.act_id,
        act_version=act.version,
        version=1,
        state=OrderState.AWAITING_SIGNATURES,
        body=drawn.body,
        policy_version=drawn.policy.version,
        drafted_by=caller.person_id,
        drafted_at=caller.at,
        expires_at=act.expires_at,
    )
    await store.add_order(tx, caller.compound_id, order)
    await store.add_payee(tx, caller.compound_id, order.order_id, act.version, drawn.payee)
    await _claim(tx, caller, order)
    return order


async def dry_run(tx: Tx, caller: Caller, command: DraftOrder, salt: str) -> DryRun:
    """The same path, for an edge that rolls it back: every reason against the order, and what it
    would leave.
    """
    caller.check_office(*DRAFTERS)
    rules.check_terms(command)
    books = await ledger.lock_books(tx, caller.compound_id)
    drawn = await draw_up(tx, caller, books, command.id, command, salt)
    refusals = drawn.refusals or await _refusals_of_draft(tx, caller, command, salt)
    body, facts = drawn.body, drawn.standing
    held = await ledger.fund_claims(tx, caller.compound_id, body.bank_account)
    promised = await store.promised_cash(
        tx, caller.compound_id, body.bank_account, None, body.order_id
    )
    owes = body.kind in rules.LIABILITIES
    similar = await store.similar(
        tx,
        caller.compound_id,
        drawn.payee.number,
        body.amount_fen,
        body.pay_on - SIMILAR,
        body.order_id,
    )
    return DryRun(
        is_possible=not refusals,
        refusals=tuple(
            Refused(code=one.code, detail=one.detail, facts=one.facts) for one in refusals
        ),
        amount_fen=body.amount_fen,
        fund_left_fen=facts.cash_fen - facts.cash_promised_fen - body.amount_fen,
        bank_account_left_fen=sum(claim.balance_fen for claim in held) - promised - body.amount_fen,
        budget_left_fen=facts.line.available_fen - body.amount_fen if facts.line else None,
        owed_left_fen=facts.owed_fen - facts.owed_promised_fen - body.amount_fen if owes else None,
        signers=await signers_wanted(tx, caller, _required(drawn), {caller.person_id}),
        notice_until=rules.notice_ends_on(body, facts.notice_days),
        similar_invoices=await _similar_invoices(tx, caller, body),
        similar_orders=tuple(
            SimilarOrder(
                order_id=one.order_id,
                state=one.state,
                pay_on=one.body.pay_on,
                purpose=one.body.purpose,
            )
            for one in similar
        ),
    )


async def revise(
    tx: Tx, caller: Caller, order_id: UUID, command: ReviseOrder, salt: str
) -> PaymentOrder:
    """A new version of the order, which carries no signatures. Raises what :func:`draft` raises."""
    caller.check_office(*DRAFTERS)
    rules.check_terms(command)
    before = await lock(tx, caller, order_id)
    rules.check_awaiting(before)
    books = await ledger.lock_books(tx, caller.compound_id)
    await give_back(tx, caller, before)
    drawn = await draw_up(tx, caller, books, order_id, command, salt, before)
    _refuse(drawn)
    act = await acts.revise(
        tx,
        caller,
        before.act_id,
        drawn.body,
        expires_at=_expires_at(drawn, caller),
        required=_required(drawn),
        policy_version=drawn.policy.version,
    )
    assert caller.person_id is not None
    order = replace(
        before,
        act_version=act.version,
        version=before.version + 1,
        body=drawn.body,
        policy_version=drawn.policy.version,
        drafted_by=caller.person_id,
        expires_at=act.expires_at,
    )
    await store.save_order(tx, caller.compound_id, order)
    await store.add_payee(tx, caller.compound_id, order_id, act.version, drawn.payee)
    await _claim(tx, caller, order)
    return order


async def lock(tx: Tx, caller: Caller, order_id: UUID) -> PaymentOrder:
    """The order behind its act's lock and the books' lock, in that order. Raises Missing."""
    found = await find(tx, caller.compound_id, order_id)
    await acts.lock(tx, caller.compound_id, found.act_id)
    await ledger.lock_books(tx, caller.compound_id)
    locked = await store.lock_order(tx, caller.compound_id, order_id)
    assert locked is not None
    return locked


async def find(tx: Tx, compound_id: UUID, order_id: UUID) -> PaymentOrder:
    """Raises Missing."""
    order = await store.find_order(tx, compound_id, order_id)
    if order is None:
        raise Missing(kind="payment order")
    return order


async def orders(
    tx: Tx,
    caller: Caller,
    *,
    state: OrderState | None = None,
    kind: OrderKind | None = None,
    bank_account: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> tuple[PaymentOrder, ...]:
    """Newest first, one more than the limit. Raises OfficeNeeded."""
    caller.check_reads_books()
    return await store.orders(
        tx,
        caller.compound_id,
        state=state,
        kind=kind,
        bank_account=bank_account,
        after=after,
        limit=limit,
    )


async def notices(tx: Tx, caller: Caller) -> tuple[PaymentNotice, ...]:
    """Large payments that are announced and not made yet; nothing in them is secret."""
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    days = limits.large_payment_notice_days.value
    return tuple(
        rules.notice(order, days) for order in await store.published(tx, caller.compound_id)
    )


async def detail(tx: Tx, caller: Caller, order_id: UUID) -> OrderDetail:
    """An order as its signers need it: the payee in full, who signed with which key, who is awaited."""
    caller.check_reads_books()
    order = await find(tx, caller.compound_id, order_id)
    act = await acts.get(tx, caller, order.act_id)
    payees = await store.payees(tx, caller.compound_id, {order_id: order.act_version})
    is_awaiting = order.state is OrderState.AWAITING_SIGNATURES
    return OrderDetail(
        order=order,
        payee=payees[order_id],
        payload_digest=act.digest,
        signatures=_signatures(act),
        signers_wanted=await signers_wanted(
            tx,
            caller,
            act.missing if is_awaiting else (),
            {act.drafted_by, act.revised_by},
            {signature.person_id for signature in act.signatures},
        ),
        refunds=await papers.refunds(tx, caller.compound_id, order_id),
    )


async def signers_wanted(
    tx: Tx,
    caller: Caller,
    required: tuple[Requirement, ...],
    drafters: Collection[UUID | None],
    signed: Collection[UUID] = (),
) -> tuple[SignersWanted, ...]:
    """Who could give each signature that is still needed; any holder of the side may step in."""
    if not required:
        return ()
    today = local_date(caller.at)
    terms = [
        term
        for term in await compounds.mandates(tx, caller.compound_id)
        if term.is_in_force(today) and term.office.may_sign and term.person_id not in signed
    ]
    return tuple(
        SignersWanted(
            party=one.party,
            count=one.count,
            person_ids=tuple(
                sorted(
                    {
                        term.person_id
                        for term in terms
                        if term.party is one.party
                        and (one.drafter_may_sign or term.person_id not in drafters)
                    }
                )
            ),
        )
        for one in required
    )


async def give_back(tx: Tx, caller: Caller, order: PaymentOrder) -> None:
    """What an order held while it was being signed: budget and invoices."""
    body = order.body
    if body.kind is OrderKind.INVOICES:
        ids = tuple(invoice.invoice_id for invoice in body.invoices)
        await store.let_invoices_go(tx, caller.compound_id, order.order_id)
        await invoices.mark_accepted_again(tx, caller, ids, order.order_id)
    if body.budget_line_id is not None:
        await budgets.unreserve(
            tx, caller, body.budget_line_id, body.amount_fen, source(order), on=body.pay_on
        )


def source(order: PaymentOrder) -> MovementSource:
    """What moves a budget line: this version of the order."""
    return MovementSource(kind=rules.SOURCE, id=order.order_id, version=order.act_version)


async def _claim(tx: Tx, caller: Caller, order: PaymentOrder) -> None:
    """Holds what the order will use: no second order can count on it."""
    body = order.body
    if body.kind is OrderKind.INVOICES:
        ids = tuple(invoice.invoice_id for invoice in body.invoices)
        await store.hold_invoices(tx, caller.compound_id, order.order_id, body.invoices)
        await invoices.mark_ordered(tx, caller, ids, order.order_id)
    if body.budget_line_id is not None:
        await budgets.reserve(
            tx,
            caller,
            body.budget_line_id,
            body.amount_fen,
            source(order),
            fund=body.fund,
            on=body.pay_on,
        )


async def _similar_invoices(tx: Tx, caller: Caller, body: OrderBody) -> tuple[Similar, ...]:
    """Others of the same vendor, amount and date as one that this order pays."""
    ordered = {invoice.invoice_id for invoice in body.invoices}
    found = {
        similar.invoice_id: similar
        for invoice in body.invoices
        for similar in (await invoices.read(tx, caller, invoice.invoice_id)).similar
    }
    return tuple(one for invoice_id, one in found.items() if invoice_id not in ordered)


async def _refusals_of_draft(
    tx: Tx, caller: Caller, command: DraftOrder, salt: str
) -> tuple[Refusal, ...]:
    try:
        await draft(tx, caller, command, salt)
    except Refusal as refusal:
        return (refusal,)
    return ()


async def _check_same(tx: Tx, caller: Caller, known: PaymentOrder, drawn: Drawn) -> None:
    """Raises OrderExists unless a retry asks for what was drawn up."""
    asked = replace(
        drawn.body,
        payee=known.body.payee,
        published_on=known.body.published_on,
        policy_digest=known.body.policy_digest,
    )
    same = await is_payee_of(tx, caller.compound_id, known, drawn.payee)
    if asked != known.body or not same:
        raise rules.OrderExists


def _refuse(drawn: Drawn) -> None:
    for refusal in drawn.refusals:
        raise refusal


def _required(drawn: Drawn) -> tuple[Requirement, ...]:
    return rules.required(drawn.policy, drawn.body.fund, drawn.body.amount_fen)


def _act(act_id: UUID, drawn: Drawn, caller: Caller) -> DraftAct:
    return DraftAct(
        act_id=act_id,
        kind=ORDER_ACT,
        subject_id=drawn.body.order_id,
        body=drawn.body,
        expires_at=_expires_at(drawn, caller),
        required=_required(drawn),
        policy_version=drawn.policy.version,
    )


def _expires_at(drawn: Drawn, caller: Caller) -> datetime:
    return caller.at + timedelta(days=drawn.limits.order_valid_days.value)


def _signatures(act: Act) -> tuple[OrderSignature, ...]:
    return tuple(
        OrderSignature(
            party=one.party,
            office=one.office,
            person_id=one.person_id,
            key_id=one.key_id,
            signed_at=one.signed_at,
        )
        for one in act.signatures
    )
