"""The owner of the database rewrites history with every trigger off, and is found.

Found by ``trustprop verify --against-database`` of the statement that a resident downloaded before,
and often by the integrity queries too; the first bad entry is named. The control: the copy as it is
finds nothing, and the cleverest rewriting passes every integrity query, so that only the
publication finds it.
"""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from msgspec import Struct

from tests.attacks.conftest import in_database
from tests.make.ground import new_id
from tests.make.identity import make_signing_key
from tests.played import PlayedMonth
from trustprop import operations
from trustprop.identity import rules as signing
from trustprop.kernel import merkle
from trustprop.plumbing import checks

pytestmark = pytest.mark.xdist_group("month")

LEAVES = "ledger: leaf_hashes_are_those_of_their_entries"
NODES = "ledger: tree_nodes_are_those_of_their_children"
BALANCES = "ledger: balances_are_the_sums_of_their_lines"
NUMBERS = "ledger: numbers_are_gapless"


class Books(Struct, frozen=True):
    """The owner's connection with every trigger off, and the month to tamper with."""

    owner: asyncpg.Connection
    compound_id: UUID

    async def run(self, sql: str, *values: object) -> None:
        """``:c`` is the compound. Something must have been changed, else the attack is none."""
        done = await self.owner.execute(self._of(sql), *values)
        assert done.split()[-1] != "0", done

    async def find(self, sql: str, *values: object) -> int:
        found = await self.owner.fetchval(self._of(sql), *values)
        assert found is not None
        return int(found)

    def _of(self, sql: str) -> str:
        return sql.replace(":c", f"CAST('{self.compound_id}' AS uuid)")

    async def payment(self) -> int:
        """The number of a payment somewhere in the middle."""
        return await self.find(
            "SELECT number FROM entry WHERE compound_id = :c AND kind = 'payment' "
            "ORDER BY number OFFSET 7 LIMIT 1"
        )


Tampering = Callable[[Books], Awaitable[int | None]]
TAMPERINGS: dict[str, tuple[Tampering, str, str]] = {}


def found_by(finding: str, query: str = "") -> Callable[[Tampering], Tampering]:
    """What of verify fails first, and an integrity query that fails too (none: all of them pass)."""

    def keep(tampering: Tampering) -> Tampering:
        TAMPERINGS[tampering.__name__.replace("_", " ")] = tampering, finding, query
        return tampering

    return keep


@found_by("kept_entries", LEAVES)
async def edit_an_amount(books: Books) -> int:
    number = await books.payment()
    await books.run(
        "UPDATE entry_line SET debit_fen = debit_fen + CASE WHEN debit_fen > 0 THEN 100 ELSE 0 END, "
        "credit_fen = credit_fen + CASE WHEN credit_fen > 0 THEN 100 ELSE 0 END "
        "WHERE compound_id = :c AND number = $1",
        number,
    )
    return number


@found_by("kept_entries", LEAVES)
async def edit_a_memo(books: Books) -> int:
    number = await books.payment()
    await books.run(
        "UPDATE entry SET memo = memo || '。' WHERE compound_id = :c AND number = $1", number
    )
    return number


@found_by("kept_entries", LEAVES)
async def edit_a_date(books: Books) -> int:
    number = await books.payment()
    await books.run(
        "UPDATE entry SET accounting_on = accounting_on + 1 WHERE compound_id = :c AND number = $1",
        number,
    )
    return number


@found_by("kept_entries", LEAVES)
async def edit_an_account(books: Books) -> int:
    number = await books.find(
        "SELECT number FROM entry_line WHERE compound_id = :c AND account = '510201' "
        "ORDER BY number LIMIT 1"
    )
    await books.run(
        "UPDATE entry_line SET account = '510202' "
        "WHERE compound_id = :c AND number = $1 AND account = '510201'",
        number,
    )
    return number


@found_by("kept_entries", NUMBERS)
async def delete_an_entry(books: Books) -> int:
    number = await books.payment()
    await books.run("DELETE FROM entry_line WHERE compound_id = :c AND number = $1", number)
    await books.run("DELETE FROM entry WHERE compound_id = :c AND number = $1", number)
    return number


