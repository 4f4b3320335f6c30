"""The zygote: a small, single-threaded process that forks one runner for each run and cleans up after it.

Started by `host.py` as a program of its own (by exec, so that no lock of the judge is inherited), with a scrubbed
environment and nothing but the standard library on its path. Everything a run needs is imported here once, which makes
a run cost a fork instead of an interpreter start. The zygote never executes a student's code, and never knows where
the checks lie. It ends, with everything below it, as soon as the judge closes the control channel or dies.

Usage: python -S -s -P zygote.py CONTROL_FD PACKAGE_PARENT WORK_FOLDER ENTRY_MODULE
"""

import gc
import importlib
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import stat
import sys
import traceback
from types import FrameType, ModuleType
from typing import NoReturn

WIRE_FD = 3
SETUP_FAILED = 97
_exit = os._exit  # the engine puts its own in the place of os._exit
_RESTARTED = "THREADMARKS_RESTARTED"


def _load(package_parent: str, name: str) -> ModuleType:
    """Import a module of the kit; the path that it came from is not left behind."""
    sys.path.insert(0, package_parent)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(package_parent)


def _load_package_of(entry: str) -> None:
    """Import the whole engine: what it imports late could not be found any more once the kit is hidden."""
    package = sys.modules[entry.rpartition(".")[0]]
    if package.__name__.partition(".")[0] == "threadmarks":
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(found.name)


def _hide_the_kit() -> None:
    """Keep what is imported importable, and nothing else of the kit: a submission must not import the judge."""
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] == "threadmarks" and hasattr(module, "__path__"):
            module.__path__ = []


class Zygote:
    """The loop: receive a request, fork a runner, wait for its end or for the judge's word, clean up, report."""

    def __init__(self, control: socket.socket, package_parent: str, work_folder: str, entry: str) -> None:
        self._control = control
        self._work_folder = work_folder
        self._frames = _load(package_parent, "threadmarks.sandbox.frames")
        self._kernel = _load(package_parent, "threadmarks.sandbox.kernel")
        self._limits = _load(package_parent, "threadmarks.sandbox.limits")
        self._ladder = _load(package_parent, "threadmarks.sandbox.ladder")
        self._reaper = _load(package_parent, "threadmarks.sandbox.reaper")
        _load(package_parent, "threadmarks.prelude")
        self._entry = _load(package_parent, entry)
        _load_package_of(entry)
        self._runs = 0

    def prepare(self) -> None:
        """Everything that is done once, before the first fork."""
        self._kernel.adopt_orphans()
        self._rung = self._ladder.probe()[0]
        self._entry.prepare()
        _hide_the_kit()
        sys.dont_write_bytecode = True
        gc.collect()
        gc.freeze()
        self._wake = _death_signal()
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        hello = {"python": python, "pid": os.getpid(), "rung": self._rung.value}
        self._frames.send(self._control, self._frames.HELLO, json.dumps(hello).encode())

    def serve(self) -> None:
        """Serve runs until the judge is gone."""
        while True:
            frame = self._frames.receive(self._control, descriptors=2)
            if frame is None:
                return
            kind, payload, descriptors = frame
            if kind == self._frames.RUN and not self._run(payload, descriptors):
                return
            # A KILL that crossed with our DONE has nothing left to end.

    def _run(self, request: bytes, descriptors: list[int]) -> bool:
        """One run from fork to report. False when the judge is gone."""
        self._runs += 1
        folder = os.path.join(self._work_folder, f"run-{self._runs}")
        os.mkdir(folder, 0o700)
        own = os.getpid()
        child = os.fork()
        if child == 0:
            self._become_runner(request, descriptors, folder, own)
        for descriptor in descriptors:
            os.close(descriptor)
        judge_lives = self._wait(child)
        _, status, usage = os.wait4(child, 0)
        self._reaper.kill_group(child)
        orphans = self._reaper.end_all_children()
        _remove(folder)
        if judge_lives:
            report = {
                "exit": os.waitstatus_to_exitcode(status),
                "cpu_s": usage.ru_utime + usage.ru_stime,
                "max_rss_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
                "orphans": orphans,
            }
            self._frames.send(self._control, self._frames.DONE, json.dumps(report).encode())
        return judge_lives

    def _wait(self, child: int) -> bool:
        """Wait until the child is dead; it is not reaped yet, so its id stays its own. False when the judge is gone."""
        death = os.pidfd_open(child) if hasattr(os, "pidfd_open") else self._wake
        judge_lives = True
        poll = select.poll()
        poll.register(death, select.POLLIN)
        poll.register(self._control, select.POLLIN)
        try:
            while True:
                ready = [descriptor for descriptor, _ in poll.poll()]
                if self._control.fileno() in ready:
                    frame = self._frames.receive(self._control)
                    self._reaper.kill(child)
                    if frame is None:
                        judge_lives = False
                        poll.unregister(self._control)
                if death in ready:
                    if death != self._wake:
                        return judge_lives
                    os.read(death, 512)
                    if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                        return judge_lives
        finally:
            if death != self._wake:
                os.close(death)

    def _become_runner(self, request: bytes, descriptors: list[int], folder: str, zygote: int) -> NoReturn:
        """In the child: take off everything that the zygote has, then hand over to the engine. Never returns."""
        try:
            os.setsid()
            self._kernel.die_with_parent(zygote)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _rearrange_descriptors(*descriptors)
            os.chdir(folder)
            os.environ.update(TMPDIR=folder, HOME=folder)
            decoded = json.loads(request)
            if self._rung is self._ladder.Rung.RLIMITS:
                self._limits.apply(decoded["limits"], memory=self._ladder.memory_can_be_limited())
            self._entry.serve_run(decoded, WIRE_FD)
        except BaseException:  # whatever it is, the judge must be told, and this process must end
            os.write(2, traceback.format_exc().encode(errors="replace"))
        finally:
            _exit(SETUP_FAILED)


