"""The story of a failing schedule: the same schedule once more, in a run that tells what it touches.

Believed only when that run's digest is the one that failed: then it is the same run, seen more closely. Costs one run, for
checks that an exploration failed or that ended in a wait for ever. Which kind of story is told is a matter of the trace alone.
"""

from threadmarks import wire
from threadmarks.judge.session import RunResult, Session
from threadmarks.judge.story_races import race_story
from threadmarks.judge.story_rows import WAITING, Rows
from threadmarks.judge.story_timeouts import has_timeouts, timeout_story
from threadmarks.judge.story_waits import circle_story, holding_story, tasks_story, unsignalled_story, wakeup_story
from threadmarks.judge.story_woken import woken_story
from threadmarks.model import Place, Story, StoryKind
from threadmarks.wire import Outcome

MOST_PREEMPTIONS = 8
"""A schedule that could not be made smaller than that has preemptions which it does not need, and a race read from them would be a guess."""
EVENTS_LIMIT = 10_000
"""Of a run whose story is told. A longer one has no small story."""


def story_of(session: Session, result: RunResult) -> Story | None:
    """Why the run failed, told; None when there is no more to say than its finding does. Blocks.

    Raises GraderFault, SandboxError.
    """
    if result.trace is None or result.trace.outcome is Outcome.DIVERGED:
        return None
    record = result.trace.record
    if record.outcome not in WAITING and not record.preempted and not _has_tasks(record) and not has_timeouts(record):
        return None
    if len(record.events) > EVENTS_LIMIT:  # and what it touches would only make it longer
        return None
    again = session.touched(result.scenario, result.spec)
    if again.trace is None or again.trace.record.digest != record.digest:
        return None
    return story_in(again.trace.record, session.source.text)


def culprit(story: Story | None) -> Place | None:
    """The line that a story blames: of its first party, or what came too late. None when it blames none."""
    if story is None:
        return None
    if story.kind in (StoryKind.LOST_WAKEUP, StoryKind.TOO_EARLY):
        return story.steps[-1].place
    return story.parties[0].place if story.parties else None


def story_in(trace: wire.ScheduleTrace, source: str = "") -> Story | None:
    """The story in a trace that tells what was touched. `source`: of the submission."""
    if trace.dropped_details or len(trace.events) > EVENTS_LIMIT:
        return None
    rows = Rows(trace, source)
    if trace.outcome in WAITING:
        told = circle_story(rows) or wakeup_story(rows) or tasks_story(rows) or holding_story(rows) or _race(rows)
        return told or unsignalled_story(rows)
    told = timeout_story(trace) or (wakeup_story(rows) if trace.preempted else None)
    if told is not None or trace.preempted > MOST_PREEMPTIONS or not (trace.preempted or _has_tasks(trace)):
        return told
    race = race_story(rows)
    return (woken_story(rows) if race is None or race.kind is StoryKind.INTERRUPTED else None) or race


def _race(rows: Rows) -> Story | None:
    return race_story(rows) if 0 < rows.trace.preempted <= MOST_PREEMPTIONS else None


def _has_tasks(record: wire.ScheduleTrace) -> bool:
    return any(event.kind is wire.EventKind.STEP for event in record.events)
