"""Tries a rung by performing all of its steps in throw-away children, and looks whether it holds.

Unix only, standard library only: a zygote asks before it settles for a rung.
"""

import importlib
import os
import shutil
import socket
import traceback
from collections.abc import Callable, Mapping

from threadmarks.sandbox.confinement import Confinement, confinement
from threadmarks.sandbox.ladder import Rung

LIMITS: Mapping[str, float] = {
    "cpu_s": 5,
    "file_bytes": 1 << 20,
    "open_files": 64,
    "processes": 4096,
    "memory_bytes": 2 << 30,
}
_ANSWER_BYTES = 4000


def problem_of(rung: Rung, place: str) -> str:
    """The step that fails here and the system's words; "" when the rung works. Forks; call it single-threaded.

    `place` is a folder of this process's own, which others may pass through; another one is made in it for as long as this
    takes.
    """
    folder = os.path.join(place, "probe")
    os.mkdir(folder)
    try:
        return _in_child(lambda: _zygote(rung, folder))
    finally:
        shutil.rmtree(folder)


def _in_child(act: Callable[[], str]) -> str:
    """What `act` returned in a forked process, or why it did not return."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = act()
        except BaseException as error:  # whatever it is, it is the answer
            answer = _in_words(error)
        try:
            os.write(writable, b"." + answer.encode(errors="replace")[: _ANSWER_BYTES - 1])
        finally:
            os._exit(0)
    os.close(writable)
    try:
        said = os.read(readable, _ANSWER_BYTES)
    finally:
        os.close(readable)
        _, status = os.waitpid(child, 0)
    return said[1:].decode(errors="replace") if said else f"the probe ended with status {status}"


def _in_words(error: BaseException) -> str:
    """The step that failed, and what the system said."""
    if not isinstance(error, OSError):
        return repr(error)
    step = error.filename or traceback.extract_tb(error.__traceback__)[-1].name.replace("_", " ")
    return f"{step}: {error.strerror}"


def _zygote(rung: Rung, folder: str) -> str:
    steps = confinement(rung, folder)
    if rung is not Rung.FULL:
        os.chown(folder, steps.outer_id, -1)
    inside = steps.enter()
    return _in_child(lambda: _template(steps, folder)) if inside else _template(steps, folder)


def _template(steps: Confinement, folder: str) -> str:
    steps.shut(folder, ())
    steps.before_runner()
    return _in_child(lambda: _runner(steps, folder))


def _runner(steps: Confinement, folder: str) -> str:
    """Settle, and try what must not work, and what must."""
    steps.ahead()
    own = steps.settle(folder)
    steps.close(own, LIMITS, network=False)
    with open("probe", "w") as file:
        file.write("it may write to its own folder")
    importlib.import_module("colorsys")  # a module of the standard library that nothing has loaded before
    if steps.rung is Rung.RLIMITS:
        return ""
    for what, forbidden in (("fork", _fork), ("a socket", socket.socket), ("the user file", _read_users)):
        try:
            forbidden()
        except OSError:
            continue
        return f"{what}: not refused"
    return "process ids: not of its own" if steps.own_world and os.getpid() != 1 else ""


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _read_users() -> None:
    with open("/etc/passwd"):
        pass
