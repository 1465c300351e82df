"""Settings as command-line options, made from the one list in `porch.settings`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click

from porch.settings import Settings, flag, load

Command = Callable[..., Any]


def settings_options(*names: str) -> Callable[[Command], Command]:
    """Adds --config and an option for each setting (all of them when no names are given); the command gets Settings,
    and what other options and arguments it has.

    Values stay text here; `settings.load` converts them and says which one is wrong.
    """
    chosen = [setting for setting in fields(Settings) if not names or setting.name in names]

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def run(config: str, **given: Any) -> Any:
            values = {setting.name: _joined(given.pop(setting.name)) for setting in chosen}
            return function(load(values, config=config), **given)

        decorated: Command = click.option("--config", default="", help="File with settings (TOML).")(run)
        for setting in reversed(chosen):
            shown = setting.default if setting.default not in ("", ()) else None
            text = setting.metadata["help"] + (f"  [default: {shown}]" if shown is not None else "")
            many = isinstance(setting.default, tuple)
            switch = isinstance(setting.default, bool)
            decorated = click.option(
                f"--{flag(setting)}",
                setting.name,
                default=None,
                multiple=many,
                is_flag=switch,
                flag_value=True if switch else None,
                help=text,
            )(decorated)
        return decorated

    return decorate


def _joined(value: Any) -> Any:
    return value if value not in ((), None) else None
