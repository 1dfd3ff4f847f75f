"""What the documents point at is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from trustprop.cli import cli
from trustprop.plumbing.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PLACE = re.compile(
    r"`((?:trustprop|docs|scripts|migrations|reports|tests|benchmarks|\.ci)/[\w./-]*)`"
)
ENOUGH_FOR_A_SCREEN = 45


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(path: Path, text: str) -> list[str]:
    dead = []
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_link_is_dead(path: Path) -> None:
    assert dead_links(path, path.read_text(encoding="utf-8")) == []


def test_a_dead_link_is_noticed() -> None:
    text = (
        "[a](design.md) [b](nowhere.md) [c](design.md#no-such-heading) [d](https://example.org/x)"
    )
    assert dead_links(ROOT / "docs" / "x.md", text) == ["nowhere.md", "design.md#no-such-heading"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_place_in_the_tree_is_there(path: Path) -> None:
    named = PLACE.findall(path.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_and_setting_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    settings = {field.name for field in msgspec.structs.fields(Settings)} | {
        "settings",
        "passphrase",
    }
    named = re.findall(r"`TRUSTPROP_([A-Z_]+)\b", text)
    assert [name for name in named if name.lower() not in settings] == []
    assert isinstance(cli, click.Group)
    commands = re.findall(r"`(?:\.venv/bin/)?trustprop ([a-z]+)", text)
    assert [name for name in commands if name not in cli.commands] == []


def test_every_document_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    kept = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert kept - set(LINK.findall(readme)) == set()


def test_the_readme_stays_one_screen() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= ENOUGH_FOR_A_SCREEN


ROUTE = re.compile(r"`((?:(?:GET|POST|PUT|DELETE)\|?)*) ?((?:…|/v1|/public)/[^`\s]*)`")
TENANT = "/v1/compounds/{}"


def told_routes(text: str) -> Iterator[tuple[str, str]]:
    """Every method and address that a document names; ``…`` is the compound's own part."""
    for methods, address in ROUTE.findall(text):
        head, _, tail = pattern(address).rpartition("/")
        for path in (f"{head}/{last}" for last in tail.split("|")):
            for method in methods.split("|"):
                yield method, path


def pattern(address: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", address.partition("?")[0]).rstrip("/")


def test_the_design_names_the_routes_that_there_are(app: Litestar) -> None:
    served = {
        (method, pattern(route.path_format))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in (*route.methods, "")
    }
    told = list(told_routes((ROOT / "docs" / "design.md").read_text(encoding="utf-8")))
    assert len(told) > 120
    unknown = [
        f"{method} {path}"
        for method, path in told
        if not {(method, path.replace("…", base)) for base in (TENANT, "/public/{}")} & served
    ]
    assert unknown == []
    named = {path.replace("…", TENANT) for _, path in told}
    kept = {path for _, path in served if path.startswith("/v1/") and "/rehearsal/" not in path}
    assert kept - named - {TENANT} == set()
