"""Honest accidents, graded in the real sandbox: one plain sentence, and the same one whatever the machine offers."""

from collections.abc import Callable, Iterator

import pytest

from tests.judge.conftest import RIGHT, Make, only
from threadmarks import wire
from threadmarks.judge import grade_source
from threadmarks.judge.accidents import sentence
from threadmarks.model import Report, Verdict
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung, survey
from threadmarks.sandbox.saferead import Source

OFFERED = [seen.rung for seen in survey() if seen.offered and seen.rung is not Rung.PLAIN]
LECTURE = ("security", "sandbox", "attack", "hostile", "forbidden", "malicious", "seccomp", "namespace", "cheat")

GradeHere = Callable[[str], Report]


@pytest.fixture(scope="module", params=OFFERED, ids=lambda rung: rung.value)
def held(request: pytest.FixtureRequest) -> Iterator[Host]:
    """Each rung that this machine offers. On the plain one an accident is what it is everywhere: it happens."""
    with Host(1, rung=request.param) as host:
        yield host


@pytest.fixture
def grade_here(held: Host, make: Make) -> GradeHere:
    """The report on a source, on one rung."""
    return lambda source: grade_source(make(), Source(file="ex90.py", text=source), host=held)


def body(text: str) -> str:
    """A submission whose function does this first."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return f"import os, sys, threading\ndef answer(x, *, twice=False):\n{lines}    return 42\n"


PROCESSES = "Your program tried to start processes; an exercise is solved inside of one process."
PROGRAMS = "Your program tried to start programs; an exercise is solved inside of one process."
FILES = "Your program uses a file that is not there or that a run may not write; exercises need no files."

ACCIDENTS = {
    "fork in a loop": ("for _ in range(100):\n    os.fork()", "exception", PROCESSES),
    "a process": (
        "import multiprocessing\nmultiprocessing.get_context('fork').Process(target=print).start()",
        "exception",
        PROCESSES,
    ),
    "os.system": ("os.system('ls')", "exception", PROGRAMS),
    "subprocess": ("import subprocess\nsubprocess.run(['ls'])", "exception", PROGRAMS),
    "endless recursion": (
        "return answer(x)",
        "exception",
        "Your program calls itself again and again, without an end.",
    ),
    "a huge list": ("x = [0] * 10**12", "memory-limit", "Your program asked for more memory than a run may use."),
    "a list that grows": (
        "x = []\nwhile True:\n    x.append(bytearray(50_000_000))",
        "memory-limit",
        "Your program asked for more memory than a run may use.",
    ),
    "a file in a folder that is not there": ("open('/no-such-folder/notes.txt', 'w')", "exception", FILES),
    "a file that is not there": ("open('notes.txt').read()", "exception", FILES),
    "input": ("input('name? ')", "exception", "Your program asks for input, and nobody is there to type it."),
    "a print flood": (
        "while True:\n    print('x' * 1000)",
        "spinning",
        "A thread runs on and on without getting anywhere.",
    ),
    "exit()": ("exit()", "exited", "Your program ended itself (SystemExit) while it was being graded."),
    "os._exit": ("os._exit(1)", "exited", "Your program ended its own process while it was being graded."),
    "an endless loop": ("while True:\n    pass", "spinning", "A thread runs on and on without getting anywhere."),
}


@pytest.mark.parametrize(("text", "code", "message"), ACCIDENTS.values(), ids=ACCIDENTS)
def test_an_accident_gets_one_plain_sentence(grade_here: GradeHere, text: str, code: str, message: str) -> None:
    """And no lecture: nobody meant any harm."""
    check = only(grade_here(body(text)))
    (finding,) = check.findings
    assert (finding.code, finding.message) == (code, message)
    told = f"{finding.message} {finding.means} {finding.seen}".lower()
    assert not [word for word in LECTURE if word in told]
    assert check.verdict in (Verdict.CRASHED, Verdict.HANG)


AT_IMPORT = {
    "endless": ("while True:\n    pass", "spinning", "Importing your file does not come to an end"),
    "waiting": ("import threading\nthreading.Event().wait()", "deadlock", "Importing your file waits for something"),
    "input": ("name = input('name? ')", "import-error", "Importing your file failed. Your program asks for input"),
    "a missing file": ("open('data.txt')", "import-error", "Importing your file failed. Your program uses a file"),
    "fork": (
        "import os\nos.fork()",
        "import-error",
        "Importing your file failed. Your program tried to start processes",
    ),
    "exit": ("exit()", "exited", "Your file ends the program while it is being imported."),
    "recursion": ("def f(): f()\nf()", "import-error", "Importing your file failed. Your program calls itself"),
    "memory": ("x = [0] * 10**12", "memory-limit", "Importing your file asked for more memory than a run may use."),
}


@pytest.mark.parametrize(("text", "code", "message"), AT_IMPORT.values(), ids=AT_IMPORT)
def test_an_accident_at_import_says_that_it_happens_there(
    grade_here: GradeHere, text: str, code: str, message: str
) -> None:
    """One finding for the whole file."""
    (finding,) = grade_here(f"{text}\n{RIGHT}").findings
    assert finding.code == code
    assert finding.message.startswith(message)


def test_what_is_no_accident_passes(grade_here: GradeHere) -> None:
    """A note in the working folder, a few prints, deep but finite recursion, a big but sane list."""
    text = (
        "open('notes.txt', 'w').write('x')\nopen('notes.txt').read()\nprint('hello')\n"
        "def down(n): return n and down(n - 1)\ndown(500)\nx = [0] * 10**6"
    )
    assert only(grade_here(body(text))).verdict is Verdict.PASSED


def test_files_of_one_run_are_not_there_in_the_next(grade_here: GradeHere) -> None:
    """Or a verdict would depend on who was graded before."""
    assert only(grade_here(body("open('left.txt', 'x').close()"))).verdict is Verdict.PASSED
    assert only(grade_here(body("open('left.txt', 'x').close()"))).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("PermissionError", "[Errno 1] Operation not permitted", "asked the system for something"),
        ("PermissionError", "[Errno 13] Permission denied: '/etc/passwd'", "uses a file"),
        ("OSError", "[Errno 30] Read-only file system: '/x'", "uses a file"),
        ("OSError", "[Errno 27] File too large", "uses a file"),
        ("RuntimeError", "can't start new thread", "more threads than a run may have"),
        ("PermissionError", "an exercise may not send signals (os.kill)", "tried to send signals"),
    ],
)
def test_the_systems_own_words_are_understood(kind: str, text: str, words: str) -> None:
    """They differ from rung to rung; the sentence does not."""
    assert words in sentence(wire.ErrorRecord(type=kind, message=text, frames=(), thread=0))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("EOFError", ""),
        ("ValueError", "[Errno 13]"),
        ("OSError", "[Errno 9] Bad file descriptor"),
        ("RuntimeError", "cannot join current thread"),
        ("PermissionError", "mine"),
        ("KeyError", "'x'"),
    ],
)
def test_any_other_exception_speaks_for_itself(kind: str, text: str) -> None:
    """A wrong guess is worse than none."""
    assert sentence(wire.ErrorRecord(type=kind, message=text, frames=(), thread=0)) == ""
