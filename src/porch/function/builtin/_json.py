"""An object as it comes out when a Go function turns it into JSON and back: keys sorted, styles and comments gone.

Numbers are Go's floats then, so that a million becomes 1e+06; a date becomes a time.
"""

from __future__ import annotations

import math
import re

from porch.function.builtin._sdk import FieldError
from porch.krm.scalars import means_text
from porch.kyaml import Node, followed, text, to_value

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def through_json(node: Node) -> Node:
    """Raises FieldError for what JSON cannot hold."""
    node = followed(node)
    if node.kind == "mapping":
        pairs = zip(node.content[::2], node.content[1::2], strict=True)
        made = Node("mapping", "!!map", content=[])
        for key, value in sorted({key.value: value for key, value in pairs}.items()):
            made.content += [_string(key), through_json(value)]
        return made
    if node.kind == "sequence":
        return Node("sequence", "!!seq", content=[through_json(item) for item in node.content])
    if node.tag in {"!!null", "!!bool"}:
        return Node("scalar", node.tag, "null" if node.tag == "!!null" else node.value.lower())
    if node.tag in {"!!int", "!!float"}:
        return _number(to_value(node))
    date = _DATE.fullmatch(node.value) if node.tag == "!!timestamp" else None
    return _string(f"{date[0]}T00:00:00Z" if date else node.value)


def _string(value: str) -> Node:
    """Quoted, too, where only older YAML would not take it for text."""
    return text(value, "" if means_text(value) else "double")


def _number(value: float) -> Node:
    number = float(value)
    if not math.isfinite(number):
        raise FieldError(f"json: unsupported value: {'NaN' if math.isnan(number) else f'{number:+}'.title()}")
    written = go_number(number)
    return Node("scalar", "!!int" if written.lstrip("-").isdecimal() else "!!float", written)


def go_number(number: float) -> str:
    """As Go's YAML writes a float: the fewest digits that mean it, with an exponent from a million on."""
    if number == 0:
        return "0"
    for precision in range(17):
        mantissa, _, exponent = f"{number:.{precision}e}".partition("e")
        if float(f"{mantissa}e{exponent}") == number:
            break
    if -5 < int(exponent) < 6:
        return repr(number).removesuffix(".0")
    return f"{mantissa}e{exponent}"
