"""The zygote's first process: takes requests, has a runner forked for each, waits for its end, cleans up, reports.

It is single-threaded, never executes a student's code, and never knows where the checks lie. It ends, with everything
below it, as soon as the judge closes the control channel or dies. Runners are forked from the template, not from here:
whatever is allocated in this loop must not show in a runner's addresses. Linux only, standard library only.
"""

import contextlib
import json
import os
import select
import signal
import socket
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from threadmarks.sandbox import frames, kernel, ladder, probe, reaper, template
from threadmarks.sandbox.confinement import Confinement, confinement
from threadmarks.sandbox.counting import PidCursor, ThreadGate
from threadmarks.sandbox.folders import remove


class JudgeGone(Exception):
    """The other end of the control channel is closed."""


class Runner:
    """A runner, forked ahead of its request: a fork and its confinement are half of what a run costs.

    A child of this process, though another one forked it.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)
        while not self._adopted():
            os.sched_yield()  # a process in between, if there is one, is ending; it needs no more than a turn

    def _adopted(self) -> bool:
        try:
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return True

    def fileno(self) -> int:
        """Readable when the runner is dead."""
        return self._pidfd

    def is_dead(self) -> bool:
        """Whether it has died already."""
        return bool(_readable(self._pidfd, milliseconds=0))

    def end(self) -> dict[str, Any]:
        """How it ended, when it is dead. Call it once."""
        os.close(self._pidfd)
        _, status, usage = os.wait4(self.pid, 0)
        return {
            "exit": os.waitstatus_to_exitcode(status),
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "max_rss_bytes": usage.ru_maxrss * 1024,
            "voluntary_switches": usage.ru_nvcsw,
        }


@dataclass(slots=True)
class Run:
    """A run that goes on."""

    runner: Runner
    gate: ThreadGate | None
    first_id: int  # the cursor when it began


class Supervisor:
    """The loop. One run at a time."""

    def __init__(self, control: socket.socket, work_folder: str, steps: Confinement) -> None:
        self._control = control
        self._work_folder = work_folder
        self._folder = os.path.join(work_folder, template.RUN_FOLDER)
        self._steps = steps
        self._cursor = PidCursor() if steps.own_world else None
        self._gate, theirs = socket.socketpair()
        self._delivery, delivered = socket.socketpair()
        self._ends = theirs, delivered
        self._template = 0
        self._spare: Runner | None = None
        self._ids_of_a_spare = 0
        """How many process ids forking the next runner takes during a run."""
        self._ordered = False  # a runner is being forked; its id will come through `_delivery`

    def start_template(self, package_parent: str, entry: str) -> None:
        """Fork the template, wait until it is prepared, say hello to the judge."""
        self._template = os.fork()
        if self._template == 0:
            for mine in (self._gate, self._delivery, self._control):
                mine.close()
            template.Template(*self._ends, self._work_folder, self._steps).serve(package_parent, entry)
        for their in self._ends:
            their.close()
        told = self._gate.recv(1)
        if not told:
            raise RuntimeError("the template ended before it was prepared")
        self._ids_of_a_spare = told[0]
        self._order_spare()
        frames.send(self._control, frames.HELLO, _hello(self._steps.rung))

    def serve(self) -> None:
        """Serve runs until the judge is gone."""
        try:
            while True:
                kind, request, descriptors = self._from_judge(descriptors=3)
                if kind == frames.RUN:
                    self._run(request, descriptors)
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

    def _run(self, request: bytes, descriptors: Sequence[int]) -> None:
        """One run from its request to its report."""
        if not self._steps.own_world:
            os.mkdir(self._folder, stat.S_IRWXU)
            os.chown(self._folder, self._steps.outer_id, -1)
        run = self._begin(request, descriptors)
        try:
            self._announce(run)
            self._wait(run)
        except BaseException:
            reaper.kill(run.runner.pid)  # not reaped yet, so the id is its own
            raise
        finally:  # also when the judge is gone
            report = run.runner.end()
            report["orphans"] = self._clean_up(run)
        report["tasks"] = self._tasks(run)
        report["worn"] = self._cursor is not None and self._cursor.worn
        frames.send(self._control, frames.DONE, json.dumps(report).encode())

    def _announce(self, run: Run) -> None:
        """Tell the judge which process runs. Raises JudgeGone."""
        try:
            frames.send(self._control, frames.STARTED, descriptors=(run.runner.fileno(),))
        except OSError:
            raise JudgeGone from None

    def _begin(self, request: bytes, descriptors: Sequence[int]) -> Run:
        """Hand the request to a fresh runner, and make sure that it was taken whole."""
        runner = self._fresh_runner()
        first_id = self._cursor.read() if self._cursor else 0
        frames.send(self._delivery, frames.RUN, request, tuple(descriptors))
        for descriptor in descriptors:
            os.close(descriptor)
        taken = b""
        listeners: list[int] = []
        if self._delivery.fileno() in _readable(self._delivery.fileno(), runner.fileno()):
            taken, listeners, _, _ = socket.recv_fds(self._delivery, 1, 1)
        if taken != template.READY:
            raise RuntimeError("a runner was lost before its request")
        self._order_spare()
        return Run(runner, ThreadGate(listeners[0]) if listeners else None, first_id)

    def _fresh_runner(self) -> Runner:
        """The spare, if it lives, or another one."""
        while True:
            spare = self._awaited_spare()
            self._spare = None
            if not spare.is_dead():
                return spare
            spare.end()  # something killed it while it waited

    def _order_spare(self) -> None:
        """Have the next runner forked while this process and the runs do other things."""
        self._gate.send(template.GO)
        self._ordered = True

    def _awaited_spare(self) -> Runner:
        """The runner that was ordered, when it is there."""
        if self._spare is None:
            if not self._ordered:
                self._order_spare()
            pid = int.from_bytes(self._delivery.recv(template.PID_BYTES), "big")
            if pid == 0:
                raise RuntimeError("the template was lost, or could fork no runner")
            self._ordered = False
            self._spare = Runner(pid)
        return self._spare

    def _wait(self, run: Run) -> None:
        """Wait until the runner is dead (not reaped: its id stays its own), killing it when the judge says so.

        Raises JudgeGone, with the runner dead, when the judge went away.
        """
        poll = select.poll()
        poll.register(run.runner, select.POLLIN)
        poll.register(self._control, select.POLLIN)
        if run.gate:
            poll.register(run.gate, select.POLLIN)
        gone = False
        while True:
            ready = dict(poll.poll())
            if run.gate and run.gate.fileno() in ready:
                if ready[run.gate.fileno()] & select.POLLIN:
                    run.gate.let_pass()
                else:
                    poll.unregister(run.gate)  # nobody is left behind the filter
            if self._control.fileno() in ready:
                reaper.kill(run.runner.pid)
                try:
                    self._from_judge()
                except (JudgeGone, OSError, EOFError):
                    gone = True
                    poll.unregister(self._control)
            if run.runner.fileno() in ready:
                if gone:
                    raise JudgeGone
                return

    def _clean_up(self, run: Run) -> int:
        """Whatever the dead runner left behind goes away. How many processes that were."""
        if run.gate:
            run.gate.close()
        if self._steps.own_world:
            return 0  # its namespaces ended with it
        reaper.kill_group(run.runner.pid)
        orphans = reaper.end_all_children(but={self._template, self._awaited_spare().pid})
        remove(self._folder)
        return orphans

    def _tasks(self, run: Run) -> int | None:
        """How many threads and processes the run created; None where that cannot be counted."""
        if self._cursor:
            self._awaited_spare()  # its ids must all have been given out
            return self._cursor.read() - run.first_id - self._ids_of_a_spare
        return run.gate.passed if run.gate else None

    def _end_everything(self) -> None:
        if self._steps.own_world:
            return  # this is process 1: the kernel ends everything when it ends
        if self._template:
            reaper.kill(self._template)
        reaper.end_all_children()


def _readable(*descriptors: int, milliseconds: int | None = None) -> set[int]:
    """Those of the descriptors that can be read from; waits for one, or for so long."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poll.poll(milliseconds)}


