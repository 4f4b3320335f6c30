"""Draw the threads of one run over virtual time, one row a thread, in letters that need no colour.

Two forms of the same facts: `picture` for eyes, `listing` for a screen reader. Virtual time stands still while a thread
runs, so a running span is usually an instant; a cell shows the busiest thing that happened in it (R before z before .),
or else every run of a program would look idle.
"""

from collections.abc import Sequence

from threadmarks.explain.numbers import seconds
from threadmarks.explain.safe import one_line
from threadmarks.model import Lane, Span, Timeline

LEGEND = "R running   z sleeping   . waiting   (blank: not started, or ended)"
LETTERS = {"running": "R", "sleeping": "z", "waiting": "."}
PRECEDENCE = " .zR"
"""The later letter wins a cell that two spans touch."""
LABEL_WIDTH = 24
LANES_SHOWN = 12
"""More rows than this tell a learner nothing; the rest is counted in words."""
PHASES_LISTED = 12
PLACES_SHOWN = 8


def picture(timeline: Timeline, width: int) -> list[str]:
    """The rows, at most `width` characters each: a ruler, then one lane a thread, then what was left out.

    A run that took no virtual time has no width to draw: its threads are listed in words.
    """
    if timeline.end_s <= 0:
        return listing(timeline)
    lanes = _shown(timeline)
    label = min(LABEL_WIDTH, max(len(_name(lane)) for lane in lanes)) if lanes else 0
    fate = max((len(_fate(lane)) for lane in lanes), default=0)
    cells = max(10, width - label - fate - 4)
    rows = [" " * (label + 2) + _ruler(timeline.end_s, cells)]
    for lane in lanes:
        drawn = _cells(lane, timeline.end_s, cells)
        rows.append(f"{_fit(_name(lane), label)} |{drawn}| {_fate(lane)}".rstrip())
    return rows + _left_out(timeline)


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
    """The same facts as sentences, one thread a line."""
    return [f"{_name(lane)}: {_life(lane)}" for lane in _shown(timeline)] + _left_out(timeline)


def _shown(timeline: Timeline) -> Sequence[Lane]:
    return timeline.lanes[:LANES_SHOWN]


def _left_out(timeline: Timeline) -> list[str]:
    left = len(timeline.lanes) - LANES_SHOWN
    return [f"and {left} more threads, not shown"] if left > 0 else []


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


def _cells(lane: Lane, end_s: float, cells: int) -> str:
    row = [" "] * cells
    for span in lane.spans:
        letter = LETTERS.get(span.state, "?")
        first = _cell(span.start_s, end_s, cells)
        last = max(first, _cell(span.end_s, end_s, cells) - (span.end_s > span.start_s and span.end_s < end_s))
        for index in range(first, last + 1):
            if PRECEDENCE.find(letter) >= PRECEDENCE.find(row[index]):
                row[index] = letter
    return "".join(row)


def _cell(at_s: float, end_s: float, cells: int) -> int:
    return max(0, min(cells - 1, int(at_s / end_s * cells)))


def _life(lane: Lane) -> str:
    told = [_phase(phase) for phase in _phases(lane)]
    if len(told) > PHASES_LISTED:
        half = PHASES_LISTED // 2
        told = [*told[:half], f"{len(told) - 2 * half} more phases", *told[-half:]]
    return "; ".join([*told, _fate(lane)] if lane.fate else told) + "."


def _phases(lane: Lane) -> list[Span]:
    """The spans that a listener needs: what took time, and one "running" for everything done in one instant."""
    kept: list[Span] = []
    for span in lane.spans:
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
