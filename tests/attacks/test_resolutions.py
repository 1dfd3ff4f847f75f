"""Every door that a decision opens, tried with every wrong decision: refused, and nothing changed."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec import Struct
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import billing as make_billing
from tests.make import budgets as make_budgets
from tests.make import compounds as make_compounds
from tests.make import disbursements as make_orders
from tests.make import funds as make_funds
from tests.make import ledger as make_ledger
from tests.make import meetings as make_meetings
from tests.make import paying
from tests.make.acts import Signers
from tests.make.compounds import clause
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.invoices import draft_contract
from trustprop.acts import service as acts
from trustprop.app import EFFECTS
from trustprop.billing import service as billing
from trustprop.billing.model import (
    AdoptTariff,
    ChargeKind,
    DrawUpContract,
    RevenueKind,
    RunCharges,
)
from trustprop.budgets import service as budgets
from trustprop.budgets.model import (
    AdoptBudget,
    DecideChange,
    LineDelta,
    ProposeAdjustment,
    ProposeEmergency,
)
from trustprop.compounds.model import (
    WHOLE,
    Firm,
    RemunerationKind,
    RemunerationRule,
    Scope,
    TextKind,
)
from trustprop.disbursements import service as disbursements
from trustprop.disbursements.model import OrderKind
from trustprop.funds import service as funds
from trustprop.funds.model import EstablishFund
from trustprop.invoices import service as invoices
from trustprop.invoices.model import AdmitVendor, RegisterVendor
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Refusal
from trustprop.kernel.periods import local_date
from trustprop.meetings import service as meetings
from trustprop.meetings import store as meetings_store
from trustprop.meetings.model import DraftMandate, DraftText, Matter, ResolutionState
from trustprop.meetings.model.foundations import DraftAmendment
from trustprop.meetings.service import foundations
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.schema import metadata

TODAY = local_date(SEPTEMBER)
EXPIRES = SEPTEMBER + timedelta(days=30)
LARGE = 1_000_000
BUILDING_7 = Scope(building="7")


class Ground(Struct, kw_only=True):
    """A compound with money in three funds, a budget in force, and signers of both sides."""

    keeper: Caller
    signers: Signers
    line: make_budgets.LineDraft
    """OP, everybody's."""
    roof: make_budgets.LineDraft
    """Out of the maintenance fund, for building 7 alone."""
    budget_id: UUID

    @property
    def manager(self) -> Caller:
        return self.signers.manager.caller

    @property
    def director(self) -> Caller:
        return self.signers.director.caller


async def make_ground(tx: Tx, compound_id: UUID) -> Ground:
    keeper = make_caller(compound_id=compound_id)
    limits = (
        clause("large_payment_resolution_fen", LARGE),
        clause("emergency_cap_fen", 500_00, "19"),
    )
    await make_funds.add_books(tx, keeper, *limits)
    await funds.establish(tx, keeper, EstablishFund(code="MF"))
    signers = await make_acts.make_signers(tx, compound_id)
    await make_meetings.add_minutes(tx, compound_id)
    await paying.add_bank_account(tx, keeper)
    await paying.add_bank_account(tx, keeper, "100202", ("PR", "RS", "MF"))
    await make_ledger.fill_cash(tx, keeper, 50_000_000)
    for fund in ("PR", "MF"):
        await make_ledger.fill_cash(tx, keeper, 9_000_000, account="100202", fund=fund)
    line = make_budgets.line_draft("510206", 5_000_000)
    roof = make_budgets.line_draft("510205", 300_000, fund="MF", scope=str(BUILDING_7))
    income = (
        make_budgets.income_draft(),
        make_budgets.income_draft("I-MF", 2_000_000, account="4901", fund="MF"),
    )
    document = await make_budgets.add_budget(tx, keeper, line, roof, income=income)
    return Ground(
        keeper=keeper,
        signers=signers,
        line=line,
        roof=roof,
        budget_id=document.budget.budget_id,
    )


