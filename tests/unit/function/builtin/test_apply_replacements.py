from __future__ import annotations

from porch.function.builtin import apply_replacements
from tests.support.functions import run_on

ITEM = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
data: {x: 'old', list: []} # kept
"""
CONFIG = """\
apiVersion: fn.kpt.dev/v1alpha1
kind: ApplyReplacements
metadata: {name: r}
replacements:
"""
SET_X = """\
- sourceValue: new
  targets:
  - select: {kind: ConfigMap}
    options: {create: true}
    fieldPaths: [data.x, data.y, metadata.name]
"""
FAIL = """\
- sourceValue: new
  targets:
  - select: {kind: ConfigMap}
    fieldPaths: [data.z]
"""


def test_a_replacement_that_fails_takes_back_those_before_it() -> None:
    assert "  data: {x: 'new', list: [], y: new} # kept\n" in run_on(apply_replacements, ITEM, CONFIG + SET_X).stdout
    ran = run_on(apply_replacements, ITEM, CONFIG + SET_X + FAIL)
    assert ran.exit_code == 1
    assert "    name: a\n  data: {x: 'old', list: []} # kept\n" in ran.stdout


def test_an_element_that_is_made_must_match_its_own_expression() -> None:
    """kustomize makes more and more of them, without end."""
    endless = SET_X.replace("[data.x, data.y, metadata.name]", "['data.list.[=^b$]']")
    ran = run_on(apply_replacements, ITEM, CONFIG + endless)
    assert ran.results[0].message == (
        'unable to find or create field "data.list.[=^b$]" in replacement target: '
        'the pattern "^b$" does not match itself'
    )
    assert "list: []" in ran.stdout
