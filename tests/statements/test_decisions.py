"""The follow-up register: every decision with what was done and spent under it."""

from datetime import date, timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest
from msgspec import Struct
from msgspec.structs import replace

from tests.make import budgets as make_budgets
from tests.make import compounds as make_compounds
from tests.make import funds as make_funds
from tests.make import http, paying
from tests.make import ledger as make_ledger
from tests.make import meetings as make_meetings
from tests.make.acts import make_signers
from tests.make.compounds import clause
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.paying import Payers
from trustprop.compounds import service as compounds
from trustprop.funds import service as funds
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.ledger.model import EntryKind
from trustprop.meetings.model import Matter, ResolutionState
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database, Tx
from trustprop.statements import service
from trustprop.statements.model.decisions import DecisionRecord, DeedKind
from trustprop.statements.rules import decisions as rules

LARGE = 1_000_000
QUARTER = (Period(2025, 7), Period(2025, 9))


class Decided(Struct, kw_only=True):
    """Four decisions that were carried out, and one that was not."""

    caller: Caller
    budget: UUID
    transfer: UUID
    payment: UUID
    election: UUID
    idle: UUID


async def decide(tx: Tx, caller: Caller, matter: Matter, subject_id: UUID, **facts: object) -> UUID:
    made = await make_meetings.add_resolution(tx, caller, matter, subject_id, **facts)
    return made.resolution_id


async def make_decided(tx: Tx, compound_id: UUID) -> Decided:
    keeper = make_caller(compound_id=compound_id)
    await make_funds.add_books(tx, keeper, clause("large_payment_resolution_fen", LARGE))
    payers = Payers(keeper, await make_signers(tx, compound_id))
    await make_meetings.add_minutes(tx, compound_id)
    await paying.add_bank_account(tx, keeper)
    await paying.add_bank_account(tx, keeper, "100202", ("PR", "RS"))
    await make_ledger.fill_cash(tx, keeper, 50_000_000)
    await make_ledger.fill_cash(tx, keeper, 9_000_000, account="100202", fund="PR")
    line = make_budgets.line_draft("510206", 5_000_000)
    document = await make_budgets.add_budget(tx, keeper, line)
    transfer = make_funds.transfer_command()
    moved = await decide(tx, keeper, Matter.FUND_TRANSFER, transfer.id)
    await funds.transfer(tx, keeper, replace(transfer, resolution_id=moved))
    order = paying.expense(line, LARGE)
    paid = await decide(tx, keeper, Matter.LARGE_PAYMENT, order.id)
    await paying.pay(tx, payers, replace(order, resolution_id=paid))
    elected = make_compounds.appointment(Office.COMMITTEE_MEMBER, valid_from=date(2025, 9, 1))
    election = await decide(tx, keeper, Matter.MANDATE, elected.mandate_id)
    await compounds.appoint_elected(tx, keeper, elected, election)
    assert document.budget.resolution_id is not None
    return Decided(
        caller=keeper,
        budget=document.budget.resolution_id,
        transfer=moved,
        payment=paid,
        election=election,
        idle=await decide(tx, keeper, Matter.OTHER, new_id(), held_on=date(2025, 8, 1)),
    )


@pytest.fixture
async def decided(tx: Tx, caller: Caller) -> Decided:
    return await make_decided(tx, caller.compound_id)


async def test_a_budget_shows_what_of_it_is_used(tx: Tx, decided: Decided) -> None:
    found = await service.follow_up(tx, decided.caller, decided.budget)
    (deed,) = found.deeds
    assert (deed.kind, deed.state) == (DeedKind.BUDGET, "adopted")
    assert (deed.amount_fen, deed.spent_fen) == (5_000_000, LARGE)


async def test_a_payment_shows_its_order_and_its_entry(tx: Tx, decided: Decided) -> None:
    found = await service.follow_up(tx, decided.caller, decided.payment)
    assert [(one.kind, one.amount_fen, one.state) for one in found.deeds] == [
        (DeedKind.PAYMENT_ORDER, LARGE, "released")
    ]
    assert [(one.kind, one.amount_fen) for one in found.entries] == [(EntryKind.PAYMENT, LARGE)]
    assert found.spent_fen == LARGE


async def test_a_transfer_spends_nothing(tx: Tx, decided: Decided) -> None:
    found = await service.follow_up(tx, decided.caller, decided.transfer)
    assert [(one.kind, one.title) for one in found.deeds] == [(DeedKind.FUND_TRANSFER, "PR → RS")]
    assert [one.amount_fen for one in found.entries] == [20_670_00]
    assert found.spent_fen == 0


