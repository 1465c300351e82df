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
PROTOBUF = "application/vnd.kubernetes.protobuf"
SEEN = "example.com/seen-by"


@contextmanager
def manager(space: Space, name: str = "first", *options: str) -> Iterator[Running]:
    with running(space.server, "manager", "--namespace", space.namespace, "--name", name, *options) as program:
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
    accepted = [line["accept"] for line in of(program.seen, "request") if line["path"].endswith(f"/{REVISIONS}")]
    assert any("as=PartialObjectMetadata;" in accept for accept in accepted), accepted


def test_a_controller_records_an_event(space: Space) -> None:
    name = space.draft("web")
    with manager(space) as program:
        program.event("request", verb="POST", path=f"{EVENTS}/{space.namespace}/events", status=201)
    events = space.client.send("GET", f"{EVENTS}/{space.namespace}/events").json()["items"]
    (event,) = [event for event in events if event["reason"] == "Seen"]
    assert (event["regarding"]["kind"], event["regarding"]["name"]) == ("PackageRevision", name)
    assert event["note"] == "first has seen package web"


def test_what_a_controller_made_goes_with_its_owner(space: Space) -> None:
    name = space.draft("web")
    with manager(space) as program:
        made = program.event("request", verb="POST", path=space.path("configmaps"), status=201)
        program.event("labelled", name=name)
    assert made["sent"] == PROTOBUF
    (owner,) = space.get("configmaps", f"seen.{name}")["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("PackageRevision", name, True)
    assert space.client.send("DELETE", space.path(REVISIONS, name)).status == 200
    space.kubectl("wait", "--for=delete", f"configmap/seen.{name}", "--timeout=20s")


def test_leaders_may_be_elected_in_protobuf(space: Space) -> None:
    with manager(space, "first", "--lease-content-type", PROTOBUF) as first:
        first.event("leading")
        first.event(
            "request", verb="PUT", path=f"{LEASES}/{space.namespace}/leases/porch-clients", sent=PROTOBUF, status=200
        )
    held = lease(space)
    assert held["holderIdentity"]
    assert held["leaseDurationSeconds"] == 3


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
