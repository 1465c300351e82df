"""Files that git has and an API finds hard, pushed by a real git: what is shown, and what a save does to them.

Each row of docs/package-content.md names its test here.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Answer
from tests.wire.space import RESOURCES, REVISIONS, Space

NAME = "blueprints.odd.v1"
FILE, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: odd # ours\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
COMMIT = "1" * 40
Item = tuple[str, bytes]
Pushed = Mapping[str, Item] | Mapping[bytes, Item]
Files = Mapping[str, str | None]


@dataclass
class Odd:
    """A draft whose files somebody pushed, and the bare repository that has them now."""

    space: Space
    work: Path
    environment: dict[str, str]

    def git(self, *arguments: str, stdin: bytes = b"", fails: bool = False) -> bytes:
        done = subprocess.run(
            ["git", *arguments], cwd=self.work, env=self.environment, input=stdin, capture_output=True, check=False
        )
        assert (done.returncode != 0) is fails, done
        return done.stderr if fails else done.stdout

    def push(self, files: Pushed, *, fails: bool = False) -> bytes:
        """Commits exactly these beside a Kptfile: path to mode and content (the commit, of a submodule)."""
        self.git("read-tree", "--empty")
        lines = [self._line(b"Kptfile", FILE, KPTFILE.encode())]
        lines += [self._line(os.fsencode(path), *item) for path, item in files.items()]
        self.git("update-index", "-z", "--add", "--index-info", stdin=b"\0".join(lines) + b"\0")
        tree = self.git("write-tree").decode().strip()
        commit = self.git("commit-tree", tree, "-p", "origin/main", "-m", "Push odd files").decode().strip()
        return self.git("push", "--quiet", "origin", f"{commit}:refs/heads/drafts/odd/v1", fails=fails)

    def _line(self, path: bytes, mode: str, content: bytes) -> bytes:
        blob = content if mode == SUBMODULE else self.git("hash-object", "-w", "--stdin", stdin=content).strip()
        return b"%s %s\t" % (mode.encode(), blob) + b"odd/" + path

    @property
    def tree(self) -> dict[bytes, tuple[str, str]]:
        """What the server's repository has: path to mode and id."""
        bare = self.space.server.hosted(self.space.namespace, "blueprints")
        out = self.git("--git-dir", str(bare), "ls-tree", "-r", "-z", "drafts/odd/v1:odd")
        found = {}
        for line in out.split(b"\0")[:-1]:
            meta, _, path = line.partition(b"\t")
            mode, _, name = meta.decode().split()
            found[path] = mode, name
        return found

    def content(self, path: str) -> bytes:
        bare = self.space.server.hosted(self.space.namespace, "blueprints")
        return self.git("--git-dir", str(bare), "cat-file", "blob", f"drafts/odd/v1:odd/{path}")

    @property
    def shown(self) -> dict[str, Any]:
        return self.space.get(RESOURCES, NAME)

    def put(self, obj: dict[str, Any]) -> Answer:
        return self.space.client.send("PUT", self.space.path(RESOURCES, NAME), obj)

    def save(self, changes: Files) -> Answer:
        """All that a GET shows, as kubectl edit sends it back, with these texts changed or (None) left out."""
        obj = self.shown
        files = obj["spec"]["resources"] | changes
        obj["spec"]["resources"] = {path: text for path, text in files.items() if text is not None}
        return self.put(obj)

    def saved(self, changes: Files) -> dict[str, Any]:
        answer = self.save(changes)
        assert answer.status == 200, answer
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def odd(space: Space, tmp_path: Path) -> Odd:
    user = f"{space.namespace}-author"
    space.kubectl("create", "rolebinding", user, "--clusterrole=porch:editor", f"--user={user}")
    environment = space.server.git_environment(space.server.user(user))
    url = space.get("repositories", "blueprints")["status"]["cloneURL"]
    made = Odd(space, tmp_path, environment)
    made.git("clone", "--quiet", url, "work")
    made.work = tmp_path / "work"
    return made


