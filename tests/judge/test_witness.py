"""The second witness on whole submissions: lies are contested, honest files in any style never are."""

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.judge.witnessing import heard
from threadmarks import catalog, content
from threadmarks.catalog import Exercise
from threadmarks.errors import GraderFault
from threadmarks.explain.codes import explain
from threadmarks.judge import grade_source, witness
from threadmarks.judge.check import scenario_of
from threadmarks.judge.scenario_file import ScenarioFile
from threadmarks.model import CheckResult, Evidence, Report, Verdict
from threadmarks.report import json, text
from threadmarks.sandbox.host import PLAIN_ENTRY, Host
from threadmarks.sandbox.ladder import Rung
from threadmarks.sandbox.saferead import Source, read

ROOT = content.PACKAGE.parent
REFERENCES = {exercise.id: read(exercise.reference).text for exercise in catalog.load()}
EXERCISES = catalog.load()
OTHERS = [(exercise, path) for exercise in EXERCISES for path in exercise.alternatives]

IN_PLAIN = """
import sys as _sys
_engine = _sys.modules.get("threadmarks.runner.baton")
PLAIN = _engine is None or _engine.active is None
"""
"""Put before a file: it knows whether it is being watched from inside."""

Witnessed = Callable[..., Report]


@pytest.fixture(scope="module")
def plain_host() -> Iterator[Host]:
    """A host whose runs are plain ones."""
    with Host(1, entry=PLAIN_ENTRY) as running:
        yield running


@pytest.fixture
def witnessed(host: Host, plain_host: Host) -> Witnessed:
    """`witnessed("ex02", source)`: the report, with plain runs beside the controlled ones."""

    def grade(exercise_id: str, source: str) -> Report:
        exercise = catalog.resolve(exercise_id, catalog.load())
        submission = Source(file=f"{exercise_id}.py", text=source)
        return grade_source(exercise, submission, host=host, witness=True, witness_host=plain_host)

    return grade


@pytest.fixture
def counted(witnessed: Witnessed) -> None:
    """Leave out what needs the kernel's count on a machine that has none."""
    if witnessed("ex00", REFERENCES["ex00"]).extra["rung"] != Rung.FULL:
        pytest.skip("threads are counted by the kernel on the full rung only")


def suspects(report: Report) -> dict[str, str]:
    """What the witness says of each contested check."""
    return {check.spec.name: check.accounts[-1].says for check in report.checks if check.verdict is Verdict.SUSPECT}


def named(report: Report, name: str) -> CheckResult:
    """The result of one check."""
    return next(check for check in report.checks if check.spec.name == name)


def changed(exercise_id: str, *pairs: tuple[str, str]) -> str:
    """The reference with pieces of it replaced; each must be there."""
    source = REFERENCES[exercise_id]
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new, 1)
    return source


# ---- honest


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_references_are_never_contested(witnessed: Witnessed, exercise: Exercise) -> None:
    """A witness must not cost a right solution anything."""
    report = witnessed(exercise.id, REFERENCES[exercise.id])
    assert (report.verdict, suspects(report), report.ungraded) == (Verdict.PASSED, {}, 0)


@pytest.mark.parametrize(
    ("exercise", "path"), OTHERS, ids=lambda each: getattr(each, "stem", getattr(each, "id", None))
)
def test_right_solutions_in_other_styles_are_never_contested(plain_host: Host, exercise: Exercise, path: Path) -> None:
    """Nor any other: what its plain runs show is what the references' show."""
    told = heard(exercise, path, plain_host)
    assert [each.contest for each in told] == [None] * len(told)


@pytest.mark.parametrize(
    ("pair", "contested"),
    [
        (
            (
                "    _Current.reactor = Reactor()\n",
                "    _Current.reactor = Reactor()\n    threading.Thread(target=threading.Event().wait, daemon=True).start()\n",
            ),
            {"served_by_main_alone": "threads"},
        ),
        (
            ("        self.poll(timeout)\n", "        self.poll(0.002)\n"),
            {"asleep_with_clients": "how often the busiest idle thread woke up"},
        ),
        (("write_all(data)", "write_all(data[::-1])"), {"served_by_main_alone": "what came back to a client"}),
    ],
    ids=["a helper thread", "a selector that looks all day", "other bytes"],
)
def test_a_reactor_is_seen_from_outside(
    plain_host: Host, tmp_path: Path, pair: tuple[str, str], contested: dict[str, str]
) -> None:
    """What a file does in a plain run of sockets contests its trace, whatever the trace says."""
    path = tmp_path / "ex10.py"
    path.write_text(changed("ex10", ("import socket\n", "import socket\nimport threading\n"), pair))
    told = {each.name: each for each in heard(catalog.resolve("ex10"), path, plain_host)}
    assert {name for name, each in told.items() if each.contest} == contested.keys()
    for name, measured in contested.items():
        assert told[name].contest.measured.startswith(measured)


