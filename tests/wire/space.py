"""A namespace of its own on the shared server, so that tests need not know of each other."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tests.support.server import CONFIG, CORE, PORCH, Client, Done, Lines, Server

SEED = """\
apiVersion: porch.kpt.dev/v1alpha1
kind: PackageRevision
metadata:
  namespace: default
spec:
  packageName: my-package
  workspaceName: v1
  repositoryName: blueprints
  lifecycle: Draft
  tasks:
  - type: Init
    init:
      description: "My new package"
"""
"""The sample request flow's manifest, to the letter."""

DOTTED, DASHED = "blueprints.my-package.v1", "blueprints-my-package-v1"
REVISIONS, RESOURCES = "packagerevisions", "packagerevisionresources"
_GROUPS = {"repositories": CONFIG, REVISIONS: PORCH, RESOURCES: PORCH, "packages": PORCH}


def named(name: str) -> str:
    """The seed's manifest as `kubectl apply` wants it: with a name."""
    return SEED.replace("metadata:\n", f"metadata:\n  name: {name}\n")


def repository(name: str, repo: str = "", **git: Any) -> dict[str, Any]:
    """Hosted under its own name unless `repo` says otherwise."""
    return {
        "apiVersion": "config.porch.kpt.dev/v1alpha1",
        "kind": "Repository",
        "metadata": {"name": name},
        "spec": {"type": "git", "git": {"repo": repo or f"hosted:///{name}", **git}},
    }


def revision(package: str = "my-package", workspace: str = "v1", repository: str = "blueprints") -> dict[str, Any]:
    return {
        "apiVersion": "porch.kpt.dev/v1alpha1",
        "kind": "PackageRevision",
        "metadata": {},
        "spec": {
            "repository": repository,
            "packageName": package,
            "workspaceName": workspace,
            "tasks": [{"type": "init", "init": {"description": f"The package {package}"}}],
        },
    }


def events(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """The events of a watch, until the server ends it."""
    while line := response.readline():
        yield json.loads(line)


@dataclass(frozen=True)
class Space:
    server: Server
    namespace: str
    client: Client

    # By kubectl

    def kubectl(self, *arguments: str, stdin: str | None = None, code: int | None = 0, **environment: str) -> Done:
        return self.server.kubectl(
            f"--namespace={self.namespace}", *arguments, stdin=stdin, code=code, environment=environment
        )

    def following(self, *arguments: str) -> AbstractContextManager[Lines]:
        return self.server.following(f"--namespace={self.namespace}", *arguments)

    def refused(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl prints on standard error when it must fail."""
        return self.kubectl(*arguments, stdin=stdin, code=1).err.rstrip("\n")

    # By HTTPS

    def path(self, resource: str, name: str = "") -> str:
        base = f"{_GROUPS.get(resource, CORE)}/namespaces/{self.namespace}/{resource}"
        return f"{base}/{name}" if name else base

    def get(self, resource: str, name: str) -> dict[str, Any]:
        answer = self.client.send("GET", self.path(resource, name))
        assert answer.status == 200, answer
        found: dict[str, Any] = answer.json()
        return found

    def version(self, resource: str, name: str) -> str:
        return str(self.get(resource, name)["metadata"]["resourceVersion"])

    def names(self, resource: str) -> list[str]:
        items = self.client.send("GET", self.path(resource)).json()["items"]
        return [item["metadata"]["name"] for item in items]

    def create(self, resource: str, obj: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.send("POST", self.path(resource), obj)
        assert answer.status == 201, answer
        made: dict[str, Any] = answer.json()
        return made

    def register(self, name: str = "blueprints", repo: str = "", **git: Any) -> None:
        """A Repository, Ready when this returns."""
        self.create("repositories", repository(name, repo, **git))
        self.kubectl("wait", "--for=condition=Ready", f"repository/{name}", "--timeout=20s")

    def draft(self, package: str = "my-package", workspace: str = "v1", repository: str = "blueprints") -> str:
        """A package revision made by an init task; its name."""
        return str(self.create(REVISIONS, revision(package, workspace, repository))["metadata"]["name"])

    def refs(self, repository: str = "blueprints") -> dict[str, str]:
        """The refs of a hosted repository as they are on disk."""
        from tests.support.server import run

        git_dir = str(self.server.hosted(self.namespace, repository))
        done = run(["git", "--git-dir", git_dir, "for-each-ref", "--format=%(refname) %(objectname)"])
        return dict(line.split() for line in done.out.splitlines())
