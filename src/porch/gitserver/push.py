"""One push, wholly received: check every ref, let git check and store the objects, tell the index."""

from __future__ import annotations

from typing import BinaryIO

import structlog

from porch.errors import PorchError
from porch.gitserver import process
from porch.gitserver.access import Access
from porch.gitserver.interface import Hosted, HostedRepositories
from porch.gitserver.pktline import Push, read_push, refusal_report
from porch.gitserver.rules import refusal
from porch.observe import step
from porch.repository.git.refnames import branch_ref

_log = structlog.get_logger(__name__)


class PushHandler:
    """Its methods run on threads. `seconds` bounds the time that git may take."""

    def __init__(self, repositories: HostedRepositories, seconds: float) -> None:
        self._repositories = repositories
        self._seconds = seconds

    def receive(self, body: BinaryIO, namespace: str, name: str, hosted: Hosted, access: Access) -> bytes:
        """The answer in git's report format. Raises BadRequest, Timeout, TooManyRequests."""
        push = read_push(body)
        if not push.commands:  # git asks so whether its password is good before it sends a big pack
            return b""
        if reasons := _refusals(push, hosted, access):
            _log.info("push refused", repository=f"{namespace}/{name}", user=access.caller.name, refs=list(reasons))
            return refusal_report(push, reasons)
        try:
            with step("git.receive-pack"), self._repositories.locked(namespace, name):
                return process.run(_command(push, hosted), body, self._seconds)
        finally:
            self._tell(namespace, name)

    def _tell(self, namespace: str, name: str) -> None:
        """The refs have moved whatever happens here; the next synchronisation makes up for a failure."""
        try:
            with step("git.pushed"):
                self._repositories.pushed(namespace, name)
        except PorchError as error:
            _log.warning("a push is not indexed yet", repository=f"{namespace}/{name}", error=error.message)


def _refusals(push: Push, hosted: Hosted, access: Access) -> dict[str, str]:
    """A line for every ref if any is refused: a push is done as a whole or not at all."""
    found = {command.ref: refusal(command, hosted, access.may_update) for command in push.commands}
    first = next((ref for ref, reason in found.items() if reason), None)
    if first is None:
        return {}
    return {ref: reason or f"not done, because {first} was refused" for ref, reason in found.items()}


def _command(push: Push, hosted: Hosted) -> list[str]:
    published = set(map(branch_ref, hosted.branches))
    forward_only = any(command.ref in published for command in push.commands)
    return process.receive_pack(hosted.path, forward_only=forward_only)
