from __future__ import annotations

from porch.function.builtin import set_namespace
from tests.support.functions import config_map, run_on

NEW = config_map(namespace="new")
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: 'old'
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.test
"""
BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: b
subjects:
- kind: ServiceAccount
  name: sa
  namespace: old
"""


def test_an_anchor_stays_so_that_its_aliases_mean_the_new_namespace() -> None:
    item = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: &ns old\ndata:\n  where: *ns\n"
    ran = run_on(set_namespace, item, NEW)
    assert "    namespace: &ns new\n  data:\n    where: *ns\n" in ran.stdout


def test_a_broken_note_of_an_origin_fails_the_function() -> None:
    item = SERVICE + "  annotations:\n    internal.kpt.dev/upstream-identifier: nonsense\n"
    ran = run_on(set_namespace, item, NEW)
    assert (ran.exit_code, ran.results[0].severity) == (1, "error")
    assert "nonsense is in bad format" in ran.results[0].message


def test_older_versions_warn_of_objects_without_origin_and_lose_quotes() -> None:
    ran = run_on(set_namespace, SERVICE, NEW, version="v0.4.1")
    assert [(result.severity, result.message) for result in ran.results] == [
        (
            "warning",
            "Resource(apiVersion=v1, kind=Service, namespace=old, name=web) does not have upstream origin.",
        ),
        ("info", 'namespace [old] updated to "new", 1 value(s) changed'),
        ("info", "all `depends-on` annotations are up-to-date. no `namespace` changed"),
    ]
    assert "namespace: new\n" in ran.stdout
    assert "namespace: 'new'\n" in run_on(set_namespace, SERVICE, NEW, version="v0.4.5").stdout


def test_older_versions_refuse_objects_of_two_origins() -> None:
    notes = [f"  annotations:\n    internal.kpt.dev/upstream-identifier: '|Service|{origin}|web'\n" for origin in "ba"]
    ran = run_on(set_namespace, f"{SERVICE}{notes[0]}---\n{SERVICE}{notes[1]}", NEW, version="v0.4.2")
    [result] = ran.results
    assert result.message == (
        "unable to use origin `namespace` to match. expect a single upstream namespace, found [a b]. "
        "please switch to use `namespaceMatcher`to specify the namespace value you want to change"
    )
    assert ran.exit_code == 0
    assert "namespace: 'old'\n" in ran.stdout


def test_makes_a_field_of_definitions_only_to_be_compatible() -> None:
    assert "clientConfig" in run_on(set_namespace, CRD, NEW).stdout
    assert "spec" not in run_on(set_namespace, CRD, NEW, compatible=False).stdout


def test_moves_accounts_of_role_bindings_when_it_need_not_be_compatible() -> None:
    assert "  - kind: ServiceAccount\n    name: sa\n    namespace: old\n" in run_on(set_namespace, BINDING, NEW).stdout
    ran = run_on(set_namespace, BINDING, NEW, compatible=False)
    assert "  - kind: ServiceAccount\n    name: sa\n    namespace: new\n" in ran.stdout


def test_writes_default_where_the_matcher_fails_only_to_be_compatible() -> None:
    item = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"
    config = config_map(namespace="new", namespaceMatcher="old")
    assert "namespace: default\n" in run_on(set_namespace, item, config).stdout
    assert "namespace: default\n" not in run_on(set_namespace, item, config, compatible=False).stdout
