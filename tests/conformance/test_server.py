"""Rows 42, 48 and 50 to 53: who is asked for, and how the server itself behaves."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from tests.conformance.objects import MAPS, config_map
from tests.support.server import CORE, Client, Server, run
from tests.wire.space import Space

_WRITES = 200  # what porch.apiserver.app.Limits allows at once

_CHART = {
    "Chart.yaml": "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
    "templates/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {x: '1'}\n",
}


def test_row_42_the_texts_of_401_and_403(server: Server, empty: Space) -> None:
    with server.client("bad") as stranger:
        told = stranger.send("GET", empty.path(MAPS)).json()
    assert told == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }
    with server.client(server.user(f"{empty.namespace}-ann")) as ann:
        told = ann.send("GET", empty.path(MAPS)).json()
        path = ann.send("GET", "/nowhere").json()
    who = f'User "{empty.namespace}-ann" cannot'
    assert told["message"] == (
        f'configmaps is forbidden: {who} list resource "configmaps" in API group "" '
        f'in the namespace "{empty.namespace}"'
    )
    assert (told["code"], told["reason"], told["details"]) == (403, "Forbidden", {"kind": "configmaps"})
    assert path["message"] == f'forbidden: {who} get path "/nowhere"'


def test_row_48_helm_keeps_its_releases_in_secrets(empty: Space, tmp_path: Path) -> None:
    for name, content in _CHART.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    environment = empty.server.environment() | {"HELM_CACHE_HOME": str(tmp_path / "cache")}

    def helm(*arguments: str) -> str:
        done = run(["helm", f"--namespace={empty.namespace}", *arguments], environment=environment)
        assert done.code == 0, done
        return done.out

    helm("install", "x", str(tmp_path), "--server-side=false")
    assert [release["status"] for release in json.loads(helm("list", "-o", "json"))] == ["deployed"]
    assert empty.get(MAPS, "x")["data"] == {"x": "1"}
    helm("uninstall", "x")
    assert empty.names(MAPS) == []


def test_row_50_audit_id_and_cache_control(client: Client, empty: Space) -> None:
    for path in (empty.path(MAPS), empty.path(MAPS, "absent"), "/nowhere", "/livez"):
        answer = client.send("GET", path)
        assert len(answer.headers["audit-id"]) == 36
        assert answer.headers["cache-control"] == "no-cache, private"
        assert client.send("GET", path, headers={"Audit-ID": "mine"}).headers["audit-id"] == "mine"


def test_row_51_health(server: Server) -> None:
    for endpoint in ("livez", "readyz", "healthz"):
        assert server.kubectl("get", "--raw", f"/{endpoint}").out == "ok"
        verbose = server.kubectl("get", "--raw", f"/{endpoint}?verbose").out
        assert "[+]ping ok\n" in verbose
        assert verbose.endswith(f"{endpoint} check passed\n")
        assert all(f"[+]{name} ok\n" in verbose for name in ("log", "etcd"))
        assert "[+]ping excluded: ok\n" in server.kubectl("get", "--raw", f"/{endpoint}?verbose&exclude=ping").out
    ready = server.kubectl("get", "--raw", "/readyz?verbose").out
    assert all(f"[+]{name} ok\n" in ready for name in ("informer-sync", "shutdown"))
    with server.client(anonymous=True) as nobody:
        answer = nobody.send("GET", "/readyz/ping")
    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_row_52_a_full_server_says_when_to_come_back_and_final_errors_do_not(server: Server, empty: Space) -> None:
    body = json.dumps(config_map()).encode()
    with ExitStack() as stack:
        for _ in range(_WRITES):
            held = stack.enter_context(server.client())
            stack.enter_context(held.half("POST", empty.path(MAPS), body))
        refused = empty.client.send("DELETE", empty.path(MAPS, "absent"))
        assert refused.status == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["message"] == "Too many requests, please try again later."
        assert empty.client.send("GET", empty.path(MAPS)).status == 200
    made = empty.create(MAPS, config_map())
    stale = made | {"metadata": made["metadata"] | {"resourceVersion": "1"}, "data": {"x": "1"}}
    for answer, code in (
        (empty.client.send("GET", empty.path(MAPS, "absent")), 404),
        (empty.client.send("POST", empty.path(MAPS), config_map()), 409),
        (empty.client.send("PUT", empty.path(MAPS, "a"), stale), 409),
        (empty.client.send("POST", empty.path(MAPS), config_map("_")), 422),
        (empty.client.send("POST", f"{CORE}/namespaces/absent/configmaps", config_map()), 404),
    ):
        assert (answer.status, "retry-after" in answer.headers) == (code, False)


def test_row_53_a_request_is_answered_504_at_its_deadline(server: Server, empty: Space) -> None:
    with server.client() as held:
        url = f"{empty.path(MAPS)}?timeout=1s"
        with held.half("POST", url, json.dumps(config_map()).encode()):
            told = held.answer().json()
    assert (told["code"], told["reason"]) == (504, "Timeout")
    assert told["message"].startswith("Timeout: request did not complete within requested timeout")
    assert empty.names(MAPS) == []
