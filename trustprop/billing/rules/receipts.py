"""Which debt a payment settles."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from msgspec.structs import replace

from trustprop.billing.model import (
    ACCOUNTS,
    Allocation,
    Apply,
    Charge,
    ChargeKind,
    HomeLedgerLine,
    NewReceipt,
    Receipt,
    ReceiveOther,
)
from trustprop.billing.rules.refusals import (
    invalid,
)
from trustprop.kernel.errors import N_, FieldError, FieldsInvalid
from trustprop.kernel.struct import Fact

CHANNEL_FUND = "OP"
"""Channels collect for the operating fund only."""
OTHER_CREDITS = ("4", "2203", "2209", "2601")
"""What a receipt that no home owes may be: income, paid ahead, a deposit, agency money."""


class Applied(Fact):
    """Where one receipt goes."""

    receipt: NewReceipt
    parts: tuple[tuple[Charge, int], ...]
    surplus_fen: int

    @property
    def arrears_fen(self) -> int:
        return sum(amount for _, amount in self.parts)


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
        raise invalid(
            "/credit_account", "contract-or-account", N_("Name either a contract or an account.")
        )
    if command.credit_account and not command.credit_account.startswith(OTHER_CREDITS):
        raise invalid(
            "/credit_account",
            "account-not-creditable",
            N_("A receipt is income, paid ahead, a deposit or agency money; nothing else."),
        )


def check_fee(gross_fen: int, fee_fen: int) -> None:
    """A channel keeps less than it pays. Raises FieldsInvalid."""
    if fee_fen >= gross_fen:
        raise invalid("/fee_fen", "fee-above-gross", N_("The fee is not below the collected sum."))


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
