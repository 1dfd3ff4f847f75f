"""A month on real books: checked, closed by both sides, published, corrected, and never changed."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.make import disbursements as make_disbursements
from tests.make import ledger as books
from tests.make import paying
from tests.make import statements as make
from tests.make.closing import AFTER, SEPTEMBER, URL, accrue, at, close, draft, sign, signers_at
from tests.make.ground import new_id
from tests.make.paying import Payers
from trustprop.acts import service as acts
from trustprop.billing import service as billing
from trustprop.billing.model import AccrueRemuneration
from trustprop.disbursements.model import NamedPayee, OrderKind, PayeeKind
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import FieldsInvalid, Missing
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Reverse
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files
from trustprop.statements import rules, service, verify
from trustprop.statements.model import CloseState, DraftClose, RecordErratum

OCTOBER = Period(2025, 10)
LATER = datetime(2025, 11, 6, 2, 0, tzinfo=UTC)


@pytest.fixture
async def payers(tx: Tx, caller: Caller) -> Payers:
    """A month with money in, one payment to the tax office and the remuneration accrued."""
    found = await paying.make_payers(tx, caller.compound_id)
    await paying.pay(tx, found)
    await accrue(tx, found)
    return found


async def post(tx: Tx, payers: Payers, on: date, amount_fen: int = 700):
    entry = books.entry(books.debit("1122", amount_fen), books.credit("4901", amount_fen), on=on)
    when = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    (posted,) = await ledger.post(tx, at(payers.bookkeeper, max(when, AFTER)), (entry,))
    return posted


async def report_on(tx: Tx, payers: Payers, number: str):
    edition = await service.documents(tx, payers.bookkeeper.compound_id, number)
    return edition, verify.verify(edition.statement, edition.journal, edition.note)


async def test_the_checks_of_a_good_month_are_green(tx: Tx, payers: Payers):
    found = await service.tie_outs(tx, payers.bookkeeper, SEPTEMBER)
    assert [tie for tie in found.tie_outs if not tie.passed] == []
    names = {tie.name.partition(":")[0] for tie in found.tie_outs}
    assert names == {
        "previous_month", "cut_off", "trial_balance", "fund_balances", "three_way", "alarms",
        "channel_in_transit", "receivables", "agency", "budget_actuals", "integrity",
    }  # fmt: skip


async def test_a_month_is_closed_by_both_sides_published_and_verified(tx: Tx, payers: Payers):
    published = await close(tx, payers)
    assert (published.number, published.previous_digest) == ("2025-001", None)
    standing = await service.find_close(tx, payers.bookkeeper, SEPTEMBER)
    assert standing.state is CloseState.CLOSED
    edition, report = await report_on(tx, payers, "2025-001")
    assert report.is_sound, report.text("en")
    assert published.digest == sha256(edition.statement).hex()
    document = json.loads(edition.statement)
    assert document["figures"]["payments"][0]["amount_fen"] == 48_620
    assert len(document["figures"]["payments"][0]["signers"]) == 2
    assert document["figures"]["summary"]["closing_fen"] == 28_654_018 - 48_620


async def test_publishing_again_answers_the_same(tx: Tx, payers: Payers):
    first = await close(tx, payers)
    again = await service.publish(
        tx, at(payers.bookkeeper, LATER), SEPTEMBER, make.key("log"), "https://elsewhere.org"
    )
    assert again == first


async def test_a_closed_month_takes_no_entry(tx: Tx, payers: Payers):
    await close(tx, payers)
    with pytest.raises(Exception, match="period-closed"):
        await post(tx, payers, date(2025, 9, 29))


async def test_an_open_month_has_no_statement(tx: Tx, payers: Payers):
    await draft(tx, payers)
    with pytest.raises(rules.MonthNotClosed):
        await service.publish(tx, at(payers.bookkeeper, AFTER), SEPTEMBER, make.key("log"), URL)


async def test_months_close_in_order(tx: Tx, payers: Payers):
    with pytest.raises(rules.MonthOutOfOrder) as refused:
        await draft(tx, payers, OCTOBER, LATER)
    assert refused.value.expected == "2025-09"


async def test_a_red_check_stops_the_close_by_name(tx: Tx, payers: Payers):
    await ledger.post(
        tx,
        payers.bookkeeper,
        (books.entry(books.debit("101201", 500), books.credit("4901", 500)),),
    )
    with pytest.raises(rules.TieOutsFail) as refused:
        await draft(tx, payers)
    assert refused.value.names == "channel_in_transit"


async def test_an_entry_after_the_draft_stops_the_last_signature(tx: Tx, payers: Payers):
    drafted = await draft(tx, payers)
    await post(tx, payers, date(2025, 9, 30))
    with pytest.raises(rules.BooksChanged):
        await sign(tx, payers, drafted.act_id)


async def test_an_entry_of_the_next_month_does_not(tx: Tx, payers: Payers):
    drafted = await draft(tx, payers)
    await post(tx, payers, date(2025, 10, 2))
    await sign(tx, payers, drafted.act_id)
    await service.publish(tx, at(payers.bookkeeper, AFTER), SEPTEMBER, make.key("log"), URL)
    _edition, report = await report_on(tx, payers, "2025-001")
    assert report.is_sound, report.text("en")


async def test_a_second_draft_is_refused_until_the_first_has_ended(tx: Tx, payers: Payers):
    drafted = await draft(tx, payers)
    with pytest.raises(rules.CloseAlreadyDrafted):
        await draft(tx, payers)
    director = signers_at(payers, AFTER)[1]
    await acts.reject(tx, director.caller, drafted.act_id, "再核对", service.EFFECTS)
    again = await draft(tx, payers)
    assert again.act_id != drafted.act_id


async def test_only_the_trustees_side_drafts_a_close(tx: Tx, payers: Payers):
    director = at(payers.signers.director.caller, AFTER)
    command = DraftClose(id=new_id(), expires_at=AFTER + timedelta(days=5))
    with pytest.raises(Exception, match="office-needed"):
        await service.draft_close(tx, director, SEPTEMBER, command)


async def test_statements_are_chained_and_errata_printed_by_the_next(tx: Tx, payers: Payers):
    wrong = await post_in_september(tx, payers)
    first = await close(tx, payers)
    late = at(payers.bookkeeper, AFTER)
    reversal = await ledger.reverse(
        tx,
        late,
        Reverse(entry_id=wrong, reversal_id=new_id(), accounting_on=date(2025, 10, 8), memo="冲销"),
    )
    command = RecordErratum(id=new_id(), entry_id=reversal.entry_id, explanation="重复入账")
    erratum = await service.record_erratum(tx, late, first.number, command)
    assert await service.record_erratum(tx, late, first.number, command) == erratum
    with pytest.raises(rules.ErratumExists):
        await service.record_erratum(
            tx, late, first.number, replace(command, id=new_id(), explanation="别的")
        )
    await billing.accrue_remuneration(
        tx, at(payers.bookkeeper, LATER), AccrueRemuneration(id=new_id(), period="2025-10")
    )
    second = await close(tx, payers, OCTOBER, LATER)
    assert (second.number, second.previous_digest) == ("2025-002", first.digest)
    edition, report = await report_on(tx, payers, "2025-002")
    assert report.is_sound, report.text("en")
    (correction,) = json.loads(edition.statement)["figures"]["corrections"]
    assert (correction["statement_number"], correction["explanation"]) == ("2025-001", "重复入账")
    newest, oldest = await service.listed(tx, payers.bookkeeper.compound_id)
    assert (newest.number, oldest.corrected_by) == ("2025-002", ("2025-10",))


async def post_in_september(tx: Tx, payers: Payers):
    entry = books.entry(books.debit("1122", 900), books.credit("4901", 900))
    (posted,) = await ledger.post(tx, payers.bookkeeper, (entry,))
    return posted.entry_id


async def test_an_erratum_must_reverse_an_entry_of_that_month(tx: Tx, payers: Payers):
    first = await close(tx, payers)
    other = await post(tx, payers, date(2025, 10, 8))
    command = RecordErratum(id=new_id(), entry_id=other.entry_id, explanation="无关")
    with pytest.raises(FieldsInvalid):
        await service.record_erratum(tx, at(payers.bookkeeper, AFTER), first.number, command)


async def test_a_payment_to_a_person_is_published_without_words(tx: Tx, caller: Caller):
    payers = await paying.make_payers(tx, caller.compound_id)
    await paying.owe(tx, payers.bookkeeper, "2206", 1_000)
    resident = make_disbursements.RESIDENT
    order = make_disbursements.draft_order(
        OrderKind.PAYABLE,
        1_000,
        purpose="退王小明押金",
        payee=NamedPayee(
            kind=PayeeKind.INDIVIDUAL,
            name=resident.name,
            bank=resident.bank,
            number=resident.number,
        ),
    )
    await paying.pay(tx, payers, order)
    await accrue(tx, payers)
    published = await close(tx, payers)
    edition, report = await report_on(tx, payers, published.number)
    assert report.is_sound, report.text("en")
    told = (edition.statement + edition.journal).decode()
    assert "王小明" not in told
    assert str(payers.signers.manager.caller.person_id) not in told


async def test_prints_are_kept_once(tx: Tx, payers: Payers, tmp_path: Path):
    published = await close(tx, payers)
    files = Files.at(str(tmp_path))
    compound_id = payers.bookkeeper.compound_id
    assert await service.open_print(tx, compound_id, files, published.number, "zh") is None
    for _again in range(2):
        await service.keep_print(tx, compound_id, files, published.number, "zh", b"%PDF-1.7")
    assert await service.open_print(tx, compound_id, files, published.number, "zh") == b"%PDF-1.7"


async def test_another_compound_sees_nothing(tx: Tx, payers: Payers):
    await close(tx, payers)
    with pytest.raises(Missing):
        await service.documents(tx, new_id(), "2025-001")
    for number in ("2025-1", "2025-0001", "x", "2025-00１", "2025-002"):
        with pytest.raises(Missing):
            await service.documents(tx, payers.bookkeeper.compound_id, number)
