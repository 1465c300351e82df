"""What every standalone server has from its first start: the namespaces that clients take for granted."""

from __future__ import annotations

from porch.errors import AlreadyExists
from porch.objects.checks import SYSTEM_NAMESPACES
from porch.objects.interface import MASTERS, Call, Caller, ResourceStorage
from porch.types.core import Namespace
from porch.types.meta import ObjectMeta


def create_system_namespaces(namespaces: ResourceStorage) -> None:
    """Safe to call at every start."""
    call = Call(Caller("system:apiserver", (MASTERS,)))
    for name in SYSTEM_NAMESPACES:
        try:
            namespaces.create(call, "", Namespace(metadata=ObjectMeta(name=name)))
        except AlreadyExists:
            continue
