"""Money that arrives: from homes, from contracts, from payment channels."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from trustprop.billing import rules
from trustprop.billing.model import (
    CHANNELS,
    CONTRACT_DEFERRED,
    CONTRACT_RECEIVABLE,
    UNIDENTIFIED,
    Allocation,
    ChannelSettlement,
    NewReceipt,
    Receipt,
    Receive,
    ReceiveOther,
    RevenueContract,
    SettleChannel,
)
from trustprop.billing.service.charges import BILLERS, NAMES, SCOPE
from trustprop.billing.service.entries import credit, debit, receipt_entry, settlement_entry
from trustprop.billing.store import charges as charges_store
from trustprop.billing.store import receipts as store
from trustprop.billing.store import revenue as revenue_store
from trustprop.budgets import service as budgets
from trustprop.budgets.model import MovementSource
from trustprop.compounds import service as compounds
from trustprop.evidence import service as evidence
from trustprop.funds import service as funds
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import digest
from trustprop.kernel.errors import Missing
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry, EntryKind, Posting, Source
from trustprop.plumbing.database import Tx


async def receive(tx: Tx, caller: Caller, command: Receive) -> tuple[Receipt, ...]:
    """Books receipts of homes: arrears oldest first, the surplus is a prepayment.

    Receipts that are there already with the same content are returned as they are.
    """
    caller.check_office_or_scope(SCOPE, *BILLERS)
    await _check(tx, caller, command)
    await ledger.lock_books(tx, caller.compound_id)
    ids = [receipt.id for receipt in command.receipts]
    known = await store.find(tx, caller.compound_id, ids)
    contents = {receipt.id: digest(receipt) for receipt in command.receipts}
    for receipt_id, (_, content_sha256) in known.items():
        rules.check_same_content(contents[receipt_id], content_sha256, receipt_id)
    fresh = tuple(receipt for receipt in command.receipts if receipt.id not in known)
    booked: dict[UUID, Receipt] = {}
    if fresh:
        booked = await _book(tx, caller, command, fresh, contents)
    return tuple(booked[one] if one in booked else known[one][0] for one in ids)


async def _check(tx: Tx, caller: Caller, command: Receive) -> None:
    rules.check_different([receipt.id for receipt in command.receipts], "/receipts/{}/id")
    if command.summary is not None:
        rules.check_summary(command.receipts)
    await _check_homes(tx, caller.compound_id, command)
    for account, fund in {(one.account, rules.fund_of(one)) for one in command.receipts}:
        await _check_account(tx, caller.compound_id, account, fund)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)


async def _check_homes(tx: Tx, compound_id: UUID, command: Receive) -> None:
    """A home that was ever charged is one of this compound; only others need the whole list."""
    ids = {receipt.home_id for receipt in command.receipts}
    known = await charges_store.charged_homes(tx, compound_id, ids)
    if known != ids:
        known = {home.home_id for home in await compounds.homes(tx, compound_id)}
    rules.check_homes(command.receipts, known)


async def _check_account(tx: Tx, compound_id: UUID, account: str, fund: str) -> None:
    """Money arrives on a bank account of that fund, in a channel, or was there unidentified."""
    if account in CHANNELS or account == UNIDENTIFIED:
        return
    await funds.check_holds(tx, compound_id, account, (fund,))


async def _book(
    tx: Tx,
    caller: Caller,
    command: Receive,
    fresh: tuple[NewReceipt, ...],
    contents: dict[UUID, bytes],
) -> dict[UUID, Receipt]:
    compound_id = caller.compound_id
    homes = {receipt.home_id for receipt in fresh}
    applied = rules.apply_receipts(fresh, await charges_store.open_charges(tx, compound_id, homes))
    await ledger.post(tx, caller, _entries(command, applied))
    receipts = {
        one.receipt.id: _receipt(
            caller, one, command.summary.id if command.summary else one.receipt.id
        )
        for one in applied
    }
    await store.add(tx, compound_id, [(one, contents[one.receipt_id]) for one in receipts.values()])
    settled = [
        Allocation(
            charge_id=charge.charge_id,
            source_id=one.receipt.id,
            is_prepayment=False,
            allocated_on=one.receipt.received_on,
            amount_fen=amount_fen,
        )
        for one in applied
        for charge, amount_fen in one.parts
    ]
    if settled:
        await charges_store.add_allocations(tx, compound_id, settled)
    return receipts


def _entries(command: Receive, applied: tuple[rules.Applied, ...]) -> tuple[Entry, ...]:
    if command.summary is not None:
        memo = command.summary.memo or f"{_what(applied[0])}日汇总"
        return (receipt_entry(applied, command.summary.id, memo, command.evidence),)
    return tuple(
        receipt_entry((one,), one.receipt.id, f"{_what(one)}收款", command.evidence)
        for one in applied
    )


def _what(applied: rules.Applied) -> str:
    kind = applied.receipt.kind
    return NAMES[kind] if kind else "住户"


def _receipt(caller: Caller, applied: rules.Applied, entry_id: UUID) -> Receipt:
    made = applied.receipt
    return Receipt(
        receipt_id=made.id,
        home_id=made.home_id,
        contract_id=None,
        kind=made.kind,
        received_on=made.received_on,
        account=made.account,
        fund=rules.fund_of(made),
        amount_fen=made.amount_fen,
        arrears_fen=applied.arrears_fen,
        surplus_fen=applied.surplus_fen,
        payer=made.payer,
        reference=made.reference,
        memo="",
        entry_id=entry_id,
        recorded_at=caller.at,
    )


async def receive_other(tx: Tx, caller: Caller, command: ReceiveOther) -> Receipt:
    """Books money that no home owes: a contract's, parking by the hour, deposits, agency money."""
    caller.check_office_or_scope(SCOPE, *BILLERS)
    rules.check_other(command)
    await _check_account(tx, caller.compound_id, command.account, command.fund)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    await ledger.lock_books(tx, caller.compound_id)
    content_sha256 = digest(command)
    known = (await store.find(tx, caller.compound_id, [command.id])).get(command.id)
    if known is not None:
        rules.check_same_content(content_sha256, known[1], command.id)
        return known[0]
    lines, arrears_fen, surplus_fen = await _credits(tx, caller.compound_id, command)
    await ledger.post(tx, caller, (_other_entry(command, lines),))
    receipt = Receipt(
        receipt_id=command.id,
        home_id=None,
        contract_id=command.contract_id,
        kind=None,
        received_on=command.received_on,
        account=command.account,
        fund=command.fund,
        amount_fen=command.amount_fen,
        arrears_fen=arrears_fen,
        surplus_fen=surplus_fen,
        payer=command.payer,
        reference=command.reference,
        memo=command.memo,
        entry_id=command.id,
        recorded_at=caller.at,
    )
    await store.add(tx, caller.compound_id, [(receipt, content_sha256)])
    return receipt


