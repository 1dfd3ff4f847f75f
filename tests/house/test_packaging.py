"""What is shipped: the image, the pinned dependencies, the scripts and the wheel."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from trustprop.plumbing import migrations, paper

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
_, BUILD, RUN = DOCKERFILE.split("\nFROM ")
LOCKS = ("requirements.lock", "requirements-dev.lock")
SOURCES = (
    "benchmarks", "docs", "migrations", "reports", "scripts", "tests", "trustprop", ".ci",
    "Dockerfile", "README.md", "compose.yaml", "pyproject.toml",
)  # fmt: skip


def apt_packages(stage: str) -> set[str]:
    installed = re.search(r"apt-get install -y --no-install-recommends(.+?)&&", stage, re.DOTALL)
    assert installed
    return set(installed[1].replace("\\", " ").split())


def files() -> list[Path]:
    """Everything that is kept in the repository and written by hand or by a script of ours."""
    found = []
    for name in SOURCES:
        path = ROOT / name
        found += [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return [path for path in found if "__pycache__" not in path.parts]


def texts() -> list[tuple[str, str]]:
    readable = {".py", ".md", ".sh", ".toml", ".yaml", ".sql", ".html", ".css", ".po", ".json", ""}
    return [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for path in files()
        if path.suffix in readable
    ]


# the image


def test_the_image_has_every_system_library_that_bootstrap_asks_for() -> None:
    bootstrap = (ROOT / "scripts" / "bootstrap").read_text(encoding="utf-8")
    running = bootstrap.partition('if [ "$profile" = dev ]')[0]
    asked = {
        name for found in re.findall(r"missing\+=\((.+?)\)", running) for name in found.split()
    }
    assert {"libharfbuzz-subset0", "fonts-noto-cjk", "libpango-1.0-0"} <= asked
    assert asked - {"python3-venv"} <= apt_packages(RUN)
    assert "python3-venv" in apt_packages(BUILD)


def test_the_image_runs_without_root_and_is_watched() -> None:
    users = re.findall(r"^USER (\S+)", RUN, re.MULTILINE)
    assert users == ["trustprop"]
    assert RUN.index("USER trustprop") < RUN.index("CMD [")
    assert "useradd --system" in RUN
    assert re.search(r"^HEALTHCHECK .*\\\n.*readyz", RUN, re.MULTILINE)


def test_what_the_image_copies_is_there() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert {"trustprop", "migrations", "reports", "requirements.lock"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert set(copied) & set(ignored) == set()


def test_the_image_keeps_the_layout_that_migrations_and_reports_are_found_in() -> None:
    """They lie beside the package; the image installs it in place, as a checkout does."""
    assert (ROOT / "migrations") == migrations.FOLDER
    assert (ROOT / "reports") == paper.REPORTS
    assert "pip install --no-cache-dir --no-deps --no-build-isolation -e ." in BUILD
    assert "COPY --from=build /app /app" in RUN


def test_compose_mounts_and_runs_what_is_there() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    mounted = re.findall(r"- \./(\S+?):", compose)
    assert mounted == ["scripts/serving-role.sh"]
    assert all((ROOT / name).is_file() for name in mounted)
    assert re.findall(r"command: \[trustprop, (\w+)\]", compose) == ["migrate", "worker"]
    assert not re.search(r"PASSWORD:? *[\"']?[a-z0-9]{4,}", compose), "no password is written down"


# the pinned dependencies


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_pinned_with_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    pinned = re.compile(
        r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+( ; [^-]+?)?( +--hash=sha256:[0-9a-f]{64})+ *"
    )
    assert [line[:60] for line in lines if not pinned.fullmatch(line)] == []
    assert len(lines) > 40


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_an_index_or_an_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"index-url|find-links|https?://|file:|@ ", text)


def test_the_development_lock_agrees_with_the_one_that_is_shipped() -> None:
    pins = re.compile(r"^([a-z0-9._-]+(?:\[[a-z,]+\])?==\S+)", re.MULTILINE)
    shipped, developed = (
        set(pins.findall((ROOT / name).read_text(encoding="utf-8"))) for name in LOCKS
    )
    assert shipped <= developed


def test_every_declared_dependency_is_pinned() -> None:
    declared = re.search(
        r"^dependencies = \[(.+?)^\]",
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    assert declared
    names = re.findall(r'"([a-z0-9-]+)', declared[1])
    locked = re.findall(
        r"^([a-z0-9._-]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(names) - set(locked) == set()


# the tree


def test_scripts_can_be_run_and_stop_at_the_first_error() -> None:
    """Those of the shell; what anybody may download and run is one file of Python."""
    scripts = [*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run"]
    assert len(scripts) >= 7
    for path in scripts:
        assert os.access(path, os.X_OK), path
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            assert text.startswith("#!/usr/bin/env python3\n"), path
            continue
        assert text.startswith("#!/usr/bin/env bash\n"), path
        assert "set -euo pipefail" in text, path


def test_nothing_is_left_for_later() -> None:
    marks = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")))
    assert [name for name, text in texts() if marks.search(text)] == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    paths = re.compile(r"(?<![\w.])/(root|home/\w+|Users|work)/")
    assert [name for name, text in texts() if paths.search(text)] == []


# the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from flit_core import buildapi; buildapi.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=ROOT, check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "trustprop"
    kept = {
        str(path.relative_to(ROOT))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert kept - held == set()
    suffixes = {Path(name).suffix for name in held}
    assert {".json", ".sql", ".po", ".html", ".css", ".toml"} <= suffixes


def test_the_installed_wheel_serves_and_says_what_it_lacks(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(site)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TRUSTPROP_")
    } | {"PYTHONPATH": str(site), "TRUSTPROP_DATABASE_URL": "postgresql://nobody@/nowhere"}

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    imported = python("-c", "import trustprop.app; print(trustprop.app.__file__)")
    assert imported.stdout.strip() == str(site / "trustprop" / "app.py"), imported.stderr
    told = python("-m", "trustprop", "problems")
    assert "`budget-exceeded`" in told.stdout
    migrated = python("-m", "trustprop", "migrate")
    assert migrated.returncode == 2
    assert "migrations" in migrated.stderr
    assert "Traceback" not in migrated.stderr
