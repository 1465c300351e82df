"""Which pod a call goes to: pods of each image, how busy they are, and when more or fewer are needed.

A call goes to the pod with the fewest calls. Another pod is started when there is none, or when the best one has as
many calls as may wait and there may be more pods. Callers wait for a pod that is starting; when it cannot start, they
choose again, or get the error if there is no other. A pod that nobody has called for its time to live is removed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from porch.errors import PorchError, Timeout
from porch.runner.pods.cluster import Running

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one image."""

    max_waitlist: int
    max_pods: int
    ttl: float


@dataclass(slots=True, eq=False)
class _Pod:
    number: int
    ttl: float
    calls: int = 0
    running: Running | None = None
    error: PorchError | None = None
    started: threading.Event = field(default_factory=threading.Event)
    idle_since: float = 0.0
    leaving: bool = False
    """Takes no calls, and keeps its number from others until it is gone: they would be removed with it."""


class Pods:
    """Safe to call from any thread. It decides; `start` and `remove` do."""

    def __init__(self, start: Callable[[str, int], Running], remove: Callable[[Running], None]) -> None:
        """`start` makes the pod of that number for an image, and takes its time."""
        self._start, self._remove = start, remove
        self._lock = threading.Lock()
        self._pods: dict[str, list[_Pod]] = {}

    @contextmanager
    def taken(self, image: str, bounds: Bounds, until: float) -> Iterator[Running]:
        """A pod for one call. Raises Timeout when none is ready by `until` (monotonic), and why none can be started."""
        pod = self._ready(image, bounds, until)
        try:
            assert pod.running is not None
            yield pod.running
        finally:
            self._release(pod)

    def drop(self, image: str, running: Running) -> None:
        """Forget a pod that is not well, and remove what is left of it."""
        self._leave(image, lambda pod: pod.running == running)

    def adopt(self, image: str, running: Running, ttl: float) -> None:
        pod = _Pod(self._next_number(image), ttl, running=running, idle_since=time.monotonic())
        pod.started.set()
        with self._lock:
            self._pods.setdefault(image, []).append(pod)

    def sweep(self) -> None:
        """Removes the pods that have been idle for longer than their time to live."""
        now = time.monotonic()
        with self._lock:
            images = list(self._pods)
        for image in images:
            self._leave(image, lambda pod: not pod.calls and now - pod.idle_since > pod.ttl)

    def warm(self, image: str, bounds: Bounds, seconds: float) -> None:
        """Starts a pod if there is none, and does not fail."""
        try:
            with self.taken(image, bounds, time.monotonic() + seconds):
                pass
        except PorchError as error:
            _logger.warning("cannot warm up", image=image, error=error.message)

    def _ready(self, image: str, bounds: Bounds, until: float) -> _Pod:
        while True:
            pod = self._choose(image, bounds)
            if not pod.started.wait(max(0.0, until - time.monotonic())):
                self._release(pod)
                raise Timeout(f"function evaluation timed out for {image}: context deadline exceeded")
            if pod.running is not None:
                return pod
            with self._lock:
                others = [other for other in self._pods[image] if not other.leaving]
            if not others:
                assert pod.error is not None
                raise pod.error

    def _choose(self, image: str, bounds: Bounds) -> _Pod:
        with self._lock:
            pods = self._pods.setdefault(image, [])
            staying = [pod for pod in pods if not pod.leaving]
            best = min(staying, key=lambda pod: (pod.calls, pod.idle_since), default=None)
            busy = best is None or best.calls >= max(1, bounds.max_waitlist)
            if best is None or (busy and len(staying) < bounds.max_pods):
                best = _Pod(self._free_number(pods), bounds.ttl)
                pods.append(best)
                threading.Thread(target=self._begin, args=(image, best), daemon=True).start()
            best.calls += 1
            best.ttl = bounds.ttl
            return best

    def _begin(self, image: str, pod: _Pod) -> None:
        try:
            pod.running = self._start(image, pod.number)
        except PorchError as error:
            pod.error = error
        except Exception as error:
            _logger.exception("cannot start a pod", image=image)
            pod.error = PorchError(f"unable to start a pod for {image}: {type(error).__name__}: {error}")
        with self._lock:
            pod.idle_since = time.monotonic()
            if pod.error is not None:
                self._pods[image].remove(pod)
        pod.started.set()

    def _release(self, pod: _Pod) -> None:
        with self._lock:
            pod.calls -= 1
            pod.idle_since = time.monotonic()

    def _next_number(self, image: str) -> int:
        with self._lock:
            return self._free_number(self._pods.get(image, []))

    @staticmethod
    def _free_number(pods: list[_Pod]) -> int:
        taken = {pod.number for pod in pods}
        return next(number for number in range(1, len(taken) + 2) if number not in taken)

    def _leave(self, image: str, chosen: Callable[[_Pod], bool]) -> None:
        with self._lock:
            ready = [pod for pod in self._pods.get(image, []) if pod.running and not pod.leaving]
            leaving = [pod for pod in ready if chosen(pod)]
            for pod in leaving:
                pod.leaving = True
        for pod in leaving:
            try:
                assert pod.running is not None
                self._remove(pod.running)
            except PorchError as error:
                _logger.warning("cannot remove a pod", image=image, error=error.message)
            with self._lock:
                self._pods[image].remove(pod)
