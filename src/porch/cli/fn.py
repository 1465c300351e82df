"""`porch fn run`: one function over a directory, whatever its Kptfile says: what kpt calls `kpt fn eval`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from porch.cli.programs import LocalFunctions, function_options, local_options, output_options
from porch.errors import BadRequest

_WORDS = ("api-version", "kind", "name", "namespace")
_PAIRS = ("labels", "annotations")


def _selectors(command: Callable[..., Any]) -> Callable[..., Any]:
    """--match-kind, --exclude-labels and so on."""
    for verb, which in (("exclude", "not with"), ("match", "only with")):
        for word in _PAIRS:
            help_ = f"Resources {which} these {word}: key=value,key=value."
            command = click.option(f"--{verb}-{word}", default="", help=help_)(command)
        for word in reversed(_WORDS):
            command = click.option(f"--{verb}-{word}", default="", help=f"Resources {which} this {word}.")(command)
    return command


@click.group()
def command() -> None:
    """Run one function over a local directory."""


@command.command()
@click.argument("directory", default=".")
@click.argument("pairs", nargs=-1)
@click.option("-i", "--image", default="", help="The function, like set-namespace:v0.4.")
@click.option("--exec", "program", default="", help="Instead, a program: reads a ResourceList and writes one.")
@click.option("--fn-config", default="", help="File with the functionConfig, instead of KEY=VALUE.")
@click.option(
    "-t",
    "--type",
    "kind",
    type=click.Choice(["mutator", "validator"]),
    default="mutator",
    show_default=True,
    help="What a validator changes is forgotten.",
)
@_selectors
@output_options
@function_options
def run(  # noqa: PLR0917 - click gives each option by its name
    directory: str,
    pairs: tuple[str, ...],
    image: str,
    program: str,
    fn_config: str,
    kind: str,
    dry_run: bool,
    diff: bool,
    exit_code: bool,
    image_prefix: str,
    function_configs: str,
    function_dir: str,
    container: str,
    **selectors: str,
) -> None:
    r"""Run a function on all resources in DIRECTORY, and write what comes of it into the files there.

    What follows DIRECTORY are the pairs of its config, behind `--` as kpt has it.

    \b
    Examples:
      porch fn run -i set-namespace:v0.4 . -- namespace=prod
      porch fn run -i search-replace:v0.2 --match-kind Deployment --dry-run . -- by-path=spec.replicas put-value=3
      porch fn run --exec ./my-function my-package

    Exit codes: 0 done, 1 the function failed, 2 with --exit-code when something changed.
    """
    from porch.cli.local import finish, read_directory, tell_progress
    from porch.render import RenderOptions
    from porch.render.single import run_function

    if "=" in directory and not Path(directory).is_dir():
        directory, pairs = ".", (directory, *pairs)
    root = Path(directory)
    function = _function(image, program, kind, pairs, selectors)
    options = RenderOptions(local_options(image_prefix, function_configs, function_dir, container), bool(program))
    files = read_directory(root)
    rendered = run_function(
        files,
        function,
        LocalFunctions(Path.cwd(), options.functions),
        options,
        config=_config(fn_config, pairs),
        on_progress=tell_progress,
    )
    finish(root, files, rendered, dry_run=dry_run, exit_code=exit_code, diff=diff)


def _function(image: str, program: str, kind: str, pairs: tuple[str, ...], selectors: dict[str, str]) -> Any:
    from porch.render.pipeline import Function

    if bool(image) == bool(program):
        raise BadRequest("name the function by --image or by --exec, one of them")
    return Function(
        f"{kind}s",
        0,
        image=image,
        exec=program,
        config_map=_map(pairs, "config"),
        selectors=_selected("match", selectors),
        exclude=_selected("exclude", selectors),
    )


def _selected(verb: str, given: dict[str, str]) -> tuple[Any, ...]:
    from porch.render.pipeline import Selector

    words = {word.replace("-", "_"): given[f"{verb}_{word.replace('-', '_')}"] for word in _WORDS}
    labels, annotations = (
        _map(filter(None, given[f"{verb}_{word}"].split(",")), f"--{verb}-{word}") for word in _PAIRS
    )
    selector = Selector(**words, labels=labels, annotations=annotations)
    return () if selector.is_empty else (selector,)


def _map(pairs: Any, what: str) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise BadRequest(f"{what}: {pair!r} must be KEY=VALUE")
        found[key] = value
    return found


def _config(path: str, pairs: tuple[str, ...]) -> Any:
    from porch.krm.errors import YamlError
    from porch.render.reading import documents_of

    if not path:
        return None
    if pairs:
        raise BadRequest("give the config by --fn-config or as KEY=VALUE, one of them")
    try:
        documents = documents_of(Path(path).read_bytes())
    except OSError as error:
        raise BadRequest(f"cannot read {path}: {error.strerror}") from error
    except YamlError as error:
        raise BadRequest(f"{path}: {error.message}") from error
    if len(documents) != 1:
        raise BadRequest(f"{path} must hold one document, not {len(documents)}")
    return documents[0]
