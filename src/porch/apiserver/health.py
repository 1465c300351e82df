"""/livez, /readyz, /healthz, /version and /metrics: documents for those who watch over the server.

The checks are named functions that the caller gives; one that returns a text, or raises, has failed. What is wrong is
for the log: a client is told only which check.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from importlib import metadata

import msgspec
import structlog

from porch.apiserver.interface import Answer, DocumentRequest

Check = Callable[[], str]
"""Why it is not healthy; empty when it is."""

_PLAIN = "text/plain; charset=utf-8"
_NOSNIFF = {"X-Content-Type-Options": "nosniff"}
_log = structlog.get_logger("porch.health")


def _ping() -> str:
    return ""


class Health:
    """`live` checks say whether the process works at all, `ready` ones whether it should be sent requests."""

    def __init__(self, live: Mapping[str, Check], ready: Mapping[str, Check]) -> None:
        lively = {"ping": _ping, **live}
        self._endpoints = {"livez": lively, "readyz": {**lively, **ready}, "healthz": lively}

    def answer(self, request: DocumentRequest) -> Answer | None:
        endpoint, _, single = request.path.strip("/").partition("/")
        checks = self._endpoints.get(endpoint)
        if checks is None:
            return None
        if single:
            return _one(single, checks[single]) if single in checks else None
        excluded = set(request.query.get("exclude", ()))
        lines = [
            f"[+]{name} excluded: ok" if name in excluded else _line(name, check) for name, check in checks.items()
        ]
        if unknown := excluded - checks.keys():
            names = ", ".join(f'"{name:.64}"' for name in sorted(unknown))
            lines.append(f"warn: some health checks cannot be excluded: no matches for {names}")
        healthy = not any(line.startswith("[-]") for line in lines)
        lines.append(f"{endpoint} check {'passed' if healthy else 'failed'}")
        if healthy and "verbose" not in request.query:
            return _text("ok")
        return _text("\n".join([*lines, ""]), 200 if healthy else 500)


def _one(name: str, check: Check) -> Answer:
    healthy = _line(name, check).startswith("[+]")
    return _text("ok") if healthy else _text(f"internal server error: {name} failed", 500)


def _line(name: str, check: Check) -> str:
    try:
        problem = check()
    except Exception as error:  # noqa: BLE001 - a check that breaks has failed
        problem = f"{type(error).__name__}: {error}"
    if not problem:
        return f"[+]{name} ok"
    _log.warning("health check failed", check=name, problem=problem)
    return f"[-]{name} failed: reason withheld"


def _text(text: str, status: int = 200) -> Answer:
    return Answer(text.encode(), _PLAIN, status, _NOSNIFF)


class Version:
    """kubectl and helm parse gitVersion and compare it with their own: it names the Kubernetes that we behave like."""

    def __init__(self) -> None:
        own = metadata.version("porch")
        self._body = msgspec.json.format(
            msgspec.json.encode(
                {
                    "major": "1",
                    "minor": "35",
                    "emulationMajor": "1",
                    "emulationMinor": "35",
                    "minCompatibilityMajor": "1",
                    "minCompatibilityMinor": "34",
                    "gitVersion": f"v1.35.0+porch-{own}",
                    "gitCommit": "",
                    "gitTreeState": "",
                    "buildDate": "1970-01-01T00:00:00Z",
                    "goVersion": "",
                    "compiler": f"{platform.python_implementation()} {platform.python_version()}",
                    "platform": f"{sys.platform}/{platform.machine()}",
                }
            ),
            indent=2,
        )

    def answer(self, request: DocumentRequest) -> Answer | None:
        return Answer(self._body) if request.path.rstrip("/") == "/version" else None


class Metrics:
    """Prometheus' text format."""

    def answer(self, request: DocumentRequest) -> Answer | None:
        if request.path.rstrip("/") != "/metrics":
            return None
        from prometheus_client import REGISTRY
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

        return Answer(generate_latest(REGISTRY), CONTENT_TYPE_LATEST)
