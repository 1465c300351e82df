"""Whatever the shape of resources and configurations, a function succeeds or fails; it never breaks."""

# Words in a row are easier to read than lists of quoted ones.
# ruff: noqa: SIM905

from __future__ import annotations

import contextlib
from random import Random
from typing import Any

import pytest

from porch.function.builtin import (
    annotate_apply_time_mutations,
    apply_setters,
    create_setters,
    enable_gcp_services,
    ensure_name_substring,
    list_setters,
    remove_local_config_resources,
    search_replace,
    set_annotations,
    upsert_resource,
)
from porch.function.builtin import format as formats
from porch.function.interface import FunctionFailed, NativeFunction, ResourceList
from porch.kyaml import Node, copy, emit, from_value, parse, walk

FUNCTIONS: list[NativeFunction] = [
    annotate_apply_time_mutations,
    apply_setters,
    create_setters,
    enable_gcp_services,
    ensure_name_substring,
    formats,
    list_setters,
    remove_local_config_resources,
    search_replace,
    set_annotations,
    upsert_resource,
]
KEYS = (
    "apiVersion kind metadata name namespace annotations labels spec data items substring annotations rules template "
    "containers env volumes roleRef subjects pipeline mutators image configMap configPath services targetRef a by-path "
    "put-value by-value-regex by-file-path put-comment prepend append resourceNames imagePullSecrets"
).split()
WORDS = (
    "v1 ConfigMap Deployment apps/v1 Kptfile kpt.dev/v1 RoleBinding rbac.authorization.k8s.io/v1 List x a.b **.a ( [a "
    "fn.kpt.dev/v1alpha1 SetAnnotations EnsureNameSubstring ApplyTimeMutation ProjectServiceSet "
    "blueprints.cloud.google.com/v1alpha1 apply-setters:v0.2 ${a} [] null 5 yes true .nan 2020-01-01"
).split()
COMMENTS = (
    "",
    "",
    "",
    "# kpt-set: ${a}",
    "# kpt-set: ${a}-${b}",
    "# apply-time-mutation: ${g/namespaces/n/K/x:$.a}",
    "# c",
)


def anything(random: Random, depth: int = 0) -> Any:
    roll = random.random()
    if roll < 0.5 and depth < 5:
        return {random.choice(KEYS): anything(random, depth + 1) for _ in range(random.randint(0, 4))}
    if roll < 0.65 and depth < 5:
        return [anything(random, depth + 1) for _ in range(random.randint(0, 3))]
    return random.choice((None, True, 7, 1.5, "", *WORDS))


def resource(random: Random) -> Node:
    """Often with the fields of an object, sometimes with an alias in the place of one."""
    value = anything(random)
    if isinstance(value, dict) and random.random() < 0.7:
        value = {"apiVersion": random.choice(WORDS), "kind": random.choice(WORDS), "metadata": {"name": "x"}} | value
    node = from_value(value if isinstance(value, dict) else {"a": value})
    nodes = list(walk(node))
    for one in nodes:
        if one.kind == "scalar":
            one.line = random.choice(COMMENTS)
    anchored, alias = random.choice(nodes), random.choice(nodes)
    related = any(one is alias for one in walk(anchored)) or any(one is anchored for one in walk(alias))
    if random.random() < 0.3 and not related:
        anchored.anchor = "n"
        alias.kind, alias.value, alias.target, alias.content, alias.line = "alias", "n", anchored, [], ""
    return node


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.NAME)
def test_a_function_succeeds_or_fails(function: NativeFunction) -> None:
    random = Random(function.NAME)
    for _ in range(400):
        items = [resource(random) for _ in range(random.randint(0, 3))]
        config = random.choice((None, resource(random)))
        for compatible in (True, False):
            given = ResourceList([copy(item) for item in items], config and copy(config), compatible=compatible)
            with contextlib.suppress(FunctionFailed):
                function.run(given)
            for result in given.results:
                assert isinstance(result.message, str)


def test_what_is_written_can_be_read() -> None:
    random = Random(1)
    for function in (apply_setters, create_setters, set_annotations, formats):
        for _ in range(200):
            item = parse(
                "a: x # kpt-set: ${a}\nb: [x, y] # kpt-set: ${a}\nc: # kpt-set: ${a}\n- z\nmetadata: {name: n}\n"
            )[0]
            value = random.choice((*WORDS, "two\nlines", " edge ", "# hash", "'q'", '"', "- a\n- b"))
            config = from_value(
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": value}}
            )
            given = ResourceList([item], config)
            with contextlib.suppress(FunctionFailed):
                function.run(given)
                assert [emit(parse(emit(one))[0]) for one in given.items] == [emit(one) for one in given.items]