@found_by("kept_entries", LEAVES)
async def insert_an_entry(books: Books) -> int:
    """In the middle, with a leaf and lines of its own; what follows moves up by one."""
    number = await books.payment()
    for table in ("entry_line", "entry"):
        await books.run(
            f"UPDATE {table} SET number = number + 1000001 WHERE compound_id = :c AND number >= $1",
            number,
        )
        await books.run(
            f"UPDATE {table} SET number = number - 1000000 "
            "WHERE compound_id = :c AND number > 1000000"
        )
    await books.run(
        "INSERT INTO entry SELECT compound_id, CAST($1 AS bigint), $2, 'voucher', accounting_on, period, "
        "recorded_at, memo, memo_salt, source_kind, CAST($2 AS uuid), NULL, NULL, NULL, evidence, leaf_hash "
        "FROM entry WHERE compound_id = :c AND number = $1 + 1",
        number,
        new_id(),
    )
    await books.run(
        "INSERT INTO entry_line SELECT compound_id, CAST($1 AS bigint), line, account, fund, debit_fen, credit_fen, "
        "budget_line_id, counterparty_id, scope, project FROM entry_line "
        "WHERE compound_id = :c AND number = $1 + 1",
        number,
    )
    return number


@found_by("kept_entries", "ledger: closed_periods_took_no_entries")
async def insert_an_entry_behind_the_seal(books: Books) -> int:
    """At the end, dated in the closed month: no published leaf changes, and the seal still counts."""
    number = await books.find("SELECT tree_size FROM books WHERE compound_id = :c") + 1
    source = await books.payment()
    for table in ("entry", "entry_line"):
        columns = await books.owner.fetchval(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = CAST($1 AS regclass) AND attnum > 0 "
            "AND attname NOT IN ('compound_id', 'number', 'entry_id')",
            table,
        )
        own = f"'{new_id()}', " if table == "entry" else ""
        name = "entry_id, " if table == "entry" else ""
        await books.run(
            f"INSERT INTO {table} (compound_id, number, {name}{columns}) "
            f"SELECT compound_id, $1, {own}{columns} FROM {table} "
            "WHERE compound_id = :c AND number = $2",
            number,
            source,
        )
    await reseal(books)
    return number


@found_by("kept_entries", NODES)
async def swap_two_entries(books: Books) -> int:
    """With their hashes, so that each entry still is what its own leaf says."""
    number = await books.payment()
    for table in ("entry", "entry_line"):
        for before, after in ((number, 10**6), (number + 1, number), (10**6, number + 1)):
            await books.run(
                f"UPDATE {table} SET number = $2 WHERE compound_id = :c AND number = $1",
                before,
                after,
            )
    return number


@found_by("kept_entries")
async def cut_the_tail(books: Books) -> int:
    """And count again everything that depended on it, so that the books look whole."""
    size = await books.find("SELECT tree_size FROM books WHERE compound_id = :c") - 3
    await books.run("DELETE FROM entry_line WHERE compound_id = :c AND number > $1", size)
    await books.run("DELETE FROM entry WHERE compound_id = :c AND number > $1", size)
    await books.run("UPDATE books SET tree_size = $1 WHERE compound_id = :c", size)
    await reseal(books)
    return size + 1


@found_by("kept_entries")
async def rewrite_a_suffix_with_recomputed_hashes(books: Books) -> int:
    """A memo, and every hash over it up to the sealed root: every integrity query still holds."""
    number = await books.payment()
    await books.run(
        "UPDATE entry SET memo = '另作他用' WHERE compound_id = :c AND number >= $1", number
    )
    await reseal(books)
    return number


@found_by("kept_entries", LEAVES)
async def change_a_leaf_hash(books: Books) -> int:
    number = await books.payment()
    await books.run(
        "UPDATE entry SET leaf_hash = sha256(leaf_hash) WHERE compound_id = :c AND number = $1",
        number,
    )
    return number


@found_by("kept_tree", NODES)
async def change_a_tree_node(books: Books) -> int:
    await books.run(
        "UPDATE tree_node SET hash = sha256(hash) WHERE compound_id = :c AND level = 3 AND index = 2"
    )
    return 17


@found_by("kept_tree")
async def change_the_sealed_root(books: Books) -> None:
    await books.run(
        "UPDATE period SET root = sha256(root) WHERE compound_id = :c AND period = 202509"
    )


@found_by("integrity", BALANCES)
async def change_a_balance(books: Books) -> None:
    await books.run(
        "UPDATE balance SET balance_fen = balance_fen + 100 "
        "WHERE compound_id = :c AND account IN ('100201', '510201') AND fund = 'OP'"
    )