def kept(odd: Odd, files: Pushed, changes: Files | None = None) -> dict[str, Any]:
    """Pushes the files, changes another one through the API, and sees that git has them as they were."""
    odd.push(files)
    before = odd.tree
    saved = odd.saved(changes or {"note.txt": "hello\n"})
    after = odd.tree
    for path in files:
        assert after[os.fsencode(path)] == before[os.fsencode(path)]
    return saved


def refusal(answer: Answer) -> list[tuple[str, str]]:
    assert (answer.status, answer.json()["reason"]) == (422, "Invalid"), answer
    return [(cause["field"], cause["message"]) for cause in answer.json()["details"]["causes"]]


def test_a_symbolic_link_is_shown_as_its_target_and_never_followed(odd: Odd) -> None:
    links = {"link": (LINK, b"Kptfile"), "up.yaml": (LINK, b"../../../../etc/passwd"), "dir": (LINK, b"/etc")}
    files = kept(odd, links)["spec"]["resources"]
    assert {path: files[path] for path in links} == {path: target.decode() for path, (_, target) in links.items()}
    odd.saved({"link": "text now\n"})
    assert odd.tree[b"link"][0] == FILE
    assert odd.content("link") == b"text now\n"
    (problem,) = refusal(odd.save({"dir/passwd": "x"}))
    assert problem[0] == "spec.resources[dir/passwd]"
    assert "is a file already" in problem[1]


def test_a_kptfile_that_is_a_link_makes_no_package(odd: Odd) -> None:
    odd.push({"Kptfile": (LINK, b"../other/Kptfile")})
    assert odd.space.client.send("GET", odd.space.path(REVISIONS, NAME)).status == 404


def test_a_submodule_is_not_shown_and_stays(odd: Odd) -> None:
    submodules = {"vendor": (SUBMODULE, COMMIT.encode()), "deep/sub.yaml": (SUBMODULE, COMMIT.encode())}
    saved = kept(odd, submodules)
    assert saved["spec"]["resources"].keys() == {"Kptfile", "note.txt"}
    odd.saved({"note.txt": None})
    assert odd.tree[b"vendor"] == (SUBMODULE, COMMIT)
    problems = refusal(odd.save({"vendor/file": "x"}))
    assert "'vendor' is a file already" in problems[0][1]


def test_an_lfs_pointer_is_a_text_like_any_other(odd: Odd) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12345\n"
    attributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
    files = {"big.bin": (FILE, pointer.encode()), ".gitattributes": (FILE, attributes.encode())}
    assert kept(odd, files)["spec"]["resources"]["big.bin"] == pointer
    odd.saved({"big.bin": "no pointer\n"})
    assert odd.content("big.bin") == b"no pointer\n"


def test_line_ends_are_nobodys_business(odd: Odd) -> None:
    texts = {
        "dos.txt": "a\r\nb\r\n",
        "mixed.txt": "a\r\nb\nc\rd",
        "dos.yaml": CONFIG.replace("\n", "\r\n"),
        ".gitattributes": "* text=auto eol=lf\n",
    }
    saved = kept(odd, {path: (FILE, text.encode()) for path, text in texts.items()})
    assert texts.items() <= saved["spec"]["resources"].items()
    odd.saved({"dos.txt": "c\r\nd"})
    assert odd.content("dos.txt") == b"c\r\nd"


def test_a_kptfile_with_windows_line_ends_and_a_byte_order_mark_keeps_both(odd: Odd) -> None:
    text = "\ufeff" + KPTFILE.replace("\n", "\r\n")
    odd.push({"Kptfile": (FILE, text.encode())})
    odd.saved({"note.txt": "hello\n"})
    kptfile = odd.content("Kptfile").decode()
    assert kptfile.startswith(text)
    assert "\n" not in kptfile.replace("\r\n", "")


def test_a_byte_order_mark_is_a_character(odd: Odd) -> None:
    texts = {"bom.txt": "\ufefftext\n", "bom.yaml": "\ufeff" + CONFIG, "bom.json": '\ufeff{"a": 1}'}
    files = {path: (FILE, text.encode()) for path, text in texts.items()}
    ignore = (FILE, b"bom.json\n")
    assert texts.items() <= kept(odd, {**files, ".krmignore": ignore})["spec"]["resources"].items()


