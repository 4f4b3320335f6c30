"""A class side by side: `grade batch`, and other graders on the same exercise, the same files and the same machine.

Each submission is the reference with another first line, so that none is graded for another. The other tools run the exercise's plain
tests (`plain/`): real sleeps, and no schedule but the one that happens; nbgrader by its own batch (`nbgrader autograde` of notebooks
with the file in one cell and each test in another), the others file by file, which is all that they have. Against those stands the
same grading without exploration, by judges that stay, as a batch has them: one schedule for each scenario, and the witness.
Everything is measured in turn, in so many rounds; wall and processor seconds (of all processes) are the medians, a submission.
A tool that is not installed is said to be missing.

Usage: python benchmarks/batch.py [FILES] [EXERCISE] [ROUNDS] [--peers FOLDER]

FOLDER holds an environment for each of the other tools, under its name; nbgrader is looked for in the one that runs this:
    for name in gradescope-utils check50 otter-grader; do python3 -m venv FOLDER/$name; FOLDER/$name/bin/pip install $name; done
    FOLDER/otter-grader/bin/pip install ipykernel
"""

import argparse
import importlib.util
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import _peers
from _measure import GRADE, ROOT
from _peers import PLAIN, Peer, Tests

from threadmarks import catalog
from threadmarks.catalog import Exercise
from threadmarks.sandbox import kernel

SECRET = "benchmark " * 4
Taken = tuple[float, float]
"""Wall and processor seconds."""


def environment() -> dict[str, str]:
    """Modules are compiled once and for all, as those of an installed kit are, whatever this shell forbids."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {"PYTHONPATH": str(ROOT)}


def taken_by(act: Callable[[], object]) -> Taken:
    """Wall and processor seconds of a call, the latter of the children that it started and waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    act()
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def told(name: str, passed: int, wanted: int) -> None:
    """A tool that passes none was not measured; single tests fail where a busy machine is slower than their sleeps allow."""
    if passed < wanted:
        print(f"{name}: {passed} of {wanted} tests passed on the reference", flush=True)
    if not passed:
        raise SystemExit(1)


def called(command: list[str], folder: Path) -> bytes:
    """The output of a command that must end with 0."""
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return done.stdout


class Class:
    """So many submissions, and the ways to grade them. Each way returns how many it graded."""

    def __init__(self, exercise: Exercise, files: int, folder: Path) -> None:
        self.exercise = exercise
        self.folder = folder
        self.solution = exercise.reference.read_text(encoding="utf-8")
        self.files = [folder / "class" / f"s{number}" / exercise.file_name for number in range(files)]
        for number, place in enumerate(self.files):
            place.parent.mkdir(parents=True)
            place.write_text(f"# {number}\n{self.solution}", encoding="utf-8")
        (folder / "secret.txt").write_text(SECRET)

    def batch(self, *options: str) -> int:
        shutil.rmtree(self.folder / "marks", ignore_errors=True)
        line = [*GRADE, "batch", "class", "--out", "marks", "--secret-file", "secret.txt", *options]
        called(line, self.folder)
        return len(self.files)

    def one_by_one(self) -> int:
        few = self.files[:3]
        for file in few:
            options = ["--official", "--secret-file", "secret.txt", "--no-record"]
            called([*GRADE, self.exercise.id, str(file), *options], self.folder)
        return len(few)

    def unexplored(self, judges: int) -> int:
        """The reports say what was tried: one schedule for each exploration."""
        context = multiprocessing.get_context("spawn")
        files = [str(file) for file in self.files]
        parts = [files[number::judges] for number in range(judges)]
        workers = [context.Process(target=grade_unexplored, args=(self.exercise.id, part)) for part in parts if part]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
            if worker.exitcode:
                raise SystemExit("a judge without exploration failed")
        return len(files)

    def peer(self, peer: Peer, wanted: int) -> int:
        few = self.files[:3]
        for number, file in enumerate(few):
            out = self.folder / "out" / f"{peer.name.partition(' ')[0]}-{number}"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            passed = peer.passed(out, called(peer.command(file, out), out))
            told(peer.name, passed, wanted)
        return len(few)


def grade_unexplored(exercise_id: str, files: list[str]) -> None:
    """A judge that stays, in a process of its own."""
    from threadmarks.judge import grade_source
    from threadmarks.sandbox.host import PLAIN_ENTRY, Host
    from threadmarks.sandbox.saferead import Source

    exercise = catalog.resolve(exercise_id)
    with Host(1) as host, Host(1, entry=PLAIN_ENTRY) as witness_host:
        for file in files:
            source = Source(file=exercise.file_name, text=Path(file).read_text(encoding="utf-8"))
            report = grade_source(
                exercise,
                source,
                secret=SECRET,
                official=True,
                host=host,
                witness_host=witness_host,
                most_schedules=1,
            )
            if not all(check.passed for check in report.checks):
                raise SystemExit("the reference did not pass")


