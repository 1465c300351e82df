"""What a FunctionConfig may say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from porch.strategy.durations import duration_seconds
from porch.strategy.functionconfig import FunctionConfigStrategy
from porch.types.functionconfig import FUNCTION_CONFIG, FunctionConfig

_rules = FunctionConfigStrategy(FUNCTION_CONFIG)
_GO = {"goExecutor": {"tags": ["v1"]}}


def _config(**spec: Any) -> FunctionConfig:
    config = msgspec.convert({"metadata": {"name": "f"}, "spec": spec}, FunctionConfig)
    _rules.prepare_for_create(config)
    return config


def _errors(**spec: Any) -> list[str]:
    return [str(error) for error in _rules.validate(_config(**spec))]


def test_each_executor_is_enough() -> None:
    assert _errors(image="f", **_GO) == []
    assert _errors(image="f", podExecutor={}) == []
    assert _errors(image="f", binaryExecutor={"tags": ["v1"], "path": "f"}) == []


def test_what_is_missing_is_named() -> None:
    assert _errors() == [
        "spec.image: Required value: the name of the image, like set-namespace",
        'spec: Invalid value: "object": At least one configuration must be specified',
    ]
    assert _errors(image="f", goExecutor={}) == [
        "spec.goExecutor.tags: Required value: at least one tag, or `*` for all"
    ]
    assert _errors(image="f", binaryExecutor={"tags": ["a", ""]}) == [
        'spec.binaryExecutor.tags[1]: Invalid value: "": must not be empty',
        "spec.binaryExecutor.path: Required value",
    ]


@pytest.mark.parametrize("image", ["a/b", "a:v1", "a@sha256:0", "a b"])
def test_the_image_is_a_name_alone(image: str) -> None:
    assert _errors(image=image, **_GO) == [
        f'spec.image: Invalid value: "{image}": must be the name alone; registries go into spec.prefixes'
    ]


@pytest.mark.parametrize("path", ["../f", "a/../../f", "a\0b"])
def test_executables_lie_below_their_directory(path: str) -> None:
    assert (
        "spec.binaryExecutor.path: Invalid value"
        in _errors(image="f", binaryExecutor={"tags": ["v1"], "path": path})[0]
    )


def test_numbers_and_times_of_pods_are_checked() -> None:
    errors = _errors(
        image="f", podExecutor={"timeToLive": "soon", "maxParallelExecutions": -1, "preferredMaxQueueLength": 2**31}
    )
    assert [error.partition(":")[0] for error in errors] == [
        "spec.podExecutor.maxParallelExecutions",
        "spec.podExecutor.preferredMaxQueueLength",
        "spec.podExecutor.timeToLive",
    ]


def test_a_pod_lives_half_an_hour_unless_told_otherwise() -> None:
    config = _config(image="f", podExecutor={})
    assert config.spec.pod_executor is not None
    assert config.spec.pod_executor.time_to_live == "30m"


def test_the_status_is_written_by_its_own_endpoint_only() -> None:
    old = _config(image="f", **_GO)
    told = _config(image="g", **_GO)
    told.status.error = "told"
    _rules.prepare_for_update(told, old, "status")
    assert (told.spec.image, told.status.error) == ("f", "told")
    changed = _config(image="g", **_GO)
    changed.status.error = "not told"
    _rules.prepare_for_update(changed, old, "")
    assert (changed.spec.image, changed.status.error) == ("g", "")
    assert _rules.desired_state_changed(changed, old)


def test_columns_are_those_of_upstream() -> None:
    config = _config(image="f", **_GO)
    config.status.function_runner_observed_generation = 3
    assert [column.name for column in _rules.columns][1:] == [
        "Server Applied",
        "FnRunner Applied",
        "Controller Applied",
    ]
    assert _rules.cells(config, "1m") == ["f", None, 3, None]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("1h30m", 5400), ("500ms", 0.5), ("1.5s", 1.5), ("0", 0), ("-1m", -60), ("90", None), ("", None)],
)
def test_durations_are_written_as_in_go(text: str, seconds: float | None) -> None:
    assert duration_seconds(text) == seconds
