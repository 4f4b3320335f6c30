#!/usr/bin/env python3
"""The one entry for everything a developer runs: `python3 dev.py COMMAND`.

Standard library only, and able to run on a machine with nothing but Python 3.11: every command first sees to it that
`.venv/` has an environment for the calling Python, with the kit installed editable and its developer tools. That takes
about a minute once; afterwards it is a look at one file. $THREADMARKS_VENV names another folder for the environment.
Why not nox or just: docs/decisions/0003-dev-py.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)
STAMP = "threadmarks.stamp"
PROOF_OF_LIFE = (
    "import sys; from importlib.util import find_spec;"
    "sys.exit(not all(map(find_spec, ['threadmarks', 'click', 'msgspec', 'pytest', 'rich', 'ruff', 'mypy', 'importlinter'])))"
)
NOT_FOR_A_USERS_PACKAGES = ("cli", "exercises", "graders", "solutions", "tests")


# -- the environment -----------------------------------------------------------------------------------------------


def environment() -> Path:
    """The interpreter of a ready environment. Makes or remakes the environment if it must."""
    folder = Path(os.environ.get("THREADMARKS_VENV") or ROOT / ".venv" / str(sys.implementation.cache_tag)).absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_name(folder.name + ".lock")):
        python, stamp = _interpreter(folder), _stamp()
        if not _ready(folder, python, stamp):
            _make(folder, python, stamp)
    return python


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _stamp() -> str:
    """What the environment depends on. Another value means: make it anew."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    for part in (sys.version, sys.base_prefix, str(ROOT)):
        digest.update(b"\0" + part.encode())
    return digest.hexdigest()


def _ready(folder: Path, python: Path, stamp: str) -> bool:
    """True if the environment was finished for this stamp, and its interpreter still runs and finds what it needs."""
    try:
        if (folder / STAMP).read_text(encoding="ascii") != stamp:
            return False
        return (
            subprocess.run([str(python), "-I", "-c", PROOF_OF_LIFE], check=False, capture_output=True).returncode == 0
        )
    except (OSError, UnicodeDecodeError):
        return False


def _make(folder: Path, python: Path, stamp: str) -> None:
    """Make the environment from nothing. The stamp is written last: what was interrupted is made again."""
    if (
        folder.exists()
        and any(folder.iterdir())
        and not (folder / "pyvenv.cfg").exists()
        and not (folder / STAMP).exists()
    ):
        _die(
            f"{folder} is there and is no virtual environment. Remove it, or let THREADMARKS_VENV name another folder."
        )
    _say(f"Setting up {_short(folder)} (once; about a minute) ...")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    except (OSError, subprocess.CalledProcessError) as problem:
        _die(f"Cannot make a virtual environment: {problem}. On Debian and Ubuntu, install python3-venv first.")
    _quietly(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", f"{ROOT}[dev]"]
    )
    (folder / STAMP).write_text(stamp, encoding="ascii")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock on `path`, so that two calls at once make one environment."""
    with path.open("ab") as file:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _jobs() -> int:
    """How many heavy things to do at a time: more than there are cores, for each waits now and then."""
    return min(4, os.cpu_count() or 1) + 2


# -- commands ------------------------------------------------------------------------------------------------------


def setup(arguments: list[str]) -> int:
    """make the environment and do nothing else"""
    del arguments
    environment()
    return 0


def grade(arguments: list[str]) -> int:
    """grade, as a student does: dev.py grade ex02 FILE"""
    called = f"{Path(sys.executable).name} {shlex.quote(sys.argv[0])} grade"
    _become([str(environment()), str(ROOT / "cli.py"), *arguments], {"THREADMARKS_PROGRAM": called})


def test(arguments: list[str]) -> int:
    """run the kit's own tests, side by side; further arguments go to pytest (-n 0: one after the other)"""
    side_by_side = ["-n", str(_jobs()), "--dist", "worksteal"]
    asked = any(argument.startswith("-n") for argument in arguments)
    return _run(["-m", "pytest", "-q", *([] if asked else side_by_side), *arguments])


def lint(arguments: list[str]) -> int:
    """ruff: rules and format (--fix repairs both)"""
    if "--fix" in arguments:
        return _run(["-m", "ruff", "check", "--fix", "."]) or _run(["-m", "ruff", "format", "."])
    return _run(["-m", "ruff", "check", "."]) or _run(["-m", "ruff", "format", "--check", "."])


