"""What counts as a violation, and the few answers of 500 and above that are right."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from tests.fuzz.cases import Case
from tests.fuzz.client import BOUND, Outcome


@dataclass(frozen=True, slots=True)
class Allowed:
    """An answer that is no fault: its code and reason, what its message looks like, and why."""

    code: int
    reason: str
    message: str
    why: str


ALLOWED = [
    Allowed(
        504, "Timeout", r"Too large resource version: \d+, current: \d+",
        "Kubernetes answers so when a client names a version that does not exist yet",
    ),
    Allowed(
        503, "ServiceUnavailable", r"127\.0\.0\.1",
        "the repository's remote is a closed port: the answer names it and says to try again",
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Violation:
    case: Case
    outcome: Outcome
    why: str

    def __str__(self) -> str:
        sent = repr(self.case.payload)[1:]
        shown = sent if len(sent) < 3000 else f"{sent[:1500]}...{sent[-1500:]}"
        answer = self.outcome.body[:2000].decode("utf-8", "backslashreplace")
        title = f"case {self.case.number} ({self.case.label}): {self.why}"
        return f"{title}\n  sent: {shown}\n  answer: {self.outcome.status} {answer}"


def judge(case: Case, outcome: Outcome) -> Violation | None:
    why = _why(case, outcome)
    return Violation(case, outcome, why) if why else None


def _why(case: Case, outcome: Outcome) -> str:
    status = outcome.status
    if status == "no answer":
        return f"no answer within {outcome.seconds:.1f} s"
    if outcome.seconds > BOUND:
        return f"answered after {outcome.seconds:.1f} s"
    if status == "closed" and not case.raw:
        return "the connection was closed without an answer"
    if isinstance(status, int) and status >= 500 and not _allowed(status, outcome.body):
        return f"answered {status}"
    return "a traceback was answered" if b"Traceback (most recent" in outcome.body else ""


def _allowed(status: int, body: bytes) -> bool:
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return isinstance(told, dict) and any(
        (status, told.get("reason")) == (allowed.code, allowed.reason)
        and re.search(allowed.message, str(told.get("message", "")))
        for allowed in ALLOWED
    )
