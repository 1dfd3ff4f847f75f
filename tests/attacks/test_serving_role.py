"""What the role that serves requests may do to the books: call four functions, and no more.

Each refusal is PostgreSQL's own. The control is the owner of the schema, whom only the triggers stop.
"""

import asyncpg
import pytest

from tests.attacks.conftest import attempt, in_compound
from tests.make.ground import new_id
from tests.played import PlayedMonth
from trustprop.demo.stage import Stage

pytestmark = pytest.mark.xdist_group("month")

JOURNAL = (
    "books",
    "entry",
    "entry_line",
    "tree_node",
    "balance",
    "turnover",
    "subledger_balance",
    "period",
    "period_balance",
)
"""Not even INSERT: the functions of the journal write them."""
WRITTEN_ONCE = (
    "act_version",
    "act_signature",
    "resolution",
    "resolution_outcome",
    "statement",
    "statement_print",
    "erratum",
    "payment_policy",
    "line_movement",
    "invoice_event",
    "invoice_line",
    "bank_statement",
    "bank_match",
    "receipt",
    "allocation",
    "governing_text",
    "clause",
    "trust_instrument",
    "file",
    "file_upload",
)
FORGOTTEN = {
    "idempotency_key": "kept for thirty days",
    "invitation": "used up by an appointment",
    "budget_line": "of a draft; one in force is held by its control row",
    "budget_income": "of a draft",
    "invoice_claim": "let go by an invoice that ended",
    "sign_in_failure": "ended by a good sign-in",
    "pgqueuer": "the queue's own",
    "pgqueuer_log": "the queue's own",
    "pgqueuer_schedules": "the queue's own",
    "pgqueuer_statistics": "the queue's own",
}
"""The only tables that the serving role may delete from, and why."""
DENIED = "InsufficientPrivilegeError"
DEFINERS = {
    "ballot_check": "a trigger",
    "vote_check": "a trigger",
    "vote_open_to_events": "a trigger",
    "books_health": "two facts over all compounds, no rows",
    "find_api_key": "by its full hash, which only its holder knows",
    "free_invoice_number": "of an ended invoice of the session's compound",
    "compounds_with_duties": "the ids of compounds with something due, no rows",
    "ledger_check_lines": "a trigger",
    "ledger_check_witnesses": "a trigger",
    "ledger_close_period": "checks the session's compound",
    "ledger_lock": "checks the session's compound",
    "ledger_open_books": "checks the session's compound",
    "ledger_post": "checks the session's compound",
    "ledger_post_pair": "checks the session's compound",
}
"""Every function that runs with more rights than its caller, and why that is no hole."""


async def test_the_journal_takes_nothing_from_the_serving_role(
    month: PlayedMonth, serving: asyncpg.Connection, copy: asyncpg.Connection
) -> None:
    await in_compound(serving, month.compound_id)
    for table in JOURNAL:
        row = await copy.fetchval(
            f"SELECT to_jsonb(t)::text FROM {table} t WHERE compound_id = $1 LIMIT 1",
            month.compound_id,
        )
        insert = f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, CAST($1 AS jsonb))).*"
        assert await attempt(serving, insert, row) == DENIED, table
        for command in (
            f"UPDATE {table} SET compound_id = compound_id",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"LOCK TABLE {table} IN EXCLUSIVE MODE",
        ):
            assert await attempt(serving, command) == DENIED, command
    assert await serving.fetchval("SELECT count(*) FROM entry") > 1000, "a control: it reads them"


