"""hash.star: md5, sha1 and sha256 of a string, in hexadecimal."""

from __future__ import annotations

import hashlib

from porch.function.builtin.starlark.arguments import positional, text
from porch.function.builtin.starlark.values import Anything, Arguments, Builtin, Keywords, Module, encoded


def _hash(name: str) -> Builtin:
    def function(arguments: Arguments, keywords: Keywords) -> Anything:
        (value,) = positional(f"hash.{name}", arguments, keywords, 1, text)
        return hashlib.new(name, encoded(value), usedforsecurity=False).hexdigest()

    return Builtin(f"hash.{name}", function)


MEMBERS = {"hash": Module("hash", {name: _hash(name) for name in ("md5", "sha1", "sha256")})}
