"""Access reviews and self reviews: questions that are posted as objects, answered in their status and never stored.

`kubectl auth can-i`, `auth can-i --list` and `auth whoami` end here. The answers come from the same RbacAuthorizer that
judges requests.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec

from porch.apiserver.authz.rbac import RbacAuthorizer
from porch.apiserver.authz.rules import Rule
from porch.apiserver.interface import Attributes
from porch.errors import BadRequest, FieldError, Invalid, MethodNotAllowed, invalid, required
from porch.keys import ObjectKey
from porch.objects import Call, Caller
from porch.store import StoredVersion
from porch.types.kind import Kind
from porch.types.reviews import (
    LOCAL_SUBJECT_ACCESS_REVIEW,
    SELF_SUBJECT_ACCESS_REVIEW,
    SELF_SUBJECT_REVIEW,
    SELF_SUBJECT_RULES_REVIEW,
    SUBJECT_ACCESS_REVIEW,
    AccessReviewStatus,
    LocalSubjectAccessReview,
    NonResourceRule,
    ResourceAttributes,
    ResourceRule,
    SelfSubjectAccessReview,
    SelfSubjectAccessReviewSpec,
    SelfSubjectReview,
    SelfSubjectReviewStatus,
    SelfSubjectRulesReview,
    SelfSubjectRulesReviewStatus,
    SubjectAccessReview,
    SubjectAccessReviewSpec,
    UserInfo,
)

Resolve = Callable[[str, str, str, str], str]
"""(group, resource, namespace, name) to the canonical name, as the wire resolves it before it authorizes."""
_Answer = Callable[[Caller, Any], None]
"""Fills in the status of an object that was sent to the namespace in its metadata."""


def review_storages(authorizer: RbacAuthorizer, resolve: Resolve | None = None) -> tuple[ReviewStorage, ...]:
    """One for each kind of review."""
    access = _Access(authorizer, resolve)
    return (
        ReviewStorage(SELF_SUBJECT_ACCESS_REVIEW, access.of_caller),
        ReviewStorage(SUBJECT_ACCESS_REVIEW, access.of_subject),
        ReviewStorage(LOCAL_SUBJECT_ACCESS_REVIEW, access.of_local_subject),
        ReviewStorage(SELF_SUBJECT_RULES_REVIEW, _Rules(authorizer).of_caller),
        ReviewStorage(SELF_SUBJECT_REVIEW, _introduce),
    )


class ReviewStorage:
    """ResourceStorage of a kind that can only be created."""

    def __init__(self, kind: Kind, answer: _Answer) -> None:
        self.kind = kind
        self._answer = answer

    def create(self, call: Call, namespace: str, obj: Any) -> StoredVersion:
        obj.metadata.namespace = namespace
        self._answer(call.caller, obj)
        key = ObjectKey(str(self.kind.resource), namespace, obj.metadata.name)
        return StoredVersion(key, 0, "", self.kind.encode_tail(obj))

    def resolve(self, namespace: str, name: str) -> str:  # noqa: ARG002 - reviews have no other names
        return name

    def get(self, *_: Any, **__: Any) -> NoReturn:
        self._refuse("get")

    def list(self, *_: Any, **__: Any) -> NoReturn:
        self._refuse("list")

    def update(self, *_: Any, **__: Any) -> NoReturn:
        self._refuse("update")

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        self._refuse("delete")

    def _refuse(self, verb: str) -> NoReturn:
        raise MethodNotAllowed.of(self.kind.group, self.kind.plural, verb)


class _Access:
    """Answers whether somebody may do something."""

    def __init__(self, authorizer: RbacAuthorizer, resolve: Resolve | None) -> None:
        self._authorizer = authorizer
        self._resolve = resolve

    def of_caller(self, caller: Caller, review: SelfSubjectAccessReview) -> None:
        review.status = self._judge(SELF_SUBJECT_ACCESS_REVIEW, caller, review.spec)

    def of_subject(self, _: Caller, review: SubjectAccessReview) -> None:
        review.status = self._judge(SUBJECT_ACCESS_REVIEW, _subject(SUBJECT_ACCESS_REVIEW, review.spec), review.spec)

    def of_local_subject(self, _: Caller, review: LocalSubjectAccessReview) -> None:
        kind, spec = LOCAL_SUBJECT_ACCESS_REVIEW, review.spec
        if spec.non_resource_attributes is not None:
            given = msgspec.to_builtins(spec.non_resource_attributes)
            raise _wrong(kind, invalid("spec.nonResourceAttributes", given, "disallowed on this kind of request"))
        asked = spec.resource_attributes
        if asked is not None and asked.namespace != review.metadata.namespace:
            path = "spec.resourceAttributes.namespace"
            raise _wrong(kind, invalid(path, asked.namespace, "must match metadata.namespace"))
        review.status = self._judge(kind, _subject(kind, spec), spec)

    def _judge(self, kind: Kind, caller: Caller, spec: SelfSubjectAccessReviewSpec) -> AccessReviewStatus:
        decision = self._authorizer.decide(caller, self._attributes(kind, spec))
        return AccessReviewStatus(allowed=decision.allowed, reason=decision.reason)

    def _attributes(self, kind: Kind, spec: SelfSubjectAccessReviewSpec) -> Attributes:
        asked, outside = spec.resource_attributes, spec.non_resource_attributes
        if asked is not None and outside is None:
            return self._of_resource(kind, asked)
        if outside is not None and asked is None:
            return Attributes(outside.verb, path=outside.path)
        detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise _wrong(kind, invalid("spec.resourceAttributes", msgspec.to_builtins(asked), detail))

    def _of_resource(self, kind: Kind, asked: ResourceAttributes) -> Attributes:
        if not asked.resource:
            raise _wrong(kind, required("spec.resourceAttributes.resource", "the plural name of a resource, or *"))
        name = asked.name
        if name and self._resolve is not None:
            name = self._resolve(asked.group, asked.resource, asked.namespace, name)
        return Attributes(
            asked.verb, asked.group, asked.version, asked.resource, asked.subresource, asked.namespace, name
        )


class _Rules:
    """Answers what somebody may do at all."""

    def __init__(self, authorizer: RbacAuthorizer) -> None:
        self._authorizer = authorizer

    def of_caller(self, caller: Caller, review: SelfSubjectRulesReview) -> None:
        if not review.spec.namespace:
            raise BadRequest("no namespace on request")
        rules = self._authorizer.rules_for(caller, review.spec.namespace)
        review.status = SelfSubjectRulesReviewStatus(
            resource_rules=[_resource_rule(rule) for rule in rules if rule.resources],
            non_resource_rules=[_non_resource_rule(rule) for rule in rules if rule.urls],
            evaluation_error=self._authorizer.missing_for(caller, review.spec.namespace),
        )


def _introduce(caller: Caller, review: SelfSubjectReview) -> None:
    """Tells callers who they are."""
    review.metadata.creation_timestamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    review.status = SelfSubjectReviewStatus(user_info=user_info(caller))


def user_info(caller: Caller) -> UserInfo:
    extra = {key: list(values) for key, values in caller.extra}
    return UserInfo(username=caller.name, uid=caller.uid, groups=list(caller.groups), extra=extra)


def _wrong(kind: Kind, error: FieldError) -> Invalid:
    return Invalid.of(kind.group, kind.name, "", [error])


def _subject(kind: Kind, spec: SubjectAccessReviewSpec) -> Caller:
    if not spec.user and not spec.groups:
        raise _wrong(kind, invalid("spec.user", "", "at least one of user or group must be specified"))
    extra = tuple((key, tuple(values)) for key, values in spec.extra.items())
    return Caller(spec.user, tuple(spec.groups), spec.uid, extra)


def _resource_rule(rule: Rule) -> ResourceRule:
    return ResourceRule(
        verbs=list(rule.verbs),
        api_groups=list(rule.groups),
        resources=list(rule.resources),
        resource_names=list(rule.names),
    )


def _non_resource_rule(rule: Rule) -> NonResourceRule:
    return NonResourceRule(verbs=list(rule.verbs), non_resource_urls=list(rule.urls))
