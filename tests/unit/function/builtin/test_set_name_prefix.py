from __future__ import annotations

from porch.function.builtin import set_name_prefix
from tests.support.functions import config_map, run_on

CONTEXT = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: kptfile.kpt.dev
  annotations:
    config.kubernetes.io/local-config: "true"
data:
  name: shop
"""
ROLE = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: packagename-reader # of all
  namespace: packagename
"""
BINDING = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: mine
  namespace: packagename
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: packagename-reader
subjects:
- kind: ServiceAccount
  name: packagename
- kind: User
  name: packagename
"""
ACCOUNT = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: packagename\n  namespace: packagename\n"
NAMESPACE = "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: packagename\n"


def test_gives_objects_and_references_the_name_of_the_package() -> None:
    ran = run_on(set_name_prefix, CONTEXT + ROLE + BINDING + ACCOUNT + NAMESPACE)
    assert (ran.exit_code, ran.results) == (0, [])
    assert "    name: shop-reader # of all\n    namespace: shop\n" in ran.stdout
    assert "    kind: Role\n    name: shop-reader\n" in ran.stdout
    assert "  - kind: ServiceAccount\n    name: shop\n  - kind: User\n    name: packagename\n" in ran.stdout
    assert "  kind: ServiceAccount\n  metadata:\n    name: shop\n    namespace: shop\n" in ran.stdout
    assert "  kind: Namespace\n  metadata:\n    name: shop\n" in ran.stdout


def test_a_config_map_says_other_prefixes() -> None:
    config = config_map(prefix="stage", oldPrefix="mi")
    ran = run_on(set_name_prefix, CONTEXT + ROLE + BINDING.replace("mine", "mi-ne"), config)
    assert "name: stage-ne\n" in ran.stdout
    assert "name: packagename-reader # of all\n" in ran.stdout


def test_another_kind_of_configuration_is_an_error_in_the_results() -> None:
    ran = run_on(set_name_prefix, CONTEXT, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n")
    assert ran.exit_code == 0
    assert ran.results[0].message == "functionConfig error: unknown functionConfig Kind /, Kind="


def test_fails_without_the_package_context() -> None:
    ran = run_on(set_name_prefix, ROLE)
    assert (ran.exit_code, ran.stderr) == (1, "failed to evaluate function: unable to find package context object")


def test_two_objects_of_one_name_are_an_error_and_stay() -> None:
    ran = run_on(set_name_prefix, CONTEXT + ROLE + ROLE)
    assert ran.results[0].message == (
        "multiple objects found matching rbac.authorization.k8s.io/v1/Role:packagename/shop-reader"
    )
    assert ran.stdout.count("packagename-reader") == 2
