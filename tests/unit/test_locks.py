"""The lock files hold what pyproject.toml asks for, and nothing that is true on one machine only."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

_PROJECT = Path(__file__).resolve().parents[2]
_LOCKS = sorted((_PROJECT / "requirements").glob("*.lock"))
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def _canonical(requirement: str) -> str:
    found = _NAME.match(requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _locked(name: str) -> set[str]:
    lines = (_PROJECT / "requirements" / name).read_text().splitlines()
    return {_canonical(line) for line in lines if "==" in line and not line.startswith(("#", " "))}


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((_PROJECT / "pyproject.toml").read_text())
    assert {_canonical(item) for item in project["project"]["dependencies"]} <= _locked("runtime.lock")
    assert {_canonical(item) for item in project["dependency-groups"]["dev"]} <= _locked("dev.lock")
    assert {_canonical(item) for item in project["build-system"]["requires"]} <= _locked("build.lock")


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_index_and_no_directory(lock: Path) -> None:
    assert not re.search(r"://|index-url|find-links|(^|\s)/", lock.read_text())