@found_by("kept_balances", "ledger: sealed_balances_are_the_sums_of_their_lines")
async def change_a_sealed_balance(books: Books) -> None:
    await books.run(
        "UPDATE period_balance SET balance_fen = balance_fen + 100 "
        "WHERE compound_id = :c AND period = 202509 AND account = '100201'"
    )


@found_by("kept_acts")
async def replace_a_signature(books: Books) -> int:
    """With one that a key of the attacker's makes over the very digest."""
    number = await books.payment()
    digest = await books.owner.fetchval(
        "SELECT v.digest FROM entry e JOIN act a USING (compound_id, act_id) "
        "JOIN act_version v USING (compound_id, act_id, version) "
        "WHERE e.compound_id = $1 AND e.number = $2",
        books.compound_id,
        number,
    )
    forged = signing.sign(make_signing_key("the database's owner"), digest)
    await books.run(
        "UPDATE act_signature SET signature = $2 WHERE compound_id = :c AND party = 'owners' "
        "AND act_id = (SELECT act_id FROM entry WHERE compound_id = :c AND number = $1)",
        number,
        forged,
    )
    return number


@found_by("kept_acts", "acts: every_signature_is_by_the_holder_of_its_key_while_it_was_not_revoked")
async def replace_a_public_key(books: Books) -> None:
    """By one of the attacker's, under its own id, wherever the old one signed."""
    mine = signing.public_bytes(make_signing_key("the database's owner"))
    old = await books.owner.fetchval(
        "SELECT key_id FROM act_signature WHERE compound_id = $1 AND party = 'owners' LIMIT 1",
        books.compound_id,
    )
    await books.run(
        "UPDATE signing_key SET key_id = sha256($2), public_key = $2, person_id = $3 "
        "WHERE compound_id = :c AND key_id = $1",
        old,
        mine,
        new_id(),
    )
    await books.run(
        "UPDATE act_signature SET key_id = sha256($2) WHERE compound_id = :c AND key_id = $1",
        old,
        mine,
    )


@found_by("kept_acts", "disbursements: what_was_signed_is_the_order_to_the_last_value")
async def change_the_payload_of_a_payment(books: Books) -> int:
    """And its digest, so that the two still agree."""
    number = await books.payment()
    payload = "convert_to(replace(convert_from(payload, 'UTF8'), '\"purpose\":\"', '\"purpose\":\"X'), 'UTF8')"
    await books.run(
        f"UPDATE act_version SET payload = {payload}, digest = sha256({payload}) "
        "WHERE compound_id = :c "
        "AND act_id = (SELECT act_id FROM entry WHERE compound_id = :c AND number = $1)",
        number,
    )
    return number


@found_by("kept_acts")
async def change_the_payload_of_another_act(books: Books) -> None:
    """Of the payment policy's sort: no statement prints it, but its signatures no longer verify."""
    payload = "convert_to(replace(convert_from(payload, 'UTF8'), '\"title\":\"', '\"title\":\"X'), 'UTF8')"
    await books.run(
        f"UPDATE act_version SET payload = {payload}, digest = sha256({payload}) "
        "WHERE compound_id = :c AND act_id = (SELECT act_id FROM act WHERE compound_id = :c "
        "AND kind = 'contract' AND state = 'signed' LIMIT 1)"
    )


@found_by(
    "integrity",
    "compounds: keys come from a signed act that names them or a resolution that elects",
)
async def slip_in_a_key(books: Books) -> None:
    """The operator's own, active by the word of the database alone."""
    mine = signing.public_bytes(make_signing_key("the database's owner"))
    await books.run(
        "INSERT INTO signing_key SELECT compound_id, sha256($1), person_id, scheme, $1, "
        "possession_proof, 'active', proved_at, activated_by_act_id, activated_at, NULL, NULL, NULL "
        "FROM signing_key WHERE compound_id = :c AND state = 'active' LIMIT 1",
        mine,
    )


@found_by("kept_resolutions", "meetings: resolutions say what both sides signed")
async def change_the_figures_of_a_resolution(books: Books) -> None:
    await books.run(
        "UPDATE resolution SET for_heads = participating_heads, "
        "for_area_dm2 = participating_area_dm2 WHERE compound_id = :c"
    )


@found_by("kept_edition")
async def change_the_published_statement(books: Books) -> None:
    """A purpose in the stored document, with a digest that agrees."""
    await books.owner.execute("ALTER TABLE statement DROP CONSTRAINT ck_statement_digest")
    changed = "convert_to(replace(convert_from(document, 'UTF8'), '2025-09', '2025-07'), 'UTF8')"
    await books.run(
        f"UPDATE statement SET document = {changed}, digest = sha256({changed}) "
        "WHERE compound_id = :c"
    )


