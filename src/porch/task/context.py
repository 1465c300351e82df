"""package-context.yaml: the ConfigMap by which functions know the package's name and path.

A clone into a deployment repository gets a new one. Contexts that came along in the root package go; sub-packages keep
theirs (upstream takes them away and makes no others).
"""

from __future__ import annotations

from porch.krm.errors import YamlError
from porch.krm.kptfile import NAME as KPTFILE
from porch.krm.lines import Edit, apply_edits, line_end_after, line_start
from porch.krm.write import dump
from porch.krm.yaml import Mapping, Node, Scalar, decode_text, documents
from porch.repository import Entry
from porch.task.interface import Content

NAME = "package-context.yaml"
_CONTEXT = "kptfile.kpt.dev"


def with_context(files: Content, path: str) -> dict[str, bytes | Entry]:
    """`path` is the package path, which is name and path of the package."""
    below = [f"{name.removesuffix(KPTFILE)}" for name in files if name.endswith(f"/{KPTFILE}")]
    kept = dict(files)
    for name, data in files.items():
        if isinstance(data, bytes) and _CONTEXT.encode() in data and not name.startswith(tuple(below)):
            rest = _without_context(data)
            if rest is None:
                del kept[name]
            else:
                kept[name] = rest
    return {**kept, NAME: _joined(_context(path), kept.get(NAME))}


def _context(path: str) -> bytes:
    text = dump(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": _CONTEXT, "annotations": {"config.kubernetes.io/local-config": "true"}},
            "data": {"name": path, "package-path": path},
        }
    )
    return text.encode()


def _joined(context: bytes, others: bytes | Entry | None) -> bytes:
    """Whatever else was in the file stays behind the context."""
    return context + b"---\n" + others if isinstance(others, bytes) else context


def _without_context(data: bytes) -> bytes | None:
    """The file without its package contexts; None when nothing else was in it."""
    try:
        text = decode_text(data)
        roots = documents(text)
    except YamlError:
        return data
    contexts = [root for root in roots if _is_context(root)]
    if not contexts:
        return data
    if len(contexts) == len(roots):
        return None
    return apply_edits(text, (_removal(text, root) for root in contexts)).encode()


def _removal(text: str, root: Node) -> Edit:
    """From the document's first line to the end of the separator below it, or from the one above it to the end."""
    begin, end = line_start(text, root.start), root.end
    below = text.find("\n---", end - 1)
    if below >= 0:
        return Edit(begin, line_end_after(text, below + 1), "")
    above = text.rfind("---", 0, begin)
    return Edit(line_start(text, above) if above >= 0 else begin, len(text), "")


def _is_context(root: Node) -> bool:
    metadata = root.find("metadata") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(metadata, Mapping):
        return False
    found = (root.find("apiVersion"), root.find("kind"), metadata.find("name"))
    words = tuple(value.text for value in found if isinstance(value, Scalar))
    return words == ("v1", "ConfigMap", _CONTEXT)
