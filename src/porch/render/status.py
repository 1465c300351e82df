"""What the functions did, as kpt tells it: the result list of the answer, and `status.renderStatus` of the Kptfile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from porch.function.results import ERROR, INFO, Result
from porch.render.interface import Step
from porch.render.pipeline import MUTATORS, VALIDATORS
from porch.types.resources import RenderResult

_MOST_RESULTS = 200
_LONGEST = 2000
"""Characters of one text. A Kptfile that is read again with each change cannot hold what thousands of resources, or a
function that prints without end, give; the answer tells all.
"""


def result_list(steps: Sequence[Step]) -> RenderResult:
    """One item for each function that ran."""
    ran = [step for step in steps if step.ran]
    if not ran:
        return RenderResult()
    return RenderResult(
        kind="FunctionResultList",
        api_version="kpt.dev/v1",
        metadata={"name": "fnresults"},
        exit_code=1 if any(step.failed for step in ran) else 0,
        items=[_item(step) for step in ran],
    )


def kptfile_status(steps: Sequence[Step]) -> dict[str, Any]:
    """Empty when there was no function. Of many results only the first ones of each function are in it."""
    most = max(1, _MOST_RESULTS // max(1, len(steps)))
    value = {
        "mutationSteps": [_kptfile_step(step, most) for step in steps if step.section == MUTATORS],
        "validationSteps": [_kptfile_step(step, most) for step in steps if step.section == VALIDATORS],
        "errorSummary": "\n".join(_summary(step) for step in _by_section(steps) if step.failed),
    }
    return {key: item for key, item in value.items() if item}


def _by_section(steps: Sequence[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: step.section)


def _item(step: Step) -> dict[str, Any]:
    value: dict[str, Any] = _named(step) | {"exitCode": step.exit_code}
    if step.stderr:
        value["stderr"] = step.stderr
    if step.results:
        value["results"] = [result.to_json() for result in step.results]
    return value


def _kptfile_step(step: Step, most: int) -> dict[str, Any]:
    value: dict[str, Any] = {"name": step.name} if step.name else {}
    value |= _named(step)
    if not step.ran:
        value["executionError"] = _shortened(step.error)
    if step.stderr:
        value["stderr"] = _shortened(step.stderr)
    value["exitCode"] = step.exit_code
    for key, results in (("results", step.results), ("errorResults", _errors(step.results))):
        if results:
            value[key] = [_kptfile_result(result) for result in results[:most]]
        if len(results) > most:
            value[key].append({"message": f"{len(results) - most} more results", "severity": INFO})
    return value


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ... and {len(text) - _LONGEST} characters more"


def _named(step: Step) -> dict[str, str]:
    return {"exec": step.exec} if step.exec else {"image": step.image}


def _errors(results: Sequence[Result]) -> Sequence[Result]:
    return [result for result in results if result.severity == ERROR]


def _kptfile_result(result: Result) -> dict[str, Any]:
    """A Kptfile has no tags, and values only as text."""
    value = {key: item for key, item in result.to_json().items() if key != "tags"}
    if "message" in value:
        value["message"] = _shortened(value["message"])
    if "field" in value:
        value["field"] = {key: _text(item) for key, item in value["field"].items()}
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _shortened(str(value))


def _summary(step: Step) -> str:
    why = f"exit code {step.exit_code}" if step.ran else step.error
    return f"{step.name or step.image or step.exec}: {why}"
