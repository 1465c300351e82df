"""The upgrade task: what upstream makes of its own clones; conflicts are told, and kept until somebody looked."""

from __future__ import annotations

import pytest

from porch.errors import Invalid
from porch.krm.kptfile import Kptfile, read_summary
from porch.krm.yaml import load_json_like
from porch.repository import Entry
from porch.task import Applied, PackageConfig, Source, Tasks, line
from porch.types.packagerevision import GitLock, PackageCondition
from porch.types.task import Task, UpgradeTask
from tests.unit.task.clones import CASES, side

LOCK = GitLock(repo="https://example.com/blueprints.git", directory="pkg", ref="pkg/v2", commit="2" * 40)
KPTFILE = b"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: app\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: m\ndata:\n  a: {}\n  b: {}\n"
Files = dict[str, "bytes | Entry"]


def upgrade(
    original: Files, upstream: Files, local: Files, strategy: str = "", *, lock: GitLock = LOCK, on_conflict: str = ""
) -> Applied:
    package = PackageConfig("edge.app.v2", "app", on_conflict=on_conflict)
    sources = [Source(original), Source(upstream, lock), Source(local)]
    return Tasks().apply_task(Task(type="upgrade", upgrade=UpgradeTask(strategy=strategy)), package, sources)


def one(a: str, b: str = "1") -> Files:
    return {"Kptfile": KPTFILE, "m.yaml": MAP.format(a, b).encode()}


def conditions(applied: Applied) -> dict[str, PackageCondition]:
    data = applied.files["Kptfile"]
    assert isinstance(data, bytes)
    return {item.type: item for item in read_summary(data).conditions}


@pytest.mark.parametrize(
    "key", [key for key, case in CASES.items() if "final" in case and not case["lost"]], ids="-".join
)
def test_an_upgrade_of_a_clone_is_upstreams(key: tuple[str, str]) -> None:
    case = CASES[key]
    wanted = side(case, "final")
    lock = GitLock(**load_json_like(wanted["Kptfile"])["upstreamLock"]["git"])
    applied = upgrade(
        dict(side(case, "original")), dict(side(case, "upstream")), dict(side(case, "local")), key[0], lock=lock
    )
    ours = {path: load_all(file) for path, file in applied.files.items()}
    theirs = {path: load_all(file) for path, file in wanted.items()}
    if (
        key[1] == "clone-upstream-deletes-resource"
    ):  # upstream keeps what nobody changed here: its marks count as changes
        theirs = {path: value for path, value in theirs.items() if path in case["upstream"]}
    assert ours == theirs
    assert applied.conflicts == ()


def load_all(file: bytes | Entry) -> object:
    assert isinstance(file, bytes)
    try:
        return [load_json_like(text.encode()) for text in file.decode().split("\n---\n")]
    except Exception:  # noqa: BLE001 - a README
        return file


def test_a_clone_that_nobody_changed_moves_forward() -> None:
    """Upstream takes the marks of its own clones for local changes."""
    case = CASES["fast-forward", "clone-untouched"]
    original, upstream, local = (dict(side(case, name)) for name in ("original", "upstream", "local"))
    applied = upgrade({**original}, {**upstream}, {**local}, "fast-forward")
    assert applied.conflicts == ()
    summary = read_summary(applied.files["Kptfile"])  # type: ignore[arg-type]
    assert (summary.name, summary.upstream_lock.git) == ("app", LOCK)


def test_a_changed_clone_does_not_move_forward() -> None:
    with pytest.raises(Invalid) as caught:
        upgrade(one("1"), one("2"), one("3"), "fast-forward")
    assert caught.value.message == (
        'failed to apply upgrade task: error updating the package "app" to revision "": '
        "local package files have been modified: [m.yaml].\n  use a different update --strategy."
    )