# The doors. Each is tried with one resolution; an act that it drafted is signed by both sides.

Try = Callable[[Tx, Ground, UUID], Awaitable[UUID | None]]
Prepare = Callable[[Tx, Ground, UUID], Awaitable[Try]]


async def a_budget(tx: Tx, ground: Ground, subject_id: UUID) -> Try:
    draft = make_budgets.budget_draft(budget_id=subject_id, year=2026)
    await budgets.draft(tx, ground.manager, draft)
    await budgets.consult(tx, ground.manager, subject_id)

    async def adopt(tx: Tx, ground: Ground, resolution_id: UUID) -> None:
        command = AdoptBudget(resolution_id=resolution_id, version=1)
        await budgets.adopt(tx, ground.director, subject_id, command)

    return adopt


async def an_adjustment(tx: Tx, ground: Ground, subject_id: UUID) -> Try:
    command = ProposeAdjustment(
        id=subject_id,
        title="中期调整",
        reason="节约",
        deltas=(LineDelta(line_id=ground.line.line_id, amount_fen=-1_00),),
    )
    await budgets.propose_adjustment(tx, ground.manager, ground.budget_id, command)

    async def adopt(tx: Tx, ground: Ground, resolution_id: UUID) -> None:
        decision = DecideChange(resolution_id=resolution_id)
        await budgets.adopt_adjustment(tx, ground.director, subject_id, decision)

    return adopt


async def an_emergency(tx: Tx, ground: Ground, subject_id: UUID) -> Try:
    command = ProposeEmergency(
        id=subject_id, reason="水泵爆管", amount_fen=400_00, line_id=ground.line.line_id
    )
    proposed = await budgets.propose_emergency(tx, ground.manager, ground.budget_id, command)
    act = await acts.find(tx, ground.keeper.compound_id, proposed.act_id)
    assert act is not None
    await make_acts.sign_both(tx, ground.signers, act, EFFECTS)

    async def ratify(tx: Tx, ground: Ground, resolution_id: UUID) -> None:
        await budgets.ratify(
            tx, ground.director, subject_id, DecideChange(resolution_id=resolution_id)
        )

    return ratify


async def a_mandate(_tx: Tx, _ground: Ground, subject_id: UUID) -> Try:
    person_id, act_id = new_id(), new_id()

    async def appoint(tx: Tx, ground: Ground, resolution_id: UUID) -> UUID:
        draft = DraftMandate(
            id=act_id,
            expires_at=EXPIRES,
            mandate_id=subject_id,
            person_id=person_id,
            office=Office.COMMITTEE_MEMBER,
            valid_from=TODAY,
            valid_until=date(2028, 9, 14),
            resolution_id=resolution_id,
        )
        return (await meetings.draft_mandate(tx, ground.director, draft)).act_id

    return appoint


async def a_text(_tx: Tx, _ground: Ground, subject_id: UUID) -> Try:
    act_id = new_id()

    async def adopt(tx: Tx, ground: Ground, resolution_id: UUID) -> UUID:
        text = make_compounds.text(
            clause("virement_percent", 5), kind=TextKind.COVENANT, text_id=subject_id
        )
        draft = DraftText(
            id=act_id,
            expires_at=EXPIRES,
            text_id=text.text_id,
            kind=text.kind,
            title=text.title,
            effective_from=TODAY,
            clauses=text.clauses,
            resolution_id=resolution_id,
        )
        return (await meetings.draft_text(tx, ground.director, draft)).act_id

    return adopt


def amendment(**changes: Any) -> Prepare:
    async def an_amendment(_tx: Tx, _ground: Ground, subject_id: UUID) -> Try:
        act_id = new_id()

        async def amend(tx: Tx, ground: Ground, resolution_id: UUID) -> UUID:
            draft = DraftAmendment(
                id=act_id,
                expires_at=EXPIRES,
                instrument_id=subject_id,
                resolution_id=resolution_id,
                effective_from=TODAY,
                **changes,
            )
            return (await foundations.draft_amendment(tx, ground.director, draft)).act_id

        return amend

    return an_amendment


