"""Funds, bank accounts and transfers, with only what a test is about."""

from datetime import date
from typing import Any

from tests.make import acts as make_acts
from tests.make import compounds as make_compounds
from tests.make import ledger as make_ledger
from tests.make.acts import Signers
from tests.make.ground import make_caller, new_id
from trustprop.acts import service as acts
from trustprop.compounds.model import Clause
from trustprop.funds import service
from trustprop.funds.model import (
    EstablishFund,
    HolderKind,
    MakeTransfer,
    MaskedBankAccount,
    ProposeBankAccount,
)
from trustprop.kernel.caller import Caller, Office
from trustprop.plumbing.database import Tx

NUMBER = "6217 0000 1234 5678 901"


async def add_books(tx: Tx, caller: Caller, *clauses: Clause) -> None:
    """A founded compound with open books and the funds OP, PR, RS and AG."""
    texts = (make_compounds.text(*clauses),) if clauses else ()
    await make_compounds.found_compound(tx, caller, *texts)
    await make_ledger.open_books(tx, caller)
    keeper = make_caller(Office.TRUSTEE_BOOKKEEPER, compound_id=caller.compound_id)
    for code in make_ledger.FUNDS:
        await service.establish(tx, keeper, EstablishFund(code=code))


def bank_account_proposal(*funds: str, **facts: Any) -> ProposeBankAccount:
    values = {
        "id": new_id(),
        "account_code": "100202",
        "title": "公共收益专户",
        "bank": "示例银行云栖支行",
        "holder_kind": HolderKind.ASSEMBLY,
        "holder": "云栖里业主大会",
        "number": NUMBER,
        "funds": funds or ("PR", "RS"),
    }
    return ProposeBankAccount(**(values | facts))


async def add_bank_account(
    tx: Tx, caller: Caller, *funds: str, signers: Signers | None = None, **facts: Any
) -> MaskedBankAccount:
    """A bank account that both sides signed."""
    signing = signers or await make_acts.make_signers(tx, caller.compound_id)
    keeper = make_caller(Office.TRUSTEE_BOOKKEEPER, compound_id=caller.compound_id)
    proposed = await service.propose_bank_account(
        tx, keeper, bank_account_proposal(*funds, **facts)
    )
    act = await acts.find(tx, caller.compound_id, proposed.act_id)
    assert act is not None
    await make_acts.sign_both(tx, signing, act, service.EFFECTS)
    return proposed


def transfer_command(**facts: Any) -> MakeTransfer:
    """Entry 44 of September: half of the net public revenue to the reserve."""
    values = {
        "id": new_id(),
        "from_fund": "PR",
        "to_fund": "RS",
        "bank_account": "100202",
        "amount_fen": 20_670_00,
        "transferred_on": date(2025, 9, 15),
        "memo": "公共收益净额的一半划入储备",
        "resolution_id": new_id(),
    }
    return MakeTransfer(**(values | facts))
