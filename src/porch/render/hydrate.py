"""Runs the pipelines of a package and those below it: kpt's order, depth first or breadth first.

Depth first, a package gets its own resources and then those of the packages below it, already rendered. Breadth first,
the root is rendered first, on all resources, and each package below on what is then its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import normpath
from typing import Any

from porch.errors import PorchError
from porch.krm import kptfile
from porch.kyaml import Node, mapping, text
from porch.render.interface import OnProgress, Progress, Step
from porch.render.packages import PackageNode
from porch.render.pipeline import MUTATORS, Function
from porch.render.resource import Resource, fingerprint_of_all
from porch.render.selection import merge, select
from porch.render.step import Caller, Done
from porch.render.validation import config_of

_NO_EXEC = "must run with `--allow-exec` option to allow running function binaries"


class PipelineFailed(Exception):
    """A function failed. `partial` are the resources as they were before it, over all packages that were looked at."""

    def __init__(self, package: PackageNode, function: Function, cause: str, partial: list[Resource]) -> None:
        super().__init__(cause)
        self.package = package
        self.function = function
        self.cause = cause
        self.partial = partial


@dataclass(slots=True)
class Hydration:
    """One render of a tree of packages. `own` are the resources of each package by its directory."""

    files: Mapping[str, bytes]
    own: dict[str, list[Resource]]
    caller: Caller
    allow_exec: bool
    total: int
    on_progress: OnProgress
    steps: list[Step] = field(default_factory=list)
    config: Node | None = None
    """The functionConfig of functions that name none."""

    def depth_first(self, package: PackageNode) -> list[Resource]:
        """Raises PipelineFailed."""
        resources = list(self.own[package.directory])
        for below in package.below:
            try:
                resources += self.depth_first(below)
            except PipelineFailed as failed:
                failed.partial = resources + failed.partial
                raise
        return self._run_pipeline(package, resources)

    def breadth_first(self, root: PackageNode) -> list[Resource]:
        """Raises PipelineFailed."""
        packages = [root]
        for package in packages:
            packages += package.below
        for package in packages:
            tree = list(package.all())
            before = [resource for one in tree for resource in self.own[one.directory]]
            try:
                after = self._run_pipeline(package, before)
            except PipelineFailed as failed:
                others = [one for one in packages if one not in tree]
                failed.partial += [resource for one in others for resource in self.own[one.directory]]
                raise
            by_path: dict[str, list[Resource]] = {}
            for resource in after:
                by_path.setdefault(resource.place.package, []).append(resource)
            self.own |= {one.directory: by_path.pop(one.path, []) for one in tree}
            self.own[package.directory] += [resource for others in by_path.values() for resource in others]
        return [resource for package in packages for resource in self.own[package.directory]]

    # --- one pipeline

    def _run_pipeline(self, package: PackageNode, resources: list[Resource]) -> list[Resource]:
        if not resources:
            return resources
        images = [self._image(package, function, resources) for function in package.pipeline.mutators]
        for function, image in zip(package.pipeline.mutators, images, strict=True):
            resources = self._mutate(package, function, image, resources)
        if resources:
            for function in package.pipeline.validators:
                self._validate(package, function, self._image(package, function, resources), resources)
        return resources

    def _image(self, package: PackageNode, function: Function, resources: list[Resource]) -> str:
        """The whole name of what to call. All mutators are looked at before the first one runs."""
        if not function.exec:
            try:
                return self.caller.functions.resolve(function.image, function.tag)
            except PorchError as error:
                cause = error.message
        elif self.allow_exec:
            return exec_image(function.exec)
        else:
            cause = _NO_EXEC
        self.steps.append(_step(package, function, function.image, error=cause, ran=False, exit_code=1))
        raise PipelineFailed(package, function, cause, resources)

    def _mutate(self, package: PackageNode, function: Function, image: str, all_: list[Resource]) -> list[Resource]:
        given = select(function, all_)
        done = self._call(package, function, image, given, all_)
        result = merge(all_, given, done) if function.selects else done.resources
        if not done.error and (problem := self._lost(all_, result)):
            for resource in given:
                resource.go_back()
            done = replace(done, outcome=None, error=problem)
        self._note(package, function, image, done, all_)
        return result

    def _validate(self, package: PackageNode, function: Function, image: str, all_: list[Resource]) -> None:
        """What a validator changes is forgotten."""
        given = select(function, all_)
        done = self._call(package, function, image, given, all_)
        for resource in set(given).difference(done.resources):
            resource.go_back()
        self._note(package, function, image, done, all_)

    def _call(
        self, package: PackageNode, function: Function, image: str, given: list[Resource], all_: list[Resource]
    ) -> Done:
        self.on_progress(Progress(len(self.steps), self.total, function.exec or image))
        return self.caller.run(image, given, self._config(package, function, all_), package.path)

    def _config(self, package: PackageNode, function: Function, resources: Sequence[Resource]) -> Node | None:
        """What an earlier function made of the file counts; the file itself, if it is no longer there."""
        if function.config_map:
            return _config_map(function.config_map)
        if not function.config_path:
            return self.config
        path = normpath(function.config_path)
        for resource in resources:
            if resource.place.package == package.path and normpath(resource.place.path) == path:
                return resource.node
        return config_of(path, package.directory, self.files)

    def _lost(self, before: Sequence[Resource], after: Sequence[Resource]) -> str:
        """Why a package cannot be put together of what a function gave; empty when it can."""
        if _has_root_kptfile(before) and not _has_root_kptfile(after):
            return "function must not remove the package's Kptfile: without it the package cannot be stored"
        strange = (resource.place for resource in after if resource.place.package[1:] not in self.own)
        place = next(strange, None)
        return f"function must not put {place.path} into {place.package}, which is no package" if place else ""

    def _note(self, package: PackageNode, function: Function, image: str, done: Done, all_: list[Resource]) -> None:
        step = _step(package, function, image, error=done.error, ran=done.outcome is not None, before=done.before)
        if (outcome := done.outcome) is not None:
            step = replace(
                step,
                exit_code=outcome.exit_code,
                stderr=outcome.stderr,
                results=tuple(outcome.results),
                duration=outcome.duration,
                digest=outcome.digest,
                reused=done.reused,
            )
        if done.error:
            self.steps.append(replace(step, exit_code=step.exit_code or 1))
            raise PipelineFailed(package, function, done.error, all_)
        keeps = function.section == MUTATORS
        self.steps.append(replace(step, after=fingerprint_of_all(done.resources) if keeps else done.before))


def exec_image(program: str) -> str:
    """What a program of this machine is called by where functions are called by their images."""
    return f"exec:{program}"


def _step(package: PackageNode, function: Function, image: str, **facts: Any) -> Step:
    named = "" if function.exec else image
    return Step(function.section, package.directory, function.name, named, function.exec, **facts)


def _has_root_kptfile(resources: Sequence[Resource]) -> bool:
    return any(
        resource.place.package == "/" and normpath(resource.place.path) == kptfile.NAME for resource in resources
    )


def _config_map(values: Mapping[str, str]) -> Node:
    data = mapping(*(node for key, value in values.items() for node in (text(key), text(value))), style="flow")
    metadata = mapping(text("name"), text("function-input"))
    head = (text("apiVersion"), text("v1"), text("kind"), text("ConfigMap"))
    return mapping(*head, text("metadata"), metadata, text("data"), data)
