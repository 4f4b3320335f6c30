"""The zygote's second process: the engine, loaded and ready, of which every runner is a copy.

Its loop reads a byte and forks, and allocates nothing that it does not free again in the same order. So every runner
starts from the same heap, and objects get the same addresses in every run: the order of a set of threads, say, is the same
each time. A runner is the supervisor's child, though forked here. Linux only, standard library only.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import sys
from typing import NoReturn

from threadmarks.sandbox import frames, kernel
from threadmarks.sandbox.confine import libc
from threadmarks.sandbox.confinement import Confinement
from threadmarks.sandbox.engine import Engine, load

RUN_FOLDER = "run"
READY = b"r"
GO = b"g"
PID_BYTES = 4

WIRE_FD = 3
LINE_FD = 4
"""The witness's line to the judge, in a run that has one."""

PLAIN_DESCRIPTORS = 2
"""How many descriptors come with a request that has no such line."""

MOST_DESCRIPTORS = 1 << 10
"""No run has so many: `wire.Limits.open_files` is less."""

_exit = os._exit  # the engine puts its own in the place of os._exit


class Template:
    """Forked by the supervisor while that is still small."""

    def __init__(self, gate: socket.socket, delivery: socket.socket, work_folder: str, steps: Confinement) -> None:
        self._gate = gate
        self._delivery = delivery
        self._work_folder = work_folder
        self._folder = os.path.join(work_folder, RUN_FOLDER)
        self._steps = steps
        self._supervisor = os.getppid()

    def serve(self, package_parent: str, entry: str) -> NoReturn:
        """Load the engine, tell how many process ids forking a runner takes, then fork runners until the supervisor is gone."""
        kernel.die_with_parent(self._supervisor)
        engine = load(package_parent, entry)
        engine.prepare()
        sys.dont_write_bytecode = True
        self._steps.shut(self._work_folder, [package_parent])
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the parents that end at once
        gc.collect()
        gc.freeze()
        self._gate.send(bytes([1 if libc.CAN_FORK_SIBLINGS else 2]))
        self._fork_runners()
        self._become_runner(engine)

    def _fork_runners(self) -> None:
        """Return in a new process for each byte that is read from the gate, and tell the supervisor its id (0: it failed).

        Allocations in this loop are strictly nested; see the module's docstring before touching it.
        """
        gate = self._gate.fileno()
        fork = self._fork_sibling if libc.CAN_FORK_SIBLINGS else self._fork_twice
        while os.read(gate, 1):
            if fork():
                return
        _exit(0)

    def _fork_sibling(self) -> bool:
        """True in the runner. It is the supervisor's child from the start."""
        pid = 0
        try:
            pid = libc.fork_sibling(self._steps.new_namespaces)
        except OSError as problem:
            self._tell_failure(problem)
        else:
            if pid == 0:
                libc.ready_for_python()
                return True
        self._delivery.send(pid.to_bytes(PID_BYTES, "big"))
        return False

    def _fork_twice(self) -> bool:
        """True in the runner. Its parent ends at once, and the supervisor adopts it."""
        if libc.fork():
            return False
        pid = 0
        try:
            self._steps.before_runner()
            pid = os.fork()
        except OSError as problem:
            self._tell_failure(problem)
        else:
            if pid == 0:
                return True
        self._delivery.send(pid.to_bytes(PID_BYTES, "big"))
        return _exit(0)

    def _tell_failure(self, problem: OSError) -> None:
        os.write(2, f"no runner: {problem}\n".encode())

    def _become_runner(self, engine: Engine) -> NoReturn:
        """In a runner: take the request, take off everything that is not the run's, hand over. Never returns."""
        try:
            os.setsid()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._steps.ahead()
            frame = frames.receive(self._delivery, descriptors=PLAIN_DESCRIPTORS + 1)
            if frame is None:
                _exit(frames.ENGINE_FAILED)
            _, request, descriptors = frame
            decoded = json.loads(request)
            if engine.one_at_a_time:
                _let_wakers_go_on()
                if len(decoded["schedules"]) > 1:
                    _stay_on_this_core()
            folder = self._steps.settle(self._folder)
            if not self._steps.own_world:
                kernel.wait_for_parent(self._supervisor)
                kernel.die_with_parent(self._supervisor)
            os.environ.update(TMPDIR=folder, HOME=folder)
            listener = self._steps.close(folder, decoded["limits"], network=decoded["network"])
            socket.send_fds(self._delivery, [READY], [listener] if listener else [])
            _rearrange_descriptors(*descriptors)
            _make_room_for_descriptors(int(decoded["limits"]["open_files"]))
            engine.serve_run(decoded, WIRE_FD)
        except BaseException:  # whatever it is, the judge must be told, and this process must end
            import traceback

            os.write(2, traceback.format_exc().encode(errors="replace"))
        finally:
            _exit(frames.ENGINE_FAILED)


def _let_wakers_go_on() -> None:
    """A thread that is woken waits until its waker sleeps, as a thread of a batch job: it could do nothing before, for the
    waker has the interpreter's lock.

    Only a matter of speed: what the system refuses is left as it was.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _stay_on_this_core() -> None:
    """Where the kernel has put this run, for as long as it takes: it is one of many, and the next may go elsewhere.

    Only a matter of speed: what the system refuses is left as it was.
    """
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {libc.current_core()})


def _rearrange_descriptors(wire: int, stray: int, line: int | None = None) -> None:
    """Leave open: 0 (nothing to read), 1 and 2 (stray output), `WIRE_FD`, `LINE_FD` if there is a line. Nothing else."""
    null = os.open(os.devnull, os.O_RDONLY)
    wire, stray = (_above(descriptor) for descriptor in (wire, stray))
    line = None if line is None else _above(line)
    os.dup2(null, 0)
    os.dup2(stray, 1)
    os.dup2(stray, 2)
    os.dup2(wire, WIRE_FD, inheritable=False)
    if line is not None:
        os.dup2(line, LINE_FD, inheritable=False)
    os.closerange(WIRE_FD + 1 if line is None else LINE_FD + 1, MOST_DESCRIPTORS)


def _make_room_for_descriptors(most: int) -> None:
    """Let the kernel's table of them have its full size while this process has one thread.

    Where there are more, the kernel lets all processors pass by before it takes the larger table (an RCU grace period in
    fs/file.c, milliseconds each time that the table doubles); schedules that leave sockets open come to that.
    """
    last = min(most, MOST_DESCRIPTORS) - 1
    if last > LINE_FD:
        with contextlib.suppress(OSError):
            os.close(os.dup2(0, last))


def _above(descriptor: int) -> int:
    """The same file under a number that the rearrangement does not overwrite."""
    while descriptor <= LINE_FD:
        descriptor = os.dup(descriptor)
    return descriptor
