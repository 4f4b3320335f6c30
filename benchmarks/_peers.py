"""Other graders with the plain tests of an exercise (`plain/`): real sleeps, and no schedule but the one that happens.

Each tool gets the same test functions, in the form that it wants them. A tool is looked for in an environment of its own,
`FOLDER/NAME`; one that is not there is reported as missing. Every answer is read: a tool whose tests did not all pass on a right file
was not measured but broken, and that ends the benchmark.
"""

import ast
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from _measure import ROOT

ARGUMENTS = {
    "submission": "[submission]",
    "clock": "[RealClock()]",
    "busy": "[False, True]",
    "round_": "range(50)",
}
"""What a plain test's parameters get; a test with any other is left out, for every tool alike."""

PLAIN = {
    "ex02": (ROOT / "benchmarks" / "plain" / "test_ex02_real_sleeps.py", "ThreadPool"),
    "ex04": (ROOT / "benchmarks" / "plain" / "test_ex04_real_sleeps.py", "TimerScheduler interval sleep timeout"),
}

ENVIRONMENTS = ("gradescope-utils", "check50", "otter-grader")

_RAISES = """
import contextlib
class pytest:
    @staticmethod
    @contextlib.contextmanager
    def raises(kind):
        try:
            yield
        except kind:
            return
        raise AssertionError(f"no {kind}")
"""
"""In place of pytest, whose import would be a burden on tools that do without it."""

_MODULE = '''
def run(name, where):
    """One test, on a file or on the names that a file defined."""
    global submission
    if isinstance(where, dict):
        submission = types.SimpleNamespace(**where)
    else:
        spec = importlib.util.spec_from_file_location("submission", where)
        submission = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(submission)
    function, given = TESTS[name]
    for arguments in itertools.product(*given()):
        function(*arguments)
'''


