"""Where a function runner has its FunctionConfigs from: files, and the namespace of an API server.

They are read again from time to time. What cannot be read then changes nothing: the runner goes on with what it knows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import structlog

from porch.errors import BadRequest, PorchError
from porch.krm.errors import YamlError
from porch.kube import Client
from porch.kyaml import parse, to_value
from porch.strategy.functionconfig import FunctionConfigStrategy
from porch.types.functionconfig import FUNCTION_CONFIG, FunctionConfig, FunctionConfigSpec

_MERGE_PATCH = "application/merge-patch+json"
_logger = structlog.get_logger(__name__)


def read_configs(path: Path) -> list[FunctionConfig]:
    """All FunctionConfigs of a YAML file, or of those in a directory. Raises BadRequest that names file and field."""
    files = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
    try:
        return [config for file in files for config in _of_file(file)]
    except OSError as error:
        raise BadRequest(f"cannot read FunctionConfigs from {path}: {error.strerror}") from error


def _of_file(file: Path) -> Iterator[FunctionConfig]:
    try:
        documents = [to_value(document) for document in parse(file.read_text("utf-8"))]
        for document in documents:
            if isinstance(document, dict) and document.get("kind") == FUNCTION_CONFIG.name:
                yield _checked(file, msgspec.convert(document, FunctionConfig))
    except (YamlError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadRequest(f"{file}: {error}") from error


def _checked(file: Path, config: FunctionConfig) -> FunctionConfig:
    if errors := FunctionConfigStrategy(FUNCTION_CONFIG).validate(config):
        raise BadRequest(f"{file}: FunctionConfig {config.metadata.name}: {errors[0]}")
    return config


class Configs:
    """The newest that are known. `refresh` is called by one thread at a time."""

    def __init__(self, files: Sequence[FunctionConfig] = (), client: Client | None = None, namespace: str = "") -> None:
        """Those of `files` come first: of two for one image, the one on this machine counts."""
        self._files, self._client, self._namespace = tuple(files), client, namespace
        self._told: dict[str, int] = {}
        self._specs = tuple(config.spec for config in self._files)

    @property
    def specs(self) -> tuple[FunctionConfigSpec, ...]:
        return self._specs

    def refresh(self) -> None:
        """Asks the API server, if there is one. Raises its error."""
        if self._client is None:
            return
        path = f"/apis/{FUNCTION_CONFIG.api_version}/namespaces/{self._namespace}/{FUNCTION_CONFIG.plural}"
        listed = msgspec.convert(self._client.request("GET", path)["items"], list[FunctionConfig])
        listed.sort(key=lambda config: config.metadata.name)
        self._specs = tuple(config.spec for config in (*self._files, *listed))
        for config in listed:
            self._tell(f"{path}/{config.metadata.name}/status", config)

    def _tell(self, path: str, config: FunctionConfig) -> None:
        """Writes into the object's status which generation this runner has applied."""
        generation = config.metadata.generation
        if config.status.function_runner_observed_generation == generation or self._told.get(path) == generation:
            return
        self._told[path] = generation
        patch = {"status": {"functionRunnerObservedGeneration": generation}}
        try:
            assert self._client is not None
            self._client.request("PATCH", path, patch, content_type=_MERGE_PATCH)
        except PorchError as error:  # whoever may read them may not always write
            _logger.warning("cannot write the status of a FunctionConfig", path=path, error=error.message)


def keep_fresh(configs: Configs, interval: float, stopping: threading.Event) -> None:
    """Until `stopping` is set."""
    while not stopping.wait(interval):
        try:
            configs.refresh()
        except PorchError as error:
            _logger.warning("cannot read the FunctionConfigs", error=error.message)
