from __future__ import annotations

from porch.function.builtin import set_labels
from tests.support.functions import config_map, run_on

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {tier: old}
spec:
  template:
    spec:
      affinity:
        podAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - topologyKey: zone
            labelSelector: {matchLabels: {tier: old}}
"""
CONFIG = config_map(tier="new")


def test_changes_terms_of_affinity_when_it_need_not_be_compatible() -> None:
    assert "{matchLabels: {tier: old}}" in run_on(set_labels, DEPLOYMENT, CONFIG).stdout
    assert "{matchLabels: {tier: new}}" in run_on(set_labels, DEPLOYMENT, CONFIG, compatible=False).stdout


def test_counts_each_place_looked_at_or_what_has_changed() -> None:
    item = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {tier: new}\n"
    assert run_on(set_labels, item, CONFIG).results[0].message == "set 1 labels in total"
    assert run_on(set_labels, item, CONFIG, compatible=False).results[0].message == "set 0 labels in total"


def test_labels_that_are_shared_by_an_alias_are_changed_in_one_place() -> None:
    item = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: *l\ndata: {}\n"
    shared = item.replace("metadata:\n", "spec: &l {a: b}\nmetadata:\n")
    ran = run_on(set_labels, shared, config_map(c="d"))
    assert "  spec: &l {a: b}\n" in ran.stdout
    assert "    labels: {a: b, c: d}\n" in ran.stdout
