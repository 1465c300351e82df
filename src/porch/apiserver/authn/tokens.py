"""Bearer tokens from files in Kubernetes' format: `token,user,uid,"group1,group2"`, one a line, the groups optional.

A file that changes is read again at the next request. While its new content is wrong, the last good one holds and the
log says so; a file that is taken away takes its tokens along. Tokens are kept as digests only: a lookup then tells
nothing by its timing, and no log, error or repr can show one.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock

import structlog

from porch.errors import BadRequest, ServiceUnavailable
from porch.objects import MASTERS, Caller
from porch.pki import write_private

MAX_FILE_BYTES = 1024 * 1024
_log = structlog.get_logger(__name__)

_Stamp = tuple[int, int, int]
_ABSENT: _Stamp = (0, 0, 0)


def ensure_token_file(path: Path, user: str = "porch-admin", group: str = MASTERS) -> None:
    """Makes a file with one random token when there is none. Raises ServiceUnavailable."""
    if path.exists():
        return
    line = f'{secrets.token_urlsafe(32)},{user},{user},"{group}"\n'
    try:
        write_private(path, line.encode())
    except OSError as error:
        raise ServiceUnavailable(f"cannot write the token file {path}: {error.strerror or error}") from error


class Tokens:
    """The tokens of some files; the first file that knows one decides."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Raises BadRequest for a file that is missing or wrong: at start somebody is there to correct it."""
        self._files = [_TokenFile(path) for path in files]

    def caller(self, token: bytes) -> Caller | None:
        digest = sha256(token).digest()
        for file in self._files:
            if (caller := file.callers().get(digest)) is not None:
                return caller
        return None


class _TokenFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._stamp = _stamp(path)
        if self._stamp == _ABSENT:
            raise BadRequest(f"there is no token file {path}")
        self._callers = _read(path)

    def callers(self) -> Mapping[bytes, Caller]:
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            with self._lock:
                self._reload(stamp)
        return self._callers

    def _reload(self, stamp: _Stamp) -> None:
        if stamp == self._stamp:
            return
        try:
            self._callers = {} if stamp == _ABSENT else _read(self._path)
        except BadRequest as error:
            _log.warning("token file not read again, its last good content holds", problem=error.message)
        # This stamp is older than what was read: a change since then differs from it and is read in its turn.
        self._stamp = stamp


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return _ABSENT
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> dict[bytes, Caller]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BadRequest(f"cannot read the token file {path}: {error.strerror or error}") from error
    if len(data) > MAX_FILE_BYTES:
        raise BadRequest(f"the token file {path} is larger than {MAX_FILE_BYTES} bytes")
    try:
        return _parse(data)
    except (ValueError, csv.Error) as error:
        # A codec's error would quote the bytes it fell over, so it is neither shown nor chained.
        problem = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise BadRequest(f"cannot use the token file {path}: {problem}") from None


def _parse(data: bytes) -> dict[bytes, Caller]:
    """Raises ValueError or csv.Error that name the line, never its content."""
    callers: dict[bytes, Caller] = {}
    rows = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    for row in rows:
        if not row:
            continue
        digest, caller = _entry(row, rows.line_num)
        if digest in callers:
            raise ValueError(f"line {rows.line_num} repeats a token")
        callers[digest] = caller
    return callers


def _entry(row: Sequence[str], line: int) -> tuple[bytes, Caller]:
    if not 3 <= len(row) <= 4:
        raise ValueError(
            f'line {line} has {len(row)} columns, wanted are token,user,uid and optionally "group1,group2"'
        )
    token, user, uid, *rest = (cell.strip() for cell in row)
    if not token or not user:
        raise ValueError(f"line {line} lacks its {'user' if token else 'token'}")
    groups = tuple(group.strip() for cell in rest for group in cell.split(",") if group.strip())
    return sha256(token.encode()).digest(), Caller(user, groups, uid)
