"""The installed kubectl against nothing but discovery, OpenAPI and a server that keeps what is posted to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from porch.apiserver.codec import PROTOBUF
from porch.apiserver.discovery import Discovery
from porch.apiserver.interface import Answer, DocumentRequest, Documents
from porch.apiserver.openapi import OpenApi
from porch.apiserver.protobuf import decode
from porch.errors import PorchError
from porch.types import ALL_KINDS, Kind

VERSION = {"major": "1", "minor": "33", "gitVersion": "v1.33.1", "platform": "linux/amd64"}
KINDS = {kind.name: kind for kind in ALL_KINDS}


class Api(ThreadingHTTPServer):
    """Answers documents and what is in `stored`; keeps posted bodies and sends back `reply`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.documents: tuple[Documents, ...] = (Discovery(ALL_KINDS), OpenApi(ALL_KINDS))
        self.stored: dict[str, dict[str, Any]] = {}
        self.posted: list[tuple[str, str, bytes]] = []
        self.asked: list[tuple[str, int]] = []
        self.reply: dict[str, Any] = {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Api

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = DocumentRequest(split.path, parse_qs(split.query), headers)
        answer = self._answer(request)
        self.server.asked.append((split.path, answer.status))
        self._send(answer)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((urlsplit(self.path).path, self.headers["Content-Type"], body))
        self._send(Answer(json.dumps(self.server.reply).encode(), status=201))

    def do_PATCH(self) -> None:
        self.do_POST()

    def _answer(self, request: DocumentRequest) -> Answer:
        if request.path == "/version":
            return Answer(json.dumps(VERSION).encode())
        if request.path in self.server.stored:
            return Answer(json.dumps(self.server.stored[request.path]).encode())
        try:
            found = (documents.answer(request) for documents in self.server.documents)
            return next((answer for answer in found if answer), Answer(b"404 page not found\n", "text/plain", 404))
        except PorchError as error:
            return Answer(str(error).encode(), "text/plain", error.code)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body)), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Quiet."""


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


Kubectl = Callable[..., str]


@pytest.fixture
def kubectl(api: Api, tmp_path: Path) -> Kubectl:
    program = shutil.which("kubectl")
    assert program, "these tests need kubectl on the PATH"
    address = f"http://127.0.0.1:{api.server_port}"
    environment = {"HOME": str(tmp_path), "KUBECACHEDIR": str(tmp_path / "cache"), "PATH": os.environ["PATH"]}

    def run(*arguments: str, stdin: str = "") -> str:
        command = [program, f"--server={address}", *arguments]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=environment, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_explain_shows_every_field_below_a_list(kubectl: Kubectl) -> None:
    shown = kubectl("explain", "packagerevision.spec.tasks", "--recursive")
    assert "GROUP:      porch.kpt.dev" in shown
    assert "FIELD: tasks <[]Task>" in shown
    assert "    localPackageRevisionRef\t<NameReference>" in shown
    assert "      secretRef\t<NameReference>" in shown


def test_explain_shows_descriptions_and_choices(kubectl: Kubectl) -> None:
    lifecycle = kubectl("explain", "packagerevision.spec.lifecycle")
    assert "ENUM:" in lifecycle
    assert "    DeletionProposed\n" in lifecycle
    assert "case does not matter" in lifecycle
    assert "One revision of a package" in kubectl("explain", "packagerevision")
    assert "Head of the branch" in kubectl("explain", "repository.status.gitCommitHash")
    assert "ObjectMeta" in kubectl("explain", "repo")


def test_explain_knows_every_kind_that_has_a_name_of_its_own(kubectl: Kubectl) -> None:
    for kind in ("clusterrolebindings", "secrets", "selfsubjectaccessreviews", "packages.porch.kpt.dev"):
        assert "FIELDS:" in kubectl("explain", kind, "--recursive")


def test_api_resources_lists_all_of_them(kubectl: Kubectl) -> None:
    lines = kubectl("api-resources", "--no-headers", "-o", "wide").splitlines()
    rows = {line.split()[0]: line.split() for line in lines}
    assert set(rows) == {kind.plural for kind in ALL_KINDS}
    assert rows["repositories"][1:5] == ["repo", "config.porch.kpt.dev/v1alpha1", "true", "Repository"]
    assert rows["packagerevisions"][-1] == "create,delete,deletecollection,get,list,patch,update,watch"


MANIFEST = """
apiVersion: porch.kpt.dev/v1alpha1
kind: PackageRevision
metadata: {name: blueprints.my-package.v1, namespace: default}
spec: {packageName: my-package, repositoryName: blueprints, workspaceName: v1, lifecycle: Draft, tasks: [{type: Init}]}
"""


def test_a_create_is_validated_by_the_server_not_by_the_client(api: Api, kubectl: Kubectl) -> None:
    api.reply = {"apiVersion": "porch.kpt.dev/v1alpha1", "kind": "PackageRevision", "metadata": {"name": "x"}}
    kubectl("create", "-f", "-", "--validate=strict", stdin=MANIFEST.replace("Draft", "Draft, nope: 1"))
    assert len(api.posted) == 1
    asked = [path for path, _ in api.asked]
    assert "/openapi/v3/apis/porch.kpt.dev/v1alpha1" in asked
    assert "/openapi/v2" not in asked


def test_a_client_side_dry_run_passes_strict_validation(api: Api, kubectl: Kubectl) -> None:
    shown = kubectl("create", "-f", "-", "--dry-run=client", "--validate=strict", stdin=MANIFEST)
    assert shown == "packagerevision.porch.kpt.dev/blueprints.my-package.v1 created (dry run)\n"
    assert api.posted == []


def test_apply_makes_a_strategic_patch_that_names_only_the_change(api: Api, kubectl: Kubectl) -> None:
    wanted: dict[str, Any] = {
        "apiVersion": "porch.kpt.dev/v1alpha1",
        "kind": "PackageRevision",
        "metadata": {"name": "blueprints.my-package.v1", "namespace": "default", "finalizers": ["a.example/x"]},
        "spec": {
            "packageName": "my-package",
            "repositoryName": "blueprints",
            "workspaceName": "v1",
            "lifecycle": "Draft",
        },
    }
    annotation = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(wanted)}
    live = {**deepcopy(wanted), "metadata": {**wanted["metadata"], "annotations": annotation}}
    path = "/apis/porch.kpt.dev/v1alpha1/namespaces/default/packagerevisions/blueprints.my-package.v1"
    api.stored[path], api.reply = live, live
    wanted["spec"]["lifecycle"] = "Proposed"
    wanted["metadata"]["finalizers"] = ["a.example/x", "b.example/y"]
    kubectl("apply", "-f", "-", stdin=json.dumps(wanted))
    ((patched, media_type, body),) = api.posted
    assert (patched, media_type) == (path, "application/strategic-merge-patch+json")
    patch = json.loads(body)
    assert patch["spec"] == {"lifecycle": "Proposed"}
    assert patch["metadata"]["finalizers"] == ["b.example/y"]


def test_the_cache_is_revalidated_without_a_second_transfer(api: Api, kubectl: Kubectl) -> None:
    kubectl("api-resources")
    kubectl("api-resources")
    assert [status for path, status in api.asked if path == "/apis"] == [200, 304]


def posted_object(api: Api, kind: Kind) -> dict[str, Any]:
    (posted,) = api.posted
    _, media_type, body = posted
    assert media_type == PROTOBUF
    return decode(kind, body)


def test_auth_can_i_is_read_from_protobuf(api: Api, kubectl: Kubectl) -> None:
    kind = KINDS["SelfSubjectAccessReview"]
    api.reply = {"kind": kind.name, "apiVersion": kind.api_version, "status": {"allowed": True}}
    assert kubectl("auth", "can-i", "update", "repo/blueprints", "--subresource=status", "-n", "team").strip() == "yes"
    review = posted_object(api, kind)
    asked = {key: value for key, value in review["spec"]["resourceAttributes"].items() if value}
    assert asked == {
        "namespace": "team",
        "verb": "update",
        "group": "config.porch.kpt.dev",
        "resource": "repositories",
        "subresource": "status",
        "name": "blueprints",
    } | ({"version": asked["version"]} if "version" in asked else {})


def test_auth_whoami_is_read_from_protobuf(api: Api, kubectl: Kubectl) -> None:
    kind = KINDS["SelfSubjectReview"]
    user = {"username": "admin", "groups": ["system:masters"]}
    api.reply = {"kind": kind.name, "apiVersion": kind.api_version, "status": {"userInfo": user}}
    assert "admin" in kubectl("auth", "whoami")
    assert posted_object(api, kind)["kind"] == "SelfSubjectReview"


@pytest.mark.parametrize(
    ("kind", "command", "expected"),
    [
        ("Namespace", "namespace team", {}),
        ("Secret", "secret generic token -n team --from-literal=a=b --type=kubernetes.io/basic-auth",
         {"data": {"a": "Yg=="}, "type": "kubernetes.io/basic-auth"}),
        ("ConfigMap", "configmap settings -n team --from-literal=a=b", {"data": {"a": "b"}}),
        ("Role", "role reader -n team --verb=get,list --resource=packagerevisions --resource-name=x",
         {"rules": [{"verbs": ["get", "list"], "apiGroups": ["porch.kpt.dev"], "resources": ["packagerevisions"],
                     "resourceNames": ["x"]}]}),
        ("ClusterRole", "clusterrole probe --verb=get --non-resource-url=/metrics",
         {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]}),
        ("RoleBinding", "rolebinding team -n team --clusterrole=admin --user=ann",
         {"subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ann", "namespace": ""}],
          "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}}),
        ("ClusterRoleBinding", "clusterrolebinding root --clusterrole=admin --serviceaccount=team:bot",
         {"subjects": [{"kind": "ServiceAccount", "apiGroup": "", "name": "bot", "namespace": "team"}]}),
    ],
)  # fmt: skip
def test_what_kubectl_generates_is_read_from_protobuf(
    api: Api, kubectl: Kubectl, kind: str, command: str, expected: dict[str, Any]
) -> None:
    api.reply = {"kind": kind, "apiVersion": KINDS[kind].api_version, "metadata": {"name": "x"}}
    kubectl("create", *command.split())
    created = posted_object(api, KINDS[kind])
    assert created["metadata"]["name"] in command
    assert {key: created[key] for key in expected} == expected
