"""Commands and their printed output in the console blocks of a page."""

from __future__ import annotations

import re

_AGE = re.compile(r"\b\d+[smhd]\b")


def examples(text: str) -> list[tuple[str, str]]:
    """In order. A command goes on over lines that are indented, and over what it reads up to EOF."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            head, end, rest = example.partition("<<EOF\n")
            if end:
                body, _, output = rest.partition("\nEOF\n")
                found.append((f"{head}<<EOF\n{body}\nEOF", output))
                continue
            match = re.match(r"[^\n]*\n(?:(?:    [^\n]*|  done)\n)*", example)
            assert match is not None
            found.append((match[0], example[match.end() :]))
    return found


def same(printed: str) -> list[str]:
    """Without ages and the widths that follow from them."""
    return [" ".join(_AGE.sub("AGE", line).split()) for line in printed.strip().splitlines()]
