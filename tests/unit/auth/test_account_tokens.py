"""Tokens of service accounts: what is in one, and what makes it worthless."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.apiserver.authn import AccountTokens, AuthenticatorChain, BearerTokens, TokenKey, Tokens
from porch.apiserver.authn.accounts import Wish
from porch.apiserver.authn.signing import Named
from porch.errors import Conflict, NotFound, ServiceUnavailable, Unauthorized
from porch.objects import Call, Caller, DeleteOptions
from porch.objects.stored import StoredObjects
from porch.pki import ensure_token_key
from porch.store import Store
from porch.strategy.account import ServiceAccountStrategy
from porch.strategy.secret import SecretStrategy
from porch.types.accounts import SERVICE_ACCOUNT, ServiceAccount
from porch.types.core import SECRET, Secret
from porch.types.meta import ObjectMeta

URL = "https://porch.example:9443"
CALL = Call(Caller("tests"))


@dataclass
class Clock:
    now: float = 1_700_000_000.5

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def key(tmp_path: Path) -> TokenKey:
    return TokenKey(ensure_token_key(tmp_path / "tokens.key"))


@pytest.fixture
def accounts(store: Store) -> StoredObjects:
    storage = StoredObjects(store, ServiceAccountStrategy(SERVICE_ACCOUNT))
    storage.create(CALL, "team", ServiceAccount(metadata=ObjectMeta(name="bot")))
    return storage


@pytest.fixture
def secrets(store: Store) -> StoredObjects:
    storage = StoredObjects(store, SecretStrategy(SECRET))
    storage.create(CALL, "team", Secret(metadata=ObjectMeta(name="hook")))
    return storage


@pytest.fixture
def tokens(store: Store, key: TokenKey, accounts: StoredObjects, secrets: StoredObjects, clock: Clock) -> AccountTokens:
    return AccountTokens(store, key, URL, clock)


def _wish(*audiences: str, secret: Named | None = None, seconds: int = 600) -> Wish:
    return Wish("team", "bot", audiences, seconds, secret)


def _token(tokens: AccountTokens, *audiences: str, secret: Named | None = None) -> bytes:
    return tokens.issue(_wish(*audiences, secret=secret))[0].encode()


def _claims(token: bytes) -> dict[str, Any]:
    part = token.split(b".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    return claims


def test_the_claims_are_those_of_kubernetes(tokens: AccountTokens, accounts: StoredObjects) -> None:
    token, ends = tokens.issue(_wish())
    claims = _claims(token.encode())
    assert claims == {
        "iss": URL,
        "sub": "system:serviceaccount:team:bot",
        "aud": [URL],
        "exp": 1_700_000_600,
        "iat": 1_700_000_000,
        "nbf": 1_700_000_000,
        "jti": claims["jti"],
        "kubernetes.io": {
            "namespace": "team",
            "serviceaccount": {"name": "bot", "uid": accounts.get(CALL, "team", "bot").uid},
        },
    }
    assert ends == claims["exp"]


def test_the_caller_is_the_account(tokens: AccountTokens, accounts: StoredObjects) -> None:
    token = _token(tokens)
    assert tokens.caller(token) == Caller(
        "system:serviceaccount:team:bot",
        ("system:serviceaccounts", "system:serviceaccounts:team"),
        accounts.get(CALL, "team", "bot").uid,
        (("authentication.kubernetes.io/credential-id", (f"JTI={_claims(token)['jti']}",)),),
    )


def test_a_token_ends_with_its_time(tokens: AccountTokens, clock: Clock) -> None:
    token = _token(tokens)
    clock.now += 599
    assert tokens.caller(token)
    clock.now += 1
    assert tokens.caller(token) is None


def test_a_clock_that_was_set_back_a_little_does_no_harm(tokens: AccountTokens, clock: Clock) -> None:
    token = _token(tokens)
    clock.now -= 9
    assert tokens.caller(token)
    clock.now -= 60
    assert tokens.caller(token) is None


def test_a_token_ends_with_its_account(tokens: AccountTokens, accounts: StoredObjects) -> None:
    token = _token(tokens)
    assert tokens.caller(token)
    accounts.delete(CALL, "team", "bot", DeleteOptions())
    assert tokens.caller(token) is None
    accounts.create(CALL, "team", ServiceAccount(metadata=ObjectMeta(name="bot")))
    assert tokens.caller(token) is None, "another account of the same name"


def test_an_account_that_is_being_deleted_is_nobody(tokens: AccountTokens, accounts: StoredObjects) -> None:
    held = ServiceAccount(metadata=ObjectMeta(name="held", finalizers=["example.com/x"]))
    accounts.create(CALL, "team", held)
    token = tokens.issue(Wish("team", "held", (), 600))[0].encode()
    assert tokens.caller(token)
    accounts.delete(CALL, "team", "held", DeleteOptions())
    assert tokens.caller(token) is None
    with pytest.raises(Conflict, match="being deleted"):
        tokens.issue(Wish("team", "held", (), 600))


def test_a_bound_token_ends_with_its_secret(tokens: AccountTokens, secrets: StoredObjects) -> None:
    uid = secrets.get(CALL, "team", "hook").uid
    token = _token(tokens, secret=Named("hook", ""))
    assert _claims(token)["kubernetes.io"]["secret"] == {"name": "hook", "uid": uid}
    assert tokens.caller(token)
    secrets.delete(CALL, "team", "hook", DeleteOptions())
    assert tokens.caller(token) is None


def test_a_token_hangs_on_what_is_there(tokens: AccountTokens) -> None:
    with pytest.raises(NotFound, match='serviceaccounts "nobody" not found'):
        tokens.issue(Wish("team", "nobody", (), 600))
    with pytest.raises(NotFound, match='secrets "none" not found'):
        tokens.issue(_wish(secret=Named("none", "")))
    with pytest.raises(Conflict, match=r"the UID in the bound object reference \(other\)"):
        tokens.issue(_wish(secret=Named("hook", "other")))


def test_a_token_for_others_is_not_for_us(tokens: AccountTokens) -> None:
    token = _token(tokens, "vault", "ci")
    assert tokens.caller(token) is None
    found = tokens.review(token, ["ci", "else"])
    assert found is not None
    assert (found[0].name, found[1]) == ("system:serviceaccount:team:bot", ("ci",))
    assert tokens.review(token, ["else"]) is None
    assert tokens.caller(_token(tokens, "vault", URL))


def test_a_server_that_moved_knows_its_tokens(store: Store, key: TokenKey, tokens: AccountTokens, clock: Clock) -> None:
    moved = AccountTokens(store, key, "https://elsewhere", clock)
    assert moved.caller(_token(tokens))
    assert moved.caller(_token(tokens, "vault")) is None
    assert moved.caller(_token(tokens, URL))


def test_another_key_signs_for_nobody(store: Store, tokens: AccountTokens, clock: Clock, tmp_path: Path) -> None:
    other = AccountTokens(store, TokenKey(ensure_token_key(tmp_path / "other.key")), URL, clock)
    assert other.caller(_token(tokens)) is None


def test_the_key_stays(tmp_path: Path) -> None:
    path = tmp_path / "tokens.key"
    assert ensure_token_key(path) == ensure_token_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("garbage")
    with pytest.raises(ServiceUnavailable, match="it is not a private key"):
        ensure_token_key(path)


def _part(value: Any) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def test_what_was_tampered_with_is_nobodys(tokens: AccountTokens) -> None:
    token = _token(tokens)
    head, body, signature = token.split(b".")
    claims = _claims(token)
    unsigned = _part({"alg": "none"})
    for forged in (
        b".".join((head, _part(claims | {"sub": "system:serviceaccount:kube-system:root"}), signature)),
        b".".join((unsigned, body, b"")),
        b".".join((_part({"alg": "HS256"}), body, signature)),
        b".".join((head, body, signature[:-4] + b"AAAA")),
        b".".join((head, body, b"")),
        token[:-1],
        token + b".x",
        token.replace(b".", b" "),
    ):
        assert tokens.caller(forged) is None


def test_claims_of_another_shape_are_nobodys(tokens: AccountTokens, key: TokenKey, tmp_path: Path) -> None:
    from joserfc import jwt
    from joserfc.jwk import ECKey

    signer = ECKey.import_key(ensure_token_key(tmp_path / "tokens.key"))
    claims = _claims(_token(tokens))
    for wrong in (
        {name: value for name, value in claims.items() if name != "exp"},
        claims | {"exp": "tomorrow"},
        claims | {"aud": URL},
        claims | {"kubernetes.io": {}},
    ):
        forged = jwt.encode({"alg": "ES256"}, wrong, signer, algorithms=["ES256"])
        assert tokens.caller(forged.encode()) is None
    right = jwt.encode({"alg": "ES256"}, claims, signer, algorithms=["ES256"])
    assert tokens.caller(right.encode())


def _any_key() -> TokenKey:
    with TemporaryDirectory() as directory:
        return TokenKey(ensure_token_key(Path(directory) / "tokens.key"))


_KEY = _any_key()


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.lists(st.binary(max_size=20), min_size=3, max_size=3).map(b".".join)))
def test_any_bytes_are_nobodys(data: bytes) -> None:
    assert _KEY.read(data) is None


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5)), st.binary(max_size=70))
def test_any_header_is_nobodys(header: dict[str, Any], signature: bytes) -> None:
    tail = base64.urlsafe_b64encode(signature).rstrip(b"=")
    for more in ({}, {"alg": "ES256"}):
        assert _KEY.read(b".".join((_part(header | more), _part({}), tail))) is None


def test_requests_carry_them_as_bearer_or_password(tokens: AccountTokens, tmp_path: Path) -> None:
    file = tmp_path / "tokens.csv"
    file.write_text("s3cret,bob,7,dev\n")
    chain = AuthenticatorChain(BearerTokens(Tokens([file]), tokens, URL))
    token = _token(tokens)
    password = base64.b64encode(b"any:" + token)
    for header in (b"Bearer " + token, b"Basic " + password):
        caller = chain.authenticate([(b"authorization", header)], None)
        assert caller.name == "system:serviceaccount:team:bot"
        assert caller.groups[-1] == "system:authenticated"
    assert chain.authenticate([(b"authorization", b"Bearer s3cret")], None).name == "bob"
    with pytest.raises(Unauthorized):
        chain.authenticate([(b"authorization", b"Bearer " + token[:-2])], None)
