"""What is owed for a month, and what was paid ahead for it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from msgspec.structs import replace

from trustprop.billing.model import (
    AdoptTariff,
    Charge,
    ChargeKind,
    ChargeRun,
    ParkingSpace,
    Tariff,
)
from trustprop.billing.rules.identity import derived_id, is_new
from trustprop.billing.rules.refusals import (
    NothingToCharge,
    OpeningDiffersFromBooks,
    PeriodAlreadyCharged,
    TariffMissing,
    TariffNeedsResolution,
)
from trustprop.kernel.errors import N_, FieldError, FieldsInvalid
from trustprop.kernel.periods import Period
from trustprop.meetings.model import Matter


def check_same_run(done: ChargeRun, run_id: UUID) -> None:
    """A month is charged once for a kind. Raises PeriodAlreadyCharged."""
    if done.run_id != run_id:
        raise PeriodAlreadyCharged(period=done.period, kind=done.kind.value)


def check_tariff(command: AdoptTariff) -> None:
    """A fee level rests on exactly one decision. Raises FieldsInvalid."""
    if (command.resolution_id is None) == (command.clause is None):
        raise FieldsInvalid(
            errors=(
                FieldError(
                    pointer="/resolution_id",
                    code="decision-needed",
                    detail=N_("Name either the resolution or the clause that adopted this fee."),
                ),
            )
        )


def matter_of(kind: ChargeKind) -> Matter:
    """Whoever lets parking on common ground runs business on it (Civil Code 278(1)(8))."""
    if kind is ChargeKind.GROUND_PARKING:
        return Matter.COMMON_PART_BUSINESS
    return Matter.FEE


def check_first(tariff: Tariff, known: Iterable[Tariff]) -> None:
    """A clause carries the fee that the service starts with; every change is decided.

    Raises TariffNeedsResolution.
    """
    if any(other.kind is tariff.kind for other in known):
        raise TariffNeedsResolution(kind=tariff.kind.value)


def tariff_in_force(tariffs: Iterable[Tariff], kind: ChargeKind, period: Period) -> Tariff:
    """The latest of this kind that is valid in the period. Raises TariffMissing."""
    valid = [t for t in tariffs if t.kind is kind and Period.parse(t.valid_from) <= period]
    if not valid:
        raise TariffMissing(kind=kind.value, period=str(period))
    return max(valid, key=lambda tariff: (tariff.valid_from, tariff.tariff_id))


def fee_by_area(area_dm2: int, rate_fen: int) -> int:
    """Fen per month for an area in dm² (0.01 m²) at a rate per m², rounded half up."""
    return (2 * area_dm2 * rate_fen + 100) // 200


def spaces_by_home(
    spaces: Iterable[ParkingSpace], kind: ChargeKind, period: Period
) -> Mapping[UUID, int]:
    """How many spaces of this kind each home is charged for."""
    count: dict[UUID, int] = defaultdict(int)
    for space in spaces:
        has_begun = Period.parse(space.valid_from) <= period
        has_ended = space.valid_until is not None and Period.parse(space.valid_until) < period
        if space.kind is kind and has_begun and not has_ended:
            count[space.home_id] += 1
    return count


def draw_charges(
    run_id: UUID, kind: ChargeKind, period: Period, fees: Mapping[UUID, int]
) -> tuple[Charge, ...]:
    """One charge per home that owes anything. Raises NothingToCharge."""
    charges = tuple(
        Charge(
            charge_id=charge_id,
            home_id=home_id,
            kind=kind,
            period=str(period),
            charged_on=period.first_on,
            amount_fen=fee_fen,
            entry_id=charge_id,
            run_id=run_id,
        )
        for home_id, fee_fen in fees.items()
        if fee_fen > 0
        for charge_id in (derived_id(run_id, home_id),)
    )
    if not charges:
        raise NothingToCharge(kind=kind.value, period=str(period))
    return charges


def use_prepayments(
    charges: Iterable[Charge], prepaid_fen: Mapping[UUID, int]
) -> tuple[tuple[Charge, int], ...]:
    """How much of each new charge was paid ahead."""
    uses = (
        (charge, min(charge.amount_fen, prepaid_fen.get(charge.home_id, 0))) for charge in charges
    )
    return tuple((charge, amount) for charge, amount in uses if amount > 0)


def check_opening(listed: Mapping[UUID, int], booked: Mapping[UUID, int], account: str) -> None:
    """Each home's opening items sum to its sub-ledger. Raises OpeningDiffersFromBooks."""
    differing = sorted(
        home_id
        for home_id in listed.keys() | booked.keys()
        if listed.get(home_id, 0) != booked.get(home_id, 0)
    )
    if differing:
        first = differing[0]
        raise OpeningDiffersFromBooks(
            homes=len(differing),
            home_id=str(first),
            account=account,
            listed_fen=listed.get(first, 0),
            booked_fen=booked.get(first, 0),
        )


def is_new_charge(listed: Charge, known: Charge | None) -> bool:
    """Whether an opening item is not there yet. Raises SameIdOtherContent when another is."""
    if known is None:
        return True
    return is_new(listed, replace(known, settled_fen=0), listed.charge_id)
