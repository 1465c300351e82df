"""What all tests share: a surrounding that is the same on every machine, and a real kubectl."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_TOOLS = Path(__file__).resolve().parents[1] / ".tools" / "bin"
_FOREIGN = {"http_proxy", "https_proxy", "all_proxy", "kubeconfig"}


@pytest.fixture(autouse=True, scope="session")
def surrounding() -> Iterator[None]:
    """No settings of this machine's user reach a test: not of git, kubectl or Porch, and no proxy. Programs that the
    project installs for its tests come before those of the machine.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            ours = name.startswith(("PORCH_", "GIT_")) and not name.startswith("PORCH_TEST_")
            if ours or name.lower() in _FOREIGN:
                patch.delenv(name)
        patch.setenv("PATH", f"{_TOOLS}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        yield


@pytest.fixture(scope="session")
def kubectl() -> Path:
    from tests.support.kubectl import find

    return find()
