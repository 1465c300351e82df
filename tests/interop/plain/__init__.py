"""A reader of what Porch writes into git that shares nothing with the writer: the git executable and plain strings.

    report = read(path)                  # any bare repository
    assert report.findings == []

It knows the layout from upstream's description alone: which refs there are, what commits say, what their trees hold.
Whatever it finds against that is a finding, named by its rule.
"""

from __future__ import annotations

from tests.interop.plain.read import Published, Report, changed_since, read
from tests.interop.plain.rules import RULES, Finding

__all__ = ["RULES", "Finding", "Published", "Report", "changed_since", "read"]
