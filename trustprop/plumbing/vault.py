"""Small secrets that must be forgotten for good, so they rest outside the database and its backups.

One file per secret under one folder, readable by the service alone. Whoever loses the folder loses
the secrets: answers sealed to a lost one can never be read again, by anybody.
"""

import os
from pathlib import Path

from trustprop.plumbing.settings import Settings


class Vault:
    """Named secrets. A name is a relative path such as ``votes/<compound>/<vote>``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, settings: Settings) -> "Vault":
        """The folder of the settings, or ``var_dir``/vault."""
        return cls(Path(settings.vault_path or Path(settings.var_dir) / "vault").absolute())

    def make(self, name: str, secret: bytes) -> bytes:
        """Keeps a secret and gives back what rests under the name: the first one stands.

        Written beside and linked into place, so that two processes end with one secret.
        """
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
        _sync(path.parent)
        return path.read_bytes()

    def read(self, name: str) -> bytes | None:
        """None when it was destroyed or lost."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def destroy(self, name: str) -> None:
        """Overwrites the secret and removes it, durably. Destroying it again changes nothing."""
        path = self._path(name)
        try:
            descriptor = os.open(path, os.O_WRONLY)
        except FileNotFoundError:
            return
        with os.fdopen(descriptor, "wb") as file:
            file.write(bytes(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink(missing_ok=True)
        _sync(path.parent)

    def _path(self, name: str) -> Path:
        assert ".." not in name.split("/"), "a secret's name stays inside the vault"
        return self._folder / name


def _sync(folder: Path) -> None:
    """A name that was added or removed survives a power cut only with its folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
