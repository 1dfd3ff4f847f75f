"""The books' own witness at commit: a counted decision opens a transfer, an expired one opens none."""

from datetime import date, timedelta

import asyncpg
import pytest

from tests.make import assemblies as make
from tests.make import ledger as make_ledger
from tests.make import meetings as make_meetings
from tests.make.ground import SEPTEMBER
from tests.make.ledger import credit, debit, entry
from trustprop.kernel.caller import Caller
from trustprop.ledger import service as ledger
from trustprop.ledger.model import EntryKind
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault


async def transfer(tx: Tx, caller: Caller, resolution_id: object, on: date) -> None:
    """Posts it, and lets the deferred witnesses look at once, as a commit does."""
    moved = entry(
        debit("3902", 50, "OP"),
        credit("100201", 50, "OP"),
        debit("100201", 50, "RS"),
        credit("3901", 50, "RS"),
        kind=EntryKind.TRANSFER,
        resolution_id=resolution_id,
        on=on,
    )
    await ledger.post(tx, caller, (moved,))
    await tx.raw.execute("SET CONSTRAINTS entry_witnesses IMMEDIATE")


async def test_a_counted_decision_is_as_good_as_a_recorded_one(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    (made,) = await make.in_effect(tx, assembly, vault, make.motion_command(Matter.FUND_TRANSFER))
    caller = make.at(assembly.manager, make.POSTED)
    await make_ledger.open_books(tx, make.at(caller, SEPTEMBER))
    await make_ledger.fill_cash(tx, caller, 500)
    await transfer(tx, caller, made.resolution_id, date(2025, 11, 6))


@pytest.mark.parametrize(("valid_until", "is_open"), [(0, True), (-1, False)])
async def test_an_expired_decision_moves_nothing_whatever_a_house_believes(
    tx: Tx, caller: Caller, valid_until: int, is_open: bool
) -> None:
    await make_meetings.add_compound_k(tx, caller)
    await make_ledger.open_books(tx, caller)
    await make_ledger.fill_cash(tx, caller, 500)
    until = date(2025, 9, 15) + timedelta(days=valid_until)
    decision = await make_meetings.add_resolution(
        tx, caller, Matter.FUND_TRANSFER, valid_until=until
    )
    if is_open:
        await transfer(tx, caller, decision.resolution_id, date(2025, 9, 15))
    else:
        with pytest.raises(asyncpg.RestrictViolationError, match="no resolution in force"):
            await transfer(tx, caller, decision.resolution_id, date(2025, 9, 15))