def test_names_that_differ_in_case_only_stay_and_are_not_made(odd: Odd) -> None:
    both = {name: (FILE, name.encode()) for name in ("README", "ReadMe", "docs/a", "Docs/a", "\u00e9", "e\u0301")}
    saved = kept(odd, both)
    assert both.keys() <= saved["spec"]["resources"].keys()
    odd.saved({"README": "changed\n", "ReadMe": None})
    for path in ("readme", "DOCS/b", "NOTE.txt"):
        (problem,) = refusal(odd.save({path: "x"}))
        assert problem[0] == f"spec.resources[{path}]"
        assert "only in letter case" in problem[1]


def test_a_file_is_renamed_in_one_save_also_to_another_case(odd: Odd) -> None:
    odd.push({"script": (EXECUTABLE, b"#!/bin/sh\n"), "a": (FILE, b"text\n")})
    odd.saved({"a": None, "A": "text\n", "script": None, "bin/script": "#!/bin/sh\n"})
    tree = odd.tree
    assert {path for path in tree if path != b"Kptfile"} == {b"A", b"bin/script"}
    assert tree[b"bin/script"][0] == FILE


def test_a_name_that_is_no_utf_8_is_not_shown_and_stays(odd: Odd) -> None:
    names = {b"caf\xe9.txt": (FILE, b"latin\n"), b"\xff/in.yaml": (FILE, b"a: b\n"), b"\xff.yaml": (LINK, b"x")}
    saved = kept(odd, names)
    assert saved["spec"]["resources"].keys() == {"Kptfile", "note.txt"}
    odd.saved({"note.txt": None})
    assert names.keys() <= odd.tree.keys()
    revision = odd.space.get(REVISIONS, NAME)
    revision["spec"]["packageMetadata"] = {"labels": {"a": "b"}}
    assert odd.space.client.send("PUT", odd.space.path(REVISIONS, NAME), revision).status == 200
    assert names.keys() <= odd.tree.keys()


def test_names_that_may_not_be_made_stay_where_they_are(odd: Odd) -> None:
    names = ["line\nbreak", "tab\tstop", "back\\slash", "bell\x07", "del\x7f.yaml", "x" * 300, "d/" * 120 + "deep"]
    contents = {name: (FILE, CONFIG.encode()) for name in names}
    assert set(names) <= kept(odd, contents)["spec"]["resources"].keys()
    odd.saved({name: CONFIG.replace("name: a", "name: b") for name in names})
    for name in names:
        assert odd.content(name).endswith(b"name: b\n")
    odd.saved(dict.fromkeys(names))
    assert {path for path in odd.tree if path != b"note.txt"} == {b"Kptfile"}
    for name in names:
        (problem,) = refusal(odd.save({name: CONFIG}))
        assert problem[0] == f"spec.resources[{name[:256]}]"


@pytest.mark.parametrize("name", [".git/config", ".GIT", "git~1", ".g\u200cit/hooks/post-checkout", "a/.git /x"])
def test_a_name_that_some_file_system_takes_for_git_is_refused(odd: Odd, name: str) -> None:
    odd.push({"note.txt": (FILE, b"hello\n")})
    (problem,) = refusal(odd.save({name: "x"}))
    assert "is a name that git keeps for itself" in problem[1]


@pytest.mark.parametrize("name", [".git/config", "git~1", "..", "a/../b"])
def test_a_push_of_such_a_name_is_refused(odd: Odd, name: str) -> None:
    odd.push({"note.txt": (FILE, b"hello\n")})
    before = odd.tree
    mode, content = b"100644", odd.git("hash-object", "-w", "--stdin", stdin=b"x")
    for segment in reversed(["odd", *name.split("/")]):
        item = b"%s %s\0%s" % (mode, segment.encode(), bytes.fromhex(content.decode()))
        mode, content = b"40000", odd.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=item)
    tree = content.decode().strip()
    commit = odd.git("commit-tree", tree, "-p", "origin/drafts/odd/v1", "-m", "Evil").decode().strip()
    odd.git("push", "origin", f"{commit}:refs/heads/drafts/odd/v1", fails=True)
    assert odd.tree == before


