"""The init task: a new package of three files, Kptfile, README.md and package-context.yaml.

The bytes are those of upstream's `kpt pkg init` as they are after the first render. The README holds the description
as it was given; upstream escapes it as HTML.
"""

from __future__ import annotations

import re

from porch.errors import FieldError, forbidden, invalid, too_long, too_many
from porch.krm.kptfile import NAME as KPTFILE
from porch.krm.write import dump
from porch.types.task import InitTask

MAX_DESCRIPTION = 64 * 1024
MAX_SITE = 2048
MAX_KEYWORDS = 100
MAX_KEYWORD = 256
_LOCAL_CONFIG = {"config.kubernetes.io/local-config": "true"}
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAKS = re.compile("[\t\n\u2028\u2029]")

README = """\
# {name}

## Description
{description}

## Usage

### Fetch the package
`kpt pkg get REPO_URI[.git]/PKG_PATH[@VERSION] {name}`
Details: https://kpt.dev/reference/cli/pkg/get/

### View package content
`kpt pkg tree {name}`
Details: https://kpt.dev/reference/cli/pkg/tree/

### Apply the package
```
kpt live init {name}
kpt live apply {name} --reconcile-timeout=2m --output=table
```
Details: https://kpt.dev/reference/cli/live/
"""


def apply(task: InitTask, name: str) -> dict[str, bytes]:
    """`name` is the package path. The task has no `problems`."""
    info = {"site": task.site, "description": task.description, "keywords": list(task.keywords)}
    made = {
        KPTFILE: _resource("kpt.dev/v1", "Kptfile", name, info={key: value for key, value in info.items() if value}),
        "README.md": README.format(name=name, description=task.description),
        "package-context.yaml": _resource("v1", "ConfigMap", "kptfile.kpt.dev", data={"name": "example"}),
    }
    return {path: text.encode() for path, text in made.items()}


def _resource(api_version: str, kind: str, name: str, **content: object) -> str:
    metadata = {"name": name, "annotations": _LOCAL_CONFIG}
    return dump({"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}, wide=True)


def problems(task: InitTask) -> list[FieldError]:
    """Why the task cannot be done; fields are relative to it."""
    found = []
    if task.subpackage:
        found.append(forbidden("subpackage", "a package begins at its root; add the subpackage's files afterwards"))
    found += _text_problems("description", task.description, MAX_DESCRIPTION, lines=True)
    found += _text_problems("site", task.site, MAX_SITE)
    if len(task.keywords) > MAX_KEYWORDS:
        return [*found, too_many("keywords", len(task.keywords), MAX_KEYWORDS)]
    for index, keyword in enumerate(task.keywords):
        found += _text_problems(f"keywords[{index}]", keyword, MAX_KEYWORD)
    return found


def _text_problems(field: str, text: str, limit: int, *, lines: bool = False) -> list[FieldError]:
    """`lines`: the text may have several."""
    if len(text.encode("utf-8", "surrogatepass")) > limit:
        return [too_long(field, limit)]
    if bad := _CONTROL.search(text) or (None if lines else _BREAKS.search(text)):
        return [invalid(field, text[:40], f"must not contain control characters; found U+{ord(bad[0]):04X}")]
    return []
