"""What a package has besides plain text survives our work on it: modes, links, submodules, bytes that are no UTF-8."""

from __future__ import annotations

import pytest

from tests.interop.life import Life, configuration
from tests.interop.watched import Watched
from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, register
from tests.support.githttp import GitHttp
from tests.support.handmade import KPTFILE, PORCH, Files, Handmade

README = {"README.md": "Created by porch"}
ODD: Files = {
    "web/run.sh": ("100755", "#!/bin/sh\n"),
    "web/link": ("120000", "run.sh"),
    "web/out": ("120000", "../../etc/passwd"),
    "web/module": ("160000", "1" * 40),
    "web/raw.bin": b"\xff\xfe\0raw",
    "web/crlf.txt": "a\r\nb",
}
NOTE = 'kpt:{"package":"web","workspaceName":"w1","revision":"0","task":{"type":"init","init":{"description":"d"}}}'


@pytest.fixture
def hand(remote: GitHttp) -> Handmade:
    """A repository with a draft, as upstream would have it if it kept such files."""
    hand = Handmade.new(remote.path("kept"))
    first = hand.commit(README, message="Initial commit: Creating main branch", author=PORCH)
    message = f"Creating new empty revision\n\n\n{NOTE}\n"
    draft = hand.commit(
        {**README, **ODD, "web/Kptfile": KPTFILE}, first, message=message, author="ann <ann>", committer=PORCH
    )
    hand.set("refs/heads/main", first)
    hand.set("refs/heads/drafts/web/w1", draft)
    return hand


def listed(hand: Handmade, ref: str) -> dict[str, str]:
    lines = hand.git("ls-tree", "-r", ref).splitlines()
    return {path: head for head, path in (line.split("\t") for line in lines) if path in ODD}


def test_odd_files_come_through_edit_review_and_publication(make: Make, remote: GitHttp, hand: Handmade) -> None:
    life, odd = Life(make().launch()), listed(hand, "refs/heads/drafts/web/w1")
    assert len(odd) == len(ODD)
    written = Watched(hand.path)
    assert {finding.rule for finding in written.before.findings} == {"mode"}
    register(life.api, "kept", remote.url("kept"))
    name = "kept.web.w1"
    shown = life.api.do("GET", f"{RESOURCES}/{name}")["spec"]
    assert shown["resources"]["link"] == "run.sh"
    assert set(shown["binaryResources"]) == {"raw.bin"}
    life.save(name, more_yaml=configuration("more"))
    written.check()
    assert listed(hand, "refs/heads/drafts/web/w1") == odd
    shown = life.api.do("GET", f"{RESOURCES}/{name}")
    shown["spec"]["resources"]["crlf.txt"] += "\r\n"
    life.did(life.api.send("PUT", f"{RESOURCES}/{name}", shown))
    assert life.publish(name) == 1
    written.check()
    published = listed(hand, "refs/tags/web/v1")
    assert {path for path, head in published.items() if head != odd[path]} == {"web/crlf.txt"}
    assert listed(hand, "refs/heads/main") == published
