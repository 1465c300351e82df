"""One authorized request for a resource, as the verbs see it."""

from __future__ import annotations

from dataclasses import dataclass

from porch.apiserver.negotiate import Shape
from porch.apiserver.request import Request
from porch.apiserver.route import Target
from porch.objects import Call


@dataclass(frozen=True, slots=True)
class Operation:
    """`name` is the canonical name of the object, `target.name` the one that the client used; answers carry that one.
    For collections `name` is that of the one object that a field selector pins, and `given` the client's word for it.
    """

    request: Request
    target: Target
    call: Call
    shape: Shape
    include: str
    name: str = ""
    given: str = ""
