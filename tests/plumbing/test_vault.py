"""Secrets that are kept outside the database and forgotten for good."""

import stat
from pathlib import Path

import pytest

from trustprop.plumbing.settings import Settings
from trustprop.plumbing.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def test_the_first_secret_of_a_name_stands(vault: Vault):
    assert vault.make("votes/a", b"first") == b"first"
    assert vault.make("votes/a", b"second") == b"first"
    assert vault.read("votes/a") == b"first"
    assert vault.read("votes/b") is None


def test_a_destroyed_secret_is_gone_and_may_be_destroyed_again(vault: Vault, tmp_path: Path):
    vault.make("votes/a", b"a secret")
    for _ in range(2):
        vault.destroy("votes/a")
        assert vault.read("votes/a") is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_secret_is_overwritten_before_its_name_goes(vault: Vault, tmp_path: Path):
    vault.make("votes/a", b"a secret")
    other_name = tmp_path / "other"
    other_name.hardlink_to(tmp_path / "vault" / "votes" / "a")
    vault.destroy("votes/a")
    assert other_name.read_bytes() == bytes(8)


def test_only_the_service_reads_a_secret(vault: Vault, tmp_path: Path):
    vault.make("votes/a", b"a secret")
    kept = tmp_path / "vault" / "votes" / "a"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_a_name_stays_inside_the_vault(vault: Vault):
    with pytest.raises(AssertionError):
        vault.read("../outside")


def test_the_folder_is_named_by_the_settings(tmp_path: Path):
    Vault.of(Settings(var_dir=str(tmp_path))).make("a", b"x")
    assert (tmp_path / "vault" / "a").read_bytes() == b"x"
    Vault.of(Settings(vault_path=str(tmp_path / "apart"))).make("a", b"y")
    assert (tmp_path / "apart" / "a").read_bytes() == b"y"
