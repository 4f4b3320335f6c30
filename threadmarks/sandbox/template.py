"""The zygote's second process: the engine, loaded and ready, of which every runner is a copy.

Its loop reads a byte and forks, and allocates nothing that it does not free again in the same order. So every runner
starts from the same heap, and objects get the same addresses in every run: the order of a set of threads, say, is the same
each time. Each runner is forked twice over: its parent ends at once and the supervisor adopts it. Standard library only.
"""

import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
from typing import NoReturn

from threadmarks.sandbox import frames, kernel, ladder, limits

RUN_FOLDER = "run"
READY = b"r"
GO = b"g"
PID_BYTES = 4
REPORT = "!idqq"
"""Without adoption: exit code, processor seconds, greatest resident size in bytes, voluntary context switches."""

WIRE_FD = 3
LINE_FD = 4
"""The witness's line to the judge, in a run that has one."""
_exit = os._exit  # the engine puts its own in the place of os._exit


class Template:
    """Forked by the supervisor while that is still small."""

    def __init__(self, gate: socket.socket, delivery: socket.socket, work_folder: str, rung: ladder.Rung) -> None:
        self._gate = gate
        self._delivery = delivery
        self._folder = os.path.join(work_folder, RUN_FOLDER)
        self._rung = rung
        self._supervisor = os.getppid()

    def serve(self, package_parent: str, entry: str) -> NoReturn:
        """Load the engine, then fork runners until the supervisor is gone."""
        kernel.die_with_parent(self._supervisor)
        engine = _load_engine(package_parent, entry)
        engine.prepare()
        sys.dont_write_bytecode = True
        if kernel.LINUX:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the parents that end at once
        gc.collect()
        gc.freeze()
        self._gate.send(READY)
        fork_loop = _fork_twice if kernel.LINUX else _fork_and_report
        fork_loop(self._gate.fileno())
        self._become_runner(engine)

    def _become_runner(self, engine: "Engine") -> NoReturn:
        """In a runner: take the request, take off everything that is not the run's, hand over. Never returns."""
        try:
            os.setsid()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if kernel.LINUX:
                kernel.wait_for_parent(self._supervisor)
                kernel.die_with_parent(self._supervisor)
            self._delivery.send(os.getpid().to_bytes(PID_BYTES, "big"))
            frame = frames.receive(self._delivery, descriptors=3)
            if frame is None:
                _exit(frames.ENGINE_FAILED)
            _, request, descriptors = frame
            self._delivery.send(READY)
            _rearrange_descriptors(*descriptors)
            os.chdir(self._folder)
            os.environ.update(TMPDIR=self._folder, HOME=self._folder)
            decoded = json.loads(request)
            if self._rung is ladder.Rung.RLIMITS:
                limits.apply(decoded["limits"], memory=ladder.memory_can_be_limited())
            engine.serve_run(decoded, WIRE_FD)
        except BaseException:  # whatever it is, the judge must be told, and this process must end
            import traceback

            os.write(2, traceback.format_exc().encode(errors="replace"))
        finally:
            _exit(frames.ENGINE_FAILED)


class Engine:
    """What an entry module offers: `threadmarks.runner.entry`, or a stand-in."""

    def __init__(self, name: str) -> None:
        module = importlib.import_module(name)
        self.prepare = module.prepare
        self.serve_run = module.serve_run


def _load_engine(package_parent: str, entry: str) -> Engine:
    """Import the whole engine, then hide the kit: a submission must not find the judge."""
    engine = Engine(entry)
    importlib.import_module("threadmarks.prelude")
    package = sys.modules[entry.rpartition(".")[0]]
    if package.__name__.partition(".")[0] == "threadmarks":  # what it imports late could not be found any more
        _load_all(package.__name__, package.__path__[0])
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] == "threadmarks" and hasattr(module, "__path__"):
            module.__path__ = []
    sys.path.remove(package_parent)
    sys.argv[:] = [""]
    sys.orig_argv[:] = [sys.executable]
    return engine


def _load_all(package: str, folder: str) -> None:
    """Import every module of a package and of the packages in it."""
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(os.path.join(path, "__init__.py")):
            importlib.import_module(f"{package}.{name}")
            _load_all(f"{package}.{name}", path)
        elif name.endswith(".py") and name != "__init__.py":
            importlib.import_module(f"{package}.{name.removesuffix('.py')}")


def _fork_twice(gate: int) -> None:
    """Return in a new process for each byte that is read from the gate; its parent is gone, or about to be.

    Allocations in this loop are strictly nested; see the module's docstring before touching it.
    """
    while os.read(gate, 1):
        if os.fork() == 0:
            if os.fork() == 0:
                return
            _exit(0)
    _exit(0)


def _fork_and_report(gate: int) -> None:
    """Where nobody adopts orphans: fork once, wait for the runner, report its end through the gate."""
    while os.read(gate, 1):
        child = os.fork()
        if child == 0:
            return
        _, status, usage = os.wait4(child, 0)
        unit = 1 if sys.platform == "darwin" else 1024
        cpu_s = usage.ru_utime + usage.ru_stime
        os.write(
            gate, struct.pack(REPORT, os.waitstatus_to_exitcode(status), cpu_s, usage.ru_maxrss * unit, usage.ru_nvcsw)
        )
    _exit(0)


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
    os.closerange(WIRE_FD + 1 if line is None else LINE_FD + 1, 1 << 10)


def _above(descriptor: int) -> int:
    """The same file under a number that the rearrangement does not overwrite."""
    while descriptor <= LINE_FD:
        descriptor = os.dup(descriptor)
    return descriptor
