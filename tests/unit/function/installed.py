"""The example of another distribution's function, really installed, and what tests of calls share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from porch.function import registry
from porch.kyaml import Node, parse

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "function"
CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
data:
  owner: {owner}
"""


def config_map(name: str = "shop", owner: str = "team-a") -> Node:
    return parse(CONFIG_MAP.format(name=name, owner=owner))[0]


def forget() -> None:
    """The registry looks only once for what is installed."""
    for cached in (registry._entry_points, registry.find_native, registry.native_digest, registry._is_ours):
        cached.cache_clear()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which pip has installed the example."""
    directory = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(directory), str(EXAMPLE)]
    subprocess.run(command, check=True)
    return directory


@pytest.fixture
def installed_function(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The example's function is there, as after `pip install`."""
    monkeypatch.syspath_prepend(str(site))
    forget()
    yield "set-owner"
    monkeypatch.undo()
    sys.modules.pop("set_owner", None)
    forget()
