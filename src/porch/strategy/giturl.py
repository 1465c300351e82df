"""Which addresses a git Repository may have: http, https, file, or `hosted:///NAME` for one that this server keeps.

What an address leads to (an allowed directory, a resolved IP address) is checked elsewhere; here it is only text. An
address is shown in errors without what may be a credential in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, unquote, urlsplit

from porch.errors import FieldError, forbidden, invalid, required, too_long
from porch.keys import label_problems
from porch.strategy import addresses

MAX_LENGTH = 2048
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")
_SCHEMES = (
    "must begin with https://, http:// or file:///, or be hosted:///NAME for a repository that this server keeps; SSH "
    "is not supported: use the https URL and name a secret in spec.git.secretRef"
)


def url_errors(path: str, url: str) -> list[FieldError]:
    """What is wrong with `url`, the value of the field `path`."""
    if not url:
        return [required(path, "the URL of the repository, or hosted:///NAME")]
    if len(url.encode(errors="replace")) > MAX_LENGTH:
        return [too_long(path, MAX_LENGTH)]
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return [invalid(path, _shown(url), "is no URL: host or port is malformed")]
    if parts.scheme in {"http", "https"} and "@" in parts.netloc:
        text = "must not contain a user or password: put them in a secret, named in spec.git.secretRef"
        return [forbidden(path, text)]
    problem = _problem(url, parts)
    return [invalid(path, _shown(url), problem)] if problem else []


def has_controls(text: str) -> bool:
    return any(character < " " or "\x7f" <= character <= "\x9f" for character in text)


def credential_problem(url: str) -> str:
    """Why no secret may be sent to this URL, which has passed `url_errors`; empty when one may."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        return f"a {parts.scheme} URL takes no credentials: leave secretRef out"
    if parts.scheme == "http" and not addresses.is_loopback(parts.hostname or ""):
        return "credentials are only sent over https or to this machine: use an https URL or leave secretRef out"
    return ""


def file_path(url: str) -> str | None:
    """The path of a file URL that has passed `url_errors`; None for other URLs."""
    parts = urlsplit(url)
    return unquote(parts.path) if parts.scheme == "file" else None


def _shown(url: str) -> str:
    return url.rpartition("@")[2].partition("?")[0]


def _problem(url: str, parts: SplitResult) -> str:
    if has_controls(unquote(url)) or " " in url or "\\" in url:
        return "must not contain spaces, backslashes or control characters"
    # As written: git takes `file:/x` and `HTTPS://x` for something else than URLs.
    if parts.scheme not in _RULES or not url.startswith(f"{parts.scheme}://"):
        return _SCHEMES
    if parts.query or parts.fragment:
        return "must not have a query or fragment"
    if {".", ".."} & set(unquote(parts.path).split("/")):
        return "must not have '.' or '..' segments"
    return _RULES[parts.scheme](parts)


def _hosted_problem(parts: SplitResult) -> str:
    name = parts.path.removeprefix("/")
    if parts.netloc or not parts.path.startswith("/") or label_problems(name):
        return "must be hosted:///NAME, where NAME has lower case letters, digits and '-', at most 63 characters"
    return ""


def _file_problem(parts: SplitResult) -> str:
    local = not parts.netloc and parts.path.strip("/")
    return "" if local else "must be file:///PATH with an absolute path on this server"


def _remote_problem(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not _HOST.fullmatch(host):
        return "needs a host of letters, digits, '-' and '.' (write international names in Punycode)"
    if not parts.path.strip("/"):
        return "must name a repository on the host, like https://example.com/team/blueprints.git"
    address = addresses.literal_address(host)
    if address is not None and addresses.is_refused(address):
        return "link-local and special addresses are refused: use the address of a git server"
    return ""


_RULES: dict[str, Callable[[SplitResult], str]] = {
    "http": _remote_problem,
    "https": _remote_problem,
    "file": _file_problem,
    "hosted": _hosted_problem,
}
