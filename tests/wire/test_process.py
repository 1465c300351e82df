"""`porch up` as a process: one a directory, a clean end, and nothing lost without one."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.support.server import CORE, Server, porch, run
from tests.wire.space import DOTTED, REVISIONS, Space, events


def test_a_second_server_on_the_same_directory_is_refused(server: Server) -> None:
    done = run(porch("up", "--port", "0", "--data-dir", str(server.data)))
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert "is in use by another server" in done.err
    assert str(server.process.pid) in done.err
    assert "Traceback" not in done.err


def test_everything_in_the_directory_is_private(server: Server) -> None:
    for path in (server.data, server.kubeconfig, server.data / "tokens.csv", server.data / "porch.db"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_ready_line_is_to_be_copied(server: Server) -> None:
    assert server.ready == f"porch is ready on {server.url}; in your shell: export KUBECONFIG={server.kubeconfig}"


def test_a_terminated_server_ends_watches_and_answers_what_is_in_flight(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server, server.client() as watching, server.client() as writing:
        with watching.open("GET", f"{CORE}/namespaces?watch=1") as response:
            following = events(response)
            assert next(following)["type"] == "ADDED"
            with writing.half("POST", f"{CORE}/namespaces", b'{"metadata": {"name": "late"}}') as finish:
                server.process.send_signal(signal.SIGTERM)
                assert all(event["type"] in {"ADDED", "BOOKMARK"} for event in following)
                with server.client() as late:
                    # The stop has begun, since the watch has ended; what is in flight keeps the port open.
                    ready = late.send("GET", "/readyz")
                    assert (ready.status, b"[-]shutdown failed" in ready.body) == (500, True)
                with server.client() as late:
                    refused = late.send("GET", f"{CORE}/namespaces")
                    assert (refused.status, refused.headers["connection"]) == (429, "close")
                    assert refused.headers["retry-after"] == "1"
                with server.client() as late:
                    assert late.send("GET", "/git/default/blueprints.git/info/refs").status == 429
                with server.client() as late:
                    assert late.send("GET", "/livez").status == 200
                assert finish().status == 201
        assert server.process.wait(10) == 0


def test_a_killed_server_has_kept_everything(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        with server.client() as client:
            space = Space(server, "default", client)
            space.register()
            space.draft()
            space.kubectl("label", "packagerevision", DOTTED, "a=b")
            before, refs = space.get(REVISIONS, DOTTED), space.refs()
        server.stop(signal.SIGKILL)
        server.start()
        with server.client() as client:
            space = Space(server, "default", client)
            assert space.get(REVISIONS, DOTTED) == before
            assert space.refs() == refs
            space.draft("after")
