"""Every example of docs/functions.md is what it says: tables, configurations, commands, the template and its tests."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from porch.cli import porch
from porch.function.catalog import Catalog
from porch.function.chain import open_functions
from porch.function.images import parse_image
from porch.function.options import RUNTIMES, options_of
from porch.runner.configs import read_configs
from porch.settings import load
from tests.unit.function.installed import EXAMPLE

_TEXT = (EXAMPLE.parents[1] / "docs" / "functions.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", _TEXT, re.MULTILINE | re.DOTALL)


def test_names_become_what_the_table_says() -> None:
    rows = re.findall(r"^\| `([a-z./:0-9-]+)`(?:, `tag: (\S+)`)? \| `(\S+)` \|$", _TEXT, re.MULTILINE)
    assert len(rows) == 4
    for image, tag, whole in rows:
        assert Catalog().resolve(image, tag) == whole


def test_every_runtime_is_told() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \| [^|]* \| [^|]* \|$", _TEXT, re.MULTILINE)[: len(RUNTIMES)]) == RUNTIMES


def test_the_settings_are_understood(tmp_path: Path) -> None:
    (settings,) = [block for block in _blocks("toml") if "function-" in block]
    (tmp_path / "porch.toml").write_text(settings)
    options = options_of(load({}, {}, str(tmp_path / "porch.toml")))
    assert options.runtimes == ("builtin", "exec", "container")
    assert options.digests
    open_functions(options).close()


def test_the_function_config_does_what_it_says(tmp_path: Path) -> None:
    (text,) = _blocks("yaml")
    (tmp_path / "f.yaml").write_text(text)
    catalog = Catalog([config.spec for config in read_configs(tmp_path / "f.yaml")])
    assert catalog.executable(parse_image("registry.example/fn/checker:v1.2")) == "checker-1.2"
    assert catalog.executable(parse_image(catalog.resolve("checker:v1"))) == "checker-1.2"
    assert not catalog.executable(parse_image("registry.example/fn/checker:v2"))


def test_the_command_has_these_options() -> None:
    (line,) = _blocks("sh")
    shown = CliRunner().invoke(porch, ["function-runner", "--help"]).output
    assert [word for word in shlex.split(line) if word.startswith("--") and word not in shown] == []


def test_the_template_is_the_example() -> None:
    function, tests = _blocks("python")
    (entry,) = [block for block in _blocks("toml") if "entry-points" in block]
    assert function == (EXAMPLE / "set_owner.py").read_text()
    assert tests == (EXAMPLE / "tests" / "test_cases.py").read_text()
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    assert tomllib.loads(entry)["project"]["entry-points"] == project["entry-points"]


@pytest.mark.usefixtures("installed_function")
def test_the_examples_own_tests_pass(site: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE / "tests")]
    environment = {
        "PYTHONPATH": f"{site}:{':'.join(sys.path)}",
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
