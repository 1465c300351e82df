"""TokenRequest and TokenReview."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from porch.apiserver.authn import AccountTokens, BearerTokens, TokenKey, Tokens
from porch.apiserver.reviews import ReviewStorage
from porch.apiserver.tokens import TokenRequests, token_reviews
from porch.errors import BadRequest, Invalid
from porch.objects import Call, Caller
from porch.objects.stored import StoredObjects
from porch.pki import ensure_token_key
from porch.store import Store
from porch.strategy.account import ServiceAccountStrategy
from porch.strategy.times import moment
from porch.types.accounts import SERVICE_ACCOUNT, ServiceAccount
from porch.types.authentication import (
    TOKEN_REQUEST,
    TOKEN_REVIEW,
    BoundObjectReference,
    TokenRequest,
    TokenRequestSpec,
    TokenReview,
    TokenReviewSpec,
    TokenReviewStatus,
)
from porch.types.core import ObjectReference
from porch.types.meta import ObjectMeta

URL = "https://porch.example:9443"


@pytest.fixture
def tokens(store: Store, tmp_path: Path) -> AccountTokens:
    accounts = StoredObjects(store, ServiceAccountStrategy(SERVICE_ACCOUNT))
    accounts.create(Call(Caller("tests")), "team", ServiceAccount(metadata=ObjectMeta(name="bot")))
    return AccountTokens(store, TokenKey(ensure_token_key(tmp_path / "tokens.key")), URL)


@pytest.fixture
def requests(tokens: AccountTokens) -> TokenRequests:
    return TokenRequests(tokens, 7200)


@pytest.fixture
def reviews(tokens: AccountTokens, tmp_path: Path) -> ReviewStorage:
    file = tmp_path / "tokens.csv"
    file.write_text("s3cret,bob,7,dev\n")
    return token_reviews(BearerTokens(Tokens([file]), tokens, URL))


def _request(requests: TokenRequests, call: Call | None = None, **spec: Any) -> TokenRequest:
    asked = TokenRequest(metadata=ObjectMeta(name="bot"), spec=TokenRequestSpec(**spec))
    made = requests.create(call or Call(Caller("tests")), "team", asked)
    answer: TokenRequest = TOKEN_REQUEST.decode(made.version, made.tail)
    return answer


def _review(reviews: ReviewStorage, token: str, *audiences: str) -> TokenReviewStatus:
    asked = TokenReview(spec=TokenReviewSpec(token=token, audiences=list(audiences)))
    made = reviews.create(Call(Caller("tests")), "", asked)
    status: TokenReviewStatus = TOKEN_REVIEW.decode(made.version, made.tail).status
    return status


def _seconds(answer: TokenRequest) -> float:
    born, ends = moment(answer.metadata.creation_timestamp), moment(answer.status.expiration_timestamp)
    assert born is not None
    assert ends is not None
    return (ends - born).total_seconds()


def test_a_request_is_answered_with_a_token_and_its_end(requests: TokenRequests, reviews: ReviewStorage) -> None:
    answer = _request(requests)
    assert answer.spec.expiration_seconds == 3600
    assert 3598 <= _seconds(answer) <= 3600
    status = _review(reviews, answer.status.token)
    assert (status.authenticated, status.user.username) == (True, "system:serviceaccount:team:bot")
    assert status.audiences == [URL]
    assert status.user.groups == ["system:serviceaccounts", "system:serviceaccounts:team", "system:authenticated"]
    assert list(status.user.extra) == ["authentication.kubernetes.io/credential-id"]


def test_no_token_lasts_longer_than_the_setting_says(requests: TokenRequests) -> None:
    call = Call(Caller("tests"))
    assert _request(requests, call, expiration_seconds=10_000).spec.expiration_seconds == 7200
    assert call.warnings == ["requested expiration of 10000 seconds shortened to 7200 seconds"]
    assert _request(requests, expiration_seconds=600).spec.expiration_seconds == 600


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (
            {"expiration_seconds": 599},
            "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes",
        ),
        ({"expiration_seconds": 0}, "less than 10 minutes"),
        ({"expiration_seconds": 2**33}, "larger than 2^32 seconds"),
        ({"audiences": [""]}, "spec.audiences"),
        ({"bound_object_ref": BoundObjectReference(kind="Pod", api_version="v1", name="p")}, "spec.boundObjectRef"),
        ({"bound_object_ref": BoundObjectReference(kind="Secret", api_version="v1")}, "boundObjectRef.name: Required"),
    ],
)
def test_what_cannot_be_asked_for(requests: TokenRequests, spec: dict[str, Any], problem: str) -> None:
    with pytest.raises(Invalid, match=re.escape(problem)):
        _request(requests, **spec)


def test_a_review_is_about_the_audiences_that_it_names(requests: TokenRequests, reviews: ReviewStorage) -> None:
    token = _request(requests, audiences=["vault", "ci"]).status.token
    assert not _review(reviews, token).authenticated
    assert _review(reviews, token, "ci", "other").audiences == ["ci"]
    assert not _review(reviews, token, "other").authenticated


def test_a_token_of_a_file_is_for_this_server_only(reviews: ReviewStorage) -> None:
    status = _review(reviews, "s3cret")
    assert (status.user.username, status.user.uid, status.user.groups) == ("bob", "7", ["dev", "system:authenticated"])
    assert _review(reviews, "s3cret", URL, "vault").audiences == [URL]
    assert not _review(reviews, "s3cret", "vault").authenticated


def test_a_token_of_nobody_is_an_answer_not_an_error(reviews: ReviewStorage) -> None:
    status = _review(reviews, "nobody's")
    assert (status.authenticated, status.error, status.user.username) == (False, "invalid bearer token", "")
    with pytest.raises(BadRequest, match="token is required"):
        _review(reviews, "")


def test_a_service_account_shows_how_many_secrets_it_names() -> None:
    account = ServiceAccount(metadata=ObjectMeta(name="bot"), secrets=[ObjectReference(name="s")])
    assert ServiceAccountStrategy(SERVICE_ACCOUNT).cells(account, "5m") == ["bot", 1, "5m"]
