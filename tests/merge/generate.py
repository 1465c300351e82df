"""Seeded packages and seeded edits of them: the three sides of a merge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.merge.model import KEYED, Item, Tree, from_value, label, text, walk

_WORDS = ("a", "b", "c", "d", "x1", "x2")
_FIXED = {"apiVersion", "kind", "metadata", "metadata.name"}
_KEYS = {key for keys in KEYED.values() for key in keys} - {"image"}
_MANUAL = {"metadata", "name", "kind", "apiVersion"}


@dataclass
class File:
    """Documents, or the bytes of an opaque file."""

    documents: list[Tree] = field(default_factory=list)
    opaque: bytes = b""
    wide: bool = False
    windows: bool = False
    opened: bool = False
    """Whether it begins with a separator."""

    @property
    def data(self) -> bytes:
        if not self.documents:
            return self.opaque
        parts = "---\n".join(text(document, wide=self.wide) for document in self.documents)
        whole = ("---\n" if self.opened else "") + parts
        return (whole.replace("\n", "\r\n") if self.windows else whole).encode()


Package = dict[str, File]
Hot = tuple[str, set[str], str]
"""A file and places in its first document that both sides like to edit, so that they meet; and a comment anywhere."""


def triple(seed: int) -> tuple[Package, Package, Package]:
    random = Random(seed)
    original = package(random)
    hot = _hot(original, random)
    local, upstream = (edited(original, random, hot) for _ in range(2))
    if random.random() < 0.3:
        _mark(local)
    return original, local, upstream


def package(random: Random) -> Package:
    made: Package = {"Kptfile": File([_kptfile(random)], wide=random.random() < 0.5)}
    for number in range(random.randint(1, 4)):
        count = random.choice((1, 1, 2, 3))
        documents = [_resource(random, f"r{number}{index}") for index in range(count)]
        made[random.choice(("", "dir/", "sub/")) + f"f{number}.yaml"] = _file(random, documents)
    if any(path.startswith("sub/") for path in made) and random.random() < 0.5:
        made["sub/Kptfile"] = File([_kptfile(random)])
    for name in ("README.md", "x.json"):
        if random.random() < 0.5:
            made[name] = File(opaque=random.randbytes(5).hex().encode())
    return made


def _hot(files: Package, random: Random) -> Hot:
    path = random.choice([path for path in files if files[path].documents])
    places = [place for place, _, _ in walk(files[path].documents[0]) if place not in _FIXED]
    comments = [item.above for item in placed(files) if item.above]
    return path, set(random.sample(places, min(2, len(places)))), random.choice(comments) if comments else ""


def placed(files: Package) -> list[Item]:
    """All that a comment can stand above, also within lists that are one value."""
    documents = [document for path in sorted(files) for document in files[path].documents]
    return [item for document in documents for item in _commentable(document)]


def _commentable(tree: Tree, depth: int = 0, *, in_list: bool = False) -> Iterator[Item]:
    """The first key of an item of a list is left out: what stands above it stands above the item."""
    for number, item in enumerate(tree.items if tree.style != "flow" else ()):
        if (depth or item.key not in _MANUAL) and not (in_list and number == 0 and tree.kind == "map"):
            yield item
        if item.key != "metadata":
            yield from _commentable(item.tree, depth + 1, in_list=tree.kind == "list")


def edited(original: Package, random: Random, hot: Hot) -> Package:
    changed = {
        path: replace(file, documents=[document.copy() for document in file.documents])
        for path, file in original.items()
    }
    for _ in range(random.choice((0, 2, 4, 6, 8, 12))):
        _edit(changed, random, hot)
    return changed


def resource_name(document: Tree) -> str:
    """As conflicts name it."""
    fields = {item.key: item.tree for item in document.items}
    version, kind = fields["apiVersion"].value, fields["kind"].value
    name = next(item.tree.value for item in fields["metadata"].items if item.key == "name")
    group = version.partition("/")[0] if "/" in version else ""
    return "/".join(part for part in (group, kind, name) if part)


# --- packages


def _file(random: Random, documents: list[Tree]) -> File:
    windows, opened = random.random() < 0.03, random.random() < 0.1
    return File(documents, wide=random.random() < 0.3, windows=windows, opened=opened)


def _resource(random: Random, name: str) -> Tree:
    kind = random.choice((_deployment, _service, _config, _widget, _role))
    api_version, kind_name, content = kind(random)
    metadata: dict[str, Any] = {"name": name}
    if random.random() < 0.5:
        metadata["labels"] = _some(random, 3)
    if random.random() < 0.3:
        metadata["annotations"] = {"example.com/note": "n", **_some(random, 2)}
    if random.random() < 0.2:
        metadata["finalizers"] = random.sample(_WORDS, 2)
    document = from_value({"apiVersion": api_version, "kind": kind_name, "metadata": metadata, **content})
    for path, _, item in list(walk(document)):
        if path not in _FIXED:
            _decorate(item, random)
    for item in _commentable(document):
        if not item.key and item.tree.kind == "word" and random.random() < 0.1:
            item.above = _comment(random)
    _settle(document)
    return document


def _some(random: Random, most: int) -> dict[str, Any]:
    return {key: random.choice(_WORDS) for key in random.sample(_WORDS, random.randint(1, most))}


def _deployment(random: Random) -> tuple[str, str, dict[str, Any]]:
    containers = [_container(random, name) for name in random.sample(_WORDS, random.randint(1, 3))]
    pod = {"containers": containers, "tolerations": [{"key": "k", "operator": "Exists"}]}
    spec = {"replicas": random.randint(1, 3), "template": {"metadata": {"labels": _some(random, 2)}, "spec": pod}}
    return "apps/v1", "Deployment", {"spec": spec}


def _container(random: Random, name: str) -> dict[str, Any]:
    container: dict[str, Any] = {"name": name, "image": f"image-{random.randint(1, 3)}", "args": ["-v", "2"]}
    container["env"] = [{"name": key, "value": "v"} for key in random.sample(_WORDS, 2)]
    container["ports"] = [{"containerPort": port} for port in random.sample((80, 81, 82), 2)]
    container["resources"] = {"limits": {"cpu": 1}}
    return container


def _service(random: Random) -> tuple[str, str, dict[str, Any]]:
    ports = [{"name": f"p{port}", "port": port} for port in random.sample((80, 81, 82), 2)]
    return "v1", "Service", {"spec": {"selector": _some(random, 2), "ports": ports}}


def _config(random: Random) -> tuple[str, str, dict[str, Any]]:
    return "v1", "ConfigMap", {"data": {**_some(random, 4), "script": "one\ntwo\n"}}


def _widget(random: Random) -> tuple[str, str, dict[str, Any]]:
    parts = [{"name": name, "count": random.randint(1, 9)} for name in random.sample(_WORDS, 3)]
    spec = {"size": 1, "parts": parts, "tags": ["x", "y"], "deep": {"er": {"still": _some(random, 2)}}}
    return "example.test/v1", "Widget", {"spec": spec}


def _role(random: Random) -> tuple[str, str, dict[str, Any]]:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", random.choice(("list", "watch"))]}]
    return "rbac.authorization.k8s.io/v1", "Role", {"rules": rules}


def _kptfile(random: Random) -> Tree:
    mutators = [
        {"image": f"host:5000/{name}:v{random.randint(1, 3)}", "configMap": _some(random, 2)}
        for name in random.sample(("set-labels", "set-namespace", "apply-setters"), 2)
    ]
    info = {"description": "text", "readinessGates": [{"conditionType": "A"}]}
    value = {"apiVersion": "kpt.dev/v1", "kind": "Kptfile", "metadata": {"name": "app"}, "info": info}
    return from_value({**value, "pipeline": {"mutators": mutators}})


def _decorate(item: Item, random: Random) -> None:
    if random.random() < 0.05:
        item.above = _comment(random)
    plain = item.tree.kind == "word" and item.tree.style != "|"
    if random.random() < 0.05 and (plain or (item.tree.kind == "map" and item.key)):
        item.beside = _comment(random)
    if isinstance(item.tree.value, str) and "\n" in item.tree.value:
        item.tree.style, item.beside = "|", ""
    elif plain and random.random() < 0.1:
        item.tree.style = random.choice(("'", '"'))
    elif item.tree.kind != "word" and random.random() < 0.1:
        _make_flow(item.tree)


def _comment(random: Random) -> str:
    return f"# c{random.randrange(10**9)}"


def _make_flow(tree: Tree) -> None:
    inside = list(_all(tree))
    if all(not item.above and not item.beside and item.tree.style != "|" and item.key.isalnum() for item in inside):
        tree.style = "flow"


def _settle(document: Tree) -> None:
    """Nothing within a flow collection has a comment or lines of its own."""
    for item in _all(document):
        if item.tree.style == "flow":
            for below in _all(item.tree):
                below.above = below.beside = ""
                below.tree.style = "flow" if below.tree.kind != "word" else ""


def _all(tree: Tree) -> Iterator[Item]:
    for item in tree.items:
        yield item
        yield from _all(item.tree)


# --- edits


def _edit(files: Package, random: Random, hot: Hot) -> None:
    if random.random() < 0.08:
        _edit_comment(files, random, hot[2])
        return
    kind = random.random()
    if kind < 0.5 and hot[0] in files:
        _edit_document(files[hot[0]].documents[0], random, hot[1])
        return
    kind = random.random()
    if kind < 0.06:
        _edit_files(files, random)
        return
    paths = [path for path, file in files.items() if file.documents]
    path = random.choice(paths)
    file = files[path]
    if kind < 0.12 and not path.endswith("Kptfile"):
        _edit_documents(file, random)
    elif kind < 0.15:
        file.wide = not file.wide
    else:
        _edit_document(random.choice(file.documents), random)


def _edit_comment(files: Package, random: Random, hot: str) -> None:
    """Removes a comment, or moves it to anywhere: into a list, another document, another file."""
    items = placed(files)
    found = [item for item in items if item.above and (item.above == hot or random.random() < 0.1)]
    if not found:
        return
    item = random.choice(found)
    free = [other for other in items if not other.above]
    if random.random() < 0.6 and free:
        random.choice(free).above = item.above
    item.above = ""


def _edit_files(files: Package, random: Random) -> None:
    path = random.choice([path for path in files if path != "Kptfile"])
    what = random.random()
    if what < 0.3 and len(files) > 2:
        del files[path]
    elif what < 0.6:
        files[random.choice(("new.txt", "README.md", "dir/x.txt"))] = File(opaque=random.randbytes(4).hex().encode())
    else:
        name = random.choice(("n0", "n1"))
        files[f"{name}.yaml"] = _file(random, [_resource(random, name)])


def _edit_documents(file: File, random: Random) -> None:
    what = random.random()
    if what < 0.3 and len(file.documents) > 1:
        file.documents.pop(random.randrange(len(file.documents)))
    elif what < 0.6:
        made = _resource(random, random.choice(("n0", "n1")))
        if resource_name(made) not in map(resource_name, file.documents):
            file.documents.insert(random.randint(0, len(file.documents)), made)
    else:
        random.shuffle(file.documents)


def _edit_document(document: Tree, random: Random, hot: set[str] | None = None) -> None:
    before = document.copy().items
    found = [place for place in walk(document) if place[0] not in _FIXED and not place[0].endswith("[]")]
    places = [(tree, item) for path, tree, item in found if hot is None or path in hot]
    if not places:
        return
    tree, item = random.choice(places)
    what = random.random()
    if what < 0.45:
        _change(item, tree, random)
    elif what < 0.55 and not (item.key in _KEYS and tree.kind == "map"):
        tree.items.remove(item)
    elif what < 0.75:
        _add(item.tree if item.tree.kind != "word" else tree, item.key if item.tree.kind != "word" else "", random)
    elif what < 0.8:
        random.shuffle(item.tree.items)
    elif item.tree.style != "flow" and tree.style != "flow" and not _in_flow(document, item):
        item.above = _comment(random) if random.random() < 0.7 else ""
        if item.tree.kind == "word" and item.tree.style != "|" and random.random() < 0.5:
            item.beside = _comment(random)
    _settle(document)
    if not _is_sound(document):
        document.items = before


def _change(item: Item, tree: Tree, random: Random) -> None:
    if item.key in _KEYS and tree.kind == "map":
        return
    if item.tree.kind == "word":
        chance = random.random()
        if item.key == "image" and isinstance(item.tree.value, str) and ":5000" in item.tree.value:
            item.tree.value = item.tree.value.rpartition(":")[0] + f":v{random.randint(1, 5)}"
        elif item.tree.style == "|":
            item.tree.value += random.choice(_WORDS) + "\n"
        elif chance < 0.8 or tree.style == "flow" or not item.key:
            item.tree.value = random.choice(_WORDS) if isinstance(item.tree.value, str) else random.randint(1, 99)
        elif chance < 0.9:
            item.tree = Tree("word", value=None)
        else:
            item.tree = from_value(_some(random, 2))
    elif item.tree.kind == "list" and item.key not in KEYED:
        item.tree = from_value([random.choice(_WORDS) for _ in range(random.randint(1, 3))])
    elif random.random() < 0.2 and not any(below.above or below.beside for below in _all(item.tree)):
        if item.tree.style == "flow":
            item.tree.style = ""
        else:
            _make_flow(item.tree)


def _add(tree: Tree, name: str, random: Random) -> None:
    if tree.kind == "map":
        key = random.choice((*_WORDS, "zz/x", "new"))
        if all(item.key != key for item in tree.items) and (tree.style != "flow" or key.isalnum()):
            made = Item(key, from_value(random.choice(("v", "w", 7, _some(random, 2)))))
            tree.items.insert(random.randint(0, len(tree.items)), made)
    elif name == "finalizers":
        tree.items.append(Item("", Tree("word", value=random.choice(_WORDS))))
    elif name in {"env", "containers", "parts", "volumes"}:
        made = Item("", from_value({"name": random.choice(_WORDS), "value": random.choice(_WORDS)}))
        tree.items.insert(random.randint(0, len(tree.items)), made)
    elif name == "ports" and tree.items:
        key = next(item.key for item in tree.items[0].tree.items if item.key in {"port", "containerPort"})
        tree.items.append(Item("", from_value({key: random.choice((80, 81, 82, 83)), "protocol": "UDP"})))


def _in_flow(document: Tree, wanted: Item) -> bool:
    return any(item.tree.style == "flow" and wanted in list(_all(item.tree)) for item in _all(document))


def _is_sound(document: Tree) -> bool:
    """No key and no identity twice, and each item of a keyed list has one."""
    for item in _all(document):
        if item.tree.kind == "map" and len({below.key for below in item.tree.items}) < len(item.tree.items):
            return False
        if item.tree.kind == "list" and item.key in KEYED:
            try:
                labels = [label(below.tree, item.key) for below in item.tree.items]
            except KeyError:
                return False
            if len(set(labels)) < len(labels) or any(name in {"[]", "[protocol=TCP]"} for name in labels):
                return False
    return True


def _mark(files: Package) -> None:
    """As a clone marks what it has copied."""
    for path, file in files.items():
        for document in file.documents:
            metadata = next(item for item in document.items if item.key == "metadata")
            name = next(item.tree.value for item in metadata.tree.items if item.key == "name")
            metadata.beside = f"# kpt-merge: /{name}"
            found = [item for item in metadata.tree.items if item.key == "annotations"]
            mark = Item("internal.kpt.dev/upstream-identifier", Tree("word", value=f"|{path}|default|{name}"))
            if not found:
                metadata.tree.items.append(Item("annotations", Tree("map", [mark])))
            elif found[0].tree.kind == "map" and found[0].tree.style != "flow":
                found[0].tree.items.append(mark)
