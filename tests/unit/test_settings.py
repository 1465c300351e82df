"""Settings: where each may be given, which wins, what is refused, and that all of them are documented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from porch.cli import porch
from porch.errors import BadRequest
from porch.settings import Settings, flag, load

_DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default in {"", ()} else str(default)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (?:`(.*?)`)? ?\|", _DOCS.read_text(), re.MULTILINE)
    assert dict(rows) == {flag(setting): _shown(setting.default) for setting in fields(Settings)}


def test_every_setting_is_an_option_with_help() -> None:
    shown = " ".join(CliRunner().invoke(porch, ["up", "--help"]).output.split())
    for setting in fields(Settings):
        assert f"--{flag(setting)}" in shown
        assert setting.metadata["help"].split()[0] in shown


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(tmp_path: Path) -> None:
    config = tmp_path / "porch.toml"
    config.write_text('port = 1\ngrace = 2.5\nlog-level = "debug"\n')
    environment = {"PORCH_CONFIG": str(config), "PORCH_PORT": "3", "PORCH_GRACE": "4"}
    settings = load({"port": "5"}, environment)
    assert (settings.port, settings.grace, settings.log_level, settings.workers) == (5, 4.0, "debug", 2)


def test_lists_are_repeated_or_separated_by_commas_or_arrays(tmp_path: Path) -> None:
    config = tmp_path / "porch.toml"
    config.write_text('tls-names = ["a", "b"]\n')
    assert load({}, {}, str(config)).tls_names == ("a", "b")
    assert load({}, {"PORCH_TLS_NAMES": "a, b"}).tls_names == ("a", "b")
    assert load({"tls_names": ("a", "b")}, {}).tls_names == ("a", "b")


def test_the_data_directory_is_absolute_and_knows_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert load({"data_dir": "~/porch"}, {}).data_dir == Path("/home/somebody/porch")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "-1"),
        ("port", "70000"),
        ("port", "x"),
        ("port", True),
        ("port", 1.5),
        ("grace", "nan"),
        ("grace", "-1"),
        ("workers", "0"),
        ("remote_timeout", "0"),
        ("max_body_bytes", "1"),
        ("data_dir", ""),
        ("data_dir", 5),
        ("data_dir", "~nobody-of-this-name/x"),
        ("bind", 5),
        ("tls_names", [1]),
        ("dashed_names", "perhaps"),
        ("public_url", "http://["),
        ("public_url", "porch.example"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(BadRequest, match=f"setting {name.replace('_', '-')}: "):
        load({name: value}, {})


@pytest.mark.parametrize("text", ["port = ", "prot = 1\n", "\xff"])
def test_a_file_that_is_wrong_is_named(tmp_path: Path, text: str) -> None:
    config = tmp_path / "porch.toml"
    config.write_text(text, "latin-1")
    with pytest.raises(BadRequest, match=r"porch\.toml"):
        load({}, {}, str(config))
