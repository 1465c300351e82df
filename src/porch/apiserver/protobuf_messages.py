"""The protobuf messages that clients send for Kubernetes' own kinds, as one table: field number to name, type, shape.

A type is a scalar that `protobuf` reads or the name of another message. What is not here is skipped when read: fields
that our types lack, and managed fields, which the server drops anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from porch.types.coordination import GROUP as COORDINATION
from porch.types.events import GROUP as EVENTS
from porch.types.rbac import GROUP as RBAC
from porch.types.reviews import AUTHENTICATION, AUTHORIZATION


@dataclass(frozen=True, slots=True)
class Field:
    """`name` is the JSON name; `type` a scalar (string, strings, bytes, bool, int, time, microtime) or one of PARTS."""

    name: str
    type: str = "string"
    shape: Literal["one", "list", "map"] = "one"


Message = dict[int, Field]


def _list(name: str, of: str = "string") -> Field:
    return Field(name, of, "list")


def _map(name: str, of: str = "string") -> Field:
    return Field(name, of, "map")


_METADATA = {1: Field("metadata", "ObjectMeta")}
_BINDING = {**_METADATA, 2: _list("subjects", "Subject"), 3: Field("roleRef", "RoleRef")}
_ACCESS_SPEC = {
    1: Field("resourceAttributes", "ResourceAttributes"),
    2: Field("nonResourceAttributes", "NonResourceAttributes"),
}
_SUBJECT_REVIEW = {
    **_METADATA,
    2: Field("spec", "SubjectAccessReviewSpec"),
    3: Field("status", "SubjectAccessReviewStatus"),
}

ENVELOPE: Message = {
    1: Field("typeMeta", "TypeMeta"),
    2: Field("raw", "raw"),
    3: Field("contentEncoding"),
    4: Field("contentType"),
}

DELETE_OPTIONS: Message = {
    1: Field("gracePeriodSeconds", "int"),
    2: Field("preconditions", "Preconditions"),
    3: Field("orphanDependents", "bool"),
    4: Field("propagationPolicy"),
    5: _list("dryRun"),
}

# By group and kind.
OBJECTS: dict[tuple[str, str], Message] = {
    ("", "Namespace"): {
        **_METADATA,
        2: Field("spec", "NamespaceSpec"),
        3: Field("status", "NamespaceStatus"),
    },
    ("", "ConfigMap"): {
        **_METADATA,
        2: _map("data"),
        3: _map("binaryData", "bytes"),
        4: Field("immutable", "bool"),
    },
    ("", "Secret"): {
        **_METADATA,
        2: _map("data", "bytes"),
        3: Field("type"),
        4: _map("stringData"),
        5: Field("immutable", "bool"),
    },
    ("", "Event"): {
        **_METADATA,
        2: Field("involvedObject", "ObjectReference"),
        3: Field("reason"),
        4: Field("message"),
        5: Field("source", "EventSource"),
        6: Field("firstTimestamp", "time"),
        7: Field("lastTimestamp", "time"),
        8: Field("count", "int"),
        9: Field("type"),
        10: Field("eventTime", "microtime"),
        11: Field("series", "EventSeries"),
        12: Field("action"),
        13: Field("related", "ObjectReference"),
        14: Field("reportingComponent"),
        15: Field("reportingInstance"),
    },
    (EVENTS, "Event"): {
        **_METADATA,
        2: Field("eventTime", "microtime"),
        3: Field("series", "EventSeries"),
        4: Field("reportingController"),
        5: Field("reportingInstance"),
        6: Field("action"),
        7: Field("reason"),
        8: Field("regarding", "ObjectReference"),
        9: Field("related", "ObjectReference"),
        10: Field("note"),
        11: Field("type"),
        12: Field("deprecatedSource", "EventSource"),
        13: Field("deprecatedFirstTimestamp", "time"),
        14: Field("deprecatedLastTimestamp", "time"),
        15: Field("deprecatedCount", "int"),
    },
    (COORDINATION, "Lease"): {**_METADATA, 2: Field("spec", "LeaseSpec")},
    ("", "ServiceAccount"): {
        **_METADATA,
        2: _list("secrets", "ObjectReference"),
        3: _list("imagePullSecrets", "LocalObjectReference"),
        4: Field("automountServiceAccountToken", "bool"),
    },
    # The status of these two is the server's to write, so it is not read.
    (AUTHENTICATION, "TokenRequest"): {**_METADATA, 2: Field("spec", "TokenRequestSpec")},
    (AUTHENTICATION, "TokenReview"): {**_METADATA, 2: Field("spec", "TokenReviewSpec")},
    (RBAC, "Role"): {**_METADATA, 2: _list("rules", "PolicyRule")},
    (RBAC, "ClusterRole"): {
        **_METADATA,
        2: _list("rules", "PolicyRule"),
        3: Field("aggregationRule", "AggregationRule"),
    },
    (RBAC, "RoleBinding"): _BINDING,
    (RBAC, "ClusterRoleBinding"): _BINDING,
    (AUTHORIZATION, "SelfSubjectAccessReview"): {
        **_METADATA,
        2: Field("spec", "SelfSubjectAccessReviewSpec"),
        3: Field("status", "SubjectAccessReviewStatus"),
    },
    (AUTHORIZATION, "SubjectAccessReview"): _SUBJECT_REVIEW,
    (AUTHORIZATION, "LocalSubjectAccessReview"): _SUBJECT_REVIEW,
    # The status of these two is the server's to write, so it is not read.
    (AUTHORIZATION, "SelfSubjectRulesReview"): {**_METADATA, 2: Field("spec", "SelfSubjectRulesReviewSpec")},
    (AUTHENTICATION, "SelfSubjectReview"): _METADATA,
}

PARTS: dict[str, Message] = {
    "TypeMeta": {1: Field("apiVersion"), 2: Field("kind")},
    "ObjectMeta": {
        1: Field("name"),
        2: Field("generateName"),
        3: Field("namespace"),
        4: Field("selfLink"),
        5: Field("uid"),
        6: Field("resourceVersion"),
        7: Field("generation", "int"),
        8: Field("creationTimestamp", "time"),
        9: Field("deletionTimestamp", "time"),
        10: Field("deletionGracePeriodSeconds", "int"),
        11: _map("labels"),
        12: _map("annotations"),
        13: _list("ownerReferences", "OwnerReference"),
        14: _list("finalizers"),
    },
    "OwnerReference": {
        1: Field("kind"),
        3: Field("name"),
        4: Field("uid"),
        5: Field("apiVersion"),
        6: Field("controller", "bool"),
        7: Field("blockOwnerDeletion", "bool"),
    },
    "Preconditions": {1: Field("uid"), 2: Field("resourceVersion")},
    "NamespaceSpec": {1: _list("finalizers")},
    "NamespaceStatus": {1: Field("phase")},
    "ObjectReference": {
        1: Field("kind"),
        2: Field("namespace"),
        3: Field("name"),
        4: Field("uid"),
        5: Field("apiVersion"),
        6: Field("resourceVersion"),
        7: Field("fieldPath"),
    },
    "LocalObjectReference": {1: Field("name")},
    "TokenRequestSpec": {
        1: _list("audiences"),
        3: Field("boundObjectRef", "BoundObjectReference"),
        4: Field("expirationSeconds", "int"),
    },
    "BoundObjectReference": {1: Field("kind"), 2: Field("apiVersion"), 3: Field("name"), 4: Field("uid")},
    "TokenReviewSpec": {1: Field("token"), 2: _list("audiences")},
    "EventSource": {1: Field("component"), 2: Field("host")},
    "EventSeries": {1: Field("count", "int"), 2: Field("lastObservedTime", "microtime")},
    "LeaseSpec": {
        1: Field("holderIdentity"),
        2: Field("leaseDurationSeconds", "int"),
        3: Field("acquireTime", "microtime"),
        4: Field("renewTime", "microtime"),
        5: Field("leaseTransitions", "int"),
        6: Field("strategy"),
        7: Field("preferredHolder"),
    },
    "PolicyRule": {
        1: _list("verbs"),
        2: _list("apiGroups"),
        3: _list("resources"),
        4: _list("resourceNames"),
        5: _list("nonResourceURLs"),
    },
    "AggregationRule": {1: _list("clusterRoleSelectors", "LabelSelector")},
    "LabelSelector": {1: _map("matchLabels"), 2: _list("matchExpressions", "LabelSelectorRequirement")},
    "LabelSelectorRequirement": {1: Field("key"), 2: Field("operator"), 3: _list("values")},
    "Subject": {1: Field("kind"), 2: Field("apiGroup"), 3: Field("name"), 4: Field("namespace")},
    "RoleRef": {1: Field("apiGroup"), 2: Field("kind"), 3: Field("name")},
    "SelfSubjectAccessReviewSpec": _ACCESS_SPEC,
    "SubjectAccessReviewSpec": {
        **_ACCESS_SPEC,
        3: Field("user"),
        4: _list("groups"),
        5: _map("extra", "strings"),
        6: Field("uid"),
    },
    "SubjectAccessReviewStatus": {
        1: Field("allowed", "bool"),
        2: Field("reason"),
        3: Field("evaluationError"),
        4: Field("denied", "bool"),
    },
    "ResourceAttributes": {
        1: Field("namespace"),
        2: Field("verb"),
        3: Field("group"),
        4: Field("version"),
        5: Field("resource"),
        6: Field("subresource"),
        7: Field("name"),
        8: Field("fieldSelector", "SelectorAttributes"),
        9: Field("labelSelector", "SelectorAttributes"),
    },
    "SelectorAttributes": {1: Field("rawSelector"), 2: _list("requirements", "LabelSelectorRequirement")},
    "NonResourceAttributes": {1: Field("path"), 2: Field("verb")},
    "SelfSubjectRulesReviewSpec": {1: Field("namespace")},
    "Strings": {1: _list("items")},
}
