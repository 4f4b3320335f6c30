"""A large class in one `grade batch`: time, and the memory of every process, at equal distances.

Submissions differ in their text: the reference, the alternatives and the wrong solutions of an exercise, in turn, each with another first
line. Every tenth of the way it is looked what the commanding process and its judges hold (resident memory, their zygotes and
runners apart), and what was taken until then. A line that rises is memory that grows with the class.

Usage: python benchmarks/thousand.py [FILES] [EXERCISE]
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _measure import GRADE, ROOT

from threadmarks import catalog
from threadmarks.catalog import Exercise

SHARES = 10
LOOK_S = 0.5


def class_of(exercise: Exercise, count: int, folder: Path) -> None:
    """So many different submissions, right ones and wrong ones by turns."""
    solutions = exercise.reference.parent
    right = [exercise.reference, *sorted((solutions / "alternatives").glob("*.py"))]
    wrong = sorted((solutions / "wrong").glob("*.py"))
    for number in range(count):
        kinds = wrong if number % 2 and wrong else right
        text = kinds[number // 2 % len(kinds)].read_text(encoding="utf-8")
        place = folder / f"s{number:05}" / exercise.file_name
        place.parent.mkdir(parents=True)
        place.write_text(f"# {number}\n{text}", encoding="utf-8")


def processes() -> dict[int, tuple[int, str, int]]:
    """By number: the parent, the command and the resident bytes of every process that can be seen."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(entry.name)] = int(words[1]), command, int(words[21]) * resource.getpagesize()
            except (OSError, IndexError):
                continue  # it ended
    return found


def memory_mib(commander: int) -> tuple[float, list[float]]:
    """What the commander and each of its judges hold."""
    seen = processes()
    judges = [
        resident for parent, command, resident in seen.values() if parent == commander and "spawn_main" in command
    ]
    return seen.get(commander, (0, "", 0))[2] / (1 << 20), sorted(resident / (1 << 20) for resident in judges)


def results(folder: Path) -> int:
    """How many there are."""
    return sum(1 for path in folder.glob("*/*") if not path.name.startswith("."))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    exercise = catalog.resolve(sys.argv[2] if len(sys.argv) > 2 else "ex02")
    with tempfile.TemporaryDirectory(prefix="threadmarks-bench-") as name:
        folder = Path(name)
        class_of(exercise, count, folder / "class")
        (folder / "secret.txt").write_text("benchmark " * 4)
        inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        begin = time.perf_counter()
        batch = subprocess.Popen(
            [*GRADE, "batch", "class", "--out", "marks", "--secret-file", "secret.txt"],
            cwd=folder,
            env=inherited | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        print(f"{count} submissions of {exercise.id}, Python {sys.version.split()[0]}")
        due = 1
        while batch.poll() is None:
            time.sleep(LOOK_S)
            done = results(folder / "marks" / ".threadmarks" / "results")
            if due <= SHARES and done >= count * due // SHARES:
                mine, judges = memory_mib(batch.pid)
                told = ", ".join(f"{each:.0f}" for each in judges)
                taken = time.perf_counter() - begin
                print(f"{done:6} results  {taken:8.1f} s  commander {mine:6.1f} MiB  judges {told} MiB", flush=True)
                due = int(done * SHARES / count) + 1
        wall = time.perf_counter() - begin
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime
        rows = (folder / "marks" / "grades.csv").read_bytes().count(b"\r\n") - 1
        size = sum(path.stat().st_size for path in (folder / "marks").rglob("*") if path.is_file())
        print(f"exit code {batch.returncode}, {rows} rows, largest process {used.ru_maxrss / 1024:.0f} MiB")
        print(
            f"a submission: {wall / count:.3f} s of the clock, {cpu / count:.3f} s of processors, {size / count / 1024:.1f} KiB written"
        )


if __name__ == "__main__":
    main()
