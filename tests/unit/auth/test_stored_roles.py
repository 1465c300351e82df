"""The policy follows the store; the default roles are there after a start."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from porch.apiserver.authz import RbacAuthorizer, StoredRoles
from porch.apiserver.interface import Attributes
from porch.keys import ObjectKey
from porch.objects import Call, Caller, DeleteOptions, ResourceStorage
from porch.objects.rbac_bootstrap import ensure_default_roles
from porch.objects.rbac_defaults import DEFAULTS
from porch.store import NewVersion, Store
from porch.types import ALL_KINDS
from porch.types.rbac import ClusterRole
from tests.unit.auth.building import ADMIN, BOB, binding, cluster_role, role, rule, user

GET_POD = Attributes("get", "", "v1", "pods", namespace="team", name="web")
Storage = Callable[[str], ResourceStorage]


def test_a_change_counts_from_the_moment_it_is_acknowledged(store: Store, storage: Storage) -> None:
    judge, call = RbacAuthorizer(StoredRoles(store)), Call(ADMIN)

    def allowed() -> bool:
        return judge.decide(BOB, GET_POD).allowed

    assert not allowed()
    storage("roles").create(call, "team", role("r", rule("get", "pods")))
    assert not allowed()
    storage("rolebindings").create(call, "team", binding("b", "r", user(), kind="Role"))
    assert allowed()
    storage("roles").delete(call, "team", "r", DeleteOptions())
    assert not allowed()


def test_roles_that_were_there_before_the_start_count(store: Store, storage: Storage) -> None:
    storage("roles").create(Call(ADMIN), "team", role("r", rule("get", "pods")))
    storage("rolebindings").create(Call(ADMIN), "team", binding("b", "r", user(), kind="Role"))
    assert RbacAuthorizer(StoredRoles(store)).decide(BOB, GET_POD).allowed


def test_other_objects_do_not_make_it_read_again(store: Store) -> None:
    roles = StoredRoles(store)
    before = roles.policy()
    new = NewVersion(ObjectKey("configmaps", "team", "x"), "uid", b'"}}')
    store.commit(lambda transaction: transaction.versions.put(new))
    assert roles.policy() is before


class TestDefaultRoles:
    def test_a_second_start_writes_nothing(self, store: Store, storages: Mapping[str, ResourceStorage]) -> None:
        ensure_default_roles(storages)
        with store.read() as reads:
            version = reads.versions.version()
        ensure_default_roles(storages)
        with store.read() as reads:
            assert reads.versions.version() == version > 0

    def test_what_somebody_changed_stays(self, storages: Mapping[str, ResourceStorage], storage: Storage) -> None:
        ensure_default_roles(storages)

        def empty(found: ClusterRole) -> ClusterRole:
            found.rules = []
            return found

        changed = storage("clusterroles").update(Call(ADMIN), "", "porch:viewer", empty)
        storage("clusterroles").delete(Call(ADMIN), "", "porch:editor", DeleteOptions())
        ensure_default_roles(storages)
        assert storage("clusterroles").get(Call(ADMIN), "", "porch:viewer").version == changed.version
        assert storage("clusterroles").get(Call(ADMIN), "", "porch:editor").version > changed.version

    @pytest.fixture
    def judge(self, store: Store, storages: Mapping[str, ResourceStorage]) -> RbacAuthorizer:
        ensure_default_roles(storages)
        return RbacAuthorizer(StoredRoles(store))

    @pytest.mark.parametrize(
        ("path", "anonymous", "known"),
        [
            ("/version", True, True),
            ("/livez", True, True),
            ("/readyz", True, True),
            ("/apis", False, True),
            ("/openapi/v3", False, True),
            ("/metrics", False, False),
        ],
    )
    def test_only_health_and_version_are_public(
        self, judge: RbacAuthorizer, path: str, anonymous: bool, known: bool
    ) -> None:
        asked = Attributes("get", path=path)
        nobody = Caller("system:anonymous", ("system:unauthenticated",))
        assert judge.decide(nobody, asked).allowed is anonymous
        assert judge.decide(BOB, asked).allowed is known

    @pytest.mark.parametrize(
        ("name", "may", "may_not"),
        [
            ("viewer", ["get packagerevisions", "list packagerevisionresources"], ["create packagerevisions"]),
            (
                "editor",
                ["get packages", "create packagerevisions", "update packagerevisionresources"],
                ["update packagerevisions/approval"],
            ),
            (
                "approver",
                ["get packagerevisions", "update packagerevisions/approval"],
                ["update packagerevisions"],
            ),
        ],
    )
    def test_editors_do_not_approve_and_approvers_do_not_edit(
        self, judge: RbacAuthorizer, storage: Storage, name: str, may: list[str], may_not: list[str]
    ) -> None:
        storage("rolebindings").create(Call(ADMIN), "team", binding("b", f"porch:{name}", user()))

        def allowed(action: str) -> bool:
            verb, resource, subresource = f"{action}/".replace("/", " ").split(" ")[:3]
            asked = Attributes(verb, "porch.kpt.dev", "v1alpha1", resource, subresource, "team", "x")
            return judge.decide(BOB, asked).allowed

        assert [action for action in may if not allowed(action)] == []
        assert [action for action in may_not if allowed(action)] == []

    @pytest.mark.parametrize(
        ("name", "may", "may_not"),
        [
            (
                "view",
                [
                    "list configmaps",
                    "watch events",
                    "list events.events.k8s.io",
                    "get repositories.config.porch.kpt.dev",
                ],
                ["get secrets", "create events", "get leases.coordination.k8s.io", "create serviceaccounts/token"],
            ),
            (
                "edit",
                [
                    "list configmaps",
                    "get secrets",
                    "deletecollection secrets",
                    "create serviceaccounts/token",
                    "impersonate serviceaccounts",
                    "update leases.coordination.k8s.io",
                    "patch events.events.k8s.io",
                    "create packagerevisions.porch.kpt.dev",
                ],
                [
                    "update packagerevisions/approval.porch.kpt.dev",
                    "create repositories.config.porch.kpt.dev",
                    "create rolebindings.rbac.authorization.k8s.io",
                    "update namespaces",
                ],
            ),
            (
                "admin",
                [
                    "get secrets",
                    "update packagerevisions/approval.porch.kpt.dev",
                    "create repositories.config.porch.kpt.dev",
                    "create rolebindings.rbac.authorization.k8s.io",
                    "create localsubjectaccessreviews.authorization.k8s.io",
                ],
                ["delete namespaces", "create subjectaccessreviews.authorization.k8s.io", "escalate roles"],
            ),
            (
                "system:auth-delegator",
                ["create tokenreviews.authentication.k8s.io", "create subjectaccessreviews.authorization.k8s.io"],
                ["get tokenreviews.authentication.k8s.io", "create serviceaccounts/token"],
            ),
            (
                "porch:editor",
                ["update leases.coordination.k8s.io", "create events", "patch events.events.k8s.io"],
                ["delete events", "get secrets"],
            ),
        ],
    )
    def test_the_roles_of_a_namespace(
        self, judge: RbacAuthorizer, storage: Storage, name: str, may: list[str], may_not: list[str]
    ) -> None:
        storage("rolebindings").create(Call(ADMIN), "team", binding("b", name, user()))

        def allowed(action: str) -> bool:
            verb, _, what = action.partition(" ")
            whole, _, group = what.partition(".")
            resource, _, subresource = whole.partition("/")
            asked = Attributes(verb, group, "v1", resource, subresource, "team", "x")
            return judge.decide(BOB, asked).allowed

        assert [action for action in may if not allowed(action)] == []
        assert [action for action in may_not if allowed(action)] == []

    def test_a_labelled_role_adds_to_those_of_a_namespace(self, judge: RbacAuthorizer, storage: Storage) -> None:
        labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
        storage("clusterroles").create(Call(ADMIN), "", cluster_role("more", rule("get", "widgets"), labels=labels))
        asked = Attributes("get", "", "v1", "widgets", "", "team", "x")
        for name in ("view", "edit", "admin"):
            storage("rolebindings").create(Call(ADMIN), "team", binding(name, name, user()))
            assert judge.decide(BOB, asked).allowed
            storage("rolebindings").delete(Call(ADMIN), "team", name, DeleteOptions())
        assert not judge.decide(BOB, asked).allowed

    def test_default_roles_name_what_is_served(self) -> None:
        """A resource of another name would be a right to nothing."""
        served = {
            (kind.group, name)
            for kind in ALL_KINDS
            for name in (kind.plural, *(f"{kind.plural}/{part}" for part, _ in kind.subresources))
        }
        named = {
            (group, resource)
            for default in DEFAULTS
            for granted in default.rules
            for group in granted.api_groups
            for resource in granted.resources
        }
        approval = ("porch.kpt.dev", "packagerevisions/approval")  # a right of those who push, no endpoint yet
        assert named - served - {approval} == {("*", "*")}
