"""`Watch`: what a witness function of a grader sees of one plain run, and what it may claim about it.

The judge holds the run's calls open and looks at its process from outside (`sandbox/observe.py`). A claim rests only on what
no schedule and no load can produce; where that cannot be had the watch says so (`Unsaid`), and nothing follows from it.
A time-out is never more than that.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NoReturn

from threadmarks.judge.witness_line import Call, HungUp, Line, NotACall
from threadmarks.runner.plain_line import BEGIN, LINE_FD, RAISED, RETURNED
from threadmarks.sandbox import observe
from threadmarks.sandbox.starvation import Limit, share

PATIENCE_S = 5.0
"""Real seconds until the watch gives up waiting for something that should come. Then it could not say."""
SETTLE_S = 0.25
"""Real seconds until it gives up waiting for everything to stand still, where nothing needs to come."""
ASLEEP_SHARE = 0.1
"""Of a span, the processor time below which a process without wake-ups has slept. Only a remark rests on it."""
LOAD_PATIENCE_S = 20.0
THREAD_PATIENCE_S = 0.5
LOOK_TRIES = 20

_FIRST_PAUSE_S = 0.0005
_LONGEST_PAUSE_S = 0.05
_LOADS_DOING = frozenset(
    {"MemoryError", "TimeoutError", "OSError", "BlockingIOError", "BrokenBarrierError", "Empty", "Full"}
)
"""Exceptions that a program may raise because the machine was slow or had nothing left to give."""


class Stand(Enum):
    """How a wait ended."""

    MET = "met"  # what was waited for is there
    STILL = "still"  # seen from outside: nobody in the process can ever move again before the judge answers
    UNSEEN = "unseen"  # neither, for as long as was waited: nothing follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that was seen from outside and that a right program cannot show."""

    measured: str
    seen: str
    wanted: str


class Contested(Exception):
    """Leaves a witness function: a fact contradicts what the trace says."""

    def __init__(self, fact: Fact) -> None:
        super().__init__(f"{fact.measured}: {fact.seen}, not {fact.wanted}")
        self.fact = fact


class Unsaid(Exception):
    """Leaves a witness function: it could not say, and why. A submission can bring that about itself: see `Watch.silences`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many threads a scenario may lead to, its own included, and how many it must."""

    most: int
    least: int


def _never() -> bool:
    return False


