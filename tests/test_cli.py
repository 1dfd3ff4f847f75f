"""The command line, in this process and as real processes: sentences and exit codes, never tracebacks."""

import asyncio
import base64
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import uuid_utils
from click.testing import CliRunner, Result

from tests.conftest import run_sql, with_database
from tests.make import evidence as make_evidence
from tests.make import statements as make_statements
from tests.make.ground import make_caller
from tests.make.ledger import credit, debit, entry, fill_cash, open_books
from trustprop import backup
from trustprop.cli import cli
from trustprop.evidence import service as evidence
from trustprop.identity import rules as signing
from trustprop.kernel.canonical import sha256
from trustprop.kernel.signatures import Scheme
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Database
from trustprop.plumbing.files import Files
from trustprop.statements.model import Edition
from trustprop.statements.rules import bundle

STATEMENT, JOURNAL, NOTE = make_statements.parts()
SAMPLE = Edition(statement=STATEMENT, journal=JOURNAL, note=NOTE)


def trustprop(*arguments: object, **settings: str) -> Result:
    """The command line in this process."""
    environment = {f"TRUSTPROP_{name.upper()}": value for name, value in settings.items()}
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], env=environment)


def process(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command line as an operator starts it."""
    return subprocess.run(
        [sys.executable, "-m", "trustprop", *map(str, arguments)],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def environment(**settings: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("TRUSTPROP_")}
    return known | {f"TRUSTPROP_{name.upper()}": value for name, value in settings.items()}


@pytest.fixture(scope="module")
def make_database(template: str) -> Iterator[Callable[[bool], str]]:
    """Makes databases of this module's own: migrated ones or empty ones."""
    url = os.environ["TRUSTPROP_TEST_DATABASE_URL"]
    made = []

    def make(is_migrated: bool) -> str:
        name = f"cli_{uuid_utils.uuid7().hex}"
        copied = f" TEMPLATE {template}" if is_migrated else ""
        asyncio.run(run_sql(url, f"CREATE DATABASE {name}{copied}"))
        made.append(name)
        return with_database(url, name)

    yield make
    for name in made:
        asyncio.run(run_sql(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def serving(url: str) -> str:
    return with_database(url, urlsplit(url).path.lstrip("/"), "trustprop_serving")


def of(url: str, folder: Path) -> dict[str, str]:
    """The settings of a service with this database and folder."""
    return {
        "database_url": url,
        "serving_database_url": serving(url),
        "var_dir": str(folder),
    }


@pytest.fixture(scope="module")
def kept(
    make_database: Callable[[bool], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """A service with a journal of three entries and one file of evidence; nobody changes it."""
    folder = tmp_path_factory.mktemp("kept")
    settings = of(make_database(True), folder)
    asyncio.run(fill(settings))
    return settings


async def fill(settings: dict[str, str]) -> None:
    caller = make_caller()
    database = Database.connect(settings["serving_database_url"], pool_size=1)
    files = Files.at(str(Path(settings["var_dir"]) / "files"))
    try:
        async with database.begin(caller) as tx:
            await open_books(tx, caller)
            await fill_cash(tx, caller, 100_000)
            await fill_cash(tx, caller, 50_000)
            await ledger.post(
                tx,
                caller,
                (
                    entry(
                        debit("5106", 1_200),
                        credit("2202", 1_200, counterparty_id=caller.compound_id),
                    ),
                ),
            )
            await evidence.store(tx, caller, files, "发票.xml", make_evidence.XML)
    finally:
        await database.close()


def evidence_of(settings: dict[str, str]) -> dict[str, bytes]:
    folder = Path(settings["var_dir"]) / "files"
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# migrate and check


def test_migrate_makes_the_schema_and_a_second_time_changes_nothing(make_database, tmp_path):
    settings = of(make_database(False), tmp_path)
    assert process("migrate", **settings).returncode == 0
    assert trustprop("migrate", **settings).exit_code == 0
    checked = trustprop("check", **settings)
    assert checked.exit_code == 0
    assert "BROKEN" not in checked.output


def test_check_says_of_sound_books_that_everything_holds(kept):
    checked = trustprop("check", **kept)
    assert checked.exit_code == 0, checked.output
    lines = checked.output.splitlines()
    assert len(lines) > 90
    assert all(line.startswith("holds  ") for line in lines)


def test_check_names_what_is_broken_and_exits_with_one(make_database, tmp_path):
    settings = of(make_database(True), tmp_path)
    asyncio.run(fill(settings))
    asyncio.run(
        run_sql(
            settings["database_url"],
            "SET session_replication_role = replica",
            "SET session_replication_role = replica; "
            "UPDATE balance SET balance_fen = balance_fen + 1 WHERE account = '100201'",
        )
    )
    checked = process("check", **settings)
    assert checked.returncode == 1
    assert "BROKEN  ledger: balances_are_the_sums_of_their_lines" in checked.stdout
    assert "100201" in checked.stdout
    assert "Traceback" not in checked.stderr


def test_a_database_that_does_not_answer_is_said_so(tmp_path):
    nowhere = f"postgresql://nobody@/nothing?host={tmp_path}"
    checked = process("check", **of(nowhere, tmp_path))
    assert checked.returncode == 1
    assert "This cannot be reached" in checked.stderr
    assert "Traceback" not in checked.stderr


# verify and report


def test_a_good_statement_holds(tmp_path):
    file = tmp_path / "statement.json"
    file.write_bytes(bundle(SAMPLE))
    checked = trustprop("verify", file, "--lang", "en")
    assert checked.exit_code == 0
    assert "All of it holds." in checked.output
    chinese = trustprop("verify", file)
    assert chinese.exit_code == 0
    assert "全部成立" in chinese.output


def test_the_verdict_comes_as_json_too(tmp_path):
    file = tmp_path / "statement.json"
    file.write_bytes(bundle(SAMPLE))
    told = json.loads(trustprop("verify", file, "--json").output)
    assert all(finding["holds"] for finding in told["findings"])


def test_a_tampered_statement_is_found_and_exits_with_one(tmp_path):
    file = tmp_path / "statement.json"
    content = bundle(SAMPLE)
    place = (
        content.index(b'"debit_fen":') if b'"debit_fen":' in content else content.rindex(b'_fen":')
    )
    digit = next(at for at in range(place, len(content)) if content[at] in b"123456789")
    file.write_bytes(content[:digit] + bytes([content[digit] ^ 1]) + content[digit + 1 :])
    checked = process("verify", file, "--lang", "en")
    assert checked.returncode == 1
    assert "✗" in checked.stdout
    assert "Traceback" not in checked.stderr


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"{}", b"%PDF-1.7 and nothing else", b"\xff\xfe\x00", b"[" * 100_000]
)
def test_a_file_that_is_no_statement_is_said_so(tmp_path, content):
    file = tmp_path / "other"
    file.write_bytes(content)
    checked = trustprop("verify", file)
    assert checked.exit_code == 1
    assert checked.output.startswith("Error: This is no published statement")
    assert len(checked.output) < 500


def test_report_renders_the_sample_without_a_database(tmp_path):
    file = tmp_path / "sample.pdf"
    assert trustprop("report", "statement", "--lang", "en", "--out", file).exit_code == 0
    assert file.read_bytes().startswith(b"%PDF-")
    assert trustprop("verify", file, "--lang", "en").exit_code == 0


def test_report_renders_the_papers_of_a_meeting(tmp_path):
    file = tmp_path / "certificate.pdf"
    assert trustprop("report", "certificate", "--lang", "zh", "--out", file).exit_code == 0
    assert file.read_bytes().startswith(b"%PDF-")
    assert trustprop("report", "no-such-paper", "--out", file).exit_code == 2


# keys


def test_a_key_is_made_for_its_owners_eyes_and_never_overwritten(tmp_path):
    file = tmp_path / "manager.pem"
    made = trustprop("keys", "make", file, passphrase="correct horse")
    assert made.exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in file.read_bytes()
    before = file.read_bytes()
    again = trustprop("keys", "make", file, passphrase="correct horse")
    assert again.exit_code == 1
    assert "never overwritten" in again.output
    assert file.read_bytes() == before


def test_show_says_what_make_said(tmp_path):
    file = tmp_path / "manager.pem"
    made = trustprop("keys", "make", file, passphrase="correct horse")
    shown = trustprop("keys", "show", file, passphrase="correct horse")
    assert shown.exit_code == 0
    assert shown.output == made.output


def test_a_payload_is_signed_offline_over_its_exact_bytes(tmp_path):
    file, payload = tmp_path / "manager.pem", tmp_path / "payload.json"
    trustprop("keys", "make", file, passphrase="correct horse")
    payload.write_bytes(b'{"type":"trustprop/payment-order/v1","version":1}')
    signed = process("keys", "sign", file, payload, passphrase="correct horse")
    assert signed.returncode == 0
    body = json.loads(signed.stdout)
    digest = sha256(payload.read_bytes())
    key = signing.public_bytes(signing.read_key(file.read_bytes(), "correct horse"))
    assert body["payload_digest"] == digest.hex()
    assert body["key_id"] == signing.key_id_of(key)
    signature = base64.b64decode(body["signature"])
    assert signing.verify(Scheme.ED25519, key, digest, signature)
    assert "payment-order" in signed.stderr, "it shows what is signed"


@pytest.mark.parametrize(("passphrase", "content"), [("wrong", None), ("correct horse", b"no key")])
def test_a_key_that_cannot_be_read_signs_nothing(tmp_path, passphrase, content):
    file, payload = tmp_path / "manager.pem", tmp_path / "payload.json"
    trustprop("keys", "make", file, passphrase="correct horse")
    if content is not None:
        file.write_bytes(content)
    payload.write_bytes(b"{}")
    signed = trustprop("keys", "sign", file, payload, passphrase=passphrase)
    assert signed.exit_code == 1
    assert "passphrase is wrong" in signed.output


def test_what_is_no_act_is_not_signed(tmp_path):
    file, payload = tmp_path / "manager.pem", tmp_path / "payload.json"
    trustprop("keys", "make", file, passphrase="correct horse")
    payload.write_bytes(b"anything")
    signed = trustprop("keys", "sign", file, payload, passphrase="correct horse")
    assert signed.exit_code == 1
    assert "no payload of an act" in signed.output


async def test_an_operator_key_opens_the_door_it_is_for(client: httpx.AsyncClient, settings):
    made = await asyncio.to_thread(
        trustprop,
        "keys",
        "operator",
        database_url=settings.database_url,
        serving_database_url=settings.serving_database_url,
    )
    assert made.exit_code == 0, made.output
    token = made.output.strip()
    assert token.startswith("tpo_")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid_utils.uuid7())}
    founded = await client.post("/v1/compounds", json={}, headers=headers)
    assert founded.status_code == 422, "known, and only the content is wrong"
    refused = await client.post("/v1/compounds", json={}, headers={"Authorization": "Bearer tpo_x"})
    assert refused.status_code == 401


# backup and restore


@pytest.fixture(scope="module")
def archive(kept: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("archive") / "trustprop.backup"
    done = process("backup", file, **kept)
    assert done.returncode == 0, done.stderr
    assert "3 entries  root " in done.stdout
    assert "1 files of evidence" in done.stdout
    return file


def changed(archive: Path, to: Path, **members: bytes | None) -> Path:
    """The archive with members replaced; None leaves one out."""
    names = {name.replace("__", ".").replace("--", "/"): value for name, value in members.items()}
    with tarfile.open(archive) as old, tarfile.open(to, "w:gz") as new:
        for member in old.getmembers():
            content = old.extractfile(member).read()
            short = "evidence" if member.name.startswith("files/") else member.name
            content = names.get(short, content)
            if content is not None:
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return to


def test_a_backup_is_for_its_owners_eyes_and_overwrites_nothing(archive, kept):
    assert archive.stat().st_mode & 0o777 == 0o600
    again = trustprop("backup", archive, **kept)
    assert again.exit_code == 1
    assert "exists" in again.output
    assert list(archive.parent.iterdir()) == [archive]


def test_a_restored_service_has_the_same_roots_and_evidence(archive, kept, make_database, tmp_path):
    settings = of(make_database(False), tmp_path)
    done = process("restore", archive, **settings)
    assert done.returncode == 0, done.stderr
    assert "3 entries  root " in done.stdout
    assert "unchanged" in done.stdout
    assert evidence_of(settings) == evidence_of(kept) != {}
    assert trustprop("check", **settings).exit_code == 0
    assert asyncio.run(journal(settings)) == asyncio.run(journal(kept))


async def journal(settings: dict[str, str]) -> list[tuple[object, ...]]:
    """What the serving role sees: the grants and policies came back too."""
    connection = await asyncpg.connect(settings["database_url"])
    compound_id = await connection.fetchval("SELECT compound_id FROM books")
    await connection.close()
    connection = await asyncpg.connect(settings["serving_database_url"])
    try:
        assert await connection.fetch("SELECT FROM entry") == []
        await connection.execute(f"SET app.compound_id = '{compound_id}'")
        rows = await connection.fetch("SELECT number, leaf_hash FROM entry ORDER BY number")
    finally:
        await connection.close()
    assert len(rows) == 3
    return [tuple(row) for row in rows]


def test_nothing_is_restored_over_something(archive, kept):
    done = process("restore", archive, **kept)
    assert done.returncode == 1
    assert "only into an empty one" in done.stderr


def other_root(archive: Path) -> bytes:
    with tarfile.open(archive) as opened:
        roots = json.loads(opened.extractfile(backup.ROOTS).read())
    for one in roots.values():
        one["root"] = "0" * 64
    return json.dumps(roots).encode()


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"roots__json": other_root}, "has another root"),
        ({"roots__json": None}, "roots.json"),
        ({"roots__json": b"[]"}, "no archive of a backup"),
        ({"database__dump": None}, "database.dump is missing"),
        ({"database__dump": b"PGDMP and nothing else"}, "no archive of a backup"),
        ({"evidence": b"another invoice"}, "files/"),
    ],
)
def test_a_tampered_archive_is_refused(archive, make_database, tmp_path, members, said):
    made = {name: value(archive) if callable(value) else value for name, value in members.items()}
    file = changed(archive, tmp_path / "tampered", **made)
    settings = of(make_database(False), tmp_path)
    done = trustprop("restore", file, **settings)
    assert done.exit_code == 1
    assert said in done.output
    assert evidence_of(settings) == {}


