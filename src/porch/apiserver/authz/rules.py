"""One RBAC rule: does it allow a request, and does it cover another rule.

Compiled once from a stored PolicyRule when the policy is read. The semantics are Kubernetes', corner cases included:
`*` stands alone in verbs, groups and resources, `*/scale` names a subresource of every resource, a URL may end in `*`,
and a rule with resourceNames never matches a request without a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from porch.apiserver.interface import Attributes
from porch.types.rbac import PolicyRule

ANY = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    verbs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    @classmethod
    def of(cls, rule: PolicyRule) -> Rule:
        return cls(
            tuple(rule.verbs),
            tuple(rule.api_groups),
            tuple(rule.resources),
            tuple(rule.resource_names),
            tuple(rule.non_resource_urls),
        )

    def allows(self, attributes: Attributes) -> bool:
        if not _has(self.verbs, attributes.verb):
            return False
        if not attributes.resource:
            return any(_url_covers(url, attributes.path) for url in self.urls)
        return (
            _has(self.groups, attributes.group)
            and _has_resource(self.resources, attributes.resource, attributes.subresource)
            and (not self.names or attributes.name in self.names)
        )

    def covers(self, other: Rule) -> bool:
        """Whether everything that `other` allows is allowed by this rule alone."""
        return (
            all(_has(self.verbs, verb) for verb in other.verbs)
            and all(_has(self.groups, group) for group in other.groups)
            and all(_has_resource(self.resources, *_split(resource)) for resource in other.resources)
            and all(any(_url_covers(url, wanted) for url in self.urls) for wanted in other.urls)
            and (not self.names or (bool(other.names) and set(other.names) <= set(self.names)))
        )

    @property
    def combinations(self) -> int:
        """How many rules `broken_down` makes."""
        resources = prod(map(len, (self.verbs, self.groups, self.resources, self.names or ("",))))
        return resources + len(self.verbs) * len(self.urls)

    def broken_down(self) -> Iterator[Rule]:
        """The same as rules of one verb, group, resource and name, or one verb and URL, each."""
        for group, resource, verb in product(self.groups, self.resources, self.verbs):
            if not self.names:
                yield Rule((verb,), (group,), (resource,))
            for name in self.names:
                yield Rule((verb,), (group,), (resource,), (name,))
        for url, verb in product(self.urls, self.verbs):
            yield Rule((verb,), urls=(url,))

    def __str__(self) -> str:
        """Kubernetes' compact form: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`."""
        parts = {
            "APIGroups": self.groups,
            "Resources": self.resources,
            "NonResourceURLs": self.urls,
            "ResourceNames": self.names,
            "Verbs": self.verbs,
        }
        return "{" + ", ".join(f"{label}:{quoted_list(values)}" for label, values in parts.items() if values) + "}"


EVERYTHING = (Rule((ANY,), (ANY,), (ANY,)), Rule((ANY,), urls=(ANY,)))
"""What a cluster administrator holds."""


def compacted(rules: Iterable[Rule]) -> list[Rule]:
    """Rules of `broken_down` put together again: verbs of the same resource and name become one rule."""
    verbs: dict[Rule, list[str]] = {}
    for rule in rules:
        subject = Rule(groups=rule.groups, resources=rule.resources, names=rule.names, urls=rule.urls)
        known = verbs.setdefault(subject, [])
        known += [verb for verb in rule.verbs if verb not in known]
    return [
        Rule(tuple(known), subject.groups, subject.resources, subject.names, subject.urls)
        for subject, known in verbs.items()
    ]


def quoted_list(values: Iterable[str]) -> str:
    """A list of strings as Go prints it quoted: `["a" "b"]`."""
    return f"[{' '.join(json.dumps(value, ensure_ascii=False) for value in values)}]"


def _has(allowed: tuple[str, ...], wanted: str) -> bool:
    return wanted in allowed or ANY in allowed


def _has_resource(allowed: tuple[str, ...], resource: str, subresource: str) -> bool:
    if not subresource:
        return resource in allowed or ANY in allowed
    return f"{resource}/{subresource}" in allowed or ANY in allowed or f"{ANY}/{subresource}" in allowed


def _split(resource: str) -> tuple[str, str]:
    name, _, subresource = resource.partition("/")
    return name, subresource


def _url_covers(url: str, wanted: str) -> bool:
    return url == wanted or (url.endswith(ANY) and wanted.startswith(url.rstrip(ANY)))
