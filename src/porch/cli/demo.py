"""`porch demo`: the sample request flow from start to end, on a server of its own in a temporary directory.

Starts `porch up` as a user would, registers a hosted repository, sends the flow's manifest verbatim, and shows what
became of it: the package, its files, the git log of the draft branch, and where the time went. Ends by itself, or keeps
serving until Ctrl-C when a person watches.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from porch.cli.apply import apply
from porch.errors import ServiceUnavailable
from porch.keys import PACKAGE_REVISIONS
from porch.kube import Client, load

MANIFEST = """\
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
_REPOSITORY = {
    "apiVersion": "config.porch.kpt.dev/v1alpha1",
    "kind": "Repository",
    "metadata": {"name": "blueprints", "namespace": "default"},
    "spec": {"type": "git", "description": "Kept by this server", "git": {"repo": "hosted:///blueprints"}},
}
_STEPS = {
    "apiserver.authorize": "1",
    "apiserver.decode": "1",
    "engine.validate": "2",
    "engine.open-repository": "3",
    "engine.validate-workspace": "4",
    "engine.validate-task": "5",
    "engine.validate-path": "6",
    "repository.create-draft": "7",
    "engine.rollback": "8",
    "task.apply": "9",
    "render": "9",
    "engine.update-lifecycle": "10",
    "repository.commit": "11",
    "cache.record-intent": "11",
    "repository.push": "11",
    "cache.index": "11-12",
    "repository.close-draft": "11",
}
"""Which step of the flow each measured step belongs to. Watchers are notified inside the commit of the index."""
_START_SECONDS = 30


@click.command()
def command() -> None:
    """Show the sample request flow on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="porch-demo-") as directory:
        data = Path(directory, "data")
        with _server(data, Path(directory, "log")) as ready:
            _say(ready)
            client = Client(load(data / "kubeconfig"))
            _repository(client)
            _create(data / "kubeconfig")
            _show(client, data)
            _times(Path(directory, "log"))
            client.close()
            if sys.stdin.isatty():
                _serve(data)


@contextmanager
def _server(data: Path, log: Path) -> Iterator[str]:
    """Runs `porch up`; gives the line that it prints when it is ready."""
    arguments = ["up", "--port", "0", "--data-dir", str(data), "--log-file", str(log)]
    process = subprocess.Popen([sys.executable, "-m", "porch", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line:
            raise ServiceUnavailable(f"the server did not start: {log.read_text() if log.exists() else 'no log'}")
        yield line
    finally:
        process.terminate()
        process.wait(_START_SECONDS)


def _say(text: str) -> None:
    click.echo(text)


def _title(text: str) -> None:
    click.secho(f"\n# {text}", bold=True)


def _repository(client: Client) -> None:
    _title("A repository that this server keeps itself")
    _say(apply(client, _REPOSITORY))


def _create(kubeconfig: Path) -> None:
    """By kubectl if it is there; its own `apply` wants a name in the manifest, so `create`."""
    kubectl = shutil.which("kubectl")
    arguments = [kubectl, "create"] if kubectl else [sys.executable, "-m", "porch", "apply"]
    _title("The sample request flow's manifest, as it is")
    _say(MANIFEST.rstrip())
    _say(f"\n$ {'kubectl create' if kubectl else 'porch apply'} -f -")
    environment = os.environ | {"KUBECONFIG": str(kubeconfig), "KUBECACHEDIR": str(kubeconfig.parent / "kubectl-cache")}
    sys.stdout.flush()  # before another process writes to the same place
    done = subprocess.run([*arguments, "-f", "-"], input=MANIFEST, text=True, check=False, env=environment)
    if done.returncode:
        raise ServiceUnavailable("the package could not be created; the lines above say why")


def _show(client: Client, data: Path) -> None:
    base = "/apis/porch.kpt.dev/v1alpha1/namespaces/default"
    revision = client.request("GET", f"{base}/packagerevisions/blueprints.my-package.v1")
    _title("The package revision")
    _say(_table(["NAME", "PACKAGE", "WORKSPACENAME", "REVISION", "LIFECYCLE", "REPOSITORY"], [_row(revision)]))
    resources = client.request("GET", f"{base}/packagerevisionresources/blueprints.my-package.v1")
    _title("Its files")
    for path, text in resources["spec"]["resources"].items():
        _say(f"--- {path} ({len(text.encode())} bytes)\n{text.rstrip()}")
    _title("The git log of its draft branch")
    hosted = data / "git" / "hosted" / "default" / "blueprints.git"
    log = ["git", "--git-dir", str(hosted), "log", "--stat", "--format=fuller", "drafts/my-package/v1"]
    _say(subprocess.run(log, capture_output=True, text=True, check=True).stdout.rstrip())


def _row(revision: dict[str, Any]) -> list[str]:
    spec = revision["spec"]
    number = str(spec.get("revision", 0))
    return [
        revision["metadata"]["name"],
        spec["packageName"],
        spec["workspaceName"],
        number,
        spec["lifecycle"],
        spec["repository"],
    ]


def _table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    return "\n".join(
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    )


def _times(log: Path) -> None:
    """The server's own record of the create, from its log: each step of the flow by its number."""
    records = (json.loads(line) for line in log.read_text().splitlines())
    creates = (item for item in records if item.get("verb") == "create")
    record = next(item for item in creates if item["resource"] == str(PACKAGE_REVISIONS))
    _title("Where the time went")
    rows = [[_STEPS.get(name, ""), name, f"{seconds * 1000:.2f} ms"] for name, seconds in record["steps"].items()]
    rows.append(["1-14", "(the whole request)", f"{record['seconds'] * 1000:.2f} ms"])
    _say(_table(["STEP", "WHAT", "TIME"], rows))


def _serve(data: Path) -> None:
    _title("Still serving; Ctrl-C ends it")
    _say(f"export KUBECONFIG={data / 'kubeconfig'}")
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        _say("")
