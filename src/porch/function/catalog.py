"""Which functions there are: what FunctionConfigs say, and what is built in where they say nothing.

A FunctionConfig speaks for all images of its name: whoever wants set-labels to run in pods alone writes one that has
only a `podExecutor`. Without one, a native function stands for every tag of its image in the catalog's registries, old
and new, and under the default prefix. A digest stands for what somebody built, so it means a native function only where
a FunctionConfig lists it. Prefixes are compared whole, so `.../krm-functions-catalog-evil` is not the catalog.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from porch.function.images import CATALOG_PREFIXES, DEFAULT_PREFIX, Image, resolve_image
from porch.function.registry import has_native
from porch.types.functionconfig import ANY_TAG, FunctionConfigSpec, PodExecutor

KNOWN_TAGS = {
    "apply-replacements": ("v0.1", "v0.1.1", "v0.1.5"),
    "apply-setters": ("v0.2", "v0.2.0", "v0.2.2"),
    "create-setters": ("v0.1", "v0.1.0"),
    "ensure-name-substring": ("v0.1", "v0.1.1", "v0.2", "v0.2.1"),
    "format": ("v0.1", "v0.1.0"),
    "gatekeeper": ("v0.2", "v0.2.1"),
    "kubeconform": ("v0.1", "v0.1.2"),
    "kubeval": ("v0.3", "v0.3.0"),
    "list-setters": ("v0.1", "v0.1.0"),
    "remove-local-config-resources": ("v0.1", "v0.1.0"),
    "search-replace": ("v0.2", "v0.2.1"),
    "set-annotations": ("v0.1", "v0.1.5"),
    "set-enforcement-action": ("v0.1", "v0.1.0"),
    "set-image": ("v0.1", "v0.1.2"),
    "set-labels": ("v0.2", "v0.2.2", "v0.2.3"),
    "set-namespace": ("v0.4", "v0.4.1", "v0.4.2", "v0.4.5"),
    "set-project-id": ("v0.2", "v0.2.1"),
    "starlark": ("v0.5", "v0.5.2", "v0.5.5"),
    "upsert-resource": ("v0.2", "v0.2.1"),
}
"""Released versions that a range of versions in a Kptfile's `tag` can mean; no registry is asked."""


class Catalog:
    """Answers for resolved images."""

    def __init__(self, configs: Sequence[FunctionConfigSpec] = (), prefix: str = DEFAULT_PREFIX) -> None:
        """Of several FunctionConfigs that know an image, the first has it."""
        self._configs = tuple(configs)
        self._prefix = prefix.rstrip("/")

    def resolve(self, image: str, tag: str = "") -> str:
        """The whole name of what a Kptfile asks for. Raises BadRequest."""
        name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
        return resolve_image(image, tag, prefix=self._prefix, known=self._known_tags(name))

    def builtin(self, image: Image) -> str:
        """The native function that stands for this image; empty when none does."""
        configs = self._of_name(image.name)
        for config in configs:
            executor = config.go_executor
            if executor and self._knows(config, image) and _lists(executor.tags, image):
                return executor.id or config.image
        shipped = not configs and not image.digest and image.repository in {*CATALOG_PREFIXES, self._prefix}
        return image.name if shipped and has_native(image.name) else ""

    def executable(self, image: Image) -> str:
        """The path of the executable that stands for this image; empty when none does."""
        for config in self._of_name(image.name):
            executor = config.binary_executor
            if executor and self._knows(config, image) and _lists(executor.tags, image):
                return executor.path
        return ""

    def pod(self, image: Image) -> PodExecutor:
        """How this image runs in pods. Any image may: what may run at all is the policy's decision."""
        executors = (config.pod_executor for config in self._of_name(image.name) if self._knows(config, image))
        return next((executor for executor in executors if executor), PodExecutor())

    def warm_images(self) -> Iterator[str]:
        """Images of which a pod is started before anybody asks."""
        for config in self._configs:
            if config.pod_executor and config.pod_executor.tags and config.pod_executor.tags[0] != ANY_TAG:
                prefix = (config.prefixes[0] if config.prefixes else "") or self._prefix
                yield f"{prefix}/{config.image}:{config.pod_executor.tags[0]}".lstrip("/")

    def _of_name(self, name: str) -> list[FunctionConfigSpec]:
        return [config for config in self._configs if config.image == name]

    def _knows(self, config: FunctionConfigSpec, image: Image) -> bool:
        prefixes = {prefix.rstrip("/") or self._prefix for prefix in config.prefixes}
        return image.repository in (prefixes or {*CATALOG_PREFIXES, self._prefix})

    def _known_tags(self, name: str) -> set[str]:
        listed = set(KNOWN_TAGS.get(name, ()))
        for config in self._of_name(name):
            for executor in (config.go_executor, config.binary_executor, config.pod_executor):
                listed |= set(executor.tags) if executor else set()
        return listed


def _lists(tags: Sequence[str], image: Image) -> bool:
    """With a digest only that counts: the tag beside it is a comment."""
    return image.digest in tags if image.digest else (image.tag in tags or ANY_TAG in tags)
