"""The months after the first: a mistake found late, money that came back, a debit nobody signed, New Year."""

import json
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.make import acts as make_acts
from tests.make import banking as make_banking
from tests.make import closing, paying
from tests.make import disbursements as make_disbursements
from tests.make import ledger as books
from tests.make.banking import read_line
from tests.make.closing import at
from tests.make.ground import new_id
from tests.make.paying import Payers
from trustprop.banking import service as banking
from trustprop.banking.model import ExplainAlarm
from trustprop.billing import service as billing
from trustprop.billing.model import AccrueRemuneration
from trustprop.disbursements import service as disbursements
from trustprop.disbursements.model import OrderKind, PaymentOrder, ReturnOrder
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Refusal
from trustprop.kernel.periods import Period
from trustprop.ledger import rules as ledger_rules
from trustprop.ledger import service as ledger
from trustprop.ledger.model import JournalEntry, Reverse
from trustprop.plumbing import checks
from trustprop.plumbing.database import Tx
from trustprop.statements import rules, service, verify
from trustprop.statements.model import Published, RecordErratum

SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = (Period(2025, month) for month in (9, 10, 11, 12))
LEDGER = Path(__file__).parent / "next_month.txt"
NUMBER = "330100000012345678"
WRONG, REPAIRED, BANK_FEE = 90_000, 120_000, 1_500


class Months:
    """A compound of its own, what it told along the way, and the bank's running balance."""

    def __init__(self, tx: Tx, payers: Payers, folder: Path) -> None:
        self.tx, self.payers, self.folder = tx, payers, folder
        self.compound_id = payers.bookkeeper.compound_id
        self.bank_fen = 0

    def bookkeeper(self, when: datetime) -> Caller:
        return at(self.payers.bookkeeper, when)

    async def bank_says(self, when: datetime, *lines: tuple[date, int, str, str]) -> None:
        """The bank's own file, imported and matched."""
        read = [
            read_line(amount_fen, on, counterparty_name=name, memo=memo)
            for on, amount_fen, name, memo in lines
        ]
        content = make_banking.ccb(read, self.bank_fen, NUMBER)
        await make_banking.bring(self.tx, self.bookkeeper(when), self.folder, content)
        self.bank_fen += sum(line.amount_fen for line in read)

    async def close(self, period: Period, when: datetime) -> Published:
        """Remuneration on the last evening, then both signatures and publication."""
        last = period.last_on
        evening = datetime(last.year, last.month, last.day, 10, tzinfo=UTC)
        accrual = AccrueRemuneration(id=new_id(), period=str(period))
        await billing.accrue_remuneration(self.tx, self.bookkeeper(evening), accrual)
        return await closing.close(self.tx, self.payers, period, when)

    async def book(self, when: datetime, on: date, amount_fen: int, memo: str) -> JournalEntry:
        entry = books.entry(
            books.debit("1122", amount_fen), books.credit("4901", amount_fen), on=on, memo=memo
        )
        (posted,) = await ledger.post(self.tx, self.bookkeeper(when), (entry,))
        return await ledger.entry(self.tx, self.compound_id, posted.entry_id)

    async def pay(self, when: datetime, amount_fen: int, purpose: str) -> PaymentOrder:
        """To the tax office, under both signatures."""
        bookkeeper = self.bookkeeper(when)
        owed = books.entry(
            books.debit("1122", amount_fen),
            books.credit("2206", amount_fen),
            on=when.date(),
            memo=f"计提{purpose}",
        )
        await ledger.post(self.tx, bookkeeper, (owed,))
        command = make_disbursements.draft_order(
            OrderKind.PAYABLE,
            amount_fen,
            purpose=purpose,
            due_on=when.date(),
            pay_on=when.date(),
        )
        order = await disbursements.draft(self.tx, bookkeeper, command, make_disbursements.SALT)
        signers = [paying.later(person, when) for person in self.payers.both]
        await paying.sign(self.tx, order, *signers)
        return await disbursements.find(self.tx, self.compound_id, order.order_id)


@pytest.fixture
async def months(tx: Tx, caller: Caller, tmp_path: Path) -> Months:
    return Months(tx, await paying.make_payers(tx, caller.compound_id), tmp_path)


async def test_a_second_month_with_all_that_can_go_wrong(tx: Tx, months: Months):
    wrong, first = await september(months)
    await september_takes_no_entry(months, wrong)
    await october_corrects_it(months, wrong, first)
    await money_comes_back(months)
    await november_must_wait(months)
    await a_debit_nobody_signed(months)
    await october_is_published(months, first)
    await the_night_of_the_years_end(months)
    entries = await ledger.entries(tx, months.compound_id)
    assert "\n".join(page(entries)) + "\n" == LEDGER.read_text(encoding="utf-8")
    assert [name for name, rows in (await broken(tx)).items() if rows] == []


