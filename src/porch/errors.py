"""The error tree: every failure that a user can see, each with one HTTP code and one Status reason.

    PorchError
    ├── BadRequest            400  the request cannot be understood
    ├── Unauthorized          401  nobody is known to have sent it
    ├── Forbidden             403  somebody known may not do it
    ├── NotFound              404
    ├── MethodNotAllowed      405  the resource has no such verb
    ├── NotAcceptable         406  no representation that the client accepts
    ├── AlreadyExists         409
    ├── Conflict              409  the object, or a ref, has moved meanwhile
    ├── Gone                  410  handed to another API version
    ├── Expired               410  history before this resourceVersion was compacted
    ├── RequestTooLarge       413
    ├── UnsupportedMediaType  415
    ├── Invalid               422  understood, but fields are wrong; carries FieldErrors
    ├── TooManyRequests       429  carries retry_after
    ├── InternalError         500  our own fault; never raised for bad input
    ├── ServiceUnavailable    503  a part that we need (remote, store) does not answer
    └── Timeout               504

Adapters convert foreign exceptions at their door and chain them. Nothing here decides by text. The apiserver turns
an error into a Kubernetes Status object; the message texts follow Kubernetes so that scripts keep working.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: `field` is its JSON path, `reason` a Kubernetes cause reason, `text` what kubectl prints."""

    field: str
    reason: str
    text: str

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"


def _show(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))[:1024]


def required(path: str, detail: str = "") -> FieldError:
    return FieldError(path, "FieldValueRequired", "Required value" + (f": {detail}" if detail else ""))


def invalid(path: str, value: Any, detail: str) -> FieldError:
    return FieldError(path, "FieldValueInvalid", f"Invalid value: {_show(value)}: {detail}")


def not_supported(path: str, value: Any, supported: Sequence[str]) -> FieldError:
    allowed = ", ".join(_show(item) for item in supported)
    return FieldError(path, "FieldValueNotSupported", f"Unsupported value: {_show(value)}: supported values: {allowed}")


def duplicate(path: str, value: Any) -> FieldError:
    return FieldError(path, "FieldValueDuplicate", f"Duplicate value: {_show(value)}")


def forbidden(path: str, detail: str) -> FieldError:
    return FieldError(path, "FieldValueForbidden", f"Forbidden: {detail}")


