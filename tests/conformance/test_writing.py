"""Rows 15 to 25: create, update, patch, and what kubectl builds on them."""

from __future__ import annotations

import json

from tests.conformance.objects import MAPS, REPOSITORIES, config_map, text, widget
from tests.wire.space import REVISIONS, Space, events, revision


def test_row_15_generate_name(empty: Space) -> None:
    manifest = text({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-"}})
    names = [empty.kubectl("create", "-o", "name", "-f", "-", stdin=manifest).out.strip() for _ in range(2)]
    assert names[0] != names[1]
    assert all(name.startswith("configmap/made-") and len(name) == len("configmap/made-") + 5 for name in names)


def test_row_16_the_texts_of_already_exists_not_found_and_conflict(empty: Space) -> None:
    empty.kubectl("create", "-f", "-", stdin=text(widget()))
    assert empty.refused("create", "-f", "-", stdin=text(widget())) == (
        'Error from server (AlreadyExists): error when creating "STDIN": '
        'repositories.config.porch.kpt.dev "a" already exists'
    )
    assert empty.refused("get", "repository", "b") == (
        'Error from server (NotFound): repositories.config.porch.kpt.dev "b" not found'
    )
    stale = widget() | {"metadata": {"name": "a", "resourceVersion": "1"}}
    told = empty.client.send("PUT", empty.path(REPOSITORIES, "a"), stale).json()
    assert told["message"] == (
        'Operation cannot be fulfilled on repositories.config.porch.kpt.dev "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert told["details"] == {"name": "a", "group": "config.porch.kpt.dev", "kind": "repositories"}


def test_row_17_updates_with_a_stale_version_and_without_one(empty: Space) -> None:
    old = empty.create(MAPS, config_map("a", x="1"))
    path = empty.path(MAPS, "a")
    assert empty.client.send("PUT", path, old | {"data": {"x": "2"}}).status == 200
    stale = empty.client.send("PUT", path, old | {"data": {"x": "3"}}).json()
    assert (stale["code"], stale["reason"]) == (409, "Conflict")
    assert empty.client.send("PUT", path, config_map("a", x="4")).status == 200
    odd = config_map() | {"metadata": {"name": "a", "resourceVersion": "abc"}}
    assert empty.client.send("PUT", path, odd).status == 400
    other = config_map() | {"metadata": {"name": "a", "uid": "x"}}
    assert "UID" in empty.client.send("PUT", path, other).json()["message"]

    empty.create(REPOSITORIES, widget())
    told = empty.client.send("PUT", empty.path(REPOSITORIES, "a"), widget()).json()
    assert (told["code"], told["reason"]) == (422, "Invalid")
    assert "metadata.resourceVersion: Invalid value" in told["message"]
    assert told["message"].endswith("must be specified for an update")


def test_row_18_a_write_that_changes_nothing_is_none(empty: Space) -> None:
    empty.create(MAPS, config_map())
    empty.kubectl("annotate", "configmap", "a", "k=v", "--overwrite")
    version = empty.version(MAPS, "a")
    empty.kubectl("annotate", "configmap", "a", "k=v", "--overwrite")
    assert empty.client.send("PUT", empty.path(MAPS, "a"), empty.get(MAPS, "a")).status == 200
    assert empty.version(MAPS, "a") == version
    query = f"watch=true&resourceVersion={version}&timeoutSeconds=1"
    with empty.client.open("GET", f"{empty.path(MAPS)}?{query}") as watch:
        assert list(events(watch)) == []


def test_row_19_the_patch_types_and_the_list_of_them(empty: Space) -> None:
    empty.create(MAPS, config_map())
    merge, steps = {"metadata": {"labels": {"a": "b"}}}, [{"op": "add", "path": "/data", "value": {"x": "1"}}]
    empty.kubectl("patch", "configmap", "a", "--type=merge", "-p", json.dumps(merge))
    empty.kubectl("patch", "configmap", "a", "--type=json", "-p", json.dumps(steps))
    empty.kubectl("patch", "configmap", "a", "-p", '{"data":{"y":"2"}}')
    found = empty.get(MAPS, "a")
    assert (found["metadata"]["labels"], found["data"]) == ({"a": "b"}, {"x": "1", "y": "2"})
    odd = empty.client.send("PATCH", empty.path(MAPS, "a"), {}, content_type="application/json")
    assert (odd.status, odd.json()["reason"]) == (415, "UnsupportedMediaType")
    for accepted in ("json-patch+json", "merge-patch+json", "strategic-merge-patch+json"):
        assert f"application/{accepted}" in odd.json()["message"]
    failing = [{"op": "test", "path": "/data/x", "value": "9"}]
    content_type = "application/json-patch+json"
    told = empty.client.send("PATCH", empty.path(MAPS, "a"), failing, content_type=content_type).json()
    assert (told["code"], told["reason"]) == (422, "Invalid")
    assert told["message"].startswith("the server rejected our request due to an error in our request")
    assert told["details"]["causes"][0]["field"] == "[0]"


def test_row_20_strict_validation_and_warnings(empty: Space) -> None:
    wrong = widget()
    wrong["spec"]["nope"] = 1
    refusal = empty.refused("create", "-f", "-", stdin=text(wrong))
    assert refusal.startswith('Error from server (BadRequest): error when creating "STDIN": Repository in version')
    assert refusal.endswith('strict decoding error: unknown field "spec.nope"')
    assert empty.names(REPOSITORIES) == []
    done = empty.kubectl("create", "--validate=warn", "-f", "-", stdin=text(wrong))
    assert 'Warning: unknown field "spec.nope"' in done.err
    double = b'{"metadata":{"name":"b"},"data":{"x":"1","x":"2"}}'
    warned = empty.client.send("POST", empty.path(MAPS), double)
    assert warned.headers["warning"] == '299 - "duplicate field \\"data.x\\""'
    assert warned.json()["data"] == {"x": "2"}
    ignored = empty.client.send("POST", f"{empty.path(MAPS)}?fieldValidation=Ignore", double.replace(b'"b"', b'"c"'))
    assert (ignored.status, "warning" in ignored.headers) == (201, False)


def test_row_21_a_dry_run_persists_nothing(empty: Space) -> None:
    empty.kubectl("apply", "--dry-run=server", "-f", "-", stdin=text(config_map()))
    assert "(NotFound)" in empty.refused("get", "configmap", "a")
    answer = empty.client.send("POST", f"{empty.path(MAPS)}?dryRun=All", config_map())
    made = answer.json()["metadata"]
    assert answer.status == 201
    assert made["uid"]
    assert made["creationTimestamp"]
    assert "resourceVersion" not in made
    assert empty.client.send("POST", f"{empty.path(MAPS)}?dryRun=bad", config_map()).status == 422


def test_row_22_client_side_apply_is_unchanged_the_second_time(space: Space) -> None:
    package = revision()
    package["metadata"]["name"] = "blueprints.my-package.v1"
    for obj, printed in (
        (config_map("a", x="1"), "configmap/a"),
        (widget("other", "first"), "repository.config.porch.kpt.dev/other"),
        (package, "packagerevision.porch.kpt.dev/blueprints.my-package.v1"),
    ):
        outs = [space.kubectl("apply", "-f", "-", stdin=text(obj)).out for _ in range(2)]
        assert outs == [f"{printed} created\n", f"{printed} unchanged\n"]
    changed = text(widget("other", "new"))
    assert space.kubectl("apply", "-f", "-", stdin=changed).out.endswith(" configured\n")
    assert space.get(REPOSITORIES, "other")["spec"]["description"] == "new"
    assert space.names(REVISIONS) == ["blueprints.my-package.v1"]


def test_row_25_diff_edit_and_replace(empty: Space) -> None:
    empty.kubectl("apply", "-f", "-", stdin=text(config_map("a", x="old")))
    assert empty.kubectl("diff", "-f", "-", stdin=text(config_map("a", x="old"))).out == ""
    assert "+  x: new" in empty.kubectl("diff", "-f", "-", stdin=text(config_map("a", x="new")), code=1).out
    empty.kubectl("edit", "configmap", "a", EDITOR="sed -i s/old/edited/")
    assert empty.get(MAPS, "a")["data"] == {"x": "edited"}
    empty.kubectl("replace", "-f", "-", stdin=text(config_map("a", x="replaced")))
    assert empty.get(MAPS, "a")["data"] == {"x": "replaced"}
