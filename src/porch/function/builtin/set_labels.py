"""set-labels: puts labels on objects, and into the selectors and templates that must agree with them.

The functionConfig is a ConfigMap whose data are the labels, or a SetLabels with `labels`. Local config is left alone.
A label is either created where it is missing, or only changed where one of its name is. See docs/functions-catalog.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

from porch.function.builtin._config import (
    ConfigError,
    Map,
    Struct,
    decode,
    is_empty,
    is_placeholder,
    report,
    string_map,
)
from porch.function.builtin._sdk import FieldError, Item, Part, entry, failure, matches, set_text, text
from porch.function.interface import ResourceList
from porch.function.results import ERROR, INFO, WARNING
from porch.kyaml import Node

NAME = "set-labels"
SORTS = True

_CONFIG = Struct("setlabels.SetLabels", {"labels": Map()})
Path: TypeAlias = tuple[str, ...]
_METADATA: Path = ("metadata", "labels")
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_SELECTING = (("", "", "Deployment"), ("", "", "ReplicaSet"), ("", "", "DaemonSet"), ("apps", "", "StatefulSet"))
_TEMPLATED = (("", "v1", "ReplicationController"), *_SELECTING, ("batch", "", "Job"))
# Where, the kinds that get the label there, and those where it only changes.
_SELECTORS: tuple[tuple[Path, tuple[tuple[str, str, str], ...], tuple[tuple[str, str, str], ...]], ...] = (
    (("spec", "selector"), (("", "v1", "Service"), ("", "v1", "ReplicationController")), ()),
    (("spec", "selector", "matchLabels"), _SELECTING, (("batch", "", "Job"), ("policy", "", "PodDisruptionBudget"))),
    (("spec", "podSelector", "matchLabels"), (), (("networking.k8s.io", "", "NetworkPolicy"),)),
)


def run(resources: ResourceList) -> None:
    labels = _labels(resources)
    items = [item for item in map(Item, resources.items) if not item.is_local_config()]
    if not items:
        report(resources, "no input resources", INFO)
        return
    if resources.config is None or _says_nothing(resources.config):
        raise failure()
    if not labels:
        report(resources, "no `labels` arguments are given in FunctionConfig", WARNING)
        return
    labeller = _Labeller(labels, compatible=resources.compatible)
    failed = False
    for item in items:
        try:
            labeller.label(item)
        except FieldError as error:
            report(resources, str(error), ERROR)
            failed = True
    report(resources, f"set {labeller.count} labels in total", INFO)
    if failed:
        raise failure()


def _labels(resources: ResourceList) -> dict[str, str]:
    config = resources.config
    if config is None or is_empty(config) or is_placeholder(config):
        report(resources, "`FunctionConfig` is not given", INFO)
        return {}
    try:
        return dict(sorted(_configured(config).items()))
    except (ConfigError, FieldError) as error:
        report(resources, str(error), ERROR)
        raise failure() from None


def _configured(config: Node) -> dict[str, str]:
    item = Item(config)
    if (item.group, item.kind) == ("", "ConfigMap"):
        data = entry(config, "data")
        if data is not None and data.kind != "mapping":
            raise Part.whole(config).mismatch("map[string]string", "data")
        return string_map(data) if data is not None else {}
    if (item.group, item.kind) == ("fn.kpt.dev", "SetLabels"):
        try:
            labels: dict[str, str] = decode(config, _CONFIG).get("labels", {})
        except ConfigError as error:
            raise ConfigError(f"unable to convert object to *{_CONFIG.go} with error: {error}") from None
        return labels
    kind = f"{item.kind}.{item.group}" if item.group else item.kind
    raise ConfigError(f"unknown FunctionConfig `{kind}`, expect `SetLabels.fn.kpt.dev` or `ConfigMap.v1`")


def _says_nothing(config: Node) -> bool:
    kind, name = text(config, "kind"), text(config, "metadata", "name")
    if (kind, name) == ("ConfigMap", "function-input"):
        data = entry(config, "data")
        return data is None or data.kind != "mapping" or not string_map(data)
    return not kind and not name


class _Plan(NamedTuple):
    """What is labelled in objects of a kind besides their metadata."""

    selectors: list[tuple[Path, bool]]
    pods: bool
    jobs: bool
    claims: bool
    rules: bool


@lru_cache(maxsize=512)
def _plan(*gvk: str) -> _Plan:
    def is_one_of(kinds: tuple[tuple[str, str, str], ...]) -> bool:
        return any(matches(gvk, kind) for kind in kinds)

    selectors = []
    for path, getting, changing in _SELECTORS:
        if is_one_of(getting) or is_one_of(changing):
            selectors.append((path, is_one_of(getting)))
    policy = (("networking.k8s.io", "", "NetworkPolicy"),)
    return _Plan(
        selectors,
        pods=is_one_of(_TEMPLATED),
        jobs=is_one_of((("batch", "", "CronJob"),)),
        claims=is_one_of((("apps", "", "StatefulSet"),)),
        rules=is_one_of(policy),
    )


class _Labeller:
    """Labels one object after the other, and counts. `count` is what the SDK's function tells: each label at each place
    that was looked at; otherwise only those that changed.
    """

    def __init__(self, labels: dict[str, str], *, compatible: bool) -> None:
        self.labels = labels
        self.compatible = compatible
        self.count = 0

    def label(self, item: Item) -> None:
        whole = Part.whole(item.node)
        self.put(whole, *_METADATA, create=True)
        plan = _plan(item.group, item.version, item.kind)
        for path, create in plan.selectors:
            self.put(whole, *path, create=create)
        if spec := whole.child("spec"):
            self.inside(spec, plan)

    def inside(self, spec: Part, plan: _Plan) -> None:
        if plan.pods:
            try:
                self.pod_template(spec.child("template"))
            except FieldError:
                if self.compatible:  # the Go version forgets this error, and leaves the rest of the object
                    return
                raise
        if plan.jobs:
            self.job_template(spec.child("jobTemplate"))
        if plan.claims:
            self.claim_templates(spec)
        if plan.rules:
            self.network_rules(spec)

    def pod_template(self, template: Part | None) -> None:
        if template is None:
            return
        self.put(template, *_METADATA, create=True)
        spec = template.child("spec")
        if spec is None:
            return
        for constraint in spec.items("topologySpreadConstraints"):
            self.put(constraint, "labelSelector", "matchLabels")
        if affinity := spec.child("affinity"):
            for name in ("podAffinity", "podAntiAffinity"):
                if terms := affinity.child(name):
                    # The Go version looks for the terms one level too high, where there are none.
                    self.affinity(affinity if self.compatible else terms)

    def affinity(self, terms: Part) -> None:
        for weighted in terms.items(_PREFERRED):
            if term := weighted.child("podAffinityTerm"):
                self.put(term, "labelSelector", "matchLabels")
        for term in terms.items(_REQUIRED):
            self.put(term, "labelSelector", "matchLabels")

    def job_template(self, template: Part | None) -> None:
        if template is None:
            return
        self.put(template, *_METADATA, create=True)
        if spec := template.child("spec"):
            self.put(spec, "selector", "matchLabels")
            self.pod_template(spec.child("template"))

    def claim_templates(self, spec: Part) -> None:
        claims = entry(spec.node, "volumeClaimTemplates")
        if claims is not None and claims.kind != "sequence":
            raise spec.mismatch("struct {}", "volumeClaimTemplates")
        for claim in spec.items("volumeClaimTemplates"):
            self.put(claim, *_METADATA, create=True)
            self.put(claim, "selector", "matchLabels")

    def network_rules(self, spec: Part) -> None:
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for rule in spec.items(direction):
                for peer in rule.items(peers):
                    self.put(peer, "podSelector", "matchLabels")

    def put(self, part: Part, *path: str, create: bool = False) -> None:
        at = part.mapping(*path, problem_at=next(iter(self.labels)))
        own: Node | None = None
        for key, value in self.labels.items():
            old = at.text(key) if at else None
            changes = create if old is None else old != value
            if changes and own is None:
                own = set_text(part.node, value, *path, key)
                at = Part(own, part.owner, ".".join((part.way, *path)))
            elif changes and own is not None:
                set_text(own, value, key)
            self.count += changes or self.compatible
