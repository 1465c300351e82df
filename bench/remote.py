"""A create whose repository is a git server over HTTP, against the bare push that it cannot do without.

Both go to the same `git http-backend`, in turn, in one run: the bare one is the server's own request once more, to a
second repository that is in the same state.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.githttp import GitHttp

from bench.lifecycle import Twin
from bench.measure import Figure, figures, percentile, sample
from bench.server import API, Server, register, revision

_ROUNDS = 60


def pushes(directory: Path) -> list[Figure]:
    root = directory / "remote"
    root.mkdir()
    with GitHttp(root) as git, Server(directory / "pushing") as server:
        client = server.client()
        register(client, "remote", git.create("remote"))
        twin = Twin(git, ["remote"])
        creating: list[float] = []
        for number in range(_ROUNDS):
            body = revision("remote", f"pushed-{number}")
            creating += sample(lambda body=body: client.request("POST", f"{API}/packagerevisions", body), 1)  # type: ignore[misc]
            twin.repeat("create")
        twin.close()
    pushing = twin.taken["create"]
    ratio = percentile(creating, 0.5) / percentile(pushing, 0.5)
    return [
        *figures("create, pushed over HTTP", creating),
        *figures("bare one-request push of the same refs and objects", pushing),
        Figure("create over bare push, medians", ratio, "x", goal=1.5),
    ]
