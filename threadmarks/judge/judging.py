"""One pytest session over an exercise's checks, and the report that comes of it.

Imports pytest: `grade.py` imports this late. The configuration is the kit's own; nothing of the machine's pytest set-up, of the
caller's environment or of the working folder takes part.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from threadmarks.catalog import Exercise, read_content
from threadmarks.errors import GraderFault, UsageError
from threadmarks.judge import tokens
from threadmarks.judge.failure import located
from threadmarks.judge.foundations import foundation_findings, told
from threadmarks.judge.loading import file_failure, policy_findings, unchanged_stub
from threadmarks.judge.plugin import Plugin, Progress
from threadmarks.judge.scoring import make_report
from threadmarks.judge.session import PYTHON, Session
from threadmarks.model import Finding, Report

CONFIGURATION = Path(__file__).with_name("pytest.ini")
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


def judge(
    session: Session, only: tokens.Token | None, *, visible_only: bool = False, progress: Progress | None = None
) -> Report:
    """The report on a session's submission; with `only`, on that one run. Raises UsageError, GraderFault, SandboxError."""
    answer = session.load().result()
    unloadable = file_failure(answer)
    plugin = Plugin(session, visible_only=visible_only, only=only, unloadable=unloadable, progress=progress)
    _run_pytest(session.exercise, plugin)
    checks = tuple(plugin.results)
    if only is not None and not checks:
        raise UsageError(f"No check looks at {only.scenario!r} by itself; there is nothing to replay.")
    return make_report(
        exercise=session.exercise.id,
        file=session.source.file,
        checks=checks,
        findings=_file_findings(session, only),
        extra={**({"replay": str(only)} if only else {}), **told(session.foundations)},
    )


def _file_findings(session: Session, only: tokens.Token | None) -> tuple[Finding, ...]:
    """What is said about the file as a whole, the reason why it could not be loaded first."""
    answer = session.load().result()
    findings: list[Finding] = []
    failure = file_failure(answer)
    if failure is not None:
        findings.append(failure.finding)
    findings += policy_findings(answer.policy, session.exercise.meta.policy)
    findings += foundation_findings(answer.policy, session.foundations)
    stub = unchanged_stub(session.source.text, read_content(session.exercise.stub))
    if stub is not None:
        findings.append(stub)
    if only is not None and only.file and only.file != session.mark:
        files = "This file, or one that it builds on," if session.foundations else "This file"
        message = f"{files} is not the one that the token was made for: the same schedule may now do something else."
        findings.append(Finding(code="file-changed", message=message, costs_points=False))
    if only is not None and only.python not in ("", PYTHON):
        message = (
            f"The token was made on Python {only.python}, and this is {PYTHON}: the same schedule may differ here."
        )
        findings.append(Finding(code="other-python", message=message, costs_points=False))
    return tuple(located(finding, session.source) for finding in findings)


def _run_pytest(exercise: Exercise, plugin: Plugin) -> None:
    """One pytest session over the exercise's checks. Raises GraderFault when it could not be held."""
    if not exercise.checks.is_file():
        raise GraderFault(f"{exercise.id}: no checks at {exercise.checks}")
    arguments = [
        str(exercise.checks),
        f"--rootdir={exercise.grader_folder}",
        "-c",
        str(CONFIGURATION),
        "--import-mode=importlib",
        "--noconftest",
        "--assert=plain",
        "--capture=sys",
        "-p",
        "pytest_asyncio.plugin",
        *(part for name in _UNUSED for part in ("-p", f"no:{name}")),
    ]
    with _own_environment(), _modules_forgotten(exercise.grader_folder):
        code = pytest.main(arguments, plugins=[plugin])
    if plugin.errors:
        raise GraderFault("\n".join(plugin.errors))
    if code == pytest.ExitCode.INTERRUPTED:  # pytest keeps the interrupt to itself
        raise KeyboardInterrupt
    if plugin.missing:
        raise GraderFault(f"{exercise.id}: {plugin.missing} checks have no result")
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise GraderFault(f"{exercise.id}: the checks could not be run ({code!r})")


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


@contextmanager
def _modules_forgotten(folder: Path) -> Iterator[None]:
    """Forget the graders' modules afterwards: the next call imports them as they are then."""
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]
