"""Settings: defaults, under a file, under the environment, under the command line; secrets are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from jalon.settings import Settings, load_settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, which has no settings yet."""
    monkeypatch.chdir(tmp_path)
    for name in ("JALON_CONFIG", "JALON_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_nearer_wins(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().port == 8080
    (here / "jalon.toml").write_text('port = 1\nhost = "a"\ntenant = "t"\ncors_origins = ["https://shop.example"]\n')
    monkeypatch.setenv("JALON_PORT", "2")
    monkeypatch.setenv("JALON_HOST", "b")
    found = load_settings(port=3, host=None)
    assert (found.port, found.host, found.tenant, found.cors_origins) == (3, "b", "t", ("https://shop.example",))
    monkeypatch.setenv("JALON_CONFIG", str(here / "other.toml"))
    (here / "other.toml").write_text("port = 4\n")
    monkeypatch.delenv("JALON_PORT")
    assert load_settings().port == 4


def test_other_variables_of_ours_are_no_settings(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JALON_CACHE", "/nowhere")
    monkeypatch.setenv("JALON_SHARED", "/nowhere")
    monkeypatch.setenv("JALON_SERVICE_HOST", "10.0.0.1")  # as Kubernetes does for a service of that name
    assert load_settings() == Settings()
    monkeypatch.setenv("JALON_PROT", "3")
    with pytest.raises(InputError, match="JALON_PROT") as caught:
        load_settings()
    assert caught.value.code == "unknown_setting" and caught.value.action == "did you mean `JALON_PORT`?"


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("prot = 1", "unknown_setting", "did you mean `port`?"),
        ("port = 99999", "invalid_setting", "correct it"),
        ('secret = "short-secret"', "invalid_setting", "correct it"),
        ("port = ", "invalid_setting", "correct it"),
        ('auth = "maybe"', "invalid_setting", "correct it"),
    ],
)
def test_what_is_wrong_is_told(here: Path, text: str, code: str, hint: str) -> None:
    (here / "jalon.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        load_settings()
    assert caught.value.code == code and hint in caught.value.action
    assert "short-secret" not in str(caught.value)


def test_a_file_that_is_named_must_exist(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JALON_CONFIG", "none.toml")
    with pytest.raises(InputError, match=r"none\.toml"):
        load_settings()


def test_secrets_are_never_shown(here: Path) -> None:
    found = load_settings(database_url="postgresql://me:hunter2@host/x", secret="0123456789abcdef-secret")
    shown = repr(found) + str(found) + found.model_dump_json()
    assert "hunter2" not in shown and "0123456789abcdef" not in shown
    with pytest.raises(InputError) as caught:
        load_settings(secret="hunter2")
    assert "hunter2" not in str(caught.value)


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())
