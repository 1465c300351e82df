"""What an update of a PackageRevision may change, by lifecycle."""

from typing import Any

import msgspec
import pytest

from porch.errors import FieldError
from porch.strategy import lifecycle
from porch.strategy.packagerevision import PackageRevisionStrategy
from porch.types.packagerevision import LIFECYCLES, PACKAGE_REVISION, PackageRevision

STRATEGY = PackageRevisionStrategy(PACKAGE_REVISION)
LATEST = "kpt.dev/latest-revision"
FIXED = "spec can only update package with lifecycle value one of Draft,Proposed"


def revision(state: str = "Draft") -> dict[str, Any]:
    return {
        "metadata": {"name": "sand.pub.v1", "labels": {LATEST: "true"}},
        "spec": {
            "packageName": "pub",
            "repository": "sand",
            "workspaceName": "v1",
            "revision": 1,
            "lifecycle": state,
            "tasks": [{"type": "init", "init": {"description": "pub description"}}],
            "readinessGates": [{"conditionType": "g"}],
            "packageMetadata": {"annotations": {"a": "b"}},
        },
        "status": {"conditions": [{"type": "g", "status": "True"}], "publishedBy": "me"},
    }


def load(value: dict[str, Any]) -> PackageRevision:
    return msgspec.convert(value, PackageRevision)


def merged(value: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """A merge patch."""
    result = dict(value)
    for key, item in change.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key, {}), item) if isinstance(item, dict) else item
    return result


def errors(state: str, change: dict[str, Any]) -> list[FieldError]:
    old, new = load(revision(state)), load(merged(revision(state), change))
    STRATEGY.normalise(new)
    return STRATEGY.validate_update(new, old)


def updated(state: str, change: dict[str, Any]) -> PackageRevision:
    assert errors(state, change) == []
    old, new = load(revision(state)), load(merged(revision(state), change))
    STRATEGY.prepare_for_update(new, old, "")
    return new


@pytest.mark.parametrize("state", LIFECYCLES)
def test_what_was_read_can_be_written_back(state: str) -> None:
    assert updated(state, {}) == load(revision(state))


@pytest.mark.parametrize("state", LIFECYCLES)
def test_object_metadata_can_change_in_every_lifecycle(state: str) -> None:
    change = {"metadata": {"labels": {"x": "y"}, "annotations": {"n": "m"}, "finalizers": ["a/b"]}}
    assert updated(state, change).metadata == load(merged(revision(state), change)).metadata


@pytest.mark.parametrize("value", [None, "false"])
def test_the_latest_label_is_porchs(value: str | None) -> None:
    (error,) = errors("Published", {"metadata": {"labels": {LATEST: value}}})
    assert error.field == f"metadata.labels.{LATEST}"
    assert error.text == "Forbidden: label is managed by porch and cannot be modified by users"


@pytest.mark.parametrize("state", ["Draft", "Proposed"])
def test_identity_and_origin_silently_stay(state: str) -> None:
    change = {
        "packageName": "q",
        "repository": "r",
        "workspaceName": "w",
        "revision": 9,
        "tasks": [],
        "parent": {"name": "p"},
    }
    assert updated(state, {"spec": change}) == load(revision(state))


CONTENT = {
    "spec": {"packageMetadata": {"labels": {"l": "m"}}, "readinessGates": [{"conditionType": "h"}]},
    "status": {"conditions": [{"type": "h", "status": "False"}]},
}


def test_a_draft_takes_what_the_kptfile_keeps() -> None:
    assert updated("Draft", CONTENT) == load(merged(revision(), CONTENT))


def test_a_proposal_ignores_what_the_kptfile_keeps() -> None:
    assert updated("Proposed", CONTENT) == load(revision("Proposed"))


def test_what_is_absent_stays() -> None:
    change = {"spec": {"packageMetadata": None, "readinessGates": None}, "status": {"conditions": None}}
    assert updated("Draft", change) == load(revision())


def test_empty_is_not_absent() -> None:
    new = updated("Draft", {"spec": {"readinessGates": []}, "status": {"conditions": []}})
    assert (new.spec.readiness_gates, new.status.conditions) == ([], [])


def test_the_rest_of_the_status_silently_stays() -> None:
    assert updated("Draft", {"status": {"publishedBy": "you", "deployment": True}}) == load(revision())


@pytest.mark.parametrize("state", ["Published", "DeletionProposed"])
@pytest.mark.parametrize(
    "change",
    [
        {"packageName": "q"},
        {"tasks": None},
        {"packageMetadata": {"labels": {"a": "b"}}},
        {"readinessGates": None},
        {"lifecycle": "Draft"},
        {"lifecycle": ""},
    ],
)
def test_a_published_spec_is_fixed(state: str, change: dict[str, Any]) -> None:
    (error,) = errors(state, {"spec": change})
    assert error.field == "spec"
    assert error.text.startswith('Invalid value: {"packageName":"')
    assert error.text.endswith(FIXED)


