"""The official Python client elects a leader by a Lease: one leads, and when it steps down the other takes over."""

from __future__ import annotations

from threading import Event, Thread

from kubernetes import client, config
from kubernetes.leaderelection.electionconfig import Config
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

from tests.support.server import SECONDS
from tests.wire.space import Space


class _Candidate:
    def __init__(self, space: Space, name: str) -> None:
        self.leads, self.done, self.stopped = Event(), Event(), Event()
        lock = LeaseLock("the-leader", space.namespace, name)
        lock.api_instance = client.CoordinationV1Api(config.new_client_from_config(str(space.server.kubeconfig)))
        # The shortest times that the library takes, in seconds.
        election = Config(
            lock,
            lease_duration=3,
            renew_deadline=2,
            retry_period=1,
            onstarted_leading=self._lead,
            onstopped_leading=self.stopped.set,
        )
        Thread(target=LeaderElection(election).run, daemon=True).start()

    def _lead(self) -> None:
        self.leads.set()
        self.done.wait(SECONDS)
        raise InterruptedError  # how a leader of this library steps down


def test_one_leads_and_the_other_follows(empty: Space) -> None:
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{empty.namespace}/leases/the-leader"

    def holder() -> str:
        return str(empty.client.send("GET", leases).json()["spec"]["holderIdentity"])

    first = _Candidate(empty, "first")
    assert first.leads.wait(SECONDS)
    second = _Candidate(empty, "second")
    assert not second.leads.is_set()
    assert holder() == "first"
    first.done.set()
    assert first.stopped.wait(SECONDS)
    assert second.leads.wait(SECONDS)
    assert holder() == "second"
    second.done.set()
    assert second.stopped.wait(SECONDS)
