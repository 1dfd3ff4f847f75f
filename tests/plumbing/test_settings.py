from pathlib import Path

import pytest

from trustprop.plumbing import log_key
from trustprop.plumbing.settings import Settings, SettingsWrong, load


def test_settings_come_from_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "trustprop.toml"
    file.write_text('port = 9000\nlog_level = "debug"\n')
    found = load({"TRUSTPROP_SETTINGS": str(file), "TRUSTPROP_PORT": "9001", "PATH": "/bin"})
    assert (found.port, found.log_level) == (9001, "debug")


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(SettingsWrong) as refused:
        load(
            {
                "TRUSTPROP_PORT": "many",
                "TRUSTPROP_COLOUR": "red",
                "TRUSTPROP_DATABASE_URL": "mysql://x",
                "TRUSTPROP_POOL_SIZE": "0",
            }
        )
    message = str(refused.value)
    for name in (
        "TRUSTPROP_PORT",
        "TRUSTPROP_COLOUR",
        "TRUSTPROP_DATABASE_URL",
        "TRUSTPROP_POOL_SIZE",
    ):
        assert name in message


def test_a_missing_settings_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="nowhere"):
        load({"TRUSTPROP_SETTINGS": str(tmp_path / "nowhere.toml")})


def test_the_log_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    settings = Settings(var_dir=str(tmp_path))
    first = log_key.load(settings)
    assert log_key.load(settings).public_key() == first.public_key()
    assert (tmp_path / "log-key.pem").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["log-key.pem"]


def test_a_key_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(SettingsWrong, match=r"bad\.pem"):
        log_key.load(Settings(log_key_path=str(tmp_path / "bad.pem")))
