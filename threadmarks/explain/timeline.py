"""Draw the threads of one run over virtual time, one row a thread, in letters that need no colour.

Two forms of the same facts: `picture` for eyes, `listing` for a screen reader. Under a thread stand the locks that it holds,
each by its letter, and the tasks that ran on it, a row each. Virtual time stands still while a thread
runs, so a running span is usually an instant; a cell shows the busiest thing that happened in it (R before z before .),
or else every run of a program would look idle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from threadmarks.explain.numbers import counted, seconds
from threadmarks.explain.safe import one_line
from threadmarks.model import Hold, Lane, Span, TaskLane, Timeline

LEGEND = "R running   z sleeping   . waiting   (blank: not started, or ended)"
LETTERS = {"running": "R", "sleeping": "z", "waiting": "."}
PRECEDENCE = " .zR"
"""The later letter wins a cell that two spans touch."""
SEVERAL = "+"
"""In a cell in which a thread holds several locks, or one whose letter is no single character."""
LABEL_WIDTH = 24
LABEL_NARROW = 12
CELLS_WANTED = 20
CELLS_LEAST = 10
TASKS_SHOWN = 12
"""Of all threads together."""
LOCKS_SHOWN = 8
LANES_SHOWN = 12
"""More rows than this tell a learner nothing; the rest is counted in words."""
PHASES_LISTED = 12
PLACES_SHOWN = 8


def picture(timeline: Timeline, width: int) -> list[str]:
    """The rows, at most `width` characters each: a ruler, then one lane a thread, then what was left out.

    None of it for a run that took no virtual time (it has no width), or where the terminal is too narrow: list the threads
    in words then.
    """
    lanes = _rows(timeline)
    label = min(LABEL_WIDTH, max(len(row.label) for row in lanes)) if lanes else 0
    fate = max((len(row.fate) for row in lanes), default=0)
    if width - label - fate - 4 < CELLS_WANTED:
        label = min(label, LABEL_NARROW)
    cells = width - label - fate - 4
    if timeline.end_s <= 0 or cells < CELLS_LEAST:
        return []
    rows = [" " * (label + 2) + _ruler(timeline.end_s, cells)]
    for row in lanes:
        drawn = _held(row.holds, timeline.end_s, cells) if row.holds else _cells(row.spans, timeline.end_s, cells)
        rows.append(f"{_fit(row.label, label)} |{drawn}| {row.fate}".rstrip())
    return rows + _left_out(timeline)


def locks(timeline: Timeline) -> list[str]:
    """What the letters of held locks mean, who held it, and where it was taken: one line for each lock held for a while.

    `holding Lock A (line 3): main at line 9, worker-0 (T1) at line 12`.
    """
    found: dict[str, list[str]] = {}
    for lane in _shown(timeline):
        for hold in _lasting(lane):
            where = f" at line {hold.line}" if hold.line else ""
            names = found.setdefault(hold.name, [])
            told = f"{_name(lane)}{where}"
            if told not in names:
                names.append(told)
    lines = [f"holding {one_line(name)}: {', '.join(names)}" for name, names in found.items()]
    left = len(lines) - LOCKS_SHOWN
    return [*lines[:LOCKS_SHOWN], f"and {counted(left, 'more lock')}"] if left > 0 else lines


def places(timeline: Timeline) -> list[str]:
    """Where in the student's file the time went: one line for each place at which threads slept or waited.

    `. at line 32 for Queue.get: worker-0 (T1), worker-1 (T2)`, in order of first appearance.
    """
    found: dict[tuple[str, int, str], list[str]] = {}
    for lane in _shown(timeline):
        for span in lane.spans:
            if span.line and span.end_s > span.start_s and span.state != "running":
                names = found.setdefault((span.state, span.line, span.what), [])
                if _name(lane) not in names:
                    names.append(_name(lane))
    told = [
        f"{LETTERS.get(state, '?')} at line {line}{f' for {one_line(what)}' if what else ''}: {', '.join(names)}"
        for (state, line, what), names in found.items()
    ]
    left = len(told) - PLACES_SHOWN
    return [*told[:PLACES_SHOWN], f"and {left} more places"] if left > 0 else told


def listing(timeline: Timeline) -> list[str]:
    """The same facts as sentences, one thread a line, then one line a task of it."""
    told = []
    tasks = TASKS_SHOWN
    for lane in _shown(timeline):
        told.append(f"{_name(lane)}: {_life(lane.spans, _fate(lane))}{_holding(lane)}")
        told += [
            f"{_task_name(task)}, on {_name(lane)}: {_life(task.spans, one_line(task.fate))}"
            for task in lane.tasks[:tasks]
        ]
        tasks = max(0, tasks - len(lane.tasks))
    return told + _left_out(timeline)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row of the picture: a thread or a task by its spans, or held locks."""

    label: str
    spans: tuple[Span, ...] = ()
    holds: tuple[Hold, ...] = ()
    fate: str = ""


