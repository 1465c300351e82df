"""Functions of a package's pipeline: run after each change, told of, and needed before the package is published."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Json, Porch, register, revision

NAME = "here.web.v1"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings # ours\ndata:\n  a: b\n"
SET_NAMESPACE = "ghcr.io/kptdev/krm-functions-catalog/set-namespace:v0.4.5"
STARLARK = "ghcr.io/kptdev/krm-functions-catalog/starlark:v0.5.5"


@pytest.fixture(scope="module")
def porch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Porch]:
    porch = Porch(tmp_path_factory.mktemp("rendering") / "data", "--sync-interval", "3600", "--render-timeout", "5")
    register(porch.launch(), "here", "hosted:///here")
    yield porch
    porch.end()


@pytest.fixture
def api(porch: Porch) -> Api:
    return porch.api


def create(api: Api, package: str) -> str:
    answer = api.send("POST", REVISIONS, revision("here", package))
    assert answer.code == 201, answer.text
    return str(answer.json["metadata"]["name"])


def save(api: Api, name: str, **files: str | None) -> Answer:
    """`Kptfile` given as a pipeline is put behind the one that is there."""
    current = api.do("GET", f"{RESOURCES}/{name}")
    resources = current["spec"]["resources"]
    for key, text in files.items():
        path = key.replace("_", ".")
        if path == "pipeline":
            resources["Kptfile"] += f"pipeline:\n{text}"
        elif text is None:
            del resources[path]
        else:
            resources[path] = text
    return api.send("PUT", f"{RESOURCES}/{name}", current)


def mutator(image: str, **config: str) -> str:
    lines = "".join(f"      {key}: {value}\n" for key, value in config.items())
    return f"  mutators:\n  - image: {image}\n" + (f"    configMap:\n{lines}" if lines else "")


def move(api: Api, name: str, lifecycle: str, *, approval: bool = False) -> Answer:
    path = f"{REVISIONS}/{name}/approval" if approval else f"{REVISIONS}/{name}"
    return api.patch(path, {"spec": {"lifecycle": lifecycle}})


def steps(answer: Json) -> list[Json]:
    found: list[Json] = answer["status"]["renderStatus"]["result"]["items"]
    return found


def test_a_save_is_rendered_and_tells_what_each_function_did(api: Api) -> None:
    name = create(api, "saved")
    answer = save(api, name, map_yaml=MAP, pipeline=mutator(SET_NAMESPACE, namespace="prod"))
    assert answer.code == 200, answer.text
    assert "  name: settings # ours\n  namespace: prod\n" in answer.json["spec"]["resources"]["map.yaml"]
    (step,) = steps(answer.json)
    assert step["image"] == SET_NAMESPACE
    assert step["exitCode"] == 0
    kept = api.do("GET", f"{RESOURCES}/{name}")
    assert kept["status"] == answer.json["status"]


def test_what_each_function_took_and_changed_can_be_looked_up_later(porch: Porch) -> None:
    api = porch.api
    name = create(api, "looked-up")
    assert save(api, name, map_yaml=MAP, pipeline=mutator(SET_NAMESPACE, namespace="prod")).code == 200
    api = porch.again()
    (step,) = api.do("GET", f"{RESOURCES}/{name}")["status"]["renderStatus"]["steps"]
    assert step["section"] == "mutators"
    assert step["digest"]
    assert step["inputHash"] != step["outputHash"]
    assert step["duration"].endswith("s")
    save(api, name, other_yaml=MAP.replace("settings", "others"))
    (step,) = api.do("GET", f"{RESOURCES}/{name}")["status"]["renderStatus"]["steps"]
    assert step["exitCode"] == 0


def test_what_was_rendered_is_published_as_it_is(api: Api) -> None:
    name = create(api, "published")
    assert save(api, name, map_yaml=MAP, pipeline=mutator(SET_NAMESPACE, namespace="prod")).code == 200
    before = api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"]
    assert move(api, name, "Proposed").code == 200
    answer = move(api, name, "Published", approval=True)
    assert answer.code == 200, answer.text
    assert api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"] == before


def test_a_function_that_fails_refuses_the_save_and_is_named(api: Api) -> None:
    name = create(api, "failing")
    before = api.do("GET", f"{RESOURCES}/{name}")
    source = "|\n        fail('not today')"
    answer = save(api, name, map_yaml=MAP, pipeline=mutator(STARLARK, source=source))
    assert answer.code == 422, answer.text
    assert "not today" in answer.text.decode()
    assert api.do("GET", f"{RESOURCES}/{name}") == before


def test_an_unknown_image_is_named(api: Api) -> None:
    name = create(api, "unknown")
    answer = save(api, name, map_yaml=MAP, pipeline=mutator("example.com/no-such:v1"))
    assert answer.code == 422, answer.text
    assert "example.com/no-such:v1" in answer.text.decode()


def test_a_function_that_hangs_is_stopped_and_others_go_on(api: Api) -> None:
    name, other = create(api, "hanging"), create(api, "beside")
    source = "|\n        while True:\n          pass"
    answer = save(api, name, map_yaml=MAP, pipeline=mutator(STARLARK, source=source))
    assert answer.code == 422, answer.text
    assert STARLARK in answer.text.decode()
    assert save(api, other, map_yaml=MAP, pipeline=mutator(SET_NAMESPACE, namespace="prod")).code == 200


def test_what_failed_to_render_is_kept_if_asked_and_not_published(api: Api) -> None:
    name = create(api, "kept")
    answer = api.patch(
        f"{REVISIONS}/{name}", {"metadata": {"annotations": {"porch.kpt.dev/push-on-render-failure": "true"}}}
    )
    assert answer.code == 200, answer.text
    source = "|\n        fail('not today')"
    answer = save(api, name, map_yaml=MAP, pipeline=mutator(STARLARK, source=source))
    assert answer.code == 200, answer.text
    assert "not today" in answer.json["status"]["renderStatus"]["error"] + str(steps(answer.json))
    conditions = api.do("GET", f"{REVISIONS}/{name}")["status"]["conditions"]
    assert [item["status"] for item in conditions if item["type"] == "Rendered"] == ["False"]
    assert move(api, name, "Proposed").code == 200
    answer = move(api, name, "Published", approval=True)
    assert answer.code == 422, answer.text
    assert "not today" in answer.text.decode()
