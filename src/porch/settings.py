"""Every setting, once: its name, default, unit and meaning.

A setting is read, in this order, from the command line (`--data-dir`), the environment (`PORCH_DATA_DIR`), the file
that `--config` or `PORCH_CONFIG` names (TOML: `data-dir = "..."`), and its default. docs/settings.md lists them all;
a test compares.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from porch.errors import BadRequest

T = TypeVar("T")
_DEFAULT_DIR = Path("~/.local/share/porch")


def _setting(default: T, help_text: str, low: float = 0, high: float = math.inf) -> T:
    """`low` and `high` bound a number."""
    made: Any = field(default=default, metadata={"help": help_text, "low": low, "high": high})
    return made  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Settings:
    data_dir: Path = _setting(_DEFAULT_DIR, "Directory of everything that the server keeps.")  # noqa: RUF009 - pure
    port: int = _setting(9443, "TCP port; 0 takes any free one.", high=65535)
    bind: str = _setting("127.0.0.1", "Address to listen on.")
    grace: float = _setting(5.0, "Seconds that requests in flight get at shutdown.")
    public_url: str = _setting("", "URL under which clients reach this server, like https://porch.example:9443.")
    tls_names: tuple[str, ...] = _setting((), "More DNS names and IP addresses for the serving certificate.")
    token_file: str = _setting("", "More bearer tokens: a CSV file with token,user,uid,groups (as in Kubernetes).")
    dashed_names: bool = _setting(
        default=False, help_text="Return blueprints-my-package-v1 instead of blueprints.my-package.v1."
    )
    file_repositories: tuple[str, ...] = _setting((), "Directories below which file:// repositories are allowed.")
    sync_interval: float = _setting(60.0, "Seconds between synchronisations of a Repository.", low=0.1)
    remote_timeout: float = _setting(30.0, "Seconds that one operation on a git remote may take.", low=0.1)
    remote_concurrency: int = _setting(4, "Operations on one git remote at the same time.", low=1)
    remote_queue: int = _setting(16, "Operations that may wait for one git remote; more are answered 429.")
    max_refs_per_push: int = _setting(
        3, "Refs that one push to a git remote may move, 0 for any number; more requests wait for the next push."
    )
    max_body_bytes: int = _setting(
        3 * 1024 * 1024, "Largest request body of kinds other than package resources.", low=1024
    )
    max_package_bytes: int = _setting(6 * 1024 * 1024, "Largest request body of PackageRevisionResources.", low=1024)
    max_clone_bytes: int = _setting(
        256 * 1024 * 1024, "Largest package, and largest fetch, of a clone from a git address.", low=1024
    )
    max_push_bytes: int = _setting(256 * 1024 * 1024, "Largest `git push` to a hosted repository.", low=1024)
    token_seconds: int = _setting(
        365 * 86400, "Longest life of a service account's token, in seconds; longer wishes are shortened.", low=600
    )
    history: int = _setting(100_000, "Versions of the event log that watches can resume from.")
    event_ttl: float = _setting(3600.0, "Seconds for which an Event is kept after it was last told.", low=1)
    workers: int = _setting(2, "Processes for heavy work (big packages, discovery).", low=1, high=64)
    work_timeout: float = _setting(120.0, "Seconds that one piece of heavy work may take before it is killed.", low=0.1)
    function_prefix: str = _setting(
        "ghcr.io/kptdev/krm-functions-catalog/",
        "Where a function's image is from that a Kptfile names without registry.",
    )
    function_namespace: str = _setting("porch-fn-system", "Namespace whose FunctionConfigs count.")
    function_runtimes: tuple[str, ...] = _setting(
        (), "Ways of running functions, in the order in which they are asked: builtin, exec, grpc, container."
    )
    function_allow: tuple[str, ...] = _setting((), "Images that may run, like ghcr.io/kptdev/*; any when empty.")
    function_digests: bool = _setting(
        default=False, help_text="Refuse images without a digest, except those of functions that are built in."
    )
    function_dir: str = _setting("", "Directory of the executables that FunctionConfigs name.")
    function_runner: str = _setting("", "Address, host:port, of a function runner.")
    function_container: str = _setting("", "Command that runs containers; docker, podman or nerdctl when empty.")
    function_timeout: float = _setting(60.0, "Seconds that one function may take outside of the server.", low=0.1)
    function_memory_bytes: int = _setting(
        512 * 1024 * 1024, "Memory that one executable or container may have, 0 for any.", low=0
    )
    function_message_bytes: int = _setting(
        6 * 1024 * 1024, "Largest message to or from a function runner; its own limit must be equal.", low=1024
    )
    render_workers: int = _setting(
        2, "Processes that render packages with functions that are built in.", low=1, high=64
    )
    render_timeout: float = _setting(
        30.0, "Seconds that rendering one package may take if all of its functions are built in.", low=0.1
    )
    render_memory_bytes: int = _setting(
        1024 * 1024 * 1024, "Memory that one process for rendering may take, 0 for any.", low=0
    )
    patient_workers: int = _setting(
        4, "Processes that render packages whose functions run outside of the server.", low=1, high=64
    )
    patient_timeout: float = _setting(
        600.0, "Seconds that rendering one package may take if functions run outside of the server.", low=0.1
    )
    log_level: str = _setting("info", "debug, info, warning or error.")
    log_file: str = _setting("", "Write the log to this file instead of standard error.")


def flag(setting: Field[Any]) -> str:
    return setting.name.replace("_", "-")


def load(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ, config: str | None = None) -> Settings:
    """`flags` holds what the command line gave, by setting name. Raises BadRequest that names the wrong setting."""
    given = _from_file(config or environment.get("PORCH_CONFIG", ""))
    for setting in fields(Settings):
        if (text := environment.get(f"PORCH_{setting.name.upper()}")) is not None:
            given[setting.name] = text
    given |= {name: value for name, value in flags.items() if value is not None}
    values = {
        setting.name: _convert(setting, given[setting.name]) for setting in fields(Settings) if setting.name in given
    }
    settings = Settings(**values)
    _check_url(settings.public_url)
    try:
        return _with(settings, data_dir=settings.data_dir.expanduser().absolute())
    except RuntimeError as error:
        raise BadRequest(f"setting data-dir: {settings.data_dir}: {error}") from error


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = not url or (parts.scheme in {"http", "https"} and parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise BadRequest(f"setting public-url: {url!r} is no URL like https://porch.example:9443")


def _with(settings: Settings, **changes: Any) -> Settings:
    from dataclasses import replace

    return replace(settings, **changes)


def _from_file(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        table = tomllib.loads(Path(path).expanduser().read_text("utf-8"))
    except (OSError, RuntimeError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRequest(f"cannot read the configuration file {path}: {error}") from error
    known = {flag(setting): setting.name for setting in fields(Settings)}
    for name in table:
        if name not in known:
            raise BadRequest(f"{path}: unknown setting {name!r}; known are {', '.join(known)}")
    return {known[name]: value for name, value in table.items()}


def _convert(setting: Field[Any], value: Any) -> Any:
    default = setting.default
    assert default is not MISSING
    try:
        if isinstance(default, bool):
            return value if isinstance(value, bool) else _boolean(value)
        if isinstance(default, Path):
            return _path(setting, value)
        if isinstance(default, tuple):
            items = value.split(",") if isinstance(value, str) else value
            return tuple(_text(item).strip() for item in items if _text(item).strip())
        return _number(setting, value) if isinstance(default, int | float) else _text(value)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"setting {flag(setting)}: {value!r} is not a valid {_KINDS[type(default)]}") from error


_KINDS: dict[type, str] = {bool: "true or false", int: "whole number", float: "number", str: "text", tuple: "list"}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(setting: Field[Any], value: Any) -> int | float:
    if isinstance(value, bool) or (isinstance(value, float) and isinstance(setting.default, int)):
        raise TypeError(value)
    number: int | float = int(value) if isinstance(setting.default, int) else float(value)
    low, high = setting.metadata["low"], setting.metadata["high"]
    if not low <= number <= high:
        limits = f"at least {low:g}" + (f" and at most {high:g}" if high < math.inf else "")
        raise BadRequest(f"setting {flag(setting)}: {number} is out of range; it must be {limits}")
    return number


def _path(setting: Field[Any], value: Any) -> Path:
    if not isinstance(value, str | Path) or not str(value).strip() or "\0" in str(value):
        raise BadRequest(f"setting {flag(setting)}: it must be a path")
    return Path(value)


def _boolean(text: str) -> bool:
    values = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
    if str(text).lower() not in values:
        raise ValueError(text)
    return values[str(text).lower()]
