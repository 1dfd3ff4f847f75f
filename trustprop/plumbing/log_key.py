"""The service's own key: it signs checkpoints of journals and can sign nothing else."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from trustprop.plumbing.settings import Settings, SettingsWrong


def load(settings: Settings) -> Ed25519PrivateKey:
    """The key of the settings, or one made once under ``var_dir``.

    Raises SettingsWrong when the named file is missing or is no Ed25519 key.
    """
    if settings.log_key_path:
        return _read(Path(settings.log_key_path))
    path = Path(settings.var_dir).absolute() / "log-key.pem"
    if not path.exists():
        _make(path)
    return _read(path)


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsWrong(f"TRUSTPROP_LOG_KEY_PATH={path}: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsWrong(f"TRUSTPROP_LOG_KEY_PATH={path}: not an Ed25519 key")
    return key


def _make(path: Path) -> None:
    """Written beside and moved into place, so that two processes end with one key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    beside = path.with_suffix(f".{os.getpid()}")
    beside.touch(mode=0o600)
    beside.write_bytes(content)
    try:
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink()
