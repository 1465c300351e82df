"""porch.kpt.dev/v1alpha1 PackageRevisionResources: the files of a package revision."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from porch.types.base import Part, always, described
from porch.types.kind import Kind
from porch.types.meta import Object


class PackageRevisionResourcesSpec(Part):
    package_name: str = ""
    workspace_name: str = ""
    revision: int = 0
    repository: str = ""
    resources: Annotated[
        dict[str, str],
        described("All files of the package: path to content. A path that is left out is deleted."),
    ] = {}
    binary_resources: Annotated[
        dict[str, str] | None,
        described("Files that are not UTF-8: path to base64. An update without this field keeps all of them."),
    ] = None


class RenderResult(Part):
    """kpt's FunctionResultList; without kind and version when no function ran."""

    kind: str = ""
    api_version: str = ""
    metadata: dict[str, Any] = always(dict)
    exit_code: int = always(int)
    items: list[dict[str, Any]] = []


class RenderStep(Part):
    """What one function did, beyond what kpt tells of it."""

    package: str = ""
    section: str = ""
    name: str = ""
    image: str = ""
    exit_code: int = always(int)
    error: str = ""
    duration: Annotated[str, described("Of the call; of the earlier one if its result was used again.")] = ""
    reused: Annotated[bool, described("Not called, because it had been called for the same before.")] = False
    digest: Annotated[str, described("Of the code that ran.")] = ""
    input_hash: Annotated[str, described("Of the resources that it was given.")] = ""
    output_hash: Annotated[str, described("Of what it gave; the same as the input's when it changed nothing.")] = ""


class RenderStatus(Part):
    result: RenderResult = always(RenderResult)
    error: str = always(str)
    steps: list[RenderStep] = []


class PackageRevisionResourcesStatus(Part):
    render_status: RenderStatus = always(RenderStatus)


class PackageRevisionResources(Object):
    spec: PackageRevisionResourcesSpec = msgspec.field(default_factory=PackageRevisionResourcesSpec)
    status: PackageRevisionResourcesStatus = always(PackageRevisionResourcesStatus)


PACKAGE_REVISION_RESOURCES = Kind(
    "porch.kpt.dev",
    "v1alpha1",
    "PackageRevisionResources",
    "packagerevisionresources",
    PackageRevisionResources,
    verbs=("get", "list", "patch", "update", "watch"),
    schema_name="com.github.nephio-project.porch.api.porch.v1alpha1.PackageRevisionResources",
)
