"""Where everything stands in the page's picture of a schedule: rows, columns, segments; plain numbers, no markup.

Across: each turn has a column of its own, also where virtual time stands still, which it does while threads run; where time
passes, more room is added in proportion to it. Down: a row for each thread, under it one for each of its tasks. What is drawn
alike in one row is one path, so that a picture of thousands of turns has few elements.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from threadmarks.explain.numbers import seconds
from threadmarks.model import Doing, Lane, Standing, TaskLane, Timeline, Turn

ROWS_SHOWN = 64
RULER = 18
ROW = 24
"""The height of a row without locks; each lock held at once adds `HOLD`, up to `HOLDS_SHOWN`."""
HOLD = 8
HOLDS_SHOWN = 3
GAP = 4
COLUMN_WIDEST = 40.0
COLUMN_USUAL = 13.0
COLUMN_NARROWEST = 3.0
WIDTH_WANTED = 820.0
WIDTH_MOST = 3_000.0
"""Few turns fill the usual width; many make the picture wider than the page, until their columns grow narrow."""
TIME_WIDTH = 260.0
"""What all of the virtual time takes beside the columns."""
TICK_APART = 52.0
LETTER_ROOM = 12.0

Party = tuple[int, int]
_DRAWN = {Doing.READY: "ready", Doing.WAITING: "waiting", Doing.SLEEPING: "sleeping"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thread or task."""

    party: Party  # (serial, number of the task or -1)
    name: str
    top: int
    height: int
    holds: int  # how many lines of locks it has room for

    @property
    def middle(self) -> int:
        """The middle of the bar."""
        return self.top + ROW // 2

    @property
    def task(self) -> bool:
        return self.party[1] >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Everything of one kind in one row."""

    kind: str  # its class: "running", "ready", ...
    d: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A text at a place: a moment on the ruler, a lock's letter."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The whole picture."""

    width: float
    height: int
    column: float  # the width of a turn's column
    columns: tuple[float, ...]  # where each turn's column begins
    rows: tuple[Row, ...]
    ticks: tuple[Mark, ...]
    paths: tuple[Path, ...]
    letters: tuple[Mark, ...]
    locks: tuple[tuple[str, str], ...]  # (letter, name) of the locks that are drawn
    left_out: int  # threads and tasks that have no row


def draw(timeline: Timeline) -> Drawing:
    """The picture of a timeline's turns."""
    return _Drawer(timeline).draw()


@dataclass(slots=True)
class _Segment:
    kind: str
    start: float
    end: float


@dataclass(slots=True)
class _Life:
    """What one row does, while the turns are read."""

    doing: Doing | None = None
    since: float = 0.0
    segments: list[_Segment] = field(default_factory=list)
    holds: dict[str, tuple[int, float]] = field(default_factory=dict)  # name: which line, since where

    def add(self, kind: str, start: float, end: float) -> None:
        """Add a segment; one that follows its like is one with it."""
        last = self.segments[-1] if self.segments else None
        if last is not None and last.kind == kind and start - last.end < 0.5:
            last.end = max(last.end, end)
        elif end > start:
            self.segments.append(_Segment(kind, start, end))


class _Drawer:
    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._letters = {hold.name: hold.letter for lane in timeline.lanes for hold in lane.holds}
        self._columns, self._column, self._width = _columns(timeline)
        self._rows, self._left_out = _rows(timeline)
        self._lives = {row.party: _Life() for row in self._rows}
        self._row_of = {row.party: row for row in self._rows}
        self._hold_paths: dict[Party, list[str]] = {}
        self._marks: list[Mark] = []
        self._locks: dict[str, str] = {}

    def draw(self) -> Drawing:
        jolts: dict[Party, list[str]] = {}
        for turn, x in zip(self._timeline.turns, self._columns, strict=True):
            end = x + self._column
            self._run(turn, x, end)
            for standing in turn.standings:
                self._stand(standing, x, end)
            if turn.preempted and (turn.serial, -1) in self._row_of:
                top = self._row_of[turn.serial, -1].top
                jolts.setdefault((turn.serial, -1), []).append(f"M{end - 4:.4g} {top}h8l-4 6z")
        self._end()
        return Drawing(
            width=round(self._width, 1),
            height=self._rows[-1].top + self._rows[-1].height + GAP if self._rows else RULER,
            column=round(self._column, 2),
            columns=tuple(round(x, 1) for x in self._columns),
            rows=self._rows,
            ticks=_ticks(self._timeline.turns, self._columns),
            paths=(*self._paths(), *(Path(kind="preempted", d="".join(parts)) for parts in jolts.values())),
            letters=tuple(self._marks),
            locks=tuple(sorted((letter, name) for name, letter in self._locks.items())),
            left_out=self._left_out,
        )

    def _run(self, turn: Turn, start: float, end: float) -> None:
        for party in running_parties(turn):
            life = self._lives.get(party)
            if life is not None:
                self._close(life, start)
                life.add("gap" if turn.left_out else "running", start, end)
                life.doing, life.since = Doing.RUNNING, end

    def _stand(self, standing: Standing, start: float, end: float) -> None:
        party = (standing.serial, standing.task)
        life = self._lives.get(party)
        if life is None:
            return
        self._close(life, end)
        life.doing, life.since = standing.doing, end
        for name in [name for name in life.holds if name not in standing.holds]:
            self._let_go(party, name, life, end)
        for name in standing.holds:
            if name not in life.holds:
                taken = {line for line, _ in life.holds.values()}
                life.holds[name] = (next(line for line in range(len(taken) + 1) if line not in taken), start)

    @staticmethod
    def _close(life: _Life, at: float) -> None:
        kind = _DRAWN.get(life.doing) if life.doing is not None else None
        if kind is not None:
            life.add(kind, life.since, at)

    def _let_go(self, party: Party, name: str, life: _Life, end: float) -> None:
        line, start = life.holds.pop(name)
        row = self._row_of[party]
        if line >= row.holds or end <= start:
            return
        y = row.top + ROW + line * HOLD + 2
        letter = self._letters.get(name, "")
        self._locks[name] = letter
        roomy = letter and end - start > LETTER_ROOM + 6
        if roomy:
            self._marks.append(Mark(x=round(start + 1, 1), y=y + 4, text=letter))
        begin = start + (LETTER_ROOM if roomy else 0)
        self._hold_paths.setdefault(party, []).append(f"M{begin:.5g} {y}H{end:.5g}")

    def _end(self) -> None:
        for party, life in self._lives.items():
            self._close(life, self._width)
            for name in list(life.holds):
                self._let_go(party, name, life, self._width)

    def _paths(self) -> list[Path]:
        paths = []
        for row in self._rows:
            by_kind: dict[str, list[str]] = {}
            for segment in self._lives[row.party].segments:
                by_kind.setdefault(segment.kind, []).append(_shape(segment, row.top))
            paths += [Path(kind=kind, d="".join(parts)) for kind, parts in by_kind.items()]
            if row.party in self._hold_paths:
                paths.append(Path(kind="hold", d="".join(self._hold_paths[row.party])))
        return paths


