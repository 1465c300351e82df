"""One rule against one request, and one rule against another."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.apiserver.authz.rules import Rule, compacted
from porch.apiserver.interface import Attributes
from porch.types.rbac import PolicyRule
from tests.unit.auth.building import rule, url_rule

GET_POD = Attributes("get", "", "v1", "pods", namespace="team", name="web")


@pytest.mark.parametrize(
    ("held", "asked", "allowed"),
    [
        (rule("get", "pods"), GET_POD, True),
        (rule("list get", "secrets pods"), GET_POD, True),
        (rule("*", "pods"), GET_POD, True),
        (rule("get", "*"), GET_POD, True),
        (rule("get", "pods", "*"), GET_POD, True),
        (rule("list", "pods"), GET_POD, False),
        (rule("get", "pods", "apps"), GET_POD, False),
        (rule("get", "pod"), GET_POD, False),
        (rule("get", "pods/log"), GET_POD, False),
        (rule("get", "*/log"), GET_POD, False),
        (rule("get", "pods"), Attributes("get", "", "v1", "pods", "log", "team", "web"), False),
        (rule("get", "pods/log"), Attributes("get", "", "v1", "pods", "log", "team", "web"), True),
        (rule("get", "*/log"), Attributes("get", "", "v1", "pods", "log", "team", "web"), True),
        (rule("get", "*"), Attributes("get", "", "v1", "pods", "log", "team", "web"), True),
        (rule("get", "pods/*"), Attributes("get", "", "v1", "pods", "log", "team", "web"), False),
        (rule("get", "pods", names="web"), GET_POD, True),
        (rule("get", "pods", names="db cache"), GET_POD, False),
        (rule("list", "pods", names="web"), Attributes("list", "", "v1", "pods", namespace="team"), False),
        (url_rule("get", "/version"), Attributes("get", path="/version"), True),
        (url_rule("get", "/version"), Attributes("get", path="/version/"), False),
        (url_rule("get", "/apis/*"), Attributes("get", path="/apis/apps/v1"), True),
        (url_rule("get", "/apis/*"), Attributes("get", path="/apis"), False),
        (url_rule("*", "*"), Attributes("post", path="/"), True),
        (url_rule("post", "/apis/*"), Attributes("get", path="/apis/apps"), False),
        (url_rule("get", "*"), GET_POD, False),
        (rule("*", "*", "*"), Attributes("get", path="/version"), False),
    ],
)
def test_a_rule_allows_exactly_what_it_names(held: PolicyRule, asked: Attributes, allowed: bool) -> None:
    assert Rule.of(held).allows(asked) is allowed


@pytest.mark.parametrize(
    ("held", "wanted", "covers"),
    [
        (rule("get list", "pods"), rule("get", "pods"), True),
        (rule("get", "pods"), rule("get list", "pods"), False),
        (rule("get", "pods"), rule("*", "pods"), False),
        (rule("*", "pods"), rule("get", "pods"), True),
        (rule("get", "*/log"), rule("get", "pods/log"), True),
        (rule("get", "pods/log"), rule("get", "*/log"), False),
        (rule("get", "pods"), rule("get", "pods", names="web"), True),
        (rule("get", "pods", names="web"), rule("get", "pods"), False),
        (rule("get", "pods", names="web db"), rule("get", "pods", names="web"), True),
        (rule("get", "*", "*"), rule("get", "pods", "apps"), True),
        (url_rule("get", "/apis/*"), url_rule("get", "/apis/apps /apis/*"), True),
        (url_rule("get", "/apis/*"), url_rule("get", "/apis*"), False),
    ],
)
def test_a_rule_covers_another_when_it_allows_all_of_it(held: PolicyRule, wanted: PolicyRule, covers: bool) -> None:
    assert Rule.of(held).covers(Rule.of(wanted)) is covers


def test_a_broken_down_rule_is_shown_compact() -> None:
    parts = Rule.of(rule("get list", "pods", "- apps", names="web")).broken_down()
    assert [str(part) for part in compacted(parts)] == [
        '{APIGroups:[""], Resources:["pods"], ResourceNames:["web"], Verbs:["get" "list"]}',
        '{APIGroups:["apps"], Resources:["pods"], ResourceNames:["web"], Verbs:["get" "list"]}',
    ]


_VERBS, _GROUPS, _NAMES = ("get", "list"), ("", "apps"), ("", "web")
_KINDS = (("pods", ""), ("pods", "log"), ("jobs", "log"))
_PATHS = ("/apis", "/apis/x", "/version")
_REQUESTS = [
    *(
        Attributes(verb, group, "v1", resource, subresource, "team", name)
        for verb, group, (resource, subresource), name in itertools.product(_VERBS, _GROUPS, _KINDS, _NAMES)
    ),
    *(Attributes(verb, path=path) for verb, path in itertools.product(_VERBS, _PATHS)),
]


def _some(*values: str, least: int = 1) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=3)


_RULES = st.one_of(
    st.builds(
        PolicyRule,
        verbs=_some("get", "list", "*"),
        api_groups=_some("", "apps", "*"),
        resources=_some("pods", "pods/log", "*/log", "*", "jobs"),
        resource_names=_some("web", "db", least=0),
    ),
    st.builds(PolicyRule, verbs=_some("get", "list", "*"), non_resource_urls=_some("/apis", "/apis/*", "/v*", "*")),
)


def _naively_allowed(held: PolicyRule, asked: Attributes) -> bool:
    """Kubernetes' rule, written down as its documentation tells it."""
    if not any(verb in {"*", asked.verb} for verb in held.verbs):
        return False
    if not asked.is_resource:
        return any(
            asked.path.startswith(url[:-1]) if url.endswith("*") else url == asked.path
            for url in held.non_resource_urls
        )
    spellings = {asked.resource} if not asked.subresource else {f"{asked.resource}/{asked.subresource}"}
    if asked.subresource:
        spellings.add(f"*/{asked.subresource}")
    return (
        any(group in {"*", asked.group} for group in held.api_groups)
        and any(resource in {"*", *spellings} for resource in held.resources)
        and (held.resource_names == [] or asked.name in held.resource_names)
    )


@settings(max_examples=200, derandomize=True, deadline=None)
@given(_RULES)
def test_every_rule_agrees_with_the_naive_model(held: PolicyRule) -> None:
    for asked in _REQUESTS:
        assert Rule.of(held).allows(asked) is _naively_allowed(held, asked)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(_RULES, _RULES)
def test_a_covered_rule_allows_nothing_that_its_cover_does_not(one: PolicyRule, other: PolicyRule) -> None:
    held, wanted = Rule.of(one), Rule.of(other)
    if held.covers(wanted):
        assert [asked for asked in _REQUESTS if wanted.allows(asked) and not held.allows(asked)] == []


@settings(max_examples=200, derandomize=True, deadline=None)
@given(_RULES)
def test_a_rule_and_its_parts_allow_the_same(held: PolicyRule) -> None:
    whole = Rule.of(held)
    parts = list(whole.broken_down())
    assert len(parts) == whole.combinations
    for asked in _REQUESTS:
        assert any(part.allows(asked) for part in parts) is whole.allows(asked)
        assert any(part.allows(asked) for part in compacted(parts)) is whole.allows(asked)