MORE_PAY = RemunerationRule(kind=RemunerationKind.FIXED, fixed_fen_per_month=2_000_000)
ANOTHER_FIRM = Firm(name="新物业", credit_code=make_compounds.credit_code(5), address="示例路 3 号")


def tariff(kind: ChargeKind) -> Prepare:
    async def a_tariff(tx: Tx, ground: Ground, subject_id: UUID) -> Try:
        await make_billing.adopt(tx, ground.keeper, kind, 280)

        async def adopt(tx: Tx, ground: Ground, resolution_id: UUID) -> None:
            command = AdoptTariff(
                id=subject_id,
                kind=kind,
                rate_fen=300,
                valid_from="2025-10",
                resolution_id=resolution_id,
            )
            await billing.adopt_tariff(tx, ground.keeper, command)

        return adopt

    return a_tariff


def transfer(from_fund: str) -> Prepare:
    async def a_transfer(_tx: Tx, _ground: Ground, subject_id: UUID) -> Try:
        async def move(tx: Tx, ground: Ground, resolution_id: UUID) -> None:
            command = make_funds.transfer_command(
                id=subject_id, from_fund=from_fund, resolution_id=resolution_id
            )
            await funds.transfer(tx, ground.keeper, command)

        return move

    return a_transfer


async def a_related_party(tx: Tx, ground: Ground, subject_id: UUID) -> Try:
    command = RegisterVendor(
        id=subject_id,
        name="关联保洁公司",
        credit_code=make_compounds.credit_code(6),
        is_related_party=True,
    )
    await invoices.register_vendor(tx, ground.keeper, command)

    async def admit(tx: Tx, ground: Ground, resolution_id: UUID) -> None:
        await invoices.admit_vendor(
            tx, ground.director, subject_id, AdmitVendor(resolution_id=resolution_id)
        )

    return admit


async def lift_advertising(_tx: Tx, _ground: Ground, subject_id: UUID) -> Try:
    async def draw_up(tx: Tx, ground: Ground, resolution_id: UUID) -> None:
        command = DrawUpContract(
            id=subject_id,
            counterparty="示例传媒有限公司",
            kind=RevenueKind.LIFT_ADVERTISING,
            income_account="4312",
            starts_on=date(2025, 10, 1),
            ends_on=date(2026, 9, 30),
            amount_fen=8_640_000,
            resolution_id=resolution_id,
        )
        await billing.draw_up_contract(tx, ground.keeper, command)

    return draw_up


def order(line_of: Callable[[Ground], make_budgets.LineDraft], amount_fen: int) -> Prepare:
    async def an_order(_tx: Tx, _ground: Ground, subject_id: UUID) -> Try:
        act_id = new_id()

        async def draft(tx: Tx, ground: Ground, resolution_id: UUID) -> UUID:
            line = line_of(ground)
            command = replace(
                paying.expense(line, amount_fen),
                id=subject_id,
                act_id=act_id,
                fund=line.fund,
                bank_account="100202" if line.fund == "MF" else "100201",
                resolution_id=resolution_id,
            )
            drawn = await disbursements.draft(tx, ground.keeper, command, make_orders.SALT)
            return drawn.act_id

        return draft

    return an_order


class Door(Struct, frozen=True, kw_only=True):
    prepare: Prepare
    matter: Matter
    scope: Scope = WHOLE
    is_signed: bool = False


