"""How a pipeline is run: what each function gets, in which order, and what becomes of what it gives."""

import pickle

import pytest

from porch.function.interface import FunctionFailed, ResourceList
from porch.function.results import FileRef, Result
from porch.krm.yaml import load_json_like
from porch.kyaml import annotate, copy, drop, from_value, put, require, text, text_of, to_value
from porch.render import MemoryCache, Progress, pipeline_digest, render
from porch.render.annotations import ID, OLD_PATH, PATH
from tests.unit.render.programs import Programs, kptfile, mark, nothing, of_no_package, rendered, thing

MARKED = "  labels:\n    marked: yes\n"


def test_mutators_run_before_validators_each_on_what_the_one_before_gave() -> None:
    programs = Programs(first=mark, second=nothing, check=mark)
    found = rendered(programs, {"Kptfile": kptfile("first", "second", validators=("check",)), "a.yaml": thing("a")})
    assert programs.calls == ["first", "second", "check"]
    assert found.problems == ()
    assert found.files["a.yaml"] == thing("a", MARKED)
    assert [step.section for step in found.steps] == ["mutators", "mutators", "validators"]


def test_what_a_validator_changes_is_forgotten() -> None:
    files = {"Kptfile": kptfile(validators=("check",)), "a.yaml": thing("a")}
    found = rendered(Programs(check=mark), files)
    assert found.files["a.yaml"] == files["a.yaml"]
    assert found.steps[0].before == found.steps[0].after


def test_a_package_gets_its_own_resources_then_those_below_already_rendered() -> None:
    programs = Programs(root=nothing, sub=nothing, deep=nothing)
    files = {
        "Kptfile": kptfile("root", name="root"),
        "b.yaml": thing("b"),
        "sub/Kptfile": kptfile("sub", name="sub"),
        "sub/deep/Kptfile": kptfile("deep", name="deep"),
        "sub/deep/x.yaml": thing("x"),
        "sub/a.yaml": thing("a"),
        "a/Kptfile": kptfile(name="asub"),
    }
    found = rendered(programs, files)
    assert programs.calls == ["deep", "sub", "root"]
    assert programs.inputs[1:] == [["sub", "a", "deep", "x"], ["root", "b", "asub", "sub", "a", "deep", "x"]]
    assert [step.package for step in found.steps] == ["sub/deep", "sub", ""]


def test_breadth_first_the_root_is_rendered_first() -> None:
    programs = Programs(root=nothing, sub=mark)
    files = {
        "Kptfile": kptfile("root", name="root", annotations=("kpt.dev/bfs-rendering",)),
        "b.yaml": thing("b"),
        "sub/Kptfile": kptfile("sub", name="sub"),
        "sub/a.yaml": thing("a"),
    }
    found = rendered(programs, files)
    assert programs.calls == ["root", "sub"]
    assert programs.inputs == [["root", "b", "sub", "a"], ["sub", "a"]]
    assert b"marked" in found.files["sub/a.yaml"]
    assert b"marked" not in found.files["b.yaml"]


def test_a_function_gets_only_what_it_selects_and_the_rest_keeps_its_place() -> None:
    def drop_and_make(resources: ResourceList) -> None:
        assert [text_of(item, "metadata", "name") for item in resources.items] == ["a", "b"]
        made = from_value({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "new", "namespace": "ns"}})
        resources.items = [made, resources.items[1]]

    selectors = 'f\nselectors:\n- name: a\n- kind: Thing\nexclude:\n- name: c\n- labels: {"x": "1"}\n- {}'
    found = rendered(
        Programs(f=drop_and_make),
        {
            "Kptfile": kptfile(selectors),
            "a.yaml": thing("a") + b"---\n" + thing("b") + b"---\n" + thing("c"),
            "d.yaml": thing("d", '  labels:\n    x: "1"\n'),
        },
    )
    assert found.problems == ()
    assert found.files["a.yaml"] == thing("b") + b"---\n" + thing("c")
    assert found.files["ns/thing_new.yaml"] == b"apiVersion: v1\nkind: Thing\nmetadata:\n  name: new\n  namespace: ns\n"
    assert "d.yaml" in found.files


