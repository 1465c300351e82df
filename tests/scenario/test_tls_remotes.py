"""A remote behind TLS with a CA of its own and a password: here, the hosted repository of another server."""

from __future__ import annotations

import base64
import json

from tests.scenario.conftest import Make
from tests.scenario.running import REPOSITORIES, REVISIONS, Api, register, repository, revision, wait_ready

_SECRETS = "/api/v1/namespaces/default/secrets"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _password(api: Api, password: str, method: str = "POST", path: str = _SECRETS) -> None:
    data = {"username": _base64("anybody"), "password": _base64(password)}
    secret = {"metadata": {"name": "login"}, "type": "kubernetes.io/basic-auth", "data": data}
    api.do(method, path, secret)


def test_packages_go_to_a_remote_that_only_its_ca_bundle_vouches_for(make: Make) -> None:
    far, near = make(), make("--sync-interval", "0.5")
    there, here = far.launch(), near.launch()
    register(there, "blueprints", "hosted:///blueprints")
    token = (far.data / "tokens.csv").read_text().partition(",")[0]
    _password(here, token)
    address = repository("far", f"{far.url}/git/default/blueprints.git", secretRef={"name": "login"})
    here.do("POST", REPOSITORIES, address)
    assert "certificate" in wait_ready(here, "far", ready=False)

    ca = {"metadata": {"name": "default-ca-bundle"}, "data": {"ca.crt": _base64(far.ca.read_text())}}
    here.do("POST", _SECRETS, ca)
    assert here.send("POST", REVISIONS, revision("far", "web")).code == 201
    assert there.names() == ["blueprints.web.v1"]

    _password(here, "rotated away", "PUT", f"{_SECRETS}/login")
    refused = here.send("POST", REVISIONS, revision("far", "late"))
    assert (refused.code, refused.reason) == (503, "ServiceUnavailable")
    assert "spec.git.secretRef" in refused.message
    assert "rotated away" not in refused.message
    _password(here, token, "PUT", f"{_SECRETS}/login")
    assert here.send("POST", REVISIONS, revision("far", "late")).code == 201
    assert token not in json.dumps(here.do("GET", f"{REPOSITORIES}/far")) + near.log.read_text()
