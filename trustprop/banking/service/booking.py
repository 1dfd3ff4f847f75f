"""Booking straight from a bank line: unidentified money, its payer found later, and interest."""

from datetime import date
from uuid import UUID

from trustprop.banking import rules, store
from trustprop.banking.model import (
    INTEREST,
    UNIDENTIFIED,
    BankLine,
    BookInterest,
    BookUnidentified,
    Candidate,
    Identify,
    LineState,
    MatchRule,
    Unidentified,
)
from trustprop.banking.service.matching import MATCHERS, keep_match, lock_waiting, settle_line
from trustprop.billing import rules as billing_rules
from trustprop.billing import service as billing
from trustprop.billing.model import NewReceipt, Receipt, Receive
from trustprop.funds import service as funds
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry, EntryKind, Posting, Side, Source
from trustprop.plumbing.database import Tx


async def book_unidentified(
    tx: Tx, caller: Caller, line_id: UUID, command: BookUnidentified
) -> BankLine:
    """借 bank / 贷 220904 in one step: money without a payer is owed back, it is no income."""
    line = await _book(
        tx,
        caller,
        line_id,
        command.entry_id,
        command.fund,
        UNIDENTIFIED,
        MatchRule.UNIDENTIFIED,
        "来源不明入账",
    )
    known = await store.lock_unidentified(tx, caller.compound_id, line_id)
    if known is None:
        added = Unidentified(
            line_id=line_id,
            entry_id=command.entry_id,
            fund=command.fund,
            amount_fen=line.amount_fen,
            receipt_id=None,
            identified_at=None,
        )
        await store.add_unidentified(tx, caller.compound_id, added)
    return line


async def book_interest(tx: Tx, caller: Caller, line_id: UUID, command: BookInterest) -> BankLine:
    """借 bank / 贷 4601: the bank's interest, as income of the fund that earned it."""
    return await _book(
        tx,
        caller,
        line_id,
        command.entry_id,
        command.fund,
        INTEREST,
        MatchRule.INTEREST,
        "银行结息",
    )


async def _book(
    tx: Tx,
    caller: Caller,
    line_id: UUID,
    entry_id: UUID,
    fund: str,
    account: str,
    rule: MatchRule,
    memo: str,
) -> BankLine:
    """Posts and matches in one transaction. Raises LineAlreadyMatched or LineNotIncoming."""
    caller.check_office(Office.TRUSTEE_BOOKKEEPER)
    books = await ledger.lock_books(tx, caller.compound_id)
    line = await lock_waiting(tx, caller, line_id)
    if line.state is LineState.MATCHED:
        kept = await store.matches_of_lines(tx, caller.compound_id, [line_id])
        rules.check_same_match(line, kept, [entry_id])
        return line
    rules.check_incoming(line)
    await funds.check_holds(tx, caller.compound_id, line.account, (fund,))
    on = rules.accounting_day(books, line.booked_on, local_date(caller.at))
    await ledger.post(tx, caller, (_entry(line, entry_id, on, fund, account, memo),))
    matched = Candidate(entry_id=entry_id, on=on, amount_fen=line.amount_fen)
    await keep_match(tx, caller, line, (matched,), rule, memo, by=caller.person_id)
    return await settle_line(tx, caller, line, rule, memo)


def _entry(line: BankLine, entry_id: UUID, on: date, fund: str, account: str, memo: str) -> Entry:
    bank = Posting(account=line.account, fund=fund, side=Side.DEBIT, amount_fen=line.amount_fen)
    other = Posting(account=account, fund=fund, side=Side.CREDIT, amount_fen=line.amount_fen)
    return Entry(
        entry_id=entry_id,
        kind=EntryKind.BANK,
        accounting_on=on,
        memo=memo,
        lines=(bank, other),
        source=Source(kind="bank_line", id=line.line_id),
    )


async def identify(tx: Tx, caller: Caller, line_id: UUID, command: Identify) -> Receipt:
    """The payer is found: 借 220904 / 贷 what the home owes, the surplus paid ahead.

    Raises Missing, AlreadyIdentified or ReceiptOfAnotherFund.
    """
    caller.check_office(*MATCHERS)
    await ledger.lock_books(tx, caller.compound_id)
    found = await store.lock_unidentified(tx, caller.compound_id, line_id)
    if found is None:
        raise Missing(kind="unidentified receipt")
    receipt = NewReceipt(
        id=command.receipt_id,
        home_id=command.home_id,
        received_on=command.identified_on,
        account=UNIDENTIFIED,
        amount_fen=found.amount_fen,
        kind=command.kind,
        apply=command.apply,
    )
    rules.check_identifiable(found, command.receipt_id, billing_rules.fund_of(receipt))
    (received,) = await billing.receive(tx, caller, Receive(receipts=(receipt,)))
    if found.receipt_id is None:
        await store.set_identified(tx, caller.compound_id, line_id, command.receipt_id, caller.at)
    return received


async def unidentified(tx: Tx, caller: Caller) -> tuple[Unidentified, ...]:
    """Everything that came without a payer, identified since or not."""
    caller.check_reads_books()
    return await store.unidentified(tx, caller.compound_id)