def test_an_archive_of_books_that_were_tampered_with_is_refused(make_database, tmp_path):
    """Whoever changes an amount and dumps again is found by the integrity queries."""
    settings = of(make_database(True), tmp_path / "one")
    asyncio.run(fill(settings))
    asyncio.run(
        run_sql(
            settings["database_url"],
            "SET session_replication_role = replica; UPDATE entry SET memo = '改' WHERE number = 2",
        )
    )
    file = tmp_path / "tampered"
    assert trustprop("backup", file, **settings).exit_code == 0
    done = trustprop("restore", file, **of(make_database(False), tmp_path / "two"))
    assert done.exit_code == 1
    assert "leaf_hashes_are_those_of_their_entries" in done.output


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08\x00"])
def test_what_is_no_archive_is_refused(make_database, tmp_path, content):
    file = tmp_path / "other"
    file.write_bytes(content)
    done = trustprop("restore", file, **of(make_database(False), tmp_path))
    assert done.exit_code == 1
    assert "no archive of a backup" in done.output


def test_an_archive_with_a_way_out_of_its_folder_is_refused(make_database, tmp_path):
    file = tmp_path / "evil"
    with tarfile.open(file, "w:gz") as opened:
        member = tarfile.TarInfo("../../evil.txt")
        member.size = 1
        opened.addfile(member, io.BytesIO(b"x"))
    done = trustprop("restore", file, **of(make_database(False), tmp_path))
    assert done.exit_code == 1
    assert "no archive of a backup" in done.output


