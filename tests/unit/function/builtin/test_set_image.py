from __future__ import annotations

import pytest

from porch.function.builtin import set_image
from tests.support.functions import config_map, run_on

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  initContainers:
  - name: i
    image: nginx:1
  containers:
  - name: c
    image: {image}
"""


def images(stdout: str) -> list[str]:
    return [line.split(": ")[1] for line in stdout.splitlines() if line.strip().startswith("image: ")]


@pytest.mark.parametrize(
    ("image", "glued", "kept"),
    [
        ("nginx:1.0", "mirror1.0", "mirror:1.0"),
        ("nginx@sha256:aa", "mirrorsha256:aa", "mirror@sha256:aa"),
        ("nginx:1.0@sha256:aa", "mirror1.0", "mirror:1.0@sha256:aa"),
        ("nginx", "mirror", "mirror"),
    ],
)
def test_a_new_name_swallows_separators_only_to_be_compatible(image: str, glued: str, kept: str) -> None:
    item, config = POD.format(image=image), config_map(name="nginx", newName="mirror")
    assert images(run_on(set_image, item, config).stdout) == ["nginx:1", glued]
    assert images(run_on(set_image, item, config, compatible=False).stdout) == ["mirror:1", kept]


def test_takes_the_name_for_an_expression_only_to_be_compatible() -> None:
    item, config = POD.format(image="nginx"), config_map(name="ngin.", newTag="2")
    assert images(run_on(set_image, item, config).stdout) == ["nginx:1", "nginx:2"]
    assert images(run_on(set_image, item, config, compatible=False).stdout) == ["nginx:1", "nginx"]


def test_a_name_that_is_no_expression_is_an_error() -> None:
    ran = run_on(set_image, POD.format(image="nginx"), config_map(name="(", newTag="2"))
    assert ran.exit_code == 1
    assert ran.results[0].message.startswith("`name` is no regular expression: error parsing regexp: missing closing )")


def test_keeps_styles_beside_additional_fields_when_it_need_not_be_compatible() -> None:
    item = "apiVersion: example.test/v1\nkind: Widget\nmetadata: {name: w}\nimage: 'nginx' # c\nsize: 1000000\n"
    config = """\
apiVersion: fn.kpt.dev/v1alpha1
kind: SetImage
image: {name: nginx, newTag: v2}
additionalImageFields:
- path: image
"""
    plain = "  image: nginx:v2\n  kind: Widget\n  metadata:\n    name: w\n  size: 1e+06\n"
    assert plain in run_on(set_image, item, config).stdout
    kept = "  metadata: {name: w}\n  image: 'nginx:v2' # c\n  size: 1000000\n"
    assert kept in run_on(set_image, item, config, compatible=False).stdout
