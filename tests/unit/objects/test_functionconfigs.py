"""The FunctionConfigs that count, as they are now."""

from __future__ import annotations

from pathlib import Path

import msgspec

from porch.objects import Call, Caller, DeleteOptions
from porch.objects.functionconfigs import StoredFunctionConfigs
from porch.objects.stored import StoredObjects
from porch.store.sqlite import open_store
from porch.strategy.functionconfig import FunctionConfigStrategy
from porch.types.functionconfig import FUNCTION_CONFIG, FunctionConfig

_SPEC = {"image": "f", "goExecutor": {"tags": ["*"]}}


def _config(name: str, **spec: object) -> FunctionConfig:
    return msgspec.convert({"metadata": {"name": name}, "spec": {**_SPEC, **spec}}, FunctionConfig)


def test_those_of_one_namespace_count_and_changes_count_at_once(tmp_path: Path) -> None:
    store, call = open_store(tmp_path / "porch.db"), Call(Caller("tests"))
    objects = StoredObjects(store, FunctionConfigStrategy(FUNCTION_CONFIG))
    configs = StoredFunctionConfigs(store, "porch-fn-system")
    try:
        assert configs.specs() == ()
        objects.create(call, "porch-fn-system", _config("b", image="second"))
        objects.create(call, "porch-fn-system", _config("a", image="first"))
        objects.create(call, "elsewhere", _config("c"))
        assert [spec.image for spec in configs.specs()] == ["first", "second"]
        assert configs.specs() is configs.specs()
        objects.delete(call, "porch-fn-system", "a", DeleteOptions())
        assert [spec.image for spec in configs.specs()] == ["second"]
    finally:
        store.close()
