"""Offline verification: every leaf hashed again and the root of all, on one core."""

import time
from datetime import UTC, date, datetime

from benchmarks.ground import RUNS, Ground, Result, result, say
from tests.make.ground import new_id
from trustprop.kernel import merkle
from trustprop.ledger.model import AttestedEntry, AttestedLine, EntryKind, Source
from trustprop.ledger.rules import leaf

ENTRIES = 100_000


async def verification(ground: Ground) -> list[Result]:
    compound_id = new_id()
    entries = [_entry() for _ in range(ground.options.count(ENTRIES, 20_000))]
    rates = []
    for _ in range(RUNS):
        started = time.perf_counter()
        merkle.root([leaf.entry_leaf(compound_id, entry) for entry in entries])
        rates.append(len(entries) / (time.perf_counter() - started))
    say(f"  {rates}")
    return [
        result(
            "verify",
            "offline verification, leaf hashes and root, one core",
            "entries/s",
            tuple(rates),
            at_least=60_000.0,
        )
    ]


def _entry() -> AttestedEntry:
    identity = new_id()
    return AttestedEntry(
        entry_id=identity,
        recorded_at=datetime(2025, 9, 15, 4, tzinfo=UTC),
        accounting_on=date(2025, 9, 15),
        memo_commitment="ab" * 32,
        kind=EntryKind.CHARGE,
        source=Source(kind="charge", id=identity),
        lines=(
            _line("112101", 26_730, commitment="cd" * 32),
            _line("4301", -26_730),
        ),
    )


def _line(account: str, signed_fen: int, commitment: str = "") -> AttestedLine:
    return AttestedLine(
        account=account,
        fund="OP",
        signed_fen=signed_fen,
        counterparty_commitment=commitment,
        scope="3",
    )
