"""Another compound's ids, given to every route of one's own; and the tables themselves.

The attackers hold every office of a compound of their own. What they know of the victim is real: ids
of every table of a played month, and its very requests. Nothing is seen and nothing is changed,
neither there nor here, which is proved by a checksum over every row of every table.
"""

import asyncpg
import pytest

from tests.attacks.conftest import Rehearsed, Service, attempt, in_compound, serve
from tests.attacks.routes import addresses, ids_of, routes
from tests.conftest import with_database
from tests.make.ground import new_id
from tests.played import PlayedMonth
from trustprop.demo.stage import Stage
from trustprop.plumbing import checks

pytestmark = pytest.mark.xdist_group("month")

NOT_FOR_IDS = {"period", "account", "code", "number", "version", "fund"}


async def tenant_tables(owner: asyncpg.Connection) -> list[str]:
    found = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity ORDER BY 1"
    )
    return [row["relname"] for row in found]


async def checksums(owner: asyncpg.Connection, compound_id: str) -> dict[str, tuple[int, str]]:
    """Of every table, how many rows the compound has and a hash over all of them.

    But for the answers kept for retries, which belong to whoever asked.
    """
    found = {}
    for table in await tenant_tables(owner):
        row = await owner.fetchrow(
            f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "
            f"FROM {table} t WHERE compound_id = $1",
            compound_id,
        )
        found[table] = (row[0], row[1])
    found.pop("idempotency_key")
    return found


async def test_a_list_filtered_by_another_compounds_ids_is_empty(
    month: PlayedMonth, second: Stage, service: Service, copy: asyncpg.Connection
) -> None:
    ids = await ids_of(copy, month.compound_id)
    asked, wrong = 0, []
    for route in routes(service.app):
        if route.method != "GET" or not route.is_of_a_compound or route.parameters:
            continue
        for parameter in route.query:
            for value in ids.get(parameter["name"], ()):
                asked += 1
                answer = await service.ask(
                    "GET",
                    route.path.replace("{compound_id}", second.compound_id),
                    second.manager.token,
                    params={parameter["name"]: value},
                )
                seen = answer.json().get("data") if answer.is_success else None
                if seen:
                    wrong.append(f"{answer.url}: {answer.text[:200]}")
                assert answer.status_code < 500, answer.text
    assert asked > 5
    assert wrong == []


async def test_the_requests_of_another_compound_touch_only_ones_own(
    month: PlayedMonth, second: Stage, service: Service, copy: asyncpg.Connection
) -> None:
    """Every POST of the month once more, word for word, by the same offices of another compound."""
    people = {person.name: person for person in second.people}
    before = await checksums(copy, month.compound_id)
    taken = refused = 0
    for asked in month.asked:
        person = people.get(asked.name, second.manager)
        path = asked.path
        if path.startswith("/v1"):
            continue
        answer = await service.ask(
            "POST", f"/v1/compounds/{second.compound_id}{path}", person.token, asked.body
        )
        assert answer.status_code < 500, answer.text
        taken, refused = taken + answer.is_success, refused + (not answer.is_success)
    assert taken > 5
    assert refused > 100
    assert before == await checksums(copy, month.compound_id)
    broken = {name: rows for name, rows in (await checks.run(copy)).items() if rows}
    assert broken == {}


# -- the tables ----------------------------------------------------------------------------------


async def columns_of(owner: asyncpg.Connection, table: str) -> list[str]:
    found = await owner.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = CAST($1 AS regclass) "
        "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        table,
    )
    return [row["attname"] for row in found]


