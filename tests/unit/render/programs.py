"""Functions written in a test, and packages that use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from porch.errors import ServiceUnavailable
from porch.function.interface import FunctionCall, FunctionFailed, FunctionNotFound, FunctionOutcome, ResourceList
from porch.kyaml import Node, put, require, text, text_of
from porch.render import Rendered, RenderOptions, render
from porch.render.memory import MemoryCache, StepCache

Run = Callable[[ResourceList], None]
KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: {}\n"


class Programs:
    """Runs Python functions by the name of the image; `calls` are the images that were called."""

    def __init__(self, **runs: Run) -> None:
        self.runs = {name.replace("_", "-"): run for name, run in runs.items()}
        self.calls: list[str] = []
        self.inputs: list[list[str]] = []
        self.code: dict[str, str] = {}
        self.broken: set[str] = set()

    def resolve(self, image: str, tag: str = "") -> str:
        return f"{image}:{tag}" if tag else image

    def digest(self, image: str) -> str:
        if image in self.broken:
            raise ServiceUnavailable(f'function "{image}": the runner cannot be reached')
        if image not in self.runs:
            raise FunctionNotFound.of_image(image)
        return self.code.get(image, f"code of {image}")

    def evaluate(self, call: FunctionCall) -> FunctionOutcome:
        self.calls.append(call.image)
        self.inputs.append([text_of(item, "metadata", "name") for item in call.items])
        resources = ResourceList(call.items, call.config)
        try:
            self.runs[call.image](resources)
        except FunctionFailed as failed:
            error = f'function "{call.image}" failed: {failed.stderr}'
            return FunctionOutcome([], resources.results, failed.exit_code, failed.stderr, error, 0.1, "d")
        return FunctionOutcome(resources.items, resources.results, duration=0.1, digest=self.digest(call.image))


def nothing(resources: ResourceList) -> None:
    """Leaves everything as it is."""


def mark(resources: ResourceList) -> None:
    """Writes down in each resource, but Kptfiles, that it was there."""
    for item in of_no_package(resources):
        put(require(item, "metadata", "labels"), "marked", text("yes"))


def of_no_package(resources: ResourceList) -> list[Node]:
    return [item for item in resources.items if text_of(item, "kind") != "Kptfile"]


def thing(name: str, more: str = "") -> bytes:
    return f"apiVersion: v1\nkind: Thing\nmetadata:\n  name: {name}\n{more}".encode()


def kptfile(
    *mutators: str, validators: tuple[str, ...] = (), name: str = "p", annotations: tuple[str, ...] = ()
) -> bytes:
    """Each function is an image, with more lines of YAML behind a newline."""
    head = KPTFILE.format(name)
    if annotations:
        head += "  annotations:\n" + "".join(f'    {key}: "true"\n' for key in annotations)
    sections = [("mutators", mutators), ("validators", validators)]
    if mutators or validators:
        head += "pipeline:\n"
    for section, functions in sections:
        if functions:
            head += f"  {section}:\n" + "".join(_entry(function) for function in functions)
    return head.encode()


def _entry(function: str) -> str:
    image, *more = function.split("\n")
    return f"    - image: {image}\n" + "".join(f"      {line}\n" for line in more)


def rendered(
    programs: Programs, files: Mapping[str, bytes], *, cache: StepCache | None = None, allow_exec: bool = False
) -> Rendered:
    options = RenderOptions(allow_exec=allow_exec)
    return render(files, options, functions=programs, cache=cache or MemoryCache(1 << 24))
