"""A batch on a Dask cluster: real scheduler, real workers with their nannies, killed and mistaken in every way.

Needs the extra `threadmarks[cluster]`; left out without it, unless THREADMARKS_CLUSTER is "required".
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from threadmarks import catalog, content
from threadmarks.batch.bench import Bench, examined
from threadmarks.batch.executor import Job
from threadmarks.batch.keys import Kit, Terms, kit
from threadmarks.batch.store import decode
from threadmarks.sandbox.ladder import survey

if os.environ.get("THREADMARKS_CLUSTER") == "required":
    assert find_spec("distributed") is not None, "THREADMARKS_CLUSTER is required, and distributed is not installed"
needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="needs the extra threadmarks[cluster]")

BEST = next(seen.rung for seen in survey() if seen.offered).value
TERMS = Terms(secret="a secret of many words", lowest=BEST)
FIRST = catalog.resolve("ex00")
RIGHT = FIRST.reference.read_text(encoding="utf-8")
FILES = 8


class Cluster:
    """A scheduler, and workers that can be started and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen] = []
        self.scheduler = self._start("dask_scheduler", "--port", "0", "--host", "127.0.0.1")
        _wait_for(self.file.exists)
        self.address = json.loads(self.file.read_text())["address"]

    def worker(self, **environment: str) -> subprocess.Popen:
        """A machine with one core: a nanny that looks after one worker process with one thread."""
        words = ("--nthreads", "1", "--nworkers", "1", "--local-directory", str(self.folder))
        before = self.log().count("Registered to")
        process = self._start("dask_worker", *words, **environment)
        _wait_for(lambda: self.log().count("Registered to") > before)
        return process

    def log(self) -> str:
        """What scheduler and workers have said."""
        return (self.folder / "log").read_text()

    def _start(self, program: str, *words: str, **environment: str) -> subprocess.Popen:
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.{program}",
            "--scheduler-file",
            str(self.file),
            "--no-dashboard",
        ]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*command, *words],
                env={**os.environ, "PYTHONPATH": str(content.PACKAGE.parent), **environment},
                cwd=self.folder,  # a module's name is looked for there first
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def close(self) -> None:
        """End everything, and see that nothing is left."""
        for process in self.processes:
            kill_all(process)


def kill_all(process: subprocess.Popen) -> None:
    """Kill a program and everything that it has started, as a machine does that loses power."""
    for pid in [process.pid, *offspring(process.pid)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def offspring(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, due = [], [pid]
    while due:
        children = parents.get(due.pop(), [])
        found += children
        due += children
    return found


def judges(process: subprocess.Popen) -> list[int]:
    """The judge processes of a worker."""
    found = []
    for pid in offspring(process.pid):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if b"judge_process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def _wait_for(condition, attempts: int = 3000):
    for _ in range(attempts):
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")


@pytest.fixture
def cluster(tmp_path):
    """A scheduler without workers."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = Cluster(folder)
    yield made
    made.close()


@pytest.fixture
def place(tmp_path):
    """A folder with a class in it: right, wrong and broken files, each another text."""
    texts = {f"s{number:02}": f"# {number}\n{RIGHT}" for number in range(FILES)}
    texts |= {
        "wrong": FIRST.wrong[0].read_text(encoding="utf-8"),
        "broken": "def (\n",
        "exits": "import os\nos._exit(0)\n",
    }
    for name, text in texts.items():
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "ex00.py").write_text(text)
    (tmp_path / "secret.txt").write_text(TERMS.secret + "\n")
    return tmp_path


def batch(place: Path, out: str, *more: str, first: str = "") -> subprocess.Popen:
    """The command, begun. `first` is executed before it."""
    code = f"{first}\nfrom threadmarks.commands import main; main()"
    words = ["batch", "class", "--out", out, "--secret-file", "secret.txt", "--rung", BEST, *more]
    environment = {**os.environ, "PYTHONPATH": str(content.PACKAGE.parent)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def published(out: Path) -> dict[str, bytes]:
    """Every file that a batch publishes."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".threadmarks" not in path.parts
    }


def finished(out: Path) -> int:
    """How many results are kept."""
    return len(list((out / ".threadmarks" / "results").glob("*/[!.]*")))


@needs_dask
def test_workers_that_are_lost_lose_nothing_and_the_results_are_those_of_one_machine(cluster, place):
    """One worker process is killed and started anew by its nanny; one machine is gone for good."""
    alone = batch(place, "alone")
    said = alone.communicate()[0]
    assert alone.returncode == 0, said
    first, second = cluster.worker(), cluster.worker()
    run = batch(place, "together", "--cluster", cluster.address)
    _wait_for(lambda: judges(first) and judges(second) and finished(place / "together") >= 2)
    (process,) = [pid for pid in offspring(first.pid) if set(judges(first)) <= set(offspring(pid))][:1]
    os.kill(process, signal.SIGKILL)
    before = finished(place / "together")
    _wait_for(lambda: finished(place / "together") > before)
    kill_all(second)
    said = run.communicate()[0]
    assert run.returncode == 0, said
    assert published(place / "together") == published(place / "alone")
    _wait_for(lambda: not judges(first))  # dismissed at the batch's end
    again = batch(place, "together", "--cluster", "tcp://127.0.0.1:9")  # nothing is left to grade: nobody is asked
    assert again.communicate()[0].decode().count("0 to grade") == 1


@needs_dask
def test_judges_end_with_a_killed_worker_and_an_interrupted_batch_goes_on(cluster, place):
    """Ctrl-C: what is finished stays, and the next run needs no cluster."""
    worker = cluster.worker()
    run = batch(place, "out", "--cluster", cluster.address)
    (judge,) = _wait_for(lambda: judges(worker))
    _wait_for(lambda: finished(place / "out"))
    run.send_signal(signal.SIGINT)
    said = run.communicate()[0]
    assert run.returncode == 130, said
    kept = finished(place / "out")
    assert 0 < kept <= FILES + 3
    (process,) = [pid for pid in offspring(worker.pid) if judge in offspring(pid)][:1] or [None]
    if process is not None:  # not dismissed yet
        os.kill(process, signal.SIGKILL)
    _wait_for(lambda: not Path(f"/proc/{judge}").exists())
    rest = batch(place, "out")
    rest.communicate()
    assert (rest.returncode, finished(place / "out")) == (0, FILES + 3)


@needs_dask
@pytest.mark.parametrize(
    ("address", "said"),
    [("tcp://127.0.0.1:9", "No Dask scheduler answers at"), ("nowhere", "No Dask scheduler answers at 'nowhere'")],
)
def test_an_address_where_nobody_answers_is_said(place, address, said):
    """And nothing is published."""
    impatient = "from threadmarks.batch import cluster; cluster.CONNECT_S = 1"
    run = batch(place, "out", "--cluster", address, first=impatient)
    told = run.communicate()[0].decode()
    assert (run.returncode, said in told) == (2, True), told
    assert published(place / "out") == {}


@needs_dask
def test_a_cluster_without_a_worker_or_with_another_kit_is_refused(cluster, place, tmp_path):
    """A verdict of another kit under this kit's name would be a lie."""
    impatient = "from threadmarks.batch import cluster; cluster.ALONE_S = 1"
    run = batch(place, "out", "--cluster", cluster.address, first=impatient)
    assert "has no worker" in run.communicate()[0].decode()
    assert run.returncode == 2
    other = tmp_path / "other"
    for part in (content.PACKAGE.name, "exercises", "graders", "solutions"):
        _copy(content.PACKAGE.parent / part, other / part)
    with (other / "threadmarks" / "model.py").open("a") as file:
        file.write("# newer\n")
    cluster.worker(PYTHONPATH=str(other))
    run = batch(place, "out", "--cluster", cluster.address)
    told = run.communicate()[0].decode()
    assert (run.returncode, "its kit or its exercises are not those" in told) == (3, True), told


def _copy(folder: Path, to: Path) -> None:
    import shutil

    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("__pycache__"))


