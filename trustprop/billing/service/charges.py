"""Tariffs, parking spaces, and the month's charges to every home."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from trustprop.billing import rules
from trustprop.billing.model import (
    ACCOUNTS,
    AdoptTariff,
    Allocation,
    Charge,
    ChargeKind,
    ChargeRun,
    ParkingSpace,
    RentSpaces,
    RunCharges,
    Tariff,
)
from trustprop.billing.service.entries import charge_entry, prepayment_entry
from trustprop.billing.store import charges as store
from trustprop.compounds import service as compounds
from trustprop.compounds.model import HomeUse
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.meetings import service as meetings
from trustprop.plumbing.database import Tx

SCOPE = "billing:write"
BILLERS = (Office.TRUSTEE_BOOKKEEPER, Office.TRUSTEE_MANAGER)
NAMES = {
    ChargeKind.PROPERTY_FEE: "物业服务费",
    ChargeKind.PARKING_FEE: "产权车位管理费",
    ChargeKind.GROUND_PARKING: "地面车位包月",
}


async def adopt_tariff(tx: Tx, caller: Caller, command: AdoptTariff) -> Tariff:
    """Records a fee level that the assembly has adopted, or that a text had at the start.

    Raises FieldsInvalid, SameIdOtherContent, TariffNeedsResolution and what meetings.require raises.
    """
    caller.check_office(*BILLERS)
    rules.check_tariff(command)
    await ledger.lock_books(tx, caller.compound_id)
    tariff = Tariff(
        tariff_id=command.id,
        kind=command.kind,
        rate_fen=command.rate_fen,
        valid_from=command.valid_from,
        resolution_id=command.resolution_id,
        clause=command.clause,
    )
    known = {one.tariff_id: one for one in await store.tariffs(tx, caller.compound_id)}
    if not rules.is_new(tariff, known.get(command.id), command.id):
        return tariff
    if tariff.resolution_id is None:
        rules.check_first(tariff, known.values())
    await _check_decided(tx, caller, tariff)
    await store.add_tariff(tx, caller.compound_id, tariff)
    return tariff


async def _check_decided(tx: Tx, caller: Caller, tariff: Tariff) -> None:
    """Also when it is charged: a decision that was revoked or has expired charges nobody."""
    if tariff.resolution_id is not None:
        await meetings.require(
            tx,
            caller,
            tariff.resolution_id,
            rules.matter_of(tariff.kind),
            tariff.tariff_id,
            or_about=(None,),
        )


async def tariffs(tx: Tx, caller: Caller) -> tuple[Tariff, ...]:
    """Fees are public to everyone who may sign in here."""
    return await store.tariffs(tx, caller.compound_id)


async def rent_spaces(tx: Tx, caller: Caller, command: RentSpaces) -> tuple[ParkingSpace, ...]:
    """Parking spaces of homes, many at once; those already there are kept as they are."""
    caller.check_office_or_scope(SCOPE, *BILLERS)
    rules.check_different([space.id for space in command.spaces], "/spaces/{}/id")
    homes = {home.home_id for home in await compounds.homes(tx, caller.compound_id)}
    rules.check_known([space.home_id for space in command.spaces], homes, "/spaces/{}/home_id")
    await ledger.lock_books(tx, caller.compound_id)
    known = {one.space_id: one for one in await store.spaces(tx, caller.compound_id)}
    rented = tuple(
        ParkingSpace(
            space_id=space.id,
            code=space.code,
            kind=space.kind,
            home_id=space.home_id,
            valid_from=space.valid_from,
            valid_until=space.valid_until,
        )
        for space in command.spaces
    )
    added = [one for one in rented if rules.is_new(one, known.get(one.space_id), one.space_id)]
    if added:
        await store.add_spaces(tx, caller.compound_id, added)
    return rented


async def spaces(tx: Tx, caller: Caller) -> tuple[ParkingSpace, ...]:
    caller.check_reads_books()
    return await store.spaces(tx, caller.compound_id)


async def runs(tx: Tx, caller: Caller) -> tuple[ChargeRun, ...]:
    caller.check_reads_books()
    return await store.runs(tx, caller.compound_id)


async def run_charges(tx: Tx, caller: Caller, command: RunCharges) -> ChargeRun:
    """Charges every home for a month and uses up what was paid ahead, all in one posting.

    Raises TariffMissing, PeriodAlreadyCharged or NothingToCharge, and what meetings.require and the
    ledger refuse.
    """
    caller.check_office_or_scope(SCOPE, *BILLERS)
    period = Period.parse(command.period)
    compound_id = caller.compound_id
    await ledger.lock_books(tx, compound_id)
    done = await store.find_run(tx, compound_id, command.kind, period)
    if done is not None:
        rules.check_same_run(done, command.id)
        return done
    tariff = rules.tariff_in_force(await store.tariffs(tx, compound_id), command.kind, period)
    await _check_decided(tx, caller, tariff)
    fees = await _fees(tx, compound_id, tariff, period)
    charges = rules.draw_charges(command.id, command.kind, period, fees)
    uses = rules.use_prepayments(charges, await _prepaid(tx, compound_id, command.kind))
    run = ChargeRun(
        run_id=command.id,
        period=command.period,
        kind=command.kind,
        tariff_id=tariff.tariff_id,
        charged_on=period.first_on,
        charges=len(charges),
        amount_fen=sum(charge.amount_fen for charge in charges),
        from_prepaid=len(uses),
        from_prepaid_fen=sum(amount for _, amount in uses),
        run_at=caller.at,
    )
    await _post(tx, caller, run, charges, uses)
    return run


async def _fees(tx: Tx, compound_id: UUID, tariff: Tariff, period: Period) -> Mapping[UUID, int]:
    """What each home is charged for the month."""
    if tariff.kind.is_by_area:
        homes = await compounds.homes(tx, compound_id)
        return {
            home.home_id: rules.fee_by_area(home.area_dm2, tariff.rate_fen)
            for home in homes
            if home.use is not HomeUse.PARKING
        }
    rented = await store.spaces(tx, compound_id)
    counted = rules.spaces_by_home(rented, tariff.kind, period)
    return {home_id: count * tariff.rate_fen for home_id, count in counted.items()}


async def _prepaid(tx: Tx, compound_id: UUID, kind: ChargeKind) -> Mapping[UUID, int]:
    """What each home has paid ahead for this kind."""
    booked = ACCOUNTS[kind]
    prepaid: dict[UUID, int] = defaultdict(int)
    for balance in await ledger.subledger(tx, compound_id, booked.prepaid):
        if balance.fund == booked.fund:
            prepaid[balance.counterparty_id] -= balance.balance_fen
    return prepaid


async def _post(
    tx: Tx,
    caller: Caller,
    run: ChargeRun,
    charges: Sequence[Charge],
    uses: Sequence[tuple[Charge, int]],
) -> None:
    memo = f"{run.period} {NAMES[run.kind]}"
    entries = [charge_entry(charge, f"计提{memo}") for charge in charges]
    entries += [prepayment_entry(charge, amount, f"预收转销{memo}") for charge, amount in uses]
    await ledger.post(tx, caller, tuple(entries))
    await store.add_run(tx, caller.compound_id, run)
    await store.add_charges(tx, caller.compound_id, charges)
    if uses:
        used = [
            Allocation(
                charge_id=charge.charge_id,
                source_id=run.run_id,
                is_prepayment=True,
                allocated_on=run.charged_on,
                amount_fen=amount_fen,
            )
            for charge, amount_fen in uses
        ]
        await store.add_allocations(tx, caller.compound_id, used)
