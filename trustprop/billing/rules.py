"""What is owed, which debt a payment settles, how old a debt is, what a month earns."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID, uuid5

from msgspec.structs import replace

from trustprop.billing.model import (
    ACCOUNTS,
    AGES,
    AdoptTariff,
    Ageing,
    AgeingCell,
    AgeingRow,
    Allocation,
    Apply,
    Charge,
    ChargeKind,
    ChargeRun,
    DrawUpContract,
    HomeLedgerLine,
    NewReceipt,
    ParkingSpace,
    Receipt,
    ReceiveOther,
    RemunerationAccrual,
    RemunerationHold,
    RevenueContract,
    Tariff,
)
from trustprop.compounds.model import RemunerationKind, RemunerationRule
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid
from trustprop.kernel.money import apportion
from trustprop.kernel.periods import Period
from trustprop.kernel.struct import Fact
from trustprop.ledger.model import TrialBalanceLine

FEWEST_HOMES = 5
"""Smaller groups could be recognised; they are not published (PIPL 25)."""
CHANNEL_FUND = "OP"
"""Channels collect for the operating fund only."""
OTHER_CREDITS = ("4", "2203", "2209", "2601")
"""What a receipt that no home owes may be: income, paid ahead, a deposit, agency money."""


class TariffMissing(Conflict):
    code = "tariff-missing"
    detail = N_("No tariff for {kind} is in force in {period}.")
    kind: str
    period: str


class PeriodAlreadyCharged(Conflict):
    code = "period-already-charged"
    detail = N_("{period} was already charged for {kind}.")
    period: str
    kind: str


class NothingToCharge(Conflict):
    code = "nothing-to-charge"
    detail = N_("No home has anything to be charged for {kind} in {period}.")
    kind: str
    period: str


class SameIdOtherContent(Conflict):
    code = "same-id-other-content"
    detail = N_("The id {id} already stands for another content.")
    id: str


class ContractOfAnotherFund(Conflict):
    code = "contract-of-another-fund"
    detail = N_("The contract earns for fund {expected}, not for {fund}.")
    fund: str
    expected: str


class NotAChannel(Conflict):
    code = "not-a-channel"
    detail = N_("The account {account} is no payment channel.")
    account: str


class OpeningDiffersFromBooks(Conflict):
    code = "opening-differs-from-books"
    detail = N_(
        "For {homes} homes the opening receivables are not what the books say; "
        "the first is home {home_id}: {listed_fen} listed, {booked_fen} in account {account}."
    )
    homes: int
    home_id: str
    account: str
    listed_fen: int
    booked_fen: int


class RemunerationAlreadyAccrued(Conflict):
    code = "remuneration-already-accrued"
    detail = N_("The remuneration of {period} is already accrued.")
    period: str


class NoRemunerationDue(Conflict):
    code = "no-remuneration-due"
    detail = N_("Under the rule in force nothing is due for {period}.")
    period: str


class RemunerationAlreadyHeld(Conflict):
    code = "remuneration-already-held"
    detail = N_("The remuneration is already held.")


class RemunerationNotHeld(Conflict):
    code = "remuneration-not-held"
    detail = N_("The remuneration is not held.")


class BasisNotOffered(Conflict):
    code = "remuneration-basis-not-offered"
    detail = N_("The remuneration's base {basis} has no figures here.")
    basis: str


class Applied(Fact):
    """Where one receipt goes."""

    receipt: NewReceipt
    parts: tuple[tuple[Charge, int], ...]
    surplus_fen: int

    @property
    def arrears_fen(self) -> int:
        return sum(amount for _, amount in self.parts)


def derived_id(parent: UUID, *names: object) -> UUID:
    """The id of a part whose whole the client named, so that a retry makes the same part."""
    return uuid5(parent, "/".join(str(name) for name in names))


def check_same_content(content_sha256: bytes, known_sha256: bytes, id: UUID) -> None:  # noqa: A002
    """A retry says the same again. Raises SameIdOtherContent."""
    if content_sha256 != known_sha256:
        raise SameIdOtherContent(id=str(id))


def is_new(made: Fact, known: Fact | None, id: UUID) -> bool:  # noqa: A002
    """Whether it is not there yet. Raises SameIdOtherContent when another is."""
    if known is not None and known != made:
        raise SameIdOtherContent(id=str(id))
    return known is None


# Tariffs and charges


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


# Receipts


def fund_of(receipt: NewReceipt) -> str:
    return ACCOUNTS[receipt.kind or ChargeKind.PROPERTY_FEE].fund


def prepaid_account_of(receipt: NewReceipt) -> str:
    return ACCOUNTS[receipt.kind or ChargeKind.PROPERTY_FEE].prepaid


def apply_receipts(
    receipts: Sequence[NewReceipt], open_charges: Iterable[Charge]
) -> tuple[Applied, ...]:
    """Settles arrears oldest first, receipt after receipt; what is left is a prepayment.

    A payer who says what the money is for is obeyed (Civil Code 560); a debt of another fund is
    never settled, whoever's it is.
    """
    owed: dict[UUID, list[Charge]] = defaultdict(list)
    for charge in sorted(open_charges, key=lambda c: (c.charged_on, c.kind, c.charge_id)):
        owed[charge.home_id].append(charge)
    applied = []
    for receipt in receipts:
        parts = _settle(receipt, owed[receipt.home_id])
        by_id = {charge.charge_id: amount for charge, amount in parts}
        owed[receipt.home_id] = [
            replace(charge, settled_fen=charge.settled_fen + by_id.get(charge.charge_id, 0))
            for charge in owed[receipt.home_id]
        ]
        surplus_fen = receipt.amount_fen - sum(by_id.values())
        applied.append(Applied(receipt=receipt, parts=parts, surplus_fen=surplus_fen))
    return tuple(applied)


def _settle(receipt: NewReceipt, owed: Iterable[Charge]) -> tuple[tuple[Charge, int], ...]:
    if receipt.apply is Apply.PREPAYMENT:
        return ()
    left_fen = receipt.amount_fen
    parts = []
    for charge in owed:
        if not _is_meant(receipt, charge) or charge.open_fen == 0 or left_fen == 0:
            continue
        amount = min(charge.open_fen, left_fen)
        parts.append((charge, amount))
        left_fen -= amount
    return tuple(parts)


def _is_meant(receipt: NewReceipt, charge: Charge) -> bool:
    if receipt.kind is not None:
        return charge.kind is receipt.kind
    return ACCOUNTS[charge.kind].fund == fund_of(receipt)


def check_summary(receipts: Sequence[NewReceipt]) -> None:
    """One entry has one day, one account and one fund. Raises FieldsInvalid."""
    first = receipts[0]
    errors = tuple(
        FieldError(
            pointer=f"/receipts/{number}",
            code="not-of-this-summary",
            detail=N_("All receipts of a summary share day, account and fund."),
        )
        for number, receipt in enumerate(receipts)
        if (receipt.received_on, receipt.account, fund_of(receipt))
        != (first.received_on, first.account, fund_of(first))
    )
    if errors:
        raise FieldsInvalid(errors=errors)


def check_homes(receipts: Sequence[NewReceipt], homes: Collection[UUID]) -> None:
    """Every home is one of this compound. Raises FieldsInvalid."""
    check_known([receipt.home_id for receipt in receipts], homes, "/receipts/{}/home_id")


def check_known(ids: Sequence[UUID], homes: Collection[UUID], pointer: str) -> None:
    """Raises FieldsInvalid, naming each home that is not of this compound."""
    errors = tuple(
        FieldError(
            pointer=pointer.format(number),
            code="home-unknown",
            detail=N_("There is no such home here."),
        )
        for number, home_id in enumerate(ids)
        if home_id not in homes
    )
    if errors:
        raise FieldsInvalid(errors=errors)


def check_different(ids: Sequence[UUID], pointer: str) -> None:
    """Raises FieldsInvalid, naming each id that was given twice."""
    seen: set[UUID] = set()
    errors = []
    for number, one in enumerate(ids):
        if one in seen:
            errors.append(
                FieldError(
                    pointer=pointer.format(number),
                    code="id-twice",
                    detail=N_("This id is given twice."),
                )
            )
        seen.add(one)
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def check_other(command: ReceiveOther) -> None:
    """Names either a contract or an account that may be credited. Raises FieldsInvalid."""
    if (command.contract_id is None) == (command.credit_account is None):
        raise _invalid(
            "/credit_account", "contract-or-account", N_("Name either a contract or an account.")
        )
    if command.credit_account and not command.credit_account.startswith(OTHER_CREDITS):
        raise _invalid(
            "/credit_account",
            "account-not-creditable",
            N_("A receipt is income, paid ahead, a deposit or agency money; nothing else."),
        )


def _invalid(pointer: str, code: str, detail: str) -> FieldsInvalid:
    return FieldsInvalid(errors=(FieldError(pointer=pointer, code=code, detail=detail),))


def check_fee(gross_fen: int, fee_fen: int) -> None:
    """A channel keeps less than it pays. Raises FieldsInvalid."""
    if fee_fen >= gross_fen:
        raise _invalid("/fee_fen", "fee-above-gross", N_("The fee is not below the collected sum."))


def charge_line(charge: Charge) -> HomeLedgerLine:
    return HomeLedgerLine(
        on=charge.charged_on,
        what="charge",
        kind=charge.kind,
        period=charge.period,
        charged_fen=charge.amount_fen,
        paid_fen=0,
        reference="",
    )


def receipt_line(receipt: Receipt) -> HomeLedgerLine:
    return HomeLedgerLine(
        on=receipt.received_on,
        what="receipt",
        kind=receipt.kind,
        period=None,
        charged_fen=0,
        paid_fen=receipt.amount_fen,
        reference=receipt.reference,
    )


def prepayment_line(charge: Charge, used: Allocation) -> HomeLedgerLine:
    """Moves what was paid ahead to the charge it was paid for; the home pays nothing anew."""
    return HomeLedgerLine(
        on=used.allocated_on,
        what="prepayment_used",
        kind=charge.kind,
        period=charge.period,
        charged_fen=0,
        paid_fen=used.amount_fen,
        reference="",
    )


# Ageing


def age(charged_on: date, on: date) -> int:
    """The index in AGES."""
    days = (on - charged_on).days
    return sum(days > limit for limit in (30, 90, 180, 365))


def draw_up_ageing(
    on: date, debts: Iterable[tuple[str, UUID, date, int]], buildings: Iterable[str]
) -> Ageing:
    """From (building, home, charged on, open fen): a table that no home can be read out of."""
    names = sorted(set(buildings))
    homes: list[list[set[UUID]]] = [[set() for _ in AGES] for _ in names]
    sums = [[0] * len(AGES) for _ in names]
    place = {name: row for row, name in enumerate(names)}
    for building, home_id, charged_on, open_fen in debts:
        row, column = place[building], age(charged_on, on)
        homes[row][column].add(home_id)
        sums[row][column] += open_fen
    counts = _with_totals([[frozenset(cell) for cell in row] for row in homes])
    amounts = _amounts_with_totals(sums)
    hidden = suppress(counts)
    cells = [
        [
            AgeingCell(homes=None, amount_fen=None)
            if (row, column) in hidden
            else AgeingCell(homes=counts[row][column], amount_fen=amounts[row][column])
            for column in range(len(AGES) + 1)
        ]
        for row in range(len(names) + 1)
    ]
    return Ageing(
        on=on,
        ages=AGES,
        rows=tuple(
            AgeingRow(building=name, cells=tuple(cells[row][:-1]), total=cells[row][-1])
            for row, name in enumerate(names)
        ),
        totals=tuple(cells[-1][:-1]),
        total=cells[-1][-1],
    )


def _with_totals(homes: list[list[frozenset[UUID]]]) -> list[list[int]]:
    """Counts of different homes, with a last column and a last row for all ages and buildings."""
    rows = [[*row, frozenset().union(*row)] for row in homes]
    columns = [frozenset().union(*(row[i] for row in rows)) for i in range(len(AGES) + 1)]
    return [[len(cell) for cell in row] for row in [*rows, columns]]


def _amounts_with_totals(sums: list[list[int]]) -> list[list[int]]:
    rows = [[*row, sum(row)] for row in sums]
    return [*rows, [sum(row[i] for row in rows) for i in range(len(AGES) + 1)]]


def suppress(counts: Sequence[Sequence[int]]) -> frozenset[tuple[int, int]]:
    """The cells to hide: groups below five homes, and as many more as keep them from being
    computed from a row's or a column's total.

    The last row and column are totals. The grand total is never hidden: the balance of the account
    is public anyway.
    """
    last_row, last_column = len(counts) - 1, len(counts[0]) - 1
    corner = (last_row, last_column)
    rows = [[(r, c) for c in range(last_column + 1)] for r in range(last_row + 1)]
    columns = [[(r, c) for r in range(last_row + 1)] for c in range(last_column + 1)]
    hidden = {
        (r, c)
        for row in rows
        for r, c in row
        if 0 < counts[r][c] < FEWEST_HOMES and (r, c) != corner
    }
    while True:
        more = {
            cell for line in [*rows, *columns] for cell in _companion(line, hidden, counts, corner)
        }
        if not more:
            return frozenset(hidden)
        hidden.add(min(more))


def _companion(
    line: Sequence[tuple[int, int]],
    hidden: Collection[tuple[int, int]],
    counts: Sequence[Sequence[int]],
    corner: tuple[int, int],
) -> Sequence[tuple[int, int]]:
    """The next cell to hide when a line hides some, but so few that their sum gives them away."""
    concealed = [cell for cell in line if cell in hidden]
    if not concealed:
        return ()
    is_safe = len(concealed) > 1 and sum(counts[r][c] for r, c in concealed) >= FEWEST_HOMES
    if is_safe:
        return ()
    shown = [
        cell for cell in line if cell not in hidden and cell != corner and counts[cell[0]][cell[1]]
    ]
    return (min(shown, key=lambda cell: (counts[cell[0]][cell[1]], cell)),) if shown else ()


# Public revenue


def check_contract(command: DrawUpContract) -> None:
    """Raises FieldsInvalid, naming each wrong field."""
    errors = []
    if command.ends_on < command.starts_on:
        errors.append(
            FieldError(
                pointer="/ends_on", code="ends-before-start", detail=N_("It ends before it starts.")
            )
        )
    if not command.income_account.startswith("4"):
        errors.append(
            FieldError(
                pointer="/income_account",
                code="not-income",
                detail=N_("This is no income account."),
            )
        )
    if command.recognised_before_fen > command.amount_fen:
        errors.append(
            FieldError(
                pointer="/recognised_before_fen",
                code="more-than-amount",
                detail=N_("More was earned than the contract is worth."),
            )
        )
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def check_fund(contract: RevenueContract, fund: str) -> None:
    """Raises ContractOfAnotherFund."""
    if contract.fund != fund:
        raise ContractOfAnotherFund(fund=fund, expected=contract.fund)


def months_of(starts_on: date, ends_on: date) -> tuple[Period, ...]:
    """The months that a term touches, first and last included."""
    months = [Period.of(starts_on)]
    while months[-1] < Period.of(ends_on):
        months.append(months[-1].next)
    return tuple(months)


def month_share(contract: RevenueContract, period: Period) -> int:
    """What the contract earns in the month: even parts that sum exactly to its amount."""
    months = months_of(contract.starts_on, contract.ends_on)
    if period not in months:
        return 0
    return apportion(contract.amount_fen, [1] * len(months))[months.index(period)]


def earned_until(contract: RevenueContract, period: Period) -> int:
    """What the contract has earned from its start to the end of the month."""
    months = months_of(contract.starts_on, contract.ends_on)
    parts = apportion(contract.amount_fen, [1] * len(months))
    return sum(part for month, part in zip(months, parts, strict=True) if month <= period)


# Remuneration


def uncapped_remuneration(rule: RemunerationRule, basis_fen: int) -> int:
    """Before the cap; a share is rounded half up to the fen."""
    if rule.kind is RemunerationKind.FIXED:
        return rule.fixed_fen_per_month
    return (2 * max(basis_fen, 0) * rule.rate_basis_points + 10_000) // 20_000


def remuneration(rule: RemunerationRule, basis_fen: int) -> int:
    """What the trustee earns for a month (Trust Law 35)."""
    uncapped = uncapped_remuneration(rule, basis_fen)
    return uncapped if rule.cap_fen_per_month is None else min(uncapped, rule.cap_fen_per_month)


def check_same_accrual(done: RemunerationAccrual, accrual_id: UUID) -> None:
    """A month is accrued once. Raises RemunerationAlreadyAccrued."""
    if done.accrual_id != accrual_id:
        raise RemunerationAlreadyAccrued(period=done.period)


def check_due(accrual: RemunerationAccrual) -> None:
    """Raises NoRemunerationDue."""
    if accrual.amount_fen == 0:
        raise NoRemunerationDue(period=accrual.period)


def check_same_reason(hold: RemunerationHold, reason: str) -> None:
    """Raises SameIdOtherContent."""
    if hold.reason != reason:
        raise SameIdOtherContent(id=str(hold.hold_id))


def is_service_cost(line: TrialBalanceLine) -> bool:
    """Whether the line is one of the nine national cost items (5101-5109) of the operating fund."""
    return line.fund == "OP" and "5101" <= line.account[:4] <= "5109"
