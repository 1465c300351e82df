"""format gives what kyaml's filter gives; `python -m tests.differential.framework` compares more."""

from __future__ import annotations

import pytest

from porch.function.builtin import format as formats
from porch.function.interface import FunctionFailed, ResourceList
from porch.kyaml import emit, parse


def formatted(text: str) -> str:
    resources = ResourceList(parse(text))
    formats.run(resources)
    return emit(resources.items[0])


def test_fields_and_containers_are_sorted_and_strings_are_quoted() -> None:
    text = """\
kind: Deployment
metadata:
  labels: {replicas: "3", b: yes}
  name: d
apiVersion: apps/v1
spec:
  zeta: 1
  template:
    spec:
      containers:
      - name: b
        args: [on, x]
      # first
      - env:
        - value: 1
          name: V
        name: a
  replicas: "3"
"""
    assert (
        formatted(text)
        == """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: d
  labels: {replicas: "3", b: "yes"}
spec:
  replicas: 3
  template:
    spec:
      containers:
      # first
      - name: a
        env:
        - name: V
          value: "1"
      - name: b
        args: ["on", x]
  zeta: 1
"""
    )


def test_values_of_kinds_that_are_not_built_in_stay() -> None:
    assert formatted("kind: W\nspec:\n  replicas: '3'\n  image: yes\napiVersion: e/v1\n") == (
        "apiVersion: e/v1\nkind: W\nspec:\n  replicas: '3'\n  image: yes\n"
    )


def test_a_resource_may_opt_out() -> None:
    text = "kind: W\napiVersion: e/v1\nmetadata:\n  annotations:\n    config.kubernetes.io/formatting: {}\n"
    assert formatted(text.format("none")) == text.format("none")
    with pytest.raises(FunctionFailed, match="formatting annotation has illegal value odd"):
        formatted(text.format("odd"))
