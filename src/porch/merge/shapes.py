"""Which lists are maps in disguise, by type: the list keys of Kubernetes' own schema, and of the Kptfile.

A list in brackets has these keys, `[]` is a set of words, a list that is not named is one value. `field: type` says
where to go on. The facts are those of `x-kubernetes-list-map-keys` and `x-kubernetes-patch-merge-key`, for the fields
that a package can hold. Types that Kubernetes does not know have their keys guessed from the items (`INFERRED`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from porch.krm.kptfile_fields import order as kptfile_order

INFERRED_KEYS = ("name", "mountPath", "devicePath", "ip", "type", "topologyKey", "containerPort")
"""Tried in this order; one fits when every item of every side has it, with a value of its own."""
FUNCTION = ("function",)
"""Functions of a pipeline are told apart by name, or else by image without its version."""
DEFAULTS = {"protocol": "TCP"}

_BUILT_IN_GROUPS = {
    *("", "apps", "autoscaling", "batch", "policy"),
    *(
        f"{name}.k8s.io"
        for name in (
            *("admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization"),
            *("certificates", "coordination", "discovery", "events", "flowcontrol.apiserver", "networking", "node"),
            *("rbac.authorization", "resource", "scheduling", "storage"),
        )
    ),
}
_METADATA = "metadata:Metadata "
_POD_SPEC = (
    "containers[name]:Container initContainers[name]:Container ephemeralContainers[name]:Container volumes[name] "
    "imagePullSecrets[name] hostAliases[ip] topologySpreadConstraints[topologyKey,whenUnsatisfiable] "
    "schedulingGates[name] resourceClaims[name]"
)
_TYPES = {
    "Metadata": "finalizers[] ownerReferences[uid] annotations:Annotations",
    "Annotations": "",
    "Conditions": "conditions[type]",
    "PodSpec": _POD_SPEC,
    "Container": (
        "env[name] ports[containerPort,protocol] volumeMounts[mountPath] volumeDevices[devicePath] resources:Resources"
    ),
    "Resources": "claims[name]",
    "Template": _METADATA + "spec:PodSpec",
    "Workload": _METADATA + "spec:WorkloadSpec status:Conditions",
    "WorkloadSpec": "template:Template",
    "CronJob": _METADATA + "spec:CronJobSpec",
    "CronJobSpec": "jobTemplate:Workload",
    "Pod": _METADATA + "spec:PodSpec status:Conditions",
    "PodTemplate": _METADATA + "template:Template",
    "Service": _METADATA + "spec:ServiceSpec status:Conditions",
    "ServiceSpec": "ports[port,protocol]",
    "ServiceAccount": _METADATA + "secrets[name]",
    "Webhooks": _METADATA + "webhooks[name]:Webhook",
    "Webhook": "matchConditions[name]",
    "Policy": _METADATA + "spec:PolicySpec",
    "PolicySpec": "variables[name] matchConditions[name]",
    "Other": _METADATA + "status:Conditions",
    "Kptfile": "metadata:Metadata info:Info pipeline:Pipeline status:Status",
    "Status": "conditions[type]:Verdicts",
    "Verdicts": "",
    "Info": "keywords[] emails[] readinessGates[conditionType]",
    "Pipeline": "mutators[function] validators[function]",
}
_KINDS = {
    **dict.fromkeys(("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"), "Workload"),
    "ReplicationController": "Workload",
    "CronJob": "CronJob",
    "Pod": "Pod",
    "PodTemplate": "PodTemplate",
    "Service": "Service",
    "ServiceAccount": "ServiceAccount",
    "MutatingWebhookConfiguration": "Webhooks",
    "ValidatingWebhookConfiguration": "Webhooks",
    "MutatingAdmissionPolicy": "Policy",
    "ValidatingAdmissionPolicy": "Policy",
}
_NONE: frozenset[str] = frozenset()
_MARKS = {
    "Annotations": frozenset({"internal.kpt.dev/upstream-identifier"}),
    "Verdicts": frozenset({"[type=Rendered]"}),
}
_LOCAL = {"Status": frozenset({"renderStatus"})}
"""What a render says is of the content that it saw; the next render says it anew."""


@dataclass(slots=True)
class Shape:
    """A type: the keys of its lists and the types of its fields. Nothing is said of fields that are not named."""

    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fields: dict[str, Shape] = field(default_factory=dict)
    local: frozenset[str] = frozenset()
    """Fields that belong to the local package: upstream's are never looked at."""
    marks: frozenset[str] = frozenset()
    """Fields, or items of a list by their label, that are left alone where the local side has them."""
    order: tuple[str, ...] = ()
    """Of the fields; others, and those of a type without one, are added at the end."""
    inferred: bool = False

    def child(self, name: str) -> Shape:
        return self.fields.get(name, INFERRED if self.inferred else ATOMIC)

    def list_keys(self, name: str) -> tuple[str, ...] | None:
        """Empty for a set of words, None for a list that is one value or, in an inferred type, has to be guessed."""
        return self.keys.get(name)


ATOMIC = Shape()
INFERRED = Shape(inferred=True)
_MADE: dict[str, Shape] = {}


def shape_of(group: str, kind: str) -> Shape:
    """The type of a resource."""
    if group not in _BUILT_IN_GROUPS:
        return _CUSTOM
    return _shape(_KINDS.get(kind, "Other"))


def _shape(name: str) -> Shape:
    if name not in _MADE:
        made = _MADE[name] = Shape(marks=_MARKS.get(name, _NONE), local=_LOCAL.get(name, _NONE))
        for word in _TYPES[name].split():
            place, _, type_name = word.partition(":")
            field_name, bracket, keys = place.partition("[")
            if bracket:
                made.keys[field_name] = tuple(keys.removesuffix("]").split(",")) if keys != "]" else ()
            if type_name:
                made.fields[field_name] = _shape(type_name)
    return _MADE[name]


_CUSTOM = Shape(fields={"metadata": _shape("Metadata")}, inferred=True)
_OWN_METADATA = Shape(
    keys=_shape("Metadata").keys, fields=_shape("Metadata").fields, local=frozenset({"name", "namespace"})
)
SUB_KPTFILE = Shape(
    fields={**_shape("Kptfile").fields, "metadata": _OWN_METADATA},
    local=frozenset({"apiVersion", "kind"}),
    order=kptfile_order(),
)
KPTFILE = replace(SUB_KPTFILE, local=frozenset({"apiVersion", "kind", "upstream", "upstreamLock"}))
"""Of the root, whose upstream is set by whoever upgrades the package."""