async def september(months: Months) -> tuple[JournalEntry, Published]:
    """Income is booked twice and nobody sees it; the month is closed with the mistake in it."""
    noon = datetime(2025, 9, 15, 4, tzinfo=UTC)
    await months.book(noon, date(2025, 9, 12), WRONG, "广告位租金")
    wrong = await months.book(noon, date(2025, 9, 12), WRONG, "广告位租金(重复)")
    order = await months.pay(datetime(2025, 9, 16, 4, tzinfo=UTC), REPAIRED, "缴8月税费")
    await months.bank_says(
        datetime(2025, 10, 2, 2, tzinfo=UTC),
        (date(2025, 9, 10), paying.CASH, "业主", "收款"),
        (date(2025, 9, 17), -REPAIRED, make_disbursements.TAX_OFFICE.name, str(order.number)),
    )
    return wrong, await months.close(SEPTEMBER, datetime(2025, 10, 8, 2, tzinfo=UTC))


@asynccontextmanager
async def refused(tx: Tx, refusal: type[Refusal]) -> AsyncIterator[None]:
    """Refused by the database itself, which the rest of the story must survive."""
    await tx.raw.execute("SAVEPOINT refused")
    with pytest.raises(refusal):
        yield
    await tx.raw.execute("ROLLBACK TO SAVEPOINT refused")


async def september_takes_no_entry(months: Months, wrong: JournalEntry) -> None:
    """Neither a backdated entry nor a reversal dated back nor money."""
    when = datetime(2025, 10, 9, 2, tzinfo=UTC)
    async with refused(months.tx, ledger_rules.PeriodClosed):
        await months.book(when, date(2025, 9, 30), WRONG, "补记")
    async with refused(months.tx, ledger_rules.PeriodClosed):
        await reverse(months, wrong, when, date(2025, 9, 30))


async def reverse(months: Months, wrong: JournalEntry, when: datetime, on: date) -> JournalEntry:
    command = Reverse(
        entry_id=wrong.entry_id, reversal_id=new_id(), accounting_on=on, memo="冲销9月重复入账"
    )
    return await ledger.reverse(months.tx, months.bookkeeper(when), command)


async def october_corrects_it(months: Months, wrong: JournalEntry, first: Published) -> None:
    when = datetime(2025, 10, 9, 2, tzinfo=UTC)
    reversal = await reverse(months, wrong, when, date(2025, 10, 9))
    async with refused(months.tx, ledger_rules.AlreadyReversed):
        await reverse(months, wrong, when, date(2025, 10, 9))
    command = RecordErratum(
        id=new_id(), entry_id=reversal.entry_id, explanation="9月广告位租金重复入账"
    )
    await service.record_erratum(months.tx, months.bookkeeper(when), first.number, command)


async def money_comes_back(months: Months) -> None:
    """The bank returns a payment: the debt lives again, and the account is as before."""
    sent = await months.pay(datetime(2025, 10, 13, 4, tzinfo=UTC), REPAIRED, "缴9月税费")
    office = make_disbursements.TAX_OFFICE.name
    await months.bank_says(
        datetime(2025, 10, 14, 2, tzinfo=UTC),
        (date(2025, 10, 13), -REPAIRED, office, str(sent.number)),
    )
    returned = ReturnOrder(
        reversal_id=new_id(), returned_on=date(2025, 10, 15), reason="户名不符退汇"
    )
    when = datetime(2025, 10, 15, 4, tzinfo=UTC)
    order = await disbursements.mark_returned(
        months.tx, months.bookkeeper(when), sent.order_id, returned
    )
    assert order.state == "returned"
    await months.bank_says(
        datetime(2025, 10, 16, 2, tzinfo=UTC), (date(2025, 10, 15), REPAIRED, office, "退汇")
    )
    found = await banking.reconcile(months.tx, months.compound_id, "100201", date(2025, 10, 15))
    assert (found.is_reconciled, found.items) == (True, ())


async def november_must_wait(months: Months) -> None:
    with pytest.raises(rules.MonthOutOfOrder) as refused:
        await closing.draft(
            months.tx, months.payers, NOVEMBER, datetime(2025, 12, 3, 2, tzinfo=UTC)
        )
    assert refused.value.expected == "2025-10"


