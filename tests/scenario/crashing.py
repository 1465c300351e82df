"""A server that is killed at points of its writes, and git, which has the truth: hosted by the server, or a remote."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import Api, Porch, register, synchronise
from tests.support.githttp import GitHttp


@dataclass
class Crashing:
    """The Repository `work`, of a `kind`: hosted or remote. `truth` is where its refs really are."""

    kind: str
    porch: Porch
    truth: Path

    @classmethod
    def registered(cls, request: pytest.FixtureRequest, make: Make, kind: str, *options: str, fault: str = "") -> Self:
        porch = make(*options)
        api = porch.launch(fault)
        if kind == "hosted":
            register(api, "work", "hosted:///work")
            return cls(kind, porch, porch.hosted("default", "work"))
        remote: GitHttp = request.getfixturevalue("remote")
        register(api, "work", remote.create("work"))
        return cls(kind, porch, remote.path("work"))

    @property
    def api(self) -> Api:
        return self.porch.api

    def again(self, fault: str) -> None:
        """Stopped properly if it still runs, so that no redo records are left, whose replay would reach the fault."""
        self.porch.end(signal.SIGTERM)
        self.porch.launch(fault)
        if self.kind == "remote":
            synchronise(self.api, "work")  # the start does not wait for remotes
