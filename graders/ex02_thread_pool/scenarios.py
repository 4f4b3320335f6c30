"""What is done with a submission to ex02. Runs beside the student's code and holds no expectation.

Main waits for jobs with a time-out of its own (virtual, so it costs nothing): a pool that loses a job does not hang the
scenario. Where a pool may block its submitter, a helper thread submits.
"""

import contextlib
import threading
import time

from threadmarks.prelude import PoolClosed

_PATIENCE_S = 5


class _Boom(Exception):
    """What a job raises here."""


class _FalsyBoom(Exception):
    """An exception that counts as false."""

    def __bool__(self):
        return False


class _Helper(threading.Thread):
    """Makes a call on a thread of its own; `check` raises again what the call raised."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self._call = call
        self._error = None
        self.start()

    def run(self):
        try:
            self._call()
        except Exception as error:
            self._error = error

    def check(self):
        if self._error is not None:
            raise self._error


def _submit_all(pool, jobs):
    """Submit on a helper thread, because the pool may make its submitter wait."""

    def submit():
        for job in jobs:
            pool.execute(job)

    return _Helper(submit)


def _count(done, wanted):
    """How often the semaphore `done` was released, up to `wanted`; gives up when nothing comes any more."""
    for counted in range(wanted):
        if not done.acquire(timeout=_PATIENCE_S):
            return counted
    return wanted


def _raiser(error):
    """A job that raises `error`."""

    def job():
        raise error

    return job


def _try_execute(pool, probe, job):
    """What `execute` did: "accepted", "PoolClosed", or the type of another exception."""

    def call():
        try:
            pool.execute(job)
        except PoolClosed:
            return "PoolClosed"
        return "accepted"

    return probe.attempt(call)[1]


def two_hundred_jobs(student, probe):
    """A pool of four and 200 short jobs."""
    probe.mark("imported")
    pool = student.ThreadPool(4)
    probe.mark("constructed")
    done = threading.Semaphore(0)
    ran_on = []

    def job():
        ran_on.append(probe.thread())
        done.release()

    for _ in range(200):
        pool.execute(job)
    _count(done, 200)
    probe.note("ran_on", ran_on)


def one_job_after_another(student, probe):
    """A pool of one; each of three jobs comes when the worker has done the one before and may be about to fall asleep."""
    pool = student.ThreadPool(1)
    done = threading.Semaphore(0)
    ran = 0
    for _ in range(3):
        pool.execute(done.release)
        ran += _count(done, 1)
    probe.note("ran", ran)


def gated_jobs(student, probe):
    """A pool of three and nine jobs that wait at a gate."""
    pool = student.ThreadPool(3)
    gate, done = threading.Event(), threading.Semaphore(0)

    def job():
        probe.note("enter")
        gate.wait()
        probe.note("leave")
        done.release()

    helper = _submit_all(pool, [job] * 9)
    time.sleep(1)
    helper.check()
    gate.set()
    probe.note("ran", _count(done, 9))


def jobs_meet_at_a_barrier(student, probe):
    """A pool of three and three jobs that wait for each other."""
    pool = student.ThreadPool(3)
    barrier, done = threading.Barrier(3), threading.Semaphore(0)

    def job():
        barrier.wait()
        done.release()

    helper = _submit_all(pool, [job] * 3)
    met = _count(done, 3)
    helper.check()
    probe.note("met", met)


def thousand_jobs_for_busy_workers(student, probe):
    """Both workers are held at a gate while a thousand more jobs are submitted."""
    pool = student.ThreadPool(2)
    gate = threading.Event()
    busy, accepted = [], []

    def hold():
        busy.append(True)
        gate.wait()

    def submit():
        for _ in range(1000):
            pool.execute(int)
            accepted.append(True)

    holder = _submit_all(pool, [hold] * 2)
    time.sleep(1)
    submitter = _Helper(submit)
    time.sleep(1)
    for helper in (holder, submitter):
        helper.check()
    probe.note("submitter", probe.serial(submitter))
    probe.note("busy", len(busy))
    probe.note("accepted", len(accepted))


def panics_then_a_barrier(student, probe):
    """A pool of three: four jobs and a few more raise, then three meet at a barrier."""
    more = [_Boom("one more") for _ in range(probe.random.randrange(10))]
    pool = student.ThreadPool(3)
    for error in (_Boom("first"), SystemExit(2), _FalsyBoom("third"), KeyError("fourth"), *more):
        pool.execute(_raiser(error))
    time.sleep(1)
    probe.note("panics", pool.panics)
    barrier, done = threading.Barrier(3), threading.Semaphore(0)

    def meet():
        barrier.wait()
        done.release()

    helper = _submit_all(pool, [meet] * 3)
    met = _count(done, 3)
    helper.check()
    probe.note("met", met)


def four_panics_in_pairs(student, probe):
    """A pool of two and four jobs that raise; if they can, the jobs meet two by two before they do."""
    pool = student.ThreadPool(2)
    pair = threading.Barrier(2)
    raised = []

    def job():
        with contextlib.suppress(threading.BrokenBarrierError):
            pair.wait(0.1)
        raised.append(True)
        raise _Boom

    for _ in range(4):
        pool.execute(job)
    time.sleep(1)
    probe.note("panics", {"counted": pool.panics, "raised": len(raised)})


def idle_and_half_busy(student, probe):
    """A pool of three: ten seconds with nothing to do, then ten seconds with one worker held at a gate."""
    pool = student.ThreadPool(3)
    gate = threading.Event()

    def hold():
        probe.note("busy")
        gate.wait()

    for job, name in ((lambda: probe.note("idle"), "idle"), (hold, "busy")):
        pool.execute(job)
        time.sleep(1)
        probe.mark(f"{name}_begin")
        time.sleep(10)
        probe.mark(f"{name}_end")


def close_with_fifty_queued(student, probe):
    """A pool of three is closed with fifty jobs in its queue; then it is closed again."""
    pool = student.ThreadPool(3)
    ran = []

    def job():
        time.sleep(0.1)
        ran.append(True)

    for _ in range(50):
        pool.execute(job)
    pool.close()
    probe.note("ran", len(ran))


def close_an_idle_pool(student, probe):
    """A pool that has had nothing to do for a while is closed twice."""
    pool = student.ThreadPool(2)
    time.sleep(1)
    pool.close()
    probe.note("closed")
    pool.close()
    probe.note("closed")


def close_right_away(student, probe):
    """A pool of two is closed directly after three jobs were submitted."""
    pool = student.ThreadPool(2)
    ran = []
    for number in range(3):
        pool.execute(lambda number=number: ran.append(number))
    pool.close()
    probe.note("ran", len(ran))


def execute_during_and_after_close(student, probe):
    """A running job submits while the pool closes; main submits when it has closed."""
    pool = student.ThreadPool(2)
    gate = threading.Event()

    def late():
        gate.wait()
        probe.note("during", _try_execute(pool, probe, int))
        probe.note("job_ended")

    pool.execute(late)
    time.sleep(1)
    closer = _Helper(pool.close)
    time.sleep(1)
    gate.set()
    closer.join()
    closer.check()
    probe.note("after", _try_execute(pool, probe, int))


def execute_against_close(student, probe):
    """A helper submits two jobs while main closes the pool."""
    pool = student.ThreadPool(2)
    ran, answers = [], []

    def submit():
        for number in range(2):
            answers.append(_try_execute(pool, probe, lambda number=number: ran.append(number)))

    helper = _Helper(submit)
    pool.close()
    helper.join()
    helper.check()
    probe.note("answers", answers)
    probe.note("ran", len(ran))


def two_pools_at_a_gate(student, probe):
    """Two pools of two; each gets four jobs that wait at a gate."""
    pools = {name: student.ThreadPool(2) for name in ("first", "second")}
    gate, done = threading.Event(), threading.Semaphore(0)
    ran_on = {name: [] for name in pools}

    def job_of(name):
        def job():
            probe.note(f"enter_{name}")
            ran_on[name].append(probe.thread())
            gate.wait()
            probe.note(f"leave_{name}")
            done.release()

        return job

    helpers = [_submit_all(pool, [job_of(name)] * 4) for name, pool in pools.items()]
    time.sleep(1)
    for helper in helpers:
        helper.check()
    gate.set()
    probe.note("ran", _count(done, 8))
    probe.note("ran_on", ran_on)


def job_that_submits_a_job(student, probe):
    """The only worker's job submits another job."""
    pool = student.ThreadPool(1)
    done = threading.Semaphore(0)

    def outer():
        pool.execute(done.release)

    pool.execute(outer)
    probe.note("ran", _count(done, 1))


