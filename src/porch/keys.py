"""Identity: what a package revision is called, in the API, in git and in errors.

A *package path* is `spec.packageName`: relative to the Repository's directory, `/`-separated. A *full path* has the
directory in front; refs, trees and commit annotations use it. Names are composed here and nowhere else; they are not
parsed back (a dotted workspace makes that ambiguous): a name is looked up in the index, which knows both spellings.
The texts of the name rules are upstream's, to the letter (reference: porch-api, section 15).
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

_UID_NAMESPACE = uuid.UUID("aac71d91-5c67-456f-8fd2-902ef6da820e")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_QUALIFIED_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


@dataclass(frozen=True, slots=True)
class GroupResource:
    """A plural resource and its API group; the core group is empty. Prints as `packagerevisions.porch.kpt.dev`."""

    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.resource}.{self.group}" if self.group else self.resource


PACKAGE_REVISIONS = GroupResource("porch.kpt.dev", "packagerevisions")
PACKAGE_REVISION_RESOURCES = GroupResource("porch.kpt.dev", "packagerevisionresources")
PACKAGES = GroupResource("porch.kpt.dev", "packages")
REPOSITORIES = GroupResource("config.porch.kpt.dev", "repositories")
NAMESPACES = GroupResource("", "namespaces")
SECRETS = GroupResource("", "secrets")


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """One stored object. `namespace` is empty for cluster-scoped resources."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, order=True)
class RepositoryKey:
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class PackageKey:
    """`path` is the package path, without leading or trailing `/`."""

    repository: RepositoryKey
    path: str

    @property
    def name(self) -> str:
        """The PorchPackage object's name."""
        return f"{self.repository.name}.{self.path.replace('/', '.')}"


@dataclass(frozen=True, slots=True, order=True)
class RevisionKey:
    package: PackageKey
    workspace: str

    @property
    def name(self) -> str:
        """Upstream's unambiguous object name: `blueprints.my-package.v1`."""
        return f"{self.package.name}.{self.workspace}"

    @property
    def dashed_name(self) -> str:
        """The sample request flow's spelling: `blueprints-my-package-v1`. Two revisions may share one."""
        return self.name.replace(".", "-")


def revision_uid(namespace: str, name: str) -> str:
    """The uid of a package revision: stable across restarts, re-creation and servers. `name` is the dotted one."""
    seed = f"packagerevision:porch.kpt.dev/v1alpha1/{namespace.lower()}/{name.lower()}"
    return str(uuid.uuid5(_UID_NAMESPACE, seed))


def package_uid(namespace: str, name: str) -> str:
    seed = f"dbPackage:porch.kpt.dev/v1alpha1/{namespace.lower()}/{name.lower()}"
    return str(uuid.uuid5(_UID_NAMESPACE, seed))


def join_path(*parts: str) -> str:
    """Joins path pieces, dropping empty segments: `join_path("/teams/", "a/b")` is `teams/a/b`."""
    return "/".join(segment for part in parts for segment in part.split("/") if segment)


def label_problems(text: str) -> list[str]:
    """Why `text` is no RFC 1123 label; empty when it is one."""
    problems = []
    if len(text) > 63:
        problems.append("must be no more than 63 characters")
    if not _LABEL.fullmatch(text):
        problems.append("must not contain dots" if _SUBDOMAIN.fullmatch(text) else LABEL_RULE)
    return problems


def subdomain_problems(text: str) -> list[str]:
    """Why `text` is no RFC 1123 subdomain of at most 253 characters; empty when it is one."""
    problems = []
    if len(text) > 253:
        problems.append("must be no more than 253 characters")
    if not _SUBDOMAIN.fullmatch(text):
        problems.append(SUBDOMAIN_RULE)
    return problems


def qualified_name_problems(text: str) -> list[str]:
    """Why `text` is no `[prefix/]name`, the form of label keys, annotation keys and finalizers."""
    prefix, slash, name = text.rpartition("/")
    problems = []
    if slash:
        found = subdomain_problems(prefix) if prefix else ["must be non-empty"]
        problems += [f"prefix part {problem}" for problem in found]
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > 63:
        problems.append("name part must be no more than 63 characters")
    if not _QUALIFIED.fullmatch(name):
        problems.append(_QUALIFIED_RULE)
    return problems


def label_value_problems(text: str) -> list[str]:
    """Why `text` is no value of a label; empty when it is one."""
    problems = ["must be no more than 63 characters"] if len(text) > 63 else []
    if text and not _QUALIFIED.fullmatch(text):
        problems.append(_VALUE_RULE)
    return problems


def directory_problems(path: str, *, mandatory: bool) -> list[str]:
    """Upstream's rule for a package path or directory: the path without its slashes is one label."""
    if "//" in path:
        return ["consecutive '/' characters are not allowed"]
    flat = path.replace("/", "")
    if not flat and not mandatory:
        return []
    return label_problems(flat)


def revision_name_problems(key: RevisionKey) -> str:
    """Upstream's multi-line text for a name with bad parts; empty when the whole name is fine."""
    path, _, leaf = key.package.path.rpartition("/")
    lines = []
    for part, label, text, problems in (
        (
            "repository",
            "repository name",
            key.package.repository.name,
            label_problems(key.package.repository.name),
        ),
        ("package path", "path", path, directory_problems(path, mandatory=False)),
        ("package name", "package name", leaf, label_problems(leaf)),
    ):
        if problems:
            lines += [
                f'{part} part "{text}" of object name invalid',
                f"{label} {text} invalid: {','.join(problems)}",
            ]
    workspace = label_problems(key.workspace)
    if workspace:
        lines.append(f'workspace name part "{key.workspace}" of package revision name invalid')
        lines.append(f"workspace name {key.workspace} invalid: {','.join(workspace)}")
    if lines:
        return "\n".join(["package revision kubernetes resource name invalid:", *lines, ""])
    whole = subdomain_problems(key.name)
    if whole:
        return (
            f'package revision kubernetes name "{key.name}" invalid\n'
            f"package revision kubernetes name {key.name} invalid: {','.join(whole)}\n"
        )
    return ""
