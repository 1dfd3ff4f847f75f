"""The integrity queries: silent over good books, and each finds what it is named for."""

import asyncpg
import pytest

from tests.make import paying
from tests.make.budgets import line_draft
from tests.make.ground import make_caller
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database

HOUSE = "disbursements: "
OF_COMPOUND = "WHERE compound_id = $1"
TAMPERING = {
    "every_released_order_is_signed_by_as_many_of_each_side_as_its_act_demands": (
        "DELETE FROM act_signature WHERE compound_id = $1 AND party = 'owners'"
    ),
    "what_was_signed_is_the_order_to_the_last_value": (
        f"UPDATE payment_order SET body = jsonb_set(body, '{{purpose}}', '\"x\"') {OF_COMPOUND}"
    ),
    "the_columns_of_an_order_say_what_its_body_says": (
        f"UPDATE payment_order SET amount_fen = amount_fen + 1 {OF_COMPOUND}"
    ),
    "what_an_act_demands_follows_from_the_policy_it_was_drawn_up_under": (
        f"UPDATE payment_order SET policy_version = 7 {OF_COMPOUND}"
    ),
    "every_released_order_has_one_entry_of_its_amount_out_of_its_bank_account": (
        "UPDATE entry_line SET credit_fen = credit_fen - 1 "
        "WHERE compound_id = $1 AND account = '100201' AND credit_fen > 0"
    ),
    "every_payment_in_the_books_is_a_released_order": (
        "UPDATE payment_order SET state = 'withdrawn', released_at = NULL, number = NULL, "
        f"number_year = NULL {OF_COMPOUND}"
    ),
    "a_returned_order_and_only_it_has_its_entry_reversed": (
        f"UPDATE payment_order SET state = 'returned' {OF_COMPOUND}"
    ),
    "order_numbers_are_gapless_in_each_year": (
        f"UPDATE payment_order SET number = number + 10 {OF_COMPOUND}"
    ),
    "a_large_payment_was_published_before_it_was_made": (
        "UPDATE payment_order SET body = "
        f"jsonb_set(body, '{{published_on}}', '\"2025-09-15\"') {OF_COMPOUND}"
    ),
    "refunds_of_an_order_sum_to_what_it_says": (
        f"UPDATE payment_order SET refunded_fen = 1 {OF_COMPOUND}"
    ),
    "no_invoice_is_paid_by_two_orders": (
        "INSERT INTO order_invoice SELECT compound_id, order_id, compound_id, 1, true "
        "FROM payment_order WHERE compound_id = $1"
    ),
    "a_bank_file_carries_what_it_says": (
        "INSERT INTO bank_file VALUES ($1, $1, '100201', 3, 1, '', '', $1, now())"
    ),
}


@pytest.fixture
async def compound_id(database: Database):
    """A compound that has paid its tax and its payroll."""
    caller = make_caller()
    async with database.begin(caller) as tx:
        payers = await paying.make_payers(tx, caller.compound_id)
        line = line_draft("5101", 5_000_000)
        await paying.add_budget(tx, caller, line)
        await paying.pay(tx, payers)
        await paying.pay(tx, payers, paying.expense(line))
    return caller.compound_id


async def found(owner: asyncpg.Connection, name: str, compound_id) -> int:
    rows = await owner.fetch(checks.queries()[HOUSE + name])
    return sum(row["compound_id"] == compound_id for row in rows)


async def test_good_books_break_nothing(owner: asyncpg.Connection, compound_id) -> None:
    names = [name for name in checks.queries() if name.startswith(HOUSE)]
    counts = {name: await found(owner, name.removeprefix(HOUSE), compound_id) for name in names}
    assert len(names) >= len(TAMPERING)
    assert set(counts.values()) == {0}, counts


@pytest.mark.parametrize("name", TAMPERING)
async def test_what_the_owner_of_the_database_tampers_with_is_found(
    owner: asyncpg.Connection, compound_id, name: str
) -> None:
    tampering = owner.transaction()
    await tampering.start()
    try:
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("DROP INDEX uq_order_invoice_held")
        await owner.execute(TAMPERING[name], compound_id)
        assert await found(owner, name, compound_id) >= 1
    finally:
        await tampering.rollback()
