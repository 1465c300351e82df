"""The plain reader is worth its word: each rule is broken once, with plain git, and the reader says so."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.plain import RULES, changed_since, read
from tests.support import upstream
from tests.support.githttp import git

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs" / "interoperability.md"
MAIN, TAG = "refs/heads/main", "refs/tags/amf/v1"
DRAFT = "refs/heads/drafts/exp/ws1"
PORCH = "Package Orchestration Service <porch@kpt.dev>"


class Hand:
    """Changes a repository as nobody should."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *arguments: str, stdin: str = "") -> str:
        return git(*arguments, cwd=self.path, stdin=stdin)

    def set(self, ref: str, target: str) -> None:
        self.git("update-ref", ref, target)

    def write(self, text: str) -> str:
        return self.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text)

    def reword(self, old: str, new: str, *refs: str) -> None:
        """The commit of these refs, with other bytes."""
        text = git("cat-file", "commit", refs[0], cwd=self.path) + "\n"
        assert old in text
        for ref in refs:
            self.set(ref, self.write(text.replace(old, new)))

    def retree(self, *changes: str) -> None:
        """The draft with other files: arguments of `git update-index`."""
        top = self.path.parent
        index = {"GIT_INDEX_FILE": str(top / "index"), "GIT_DIR": str(self.path), "GIT_WORK_TREE": str(top)}
        git("read-tree", DRAFT, cwd=top, env=index)
        git("update-index", *changes, cwd=top, env=index)
        tree = git("write-tree", cwd=top, env=index)
        self.reword(self.git("rev-parse", f"{DRAFT}^{{tree}}"), tree, DRAFT)

    @property
    def blob(self) -> str:
        return self.git("hash-object", "-w", "--stdin", stdin="x")

    def swap_parents(self) -> None:
        first, second = self.git("rev-parse", f"{MAIN}^1", f"{MAIN}^2").split()
        self.reword(f"parent {first}\nparent {second}", f"parent {second}\nparent {first}", MAIN, TAG)

    def delete_badly(self) -> None:
        tree = self.git("rev-parse", f"{MAIN}^{{tree}}")
        head = self.git("rev-parse", MAIN)
        who = f"{PORCH} 1700000000 +0000"
        self.set(MAIN, self.write(f"tree {tree}\nparent {head}\nauthor {who}\ncommitter {who}\n\nDelete amf"))


BREAKS: dict[str, Callable[[Hand], None]] = {
    "fsck": lambda hand: hand.reword("author admin <", "author admin<", MAIN, TAG),
    "family": lambda hand: hand.set("refs/heads/mine", MAIN),
    "lightweight": lambda hand: hand.set(TAG, hand.git("mktag", stdin=_annotated(hand))),
    "approval-tag": lambda hand: hand.set("refs/tags/amf/v7", MAIN),
    "on-the-branch": lambda hand: hand.set(MAIN, f"{MAIN}^1"),
    "one-tag": lambda hand: hand.set("refs/tags/amf/1", MAIN),
    "base-branch": lambda hand: hand.set("refs/heads/proposed/exp/ws1", DRAFT),
    "draft-head": lambda hand: hand.set("refs/heads/drafts/exp/ws2", DRAFT),
    "marker": lambda hand: hand.set("refs/heads/deletionProposed/amf/v2", MAIN),
    "committer": lambda hand: hand.reword(f"committer {PORCH}", "committer Me <me@example.com>", DRAFT),
    "headers": lambda hand: hand.reword("\n\nCreating", "\nencoding UTF-8\n\nCreating", DRAFT),
    "subject": lambda hand: hand.reword("amf/1\n\nkpt", "amf/1\n\n\nkpt", MAIN, TAG),
    "annotation": lambda hand: hand.reword('{"package":"exp","', '{"package": "exp","', DRAFT),
    "first-task": lambda hand: hand.reword('{"type":"clone"', '{"type":"push"', DRAFT),
    "approval-parents": Hand.swap_parents,
    "approval-tree": lambda hand: hand.reword(
        hand.git("rev-parse", f"{MAIN}^{{tree}}"), hand.git("rev-parse", f"{MAIN}^1^{{tree}}"), MAIN, TAG
    ),
    "draft-tree": lambda hand: hand.retree("--add", "--cacheinfo", f"100644,{hand.blob},stray"),
    "deletion": Hand.delete_badly,
    "first-commit": lambda hand: hand.reword("author Package", "author package", _first(hand)),
    "mode": lambda hand: hand.retree("--add", "--cacheinfo", f"100755,{hand.blob},exp/run"),
    "kptfile": lambda hand: hand.retree("--force-remove", "exp/Kptfile"),
}


def _annotated(hand: Hand) -> str:
    return f"object {hand.git('rev-parse', MAIN)}\ntype commit\ntag v1\ntagger Me <me@example.com> 1 +0000\n\nx\n"


def _first(hand: Hand) -> str:
    """A branch on the first commit, to be changed."""
    hand.set("refs/heads/drafts/first/x", hand.git("rev-list", "--max-parents=0", MAIN))
    return "refs/heads/drafts/first/x"


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    upstream.unbundle(tmp_path)
    assert read(tmp_path / "edge.git").findings == []
    return Hand(tmp_path / "edge.git")


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_found(hand: Hand, rule: str) -> None:
    BREAKS[rule](hand)
    assert rule in {finding.rule for finding in read(hand.path).findings}


def test_tags_that_moved_and_lost_commits_are_found(hand: Hand) -> None:
    before = read(hand.path)
    assert changed_since(before) == []
    hand.set(TAG, f"{MAIN}^1")
    hand.set(MAIN, f"{MAIN}^1")
    assert [finding.place for finding in changed_since(before)] == [TAG, "main"]


def test_no_rule_is_left_out() -> None:
    assert {*BREAKS, "moved"} == RULES.keys()
    assert all(sentence.endswith(".") for sentence in RULES.values())


def test_the_reader_shares_nothing_with_the_server() -> None:
    imported = set()
    for file in (Path(__file__).parent / "plain").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
    assert {name for name in imported if not name.startswith("tests.interop.plain")} <= sys.stdlib_module_names | {
        "collections.abc"
    }


def test_it_can_be_asked_from_the_command_line(hand: Hand) -> None:
    def ask() -> tuple[int, str]:
        command = [sys.executable, "-m", "tests.interop.plain", str(hand.path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert ask() == (0, "4 published, 4 drafts, 1 proposals\n")
    hand.set("refs/heads/mine", MAIN)
    assert ask() == (1, "family: refs/heads/mine\n4 published, 4 drafts, 1 proposals\n")


def test_the_rules_are_those_of_the_documentation() -> None:
    lines = DOC.read_text("utf-8").splitlines()
    assert [
        f"| {rule} | {sentence} |" for rule, sentence in RULES.items() if f"| {rule} | {sentence} |" not in lines
    ] == []
