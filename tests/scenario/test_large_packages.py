"""Packages of many megabytes: what was sent comes back byte for byte, and the limit of a body is a setting."""

from __future__ import annotations

import base64
import random

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, REVISIONS, Json, register, revision
from tests.support.githttp import GitHttp, git

MB = 1000 * 1000
NAME = f"{RESOURCES}/work.big.v1"


def package(seed: int) -> tuple[dict[str, str], dict[str, bytes]]:
    """Texts and binaries of 20 MB in all, more than one request may hold in one piece anywhere on its way."""
    chance = random.Random(seed)
    texts = {f"docs/{place}.txt": f"{seed} \u00e4\u20ac\0\r\n" * chance.randrange(20_000) for place in range(20)}
    texts["docs/large.txt"] = f"{seed} a line of text\n" * 100_000
    binaries = {f"images/{place}.bin": b"\xff" + chance.randbytes(3 * MB + place) for place in range(4)}
    return texts, binaries | {"images/small.bin": b"\xfe", "images/sparse.bin": b"\xff" + bytes(2 * MB)}


def body(obj: Json, seed: int) -> Json:
    texts, binaries = package(seed)
    encoded = {path: base64.b64encode(data).decode() for path, data in binaries.items()}
    kptfile = {"Kptfile": obj["spec"]["resources"]["Kptfile"]}
    return {**obj, "spec": {**obj["spec"], "resources": texts | kptfile, "binaryResources": encoded}}


@pytest.mark.parametrize("is_hosted", [True, False])
def test_a_large_package_comes_back_byte_for_byte(make: Make, remote: GitHttp, is_hosted: bool) -> None:
    porch = make("--max-package-bytes", str(64 * MB))
    api = porch.launch()
    register(api, "work", "hosted:///work" if is_hosted else remote.create("work"))
    api.do("POST", REVISIONS, revision("work", "big"))
    start = api.do("GET", RESOURCES)["metadata"]["resourceVersion"]
    sent = [body(api.do("GET", NAME), 0)]
    saved = [api.do("PUT", NAME, sent[0])]
    sent.append(body(saved[0], 1))
    saved.append(api.do("PUT", NAME, sent[1]))
    assert [obj["spec"] for obj in saved] == [obj["spec"] for obj in sent]
    assert api.do("GET", NAME) == saved[1]
    assert porch.again().do("GET", NAME) == saved[1]
    with porch.api.watch(RESOURCES, since=start) as watch:
        assert [watch.next() for _ in range(2)] == [("MODIFIED", obj) for obj in saved]
    repository = porch.hosted("default", "work") if is_hosted else remote.path("work")
    git("fsck", "--strict", "--no-dangling", cwd=repository)
    texts, binaries = package(1)
    contents = {path: text.encode() for path, text in texts.items()} | binaries
    for path, data in contents.items():
        assert git("cat-file", "-s", f"drafts/big/v1:big/{path}", cwd=repository) == str(len(data))


def test_a_body_above_the_limit_is_refused(make: Make) -> None:
    api = make().launch()
    register(api, "work", "hosted:///work")
    api.do("POST", REVISIONS, revision("work", "big"))
    obj = api.do("GET", NAME)
    obj["spec"]["resources"]["big.txt"] = "x" * (6 * 1024 * 1024)
    refused = api.send("PUT", NAME, obj)
    assert (refused.code, refused.reason) == (413, "RequestEntityTooLarge")
    assert refused.message == "Request entity too large: limit is 6291456"
    obj["spec"]["resources"]["big.txt"] = "x" * (5 * 1024 * 1024)
    assert api.do("PUT", NAME, obj)["spec"]["resources"] == obj["spec"]["resources"]
