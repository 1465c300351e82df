"""The pipeline of a Kptfile as values: its functions in order, and what each of them selects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MUTATORS, VALIDATORS = "mutators", "validators"


@dataclass(frozen=True, slots=True)
class Selector:
    """Which resources a function gets, or does not get. All given fields must match; empty ones are not given."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return self == Selector()


@dataclass(frozen=True, slots=True)
class Function:
    """One entry of `pipeline.<section>`, the one with this number."""

    section: str
    number: int
    image: str = ""
    exec: str = ""
    tag: str = ""
    name: str = ""
    config_path: str = ""
    config_map: Mapping[str, str] = field(default_factory=dict)
    selectors: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()

    @property
    def field(self) -> str:
        return f"pipeline.{self.section}[{self.number}]"

    @property
    def selects(self) -> bool:
        return bool(self.selectors or self.exclude)


@dataclass(frozen=True, slots=True)
class Pipeline:
    mutators: tuple[Function, ...] = ()
    validators: tuple[Function, ...] = ()

    @property
    def functions(self) -> tuple[Function, ...]:
        return self.mutators + self.validators


def read_pipeline(value: Mapping[str, Any]) -> Pipeline:
    """From `pipeline` of a Kptfile whose fields have been checked, all scalars as their texts."""
    return Pipeline(_functions(value, MUTATORS), _functions(value, VALIDATORS))


def _functions(value: Mapping[str, Any], section: str) -> tuple[Function, ...]:
    return tuple(_function(section, number, item or {}) for number, item in enumerate(value.get(section) or ()))


def _function(section: str, number: int, item: Mapping[str, Any]) -> Function:
    return Function(
        section,
        number,
        image=_text(item, "image"),
        exec=_text(item, "exec"),
        tag=_text(item, "tag"),
        name=_text(item, "name"),
        config_path=_text(item, "configPath"),
        config_map=_texts(item, "configMap"),
        selectors=tuple(_selector(one or {}) for one in item.get("selectors") or ()),
        exclude=tuple(_selector(one or {}) for one in item.get("exclude") or ()),
    )


def _selector(item: Mapping[str, Any]) -> Selector:
    return Selector(
        _text(item, "apiVersion"),
        _text(item, "kind"),
        _text(item, "name"),
        _text(item, "namespace"),
        _texts(item, "labels"),
        _texts(item, "annotations"),
    )


def _text(item: Mapping[str, Any], key: str) -> str:
    return item.get(key) or ""


def _texts(item: Mapping[str, Any], key: str) -> dict[str, str]:
    return {name: text or "" for name, text in (item.get(key) or {}).items()}