def test_a_stopwatch_that_stands_still_while_a_thread_sleeps(plain_host: Host, tmp_path: Path) -> None:
    """In a controlled run processor time is virtual time, so there it measures sleeps; in a plain run it does not."""
    path = tmp_path / "ex11.py"
    clock = ("begin = time.monotonic()\n        try", "begin = time.process_time()\n        try")
    path.write_text(changed("ex11", clock, ("took = time.monotonic()", "took = time.process_time()")))
    told = {each.name: each for each in heard(catalog.resolve("ex11"), path, plain_host)}
    assert {name for name, each in told.items() if each.contest} == {"held_for_real"}
    assert told["held_for_real"].contest.measured.startswith("names from find_blockers")


def test_a_reactor_that_sleeps_is_no_remark(plain_host: Host) -> None:
    """A thread that waits for sockets is not seen to stand still; but it takes no processor time."""
    told = {each.name: each for each in heard(catalog.resolve("ex10"), catalog.resolve("ex10").reference, plain_host)}
    assert told["asleep_with_clients"].remarks == ()


POLLING_POOL = """
import queue, threading
from threadmarks.prelude import PoolClosed

class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError("size")
        self.size, self.panics = size, 0
        self._jobs, self._lock, self._closed, self._open = queue.Queue(), threading.Lock(), False, 0
        self._idle = threading.Condition(self._lock)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def _work(self):
        while True:
            try:
                job, args, kw = self._jobs.get(timeout=0.2)
            except queue.Empty:
                with self._lock:
                    if self._closed and not self._open:
                        return
                continue
            raised = False
            try:
                job(*args, **kw)
            except BaseException:
                raised = True
            with self._lock:
                self.panics += raised
                self._open -= 1
                self._idle.notify_all()

    def execute(self, job, *args, **kw):
        with self._lock:
            if self._closed:
                raise PoolClosed
            self._open += 1
            self._jobs.put((job, args, kw))

    def wait_idle(self, timeout=None):
        with self._lock:
            return self._idle.wait_for(lambda: not self._open, timeout)

    def close(self):
        with self._lock:
            self._closed = True
        for thread in self._threads:
            while thread.is_alive():
                thread.join(timeout=0.1)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
"""

BUSY_AT_IMPORT = """
import threading as _threading, time as _time
def _busy():
    while True:
        sum(range(1000))
        _time.sleep(0.005)
_threading.Thread(target=_busy, daemon=True).start()
"""

SLEEPER_AT_IMPORT = """
import threading as _threading
_forever = _threading.Event()
_threads = [_threading.Thread(target=_forever.wait, daemon=True) for _ in range(7)]
[thread.start() for thread in _threads]
"""

SHORT_ONES_AT_IMPORT = """
import threading as _threading
for _ in range(9):
    _thread = _threading.Thread(target=int)
    _thread.start()
    _thread.join()
"""


@pytest.mark.parametrize(
    ("exercise_id", "source"),
    [
        pytest.param("ex02", POLLING_POOL, id="a pool that polls with time-outs"),
        pytest.param("ex02", SLEEPER_AT_IMPORT + REFERENCES["ex02"], id="threads that sleep since the import"),
        pytest.param("ex00", SLEEPER_AT_IMPORT + REFERENCES["ex00"], id="the same where none may be started later"),
        pytest.param("ex01", SHORT_ONES_AT_IMPORT + REFERENCES["ex01"], id="threads that came and went at import"),
        pytest.param(
            "ex03", BUSY_AT_IMPORT.replace("0.005", "5") + REFERENCES["ex03"], id="a thread that works now and then"
        ),
    ],
)
def test_honest_styles_are_never_contested(witnessed: Witnessed, exercise_id: str, source: str) -> None:
    """What the witness cannot see through (waits with a time-out, threads of the import) it must leave alone."""
    assert suspects(witnessed(exercise_id, source)) == {}


def test_a_witness_that_cannot_see_says_so(witnessed: Witnessed) -> None:
    """Waits with a time-out never stand still: the instructor is told that nothing was seen, and nobody loses anything."""
    report = witnessed("ex02", POLLING_POOL)
    assert named(report, "no_spin").passed
    assert any("busiest idle thread" in remark for remark in named(report, "no_spin").remarks)


# ---- lying