class Watch:
    """One plain run, seen from outside. Used by one thread."""

    def __init__(self, line: Line, pid: Callable[[], int], seed: str, patience: float = 1.0) -> None:
        """`patience` multiplies every time that is waited before the watch gives up."""
        self._patience = patience
        self.starved = False
        """Whether the machine kept the run from running, however long the watch waited: then silence proves nothing."""
        self.silences: list[str] = []
        """What could not be said for a reason that the program may have brought about."""
        self.random = random.Random(seed)
        """For inputs: what a program returns for them cannot have been written down before."""
        self.calls: list[Call] = []
        self.together: dict[str, int] = {}
        """By name, the greatest number of calls that were open at once."""
        self.allowance: Allowance | None = None
        self.made_until_begin: int | None = None
        """Threads that the kernel had made when the module was loaded; None when that could not be seen."""
        self.seen_tasks: set[int] = set()
        self.remarks: list[str] = []
        self._line = line
        self._pid = pid
        self._open: dict[int, Call] = {}
        self._served: dict[str, Callable[[Call], Any]] = {}
        self._most_open: dict[str, int] = {}
        self._first_tasks: frozenset[int] | None = None
        self._born = 0
        self._last: observe.Look | None = None

    # ---- what a witness function asks for

    def serve(self, name: str, answer: Callable[[Call], Any] | Any = None) -> None:
        """From now on calls of that name, open ones too, are answered at once: with `answer`, or what it gives for the call."""
        self._served[name] = answer if callable(answer) else lambda _call: answer
        for call in self.open(name):
            self.answer(call, self._served[name](call))

    def open(self, name: str) -> list[Call]:
        """The calls of that name that wait for an answer, in order of arrival."""
        return [call for call in self._open.values() if call.name == name]

    def seen(self, name: str) -> list[Call]:
        """All calls of that name, in order of arrival."""
        return [call for call in self.calls if call.name == name]

    def answer(self, call: Call, value: Any = None) -> None:
        """Let one call return."""
        del self._open[call.number]
        self._line.answer(call, value)

    def answer_all(self, name: str, value: Any = None) -> None:
        """Let the open calls of that name return."""
        for call in self.open(name):
            self.answer(call, value)

    def threads(self, *, most: int, least: int = 0) -> None:
        """Contest when the run makes more threads than `most` after its module is loaded (or fewer than `least`, by its end).

        The scenario's own threads are to be counted in.
        """
        self.allowance = Allowance(most=most, least=least)

    def never_more(self, name: str, count: int) -> None:
        """Contest when more than `count` calls of that name are ever open at once."""
        self._most_open[name] = count

    def hold(self, **wanted: int) -> None:
        """Keep calls open until there are so many of each name at once.

        Contest when everything stands still before that. Raises Contested, Unsaid.
        """
        stand = self.until(lambda: all(len(self.open(name)) >= count for name, count in wanted.items()))
        seen = {name: len(self.open(name)) for name in wanted}
        if stand is Stand.STILL:
            measured = "calls open at once when no thread of the process could move any more"
            self.contest(measured, _counts(seen), _counts(wanted))
        if stand is Stand.UNSEEN:
            raise Unsaid(f"{_counts(wanted)} open at once were waited for; {_counts(seen)} came")
        look = self.look()
        if look is not None:
            threads, calls = len(look.tasks), len(self._open)
            self.fact(
                threads >= calls, "threads that are there while calls are open", threads, f"{calls}, one for each call"
            )

    def until(self, met: Callable[[], bool], patience_s: float = PATIENCE_S) -> Stand:
        """Wait for `met`, for standstill, or for so long. Raises Contested, and Unsaid when the process ends meanwhile."""
        limit = Limit(self._pid, patience_s * self._patience)
        pause_s = _FIRST_PAUSE_S
        before: observe.Look | None = None
        while not met():
            if self._line.ready(pause_s):
                self._take()
                pause_s, before = _FIRST_PAUSE_S, None
                continue
            look = self.look()
            if look is not None and look.still_since(before) and not self._line.ready(0):
                self._last = look
                return Stand.STILL
            if limit.passed():
                self.starved |= limit.hopeless
                return Stand.UNSEEN
            before = look
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return Stand.MET

    def settle(self) -> bool:
        """Wait until everything stands still. False when that was not seen."""
        return self.until(_never, SETTLE_S) is Stand.STILL

    def thread_of(self, call: Call) -> int | None:
        """The task, by its number in this machine's /proc, that waits for the answer to the only open call.

        Sound without standstill: of the threads that wait for answers one reads the line, and when only one call is open it is
        that call's. None when it could not be seen.
        """
        found: list[int] = []

        def identified() -> bool:
            if list(self._open) != [call.number]:
                return False
            look = self.look()
            reading = (
                [task for task, seen in look.tasks.items() if seen.waiting is observe.Waiting.LINE] if look else []
            )
            if len(reading) == 1 and not self._line.ready(0):
                found.extend(reading)
            return bool(found)

        self.until(identified, THREAD_PATIENCE_S)
        if not found:
            self.silences.append(f"the thread that called {call.name} could not be told")
        return found[0] if found else None

    def not_on_main(self, name: str) -> int | None:
        """Contest when the only open call, one of that name, was made on the main thread. Gives its thread, when it is seen."""
        if len(self._open) != 1 or not self.open(name):
            return None
        thread = self.thread_of(self.open(name)[0])
        self.fact(
            thread is None or thread != self._pid(), f"the thread on which {name} was called", "the main one", "another"
        )
        return thread

    def alone(self, what: str) -> None:
        """Contest when threads are left beside the main one (and those of the import), and nobody can move any more."""
        if self.until(lambda: self._only_main() is True, PATIENCE_S) is Stand.STILL:
            assert self._last is not None
            left = len(self._last.tasks.keys() - (self._first_tasks or set()) - {self._last.main})
            self.fact(left == 0 or self._first_tasks is None, f"threads left {what}", left, 0)
            return
        only_main = self._only_main()
        if only_main is None:
            self.remarks.append(f"threads left {what}: the process could not be looked at")
        elif not only_main:
            self.silences.append(f"threads were left {what}, and seemed to need time to end")

    def _only_main(self) -> bool | None:
        """Whether no thread is left beside the main one and those of the import; None when that cannot be seen."""
        now = self.threads_now()
        return None if now is None else now == 0

    def quiet(self, most_per_second: float, seconds: float) -> None:
        """Contest when a thread that nobody wakes gives the processor away and takes it again more often than that.

        Load can only make it less often. Less than that, but not nothing, is a remark.
        """
        if self.settle():
            return
        begin, before_s = time.monotonic(), self.processor_s()
        first = self.look()
        time.sleep(seconds)
        second = self.look()
        took_s, after_s = time.monotonic() - begin, self.processor_s()
        if first is None or second is None:
            raise Unsaid("the process could not be looked at while it was idle")
        wakes = max((second.tasks[task].voluntary - first.tasks[task].voluntary for task in second.tasks.keys() & first.tasks.keys()), default=0)  # fmt: skip
        measured = f"how often the busiest idle thread woke up in {took_s:.1f} s, with nothing to do"
        self.fact(wakes <= most_per_second * took_s, measured, wakes, f"at most {most_per_second:g} in a second")
        if not wakes and before_s is not None and after_s is not None and after_s - before_s < took_s * ASLEEP_SHARE:
            return  # asleep all the time: in a wait that is not seen as standing still, as for sockets
        self.remarks.append(f"{measured}: {wakes}; or it never slept at all")

    def threads_now(self) -> int | None:
        """Threads that are there now beside the main one and those of the import; None when that cannot be seen."""
        look = self.look()
        if look is None or self._first_tasks is None:
            return None
        return len(look.tasks.keys() - self._first_tasks - {look.main})

    def processor_s(self) -> float | None:
        """Processor time, in seconds, that the threads which are there now have used; None where the kernel does not tell.

        No fact by itself: caches and neighbours change it by a factor of two or three. Two spans of one run may be held against
        each other when a right program shows a factor near one and a wrong one many times what load can do.
        """
        had = share(self._pid())
        return None if had is None else had.ran_s

    def dearer(self, measured: str, spans: dict[str, list[float | None]], most: float) -> None:
        """Contest when the least of the spans called "then" takes more than `most` times the greatest of those called "before".

        The spans are seconds of `processor_s`; with one that is not known nothing is said, which no program can bring about.
        """
        known = {name: [span for span in values if span is not None] for name, values in spans.items()}
        if known != spans:
            self.remarks.append(f"{measured}: the kernel does not tell")
            return
        before_s, then_s = max(known["before"]), min(known["then"])
        seen = f"{then_s / before_s:.0f} ({then_s * 1000:.0f} ms to {before_s * 1000:.0f} ms)"
        self.fact(then_s <= most * before_s, measured, seen, f"about 1, and never more than {most:g}")

    def fact(self, ok: bool, measured: str, seen: object, wanted: object) -> None:
        """Contest unless `ok`. Claim only what no schedule and no load can bring about. Raises Contested."""
        if not ok:
            self.contest(measured, seen, wanted)

    def contest(self, measured: str, seen: object, wanted: object) -> NoReturn:
        """Contest. Raises Contested."""
        raise Contested(Fact(measured=measured, seen=_text(seen), wanted=_text(wanted)))

    def look(self) -> observe.Look | None:
        """Look at the process now; None when that is not possible. Notes the threads that are there. Raises Contested."""
        look = next((look for _ in range(LOOK_TRIES) if (look := observe.look(self._pid(), LINE_FD))), None)
        if look is None or (self._born and look.born != self._born):
            return None
        if self._first_tasks is not None:
            self.seen_tasks |= look.tasks.keys() - self._first_tasks - {look.main}
            if self.allowance is not None:
                seen, most = len(self.seen_tasks), self.allowance.most
                self.fact(seen <= most, "threads seen, after the file was loaded", seen, f"at most {most}")
        return look

    # ---- what the run's keeper does

    def begin(self) -> None:
        """Wait until the module is loaded, and note what is there by then. Raises Contested, Unsaid."""
        stand = self.until(lambda: bool(self.open(BEGIN)), LOAD_PATIENCE_S)
        if stand is Stand.STILL:
            self.contest("whether the file could be loaded", "no thread could move any more", "loaded, as in the trace")
        if stand is Stand.UNSEEN:
            raise Unsaid("the file was not loaded in time")
        look = self.look()
        if look is not None:
            self._born = look.born
            self._first_tasks = frozenset(look.tasks)
            inner = [task.inner_id for task in look.tasks.values()]
            if all(inner) and look.main in look.tasks:
                self.made_until_begin = max(inner) - look.tasks[look.main].inner_id
        self.answer_all(BEGIN)

    @property
    def returned(self) -> bool:
        """Whether the scenario has come to its end."""
        return bool(self.seen(RETURNED))

    def _take(self) -> None:
        """Take one call: note it, answer it when its name is served. Raises Contested, Unsaid."""
        try:
            call = self._line.take()
        except NotACall as problem:
            self.contest("what came over the witness's line", str(problem), "calls of the scenario")
        self.calls.append(call)
        if call.name == RAISED:
            self._raised(call.value)
        if call.number in self._open:
            self.contest("the numbers of the calls that are open", f"{call.number} twice", "each once")
        self._open[call.number] = call
        if call.name in self._served:
            self.answer(call, self._served[call.name](call))
            return
        count = len(self.open(call.name))
        self.together[call.name] = max(self.together.get(call.name, 0), count)
        most = self._most_open.get(call.name)
        self.fact(most is None or count <= most, f"calls of {call.name} open at once", count, f"at most {most}")

    def _raised(self, value: Any) -> NoReturn:
        """An exception left the scenario. In the trace it did not."""
        match value:
            case [str() as kind, str() as text]:
                if kind in _LOADS_DOING or (kind == "RuntimeError" and "start new thread" in text):
                    raise Unsaid(f"it raised {kind}: {text}")
                self.contest("how the plain run ended", f"{kind}: {text}", "without an exception, as in the trace")
            case _:
                self.contest("how the plain run ended", "with an exception without a name", "without one")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in counts.items())


def _text(value: object) -> str:
    return value if type(value) is str else repr(value)


__all__ = ["Allowance", "Call", "Contested", "Fact", "HungUp", "Stand", "Unsaid", "Watch"]
