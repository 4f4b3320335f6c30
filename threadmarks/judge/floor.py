"""The lowest rung of the sandbox that a grading accepts, held before any line of a submission runs.

A machine below it is no matter of the submission's: nothing is graded, and nobody loses points.
"""

import json
import secrets
import subprocess
import sys

from threadmarks import content, wire
from threadmarks.errors import SandboxError
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung

SURVEY_TIMEOUT_S = 60.0
_SURVEY = """
import json
from threadmarks.sandbox.ladder import survey
print(json.dumps([[seen.rung.value, seen.problem] for seen in survey()]))
"""


def require(host: Host, lowest: Rung) -> None:
    """Hold the host against the lowest rung accepted, by a run of nothing at all where that is not known. Raises SandboxError."""
    if not host.greeted:
        host.run(_nothing())  # a zygote tells its rung with its hello, and says hello at its first run
    hold(host.rung, lowest)


def hold(rung: Rung | None, lowest: Rung) -> None:
    """Hold what is known of a host against the lowest rung accepted. Raises SandboxError, with what is missing."""
    if rung is not None and rung.reaches(lowest):
        return
    found = rung.value if rung is not None else "unknown"
    missing = _missing(lowest)
    raise SandboxError(
        f'Submissions are held by the rung "{found}" here, and at least "{lowest.value}" is asked for.'
        f"{f' Missing: {missing}.' if missing else ''} See: grade doctor --rung {lowest.value}"
    )


def _missing(lowest: Rung) -> str:
    """Why this machine does not offer the rung, in the system's words. Asked in a process of its own, for a survey forks."""
    asked = subprocess.run(
        [sys.executable, "-P", "-c", _SURVEY],
        env={"PYTHONPATH": str(content.PACKAGE.parent)},
        capture_output=True,
        timeout=SURVEY_TIMEOUT_S,
        check=False,
    )
    if asked.returncode != 0:
        return "the survey of this machine failed, too"
    problems: dict[str, str] = dict(json.loads(asked.stdout))
    return problems[lowest.value]


def _nothing() -> wire.RunRequest:
    return wire.RunRequest(
        version=wire.WIRE_VERSION,
        nonce=secrets.token_hex(8),
        module="nothing",
        source="",
        scenario_source="",
        scenario="",
        schedules=(),
        full=False,
        input_seed=0,
        limits=wire.Limits(),
    )
