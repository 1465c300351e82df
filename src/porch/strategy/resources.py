"""Rules of PackageRevisionResources: which paths and contents a set of files may have, columns, selectors."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar

from porch.errors import FieldError, duplicate, invalid, too_many
from porch.krm.paths import collisions, path_problem
from porch.strategy.base64text import is_base64
from porch.strategy.interface import Column, Strategy
from porch.strategy.packagerevision import PackageRevisionStrategy
from porch.types.resources import PackageRevisionResources, PackageRevisionResourcesSpec

MAX_FILES = 10_000
_MAX_ERRORS = 20
_TEXTS, _BINARIES = "spec.resources", "spec.binaryResources"


class ResourcesStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name"),
        Column("Package"),
        Column("WorkspaceName"),
        Column("Revision", "int"),
        Column("Repository"),
        Column("Files", "integer"),
    )
    selectable: ClassVar[tuple[str, ...]] = PackageRevisionStrategy.selectable
    must_name_version: ClassVar[bool] = True

    def validate(self, obj: PackageRevisionResources) -> list[FieldError]:
        return self.file_errors(obj.spec)

    def file_errors(
        self, spec: PackageRevisionResourcesSpec, known: AbstractSet[str] = frozenset()
    ) -> list[FieldError]:
        """Every path on its own, then all of them together, then the base64 of binaries. The paths that a package has,
        `known`, may stay whatever they are.
        """
        binaries = spec.binary_resources or {}
        count = len(spec.resources) + len(binaries)
        if count > MAX_FILES:
            return [too_many(_TEXTS, count, MAX_FILES)]
        errors = [
            *_path_errors(_TEXTS, spec.resources.keys() - known),
            *_path_errors(_BINARIES, binaries.keys() - known),
        ]
        errors += [duplicate(f"{_BINARIES}[{path}]", path) for path in binaries if path in spec.resources]
        if not errors and not known >= spec.resources.keys() | binaries.keys():  # all that is there can be together
            errors += [_at(spec, path, problem) for path, problem in collisions([*spec.resources, *binaries], known)]
        errors += _base64_errors(binaries)
        return errors[:_MAX_ERRORS]

    def cells(self, obj: PackageRevisionResources, age: str) -> list[Any]:  # noqa: ARG002 - upstream shows no age
        spec = obj.spec
        files = len(spec.resources) + len(spec.binary_resources or {})
        return [obj.metadata.name, spec.package_name, spec.workspace_name, spec.revision, spec.repository, files]


def _path_errors(field: str, paths: Iterable[str]) -> list[FieldError]:
    return [_error(field, path, problem) for path in sorted(paths) if (problem := path_problem(path))]


def _at(spec: PackageRevisionResourcesSpec, path: str, problem: str) -> FieldError:
    return _error(_TEXTS if path in spec.resources else _BINARIES, path, problem)


def _error(field: str, path: str, problem: str) -> FieldError:
    return invalid(f"{field}[{path[:256]}]", path, problem)


def _base64_errors(binaries: dict[str, str]) -> list[FieldError]:
    return [
        invalid(f"{_BINARIES}[{path[:256]}]", text[:40], "must be base64 (standard alphabet, padded)")
        for path, text in binaries.items()
        if not is_base64(text)
    ]
