"""Gathering a month: entries as their leaves attest them, and what each house knows of it."""

import base64
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import asdict

from trustprop.banking import service as banking
from trustprop.banking.model import CLEARANCE_ACT, Reconciliation
from trustprop.billing import service as billing
from trustprop.billing.model import AGES, ChargeKind, RemunerationAccrual
from trustprop.budgets import service as budgets
from trustprop.disbursements.model import OrderBody, PayeeKind
from trustprop.funds import service as funds
from trustprop.funds.model import BankAccountState, MaskedBankAccount
from trustprop.inquiries import service as inquiries
from trustprop.kernel.money import yuan
from trustprop.kernel.periods import Period, local_date
from trustprop.ledger import service as ledger
from trustprop.ledger.model import AttestedEntry, Balance, TrialBalance, is_cash
from trustprop.plumbing.database import Tx
from trustprop.statements import rules, store
from trustprop.statements.model import (
    AccountFact,
    AgeBand,
    BankFact,
    BudgetFact,
    BuildingAgeing,
    Commitment,
    Correction,
    Decision,
    FundFact,
    JournalEntry,
    Month,
    Name,
    PaymentFact,
    PublicSignature,
    Question,
    RevenueContract,
    SignedAct,
    TieOut,
)

HELD_FOR_OTHERS = "AG"
FAR = 200
"""Journal numbers further apart than this are read in two goes."""


Reconciled = tuple[tuple[MaskedBankAccount, Reconciliation], ...]


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a month, and the signed acts behind its payments."""

    month: Month
    payments: tuple[SignedAct, ...]


async def gather(
    tx: Tx,
    compound_id: UUID,
    period: Period,
    tree_size: int,
    reconciled: Reconciled,
    tie_outs: tuple[TieOut, ...],
) -> Gathered:
    """Everything the figures depend on, up to the month's last day. Costs what the month costs."""
    trial = await ledger.trial_balance(tx, compound_id, period)
    attested = await _attested(tx, compound_id, period, tree_size)
    acts = await _payment_acts(tx, compound_id, attested)
    orders = await _orders(tx, compound_id, acts, period)
    acts = tuple(_disclosed(act, orders) for act in acts)
    entries = await _with_memos(tx, compound_id, attested, orders)
    movement = await billing.receivable_movement(tx, compound_id, period, ChargeKind.PROPERTY_FEE)
    month = Month(
        period=period,
        accounts=await _accounts(tx, compound_id),
        funds=await _funds(tx, compound_id),
        opening=_opening(trial),
        entries=entries,
        year_before=await store.turnovers(tx, compound_id, Period(period.year, 1), period.previous),
        month_before=await _month_before(tx, compound_id, period),
        banks=_banks(reconciled),
        budget=await _budget(tx, compound_id, period),
        payments=_payments(acts, orders, entries),
        ageing=await _ageing(tx, compound_id, period),
        collected_fen=movement.collected_current_fen,
        billed_fen=movement.charged_fen,
        revenue_contracts=await _revenue(tx, compound_id, period),
        commitments=await _commitments(tx, compound_id),
        remuneration_basis=_basis(await billing.remuneration_of(tx, compound_id, period)),
        questions=await _questions(tx, compound_id, period),
        resolutions=await _resolutions(tx, compound_id, entries),
        corrections=await _corrections(tx, compound_id, period, entries),
        tie_outs=tie_outs,
    )
    return Gathered(month=month, payments=acts)


# -- entries -------------------------------------------------------------------------------------