def _rearrange_descriptors(wire: int, stray: int) -> None:
    """Leave open: 0 (nothing to read), 1 and 2 (stray output), `WIRE_FD`. Nothing else."""
    null = os.open(os.devnull, os.O_RDONLY)
    wire, stray = (_above(descriptor) for descriptor in (wire, stray))
    os.dup2(null, 0)
    os.dup2(stray, 1)
    os.dup2(stray, 2)
    os.dup2(wire, WIRE_FD, inheritable=False)
    os.closerange(WIRE_FD + 1, 1 << 10)


def _above(descriptor: int) -> int:
    """The same file under a number that the rearrangement does not overwrite."""
    while descriptor <= WIRE_FD:
        descriptor = os.dup(descriptor)
    return descriptor


def _death_signal() -> int:
    """Without pidfd: a descriptor that becomes readable when a child dies. With it: -1."""
    if hasattr(os, "pidfd_open"):
        return -1
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _nothing)
    return readable


def _nothing(_signal: int, _frame: FrameType | None) -> None:
    """A handler must exist for the wake-up descriptor to be written."""


def _remove(folder: str) -> None:
    """Remove a run's folder, whatever lies in it: closed folders, links (never followed), trees of any depth.

    Folders found inside are first moved up into a folder that only the zygote writes to, so no path gets long.
    """
    pit = f"{folder}-remains"
    os.mkdir(pit, 0o700)
    os.rename(folder, os.path.join(pit, "0"))
    moved = 0
    while names := os.listdir(pit):
        for name in names:
            top = os.path.join(pit, name)
            os.chmod(top, stat.S_IRWXU)
            with os.scandir(top) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        moved += 1
                        os.chmod(entry.path, stat.S_IRWXU)
                        os.rename(entry.path, os.path.join(pit, str(moved)))
                    else:
                        os.unlink(entry.path)
            os.rmdir(top)
    os.rmdir(pit)


def main() -> None:
    """Serve the control channel given as the first argument until it closes."""
    descriptor, package_parent, work_folder, entry = sys.argv[1:]
    kernel = _load(package_parent, "threadmarks.sandbox.kernel")
    if os.environ.pop(_RESTARTED, "") == "" and kernel.fix_addresses():
        os.environ[_RESTARTED] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    control = socket.socket(fileno=int(descriptor))
    control.set_inheritable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    zygote = Zygote(control, package_parent, work_folder, entry)
    try:
        zygote.prepare()
        zygote.serve()
    finally:
        # The judge removes it too, when it lives; whoever comes second finds nothing.
        shutil.rmtree(os.path.dirname(work_folder), ignore_errors=True)
    _exit(0)  # nothing here needs an orderly end, and the judge waits for it


if __name__ == "__main__":
    main()
