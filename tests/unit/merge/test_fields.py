"""Edits of different fields of one resource come together in the local text; edits of the same field are a conflict."""

from __future__ import annotations

import pytest

from porch.merge import Choice, Conflict
from tests.unit.merge.building import CONFIG, DEPLOYMENT, KPTFILE, WIDGET, merged, quiet


def test_both_edits_stand_in_the_local_text() -> None:
    original = CONFIG + "data:\n  a: 1\n  b: 1\n"
    local = CONFIG + "# ours\ndata:\n    a:   2   # two\n\n    b:  1\n"
    assert quiet(original, local, CONFIG + "data:\n  a: 1\n  b: 3\n") == local.replace("b:  1", "b:  3")


def test_what_upstream_adds_is_copied_with_its_comments_and_order() -> None:
    added = "  u:\n  # above\n    z: 1 # beside\n    a: [x,  y]\n"
    result = quiet(CONFIG + "data:\n  a: 1\n", CONFIG + "data:\n  a: 2\n", CONFIG + "data:\n  a: 1\n" + added)
    assert result == CONFIG + "data:\n  a: 2\n" + added


def test_the_same_field_changed_twice_is_a_conflict() -> None:
    sides = [CONFIG + f"data:\n  a: {value}\n" for value in ("one", "two", "[3]")]
    text, conflicts = merged(*sides)
    assert text == sides[1]
    assert conflicts == (
        Conflict("a.yaml", "ConfigMap/c", "data.a", '"one"', '"two"', "[3]", "ours", "both changed the field"),
    )
    assert str(conflicts[0]) == "a.yaml: ConfigMap/c data.a: both changed the field; kept the local side"
    assert merged(*sides, on_conflict="theirs")[0] == sides[2]


def test_the_same_change_on_both_sides_is_none() -> None:
    changed = CONFIG + "data:\n  a: 2\n"
    assert quiet(CONFIG + "data:\n  a: 1\n", changed, changed + "# end\n") == changed + "# end\n"


@pytest.mark.parametrize(
    ("local", "upstream", "reason"),
    [
        ("", "  a: 2\n", "deleted locally, changed upstream"),
        ("  a: 2\n", "", "changed locally, deleted upstream"),
    ],
)
def test_deleting_what_the_other_side_changed_is_a_conflict(local: str, upstream: str, reason: str) -> None:
    sides = [CONFIG + "data:\n  k: 1\n" + text for text in ("  a: 1\n", local, upstream)]
    text, conflicts = merged(*sides)
    assert text == sides[1]
    assert [item.reason for item in conflicts] == [reason]
    assert merged(*sides, on_conflict="theirs")[0] == sides[2]


def test_additions_stay_when_upstream_deletes_the_mapping_around_them() -> None:
    original = CONFIG + "data:\n  a: 1\n  b: 2\n"
    assert quiet(original, original + "  mine: 3\n", CONFIG + "kept: 1\n") == CONFIG + "data:\n  mine: 3\nkept: 1\n"


def test_a_mapping_that_upstream_deletes_and_local_changed_is_kept_whole() -> None:
    original = CONFIG + "data:\n  a: 1\n  b: 2\nk: 1\n"
    local = original.replace("b: 2", "b: 3")
    text, conflicts = merged(original, local, CONFIG + "k: 1\n")
    assert text == local
    assert [(item.field, item.local, item.upstream) for item in conflicts] == [("data", '{"a":1,"b":3}', None)]


def test_null_is_a_value_like_others() -> None:
    original = CONFIG + "data:\n  a: 1\n  b: 1\n"
    upstream = original.replace("b: 1", "b: 2")
    assert quiet(original, original.replace("a: 1", "a: null"), upstream) == upstream.replace("a: 1", "a: null")


# --- lists


def test_items_of_a_keyed_list_are_merged_one_by_one() -> None:
    original = (
        DEPLOYMENT + "      containers:\n      - name: a\n        image: a:1\n      - name: b\n        image: b:1\n"
    )
    local = original.replace("b:1", "b:2") + "      - name: mine\n        image: m\n"
    upstream = original.replace("a:1", "a:2") + "      - name: more\n        image: u\n"
    assert quiet(original, local, upstream) == (
        original.replace("b:1", "b:2").replace("a:1", "a:2")
        + "      - name: mine\n        image: m\n      - name: more\n        image: u\n"
    )


def test_a_list_without_keys_is_one_value() -> None:
    original = DEPLOYMENT + "      tolerations:\n      - key: a\n"
    text, conflicts = merged(original, original + "      - key: b\n", original + "      - key: c\n")
    assert text == original + "      - key: b\n"
    assert [item.field for item in conflicts] == ["spec.template.spec.tolerations"]


def test_a_port_has_the_protocol_tcp_when_none_is_written() -> None:
    ports = "      containers:\n      - name: a\n        ports:\n        - containerPort: 80\n"
    original = DEPLOYMENT + ports
    upstream = original + "          protocol: TCP\n"
    assert quiet(original, original + "          name: web\n", upstream) == (
        original + "          name: web\n          protocol: TCP\n"
    )


def test_keys_of_unknown_types_are_seen_from_the_items() -> None:
    original = WIDGET + "parts:\n- name: a\n  n: 1\n- name: b\n  n: 1\n"
    local, upstream = original.replace("a\n  n: 1", "a\n  n: 2"), original + "- name: c\n"
    assert quiet(original, local, upstream) == local + "- name: c\n"


