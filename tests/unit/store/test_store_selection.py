"""Selection: the bounds that a query gives the database, which must never be wider than its namespace."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from porch.store import Query
from porch.store.selection import Bounds, bounds
from porch.types.selectors import Requirement, Selector

LAST = "\U0010ffff"
NAMES = st.text(st.characters(codec="utf-8"), max_size=3)


def pinned(namespace: str) -> Selector:
    return Selector((Requirement("metadata.namespace", "in", (namespace,)),))


def test_without_a_namespace_the_bounds_are_the_whole_resource() -> None:
    assert bounds(Query("r")) == Bounds("", "", LAST)
    assert bounds(Query("r", after=("b", "x"))) == Bounds("b", "x", LAST)


def test_a_namespace_bounds_both_ends_however_it_is_given() -> None:
    assert bounds(Query("r", namespace="b")) == Bounds("b", "", "b")
    assert bounds(Query("r", fields=pinned("b"))) == Bounds("b", "", "b")
    assert bounds(Query("r", namespace="b", after=("b", "x"))) == Bounds("b", "x", "b")


def test_two_namespaces_at_once_select_nothing() -> None:
    assert bounds(Query("r", namespace="a", fields=pinned("b"))) is None


@given(NAMES, NAMES, NAMES)
def test_no_continuation_leaves_the_namespace(namespace: str, after_namespace: str, after_name: str) -> None:
    found = bounds(Query("r", namespace=namespace, after=(after_namespace, after_name)))
    assert found is not None
    assert found.namespace >= namespace
    assert found.last == namespace


@given(NAMES, NAMES)
def test_code_points_order_as_their_utf8_bytes_do(one: str, two: str) -> None:
    """The bounds compare in Python what the database orders by bytes."""
    assert (one < two) == (one.encode() < two.encode())