async def _credits(
    tx: Tx, compound_id: UUID, command: ReceiveOther
) -> tuple[tuple[Posting, ...], int, int]:
    """The credited lines, with what settles a contract's receivable and what is paid ahead."""
    if command.contract_id is None:
        assert command.credit_account is not None
        line = credit(
            command.credit_account, command.fund, command.amount_fen, command.counterparty_id
        )
        return (line,), 0, 0
    contract = await _contract(tx, compound_id, command)
    owed = await ledger.subledger(tx, compound_id, CONTRACT_RECEIVABLE)
    owed_fen = sum(
        balance.balance_fen
        for balance in owed
        if (balance.fund, balance.counterparty_id) == (contract.fund, contract.contract_id)
    )
    arrears_fen = min(owed_fen, command.amount_fen)
    surplus_fen = command.amount_fen - arrears_fen
    parts = ((CONTRACT_RECEIVABLE, arrears_fen), (CONTRACT_DEFERRED, surplus_fen))
    lines = tuple(
        credit(account, contract.fund, amount_fen, contract.contract_id)
        for account, amount_fen in parts
        if amount_fen
    )
    return lines, arrears_fen, surplus_fen


async def _contract(tx: Tx, compound_id: UUID, command: ReceiveOther) -> RevenueContract:
    for contract in await revenue_store.contracts(tx, compound_id):
        if contract.contract_id == command.contract_id:
            rules.check_fund(contract, command.fund)
            return contract
    raise Missing(kind="revenue contract")


def _other_entry(command: ReceiveOther, lines: tuple[Posting, ...]) -> Entry:
    return Entry(
        entry_id=command.id,
        kind=EntryKind.RECEIPT,
        accounting_on=command.received_on,
        memo=command.memo,
        lines=(debit(command.account, command.fund, command.amount_fen), *lines),
        source=Source(kind="receipt", id=command.id),
        evidence=command.evidence,
    )


async def settle_channel(tx: Tx, caller: Caller, command: SettleChannel) -> ChannelSettlement:
    """Books a channel's payout; its fee is an expense of its own, never netted."""
    caller.check_office_or_scope(SCOPE, *BILLERS)
    rules.check_fee(command.gross_fen, command.fee_fen)
    fund = rules.CHANNEL_FUND
    if command.channel not in CHANNELS:
        raise rules.NotAChannel(account=command.channel)
    await _check_account(tx, caller.compound_id, command.account, fund)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    await ledger.lock_books(tx, caller.compound_id)
    content_sha256 = digest(command)
    known = await store.find_settlement(tx, caller.compound_id, command.id)
    if known is not None:
        rules.check_same_content(content_sha256, known[1], command.id)
        return known[0]
    await ledger.post(tx, caller, (settlement_entry(command, fund, "支付通道结算"),))
    if command.budget_line_id is not None and command.fee_fen:
        source = MovementSource(kind="channel_settlement", id=command.id)
        await budgets.spend(
            tx,
            caller,
            command.budget_line_id,
            command.fee_fen,
            source,
            fund=fund,
            on=command.settled_on,
        )
    settlement = ChannelSettlement(
        settlement_id=command.id,
        settled_on=command.settled_on,
        channel=command.channel,
        account=command.account,
        gross_fen=command.gross_fen,
        fee_fen=command.fee_fen,
        reference=command.reference,
        entry_id=command.id,
    )
    await store.add_settlement(tx, caller.compound_id, settlement, content_sha256)
    return settlement


async def receipts(
    tx: Tx, caller: Caller, limit: int, after: tuple[date, UUID] | None
) -> tuple[Receipt, ...]:
    """Newest first; payers are personal data, so office holders only."""
    caller.check_reads_books()
    return await store.page(tx, caller.compound_id, limit, after)


async def receipts_of_entries(
    tx: Tx, compound_id: UUID, entries: Collection[UUID]
) -> tuple[Receipt, ...]:
    """For banking: who paid, and under which reference, what the books show as received."""
    return await store.of_entries(tx, compound_id, entries)


async def settlements_of_entries(
    tx: Tx, compound_id: UUID, entries: Collection[UUID]
) -> tuple[ChannelSettlement, ...]:
    return await store.settlements_of_entries(tx, compound_id, entries)