def types(arguments: list[str]) -> int:
    """mypy --strict"""
    return _run(["-m", "mypy", *arguments])


def imports(arguments: list[str]) -> int:
    """the contracts: who may import whom"""
    return _run(["-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())", *arguments])


def content(arguments: list[str]) -> int:
    """prove every exercise: stub, reference, alternatives, wrong solutions"""
    jobs = [] if "--jobs" in arguments else ["--jobs", str(_jobs())]
    return _run([str(ROOT / "cli.py"), "content", *jobs, *arguments])


def bench(arguments: list[str]) -> int:
    """run benchmarks/NAME.py, or all of them"""
    names = arguments[:1] or sorted(path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py"))
    return max((_run([str(ROOT / "benchmarks" / f"{name}.py"), *arguments[1:]]) for name in names), default=0)


def soak(arguments: list[str]) -> int:
    """slow: grade every file again and again, idle and under overload (--times N)"""
    return _run([str(ROOT / "proofs" / "soak.py"), *arguments])


def explore(arguments: list[str]) -> int:
    """slow: right solutions under many more schedules (--schedules N)"""
    return _run([str(ROOT / "proofs" / "explore.py"), *arguments])


def fuzz(arguments: list[str]) -> int:
    """slow: inputs without end for everything that reads untrusted bytes (--inputs N)"""
    return _run([str(ROOT / "proofs" / "fuzz.py"), *arguments])


def attacks(arguments: list[str]) -> int:
    """slow: the whole corpus of hostile files, with what stopped each (--rung RUNG)"""
    return _run([str(ROOT / "proofs" / "attacks.py"), *arguments])


def flat(arguments: list[str]) -> int:
    """slow: thousands of runs, and nothing is left of them (--runs N)"""
    return _run([str(ROOT / "proofs" / "flat.py"), *arguments])


def draws(arguments: list[str]) -> int:
    """slow: every promise of the content under many secrets, so under many inputs"""
    return _run([str(ROOT / "proofs" / "drawn_inputs.py"), *arguments])


def subjects(arguments: list[str]) -> int:
    """slow: racy programs under 20 seed lists, their repaired twins under 100,000 schedules"""
    return _run([str(ROOT / "proofs" / "subjects.py"), *arguments])


def fewest(arguments: list[str]) -> int:
    """slow: racy programs are shown with the fewest preemptions that make them fail"""
    return _run([str(ROOT / "proofs" / "fewest.py"), *arguments])


def seeds(arguments: list[str]) -> int:
    """slow: wrong solutions that fail in some orders only, with twenty seed lists"""
    return _run([str(ROOT / "proofs" / "seed_lists.py"), *arguments])


def kills(arguments: list[str]) -> int:
    """slow: grade batch killed at fifty moments, and every byte of its results (--cluster)"""
    return _run([str(ROOT / "proofs" / "kills.py"), *arguments])


def picture(arguments: list[str]) -> int:
    """make the README's picture of a run anew (docs/run.svg, docs/run.txt)"""
    return _run([str(ROOT / "docs" / "make_picture.py"), *arguments])


def wheel(arguments: list[str]) -> int:
    """build the wheel, install it elsewhere, and prove that it grades and brings nothing else"""
    del arguments
    with tempfile.TemporaryDirectory(prefix="threadmarks-wheel-") as name:
        folder = Path(name)
        _say("Building the wheel ...")
        _quietly([str(environment()), "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)])
        (built,) = folder.glob("*.whl")
        _prove_contents(built)
        _say("Installing it into an empty environment ...")
        venv.create(folder / "venv", with_pip=True, symlinks=os.name != "nt")
        python = _interpreter(folder / "venv")
        _quietly([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(built)])
        _prove_installed(python, folder)
    _say("The wheel stands: it grades, its content travels with it, and it brings no top-level module but threadmarks.")
    return 0


def check_all(arguments: list[str]) -> int:
    """lint, types, imports, test, content, wheel"""
    del arguments
    for step in (lint, types, imports, test, content, wheel):
        _say(f"-- {step.__name__}")
        if code := step([]):
            return code
    return 0


def _prove_contents(built: Path) -> None:
    """Look into the wheel: one top-level package, and the content inside of it."""
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")}
    if tops != {"threadmarks"}:
        _die(f"The wheel's top level holds {sorted(tops)}, not only threadmarks.")
    for part in ("exercises/catalog.toml", "graders/", "solutions/"):
        if not any(name.startswith(f"threadmarks/_content/{part}") for name in names):
            _die(f"The wheel lacks threadmarks/_content/{part}.")
    for path in (ROOT / "threadmarks" / "report" / "page").iterdir():
        if f"threadmarks/report/page/{path.name}" not in names:
            _die(f"The wheel lacks threadmarks/report/page/{path.name}.")
    if stray := [name for name in names if "__pycache__" in name or name.endswith(".pyc")]:
        _die(f"The wheel holds compiled files: {stray[:3]}")


def _prove_installed(python: Path, folder: Path) -> None:
    """Use the installed wheel as a student would, far from the repository."""
    work = folder / "work"
    work.mkdir()
    program = python.with_name("grade.exe" if os.name == "nt" else "grade")
    for name in NOT_FOR_A_USERS_PACKAGES:
        look = f"import sys; from importlib.util import find_spec; sys.exit(find_spec({name!r}) is not None)"
        if subprocess.run([str(python), "-I", "-c", look], cwd=work, check=False).returncode:
            _die(f"The wheel put a top-level module {name!r} among the user's packages.")
    _quietly([str(program), "--help"], cwd=work)
    (reference,) = (ROOT / "solutions").glob("ex00_*/ex00.py")
    shutil.copy(reference, work / "ex00.py")
    _quietly([str(program), "ex00", "ex00.py", "--html", "page.html"], cwd=work)
    if "</html>" not in (work / "page.html").read_text(encoding="utf-8"):
        _die("The installed wheel wrote no page.")
    _quietly([str(program)], cwd=work)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "grade": grade,
    "test": test,
    "lint": lint,
    "types": types,
    "imports": imports,
    "content": content,
    "bench": bench,
    "soak": soak,
    "explore": explore,
    "fuzz": fuzz,
    "attacks": attacks,
    "flat": flat,
    "draws": draws,
    "subjects": subjects,
    "fewest": fewest,
    "seeds": seeds,
    "kills": kills,
    "wheel": wheel,
    "picture": picture,
    "setup": setup,
    "all": check_all,
}


# -- running -------------------------------------------------------------------------------------------------------


def _run(arguments: list[str]) -> int:
    """Run the environment's Python in the repository; its exit code."""
    command = [str(environment()), *arguments]
    with subprocess.Popen(command, cwd=ROOT) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the terminal told the child too: let it clean up and say how it ended
                continue


def _become(command: list[str], extra: dict[str, str]) -> NoReturn:
    """Replace this process by `command`, so that signals and the exit code are its own."""
    surroundings = {**os.environ, **extra}
    if os.name == "nt":  # there, exec returns to the shell at once
        raise SystemExit(subprocess.call(command, env=surroundings))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, surroundings)  # noqa: S606  # no shell is the point


def _quietly(command: list[str], cwd: Path = ROOT) -> None:
    """Run `command`; show what it printed only if it fails, and end then."""
    done = subprocess.run(
        command, cwd=cwd, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        sys.stderr.buffer.write(done.stdout)
        _die(f"Failed with exit code {done.returncode}: {shlex.join(command)}")


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _die(text: str) -> NoReturn:
    _say(text)
    raise SystemExit(1)


def usage() -> str:
    """The text of --help: every command and what it does."""
    told = "".join(f"  {name:<9} {command.__doc__}\n" for name, command in COMMANDS.items())
    return f"usage: python3 dev.py COMMAND [ARGUMENTS]\n\n{told}\nEvery command does its own set-up.\n"


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage(), end="")
        return 0 if arguments else 2
    command = COMMANDS.get(arguments[0])
    if command is None:
        import difflib

        near = difflib.get_close_matches(arguments[0], COMMANDS, n=1)
        _say(
            f"There is no command {arguments[0]!r}."
            + (f" Did you mean {near[0]!r}?" if near else "")
            + f"\n\n{usage()}"
        )
        return 2
    return command(arguments[1:])


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        _die("dev.py needs Python {}.{} or newer; this is {}.{}.".format(*OLDEST, *sys.version_info[:2]))
    sys.exit(main(sys.argv[1:]))
