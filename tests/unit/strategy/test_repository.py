from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.strategy.repository import RepositoryStrategy
from porch.types.meta import Condition, NameReference, ObjectMeta
from porch.types.repository import (
    REPOSITORY,
    GitRepository,
    OciRepository,
    Repository,
    RepositorySpec,
    RepositoryStatus,
    RepositorySync,
)

URL = "https://example.com/team/blueprints.git"
strategy = RepositoryStrategy(REPOSITORY)


def _repository(name: str = "blueprints", **spec: Any) -> Repository:
    made = Repository(metadata=ObjectMeta(name=name), spec=RepositorySpec(**spec))
    strategy.prepare_for_create(made)
    return made


def _git(name: str = "blueprints", **git: Any) -> Repository:
    return _repository(name, git=GitRepository(**{"repo": URL, **git}))


def _errors(repository: Repository) -> list[str]:
    return [str(error) for error in strategy.validate(repository)]


def _one(repository: Repository) -> str:
    [error] = _errors(repository)
    return error


def test_defaults_are_those_of_the_upstream_definition() -> None:
    made = _git()
    assert (made.spec.type, made.spec.content, made.metadata.generation) == ("git", "Package", 1)
    assert made.spec.git is not None
    assert (made.spec.git.branch, made.spec.git.directory) == ("main", "")
    assert _errors(made) == []
    assert _repository(oci=OciRepository(registry="r.example.com/a")).spec.type == "oci"


def test_clients_do_not_set_the_status() -> None:
    sent = Repository(status=RepositoryStatus(package_count=5))
    strategy.prepare_for_create(sent)
    assert sent.status == RepositoryStatus()


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("a.b", ["metadata.name must conform to the RFC1123 DNS label standard"]),
        ("A", ["metadata.name must conform to the RFC1123 DNS label standard"]),
        ("a" * 64, ["metadata.name must be no more than 63 characters"]),
        (
            "A" * 64,
            [
                "metadata.name must be no more than 63 characters",
                "metadata.name must conform to the RFC1123 DNS label standard",
            ],
        ),
    ],
)
def test_its_name_is_a_label(name: str, rules: list[str]) -> None:
    assert _errors(_git(name)) == [f'<nil>: Invalid value: "object": {rule}' for rule in rules]


def test_content_is_only_package() -> None:
    text = "The 'content' field is deprecated, its only valid value is 'Package'"
    assert _one(_repository(git=GitRepository(repo=URL), content="Function")) == (
        f'spec.content: Invalid value: "string": {text}'
    )


def test_the_type_is_known_and_described() -> None:
    assert _one(_repository(type="svn")) == 'spec.type: Unsupported value: "svn": supported values: "git", "oci"'
    assert _one(_repository()) == "spec.type: Required value: git or oci"
    assert _one(_repository(type="git")) == "spec.git: Required value: a repository of type git needs it"
    assert _one(_repository(type="oci")) == "spec.oci: Required value: a repository of type oci needs it"
    both = _repository(type="git", git=GitRepository(repo=URL), oci=OciRepository(registry="r.example.com/a"))
    assert _one(both).startswith("spec.oci: Forbidden: the repository is of type git")


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://Example.com/x",
        "http://127.0.0.1:19610/sand.git",
        "http://[::1]:8080/x",
        "https://example.com/with%20space/x",
        "file:///srv/git/x.git",
        "hosted:///blueprints",
        "https://10.0.0.7/x",
    ],
)
def test_addresses_that_can_be_registered(url: str) -> None:
    assert _errors(_git(repo=url)) == []


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "Required value"),
        ("blueprints", "must begin with https://, http:// or file:///, or be hosted:///NAME"),
        ("../blueprints", "must begin with https://"),
        ("/srv/git/x", "must begin with https://"),
        ("ssh://git@example.com/x", "SSH is not supported: use the https URL"),
        ("git@example.com:team/x.git", "SSH is not supported"),
        ("git://example.com/x", "must begin with https://"),
        ("ext::sh -c whoami", "must not contain spaces"),
        ("ext::whoami", "must begin with https://"),
        ("--upload-pack=whoami", "must begin with https://"),
        ("https://user:pass@example.com/x", "Forbidden: must not contain a user or password"),
        ("https://token@example.com/x", "Forbidden: must not contain a user or password"),
        ("https://example.com/x?private_token=abc", "must not have a query or fragment"),
        ("https://example.com/x#main", "must not have a query or fragment"),
        ("https://example.com", "must name a repository on the host"),
        ("https:///x", "needs a host"),
        ("https://-x/y", "needs a host"),
        ("https://bücher.example/x", "needs a host"),
        ("https://example.com:99999/x", "host or port is malformed"),
        ("https://[::1/x", "is no URL"),
        ("https://example.com/a/../b", "must not have '.' or '..' segments"),
        ("https://example.com/a/%2e%2e/b", "must not have '.' or '..' segments"),
        ("https://example.com/a\nb", "must not contain spaces, backslashes or control characters"),
        ("https://example.com/a%00b", "must not contain spaces, backslashes or control characters"),
        ("\thttps://example.com/a", "must not contain spaces, backslashes or control characters"),
        ("https://example.com\\@evil/a", "Forbidden"),
        ("HTTPS://example.com/x", "must begin with https://"),
        ("file:/srv/x", "must begin with https://"),
        ("file://server/share/x", "must be file:///PATH"),
        ("file://localhost/srv/x", "must be file:///PATH"),
        ("file:///", "must be file:///PATH"),
        ("hosted://server/x", "must be hosted:///NAME"),
        ("hosted:///a/b", "must be hosted:///NAME"),
        ("hosted:///A", "must be hosted:///NAME"),
        ("hosted:x", "must begin with https://"),
        ("hosted:/x", "must begin with https://"),
        ("Hosted:///x", "must begin with https://"),
        ("http://169.254.169.254/latest", "link-local and special addresses are refused"),
        ("http://169.254.169.254./latest", "link-local and special addresses are refused"),
        ("http://2852039166/x", "link-local and special addresses are refused"),
        ("http://0xa9.0xfe.0xa9.0xfe/x", "link-local and special addresses are refused"),
        ("http://[fe80::1]/x", "link-local and special addresses are refused"),
        ("http://[::ffff:169.254.169.254]/x", "link-local and special addresses are refused"),
        ("http://0.0.0.0/x", "link-local and special addresses are refused"),
        ("http://224.0.0.1/x", "link-local and special addresses are refused"),
        ("http://[fd00:ec2::254]/x", "link-local and special addresses are refused"),
        ("https://example.com/" + "x" * 2048, "Too long: may not be more than 2048 bytes"),
    ],
)
def test_addresses_that_cannot(url: str, text: str) -> None:
    error = _one(_git(repo=url))
    assert error.startswith("spec.git.repo: ")
    assert text in error


