"""helm 3 and helm 4 ship a chart of our kinds: installed, upgraded, rolled back, uninstalled."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.clients.program import Program
from tests.support.kubectl import installed
from tests.support.server import Client, Server
from tests.wire.space import REVISIONS, Space

_CHART = str(Path(__file__).parent / "chart")
_WAIT = ("--wait", "--timeout=30s")
_numbers = count(1)


@pytest.fixture(params=["helm-of-1.31", "helm-of-1.37"])
def helm(request: pytest.FixtureRequest, server: Server, client: Client) -> Program:
    """In a namespace that it makes itself."""
    return Program(installed(request.param), Space(server, f"helm-{next(_numbers)}", client))


def _applying(helm: Program) -> tuple[str, ...]:
    """helm 4 would apply on the server, which is not built yet."""
    return () if helm("version", "--short").out.startswith("v3.") else ("--server-side=false",)


def _packages(helm: Program) -> dict[str, Any]:
    """Their labels."""
    items = helm.space.client.send("GET", helm.space.path(REVISIONS)).json()["items"]
    return {item["spec"]["packageName"]: item["metadata"]["labels"]["team"] for item in items}


def _note(helm: Program) -> object:
    return helm.space.get("configmaps", "note")["data"]["note"]


def test_a_release_through_its_life(helm: Program) -> None:
    how = (*_WAIT, *_applying(helm))
    helm("install", "catalog", _CHART, "--create-namespace", *how)
    assert (_note(helm), _packages(helm)) == ("first", {})

    packages = "packages={alpha,bravo}"
    helm("upgrade", "catalog", _CHART, f"--set={packages}", *how)
    assert _packages(helm) == {"alpha": "net", "bravo": "net"}
    helm("upgrade", "catalog", _CHART, f"--set={packages},note=second,team=web", *how)
    assert (_note(helm), _packages(helm)) == ("second", {"alpha": "web", "bravo": "web"})
    helm("upgrade", "catalog", _CHART, "--set=packages={bravo},note=third", *how)
    assert (_note(helm), _packages(helm)) == ("third", {"bravo": "net"})

    helm("rollback", "catalog", "3", *how)
    assert (_note(helm), _packages(helm)) == ("second", {"alpha": "web", "bravo": "web"})
    assert [release["name"] for release in helm("list", "-o", "json").json()] == ["catalog"]
    history = helm("history", "catalog", "-o", "json").json()
    assert [entry["status"] for entry in history] == ["superseded"] * 4 + ["deployed"]
    assert json.loads(helm("get", "values", "catalog", "-o", "json").out)["note"] == "second"
    assert "kind: PackageRevision" in helm("get", "manifest", "catalog").out

    helm("uninstall", "catalog", *_WAIT)
    assert helm("list", "-o", "json").json() == []
    assert helm.space.names("repositories") == helm.space.names("configmaps") == helm.space.names("secrets") == []


def test_a_first_release_with_packages_takes_a_second_try(helm: Program) -> None:
    """Helm makes PackageRevision before Repository, by their names; nothing is left that would be in its way."""
    package, how = "--set=packages={alpha}", (*_WAIT, *_applying(helm))
    refusal = helm("install", "catalog", _CHART, "--create-namespace", package, *how, code=1).err
    assert 'repositories.config.porch.kpt.dev "blueprints" not found' in refusal
    helm("upgrade", "--install", "catalog", _CHART, package, *how)
    assert _packages(helm) == {"alpha": "net"}
    helm("uninstall", "catalog", *_WAIT)
