"""What clients ask a server before anything else: its version, resources, schemas and health."""

from __future__ import annotations

from tests.support.server import Client, Server


def test_version(server: Server) -> None:
    version = server.kubectl("version", "-o", "json").json()["serverVersion"]
    assert version["major"] == "1"
    assert "porch" in version["gitVersion"]


def test_api_resources(server: Server) -> None:
    rows = [line.split() for line in server.kubectl("api-resources", "--no-headers").out.splitlines()]
    kinds = {row[-1]: row for row in rows}
    assert kinds["PackageRevision"] == ["packagerevisions", "porch.kpt.dev/v1alpha1", "true", "PackageRevision"]
    assert kinds["Repository"] == ["repositories", "repo", "config.porch.kpt.dev/v1alpha1", "true", "Repository"]
    assert kinds.keys() >= {
        "Namespace", "Secret", "ConfigMap", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
        "PackageRevisionResources", "PorchPackage", "SelfSubjectAccessReview", "SelfSubjectReview",
    }  # fmt: skip
    versions = server.kubectl("api-versions").out.split()
    assert {"v1", "porch.kpt.dev/v1alpha1", "config.porch.kpt.dev/v1alpha1"} <= set(versions)


def test_api_resources_by_verb_and_group(server: Server) -> None:
    names = server.kubectl("api-resources", "--api-group=porch.kpt.dev", "--verbs=delete", "-o", "name").out.split()
    assert names == ["packagerevisions.porch.kpt.dev", "packages.porch.kpt.dev"]


def test_explain(server: Server) -> None:
    text = server.kubectl("explain", "packagerevision.spec.tasks", "--recursive").out
    for field in ("type\t<string>", "init\t<InitTask>", "description\t<string>"):
        assert field in text
    whole = server.kubectl("explain", "packagerevisions", "--recursive").out
    for field in ("workspaceName", "repositoryName", "readinessGates", "selfLock"):
        assert field in whole
    assert "secretRef" in server.kubectl("explain", "repository.spec.git").out


def test_explain_speaks_of_every_kind(server: Server) -> None:
    for line in server.kubectl("api-resources", "-o", "name").out.split():
        # kubectl takes what follows the resource for fields, unless no other group has a resource of that name.
        young = line == "events.events.k8s.io"
        asked = ("events", "--api-version=events.k8s.io/v1") if young else (line,)
        assert "KIND:" in server.kubectl("explain", *asked).out


def test_health(server: Server) -> None:
    for endpoint in ("livez", "readyz", "healthz"):
        assert server.kubectl("get", "--raw", f"/{endpoint}").out == "ok"
        verbose = server.kubectl("get", "--raw", f"/{endpoint}?verbose").out
        assert "[+]ping ok\n" in verbose
        assert verbose.endswith(f"{endpoint} check passed\n")


def test_metrics(server: Server, client: Client) -> None:
    client.send("GET", "/api/v1/namespaces/default")
    text = server.kubectl("get", "--raw", "/metrics").out
    assert 'resource="namespaces"' in text
    assert "# TYPE porch_" in text


def test_unknown_paths(client: Client) -> None:
    for path in ("/nowhere", "/apis/nowhere.example.com/v1", "/apis/porch.kpt.dev/v1alpha1/namespaces/default/unknown"):
        answer = client.send("GET", path)
        assert answer.status == 404
        assert answer.json()["message"] == "the server could not find the requested resource"
