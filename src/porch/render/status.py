"""What the functions did, as kpt tells it: the result list of the answer, and `status.renderStatus` of the Kptfile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from porch.function.results import ERROR, Result
from porch.render.interface import Step
from porch.render.pipeline import MUTATORS, VALIDATORS
from porch.types.resources import RenderResult


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
    """Empty when there was no function."""
    value = {
        "mutationSteps": [_kptfile_step(step) for step in steps if step.section == MUTATORS],
        "validationSteps": [_kptfile_step(step) for step in steps if step.section == VALIDATORS],
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


def _kptfile_step(step: Step) -> dict[str, Any]:
    value: dict[str, Any] = {"name": step.name} if step.name else {}
    value |= _named(step)
    if not step.ran:
        value["executionError"] = step.error
    if step.stderr:
        value["stderr"] = step.stderr
    value["exitCode"] = step.exit_code
    for key, results in (("results", step.results), ("errorResults", _errors(step.results))):
        if shown := [_kptfile_result(result) for result in results]:
            value[key] = shown
    return value


def _named(step: Step) -> dict[str, str]:
    return {"exec": step.exec} if step.exec else {"image": step.image}


def _errors(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.severity == ERROR]


def _kptfile_result(result: Result) -> dict[str, Any]:
    """A Kptfile has no tags, and values only as text."""
    value = {key: item for key, item in result.to_json().items() if key != "tags"}
    if "field" in value:
        value["field"] = {key: _text(item) for key, item in value["field"].items()}
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _summary(step: Step) -> str:
    why = f"exit code {step.exit_code}" if step.ran else step.error
    return f"{step.name or step.image or step.exec}: {why}"
