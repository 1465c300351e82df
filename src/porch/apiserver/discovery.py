"""Discovery: how clients learn which groups, versions, resources and verbs are served.

A sequence of Kinds becomes two families of documents: the legacy ones (`/api`, `/apis`, `/apis/G`, `/apis/G/V`) and the
aggregated one, which says all of it at once and is chosen by the Accept header. All are encoded at construction, so an
answer is a look-up. What may be seen is the same for everybody; authorization is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from porch.apiserver.document import Clause, Document, accepted, not_acceptable
from porch.apiserver.interface import Answer, DocumentRequest
from porch.apiserver.negotiate import JSON
from porch.types import Kind

AGGREGATED_VERSIONS = ("v2", "v2beta1")
# Clients settle an ambiguous resource name by the order of the groups.
_FIRST_GROUPS = ("", "porch.kpt.dev", "config.porch.kpt.dev")
_VERSION = re.compile(r"v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?")
_STAGES = {None: 0, "beta": 1, "alpha": 2}


class Discovery:
    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._core_versions = [version for group, version in group_versions(kinds) if not group]
        self._legacy = _legacy_documents(kinds)
        self._aggregated = {
            (path, version): _aggregated_document(part, version)
            for path, part in (("/api", _of_core(kinds)), ("/apis", _of_groups(kinds)))
            for version in AGGREGATED_VERSIONS
        }

    def answer(self, request: DocumentRequest) -> Answer | None:
        """The answer to a GET, or None when the path is not discovery's. Raises NotAcceptable."""
        path = request.path.rstrip("/")
        if path != "/api" and path not in self._legacy:
            return None
        for clause in accepted(request):
            if document := self._aggregated.get((path, _aggregated_version(clause))):
                return document.answer(request)
            if clause.takes_json and "as" not in clause.parameters:
                return self._legacy_answer(path, request.headers.get("host", ""))
        raise not_acceptable()

    def _legacy_answer(self, path: str, host: str) -> Answer:
        # Legacy documents carry no ETag, as those of Kubernetes do not.
        body = _encode(_api_versions(self._core_versions, host)) if path == "/api" else self._legacy[path]
        return Answer(body, headers={"Vary": "Accept"})


def group_versions(kinds: Iterable[Kind]) -> list[tuple[str, str]]:
    """The served (group, version) pairs in the order of preference."""
    return sorted({(kind.group, kind.version) for kind in kinds}, key=lambda pair: (_rank(pair[0]), _age(pair[1])))


def _rank(group: str) -> tuple[int, str]:
    return (_FIRST_GROUPS.index(group), "") if group in _FIRST_GROUPS else (len(_FIRST_GROUPS), group)


def _age(version: str) -> tuple[int, int, int, str]:
    """Kubernetes' version priority: v2, v1, v1beta2, v1beta1, v1alpha1, then other names."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return (len(_STAGES), 0, 0, version)
    return (_STAGES[match[2]], -int(match[1]), -int(match[3] or 0), "")


def _of_core(kinds: Iterable[Kind]) -> list[Kind]:
    return [kind for kind in kinds if not kind.group]


def _of_groups(kinds: Iterable[Kind]) -> list[Kind]:
    return [kind for kind in kinds if kind.group]


def _in_version(kinds: Iterable[Kind], group: str, version: str) -> list[Kind]:
    found = [kind for kind in kinds if (kind.group, kind.version) == (group, version)]
    return sorted(found, key=lambda kind: kind.plural)


def _encode(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document) + b"\n"


# Legacy documents


def _legacy_documents(kinds: Sequence[Kind]) -> dict[str, bytes]:
    pairs = group_versions(kinds)
    named = list(dict.fromkeys(group for group, _ in pairs if group))
    groups = {group: _api_group(group, [v for g, v in pairs if g == group]) for group in named}
    documents = {f"/apis/{group}": {"kind": "APIGroup", "apiVersion": "v1"} | groups[group] for group in named}
    documents["/apis"] = {"kind": "APIGroupList", "apiVersion": "v1", "groups": list(groups.values())}
    for group, version in pairs:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        documents[path] = _resource_list(_in_version(kinds, group, version))
    return {path: _encode(document) for path, document in documents.items()}


def _api_versions(versions: list[str], server_address: str) -> dict[str, Any]:
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}] if server_address else []
    return {"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": addresses}


def _api_group(group: str, versions: list[str]) -> dict[str, Any]:
    entries = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": entries, "preferredVersion": entries[0]}


def _resource_list(kinds: list[Kind]) -> dict[str, Any]:
    resources = [entry for kind in kinds for entry in _legacy_resources(kind)]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": kinds[0].api_version,
        "resources": resources,
    }


def _legacy_resources(kind: Kind) -> list[dict[str, Any]]:
    main = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": sorted(kind.verbs),
    }
    parts = [
        {
            "name": f"{kind.plural}/{name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            **_elsewhere(kind, kind.kind_of(name)),
            "kind": kind.kind_of(name).name,
            "verbs": sorted(verbs),
        }
        for name, verbs in sorted(kind.subresources)
    ]
    return [main | _names(kind), *parts]


def _elsewhere(kind: Kind, part: Kind) -> dict[str, str]:
    """Group and version of a subresource's kind, where they are not those of the document."""
    return {} if part.api_version == kind.api_version else {"group": part.group, "version": part.version}


def _names(kind: Kind) -> dict[str, Any]:
    lists = {"shortNames": list(kind.short_names), "categories": list(kind.categories)}
    return {key: names for key, names in lists.items() if names}


# The aggregated document


def _aggregated_type(version: str) -> str:
    return f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"


def _aggregated_version(clause: Clause) -> str:
    """Which aggregated version the clause asks for; empty when none."""
    asked = {key: clause.parameters.get(key) for key in ("g", "as")}
    if clause.name != JSON or asked != {"g": "apidiscovery.k8s.io", "as": "APIGroupDiscoveryList"}:
        return ""
    return clause.parameters.get("v", "")


def _aggregated_document(kinds: Sequence[Kind], version: str) -> Document:
    pairs = group_versions(kinds)
    items = [
        {
            "metadata": {"name": group, "creationTimestamp": None},
            "versions": [_aggregated_resources(_in_version(kinds, g, v)) for g, v in pairs if g == group],
        }
        for group in dict.fromkeys(group for group, _ in pairs)
    ]
    document = {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }
    headers = {"Vary": "Accept", "Cache-Control": "public"}
    return Document(_encode(document), _aggregated_type(version), headers)


def _aggregated_resources(kinds: list[Kind]) -> dict[str, Any]:
    resources = [_aggregated_resource(kind) for kind in kinds]
    return {"version": kinds[0].version, "freshness": "Current", "resources": resources}


def _aggregated_resource(kind: Kind) -> dict[str, Any]:
    parts = [
        {"subresource": name, "responseKind": _response_kind(kind.kind_of(name)), "verbs": sorted(verbs)}
        for name, verbs in sorted(kind.subresources)
    ]
    main = {
        "resource": kind.plural,
        "responseKind": _response_kind(kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": sorted(kind.verbs),
    }
    return main | _names(kind) | ({"subresources": parts} if parts else {})


def _response_kind(kind: Kind) -> dict[str, str]:
    return {"group": kind.group, "version": kind.version, "kind": kind.name}
