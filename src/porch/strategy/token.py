"""Rules of a TokenRequest, and how long its token lasts."""

from __future__ import annotations

from typing import ClassVar

from porch.errors import FieldError, invalid, not_supported, required
from porch.strategy.interface import Strategy
from porch.types.authentication import BoundObjectReference, TokenRequest

DEFAULT_SECONDS, LEAST_SECONDS = 3600, 600
_MOST_SECONDS = 2**32
_MOST_AUDIENCES = 100


class TokenRequestStrategy(Strategy):
    must_name_version: ClassVar[bool] = False

    def validate(self, obj: TokenRequest) -> list[FieldError]:
        spec = obj.spec
        errors = _bound_errors(spec.bound_object_ref) if spec.bound_object_ref else []
        seconds = DEFAULT_SECONDS if spec.expiration_seconds is None else spec.expiration_seconds
        if seconds < LEAST_SECONDS:
            why = "may not specify a duration less than 10 minutes"
            errors.append(invalid("spec.expirationSeconds", seconds, why))
        if seconds > _MOST_SECONDS:
            why = "may not specify a duration larger than 2^32 seconds"
            errors.append(invalid("spec.expirationSeconds", seconds, why))
        if len(spec.audiences) > _MOST_AUDIENCES or not all(spec.audiences):
            why = f"must be at most {_MOST_AUDIENCES} texts, none of them empty"
            errors.append(invalid("spec.audiences", spec.audiences[:3], why))
        return errors


def _bound_errors(ref: BoundObjectReference) -> list[FieldError]:
    if (ref.api_version, ref.kind) != ("v1", "Secret"):
        return [not_supported("spec.boundObjectRef.kind", f"{ref.api_version}/{ref.kind}", ("v1/Secret",))]
    return [] if ref.name else [required("spec.boundObjectRef.name")]
