"""`porch apply`: what kubectl apply does, for manifests that name no object.

The server names package revisions, so the sample request flow's manifest has no metadata.name; kubectl refuses to
apply that, this command takes it as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from porch.errors import BadRequest, NotFound
from porch.keys import PackageKey, RepositoryKey, RevisionKey, join_path
from porch.krm.yaml import decode_text, documents, value_of
from porch.kube import Client, find, load

_QUERY = {"fieldManager": "porch-apply", "fieldValidation": "Strict"}


@click.command()
@click.option(
    "-f", "--filename", "files", multiple=True, required=True, help="File with manifests; - reads standard input."
)
@click.option("-n", "--namespace", default="", help="Namespace of objects that name none.")
@click.option("--kubeconfig", default="", help="Kubeconfig file; $KUBECONFIG when not given.")
@click.option("--context", default="", help="Context in it; the current one when not given.")
def command(files: tuple[str, ...], namespace: str, kubeconfig: str, context: str) -> None:
    r"""Create the objects in FILES, or update those that exist.

    \b
    Example:
      porch apply -f package.yaml
    """
    client = Client(load(find(kubeconfig), context))
    for file in files:
        for manifest in _manifests(file):
            click.echo(apply(client, manifest, namespace))


def _manifests(file: str) -> list[dict[str, Any]]:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadRequest(f"cannot read {file}: {error.strerror}") from error
    manifests = [item for item in map(value_of, documents(decode_text(data))) if item is not None]
    for item in manifests:
        if not isinstance(item, dict) or not item.get("apiVersion") or not item.get("kind"):
            raise BadRequest(f"{file}: every manifest needs apiVersion and kind")
        if not isinstance(item.get("metadata") or {}, dict):
            raise BadRequest(f"{file}: metadata must be a mapping")
    return manifests


def apply(client: Client, manifest: dict[str, Any], namespace: str = "") -> str:
    """Sends one manifest; returns kubectl's sentence about what happened."""
    api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    metadata = manifest.get("metadata") or {}
    where = str(metadata.get("namespace") or namespace or client.context.namespace)
    name = str(metadata.get("name") or "") or _composed_name(manifest, where)
    before = _existing(client, client.path(api_version, kind, where, name)) if name else None
    if before is None:
        collection = client.path(api_version, kind, where)
        stored, verb = client.request("POST", collection, manifest, query=_QUERY), "created"
    else:
        patch = {key: value for key, value in manifest.items() if key not in {"apiVersion", "kind"}}
        path = client.path(api_version, kind, where, name)
        stored = client.request("PATCH", path, patch, content_type="application/merge-patch+json", query=_QUERY)
        same = stored["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
        verb = "unchanged" if same else "configured"
    group = api_version.partition("/")[0] if "/" in api_version else ""
    return f"{kind.lower()}{'.' + group if group else ''}/{stored['metadata']['name']} {verb}"


def _existing(client: Client, path: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.request("GET", path)
    except NotFound:
        return None
    return found


def _composed_name(manifest: dict[str, Any], namespace: str) -> str:
    """The name that the server will give a package revision; empty for other kinds and unfinished manifests."""
    spec = manifest.get("spec")
    if manifest["kind"] != "PackageRevision" or not isinstance(spec, dict):
        return ""
    repository = str(spec.get("repository") or spec.get("repositoryName") or "")
    package, workspace = join_path(str(spec.get("packageName") or "")), str(spec.get("workspaceName") or "")
    if not (repository and package and workspace):
        return ""
    return RevisionKey(PackageKey(RepositoryKey(namespace, repository), package), workspace).name