def too_long(path: str, limit: int) -> FieldError:
    return FieldError(path, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes")


def too_many(path: str, count: int, limit: int) -> FieldError:
    return FieldError(path, "FieldValueTooMany", f"Too many: {count}: must have at most {limit} items")


@dataclass(frozen=True, slots=True)
class Details:
    """What a Status says beside its message. `kind` is the plural resource, for Invalid the Kind."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: tuple[FieldError, ...] = field(default=())


class PorchError(Exception):
    """The request failed."""

    code: ClassVar[int] = 500
    reason: ClassVar[str] = "InternalError"

    def __init__(self, message: str = "", *, details: Details | None = None, retry_after: int | None = None) -> None:
        """`message` defaults to the class's sentence; `retry_after` is in seconds."""
        self.message = message or (type(self).__doc__ or "").strip()
        self.details = details
        self.retry_after = retry_after
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled whole: errors come back from worker processes."""
        return _rebuild, (type(self), self.message, self.details, self.retry_after)


def _rebuild(kind: type[PorchError], message: str, details: Details | None, retry_after: int | None) -> PorchError:
    return kind(message, details=details, retry_after=retry_after)


class BadRequest(PorchError):
    """The request cannot be understood."""

    code, reason = 400, "BadRequest"


class Unauthorized(PorchError):
    """Unauthorized"""

    code, reason = 401, "Unauthorized"


class _OfResource(PorchError):
    """Errors about one named object, worded as Kubernetes words them."""

    @classmethod
    def _of(cls, group: str, resource: str, name: str, message: str, **more: Any) -> Self:
        return cls(message, details=Details(name=name, group=group, kind=resource), **more)


def _label(group: str, name: str) -> str:
    return f"{name}.{group}" if group else name


class Forbidden(_OfResource):
    """You may not do that."""

    code, reason = 403, "Forbidden"

    @classmethod
    def of(cls, group: str, resource: str, name: str, why: str) -> Self:
        subject = f'{_label(group, resource)} "{name}"' if name else _label(group, resource)
        return cls._of(group, resource, name, f"{subject} is forbidden: {why}")


class NotFound(_OfResource):
    """There is no such object."""

    code, reason = 404, "NotFound"

    @classmethod
    def of(cls, group: str, resource: str, name: str) -> Self:
        return cls._of(group, resource, name, f'{_label(group, resource)} "{name}" not found')


class MethodNotAllowed(_OfResource):
    """the server does not allow this method on the requested resource"""

    code, reason = 405, "MethodNotAllowed"

    @classmethod
    def of(cls, group: str, resource: str, verb: str) -> Self:
        """`verb` may be a whole sentence: `<verb> is not supported on resources of kind "R.G"`."""
        text = f'{verb} is not supported on resources of kind "{_label(group, resource)}"'
        return cls._of(group, resource, "", text)


class NotAcceptable(PorchError):
    """No representation of the answer is acceptable to the client."""

    code, reason = 406, "NotAcceptable"


class AlreadyExists(_OfResource):
    """There is such an object already."""

    code, reason = 409, "AlreadyExists"

    @classmethod
    def of(cls, group: str, resource: str, name: str) -> Self:
        return cls._of(group, resource, name, f'{_label(group, resource)} "{name}" already exists')


class Conflict(_OfResource):
    """The object has changed meanwhile."""

    code, reason = 409, "Conflict"

    @classmethod
    def of(cls, group: str, resource: str, name: str, why: str) -> Self:
        text = f'Operation cannot be fulfilled on {_label(group, resource)} "{name}": {why}'
        return cls._of(group, resource, name, text)

    @classmethod
    def modified(cls, group: str, resource: str, name: str) -> Self:
        """The optimistic lock failed; the text is the one that clients retry on."""
        why = "the object has been modified; please apply your changes to the latest version and try again"
        return cls.of(group, resource, name, why)


class Gone(PorchError):
    """The object is served by another API version."""

    code, reason = 410, "Gone"


class Expired(PorchError):
    """The requested resourceVersion is too old."""

    code, reason = 410, "Expired"

    def __init__(self, message: str = "", *, continue_token: str = "", **more: Any) -> None:
        """`continue_token` leads on to the rest of a list that cannot be finished as it was begun."""
        super().__init__(message, **more)
        self.continue_token = continue_token


class RequestTooLarge(PorchError):
    """Request entity too large."""

    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(PorchError):
    """The body of the request was in an unknown format."""

    code, reason = 415, "UnsupportedMediaType"


class Invalid(PorchError):
    """The object is invalid."""

    code, reason = 422, "Invalid"

    @classmethod
    def of(cls, group: str, kind: str, name: str, errors: Sequence[FieldError]) -> Self:
        """At least one FieldError; several are printed as `[e1, e2]`, equal ones once."""
        unique = tuple(dict.fromkeys(errors))
        shown = str(unique[0]) if len(unique) == 1 else f"[{', '.join(map(str, unique))}]"
        text = f'{_label(group, kind)} "{name}" is invalid: {shown}'
        return cls(text, details=Details(name=name, group=group, kind=kind, causes=unique))


class TooManyRequests(PorchError):
    """Too many requests, please try again later."""

    code, reason = 429, "TooManyRequests"


class InternalError(PorchError):
    """An error of ours; the log has more under this request's Audit-Id."""

    code, reason = 500, "InternalError"


class ServiceUnavailable(PorchError):
    """The server is currently unable to handle the request."""

    code, reason = 503, "ServiceUnavailable"

    @classmethod
    def damaged(cls, what: str) -> Self:
        """For data of our own that cannot be read any more."""
        return cls(f"{what} is damaged: stop the server and run `porch index rebuild`")


_EXHAUSTED = {
    errno.EMFILE: "the server has as many open files as the system allows it",
    errno.ENFILE: "the system has as many open files as it allows",
    errno.ENOSPC: "the server's disk is full",
    errno.EDQUOT: "the server's disk is full",
    errno.ENOMEM: "the server is out of memory",
    errno.EAGAIN: "the system allows the server no more processes or threads",
    errno.EIO: "the server's disk cannot be read or written",
    errno.EROFS: "the server's disk cannot be written",
}


def exhausted(error: BaseException) -> ServiceUnavailable | None:
    """Our error for a system that has no more to give; None for any other."""
    if isinstance(error, MemoryError):
        return ServiceUnavailable("the server is out of memory for this request", retry_after=5)
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        return ServiceUnavailable(_EXHAUSTED[error.errno], retry_after=5)
    if isinstance(error, OSError) and error.errno is None:  # libgit2's, which says it in words only
        return ServiceUnavailable("the server's repositories cannot be read or written now", retry_after=5)
    return None


class Timeout(PorchError):
    """The request did not complete in time."""

    code, reason = 504, "Timeout"
