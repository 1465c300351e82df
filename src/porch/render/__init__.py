"""The Kptfile pipeline: a package's files in, the rendered files and the verdict out."""

from porch.render.digest import pipeline_digest
from porch.render.interface import Progress, Rendered, RenderOptions, Step
from porch.render.memory import DirectoryCache, MemoryCache, StepCache
from porch.render.run import prepare, render
from porch.render.single import run_function

__all__ = [
    "DirectoryCache",
    "MemoryCache",
    "Progress",
    "RenderOptions",
    "Rendered",
    "Step",
    "StepCache",
    "pipeline_digest",
    "prepare",
    "render",
    "run_function",
]
