"""`porch render`: the server's render on a directory, without a server: what kpt calls `kpt fn render`."""

from __future__ import annotations

from pathlib import Path

import click

from porch.cli.programs import LocalFunctions, function_options, local_options, output_options


@click.command()
@click.argument("directory", default=".")
@output_options
@click.option("--allow-exec", is_flag=True, help="Run programs that the Kptfile names with `exec`.")
@function_options
def command(  # noqa: PLR0917 - click gives each option by its name
    directory: str,
    dry_run: bool,
    diff: bool,
    exit_code: bool,
    allow_exec: bool,
    image_prefix: str,
    function_configs: str,
    function_dir: str,
    container: str,
) -> None:
    r"""Run the functions of the Kptfiles in DIRECTORY, and write what comes of it into the files there.

    The same engine as in the server: the same files, the same verdict in the Kptfile. Nothing is fetched; images that
    are not built in need --function-configs or --container. When a function fails, no file is changed.

    \b
    Examples:
      porch render                      render the package in this directory
      porch render my-package --dry-run show what that would change
      porch render --dry-run --exit-code  end with 2 when the package is not rendered

    Exit codes: 0 done, 1 a function failed or the package is wrong, 2 with --exit-code when something changed.
    """
    from porch.cli.local import finish, read_directory, tell_progress
    from porch.render import RenderOptions, render

    root = Path(directory)
    files = read_directory(root)
    options = RenderOptions(local_options(image_prefix, function_configs, function_dir, container), allow_exec)
    functions = LocalFunctions(root, options.functions)
    rendered = render(files, options, on_progress=tell_progress, functions=functions)
    finish(root, files, rendered, dry_run=dry_run, exit_code=exit_code, diff=diff)