@found_by("kept_payees", "disbursements: the_payee_that_is_kept_is_the_one_that_was_signed_for")
async def move_a_payment_to_another_payee(books: Books) -> int:
    number = await books.payment()
    await books.run(
        "UPDATE payment_payee SET account_number = '6222020000000000001' WHERE compound_id = :c "
        "AND order_id = (SELECT entry_id FROM entry WHERE compound_id = :c AND number = $1)",
        number,
    )
    return number


@found_by("kept_acts", "disbursements: what_was_signed_is_the_order_to_the_last_value")
async def take_an_act_back(books: Books) -> int:
    """A payment that nobody signed: the act is open again, its signatures are gone."""
    number = await books.payment()
    act = "(SELECT act_id FROM entry WHERE compound_id = :c AND number = $1)"
    await books.run(f"DELETE FROM act_signature WHERE compound_id = :c AND act_id = {act}", number)
    await books.run(
        f"UPDATE act SET state = 'open', ended_at = NULL WHERE compound_id = :c AND act_id = {act}",
        number,
    )
    return number


async def reseal(books: Books) -> None:
    """Everything derived from the lines, computed again as an honest service would have."""
    owner, compound_id = books.owner, books.compound_id
    await owner.execute(_LEAF_HASHES, compound_id)
    rows = await owner.fetch(
        "SELECT leaf_hash FROM entry WHERE compound_id = $1 ORDER BY number", compound_id
    )
    leaves = [row["leaf_hash"] for row in rows]
    await owner.execute("DELETE FROM tree_node WHERE compound_id = $1", compound_id)
    level, hashes = 0, leaves
    while len(hashes) > 1:
        level += 1
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        hashes = [merkle.node_hash(left, right) for left, right in pairs]
        nodes = [(compound_id, level, index, hashed) for index, hashed in enumerate(hashes)]
        await owner.executemany("INSERT INTO tree_node VALUES ($1, $2, $3, $4)", nodes)
    await owner.execute(
        "UPDATE books SET tree_size = $2, frontier = $3 WHERE compound_id = $1",
        compound_id,
        len(leaves),
        list(merkle.append((), 0, leaves)),
    )
    periods = await owner.fetch(
        "SELECT period, least(tree_size, $2) AS size FROM period WHERE compound_id = $1",
        compound_id,
        len(leaves),
    )
    for row in periods:
        await owner.execute(
            "UPDATE period SET tree_size = $3, root = $4 WHERE compound_id = $1 AND period = $2",
            compound_id,
            row["period"],
            row["size"],
            merkle.root(leaves[: row["size"]]),
        )
    for statement in _SUMS:
        await owner.execute(statement.replace(":c", f"CAST('{compound_id}' AS uuid)"))


_LEAF_HASHES = """
UPDATE entry e SET leaf_hash = ledger_leaf_hash(e.compound_id, e.entry_id, e.recorded_at,
    e.accounting_on, e.memo, e.memo_salt, e.kind, e.source_kind, e.source_id, e.act_id,
    e.resolution_id, e.reverses_entry_id,
    coalesce((SELECT string_agg(d.digest, ''::bytea ORDER BY d.ord)
        FROM unnest(e.evidence) WITH ORDINALITY AS d (digest, ord)), ''::bytea),
    b.line_count, b.line_bytes)
FROM (
    SELECT n.number, count(*)::integer AS line_count, string_agg(ledger_line_bytes(n.memo_salt, l.line,
        l.account, l.fund, l.debit_fen - l.credit_fen, l.budget_line_id, l.counterparty_id, l.scope,
        l.project), ''::bytea ORDER BY l.line) AS line_bytes
    FROM entry n JOIN entry_line l ON l.compound_id = n.compound_id AND l.number = n.number
    WHERE n.compound_id = $1 GROUP BY n.number
) b
WHERE e.compound_id = $1 AND b.number = e.number
"""
_SUMS = (
    """
    UPDATE balance b SET balance_fen = coalesce((SELECT sum(debit_fen - credit_fen) FROM entry_line l
        WHERE l.compound_id = :c AND l.fund = b.fund AND l.account = b.account), 0)
    WHERE b.compound_id = :c
    """,
    """
    UPDATE turnover t SET debit_fen = s.debit_fen, credit_fen = s.credit_fen
    FROM (
        SELECT e.period, l.fund, l.account, sum(l.debit_fen) AS debit_fen,
            sum(l.credit_fen) AS credit_fen
        FROM entry e JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
        WHERE e.compound_id = :c GROUP BY e.period, l.fund, l.account
    ) s
    WHERE t.compound_id = :c AND t.period = s.period AND t.fund = s.fund AND t.account = s.account
    """,
    """
    UPDATE subledger_balance b SET balance_fen = coalesce((
        SELECT sum(debit_fen - credit_fen) FROM entry_line l WHERE l.compound_id = :c
        AND l.fund = b.fund AND l.account = b.account AND l.counterparty_id = b.counterparty_id), 0)
    WHERE b.compound_id = :c
    """,
    """
    UPDATE period_balance b SET balance_fen = coalesce((
        SELECT sum(t.debit_fen - t.credit_fen) FROM turnover t WHERE t.compound_id = :c
        AND t.period <= b.period AND t.fund = b.fund AND t.account = b.account), 0)
    WHERE b.compound_id = :c
    """,
)


