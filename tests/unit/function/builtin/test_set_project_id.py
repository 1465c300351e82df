from __future__ import annotations

from porch.function.builtin import set_project_id
from porch.kyaml import emit
from tests.support.functions import config_map, documents, run_on

CONFIG = config_map(**{"project-id": "shop-1"})
KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: p # mine\n"
SETTERS = """\
pipeline:
  mutators:
  - image: gcr.io/kpt-fn/apply-setters:v0.2
    {how}
"""
BUCKET = """\
---
apiVersion: storage.cnrm.cloud.google.com/v1beta1
kind: StorageBucket
metadata:
  name: b
  annotations:
    z: 'y'
"""
PROJECT = "cnrm.cloud.google.com/project-id"


def test_adds_a_setter_and_the_function_that_applies_it() -> None:
    ran = run_on(set_project_id, KPTFILE, CONFIG)
    assert (
        "    name: p # mine\n  pipeline:\n    mutators:\n    - image: gcr.io/kpt-fn/apply-setters:v0.2\n"
        "      configMap:\n        project-id: shop-1\n" in ran.stdout
    )


def test_adds_to_the_setters_that_are_there() -> None:
    ran = run_on(set_project_id, KPTFILE + SETTERS.format(how="configMap: {a: b}"), CONFIG)
    assert "      configMap: {a: b, project-id: shop-1}\n" in ran.stdout


def test_a_setter_that_is_set_stays() -> None:
    ran = run_on(set_project_id, KPTFILE + SETTERS.format(how="configMap: {project-id: other}"), CONFIG)
    assert "      configMap: {project-id: other}\n" in ran.stdout


def test_adds_to_setters_in_a_file() -> None:
    file = emit(documents("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\n", "setters.yaml")[0])
    kptfile = KPTFILE + SETTERS.format(how="configPath: setters.yaml")
    assert "  data:\n    project-id: shop-1\n" in run_on(set_project_id, f"{kptfile}---\n{file}", CONFIG).stdout
    assert "file setters.yaml doesn't exist" in run_on(set_project_id, kptfile, CONFIG).stderr


def test_annotates_objects_of_config_connector_but_its_own() -> None:
    core = BUCKET.replace("storage.cnrm", "core.cnrm")
    done = BUCKET.replace("z: 'y'", f"{PROJECT}: other")
    ran = run_on(set_project_id, KPTFILE + BUCKET + core + done, CONFIG)
    assert f"    annotations:\n      {PROJECT}: shop-1\n      z: y\n" in ran.stdout
    assert ran.stdout.count(PROJECT) == 2


def test_fails_without_a_kptfile() -> None:
    ran = run_on(set_project_id, BUCKET, CONFIG)
    assert ran.exit_code == 1
    assert ran.stderr.startswith("failed to set project-id setter: failed to find Kptfile: unable to find Kptfile")