@pytest.mark.parametrize("session", ["another compound", "no compound", "nonsense"])
async def test_no_table_shows_or_takes_a_row_of_another_compound(
    session: str,
    month: PlayedMonth,
    second: Stage,
    serving: asyncpg.Connection,
    copy: asyncpg.Connection,
) -> None:
    victim = month.compound_id
    if session == "another compound":
        await in_compound(serving, second.compound_id)
    elif session == "nonsense":
        await in_compound(serving, new_id())
    held = await checksums(copy, victim)
    tables = await tenant_tables(copy)
    assert len(tables) > 60
    assert sum(held[table][0] > 0 for table in held) > 45, "the month filled most tables"
    for table in tables:
        seen = await serving.fetchval(
            f"SELECT count(*) FROM {table} WHERE compound_id = $1", victim
        )
        assert seen == 0, table
        if session == "no compound":
            assert await serving.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        for column in await columns_of(copy, table):
            done = await attempt(
                serving,
                f"UPDATE {table} SET {column} = {column} WHERE compound_id = $1",
                victim,
            )
            assert done in {"UPDATE 0", "InsufficientPrivilegeError"}, (table, column, done)
        done = await attempt(serving, f"DELETE FROM {table} WHERE compound_id = $1", victim)
        assert done in {"DELETE 0", "InsufficientPrivilegeError"}, (table, done)


async def test_no_table_takes_a_new_row_for_another_compound(
    month: PlayedMonth, second: Stage, serving: asyncpg.Connection, copy: asyncpg.Connection
) -> None:
    """A row of the victim's own, offered again by the attacker: the policy refuses, not the key."""
    refused = 0
    for table in await tenant_tables(copy):
        columns = ", ".join(await columns_of(copy, table))
        row = await copy.fetchval(
            f"SELECT to_jsonb(t)::text FROM {table} t WHERE compound_id = $1 LIMIT 1",
            month.compound_id,
        )
        if row is None:
            continue
        insert = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, CAST($1 AS jsonb))"
        await in_compound(serving, second.compound_id)
        done = await attempt(serving, insert, row)
        assert done in {"InsufficientPrivilegeError", "RestrictViolationError"}, (table, done)
        refused += 1
    assert refused > 45


async def test_a_row_cannot_be_moved_into_another_compound(
    month: PlayedMonth, second: Stage, serving: asyncpg.Connection, copy: asyncpg.Connection
) -> None:
    await in_compound(serving, second.compound_id)
    for table in await tenant_tables(copy):
        done = await attempt(serving, f"UPDATE {table} SET compound_id = $1", month.compound_id)
        assert done in {"InsufficientPrivilegeError", "UPDATE 0"}, (table, done)


async def test_without_row_security_the_rows_would_be_seen(
    month: PlayedMonth, second: Stage, copy: asyncpg.Connection, copy_url: str
) -> None:
    """The control: with the policy off, the same session sees and changes the victim's rows."""
    name = copy_url.partition("?")[0].rpartition("/")[2]
    for table in ("vendor", "act", "entry"):
        await copy.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    connection = await asyncpg.connect(with_database(copy_url, name, "trustprop_serving"))
    try:
        async with connection.transaction():
            await in_compound(connection, second.compound_id)
            for table in ("vendor", "act", "entry"):
                seen = await connection.fetchval(
                    f"SELECT count(*) FROM {table} WHERE compound_id = $1", month.compound_id
                )
                assert seen > 0, table
            done = await connection.execute(
                "UPDATE act SET reason = '' WHERE compound_id = $1 AND state = 'open'",
                month.compound_id,
            )
            assert done.startswith("UPDATE")
    finally:
        await connection.close()


async def test_without_row_security_a_route_still_asks_for_its_own_compound(
    month: PlayedMonth, second: Stage, copy: asyncpg.Connection, copy_url: str
) -> None:
    """The two guards are two: with every policy off, foreign ids are a 404 still."""
    ids = await ids_of(copy, month.compound_id, at_most=1)
    for table in await tenant_tables(copy):
        await copy.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    async with serve(month, copy_url, Rehearsed) as service:
        wrong = []
        for route in routes(service.app):
            if route.method != "GET" or not route.is_of_a_compound:
                continue
            if not set(route.parameters) - NOT_FOR_IDS:
                continue
            for address in addresses(route, second.compound_id, ids):
                answer = await service.ask("GET", address, second.manager.token)
                if answer.status_code != 404 and answer.json().get("data") != []:
                    wrong.append(f"{address}: {answer.status_code} {answer.text[:150]}")
        assert not wrong, "\n".join(wrong)
