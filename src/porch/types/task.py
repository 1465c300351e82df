"""Tasks: how a package revision came to be. The JSON is also written into commit messages and must round-trip."""

from __future__ import annotations

from typing import Annotated

from porch.types.base import Part, always, described
from porch.types.meta import NameReference


class InitTask(Part):
    """A new, empty package."""

    subpackage: str = ""
    description: str = ""
    keywords: list[str] = []
    site: str = ""


class GitPackage(Part):
    repo: str = ""
    ref: str = ""
    directory: str = ""
    secret_ref: NameReference = always(NameReference)


class OciPackage(Part):
    image: str = ""


class UpstreamPackage(Part):
    type: str = ""
    git: GitPackage | None = None
    oci: OciPackage | None = None
    upstream_ref: NameReference | None = None


class CloneTask(Part):
    upstream_ref: UpstreamPackage = always(UpstreamPackage)


class EditTask(Part):
    """A copy of an earlier revision of the same package."""

    source_ref: NameReference | None = None


class UpgradeTask(Part):
    old_upstream_ref: NameReference = always(NameReference)
    new_upstream_ref: NameReference = always(NameReference)
    local_package_revision_ref: NameReference = always(NameReference)
    strategy: str = ""


class Task(Part):
    """Exactly one payload, the one that `type` names."""

    type: Annotated[str, described("init, clone, edit or upgrade; letter case does not matter.")] = always(str)
    init: InitTask | None = None
    clone: CloneTask | None = None
    edit: EditTask | None = None
    upgrade: UpgradeTask | None = None
