"""The runtimes together: who is asked, in which order, and what ends the search."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from porch.errors import BadRequest, ServiceUnavailable
from porch.function.chain import functions_for, open_functions
from porch.function.interface import FunctionCall, FunctionNotFound
from porch.function.options import FunctionOptions
from porch.function.policy import ImageForbidden
from porch.function.registry import find_native
from porch.kyaml import annotation, copy, get, parse
from porch.types.functionconfig import FunctionConfigSpec
from tests.unit.function.installed import config_map
from tests.unit.function.test_executable import write

_CATALOG = "ghcr.io/kptdev/krm-functions-catalog"
_OWNER = f"{_CATALOG}/set-owner:v1"
_BOTH: dict[str, Any] = {"goExecutor": {"tags": ["v1"]}, "binaryExecutor": {"tags": ["v1"], "path": "mine"}}


def _config(image: str = "set-owner", **spec: Any) -> FunctionConfigSpec:
    return msgspec.convert({"image": image, **spec}, FunctionConfigSpec)


def _owner(options: FunctionOptions, image: str = _OWNER) -> str | None:
    outcome = open_functions(options).evaluate(FunctionCall(image, [config_map()], config_map("c", "team-b")))
    assert outcome.exit_code == 0, outcome.error
    return annotation(outcome.items[0], "example.com/owner")


@pytest.fixture
def directory(tmp_path: Path) -> str:
    annotated = "name: shop\\n    annotations: {example.com/owner: exec}"
    code = f"import sys\nprint(sys.stdin.read().replace('name: shop', '{annotated}'))"
    write(tmp_path, code)
    return str(tmp_path)


def test_a_native_function_is_run(installed_function: str) -> None:
    functions = open_functions(FunctionOptions())
    image = functions.resolve(installed_function)
    outcome = functions.evaluate(FunctionCall(image, [config_map()], config_map("c", "team-b")))
    assert (outcome.exit_code, outcome.stderr, outcome.error) == (0, "", "")
    assert [str(result) for result in outcome.results] == ['[info]: owner set to "team-b"']
    assert annotation(outcome.items[0], "example.com/owner") == "team-b"
    assert outcome.digest == functions.digest(image)
    assert functions.is_builtin(image)


def test_the_order_is_a_setting(installed_function: str, directory: str) -> None:
    options = FunctionOptions((_config(**_BOTH),), directory=directory)
    assert _owner(options) == "team-b"
    assert _owner(replace(options, runtimes=("exec", "builtin"))) == "exec"


def test_another_runtime_is_asked_when_one_does_not_have_the_function(directory: str) -> None:
    only = _config("mine", binaryExecutor={"tags": ["v1"], "path": "mine"})
    assert _owner(FunctionOptions((only,), directory=directory), f"{_CATALOG}/mine:v1") == "exec"


def test_a_function_that_nobody_has_is_told_as_upstream_tells_it() -> None:
    image = f"{_CATALOG}/no-such:v1"
    functions = open_functions(FunctionOptions())
    with pytest.raises(FunctionNotFound) as caught:
        functions.evaluate(FunctionCall(image, []))
    assert caught.value.message == (
        f'func eval "{image}" failed: rpc error: code = NotFound desc = function "{image}" not found'
    )


def test_the_most_telling_reason_is_told(tmp_path: Path) -> None:
    missing = _config("mine", binaryExecutor={"tags": ["v1"], "path": "mine"})
    functions = open_functions(FunctionOptions((missing,), directory=str(tmp_path)))
    with pytest.raises(FunctionNotFound, match="mine is no executable in"):
        functions.digest(f"{_CATALOG}/mine:v1")


def test_a_runtime_that_cannot_be_reached_ends_the_search(tmp_path: Path) -> None:
    options = FunctionOptions(runtimes=("grpc", "builtin"), runner="127.0.0.1:1", seconds=5)
    functions = open_functions(options)
    with pytest.raises(ServiceUnavailable, match=r"Unavailable.*function runner at 127.0.0.1:1"):
        functions.evaluate(FunctionCall(_OWNER, []))
    functions.close()


def test_the_policy_is_asked_first(installed_function: str) -> None:
    functions = open_functions(FunctionOptions(allow=("example.test/*",)))
    for ask in (functions.digest, lambda image: functions.evaluate(FunctionCall(image, []))):
        with pytest.raises(ImageForbidden):
            ask(_OWNER)


def test_an_unknown_runtime_is_refused() -> None:
    with pytest.raises(BadRequest, match="setting function-runtimes: there is no 'wasm'; known are builtin"):
        open_functions(FunctionOptions(runtimes=("wasm",)))


def test_a_failure_is_an_outcome(installed_function: str) -> None:
    outcome = open_functions(FunctionOptions()).evaluate(FunctionCall(_OWNER, [config_map()]))
    assert (outcome.exit_code, outcome.stderr, outcome.items) == (1, "the configuration names no owner", [])
    assert [result.message for result in outcome.results] == ["`data.owner` must not be empty"]
    assert "exit status 1 (the configuration names no owner)" in outcome.error


def test_a_mistake_in_a_function_is_its_failure(installed_function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_native("set-owner"), "annotation", lambda *_: os.environ["MISSING"])
    outcome = open_functions(FunctionOptions()).evaluate(FunctionCall(_OWNER, [config_map()], config_map()))
    assert (outcome.exit_code, outcome.error) == (2, "KRM function panicked with: KeyError: 'MISSING'")


def test_what_was_opened_is_kept_while_the_options_stay() -> None:
    first = functions_for(FunctionOptions(seconds=1))
    assert functions_for(FunctionOptions(seconds=1)) is first
    assert functions_for(FunctionOptions(seconds=2)) is not first


def test_functions_mend_the_mistakes_of_their_go_versions_when_they_need_not_be_compatible() -> None:
    image = f"{_CATALOG}/set-namespace:v0.4.5"
    [crd] = parse("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a.b\n")
    config = parse("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  namespace: new\n")[0]
    mending = open_functions(FunctionOptions(compatible=False))
    assert get(mending.evaluate(FunctionCall(image, [copy(crd)], config)).items[0], "spec") is None
    keeping = open_functions(FunctionOptions())
    assert get(keeping.evaluate(FunctionCall(image, [crd], config)).items[0], "spec") is not None
    assert mending.digest(image) != keeping.digest(image)
