"""What a create of a PackageRevision may say, and what it becomes."""

from typing import Any

import msgspec
import pytest

from porch.strategy.packagerevision import PackageRevisionStrategy
from porch.types.meta import ObjectMeta
from porch.types.packagerevision import PACKAGE_REVISION, PackageRevision, PackageRevisionSpec

STRATEGY = PackageRevisionStrategy(PACKAGE_REVISION)
LABEL = "a lowercase RFC 1123 label must consist of"
INIT = {"type": "init", "init": {"description": "d"}}


def revision(labels: dict[str, str] | None = None, **spec: Any) -> PackageRevision:
    values = {"packageName": "my-package", "repository": "blueprints", "workspaceName": "v1"} | spec
    return PackageRevision(metadata=ObjectMeta(labels=labels or {}), spec=msgspec.convert(values, PackageRevisionSpec))


def prepared(**spec: Any) -> PackageRevisionSpec:
    obj = revision(**spec)
    STRATEGY.prepare_for_create(obj)
    assert STRATEGY.validate(obj) == []
    return obj.spec


def errors(labels: dict[str, str] | None = None, **spec: Any) -> list[tuple[str, str, str]]:
    obj = revision(labels, **spec)
    STRATEGY.prepare_for_create(obj)
    return [(error.field, error.reason, error.text) for error in STRATEGY.validate(obj)]


def error(**spec: Any) -> tuple[str, str, str]:
    (only,) = errors(**spec)
    return only


def test_the_sample_request_reads_as_its_canonical_spelling() -> None:
    spec = prepared(repository="", repositoryName="blueprints", lifecycle="draft", tasks=[INIT | {"type": "Init"}])
    assert spec == prepared(lifecycle="Draft", tasks=[INIT])
    assert (spec.repository, spec.repository_name, spec.lifecycle, spec.tasks[0].type) == (
        "blueprints",
        "",
        "Draft",
        "init",
    )


def test_both_spellings_of_the_repository_must_agree() -> None:
    assert prepared(repositoryName="blueprints").repository_name == ""
    field, reason, text = error(repositoryName="other")
    assert (field, reason) == ("spec.repositoryName", "FieldValueInvalid")
    assert 'contradicts spec.repository "blueprints"' in text


def test_defaults_are_a_draft_and_an_init_task() -> None:
    spec = prepared(packageName="/lead/")
    assert (spec.package_name, spec.lifecycle) == ("lead", "Draft")
    assert spec.tasks[0].init is not None
    assert spec.tasks[0].init.description == "/lead/ description"


def test_what_only_the_server_sets_is_dropped() -> None:
    obj = revision(revision=7)
    obj.status.published_by = "me"
    STRATEGY.prepare_for_create(obj)
    assert (obj.spec.revision, obj.status.published_by) == (0, "")


def test_several_faults_are_told_together_and_in_order() -> None:
    found = errors({"kpt.dev/latest-revision": "true"}, packageName="Bad_Name", workspaceName="V.1", lifecycle="Foo")
    assert [(field, reason) for field, reason, _ in found] == [
        ("metadata.labels.kpt.dev/latest-revision", "FieldValueForbidden"),
        ("spec.packageName", "FieldValueInvalid"),
        ("spec.workspaceName", "FieldValueInvalid"),
        ("spec.lifecycle", "FieldValueNotSupported"),
    ]
    assert found[0][2] == "Forbidden: label is managed by porch and cannot be set by users"
    assert found[1][2].startswith(f'Invalid value: "Bad_Name": {LABEL}')


@pytest.mark.parametrize("name", ["packageName", "workspaceName", "repository"])
def test_each_part_of_the_name_is_required(name: str) -> None:
    assert error(**{name: ""})[:2] == (f"spec.{name}", "FieldValueRequired")


@pytest.mark.parametrize("name", ["a//b", "../x", "a/../b", "a b", "A", "x" * 64, "a\0b", ".git", "é", "-a", "a.b"])
def test_package_names_are_labels_once_their_slashes_are_gone(name: str) -> None:
    assert error(packageName=name)[:2] == ("spec.packageName", "FieldValueInvalid")


def test_segments_cannot_begin_or_end_with_a_dash() -> None:
    field, reason, text = error(packageName="a-/-b")
    assert (field, reason) == ("spec.packageName", "FieldValueInvalid")
    assert 'package path part "a-" of object name invalid' in text
    assert 'package name part "-b" of object name invalid' in text


@pytest.mark.parametrize("name", ["v.1", "V1", "x" * 64, "a/b", "..", "a\n"])
def test_workspaces_are_labels(name: str) -> None:
    assert error(workspaceName=name)[:2] == ("spec.workspaceName", "FieldValueInvalid")


