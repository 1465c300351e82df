"""set-project-id: tells a package the Google Cloud project that it is for.

The functionConfig is a ConfigMap with `project-id`. It becomes a setter of each Kptfile, unless that has one, and an
annotation of the Config Connector objects that lack it. See docs/functions-catalog.md.
"""

from __future__ import annotations

import re

from porch.function.builtin._sdk import PATH
from porch.function.interface import FunctionFailed, ResourceList
from porch.kyaml import Node, annotation, followed, get, mapping, place, put, require, sequence, text, text_of

NAME = "set-project-id"
SORTS = False

_SETTER = "project-id"
_ANNOTATION = "cnrm.cloud.google.com/project-id"
_CONNECTED = re.compile(r"(\w+)\.cnrm\.cloud\.google\.com/\w+", re.ASCII)
_APPLY_SETTERS = "gcr.io/kpt-fn/apply-setters:v0.2"


def run(resources: ResourceList) -> None:
    project = text_of(resources.config, "data", _SETTER)
    kptfiles = [node for node in resources.items if text_of(node, "kind") == "Kptfile"]
    if not kptfiles:
        raise _failure(
            "failed to find Kptfile: unable to find Kptfile, "
            "please include --include-meta-resources flag if a Kptfile is present"
        )
    for kptfile in kptfiles:
        _set_setter(kptfile, resources.items, project)
    for node in resources.items:
        found = _CONNECTED.fullmatch(text_of(node, "apiVersion"))
        if found and found[1] != "core" and annotation(node, _ANNOTATION) is None:
            _annotate(node, project)


def _set_setter(kptfile: Node, items: list[Node], project: str) -> None:
    mutators = get(require(kptfile, "pipeline"), "mutators")
    for function in map(followed, mutators.content) if mutators is not None else ():
        if "apply-setters" in text_of(function, "image"):
            _set_in(function, items, project)
            return
    added = mapping(text("image"), text(_APPLY_SETTERS), text("configMap"), mapping(text(_SETTER), text(project)))
    if mutators is not None and mutators.kind == "sequence":
        mutators.content.append(added)
    else:
        put(require(kptfile, "pipeline"), "mutators", sequence(added))


def _set_in(function: Node, items: list[Node], project: str) -> None:
    setters = get(function, "configMap")
    if setters is None or setters.kind != "mapping":
        if not (path := text_of(function, "configPath")):
            raise _failure(
                "error updating Kptfile: unable to find `ConfigMap` or `configPath` "
                "as the `functionConfig` for apply-setters"
            )
        config = next((item for item in items if annotation(item, PATH) == path), None)
        if config is None:
            raise _failure(
                f"error updating Kptfile: failed to find setter file: file {path} doesn't exist, "
                'please ensure the file specified in "configPath" exists and retry'
            )
        setters = require(config, "data")
    if not text_of(setters, _SETTER):
        put(setters, _SETTER, text(project))


def _annotate(node: Node, project: str) -> None:
    """All annotations are written anew, sorted and without their quotes, as kyaml does."""
    metadata = require(node, "metadata")
    annotations = {_ANNOTATION: project}
    at = place(metadata, "annotations")
    if at >= 0:
        old = followed(metadata.content[at + 1])
        annotations |= {key.value: value.value for key, value in zip(old.content[::2], old.content[1::2], strict=True)}
        del metadata.content[at : at + 2]
    content = [text(part) for key in sorted(annotations) for part in (key, annotations[key])]
    put(metadata, "annotations", mapping(*content))


def _failure(why: str) -> FunctionFailed:
    """Its error is printed twice: by the framework and by the program."""
    message = f"failed to set project-id setter: {why}"
    return FunctionFailed(f"{message}{message}\n")