class NbgraderCourse:
    """An nbgrader course with one assignment and the class's submissions."""

    def __init__(self, class_: Class, tests: Tests, api: str) -> None:
        self._id = class_.exercise.id
        self._folder = class_.folder / "course"
        self._program = str(Path(sys.executable).with_name("nbgrader"))
        head, cells = tests.cells(api)
        self._wanted = len(cells)
        self._files = len(class_.files)
        grading = [_cell("head", head, locked=True)]
        grading += [_cell(f"t{number}", test, grade=True, locked=True, points=1) for number, test in enumerate(cells)]
        empty = "### BEGIN SOLUTION\n### END SOLUTION"
        _notebook(self._folder / "source" / self._id / "work.ipynb", empty, grading)
        for number, file in enumerate(class_.files):
            place = self._folder / "submitted" / f"s{number}" / self._id / "work.ipynb"
            _notebook(place, file.read_text(encoding="utf-8"), grading)
        os.environ["PATH"] = f"{Path(self._program).parent}{os.pathsep}{os.environ['PATH']}"
        called([self._program, "generate_assignment", self._id, "--create", "--force"], self._folder)

    def autograde(self) -> int:
        called([self._program, "autograde", self._id, "--create", "--force"], self._folder)
        return self._files

    def check(self) -> None:
        """The tests passed, or nothing was measured."""
        called([self._program, "export", "--to", "marks.csv"], self._folder)
        scores = (self._folder / "marks.csv").read_text().splitlines()[1:]
        told("nbgrader", int(min(float(row.split(",")[-2]) for row in scores)), self._wanted)


def _cell(name: str, source: str, **more: object) -> object:
    from nbformat.v4 import new_code_cell

    marks = {"schema_version": 3, "grade_id": name, "solution": False, "grade": False, "locked": False, "task": False}
    return new_code_cell(source, metadata={"nbgrader": {**marks, **more}})


def _notebook(path: Path, source: str, grading: list[object]) -> None:
    import nbformat
    from nbformat.v4 import new_notebook

    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=[_cell("answer", source, solution=True), *grading], metadata=kernel), path)


def ways(class_: Class, environments: Path) -> tuple[dict[str, Callable[[], int]], Callable[[], None]]:
    """What is measured, by name, and what is to be called at the end."""
    judges = len(kernel.cores())
    found: dict[str, Callable[[], int]] = {
        "grade batch": class_.batch,
        "grade batch --jobs 1": lambda: class_.batch("--jobs", "1"),
        "grade --official, one by one": class_.one_by_one,
        "without exploration": lambda: class_.unexplored(judges),
        "without exploration, one judge": lambda: class_.unexplored(1),
    }
    if class_.exercise.id not in PLAIN:
        print(f"other tools: left out, for {class_.exercise.id} has no plain tests")
        return found, lambda: None
    plain, api = PLAIN[class_.exercise.id]
    tests = Tests.of(plain)
    for peer in _peers.peers(environments, class_.folder, tests, class_.exercise.file_name):
        found[peer.name] = lambda peer=peer: class_.peer(peer, len(tests.functions))
    if importlib.util.find_spec("nbgrader") is None:
        print("nbgrader: missing: not installed where this runs")
        return found, lambda: None
    course = NbgraderCourse(class_, tests, api)
    found["nbgrader autograde"] = course.autograde
    return found, course.check


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", type=int, nargs="?", default=10)
    parser.add_argument("exercise", nargs="?", default="ex02")
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("--peers", type=Path, default=Path("peers"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="threadmarks-bench-") as name:
        class_ = Class(catalog.resolve(given.exercise), given.files, Path(name))
        found, check = ways(class_, given.peers.absolute())
        rows: dict[str, list[Taken]] = {way: [] for way in found}
        for number in range(given.rounds):
            for way, grade in found.items():
                graded: list[int] = []
                wall, cpu = taken_by(lambda grade=grade, graded=graded: graded.append(grade()))
                rows[way].append((wall / graded[0], cpu / graded[0]))
                load = os.getloadavg()[0]
                print(
                    f"round {number + 1}: {way:32} {wall / graded[0]:7.2f} s {cpu / graded[0]:6.2f} s, load {load:.1f}",
                    flush=True,
                )
        check()
    base = statistics.median(wall for wall, _ in rows["grade batch"])
    print(
        f"\n{given.exercise}, {given.files} files, {given.rounds} rounds in turn, Python {sys.version.split()[0]}, {len(kernel.cores())} cores; a submission:"
    )
    for way, values in rows.items():
        wall, cpu = (statistics.median(column) for column in zip(*values, strict=True))
        print(
            f"{way:32} {wall:7.2f} s  {cpu:6.2f} s of processors  {60 / wall:7.1f} a minute  {wall / base:6.2f} times grade batch"
        )


if __name__ == "__main__":
    main()
