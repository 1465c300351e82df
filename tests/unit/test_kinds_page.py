"""docs/kinds.md names every kind of Kubernetes that is served, every default role and every reason of our Events."""

from __future__ import annotations

import re
from pathlib import Path

from porch.objects.rbac_defaults import DEFAULTS
from porch.types import ALL_KINDS

_ROOT = Path(__file__).resolve().parents[2]
_PAGE = (_ROOT / "docs" / "kinds.md").read_text()


def test_every_kind_has_its_row() -> None:
    rows = [line for line in _PAGE.splitlines() if line.startswith("| `")]
    for kind in ALL_KINDS:
        if kind.group.endswith("kpt.dev"):
            continue
        assert any(f"`{kind.api_version}`" in row and re.search(rf"\b{kind.name}\b", row) for row in rows), kind


def test_every_default_role_is_told() -> None:
    for default in DEFAULTS:
        if not default.name.startswith("system:aggregate-to-"):
            assert f"`{default.name}`" in _PAGE


def test_every_reason_is_told() -> None:
    sources = (_ROOT / "src" / "porch").rglob("*.py")
    reasons = {
        reason for source in sources for reason in re.findall(r'(?:WARNING|NORMAL), "(\w+)"', source.read_text())
    }
    assert reasons == {"SyncFailed", "SyncRecovered", "SyncHeld", "SyncResumed", "Damaged"}
    assert all(f"`{reason}`" in _PAGE for reason in reasons)