def _rows(timeline: Timeline) -> list[_Row]:
    """Threads, and under each the locks it holds for a while and its tasks."""
    rows: list[_Row] = []
    tasks = TASKS_SHOWN
    for lane in _shown(timeline):
        rows.append(_Row(label=_name(lane), spans=lane.spans, fate=_fate(lane)))
        if _lasting(lane):
            rows.append(_Row(label="  holds", holds=_lasting(lane)))
        rows += [
            _Row(label=f"  {_task_name(task)}", spans=task.spans, fate=one_line(task.fate))
            for task in lane.tasks[:tasks]
        ]
        tasks = max(0, tasks - len(lane.tasks))
    return rows


def _lasting(lane: Lane) -> tuple[Hold, ...]:
    """The holds that show: a lock taken and given back in one instant has no width, one that is kept is of interest."""
    return tuple(hold for hold in lane.holds if hold.end_s > hold.start_s or hold.kept)


def _holding(lane: Lane) -> str:
    """A sentence about the locks."""
    told = []
    for hold in _lasting(lane)[:LOCKS_SHOWN]:
        until = "the end" if hold.kept else f"{seconds(hold.end_s)} s"
        where = f" (taken at line {hold.line})" if hold.line else ""
        told.append(f"{one_line(hold.name)} from {seconds(hold.start_s)} s to {until}{where}")
    left = len(_lasting(lane)) - len(told)
    if left > 0:
        told.append(f"and {left} more times a lock")
    return f" It holds {'; '.join(told)}." if told else ""


def _held(holds: Sequence[Hold], end_s: float, cells: int) -> str:
    """The row of held locks."""
    row = [" "] * cells
    for hold in holds:
        letter = hold.letter if len(hold.letter) == 1 else SEVERAL
        first = _cell(hold.start_s, end_s, cells)
        last = max(first, _cell(hold.end_s, end_s, cells) - (hold.end_s > hold.start_s and hold.end_s < end_s))
        for index in range(first, last + 1):
            row[index] = letter if row[index] in (" ", letter) else SEVERAL
    return "".join(row)


def _task_name(task: TaskLane) -> str:
    return one_line(task.name) or f"task {task.number}"


def _shown(timeline: Timeline) -> Sequence[Lane]:
    return timeline.lanes[:LANES_SHOWN]


def _left_out(timeline: Timeline) -> list[str]:
    left = len(timeline.lanes) - LANES_SHOWN
    told = [f"and {left} more threads, not shown"] if left > 0 else []
    tasks = sum(len(lane.tasks) for lane in _shown(timeline)) - TASKS_SHOWN
    return [*told, f"and {counted(tasks, 'more task')}, not shown"] if tasks > 0 else told


def _name(lane: Lane) -> str:
    return one_line(lane.thread) or f"T{lane.serial}"


def _fate(lane: Lane) -> str:
    return one_line(lane.fate)


def _fit(name: str, width: int) -> str:
    """`name` in exactly `width` characters. A long one keeps its end, where the thread's number stands."""
    return name.ljust(width) if len(name) <= width else "~" + name[len(name) - width + 1 :]


def _ruler(end_s: float, cells: int) -> str:
    left, right = "0 s", f"{seconds(end_s)} s"
    return left + right.rjust(cells + 1 - len(left))


def _cells(spans: Sequence[Span], end_s: float, cells: int) -> str:
    row = [" "] * cells
    for span in spans:
        letter = LETTERS.get(span.state, "?")
        first = _cell(span.start_s, end_s, cells)
        last = max(first, _cell(span.end_s, end_s, cells) - (span.end_s > span.start_s and span.end_s < end_s))
        for index in range(first, last + 1):
            if PRECEDENCE.find(letter) >= PRECEDENCE.find(row[index]):
                row[index] = letter
    return "".join(row)


def _cell(at_s: float, end_s: float, cells: int) -> int:
    return max(0, min(cells - 1, int(at_s / end_s * cells)))


def _life(spans: Sequence[Span], fate: str) -> str:
    told = [_phase(phase) for phase in _phases(spans)]
    if len(told) > PHASES_LISTED:
        half = PHASES_LISTED // 2
        told = [*told[:half], f"{len(told) - 2 * half} more phases", *told[-half:]]
    return "; ".join([*told, fate] if fate else told) + "."


def _phases(spans: Sequence[Span]) -> list[Span]:
    """The spans that a listener needs: what took time, and one "running" for everything done in one instant."""
    kept: list[Span] = []
    for span in spans:
        instant = span.start_s == span.end_s
        last = kept[-1] if kept else None
        if instant and last and last.start_s == last.end_s == span.start_s:
            kept[-1] = last if last.state == "running" else span
        else:
            kept.append(span)
    return kept


def _phase(span: Span) -> str:
    instant = seconds(span.start_s) == seconds(span.end_s)
    when = f"at {seconds(span.start_s)} s" if instant else f"{seconds(span.start_s)} to {seconds(span.end_s)} s"
    what = f" for {one_line(span.what)}" if span.what else ""
    line = f" (line {span.line})" if span.line else ""
    return f"{when} {span.state}{what}{line}"