@pytest.mark.parametrize(
    "url",
    [
        "https://me:5ecret@example.com/x",
        "ssh://me:5ecret@example.com/x",
        "https://[me:5ecret@x",
        "https://h/x?t=5ecret",
    ],
)
def test_credentials_in_an_address_are_not_repeated(url: str) -> None:
    assert "5ecret" not in _one(_git(repo=url))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"\A(https?|file|hosted|ssh)://[!-~]{0,40}\Z"))
def test_any_address_is_judged(url: str) -> None:
    assert all(error.startswith("spec.git.") for error in _errors(_git(repo=url)))


@pytest.mark.parametrize("branch", ["main", "v3.0.0", "release/1.2", "Feature_X", "drafts-old", "ünïcode"])
def test_branches_follow_the_rules_of_git(branch: str) -> None:
    assert _errors(_git(branch=branch)) == []


@pytest.mark.parametrize(
    "branch",
    ["a..b", "-a", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock",
     "a.lock/b", "a.", "@", "a@{b", "a\x7fb", "a\nb", "HEAD", "drafts", "drafts/a/v1", "proposed/x",
     "deletionProposed/x", "x" * 201],
)  # fmt: skip
def test_other_branches_are_refused(branch: str) -> None:
    assert _one(_git(branch=branch)).startswith("spec.git.branch: Invalid value: ")


@pytest.mark.parametrize("directory", ["", "/", "a", "/a/b/", "Teams/x_y", "a.b"])
def test_directories_lie_inside_of_the_repository(directory: str) -> None:
    assert _errors(_git(directory=directory)) == []


@pytest.mark.parametrize(
    "directory", ["..", "a/../b", ".git", "a/.git/b", "a//b", "./a", "a b", "a\0", "a\\b", "git~1"]
)
def test_other_directories_are_refused(directory: str) -> None:
    assert _one(_git(directory=directory)).startswith("spec.git.directory: Invalid value: ")


@pytest.mark.parametrize("text", ["a\nb", "a <b>", "a\0", "a\x9bb", "x" * 257])
def test_people_fit_on_one_line_of_a_commit(text: str) -> None:
    assert _one(_git(author=text)).startswith("spec.git.author: ")
    assert _one(_git(email=text)).startswith("spec.git.email: ")
    assert _errors(_git(author="Jane Doe", email="jane@example.com")) == []


def test_a_secret_is_named_or_not() -> None:
    assert _errors(_git(secret_ref=NameReference(name=""))) == []
    assert _errors(_git(secret_ref=NameReference(name="my.secret"))) == []
    assert _one(_git(secret_ref=NameReference(name="../x"))).startswith("spec.git.secretRef.name: Invalid value")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:8080", "a.localhost", "[::1]:1", "127.1"])
def test_a_secret_may_be_sent_in_the_clear_to_this_machine(host: str) -> None:
    assert _errors(_git(repo=f"http://{host}/x", secret_ref=NameReference(name="s"))) == []