HIDDEN_THREADS = (
    "return [Ran(job(), threading.current_thread()) for job in jobs]",
    """import sys, _thread
    originals = sys.modules["threadmarks.runner.originals"]
    values = []
    for job in jobs:
        over = originals.allocate_lock()
        over.acquire()
        def run():
            try:
                values.append(job())
            finally:
                over.release()
        originals.start_new_thread(run, ())
        over.acquire()
    return [Ran(value, threading.current_thread()) for value in values]""",
)


def test_threads_that_the_recorder_does_not_see_are_counted(witnessed: Witnessed, counted: None) -> None:
    """Every job on a thread of its own, started with the engine's own primitives: the trace shows none."""
    report = witnessed("ex00", changed("ex00", HIDDEN_THREADS))
    check = named(report, "zero_threads")
    assert check.verdict is Verdict.SUSPECT
    trace, hidden, plain = check.accounts
    assert trace.source == "trace"
    assert ("threads reported", "0") in trace.facts
    assert hidden.says.endswith("by the kernel's own count: 50; its traces tell of 0")
    assert plain.says in (
        "threads made, by the kernel's own count: 20, not at most 0",
        "threads seen, after the file was loaded: 1, not at most 0",  # whichever comes first
    )


FORGED_TRACE = """
import sys as _sys
_emit = _sys.modules["threadmarks.runner.emit"]
_true = _emit.schedule_message
exec('''
def _forged(*args):
    message = _true(*args)
    if len(message["threads"]) < 100:
        return message
    message["threads"] = message["threads"][:5]
    message["waits"] = []
    for row in message["threads"][1:]:
        row[5], row[6], row[7] = 0, message["virtual_ns"], ""
    def mark(name, made):
        return [0, 0, "mark", 0, [name, made, [[serial, 0, 0] for serial in range(made + 1)]]]
    rows = [mark("imported", 0)]
    rows += [[0, 0, "start", row[4], [row[0]]] for row in message["threads"][1:]]
    rows += [mark("constructed", 4), [0, 0, "note", 0, ["ran_on", [number % 4 + 1 for number in range(200)]]]]
    rows += [[message["virtual_ns"], serial, "end", 0, [""]] for serial in range(1, 5)]
    message["events"] = [[step, *row] for step, row in enumerate(rows, 1)]
    return message
''')  # made at run time, it is not instrumented

_emit.schedule_message = _forged
"""


def test_two_hundred_threads_behind_a_trace_of_four(witnessed: Witnessed, counted: None) -> None:
    """A thread for every job; the file writes four workers into its trace."""
    thread_per_job = read(ROOT / "solutions/ex02_thread_pool/wrong/a_thread_per_job.py").text
    told = suspects(witnessed("ex02", FORGED_TRACE + thread_per_job))
    assert "precreated" in told
    assert told["precreated"].startswith("threads ")


def test_jobs_on_the_submitters_thread(witnessed: Witnessed) -> None:
    """Under the engine a real pool; without it, execute calls the job."""
    source = (
        IN_PLAIN
        + changed("ex02", ("class ThreadPool:", "class _Pool:"))
        + dedent(
            """
        class ThreadPool(_Pool):
            def execute(self, job, *args, **kw):
                job(*args, **kw) if PLAIN else super().execute(job, *args, **kw)
        """
        )
    )
    told = suspects(witnessed("ex02", source))
    assert told["reuse"] == "the thread on which job was called: the main one, not another"


def test_values_from_a_table(witnessed: Witnessed) -> None:
    """Results that were written down before are other ones when the judge draws them."""
    table = (
        "return [Ran(job(), threading.current_thread()) for job in jobs]",
        "return [Ran((job(), n * 10)[PLAIN], threading.current_thread()) for n, job in enumerate(jobs)]",
    )
    told = suspects(witnessed("ex00", IN_PLAIN + changed("ex00", table)))
    assert told.keys() == {"order"}
    assert told["order"].startswith("the value of each Ran, where the judge drew what the jobs return: [0, 10, 20")


def test_jobs_that_never_overlap_in_a_plain_run(witnessed: Witnessed) -> None:
    """A pool of one behind the name of a pool of three, wherever nobody looks from inside."""
    source = (
        IN_PLAIN
        + changed("ex02", ("class ThreadPool:", "class _Pool:"))
        + dedent(
            """
        class ThreadPool(_Pool):
            def __init__(self, size, name="worker"):
                super().__init__(1 if PLAIN and size == 3 else size, name)
                self.size = size
        """
        )
    )
    told = suspects(witnessed("ex02", source))
    assert told["overlap_exact"].endswith("could move any more: 1 of job, not 3 of job")


