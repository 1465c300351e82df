"""Which package each file belongs to, and which files of it are resources: kpt's directory rules.

A directory with a Kptfile is a package of its own; files belong to the nearest one above them. Resources are files
called Kptfile, *.yaml, *.yml or *.json that no .krmignore of their package names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from porch.krm import kptfile
from porch.render.ignore import Ignored
from porch.render.interface import Package

_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """`directory` is relative to the root package, empty for that itself; `paths` are in the order of reading."""

    directory: str
    paths: tuple[str, ...]


def find_packages(files: Package) -> list[PackageFiles]:
    """The root package and all packages below it, each before its own sub-packages."""
    directories = {"", *(_parent(path) for path in files if _leaf(path) == kptfile.NAME)}
    paths: dict[str, list[str]] = {directory: [] for directory in sorted(directories)}
    for path in sorted(files, key=lambda path: path.split("/")):
        paths[next(above for above in _ancestors(path) if above in directories)].append(path)
    return [PackageFiles(directory, tuple(found)) for directory, found in paths.items()]


def inside(directory: str, path: str) -> str:
    """The path of a file from the root, given the directory of its package."""
    return f"{directory}/{path}" if directory else path


def resource_paths(files: Package) -> Iterator[str]:
    """Every file that upstream's reader takes for resources, in its order."""
    for package in find_packages(files):
        yield from resources_of(files, package)


def resources_of(files: Package, package: PackageFiles) -> Iterator[str]:
    """Those of one package."""
    ignored = Ignored({path: files[path] for path in package.paths if _leaf(path) == ".krmignore"})
    for path in package.paths:
        if _is_resource(path) and not ignored.matches(path):
            yield path


def all_resources(files: Package) -> Iterator[str]:
    """As if there were no packages below the root."""
    yield from resources_of(files, PackageFiles("", tuple(sorted(files, key=lambda path: path.split("/")))))


def _is_resource(path: str) -> bool:
    return _leaf(path) == kptfile.NAME or path.endswith(_SUFFIXES)


def _ancestors(path: str) -> Iterator[str]:
    """The directories that hold `path`, nearest first, the root as the empty one."""
    while path:
        path = _parent(path)
        yield path


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _leaf(path: str) -> str:
    return path.rpartition("/")[2]
