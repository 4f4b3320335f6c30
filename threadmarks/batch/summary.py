"""A batch in a few lines, or as one object: how much was graded, and what a person must look at."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from threadmarks.batch import outputs
from threadmarks.batch.intake import Intake
from threadmarks.batch.outcome import Outcome
from threadmarks.batch.submission import Status
from threadmarks.explain.numbers import counted
from threadmarks.explain.safe import text as safe
from threadmarks.lms.remarks import Remark

SCHEMA = "threadmarks/batch/1"
MOST_LINES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is told at the end."""

    layout: str
    out: str
    exercises: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]  # submissions by status
    attention: tuple[Outcome, ...]  # those that a person must look at
    remarks: tuple[Remark, ...]  # likewise, on files of nobody's
    faults: int  # submissions that the grader failed at, in whole or in part

    @classmethod
    def of(cls, intake: Intake, outcomes: Sequence[Outcome], out: str) -> "Summary":
        """The summary of what was settled."""
        counted_ = Counter(outcome.submission.status.value for outcome in outcomes)
        return cls(
            layout=intake.layout,
            out=out,
            exercises=intake.exercises,
            counts=tuple((status.value, counted_[status.value]) for status in Status if counted_[status.value]),
            attention=tuple(outcome for outcome in outcomes if outcome.attention),
            remarks=tuple(remark for remark in intake.remarks if not remark.harmless),
            faults=sum(bool(outcome.fault) for outcome in outcomes),
        )

    @property
    def exit_code(self) -> int:
        """0: nothing is left to do; 1: something for a person; 3: something for the next run."""
        if self.faults:
            return 3
        return 1 if self.attention or self.remarks else 0

    def as_object(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "schema": SCHEMA,
            "layout": self.layout,
            "exercises": list(self.exercises),
            "out": self.out,
            "submissions": sum(count for _, count in self.counts),
            "counts": dict(self.counts),
            "faults": self.faults,
            "attention": [outputs.as_object(outcome) for outcome in self.attention],
            "remarks": [{"file": remark.path, "code": remark.code, "text": remark.text} for remark in self.remarks],
        }

    def as_text(self) -> str:
        """For people. Names and paths are strangers'."""
        told = ", ".join(f"{count} {status}" for status, count in self.counts) or "nothing to grade"
        lines = [f"{counted(sum(count for _, count in self.counts), 'submission')}: {told}."]
        seen = [_line(outcome) for outcome in self.attention] + [outputs.told(remark) for remark in self.remarks]
        if seen:
            lines.append("To be looked at:")
            lines += [f"  {safe(line)}" for line in seen[:MOST_LINES]]
        if len(seen) > MOST_LINES:
            lines.append(f"  and {len(seen) - MOST_LINES} more, in {outputs.GRADES} and {outputs.MANIFEST}")
        if self.faults:
            lines.append("The grader failed at some of it. Nobody loses points; run the same command again.")
        lines.append(f"Marks: {self.out}/{outputs.GRADES}. What is whose: {self.out}/{outputs.MANIFEST}.")
        return "\n".join(lines) + "\n"


def _line(outcome: Outcome) -> str:
    submission = outcome.submission
    who = (
        f"{submission.owner.name} ({submission.owner.key})"
        if submission.owner.name not in ("", submission.owner.key)
        else submission.owner.key
    )
    why = "; ".join(outputs.told(remark) for remark in submission.remarks)
    if submission.status is Status.GRADED and (outcome.ungraded or outcome.verdict == "suspect"):
        why = f"{outputs.number(outcome.ungraded)} points are a person's to decide" + (f"; {why}" if why else "")
    parts = (f"{who}, {submission.exercise}: {submission.status.value}", why, outcome.fault)
    return ": ".join(part for part in parts if part)
