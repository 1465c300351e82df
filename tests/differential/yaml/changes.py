"""Random changes of a tree, as functions make them and stranger ones: comments, styles, values, nodes taken away."""

from __future__ import annotations

from random import Random

from porch.krm.style import Style
from porch.kyaml.node import Node, walk

_COMMENTS = ("", "", "# new", "# two\n# lines", "# a\n\n# b", "no hash", "# é")
_SCALAR_STYLES: tuple[Style, ...] = ("", "", "single", "double", "literal", "folded")
_VALUES = (
    "x",
    "",
    "yes",
    "true",
    "12",
    "a: b",
    "- x",
    "two\nlines",
    "two\n\nlines\n",
    " lead",
    "trail ",
    "é😀",
    "\n",
)


def change(root: Node, random: Random) -> None:
    for _ in range(random.randint(1, 6)):
        nodes = list(walk(root))
        node = random.choice(nodes)
        what = random.random()
        if what < 0.4:
            setattr(node, random.choice(("head", "line", "foot")), random.choice(_COMMENTS))
        elif what < 0.5 and node.kind == "scalar":
            node.style = random.choice(_SCALAR_STYLES)
        elif what < 0.6 and node.kind in {"mapping", "sequence"}:
            node.style = random.choice(("", "flow"))
        elif what < 0.75 and node.kind == "scalar":
            node.value, node.tag, node.tagged = random.choice(_VALUES), "!!str", False
            node.style = random.choice(("", node.style))
        elif what < 0.85 and node.content:
            step = 2 if node.kind == "mapping" else 1
            at = random.randrange(0, len(node.content), step)
            del node.content[at : at + step]
        elif what < 0.95 and node.kind == "sequence":
            node.content.append(Node("scalar", "!!str", random.choice(_VALUES)))
        elif node.kind == "mapping":
            node.content += [Node("scalar", "!!str", random.choice(_VALUES)), Node("scalar", "!!null", "")]