def test_a_conflict_is_told_and_kept_as_a_condition() -> None:
    applied = upgrade(one("1"), one("2"), one("3"))
    (conflict,) = applied.conflicts
    assert (conflict.original, conflict.local, conflict.upstream, conflict.choice) == ("1", "3", "2", "ours")
    merged = conditions(applied)["Merged"]
    assert (merged.status, merged.reason, merged.message) == ("False", "Conflict", line(conflict))
    assert (
        merged.message
        == "m.yaml: ConfigMap/m: data.a: both changed the field: original 1, local 3, upstream 2; kept local"
    )


def test_upstreams_edit_wins_if_the_user_says_so() -> None:
    applied = upgrade(one("1"), one("2"), one("3"), on_conflict="theirs")
    assert b"a: 2\n" in applied.files["m.yaml"]  # type: ignore[operator]
    assert conditions(applied)["Merged"].message.endswith("; kept upstream")


def test_no_conflict_is_allowed_if_the_user_says_so() -> None:
    with pytest.raises(Invalid) as caught:
        upgrade(one("1"), one("2"), one("3"), on_conflict="fail")
    error = caught.value
    assert error.message.startswith('failed to apply upgrade task: error updating the package "app" to revision "": ')
    assert error.details is not None
    assert [cause.field for cause in error.details.causes] == ["spec.resources[m.yaml]"]
    assert (error.details.name, error.details.kind) == ("edge.app.v2", "PackageRevision")


def test_an_unresolved_conflict_outlives_the_next_upgrade() -> None:
    first = upgrade(one("1"), one("2"), one("3")).files
    second = upgrade(one("2"), one("2", "9"), dict(first))
    assert second.conflicts == ()
    assert conditions(second)["Merged"] == conditions(Applied(first))["Merged"]


def test_a_new_conflict_stands_before_those_that_wait() -> None:
    first = upgrade(one("1"), one("2"), one("3")).files
    second = upgrade(one("2"), one("4"), dict(first))
    messages = conditions(second)["Merged"].message.splitlines()
    assert [message.partition("original")[2][:2] for message in messages] == [" 2", " 1"]


@pytest.mark.parametrize("resolved", [[], [PackageCondition(type="Merged", status="True", reason="Looked")]])
def test_a_resolved_conflict_does_not_come_back(resolved: list[PackageCondition]) -> None:
    first = upgrade(one("1"), one("2"), one("3")).files
    data = first["Kptfile"]
    assert isinstance(data, bytes)
    looked = {**first, "Kptfile": Kptfile.parse(data).with_conditions(resolved).data}
    second = conditions(upgrade(one("2"), one("2", "9"), looked))
    assert "Merged" not in second or second["Merged"].status == "True"


def test_many_conflicts_are_counted_where_they_do_not_fit() -> None:
    def many(value: str) -> Files:
        data = "".join(f"  key-{index}: {value * 90}\n" for index in range(100))
        return {"Kptfile": KPTFILE, "m.yaml": MAP.partition("  a:")[0].encode() + data.encode()}

    applied = upgrade(many("x"), many("y"), many("z"))
    message = conditions(applied)["Merged"].message
    assert len(applied.conflicts) == 100
    assert len(message) < 9000
    told = message.count("\n")
    assert message.endswith(f"and {100 - told} more")


def test_files_that_are_only_passed_on_are_merged_whole() -> None:
    def logo(letter: str) -> Entry:
        return Entry(0o100644, letter * 40, 7)

    def with_logos(*letters: str) -> Files:
        return {"Kptfile": KPTFILE, **{f"{index}.bin": logo(letter) for index, letter in enumerate(letters)}}

    applied = upgrade(with_logos("a", "a", "a"), with_logos("b", "a", "b"), with_logos("a", "c", "c"))
    assert [applied.files[f"{index}.bin"] for index in range(3)] == [logo("b"), logo("c"), logo("c")]
    (conflict,) = applied.conflicts
    assert (conflict.file, conflict.upstream) == ("2.bin", f"7 bytes, git blob {'b' * 40}")
