"""The zygote's first process: takes requests, has a runner forked for each, waits for its end, cleans up, reports.

It is single-threaded, never executes a student's code, and never knows where the checks lie. It ends, with everything
below it, as soon as the judge closes the control channel or dies. Runners are forked from the template, not from here:
whatever is allocated in this loop must not show in a runner's addresses. Standard library only.
"""

import contextlib
import json
import os
import select
import signal
import socket
import stat
import struct
import sys
from dataclasses import dataclass
from typing import NoReturn, Protocol

from threadmarks.sandbox import frames, kernel, ladder, reaper, template

Ending = tuple[int, float, int, int]
"""Exit code (negative: a signal), processor seconds, greatest resident size in bytes, voluntary context switches."""


class Death(Protocol):
    """How the end of a runner is noticed and read."""

    def fileno(self) -> int:
        """Becomes readable when the runner is dead."""

    def read(self) -> Ending:
        """How it ended. Call it once, when it is dead."""


class AdoptedDeath:
    """The death of a runner that this process has adopted: a pidfd, then wait4."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._pidfd = os.pidfd_open(pid)

    def fileno(self) -> int:
        return self._pidfd

    def has_come(self) -> bool:
        """Whether the runner is dead already."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(0))

    def read(self) -> Ending:
        os.close(self._pidfd)
        _, status, usage = os.wait4(self._pid, 0)
        cpu_s = usage.ru_utime + usage.ru_stime
        return os.waitstatus_to_exitcode(status), cpu_s, usage.ru_maxrss * 1024, usage.ru_nvcsw


class ReportedDeath:
    """Where nobody adopts orphans: the template waits for the runner and reports through its gate."""

    def __init__(self, gate: socket.socket) -> None:
        self._gate = gate

    def fileno(self) -> int:
        return self._gate.fileno()

    def read(self) -> Ending:
        exit_code, cpu_s, max_rss_bytes, switches = struct.unpack(
            template.REPORT, self._gate.recv(struct.calcsize(template.REPORT))
        )
        return exit_code, cpu_s, max_rss_bytes, switches


class JudgeGone(Exception):
    """The other end of the control channel is closed."""


@dataclass(frozen=True, slots=True)
class Spare:
    """A runner that has been forked ahead of its request: a fork is a third of what a run costs."""

    pid: int
    death: AdoptedDeath