@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com"])
def test_a_secret_is_not_sent_in_the_clear_elsewhere(host: str) -> None:
    error = _one(_git(repo=f"http://{host}/x", secret_ref=NameReference(name="s")))
    assert error.startswith("spec.git.secretRef: Forbidden: credentials are only sent over https or to this machine")
    assert _errors(_git(repo=f"http://{host}/x", secret_ref=NameReference(name=""))) == []


@pytest.mark.parametrize("url", ["file:///srv/x", "hosted:///x"])
def test_a_secret_is_of_no_use_on_this_machines_disk(url: str) -> None:
    assert _one(_git(repo=url, secret_ref=NameReference(name="s"))).endswith(
        "takes no credentials: leave secretRef out"
    )
    assert _errors(_git(repo=url, secret_ref=NameReference(name=""))) == []


@pytest.mark.parametrize(
    "schedule",
    ["*/10 * * * *", "0 0 1,15 jan-mar MON-FRI", "5/15 ? * * 0", "@hourly", "@every 1h30m",
     "TZ=Europe/Berlin 0 6 * * *", "CRON_TZ=UTC @daily", ""],
)  # fmt: skip
def test_schedules_are_cron(schedule: str) -> None:
    made = _git()
    made.spec.sync = RepositorySync(schedule=schedule)
    assert _errors(made) == []


@pytest.mark.parametrize(
    "schedule",
    ["* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "*/0 * * * *",
     "5-1 * * * *", "1-2-3 * * * *", "a * * * *", "* * * * jan", ", * * * *", "@often", "@every", "@every 5",
     "٣ * * * *", "* " * 200],
)  # fmt: skip
def test_other_schedules_are_refused(schedule: str) -> None:
    made = _git()
    made.spec.sync = RepositorySync(schedule=schedule)
    assert _one(made).startswith("spec.sync.schedule: Invalid value: ")


def test_the_one_time_to_synchronise_is_rfc_3339() -> None:
    for good in ("2025-01-02T03:04:05Z", "2025-01-02T03:04:05.123456789Z", "2025-01-02T03:04:05+02:00"):
        made = _git()
        made.spec.sync = RepositorySync(run_once_at=good)
        assert _errors(made) == []
    for bad in ("now", "2025-01-02", "2025-01-02T03:04:05", "2025-13-02T03:04:05Z", "2025-W01-1T03:04:05Z", "x" * 999):
        made.spec.sync = RepositorySync(run_once_at=bad)
        assert _one(made).startswith("spec.sync.runOnceAt: Invalid value: ")


@pytest.mark.parametrize("registry", ["", "https://r.example.com/a", "r/../a", "r//a", "u@r/a", "r/a b", "x" * 2049])
def test_registries_are_paths(registry: str) -> None:
    assert _one(_repository(type="oci", oci=OciRepository(registry=registry))).startswith("spec.oci.registry: ")
    assert _errors(_repository(oci=OciRepository(registry="127.0.0.1:1/abcd"))) == []


@pytest.mark.parametrize(
    ("git", "field"),
    [
        ({"repo": URL + "x"}, "spec.git.repo"),
        ({"branch": "other"}, "spec.git.branch"),
        ({"directory": "x"}, "spec.git.directory"),
    ],
)
def test_its_place_is_immutable(git: dict[str, str], field: str) -> None:
    errors = strategy.validate_update(_git(**git), _git())
    assert [str(error) for error in errors] == [f'<nil>: Invalid value: "object": {field} is immutable']
    assert len(strategy.validate_update(_git(), _git(**git))) == 1


def test_its_place_cannot_be_dropped() -> None:
    errors = strategy.validate_update(_repository(type="git"), _git())
    assert '<nil>: Invalid value: "object": spec.git.repo is immutable' in map(str, errors)


def test_everything_else_may_change() -> None:
    new = _git(author="x", secret_ref=NameReference(name="s"), create_branch=True)
    new.spec.deployment, new.spec.description = True, "d"
    assert strategy.validate_update(new, _git()) == []
    assert strategy.desired_state_changed(new, _git())
    assert not strategy.desired_state_changed(_git(), _git())


def test_an_update_that_leaves_defaults_out_changes_nothing() -> None:
    old = _git()
    new = Repository(metadata=ObjectMeta(name="blueprints"), spec=RepositorySpec(git=GitRepository(repo=URL)))
    strategy.prepare_for_update(new, old, "")
    assert new.spec == old.spec


def test_columns_are_upstreams() -> None:
    shown = _git()
    shown.status.conditions = [Condition(type="Ready", status="True")]
    names = [column.name for column in strategy.columns]
    assert names == ["Name", "Type", "Content", "Sync schedule", "Deployment", "Ready", "Address", "Branch", "Age"]
    assert strategy.cells(shown, "5m") == ["blueprints", "git", "Package", None, False, "True", URL, "main", "5m"]
    oci = _repository("images", oci=OciRepository(registry="r.example.com/a"))
    assert strategy.cells(oci, "1s") == ["images", "oci", "Package", None, False, None, "r.example.com/a", None, "1s"]