async def test_an_election_shows_its_mandates_without_names(tx: Tx, decided: Decided) -> None:
    found = await service.follow_up(tx, decided.caller, decided.election)
    assert [(one.kind, one.title) for one in found.deeds] == [
        (DeedKind.MANDATE, Office.COMMITTEE_MEMBER)
    ]


async def test_what_the_committee_tells_about_it_is_told(tx: Tx, decided: Decided) -> None:
    await tx.raw.execute(
        "INSERT INTO follow_up (compound_id, follow_up_id, resolution_id, done_on, body, evidence, "
        "written_by, written_at) VALUES ($1, $2, $3, '2025-08-20', '已向各户送达。', '{}', $2, $4)",
        decided.caller.compound_id,
        new_id(),
        decided.idle,
        SEPTEMBER,
    )
    found = await service.follow_up(tx, decided.caller, decided.idle)
    assert [(one.on, one.body) for one in found.told] == [(date(2025, 8, 20), "已向各户送达。")]


async def test_a_decision_that_nobody_carried_out_says_so(tx: Tx, decided: Decided) -> None:
    found = await service.follow_up(tx, decided.caller, decided.idle)
    assert (found.deeds, found.entries, found.told, found.spent_fen) == ((), (), (), 0)


async def test_a_quarter_shows_its_decisions_and_what_was_done_under_earlier_ones(
    tx: Tx, decided: Decided
) -> None:
    shown = await service.decisions_of(tx, decided.caller, *QUARTER)
    ids = {one.resolution_id for one in shown.decisions}
    assert ids == {decided.budget, decided.transfer, decided.election, decided.idle}


async def test_nothing_of_a_month_that_is_not_closed_is_shown(tx: Tx, decided: Decided) -> None:
    before = await service.decisions_of(tx, decided.caller, *QUARTER)
    assert not any(one.entries for one in before.decisions)
    used = {deed.kind: deed.spent_fen for one in before.decisions for deed in one.deeds}
    assert used[DeedKind.BUDGET] == 0
    assert before.closed_through == ""
    later = replace(decided.caller, at=SEPTEMBER + timedelta(days=20))
    await ledger.close_period(tx, later, Period(2025, 9))
    shown = await service.decisions_of(tx, decided.caller, *QUARTER)
    spent = {one.resolution_id: one.spent_fen for one in shown.decisions}
    assert shown.closed_through == "2025-09"
    assert spent[decided.payment] == LARGE


async def test_a_quarter_to_come_is_not_there(tx: Tx, decided: Decided) -> None:
    with pytest.raises(Missing):
        await service.decisions_of(tx, decided.caller, Period(2026, 1), Period(2026, 3))


def test_what_was_never_confirmed_decided_nothing() -> None:
    made = [make_meetings.resolution(state=state) for state in ResolutionState]
    found = rules.decided(made, SEPTEMBER.date())
    assert {one.state for one in found.values()} == {
        ResolutionState.CONFIRMED,
        ResolutionState.REVOKED,
    }


@pytest.fixture
async def published(
    database: Database, clock: Clock, caller: Caller, owner: asyncpg.Connection
) -> tuple[Decided, dict[str, str]]:
    """Decisions that are there to be asked for over HTTP, and a resident's headers."""
    clock.set_to(SEPTEMBER)
    async with database.begin(caller) as tx:
        decided = await make_decided(tx, caller.compound_id)
        founder = (await compounds.mandates(tx, caller.compound_id))[0].person_id
    return decided, await http.sign_in(owner, founder)


async def test_whoever_belongs_here_reads_what_became_of_a_decision(
    client: httpx.AsyncClient, published: tuple[Decided, dict[str, str]]
) -> None:
    decided, headers = published
    path = f"/v1/compounds/{decided.caller.compound_id}/resolutions"
    answer = await client.get(f"{path}/{decided.payment}/follow-up", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["spent_fen"] == LARGE
    unknown = await client.get(f"{path}/{new_id()}/follow-up", headers=headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")
    nobody = await client.get(f"{path}/{decided.payment}/follow-up")
    assert nobody.status_code == 401


def record(**facts: object) -> DecisionRecord:
    (made,) = rules.records([make_meetings.resolution()], [], [], [])
    return replace(made, **facts)


def test_an_earlier_decision_without_anything_done_is_not_told_again() -> None:
    earlier = record(held_on=date(2025, 6, 30))
    held = record(held_on=date(2025, 7, 1))
    assert rules.of_quarter([earlier, held], *QUARTER, date(2025, 9, 30)) == (held,)
