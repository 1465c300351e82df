"""v1 ServiceAccount: a name for programs. Its tokens are made at the subresource `token`."""

from __future__ import annotations

from typing import Annotated

from porch.types.authentication import TOKEN_REQUEST
from porch.types.base import described
from porch.types.core import ObjectReference
from porch.types.kind import Kind
from porch.types.meta import NameReference, Object


class ServiceAccount(Object):
    secrets: Annotated[list[ObjectReference], described("Kept, not used.", merge_key="name")] = []
    image_pull_secrets: Annotated[list[NameReference], described("Kept, not used.", merge_key="name")] = []
    automount_service_account_token: Annotated[bool | None, described("Kept, not used.")] = None


SERVICE_ACCOUNT = Kind(
    "",
    "v1",
    "ServiceAccount",
    "serviceaccounts",
    ServiceAccount,
    short_names=("sa",),
    subresources=(("token", ("create",)),),
    subresource_kinds=(("token", TOKEN_REQUEST),),
)
