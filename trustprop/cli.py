"""The command line: everything that is done to a service from outside, and all that needs none."""

import asyncio
import gc
import secrets
import sys
from pathlib import Path
from typing import Any

import asyncpg
import click
import msgspec
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import DBAPIError

from trustprop import backup as archives
from trustprop import documents, operations
from trustprop.app import create_app, files_of, work
from trustprop.demo import story
from trustprop.identity import rules as signing
from trustprop.kernel.errors import Refusal
from trustprop.meetings import printing as meeting_papers
from trustprop.meetings.model.papers import PaperName
from trustprop.plumbing import embedded, i18n, logging, migrations
from trustprop.plumbing.paper import LANGUAGES
from trustprop.plumbing.settings import Settings, SettingsWrong, load
from trustprop.statements import printing
from trustprop.statements import verify as verification
from trustprop.urls import owner_url, serving_url
from trustprop.votes.verify import verify_vote


class InPlainWords(click.Group):
    """What goes wrong becomes a sentence: exit code 2 for wrong settings, 1 for everything else."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsWrong as error:
            click.echo(str(error), err=True)
            ctx.exit(2)
        except Refusal as refusal:
            said = i18n.translate(refusal.detail, "en", refusal.facts)
            raise click.ClickException(said) from None
        except verification.Unreadable as error:
            raise click.ClickException(f"This is no published statement: {error}") from None
        except (asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError) as error:
            raise click.ClickException(f"The database said: {error}") from None
        except OSError as error:
            raise click.ClickException(f"This cannot be reached: {error}") from None


def settings() -> Settings:
    """The settings of this process."""
    loaded = load()
    logging.configure(loaded.log_level, loaded.log_format)
    return loaded


@click.group(cls=InPlainWords)
def cli() -> None:
    """Runs the common money of a residential compound as a trust."""


def main() -> None:
    """The entry point."""
    cli(prog_name="trustprop")


@cli.command()
@click.option("--host", default=None)
@click.option("--port", type=int, default=None)
def serve(host: str | None, port: int | None) -> None:
    """Answers requests (one process; run several behind a proxy for more)."""
    found = settings()
    app = create_app(found)
    # What is there from the start stays: no request waits while a full collection looks through it.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=host or found.host,
        port=found.port if port is None else port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_level="warning",
    )


@cli.command()
@click.option("--until-empty", is_flag=True, help="End when no job is left.")
def worker(until_empty: bool) -> None:
    """Does what follows a commit: prints statements and ballots."""
    found = settings()
    asyncio.run(work(found, until_empty=until_empty))


@cli.command()
def migrate() -> None:
    """Brings the database to this version's schema."""
    migrations.upgrade(owner_url(settings()))


@cli.command()
@click.option("--once", is_flag=True, help="End after the meeting instead of serving.")
@click.option("--port", type=int, default=8000)
@click.option("--out", type=click.Path(path_type=Path), default=Path("var/demo"))
def demo(once: bool, port: int, out: Path) -> None:
    """Plays one fiduciary month and the owners' meeting after it through the real API."""
    found = settings()
    folder = Path(found.var_dir) / "postgres"
    ours = not found.database_url and not embedded.is_running(folder)
    try:
        code = story.play(port=port, out=out, once=once)
    finally:
        if ours:
            embedded.stop(folder)
    sys.exit(code)


@cli.command()
def check() -> None:
    """Runs every integrity query; each must return no rows."""
    failed = 0
    for name, rows in asyncio.run(operations.integrity(owner_url(settings()))):
        click.echo(f"{'holds' if not rows else 'BROKEN'}  {name}")
        for row in rows[:5]:
            click.echo(f"    {row}")
        failed += bool(rows)
    sys.exit(1 if failed else 0)


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh")
@click.option("--json", "as_json", is_flag=True)
@click.option("--against-database", is_flag=True, help="Hold this service's database against it.")
def verify(file: Path, lang: str, as_json: bool, against_database: bool) -> None:
    """Checks a published statement (PDF or JSON) offline and says what holds and what does not."""
    if against_database:
        report = asyncio.run(operations.verify_against(owner_url(settings()), file))
    else:
        report = verification.verify_file(file)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        click.echo(report.text(lang))
    sys.exit(0 if report.is_sound else 1)


