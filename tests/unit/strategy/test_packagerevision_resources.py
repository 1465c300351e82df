"""Which sets of files PackageRevisionResources may hold."""

import base64

import pytest

from porch.errors import FieldError
from porch.strategy.resources import ResourcesStrategy
from porch.types.resources import PACKAGE_REVISION_RESOURCES, PackageRevisionResources, PackageRevisionResourcesSpec

STRATEGY = ResourcesStrategy(PACKAGE_REVISION_RESOURCES)
ZIP = base64.b64encode(b"\xff\x00").decode()


def errors(texts: dict[str, str], binaries: dict[str, str] | None = None) -> list[FieldError]:
    spec = PackageRevisionResourcesSpec(resources=texts, binary_resources=binaries)
    return STRATEGY.validate(PackageRevisionResources(spec=spec))


def test_texts_and_binaries_stand_side_by_side() -> None:
    assert errors({"Kptfile": "x", "a/b.yaml": "", "nul.txt": "a\0b"}, {"a/c.zip": ZIP, "empty": ""}) == []


@pytest.mark.parametrize("path", ["../x", "/a", "", ".git/config", "a\\b", "a\0", "x" * 300])
def test_a_bad_path_is_named_in_the_field(path: str) -> None:
    (error,) = errors({path: ""})
    assert error.field == f"spec.resources[{path[:256]}]"
    assert error.reason == "FieldValueInvalid"
    (error,) = errors({}, {path: ""})
    assert error.field == f"spec.binaryResources[{path[:256]}]"


def test_a_path_is_a_text_or_a_binary() -> None:
    (error,) = errors({"a": ""}, {"a": ""})
    assert (error.field, error.reason) == ("spec.binaryResources[a]", "FieldValueDuplicate")


def test_paths_cannot_stand_in_each_others_way() -> None:
    (error,) = errors({"a/b": ""}, {"a": ""})
    assert error.field == "spec.resources[a/b]"
    assert "'a' is a file already" in error.text


@pytest.mark.parametrize("text", ["x", "====", "a b=", "é", "YQ"])
def test_binaries_are_base64(text: str) -> None:
    (error,) = errors({}, {"a": text})
    assert error.field == "spec.binaryResources[a]"
    assert "must be base64" in error.text


def test_files_are_counted() -> None:
    (error,) = errors({f"f{number}": "" for number in range(10_000)}, {"b": ""})
    assert (error.field, error.reason) == ("spec.resources", "FieldValueTooMany")


def test_errors_are_bounded() -> None:
    assert len(errors({f"../{number}": "" for number in range(1000)})) == 20
