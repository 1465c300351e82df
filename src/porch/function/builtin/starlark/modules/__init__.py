"""What a script can load. Each module is imported when a script loads it.

Those that would read the network, files or documents of other kinds are not here: http, html, bsoup, geo, xlsx and
zipfile. A script that loads one is told so.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.values import Anything

_MODULES = {
    "encoding/base64.star": "base64",
    "encoding/csv.star": "csv",
    "encoding/json.star": "json",
    "encoding/yaml.star": "yaml",
    "hash.star": "hash",
    "krmfn.star": "krmfn",
    "math.star": "math",
    "re.star": "re",
    "time.star": "time",
}
_NOT_HERE = frozenset(("bsoup.star", "geo.star", "html.star", "http.star", "xlsx.star", "zipfile.star"))


def load_module(name: str) -> Mapping[str, Anything]:
    """What the module exports; nothing for one that does not exist. Raises StarlarkError for one that we leave out."""
    if name in _NOT_HERE:
        raise StarlarkError(f"load: module {name} is not available: functions here reach no network and no files")
    if name not in _MODULES:
        return {}
    members: Mapping[str, Anything] = importlib.import_module(f"{__name__}.{_MODULES[name]}").MEMBERS
    return members
