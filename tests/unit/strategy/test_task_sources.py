"""Where a task's content comes from is checked before anybody is asked for it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from porch.strategy import tasks
from porch.types.task import Task

GIT = {"repo": "https://example.com/x.git", "ref": "v1", "directory": "a/b"}
UPGRADE = {
    "oldUpstreamRef": {"name": "a.b.v1"},
    "newUpstreamRef": {"name": "a.b.v2"},
    "localPackageRevisionRef": {"name": "c.b.v1"},
}
_GIT = "spec.tasks[0].clone.upstreamRef.git"


def errors(**task: Any) -> list[tuple[str, str]]:
    (kind,) = task
    converted = msgspec.convert({"type": kind, **task}, Task)
    return [(error.field, error.reason) for error in tasks.errors([converted])]


def clone(**source: Any) -> dict[str, Any]:
    return {"upstreamRef": source}


@pytest.mark.parametrize(
    "task",
    [
        {"clone": clone(upstreamRef={"name": "a.b.v1"})},
        {"clone": clone(upstreamRef={"name": "a.b.v1"}, git={}, oci={})},  # the first one counts, as upstream has it
        {"clone": clone(git=GIT)},
        {"clone": clone(type="git", git=GIT | {"directory": "/a/b/", "secretRef": {"name": "s"}})},
        {"clone": clone(git={"repo": "hosted:///x.git", "ref": "main"})},
        {"clone": clone(git={"repo": "http://127.0.0.1/x", "ref": "a" * 40, "secretRef": {"name": "s"}})},
        {"edit": {"sourceRef": {"name": "a.b.v1"}}},
        {"upgrade": UPGRADE},
        {"upgrade": UPGRADE | {"strategy": "copy-merge"}},
    ],
)
def test_a_good_source_passes(task: dict[str, Any]) -> None:
    assert errors(**task) == []


@pytest.mark.parametrize(
    ("task", "field", "reason"),
    [
        ({"clone": clone(upstreamRef={})}, "spec.tasks[0].clone.upstreamRef.upstreamRef.name", "FieldValueRequired"),
        ({"clone": clone(oci={"image": "i"})}, "spec.tasks[0].clone.upstreamRef.oci", "FieldValueForbidden"),
        ({"clone": clone(git=GIT | {"repo": ""})}, f"{_GIT}.repo", "FieldValueRequired"),
        ({"clone": clone(git=GIT | {"repo": "git@example.com:x.git"})}, f"{_GIT}.repo", "FieldValueInvalid"),
        ({"clone": clone(git=GIT | {"repo": "https://a:b@example.com/x"})}, f"{_GIT}.repo", "FieldValueForbidden"),
        ({"clone": clone(git=GIT | {"repo": "hosted:///../x"})}, f"{_GIT}.repo", "FieldValueInvalid"),
        ({"clone": clone(git=GIT | {"ref": ""})}, f"{_GIT}.ref", "FieldValueRequired"),
        ({"clone": clone(git=GIT | {"ref": "-x"})}, f"{_GIT}.ref", "FieldValueInvalid"),
        ({"clone": clone(git=GIT | {"ref": "a\nb"})}, f"{_GIT}.ref", "FieldValueInvalid"),
        ({"clone": clone(git=GIT | {"directory": "../x"})}, f"{_GIT}.directory", "FieldValueInvalid"),
        ({"clone": clone(git=GIT | {"directory": "a//b"})}, f"{_GIT}.directory", "FieldValueInvalid"),
        ({"clone": clone(git=GIT | {"directory": "a\0"})}, f"{_GIT}.directory", "FieldValueInvalid"),
        ({"clone": clone(git=GIT | {"directory": "a" * 3000})}, f"{_GIT}.directory", "FieldValueTooLong"),
        ({"clone": clone(git=GIT | {"secretRef": {"name": "A"}})}, f"{_GIT}.secretRef.name", "FieldValueInvalid"),
        (
            {"clone": clone(git=GIT | {"repo": "file:///x", "secretRef": {"name": "s"}})},
            f"{_GIT}.secretRef.name",
            "FieldValueInvalid",
        ),
        ({"edit": {"sourceRef": {"name": ""}}}, "spec.tasks[0].edit.sourceRef", "FieldValueRequired"),
        (
            {"upgrade": UPGRADE | {"oldUpstreamRef": {}}},
            "spec.tasks[0].upgrade.oldUpstreamRef.name",
            "FieldValueRequired",
        ),
        (
            {"upgrade": UPGRADE | {"strategy": "alpha-git-patch"}},
            "spec.tasks[0].upgrade.strategy",
            "FieldValueNotSupported",
        ),
    ],
)
def test_a_bad_source_names_its_field(task: dict[str, Any], field: str, reason: str) -> None:
    assert errors(**task) == [(field, reason)]


def test_the_rule_for_conflicts_is_one_of_three() -> None:
    key = tasks.ON_MERGE_CONFLICT
    assert [tasks.conflict_errors({key: value}) for value in ("", "ours", "theirs", "fail")] == [[]] * 4
    assert tasks.conflict_errors({key: "Ours"})[0].field == f"metadata.annotations.{key}"
