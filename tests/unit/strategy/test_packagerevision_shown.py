"""Columns and field selectors of the package kinds."""

import pytest

from porch.strategy.package import PackageStrategy
from porch.strategy.packagerevision import PackageRevisionStrategy, is_selectable, selector_problem, selector_value
from porch.strategy.resources import ResourcesStrategy
from porch.types.meta import ObjectMeta
from porch.types.package import PORCH_PACKAGE, PackageSpec, PackageStatus, PorchPackage
from porch.types.packagerevision import PACKAGE_REVISION, PackageMetadata, PackageRevision, PackageRevisionSpec
from porch.types.resources import (
    PACKAGE_REVISION_RESOURCES,
    PackageRevisionResources,
    PackageRevisionResourcesSpec,
)

REVISION = PackageRevision(
    metadata=ObjectMeta(name="sand.a.b.v1", labels={"kpt.dev/latest-revision": "true"}),
    spec=PackageRevisionSpec(
        package_name="a/b",
        repository="sand",
        workspace_name="v1",
        revision=3,
        lifecycle="Published",
        package_metadata=PackageMetadata(labels={"tier": "gold"}),
    ),
)


def test_columns_of_package_revisions() -> None:
    strategy = PackageRevisionStrategy(PACKAGE_REVISION)
    cells = strategy.cells(REVISION, "5m")
    assert {column.name: (column.type, cell) for column, cell in zip(strategy.columns, cells, strict=True)} == {
        "Name": ("string", "sand.a.b.v1"),
        "Package": ("string", "a/b"),
        "WorkspaceName": ("string", "v1"),
        "Revision": ("int", 3),
        "Latest": ("boolean", True),
        "Lifecycle": ("string", "Published"),
        "Repository": ("string", "sand"),
    }


def test_columns_of_package_revision_resources() -> None:
    strategy = ResourcesStrategy(PACKAGE_REVISION_RESOURCES)
    spec = PackageRevisionResourcesSpec(package_name="a/b", resources={"x": "", "y": ""}, binary_resources={"z": ""})
    cells = strategy.cells(PackageRevisionResources(metadata=ObjectMeta(name="n"), spec=spec), "")
    assert [column.name for column in strategy.columns][-1] == "Files"
    assert cells == ["n", "a/b", "", 0, "", 3]


def test_columns_of_packages() -> None:
    strategy = PackageStrategy(PORCH_PACKAGE)
    spec = PackageSpec(package_name="a/b", repository="sand")
    package = PorchPackage(metadata=ObjectMeta(name="sand.a.b"), spec=spec, status=PackageStatus(latest_revision=2))
    assert [column.name for column in strategy.columns] == ["Name", "Package", "Repository", "Latest Revision"]
    assert strategy.cells(package, "") == ["sand.a.b", "a/b", "sand", 2]
    assert strategy.fields(package) == {"spec.packageName": "a/b", "spec.repository": "sand"}


def test_each_selectable_field_has_a_value() -> None:
    fields = PackageRevisionStrategy(PACKAGE_REVISION).fields(REVISION)
    assert set(PackageRevisionStrategy.selectable) <= set(fields)
    assert fields["spec.revision"] == "3"
    assert fields["spec.packageMetadata.labels[tier]"] == "gold"


def test_package_labels_are_selectable() -> None:
    assert is_selectable("spec.lifecycle")
    assert is_selectable("spec.packageMetadata.labels[tier]")
    assert not is_selectable("spec.foo")
    assert not is_selectable("spec.packageMetadata.labels")


@pytest.mark.parametrize(("value", "wanted"), [("3", "3"), ("v3", "3"), ("-1", "-1"), ("x", "-1"), ("9" * 5000, "-1")])
def test_a_revision_is_selected_with_or_without_its_v(value: str, wanted: str) -> None:
    assert selector_value("spec.revision", value) == wanted
    assert selector_value("spec.workspaceName", value) == value


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("spec.lifecycle", "Foo", 'unsupported fieldSelector value "Foo" for field "spec.lifecycle"'),
        ("spec.repository", "", 'unsupported fieldSelector value "" for field "spec.repository" with operator "="'),
        (
            "spec.packageMetadata.labels[]",
            "x",
            'label key cannot be empty in field selector "spec.packageMetadata.labels[]"',
        ),
        ("spec.lifecycle", "Draft", ""),
        ("spec.repository", "sand", ""),
    ],
)
def test_selector_values_are_checked(field: str, value: str, problem: str) -> None:
    assert selector_problem(field, value) == problem
