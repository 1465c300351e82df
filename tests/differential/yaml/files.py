"""A file as it is after a render without functions."""

from __future__ import annotations

from porch.krm.errors import YamlError
from porch.render.reading import read_file
from porch.render.writing import CannotWrite, write_files

_NAME = "f.yaml"


def rewritten(text: str) -> str | None:
    """None when the reader finds nothing and the file stays as it is. Raises YamlError, also for what is read but
    cannot be written.
    """
    resources = read_file(_NAME, "/", text.encode())
    if not resources:
        return None
    try:
        return write_files({}, [], resources, all_=False)[_NAME].decode()
    except CannotWrite as error:
        raise YamlError(str(error)) from error
