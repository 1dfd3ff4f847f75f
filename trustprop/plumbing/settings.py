"""The settings of one process, from the environment or a file, checked once."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

PREFIX = "TRUSTPROP_"
NO_SETTINGS = ("settings", "passphrase")
"""Where the settings are, and what opens a signing key: the command line reads them itself."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, each named in the environment as ``TRUSTPROP_<NAME>``.

    ``TRUSTPROP_SETTINGS`` may name a TOML file with the same names in lower case; the environment
    wins over the file.
    """

    database_url: str = ""
    """``postgresql://…`` of the role that owns the schema (migrations, backup, integrity checks).
    Empty: the embedded PostgreSQL under ``var_dir``."""
    serving_database_url: str = ""
    """``postgresql://…`` of the role ``trustprop_serving``; empty: ``database_url`` with that user."""
    var_dir: str = "var"
    """Where the embedded database, evidence files and keys rest."""
    files_url: str = ""
    """Evidence store: a folder, ``file://`` or ``s3://`` URL; empty: ``var_dir``/files."""
    public_url: str = "http://127.0.0.1:8000"
    """What QR codes and problem types begin with."""
    host: str = "127.0.0.1"
    port: int = 8000
    pool_size: int = 8
    log_key_path: str = ""
    """Ed25519 PEM key that signs checkpoints of the journal; empty: made under ``var_dir``."""
    vault_path: str = ""
    """Folder of the secrets that open ballots on secret questions until they are counted; empty:
    ``var_dir``/vault. Not for backups: a secret that is in one cannot be destroyed. If the folder is
    lost before the count, the secret questions of open votes cannot be counted and are voted again.
    Every process of one service needs the same folder."""
    log_level: str = "info"
    log_format: str = "json"
    """``json`` for machines, ``text`` for people."""
    rehearsal: bool = False
    """Lets anybody set the clock (``POST /v1/rehearsal/clock``). Never with real money: every
    answer then carries the header ``Trustprop-Rehearsal``."""
    session_hours: int = 12
    rate_limit_per_minute: int = 6000
    """Requests per credential (or address without one) and process."""
    render_processes: int = 2


class SettingsWrong(Exception):
    """Names every setting that is wrong."""


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Raises SettingsWrong, naming each wrong setting, what it held and what it should hold."""
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    file = environ.get(PREFIX + "SETTINGS")
    if file:
        values.update(_from_file(Path(file)))
    known = {field.name: field for field in msgspec.structs.fields(Settings)}
    wrong: list[str] = []
    for name, text in environ.items():
        key = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX) or key in NO_SETTINGS or key.startswith("test_"):
            continue
        if key not in known:
            wrong.append(f"{name}: there is no such setting")
        else:
            values[key] = text
    for key in list(values):
        if key not in known:
            wrong.append(f"{key}: there is no such setting")
            continue
        try:
            values[key] = msgspec.convert(values[key], known[key].type, strict=False)
        except msgspec.ValidationError as error:
            wrong.append(f"{PREFIX}{key.upper()}={values[key]!r}: {error}")
    wrong += _check_values(values)
    if wrong:
        raise SettingsWrong("Settings are wrong:\n" + "\n".join(f"  {line}" for line in wrong))
    return Settings(**values)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsWrong(f"Settings are wrong:\n  {PREFIX}SETTINGS={path}: {error}") from None


def _check_values(values: dict[str, Any]) -> list[str]:
    wrong = []
    for key in ("database_url", "serving_database_url"):
        url = values.get(key, "")
        if url and not url.startswith("postgresql://"):
            wrong.append(f"{PREFIX}{key.upper()}: must begin with postgresql://")
    if values.get("log_format", "json") not in ("json", "text"):
        wrong.append(f"{PREFIX}LOG_FORMAT: must be json or text")
    wrong += [
        f"{PREFIX}{key.upper()}: must be above zero"
        for key in ("pool_size", "session_hours", "rate_limit_per_minute", "render_processes")
        if isinstance(values.get(key), int) and values[key] < 1
    ]
    return wrong
