"""Contracts over common parts: what they earn each month, what they owe, what was paid ahead."""

from collections import defaultdict
from uuid import UUID

from trustprop.billing import rules
from trustprop.billing.model import (
    CONTRACT_DEFERRED,
    DrawUpContract,
    RevenueContract,
    RevenueFigure,
    RevenueRun,
    RevenueShare,
    RunRevenue,
)
from trustprop.billing.service.charges import BILLERS, SCOPE
from trustprop.billing.service.entries import share_entry
from trustprop.billing.store import revenue as store
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.meetings import service as meetings
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx


async def draw_up_contract(tx: Tx, caller: Caller, command: DrawUpContract) -> RevenueContract:
    """Records a contract over common parts under the special resolution about it, or about its kind.

    One that ran when the books were opened is taken over. Raises FieldsInvalid, FilesMissing,
    BusinessNeedsResolution, SameIdOtherContent and what meetings.require raises.
    """
    caller.check_office(*BILLERS)
    rules.check_contract(command)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    books = await ledger.lock_books(tx, caller.compound_id)
    contract = RevenueContract(
        contract_id=command.id,
        counterparty=command.counterparty,
        is_individual=command.is_individual,
        kind=command.kind,
        income_account=command.income_account,
        fund=command.fund,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        amount_fen=command.amount_fen,
        recognised_before_fen=command.recognised_before_fen,
        received_before_fen=command.received_before_fen,
        resolution_id=command.resolution_id,
    )
    known = {one.contract_id: one for one in await store.contracts(tx, caller.compound_id)}
    if not rules.is_new(contract, known.get(command.id), command.id):
        return contract
    if contract.resolution_id is None:
        rules.check_taken_over(contract, books.opened_on)
    else:
        await meetings.require(
            tx,
            caller,
            contract.resolution_id,
            Matter.COMMON_PART_BUSINESS,
            contract.contract_id,
            or_about=(None,),
        )
    await store.add_contract(tx, caller.compound_id, contract)
    return contract


async def contracts(tx: Tx, caller: Caller) -> tuple[RevenueContract, ...]:
    caller.check_reads_books()
    return await store.contracts(tx, caller.compound_id)


async def run_revenue(tx: Tx, caller: Caller, command: RunRevenue) -> RevenueRun:
    """Earns the month of every contract once; those already earned are left alone."""
    caller.check_office_or_scope(SCOPE, *BILLERS)
    compound_id, period = caller.compound_id, Period.parse(command.period)
    await ledger.lock_books(tx, compound_id)
    done = await store.shares(tx, compound_id, period)
    have = {share.contract_id for share in done}
    deferred = await _deferred(tx, compound_id)
    added, entries = [], []
    for contract in await store.contracts(tx, compound_id):
        amount_fen = rules.month_share(contract, period)
        if amount_fen == 0 or contract.contract_id in have:
            continue
        from_deferred_fen = min(amount_fen, deferred[(contract.fund, contract.contract_id)])
        share = RevenueShare(
            contract_id=contract.contract_id,
            period=command.period,
            amount_fen=amount_fen,
            from_deferred_fen=from_deferred_fen,
            entry_id=rules.derived_id(contract.contract_id, command.period),
        )
        memo = f"{command.period} 公共收益确认"
        added.append(share)
        entries.append(
            share_entry(
                contract, share.entry_id, period.first_on, amount_fen, from_deferred_fen, memo
            )
        )
    if added:
        await ledger.post(tx, caller, tuple(entries))
        await store.add_shares(tx, compound_id, command.id, added)
    shares = tuple(sorted((*done, *added), key=lambda share: share.contract_id))
    return RevenueRun(run_id=command.id, period=command.period, shares=shares)


async def _deferred(tx: Tx, compound_id: UUID) -> defaultdict[tuple[str, UUID], int]:
    """What each contract has paid ahead."""
    deferred: defaultdict[tuple[str, UUID], int] = defaultdict(int)
    for balance in await ledger.subledger(tx, compound_id, CONTRACT_DEFERRED):
        deferred[(balance.fund, balance.counterparty_id)] -= balance.balance_fen
    return deferred


async def revenue_report(tx: Tx, compound_id: UUID, period: Period) -> tuple[RevenueFigure, ...]:
    """Each contract with what it earned and paid, for section 8 of the statement."""
    shares = {one.contract_id: one for one in await store.shares(tx, compound_id, period)}
    earned = await store.earned(tx, compound_id, period)
    received = await store.received(tx, compound_id, period)
    return tuple(
        RevenueFigure(
            contract_id=contract.contract_id,
            counterparty="" if contract.is_individual else contract.counterparty,
            kind=contract.kind,
            starts_on=contract.starts_on,
            ends_on=contract.ends_on,
            amount_fen=contract.amount_fen,
            earned_fen=shares[contract.contract_id].amount_fen
            if contract.contract_id in shares
            else 0,
            received_fen=received.get(contract.contract_id, (0, 0))[0],
            due_to_date_fen=contract.recognised_before_fen + earned.get(contract.contract_id, 0),
            received_to_date_fen=contract.received_before_fen
            + received.get(contract.contract_id, (0, 0))[1],
        )
        for contract in await store.contracts(tx, compound_id)
        if Period.of(contract.starts_on) <= period or contract.contract_id in received
    )
