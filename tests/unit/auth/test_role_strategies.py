"""What a well-formed role or binding is, and how kubectl shows it."""

from __future__ import annotations

from typing import Any

import pytest

from porch.strategy.rbac import BindingStrategy, RoleStrategy
from porch.types.meta import ObjectMeta
from porch.types.rbac import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    GROUP,
    ROLE,
    ROLE_BINDING,
    LabelSelector,
    LabelSelectorRequirement,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)
from tests.unit.auth.building import (
    account,
    aggregated,
    binding,
    cluster_binding,
    cluster_role,
    group,
    role,
    rule,
    url_rule,
    user,
)


def _texts(errors: list[Any]) -> list[str]:
    return [str(error) for error in errors]


@pytest.mark.parametrize(
    ("wrong", "texts"),
    [
        (rule("get", "pods"), []),
        (
            PolicyRule(),
            [
                "rules[0].verbs: Required value: verbs must contain at least one value",
                "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
                "rules[0].resources: Required value: resource rules must supply at least one resource",
            ],
        ),
        (
            url_rule("get", "/x"),
            [
                'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
            ],
        ),
    ],
)
def test_rules_of_a_role(wrong: PolicyRule, texts: list[str]) -> None:
    assert _texts(RoleStrategy(ROLE).validate(role("r", wrong))) == texts


def test_rules_of_a_cluster_role_name_urls_or_resources() -> None:
    mixed = PolicyRule(verbs=["get"], resources=["pods"], non_resource_urls=["/x"])
    errors = RoleStrategy(CLUSTER_ROLE).validate(cluster_role("r", url_rule("get", "/y"), mixed))
    (text,) = _texts(errors)
    assert text == (
        'rules[1].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and '
        "non-resource URLs"
    )


@pytest.mark.parametrize(
    ("expression", "field"),
    [
        (LabelSelectorRequirement(key="a", operator="Is"), "operator"),
        (LabelSelectorRequirement(key="a", operator="In"), "values"),
        (LabelSelectorRequirement(key="a", operator="Exists", values=["x"]), "values"),
        (LabelSelectorRequirement(operator="Exists"), "key"),
    ],
)
def test_selectors_of_an_aggregation_are_checked(expression: LabelSelectorRequirement, field: str) -> None:
    wrong = aggregated("r", LabelSelector(match_expressions=[expression]))
    (error,) = RoleStrategy(CLUSTER_ROLE).validate(wrong)
    assert error.field == f"aggregationRule.clusterRoleSelectors[0].matchExpressions[0].{field}"


def test_an_aggregation_needs_a_selector() -> None:
    (error,) = RoleStrategy(CLUSTER_ROLE).validate(aggregated("r"))
    assert error.reason == "FieldValueRequired"


def test_a_binding_needs_no_api_groups() -> None:
    made = RoleBinding(
        role_ref=RoleRef(kind="Role", name="r"),
        subjects=[Subject(kind="User", name="bob"), Subject(kind="ServiceAccount", name="robot")],
    )
    strategy = BindingStrategy(ROLE_BINDING)
    strategy.prepare_for_create(made)
    assert made.role_ref.api_group == GROUP
    assert [subject.api_group for subject in made.subjects] == [GROUP, ""]
    assert strategy.validate(made) == []


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        (RoleRef(api_group="x", kind="Role", name="r"), 'roleRef.apiGroup: Unsupported value: "x": supported values: '),
        (RoleRef(api_group=GROUP, kind="Pod", name="r"), 'roleRef.kind: Unsupported value: "Pod": supported values: '),
        (RoleRef(api_group=GROUP, kind="Role"), "roleRef.name: Required value"),
        (
            RoleRef(api_group=GROUP, kind="Role", name="a/b"),
            "roleRef.name: Invalid value: \"a/b\": may not contain '/'",
        ),
    ],
)
def test_the_role_of_a_binding_is_named_rightly(ref: RoleRef, text: str) -> None:
    (error,) = BindingStrategy(ROLE_BINDING).validate(RoleBinding(role_ref=ref))
    assert str(error).startswith(text)


def test_a_cluster_binding_binds_cluster_roles_only() -> None:
    wrong = cluster_binding("b", "r", user())
    wrong.role_ref.kind = "Role"
    (error,) = BindingStrategy(CLUSTER_ROLE_BINDING).validate(wrong)
    assert str(error) == 'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'


@pytest.mark.parametrize(
    ("subject", "field", "reason"),
    [
        (user(""), "name", "FieldValueRequired"),
        (Subject(kind="User", name="bob", api_group="x"), "apiGroup", "FieldValueNotSupported"),
        (Subject(kind="Robot", name="bob"), "kind", "FieldValueNotSupported"),
        (account("Not_Valid", "team"), "name", "FieldValueInvalid"),
        (account("robot"), "namespace", "FieldValueRequired"),
        (Subject(kind="ServiceAccount", name="r", namespace="n", api_group="x"), "apiGroup", "FieldValueNotSupported"),
    ],
)
def test_subjects_are_named_rightly(subject: Subject, field: str, reason: str) -> None:
    (error,) = BindingStrategy(CLUSTER_ROLE_BINDING).validate(cluster_binding("b", "r", user(), subject))
    assert (error.field, error.reason) == (f"subjects[1].{field}", reason)


def test_a_binding_never_changes_its_role() -> None:
    (error,) = BindingStrategy(ROLE_BINDING).validate_update(binding("b", "new"), binding("b", "old"))
    assert error.field == "roleRef"
    assert error.text.endswith(": cannot change roleRef")


@pytest.mark.parametrize(
    ("name", "problems"),
    [
        ("system:discovery", []),
        ("Any Thing!", []),
        ("..", ["may not be '..'"]),
        ("a/b%c", ["may not contain '/'", "may not contain '%'"]),
        ("x" * 254, ["must be no more than 253 characters"]),
        ("a\x00b", ["must consist of printable characters"]),
    ],
)
def test_names_are_any_segment_of_a_path(name: str, problems: list[str]) -> None:
    assert RoleStrategy(ROLE).name_problems(name) == problems


def test_roles_are_shown_with_their_time_of_creation() -> None:
    made = Role(metadata=ObjectMeta(name="r", creation_timestamp="2026-01-02T03:04:05Z"))
    assert RoleStrategy(ROLE).cells(made, "5m") == ["r", "2026-01-02T03:04:05Z"]


def test_bindings_are_shown_with_their_role_and_subjects() -> None:
    made = binding("b", "r", user("eve"), user(), group("dev"), account("robot", "team"))
    strategy = BindingStrategy(ROLE_BINDING)
    assert strategy.cells(made, "5m") == ["b", "ClusterRole/r", "5m", "eve, bob", "dev", "team/robot"]
    assert len(strategy.columns) == 6
