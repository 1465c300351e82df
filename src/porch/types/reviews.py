"""Access reviews and self reviews: kinds that are answered, never stored."""

from __future__ import annotations

import msgspec

from porch.types.base import Part, always
from porch.types.kind import Kind
from porch.types.meta import Object

AUTHORIZATION = "authorization.k8s.io"
AUTHENTICATION = "authentication.k8s.io"


class SelectorRequirement(Part):
    key: str = ""
    operator: str = ""
    values: list[str] = []


class SelectorAttributes(Part):
    raw_selector: str = ""
    requirements: list[SelectorRequirement] = []


class ResourceAttributes(Part):
    """What is to be done to which objects. Roles do not look at selectors, so these narrow no answer."""

    namespace: str = ""
    verb: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    field_selector: SelectorAttributes | None = None
    label_selector: SelectorAttributes | None = None


class NonResourceAttributes(Part):
    path: str = ""
    verb: str = ""


class SelfSubjectAccessReviewSpec(Part):
    resource_attributes: ResourceAttributes | None = None
    non_resource_attributes: NonResourceAttributes | None = None


class SubjectAccessReviewSpec(SelfSubjectAccessReviewSpec):
    user: str = ""
    groups: list[str] = []
    extra: dict[str, list[str]] = {}
    uid: str = ""


class AccessReviewStatus(Part):
    allowed: bool = always(bool)
    denied: bool = False
    reason: str = ""
    evaluation_error: str = ""


class SelfSubjectAccessReview(Object):
    spec: SelfSubjectAccessReviewSpec = msgspec.field(default_factory=SelfSubjectAccessReviewSpec)
    status: AccessReviewStatus = msgspec.field(default_factory=AccessReviewStatus)


class SubjectAccessReview(Object):
    spec: SubjectAccessReviewSpec = msgspec.field(default_factory=SubjectAccessReviewSpec)
    status: AccessReviewStatus = msgspec.field(default_factory=AccessReviewStatus)


class LocalSubjectAccessReview(SubjectAccessReview):
    pass


class ResourceRule(Part):
    verbs: list[str] = always(list)
    api_groups: list[str] = []
    resources: list[str] = []
    resource_names: list[str] = []


class NonResourceRule(Part):
    verbs: list[str] = always(list)
    non_resource_urls: list[str] = msgspec.field(default_factory=list, name="nonResourceURLs")


class SelfSubjectRulesReviewSpec(Part):
    namespace: str = ""


class SelfSubjectRulesReviewStatus(Part):
    resource_rules: list[ResourceRule] = always(list)
    non_resource_rules: list[NonResourceRule] = always(list)
    incomplete: bool = always(bool)
    evaluation_error: str = ""


class SelfSubjectRulesReview(Object):
    spec: SelfSubjectRulesReviewSpec = msgspec.field(default_factory=SelfSubjectRulesReviewSpec)
    status: SelfSubjectRulesReviewStatus = msgspec.field(default_factory=SelfSubjectRulesReviewStatus)


class UserInfo(Part):
    username: str = ""
    uid: str = ""
    groups: list[str] = []
    extra: dict[str, list[str]] = {}


class SelfSubjectReviewStatus(Part):
    user_info: UserInfo = always(UserInfo)


class SelfSubjectReview(Object):
    status: SelfSubjectReviewStatus = msgspec.field(default_factory=SelfSubjectReviewStatus)


_ONCE = ("create",)
SELF_SUBJECT_ACCESS_REVIEW = Kind(
    AUTHORIZATION,
    "v1",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
    SelfSubjectAccessReview,
    namespaced=False,
    verbs=_ONCE,
)
SUBJECT_ACCESS_REVIEW = Kind(
    AUTHORIZATION,
    "v1",
    "SubjectAccessReview",
    "subjectaccessreviews",
    SubjectAccessReview,
    namespaced=False,
    verbs=_ONCE,
)
LOCAL_SUBJECT_ACCESS_REVIEW = Kind(
    AUTHORIZATION,
    "v1",
    "LocalSubjectAccessReview",
    "localsubjectaccessreviews",
    LocalSubjectAccessReview,
    verbs=_ONCE,
)
SELF_SUBJECT_RULES_REVIEW = Kind(
    AUTHORIZATION,
    "v1",
    "SelfSubjectRulesReview",
    "selfsubjectrulesreviews",
    SelfSubjectRulesReview,
    namespaced=False,
    verbs=_ONCE,
)
SELF_SUBJECT_REVIEW = Kind(
    AUTHENTICATION,
    "v1",
    "SelfSubjectReview",
    "selfsubjectreviews",
    SelfSubjectReview,
    namespaced=False,
    verbs=_ONCE,
)