DOORS = {
    "budget": Door(prepare=a_budget, matter=Matter.BUDGET),
    "adjustment": Door(prepare=an_adjustment, matter=Matter.BUDGET_ADJUSTMENT),
    "emergency": Door(prepare=an_emergency, matter=Matter.BUDGET_ADJUSTMENT),
    "mandate": Door(prepare=a_mandate, matter=Matter.MANDATE, is_signed=True),
    "text": Door(prepare=a_text, matter=Matter.GOVERNING_TEXT, is_signed=True),
    "remuneration": Door(
        prepare=amendment(remuneration=MORE_PAY), matter=Matter.REMUNERATION, is_signed=True
    ),
    "trustee": Door(
        prepare=amendment(trustee=ANOTHER_FIRM, remuneration=MORE_PAY),
        matter=Matter.TRUSTEE,
        is_signed=True,
    ),
    "fee": Door(prepare=tariff(ChargeKind.PROPERTY_FEE), matter=Matter.FEE),
    "ground parking": Door(
        prepare=tariff(ChargeKind.GROUND_PARKING), matter=Matter.COMMON_PART_BUSINESS
    ),
    "transfer": Door(prepare=transfer("PR"), matter=Matter.FUND_TRANSFER),
    "transfer out of the maintenance fund": Door(
        prepare=transfer("MF"), matter=Matter.MAINTENANCE_FUND_USE
    ),
    "related party": Door(prepare=a_related_party, matter=Matter.RELATED_PARTY),
    "lift advertising": Door(prepare=lift_advertising, matter=Matter.COMMON_PART_BUSINESS),
    "large payment": Door(
        prepare=order(lambda ground: ground.line, LARGE),
        matter=Matter.LARGE_PAYMENT,
        is_signed=True,
    ),
    "maintenance fund": Door(
        prepare=order(lambda ground: ground.roof, 200_000),
        matter=Matter.MAINTENANCE_FUND_USE,
        scope=BUILDING_7,
        is_signed=True,
    ),
}
DAY = timedelta(days=1)


def wrong_matter(door: Door) -> dict[str, Any]:
    return {"matter": Matter.OTHER if door.matter is not Matter.OTHER else Matter.FEE}


WRONG: dict[str, tuple[Callable[[Door], dict[str, Any]], str]] = {
    "matter": (wrong_matter, "resolution-of-another-matter"),
    "subject": (lambda _: {"subject_id": new_id()}, "resolution-of-another-subject"),
    "scope": (lambda _: {"scope": Scope(building="8")}, "resolution-of-another-scope"),
    "expired": (lambda _: {"valid_until": TODAY - DAY}, "resolution-not-in-force"),
    "not yet": (lambda _: {"valid_from": TODAY + DAY}, "resolution-not-in-force"),
    "unconfirmed": (lambda _: {"state": ResolutionState.RECORDED}, "resolution-not-in-force"),
}


async def decide(tx: Tx, ground: Ground, door: Door, about: UUID, **wrong: Any) -> UUID:
    """The right decision, or one that is wrong in one thing."""
    facts = {"matter": door.matter, "subject_id": about, "scope": door.scope} | wrong
    made = await make_meetings.add_resolution(tx, ground.keeper, **facts)
    return made.resolution_id


async def fingerprint(owner: asyncpg.Connection, compound_id: UUID) -> dict[str, Any]:
    """Everything of the compound, table by table."""
    held = {}
    for name, table in sorted(metadata.tables.items()):
        if "compound_id" in table.c:
            held[name] = await owner.fetchval(
                f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t "
                "WHERE compound_id = $1",
                compound_id,
            )
    return held


async def sign(database: Database, ground: Ground, act_id: UUID, *people: make_acts.Person) -> None:
    """Each in a transaction of their own, as over HTTP."""
    for person in people:
        async with database.begin(person.caller) as tx:
            act = await acts.find(tx, person.caller.compound_id, act_id)
            assert act is not None
            await make_acts.sign(tx, person, act, EFFECTS)


async def open_door(database: Database, ground: Ground, attempt: Try, resolution_id: UUID) -> None:
    async with database.begin(ground.keeper) as tx:
        act_id = await attempt(tx, ground, resolution_id)
    if act_id is not None:
        await sign(database, ground, act_id, ground.signers.manager, ground.signers.director)