def _hello(rung: ladder.Rung) -> bytes:
    return json.dumps({"python": f"{sys.version_info[0]}.{sys.version_info[1]}", "rung": rung.value}).encode()


def _rung(asked: str, work_folder: str) -> ladder.Rung:
    """The rung asked for, or the best. Raises OSError when the machine does not offer it."""
    if not asked:
        return ladder.best(work_folder)
    rung = ladder.Rung(asked)
    problem = probe.problem_of(rung, work_folder)
    if problem:
        raise OSError(0, problem, f"the rung {rung.value!r} is not offered here")
    return rung


def serve(descriptor: int, package_parent: str, work_folder: str, entry: str, asked: str) -> NoReturn:
    """Be a zygote until the judge is gone."""
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for folder in (os.path.dirname(work_folder), work_folder):
        os.chmod(folder, stat.S_IRWXU | stat.S_IXGRP | stat.S_IXOTH)  # noqa: S103  # to pass through, not to read
    try:
        rung = _rung(asked, work_folder)
        if rung is ladder.Rung.PLAIN:  # the judge holds such runs without a zygote
            frames.send(control, frames.HELLO, _hello(rung))
            os._exit(0)
        steps = confinement(rung, work_folder)
        inside = steps.enter()
    except OSError as problem:
        frames.send(control, frames.REFUSED, f"{problem.filename}: {problem.strerror}".encode())
        os._exit(0)
    if inside:
        _continue_in_child(control)
    else:
        kernel.adopt_orphans()
    try:
        supervisor = Supervisor(control, work_folder, steps)
        supervisor.start_template(package_parent, entry)
        supervisor.serve()
    finally:
        with contextlib.suppress(FileNotFoundError):  # the judge removes it too, when it lives
            remove(os.path.dirname(work_folder))
    os._exit(0)  # nothing here needs an orderly end, and the judge waits for it


def _continue_in_child(control: socket.socket) -> None:
    """Return in a child, which is process 1 of the new namespace; this process only waits for it, and ends as it ended."""
    child = os.fork()
    if child == 0:
        kernel.end_with_parent()
        return
    control.close()
    _, status = os.waitpid(child, 0)
    os._exit(0 if status == 0 else 1)
