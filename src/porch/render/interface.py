"""What rendering a package gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from porch.errors import FieldError
from porch.types.resources import RenderStatus

Package = Mapping[str, bytes]
"""All files of a package: path relative to its root to content."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`problems` is empty when the render succeeded; their fields are like `spec.resources[a.yaml]`.

    After a failure `files` are those that were given, with the failure in the root Kptfile's Rendered condition; they
    may be stored if the user asked for it (push-on-render-failure) and `storable` says that the Kptfile could take it.
    """

    files: Package
    status: RenderStatus = field(default_factory=RenderStatus)
    problems: tuple[FieldError, ...] = ()
    storable: bool = True
