"""What a registry says about an image."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from porch.errors import ServiceUnavailable
from porch.function.images import parse_image
from porch.runner.pods.images import ImageFacts, Registry, _place
from tests.support.registry import Registry as Serving

_HTPASSWD = "porch:$2y$04$e6K0YfMN9W2CXiXltcA5qOcWEP0VVF8uBRR71cZ9xUt4b.7AKcZcS\n"


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    with Serving(tmp_path) as registry:
        yield registry


@pytest.fixture
def registry() -> Iterator[Registry]:
    opened = Registry()
    yield opened
    opened.close()


def test_the_digest_and_the_program(serving: Serving, registry: Registry) -> None:
    digest = serving.push("fn/a", "v1", ["/bin/a", "--x"])
    assert registry.facts(f"{serving.host}/fn/a:v1") == ImageFacts(digest, ("/bin/a", "--x"))
    assert registry.facts(f"{serving.host}/fn/a@{digest}") == ImageFacts(digest, ("/bin/a", "--x"))


def test_without_an_entry_point_the_command_is_the_program(serving: Serving, registry: Registry) -> None:
    serving.push("fn/a", "v1", ["/bin/a"], as_cmd=True)
    assert registry.facts(f"{serving.host}/fn/a:v1").command == ("/bin/a",)


def test_of_an_image_for_several_platforms_ours_is_read(serving: Serving, registry: Registry) -> None:
    digest = serving.push("fn/a", "v1", ["/bin/a"], index=True)
    assert registry.facts(f"{serving.host}/fn/a:v1") == ImageFacts(digest, ("/bin/a",))


def test_answers_are_kept(serving: Serving, registry: Registry) -> None:
    first = serving.push("fn/a", "v1", ["/bin/a"])
    assert registry.facts(f"{serving.host}/fn/a:v1").digest == first
    serving.push("fn/a", "v1", ["/bin/b"])
    assert registry.facts(f"{serving.host}/fn/a:v1").digest == first


@pytest.mark.parametrize("image", ["fn/no-such:v1", "fn/no-such@sha256:" + "0" * 64])
def test_what_is_not_there_is_told(serving: Serving, registry: Registry, image: str) -> None:
    with pytest.raises(ServiceUnavailable, match=f"unable to get the entrypoint for {serving.host}/{image}: .*404"):
        registry.facts(f"{serving.host}/{image}")


def test_a_registry_that_is_not_there_is_told(registry: Registry) -> None:
    with pytest.raises(ServiceUnavailable, match=r"unable to get the entrypoint for 127\.0\.0\.1:1/a:v1"):
        registry.facts("127.0.0.1:1/a:v1")


def test_credentials_are_those_of_docker(tmp_path: Path, registry: Registry) -> None:
    password_file = tmp_path / "htpasswd"
    password_file.write_text(_HTPASSWD)
    with Serving(tmp_path, password_file=str(password_file)) as private:
        private.login("porch", "secret")
        digest = private.push("fn/a", "v1", ["/bin/a"])
        image = f"{private.host}/fn/a:v1"
        for entry in (
            {"auth": base64.b64encode(b"porch:secret").decode()},
            {"username": "porch", "password": "secret"},
        ):
            known = Registry(json.dumps({"auths": {private.host: entry}}))
            assert known.facts(image).digest == digest
            known.close()
        with pytest.raises(ServiceUnavailable, match="401"):
            registry.facts(image)


@pytest.mark.parametrize(
    ("image", "host", "path"),
    [
        ("ghcr.io/a/b:v1", "ghcr.io", "a/b"),
        ("localhost:5000/b", "localhost:5000", "b"),
        ("localhost/b", "localhost", "b"),
        ("a/b", "registry-1.docker.io", "a/b"),
        ("b", "registry-1.docker.io", "library/b"),
    ],
)
def test_where_an_image_is(image: str, host: str, path: str) -> None:
    assert _place(parse_image(image)) == (host, path)
