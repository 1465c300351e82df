"""What a package's pipelines would run now, as one word.

With the id of the package's tree it is the key of a verdict: the same files and the same code give the same result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from porch.errors import PorchError
from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.krm.kptfile import Kptfile
from porch.render.pipeline import read_pipeline
from porch.render.step import Functions

_UNKNOWN = "unknown"


def pipeline_digest(files: Mapping[str, bytes], functions: Functions) -> str:
    """Of the functions that the Kptfiles among `files` name; other files are not looked at. Never raises: what cannot
    be read, or is not there, counts as unknown.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.rpartition("/")[2] == kptfile.NAME):
        for image, tag in _images(files[path]):
            digest.update(f"{image} {tag} {_code(functions, image, tag)}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _code(functions: Functions, image: str, tag: str) -> str:
    try:
        return functions.digest(functions.resolve(image, tag)) or _UNKNOWN
    except PorchError:
        return _UNKNOWN


@lru_cache(maxsize=4096)
def _images(data: bytes) -> tuple[tuple[str, str], ...]:
    try:
        pipeline = read_pipeline(Kptfile.parse(data).pipeline)
    except YamlError:
        return ()
    return tuple((function.image, function.tag) for function in pipeline.functions if function.image)
