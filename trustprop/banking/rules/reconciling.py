"""Three-way reconciliation: the bank adjusted = the books = the claims of the funds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from trustprop.banking.model import (
    Alarm,
    BankLine,
    BankMatch,
    BankStatement,
    CashMovement,
    Gap,
    ItemKind,
    Reconciliation,
    ReconcilingItem,
    SealedReconciliation,
)
from trustprop.ledger.model import FundClaim


def reconcile(
    account: str,
    on: date,
    *,
    bank_fen: int,
    books_fen: int,
    claims: tuple[FundClaim, ...],
    items: tuple[ReconcilingItem, ...],
    alarms: tuple[Alarm, ...] = (),
    gaps: tuple[Gap, ...] = (),
) -> Reconciliation:
    """Adjusts the bank by what the books already know, and says what is left unexplained.

    A line that is not in the books yet is a difference of its own, named but not adjusted away.
    """
    sums: dict[ItemKind, int] = defaultdict(int)
    for item in items:
        sums[item.kind] += item.amount_fen
    receipts_fen = sums[ItemKind.RECEIPT_NOT_ON_BANK]
    payments_fen = -sums[ItemKind.PAYMENT_NOT_ON_BANK]
    adjusted_fen = bank_fen + receipts_fen - payments_fen
    lines_fen = sums[ItemKind.LINE_NOT_IN_BOOKS]
    claims_fen = sum(claim.balance_fen for claim in claims)
    return Reconciliation(
        account=account,
        on=on,
        bank_fen=bank_fen,
        receipts_not_on_bank_fen=receipts_fen,
        payments_not_on_bank_fen=payments_fen,
        adjusted_bank_fen=adjusted_fen,
        lines_not_in_books_fen=lines_fen,
        books_fen=books_fen,
        claims=claims,
        claims_fen=claims_fen,
        unexplained_fen=adjusted_fen - lines_fen - books_fen,
        items=items,
        alarms=alarms,
        gaps=gaps,
        is_reconciled=adjusted_fen == books_fen == claims_fen and not alarms,
    )


def draw_items(
    on: date,
    lines: Iterable[BankLine],
    movements: Iterable[CashMovement],
    matches: Iterable[BankMatch],
) -> tuple[ReconcilingItem, ...]:
    """What only one of the two sides knew at the end of the day, whole or in part."""
    entry_left, line_left = _matched(on, matches)
    items = []
    booked = [one for one in movements if one.accounting_on <= on and not one.is_opening]
    undone = _undone(booked, entry_left)
    for movement in booked:
        left_fen = movement.amount_fen + entry_left[movement.entry_id]
        if left_fen == 0 or movement.entry_id in undone:
            continue
        kind = ItemKind.RECEIPT_NOT_ON_BANK if left_fen > 0 else ItemKind.PAYMENT_NOT_ON_BANK
        items.append(
            _item(kind, movement.entry_id, movement.accounting_on, left_fen, movement.memo)
        )
    for line in lines:
        left_fen = line.amount_fen + line_left[line.line_id]
        if line.booked_on <= on and left_fen != 0:
            kind = ItemKind.LINE_NOT_IN_BOOKS
            items.append(_item(kind, line.line_id, line.booked_on, left_fen, line.memo))
    return tuple(sorted(items, key=lambda item: (item.kind, item.on, item.id)))


def _matched(
    on: date, matches: Iterable[BankMatch]
) -> tuple[defaultdict[UUID, int], defaultdict[UUID, int]]:
    """What the matches take off entries and off lines, each as its other side was known by then."""
    entry_left: defaultdict[UUID, int] = defaultdict(int)
    line_left: defaultdict[UUID, int] = defaultdict(int)
    for one in matches:
        if one.booked_on <= on:
            entry_left[one.entry_id] -= one.amount_fen
        if one.accounting_on <= on:
            line_left[one.line_id] -= one.amount_fen
    return entry_left, line_left


def _undone(booked: Iterable[CashMovement], entry_left: Mapping[UUID, int]) -> set[UUID]:
    """Entries taken back before the bank knew of them, with what took them back."""
    waiting = {one.entry_id: one for one in booked if not entry_left.get(one.entry_id)}
    return {one.entry_id for one in waiting.values() if one.partner_id in waiting}


def _item(kind: ItemKind, item_id: UUID, on: date, amount_fen: int, memo: str) -> ReconcilingItem:
    return ReconcilingItem(kind=kind, id=item_id, on=on, amount_fen=amount_fen, memo=memo)


def left_open(
    on: date,
    lines: Iterable[BankLine],
    movements: Iterable[CashMovement],
    matches: Iterable[BankMatch],
) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """Lines and entries that a later day may still match.

    Entries taken back before the bank knew of them are among them: the bank may yet have paid.
    """
    entry_left, line_left = _matched(on, matches)
    return (
        tuple(
            line.line_id
            for line in lines
            if line.booked_on <= on and line.amount_fen + line_left[line.line_id] != 0
        ),
        tuple(
            one.entry_id
            for one in movements
            if one.accounting_on <= on
            and not one.is_opening
            and one.amount_fen + entry_left[one.entry_id] != 0
        ),
    )


def books_balance(
    on: date, movements: Iterable[CashMovement], sealed: SealedReconciliation | None
) -> int:
    """What the entries add up to at the end of a day, going on from a sealed month."""
    sealed_fen, sealed_on = (sealed.books_fen, sealed.last_on) if sealed else (0, date.min)
    return sealed_fen + sum(
        one.amount_fen for one in movements if sealed_on < one.accounting_on <= on
    )


def bank_balance(on: date, lines: Sequence[BankLine], opening_fen: int) -> int:
    """The bank's own figure at the end of a day: its last stated balance, or the sum of its lines.

    ``lines`` are in the bank's order and ``opening_fen`` stands before the first of them.
    """
    balance_fen = opening_fen
    for line in lines:
        if line.booked_on > on:
            break
        stated = line.balance_fen
        balance_fen = stated if stated is not None else balance_fen + line.amount_fen
    return balance_fen


def opening_balance(
    lines: Sequence[BankLine],
    statements: Sequence[BankStatement],
    movements: Iterable[CashMovement],
) -> int:
    """What the bank held before its first imported line.

    Stated by the line's own balance or by a statement; before anything is imported, the opening
    entry that both sides signed stands for it.
    """
    if lines and lines[0].balance_fen is not None:
        return lines[0].balance_fen - lines[0].amount_fen
    stated = [one.opening_fen for one in statements if one.opening_fen is not None]
    if stated:
        return stated[0]
    return sum(one.amount_fen for one in movements if one.is_opening)
