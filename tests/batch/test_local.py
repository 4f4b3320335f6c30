"""The cores of one machine: every file gets the verdict that it gets alone, whatever happens around it."""

import os
import random
import signal
import threading
import time
from dataclasses import replace

import pytest

from threadmarks import catalog
from threadmarks.batch import local, store
from threadmarks.batch.executor import Job
from threadmarks.batch.keys import Terms
from threadmarks.batch.local import LocalExecutor
from threadmarks.errors import SandboxError
from threadmarks.judge import grade_source
from threadmarks.sandbox.ladder import Rung, survey
from threadmarks.sandbox.saferead import Source

BEST = next(seen.rung for seen in survey() if seen.offered)
TERMS = Terms(secret="a secret of many words", lowest=BEST.value)
FIRST = catalog.resolve("ex00")
POOL = catalog.resolve("ex02")


def jobs():
    """A right file, a wrong one, one that is no Python, a race; the key says which."""
    wrong = {path.stem: path for path in (*FIRST.wrong, *POOL.wrong)}
    texts = {
        "right": (FIRST, FIRST.reference.read_text(encoding="utf-8")),
        "wrong": (FIRST, FIRST.wrong[0].read_text(encoding="utf-8")),
        "broken": (FIRST, "def ("),
        "race": (POOL, wrong["unlocked_close"].read_text(encoding="utf-8")),
        "exits": (FIRST, "import os\nos._exit(0)\n"),
    }
    return [Job(key=key, exercise=exercise.id, text=text) for key, (exercise, text) in texts.items()]


def graded(executor, work):
    """The reports by key. Closes the executor."""
    try:
        done = {each.key: each for each in executor.run(work)}
    finally:
        executor.close()
    assert {key: each.fault for key, each in done.items() if each.fault} == {}
    return {key: store.decode(each.encoded) for key, each in done.items()}


@pytest.fixture(scope="module")
def alone():
    """The report on each job by zygotes of its own."""
    reports = {}
    for job in jobs():
        exercise = catalog.resolve(job.exercise)
        source = Source(file=exercise.file_name, text=job.text)
        reports[job.key] = grade_source(exercise, source, secret=TERMS.secret, official=True, lowest=BEST)
    return reports


@pytest.mark.parametrize("judges", [1, 2])
def test_neither_order_nor_company_changes_a_report(alone, judges):
    """One judge after all others' files, two at once: each report is what zygotes of its own give."""
    work = jobs()
    random.Random(judges).shuffle(work)
    assert graded(LocalExecutor(TERMS, judges), iter([*work, replace(work[0], key="again")])) == {
        **alone,
        "again": alone[work[0].key],
    }


def killed_while_at_work(executor, key, times):
    """Kill the first judges that are at work on a job, so often."""

    def kill():
        left = times
        seen = set()
        while left:
            for judge in list(executor._judges):
                if judge.job is not None and judge.job.key == key and judge.process.pid not in seen:
                    seen.add(judge.process.pid)
                    os.kill(judge.process.pid, signal.SIGKILL)
                    left -= 1
            time.sleep(0.01)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


def test_a_judge_that_is_lost_costs_a_retry_and_nobody_a_mark():
    """Memory runs out, a hand slips."""
    executor = LocalExecutor(TERMS, 1)
    killed_while_at_work(executor, "right", 1)
    reports = graded(executor, jobs()[:2])
    assert (reports["right"].score, set(reports)) == (20.0, {"right", "wrong"})


def test_a_file_that_loses_every_judge_is_a_fault_and_the_rest_is_graded():
    """It is not for the file to say whose fault it was."""
    executor = LocalExecutor(TERMS, 1)
    killed_while_at_work(executor, "right", local.TRIES)
    try:
        done = {each.key: each for each in executor.run(jobs()[:2])}
    finally:
        executor.close()
    assert done["right"].fault.startswith("its judge process ended, twice")
    assert store.decode(done["wrong"].encoded).max_score == 20.0


def test_judges_are_replaced_before_they_grow_old(monkeypatch):
    """Whatever grows in a process does not grow for ever."""
    monkeypatch.setattr(local, "FILES_A_PROCESS", 1)
    executor = LocalExecutor(TERMS, 1)
    pids = []
    for _ in executor.run(jobs()[1:3]):
        pids += [judge.process.pid for judge in executor._judges]
    executor.close()
    assert pids == []  # each was ended as it answered


@pytest.mark.skipif(BEST is not Rung.FULL, reason="this machine offers no full rung to be weaker than")
def test_a_machine_below_the_floor_grades_nothing(monkeypatch):
    """Told before any file is run."""
    monkeypatch.setattr(local.judge_process, "main", _weak)
    executor = LocalExecutor(TERMS, 1)
    with pytest.raises(SandboxError, match="at least"):
        list(executor.run(jobs()[:1]))
    executor.close()
    assert executor._judges == []


def _weak(pipe, terms):
    """Stands in for a judge on a weak machine."""
    del terms
    pipe.send('held by the rung "plain", and at least "full" is asked for')


def test_a_machine_on_which_no_judge_can_start_says_so(monkeypatch):
    """Instead of starting them for ever."""
    monkeypatch.setattr(local.judge_process, "main", _ends_at_once)
    executor = LocalExecutor(TERMS, 2)
    with pytest.raises(SandboxError, match=r"No judge process can be started: 5 ended at once \(exit code 7\)"):
        list(executor.run(jobs()[:1]))
    executor.close()


def _ends_at_once(pipe, terms):
    """Stands in for a judge that the machine ends as it begins."""
    del pipe, terms
    os._exit(7)


def test_an_executor_without_work_starts_nothing():
    """A second run has none."""
    executor = LocalExecutor(TERMS, 2)
    assert list(executor.run([])) == []
    assert executor._judges == []
    executor.close()
