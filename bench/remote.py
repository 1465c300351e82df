"""A create whose repository is a git server over HTTP, against the bare push that it cannot do without.

Both go to the same `git http-backend`, in turn, in one run: the bare one is a single prepared POST of the same kind of
objects on a kept connection.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import httpx2
from tests.support.githttp import GitHttp

from bench.measure import Figure, figures, percentile, sample
from bench.server import API, Client, Server, register, revision
from porch.keys import RepositoryKey
from porch.repository import Author
from porch.repository.git import GitAddress, GitRepository, open_remote
from porch.repository.git.protocol import push_request
from porch.types.task import InitTask, Task
from porch.workers import WorkerPool

_ROUNDS = 60
_CAPABILITIES = frozenset({"report-status"})


def pushes(directory: Path) -> list[Figure]:
    root = directory / "remote"
    root.mkdir()
    with GitHttp(root) as git, Server(directory / "pushing") as server:
        client = server.client()
        register(client, "remote", git.create("remote"))
        bare = _Bare(directory / "bare-mirror", git.create("bare"), client)
        creating: list[float] = []
        pushing: list[float] = []
        for number in range(_ROUNDS):
            create = partial(client.request, "POST", f"{API}/packagerevisions", revision("remote", f"pushed-{number}"))
            creating += sample(create, 1)
            pushing += sample(partial(bare.send, bare.request(number)), 1)
        bare.close()
    ratio = percentile(creating, 0.5) / percentile(pushing, 0.5)
    return [
        *figures("create, pushed over HTTP", creating),
        *figures("bare one-request push of the same objects", pushing),
        Figure("create over bare push, medians", ratio, "x", goal=1.5),
    ]


class _Bare:
    """Pushes drafts like those that the server makes, with nothing around the push."""

    def __init__(self, mirror: Path, url: str, client: Client) -> None:
        self._workers = WorkerPool(1, 60)
        address = GitAddress(url=url, key=RepositoryKey("default", "bare"), create_branch=True)
        self._repository: GitRepository = open_remote(
            str(mirror), address, self._workers, mirror_id="bare", location=url
        )
        self._repository.refresh()
        client.request("POST", f"{API}/packagerevisions", revision("remote", "model"))
        files = client.request("GET", f"{API}/packagerevisionresources/remote.model.v1")["spec"]["resources"]
        self._files = {path: text.encode() for path, text in files.items()}
        self._http = httpx2.Client(trust_env=False)
        self._url = f"{url}/git-receive-pack"

    def request(self, number: int) -> bytes:
        author = Author("porch-admin", "porch-admin")
        draft = self._repository.create_package_revision_draft(f"pushed-{number}", "v1", author)
        draft.update_resources(self._files, Task(type="init", init=InitTask(description=f"number {number}")))
        draft.update_lifecycle("Draft")
        plan = self._repository.plan(draft)
        return push_request(plan.moves, plan.pack, _CAPABILITIES)

    def send(self, request: bytes) -> None:
        headers = {"Content-Type": "application/x-git-receive-pack-request"}
        answer = self._http.post(self._url, content=request, headers=headers)
        assert answer.status_code == 200, answer.text
        assert b"unpack ok" in answer.content, answer.content

    def close(self) -> None:
        self._http.close()
        self._repository.close()
        self._workers.close()