def test_without_dask_the_extra_is_named(place):
    """Not an ImportError."""
    hiding = place / "hiding" / "distributed"
    hiding.mkdir(parents=True)
    (hiding / "__init__.py").write_text("raise ImportError('hidden')\n")
    first = f"import sys; sys.path.insert(0, {str(hiding.parent)!r})"
    run = batch(place, "out", "--cluster", "tcp://127.0.0.1:9", first=first)
    told = run.communicate()[0].decode()
    assert (run.returncode, "pip install 'threadmarks[cluster]'" in told) == (2, True), told


def test_a_bench_keeps_a_judge_warm_and_refuses_another_kit():
    """The worker's side, without a cluster."""
    bench = Bench()
    job = Job(key="right", exercise="ex00", text=RIGHT, kit=kit(FIRST))
    try:
        done = bench.graded(job, TERMS)
        assert decode(done.encoded).score == 20.0, done.fault
        (executor,) = bench._idle[TERMS]
        (judge,) = executor._judges
        older = Job(key="older", exercise="ex00", text=RIGHT, kit=Kit(python=kit(FIRST).python, digest="older"))
        assert "its kit or its exercises" in bench.graded(older, TERMS).fault
        assert bench._idle == {TERMS: [executor]}
        bench.dismiss()
        assert (bench._idle, judge.process.is_alive()) == ({}, False)
    finally:
        bench.dismiss()


def test_batches_with_other_terms_at_once_have_other_judges():
    """Two instructors, one cluster: a file that is graded with another's secret would be kept under a name that is not its own."""
    bench = Bench()
    others = Terms(secret="another secret of words", lowest=BEST)
    job = Job(key="broken", exercise="ex00", text="def (")
    try:
        taken = [bench._taken(terms) for terms in (TERMS, others)]  # both at work at once
        for (judge, generation), terms in zip(taken, (TERMS, others), strict=True):
            bench._put_back(judge, terms, generation)
        for terms in (others, TERMS, others):
            assert bench.graded(job, terms).fault == ""
        assert {terms: [judge._terms for judge in judges] for terms, judges in bench._idle.items()} == {
            TERMS: [TERMS],
            others: [others],
        }
    finally:
        bench.dismiss()


def test_judges_with_nothing_to_do_are_ended():
    """Whoever commanded them may be gone."""
    bench = Bench(idle_s=0.05)
    assert bench.graded(Job(key="broken", exercise="ex00", text="def ("), TERMS).fault == ""
    _wait_for(lambda: not bench._idle)


@pytest.mark.parametrize(
    ("kits", "said"),
    [
        ({"ex00": kit(FIRST)}, ""),
        (
            {"ex00": Kit(python="cpython 3.99", digest="")},
            f"it runs {kit(FIRST).python}, and the machine that asks cpython 3.99",
        ),
        (
            {"ex00": Kit(python=kit(FIRST).python, digest="")},
            "its kit or its exercises are not those of the machine that asks",
        ),
        ({"ex99": kit(FIRST)}, 'There is no exercise "ex99"'),
    ],
)
def test_a_worker_says_what_is_different(kits, said):
    """Before any file is sent."""
    assert examined(kits).startswith(said)
    assert bool(examined(kits)) == bool(said)
