"""What stands in for the checklist's widgets: a ConfigMap for data alone, a Repository where spec and status matter."""

from __future__ import annotations

import json
from typing import Any

from tests.wire.space import repository

MAPS, REPOSITORIES = "configmaps", "repositories"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def config_map(name: str = "a", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def widget(name: str = "a", description: str = "") -> dict[str, Any]:
    """A Repository: it has a spec, a status, a generation and versions that must be named."""
    made = repository(name)
    made["spec"]["description"] = description
    return made


def text(obj: dict[str, Any]) -> str:
    """For kubectl's standard input."""
    return json.dumps(obj)
