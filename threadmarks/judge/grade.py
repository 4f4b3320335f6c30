"""Grades one submission. The order here is what makes it quick: processes first, imports while they get ready.

The zygotes start before anything else is imported; the first runs begin before pytest is. May be called any number of times
in one process, one call at a time.
"""

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from threadmarks.catalog import Exercise
from threadmarks.errors import UsageError
from threadmarks.judge.floor import hold, require
from threadmarks.model import Evidence, Report
from threadmarks.sandbox.host import PLAIN_ENTRY, Host
from threadmarks.sandbox.ladder import Rung
from threadmarks.sandbox.saferead import Source

if TYPE_CHECKING:
    from threadmarks.judge.foundations import Foundation
    from threadmarks.judge.plugin import Progress
    from threadmarks.judge.portfolio import Seeds
    from threadmarks.judge.pytest_session import HeldChecks
    from threadmarks.judge.session import Session
    from threadmarks.judge.tokens import Token


def grade_source(  # noqa: PLR0913  # the options of grading, all of them by keyword
    exercise: Exercise,
    source: Source,
    *,
    secret: str = "",
    visible_only: bool = False,
    replay_token: str | None = None,
    progress: "Progress | None" = None,
    host: Host | None = None,
    official: bool = False,
    lowest: Rung | None = None,
    witness: bool = False,
    witness_host: Host | None = None,
    seeds: "Seeds | None" = None,
    built_upon: "tuple[Foundation, ...] | None" = None,
    most_schedules: int | None = None,
    whole: Collection[str] = (),
    smallest: bool = True,
    held: "HeldChecks | None" = None,
) -> Report:
    """The report on `source`.

    `secret` is an instructor's; it changes the inputs that scenarios draw. With a `replay_token` only the checks that look
    at its scenario are judged, on its schedule alone, each with a timeline. A `host` is used and left running; without one,
    zygotes live as long as this call. `lowest` is the weakest rung of the sandbox accepted: on a
    weaker one nothing of the submission runs, and the call ends with a SandboxError. `official` is grading for marks: it needs
    a secret, and `lowest` is then the full rung unless another is named. With `witness`, and in official grading, there are plain
    runs as well, which may contest a pass, on `witness_host` (its entry module is `PLAIN_ENTRY`) or on a host of this call's
    own. `seeds` is for proofs: another list of schedule seeds than the one that verdicts rest on.
    `most_schedules` is for measurements and authors: no exploration tries more, except those of the checks `whole`, so a pass of the
    others says less than it should; no command that grades has it.
    `smallest`: whether a failing schedule is made small for the report; without, it is told as it was found, which takes fewer runs.
    `held`: checks that stay collected from call to call; whoever has one grades in one thread, and closes it.
    `built_upon`: the files that stand for the exercises it builds on; without it, the reference solutions. Raises UsageError, AuthoringError, GraderFault, SandboxError.
    """
    if official and not secret:
        raise UsageError("Official grading needs a secret, so that nobody can know the inputs before.")
    floor = lowest or (Rung.FULL if official else None)
    with ExitStack() as stack:
        running = host or stack.enter_context(Host())
        running.start()
        if floor is not None:
            require(running, floor)
        plain = _witness_host(witness_host, stack) if (witness or official) and replay_token is None else None
        if plain is not None and floor is not None:
            require(plain, floor)
        from threadmarks.judge.portfolio import VERDICT_SEEDS
        from threadmarks.judge.session import Session

        session = Session(
            exercise,
            source,
            running,
            secret=secret,
            seeds=seeds or VERDICT_SEEDS,
            foundations=built_upon,
            most_schedules=most_schedules,
            whole=whole,
            smallest=smallest,
        )
        if plain is not None:
            session.add_witness(plain)
        try:
            only = _token(replay_token, session)
            session.load()
            if only is None:
                session.prefetch()
            from threadmarks.judge.judging import judge  # imports pytest, while the runners are at work

            report = judge(session, only, visible_only=visible_only, progress=progress, held=held)
        finally:
            session.close()
        if floor is not None:  # a zygote that was replaced meanwhile has told its rung anew
            hold(running.rung, floor)
        extra = {"rung": running.rung.value if running.rung else "", **({"official": "yes"} if official else {})}
        return replace(report, extra={**report.extra, **extra, **_unwitnessed(report)})


def _unwitnessed(report: Report) -> dict[str, str]:
    """The checks that passed on evidence from outside although a witness of theirs could not say, for the instructor.

    A file can see to that. It costs nothing by itself, for load can look the same; it must not go unseen.
    """
    names = [
        check.spec.name
        for check in report.checks
        if check.passed and check.remarks and check.spec.evidence is Evidence.OUTSIDE
    ]
    return {"unwitnessed": ", ".join(names)} if names else {}


def _witness_host(given: Host | None, stack: ExitStack) -> Host:
    """A host whose runs are plain ones, started."""
    host = given or stack.enter_context(Host(entry=PLAIN_ENTRY))
    host.start()
    return host


def _token(text: str | None, session: "Session") -> "Token | None":
    """The decoded token. Raises UsageError when it does not belong to the session's exercise."""
    if text is None:
        return None
    from threadmarks.judge import tokens

    token = tokens.parse(text)
    exercise = session.exercise.id
    if token.exercise != exercise:
        raise UsageError(f"The token is one of {token.exercise}, not of {exercise}.")
    if token.scenario not in session.scenarios:
        raise UsageError(f"{exercise} has no scenario {token.scenario!r}; this kit cannot replay the token.")
    return token
