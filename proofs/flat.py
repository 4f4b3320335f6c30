"""Thousands of runs in a row, and what is left of them: memory, descriptors, processes, mounts, temporary files.

Programs of every kind take turns: right ones, and such as leave files, threads and mess behind, are killed, or crash. The
figures of the judge and of everything below it are taken at equal distances; after the first they may not grow beyond
what allocators do. Linux only.

Usage: python proofs/flat.py [--runs 20000] [--rung full]
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from threadmarks import wire
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung

LOOKS = 20
SPARE_MIB = 8
"""By how much the memory of all processes together may differ between looks: allocators keep what they once had."""

PROGRAMS = {
    "does nothing": "def program(): pass",
    "starts threads": (
        "import threading\ndef program():\n"
        "    threads = [threading.Thread(target=int) for _ in range(20)]\n"
        "    for thread in threads: thread.start()\n    for thread in threads: thread.join()"
    ),
    "leaves a thread": (
        "import threading, time\ndef program():\n"
        "    threading.Thread(target=time.sleep, args=(1e9,), daemon=True).start()"
    ),
    "leaves files": (
        "import os\ndef program():\n    for n in range(20):\n        os.mkdir(str(n))\n"
        "        open(f'{n}/left', 'w').write('x' * 10_000)"
    ),
    "leaves descriptors": "import os\nkept = []\ndef program():\n    kept.extend(os.pipe() for _ in range(50))",
    "holds memory": "kept = []\ndef program():\n    kept.append(bytearray(20 << 20))",
    "raises": "def program():\n    raise KeyError('no')",
    "ends its process": "import os\ndef program():\n    os._exit(3)",
    "waits for ever": "import threading\ndef program():\n    threading.Event().wait()",
    "floods": "def program():\n    print('x' * 100_000)",
    "is not Python": "def program(:",
}
DRIVER = "def go(student, probe):\n    student.program()\n"


@dataclass(frozen=True, slots=True)
class Figures:
    """One look at this process and everything below it."""

    memory_mib: int  # proportional shares, so that what processes have in common counts once
    descriptors: int
    threads: int
    processes: int
    mounts: int
    temporary_files: int


def _family() -> Iterator[Path]:
    waiting = [os.getpid()]
    while waiting:
        pid = waiting.pop()
        folder = Path(f"/proc/{pid}")
        try:
            waiting += [
                int(word) for task in (folder / "task").iterdir() for word in (task / "children").read_text().split()
            ]
        except OSError:
            continue  # it ended while we looked
        yield folder


def _look() -> Figures:
    memory = descriptors = threads = processes = 0
    for folder in _family():
        try:
            rollup = (folder / "smaps_rollup").read_text().splitlines()
            memory += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
            descriptors += len(list((folder / "fd").iterdir()))
            threads += len(list((folder / "task").iterdir()))
            processes += 1
        except OSError:
            continue
    mounts = len(Path("/proc/self/mountinfo").read_text().splitlines())
    temporary = sum(len(files) + len(folders) for _, folders, files in os.walk(tempfile.gettempdir()))
    return Figures(memory >> 10, descriptors, threads, processes, mounts, temporary)


def _request(source: str) -> wire.RunRequest:
    return wire.RunRequest(
        version=wire.WIRE_VERSION,
        nonce="flat",
        module="submission",
        source=source,
        scenario_source=DRIVER,
        scenario="go",
        schedules=(wire.ScheduleSpec("block"),),
        full=True,
        input_seed=1,
        limits=wire.Limits(),
    )


def _grown(first: Figures, last: Figures) -> list[str]:
    """What grew, in words."""
    problems = []
    for field, before, after in zip(fields(Figures), astuple(first), astuple(last), strict=True):
        spare = SPARE_MIB if field.name == "memory_mib" else 0
        if after > before + spare:
            problems.append(f"{field.name}: {before}, then {after}")
    return problems


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=20_000)
    arguments.add_argument("--rung", type=Rung, default=None, choices=list(Rung))
    asked = arguments.parse_args()
    requests = [_request(source) for source in PROGRAMS.values()]
    looks: list[Figures] = []
    print("runs    " + "  ".join(field.name for field in fields(Figures)) + "  runs/s", flush=True)
    with Host(os.cpu_count(), rung=asked.rung) as host, ThreadPoolExecutor(host.size) as threads:
        each = max(asked.runs // LOOKS, len(requests))
        done = 0
        while done < asked.runs:
            begin = time.perf_counter()
            list(threads.map(lambda number: host.run(requests[number % len(requests)]), range(done, done + each)))
            done += each
            speed = each / (time.perf_counter() - begin)
            looks.append(_look())
            print(f"{done:>6}  " + "  ".join(map(str, astuple(looks[-1]))) + f"  {speed:.0f}", flush=True)
        rung = host.rung
    problems = _grown(looks[0], looks[-1])
    left = list(Path(tempfile.gettempdir()).iterdir())
    if left:
        problems.append(f"left in the temporary folder: {left}")
    if threading.active_count() > 1:
        problems.append(f"threads of the judge: {threading.active_count()}")
    print(f"rung {rung}: " + ("flat" if not problems else "; ".join(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as own:
        tempfile.tempdir = own
        code = main()
    sys.exit(code)
