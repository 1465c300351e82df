"""Query parameters that say how a request is to be carried out, and the index of all documents."""

from __future__ import annotations

import json

import pytest

from porch.apiserver import options
from porch.apiserver.interface import DocumentRequest
from porch.apiserver.paths import Paths
from porch.types.core import CONFIG_MAP
from porch.types.repository import REPOSITORY
from tests.support.wire import Wire

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.mark.parametrize("text", ["32s", "1m30s", "1.5h", ".5h", "0", "0s", "100000h"])
def test_a_timeout_is_a_duration_and_at_most_ours(wire: Wire, text: str) -> None:
    assert wire.get(f"{MAPS}?timeout={text}").code == 200


@pytest.mark.parametrize("text", ["soon", "32", "-1s", "1s2", "s", "1" * 70 + "s"])
def test_a_timeout_that_is_no_duration_is_refused(wire: Wire, text: str) -> None:
    reply = wire.get(f"{MAPS}?timeout={text}")
    assert (reply.code, reply.json["reason"]) == (400, "BadRequest")
    assert reply.message.startswith("invalid timeout specified in the request URL")


def test_a_timeout_that_has_passed_is_told(wire: Wire) -> None:
    reply = wire.get(f"{MAPS}?timeout=1ns")
    assert (reply.code, reply.json["reason"]) == (504, "Timeout")
    assert "retry-after" not in reply.headers


def test_force_belongs_to_apply_patches(wire: Wire) -> None:
    assert wire.post(MAPS, {"metadata": {"name": "a"}}).code == 201
    reply = wire.patch(f"{MAPS}/a?force=true", {"data": {"k": "v"}})
    assert (reply.code, reply.message) == (
        422,
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    )
    applied = wire.send("PATCH", f"{MAPS}/a?force=false", {}, content_type="application/apply-patch+yaml")
    assert (applied.code, "server-side apply is not built yet" in applied.message) == (415, True)


def test_the_root_lists_every_document() -> None:
    index = Paths([CONFIG_MAP, REPOSITORY])
    answer = index.answer(DocumentRequest("/", {}, {}))
    assert answer is not None
    paths = json.loads(answer.body)["paths"]
    assert {"/api/v1", "/apis/config.porch.kpt.dev", "/apis/config.porch.kpt.dev/v1alpha1", "/openapi/v3"} <= {*paths}
    assert index.answer(DocumentRequest("/nope", {}, {})) is None


@pytest.mark.parametrize(
    ("user_agent", "manager"),
    [
        ("kubectl/v1.36.0 (linux/amd64) kubernetes/abc", "kubectl"),
        ("OpenAPI-Generator/37.0.2/python", "OpenAPI-Generator"),
        ("with\ttab/1", "withtab"),
        ("m" * 200, "m" * 128),
        ("\N{SNOWMAN}".encode().decode("latin-1") + "/1", "\N{SNOWMAN}"),
        (("\N{SNOWMAN}" * 50).encode().decode("latin-1"), "\N{SNOWMAN}" * 42),
        ("\xff/1", ""),
        ("", ""),
    ],
)
def test_a_manager_that_is_not_named_is_the_program(user_agent: str, manager: str) -> None:
    assert options._manager_of(user_agent) == manager
