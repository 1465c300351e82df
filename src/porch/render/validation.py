"""What must be right about a pipeline before any of its functions runs: upstream's rules and words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import normpath

from porch.krm.errors import YamlError
from porch.kyaml import Node
from porch.render.krm import krm_problem
from porch.render.layout import inside
from porch.render.pipeline import Function, Pipeline
from porch.render.reading import documents_of

_COMPONENT = r"[a-z0-9](?:(?:[_.]|__|-*)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_IMAGE = re.compile(
    rf"(?:{_HOST}(?:\.{_HOST})*(?::[0-9]+)?/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::[\w][\w.-]{0,127}|@sha256:[a-zA-Z0-9]{64})?",
    re.ASCII,
)
_MAX_IMAGE = 512
"""Nothing longer is an image, and the pattern must not be tried on it."""


def invalid_function(pipeline: Pipeline, directory: str, files: Mapping[str, bytes]) -> str:
    """The first thing wrong, as kpt's sentence; empty when nothing is."""
    for function in pipeline.functions:
        for field, value, reason in _problems(function, directory, files):
            lines = ["Kptfile is invalid:", f"Field: `{function.field}{field}`"]
            lines += [f'Value: "{value}"'] * bool(value) + [f"Reason: {reason}", ""]
            return f'invalid pipeline: function "{function.image}": ' + "\n".join(lines)
    return ""


def _problems(function: Function, directory: str, files: Mapping[str, bytes]) -> Iterator[tuple[str, str, str]]:
    """Field below the function, value and reason of each problem."""
    if not (function.image or function.exec):
        yield "", "", "must specify a functon (`image` or `exec`) to execute"
    if function.image and function.exec:
        yield "", "", "must not specify both `image` and `exec` at the same time"
    if function.image and (len(function.image) > _MAX_IMAGE or not _IMAGE.fullmatch(function.image)):
        yield ".image", function.image, f'function name "{function.image}" is invalid'
    if function.config_map and function.config_path:
        yield "", "", "functionConfig must not specify both `configMap` and `configPath` at the same time"
    if function.config_path:
        for reason in _path_problems(function.config_path, directory, files):
            yield ".configPath", function.config_path, reason


def _path_problems(path: str, directory: str, files: Mapping[str, bytes]) -> Iterator[str]:
    if not path.strip():
        yield "path must not be empty"
        return
    clean = normpath(path)
    if clean.startswith("/"):
        yield "path must be relative"
    elif clean == ".." or clean.startswith("../"):
        yield "path must not be outside the package"
    elif (data := files.get(inside(directory, clean))) is None:
        yield "functionConfig must exist in the current package"
    else:
        yield from _config_problems(path, data)


def _config_problems(path: str, data: bytes) -> Iterator[str]:
    try:
        documents = documents_of(data)
    except YamlError as error:
        yield f'functionConfig "{path}": {error.message}'
        return
    if len(documents) > 1:
        yield f'functionConfig "{path}" must not contain more than one config, got {len(documents)}'
    elif not documents:
        yield f'functionConfig "{path}" must contain one config, but is empty'
    elif problem := krm_problem(documents[0]):
        yield f'functionConfig "{path}": {problem}'


def config_of(path: str, directory: str, files: Mapping[str, bytes]) -> Node:
    """The config that a checked function names."""
    return documents_of(files[inside(directory, normpath(path))])[0]