def test_the_password_does_not_stand_on_a_command_line(monkeypatch, tmp_path):
    seen = {}

    async def watch(*command: str, **how: object) -> None:
        seen.update(command=command, environment=how["env"])
        raise OSError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", watch)
    with pytest.raises(OSError):
        asyncio.run(backup._run("postgresql://owner:s3cr%40t@db:5432/books", ["pg_dump"]))
    assert "--dbname=postgresql://owner@db:5432/books" in seen["command"]
    assert "s3cr" not in " ".join(seen["command"])
    assert seen["environment"]["PGPASSWORD"] == "s3cr@t"


# settings and serving


def test_wrong_settings_are_named_and_end_with_two(tmp_path):
    served = process(
        "serve",
        database_url="mysql://nowhere",
        pool_size="none",
        log_format="loud",
        no_such_thing="1",
        var_dir=str(tmp_path),
    )
    assert served.returncode == 2
    for name in ("DATABASE_URL", "POOL_SIZE", "LOG_FORMAT", "NO_SUCH_THING"):
        assert f"TRUSTPROP_{name}" in served.stderr
    assert "Traceback" not in served.stderr


def test_a_log_key_that_is_none_is_named(tmp_path):
    file = tmp_path / "key.pem"
    file.write_text("no key")
    served = process(
        "serve", log_key_path=str(file), **of("postgresql://nobody@/nowhere", tmp_path)
    )
    assert served.returncode == 2
    assert "TRUSTPROP_LOG_KEY_PATH" in served.stderr


