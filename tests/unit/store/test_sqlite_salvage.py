"""A damaged database file: what can still be read is carried over, what cannot is named, and the sequence jumps."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from porch.errors import ServiceUnavailable
from porch.keys import PACKAGE_REVISIONS, ObjectKey, RepositoryKey
from porch.store import JUMP, Intent, NewVersion, Query, RefMove, Store, Transaction
from porch.store.sqlite import Salvaged, open_store, salvage
from porch.types import core
from porch.types.selectors import Requirement, Selector

MAPS = "configmaps"
COUNT = 400
PAGE = 4096
MOVE = RefMove("refs/heads/main", "0" * 40, "1" * 40)
WORK = RepositoryKey("default", "work")


def tail(number: int) -> bytes:
    return b'","name":"m%d"},"data":{"text":"%s"}}' % (number, b"x" * 600)


def fill(tx: Transaction) -> None:
    for number in range(COUNT):
        labels = {"even": str(number % 2 == 0)}
        tx.versions.put(NewVersion(ObjectKey(MAPS, "default", f"m{number}"), f"u{number}", tail(number), labels=labels))
        tx.revisions.put_user_metadata("default", f"work.p{number}.v1", b'{"labels":{"n":"%d"}}' % number)
    tx.versions.put(NewVersion(ObjectKey(str(PACKAGE_REVISIONS), "default", "work.p.v1"), "u", b'"}}'))
    tx.intents.add(Intent("open", WORK, "m", (MOVE,), b'{"name":"a"}'))
    tx.intents.add(Intent("applied", WORK, "m", (MOVE,), b'{"name":"b"}', b"pack" * 4000, applied=True))


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Not damaged yet."""
    path = tmp_path / "porch.db"
    store = open_store(path)
    store.commit(fill)
    store.commit(lambda tx: tx.versions.delete(ObjectKey(MAPS, "default", "m1")))
    store.close()
    return path


def leaf_pages(path: Path, table: str) -> list[int]:
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    content = path.read_bytes()
    inner = content[(root - 1) * PAGE : root * PAGE]
    assert inner[0] == 5, "the root of a table of many pages"
    cells = int.from_bytes(inner[3:5])
    places = [int.from_bytes(inner[12 + 2 * n : 14 + 2 * n]) for n in range(cells)]
    return [int.from_bytes(inner[place : place + 4]) for place in places]


def overwrite(path: Path, *pages: int) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(b"\xff" * PAGE)


def salvaged(path: Path) -> tuple[Salvaged, Store]:
    report = salvage(path, path.with_name("fresh.db"))
    return report, open_store(path.with_name("fresh.db"))


def names(store: Store, query: Query) -> set[str]:
    with store.read() as reads:
        return {item.key.name for item in reads.versions.list(query).items}


def test_an_undamaged_file_keeps_its_state_and_nothing_else(damaged: Path) -> None:
    report, store = salvaged(damaged)
    assert report == Salvaged({"versions": COUNT - 1, "user_metadata": COUNT, "intents": 2}, [])
    assert names(store, Query(MAPS)) == {f"m{number}" for number in range(COUNT) if number != 1}
    even = Query(MAPS, labels=Selector((Requirement("even", "in", ("True",)),)))
    assert len(names(store, even)) == COUNT // 2
    with store.read() as reads:
        assert reads.versions.count(MAPS, None) == reads.versions.count(MAPS, "default") == COUNT - 1
        assert reads.versions.count(str(PACKAGE_REVISIONS), None) == 0
        assert reads.versions.version() == COUNT + 2 + JUMP
        assert reads.revisions.user_metadata("default", "work.p7.v1") == b'{"labels":{"n":"7"}}'
        assert [intent.id for intent in reads.intents.all()] == ["open", "applied"]
        assert reads.intents.moving("m", [MOVE.ref]) == {MOVE.ref}
    store.close()


def test_damaged_pages_cost_what_was_on_them_and_that_is_told(damaged: Path) -> None:
    leaves = leaf_pages(damaged, "versions")
    overwrite(damaged, leaves[10], leaves[-10])
    report, store = salvaged(damaged)
    kept = names(store, Query(MAPS))
    lost = {line.rpartition("/")[2] for line in report.lost if line.startswith(f"versions: {MAPS}/")}
    assert 0 < len(lost) < 20
    assert kept | lost == {f"m{number}" for number in range(COUNT) if number != 1}
    assert not kept & lost
    assert report.kept["user_metadata"] == COUNT
    store.close()


def test_garbled_content_is_not_carried_over(damaged: Path) -> None:
    with closing(sqlite3.connect(damaged)) as db, db:
        db.execute("UPDATE versions SET tail = x'ff00' WHERE name = 'm5'")
        db.execute("UPDATE versions SET labels = 'no JSON' WHERE name = 'm6'")
        db.execute("UPDATE user_metadata SET metadata = x'00' WHERE name = 'work.p5.v1'")
        db.execute("UPDATE intents SET moves = '[1]' WHERE id = 'applied'")
    report, store = salvaged(damaged)
    assert sorted(report.lost) == [
        "intents: applied",
        "user_metadata: default/work.p5.v1",
        f"versions: {MAPS}/default/m5",
        f"versions: {MAPS}/default/m6",
    ]
    assert not names(store, Query(MAPS)) & {"m5", "m6"}
    store.close()


def test_the_sequence_jumps_over_what_the_watermark_knows(damaged: Path) -> None:
    damaged.with_name("porch.db-version").write_text(f"{12345678:019}")
    _, store = salvaged(damaged)
    with store.read() as reads:
        assert reads.versions.version() == 12345678 + JUMP
    store.close()


@pytest.mark.parametrize("content", [b"\xff" * 40_000, b"", b"SQLite format 3\0" + b"\0" * 5000])
def test_a_file_of_which_nothing_is_left_is_for_a_backup(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "porch.db"
    path.write_bytes(content)
    with pytest.raises(ServiceUnavailable, match="porch restore"):
        salvage(path, tmp_path / "fresh.db")
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("column", "value"), [("tail", "x'ff'"), ("labels", "'{'"), ("owners", "'[1]'"), ("fields", "''")]
)
def test_damaged_json_is_unavailable_and_names_the_remedy(damaged: Path, column: str, value: str) -> None:
    with closing(sqlite3.connect(damaged)) as db, db:
        db.execute(f"UPDATE versions SET {column} = {value} WHERE name = 'm5'")
    store = open_store(damaged)

    def decoded() -> object:
        with store.read() as reads:
            found = reads.versions.get(ObjectKey(MAPS, "default", "m5"))
        assert found is not None
        return core.CONFIG_MAP.decode(found.version, found.tail)

    with pytest.raises(ServiceUnavailable, match="porch index rebuild"):
        decoded()
    store.close()