async def _attested(
    tx: Tx, compound_id: UUID, period: Period, tree_size: int
) -> tuple[JournalEntry, ...]:
    """The month's entries by number; entries of other months among them are passed over."""
    numbers = await store.entry_numbers(tx, compound_id, period, tree_size)
    wanted = set(numbers)
    found: list[JournalEntry] = []
    for first, last in _runs(numbers):
        batch = await ledger.attested_entries(tx, compound_id, first=first, last=last)
        found += [
            _numbered(entry, number)
            for number, entry in enumerate(batch, first)
            if number in wanted
        ]
    return tuple(found)


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Ranges of numbers that lie near each other."""
    if not numbers:
        return []
    breaks = [(one, other) for one, other in pairwise(numbers) if other - one > FAR]
    firsts = [numbers[0], *(other for _one, other in breaks)]
    lasts = [*(one for one, _other in breaks), numbers[-1]]
    return list(zip(firsts, lasts, strict=True))


def _numbered(entry: AttestedEntry, number: int) -> JournalEntry:
    return JournalEntry(**asdict(entry), number=number)


async def _with_memos(
    tx: Tx, compound_id: UUID, entries: tuple[JournalEntry, ...], orders: Mapping[UUID, Any]
) -> tuple[JournalEntry, ...]:
    """Shows the memos that can name nobody but firms, each with what opens its commitment."""
    public = {
        entry.entry_id
        for entry in entries
        if rules.memo_is_public(entry, payee_is_person=_pays_a_person(entry.act_id, orders))
    }
    openings = await ledger.memo_openings(tx, compound_id, public)
    return tuple(
        msgspec.structs.replace(
            entry, memo=openings[entry.entry_id][0], memo_opening=openings[entry.entry_id][1]
        )
        if entry.entry_id in openings
        else entry
        for entry in entries
    )


def _opening(trial: TrialBalance) -> tuple[Balance, ...]:
    return tuple(
        Balance(fund=line.fund, account=line.account, balance_fen=line.opening_fen)
        for line in sorted(trial.lines, key=lambda line: (line.fund, line.account))
        if line.opening_fen
    )


async def _accounts(tx: Tx, compound_id: UUID) -> tuple[AccountFact, ...]:
    return tuple(
        AccountFact(code=account.code, name=Name(zh=account.name_zh, en=account.name_en))
        for account in await ledger.accounts(tx, compound_id)
    )


async def _funds(tx: Tx, compound_id: UUID) -> tuple[FundFact, ...]:
    return tuple(
        FundFact(
            code=fund.code,
            name=Name(zh=fund.name_zh, en=fund.name_en),
            is_held_for_others=fund.code == HELD_FOR_OTHERS,
        )
        for fund in await funds.funds(tx, compound_id)
    )


async def _month_before(tx: Tx, compound_id: UUID, period: Period) -> Any:
    """None in the first month of these books: the month of the opening balances is no month to compare with."""
    books = await ledger.books(tx, compound_id)
    if Period.of(books.opened_on).next >= period:
        return None
    return await store.turnovers(tx, compound_id, period.previous, period.previous)


# -- payments ------------------------------------------------------------------------------------


async def _payment_acts(
    tx: Tx, compound_id: UUID, entries: Iterable[JournalEntry]
) -> tuple[SignedAct, ...]:
    """The acts by which money left the bank, in the order of their entries."""
    paying = {
        entry.act_id: entry.number
        for entry in entries
        if entry.act_id is not None and entry.kind != "opening" and _takes_cash(entry)
    }
    acts = await signed_acts(tx, compound_id, paying)
    return tuple(sorted(acts, key=lambda act: act.entry_number or 0))


def _takes_cash(entry: JournalEntry) -> bool:
    return sum(line.signed_fen for line in entry.lines if is_cash(line.account)) < 0


async def signed_acts(
    tx: Tx, compound_id: UUID, entry_numbers: Mapping[UUID, int | None]
) -> tuple[SignedAct, ...]:
    """These acts with their payloads and signatures, each beside the entry that it posted."""
    by_act: dict[UUID, list[Any]] = {}
    for row in await store.acts(tx, compound_id, entry_numbers):
        by_act.setdefault(row.act_id, []).append(row)
    return tuple(
        SignedAct(
            act_id=act_id,
            kind=rows[0].kind,
            entry_number=entry_numbers[act_id],
            payload=base64.b64encode(rows[0].payload).decode(),
            digest=rows[0].digest.hex(),
            signatures=tuple(_signature(row) for row in rows),
        )
        for act_id, rows in by_act.items()
    )


def _signature(row: Any) -> PublicSignature:
    return PublicSignature(
        party=row.party,
        office=row.office,
        key_id=row.key_id.hex(),
        scheme=row.scheme,
        public_key=row.public_key.hex(),
        signature=row.signature.hex(),
        signed_at=row.signed_at,
    )


async def _orders(
    tx: Tx, compound_id: UUID, acts: tuple[SignedAct, ...], period: Period
) -> dict[UUID, tuple[OrderBody, Any]]:
    found = await store.orders(tx, compound_id, [act.act_id for act in acts], period.last_on)
    return {row.act_id: (msgspec.convert(row.body, OrderBody, strict=False), row) for row in found}


def _pays_a_person(act_id: UUID | None, orders: Mapping[UUID, Any]) -> bool:
    if act_id is None or act_id not in orders:
        return False
    return bool(orders[act_id][0].payee.kind is PayeeKind.INDIVIDUAL)


def _disclosed(act: SignedAct, orders: Mapping[UUID, Any]) -> SignedAct:
    """The words of a payment to a person stay back; its digest and signatures do not.

    So do those of any act that is neither an order nor the clearance of a debit.
    """
    is_told = act.act_id in orders or act.kind == CLEARANCE_ACT
    if not is_told or _pays_a_person(act.act_id, orders):
        return msgspec.structs.replace(act, payload=None)
    return act


def _payments(
    acts: tuple[SignedAct, ...],
    orders: Mapping[UUID, tuple[OrderBody, Any]],
    entries: tuple[JournalEntry, ...],
) -> tuple[PaymentFact, ...]:
    by_number = {entry.number: entry for entry in entries}
    return tuple(
        _ordered(act, orders[act.act_id])
        if act.act_id in orders
        else _unordered(act, by_number[act.entry_number or 0])
        for act in acts
    )


def _ordered(act: SignedAct, order: tuple[OrderBody, Any]) -> PaymentFact:
    body, row = order
    is_person = body.payee.kind is PayeeKind.INDIVIDUAL
    return PaymentFact(
        order_id=body.order_id,
        number=f"{row.number_year}-{row.number:04d}",
        entry_number=act.entry_number or 0,
        payee=None if is_person else body.payee.name,
        purpose="" if is_person else body.purpose,
        budget_line=row.budget_line,
        fund=body.fund,
        invoices=tuple(invoice.number for invoice in body.invoices),
        amount_fen=body.amount_fen,
        digest=act.digest,
        signers=rules.signers(act),
        bank_reference=row.bank_reference,
    )


def _unordered(act: SignedAct, entry: JournalEntry) -> PaymentFact:
    """A debit that both sides explained afterwards, or a reversal that takes money out."""
    cash = [line for line in entry.lines if is_cash(line.account)]
    is_told = act.payload is not None
    return PaymentFact(
        kind=act.kind,
        order_id=entry.source.id if is_told else act.act_id,
        number="",
        entry_number=entry.number,
        payee="" if is_told else None,
        purpose=entry.memo or "" if is_told else "",
        budget_line=None,
        fund=cash[0].fund,
        invoices=(),
        amount_fen=-sum(line.signed_fen for line in cash),
        digest=act.digest,
        signers=rules.signers(act),
        bank_reference=None,
    )


# -- the houses ----------------------------------------------------------------------------------


async def bank_accounts(tx: Tx, compound_id: UUID) -> tuple[MaskedBankAccount, ...]:
    """Those in force, by account code."""
    found = await funds.bank_accounts(tx, compound_id)
    in_force = [account for account in found if account.state is BankAccountState.IN_FORCE]
    return tuple(sorted(in_force, key=lambda account: account.account_code))


async def reconciliations(tx: Tx, compound_id: UUID, period: Period) -> Reconciled:
    """Each bank account in force, three ways, on the month's last day."""
    return tuple(
        [
            (
                account,
                await banking.reconcile(tx, compound_id, account.account_code, period.last_on),
            )
            for account in await bank_accounts(tx, compound_id)
        ]
    )


