"""The Kptfile pipeline: a package's files in, the rendered files and the verdict out."""

from porch.render.interface import Rendered
from porch.render.run import render

__all__ = ["Rendered", "render"]
