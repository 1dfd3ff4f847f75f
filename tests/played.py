"""The demo, played once per run through real sockets; a plugin that conftest loads."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.conftest import a_database
from trustprop.demo import assembly, story
from trustprop.demo.client import Client
from trustprop.demo.stage import Stage


@dataclass(frozen=True)
class Asked:
    """A POST of the month, as somebody sent it and the service took it."""

    name: str
    path: str
    body: dict[str, Any]


@dataclass
class PlayedMonth:
    """A running service with one published month, its clients, and the files a resident downloaded."""

    stage: Stage
    holds: bool
    out: Path
    log: str
    asked: list[Asked] = field(default_factory=list)
    """Until the story was told: what tests send later is theirs."""

    @property
    def compound_id(self) -> str:
        return self.stage.compound_id


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def listening(asked: list[Asked]) -> Iterator[None]:
    """Writes down every POST that the clients of the demo send."""
    post = Client.post

    def kept(self: Client, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = post(self, path, body)
        asked.append(Asked(self.name, path, body or {}))
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Client, "post", kept)
        yield


@contextmanager
def playing(url: str, folder: Path, tell: Callable[[Stage, Path], bool]) -> Iterator[PlayedMonth]:
    """A service of its own over this database, for as long as the block, after all was told."""
    asked: list[Asked] = []
    with (folder / "log.txt").open("w+") as log, listening(asked):
        console = Console(file=log, highlight=False, width=200)
        settings = {
            "TRUSTPROP_DATABASE_URL": url,
            "TRUSTPROP_VAR_DIR": str(folder / "var"),
        }
        with story.service(free_port(), console, **settings) as (base_url, token):
            stage = story.set_stage(base_url, token, console)
            holds = tell(stage, folder)
            log.flush()
            told = (folder / "log.txt").read_text()
            yield PlayedMonth(stage, holds, folder, told, list(asked))


@pytest.fixture(scope="session")
def month_url(template: str) -> Iterator[str]:
    """The month's own database, as its owner."""
    with a_database(template) as url:
        yield url


@pytest.fixture(scope="session")
def month(month_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedMonth]:
    """Tests that change something of it make their own copy or their own compound."""
    with playing(month_url, tmp_path_factory.mktemp("month"), story.tell) as played:
        yield played


@pytest.fixture(scope="session")
def meeting_url(template: str) -> Iterator[str]:
    """The database in which a meeting follows the month, as its owner."""
    with a_database(template) as url:
        yield url


@pytest.fixture(scope="session")
def meeting(meeting_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedMonth]:
    """The month, and then the owners' meeting with what it opens: some seconds more than the month."""
    with playing(meeting_url, tmp_path_factory.mktemp("meeting"), month_and_meeting) as played:
        yield played


def month_and_meeting(stage: Stage, out: Path) -> bool:
    holds = story.tell(stage, out)
    return assembly.tell(stage, out) and holds