def _banks(reconciled: Reconciled) -> tuple[BankFact, ...]:
    return tuple(
        BankFact(
            account=account.account_code,
            bank=account.bank,
            number_masked=account.number,
            bank_fen=told.bank_fen,
            receipts_not_on_bank_fen=told.receipts_not_on_bank_fen,
            payments_not_on_bank_fen=told.payments_not_on_bank_fen,
        )
        for account, told in reconciled
    )


async def _budget(tx: Tx, compound_id: UUID, period: Period) -> tuple[BudgetFact, ...]:
    before = await store.used_before_books(tx, compound_id, period.year)
    return tuple(
        BudgetFact(
            line_id=line.line_id,
            code=line.code,
            name=line.title,
            fund=line.fund,
            account=line.account,
            is_income=False,
            appropriated_fen=line.annual_fen,
            used_before_fen=line.used_before_fen,
            used_before_books_fen=before.get(line.line_id, 0),
            encumbered_fen=line.encumbered_fen,
            reserved_fen=line.reserved_fen,
        )
        for line in await budgets.execution(tx, compound_id, period)
    )


async def _ageing(tx: Tx, compound_id: UUID, period: Period) -> tuple[BuildingAgeing, ...]:
    ageing = await billing.ageing(tx, compound_id, period.last_on, ChargeKind.PROPERTY_FEE)
    return tuple(
        BuildingAgeing(
            building=row.building,
            bands=tuple(
                AgeBand(band=band, amount_fen=cell.amount_fen)
                for band, cell in zip(AGES, row.cells, strict=True)
            ),
            total_fen=row.total.amount_fen,
        )
        for row in ageing.rows
    )


