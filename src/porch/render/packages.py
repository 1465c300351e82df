"""A package and those below it, ready to be rendered: Kptfiles and pipelines read and checked, resources read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.render.check import file_problem
from porch.render.interface import Package
from porch.render.kptfiles import ReadKptfile, read_kptfile
from porch.render.krm import REMEDY, krm_problem
from porch.render.layout import find_packages, inside, resources_of
from porch.render.pipeline import Pipeline
from porch.render.reading import read_file
from porch.render.resource import Resource
from porch.render.sentences import Sentence
from porch.render.validation import invalid_function


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the file at `path`, and how upstream would tell it."""

    path: str
    text: str
    sentence: Sentence


@dataclass(slots=True)
class PackageNode:
    """One package. `below` are the nearest packages in its directories, in the order in which they are rendered."""

    directory: str
    paths: tuple[str, ...]
    """Of its resource files, from the root, in the order of reading."""
    pipeline: Pipeline
    above: PackageNode | None
    below: list[PackageNode] = field(default_factory=list)

    @property
    def path(self) -> str:
        """As functions are told it: / or /sub."""
        return f"/{self.directory}"

    @property
    def kptfile_path(self) -> str:
        return inside(self.directory, kptfile.NAME)

    @property
    def chain(self) -> tuple[str, ...]:
        """The directories of the packages that hold it and its own, without the root."""
        return (*self.above.chain, self.directory) if self.above else ()

    def all(self) -> Iterator[PackageNode]:
        """It and all below it, depth first."""
        yield self
        for package in self.below:
            yield from package.all()


def load(files: Package, root: ReadKptfile) -> tuple[PackageNode, list[Problem]]:
    """All packages in `files`, given the Kptfile at the root."""
    nodes: dict[str, PackageNode] = {}
    problems = []
    for found in find_packages(files):
        above = _nearest(found.directory, nodes)
        try:
            read = read_kptfile(files[inside(found.directory, kptfile.NAME)]) if found.directory else root
        except YamlError as error:
            path = inside(found.directory, kptfile.NAME)
            text = f'error reading Kptfile at "/{found.directory}": {error.message}'
            chain = (*(above.chain if above else ()), found.directory)
            problems.append(Problem(path, text, Sentence(text, "pkg.read", chain)))
            continue
        node = PackageNode(found.directory, tuple(resources_of(files, found)), read.pipeline, above)
        nodes[found.directory] = node
        if above is not None:
            above.below.append(node)
        if text := invalid_function(node.pipeline, node.directory, {path: files[path] for path in node.paths}):
            sentence = Sentence(text, "pkg.read", node.chain, "pkg.render" if node.chain else "")
            problems.append(Problem(node.kptfile_path, text.strip(), sentence))
    return nodes[""], problems


def read_resources(files: Package, node: PackageNode) -> tuple[list[Resource], list[Problem]]:
    """A package's own resources, and what is wrong with its files."""
    resources: list[Resource] = []
    problems = []
    for path in node.paths:
        try:
            found = read_file(path[len(node.directory) :].lstrip("/"), node.path, files[path])
        except YamlError as error:
            text = f"{path}: MalformedYAMLError: yaml: {error.message}"
            problems.append(Problem(path, text, Sentence(f"/{text}", "pkg.readResources", node.chain)))
            continue
        if text := _first_problem(found, path):
            problems.append(Problem(path, text, Sentence(text, packages=node.chain)))
        resources += found
    return resources, problems


def check_files(files: Package, root: PackageNode) -> Iterator[Problem]:
    """What is wrong with the resource files of packages without functions."""
    for node in root.all():
        for path in node.paths:
            if text := file_problem(path, files[path]):
                malformed = text.startswith(f"{path}: ")
                sentence = (
                    Sentence(f"/{text}", "pkg.readResources", node.chain)
                    if malformed
                    else Sentence(text, packages=node.chain)
                )
                yield Problem(path, text, sentence)


def _first_problem(resources: list[Resource], path: str) -> str:
    for number, resource in enumerate(resources, 1):
        if why := krm_problem(resource.node, path):
            return f"input resource list must contain only KRM resources: {path}: {why} (document {number}; {REMEDY})"
    return ""


def _nearest(directory: str, nodes: dict[str, PackageNode]) -> PackageNode | None:
    """The package around `directory`; None around the root."""
    if not directory:
        return None
    while directory := directory.rpartition("/")[0]:
        if directory in nodes:
            return nodes[directory]
    return nodes[""]
