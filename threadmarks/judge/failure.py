"""Why a check did not pass: a finding and its verdict, and the exception that carries them out of a check.

A learner's failure is a value; inside a check's body it travels as `CheckFailed`, because a check reads best when it
stops at the first thing that is wrong. The plugin turns it back into a value.
"""

from dataclasses import dataclass, replace

from threadmarks.model import Finding, Place, Story, StoryStep, Verdict
from threadmarks.sandbox.saferead import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A finding with the verdict that it means for the check."""

    finding: Finding
    verdict: Verdict


class CheckFailed(Exception):
    """Leaves a check's body; nothing of a grader may catch it. Not an error of the kit."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.finding.code}: {failure.finding.message}")
        self.failure = failure


def place_at(line: int) -> Place | None:
    """A place in the student's file that still lacks file and text; None for line 0 (no line of theirs)."""
    return Place(file="", line=line) if line > 0 else None


def located(finding: Finding, source: Source) -> Finding:
    """The finding with file name and source text filled in at each place."""
    return replace(
        finding,
        place=_located(finding.place, source),
        waits=tuple(replace(edge, place=_located(edge.place, source)) for edge in finding.waits),
    )


def told_at(story: Story, source: Source) -> Story:
    """The story with file name and source text filled in at each place."""
    return replace(story, parties=_placed(story.parties, source), steps=_placed(story.steps, source))


def _placed(steps: tuple[StoryStep, ...], source: Source) -> tuple[StoryStep, ...]:
    return tuple(replace(step, place=_located(step.place, source)) for step in steps)


def _located(place: Place | None, source: Source) -> Place | None:
    if place is None:
        return None
    return Place(file=source.file, line=place.line, text=source.line(place.line))
