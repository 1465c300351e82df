"""Native functions: found by name, imported only when called, ours and other distributions'."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from porch.errors import ServiceUnavailable
from porch.function import registry
from porch.function.interface import FunctionNotFound
from porch.function.registry import find_native, has_native, native_digest, native_names
from tests.unit.function.installed import forget

_BUILTIN = Path(registry.__file__).parent / "builtin"


def test_every_module_is_a_function_of_its_name() -> None:
    for name in native_names():
        function = find_native(name)
        assert name == function.NAME
        assert callable(function.run)
        assert isinstance(function.SORTS, bool)


def test_a_distribution_that_is_installed_brings_its_functions(installed_function: str) -> None:
    assert has_native(installed_function)
    assert installed_function in native_names()
    assert find_native(installed_function).NAME == "set-owner"
    assert native_digest(installed_function).startswith("sha256:")


def test_a_function_that_is_not_there() -> None:
    assert not has_native("set-owner")
    for ask in (find_native, native_digest):
        with pytest.raises(FunctionNotFound, match='function "set-owner" not found'):
            ask("set-owner")


@pytest.mark.parametrize("name", ["", ".", "_sdk", "../interface", "set_namespace", "Set-namespace", "os", "a.b", "é"])
def test_no_other_module_is_taken_for_a_function(name: str) -> None:
    assert not has_native(name)


def test_a_function_that_cannot_be_loaded_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("no_such_module", "json"):
        point = EntryPoint("broken", value, registry.GROUP)
        monkeypatch.setattr(registry, "_entry_points", lambda point=point: {"broken": point})
        registry.find_native.cache_clear()
        with pytest.raises(ServiceUnavailable, match=f'function "broken": .*{value}'):
            find_native("broken")
    monkeypatch.undo()
    forget()


def test_a_changed_source_is_another_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "changing_function.py"
    point = EntryPoint("changing", "changing_function", registry.GROUP)
    monkeypatch.setattr(registry, "_entry_points", lambda: {"changing": point})
    monkeypatch.syspath_prepend(str(tmp_path))
    digests = set()
    for text in ("A = 1\n", "A = 2\n"):
        module.write_text(text)
        importlib.invalidate_caches()
        registry.native_digest.cache_clear()
        digests.add(native_digest("changing"))
    assert len(digests) == 2


def test_only_what_is_called_is_imported() -> None:
    program = (
        "import json, sys\n"
        "from porch.function.chain import open_functions\n"
        "from porch.function.options import FunctionOptions\n"
        "open_functions(FunctionOptions(runner='localhost:1', directory='/')).is_builtin('a/set-namespace:v1')\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = json.loads(done.stdout)
    assert not {"grpc", "httpx2", "pygit2", "sqlite3"} & set(modules)
    assert [name for name in modules if name.startswith("porch.function.builtin.")] == []
