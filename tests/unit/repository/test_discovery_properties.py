"""Discovery of generated refs: each shows its own, whatever else there is and in whatever order it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.repository.git.discover import discover_mirror
from porch.repository.interface import Discovered, Snapshot
from tests.support.handmade import KPTFILE, Handmade

Refs = Mapping[str, str]
MARKER = "refs/heads/deletionProposed/"
SEGMENTS = st.sampled_from(["web", "net", "a.b", "X", "é", "v1", "main", "teams", "Kptfile", "drafts"])
PATHS = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)
NAMES = st.one_of(st.sampled_from(["v1", "1", "v2", "007", "-3", "rc1", "v1.2.3", "main", "ws1", "v0"]), SEGMENTS)
FAMILIES = st.sampled_from(["heads/drafts", "heads/proposed", "heads/deletionProposed", "tags", "heads/other"])
GOOD = st.tuples(FAMILIES, PATHS, NAMES).map(lambda parts: "refs/" + "/".join(parts))
MALFORMED = st.one_of(
    st.sampled_from(["refs/heads/drafts/lonely", "refs/heads/proposed/lonely", "refs/tags/loose", "refs/heads/stray"]),
    st.tuples(st.sampled_from(["heads/drafts", "tags"]), PATHS, NAMES).map(lambda parts: f"refs/{parts[0]}/none/x/v1"),
)


@dataclass(frozen=True)
class Place:
    path: Path
    commits: tuple[str, ...]
    broken: tuple[str, ...]

    def look(self, refs: Refs, known: Refs | None = None, directory: str = "") -> Snapshot:
        lines = sorted((name.encode(), target) for name, target in refs.items())
        (self.path / "packed-refs").write_bytes(b"".join(b"%s %s\n" % (oid.encode(), name) for name, oid in lines))
        return discover_mirror(str(self.path), directory, "main", known or {})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    hand = Handmade.new(tmp_path_factory.mktemp("place") / "repo.git")
    paths = ("web", "net", "teams/web", "teams/net/web", "a.b", "é", "X", "v1")
    files = {f"{path}/Kptfile": KPTFILE for path in paths}
    lines = "".join(f'\nkpt:{{"package":"{path}","workspaceName":"ws1","revision":"1"}}' for path in paths)
    first = hand.commit(files)
    commits = (
        first,
        hand.commit({**files, "x": ""}, first, message=f"x\n{lines}"),
        hand.commit({"web/Kptfile": KPTFILE}),
    )
    blob = hand.git("hash-object", "-w", "--stdin", stdin="x")
    return Place(hand.path, commits, (blob, "1" * 40))


def by_ref(snapshot: Snapshot) -> dict[str, list[Discovered]]:
    found: dict[str, list[Discovered]] = {}
    for revision in snapshot.revisions:
        found.setdefault(revision.ref, []).append(revision)
    return found


STATES = st.dictionaries(st.one_of(GOOD, st.just("refs/heads/main")), st.integers(0, 2), max_size=8)


@given(state=STATES, malformed=MALFORMED, odd=GOOD, target=st.integers(0, 2))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_a_malformed_ref_changes_nothing_that_others_show(
    place: Place, state: dict[str, int], malformed: str, odd: str, target: int
) -> None:
    refs = {name: place.commits[commit] for name, commit in state.items()}
    before = by_ref(place.look(refs))
    assert by_ref(place.look({**refs, malformed: place.commits[target]})) == before
    if odd not in refs and not odd.startswith(MARKER):
        assert by_ref(place.look({**refs, odd: place.broken[target % 2]})) == before


@given(state=STATES)
@settings(derandomize=True, max_examples=100, deadline=None)
def test_each_ref_shows_its_own_and_only_marks_touch_others(place: Place, state: dict[str, int]) -> None:
    refs = {name: place.commits[commit] for name, commit in state.items()}
    marks = {name: target for name, target in refs.items() if name.startswith(MARKER)}
    together = by_ref(place.look(refs))
    for name, target in refs.items():
        assert by_ref(place.look({**marks, name: target})).get(name, []) == together.get(name, [])


@given(states=st.lists(STATES, min_size=2, max_size=4), directory=st.sampled_from(["", "teams", "teams/net"]))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_what_changed_comes_to_the_same_as_everything(
    place: Place, states: list[dict[str, int]], directory: str
) -> None:
    known: Refs = {}
    model: dict[str, list[Discovered]] = {}
    for state in states:
        refs = {name: place.commits[commit] for name, commit in state.items()}
        snapshot = place.look(refs, known, directory)
        news = by_ref(snapshot)
        changed = {name for name, _ in refs.items() ^ known.items()}
        model = {ref: shown for ref, shown in model.items() if ref not in changed and ref not in news} | news
        assert set(snapshot.gone) == known.keys() - refs.keys()
        known = refs
    assert model == by_ref(place.look(known, {}, directory))
