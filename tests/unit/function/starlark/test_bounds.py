"""A script comes from strangers: it reaches nothing of Python, and takes no more than it may."""

from __future__ import annotations

import pytest

from porch.function.builtin import starlark
from porch.function.interface import ResourceList
from porch.kyaml import from_value
from tests.unit.function.starlark.scripts import failure, values

_NAMES = (
    "__class__",
    "__globals__",
    "__code__",
    "__init__",
    "__dict__",
    "f_back",
    "code",
    "signature",
    "members",
    "items",
)


@pytest.mark.parametrize(
    "value", ["(1)", "''", "[]", "()", "len", "(lambda: 1)", "range(1)", "set()", "b''", "None", "1.5"]
)
@pytest.mark.parametrize("name", _NAMES)
def test_no_attribute_of_python_is_reached(value: str, name: str) -> None:
    assert "field or method" in failure(f"{value}.{name}")
    assert "field or method" in failure(f"getattr({value}, '{name}')")
    assert "field or method" in failure(f"{value}.{name}()")


@pytest.mark.parametrize(
    "name", ["__builtins__", "__import__", "eval", "open", "exec", "_call", "_load", "globals", "u_len"]
)
def test_no_name_of_python_or_of_the_generated_code_is_known(name: str) -> None:
    assert failure(f"x = {name}").startswith(f"prog:1:5: undefined: {name}")


def test_a_variable_cannot_take_the_place_of_what_generated_code_calls() -> None:
    assert values("_call = 1\n_add = 2\nx = len([_call]) + _add\n")["x"] == 3


def test_a_format_reaches_no_attribute() -> None:
    assert failure("'{0.__class__}'.format(1)") == (
        "format: attribute syntax x.y is not supported in replacement fields: 0.__class__"
    )


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("'a' * (1 << 30)", "excessive repeat (1 * 1073741824 elements)"),
        ("[0] * (1 << 30)", "excessive repeat (1 * 1073741824 elements)"),
        ("s = 'a'\nfor i in range(60): s += s", "string too large"),
        ("l = [1]\nfor i in range(60): l += l", "list too large"),
        ("n = 3\nfor i in range(60): n *= n", "integer too large"),
        ("s = 'a' * 100000\ns.replace('a', s)", "string too large"),
        ("s = 'a' * 100000\ns.join([s] * 100000)", "string too large"),
        ("list(range(1 << 60))", "list: for parameter 1: range(1152921504606846976) is too large"),
        ("l = []\nl.extend(range(1 << 60))", "extend: for parameter 1: range(1152921504606846976) is too large"),
        ("l = []\nl += range(1 << 60)", "range(1152921504606846976) is too large"),
        ("a, b = range(1 << 60)", "range(1152921504606846976) is too large"),
        ("print(*range(1 << 60))", "range(1152921504606846976) is too large"),
        ("max(range(1 << 60))", "range(1152921504606846976) is too large"),
        ("int('9' * 5000)", f"int: invalid literal with base 10: {'9' * 5000}"),
    ],
)
def test_what_would_take_all_memory_at_once_is_refused(script: str, message: str) -> None:
    assert failure(script) == message


def test_a_loop_over_an_enormous_range_may_be_left() -> None:
    assert values("for i in range(1 << 60):\n  if i == 5: break\n")["i"] == 5


def test_endless_recursion_is_an_error() -> None:
    assert failure("def f(n): return f(n + 1)\nf(0)") == "Starlark stack overflow"
    assert failure("def f(n): return sorted([1], key=f)\nf(0)") == "Starlark stack overflow"


@pytest.mark.parametrize(
    "script", ["x = " + "[" * 5000, "x = " + "(" * 500 + "1" + ")" * 500, "x = " + "-" * 5000 + "1"]
)
def test_deep_nesting_is_an_error(script: str) -> None:
    assert failure(script).endswith("nested too deeply")


def test_a_long_sum_is_an_error_at_most() -> None:
    script = "x = " + " + ".join(["1"] * 20_000)
    assert failure(script) in {"Starlark stack overflow", "prog: nested too deeply"}


def test_a_value_that_contains_itself_is_printed_and_refused() -> None:
    assert failure("l = []\nl.append(l)\nfail(l)") == "fail: [[...]]"
    assert failure("l = []\nl.append(l)\nl == [l]") == "comparison exceeded maximum recursion depth"


def test_the_servers_environment_is_not_shown() -> None:
    config = from_value(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "data": {"source": 'if len(ctx.environment) or len(ctx.open_api): fail("not empty")'},
        }
    )
    starlark.run(ResourceList([], config))


@pytest.mark.parametrize("module", ["http", "html", "bsoup", "geo", "xlsx", "zipfile"])
def test_a_module_that_we_leave_out_says_so(module: str) -> None:
    assert failure(f"load('{module}.star', '{module}')") == (
        f"load: module {module}.star is not available: functions here reach no network and no files"
    )
