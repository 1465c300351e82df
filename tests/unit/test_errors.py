"""The error tree: every class has one code, one reason and a sentence, and travels between processes."""

from __future__ import annotations

import pickle

import pytest

from porch import errors
from porch.errors import Conflict, Details, Invalid, PorchError, invalid, not_supported, required

_KINDS = [
    kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, PorchError) and not name.startswith("_")
]


@pytest.mark.parametrize("kind", _KINDS)
def test_every_error_has_a_code_a_reason_and_a_sentence(kind: type[PorchError]) -> None:
    assert 400 <= kind.code < 600
    assert kind.reason
    assert kind().message


def test_a_reason_has_one_code() -> None:
    assert len({(kind.code, kind.reason) for kind in _KINDS}) == len({kind.reason for kind in _KINDS})


def test_an_error_comes_out_of_a_pickle_as_it_went_in() -> None:
    error = Conflict("moved", details=Details(name="a", kind="packagerevisions"), retry_after=3)
    found = pickle.loads(pickle.dumps(error))
    assert (type(found), found.message, found.details, found.retry_after) == (Conflict, "moved", error.details, 3)


def test_field_errors_read_as_kubernetes_words_them() -> None:
    several = [
        required("spec.repository"),
        invalid("spec.revision", 3, "is set by the server"),
        not_supported("spec.type", "svn", ["git", "oci"]),
    ]
    assert Invalid.of("g", "Kind", "n", several).message == (
        'Kind.g "n" is invalid: [spec.repository: Required value, spec.revision: Invalid value: 3: is set by the '
        'server, spec.type: Unsupported value: "svn": supported values: "git", "oci"]'
    )
    assert Invalid.of("g", "Kind", "n", several[:1] * 2).message == (
        'Kind.g "n" is invalid: spec.repository: Required value'
    )
