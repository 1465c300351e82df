"""YAML to nodes and back, without a server: what every render does with every file. In processor time, so that it can
run beside others.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable

from bench.measure import Figure, figures
from porch.kyaml.compose import compose
from porch.kyaml.documents import seqindent, split
from porch.kyaml.emit import emit
from porch.kyaml.node import Node
from porch.kyaml.parse import parse_one

_RESOURCE = """\
# the shop's part number {number}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{number} # kpt-set: web-${{number}}
  namespace: shop
  labels:
    app: web-{number}
    tier: "front"
spec:
  replicas: {number}
  selector:
    matchLabels:
      app: web-{number}
  template:
    metadata:
      labels:
        app: web-{number}
    spec:
      # the only one
      containers:
      - name: app
        image: registry.example/app:v1.{number} # kpt-set: ${{image}}
        args: ["--port", "8080"]
        ports:
        - containerPort: 8080
        env:
        - name: MODE
          value: 'a'
        - name: TEXT
          value: |
            some lines
            of text
        resources:
          limits:
            cpu: 500m
            memory: 128Mi
"""


def nodes(count: int = 50) -> list[Figure]:
    """50 resources in a file, 500, and 50 by the scanner, which reads what is not ordinary."""
    small = "---\n".join(_RESOURCE.format(number=number) for number in range(50))
    large = "---\n".join(_RESOURCE.format(number=number) for number in range(500))
    documents = _read(small)
    kept = pickle.dumps(documents, protocol=pickle.HIGHEST_PROTOCOL)
    return [
        *figures(f"YAML of {len(small) // 1000} KB, read and written", _spent(lambda: _both(small), count), p50=20),
        *figures(
            f"YAML of {len(large) // 1000} KB, read and written", _spent(lambda: _both(large), count // 5), p50=200
        ),
        *figures("of these 50 resources: read", _spent(lambda: _read(small), count)),
        *figures("written", _spent(lambda: _write(documents), count)),
        *figures("read by the scanner", _spent(lambda: _scanned(small), count // 5)),
        *figures("read from a pickle", _spent(lambda: pickle.loads(kept), count)),
        Figure("size of the pickle", len(kept) / 1000, "KB"),
    ]


def _spent(work: Callable[[], object], count: int) -> list[float]:
    """Seconds of the processor in each of `count` runs."""
    taken = []
    for _ in range(count):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return taken


def _read(text: str) -> list[tuple[Node | None, bool]]:
    return [(parse_one(part, offset), seqindent(part) == "wide") for part, offset in split(text)]


def _write(documents: list[tuple[Node | None, bool]]) -> str:
    return "---\n".join(emit(root, wide=wide) for root, wide in documents if root is not None)


def _both(text: str) -> None:
    _write(_read(text))


def _scanned(text: str) -> None:
    for part, offset in split(text):
        list(compose(part, offset))


if __name__ == "__main__":
    for figure in nodes():
        print(f"{figure.name}: {figure.value:.1f} {figure.unit}")
