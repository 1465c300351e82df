"""Addresses: what a Repository may point at, and where secrets may go."""

from __future__ import annotations

import pytest

from porch.errors import BadRequest, ServiceUnavailable
from porch.keys import RepositoryKey
from porch.repository import Author, Credentials
from porch.repository.git import GitAddress
from porch.repository.git.address import PORCH, check_credentials, check_host, parse_url

KEY = RepositoryKey("default", "web")
SECRET = Credentials("alice", "s3cr3t")


@pytest.mark.parametrize(
    "url", ["https://example.com/r.git", "http://127.0.0.1:80/r", "file:///srv/r.git", "https://[::1]/r"]
)
def test_http_https_and_file_are_taken(url: str) -> None:
    assert parse_url(url).geturl() == url


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("", "git.repo property is required"),
        ("ssh://git@example.com/r", "http, https or file"),
        ("git@example.com:r", "http, https or file"),
        ("ext::sh -c true", "http, https or file"),
        ("https://alice:pw@example.com/r", "must not contain credentials"),
        ("https://alice@example.com/r", "must not contain credentials"),
        ("https:///r", "must name a host"),
        ("file://host/r", "absolute path"),
        ("file:r", "absolute path"),
        ("http://example.com/a b", "spaces"),
        ("http://example.com/a\nb", "spaces"),
        ("http://example.com/a?b", "query"),
        ("http://example.com:x/", "no valid URL"),
        ("http://[::1/", "no valid URL"),
    ],
)
def test_other_addresses_are_refused(url: str, word: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_url(url)
    assert word in caught.value.message
    assert "pw" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/", "http://0.0.0.0/"]
)
def test_link_local_addresses_are_never_connected_to(url: str) -> None:
    with pytest.raises(BadRequest, match="link-local"):
        check_host(parse_url(url))


def test_a_host_without_address_is_unavailable() -> None:
    with pytest.raises(ServiceUnavailable, match="cannot find the address of git host"):
        check_host(parse_url("https://no-such-host.invalid/r"))


@pytest.mark.parametrize("url", ["https://example.com/r", "http://127.0.0.1/r", "http://[::1]/r"])
def test_secrets_go_over_https_or_stay_on_this_machine(url: str) -> None:
    check_credentials(parse_url(url), SECRET)


@pytest.mark.parametrize("url", ["http://192.0.2.1/r", "file:///srv/r"])
def test_secrets_go_nowhere_else(url: str) -> None:
    with pytest.raises(BadRequest) as caught:
        check_credentials(parse_url(url), SECRET)
    assert "s3cr3t" not in repr(caught.value)


@pytest.mark.parametrize("branch", ["", "a b", "-x", "a..b", "a/.b", "a.lock", "a~1", "@", "a//b", "/a", "a/", "x\n"])
def test_a_branch_must_be_a_git_branch(branch: str) -> None:
    with pytest.raises(BadRequest, match=r"error cloning git repository u, branch name (?s:.*) invalid"):
        GitAddress("u", KEY, branch)


@pytest.mark.parametrize("branch", ["main", "release/1.2", "v3.0.0", "Feature_X"])
def test_gits_own_rules_for_branches_apply(branch: str) -> None:
    assert GitAddress("u", KEY, branch).branch == branch


@pytest.mark.parametrize(
    ("author", "email", "result"),
    [
        ("", "", Author("alice", "alice@example.com")),
        ("Team", "team@example.com", Author("Team", "team@example.com")),
        ("Team", "", Author("Team", "Team")),
        ("", "team@example.com", Author("team@example.com", "team@example.com")),
    ],
)
def test_a_repositorys_author_replaces_the_users(author: str, email: str, result: Author) -> None:
    address = GitAddress("u", KEY, author=author, email=email)
    assert address.author_of(Author("alice", "alice@example.com")) == result


def test_without_any_author_it_is_porch() -> None:
    assert GitAddress("u", KEY).author_of(Author("", "")) == PORCH


def test_the_directory_has_no_slashes_around_it() -> None:
    assert GitAddress("u", KEY, directory="/teams/alpha/").directory == "teams/alpha"