def test_a_key_that_is_there_twice_is_none() -> None:
    original = WIDGET + "parts:\n- name: a\n- name: a\n"
    _, conflicts = merged(original, original + "- name: b\n", original + "- name: c\n")
    assert [item.field for item in conflicts] == ["parts"]


def test_sets_are_united() -> None:
    original = CONFIG + "  finalizers: [a, b]\n"
    assert quiet(original, CONFIG + "  finalizers: [a, b, l]\n", CONFIG + "  finalizers: [b, u]\n") == (
        CONFIG + "  finalizers: [b, l, u]\n"
    )


def test_an_order_that_upstream_changed_is_followed() -> None:
    items = {name: f"      - name: {name}\n        image: {name}:1\n" for name in "abc"}
    head = DEPLOYMENT + "      initContainers:\n"
    local = head + items["a"].replace(":1", ":2") + items["b"]
    assert quiet(head + items["a"] + items["b"], local, head + items["c"] + items["b"] + items["a"]) == (
        head + items["c"] + items["b"] + items["a"].replace(":1", ":2")
    )


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_two_new_orders_are_a_conflict(choice: Choice) -> None:
    head = DEPLOYMENT + "      initContainers:\n"
    sides = [head + "".join(f"      - name: {name}\n" for name in names) for names in ("abc", "bac", "cab")]
    text, conflicts = merged(*sides, on_conflict=choice)
    assert text == sides[1 if choice == "ours" else 2]
    assert [(item.field, item.local) for item in conflicts] == [
        ("spec.template.spec.initContainers", '["name=b", "name=a", "name=c"]')
    ]


def test_functions_of_a_pipeline_are_told_apart_by_image() -> None:
    original = KPTFILE + "pipeline:\n  mutators:\n  - image: host:5000/a:v1\n    configMap: {a: b}\n"
    local, upstream = original.replace("b}", "mine}"), original.replace("v1\n    c", "v2\n    c")
    expected = upstream.replace("b}", "mine}")
    assert quiet(original, local, upstream, name="Kptfile") == expected


# --- comments and layout


def test_a_comment_and_a_value_are_merged_apart() -> None:
    assert quiet(CONFIG + "a: 1\n", CONFIG + "a: 1 # mine\n", CONFIG + "# up\na: 2\n") == CONFIG + "# up\na: 2 # mine\n"


def test_two_comments_at_one_place_are_a_conflict() -> None:
    text, conflicts = merged(CONFIG + "a: 1 # x\n", CONFIG + "a: 1 # mine\n", CONFIG + "a: 2 # up\n")
    assert text == CONFIG + "a: 2 # mine\n"
    assert [(item.field, item.original, item.local, item.upstream) for item in conflicts] == [
        ("a#comment", "# x", "# mine", "# up")
    ]


def test_a_comment_within_a_list_that_upstream_replaces_is_not_lost_silently() -> None:
    original = DEPLOYMENT + "      tolerations:\n      - key: a\n"
    commented = original.replace("- key: a", "# why\n      - key: a")
    text, conflicts = merged(original, commented, original.replace("key: a", "key: b"))
    assert "key: b" in text
    assert [item.reason for item in conflicts] == ["a comment within was changed locally, the value upstream"]


def test_flow_style_is_kept_and_takes_block_entries() -> None:
    original = CONFIG + "  labels: {a: b}\n"
    assert quiet(
        original, CONFIG + "  labels: {a: b, l: x}\n", CONFIG + "  labels:\n    a: 'c d'\n    u: {v: w}\n"
    ) == (CONFIG + '  labels: {a: "c d", l: x, u: {v: w}}\n')


def test_windows_line_ends_and_byte_order_mark_stay() -> None:
    original = CONFIG + "data:\n  a: 1\n  b: 1\n"
    local = "\ufeff" + original.replace("a: 1", "a: 2").replace("\n", "\r\n")
    upstream = original.replace("b: 1", "b:\n    c: |\n      x\n      y")
    assert quiet(original, local, upstream) == local.replace("b: 1", "b:\r\n    c: |\r\n      x\r\n      y")


def test_wide_and_compact_lists_take_each_others_items() -> None:
    original = DEPLOYMENT + "      containers:\n      - name: a\n"
    wide = DEPLOYMENT + "      containers:\n        - name: a\n          args: [x]\n"
    upstream = original + "      - name: b\n        env:\n        - name: E\n"
    assert quiet(original, wide, upstream) == (wide + "        - name: b\n          env:\n          - name: E\n")


def test_block_text_keeps_its_lines() -> None:
    script = "  s: |+\n    # no comment\n    x\n\n\n"
    original = CONFIG + "data:\n" + script + "  a: 1\n"
    upstream = original.replace("    x\n", "    y\n")
    assert quiet(original, original.replace("a: 1", "a: 2"), upstream) == upstream.replace("a: 1", "a: 2")


def test_anchors_come_along_when_they_still_mean_the_same() -> None:
    original = CONFIG + "x: &a 1\ny: *a\n"
    upstream = CONFIG + "x: &a 2\ny: *a\nu: *a\n"
    assert quiet(original, original + "l: 1\n", upstream) == CONFIG + "x: &a 2\ny: *a\nl: 1\nu: *a\n"


def test_an_anchor_that_is_gone_makes_the_resource_a_conflict() -> None:
    original = CONFIG + "x: &a 1\ny: *a\n"
    local = CONFIG + "x: &b 1\ny: *b\nl: 1\n"
    text, conflicts = merged(original, local, original + "u: *a\n")
    assert text == local
    assert [(item.field, item.upstream) for item in conflicts] == [("", original + "u: *a\n")]
