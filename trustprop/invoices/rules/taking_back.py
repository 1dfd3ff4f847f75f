"""When a wrong acceptance may be taken back, and what it then gives back."""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from trustprop.budgets.model import Change, Movement, MovementKind
from trustprop.invoices.model import Contract, ContractState, Invoice, InvoiceState
from trustprop.invoices.rules import acceptance, contracts
from trustprop.kernel.errors import N_, Conflict


class InvoiceCorrected(Conflict):
    code = "invoice-corrected"
    detail = N_("A credit note takes invoice {number} back; end the credit note first.")
    number: str


def take_back(invoice: Invoice, reason: str, corrected_fen: int) -> Invoice:
    """Handed in again, with the reason. Raises InvoiceInWrongState once an order holds it, InvoiceCorrected.

    ``corrected_fen`` is what live credit notes take back of it.
    """
    if invoice.state is not InvoiceState.ACCEPTED:
        raise acceptance.InvoiceInWrongState(number=invoice.number, state=invoice.state)
    if corrected_fen:
        raise InvoiceCorrected(number=invoice.number)
    again = acceptance.move(invoice, InvoiceState.SUBMITTED)
    return replace(again, fund=None, entry_id=None, reason=reason)


def holds_again_fen(contract: Contract, movements: Sequence[Movement], on: date) -> int:
    """What the contract holds back of its line again; nothing when it has ended or its year has."""
    if contract.state is not ContractState.IN_FORCE:
        return 0
    own = contract.terms.budget_line_id
    return sum(
        -movement.encumbered_fen
        for movement in movements
        if movement.line_id == own and movement.moved_on.year == on.year
    )


def unbill(contract: Contract, gross_fen: int, held_fen: int) -> Contract:
    """The contract before the invoice. Raises ContractExceeded for a credit note whose amount is gone."""
    unbilled, _ = contracts.bill(contract, -gross_fen, 0)
    return replace(unbilled, encumbered_fen=unbilled.encumbered_fen + held_fen)


def changes(
    movements: Sequence[Movement], on: date, contract: Contract | None, held_fen: int
) -> tuple[Change, ...]:
    """Every use of a line the other way round, and what the contract holds back once more."""
    undone = [_undo(movement, on) for movement in movements]
    own = contract.terms.budget_line_id if contract is not None else None
    undone += [
        Change(
            kind=MovementKind.ENCUMBER,
            line_id=movement.line_id,
            amount_fen=held_fen,
            source=movement.source,
            on=on,
        )
        for movement in movements
        if movement.line_id == own and held_fen
    ]
    return tuple(undone)


def _undo(movement: Movement, on: date) -> Change:
    is_spent = movement.kind is MovementKind.SPEND
    return Change(
        kind=MovementKind.UNSPEND if is_spent else MovementKind.SPEND,
        line_id=movement.line_id,
        amount_fen=abs(movement.actual_fen),
        source=movement.source,
        on=on,
    )
