"""set-name-prefix: gives the objects of a package its name, with those that name them.

Objects called `packagename`, or `packagename-` and more, get the package's name in its place. It is the `name` of the
package context; a ConfigMap as functionConfig may say another `prefix`, and another `oldPrefix` than `packagename`.
Local config and the inventory are left alone. See docs/functions-catalog.md.
"""

from __future__ import annotations

from collections import Counter

from porch.function.builtin._config import config_result, is_empty, report
from porch.function.builtin._references import references
from porch.function.builtin._sdk import FieldError, Item, Part, entry, failure, has, set_text, text
from porch.function.interface import ResourceList
from porch.function.results import ERROR
from porch.kyaml import Node

NAME = "set-name-prefix"
SORTS = True

_PACKAGE_CONTEXT = "kptfile.kpt.dev"


def run(resources: ResourceList) -> None:
    items = [Item(node) for node in resources.items]
    prefix, old = _package_name(items), "packagename"
    config = resources.config
    if config is not None and not is_empty(config):
        if not Item(config).is_a("", "v1", "ConfigMap"):
            why = "functionConfig error: unknown functionConfig Kind /, Kind="
            resources.results.append(config_result(why, config))
            return
        data = entry(config, "data") or Node("mapping", content=[])
        prefix = text(data, "prefix") if has(data, "prefix") else prefix
        old = text(data, "oldPrefix") if has(data, "oldPrefix") else old
    if not prefix:
        raise failure("`data.prefix` should not be empty")
    try:
        _rename(items, old, prefix)
    except FieldError as error:
        report(resources, str(error), ERROR)


def _package_name(items: list[Item]) -> str:
    """From the package context. Raises FunctionFailed when there is none, or more than one."""
    found = [item for item in items if item.name == _PACKAGE_CONTEXT and item.is_local_config()]
    if not found:
        raise failure("unable to find package context object")
    if len(found) > 1:
        raise failure("found multiple matches for package-context object")
    try:
        name = Part.whole(found[0].node).text("data", "name")
    except FieldError as error:
        raise failure(f"error getting data.name from package context object: {error}") from None
    if not name:
        raise failure("package name (data.name) not set in package context object")
    return name


def _is_inventory(item: Item) -> bool:
    return (item.api_version, item.whole_kind) == ("kpt.dev/v1alpha1", "ResourceGroup")


def _rename(items: list[Item], old: str, prefix: str) -> None:
    """All names are those from before the first change."""
    named = Counter(_identity(item) for item in items)
    names: dict[tuple[str, str, str, str], str] = {}
    for item in items:
        name = item.name
        if (name == old or name.startswith(f"{old}-")) and not item.is_local_config() and not _is_inventory(item):
            identity = _identity(item)
            new = names[identity] = prefix + name[len(old) :]
            if named[identity] > 1:
                kind = f"{item.api_version}/{item.whole_kind}"
                raise FieldError(f"multiple objects found matching {kind}:{item.namespace}/{new}")
    found = [reference for item in items for reference in references(item)] if names else []
    for item in items:
        if new := names.get(_identity(item), ""):
            set_text(item.node, new, "metadata", "name", keep_style=False)
    for reference in found:
        if new := names.get((reference.group, reference.kind, reference.namespace, reference.name), ""):
            set_text(reference.node, new, *reference.path, keep_style=False)


def _identity(item: Item) -> tuple[str, str, str, str]:
    return item.group, item.whole_kind, item.namespace, item.name
