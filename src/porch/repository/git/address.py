"""Where a git repository is and how it is used: the git part of a Repository's spec, checked.

Secrets travel only over https or to this machine itself, and link-local addresses, where clouds keep their metadata
services, are never connected to.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from porch.errors import BadRequest, ServiceUnavailable
from porch.keys import RepositoryKey
from porch.repository.git.refnames import name_problem
from porch.repository.interface import Author, Credentials

PORCH = Author("Package Orchestration Service", "porch@kpt.dev")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class GitAddress:
    """`directory` is without slashes at its ends. `author` and `email`, when set, replace the author of commits.
    `key` is the Repository that has this address; texts name it.
    """

    url: str
    key: RepositoryKey
    branch: str = "main"
    directory: str = ""
    create_branch: bool = False
    author: str = ""
    email: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "directory", self.directory.strip("/"))
        if problem := name_problem(self.branch):
            raise BadRequest(f'error cloning git repository {self.url}, branch name "{self.branch}" invalid: {problem}')

    @property
    def label(self) -> str:
        """Upstream's name for a repository in its texts."""
        return f"{self.key.namespace}:{self.key.name}:{self.directory}:{self.branch}"

    def author_of(self, asked: Author) -> Author:
        """The author that a commit gets; one of the two settings stands in for the other."""
        if self.author or self.email:
            return Author(self.author or self.email, self.email or self.author)
        return asked if asked.name or asked.email else PORCH


def parse_url(url: str) -> SplitResult:
    """An http, https or file URL. Raises BadRequest that names the remedy."""
    if not url:
        raise BadRequest("git.repo property is required")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise BadRequest(f"git.repo is no valid URL: {error}") from error
    if parts.scheme not in {"http", "https", "file"}:
        raise BadRequest("git.repo must be an http, https or file URL")
    if parts.username or parts.password:
        raise BadRequest("git.repo must not contain credentials; put them into the secret that secretRef names")
    if re.search(r"[\x00-\x20\x7f]", url) or parts.query or parts.fragment:
        raise BadRequest("git.repo must not contain spaces, control characters, a query or a fragment")
    if parts.scheme == "file" and (parts.netloc not in {"", "localhost"} or not parts.path.startswith("/")):
        raise BadRequest("git.repo must be file:/// followed by an absolute path")
    if parts.scheme != "file" and not parts.hostname:
        raise BadRequest("git.repo must name a host")
    return parts


def file_path(parts: SplitResult) -> str:
    return unquote(parts.path)


def check_credentials(parts: SplitResult, credentials: Credentials | None) -> None:
    """Raises BadRequest when a secret would travel in the clear."""
    if credentials is None or parts.scheme == "https":
        return
    if parts.scheme == "file":
        raise BadRequest("a file URL takes no credentials; remove secretRef")
    if not all(address.is_loopback for address in resolve(parts)):
        raise BadRequest("credentials are sent only over https or to this machine; use an https URL in git.repo")


def check_host(parts: SplitResult) -> None:
    """Raises BadRequest for a host that must not be connected to, ServiceUnavailable when it has no address."""
    if parts.scheme == "file":
        return
    for address in resolve(parts):
        if address.is_link_local or address.is_unspecified or address.is_multicast:
            raise BadRequest(f"git.repo leads to {address}, a link-local or special address; that is not allowed")


def resolve(parts: SplitResult) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or _PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ServiceUnavailable(f"cannot find the address of git host {host}: {error}") from error
    return [_plain(str(sockaddr[0])) for *_, sockaddr in found]


def _plain(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