@dataclass(frozen=True)
class Tests:
    """The plain tests of an exercise."""

    head: str
    functions: dict[str, tuple[str, str]]  # by name: the source, and what its parameters get

    @classmethod
    def of(cls, plain: Path) -> "Tests":
        """The tests of a file that need nothing but what `ARGUMENTS` has."""
        head, functions = [], {}
        for node in ast.parse(plain.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                node.decorator_list = []
                names = [argument.arg for argument in node.args.args]
                if set(names) <= set(ARGUMENTS):
                    functions[node.name] = ast.unparse(node), ", ".join(ARGUMENTS[name] for name in names)
            elif "pytest" not in ast.unparse(node):  # its import, and fixtures: `ARGUMENTS` has what they give
                head.append(ast.unparse(node))
        return cls("\n".join([*head, _RAISES]), functions)

    def cells(self, api: str) -> tuple[str, list[str]]:
        """For a notebook: the head, and a cell for each test."""
        names = f"submission = types.SimpleNamespace(**{{n: globals()[n] for n in {api.split()}}})"
        return f"{self.head}\nimport types\n{names}", [
            f"{source}\nimport itertools\nfor given in itertools.product({given}): {name}(*given)"
            for name, (source, given) in self.functions.items()
        ]

    def module(self) -> str:
        """A module whose `run(name, where)` makes one test."""
        table = ", ".join(f"{name!r}: ({name}, lambda: ({given},))" for name, (_, given) in self.functions.items())
        sources = [source for source, _ in self.functions.values()]
        imports = "import importlib.util, itertools, types"
        return "\n".join([self.head, imports, *sources, f"TESTS = {{{table}}}", _MODULE])


@dataclass(frozen=True)
class Peer:
    """A tool, ready to grade one file: `command(file, out)`, run in an empty folder; `passed(out)` counts tests that passed."""

    name: str
    command: Callable[[Path, Path], list[str]]
    passed: Callable[[Path, bytes], int]


def peers(environments: Path, folder: Path, tests: Tests, file_name: str) -> list[Peer]:
    """The tools that are there, each with the tests written into `folder`. Names those that are not."""
    makers = {"gradescope-utils": _gradescope, "check50": _check50, "otter-grader": _otter}
    found = []
    for name in ENVIRONMENTS:
        python = environments / name / "bin" / "python"
        if not python.is_file():
            print(f"{name:40}  missing: no environment {environments / name}", flush=True)
            continue
        home = folder / name
        home.mkdir()
        (home / "plain_checks.py").write_text(tests.module(), encoding="utf-8")
        found.append(makers[name](python, home, tests, file_name))
    return found


def _gradescope(python: Path, home: Path, tests: Tests, file_name: str) -> Peer:
    (home / "grade.py").write_text(
        "import sys, unittest\n"
        "from gradescope_utils.autograder_utils.decorators import weight\n"
        "from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner\n"
        "import plain_checks\n"
        "class Tests(unittest.TestCase): pass\n"
        "for name in plain_checks.TESTS:\n"
        "    setattr(Tests, name, weight(1)(lambda self, name=name: plain_checks.run(name, sys.argv[1])))\n"
        "with open(sys.argv[2], 'w') as stream:\n"
        "    JSONTestRunner(visibility='visible', stream=stream).run(unittest.defaultTestLoader.loadTestsFromTestCase(Tests))\n"
    )

    def passed(out: Path, _: bytes) -> int:
        return sum(test["score"] == 1 for test in json.loads((out / "results.json").read_bytes())["tests"])

    return Peer(
        "gradescope-utils",
        lambda file, out: [str(python), str(home / "grade.py"), str(file), str(out / "results.json")],
        passed,
    )


def _check50(python: Path, home: Path, tests: Tests, file_name: str) -> Peer:
    (home / ".cs50.yml").write_text("check50:\n  files:\n    - !include '*.py'\n")
    checks = [
        f"@check50.check()\ndef {n}():\n    '''{n}'''\n    plain_checks.run({n!r}, {file_name!r})"
        for n in tests.functions
    ]
    where = f"import sys\nsys.path.insert(0, {str(home)!r})"
    (home / "__init__.py").write_text("\n".join([where, "import check50, plain_checks", *checks]) + "\n")

    def command(file: Path, out: Path) -> list[str]:
        (out / file_name).write_bytes(file.read_bytes())  # it grades the folder that it is called in
        program = str(python.with_name("check50"))
        return [program, "--dev", "--log-level", "error", "-o", "json", "--output-file", "results.json", str(home)]

    def passed(out: Path, _: bytes) -> int:
        return sum(each["passed"] is True for each in json.loads((out / "results.json").read_bytes())["results"])

    return Peer("check50", command, passed)


def _otter(python: Path, home: Path, tests: Tests, file_name: str) -> Peer:
    (home / "tests").mkdir()
    for name in tests.functions:
        code = f">>> import sys\n>>> sys.path.insert(0, {str(home)!r})\n>>> import plain_checks\n>>> plain_checks.run({name!r}, globals())"
        case = {"code": code, "hidden": False, "locked": False}
        suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        test = {"name": name, "points": 1, "suites": [suite]}
        (home / "tests" / f"{name}.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n")
    program = str(python.with_name("otter"))
    made = subprocess.run(
        [
            program,
            "generate",
            "-t",
            "tests",
            "-o",
            "autograder.zip",
            "--no-config",
            "--no-environment",
            "--no-requirements",
        ],
        cwd=home,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        raise SystemExit(f"otter generate failed:\n{made.stderr.decode()}")

    def passed(out: Path, _: bytes) -> int:
        results = json.loads((out / "results.json").read_bytes())
        return sum(test.get("score") == test.get("max_score") == 1 for test in results["tests"])

    return Peer(
        "otter-grader (otter run)",
        lambda file, out: [program, "run", "-a", str(home / "autograder.zip"), "-o", str(out), "--no-logo", str(file)],
        passed,
    )