def test_a_function_may_move_a_resource_by_either_path() -> None:
    def move(resources: ResourceList) -> None:
        for item in resources.items:
            if text_of(item, "metadata", "name") in {"a", "b"}:
                annotate(item, PATH if text_of(item, "metadata", "name") == "a" else OLD_PATH, "to/one.yaml")

    found = rendered(
        Programs(move=move),
        {"Kptfile": kptfile("move"), "a.yaml": thing("a"), "b.yaml": thing("x") + b"---\n" + thing("b")},
    )
    assert found.problems == ()
    assert found.files.keys() == {"Kptfile", "b.yaml", "to/one.yaml"}
    assert found.files["to/one.yaml"] == thing("a") + b"---\n" + thing("b")


def test_two_new_resources_may_share_a_file() -> None:
    def make(resources: ResourceList) -> None:
        for name in ("x", "y"):
            made = from_value({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": name}})
            annotate(made, OLD_PATH, "made.yaml")
            resources.items.append(made)

    found = rendered(Programs(make=make), {"Kptfile": kptfile("make")})
    assert found.files["made.yaml"] == thing("x") + b"---\n" + thing("y")


def test_a_function_that_builds_resources_anew_loses_no_comment_and_no_order() -> None:
    def rebuild(resources: ResourceList) -> None:
        for place, item in enumerate(resources.items):
            value = to_value(item)
            if value["kind"] == "Thing":
                value["spec"]["new"] = 1
                resources.items[place] = from_value(dict(sorted(value.items())))

    spec = "# above\nspec: # behind\n  z: 1 # one\n  # list\n  list:\n  - b # two\n  - a\n  # below\n  a: 2\n"
    found = rendered(Programs(rebuild=rebuild), {"Kptfile": kptfile("rebuild"), "a.yaml": thing("a", spec)})
    assert found.files["a.yaml"] == thing("a", spec + "  new: 1\n")


def test_a_function_that_only_puts_fields_into_another_order_changes_nothing() -> None:
    def turn(resources: ResourceList) -> None:
        for item in of_no_package(resources):
            item.content[:] = [
                node for at in range(len(item.content) - 2, -2, -2) for node in item.content[at : at + 2]
            ]
            found = require(item, "metadata", "annotations")
            found.content[:] = [copy(node) for node in found.content]
            for value in found.content[1::2]:
                value.style = "double"

    files = {"Kptfile": kptfile("turn"), "a.yaml": thing("a", "spec:\n  b: 1 # one\n")}
    found = rendered(Programs(turn=turn), files)
    assert found.files["a.yaml"] == files["a.yaml"]
    assert found.steps[0].after == found.steps[0].before


def test_config_comes_from_the_kptfile_or_from_a_file_as_it_is_then() -> None:
    seen = []

    def change(resources: ResourceList) -> None:
        (config,) = (item for item in resources.items if text_of(item, "metadata", "name") == "config")
        put(config, "value", text("changed"))

    def look(resources: ResourceList) -> None:
        assert resources.config is not None
        seen.append(to_value(resources.config))

    files = {
        "Kptfile": kptfile(
            "look\nconfigMap:\n  a: x\n  n: 1",
            "change",
            "look\nconfigPath: config.yaml",
            validators=("check\nconfigPath: ./config.yaml",),
        ),
        "config.yaml": thing("config", "value: first\n"),
    }
    found = rendered(Programs(change=change, look=look, check=look), files)
    assert found.problems == ()
    assert seen[0]["metadata"] == {"name": "function-input"}
    assert seen[0]["data"] == {"a": "x", "n": "1"}
    assert [config["value"] for config in seen[1:]] == ["changed", "changed"]


def test_no_id_stays_in_a_file() -> None:
    def double(resources: ResourceList) -> None:
        other = copy(resources.items[-1])
        put(require(other, "metadata"), "name", text("other"))
        annotate(other, ID, "99")
        annotate(other, PATH, "other.yaml")
        annotate(other, OLD_PATH, "other.yaml")
        resources.items.append(other)

    found = rendered(Programs(double=double), {"Kptfile": kptfile("double"), "a.yaml": thing("a")})
    assert found.files["other.yaml"] == thing("other")


# --- what the answer tells


def test_each_function_is_told_with_all_there_is_to_know() -> None:
    def warn(resources: ResourceList) -> None:
        mark(resources)
        resources.results.append(Result("look here", "warning", file=FileRef("a.yaml")))

    files = {"Kptfile": kptfile("warn\nname: careful"), "a.yaml": thing("a")}
    found = rendered(Programs(warn=warn), files)
    (step,) = found.steps
    assert (step.name, step.image, step.exit_code, step.digest) == ("careful", "warn", 0, "code of warn")
    assert step.duration > 0
    assert step.before != step.after
    assert [result.message for result in step.results] == ["look here"]
    assert found.status.result.items == [
        {
            "image": "warn",
            "exitCode": 0,
            "results": [{"message": "look here", "severity": "warning", "file": {"path": "a.yaml"}}],
        }
    ]
    status = load_json_like(found.files["Kptfile"])["status"]["renderStatus"]
    assert status == {"mutationSteps": [{"name": "careful", **found.status.result.items[0]}]}


def test_progress_is_told_before_each_function_and_at_the_end() -> None:
    told: list[Progress] = []
    files = {"Kptfile": kptfile("first", validators=("check",))}
    render(files, functions=Programs(first=nothing, check=nothing), cache=MemoryCache(1), on_progress=told.append)
    assert told == [Progress(0, 2, "first"), Progress(1, 2, "check"), Progress(2, 2)]


def test_everything_can_come_from_a_worker_process() -> None:
    found = rendered(Programs(mark=mark), {"Kptfile": kptfile("mark"), "a.yaml": thing("a")})
    assert pickle.loads(pickle.dumps(found)) == found


# --- failures


def fail(resources: ResourceList) -> None:
    mark(resources)
    resources.results.append(Result("this is wrong", "error", file=FileRef("a.yaml", 1)))
    raise FunctionFailed("oh no")


def test_a_failure_names_the_function_and_the_file_and_leaves_the_package_as_it_was() -> None:
    files = {"Kptfile": kptfile("mark", "fail\nname: second", "mark"), "a.yaml": thing("a")}
    programs = Programs(mark=mark, fail=fail)
    found = rendered(programs, files)
    assert programs.calls == ["mark", "fail"]
    assert [problem.field for problem in found.problems] == ["spec.resources[Kptfile]", "spec.resources[a.yaml]"]
    assert 'pipeline.mutators[1] "second": function "fail" failed: oh no' in found.problems[0].text
    assert "this is wrong" in found.problems[1].text
    assert {**found.files, "Kptfile": b""} == {**files, "Kptfile": b""}
    assert found.steps[-1].stderr == "oh no"
    assert found.status.result.exit_code == 1
    status = load_json_like(found.files["Kptfile"])["status"]
    assert status["renderStatus"]["errorSummary"] == "second: exit code 1"
    assert status["renderStatus"]["mutationSteps"][1]["errorResults"][0]["message"] == "this is wrong"


def test_a_failure_below_is_told_with_the_way_to_it() -> None:
    files = {
        "Kptfile": kptfile("mark"),
        "sub/Kptfile": kptfile(name="sub"),
        "sub/deep/Kptfile": kptfile("fail", name="deep"),
        "sub/deep/a.yaml": thing("a"),
    }
    found = rendered(Programs(mark=mark, fail=fail), files)
    assert found.status.error == (
        "fn.render: pkg /:\n\tpkg.render: pkg /sub:\n\tpkg.render: pkg /sub/deep:\n\t"
        'pipeline.run: function "fail" failed: oh no'
    )
    (condition,) = load_json_like(found.files["Kptfile"])["status"]["conditions"]
    assert condition["message"] == (
        'pkg.render: pkg ./sub:\n\tpkg.render: pkg ./sub/deep:\n\tpipeline.run: function "fail" failed: oh no'
    )
    assert [problem.field for problem in found.problems] == [
        "spec.resources[sub/deep/Kptfile]",
        "spec.resources[sub/deep/a.yaml]",
    ]


@pytest.mark.parametrize("breadth_first", [False, True])
def test_what_was_done_before_a_failure_is_kept_on_demand(breadth_first: bool) -> None:
    annotations = ("kpt.dev/save-on-render-failure", *(("kpt.dev/bfs-rendering",) if breadth_first else ()))
    files = {
        "Kptfile": kptfile("mark", "fail", annotations=annotations),
        "a.yaml": thing("a"),
        "sub/Kptfile": kptfile(name="sub"),
        "sub/b.yaml": thing("b"),
        "README.md": b"x",
    }
    found = rendered(Programs(mark=mark, fail=fail), files)
    assert found.problems
    assert found.files.keys() == files.keys()
    assert b"marked" in found.files["a.yaml"]
    assert b"marked" in found.files["sub/b.yaml"]
    assert b"RenderFailed" in found.files["Kptfile"]


def test_programs_of_this_machine_only_run_where_it_is_allowed() -> None:
    files = {"Kptfile": kptfile("mark") + b"    - exec: ./run.sh\n", "a.yaml": thing("a")}
    programs = Programs(mark=mark)
    programs.runs["exec:./run.sh"] = mark
    found = rendered(programs, files)
    assert programs.calls == []
    assert "must run with `--allow-exec` option" in found.problems[0].text
    assert rendered(programs, files, allow_exec=True).problems == ()
    assert programs.calls == ["mark", "exec:./run.sh"]


# --- what need not be done again


def test_a_function_is_not_called_again_for_the_same_input_config_and_code() -> None:
    cache, programs = MemoryCache(1 << 24), Programs(mark=mark, check=nothing)
    files = {"Kptfile": kptfile("mark\nconfigMap:\n  a: b", validators=("check",)), "a.yaml": thing("a")}
    first = rendered(programs, files, cache=cache)
    again = rendered(programs, files, cache=cache)
    assert programs.calls == ["mark", "check"]
    assert again.files == first.files
    assert [step.reused for step in again.steps] == [True, True]
    assert [step.before for step in again.steps] == [step.before for step in first.steps]
    rendered(programs, {**files, "README.md": b"x"}, cache=cache)
    rendered(programs, again.files, cache=cache)
    assert programs.calls == 2 * ["mark", "check"]  # a.yaml is another one now
    rendered(programs, {**again.files, "b.yaml": thing("b")}, cache=cache)
    assert programs.calls == 3 * ["mark", "check"]
    programs.code["mark"] = "new code"
    rendered(programs, files, cache=cache)
    assert programs.calls == [*3 * ["mark", "check"], "mark"]


def test_a_function_whose_code_is_not_known_is_called_each_time() -> None:
    cache, programs = MemoryCache(1 << 24), Programs(mark=mark)
    programs.code["mark"] = ""
    files = {"Kptfile": kptfile("mark"), "a.yaml": thing("a")}
    rendered(programs, files, cache=cache)
    rendered(programs, files, cache=cache)
    assert programs.calls == ["mark", "mark"]


def test_a_failure_is_tried_again() -> None:
    cache, programs = MemoryCache(1 << 24), Programs(fail=fail)
    files = {"Kptfile": kptfile("fail"), "a.yaml": thing("a")}
    rendered(programs, files, cache=cache)
    rendered(programs, files, cache=cache)
    assert programs.calls == ["fail", "fail"]


def test_the_verdict_of_an_earlier_render_is_not_shown_to_functions() -> None:
    seen = []

    def look(resources: ResourceList) -> None:
        seen.append(to_value(resources.items[0]))

    files = {"Kptfile": kptfile("look")}
    programs = Programs(look=look)
    rendered(programs, rendered(programs, files).files)
    assert seen[0].get("status") is None
    assert seen[0] == seen[1]


def test_the_digest_of_pipelines_follows_the_code_that_they_name() -> None:
    programs = Programs(mark=mark, other=nothing)
    files = {"Kptfile": kptfile("mark"), "sub/Kptfile": kptfile("absent"), "a.yaml": thing("a")}
    first = pipeline_digest(files, programs)
    assert pipeline_digest({**files, "a.yaml": b""}, programs) == first
    assert pipeline_digest({**files, "Kptfile": kptfile("other")}, programs) != first
    programs.code["mark"] = "new"
    second = pipeline_digest(files, programs)
    assert second != first
    programs.runs["absent"] = nothing
    assert pipeline_digest(files, programs) not in {first, second}
    assert pipeline_digest({"Kptfile": b"a: ["}, programs) == pipeline_digest({}, programs)


def test_a_deleted_resource_leaves_no_file() -> None:
    def delete(resources: ResourceList) -> None:
        resources.items = [item for item in resources.items if text_of(item, "kind") == "Kptfile"]

    def touch(resources: ResourceList) -> None:
        assert len(resources.items) == 1
        drop(resources.items[0], "absent")

    found = rendered(
        Programs(delete=delete, touch=touch), {"Kptfile": kptfile("delete", "touch"), "d/a.yaml": thing("a")}
    )
    assert found.files.keys() == {"Kptfile"}
