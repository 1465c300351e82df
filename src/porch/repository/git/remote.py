"""A repository elsewhere: the mirror follows it by fetching, and a push moves its refs in one request.

Pushing is ours, because it is on the path of every create; fetching and listing are the git executable's. After an
accepted push the mirror's own refs follow, so that the next draft builds on them without a fetch.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import SplitResult

from porch.errors import BadRequest, Conflict, PorchError, ServiceUnavailable
from porch.repository.git.address import GitAddress, check_credentials, check_host, parse_url
from porch.repository.git.executable import GitFailed, environment, run_git
from porch.repository.git.mirror import Mirror
from porch.repository.git.moves import check_fast_forward, in_order, move_refs
from porch.repository.git.pack import build_pack
from porch.repository.git.protocol import Advertisement, Malformed, push_request, read_advertisement, read_report
from porch.repository.git.refnames import HEADS, TAGS
from porch.repository.git.refs import LISTED, clear_stale_locks, clear_torn_refs
from porch.repository.git.repository import GitRepository
from porch.repository.git.wire import FileWire, Unclear, Wire, authorization
from porch.repository.interface import Credentials, PushReport
from porch.store import RefMove
from porch.workers import WorkerPool

_BEGUN = time.time()
"""A lock in a mirror that is older than this process is that of a dead one: nobody else writes there. It would fail
every fetch.
"""
_SLOW_BYTES, _SLOW_SECONDS = 1000, 20  # a transfer slower than this for so long is given up


class RemoteOrigin:
    sends_objects = True

    def __init__(
        self, mirror: Mirror, address: GitAddress, credentials: Credentials | None, ca: str, deadline: float
    ) -> None:
        self._mirror = mirror
        self._address = address
        self._url = parse_url(address.url)
        check_credentials(self._url, credentials)
        self._deadline = deadline
        self._config = _git_config(mirror.path, self._url, credentials, ca)
        self._wire = _wire(self._url, credentials, ca, deadline)
        self._lock = threading.Lock()
        self._advertised: Advertisement | None = None
        self._fetching = threading.Lock()
        self._meanwhile: list[RefMove] = []

    def push(self, moves: Sequence[RefMove], pack: bytes) -> PushReport:
        """See `Repository.push`. An empty pack means that the objects are to be collected from the mirror."""
        ordered = in_order(moves)
        for move in ordered:
            check_fast_forward(self._mirror, move)
        capabilities = self._capabilities()
        if not pack and any(move.new for move in moves):
            pack = self._collect(moves)
        if "atomic" in capabilities or len(ordered) == 1:
            return self._send_and_follow(ordered, pack, capabilities)
        return self._one_by_one(ordered, pack, capabilities)

    def _one_by_one(self, moves: Sequence[RefMove], pack: bytes, capabilities: frozenset[str]) -> PushReport:
        """For a server that could take some refs of a push and refuse others: the branch, the tag, the deletions, and
        none after one that was not taken. The objects go with the first.
        """
        report = PushReport(accepted=True)
        for number, move in enumerate(moves):
            report = self._send_and_follow([move], build_pack([]) if number else pack, capabilities)
            if not report.accepted:
                break
        return report

    def _send_and_follow(self, moves: Sequence[RefMove], pack: bytes, capabilities: frozenset[str]) -> PushReport:
        report = self._send(moves, pack, capabilities)
        if report.accepted:
            self._follow(moves)
        else:
            self._advertised = None
        return report

    def _send(self, moves: Sequence[RefMove], pack: bytes, capabilities: frozenset[str]) -> PushReport:
        try:
            answer = self._wire.push(push_request(moves, pack, capabilities))
        except Unclear as error:
            return PushReport(accepted=False, text=str(error), answered=False)
        except ServiceUnavailable:
            self._advertised = None
            raise
        return read_report(answer, moves, capabilities)

    def _capabilities(self) -> frozenset[str]:
        """From one advertisement for all pushes; read again after any surprise."""
        with self._lock:
            if self._advertised is None:
                try:
                    self._advertised = read_advertisement(self._wire.advertisement())
                except Malformed as error:
                    raise ServiceUnavailable(f"failed to push to remote: it is no git repository: {error}") from error
            found = self._advertised.capabilities
        formats = {word for word in found if word.startswith("object-format=")}
        if formats and "object-format=sha1" not in formats:
            raise BadRequest("the remote uses SHA-256 object names; only SHA-1 repositories can be used")
        return found

    def _collect(self, moves: Sequence[RefMove]) -> bytes:
        """A pack of what the remote lacks, as far as the mirror knows its refs."""
        known = (f"^{target}" for target in set(self._mirror.refs().values()))
        tips = "\n".join([*(move.new for move in moves if move.new), *known, ""])
        try:
            arguments = ["pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset"]
            return run_git(arguments, cwd=self._mirror.path, stdin=tips.encode(), deadline=self._deadline)
        except GitFailed as error:
            raise ServiceUnavailable(f"failed to push to remote: cannot collect the objects: {error}") from error

    def _follow(self, moves: Sequence[RefMove]) -> None:
        """The mirror's refs move as the remote's did. One that a fetch has brought further stays there."""
        with self._lock:
            if self._fetching.locked():
                self._meanwhile += moves
        for move in moves:
            try:
                move_refs(self._mirror, [move])
            except Conflict:
                continue

    def read_refs(self, refs: Sequence[str]) -> dict[str, str]:
        try:
            check_host(self._url)
            listing = self._git("ls-remote", "--quiet", "--refs", "--", self._address.url)
        except GitFailed as error:
            raise ServiceUnavailable(f"cannot read the refs of {self._address.url}: {error}") from error
        wanted = set(refs)
        lines = (
            line.split("\t", 1) for line in listing.decode("utf-8", "surrogateescape").splitlines() if "\t" in line
        )
        return {ref: target for target, ref in lines if ref in wanted}

    def list_refs(self) -> dict[str, str] | None:
        """Asked on the kept connection, without a process: this is all that a remote at rest costs."""
        check_host(self._url)
        try:
            listed = read_advertisement(self._wire.listing()).refs
        except Malformed:
            return None
        except Unclear as error:
            raise ServiceUnavailable(self._unreachable(str(error))) from error
        LISTED.inc(len(listed))
        return {ref: target for ref, target in listed.items() if ref.startswith((HEADS, TAGS))}

    def check(self) -> None:
        if self.list_refs() is None and (status := self._wire.status()) >= 300:
            raise self.explain(f"status code: {status}")

    def fetch(self, into: str = "") -> None:
        options = ["--quiet", "--prune", "--no-auto-gc", "--no-write-fetch-head", "--no-tags", "--force"]
        refspecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        try:
            check_host(self._url)
            with self._fetching:
                self._git("fetch", *options, "--", self._address.url, *refspecs, cwd=into)
        except GitFailed as error:
            raise self.explain(str(error)) from error
        finally:
            self._repeat_meanwhile()

    def fetch_objects(self, refspecs: Sequence[str], options: Sequence[str], limit: int) -> None:
        """Fetches these refs or object names and no others. No file may become larger than `limit` bytes. Raises as
        `fetch`.
        """
        quiet = ["--quiet", "--no-auto-gc", "--no-write-fetch-head", "--no-tags"]
        arguments = ["fetch", *quiet, *options, "--stdin", "--", self._address.url]
        try:
            check_host(self._url)
            self._git(*arguments, stdin="\n".join(refspecs).encode(), file_limit=limit)
        except GitFailed as error:
            raise self.explain(str(error)) from error

    def _repeat_meanwhile(self) -> None:
        """A fetch that listed refs before a push, and wrote them after it, has undone the push in the mirror."""
        with self._lock:
            moves, self._meanwhile = self._meanwhile, []
        self._follow(moves)

    def explain(self, words: str) -> PorchError:
        """Why the remote could not be read. Git says so only in words, so the kind of failure is found out by asking
        the remote once more.
        """
        text = self._unreachable("")
        status = self._wire.status()
        if status in {401, 403}:
            return BadRequest(
                f"{text}authentication required: check the secret that spec.git.secretRef names ({words})"
            )
        if status in {404, 410}:
            return BadRequest(f"{text}repository not found: {words}")
        return ServiceUnavailable(text + words)

    def _unreachable(self, words: str) -> str:
        return (
            f"error cloning git repository {self._address.url}, fetch of remote repository failed: "
            f"cannot fetch repository {self._address.label}: {words}"
        )

    def _git(self, *arguments: str, stdin: bytes = b"", file_limit: int = 0, cwd: str = "") -> bytes:
        env, path = environment(self._url.scheme, self._config), cwd or self._mirror.path
        return run_git(arguments, cwd=path, stdin=stdin, env=env, deadline=self._deadline, file_limit=file_limit)

    def close(self) -> None:
        self._wire.close()


def _wire(url: SplitResult, credentials: Credentials | None, ca: str, deadline: float) -> Wire:
    if url.scheme == "file":
        return FileWire(url, deadline)
    from porch.repository.git.httpwire import HttpWire  # the HTTP client takes long to import

    return HttpWire(url, credentials, ca, deadline)


def _git_config(path: str, url: SplitResult, credentials: Credentials | None, ca: str) -> dict[str, str]:
    """What the executable needs for this remote; handed over in its environment."""
    config = {
        "http.followRedirects": "false",
        "http.lowSpeedLimit": str(_SLOW_BYTES),
        "http.lowSpeedTime": str(_SLOW_SECONDS),
        "http.sslVerify": "true",
        "fetch.fsckObjects": "false",
        "fetch.unpackLimit": "1",
    }
    if credentials:
        config[f"http.{url.geturl()}.extraHeader"] = f"Authorization: {authorization(credentials)}"
    if ca:
        file = Path(path, "porch-ca.pem")
        file.write_text(ca, "utf-8")
        config["http.sslCAInfo"] = str(file)
    return config


def open_remote(
    path: str,
    address: GitAddress,
    workers: WorkerPool,
    *,
    mirror_id: str,
    location: str,
    credentials: Credentials | None = None,
    ca: str = "",
    deadline: float = 30.0,
    clock: Callable[[], float] = time.time,
) -> GitRepository:
    """Opens the mirror at `path` of a remote. Nothing is sent before `refresh` or `push`.

    `ca` is a PEM bundle, `deadline` seconds for one operation on the remote.
    """
    mirror = Mirror.prepare(path)
    clear_stale_locks(path, before=_BEGUN)
    clear_torn_refs(path)
    origin = RemoteOrigin(mirror, address, credentials, ca, deadline)
    return GitRepository(address, mirror, origin, workers, mirror_id=mirror_id, location=location, clock=clock)