def test_a_repository_name_that_cannot_be_one_is_refused() -> None:
    assert error(repository="x" * 254)[0] == "spec.repository"
    assert error(repository="../x")[:2] == ("spec.packageName", "FieldValueInvalid")


@pytest.mark.parametrize("lifecycle", ["Draft", "Proposed", "proposed", ""])
def test_a_revision_begins_as_draft_or_proposal(lifecycle: str) -> None:
    assert prepared(lifecycle=lifecycle).lifecycle in {"Draft", "Proposed"}


@pytest.mark.parametrize("lifecycle", ["Published", "DeletionProposed"])
def test_a_revision_cannot_begin_published(lifecycle: str) -> None:
    text = f'Invalid value: "{lifecycle}": value can be only created as Draft or Proposed'
    assert error(lifecycle=lifecycle) == ("spec.lifecycle", "FieldValueInvalid", text)


@pytest.mark.parametrize(
    ("tasks", "field", "reason", "words"),
    [
        ([INIT, INIT], "spec.tasks", "FieldValueInvalid", "task list must not contain more than one task"),
        ([{"type": "eval"}], "spec.tasks[0].type", "FieldValueNotSupported", '"init", "clone", "edit", "upgrade"'),
        ([{}], "spec.tasks[0].type", "FieldValueNotSupported", ""),
        ([{"type": "init"}], "spec.tasks[0].init", "FieldValueRequired", 'init not set for task of type "init"'),
        ([{"type": "upgrade"}], "spec.tasks[0].upgrade", "FieldValueRequired", "upgrade not set"),
        ([{"type": "edit", "edit": {}}], "spec.tasks[0].edit.sourceRef", "FieldValueRequired", ""),
        ([{"type": "clone", "clone": {}}], "spec.tasks[0].clone.upstreamRef", "FieldValueRequired", "neither of git"),
        ([INIT | {"edit": {}}], "spec.tasks[0].edit", "FieldValueForbidden", 'a task of type "init"'),
    ],
)
def test_a_wrong_task_is_named(tasks: list[Any], field: str, reason: str, words: str) -> None:
    found = error(tasks=tasks)
    assert found[:2] == (field, reason)
    assert words in found[2]


@pytest.mark.parametrize(
    ("spec", "field", "reason"),
    [
        ({"parent": {"name": "p"}}, "spec.parent.name", "FieldValueForbidden"),
        ({"packageMetadata": {"labels": {"a b": "c"}}}, "spec.packageMetadata.labels", "FieldValueInvalid"),
        ({"packageMetadata": {"labels": {"a": "b c"}}}, "spec.packageMetadata.labels", "FieldValueInvalid"),
        ({"packageMetadata": {"labels": {"a": "b" * 64}}}, "spec.packageMetadata.labels", "FieldValueInvalid"),
        ({"packageMetadata": {"annotations": {"/x": "c"}}}, "spec.packageMetadata.annotations", "FieldValueInvalid"),
        (
            {"packageMetadata": {"annotations": {"a": "b" * 2**18}}},
            "spec.packageMetadata.annotations",
            "FieldValueTooLong",
        ),
        (
            {"packageMetadata": {"labels": {f"l{n}": "" for n in range(1001)}}},
            "spec.packageMetadata.labels",
            "FieldValueTooMany",
        ),
        ({"readinessGates": [{}]}, "spec.readinessGates[0].conditionType", "FieldValueRequired"),
        (
            {"readinessGates": [{"conditionType": "a"}] * 2},
            "spec.readinessGates[1].conditionType",
            "FieldValueDuplicate",
        ),
        ({"readinessGates": [{"conditionType": "a\n"}]}, "spec.readinessGates[0].conditionType", "FieldValueInvalid"),
        (
            {"readinessGates": [{"conditionType": "a" * 318}]},
            "spec.readinessGates[0].conditionType",
            "FieldValueTooLong",
        ),
        (
            {"readinessGates": [{"conditionType": f"c{n}"} for n in range(101)]},
            "spec.readinessGates",
            "FieldValueTooMany",
        ),
    ],
)
def test_every_other_field_is_checked(spec: dict[str, Any], field: str, reason: str) -> None:
    assert error(**spec)[:2] == (field, reason)


def test_good_package_metadata_passes() -> None:
    metadata = {"labels": {"example.com/tier": "gold", "x": ""}, "annotations": {"Note": "any\ntext at all"}}
    assert errors(packageMetadata=metadata, readinessGates=[{"conditionType": "example.com/Checked"}]) == []
