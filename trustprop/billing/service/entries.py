"""The journal entries of billing: who is debited and credited for what."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from trustprop.billing import rules
from trustprop.billing.model import (
    ACCOUNTS,
    CHANNEL_FEE,
    CONTRACT_DEFERRED,
    CONTRACT_RECEIVABLE,
    Charge,
    RevenueContract,
    SettleChannel,
)
from trustprop.ledger.model import Entry, EntryKind, Posting, Side, Source


def charge_entry(charge: Charge, memo: str) -> Entry:
    """借 1121 / 贷 43: the home owes its fee."""
    assert charge.entry_id is not None
    booked = ACCOUNTS[charge.kind]
    return Entry(
        entry_id=charge.entry_id,
        kind=EntryKind.CHARGE,
        accounting_on=charge.charged_on,
        memo=memo,
        lines=(
            debit(booked.receivable, booked.fund, charge.amount_fen, charge.home_id),
            credit(booked.income, booked.fund, charge.amount_fen),
        ),
        source=Source(kind="charge", id=charge.charge_id),
    )


def prepayment_entry(charge: Charge, amount_fen: int, memo: str) -> Entry:
    """借 2203 / 贷 1121: what was paid ahead settles the fee."""
    booked = ACCOUNTS[charge.kind]
    return Entry(
        entry_id=rules.derived_id(charge.charge_id, "prepayment"),
        kind=EntryKind.CHARGE,
        accounting_on=charge.charged_on,
        memo=memo,
        lines=(
            debit(booked.prepaid, booked.fund, amount_fen, charge.home_id),
            credit(booked.receivable, booked.fund, amount_fen, charge.home_id),
        ),
        source=Source(kind="charge", id=charge.charge_id),
    )


def receipt_entry(
    applied: Sequence[rules.Applied], entry_id: UUID, memo: str, evidence: tuple[str, ...]
) -> Entry:
    """One receipt, or a day's receipts of one account and fund."""
    first = applied[0].receipt
    fund = rules.fund_of(first)
    total_fen = sum(one.receipt.amount_fen for one in applied)
    return Entry(
        entry_id=entry_id,
        kind=EntryKind.RECEIPT,
        accounting_on=first.received_on,
        memo=memo,
        lines=(
            debit(first.account, fund, total_fen),
            *(line for one in applied for line in _settled(one, fund)),
        ),
        source=Source(kind="receipt", id=entry_id),
        evidence=evidence,
    )


def _settled(one: rules.Applied, fund: str) -> tuple[Posting, ...]:
    by_account: dict[str, int] = defaultdict(int)
    for charge, amount_fen in one.parts:
        by_account[ACCOUNTS[charge.kind].receivable] += amount_fen
    if one.surplus_fen:
        by_account[rules.prepaid_account_of(one.receipt)] += one.surplus_fen
    return tuple(
        credit(account, fund, amount_fen, one.receipt.home_id)
        for account, amount_fen in sorted(by_account.items())
    )


def settlement_entry(command: SettleChannel, fund: str, memo: str) -> Entry:
    """借 bank and 5301 / 贷 1012: the fee is shown gross."""
    net_fen = command.gross_fen - command.fee_fen
    fee = (debit(CHANNEL_FEE, fund, command.fee_fen, budget_line_id=command.budget_line_id),)
    return Entry(
        entry_id=command.id,
        kind=EntryKind.RECEIPT,
        accounting_on=command.settled_on,
        memo=memo,
        lines=(
            debit(command.account, fund, net_fen),
            *(fee if command.fee_fen else ()),
            credit(command.channel, fund, command.gross_fen),
        ),
        source=Source(kind="channel_settlement", id=command.id),
        evidence=command.evidence,
    )


def share_entry(
    contract: RevenueContract,
    entry_id: UUID,
    on: date,
    amount_fen: int,
    from_deferred_fen: int,
    memo: str,
) -> Entry:
    """借 220303 and 112103 / 贷 43: a month of a contract is earned."""
    owed_fen = amount_fen - from_deferred_fen
    deferred = (debit(CONTRACT_DEFERRED, contract.fund, from_deferred_fen, contract.contract_id),)
    owed = (debit(CONTRACT_RECEIVABLE, contract.fund, owed_fen, contract.contract_id),)
    return Entry(
        entry_id=entry_id,
        kind=EntryKind.CHARGE,
        accounting_on=on,
        memo=memo,
        lines=(
            *(deferred if from_deferred_fen else ()),
            *(owed if owed_fen else ()),
            credit(contract.income_account, contract.fund, amount_fen),
        ),
        source=Source(kind="revenue_contract", id=contract.contract_id),
        resolution_id=contract.resolution_id,
    )


def debit(
    account: str,
    fund: str,
    amount_fen: int,
    counterparty_id: UUID | None = None,
    budget_line_id: UUID | None = None,
) -> Posting:
    return Posting(
        account=account,
        fund=fund,
        side=Side.DEBIT,
        amount_fen=amount_fen,
        counterparty_id=counterparty_id,
        budget_line_id=budget_line_id,
    )


def credit(
    account: str, fund: str, amount_fen: int, counterparty_id: UUID | None = None
) -> Posting:
    return Posting(
        account=account,
        fund=fund,
        side=Side.CREDIT,
        amount_fen=amount_fen,
        counterparty_id=counterparty_id,
    )
