"""The smaller sections of a statement: transfers, banks, payments, receivables, payables, decisions."""

from collections import Counter
from uuid import UUID

from msgspec.structs import replace

from trustprop.ledger.model import AttestedLine
from trustprop.statements.model import (
    BankAccount,
    BankFact,
    Claim,
    Decision,
    JournalEntry,
    Month,
    Payable,
    Payment,
    Receivable,
    Remuneration,
    Transfer,
)
from trustprop.statements.rules.books import (
    Books,
    Key,
    is_bank,
    is_cash,
    is_liability,
    is_receivable,
)

TRUSTEE_REMUNERATION = "2205"
PREPAID = "2203"


def transfers(month: Month) -> tuple[Transfer, ...]:
    found = []
    for entry in month.entries:
        leaving = [line for line in entry.lines if line.account == "3902" and line.signed_fen > 0]
        arriving = [line for line in entry.lines if line.account == "3901" and line.signed_fen < 0]
        found += [
            Transfer(
                entry_number=entry.number,
                on=entry.accounting_on,
                from_fund=out.fund,
                to_fund=into.fund,
                amount_fen=out.signed_fen,
                memo=entry.memo or "",
                resolution_id=entry.resolution_id,
                resolution_number=_resolution_number(month, entry.resolution_id),
            )
            for out, into in zip(leaving, arriving, strict=False)
        ]
    return tuple(found)


def _resolution_number(month: Month, resolution_id: UUID | None) -> str | None:
    decision = month.resolutions.get(resolution_id) if resolution_id else None
    return decision.number if decision else None


def banks(month: Month, books: Books) -> tuple[BankAccount, ...]:
    told = {bank.account: bank for bank in month.banks}
    in_books = {account for _fund, account in books.keys if is_bank(account)}
    return tuple(
        _bank(account, told.get(account), books) for account in sorted(in_books | told.keys())
    )


def _bank(account: str, told: BankFact | None, books: Books) -> BankAccount:
    keys = [key for key in books.keys if key[1] == account]
    received, paid = _through(account, books.entries)
    bank_fen = told.bank_fen if told else 0
    coming = told.receipts_not_on_bank_fen if told else 0
    going = told.payments_not_on_bank_fen if told else 0
    return BankAccount(
        account=account,
        name=books.name(account),
        bank=told.bank if told else "",
        number_masked=told.number_masked if told else "",
        opening_fen=sum(books.opening.get(key, 0) for key in keys),
        in_fen=received,
        out_fen=paid,
        closing_fen=sum(books.closing.get(key, 0) for key in keys),
        bank_fen=bank_fen,
        receipts_not_on_bank_fen=coming,
        payments_not_on_bank_fen=going,
        adjusted_bank_fen=bank_fen + coming - going,
        claims=tuple(
            Claim(fund=fund, name=books.funds[fund].name, amount_fen=books.closing[fund, code])
            for fund, code in keys
            if (fund, code) in books.closing
        ),
    )


def _through(account: str, entries: list[JournalEntry]) -> tuple[int, int]:
    """Net per entry: a move between two funds within one account never passes the bank."""
    received = paid = 0
    for entry in entries:
        net = sum(line.signed_fen for line in entry.lines if line.account == account)
        received += max(net, 0)
        paid += max(-net, 0)
    return received, paid


def payments(month: Month) -> tuple[Payment, ...]:
    entries = {entry.number: entry for entry in month.entries}
    found = [
        Payment(
            kind=payment.kind,
            order_id=payment.order_id,
            number=payment.number,
            entry_number=payment.entry_number,
            on=entries[payment.entry_number].accounting_on,
            payee=payment.payee,
            purpose=payment.purpose,
            budget_line=payment.budget_line,
            fund=payment.fund,
            invoices=payment.invoices,
            amount_fen=payment.amount_fen,
            digest=payment.digest,
            signers=payment.signers,
            bank_reference=payment.bank_reference,
        )
        for payment in month.payments
        if payment.amount_fen >= month.payments_threshold_fen
    ]
    return tuple(sorted(found, key=lambda payment: (payment.on, payment.entry_number)))


def receivables(books: Books) -> tuple[Receivable, ...]:
    received, applied = _settled(books.entries)
    return tuple(
        Receivable(
            account=key[1],
            name=books.name(key[1]),
            opening_fen=books.opening.get(key, 0),
            charged_fen=books.debit(key),
            received_fen=received[key],
            prepaid_applied_fen=applied[key],
            other_fen=books.credit(key) - received[key] - applied[key],
            closing_fen=books.closing.get(key, 0),
        )
        for key in books.keys
        if is_receivable(key[1])
    )


def _settled(entries: list[JournalEntry]) -> tuple[Counter[Key], Counter[Key]]:
    """What was credited to receivables against money received, and against prepayments."""
    received: Counter[Key] = Counter()
    applied: Counter[Key] = Counter()
    for entry in entries:
        settled = [
            line for line in entry.lines if line.signed_fen < 0 and is_receivable(line.account)
        ]
        if not settled:
            continue
        against = [line.account for line in entry.lines if line.signed_fen > 0]
        if any(is_cash(account) for account in against):
            _add(received, settled)
        elif any(account.startswith(PREPAID) for account in against):
            _add(applied, settled)
    return received, applied


def _add(totals: Counter[Key], credited: list[AttestedLine]) -> None:
    for line in credited:
        totals[line.fund, line.account] -= line.signed_fen


def payables(books: Books) -> tuple[Payable, ...]:
    return tuple(
        Payable(
            fund=key[0],
            account=key[1],
            name=books.name(key[1]),
            opening_fen=-books.opening.get(key, 0),
            increase_fen=books.credit(key),
            decrease_fen=books.debit(key),
            closing_fen=-books.closing.get(key, 0),
        )
        for key in books.keys
        if is_liability(key[1])
    )


def remuneration(month: Month, books: Books) -> Remuneration:
    keys = [key for key in books.keys if key[1] == TRUSTEE_REMUNERATION]
    return Remuneration(
        opening_owed_fen=-sum(books.opening.get(key, 0) for key in keys),
        accrued_fen=sum(books.credit(key) for key in keys),
        paid_fen=sum(books.debit(key) for key in keys),
        closing_owed_fen=-sum(books.closing.get(key, 0) for key in keys),
        basis=month.remuneration_basis,
    )


def decisions(month: Month) -> tuple[Decision, ...]:
    """Every resolution that an entry of the month names, with what was done under it."""
    carried_out: dict[UUID, list[JournalEntry]] = {}
    for entry in month.entries:
        if entry.resolution_id is not None and entry.resolution_id in month.resolutions:
            carried_out.setdefault(entry.resolution_id, []).append(entry)
    return tuple(
        replace(
            month.resolutions[resolution_id],
            amount_fen=sum(_moved(entry) for entry in entries),
            entry_numbers=tuple(entry.number for entry in entries),
        )
        for resolution_id, entries in carried_out.items()
    )


def _moved(entry: JournalEntry) -> int:
    """The amount of an entry; a move between funds stands in both of them and counts once."""
    crossing = sum(max(line.signed_fen, 0) for line in entry.lines if line.account == "3902")
    return crossing or sum(max(line.signed_fen, 0) for line in entry.lines)