async def a_debit_nobody_signed(months: Months) -> None:
    """Both sides see the alarm; the month cannot be closed until both have explained it."""
    tx, when = months.tx, datetime(2025, 10, 28, 2, tzinfo=UTC)
    await months.bank_says(when, (date(2025, 10, 27), -BANK_FEE, "", "账户管理费"))
    manager, director = closing.signers_at(months.payers, when)
    for reader in (manager.caller, director.caller):
        (alarm,) = await banking.alarms(tx, reader)
        assert (alarm.state, alarm.amount_fen) == ("open", -BANK_FEE)
    november = datetime(2025, 11, 3, 2, tzinfo=UTC)
    with pytest.raises(rules.TieOutsFail) as refused:
        await closing.draft(tx, months.payers, OCTOBER, november)
    assert {"alarms", "three_way:100201"} <= set(refused.value.names.split(", "))
    command = ExplainAlarm(act_id=new_id(), explanation="银行账户管理费", account="5301", fund="OP")
    act = await banking.explain_alarm(tx, manager.caller, alarm.alarm_id, command)
    await make_acts.sign(tx, manager, act, banking.EFFECTS)
    with pytest.raises(rules.TieOutsFail):
        await closing.draft(tx, months.payers, OCTOBER, november)
    half = await make_acts.service.get(tx, director.caller, act.act_id)
    await make_acts.sign(tx, director, half, banking.EFFECTS)


async def october_is_published(months: Months, first: Published) -> None:
    """It prints what September got wrong, and names the statement before by its digest."""
    second = await months.close(OCTOBER, datetime(2025, 11, 4, 2, tzinfo=UTC))
    assert (second.number, second.previous_digest) == ("2025-002", first.digest)
    edition = await service.documents(months.tx, months.compound_id, second.number)
    document = json.loads(edition.statement)
    assert document["previous"] == {"number": first.number, "digest": first.digest}
    (correction,) = document["figures"]["corrections"]
    assert correction["statement_number"] == first.number
    assert correction["amount_fen"] == WRONG
    report = verify.verify(edition.statement, edition.journal, edition.note)
    assert report.is_sound, report.text("en")


async def the_night_of_the_years_end(months: Months) -> None:
    """At 23:59 in Shanghai it is still December there, and at 00:01 it is January: not as in London."""
    await months.close(NOVEMBER, datetime(2025, 12, 3, 2, tzinfo=UTC))
    before, after = (datetime(2025, 12, 31, *time, tzinfo=UTC) for time in ((15, 59), (16, 1)))
    await months.book(before, date(2025, 12, 31), 100, "年末最后一笔")
    async with refused(months.tx, ledger_rules.DateInFuture):
        await months.book(before, date(2026, 1, 1), 100, "太早")
    await months.book(after, date(2026, 1, 1), 100, "新年第一笔")
    accrual = AccrueRemuneration(id=new_id(), period="2025-12")
    await billing.accrue_remuneration(months.tx, months.bookkeeper(before), accrual)
    drafted = await closing.draft(months.tx, months.payers, DECEMBER, after)
    await closing.sign(months.tx, months.payers, drafted.act_id, after)
    published = await service.publish(
        months.tx, months.bookkeeper(after), DECEMBER, closing.make.key("log"), closing.URL
    )
    assert published.number == "2025-004"


# -- what a bookkeeper reads ---------------------------------------------------------------------


def page(entries: tuple[JournalEntry, ...]) -> Iterator[str]:
    yield f"{'凭证':>2}  {'日期':<8}  {wide('摘要', 28)}{wide('科目', 14)}{'借方':>12}{'贷方':>12}"
    for entry in entries:
        head = f"{entry.number:>4}  {entry.accounting_on}  {wide(entry.memo, 28)}"
        for line in entry.lines:
            place = wide(f"{line.account}/{line.fund}", 14)
            amounts = (max(line.signed_fen, 0), max(-line.signed_fen, 0))
            said = "".join(f"{fen / 100:>14,.2f}" if fen else " " * 14 for fen in amounts)
            yield f"{head}{place}{said}".rstrip()
            head = " " * 46


def wide(text: str, columns: int) -> str:
    """Padded for a terminal, where a Chinese character is two columns."""
    width = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return text + " " * max(columns - width, 0)


async def broken(tx: Tx) -> dict[str, list[object]]:
    """Every integrity query over this compound, as its own transaction sees it.

    Not those of invoices, which read what the serving role may not, nor those of compounds, whose
    mandates and keys the story finds in place.
    """
    return {
        name: await tx.raw.fetch(sql)
        for name, sql in checks.queries().items()
        if not name.startswith(("invoices:", "compounds:"))
    }
