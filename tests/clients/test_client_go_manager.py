"""An operator made with controller-runtime: leader election on a Lease, a controller, Events, a metadata-only watch."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.clients.goprogram import Running, of, running
from tests.support.server import SECONDS
from tests.wire.space import REVISIONS, Space

LEASES = "/apis/coordination.k8s.io/v1/namespaces"
EVENTS = "/apis/events.k8s.io/v1/namespaces"
SEEN = "example.com/seen-by"


@contextmanager
def manager(space: Space, name: str = "first") -> Iterator[Running]:
    with running(space.server, "manager", "--namespace", space.namespace, "--name", name) as program:
        program.event("started", name=name)
        yield program


def lease(space: Space) -> dict[str, Any]:
    spec: dict[str, Any] = space.client.send("GET", f"{LEASES}/{space.namespace}/leases/porch-clients").json()["spec"]
    return spec


def test_a_controller_labels_every_package_revision(space: Space) -> None:
    before = space.draft("before")
    with manager(space) as program:
        program.event("labelled", name=before, package="before")
        after = space.draft("after")
        program.event("labelled", name=after, package="after")
    for name in (before, after):
        assert space.get(REVISIONS, name)["metadata"]["labels"][SEEN] == "first"


def test_a_controller_may_watch_metadata_only(space: Space) -> None:
    name = space.draft("web")
    with manager(space) as program:
        program.event("metadata", name=name, by="first")
    kinds = {line["type"] for line in of(program.seen, "request") if line["path"].endswith(f"/{REVISIONS}")}
    assert any("PartialObjectMetadata" in kind for kind in kinds), kinds


def test_a_controller_records_an_event(space: Space) -> None:
    name = space.draft("web")
    with manager(space) as program:
        program.event("request", verb="POST", path=f"{EVENTS}/{space.namespace}/events", status=201)
    events = space.client.send("GET", f"{EVENTS}/{space.namespace}/events").json()["items"]
    (event,) = [event for event in events if event["reason"] == "Seen"]
    assert (event["regarding"]["kind"], event["regarding"]["name"]) == ("PackageRevision", name)
    assert event["note"] == "first has seen package web"


def test_a_leader_that_stops_hands_over_at_once(space: Space) -> None:
    with manager(space, "first") as first, manager(space, "second") as second:
        first.event("leading")
        holder = lease(space)["holderIdentity"]
        first.process.send_signal(signal.SIGTERM)
        first.event("stopped")
        assert first.process.wait(SECONDS) == 0
        second.event("leading")
        second.event("labelled", name=space.draft("web"), by="second")
        assert lease(space)["holderIdentity"] != holder


def test_a_leader_that_dies_is_replaced_when_its_lease_is_over(space: Space) -> None:
    with manager(space, "first") as first:
        first.event("leading")
        with manager(space, "second") as second:
            first.process.kill()
            second.event("leading")
            assert lease(space)["leaseTransitions"] == 1
            second.event("labelled", name=space.draft("web"), by="second")
