"""A JSON value that the steps of a JSON patch change, while whoever else has parts of it sees nothing of that.

What is changed is copied first, once, with the containers above it; everything else stays shared. So a patch costs
what it touches, and a copied value stands in several places as one until it is changed in one of them: copies of
copies double what the answer says, not what it takes to make it.
"""

from __future__ import annotations

from typing import Any


class Unfit(Exception):
    """A step that does not fit the value."""


class Document:
    def __init__(self, root: Any) -> None:
        self.root = root
        # By id, and kept alive so that an id means one object. Nothing below a container that is not here is here.
        self._own: dict[int, Any] = {}

    def get(self, path: list[str]) -> Any:
        found = self.root
        for token in path:
            found = found[_key(found, token)]
        return found

    def add(self, path: list[str], value: Any) -> None:
        if not path:
            self.root = value
            return
        parent, last = self._changeable(path[:-1]), path[-1]
        if isinstance(parent, dict):
            parent[last] = value
        elif isinstance(parent, list):
            parent.insert(len(parent) if last == "-" else _place(last, len(parent)), value)
        else:
            raise Unfit("its parent is neither object nor list")

    def remove(self, path: list[str]) -> None:
        if not path:
            self.root = None
            return
        parent = self._changeable(path[:-1])
        del parent[_key(parent, path[-1])]

    def share(self, value: Any) -> Any:
        """A part of this value, to stand in another place too: neither place may change it from now on."""
        pending = [value]
        while pending:
            if self._own.pop(id(container := pending.pop()), None) is not None:
                pending += container.values() if isinstance(container, dict) else container
        return value

    def _changeable(self, path: list[str]) -> Any:
        """What is there, as our own."""
        self.root = found = self._owned(self.root)
        for token in path:
            key = _key(found, token)
            found[key] = found = self._owned(found[key])
        return found

    def _owned(self, value: Any) -> Any:
        if not isinstance(value, dict | list) or id(value) in self._own:
            return value
        copied = value.copy()
        self._own[id(copied)] = copied
        return copied


def pointer(text: str) -> list[str]:
    """A JSON pointer (RFC 6901) as its tokens."""
    if not text:
        return []
    if not text.startswith("/"):
        raise Unfit("a path begins with '/'")
    return [token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/")]


def _key(container: Any, token: str) -> Any:
    """The key or index of what the token names."""
    if isinstance(container, list):
        return _place(token, len(container) - 1)
    if not isinstance(container, dict) or token not in container:
        raise Unfit(f'there is no "{token:.253}"')
    return token


def _place(text: str, last: int) -> int:
    if not (text.isascii() and text.isdigit()) or (text != "0" and text.startswith("0")):
        raise Unfit(f'"{text:.253}" is no list index')
    if len(text) > 9 or int(text) > last:
        raise Unfit(f"index {text:.20} is out of bounds")
    return int(text)
