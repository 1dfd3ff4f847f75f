"""The trustee's remuneration: accrued by the agreed rule, out of reach while a breach stands."""

from uuid import UUID

from msgspec.structs import replace

from trustprop.billing import rules
from trustprop.billing.model import (
    REMUNERATION_EXPENSE,
    REMUNERATION_HELD,
    REMUNERATION_PAYABLE,
    AccrueRemuneration,
    ChargeKind,
    HoldRemuneration,
    LiftHold,
    RemunerationAccrual,
    RemunerationHold,
)
from trustprop.billing.service.arrears import receivable_movement
from trustprop.billing.service.charges import BILLERS, SCOPE
from trustprop.billing.service.entries import credit, debit
from trustprop.billing.store import remuneration as store
from trustprop.budgets import rules as budget_rules
from trustprop.budgets import service as budgets
from trustprop.budgets.model import MovementSource
from trustprop.compounds import service as compounds
from trustprop.compounds.model import RemunerationBasis
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period, local_date
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry, EntryKind, Source
from trustprop.meetings import service as meetings
from trustprop.plumbing.database import Tx

FUND = "OP"
OWNERS = (Office.COMMITTEE_DIRECTOR, Office.COMMITTEE_MEMBER)


async def accrue_remuneration(
    tx: Tx, caller: Caller, command: AccrueRemuneration
) -> RemunerationAccrual:
    """借 5201 / 贷 2205 for a month, as the version of the trust instrument at its end agrees it.

    A supplementary agreement whose resolution was revoked earns nothing (Trust Law 35).

    While a hold stands, the payable is booked out of reach of any payment order (Trust Law 36).
    """
    caller.check_office_or_scope(SCOPE, *BILLERS)
    compound_id, period = caller.compound_id, Period.parse(command.period)
    await ledger.lock_books(tx, compound_id)
    done = await store.find_accrual(tx, compound_id, period)
    if done is not None:
        rules.check_same_accrual(done, command.id)
        return done
    instrument = await compounds.trust_instrument(tx, compound_id, period.last_on)
    if instrument is None:
        raise Missing(kind="trust instrument")
    if instrument.resolution_id is not None:
        amended = await meetings.find(tx, compound_id, instrument.resolution_id)
        budget_rules.check_decided(amended, local_date(caller.at))
    rule = instrument.remuneration
    basis_fen = await _basis(tx, compound_id, period, rule.basis)
    accrual = RemunerationAccrual(
        accrual_id=command.id,
        period=command.period,
        instrument_id=instrument.instrument_id,
        kind=rule.kind,
        basis=rule.basis,
        basis_fen=basis_fen,
        rate_basis_points=rule.rate_basis_points,
        cap_fen=rule.cap_fen_per_month,
        uncapped_fen=rules.uncapped_remuneration(rule, basis_fen),
        amount_fen=rules.remuneration(rule, basis_fen),
        is_held=await store.find_open_hold(tx, compound_id) is not None,
        entry_id=command.id,
    )
    rules.check_due(accrual)
    await ledger.post(tx, caller, (_accrual_entry(accrual, command, period),))
    if command.budget_line_id is not None:
        source = MovementSource(kind="remuneration", id=command.id)
        await budgets.spend(
            tx, caller, command.budget_line_id, accrual.amount_fen, source, on=period.last_on
        )
    await store.add_accrual(tx, compound_id, accrual)
    return accrual


async def _basis(tx: Tx, compound_id: UUID, period: Period, basis: RemunerationBasis | None) -> int:
    """The month's base of a share, in fen."""
    if basis is RemunerationBasis.COLLECTED:
        collected_fen = 0
        for kind in (ChargeKind.PROPERTY_FEE, ChargeKind.PARKING_FEE):
            moved = await receivable_movement(tx, compound_id, period, kind)
            collected_fen += moved.received_fen + moved.from_prepaid_fen
        return collected_fen
    if basis is RemunerationBasis.ACTUAL:
        lines = (await ledger.trial_balance(tx, compound_id, period)).lines
        return sum(
            line.debit_fen - line.credit_fen
            for line in lines
            if rules.is_service_cost(line.fund, line.account)
        )
    if basis is RemunerationBasis.BUDGETED:
        budgeted = await budgets.execution(tx, compound_id, period)
        return rules.month_of_year(
            sum(
                line.annual_fen
                for line in budgeted
                if rules.is_service_cost(line.fund, line.account)
            )
        )
    return 0


