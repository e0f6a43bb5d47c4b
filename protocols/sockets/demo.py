"""What a short experiment is: a question, a run on loopback, and findings that a machine can check.

It must not know any experiment; the list of them is `demos.DEMOS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from protocols.record.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that came out. name: for machines. text: for people. value: int, float, str, bool or a list of them."""

    name: str
    text: str
    value: Any


Run: TypeAlias = Callable[[Recorder], list[Finding]]


@dataclass(frozen=True, slots=True)
class Demo:
    """One experiment. question: one sentence. run: does it in a few seconds, recorded as "demo <id> .."."""

    id: str
    title: str
    question: str
    run: Run


def perform(demo: Demo, recorder: Recorder) -> list[Finding]:
    """Run an experiment and note its findings on the time line. Raises what the experiment raises."""
    service = f"demo {demo.id}"
    recorder.note("experiment started", demo.question, service=service, experiment=demo.id)
    findings = demo.run(recorder)
    for finding in findings:
        recorder.note("finding", finding.text, service=service, experiment=demo.id, name=finding.name,
                      value=finding.value)  # fmt: skip
    return findings
