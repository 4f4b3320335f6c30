"""Pytest sessions over an exercise's checks: one for one submission, or one that stays and judges many.

The configuration is the kit's own; nothing of the machine's pytest set-up, of the caller's environment or of the working folder takes
part. A session that stays is in a thread of its own, for pytest does not come back before its end. It is collected once, and between two
submissions pytest takes everything down that fixtures made: what a check knows of a submission, it has from its run.
"""

import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from threadmarks.catalog import Exercise
from threadmarks.errors import GraderFault
from threadmarks.judge.plugin import Asked, Plugin
from threadmarks.model import CheckResult

CONFIGURATION = Path(__file__).with_name("pytest.ini")
END_S = 5.0
_UNUSED = (
    *(
        "cacheprovider",
        "debugging",
        "doctest",
        "faulthandler",
        "junitxml",
        "legacypath",
        "logging",
        "pastebin",
        "recwarn",
    ),
    *("setuponly", "setupplan", "stepwise", "subtests", "terminal", "threadexception", "tmpdir", "unittest"),
    *("unraisableexception", "warnings"),
)
"""Plugins of pytest itself that would only cost time, write somewhere, or judge what is not theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What became of the checks on one submission."""

    results: tuple[CheckResult, ...]
    errors: tuple[str, ...]  # the grader's own
    missing: int  # checks without a result


def judged_once(asked: Asked) -> tuple[CheckResult, ...]:
    """The results of an exercise's checks, in a session of their own. Raises GraderFault when it could not be held."""
    exercise = asked.session.exercise
    plugin = Plugin(iter([asked]))
    with _own_environment():
        code = _run_pytest(exercise, plugin, capture="sys")
    if not plugin.errors and code == pytest.ExitCode.INTERRUPTED:  # pytest keeps the interrupt to itself
        raise KeyboardInterrupt
    return _results(exercise, _outcome(plugin), code)


class HeldChecks:
    """Sessions that stay, one for each exercise. Use it as a context, from one thread."""

    def __init__(self) -> None:
        self._sessions: dict[Exercise, _HeldSession] = {}

    def judged(self, asked: Asked) -> tuple[CheckResult, ...]:
        """As `judged_once`. After anything but results the exercise's next submission gets a new session."""
        exercise = asked.session.exercise
        held = self._sessions.pop(exercise, None) or _HeldSession(exercise)
        try:
            judged = held.ask(asked)
            results = _results(exercise, judged, held.code)
        except BaseException:
            held.end()
            raise
        self._sessions[exercise] = held
        return results

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for held in self._sessions.values():
            held.end()
        for held in self._sessions.values():
            held.join()


class _HeldSession:
    """One of them, as its owner sees it."""

    def __init__(self, exercise: Exercise) -> None:
        self.code = int(pytest.ExitCode.OK)  # of pytest, once its session is over
        self._exercise = exercise
        self._asked: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[_Judged] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._hold, name=f"checks of {exercise.id}", daemon=True)
        self._began = False

    def ask(self, asked: Asked) -> _Judged:
        """Judge one submission. Blocks."""
        self._asked.put(asked)
        if self._began:
            return self._answers.get()
        self._began = True
        with _own_environment():  # the first answer comes after pytest has read it
            self._thread.start()
            return self._answers.get()

    def end(self) -> None:
        """Let the session come to its end. Does not wait."""
        self._asked.put(None)

    def join(self) -> None:
        """Wait for it, for a moment: a check that hangs must not keep a process that is done."""
        if self._began:
            self._thread.join(END_S)

    def _hold(self) -> None:
        plugin = Plugin(self._each(), lambda: self._answers.put(_outcome(plugin)))
        # The streams are the process's: with pytest's own in their place, its other threads would lose theirs.
        self.code = _run_pytest(self._exercise, plugin, capture="no")
        self._answers.put(_outcome(plugin))  # for whoever waits, when pytest ended by itself

    def _each(self) -> Iterator[Asked]:
        """The submissions, from the moment on when everything is collected."""
        _forget_modules(self._exercise.grader_folder)  # another exercise's may have the same name
        yield from iter(self._asked.get, None)


def _outcome(plugin: Plugin) -> _Judged:
    return _Judged(results=tuple(plugin.results), errors=tuple(plugin.errors), missing=plugin.missing)


def _results(exercise: Exercise, judged: _Judged, code: int) -> tuple[CheckResult, ...]:
    """The results, when there is one for each check. Raises GraderFault."""
    if judged.errors:
        raise GraderFault("\n".join(judged.errors))
    if judged.missing:
        raise GraderFault(f"{exercise.id}: {judged.missing} checks have no result")
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise GraderFault(f"{exercise.id}: the checks could not be run ({code!r})")
    return judged.results


def _run_pytest(exercise: Exercise, plugin: Plugin, *, capture: str) -> int:
    """One pytest session over the exercise's checks; its exit code. Raises GraderFault when there are none."""
    if not exercise.checks.is_file():
        plugin.errors.append(f"{exercise.id}: no checks at {exercise.checks}")
        return pytest.ExitCode.USAGE_ERROR
    arguments = [
        str(exercise.checks),
        f"--rootdir={exercise.grader_folder}",
        "-c",
        str(CONFIGURATION),
        "--import-mode=importlib",
        "--noconftest",
        "--assert=plain",
        f"--capture={capture}",
        "-p",
        "pytest_asyncio.plugin",
        *(part for name in _UNUSED for part in ("-p", f"no:{name}")),
    ]
    try:
        return pytest.main(arguments, plugins=[plugin])
    finally:
        _forget_modules(exercise.grader_folder)


@contextmanager
def _own_environment() -> Iterator[None]:
    """The environment of the machine's pytest is not ours."""
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    saved = {name: os.environ.pop(name, None) for name in names}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name, value in saved.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _forget_modules(folder: Path) -> None:
    """Forget the graders' modules: the next session imports them as they are then."""
    within = f"{folder}{os.sep}"
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(within):
            sys.modules.pop(name, None)
