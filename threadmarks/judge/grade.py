"""Grades one submission. The order here is what makes it quick: processes first, imports while they get ready.

The zygotes start before anything else is imported; the first runs begin before pytest is. May be called any number of times
in one process, one call at a time.
"""

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from threadmarks.catalog import Exercise
from threadmarks.errors import UsageError
from threadmarks.model import Report
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import Source

if TYPE_CHECKING:
    from threadmarks.judge.plugin import Progress
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
) -> Report:
    """The report on `source`.

    `secret` is an instructor's; it changes the inputs that scenarios draw. With a `replay_token` only the checks that look
    at its scenario are judged, on its schedule alone, each with a timeline. A `host` is used and left running; without one,
    zygotes live as long as this call. Raises UsageError, AuthoringError, GraderFault, SandboxError.
    """
    with nullcontext(host) if host else Host() as running:
        running.start()
        from threadmarks.judge.session import Session

        session = Session(exercise, source, running, secret=secret)
        try:
            only = _token(replay_token, session)
            session.load()
            if only is None:
                session.prefetch()
            from threadmarks.judge.judging import judge  # imports pytest, while the runners are at work

            report = judge(session, only, visible_only=visible_only, progress=progress)
        finally:
            session.close()
        return replace(report, extra={**report.extra, "rung": running.rung.value if running.rung else ""})


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
