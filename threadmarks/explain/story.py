"""Tell a story in plain lines: the two parties, the steps in their order, what came of it.

A source line is shown once: with its party, or else under the first step at that line. Adds nothing that the story does not
hold, and must not print or colour.
"""

from collections.abc import Iterable

from threadmarks.explain.safe import one_line
from threadmarks.model import Place, Story, StoryStep, WaitEdge


def parties(story: Story) -> list[str]:
    """`worker-0 (T1), line 12: self.count += 1`, one line a party."""
    return [f"{one_line(party.actor)}{_at(party.place, ', ')}{_after(_source(party.place))}" for party in story.parties]


def steps(story: Story) -> list[tuple[str, str]]:
    """Each step as a sentence, numbered, and the source line to show under it ("" when it was shown before)."""
    shown = {party.place.line for party in story.parties if party.place is not None}
    told = []
    for number, step in enumerate(story.steps, start=1):
        line = step.place.line if step.place is not None else 0
        source = "" if line in shown else _source(step.place)
        shown.add(line)
        told.append((f"{number}. {one_line(step.actor)} {one_line(step.text)}{_at(step.place, ' (', ')')}", source))
    return told


def left_to_tell(waits: Iterable[WaitEdge], story: Story | None) -> tuple[WaitEdge, ...]:
    """The waits that no step of the story tells."""
    told = {(step.actor, _line(step)) for step in story.steps} if story is not None else set()
    return tuple(edge for edge in waits if (edge.thread, edge.place.line if edge.place else 0) not in told)


def _line(step: StoryStep) -> int:
    return step.place.line if step.place is not None else 0


def _at(place: Place | None, before: str, after: str = "") -> str:
    return f"{before}line {place.line}{after}" if place is not None else ""


def _source(place: Place | None) -> str:
    return one_line(place.text.strip()) if place is not None else ""


def _after(source: str) -> str:
    return f": {source}" if source else ""
