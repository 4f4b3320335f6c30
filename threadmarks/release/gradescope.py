"""Gradescope's autograder: a zip with `setup.sh` and `run_autograder` at its root, the kit as a wheel, and the secret.

In the zip lies only what this exercise needs: its checks, and the references that it is built upon. On the service everything of it
is made unreadable for whoever does not own it, for runs are another user's there where no user namespaces are.
"""

import json

from threadmarks import content
from threadmarks.catalog import Exercise, foundations, load
from threadmarks.release import visible, wheel
from threadmarks.release.student import exercise_files

PROGRAMS = ("run_autograder", "setup.sh")
FALLBACK = "The grader did not come to its end. That is not your fault, and these points are not your mark: hand in again, or tell your instructor."

_SETUP = """#!/usr/bin/env bash
# Once, when the image is made: a Python of 3.11 or newer, and the kit in an environment of its own.
set -euo pipefail
source_folder="${AUTOGRADER:-/autograder}/source"
place="${THREADMARKS_PLACE:-/opt/threadmarks}"
python=""
find_python() {
  for candidate in python3.13 python3.12 python3.11 python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      python="$(command -v "$candidate")"
      return
    fi
  done
}
find_python
if [ -z "$python" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install -y --no-install-recommends python3.11 python3.11-venv || apt-get install -y --no-install-recommends python3 python3-venv
  find_python
fi
"$python" -m venv "$place"
"$place/bin/python" -m pip install --disable-pip-version-check --quiet "$source_folder"/*.whl
# Runs are another user's: they may use the engine, and read neither checks nor secret.
chmod -R go-rwx "$source_folder" "$("$place/bin/python" -c 'from threadmarks import content; print(content.root())')"
"""

_RUN = """#!/usr/bin/env bash
# For each submission. Whatever happens from here on, a complete results.json is there.
base="${AUTOGRADER:-/autograder}"
place="${THREADMARKS_PLACE:-/opt/threadmarks}"
mkdir -p "$base/results"
cp "$base/source/fallback.json" "$base/results/results.json"
chmod go-rwx "$base/results" "$base/submission" "$base/source"
exec "$place/bin/python" -I "$base/source/autograde.py" "$base"
"""

_AUTOGRADE = '''"""Grades one submission on Gradescope and puts the whole results.json in the place of the fallback's. Standard library only."""

import json
import os
import subprocess
import sys
from pathlib import Path

EXERCISE, RUNG, CHECKS, LIMIT_S = {exercise!r}, {rung!r}, {checks!r}, {limit!r}


def main(base: Path) -> None:
    """Grade what was handed in."""
    results = base / "results" / "results.json"
    file = chosen(base / "submission")
    if file is None:
        told = f"There is no file {{EXERCISE}}.py in what you handed in, and no other single Python file."
        put(results, {{**json.loads(results.read_text("utf-8")), "output": told}})
        return
    command = [sys.executable, "-I", "-c", "from threadmarks.commands import main; main()"]
    command += [EXERCISE, str(file), "--official", "--no-record"]
    command += ["--secret-file", str(base / "source" / "secret.txt"), "--rung", RUNG, "--format", "gradescope"]
    environment = {{"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"}}
    try:
        done = subprocess.run(command, capture_output=True, cwd=base / "source", env=environment, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        print(f"The grader took longer than {{LIMIT_S}} s.")
        return
    print(done.stderr.decode("utf-8", "replace"))
    if done.returncode == 2:  # the file cannot be graded, and the grader says why
        told = done.stderr.decode("utf-8", "replace").strip()[:2000]
        put(results, {{**json.loads(results.read_text("utf-8")), "output": told}})
        return
    try:
        value = json.loads(done.stdout)
        complete = len(value["tests"]) == CHECKS and isinstance(value["score"], int | float)
    except (ValueError, TypeError, LookupError):
        complete = False
    if complete:
        put(results, value)
    else:
        print(f"The grader gave no complete result (exit code {{done.returncode}}).")


def chosen(folder: Path) -> Path | None:
    """The file to grade: by its name anywhere, or else the only Python file."""
    files = [path for path in sorted(folder.rglob("*.py")) if path.is_file() and not path.is_symlink()]
    named = [path for path in files if path.name == f"{{EXERCISE}}.py"]
    candidates = named or files
    return candidates[0] if len(candidates) == 1 else None


def put(results: Path, value: object) -> None:
    """The new file whole, in the place of the old one."""
    new = results.with_suffix(".new")
    new.write_text(json.dumps(value), encoding="utf-8")
    new.replace(results)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
'''
LIMIT_S = 540
"""Of the service's default of ten minutes. No verdict depends on it: past it, the fallback stands."""


def files(exercise: Exercise, *, secret: str, rung: str) -> dict[str, bytes]:
    """The zip's files by path. Raises AuthoringError, UsageError."""
    checks = visible.declared(exercise)
    root = content.root()
    chosen = exercise_files(load())
    for path in sorted(exercise.grader_folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            chosen[path.relative_to(root).as_posix()] = path.read_bytes()
    for each in foundations(exercise):
        chosen[each.reference.relative_to(root).as_posix()] = each.reference.read_bytes()
    script = _AUTOGRADE.format(exercise=exercise.id, rung=rung, checks=len(checks), limit=LIMIT_S)
    return {
        "setup.sh": _SETUP.encode(),
        "run_autograder": _RUN.encode(),
        "autograde.py": script.encode(),
        "fallback.json": fallback(exercise).encode(),
        "secret.txt": f"{secret}\n".encode(),
        wheel.NAME: wheel.wheel(chosen),
    }


def fallback(exercise: Exercise) -> str:
    """Complete results for a grading that does not come to its end: every check, without points."""
    tests = [
        {
            "name": check.title,
            "name_format": "text",
            "number": str(number),
            "score": 0.0,
            "max_score": float(check.points),
            "status": "failed",
            "output": "Not graded.",
            "output_format": "text",
            "visibility": "visible",
            "extra_data": {"check": check.name, "verdict": "grader fault"},
        }
        for number, check in enumerate(visible.declared(exercise), 1)
    ]
    value = {
        "score": 0.0,
        "output": FALLBACK,
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"schema": "threadmarks/gradescope/1", "exercise": exercise.id, "verdict": "grader fault"},
        "tests": tests,
    }
    return json.dumps(value, indent=2) + "\n"
