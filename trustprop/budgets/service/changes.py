"""What every change of a budget in force has in common."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

from trustprop.acts import service as acts
from trustprop.acts.model import DraftAct
from trustprop.budgets import rules
from trustprop.budgets.model import (
    Adjustment,
    Budget,
    Change,
    Emergency,
    MovementKind,
    MovementSource,
    Virement,
)
from trustprop.budgets.store import documents as document_store
from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Tx

C = TypeVar("C", Adjustment, Virement, Emergency)


async def budget_in_force(tx: Tx, caller: Caller, budget_id: UUID) -> Budget:
    budget = await document_store.find_budget(tx, caller.compound_id, budget_id)
    if budget is None:
        raise Missing(kind="budget")
    rules.check_in_force(budget)
    return budget


async def draft_act(
    tx: Tx, caller: Caller, kind: str, subject_id: UUID, body: dict[str, Any]
) -> None:
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    await acts.draft(
        tx,
        caller,
        DraftAct(
            act_id=subject_id,
            kind=kind,
            subject_id=subject_id,
            body=body,
            expires_at=caller.at + timedelta(days=limits.order_valid_days.value),
        ),
    )


def adjusting(amounts: Mapping[UUID, int], source: MovementSource, on: date) -> list[Change]:
    return [
        Change(
            kind=MovementKind.ADJUST, line_id=line_id, amount_fen=amount_fen, source=source, on=on
        )
        for line_id, amount_fen in amounts.items()
    ]


def same(there: C, is_same: bool) -> C:
    if not is_same:
        raise rules.ChangeAlreadyDiffers
    return there