def test_more_jobs_at_once_than_allowed(witnessed: Witnessed) -> None:
    """The other way round: more workers than were asked for."""
    source = (
        IN_PLAIN
        + changed("ex02", ("class ThreadPool:", "class _Pool:"))
        + dedent(
            """
        class ThreadPool(_Pool):
            def __init__(self, size, name="worker"):
                super().__init__(size + 2 if PLAIN else size, name)
                self.size = size
        """
        )
    )
    told = suspects(witnessed("ex02", source))
    assert told["overlap_exact"] == "calls of job open at once: 4, not at most 3"


def test_close_that_leaves_its_workers(witnessed: Witnessed) -> None:
    """The trace says that all have ended; outside, they are still there."""
    source = (
        IN_PLAIN
        + changed("ex02", ("class ThreadPool:", "class _Pool:"))
        + dedent(
            """
        import threading
        class ThreadPool(_Pool):
            def close(self):
                if PLAIN:
                    self.wait_idle()
                else:
                    super().close()
        """
        )
    )
    told = suspects(witnessed("ex02", source))
    assert told["drain_close"] == "threads left when close returned: 3, not 0"


@pytest.mark.parametrize(
    ("ending", "seen"),
    [
        ("import os; os._exit(0)", "its process left with 0"),
        ("raise KeyError(7)", "KeyError: 7"),
        (
            "_thread.allocate_lock().acquire()\n    _l = _thread.allocate_lock(); _l.acquire(); _l.acquire()",
            "no thread could move any more",
        ),
    ],
    ids=["exits", "raises", "blocks"],
)
def test_a_file_that_refuses_the_plain_run_is_contested(witnessed: Witnessed, ending: str, seen: str) -> None:
    """Under the engine it passes; where nobody forges a trace it does nothing. No schedule does that."""
    source = f"{IN_PLAIN}import _thread\nif PLAIN:\n    {ending}\n" + REFERENCES["ex03"]
    told = suspects(witnessed("ex03", source))
    assert told.keys() == {"zero_threads", "wait_no_spin"}
    assert all(seen in fact for fact in told.values())


def test_calls_written_by_one_thread_for_three(witnessed: Witnessed) -> None:
    """Whoever writes calls to the line himself has more calls open than threads."""
    lie = """
class ThreadPool:
    def __new__(cls, size, name="worker"):
        if not PLAIN:
            return _Pool(size, name)
        self = object.__new__(cls)
        self.sent = 0
        return self
    def __init__(self, size, name="worker"):
        pass
    def execute(self, job, *args, **kw):
        import os
        if self.sent < 3:
            self.sent += 1
            os.write(4, b'[%d,"job",%d]' % (1000 + self.sent, self.sent))
    def wait_idle(self, timeout=None): ...
    def close(self): ...
    def __enter__(self): ...
    def __exit__(self, *error): ...
"""
    source = IN_PLAIN + changed("ex02", ("class ThreadPool:", "class _Pool:")) + lie
    told = suspects(witnessed("ex02", source))
    assert told["overlap_exact"].startswith("threads that are there while calls are open: ")


SILENT = {
    "sleeps": "[time.sleep(0.01) for _ in range(100000 * PLAIN)]",
    "raises what a slow machine might": "PLAIN and exec('raise TimeoutError')",
    "wants more memory than there is": "kept = [bytearray(1 << 40)] * PLAIN if PLAIN else []",
    "works without end": "exec('while PLAIN: pass')",
}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries that take under two seconds in all: time for the run of the kit's own, which must be watched within half of the last."""
    monkeypatch.setattr(witness, "PATIENCE", (0.05, 0.1, 1.5))


