"""Roles and bindings together: who holds what, where, and what a refusal says."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.apiserver.authz import RbacAuthorizer
from porch.apiserver.interface import Attributes
from porch.errors import Forbidden
from porch.objects import Caller
from porch.types.rbac import LabelSelector, LabelSelectorRequirement, Subject
from tests.unit.auth.building import (
    ADMIN,
    BOB,
    account,
    aggregated,
    authorizer,
    binding,
    cluster_binding,
    cluster_role,
    everywhere,
    group,
    role,
    rule,
    url_rule,
    user,
)

READ = rule("get list", "pods")


def get_pod(namespace: str = "team") -> Attributes:
    return Attributes("get", "", "v1", "pods", namespace=namespace, name="web")


def allowed(judge: RbacAuthorizer, caller: Caller = BOB, namespace: str = "team") -> bool:
    return judge.decide(caller, get_pod(namespace)).allowed


def test_a_cluster_binding_holds_in_every_namespace_and_outside() -> None:
    judge = everywhere(READ)
    assert allowed(judge, namespace="team")
    assert allowed(judge, namespace="other")
    assert allowed(judge, namespace="")


def test_a_role_binding_holds_in_its_namespace_only() -> None:
    judge = authorizer(cluster_roles=[cluster_role("r", READ)], role_bindings=[binding("b", "r", user())])
    assert allowed(judge, namespace="team")
    assert not allowed(judge, namespace="other")
    assert not allowed(judge, namespace="")


def test_a_role_binding_finds_a_role_of_its_own_namespace_only() -> None:
    here = [binding("b", "r", user(), kind="Role")]
    assert allowed(authorizer(roles=[role("r", READ)], role_bindings=here))
    assert not allowed(authorizer(roles=[role("r", READ, namespace="other")], role_bindings=here))
    assert not allowed(authorizer(cluster_roles=[cluster_role("r", READ)], role_bindings=here))


@pytest.mark.parametrize(
    ("subject", "caller", "holds"),
    [
        (group("dev"), BOB, True),
        (group("bob"), BOB, False),
        (user("dev"), BOB, False),
        (group("system:authenticated"), BOB, True),
        (user("system:serviceaccount:team:robot"), Caller("system:serviceaccount:team:robot"), True),
        (account("robot"), Caller("system:serviceaccount:team:robot"), True),
        (account("robot", "other"), Caller("system:serviceaccount:team:robot"), False),
        (account("robot", "other"), Caller("system:serviceaccount:other:robot"), True),
    ],
)
def test_subjects_are_users_groups_and_service_accounts(subject: object, caller: Caller, holds: bool) -> None:
    judge = authorizer(
        cluster_roles=[cluster_role("r", READ)],
        role_bindings=[binding("b", "r", subject)],  # type: ignore[arg-type]  # parametrize loses the type
    )
    assert allowed(judge, caller) is holds


def test_a_service_account_without_namespace_in_a_cluster_binding_is_nobody() -> None:
    judge = authorizer(
        cluster_roles=[cluster_role("r", READ)], cluster_role_bindings=[cluster_binding("b", "r", account("robot"))]
    )
    assert not allowed(judge, Caller("system:serviceaccount::robot"))


def test_masters_may_do_everything_without_any_role() -> None:
    judge = authorizer()
    judge.authorize(ADMIN, get_pod())
    judge.authorize(ADMIN, Attributes("delete", path="/anything"))


def test_nobody_else_may_do_anything_without_a_role() -> None:
    assert not allowed(authorizer())


class TestAggregation:
    VIEW = LabelSelector(match_labels={"to-view": "true"})

    def test_an_aggregated_role_has_the_rules_of_all_that_its_selectors_find(self) -> None:
        parts = [cluster_role("part", READ, labels={"to-view": "true"}), cluster_role("else", rule("*", "secrets"))]
        judge = authorizer(
            cluster_roles=[aggregated("view", self.VIEW), *parts], role_bindings=[binding("b", "view", user())]
        )
        assert allowed(judge)
        assert not judge.decide(BOB, Attributes("get", "", "v1", "secrets", namespace="team")).allowed

    def test_its_own_rules_do_not_count(self) -> None:
        own = aggregated("view", self.VIEW)
        own.rules = [READ]
        assert not allowed(authorizer(cluster_roles=[own], role_bindings=[binding("b", "view", user())]))

    def test_aggregated_roles_may_collect_each_other(self) -> None:
        roles = [
            aggregated("edit", self.VIEW, labels={"to-view": "true"}),
            aggregated("view", self.VIEW, labels={"to-view": "true"}),
            cluster_role("part", READ, labels={"to-view": "true"}),
        ]
        assert allowed(authorizer(cluster_roles=roles, role_bindings=[binding("b", "edit", user())]))

    @pytest.mark.parametrize(
        ("operator", "values", "found"),
        [("In", ["a"], True), ("NotIn", ["a"], False), ("Exists", [], True), ("DoesNotExist", [], False)],
    )
    def test_selectors_may_have_expressions(self, operator: str, values: list[str], found: bool) -> None:
        expression = LabelSelectorRequirement(key="tier", operator=operator, values=values)
        roles = [
            aggregated("view", LabelSelector(match_expressions=[expression])),
            cluster_role("part", READ, labels={"tier": "a"}),
        ]
        assert allowed(authorizer(cluster_roles=roles, role_bindings=[binding("b", "view", user())])) is found


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (
            Attributes("get", "porch.kpt.dev", "v1alpha1", "packagerevisions", "", "team", "a.b.c"),
            (
                'packagerevisions.porch.kpt.dev "a.b.c" is forbidden: User "bob" cannot get resource '
                '"packagerevisions" in API group "porch.kpt.dev" in the namespace "team"'
            ),
        ),
        (
            Attributes("create", "", "v1", "secrets", "", "team"),
            'secrets is forbidden: User "bob" cannot create resource "secrets" in API group "" in the namespace "team"',
        ),
        (
            Attributes("update", "porch.kpt.dev", "v1alpha1", "packagerevisions", "approval", "team", "x"),
            (
                'packagerevisions.porch.kpt.dev "x" is forbidden: User "bob" cannot update resource '
                '"packagerevisions/approval" in API group "porch.kpt.dev" in the namespace "team"'
            ),
        ),
        (
            Attributes("list", "", "v1", "namespaces"),
            (
                'namespaces is forbidden: User "bob" cannot list resource "namespaces" in API group "" '
                "at the cluster scope"
            ),
        ),
        (Attributes("get", path="/metrics"), 'forbidden: User "bob" cannot get path "/metrics"'),
        (Attributes("get", path="/<a>&b"), 'forbidden: User "bob" cannot get path "/&lt;a&gt;&amp;b"'),
    ],
)
def test_a_refusal_has_kubernetes_words(asked: Attributes, text: str) -> None:
    with pytest.raises(Forbidden) as caught:
        authorizer().authorize(BOB, asked)
    assert caught.value.message == text


def test_a_refusal_names_the_resource_in_its_details() -> None:
    with pytest.raises(Forbidden) as caught:
        authorizer().authorize(BOB, Attributes("get", "g", "v1", "things", "sub", "team", "x"))
    assert caught.value.details is not None
    assert (caught.value.details.group, caught.value.details.kind, caught.value.details.name) == ("g", "things", "x")


def test_a_refusal_tells_of_roles_that_do_not_exist() -> None:
    judge = authorizer(
        role_bindings=[binding("b", "gone", user(), kind="Role")],
        cluster_role_bindings=[cluster_binding("b", "lost", group("dev"))],
    )
    with pytest.raises(Forbidden, match=r'RBAC: \[clusterrole\S* "lost" not found, role\S* "gone" not found\]$'):
        judge.authorize(BOB, get_pod())


def test_a_permission_tells_its_binding() -> None:
    judge = authorizer(roles=[role("r", READ)], role_bindings=[binding("b", "r", group("dev"), kind="Role")])
    decision = judge.decide(BOB, get_pod())
    assert decision.reason == 'RBAC: allowed by RoleBinding "b/team" of Role "r" to Group "dev"'


_SUBJECTS = st.lists(
    st.sampled_from([user(), user("eve"), group("dev"), group("ops"), account("robot"), account("robot", "other")]),
    max_size=3,
)
_CALLERS = (BOB, Caller("eve", ("ops",)), Caller("system:serviceaccount:team:robot"), Caller("nobody"))
_PLACES = ("team", "other", "")


def _is(caller: Caller, subject: Subject, home: str) -> bool:
    if subject.kind == "Group":
        return subject.name in caller.groups
    if subject.kind == "User":
        return subject.name == caller.name
    return caller.name == f"system:serviceaccount:{subject.namespace or home}:{subject.name}"


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    role_bindings=st.lists(st.tuples(st.sampled_from(["team", "other"]), st.booleans(), _SUBJECTS), max_size=4),
    cluster_bindings=st.lists(_SUBJECTS, max_size=2),
)
def test_any_set_of_bindings_agrees_with_the_naive_model(
    role_bindings: list[tuple[str, bool, list[Subject]]], cluster_bindings: list[list[Subject]]
) -> None:
    judge = authorizer(
        roles=[role("r", READ, namespace="team")],
        cluster_roles=[cluster_role("r", READ)],
        role_bindings=[
            binding(f"b{i}", "r", *subjects, kind="Role" if local else "ClusterRole", namespace=namespace)
            for i, (namespace, local, subjects) in enumerate(role_bindings)
        ],
        cluster_role_bindings=[cluster_binding(f"c{i}", "r", *found) for i, found in enumerate(cluster_bindings)],
    )
    for caller, place in itertools.product(_CALLERS, _PLACES):
        bound_here = any(
            namespace == place and (not local or place == "team") and any(_is(caller, one, place) for one in subjects)
            for namespace, local, subjects in role_bindings
        )
        bound_everywhere = any(_is(caller, one, "") for subjects in cluster_bindings for one in subjects)
        assert allowed(judge, caller, place) is (bound_here or bound_everywhere)


def test_rules_for_lists_what_holds_here_and_everywhere_once() -> None:
    judge = authorizer(
        roles=[role("r", READ), role("q", READ)],
        cluster_roles=[cluster_role("c", url_rule("get", "/version"))],
        role_bindings=[binding("b", "r", user(), kind="Role"), binding("d", "q", user(), kind="Role")],
        cluster_role_bindings=[cluster_binding("e", "c", group("dev"))],
    )
    assert [str(held) for held in judge.rules_for(BOB, "team")] == [
        '{NonResourceURLs:["/version"], Verbs:["get"]}',
        '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
    ]
    assert len(judge.rules_for(BOB, "other")) == 1
    assert [str(held) for held in judge.rules_for(ADMIN, "other")] == [
        '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}',
        '{NonResourceURLs:["*"], Verbs:["*"]}',
    ]