def test_a_file_cannot_be_a_directory_too(odd: Odd) -> None:
    odd.push({"a": (FILE, b"text\n")})
    (problem,) = refusal(odd.save({"a/b": "x"}))
    assert problem == (
        "spec.resources[a/b]",
        "Invalid value: \"a/b\": 'a' is a file already, so it cannot be a directory",
    )
    odd.saved({"a": None, "a/b": "x"})
    assert odd.content("a/b") == b"x"


def test_the_mode_of_a_file_stays_whoever_changes_it(odd: Odd) -> None:
    odd.push({"run.sh": (EXECUTABLE, b"#!/bin/sh\n"), "tool": (EXECUTABLE, b"\x7fELF\xff")})
    obj = odd.shown
    obj["spec"]["resources"] |= {"run.sh": "#!/bin/bash\n", "new.sh": "#!/bin/sh\n"}
    obj["spec"]["binaryResources"]["tool"] = base64.b64encode(b"\x7fELF\xfe").decode()
    assert odd.put(obj).status == 200
    modes = {path: mode for path, (mode, _) in odd.tree.items()}
    assert modes == {b"Kptfile": FILE, b"run.sh": EXECUTABLE, b"tool": EXECUTABLE, b"new.sh": FILE}


def test_an_empty_file_is_a_file(odd: Odd) -> None:
    files = {
        "empty": (FILE, b""),
        "empty.yaml": (FILE, b""),
        "comment.yaml": (FILE, b"# only\n"),
        ".gitkeep": (FILE, b""),
    }
    saved = kept(odd, files)["spec"]["resources"]
    assert {path: saved[path] for path in files} == {path: data.decode() for path, (_, data) in files.items()}
    odd.saved({"new": ""})
    assert odd.content("new") == b""


def test_what_is_no_utf_8_is_a_binary(odd: Odd) -> None:
    binaries = {
        "utf16.txt": "text\n".encode("utf-16"),
        "latin.txt": b"caf\xe9\n",
        "half.txt": b"\xed\xa0\x80",
        "z": b"\xff\0",
    }
    saved = kept(odd, {path: (FILE, data) for path, data in binaries.items()})
    shown = {path: base64.b64decode(text) for path, text in saved["spec"]["binaryResources"].items()}
    assert shown == binaries
    texts = saved["spec"]["resources"]
    texts["z"] = "a text now\n"
    del saved["spec"]["binaryResources"]["z"]
    assert odd.put(saved).status == 200
    assert odd.content("z") == b"a text now\n"


def test_every_character_of_a_text_survives(odd: Odd) -> None:
    text = "nul\0 controls\x01\x1b\x7f\x85 separators\u2028\u2029 noncharacters\ufffe\U0010ffff emoji\U0001f600 end"
    saved = kept(odd, {"all.txt": (FILE, text.encode())})
    assert saved["spec"]["resources"]["all.txt"] == text
    odd.saved({"all.txt": text * 2})
    assert odd.content("all.txt") == (text * 2).encode()


def test_a_yaml_file_that_cannot_be_read_is_named_and_stays_until_it_is_mended(odd: Odd) -> None:
    odd.push({"bad.yaml": (FILE, b"a: [\n"), "latin.yaml": (FILE, b"# caf\xe9\n")})
    before = odd.tree
    problems = refusal(odd.save({"note.txt": "hello\n"}))
    assert {field for field, _ in problems} == {"spec.resources[bad.yaml]", "spec.resources[latin.yaml]"}
    assert odd.tree == before
    odd.saved({".krmignore": "*.yaml\n"})
    assert {path: odd.tree[path] for path in (b"bad.yaml", b"latin.yaml")}.items() <= before.items()
