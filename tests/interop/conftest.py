"""A server that took over the repositories of the fixtures, and the git server where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scenario.conftest import make, remote
from tests.scenario.running import REPOSITORIES, Api, Porch, wait_ready
from tests.support import upstream
from tests.support.githttp import GitHttp

__all__ = ["make", "remote"]


@dataclass(frozen=True)
class Adopted:
    porch: Porch
    remote: GitHttp

    @property
    def api(self) -> Api:
        return self.porch.api

    @property
    def address(self) -> str:
        return address_of(self.remote)


def address_of(remote: GitHttp) -> str:
    return remote.url("x").removesuffix("/x.git")


def adopt(api: Api, remote: GitHttp) -> None:
    """Serves upstream's repositories and registers them as they were."""
    upstream.unbundle(remote.root)
    for repository in upstream.registrations(address_of(remote)):
        api.do("POST", REPOSITORIES, repository)
    for name in upstream.REPOSITORIES:
        wait_ready(api, name)


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adopted]:
    """For tests that only read."""
    folder: Path = tmp_path_factory.mktemp("adopted")
    (folder / "remote").mkdir()
    with GitHttp(folder / "remote") as served:
        porch = Porch(folder / "data")
        try:
            adopt(porch.launch(), served)
            yield Adopted(porch, served)
        finally:
            porch.end()
