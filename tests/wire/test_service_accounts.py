"""Service accounts: made, given a token, a role, and taken away again."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import CORE, Server
from tests.wire.space import Space
from tests.wire.space import events as changes

_REVIEWS = "/apis/authentication.k8s.io/v1"


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _whoami(space: Space, token: str) -> tuple[int, dict[str, Any]]:
    with space.server.client(token) as client:
        answer = client.send("POST", f"{_REVIEWS}/selfsubjectreviews", {})
        return answer.status, answer.json()


def _token(space: Space, name: str = "bot", *options: str) -> str:
    return space.kubectl("create", "token", name, *options).out.strip()


def test_a_token_lets_a_program_do_what_its_account_may(empty: Space) -> None:
    assert empty.kubectl("create", "serviceaccount", "bot").out == "serviceaccount/bot created\n"
    token = _token(empty)
    uid = empty.get("serviceaccounts", "bot")["metadata"]["uid"]
    claims = _claims(token)
    assert (claims["iss"], claims["aud"]) == (empty.server.url, [empty.server.url])
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["kubernetes.io"]["serviceaccount"] == {"name": "bot", "uid": uid}
    user = f"system:serviceaccount:{empty.namespace}:bot"
    as_bot = empty.server.as_user(token)
    assert user in empty.kubectl(*as_bot, "auth", "whoami").out
    assert f'User "{user}" cannot list resource "secrets"' in empty.refused(*as_bot, "get", "secrets")
    empty.kubectl("create", "role", "reader", "--verb=list", "--resource=secrets")
    empty.kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={empty.namespace}:bot")
    empty.kubectl(*as_bot, "get", "secrets")
    everybody = f"--group=system:serviceaccounts:{empty.namespace}"
    empty.kubectl("create", "role", "mapper", "--verb=list", "--resource=configmaps")
    empty.kubectl("create", "rolebinding", "mapper", "--role=mapper", everybody)
    empty.kubectl(*as_bot, "get", "configmaps")


def test_a_token_is_worth_nothing_without_its_account(empty: Space) -> None:
    empty.kubectl("create", "serviceaccount", "bot")
    token = _token(empty)
    assert _whoami(empty, token)[0] == 201
    empty.kubectl("delete", "serviceaccount", "bot")
    assert _whoami(empty, token)[0] == 401
    empty.kubectl("create", "serviceaccount", "bot")
    assert _whoami(empty, token)[0] == 401


def test_a_token_can_hang_on_a_secret_and_be_for_others(empty: Space) -> None:
    empty.kubectl("create", "serviceaccount", "bot")
    empty.kubectl("create", "secret", "generic", "hook")
    hook = empty.get("secrets", "hook")["metadata"]["uid"]
    bound = _token(empty, "bot", "--bound-object-kind=Secret", "--bound-object-name=hook", "--duration=10m")
    assert _claims(bound)["kubernetes.io"]["secret"] == {"name": "hook", "uid": hook}
    assert _whoami(empty, bound)[0] == 201
    empty.kubectl("delete", "secret", "hook")
    assert _whoami(empty, bound)[0] == 401
    foreign = _token(empty, "bot", "--audience=vault")
    assert _whoami(empty, foreign)[0] == 401
    asked = {"spec": {"token": foreign, "audiences": ["vault", "other"]}}
    review = empty.client.send("POST", f"{_REVIEWS}/tokenreviews", asked)
    assert review.status == 201
    status = review.json()["status"]
    assert (status["authenticated"], status["audiences"]) == (True, ["vault"])
    assert status["user"]["username"] == f"system:serviceaccount:{empty.namespace}:bot"


def test_what_no_token_can_be(empty: Space) -> None:
    empty.kubectl("create", "serviceaccount", "bot")
    path = f"{empty.path('serviceaccounts', 'bot')}/token"
    refused = empty.client.send("POST", path, {"spec": {"expirationSeconds": 60}})
    assert (refused.status, refused.json()["reason"]) == (422, "Invalid")
    assert "less than 10 minutes" in refused.json()["message"]
    assert empty.client.send("POST", path, {"metadata": {"name": "other"}}).status == 400
    assert empty.client.send("GET", path).status == 405
    nobody = f"{empty.path('serviceaccounts', 'nobody')}/token"
    assert empty.client.send("POST", nobody, {}).status == 404
    assert 'serviceaccounts "nobody" not found' in empty.refused("create", "token", "nobody")


def test_making_a_token_is_a_right_of_its_own(empty: Space) -> None:
    empty.kubectl("create", "serviceaccount", "bot")
    ann = empty.server.as_user(empty.server.user(f"ann-{empty.namespace}"))
    empty.kubectl("create", "role", "maker", "--verb=get,create", "--resource=serviceaccounts")
    empty.kubectl("create", "rolebinding", "maker", "--role=maker", f"--user=ann-{empty.namespace}")
    assert 'cannot create resource "serviceaccounts/token"' in empty.refused(*ann, "create", "token", "bot")
    empty.kubectl("create", "role", "tokens", "--verb=create", "--resource=serviceaccounts/token")
    empty.kubectl("create", "rolebinding", "tokens", "--role=tokens", f"--user=ann-{empty.namespace}")
    assert empty.kubectl(*ann, "create", "token", "bot").out.count(".") == 2


def test_every_namespace_has_a_default_account(empty: Space) -> None:
    with empty.server.client() as watching:
        # From the beginning on, so that it does not matter how fast the server was.
        stream = watching.open("GET", f"{empty.path('serviceaccounts')}?watch=true&timeoutSeconds=20")
        told = changes(stream)
        first = next(told)
        assert (first["type"], first["object"]["metadata"]["name"]) == ("ADDED", "default")
        empty.kubectl("delete", "serviceaccount", "default", "--wait=false")
        assert [next(told)["type"], next(told)["type"]] == ["DELETED", "ADDED"]
        stream.close()
    lines = empty.kubectl("get", "sa").out.splitlines()
    assert lines[0].split() == ["NAME", "SECRETS", "AGE"]
    assert lines[1].split()[:2] == ["default", "0"]
    assert empty.kubectl("get", "sa", "default", "-n", "kube-system", "-o", "name").out == "serviceaccount/default\n"


def test_a_namespace_goes_with_its_accounts(empty: Space) -> None:
    empty.kubectl("create", "serviceaccount", "bot")
    token = _token(empty)
    empty.kubectl("delete", "namespace", empty.namespace, "--timeout=20s")
    assert _whoami(empty, token)[0] == 401
    answer = empty.client.send("GET", f"{CORE}/serviceaccounts")
    assert empty.namespace not in {item["metadata"]["namespace"] for item in answer.json()["items"]}


@pytest.mark.usefixtures("surrounding")
def test_tokens_outlive_the_server(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--token-seconds", "900") as server, server.client() as client:
        space = Space(server, "kube-system", client)
        space.kubectl("create", "serviceaccount", "bot")
        made = space.kubectl("create", "token", "bot", "--duration=24h")
        assert "shortened to 900 seconds" in made.err
        server.stop()
        server.start()
        status, who = _whoami(space, made.out.strip())
        assert (status, who["status"]["userInfo"]["username"]) == (201, "system:serviceaccount:kube-system:bot")
        assert made.out.strip() not in server.log.read_text()
