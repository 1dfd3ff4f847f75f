"""Each integrity query finds the tampering that it is for: the owner, with the triggers switched off."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import asyncpg
import pytest
from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make import meetings as make_meetings
from tests.make.acts import signed_act
from tests.make.ground import make_caller, new_id
from tests.make.ledger import credit, debit, entry, fill_cash, open_books
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.ledger.model import EntryKind, Reverse
from trustprop.meetings.model import Matter
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database

OCTOBER = datetime(2025, 10, 2, 4, 0, tzinfo=UTC)


@pytest.fixture
async def caller(database: Database) -> Caller:
    """Of books with nine entries, a reversal, a transfer, a sealed month and a payment."""
    caller = make_caller()
    charge = entry(debit("112101", 7, counterparty_id=new_id()), credit("4301", 7))
    payment = entry(
        debit("5106", 5), credit("100201", 5), kind=EntryKind.PAYMENT, on=date(2025, 10, 1)
    )
    async with database.begin(caller) as tx:
        await make_compounds.found_compound(tx, caller)
        resolution = await make_meetings.add_resolution(tx, caller, Matter.FUND_TRANSFER)
        act_id = await signed_act(
            tx, caller.compound_id, "payment-order", payment.entry_id, amount_fen=5
        )
        await open_books(tx, caller)
        for _ in range(4):
            await fill_cash(tx, caller, 500)
        await ledger.post(
            tx,
            caller,
            (
                charge,
                entry(debit("112101", 9, counterparty_id=new_id()), credit("4301", 9)),
                entry(
                    debit("3902", 50),
                    credit("100201", 50),
                    debit("100201", 50, "RS"),
                    credit("3901", 50, "RS"),
                    kind=EntryKind.TRANSFER,
                    resolution_id=resolution.resolution_id,
                ),
            ),
        )
        await ledger.reverse(
            tx,
            caller,
            Reverse(
                entry_id=charge.entry_id,
                reversal_id=new_id(),
                accounting_on=date(2025, 9, 12),
                memo="冲销",
            ),
        )
        later = replace(caller, at=OCTOBER)
        await ledger.close_period(tx, later, Period(2025, 9))
        await ledger.post(tx, later, (replace(payment, act_id=act_id),))
    return caller


@pytest.fixture
async def tampering(owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """The owner in a transaction that is rolled back, with every trigger off."""
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("SET LOCAL session_replication_role = replica")
    yield owner
    await transaction.rollback()


async def broken(connection: asyncpg.Connection, caller: Caller) -> set[str]:
    found = {
        name.removeprefix("ledger: "): await connection.fetch(sql)
        for name, sql in checks.queries().items()
        if name.startswith("ledger: ")
    }
    return {
        name
        for name, rows in found.items()
        if any(row["compound_id"] == caller.compound_id for row in rows)
    }


async def test_untouched_books_are_sound(tampering: asyncpg.Connection, caller: Caller) -> None:
    assert await broken(tampering, caller) == set()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE entry SET memo = '改' WHERE number = 2", {"leaf_hashes_are_those_of_their_entries"}),
        ("UPDATE entry SET memo_salt = '\\x00' WHERE number = 2", {"leaf_hashes_are_those_of_their_entries"}),
        ("UPDATE entry SET recorded_at = recorded_at + interval '1 microsecond' WHERE number = 2", {"leaf_hashes_are_those_of_their_entries"}),
        ("UPDATE entry SET evidence = ARRAY['\\xab'::bytea] WHERE number = 2", {"leaf_hashes_are_those_of_their_entries"}),
        ("UPDATE entry SET leaf_hash = sha256('x') WHERE number = 2", {"leaf_hashes_are_those_of_their_entries", "tree_nodes_are_those_of_their_children"}),
        ("UPDATE entry_line SET debit_fen = debit_fen + 1 WHERE number = 2 AND debit_fen > 0", {"entries_balance_in_every_fund", "balances_are_the_sums_of_their_lines", "turnovers_are_the_sums_of_their_lines", "leaf_hashes_are_those_of_their_entries"}),
        ("UPDATE entry_line SET scope = '9栋' WHERE number = 2 AND line = 1", {"leaf_hashes_are_those_of_their_entries"}),
        ("UPDATE entry_line SET counterparty_id = gen_random_uuid() WHERE number = 6 AND line = 1", {"leaf_hashes_are_those_of_their_entries", "subledgers_are_the_sums_of_their_lines"}),
        ("DELETE FROM entry_line WHERE number = 3 AND line = 2", {"entries_balance_in_every_fund", "entries_have_two_lines_numbered_from_one"}),
        ("DELETE FROM entry WHERE number = 3", {"numbers_are_gapless", "lines_belong_to_entries"}),
        ("DELETE FROM entry WHERE number = 9", {"numbers_are_gapless", "frontiers_are_the_peaks_of_their_trees"}),
        ("DELETE FROM books", {"entries_belong_to_books"}),
        ("UPDATE books SET frontier[1] = sha256('x')", {"frontiers_are_the_peaks_of_their_trees"}),
        ("UPDATE books SET closed_through = 202508", {"periods_close_in_order"}),
        ("UPDATE balance SET balance_fen = balance_fen + 1 WHERE account = '4301'", {"balances_are_the_sums_of_their_lines"}),
        ("DELETE FROM balance WHERE account = '5106'", {"balances_are_the_sums_of_their_lines"}),
        ("UPDATE balance SET balance_fen = -1 WHERE account = '100201' AND fund = 'OP'", {"nothing_is_below_zero_that_may_not_be"}),
        ("UPDATE balance SET balance_fen = 60 WHERE account = '3901'", {"no_restricted_fund_is_below_zero", "transfers_between_funds_cancel_out"}),
        ("UPDATE balance SET balance_fen = 10 WHERE account = '112101'", {"subledgers_add_up_to_their_account"}),
        ("UPDATE turnover SET debit_fen = debit_fen + 1 WHERE account = '4901'", {"turnovers_are_the_sums_of_their_lines", "sealed_balances_are_the_sums_of_their_lines"}),
        ("UPDATE subledger_balance SET balance_fen = -1 WHERE balance_fen = 9", {"no_counterparty_is_below_zero", "subledgers_are_the_sums_of_their_lines"}),
        ("UPDATE period_balance SET balance_fen = 1 WHERE account = '100201'", {"sealed_balances_are_the_sums_of_their_lines"}),
        ("UPDATE period SET tree_size = 7", {"closed_periods_took_no_entries"}),
        ("UPDATE period SET period = 202507", {"periods_close_in_order"}),
        ("UPDATE tree_node SET hash = sha256('x') WHERE level = 2 AND index = 0", {"tree_nodes_are_those_of_their_children"}),
        ("DELETE FROM tree_node WHERE level = 2 AND index = 0", {"tree_nodes_are_complete"}),
        ("UPDATE entry SET resolution_id = NULL, kind = 'voucher' WHERE number = 7", {"walls_are_crossed_by_resolutions_only"}),
        ("UPDATE entry SET act_id = gen_random_uuid() WHERE number = 9", {"payments_are_signed_by_two_persons_of_two_parties", "payments_take_out_what_was_signed"}),
        ("UPDATE act SET state = 'open', ended_at = NULL", {"payments_are_signed_by_two_persons_of_two_parties"}),
        ("DELETE FROM act_signature WHERE party = 'owners'", {"payments_are_signed_by_two_persons_of_two_parties"}),
        ("UPDATE act_signature SET party = 'trustee'", {"payments_are_signed_by_two_persons_of_two_parties"}),
        ("UPDATE entry_line SET debit_fen = 6 WHERE number = 9 AND debit_fen > 0", {"entries_balance_in_every_fund"}),
        ("UPDATE entry_line SET credit_fen = 6 WHERE number = 9 AND credit_fen > 0", {"payments_take_out_what_was_signed"}),
        ("UPDATE resolution_outcome SET state = 'rejected'", {"transfers_rest_on_confirmed_resolutions"}),
        ("UPDATE entry SET resolution_id = gen_random_uuid() WHERE number = 7", {"transfers_rest_on_confirmed_resolutions"}),
        ("UPDATE entry_line SET account = '4302' WHERE number = 8 AND line = 2", {"reversals_mirror_their_entries"}),
        ("UPDATE entry_line SET debit_fen = credit_fen, credit_fen = debit_fen WHERE number = 2", {"cash_leaves_by_acts_only"}),
    ],
)  # fmt: skip
async def test_tampering_is_found(
    tampering: asyncpg.Connection, caller: Caller, statement: str, found: set[str]
) -> None:
    head, where, condition = statement.partition(" WHERE ")
    await tampering.execute(
        f"{head} WHERE compound_id = '{caller.compound_id}'"
        + (f" AND {condition}" if where else "")
    )
    assert found <= await broken(tampering, caller)
