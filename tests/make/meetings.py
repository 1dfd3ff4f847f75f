"""Recorded decisions about the compound of 600 homes, which pass unless a test says otherwise."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.make import compounds as make_compounds
from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.compounds import service as compounds
from trustprop.compounds.model import WHOLE
from trustprop.evidence import store as evidence_shelf
from trustprop.evidence.model import File, MediaType
from trustprop.kernel.caller import Caller
from trustprop.meetings import rules, store
from trustprop.meetings.model import (
    Body,
    Figures,
    Matter,
    RecordResolution,
    Resolution,
    ResolutionState,
)
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Majority

HELD = date(2025, 6, 21)
LISTED = date(2025, 1, 1)
MINUTES = "ab" * 32


def figures(**changes: int) -> Figures:
    """All 563 heads and 59,220.00 m², 400 heads taking part, 310 for."""
    values = {
        "total_area_dm2": 5_922_000,
        "total_heads": 563,
        "participating_area_dm2": 4_000_000,
        "participating_heads": 400,
        "for_area_dm2": 3_100_000,
        "for_heads": 310,
    }
    return Figures(**(values | changes))


def record_command(matter: Matter = Matter.BUDGET, **changes: Any) -> RecordResolution:
    values: dict[str, Any] = {
        "id": new_id(),
        "act_id": new_id(),
        "expires_at": SEPTEMBER + timedelta(days=30),
        "matter": matter,
        "title": "2025 年度开放式预算",
        "decision": "同意 2025 年度开放式预算。",
        "record_on": date(2025, 6, 1),
        "held_on": HELD,
        "valid_from": date(2025, 6, 24),
        "figures": figures(),
        "minutes": (MINUTES,),
    }
    return RecordResolution(**(values | changes))


async def add_minutes(tx: Tx, compound_id: UUID, sha256: str = MINUTES) -> None:
    """The row of a file among the evidence; its bytes play no part here."""
    file = File(
        sha256=sha256,
        size=1,
        media_type=MediaType.PDF,
        name="会议记录.pdf",
        uploaded_by=new_id(),
        uploaded_at=SEPTEMBER,
    )
    await evidence_shelf.add(tx, compound_id, file)


async def add_compound_k(tx: Tx, caller: Caller) -> None:
    """Founded, with its 600 homes on the roll since January and minutes among the evidence."""
    await make_compounds.found_compound(tx, caller)
    keeper = make_caller(compound_id=caller.compound_id)
    await compounds.import_homes(tx, keeper, make_compounds.compound_k(), LISTED)
    await add_minutes(tx, caller.compound_id)


def resolution(matter: Matter = Matter.BUDGET, **changes: Any) -> Resolution:
    values: dict[str, Any] = {
        "resolution_id": new_id(),
        "act_id": new_id(),
        "number": "2025-001",
        "matter": matter,
        "majority": Majority.SPECIAL,
        "legal_basis": "民法典 278(1)(9)",
        "decided_by": Body.ASSEMBLY,
        "scope": WHOLE,
        "subject_id": None,
        "title": "决议",
        "decision": "同意。",
        "record_on": date(2025, 6, 1),
        "held_on": HELD,
        "valid_from": date(2025, 6, 24),
        "valid_until": None,
        "figures": figures(),
        "tally": rules.tally_of(figures(), Body.ASSEMBLY, Majority.SPECIAL),
        "minutes": (MINUTES,),
        "recorded_at": SEPTEMBER,
        "state": ResolutionState.CONFIRMED,
    }
    return Resolution(**(values | changes))


async def add_resolution(
    tx: Tx, caller: Caller, matter: Matter, subject_id: UUID | None = None, **changes: Any
) -> Resolution:
    """A confirmed resolution of an existing compound, for houses that stand on one."""
    serial = await store.next_serial(tx, caller.compound_id, HELD.year)
    made = resolution(
        matter, subject_id=subject_id, number=store.number(HELD.year, serial), **changes
    )
    await store.add(tx, caller.compound_id, made)
    if made.state is not ResolutionState.RECORDED:
        await store.add_outcome(tx, caller, made.resolution_id, made.state, made.act_id)
    return made