@pytest.mark.parametrize("name", DOORS)
async def test_the_right_decision_opens_the_door(
    database: Database, owner: asyncpg.Connection, caller: Caller, name: str
) -> None:
    door, subject_id = DOORS[name], new_id()
    async with database.begin(caller) as tx:
        ground = await make_ground(tx, caller.compound_id)
        attempt = await door.prepare(tx, ground, subject_id)
        resolution_id = await decide(tx, ground, door, subject_id)
    before = await fingerprint(owner, caller.compound_id)
    await open_door(database, ground, attempt, resolution_id)
    assert await fingerprint(owner, caller.compound_id) != before


@pytest.mark.parametrize("name", DOORS)
async def test_a_wrong_decision_opens_nothing(
    database: Database, owner: asyncpg.Connection, caller: Caller, name: str
) -> None:
    door, subject_id, neighbour = DOORS[name], new_id(), make_caller()
    async with database.begin(neighbour) as tx:
        await make_compounds.found_compound(tx, neighbour)
        theirs = await make_meetings.add_resolution(tx, neighbour, door.matter, subject_id)
    async with database.begin(caller) as tx:
        ground = await make_ground(tx, caller.compound_id)
        attempt = await door.prepare(tx, ground, subject_id)
        tries = {
            wrong: (await decide(tx, ground, door, subject_id, **change(door)), code)
            for wrong, (change, code) in WRONG.items()
        }
        revoked = await decide(tx, ground, door, subject_id)
        await revoke(tx, ground, revoked)
    tries["revoked"] = (revoked, "resolution-not-in-force")
    tries["another compound's"] = (theirs.resolution_id, "resolution-missing")
    tries["invented"] = (new_id(), "resolution-missing")
    before = await fingerprint(owner, caller.compound_id)
    for wrong, (resolution_id, code) in tries.items():
        with pytest.raises(Refusal) as refused:
            await open_door(database, ground, attempt, resolution_id)
        assert refused.value.code == code, wrong
        assert await fingerprint(owner, caller.compound_id) == before, wrong


@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if door.is_signed])
async def test_a_decision_revoked_before_the_last_signature_opens_nothing(
    database: Database, owner: asyncpg.Connection, caller: Caller, name: str
) -> None:
    door, subject_id = DOORS[name], new_id()
    async with database.begin(caller) as tx:
        ground = await make_ground(tx, caller.compound_id)
        attempt = await door.prepare(tx, ground, subject_id)
        resolution_id = await decide(tx, ground, door, subject_id)
        act_id = await attempt(tx, ground, resolution_id)
    assert act_id is not None
    await sign(database, ground, act_id, ground.signers.manager)
    async with database.begin(ground.keeper) as tx:
        await revoke(tx, ground, resolution_id)
    before = await fingerprint(owner, caller.compound_id)
    with pytest.raises(Refusal) as refused:
        await sign(database, ground, act_id, ground.signers.director)
    assert refused.value.code == "resolution-not-in-force"
    assert await fingerprint(owner, caller.compound_id) == before


async def revoke(tx: Tx, ground: Ground, resolution_id: UUID) -> None:
    await meetings_store.add_outcome(
        tx, ground.keeper, resolution_id, ResolutionState.REVOKED, new_id()
    )


async def test_a_contract_with_a_related_party_ends_with_the_decision_about_it(
    database: Database, owner: asyncpg.Connection, caller: Caller
) -> None:
    vendor_id = new_id()
    async with database.begin(caller) as tx:
        ground = await make_ground(tx, caller.compound_id)
        admit = await a_related_party(tx, ground, vendor_id)
        resolution_id = await decide(tx, ground, DOORS["related party"], vendor_id)
        await admit(tx, ground, resolution_id)
        command = draft_contract(vendor_id, ground.line.line_id, amount_fen=100_000)
        contract = await invoices.draft_contract(tx, ground.keeper, command)
    await sign(database, ground, contract.act_id, ground.signers.manager)
    async with database.begin(caller) as tx:
        await revoke(tx, ground, resolution_id)
    before = await fingerprint(owner, caller.compound_id)
    with pytest.raises(Refusal) as refused:
        await sign(database, ground, contract.act_id, ground.signers.director)
    assert refused.value.code == "resolution-not-in-force"
    second = replace(command, id=new_id(), act_id=new_id())
    with pytest.raises(Refusal) as refused:
        async with database.begin(caller) as tx:
            await invoices.draft_contract(tx, ground.keeper, second)
    assert refused.value.code == "resolution-not-in-force"
    assert await fingerprint(owner, caller.compound_id) == before


