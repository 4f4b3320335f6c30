"""What tests and proofs of `grade batch` share: what a run leaves behind, the processes it has, and a Dask cluster to run on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from threadmarks import content

PROGRAM = "from threadmarks.commands import main; main()"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(content.PACKAGE.parent)}


def published(out: Path) -> dict[str, bytes]:
    """Every file that a batch publishes, and nothing of its own state."""
    files = (path for path in sorted(out.rglob("*")) if path.is_file() and ".threadmarks" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def results(out: Path) -> dict[str, int]:
    """The finished results, each with when it was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / ".threadmarks" / "results").glob("*/[!.]*")}


def offspring(pid: int) -> set[int]:
    """The processes that a process has started, and those that these have."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found: set[int] = set()
    due = [pid]
    while due:
        theirs = children.get(due.pop(), [])
        found.update(theirs)
        due += theirs
    return found


def command_line(pid: int) -> bytes:
    """How a process was started; b"" when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def wait_for(condition, attempts: int = 3000):
    """What the condition comes to at last."""
    for _ in range(attempts):
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")


def kill_all(process: subprocess.Popen) -> None:
    """Kill a program and everything that it has started, as a machine does that loses power."""
    for pid in [process.pid, *offspring(process.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


class Cluster:
    """A scheduler, and workers that can be started and killed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen] = []
        self.scheduler = self._start("dask_scheduler", "--port", "0", "--host", "127.0.0.1")
        wait_for(self.file.exists)
        self.address = json.loads(self.file.read_text())["address"]

    def worker(self, **environment: str) -> subprocess.Popen:
        """A machine with one core: a nanny that looks after one worker process with one thread."""
        words = ("--nthreads", "1", "--nworkers", "1", "--local-directory", str(self.folder))
        before = self.log().count("Registered to")
        process = self._start("dask_worker", *words, **environment)
        wait_for(lambda: self.log().count("Registered to") > before)
        return process

    def log(self) -> str:
        """What scheduler and workers have said."""
        return (self.folder / "log").read_text()

    def _start(self, program: str, *words: str, **environment: str) -> subprocess.Popen:
        given = ("--scheduler-file", str(self.file), "--no-dashboard")
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *given, *words],
                env={**ENVIRONMENT, **environment},
                cwd=self.folder,  # a module's name is looked for there first
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def close(self) -> None:
        """End everything."""
        for process in self.processes:
            kill_all(process)


def worker_processes(nanny: subprocess.Popen) -> list[int]:
    """What a nanny looks after: its own children, without multiprocessing's tracker of resources."""
    return [pid for pid in offspring(nanny.pid) if b"spawn_main" in command_line(pid)]


def judges(nanny: subprocess.Popen) -> list[int]:
    """The judge processes of a worker."""
    return [pid for pid in offspring(nanny.pid) if b"judge_process" in command_line(pid)]
