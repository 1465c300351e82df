"""What FunctionConfigs and the shipped functions say about an image."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from porch.function.catalog import KNOWN_TAGS, Catalog
from porch.function.images import parse_image
from porch.types.functionconfig import FunctionConfigSpec
from tests.unit.function.installed import installed_function

_CATALOG = "ghcr.io/kptdev/krm-functions-catalog"
_DIGEST = "sha256:" + "0123456789abcdef" * 4

pytestmark = pytest.mark.usefixtures(installed_function.__name__)


def config(image: str = "set-owner", **spec: Any) -> FunctionConfigSpec:
    return msgspec.convert({"image": image, **spec}, FunctionConfigSpec)


def _builtin(image: str, *configs: FunctionConfigSpec, prefix: str = f"{_CATALOG}/") -> str:
    catalog = Catalog(configs, prefix)
    return catalog.builtin(parse_image(catalog.resolve(image)))


@pytest.mark.parametrize(
    "image",
    [
        "set-owner",
        "set-owner:latest",
        "set-owner:v0.4",
        "set-owner:v0.4.5",
        f"{_CATALOG}/set-owner:v0.4",
        "gcr.io/kpt-fn/set-owner:unstable",
        "gcr.io/kpt-fn-contrib/set-owner",
    ],
)
def test_a_native_function_stands_for_every_spelling_of_its_image(image: str) -> None:
    assert _builtin(image) == "set-owner"


@pytest.mark.parametrize(
    "image",
    [
        f"{_CATALOG}-evil/set-owner:v0.4",
        f"{_CATALOG}/more/set-owner:v0.4",
        "example.test/set-owner",
        f"set-owner@{_DIGEST}",
        "set_owner",
        "no-such-function",
    ],
)
def test_and_for_nothing_else(image: str) -> None:
    assert not _builtin(image)


def test_the_default_prefix_counts_too() -> None:
    assert _builtin("set-owner", prefix="example.test/fn/") == "set-owner"
    assert _builtin("set-owner", prefix="") == "set-owner"


def test_a_function_config_decides_for_its_image() -> None:
    pods = config(podExecutor={})
    assert not _builtin("set-owner", pods)
    listed = config(goExecutor={"tags": ["v1", _DIGEST]}, prefixes=["example.test/fn"])
    assert _builtin("example.test/fn/set-owner:v1", listed) == "set-owner"
    assert _builtin(f"example.test/fn/set-owner@{_DIGEST}", listed) == "set-owner"
    assert not _builtin("example.test/fn/set-owner:v1.0", listed)
    assert not _builtin("set-owner:v1", listed)
    assert not _builtin("example.test/fn-evil/set-owner:v1", listed)


def test_a_function_config_may_name_another_function() -> None:
    ours = config("own", goExecutor={"tags": ["*"], "id": "set-owner"}, prefixes=[""])
    assert _builtin("own", ours) == "set-owner"
    assert _builtin("own:v7", ours) == "set-owner"


def test_executables_are_found_by_prefix_and_tag() -> None:
    catalog = Catalog([config("f", binaryExecutor={"tags": ["v1"], "path": "f-1"}, prefixes=["", "example.test"])])
    assert catalog.executable(parse_image(f"{_CATALOG}/f:v1")) == "f-1"
    assert catalog.executable(parse_image("example.test/f:v1")) == "f-1"
    assert not catalog.executable(parse_image("example.test/f:v2"))
    assert not catalog.executable(parse_image("example.test.evil/f:v1"))


def test_pods_take_their_parameters_from_the_function_config() -> None:
    catalog = Catalog([config("f", podExecutor={"tags": ["v1", "v2"], "maxParallelExecutions": 3})])
    assert catalog.pod(parse_image(f"{_CATALOG}/f:v9")).max_parallel_executions == 3
    assert catalog.pod(parse_image(f"{_CATALOG}/g:v9")).max_parallel_executions == 0
    assert list(catalog.warm_images()) == [f"{_CATALOG}/f:v1"]


def test_a_range_of_versions_is_looked_up_among_the_tags_that_are_known() -> None:
    assert Catalog().resolve("set-namespace", "~0.4") == f"{_CATALOG}/set-namespace:{KNOWN_TAGS['set-namespace'][-1]}"
    catalog = Catalog([config("f", podExecutor={"tags": ["v1.0.0", "v1.2.0", "v2.0.0"]})])
    assert catalog.resolve("f", "^1") == f"{_CATALOG}/f:v1.2.0"