@pytest.fixture
async def books(copy: asyncpg.Connection, month: PlayedMonth) -> Books:
    await copy.execute("SET session_replication_role = replica")
    return Books(copy, UUID(month.compound_id))


@pytest.fixture
def published(month: PlayedMonth) -> Path:
    """What a resident downloaded when the month was published."""
    (bundle,) = month.out.glob("*.bundle.json")
    return bundle


async def test_nothing_is_found_where_nothing_was_changed(
    copy_url: str, published: Path, books: Books
) -> None:
    report = await operations.verify_against(copy_url, published)
    assert report.is_sound, report.text("en")
    codes = [finding.code for finding in report.findings]
    assert codes[-8:] == [
        "kept_edition",
        "kept_entries",
        "kept_tree",
        "kept_balances",
        "kept_acts",
        "kept_payees",
        "kept_resolutions",
        "integrity",
    ]
    await reseal(books)
    again = await operations.verify_against(copy_url, published)
    assert again.is_sound, "recomputing everything from untouched lines changes nothing"


@pytest.mark.parametrize("name", sorted(TAMPERINGS))
async def test_what_the_owner_of_the_database_does_is_found(
    name: str, copy_url: str, published: Path, books: Books
) -> None:
    tampering, finding, query = TAMPERINGS[name]
    entry = await tampering(books)
    broken = {which for which, rows in (await checks.run(books.owner)).items() if rows}
    report = await operations.verify_against(copy_url, published)
    first = report.first_bad
    assert first is not None, "not found"
    assert first.code == finding, report.text("en")
    if query:
        assert query in broken
    if entry is not None:
        assert str(entry) in first.detail.replace("–", " ").replace(":", " ").split()
    assert "✗" in report.text("zh")


async def test_no_tampering_is_possible_while_the_triggers_stand(
    copy: asyncpg.Connection, month: PlayedMonth
) -> None:
    """The control of the controls: as the owner, but with the triggers, the journal is closed."""
    books = Books(copy, UUID(month.compound_id))
    for tampering in (edit_an_amount, edit_a_memo, delete_an_entry, replace_a_signature):
        with pytest.raises(asyncpg.RestrictViolationError):
            await tampering(books)


async def test_only_the_publication_finds_a_rewritten_suffix(
    copy_url: str, published: Path, books: Books
) -> None:
    await rewrite_a_suffix_with_recomputed_hashes(books)
    ledger = {name: rows for name, rows in (await checks.run(books.owner)).items() if rows}
    assert ledger == {}, "a perfect rewriting: no integrity query sees it"
    report = await operations.verify_against(copy_url, published)
    assert not report.is_sound


async def test_the_command_says_it_and_fails(
    copy_url: str, month: PlayedMonth, published: Path, books: Books
) -> None:
    def verify(file: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "trustprop", "verify", file, "--against-database", "--lang=en"],
            env=in_database(copy_url),
            capture_output=True,
            text=True,
            check=False,
        )

    pdf = next(iter(month.out.glob("*.pdf")))
    sound = verify(pdf)
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "All of it holds." in sound.stdout
    number = await edit_a_memo(books)
    tampered = verify(published)
    assert tampered.returncode == 1
    assert f"✗ Entry {number} in the database is missing, changed," in tampered.stdout
    assert "It does not hold" in tampered.stdout