def running_parties(turn: Turn) -> tuple[Party, ...]:
    """Whose turn it is: the thread, and the task on it."""
    thread = (turn.serial, -1)
    return (thread,) if turn.task < 0 else (thread, (turn.serial, turn.task))


def _shape(segment: _Segment, top: int) -> str:
    """A high bar for running, a low frame for ready, a line through the middle for the rest."""
    x, end = segment.start, segment.end
    if segment.kind in ("running", "gap"):
        return f"M{x:.5g} {top + 4}H{end:.5g}v{ROW - 8}H{x:.5g}z"
    if segment.kind == "ready":
        return f"M{x:.5g} {top + 9.5}H{end:.5g}v5H{x:.5g}z"
    return f"M{x:.5g} {top + ROW // 2}H{end:.5g}"


def _columns(timeline: Timeline) -> tuple[list[float], float, float]:
    """Where each turn's column begins, how wide a column is, and how wide the picture."""
    turns = timeline.turns
    count = max(1, len(turns))
    column = min(COLUMN_WIDEST, max(COLUMN_USUAL, WIDTH_WANTED / count))
    column = min(column, max(COLUMN_NARROWEST, WIDTH_MOST / count))
    time_width = TIME_WIDTH if timeline.end_s > 0 else 0.0
    share = time_width / timeline.end_s if timeline.end_s > 0 else 0.0
    columns = [index * column + turn.at_s * share for index, turn in enumerate(turns)]
    return columns, column, len(turns) * column + time_width + 24


def _ticks(turns: Sequence[Turn], columns: Sequence[float]) -> tuple[Mark, ...]:
    """The moments at which time has passed; texts only where they have room."""
    ticks: list[Mark] = []
    last_text = -TICK_APART
    last = ""
    for turn, x in zip(turns, columns, strict=True):
        moment = seconds(turn.at_s)
        if moment == last:
            continue
        last = moment
        roomy = x - last_text >= TICK_APART
        if roomy:
            last_text = x
        if roomy or x - (ticks[-1].x if ticks else -1) >= COLUMN_USUAL:
            ticks.append(Mark(x=round(x, 1), y=0, text=f"{moment} s" if roomy else ""))
    return tuple(ticks)


def _rows(timeline: Timeline) -> tuple[tuple[Row, ...], int]:
    """A row for each lane and task, and how many have none for want of room."""
    most = _most_holds(timeline.turns)
    rows: list[Row] = []
    wanted = 0
    top = RULER
    for party, name in _parties(timeline.lanes):
        wanted += 1
        if len(rows) < ROWS_SHOWN:
            holds = min(HOLDS_SHOWN, most.get(party, 0))
            height = ROW + holds * HOLD
            rows.append(Row(party=party, name=name, top=top, height=height, holds=holds))
            top += height + GAP
    return tuple(rows), wanted - len(rows)


def _parties(lanes: Sequence[Lane]) -> list[tuple[Party, str]]:
    parties: list[tuple[Party, str]] = []
    for lane in lanes:
        parties.append(((lane.serial, -1), lane.thread))
        parties += [((lane.serial, task.number), _task_name(task)) for task in lane.tasks]
    return parties


def _task_name(task: TaskLane) -> str:
    return task.name or f"task {task.number}"


def _most_holds(turns: Sequence[Turn]) -> dict[Party, int]:
    """How many locks each party holds at most when a turn ends."""
    most: dict[Party, int] = {}
    for turn in turns:
        for standing in turn.standings:
            party = (standing.serial, standing.task)
            most[party] = max(most.get(party, 0), len(standing.holds))
    return most
