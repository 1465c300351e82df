"""A PackageRevision and its Kptfile show the same, whichever of them was changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.server import Answer
from tests.wire.space import DOTTED, RESOURCES, REVISIONS, Space

KPTFILE = """\
# Owned by the team
apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: my-package # do not rename
  labels: # of the package
    tier: "one"   # quoted
    # kept
    app: web
info:
  description: |
    what: it is
  readinessGates:
  # first this
  - conditionType: checked # by hand
upstream:
  type: git
  git: {repo: 'https://example.com/r.git', directory: /d, ref: d/v1}
upstreamLock:
  type: git
  git: {repo: 'https://example.com/r.git', directory: /d, ref: d/v1, commit: "1111111111111111111111111111111111111111"}
status:
  conditions:
  # told by the checker
  - type: checked
    status: 'False'
    reason: NotYet
  - type: Rendered
    status: "True"
    reason: RenderSuccess
# the end
"""


@pytest.fixture
def drafted(space: Space) -> Space:
    space.draft()
    write(space, KPTFILE)
    return space


def put_kptfile(space: Space, text: str) -> Answer:
    obj = space.get(RESOURCES, DOTTED)
    obj["spec"]["resources"]["Kptfile"] = text
    return space.client.send("PUT", space.path(RESOURCES, DOTTED), obj)


def write(space: Space, text: str) -> None:
    assert put_kptfile(space, text).status == 200


def kptfile(space: Space) -> str:
    return str(space.get(RESOURCES, DOTTED)["spec"]["resources"]["Kptfile"])


def change(space: Space, **parts: dict[str, Any]) -> Answer:
    """Reads the revision, changes what is given in its spec and status, and sends it back."""
    obj = space.get(REVISIONS, DOTTED)
    for part, values in parts.items():
        obj[part] |= values
    return space.client.send("PUT", space.path(REVISIONS, DOTTED), obj)


def test_what_the_kptfile_says_the_revision_shows_at_once(drafted: Space) -> None:
    obj = drafted.get(REVISIONS, DOTTED)
    assert kptfile(drafted) == KPTFILE
    assert obj["spec"]["packageMetadata"] == {"labels": {"tier": "one", "app": "web"}}
    assert obj["spec"]["readinessGates"] == [{"conditionType": "checked"}]
    assert obj["status"]["upstreamLock"]["git"]["commit"] == "1" * 40
    assert obj["status"]["conditions"] == [
        {"type": "checked", "status": "False", "reason": "NotYet"},
        {"type": "Rendered", "status": "True", "reason": "RenderSuccess"},
    ]
    selected = drafted.client.send(
        "GET", f"{drafted.path(REVISIONS)}?fieldSelector=spec.packageMetadata.labels%5Btier%5D%3Done"
    )
    assert [item["metadata"]["name"] for item in selected.json()["items"]] == [DOTTED]


@pytest.mark.parametrize(
    ("parts", "old", "new"),
    [
        (
            {"spec": {"packageMetadata": {"labels": {"tier": "two", "app": "web"}}}},
            'tier: "one"   # quoted',
            "tier: two   # quoted",
        ),
        ({"spec": {"packageMetadata": {"labels": {"tier": "one"}}}}, "    app: web\n", ""),
        (
            {"spec": {"packageMetadata": {"labels": {"tier": "one", "app": "web", "n": "yes"}}}},
            "  labels: # of the package\n",
            '  labels: # of the package\n    "n": "yes"\n',
        ),
        (
            {"spec": {"packageMetadata": {"annotations": {"since": "2024-01-01"}}}},
            "    app: web\n",
            '    app: web\n  annotations:\n    since: "2024-01-01"\n',
        ),
        (
            {"spec": {"readinessGates": [{"conditionType": "checked"}, {"conditionType": "signed"}]}},
            "  - conditionType: checked # by hand\n",
            "  - conditionType: checked # by hand\n  - conditionType: signed\n",
        ),
        (
            {
                "status": {
                    "conditions": [
                        {"type": "checked", "status": "True"},
                        {"type": "Rendered", "status": "True", "reason": "RenderSuccess"},
                    ]
                }
            },
            "    status: 'False'\n    reason: NotYet\n",
            '    status: "True"\n',
        ),
    ],
)
def test_a_change_of_the_revision_is_one_of_its_lines_in_the_kptfile(
    drafted: Space, parts: dict[str, Any], old: str, new: str
) -> None:
    answer = change(drafted, **parts)
    assert answer.status == 200, answer
    assert KPTFILE.count(old) == 1
    assert kptfile(drafted) == KPTFILE.replace(old, new)
    for part, values in parts.items():
        assert values.items() <= answer.json()[part].items() or "packageMetadata" in values
    assert change(drafted).json() == answer.json()


def test_what_was_read_and_sent_back_changes_no_byte(drafted: Space) -> None:
    before = drafted.refs()
    assert change(drafted).status == 200
    assert drafted.refs() == before


def test_the_verdict_of_a_render_cannot_be_taken_away(drafted: Space) -> None:
    answer = change(drafted, status={"conditions": []})
    assert answer.json()["status"]["conditions"] == [{"type": "Rendered", "status": "True", "reason": "RenderSuccess"}]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"status": {"conditions": [{"type": "checked", "status": "Maybe"}]}}, "status.conditions[0].status"),
        ({"status": {"conditions": [{"type": "checked", "status": "true"}]}}, "status.conditions[0].status"),
        ({"status": {"conditions": [{"type": "a", "status": "True"}] * 2}}, "status.conditions[1].type"),
        ({"status": {"conditions": [{"status": "True"}]}}, "status.conditions[0].type"),
        ({"spec": {"readinessGates": [{"conditionType": "a"}] * 2}}, "spec.readinessGates[1].conditionType"),
        ({"spec": {"packageMetadata": {"labels": {"a b": "c"}}}}, "spec.packageMetadata.labels"),
        ({"spec": {"packageMetadata": {"labels": {"a": "c d"}}}}, "spec.packageMetadata.labels"),
    ],
)
def test_what_may_not_be_in_a_kptfile_is_refused_with_its_field(
    drafted: Space, parts: dict[str, Any], field: str
) -> None:
    answer = change(drafted, **parts)
    assert (answer.status, answer.json()["reason"]) == (422, "Invalid")
    assert [cause["field"] for cause in answer.json()["details"]["causes"]] == [field]
    assert kptfile(drafted) == KPTFILE


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("info:\n", "infos: x\ninfo:\n", "line 10: field infos not found in type v1.KptFile"),
        ("    app: web\n", "    app: web\n    app: db\n", "line 10"),
        ("kpt.dev/v1\n", "kpt.dev/v1alpha2\n", 'old resource version "v1alpha2" found in Kptfile'),
        ("  description: |\n", "  description: [\n", "line"),
    ],
)
def test_a_kptfile_that_upstream_would_refuse_is_refused_with_its_line(
    drafted: Space, old: str, new: str, words: str
) -> None:
    answer = put_kptfile(drafted, KPTFILE.replace(old, new))
    assert (answer.status, answer.json()["reason"]) == (422, "Invalid")
    (cause,) = answer.json()["details"]["causes"]
    assert cause["field"] == "spec.resources[Kptfile]"
    assert words in cause["message"]


def test_a_condition_of_unknown_status_is_shown_as_unknown_and_stays(drafted: Space) -> None:
    odd = KPTFILE.replace("status: 'False'", "status: Maybe")
    write(drafted, odd)
    assert drafted.get(REVISIONS, DOTTED)["status"]["conditions"][0]["status"] == "Unknown"
    assert change(drafted, spec={"readinessGates": []}).status == 200
    assert "status: Maybe" in kptfile(drafted)


def test_a_save_of_one_side_makes_what_was_read_of_the_other_stale(drafted: Space) -> None:
    files, revision = drafted.get(RESOURCES, DOTTED), drafted.get(REVISIONS, DOTTED)
    assert change(drafted, spec={"readinessGates": []}).status == 200
    files["spec"]["resources"]["note.txt"] = "mine\n"
    revision["spec"]["readinessGates"] = [{"conditionType": "mine"}]
    text = "the object has been modified; please apply your changes to the latest version and try again"
    for resource, obj in ((RESOURCES, files), (REVISIONS, revision)):
        answer = drafted.client.send("PUT", drafted.path(resource, DOTTED), obj)
        assert (answer.status, answer.json()["reason"]) == (409, "Conflict")
        assert answer.json()["message"] == (
            f'Operation cannot be fulfilled on {resource}.porch.kpt.dev "{DOTTED}": {text}'
        )
