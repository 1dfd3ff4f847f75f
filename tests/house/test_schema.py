"""Tables say what the migrations made, and every tenant table is isolated."""

import asyncpg

from trustprop.plumbing import migrations


def test_tables_equal_migrations(owner_url: str) -> None:
    migrations.check(owner_url)


async def test_every_table_with_a_compound_is_isolated(owner: asyncpg.Connection) -> None:
    open_tables = await owner.fetch("""
        SELECT c.relname FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'compound_id' AND NOT a.attisdropped
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
        WHERE c.relkind = 'r' AND c.relname NOT IN ('person_session', 'api_key')
          AND (NOT c.relrowsecurity OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
    """)
    assert [row["relname"] for row in open_tables] == []


async def test_compound_id_leads_every_key_of_a_compounds_data(owner: asyncpg.Connection) -> None:
    wrong = await owner.fetch("""
        SELECT k.conrelid::regclass::text AS "table", k.conname FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attname = 'compound_id'
        JOIN pg_class c ON c.oid = k.conrelid AND c.relrowsecurity
        WHERE k.contype IN ('p', 'f') AND k.conkey[1] <> a.attnum
    """)
    assert [tuple(row) for row in wrong] == []


async def test_the_serving_role_owns_nothing_and_bypasses_nothing(
    owner: asyncpg.Connection,
) -> None:
    role = await owner.fetchrow("SELECT * FROM pg_roles WHERE rolname = 'trustprop_serving'")
    assert not any((role["rolsuper"], role["rolbypassrls"], role["rolcreaterole"]))
    owned = await owner.fetchval(
        "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = 'trustprop_serving')"
    )
    assert owned == 0