def test_a_served_process_answers_and_ends_when_told(kept, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "trustprop", "serve", "--port", str(port)],
        env=environment(**kept | {"var_dir": str(tmp_path)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        transport = httpx.HTTPTransport(retries=0)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport) as client:
            answer = wait_for(client, server)
        server.terminate()
        _, said = server.communicate(timeout=30)
    assert answer.json()["status"] == "ready"
    assert b"Traceback" not in said


def wait_for(client: httpx.Client, server: subprocess.Popen[bytes]) -> httpx.Response:
    for _ in range(600):
        assert server.poll() is None, server.stderr.read()
        try:
            return client.get("/readyz")
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not become ready")


def test_the_worker_ends_when_nothing_is_left(kept):
    done = process("worker", "--until-empty", **kept)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["openapi", "problems"])
def test_the_documents_come_without_a_database(command, tmp_path):
    done = process(command, var_dir=str(tmp_path))
    assert done.returncode == 0
    assert len(done.stdout) > 10_000
    assert list(tmp_path.iterdir()) == []


def test_a_demo_whose_port_is_taken_says_so(make_database, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = of(make_database(True), tmp_path)
        played = process("demo", "--once", "--port", port, "--out", tmp_path / "out", **settings)
    assert played.returncode == 1
    assert "Another port: --port" in played.stdout
    assert "Traceback" not in played.stdout + played.stderr
