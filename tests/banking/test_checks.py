"""The integrity checks of billing and banking: silent after a month, loud after tampering."""

import re
from datetime import date
from pathlib import Path

import pytest

import trustprop
from tests.make import banking as make
from tests.make import billing as make_billing
from tests.make.banking import read_line
from tests.make.ground import new_id
from trustprop.banking import service
from trustprop.banking.model import BookUnidentified, LineState
from trustprop.billing import service as billing
from trustprop.billing.model import ChargeKind, RunCharges
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.plumbing.database import Tx

HOUSES = ("billing", "banking")


def checks() -> dict[str, str]:
    """Every named query of both houses."""
    folder = Path(trustprop.__file__).parent
    text = "\n".join(
        (folder / house / "checks.sql").read_text(encoding="utf-8") for house in HOUSES
    )
    parts = re.split(r"(?m)^-- name: (\w+)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


async def found(tx: Tx) -> set[str]:
    """The names of the checks that return rows."""
    return {name for name, query in checks().items() if await tx.raw.fetch(query.split(";")[0])}


@pytest.fixture
async def busy(tx: Tx, caller: Caller, tmp_path: Path) -> Tx:
    homes = await make_billing.open_compound(tx, caller)
    run = RunCharges(id=new_id(), period="2025-09", kind=ChargeKind.PROPERTY_FEE)
    await billing.run_charges(tx, caller, run)
    receipts = (make_billing.receipt(home.home_id, 30_000) for home in homes[:3])
    await billing.receive(tx, caller, make_billing.receive(*receipts))
    lines = [read_line(25_060, date(2025, 9, 24)), read_line(-100, date(2025, 9, 25))]
    await make.bring(tx, caller, tmp_path, make.ccb(lines, 1_000_000))
    (waiting,) = await service.lines(
        tx, caller, account=None, state=LineState.UNMATCHED, limit=10, after=None
    )
    await service.book_unidentified(
        tx, caller, waiting.line_id, BookUnidentified(entry_id=new_id())
    )
    return tx


async def test_a_busy_month_leaves_every_check_silent(busy: Tx):
    assert len(checks()) == 14
    assert await found(busy) == set()


@pytest.mark.parametrize(
    ("tampering", "name"),
    [
        (
            "UPDATE charge SET settled_fen = settled_fen + 1 WHERE settled_fen = 0",
            "charges_are_settled_by_their_allocations",
        ),
        (
            "UPDATE charge SET settled_fen = settled_fen + 1 WHERE settled_fen = 0",
            "homes_owe_what_their_sub_ledger_says",
        ),
        (
            "UPDATE bank_line SET state = 'unmatched' WHERE state = 'matched'",
            "matched_lines_are_the_sums_of_their_matches",
        ),
        (
            "UPDATE alarm SET state = 'cleared', cleared_at = raised_at",
            "alarming_lines_have_an_open_alarm",
        ),
    ],
)
async def test_tampering_is_found(busy: Tx, tampering: str, name: str):
    await busy.raw.execute(tampering)
    assert name in await found(busy)


async def test_a_seal_that_says_something_else_than_the_journal_is_found(busy: Tx, caller: Caller):
    """Both witnesses of a seal: what its books add up to, and that it names whatever was open."""
    await service.seal(busy, caller, "100201", Period(2025, 9))
    assert await found(busy) == set()
    wrong = "INSERT INTO sealed_reconciliation SELECT compound_id, account, 202510, bank_fen, "
    await busy.raw.execute(
        f"{wrong} books_fen + 1, open_lines, '{{}}', sealed_at FROM sealed_reconciliation"
    )
    assert await found(busy) == {
        "sealed_reconciliations_hold_what_the_journal_adds_up_to",
        "the_last_seal_names_every_line_and_entry_that_was_open",
    }