@cli.command("verify-vote")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--receipt", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--digest", help="SHA-256 printed on the tally certificate.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh")
@click.option("--json", "as_json", is_flag=True)
def verify_count(
    file: Path, receipt: Path | None, digest: str | None, lang: str, as_json: bool
) -> None:
    """Recomputes a published count offline, and finds an owner's own ballot in it."""
    kept = receipt.read_bytes() if receipt else None
    report = verify_vote(file.read_bytes(), receipt=kept, digest=digest)
    click.echo(msgspec.json.encode(report) if as_json else report.text(lang))
    sys.exit(0 if report.is_sound else 1)


@cli.command()
@click.argument("name", type=click.Choice(["statement", *(name.value for name in PaperName)]))
@click.option("--lang", type=click.Choice(LANGUAGES), default="zh")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="NAME.pdf if left out.")
def report(name: str, lang: str, out: Path | None) -> None:
    """Renders a document's sample without a database."""
    if name == "statement":
        content = printing.render_sample(lang)
    else:
        content = meeting_papers.render_sample(PaperName(name), lang)
    path = out or Path(f"{name}.pdf")
    path.write_bytes(content)
    click.echo(f"{name}: {path}")


@cli.group()
def keys() -> None:
    """Signing keys, which the server never has, and the operator's key."""


@keys.command("make")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.password_option("--passphrase", envvar="TRUSTPROP_PASSPHRASE")
def make_key(file: Path, passphrase: str) -> None:
    """Makes an Ed25519 signing key in an encrypted file and prints its id."""
    if file.exists():
        raise click.ClickException(f"{file} exists; a key is never overwritten")
    key = signing.key_from_seed(secrets.token_bytes(32))
    file.touch(mode=0o600)
    file.write_bytes(signing.write_key(key, passphrase))
    _show(key)


@keys.command("show")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--passphrase", prompt=True, hide_input=True, envvar="TRUSTPROP_PASSPHRASE")
def show_key(file: Path, passphrase: str) -> None:
    """Prints the id and the public half of a key, which are no secrets."""
    _show(signing.read_key(file.read_bytes(), passphrase))


def _show(key: Ed25519PrivateKey) -> None:
    public = signing.public_bytes(key)
    click.echo(f"key id      {signing.key_id_of(public)}\npublic key  {public.hex()}")


@keys.command("sign")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("payload", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--passphrase", prompt=True, hide_input=True, envvar="TRUSTPROP_PASSPHRASE")
def sign_payload(file: Path, payload: Path, passphrase: str) -> None:
    """Signs an act's payload offline, after showing what it says; prints the request body."""
    content = payload.read_bytes()
    try:
        click.echo(msgspec.json.format(content, indent=2).decode(), err=True)
    except msgspec.DecodeError:
        raise click.ClickException(f"{payload} is no payload of an act") from None
    key = signing.read_key(file.read_bytes(), passphrase)
    click.echo(msgspec.json.encode(operations.signature(key, content)))


@keys.command("operator")
@click.option("--label", default="operator")
def operator_key(label: str) -> None:
    """Makes an operator key: it founds compounds and can do nothing with money. Shown once."""
    click.echo(asyncio.run(operations.operator_key(owner_url(settings()), label)))


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Writes database, evidence and the journals' roots to one archive."""
    found = settings()
    for line in asyncio.run(archives.backup(owner_url(found), files_of(found), file)):
        click.echo(line)


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Restores an archive into an empty database and proves that every journal root is unchanged."""
    found = settings()
    restoring = archives.restore(owner_url(found), serving_url(found), files_of(found), file)
    for line in asyncio.run(restoring):
        click.echo(line)


@cli.command()
def openapi() -> None:
    """Prints the OpenAPI document."""
    click.echo(documents.openapi_json(), nl=False)


@cli.command()
def problems() -> None:
    """Prints what every refusal means and what to do next, as Markdown."""
    click.echo(documents.problems_markdown(), nl=False)
