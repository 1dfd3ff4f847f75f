"""The sample month, entry by entry: every closing balance equals the file's, to the fen."""

import json
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from tests.make.acts import signed_act
from tests.make.compounds import found_compound
from tests.make.ledger import entry, open_books
from tests.make.meetings import add_resolution
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import rules
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry, EntryKind, Posting, Side, is_cash
from trustprop.meetings.model import Matter
from trustprop.plumbing import checks
from trustprop.plumbing.database import Tx

MONTH = json.loads(files("trustprop.demo").joinpath("month-2025-09.json").read_bytes())
OCTOBER = datetime(2025, 10, 8, 4, 0, tzinfo=UTC)
SOMEBODY = UUID("01890000-0000-7000-8000-0000000000aa")
SUBLEDGERS = {one.code for one in rules.default_accounts() if one.keeps_subledger}


def posting(account: str, fund: str, signed_fen: int) -> Posting:
    return Posting(
        account=account,
        fund=fund,
        side=Side.DEBIT if signed_fen > 0 else Side.CREDIT,
        amount_fen=abs(signed_fen),
        counterparty_id=SOMEBODY if account in SUBLEDGERS else None,
    )


def opening() -> Entry:
    lines = (
        posting(*key.split("/"), fen)  # type: ignore[call-arg]
        for key, fen in MONTH["opening"].items()
        if fen
    )
    return entry(*lines, kind=EntryKind.OPENING, on=date(2025, 8, 31))


def of_month(row: dict[str, Any]) -> Entry:
    lines = tuple(
        posting(line["account"], line["fund"], line["debit_fen"] - line["credit_fen"])
        for line in row["lines"]
    )
    kind = EntryKind.VOUCHER
    if "双签" in row["memo"] or row["no"] in (18, 20):
        kind = EntryKind.PAYMENT
    elif any(line.account == "3902" for line in lines):
        kind = EntryKind.TRANSFER
    day = int(row["date"].partition("..")[0][3:])
    return entry(
        *lines,
        kind=kind,
        on=date(2025, 9, day),
        memo=row["memo"],
    )


async def post(tx: Tx, caller: Caller, one: Entry) -> None:
    """With an act or a resolution behind it, where it needs one."""
    if one.kind is EntryKind.OPENING:
        one = replace(
            one, act_id=await signed_act(tx, caller.compound_id, "opening-balances", one.entry_id)
        )
    elif one.kind is EntryKind.PAYMENT:
        paid_fen = -sum(line.signed_fen for line in one.lines if is_cash(line.account))
        act_id = await signed_act(
            tx, caller.compound_id, "payment-order", one.entry_id, amount_fen=paid_fen
        )
        one = replace(one, act_id=act_id)
    elif one.kind is EntryKind.TRANSFER:
        resolution = await add_resolution(tx, caller, Matter.FUND_TRANSFER)
        one = replace(one, resolution_id=resolution.resolution_id)
    await ledger.post(tx, caller, (one,))


async def test_the_sample_month_closes_to_the_fen(tx: Tx, caller: Caller) -> None:
    later = replace(caller, at=OCTOBER)
    await found_compound(tx, caller)
    await open_books(tx, caller, opened_on=date(2025, 8, 31))
    await post(tx, later, opening())
    august = await ledger.close_period(tx, later, Period(2025, 8))
    for row in MONTH["journal"]:
        await post(tx, later, of_month(row))
    september = await ledger.close_period(tx, later, Period(2025, 9))
    assert (august.tree_size, september.tree_size) == (1, 45)
    closing = {key: fen for key, fen in MONTH["closing"].items() if fen}
    found = await ledger.balances(tx, caller.compound_id)
    assert {f"{one.account}/{one.fund}": one.balance_fen for one in found} == closing
    trial = await ledger.trial_balance(tx, caller.compound_id, Period(2025, 9))
    shown = {f"{line.account}/{line.fund}": line for line in trial.lines}
    assert {key: line.closing_fen for key, line in shown.items() if line.closing_fen} == closing
    opened = {key: fen for key, fen in MONTH["opening"].items() if fen}
    assert {key: line.opening_fen for key, line in shown.items() if line.opening_fen} == opened
    for name, sql in checks.queries().items():
        if name.startswith("ledger: "):
            assert await tx.raw.fetch(sql) == [], name
    await tx.raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