@pytest.mark.parametrize("table", WRITTEN_ONCE)
async def test_what_was_written_once_is_not_written_again(
    table: str, month: PlayedMonth, serving: asyncpg.Connection, copy: asyncpg.Connection
) -> None:
    await in_compound(serving, month.compound_id)
    for command in (
        f"UPDATE {table} SET compound_id = compound_id",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        assert await attempt(serving, command) == DENIED, command
    if await copy.fetchval(f"SELECT count(*) FROM {table}"):
        for command in (f"UPDATE {table} SET compound_id = compound_id", f"DELETE FROM {table}"):
            assert await attempt(copy, command) == "RestrictViolationError", command
    assert await attempt(copy, f"TRUNCATE {table} CASCADE") == "RestrictViolationError"


async def test_nothing_can_be_deleted_but_what_is_meant_to_be_forgotten(
    copy: asyncpg.Connection,
) -> None:
    rows = await copy.fetch("""
        SELECT relname, has_table_privilege('trustprop_serving', oid, 'DELETE') AS can_delete,
            has_table_privilege('trustprop_serving', oid, 'TRUNCATE') AS can_truncate,
            has_table_privilege('trustprop_serving', oid, 'TRIGGER') AS can_trigger,
            has_table_privilege('trustprop_serving', oid, 'REFERENCES') AS can_refer
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    """)
    assert {row["relname"] for row in rows if row["can_delete"]} == set(FORGOTTEN)
    for right in ("can_truncate", "can_trigger", "can_refer"):
        assert [row["relname"] for row in rows if row[right]] == [], right


@pytest.mark.parametrize(
    "command",
    [
        "CREATE TABLE mine (x integer)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION current_compound_id() RETURNS uuid LANGUAGE sql AS 'SELECT NULL'",
        "CREATE TRIGGER mine BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "CREATE POLICY mine ON entry USING (true)",
        "CREATE RULE mine AS ON INSERT TO vendor DO INSTEAD NOTHING",
        "DROP POLICY tenant ON entry",
        "DROP TRIGGER entry_append_only ON entry",
        "DROP TABLE entry",
        "ALTER TABLE entry DISABLE TRIGGER ALL",
        "ALTER TABLE act DISABLE TRIGGER act_witness",
        "ALTER TABLE entry DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE entry OWNER TO trustprop_serving",
        "ALTER TABLE act DROP CONSTRAINT ck_act_state",
        "ALTER ROLE trustprop_serving SUPERUSER",
        "ALTER ROLE trustprop_serving BYPASSRLS",
        "GRANT postgres TO trustprop_serving",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "SET session_replication_role = replica",
        "SET LOCAL session_replication_role = replica",
        "COPY entry TO PROGRAM 'cat'",
        "COPY vendor FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT * FROM pg_authid",
        "SELECT * FROM invoice_number",
        "INSERT INTO operator_key SELECT * FROM operator_key",
        "UPDATE operator_key SET revoked_at = NULL",
        "SELECT setval('pgqueuer_id_seq', 1)",
    ],
)
async def test_no_right_can_be_taken(
    command: str, month: PlayedMonth, serving: asyncpg.Connection
) -> None:
    await in_compound(serving, month.compound_id)
    assert await attempt(serving, command) == DENIED


async def test_rights_on_the_journal_cannot_be_granted_to_oneself(
    month: PlayedMonth, serving: asyncpg.Connection
) -> None:
    """PostgreSQL answers GRANT with a warning and grants nothing."""
    await in_compound(serving, month.compound_id)
    await attempt(serving, "GRANT ALL ON ALL TABLES IN SCHEMA public TO trustprop_serving")
    for table in JOURNAL:
        for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            assert not await serving.fetchval("SELECT has_table_privilege($1, $2)", table, right)


async def test_row_security_cannot_be_switched_off(
    month: PlayedMonth, second: Stage, serving: asyncpg.Connection
) -> None:
    """The setting turns filtering into a refusal; it shows nothing."""
    await in_compound(serving, second.compound_id)
    await serving.execute("SET LOCAL row_security = off")
    assert await attempt(serving, "SELECT * FROM entry") == DENIED


async def test_every_function_with_more_rights_is_known(copy: asyncpg.Connection) -> None:
    rows = await copy.fetch("""
        SELECT proname, proconfig, has_function_privilege('trustprop_serving', oid, 'EXECUTE') AS runs
        FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace
    """)
    assert {row["proname"] for row in rows} == set(DEFINERS)
    for row in rows:
        assert any("search_path=" in setting for setting in row["proconfig"]), row["proname"]


async def test_the_functions_of_the_books_serve_the_sessions_compound_only(
    month: PlayedMonth, second: Stage, serving: asyncpg.Connection, copy: asyncpg.Connection
) -> None:
    await in_compound(serving, second.compound_id)
    victim = month.compound_id
    posts = []
    for name in ("ledger_post", "ledger_post_pair"):
        arguments = await copy.fetchval("SELECT pronargs FROM pg_proc WHERE proname = $1", name)
        posts.append(f"SELECT * FROM {name}('{victim}', {', '.join(['NULL'] * (arguments - 1))})")
    for call in (
        f"SELECT * FROM ledger_lock('{victim}')",
        f"SELECT ledger_open_books('{victim}', '2025-10-01')",
        f"SELECT * FROM ledger_close_period('{victim}', 202510, '2026-01-01T00:00:00Z')",
        *posts,
    ):
        assert await attempt(serving, call) == DENIED, call
    await in_compound(serving, victim)
    own = await attempt(serving, f"SELECT * FROM ledger_lock('{victim}')")
    assert own == "SELECT 1", "a control: in its own compound the session may"


async def test_the_inner_functions_of_the_books_move_nothing(
    month: PlayedMonth, serving: asyncpg.Connection
) -> None:
    """Without the outer one they have the caller's rights, which are none."""
    await in_compound(serving, month.compound_id)
    call = (
        f"SELECT ledger_move_subledgers('{month.compound_id}', ARRAY['112101'], ARRAY['OP'], "
        f"ARRAY[CAST(100 AS bigint)], ARRAY[CAST('{new_id()}' AS uuid)])"
    )
    assert await attempt(serving, call) == DENIED


async def test_tables_of_ones_own_do_not_mislead_the_functions(
    month: PlayedMonth, second: Stage, serving: asyncpg.Connection
) -> None:
    """A temporary ``books`` in the way of the real one is not looked at."""
    await in_compound(serving, month.compound_id)
    real = await serving.fetchrow("SELECT * FROM ledger_lock($1)", month.compound_id)
    await attempt(serving, "CREATE TEMP TABLE books (LIKE public.books)")
    await attempt(
        serving,
        "INSERT INTO pg_temp.books VALUES ($1, 0, '{}', '2025-10-01', 0)",
        month.compound_id,
    )
    found = await serving.fetchrow("SELECT * FROM ledger_lock($1)", month.compound_id)
    assert found == real


async def test_an_act_is_not_signed_by_an_update(
    month: PlayedMonth, serving: asyncpg.Connection
) -> None:
    """The trigger counts the signatures; an act that has ended stays so."""
    await in_compound(serving, month.compound_id)
    act_id = new_id()
    await serving.execute(
        "INSERT INTO act (compound_id, act_id, kind, subject_id, state, version, drafted_at, reason) "
        "VALUES ($1, $2, 'payment-order', $2, 'open', 1, '2025-10-08', '')",
        month.compound_id,
        act_id,
    )
    sign = "UPDATE act SET state = 'signed', ended_at = '2025-10-08' WHERE act_id = $1"
    assert await attempt(serving, sign, act_id) == "RestrictViolationError"
    reopen = "UPDATE act SET state = 'open', ended_at = NULL WHERE state = 'signed'"
    assert await attempt(serving, reopen) == "RestrictViolationError"
    born = (
        "INSERT INTO act (compound_id, act_id, kind, subject_id, state, version, drafted_at, ended_at, "
        "reason) VALUES ($1, $2, 'payment-order', $2, 'signed', 1, '2025-10-08', '2025-10-08', '')"
    )
    assert await attempt(serving, born, month.compound_id, new_id()) == "RestrictViolationError"
