"""What a contract allows to be billed, and what it holds back on its budget line."""

from datetime import date, timedelta

from msgspec.structs import replace

from trustprop.invoices.model import Contract, ContractState, ContractTerms, DraftContract
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid


class ContractIdTaken(Conflict):
    code = "contract-id-taken"
    detail = N_("This id belongs to a contract with other content.")


class ContractInWrongState(Conflict):
    code = "contract-in-wrong-state"
    detail = N_("The contract is {state}.")
    state: str


class ContractExceeded(Conflict):
    code = "contract-exceeded"
    detail = N_("The contract has {open_fen} left to bill; the invoice is over {gross_fen}.")
    open_fen: int
    gross_fen: int


def terms_of(command: DraftContract) -> ContractTerms:
    """Raises FieldsInvalid."""
    errors = []
    open_fen = command.amount_fen - command.billed_before_fen
    encumber_fen = open_fen if command.encumber_fen is None else command.encumber_fen
    if command.ends_on < command.starts_on:
        errors.append(
            _wrong("/ends_on", "term", N_("A contract ends on or after the day it starts."))
        )
    if open_fen < 0:
        errors.append(
            _wrong(
                "/billed_before_fen", "billed", N_("No more was billed than the contract is over.")
            )
        )
    elif encumber_fen > open_fen:
        errors.append(
            _wrong("/encumber_fen", "encumbered", N_("No more is held back than is left to bill."))
        )
    if errors:
        raise FieldsInvalid(errors=tuple(errors))
    return ContractTerms(
        contract_id=command.id,
        vendor_id=command.vendor_id,
        title=command.title,
        fund=command.fund,
        budget_line_id=command.budget_line_id,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        amount_fen=command.amount_fen,
        encumber_fen=encumber_fen,
        billed_before_fen=command.billed_before_fen,
        files=command.files,
    )


def sign(contract: Contract) -> Contract:
    assert contract.state is ContractState.DRAFTED
    return replace(
        contract,
        state=ContractState.IN_FORCE,
        version=contract.version + 1,
        encumbered_fen=contract.terms.encumber_fen,
    )


def end(contract: Contract, reason: str) -> Contract:
    """Nothing more is held back. Raises ContractInWrongState."""
    if contract.state is not ContractState.IN_FORCE:
        raise ContractInWrongState(state=contract.state)
    return replace(
        contract,
        state=ContractState.ENDED,
        version=contract.version + 1,
        encumbered_fen=0,
        reason=reason,
    )


def bill(contract: Contract, gross_fen: int, on_line_fen: int) -> tuple[Contract, int]:
    """The contract after an accepted invoice, and how much of what it held back that uses up.

    ``on_line_fen`` is the part of the amount that uses the contract's own budget line. A credit note
    gives back what may be billed, not what was held back. Raises ContractExceeded.
    """
    if gross_fen > contract.open_fen:
        raise ContractExceeded(open_fen=contract.open_fen, gross_fen=gross_fen)
    relieved_fen = max(0, min(contract.encumbered_fen, on_line_fen))
    billed = replace(
        contract,
        billed_fen=contract.billed_fen + gross_fen,
        encumbered_fen=contract.encumbered_fen - relieved_fen,
        version=contract.version + 1,
    )
    return billed, relieved_fen


def is_billable(contract: Contract, on: date, grace_days: int) -> bool:
    """Whether an invoice of this date falls into the contract's term and its days of grace."""
    started = contract.state in (ContractState.IN_FORCE, ContractState.ENDED)
    last_on = contract.terms.ends_on + timedelta(days=grace_days)
    return started and contract.terms.starts_on <= on <= last_on


def _wrong(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
