"""A batch on a Dask cluster: real scheduler, real workers with their nannies, killed and mistaken in every way.

Needs the extra `threadmarks[cluster]`; left out without it, unless THREADMARKS_CLUSTER is "required".
"""

import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.batch.running import (
    ENVIRONMENT,
    PROGRAM,
    Cluster,
    judges,
    kill_all,
    published,
    results,
    wait_for,
    worker_processes,
)
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


@pytest.fixture
def cluster(tmp_path):
    """A scheduler without workers."""
    made = Cluster(tmp_path / "cluster")
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
    code = f"{first}\n{PROGRAM}"
    words = ["batch", "class", "--out", out, "--secret-file", "secret.txt", "--rung", BEST, *more]
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=place,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@needs_dask
def test_workers_that_are_lost_lose_nothing_and_the_results_are_those_of_one_machine(cluster, place):
    """One worker process is killed and started anew by its nanny; one machine is gone for good."""
    alone = batch(place, "alone")
    said = alone.communicate()[0]
    assert alone.returncode == 0, said
    first, second = cluster.worker(), cluster.worker()
    run = batch(place, "together", "--cluster", cluster.address)
    wait_for(lambda: judges(first) and judges(second) and len(results(place / "together")) >= 2)
    (process,) = worker_processes(first)
    os.kill(process, signal.SIGKILL)
    before = len(results(place / "together"))
    wait_for(lambda: len(results(place / "together")) > before)
    kill_all(second)
    said = run.communicate()[0]
    assert run.returncode == 0, said
    assert published(place / "together") == published(place / "alone")
    wait_for(lambda: not judges(first))  # dismissed at the batch's end
    again = batch(place, "together", "--cluster", "tcp://127.0.0.1:9")  # nothing is left to grade: nobody is asked
    assert again.communicate()[0].decode().count("0 to grade") == 1


@needs_dask
def test_judges_end_with_a_killed_worker_and_an_interrupted_batch_goes_on(cluster, place):
    """Ctrl-C: what is finished stays, and the next run needs no cluster."""
    worker = cluster.worker()
    run = batch(place, "out", "--cluster", cluster.address)
    (judge,) = wait_for(lambda: judges(worker))
    wait_for(lambda: len(results(place / "out")))
    run.send_signal(signal.SIGINT)
    said = run.communicate()[0]
    assert run.returncode == 130, said
    kept = len(results(place / "out"))
    assert 0 < kept <= FILES + 3
    (process,) = worker_processes(worker)
    os.kill(process, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{judge}").exists())
    rest = batch(place, "out")
    rest.communicate()
    assert (rest.returncode, len(results(place / "out"))) == (0, FILES + 3)


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
        shutil.copytree(content.PACKAGE.parent / part, other / part, ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "threadmarks" / "model.py").open("a") as file:
        file.write("# newer\n")
    cluster.worker(PYTHONPATH=str(other))
    run = batch(place, "out", "--cluster", cluster.address)
    told = run.communicate()[0].decode()
    assert (run.returncode, "its kit or its exercises are not those" in told) == (3, True), told


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
    wait_for(lambda: not bench._idle)


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