def _accrual_entry(
    accrual: RemunerationAccrual, command: AccrueRemuneration, period: Period
) -> Entry:
    payable = REMUNERATION_HELD if accrual.is_held else REMUNERATION_PAYABLE
    return Entry(
        entry_id=accrual.entry_id,
        kind=EntryKind.REMUNERATION,
        accounting_on=period.last_on,
        memo=f"计提{accrual.period}受托人酬金",
        lines=(
            debit(
                REMUNERATION_EXPENSE,
                FUND,
                accrual.amount_fen,
                budget_line_id=command.budget_line_id,
            ),
            credit(payable, FUND, accrual.amount_fen, command.trustee_id),
        ),
        source=Source(kind="remuneration", id=accrual.accrual_id),
    )


async def remuneration_of(tx: Tx, compound_id: UUID, period: Period) -> RemunerationAccrual | None:
    """How a month's remuneration was computed, for section 11 of the statement."""
    return await store.find_accrual(tx, compound_id, period)


async def hold_remuneration(tx: Tx, caller: Caller, command: HoldRemuneration) -> RemunerationHold:
    """The owners' side holds the remuneration until a breach is made good (Trust Law 36).

    What is owed moves from 2205 to 220905, so that no payment order can reach it.
    """
    caller.check_office(*OWNERS)
    compound_id = caller.compound_id
    await ledger.lock_books(tx, compound_id)
    known = await store.find_hold(tx, compound_id, command.id)
    if known is not None:
        rules.check_same_reason(known, command.reason)
        return known
    if await store.find_open_hold(tx, compound_id) is not None:
        raise rules.RemunerationAlreadyHeld
    held_fen = await _move(
        tx, caller, command.id, REMUNERATION_PAYABLE, REMUNERATION_HELD, "暂扣受托人酬金"
    )
    hold = RemunerationHold(
        hold_id=command.id,
        reason=command.reason,
        held_at=caller.at,
        held_fen=held_fen,
        lifted_at=None,
        lifted_reason="",
    )
    await store.add_hold(tx, compound_id, hold)
    return hold


async def lift_hold(tx: Tx, caller: Caller, hold_id: UUID, command: LiftHold) -> RemunerationHold:
    """The owners' side says that the breach is made good; what was held is payable again."""
    caller.check_office(*OWNERS)
    compound_id = caller.compound_id
    await ledger.lock_books(tx, compound_id)
    hold = await store.find_hold(tx, compound_id, hold_id)
    if hold is None:
        raise Missing(kind="hold")
    if hold.lifted_at is not None:
        raise rules.RemunerationNotHeld
    await _move(
        tx, caller, command.id, REMUNERATION_HELD, REMUNERATION_PAYABLE, "解除暂扣受托人酬金"
    )
    await store.lift_hold(tx, compound_id, hold_id, caller.at, command.reason)
    return replace(hold, lifted_at=caller.at, lifted_reason=command.reason)


async def open_hold(tx: Tx, compound_id: UUID) -> RemunerationHold | None:
    return await store.find_open_hold(tx, compound_id)


async def _move(tx: Tx, caller: Caller, entry_id: UUID, source: str, target: str, memo: str) -> int:
    """Moves everything owed on one payable to the other, fund by fund."""
    owed = [
        (balance.fund, -balance.balance_fen)
        for balance in await ledger.balances(tx, caller.compound_id)
        if balance.account == source and balance.balance_fen < 0
    ]
    lines = tuple(
        line
        for fund, owed_fen in owed
        for line in (debit(source, fund, owed_fen), credit(target, fund, owed_fen))
    )
    if lines:
        entry = Entry(
            entry_id=entry_id,
            kind=EntryKind.REMUNERATION,
            accounting_on=local_date(caller.at),
            memo=memo,
            lines=lines,
            source=Source(kind="remuneration_hold", id=entry_id),
        )
        await ledger.post(tx, caller, (entry,))
    return sum(owed_fen for _, owed_fen in owed)
