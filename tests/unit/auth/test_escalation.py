"""Nobody grants more than they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from porch.errors import Forbidden, NotFound
from porch.objects import Call, ResourceStorage
from porch.types.rbac import ClusterRole, LabelSelector, PolicyRule, Role
from tests.unit.auth.building import (
    ADMIN,
    BOB,
    aggregated,
    binding,
    cluster_binding,
    cluster_role,
    role,
    rule,
    url_rule,
    user,
)

Storage = Callable[[str], ResourceStorage]
RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def bob_holds(storage: Storage) -> Callable[..., None]:
    """Gives Bob rules everywhere."""

    def give(*rules: PolicyRule) -> None:
        storage("clusterroles").create(Call(ADMIN), "", cluster_role("bobs", *rules))
        storage("clusterrolebindings").create(Call(ADMIN), "", cluster_binding("bobs", "bobs", user()))

    return give


def test_masters_grant_anything(storage: Storage) -> None:
    storage("roles").create(Call(ADMIN), "team", role("r", rule("*", "*", "*")))


def test_a_role_with_rules_that_the_writer_holds_is_written(storage: Storage, bob_holds: Callable[..., None]) -> None:
    bob_holds(rule("get", "pods"), rule("list watch", "pods secrets"))
    storage("roles").create(Call(BOB), "team", role("r", rule("get list", "pods")))


def test_a_role_with_other_rules_is_refused_with_what_is_missing(
    storage: Storage, bob_holds: Callable[..., None]
) -> None:
    bob_holds(rule("get", "pods"))
    wanted = role("r", rule("get list delete", "pods secrets"), url_rule("get", "/metrics"))
    wanted.rules[1] = rule("get", "x", "g", names="n")
    with pytest.raises(Forbidden) as caught:
        storage("roles").create(Call(BOB), "team", wanted)
    assert caught.value.message == (
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "bob" (groups=["dev" "system:authenticated"]) is '
        "attempting to grant RBAC permissions not currently held:\n"
        '{APIGroups:[""], Resources:["pods"], Verbs:["list" "delete"]}\n'
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list" "delete"]}\n'
        '{APIGroups:["g"], Resources:["x"], ResourceNames:["n"], Verbs:["get"]}'
    )


def test_a_dry_run_is_refused_too(storage: Storage) -> None:
    with pytest.raises(Forbidden):
        storage("roles").create(Call(BOB, dry_run=True), "team", role("r", rule("get", "pods")))


def test_who_may_escalate_writes_any_role(storage: Storage, bob_holds: Callable[..., None]) -> None:
    bob_holds(rule("escalate", "clusterroles", RBAC))
    storage("clusterroles").create(Call(BOB), "", cluster_role("r", rule("*", "*", "*")))


def test_escalating_one_named_role_means_updates_of_it(storage: Storage, bob_holds: Callable[..., None]) -> None:
    bob_holds(rule("escalate", "roles", RBAC, names="mine"))
    storage("roles").create(Call(ADMIN), "team", role("mine"))
    storage("roles").create(Call(ADMIN), "team", role("other"))

    def widen(found: Role) -> Role:
        found.rules = [rule("get", "pods")]
        return found

    storage("roles").update(Call(BOB), "team", "mine", widen)
    with pytest.raises(Forbidden):
        storage("roles").update(Call(BOB), "team", "other", widen)


def test_an_update_that_leaves_rules_and_labels_alone_is_not_checked(storage: Storage) -> None:
    storage("roles").create(Call(ADMIN), "team", role("r", rule("get", "pods")))

    def annotate(found: Role) -> Role:
        found.metadata.annotations["note"] = "x"
        return found

    storage("roles").update(Call(BOB), "team", "r", annotate)


def test_a_label_is_checked_because_aggregated_roles_select_by_it(storage: Storage) -> None:
    storage("clusterroles").create(Call(ADMIN), "", cluster_role("r", rule("get", "pods")))

    def label(found: ClusterRole) -> ClusterRole:
        found.metadata.labels["to-view"] = "true"
        return found

    with pytest.raises(Forbidden, match="attempting to grant"):
        storage("clusterroles").update(Call(BOB), "", "r", label)


def test_only_cluster_administrators_aggregate(storage: Storage, bob_holds: Callable[..., None]) -> None:
    wanted = aggregated("r", LabelSelector(match_labels={"a": "b"}))
    with pytest.raises(Forbidden, match="must have cluster-admin privileges to use the aggregationRule"):
        storage("clusterroles").create(Call(BOB), "", wanted)
    bob_holds(rule("*", "*", "*"), url_rule("*", "*"))
    storage("clusterroles").create(Call(BOB), "", aggregated("r", LabelSelector(match_labels={"a": "b"})))


def test_a_huge_role_is_refused_without_comparing_billions_of_permissions(storage: Storage) -> None:
    many = [f"x{i}" for i in range(1000)]
    bomb = role("r", PolicyRule(verbs=many, api_groups=many, resources=many))
    with pytest.raises(Forbidden, match="1000000000 combinations"):
        storage("roles").create(Call(BOB), "team", bomb)


class TestBindings:
    @pytest.fixture(autouse=True)
    def _roles(self, storage: Storage) -> None:
        storage("roles").create(Call(ADMIN), "team", role("r", rule("get", "pods")))
        storage("clusterroles").create(Call(ADMIN), "", cluster_role("c", rule("get", "pods")))

    def test_a_role_is_bound_by_who_holds_its_rules(self, storage: Storage, bob_holds: Callable[..., None]) -> None:
        bob_holds(rule("get", "*"))
        storage("rolebindings").create(Call(BOB), "team", binding("b", "r", user("eve"), kind="Role"))
        storage("clusterrolebindings").create(Call(BOB), "", cluster_binding("b", "c", user("eve")))

    def test_rules_held_in_one_namespace_do_not_count_elsewhere(self, storage: Storage) -> None:
        storage("rolebindings").create(Call(ADMIN), "team", binding("bobs", "c", user()))
        storage("rolebindings").create(Call(BOB), "team", binding("b", "c", user("eve")))
        with pytest.raises(Forbidden):
            storage("rolebindings").create(Call(BOB), "other", binding("b", "c", user("eve"), namespace="other"))
        with pytest.raises(Forbidden):
            storage("clusterrolebindings").create(Call(BOB), "", cluster_binding("b", "c", user("eve")))

    def test_others_are_refused(self, storage: Storage) -> None:
        with pytest.raises(Forbidden) as caught:
            storage("rolebindings").create(Call(BOB), "team", binding("b", "c", user()))
        assert caught.value.message == (
            'rolebindings.rbac.authorization.k8s.io "b" is forbidden: user "bob" (groups=["dev" '
            '"system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
            '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'
        )

    def test_who_may_bind_a_role_binds_that_role(self, storage: Storage, bob_holds: Callable[..., None]) -> None:
        bob_holds(rule("bind", "roles", RBAC, names="r"))
        storage("rolebindings").create(Call(BOB), "team", binding("b", "r", user("eve"), kind="Role"))
        with pytest.raises(Forbidden):
            storage("rolebindings").create(Call(BOB), "team", binding("d", "c", user("eve")))

    def test_a_role_that_does_not_exist_is_not_bound(self, storage: Storage) -> None:
        with pytest.raises(NotFound, match=r'clusterroles\.rbac\.authorization\.k8s\.io "gone" not found'):
            storage("rolebindings").create(Call(BOB), "team", binding("b", "gone", user()))

    def test_a_new_subject_is_checked_again(self, storage: Storage) -> None:
        storage("rolebindings").create(Call(ADMIN), "team", binding("b", "r", user("eve"), kind="Role"))

        def join(found: Any) -> Any:
            found.subjects.append(user())
            return found

        with pytest.raises(Forbidden):
            storage("rolebindings").update(Call(BOB), "team", "b", join)
