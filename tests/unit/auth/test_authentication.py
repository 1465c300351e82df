"""Certificate, bearer token, basic password, nobody: who a request is from."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.apiserver.authn import AuthenticatorChain, Impersonation, Tokens
from porch.apiserver.interface import Authenticator, ClientCertificate
from porch.errors import BadRequest, Forbidden, Unauthorized
from porch.objects import Caller
from porch.types.rbac import PolicyRule
from tests.unit.auth.building import authorizer, cluster_binding, cluster_role, everywhere, rule, user

ANONYMOUS = Caller("system:anonymous", ("system:unauthenticated",))
BOB = Caller("bob", ("dev", "system:authenticated"), "7")


@pytest.fixture
def chain(tmp_path: Path) -> AuthenticatorChain:
    file = tmp_path / "tokens.csv"
    file.write_text("s3cret,bob,7,dev\n")
    return AuthenticatorChain(Tokens([file]))


def sent(value: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"x"), (b"authorization", value)]


def basic(text: bytes) -> bytes:
    return b"Basic " + base64.b64encode(text)


def test_no_credentials_are_anonymous(chain: AuthenticatorChain) -> None:
    assert chain.authenticate([(b"host", b"x")], None) == ANONYMOUS


def test_a_certificate_is_its_common_name_and_organizations(chain: AuthenticatorChain) -> None:
    certificate = ClientCertificate("eve", ("ops", "qa"))
    assert chain.authenticate([], certificate) == Caller("eve", ("ops", "qa", "system:authenticated"))


def test_a_certificate_goes_before_a_token(chain: AuthenticatorChain) -> None:
    assert chain.authenticate(sent(b"Bearer wrong"), ClientCertificate("eve")).name == "eve"


@pytest.mark.parametrize(
    "header",
    [b"Bearer s3cret", b"bearer  s3cret ", basic(b"bob:s3cret"), basic(b":s3cret"), basic(b"anybody:s3cret")],
)
def test_a_token_comes_as_bearer_or_as_basic_password(chain: AuthenticatorChain, header: bytes) -> None:
    assert chain.authenticate(sent(header), None) == BOB


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Bearer",
        b"Bearer wrong",
        b"Bearer s3cret s3cret",
        b"Bearer \xff\xfe",
        b"Basic",
        b"Basic !!",
        basic(b"bob"),
        basic(b"bob:"),
        basic(b"s3cret:bob"),
        b"Negotiate abc",
        b"s3cret",
    ],
)
def test_wrong_credentials_are_refused_and_not_repeated(chain: AuthenticatorChain, header: bytes) -> None:
    with pytest.raises(Unauthorized) as caught:
        chain.authenticate(sent(header), None)
    assert caught.value.message == "Unauthorized"


def test_two_authorization_headers_are_refused(chain: AuthenticatorChain) -> None:
    with pytest.raises(Unauthorized):
        chain.authenticate([*sent(b"Bearer s3cret"), *sent(b"Bearer s3cret")], None)


def test_a_certificate_that_names_nobody_is_refused(chain: AuthenticatorChain) -> None:
    with pytest.raises(Unauthorized):
        chain.authenticate([], ClientCertificate("", ("system:masters",)))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=40), st.sampled_from([b"", b"Bearer ", b"Basic "]))
def test_any_other_header_is_refused(garbage: bytes, scheme: bytes) -> None:
    with pytest.raises(Unauthorized):
        AuthenticatorChain(Tokens([])).authenticate(sent(scheme + garbage), None)


class TestImpersonation:
    @staticmethod
    def asking(chain: AuthenticatorChain, *rules: PolicyRule) -> Authenticator:
        """Bob holds these rules."""
        return Impersonation(chain, everywhere(*rules))

    @staticmethod
    def headers(**asked: str | list[str]) -> list[tuple[bytes, bytes]]:
        made = sent(b"Bearer s3cret")
        for name, values in asked.items():
            header = f"impersonate-{name.replace('_', '-')}".encode()
            made += [(header, value.encode()) for value in ([values] if isinstance(values, str) else values)]
        return made

    def test_without_headers_callers_are_themselves(self, chain: AuthenticatorChain) -> None:
        assert self.asking(chain).authenticate(self.headers(), None) == BOB

    def test_who_may_impersonate_a_user_becomes_that_user(self, chain: AuthenticatorChain) -> None:
        asking = self.asking(chain, rule("impersonate", "users", names="eve"))
        assert asking.authenticate(self.headers(user="eve"), None) == Caller("eve", ("system:authenticated",))
        with pytest.raises(Forbidden) as caught:
            asking.authenticate(self.headers(user="root"), None)
        assert caught.value.message == (
            'users "root" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the '
            "cluster scope"
        )

    def test_every_group_needs_its_own_permission(self, chain: AuthenticatorChain) -> None:
        asking = self.asking(chain, rule("impersonate", "users"), rule("impersonate", "groups", names="qa"))
        found = asking.authenticate(self.headers(user="eve", group=["qa"]), None)
        assert found.groups == ("qa", "system:authenticated")
        with pytest.raises(Forbidden, match='groups "system:masters" is forbidden'):
            asking.authenticate(self.headers(user="eve", group=["qa", "system:masters"]), None)

    def test_uid_and_extra_need_their_own_permissions(self, chain: AuthenticatorChain) -> None:
        headers = self.headers(user="eve", uid="9", extra_scopes=["a", "b"])
        more = [
            rule("impersonate", "uids", "authentication.k8s.io", names="9"),
            rule("impersonate", "userextras/scopes", "authentication.k8s.io", names="a b"),
        ]
        with pytest.raises(Forbidden, match=r'uids\.authentication.k8s.io "9" is forbidden'):
            self.asking(chain, rule("impersonate", "users")).authenticate(headers, None)
        with pytest.raises(Forbidden, match=r'userextras\.authentication.k8s.io "a" is forbidden'):
            self.asking(chain, rule("impersonate", "users"), more[0]).authenticate(headers, None)
        asking = self.asking(chain, rule("impersonate", "users"), *more)
        assert asking.authenticate(headers, None) == Caller(
            "eve", ("system:authenticated",), "9", (("scopes", ("a", "b")),)
        )

    def test_the_key_of_an_extra_is_percent_decoded(self, chain: AuthenticatorChain) -> None:
        asking = self.asking(chain, rule("impersonate", "*", "*"))
        headers = [*self.headers(user="eve"), (b"impersonate-extra-acme.com%2Fproject", b"x")]
        assert asking.authenticate(headers, None).extra == (("acme.com/project", ("x",)),)

    def test_a_service_account_is_impersonated_in_its_namespace(self, chain: AuthenticatorChain) -> None:
        name = "system:serviceaccount:team:robot"
        with pytest.raises(Forbidden, match=r'serviceaccounts "robot" is forbidden: .* in the namespace "team"'):
            self.asking(chain, rule("impersonate", "users")).authenticate(self.headers(user=name), None)
        asking = self.asking(chain, rule("impersonate", "serviceaccounts"))
        assert asking.authenticate(self.headers(user=name), None).groups == (
            "system:serviceaccounts",
            "system:serviceaccounts:team",
            "system:authenticated",
        )

    def test_impersonating_nobody_gives_no_authenticated_group(self, chain: AuthenticatorChain) -> None:
        asking = self.asking(chain, rule("impersonate", "users"))
        assert asking.authenticate(self.headers(user="system:anonymous"), None) == ANONYMOUS

    def test_anonymous_requests_cannot_impersonate(self, chain: AuthenticatorChain) -> None:
        with pytest.raises(Forbidden):
            self.asking(chain).authenticate([(b"impersonate-user", b"root")], None)

    @pytest.mark.parametrize(
        "asked",
        [
            {"group": "qa"},
            {"uid": "9"},
            {"extra_scope": "a"},
            {"user": ""},
            {"user": ["eve", "root"]},
            {"user": "eve", "uid": ["1", "2"]},
            {"user": "eve", "groups": "qa"},
        ],
    )
    def test_headers_that_make_no_sense_are_a_bad_request(
        self, chain: AuthenticatorChain, asked: dict[str, str | list[str]]
    ) -> None:
        with pytest.raises(BadRequest, match="Impersonate-"):
            self.asking(chain, rule("*", "*", "*")).authenticate(self.headers(**asked), None)

    def test_headers_that_are_not_utf8_are_a_bad_request(self, chain: AuthenticatorChain) -> None:
        with pytest.raises(BadRequest, match="UTF-8"):
            self.asking(chain).authenticate([(b"impersonate-user", b"\xff")], None)

    def test_a_namespaced_grant_does_not_let_impersonate_users(self, chain: AuthenticatorChain) -> None:
        judge = authorizer(
            cluster_roles=[cluster_role("r", rule("impersonate", "users"))],
            cluster_role_bindings=[cluster_binding("b", "r", user("somebody-else"))],
        )
        with pytest.raises(Forbidden):
            Impersonation(chain, judge).authenticate(self.headers(user="eve"), None)