@pytest.mark.parametrize(
    "change", [{"packageMetadata": None}, {"packageMetadata": {"labels": {}}}, {"lifecycle": "DeletionProposed"}]
)
def test_nil_and_empty_are_the_same_in_a_published_spec(change: dict[str, Any]) -> None:
    assert errors("Published", {"spec": change}) == []


def test_an_alias_is_no_change() -> None:
    assert errors("Published", {"spec": {"repositoryName": "sand", "lifecycle": "published"}}) == []


@pytest.mark.parametrize(
    ("conditions", "field", "reason"),
    [
        ([{"type": "x", "status": "Maybe"}], "status.conditions[0].status", "FieldValueNotSupported"),
        ([{"type": "x"}], "status.conditions[0].status", "FieldValueNotSupported"),
        ([{"status": "True"}], "status.conditions[0].type", "FieldValueRequired"),
        ([{"type": "x", "status": "True"}] * 2, "status.conditions[1].type", "FieldValueDuplicate"),
        ([{"type": "x", "status": "True", "reason": "r" * 1025}], "status.conditions[0].reason", "FieldValueTooLong"),
        ([{"type": f"x{n}", "status": "True"} for n in range(101)], "status.conditions", "FieldValueTooMany"),
    ],
)
def test_wrong_conditions_are_named(conditions: list[Any], field: str, reason: str) -> None:
    (error,) = errors("Draft", {"status": {"conditions": conditions}})
    assert (error.field, error.reason) == (field, reason)


def test_only_changes_are_checked() -> None:
    odd = merged(
        revision(),
        {
            "spec": {"packageMetadata": {"labels": {"not a label": "x y"}}, "readinessGates": [{}, {}]},
            "status": {"conditions": [{"type": "g", "status": "True"}] * 2},
        },
    )
    relabelled = merged(odd, {"metadata": {"labels": {"x": "y"}}})
    assert STRATEGY.validate_update(load(relabelled), load(odd)) == []


MAIN = {
    ("Draft", "Published"): 'spec.lifecycle: Invalid value: "Published": value can be only updated to Draft,Proposed',
    (
        "Proposed",
        "Published",
    ): 'spec.lifecycle: Invalid value: "Published": value can be only updated to Draft,Proposed',
    ("Draft", "DeletionProposed"): "value can be only updated to Draft,Proposed",
    ("Proposed", "DeletionProposed"): "value can be only updated to Draft,Proposed",
}


@pytest.mark.parametrize("old", LIFECYCLES)
@pytest.mark.parametrize("new", ["", *LIFECYCLES])
def test_the_main_endpoint_moves_between_draft_and_proposed(old: str, new: str) -> None:
    found = " ".join(map(str, lifecycle.update_errors(old, new)))
    assert MAIN.get((old, new), "") in found
    assert bool(found) == ((old, new) in MAIN)


@pytest.mark.parametrize("old", LIFECYCLES)
def test_an_unknown_lifecycle_is_not_supported(old: str) -> None:
    (error,) = errors(old, {"spec": {"lifecycle": "Foo"}})
    assert (error.field, error.reason) == ("spec.lifecycle", "FieldValueNotSupported")


A1 = "cannot approve package with Draft lifecycle value; only Proposed packages can be approved"
A2 = "package with Published lifecycle value can only be updated to 'ProposeDeletion'"
A3 = "package with DeletionProposed lifecycle value can only be updated to 'Published'"
A4 = "cannot update lifecycle DeletionProposed; only Published packages require approval for deletion"
A5 = "value for approval can be only one of Draft,Published"


@pytest.mark.parametrize(
    ("old", "answers"),
    [
        ("Draft", {"Draft": [A1], "Published": [A1], "DeletionProposed": [A1, A4], "Proposed": [A1, A5], "": [A1, A5]}),
        ("Proposed", {"Draft": [], "Published": [], "DeletionProposed": [A4], "Proposed": [A5], "Foo": [A5]}),
        ("Published", {"Draft": [A2], "Published": [A2], "DeletionProposed": [], "Proposed": [A2, A5]}),
        ("DeletionProposed", {"Draft": [A3], "Published": [], "DeletionProposed": [A3, A4], "Proposed": [A3, A5]}),
    ],
)
def test_the_approval_endpoint_publishes_and_rejects(old: str, answers: dict[str, list[str]]) -> None:
    for new, texts in answers.items():
        found = [error.text.partition('": ')[2] for error in lifecycle.approval_errors(old, new)]
        assert found == texts, (old, new)
