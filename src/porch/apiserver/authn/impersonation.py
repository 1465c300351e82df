"""`kubectl --as`: a caller who may `impersonate` is taken for the user whom the Impersonate-* headers name.

Wraps another Authenticator. Every single thing that is asked for (user, each group, uid, each extra value) needs its
own permission, as in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from porch.apiserver.authn.chain import ANONYMOUS
from porch.apiserver.interface import Attributes, Authenticator, Authorizer, ClientCertificate
from porch.errors import BadRequest
from porch.objects import AUTHENTICATED, UNAUTHENTICATED, Caller
from porch.types.reviews import AUTHENTICATION

_PREFIX = b"impersonate-"
_EXTRA = "extra-"
_SERVICE_ACCOUNT = "system:serviceaccount:"


class Impersonation:
    def __init__(self, inner: Authenticator, authorizer: Authorizer) -> None:
        self._inner = inner
        self._authorizer = authorizer

    def authenticate(self, headers: Sequence[tuple[bytes, bytes]], certificate: ClientCertificate | None) -> Caller:
        """Raises Forbidden, or BadRequest for headers that name no user."""
        caller = self._inner.authenticate(headers, certificate)
        asked = [(name[len(_PREFIX) :], value) for name, value in headers if name.startswith(_PREFIX)]
        if not asked:
            return caller
        wanted = _wanted([(name.decode("latin-1"), _text(value)) for name, value in asked])
        for attributes in _permissions(wanted):
            self._authorizer.authorize(caller, attributes)
        return _completed(wanted)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise BadRequest("Impersonate headers must be in UTF-8") from None


def _wanted(asked: Sequence[tuple[str, str]]) -> Caller:
    """The user as the headers have it."""
    extra: dict[str, list[str]] = {}
    for header, value in asked:
        if header.startswith(_EXTRA):
            extra.setdefault(unquote(header.removeprefix(_EXTRA)).lower(), []).append(value)
        elif header not in {"user", "group", "uid"}:
            raise BadRequest(f"unknown header Impersonate-{header.title()}")
    name, uid = _single(asked, "user"), _single(asked, "uid")
    if not name:
        raise BadRequest("groups, uid and extra cannot be impersonated without Impersonate-User")
    groups = tuple(value for header, value in asked if header == "group")
    return Caller(name, groups, uid, tuple((key, tuple(values)) for key, values in extra.items()))


def _single(asked: Sequence[tuple[str, str]], wanted: str) -> str:
    values = [value for header, value in asked if header == wanted]
    if len(values) > 1:
        raise BadRequest(f"Impersonate-{wanted.title()} must be given once")
    return values[0] if values else ""


def _permissions(wanted: Caller) -> Iterator[Attributes]:
    if account := _service_account(wanted.name):
        namespace, name = account
        yield _impersonate("", "serviceaccounts", name, namespace=namespace)
    else:
        yield _impersonate("", "users", wanted.name)
    for group in wanted.groups:
        yield _impersonate("", "groups", group)
    if wanted.uid:
        yield _impersonate(AUTHENTICATION, "uids", wanted.uid)
    for key, values in wanted.extra:
        for value in values:
            yield _impersonate(AUTHENTICATION, "userextras", value, subresource=key)


def _impersonate(group: str, resource: str, name: str, *, namespace: str = "", subresource: str = "") -> Attributes:
    return Attributes("impersonate", group, "v1", resource, subresource, namespace, name)


def _service_account(name: str) -> tuple[str, str] | None:
    """Namespace and name, when the user is a service account."""
    namespace, separator, account = name.removeprefix(_SERVICE_ACCOUNT).partition(":")
    well_formed = name.startswith(_SERVICE_ACCOUNT) and separator and namespace and account and ":" not in account
    return (namespace, account) if well_formed else None


def _completed(wanted: Caller) -> Caller:
    """With the groups that everybody of its kind is in."""
    groups = wanted.groups
    if not groups and (account := _service_account(wanted.name)):
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{account[0]}")
    everybody = UNAUTHENTICATED if wanted.name == ANONYMOUS.name else AUTHENTICATED
    if everybody not in groups and UNAUTHENTICATED not in groups:
        groups = (*groups, everybody)
    return Caller(wanted.name, groups, wanted.uid, wanted.extra)
