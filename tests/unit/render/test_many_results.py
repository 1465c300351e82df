"""What a render writes into the Kptfile stays small enough to be read again; the answer tells all."""

from __future__ import annotations

from typing import Any

from porch.function.interface import ResourceList
from porch.function.results import ERROR, Result
from porch.krm.yaml import load_json_like
from porch.render import Rendered
from tests.unit.render.programs import Programs, kptfile, rendered, thing

MANY = 5000


def steps(found: Rendered) -> list[dict[str, Any]]:
    value: list[dict[str, Any]] = load_json_like(found.files["Kptfile"])["status"]["renderStatus"]["mutationSteps"]
    return value


def test_a_package_with_thousands_of_results_can_be_rendered_again() -> None:
    def talk(resources: ResourceList) -> None:
        resources.results += [Result(f"number {number}", ERROR) for number in range(MANY)]

    programs = Programs(talk=talk)
    first = rendered(programs, {"Kptfile": kptfile("talk", "talk"), "a.yaml": thing("a")})
    again = rendered(programs, first.files)
    for found in (first, again):
        assert not found.problems
        assert [len(step["results"]) for step in steps(found)] == [101, 101]
        assert [len(step["errorResults"]) for step in steps(found)] == [101, 101]
        assert steps(found)[0]["results"][-1]["message"] == "4900 more results"
        assert [len(item["results"]) for item in found.status.result.items] == [MANY, MANY]
    assert again.files == first.files


def test_a_flood_of_text_is_cut_in_the_kptfile_alone() -> None:
    def flood(resources: ResourceList) -> None:
        resources.results.append(Result("x" * 3_000_000))

    found = rendered(Programs(flood=flood), {"Kptfile": kptfile("flood"), "a.yaml": thing("a")})
    assert not found.problems
    assert steps(found)[0]["results"][0]["message"].endswith(" ... and 2998000 characters more")
    assert len(found.status.result.items[0]["results"][0]["message"]) == 3_000_000
