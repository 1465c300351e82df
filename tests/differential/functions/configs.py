"""Seeded functionConfigs: mostly good ones, and those that are missing, misspelt or of the wrong type."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.differential.functions.objects import IMAGES, NAMES, NAMESPACES, Raw, labels

Config = dict[str, Any] | None


def config(function: str, random: Random) -> Config:
    if random.random() < 0.04 and function != "image-fields":
        return random.choice((None, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}, {}, _map({})))
    return _MAKERS[function](random)


def _map(data: Any, name: str = "function-input") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def _typed(kind: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "fn.kpt.dev/v1alpha1", "kind": kind, "metadata": {"name": "c"}, **fields}


def _wrong(random: Random, value: Any) -> Any:
    return random.choice((7, None, True, [], {}, "")) if random.random() < 0.02 else value


def _set_namespace(random: Random) -> Config:
    values = {"namespace": _wrong(random, random.choice(("new", "old", "1")))}
    if random.random() < 0.5:
        values["namespaceMatcher"] = _wrong(random, random.choice(NAMESPACES))
    if random.random() < 0.2:
        return _map({"name": random.choice(NAMES)}, "kptfile.kpt.dev")
    return _typed("SetNamespace", **values) if random.random() < 0.4 else _map(values)


def _set_labels(random: Random) -> Config:
    wanted = {key: _wrong(random, value) for key, value in (labels(random) or {}).items()}
    return _typed("SetLabels", labels=_wrong(random, wanted)) if random.random() < 0.4 else _map(wanted)


def _image_fields(random: Random) -> Config:
    image = {"name": random.choice(("nginx", "post.*")), "newTag": "v2"}
    if random.random() < 0.5:
        image["newName"] = "mirror/nginx"
    if random.random() < 0.3:
        image["digest"] = "sha256:cccc"
    paths = (
        "spec/parts[]/image",
        "spec/parts/image",
        "spec/template/spec/containers[]/image",
        "spec/size",
        "data/mode",
    )
    fields = [{"path": random.choice(paths), "kind": random.choice(("Widget", "Deployment", ""))} for _ in range(2)]
    return _typed("SetImage", image=image, additionalImageFields=fields)


def _apply_replacements(random: Random) -> Config:
    return _typed("ApplyReplacements", replacements=_wrong(random, [_replacement(random) for _ in range(2)]))


def _selector(random: Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, values in (
        ("kind", ("Deployment", "Service", "ConfigMap", "Widget")),
        ("name", NAMES),
        ("namespace", NAMESPACES),
        ("group", ("apps", "example.test")),
        ("version", ("v1",)),
    ):
        if random.random() < (0.8 if key == "kind" else 0.1):
            found[key] = _wrong(random, random.choice(values))
    return found


def _replacement(random: Random) -> dict[str, Any]:
    paths = ("metadata.name", "metadata.labels.app", "spec.ports.0.port", "data.mode", "spec.template", "spec.replicas")
    source = {**_selector(random), "fieldPath": random.choice(paths)}
    if random.random() < 0.2:
        source["options"] = {"delimiter": random.choice("-:"), "index": random.choice((0, 1, 5, -1, "1"))}
    found: dict[str, Any] = {"targets": [_target(random) for _ in range(random.randint(0, 2))]}
    if random.random() < 0.8:
        found["sourceValue"] = random.choice(("7", "true", "text", "a: b", "x\ny", ""))
    if "sourceValue" not in found or random.random() < 0.05:
        found["source"] = source
    return found


def _target(random: Random) -> dict[str, Any]:
    paths = (
        "metadata.name",
        "metadata.labels.app",
        "metadata.annotations.[a.b/c]",
        "metadata.annotations.a\\.b/c",
        "spec.template.spec.containers.*.image",
        "spec.template.spec.containers.[name=web].image",
        "spec.template.spec.containers.[name=ne.].image",
        "spec.template.spec.containers.0.args.1",
        "spec.template.spec.containers.0.args.[=yes]",
        "spec.ports.[name=http].port",
        "spec.tags.3",
        "spec.parts.2.image",
        "data.mode",
        "data.url",
        "spec",
    )
    found: dict[str, Any] = {
        "select": _selector(random),
        "fieldPaths": [random.choice(paths) for _ in range(random.randint(1, 2))],
    }
    if random.random() < 0.8:
        found["options"] = {"create": True}
    if random.random() < 0.2:
        found["options"] = {"delimiter": random.choice(":./"), "index": random.choice((0, 1, 9, -1))}
    if random.random() < 0.2:
        found["reject"] = [_selector(random)]
    if random.random() < 0.2:
        asked = ("app=shop", "app!=shop,tier", "!app", "app in (shop, web)", "tier notin (x)", "env", "a.b/c==1")
        found["select"]["labelSelector"] = random.choice(asked)
    return found


def _nothing(random: Random) -> Config:
    return _map({"image": random.choice(IMAGES), "raw": Raw("0o17")}) if random.random() < 0.5 else None


_MAKERS: dict[str, Callable[[Random], Config]] = {
    "nothing": _nothing,
    "set-namespace": _set_namespace,
    "set-labels": _set_labels,
    "image-fields": _image_fields,
    "apply-replacements": _apply_replacements,
}