async def _revenue(tx: Tx, compound_id: UUID, period: Period) -> tuple[RevenueContract, ...]:
    return tuple(
        RevenueContract(
            counterparty=figure.counterparty,
            kind=figure.kind,
            starts_on=figure.starts_on,
            ends_on=figure.ends_on,
            contract_fen=figure.amount_fen,
            month_fen=figure.earned_fen,
        )
        for figure in await billing.revenue_report(tx, compound_id, period)
    )


async def _commitments(tx: Tx, compound_id: UUID) -> tuple[Commitment, ...]:
    return tuple(
        Commitment(
            title=row.title,
            counterparty=row.counterparty,
            fund=row.fund,
            budget_line=row.budget_line or "",
            ends_on=row.ends_on,
            encumbered_fen=row.encumbered_fen,
        )
        for row in await store.contracts(tx, compound_id)
    )


def _basis(accrual: RemunerationAccrual | None) -> Name:
    """The rule of the trust instrument, in words."""
    if accrual is None:
        return Name(zh="本月没有计提酬金。", en="No remuneration was accrued this month.")
    if accrual.basis is None:
        amount = yuan(accrual.amount_fen)
        return Name(zh=f"固定酬金，每月 {amount} 元。", en=f"A fixed {amount} yuan a month.")
    percent = yuan(accrual.rate_basis_points)
    base = yuan(accrual.basis_fen)
    return Name(
        zh=f"按比例酬金：{base} 元的 {percent}%，计 {yuan(accrual.amount_fen)} 元。",
        en=f"{percent}% of {base} yuan, which is {yuan(accrual.amount_fen)} yuan.",
    )


async def _questions(tx: Tx, compound_id: UUID, period: Period) -> tuple[Question, ...]:
    return tuple(
        Question(
            target=inquiry.target_kind,
            kind=inquiry.kind,
            body=rules.masked(inquiry.body),
            asked_on=local_date(inquiry.asked_at),
            due_on=inquiry.due_on,
            answer=rules.masked(inquiry.answer) or None,
            answered_on=local_date(inquiry.answered_at) if inquiry.answered_at else None,
        )
        for inquiry in await inquiries.of_period(tx, compound_id, period)
    )


async def _resolutions(
    tx: Tx, compound_id: UUID, entries: Iterable[JournalEntry]
) -> dict[UUID, Decision]:
    ids = {entry.resolution_id for entry in entries if entry.resolution_id is not None}
    return {
        row.resolution_id: Decision(
            resolution_id=row.resolution_id,
            number=rules.public_number(row.year, row.serial),
            title=row.title,
            held_on=row.held_on,
            amount_fen=0,
            entry_numbers=(),
        )
        for row in await store.resolutions(tx, compound_id, ids)
    }


async def _corrections(
    tx: Tx, compound_id: UUID, period: Period, entries: tuple[JournalEntry, ...]
) -> tuple[Correction, ...]:
    """Errata whose reversing entry is of this month."""
    recorded = await store.errata(tx, compound_id, period=period)
    by_id = {entry.entry_id: entry for entry in entries}
    reversed_ids = [
        entry.reverses
        for erratum in recorded
        if (entry := by_id.get(erratum.entry_id)) is not None and entry.reverses is not None
    ]
    numbers = {
        entry.entry_id: entry.number
        for entry in await ledger.entries_by_id(tx, compound_id, reversed_ids)
    }
    found = []
    for erratum in recorded:
        reversing = by_id[erratum.entry_id]
        assert reversing.reverses is not None
        found.append(
            Correction(
                statement_number=erratum.statement_number,
                entry_number=reversing.number,
                reverses_number=numbers[reversing.reverses],
                amount_fen=sum(max(line.signed_fen, 0) for line in reversing.lines),
                explanation=erratum.explanation,
            )
        )
    return tuple(found)