@pytest.mark.parametrize("how", SILENT)
def test_a_plain_run_that_keeps_silent_each_time_is_contested(
    witnessed: Witnessed, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """One time-out proves nothing; three, while a run of the kit's own goes well beside them, are the program's doing.

    On a machine that lets nobody run in that time they have more of it.
    """
    change = ("return [Ran(job()", f"{SILENT[how]}\n    return [Ran(job()")
    source = f"{IN_PLAIN}import time\n" + changed("ex00", change)
    for last in (1.5, 6, 24):
        monkeypatch.setattr(witness, "PATIENCE", (0.05, 0.1, last))
        if len(told := suspects(witnessed("ex00", source))) == 2:
            break
    assert set(told) == {"zero_threads", "order"}
    assert told["order"].startswith("whether the plain run can be watched, in 3 tries: ")


def test_silence_on_a_machine_that_lets_nobody_be_watched_is_a_note(
    witnessed: Witnessed, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stops the kit's own run may have stopped the other."""
    monkeypatch.setattr(
        witness, "CONTROL_SCENARIO", "def control(student, probe):\n    raise TimeoutError('a slow machine')\n"
    )
    change = ("return [Ran(job()", f"{SILENT['sleeps']}\n    return [Ran(job()")
    report = witnessed("ex00", f"{IN_PLAIN}import time\n" + changed("ex00", change))
    assert suspects(report) == {}
    assert report.extra["unwitnessed"] == "zero_threads, order"
    assert named(report, "order").remarks[-1].endswith("a run of the kit's own could not be watched either")


def test_a_run_that_speaks_at_the_second_try_is_believed(witnessed: Witnessed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that was slow for a moment costs nobody anything."""
    monkeypatch.setattr(witness, "PATIENCE", (0.0, 0.0, 1.0))
    assert suspects(witnessed("ex00", REFERENCES["ex00"])) == {}


# ---- what is told


def test_a_contested_check_tells_the_student_little_and_the_instructor_all(witnessed: Witnessed) -> None:
    """A neutral sentence, no points taken, and both accounts as data and in the instructor's text."""
    table = (
        "return [Ran(job(), threading.current_thread()) for job in jobs]",
        "return [Ran((job(), n * 10)[PLAIN], threading.current_thread()) for n, job in enumerate(jobs)]",
    )
    report = witnessed("ex00", IN_PLAIN + changed("ex00", table))
    check = named(report, "order")
    (finding,) = check.findings
    assert finding.code == "accounts-differ"
    assert explain(finding.code) is not None
    assert (report.max_score, report.ungraded) == (17, 3)
    told = next(row for row in json.as_object(report)["checks"] if row["name"] == "order")
    assert [account["source"] for account in told["accounts"]] == ["trace", "witness"]
    assert told["message"] == finding.message
    for_students = " ".join(text.render(report, text.TextOptions()).split())
    assert (
        "Two measurements of this behaviour do not agree; a person will look at it. No points were taken."
        in for_students
    )
    assert "the judge drew" not in for_students
    for_instructors = " ".join(text.render(report, text.TextOptions(instructor=True)).split())
    assert "the judge drew" in for_instructors


def test_without_witness_nothing_is_contested(host: Host) -> None:
    """Practising stays fast: no plain run is made."""
    exercise = catalog.resolve("ex03", catalog.load())
    source = f"{IN_PLAIN}\nif PLAIN:\n    raise KeyError\n" + REFERENCES["ex03"]
    report = grade_source(exercise, Source(file="ex03.py", text=source), host=host)
    assert all(check.passed for check in report.checks)


# ---- authoring


CHECK = """
from threadmarks.grading import Run, Watch, check, expect, witness

@check(points=20, title="It answers", concept="answers", {declared})
async def test_answer(run: Run) -> None:
    await run("call")

def no_witness(watch: Watch) -> None:
    pass

@witness("nowhere")
def of_no_scenario(watch: Watch) -> None:
    pass
"""


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ('evidence="outside"', "answer: evidence from outside needs a witness"),
        ('evidence="outside", witness="missing"', "no @witness function 'missing'"),
        ('witness="no_witness"', "no @witness function 'no_witness'"),
        ('witness="of_no_scenario"', "no scenario 'nowhere'"),
    ],
)
def test_a_witness_that_is_not_there_is_the_graders_fault(make, host, plain_host, declared: str, problem: str) -> None:
    """Found when the checks are collected, before anything is judged."""
    exercise = make(checks=CHECK.replace("{declared}", declared))
    submission = Source(file="ex90.py", text="def answer(x, *, twice=False):\n    return 42\n")
    with pytest.raises(GraderFault, match=problem):
        grade_source(exercise, submission, host=host, witness=True, witness_host=plain_host)


@pytest.mark.parametrize("exercise", catalog.load(), ids=lambda exercise: exercise.id)
def test_every_witness_has_both_halves(exercise) -> None:
    """The judge's half names a scenario that is there, and no scenario is left over."""
    namespace: dict[str, object] = {"__name__": "checks"}
    exec(compile(exercise.checks.read_text(), str(exercise.checks), "exec"), namespace)
    declared = {scenario_of(value) for value in namespace.values()} - {None}
    specs = [getattr(value, "threadmarks_check", None) for value in namespace.values()]
    named_by_checks = {name for spec in specs if spec for name in spec.witness}
    text = exercise.witness.read_text() if exercise.witness.is_file() else ""
    assert declared == set(ScenarioFile(text, "witness").names)
    assert named_by_checks == {name for name, value in namespace.items() if scenario_of(value)}
    assert all(spec.witness for spec in specs if spec and spec.evidence is Evidence.OUTSIDE)
