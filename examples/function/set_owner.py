"""set-owner: writes an annotation with the owner on every resource, as its configuration says."""

from __future__ import annotations

from porch.function.interface import FunctionFailed, ResourceList
from porch.function.results import ERROR, INFO, FileRef, Result
from porch.kyaml import annotate, annotation, text_of

NAME = "set-owner"
SORTS = False
_OWNER = "example.com/owner"
_PATH = "internal.config.kubernetes.io/path"


def run(resources: ResourceList) -> None:
    owner = text_of(resources.config, "data", "owner")
    if not owner:
        resources.results.append(Result("`data.owner` must not be empty", ERROR))
        raise FunctionFailed("the configuration names no owner")
    for item in resources.items:
        if annotation(item, _OWNER) != owner:
            annotate(item, _OWNER, owner, style="")
            file = FileRef(annotation(item, _PATH) or "")
            resources.results.append(Result(f'owner set to "{owner}"', INFO, file=file))
