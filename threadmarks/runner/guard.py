"""Friendly refusals: starting programs and processes is not part of any exercise.

An audit hook can be neutralised by code that means to; it is no boundary (the sandbox is), only a clear message for an
honest accident.
"""

import sys
from typing import Any

from threadmarks.runner import file_calls

_REFUSED = {
    "os.fork": "start processes",
    "os.forkpty": "start processes",
    "os.posix_spawn": "start programs",
    "os.exec": "start programs",
    "os.spawn": "start programs",
    "os.system": "start programs",
    "subprocess.Popen": "start programs",
    "os.kill": "send signals",
    "os.killpg": "send signals",
}


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if event == "open":
        file_calls.opened()
        return
    what = _REFUSED.get(event)
    if what is not None:
        raise PermissionError(f"an exercise may not {what} ({event})")


def install() -> None:
    """From now on, and for the rest of the process."""
    sys.addaudithook(_refuse)