@pytest.mark.parametrize(
    ("fund", "amount_fen", "code"),
    [
        ("OP", LARGE - 1, None),
        ("OP", LARGE, "payment-order-needs-resolution"),
        ("MF", 1, "payment-order-needs-resolution"),
    ],
)
async def test_an_order_without_a_decision_is_small_and_not_of_the_maintenance_fund(
    database: Database, caller: Caller, fund: str, amount_fen: int, code: str | None
) -> None:
    async with database.begin(caller, dry_run=True) as tx:
        ground = await make_ground(tx, caller.compound_id)
        line = ground.roof if fund == "MF" else ground.line
        command = replace(
            paying.expense(line, amount_fen),
            kind=OrderKind.EXPENSE,
            fund=fund,
            bank_account="100202" if fund == "MF" else "100201",
        )
        looked = await disbursements.dry_run(tx, ground.keeper, command, make_orders.SALT)
    assert [one.code for one in looked.refusals] == ([] if code is None else [code])


async def test_the_whole_compound_does_not_spend_what_one_building_saved(
    database: Database, caller: Caller
) -> None:
    door, subject_id = DOORS["maintenance fund"], new_id()
    async with database.begin(caller, dry_run=True) as tx:
        ground = await make_ground(tx, caller.compound_id)
        attempt = await door.prepare(tx, ground, subject_id)
        whole = await decide(tx, ground, door, subject_id, scope=WHOLE)
        with pytest.raises(Refusal, match="resolution-of-another-scope"):
            await attempt(tx, ground, whole)


async def test_a_decision_about_the_budget_line_carries_the_work_that_it_pays_for(
    database: Database, caller: Caller
) -> None:
    door = DOORS["maintenance fund"]
    async with database.begin(caller, dry_run=True) as tx:
        ground = await make_ground(tx, caller.compound_id)
        attempt = await door.prepare(tx, ground, new_id())
        about_line = await decide(tx, ground, door, ground.roof.line_id)
        assert await attempt(tx, ground, about_line) is not None


async def test_a_fee_by_a_revoked_decision_charges_nobody(
    database: Database, caller: Caller
) -> None:
    door, subject_id = DOORS["fee"], new_id()
    async with database.begin(caller, dry_run=True) as tx:
        ground = await make_ground(tx, caller.compound_id)
        attempt = await door.prepare(tx, ground, subject_id)
        resolution_id = await decide(tx, ground, door, subject_id)
        await attempt(tx, ground, resolution_id)
        await revoke(tx, ground, resolution_id)
        command = RunCharges(id=new_id(), period="2025-10", kind=ChargeKind.PROPERTY_FEE)
        with pytest.raises(Refusal, match="resolution-not-in-force"):
            await billing.run_charges(tx, ground.keeper, command)


async def test_a_changed_fee_rests_on_a_decision_and_not_on_a_clause(
    database: Database, caller: Caller
) -> None:
    async with database.begin(caller, dry_run=True) as tx:
        ground = await make_ground(tx, caller.compound_id)
        await make_billing.adopt(tx, ground.keeper, ChargeKind.PROPERTY_FEE, 280)
        with pytest.raises(Refusal, match="tariff-needs-resolution"):
            await make_billing.adopt(tx, ground.keeper, ChargeKind.PROPERTY_FEE, 380)
