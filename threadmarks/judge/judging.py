"""An exercise's checks on a submission, and the report that comes of it.

Imports pytest: `grade.py` imports this late.
"""

from threadmarks.catalog import read_content
from threadmarks.errors import UsageError
from threadmarks.judge import tokens
from threadmarks.judge.failure import located
from threadmarks.judge.foundations import foundation_findings, told
from threadmarks.judge.loading import file_failure, policy_findings, unchanged_stub
from threadmarks.judge.plugin import Asked, Progress
from threadmarks.judge.pytest_session import HeldChecks, judged_once
from threadmarks.judge.scoring import make_report
from threadmarks.judge.session import PYTHON, Session
from threadmarks.model import Finding, Report


def judge(
    session: Session,
    only: tokens.Token | None,
    *,
    visible_only: bool = False,
    progress: Progress | None = None,
    held: HeldChecks | None = None,
) -> Report:
    """The report on a session's submission; with `only`, on that one run. Raises UsageError, GraderFault, SandboxError.

    `held`: checks that stay collected, for whoever grades many.
    """
    asked = Asked(
        session=session,
        visible_only=visible_only,
        only=only,
        unloadable=file_failure(session.load().result()),
        progress=progress,
    )
    checks = held.judged(asked) if held is not None else judged_once(asked)
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
