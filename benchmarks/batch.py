"""Throughput of `grade batch` beside `grade --official` file by file, and beside nbgrader's own batch of the same exercise.

Each submission is the reference with another first line, so that none is graded for another. nbgrader (left out where it is not
installed) autogrades notebooks with that file in one cell and each test of `plain/` in another: real sleeps, and no
schedule but the one that happens. Processor seconds are of all children.

Usage: python benchmarks/batch.py [FILES] [EXERCISE]
"""

import ast
import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _measure import GRADE, ROOT

from threadmarks import catalog

SECRET = "benchmark " * 4
PLAIN = {
    "ex02": (ROOT / "benchmarks" / "plain" / "test_ex02_real_sleeps.py", "ThreadPool"),
    "ex04": (ROOT / "benchmarks" / "plain" / "test_ex04_real_sleeps.py", "TimerScheduler interval sleep timeout"),
}


def timed(command: list[str], folder: Path, *, allowed: tuple[int, ...] = (0,)) -> tuple[float, float]:
    """Wall and processor seconds of a command with all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in allowed:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tell(name: str, files: int, taken: tuple[float, float]) -> None:
    """A row."""
    wall, cpu = taken
    print(
        f"{name:40}  {files:5} files  {wall:7.1f} s  {cpu / files:6.2f} processor s a file  {files / wall * 60:7.1f} a minute",
        flush=True,
    )


ARGUMENTS = {
    "submission": "[submission]",
    "clock": "[RealClock()]",
    "busy": "[False, True]",
    "round_": "range(50)",
    "monkeypatch": "[pytest.MonkeyPatch()]",
}
"""What a cell gives for the parameters of a plain test; a test with any other is left out on both sides' account."""


def cells(plain: Path, api: str) -> tuple[str, list[str]]:
    """The head of a file of plain tests, and a cell's source for each test."""
    text = plain.read_text(encoding="utf-8")
    head, tests = [], []
    for node in ast.parse(text).body:
        source = ast.unparse(node)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            node.decorator_list = []
            names = [argument.arg for argument in node.args.args]
            if set(names) <= set(ARGUMENTS):
                given = ", ".join(ARGUMENTS[name] for name in names)
                tests.append(
                    f"{ast.unparse(node)}\nimport itertools\nfor given in itertools.product({given}): {node.name}(*given)"
                )
        else:
            head.append(source)
    return "\n".join(
        [*head, "import types", f"submission = types.SimpleNamespace(**{{n: globals()[n] for n in {api.split()}}})"]
    ), tests


def course(folder: Path, exercise: str, solution: str, files: int) -> None:
    """An nbgrader course with one assignment and so many submissions."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    def cell(name: str, source: str, **more: object) -> object:
        marks = {
            "schema_version": 3,
            "grade_id": name,
            "solution": False,
            "grade": False,
            "locked": False,
            "task": False,
        }
        return new_code_cell(source, metadata={"nbgrader": {**marks, **more}})

    plain, api = PLAIN[exercise]
    head, tests = cells(plain, api)
    grading = [cell("head", head, locked=True)]
    grading += [cell(f"t{number}", test, grade=True, locked=True, points=1) for number, test in enumerate(tests)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}

    def save(path: Path, source: str) -> None:
        path.parent.mkdir(parents=True)
        nbformat.write(new_notebook(cells=[cell("answer", source, solution=True), *grading], metadata=kernel), path)

    save(folder / "source" / exercise / "work.ipynb", "### BEGIN SOLUTION\n### END SOLUTION")
    for number in range(files):
        save(folder / "submitted" / f"s{number}" / exercise / "work.ipynb", f"# {number}\n{solution}")


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    exercise = catalog.resolve(sys.argv[2] if len(sys.argv) > 2 else "ex02")
    solution = exercise.reference.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="threadmarks-bench-") as name:
        folder = Path(name)
        (folder / "secret.txt").write_text(SECRET)
        for number in range(files):
            place = folder / "class" / f"s{number}" / exercise.file_name
            place.parent.mkdir(parents=True)
            place.write_text(f"# {number}\n{solution}", encoding="utf-8")
        strict = ["--secret-file", "secret.txt"]
        line = [*GRADE, "batch", "class", "--out", "marks", *strict]
        tell("grade batch", files, timed(line, folder))
        tell("grade batch again (all is there)", files, timed(line, folder))
        shutil.rmtree(folder / "marks")
        tell("grade batch --jobs 1", files, timed([*line, "--jobs", "1"], folder))
        few = min(files, 5)
        taken = [
            timed(
                [*GRADE, exercise.id, f"class/s{number}/{exercise.file_name}", "--official", *strict, "--no-record"],
                folder,
            )
            for number in range(few)
        ]
        tell("grade --official, one by one", few, (sum(wall for wall, _ in taken), sum(cpu for _, cpu in taken)))
        if exercise.id not in PLAIN or importlib.util.find_spec("nbgrader") is None:
            print("nbgrader: left out (not installed, or no plain tests of this exercise)")
            return
        course(folder / "course", exercise.id, solution, files)
        program = str(Path(sys.executable).with_name("nbgrader"))
        os.environ["PATH"] = f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}"
        timed([program, "generate_assignment", exercise.id, "--create", "--force"], folder / "course")
        tell("nbgrader autograde", files, timed([program, "autograde", exercise.id, "--create"], folder / "course"))
        timed([program, "export", "--to", "marks.csv"], folder / "course")
        scores = (folder / "course" / "marks.csv").read_text().splitlines()[1:]
        print(f"nbgrader's scores: {sorted({row.split(',')[-2] for row in scores})} of {scores[0].split(',')[-1]}")


if __name__ == "__main__":
    main()