class Supervisor:
    """The loop. One run at a time."""

    def __init__(self, control: socket.socket, work_folder: str, rung: ladder.Rung) -> None:
        self._control = control
        self._folder = os.path.join(work_folder, template.RUN_FOLDER)
        self._rung = rung
        self._gate, theirs = socket.socketpair()
        self._delivery, delivered = socket.socketpair()
        self._ends = theirs, delivered
        self._template = 0
        self._ordered = False  # a runner is being forked; its id will come through `_delivery`
        self._spare: Spare | None = None

    def start_template(self, package_parent: str, work_folder: str, entry: str) -> None:
        """Fork the template, wait until it is prepared, say hello to the judge."""
        self._template = os.fork()
        if self._template == 0:
            for mine in (self._gate, self._delivery, self._control):
                mine.close()
            gate, delivery = self._ends
            template.Template(gate, delivery, work_folder, self._rung).serve(package_parent, entry)
        for their in self._ends:
            their.close()
        if self._gate.recv(1) != template.READY:
            raise RuntimeError("the template ended before it was prepared")
        self._order_spare()
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        frames.send(self._control, frames.HELLO, json.dumps({"python": python, "rung": self._rung.value}).encode())

    def serve(self) -> None:
        """Serve runs until the judge is gone."""
        try:
            while True:
                kind, request, descriptors = self._from_judge(descriptors=3)
                if kind == frames.RUN:
                    self._run(request, tuple(descriptors))
                # A KILL that crossed with our DONE has nothing left to end.
        except JudgeGone:
            pass
        finally:
            self._end_everything()

    def _from_judge(self, descriptors: int = 0) -> tuple[bytes, bytes, list[int]]:
        frame = frames.receive(self._control, descriptors)
        if frame is None:
            raise JudgeGone
        return frame

    def _run(self, request: bytes, descriptors: tuple[int, ...]) -> None:
        """One run from fork to report."""
        os.mkdir(self._folder, stat.S_IRWXU)
        pid, death = self._fork_runner(request, descriptors)
        try:
            if len(descriptors) > 2:
                self._tell_start(pid)
            self._wait(pid, death)
        finally:  # also when the judge is gone
            exit_code, cpu_s, max_rss_bytes, switches = death.read()
            reaper.kill_group(pid)
            orphans = reaper.end_all_children(but=self._kept_children())
            _remove(self._folder)
        report = {
            "exit": exit_code,
            "cpu_s": cpu_s,
            "max_rss_bytes": max_rss_bytes,
            "orphans": orphans,
            "tasks": None,
            "voluntary_switches": switches,
        }
        frames.send(self._control, frames.DONE, json.dumps(report).encode())

    def _tell_start(self, pid: int) -> None:
        """Let the judge look at the run that begins."""
        pidfd = os.pidfd_open(pid)
        frames.send(self._control, frames.STARTED, descriptors=(pidfd,))
        os.close(pidfd)

    def _fork_runner(self, request: bytes, descriptors: tuple[int, ...]) -> tuple[int, Death]:
        """Hand the request to a fresh runner, and make sure that it was taken whole."""
        pid, death = self._runner()
        frames.send(self._delivery, frames.RUN, request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        if self._delivery.recv(1) != template.READY:
            raise RuntimeError("a runner was lost before its request")
        self._order_spare()
        return pid, death

    def _runner(self) -> tuple[int, Death]:
        """The spare, if it lives, or a runner forked now."""
        if not kernel.LINUX:
            self._gate.send(template.GO)
            return self._forked(), ReportedDeath(self._gate)
        while True:
            spare = self._awaited_spare()
            self._spare = None
            if not spare.death.has_come():
                return spare.pid, spare.death
            spare.death.read()  # something killed it while it waited
            self._order_spare()

    def _order_spare(self) -> None:
        """Have the next runner forked while this process and the runs do other things."""
        if kernel.LINUX:
            self._gate.send(template.GO)
            self._ordered = True

    def _awaited_spare(self) -> Spare:
        """The runner that was ordered, when it is there."""
        if self._spare is None:
            if not self._ordered:
                self._order_spare()
            pid = self._forked()
            self._ordered = False
            self._spare = Spare(pid, AdoptedDeath(pid))
        return self._spare

    def _forked(self) -> int:
        pid = int.from_bytes(self._delivery.recv(template.PID_BYTES), "big")
        if pid == 0:
            raise RuntimeError("the template was lost")
        return pid

    def _kept_children(self) -> frozenset[int]:
        """The children that outlive a run: the template, and the next runner (whose id is waited for)."""
        if not kernel.LINUX:
            return frozenset({self._template})
        return frozenset({self._template, self._awaited_spare().pid})

    def _wait(self, pid: int, death: Death) -> None:
        """Wait until the runner is dead (not reaped: its id stays its own), killing it when the judge says so.

        Raises JudgeGone, with the runner dead, when the judge went away.
        """
        poll = select.poll()
        poll.register(death.fileno(), select.POLLIN)
        poll.register(self._control, select.POLLIN)
        gone = False
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._control.fileno() in ready:
                reaper.kill(pid)
                try:
                    self._from_judge()
                except (JudgeGone, OSError, EOFError):
                    gone = True
                    poll.unregister(self._control)
            if death.fileno() in ready:
                if gone:
                    raise JudgeGone
                return

    def _end_everything(self) -> None:
        if self._template:
            reaper.kill(self._template)
        reaper.end_all_children()


def _remove(folder: str) -> None:
    """Remove a run's folder, whatever lies in it: closed folders, links (never followed), trees of any depth.

    Folders found inside are first moved up into a folder that only this process writes to, so no path gets long.
    """
    with contextlib.suppress(OSError):  # most runs leave it empty; otherwise it is still there
        os.rmdir(folder)
        return
    pit = f"{folder}-remains"
    os.mkdir(pit, stat.S_IRWXU)
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


def serve(descriptor: int, package_parent: str, work_folder: str, entry: str) -> NoReturn:
    """Be a zygote until the judge is gone."""
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernel.adopt_orphans()
    supervisor = Supervisor(control, work_folder, ladder.probe()[0])
    try:
        supervisor.start_template(package_parent, work_folder, entry)
        supervisor.serve()
    finally:
        with contextlib.suppress(FileNotFoundError):  # the judge removes it too, when it lives
            _remove(os.path.dirname(work_folder))
    os._exit(0)  # nothing here needs an orderly end, and the judge waits for it
