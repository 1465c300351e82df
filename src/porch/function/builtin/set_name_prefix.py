"""set-name-prefix: gives the objects of a package its name, with those that name them.

Objects called `packagename`, or `packagename-` and more, get the package's name in its place. It is the `name` of the
package context; a ConfigMap as functionConfig may say another `prefix`, and another `oldPrefix` than `packagename`.
Local config and the inventory are left alone. See docs/functions-catalog.md.
"""

from __future__ import annotations

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
        for item in items:
            if not item.is_local_config() and not _is_inventory(item):
                _rename(item, items, old, prefix)
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


def _rename(item: Item, items: list[Item], old: str, prefix: str) -> None:
    name, namespace = item.name, item.namespace
    if not name or (name != old and not name.startswith(f"{old}-")):
        return
    new = prefix + name[len(old) :]
    same = [other for other in items if (other.name, other.namespace) == (name, namespace)]
    if sum(other.is_a(item.group, item.version, item.kind) for other in same) > 1:
        kind = f"{item.api_version}/{item.whole_kind}"
        raise FieldError(f"multiple objects found matching {kind}:{namespace}/{new}")
    set_text(item.node, new, "metadata", "name", keep_style=False)
    named = (item.group, item.whole_kind, namespace, name)
    for other in items:
        for found in references(other):
            if (found.group, found.kind, found.namespace, found.name) == named:
                set_text(found.node, new, *found.path, keep_style=False)
