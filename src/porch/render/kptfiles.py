"""Kptfiles on their way through a render: read, freed of the verdict of the last render, and given that of this one.

Mostly a Kptfile is as it was at the last render, and told the same. So what came of reading and changing one is
remembered by its content; reading and editing it are the slowest parts of a render with quick functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from porch.krm.kptfile import RENDERED, Kptfile
from porch.render.pipeline import Pipeline, read_pipeline
from porch.types.packagerevision import PackageCondition

_LARGE = 64 * 1024
"""Larger ones are not remembered: that would take too much memory."""
_KEPT = 64


@dataclass(frozen=True, slots=True)
class ReadKptfile:
    pipeline: Pipeline
    annotations: Mapping[str, str]


def read_kptfile(data: bytes) -> ReadKptfile:
    """Raises YamlError, as do the others."""
    return _read(data) if len(data) <= _LARGE else _read.__wrapped__(data)


def without_verdict(data: bytes) -> bytes:
    return _without(data) if len(data) <= _LARGE else _without.__wrapped__(data)


def with_verdict(data: bytes, error: str, render_status: Mapping[str, Any]) -> bytes:
    """`error` is empty after success."""
    status = msgspec.json.encode(render_status)
    with_ = _with if len(data) + len(error) + len(status) <= _LARGE else _with.__wrapped__
    return with_(data, error, status)


@lru_cache(maxsize=_KEPT)
def _read(data: bytes) -> ReadKptfile:
    root = Kptfile.parse(data)
    return ReadKptfile(read_pipeline(root.pipeline), root.summary.annotations)


@lru_cache(maxsize=_KEPT)
def _without(data: bytes) -> bytes:
    return Kptfile.parse(data).without_rendered().data


@lru_cache(maxsize=_KEPT)
def _with(data: bytes, error: str, status: bytes) -> bytes:
    condition = PackageCondition(type=RENDERED, status="True", reason="RenderSuccess")
    if error:
        condition = PackageCondition(type=RENDERED, status="False", reason="RenderFailed", message=error)
    return Kptfile.parse(data).with_rendered(condition, msgspec.json.decode(status)).data
