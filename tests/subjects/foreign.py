"""The same programs and drivers under tools that others have written: for the cross-check and for the benchmark.

Imports nothing of the engine, so that it runs in an environment that holds such a tool alone. The tool itself is imported by
whoever calls: `interleave-test` takes a model, `frontrun` a state, workers and an invariant.
"""

import _thread
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.subjects.pairs import FOLDER, Pair

NOT_AS_MEANT = {
    "writer_starves": "its expectation is in virtual seconds; there a sleep returns at once",
    "polling_starves": "its expectation is in virtual seconds; there a sleep returns at once",
    "late_worker": "asks how many threads are left, and the tool's threads are in no list of `threading`'s",
}
"""Pairs with threads whose driver asks for something that other tools do not model."""


def why_not(pair: Pair) -> str:
    """Why a tool for threads cannot be asked about a pair; "" when it can."""
    if pair.driver.stem == "tasks":
        return "asyncio's loop waits in a selector, which the tool does not control"
    return NOT_AS_MEANT.get(pair.name, "")


class Wrong(AssertionError):
    """The driver noted something else than a right program makes it note."""


class Notes:
    """As much of the probe as the drivers use."""

    def __init__(self) -> None:
        self.noted: dict[str, Any] = {}

    def note(self, name: str, value: Any = None) -> None:
        self.noted.setdefault(name, value)

    def attempt(self, function: Callable[..., Any], *args: Any) -> list[Any]:
        """A call's value or exception, told."""
        try:
            return ["value", function(*args)]
        except Exception as error:
            return ["raised", type(error).__name__, str(error)]


def program_path(pair: Pair, side: str) -> str:
    """The file whose lines a tool has to interleave."""
    return str(FOLDER / side / f"{pair.name}.py")


def _plain(value: Any) -> Any:
    """Tuples are lists on the wire."""
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


class Loaded:
    """A fresh copy of a program and its driver: both are executed anew, under whatever the tool has put in place."""

    def __init__(self, pair: Pair, side: str, codes: dict[str, Any]) -> None:
        self.pair = pair
        self.probe = Notes()
        self.program = types.ModuleType("program")
        self.driver: dict[str, Any] = {"__name__": "driver"}
        for path, namespace in ((program_path(pair, side), vars(self.program)), (str(pair.driver), self.driver)):
            if path not in codes:
                codes[path] = compile(Path(path).read_text(encoding="utf-8"), path, "exec")
            exec(codes[path], namespace)

    def drive(self) -> None:
        """Run the driver to its end."""
        self.driver[self.pair.name](self.program, self.probe)

    def right(self) -> bool:
        """Whether it noted what it should."""
        return all(
            name in self.probe.noted and _plain(self.probe.noted[name]) == _plain(wanted)
            for name, wanted in self.pair.notes.items()
        )


def model(pair: Pair, side: str) -> Callable[[], None]:
    """A function without arguments that runs the program once and raises when it went wrong."""
    codes: dict[str, Any] = {}

    def run() -> None:
        loaded = Loaded(pair, side, codes)
        loaded.drive()
        if not loaded.right():
            raise Wrong(loaded.probe.noted)

    return run


class Staged:
    """A driver cut in three, for tools that start the threads themselves: what comes before them, they, and what follows.

    The driver runs on a thread of its own that stops where it would start threads, until they have ended.
    """

    def __init__(self, pair: Pair, side: str, codes: dict[str, Any]) -> None:
        self.calls: tuple[Callable[[], Any], ...] = ()
        self.answers: list[Any] = []
        self._staged, self._ended, self._over = (_thread.allocate_lock() for _ in range(3))
        for lock in (self._staged, self._ended, self._over):
            lock.acquire()
        self.loaded = Loaded(pair, side, codes)
        self.loaded.driver["_together"] = self._together
        _thread.start_new_thread(self._drive, ())
        self._staged.acquire()

    def _drive(self) -> None:
        try:
            self.loaded.drive()
        except Exception as error:  # a driver that cannot go on has noted too little, which `right` sees
            self.loaded.probe.note("driver", repr(error))
        finally:
            if not self.calls:
                self._staged.release()
            self._over.release()

    def _together(self, _probe: Notes, *calls: Callable[[], Any]) -> list[Any]:
        self.calls = calls
        self.answers = [None] * len(calls)
        self._staged.release()
        self._ended.acquire()
        return self.answers

    def work(self, number: int) -> None:
        """What the thread of that number does."""
        self.answers[number] = self.loaded.probe.attempt(self.calls[number])

    def right(self) -> bool:
        """Let the driver go on, and see what it notes."""
        if self.calls:
            self._ended.release()
        self._over.acquire()
        return self.loaded.right()
