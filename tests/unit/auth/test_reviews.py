"""`kubectl auth can-i` and `auth whoami`: the questions and their answers."""

from __future__ import annotations

from typing import Any

import pytest

from porch.apiserver.authz import RbacAuthorizer
from porch.apiserver.reviews import Resolve, review_storages
from porch.errors import BadRequest, Invalid, MethodNotAllowed
from porch.objects import Call, Caller, DeleteOptions, ListOptions, ResourceStorage
from porch.types.reviews import (
    LocalSubjectAccessReview,
    NonResourceAttributes,
    ResourceAttributes,
    SelfSubjectAccessReview,
    SelfSubjectAccessReviewSpec,
    SelfSubjectReview,
    SelfSubjectRulesReview,
    SelfSubjectRulesReviewSpec,
    SubjectAccessReview,
    SubjectAccessReviewSpec,
)
from tests.unit.auth.building import (
    ADMIN,
    BOB,
    account,
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

GET_PODS = ResourceAttributes(namespace="team", verb="get", resource="pods")
JUDGE = everywhere(rule("get", "pods"), url_rule("get", "/version"))


def storage(kind: str, judge: RbacAuthorizer = JUDGE, resolve: Resolve | None = None) -> ResourceStorage:
    return next(storage for storage in review_storages(judge, resolve) if storage.kind.name == kind)


def answer(obj: Any, caller: Caller = BOB, namespace: str = "", **more: Any) -> Any:
    asked = storage(type(obj).__name__, **more)
    item = asked.create(Call(caller), namespace, obj)
    assert item.version == 0
    return asked.kind.decode(item.version, item.tail)


def own(**spec: Any) -> SelfSubjectAccessReview:
    return SelfSubjectAccessReview(spec=SelfSubjectAccessReviewSpec(**spec))


def about(**spec: Any) -> SubjectAccessReview:
    return SubjectAccessReview(spec=SubjectAccessReviewSpec(**spec))


def test_a_caller_may_ask_for_a_permission() -> None:
    status = answer(own(resource_attributes=GET_PODS)).status
    assert status.allowed
    assert status.reason == 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to User "bob"'
    assert not answer(own(resource_attributes=ResourceAttributes(verb="delete", resource="pods"))).status.allowed
    assert answer(own(non_resource_attributes=NonResourceAttributes(verb="get", path="/version"))).status.allowed


def test_the_answer_keeps_the_question() -> None:
    assert answer(own(resource_attributes=GET_PODS)).spec.resource_attributes == GET_PODS


def test_one_may_ask_for_others() -> None:
    assert answer(about(user="bob", resource_attributes=GET_PODS), caller=ADMIN).status.allowed
    assert not answer(about(groups=["dev"], resource_attributes=GET_PODS), caller=ADMIN).status.allowed


def test_a_local_review_is_about_its_namespace() -> None:
    spec = SubjectAccessReviewSpec(user="bob", resource_attributes=GET_PODS)
    made = answer(LocalSubjectAccessReview(spec=spec), namespace="team")
    assert made.status.allowed
    assert made.metadata.namespace == "team"
    with pytest.raises(Invalid, match=r"spec\.resourceAttributes\.namespace.*must match metadata\.namespace"):
        answer(LocalSubjectAccessReview(spec=spec), namespace="other")
    outside = SubjectAccessReviewSpec(user="bob", non_resource_attributes=NonResourceAttributes(verb="get", path="/"))
    with pytest.raises(Invalid, match="disallowed on this kind of request"):
        answer(LocalSubjectAccessReview(spec=outside), namespace="team")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (own(), "spec.resourceAttributes"),
        (own(resource_attributes=GET_PODS, non_resource_attributes=NonResourceAttributes()), "spec.resourceAttributes"),
        (own(resource_attributes=ResourceAttributes(verb="get")), "spec.resourceAttributes.resource"),
        (about(resource_attributes=GET_PODS), "spec.user"),
    ],
)
def test_a_question_must_be_whole(wrong: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        answer(wrong)
    assert caught.value.details is not None
    assert [cause.field for cause in caught.value.details.causes] == [field]


def test_another_spelling_of_a_name_is_judged_by_the_canonical_one() -> None:
    judge = everywhere(rule("get", "packagerevisions", "porch.kpt.dev", names="a.b.v1"))
    seen = []

    def resolve(group: str, resource: str, namespace: str, name: str) -> str:
        seen.append((group, resource, namespace, name))
        return "a.b.v1"

    asked = ResourceAttributes(
        namespace="team", verb="get", group="porch.kpt.dev", resource="packagerevisions", name="a-b-v1"
    )
    assert answer(own(resource_attributes=asked), judge=judge, resolve=resolve).status.allowed
    assert seen == [("porch.kpt.dev", "packagerevisions", "team", "a-b-v1")]
    assert not answer(own(resource_attributes=asked), judge=judge).status.allowed


def test_callers_may_list_their_rules() -> None:
    status = answer(SelfSubjectRulesReview(spec=SelfSubjectRulesReviewSpec(namespace="team"))).status
    (held,), (outside,) = status.resource_rules, status.non_resource_rules
    assert (held.verbs, held.api_groups, held.resources, held.resource_names) == (["get"], [""], ["pods"], [])
    assert (outside.verbs, outside.non_resource_urls) == (["get"], ["/version"])
    assert not status.incomplete
    with pytest.raises(BadRequest, match="no namespace on request"):
        answer(SelfSubjectRulesReview())


def test_rules_of_a_namespace_and_of_everywhere_are_listed_each_once() -> None:
    judge = authorizer(
        roles=[role("local", rule("get", "configmaps", names="a")), role("other", rule("get", "x"), namespace="other")],
        cluster_roles=[cluster_role("wide", rule("list", "secrets"), url_rule("get", "/metrics"))],
        role_bindings=[
            binding("1", "local", user(), kind="Role"),
            binding("2", "other", user(), kind="Role", namespace="other"),
            binding("3", "gone", group("dev")),
        ],
        cluster_role_bindings=[cluster_binding("4", "wide", user()), cluster_binding("5", "wide", group("dev"))],
    )
    review = SelfSubjectRulesReview(spec=SelfSubjectRulesReviewSpec(namespace="team"))
    status = answer(review, judge=judge).status
    assert [(held.resources, held.resource_names) for held in status.resource_rules] == [
        (["secrets"], []),
        (["configmaps"], ["a"]),
    ]
    assert [held.non_resource_urls for held in status.non_resource_rules] == [["/metrics"]]
    assert status.evaluation_error == 'clusterrole.rbac.authorization.k8s.io "gone" not found'


def test_administrators_may_do_everything_and_read_so() -> None:
    review = SelfSubjectRulesReview(spec=SelfSubjectRulesReviewSpec(namespace="team"))
    status = answer(review, caller=ADMIN).status
    assert [(held.verbs, held.api_groups, held.resources) for held in status.resource_rules] == [(["*"],) * 3]
    assert [(held.verbs, held.non_resource_urls) for held in status.non_resource_rules] == [(["*"], ["*"])]


def test_a_service_account_is_asked_for_by_its_user_name() -> None:
    judge = authorizer(
        cluster_roles=[cluster_role("r", rule("get", "pods"))],
        role_bindings=[binding("b", "r", account("bot", "home")), binding("g", "r", group("system:serviceaccounts:x"))],
    )
    for asked, allowed in (
        (about(user="system:serviceaccount:home:bot", resource_attributes=GET_PODS), True),
        (about(user="system:serviceaccount:team:bot", resource_attributes=GET_PODS), False),
        (about(groups=["system:serviceaccounts:x"], resource_attributes=GET_PODS), True),
    ):
        assert answer(asked, caller=ADMIN, judge=judge).status.allowed is allowed


def test_callers_learn_who_they_are() -> None:
    made = answer(SelfSubjectReview(), caller=Caller("bob", ("dev",), "7", (("scopes", ("a", "b")),)))
    info = made.status.user_info
    assert (info.username, info.groups, info.uid, info.extra) == ("bob", ["dev"], "7", {"scopes": ["a", "b"]})
    assert made.metadata.creation_timestamp


def test_reviews_can_only_be_created() -> None:
    asked = storage("SelfSubjectReview")
    kind = r'is not supported on resources of kind "selfsubjectreviews\.authentication\.k8s\.io"'
    assert asked.resolve("", "x") == "x"
    with pytest.raises(MethodNotAllowed, match=f"get {kind}"):
        asked.get(Call(BOB), "", "x")
    with pytest.raises(MethodNotAllowed, match=f"list {kind}"):
        asked.list(Call(BOB), ListOptions())
    with pytest.raises(MethodNotAllowed, match=f"update {kind}"):
        asked.update(Call(BOB), "", "x", lambda obj: obj)
    with pytest.raises(MethodNotAllowed, match=f"delete {kind}"):
        asked.delete(Call(BOB), "", "x", DeleteOptions())