def ten_jobs_for_one_worker(student, probe):
    """A pool of one and ten jobs."""
    labels = probe.random.sample(range(1000), 10)
    pool = student.ThreadPool(1)
    done = threading.Semaphore(0)
    order = []

    def job_of(label):
        def job():
            order.append(label)
            done.release()

        return job

    for label in labels:
        pool.execute(job_of(label))
    _count(done, 10)
    probe.note("order", order)


def wait_for_idle(student, probe):
    """`wait_idle` on a new pool, with a running job and a time-out, without a time-out, and after a panic."""
    pool = student.ThreadPool(2)
    probe.note("new", pool.wait_idle(_PATIENCE_S))
    gate = threading.Event()
    ended = []

    def job():
        gate.wait()
        ended.append(True)

    pool.execute(job)
    time.sleep(1)
    begin = probe.now()
    answer = pool.wait_idle(0.5)
    probe.note("timed", {"answer": answer, "waited": probe.now() - begin})
    threading.Timer(1, gate.set).start()
    answer = pool.wait_idle()
    probe.note("ended", {"answer": answer, "jobs": len(ended)})
    pool.execute(_raiser(_Boom("a panic ends a job, too")))
    probe.note("after_panic", pool.wait_idle(_PATIENCE_S))


def wait_for_two_quick_jobs(student, probe):
    """`wait_idle` directly after two jobs were submitted."""
    pool = student.ThreadPool(2)
    ended = []
    for number in range(2):
        pool.execute(lambda number=number: ended.append(number))
    answer = pool.wait_idle(_PATIENCE_S)
    probe.note("idle", {"answer": answer, "jobs": len(ended)})


def wait_for_two_jobs_that_meet(student, probe):
    """The same with jobs that meet, if they can, so that they end together."""
    pool = student.ThreadPool(2)
    pair = threading.Barrier(2)
    ended = []

    def job():
        with contextlib.suppress(threading.BrokenBarrierError):
            pair.wait(0.1)
        ended.append(True)

    for _ in range(2):
        pool.execute(job)
    answer = pool.wait_idle(_PATIENCE_S)
    probe.note("idle", {"answer": answer, "jobs": len(ended)})


def small_print(student, probe):
    """The size, arguments of jobs, and the `with` statement."""
    size, below, first, second, scale = (probe.random.randrange(2, 9) for _ in range(5))

    def refused(size):
        try:
            student.ThreadPool(size)
        except ValueError:
            return "ValueError"
        return "accepted"

    probe.note("sizes", [probe.attempt(refused, size)[1] for size in (0, -below)])
    got = []

    def job(*args, **kw):
        got.append({"args": list(args), "kw": kw})

    with student.ThreadPool(size, name="helper") as pool:
        probe.note("size", pool.size)
        pool.execute(job, (first, second), "three", scale=scale)
    probe.note("got", got)
