"""What is done with a submission to ex00. Runs beside the student's code and holds no expectation."""

import threading
from threading import Thread


class _Boom(Exception):
    """What a job or a block raises here."""


class _QuickThread(Thread):
    """A thread of a class of its own."""

    def run(self):
        pass


def _start_and_join(count, cls=Thread):
    for _ in range(count):
        thread = cls()
        thread.start()
        thread.join()


def _start_gated(count, gate):
    threads = [Thread(target=gate.wait, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def fifty_jobs(student, probe):
    """Fifty jobs that write to one log; one of them returns None."""
    draw = probe.random
    labels, values = draw.sample(range(1000), 50), draw.sample(range(1000), 50)
    values[draw.randrange(50)] = None
    log = []

    def job(label, value):
        def work():
            log.append(label)
            return value

        return work

    jobs = [job(label, value) for label, value in zip(labels, values, strict=True)]
    probe.mark("before")
    rans = student.run_in_order(jobs)
    probe.mark("after")
    probe.note("log", log)
    probe.note("values", [ran.value for ran in rans])


def who_runs(student, probe):
    """Jobs called from the main thread, then from another one."""

    def call(where):
        ran_on = []
        rans = student.run_in_order([lambda: ran_on.append(probe.thread())] * 3)
        probe.note(where, {"ran_on": ran_on, "named": [probe.serial(ran.thread) for ran in rans]})

    call("from_main")
    helper = Thread(target=call, args=("from_helper",))
    helper.start()
    helper.join()
    probe.note("helper", probe.serial(helper))


def third_job_raises(student, probe):
    """Six jobs; the third raises."""
    labels = probe.random.sample(range(1000), 6)
    log = []
    boom = _Boom("the third job failed")

    def job(label):
        def work():
            log.append(label)
            if label == labels[2]:
                raise boom

        return work

    escaped = "nothing"
    try:
        student.run_in_order([job(label) for label in labels])
    except NotImplementedError:
        raise
    except Exception as error:
        escaped = "the same exception" if error is boom else type(error).__name__
    probe.note("escaped", escaped)
    probe.note("log", log)


def census_of_short_threads(student, probe):
    """A few threads that are dead before the block ends, some of a class of their own."""
    plain, quick = (probe.random.randrange(2, 6) for _ in range(2))
    census = student.ThreadCensus()
    with census:
        _start_and_join(plain)
        _start_and_join(quick, _QuickThread)
    probe.note("created", census.created)
    probe.note("leaked", len(census.leaked))


def two_starters_in_a_census(student, probe):
    """Two threads, started in the block, that each start and join two threads there, at the same time."""
    census = student.ThreadCensus()
    starters = [Thread(target=_start_and_join, args=(2,)) for _ in range(2)]
    with census:
        for starter in starters:
            starter.start()
        for starter in starters:
            starter.join()
    probe.note("created", census.created)


def census_of_blocked_threads(student, probe):
    """One blocked thread from before the block, two from inside it: a daemon and one that is not."""
    gate = threading.Event()
    (earlier,) = _start_gated(1, gate)
    inside = [Thread(target=gate.wait, daemon=daemon) for daemon in (True, False)]
    census = student.ThreadCensus()
    with census:
        for thread in inside:
            thread.start()
    probe.note("earlier", probe.serial(earlier))
    probe.note("inside", [probe.serial(thread) for thread in inside])
    probe.note("leaked", [probe.serial(thread) for thread in census.leaked])
    gate.set()


def census_of_a_failing_block(student, probe):
    """The block starts a thread and raises; another thread is started after it."""
    start = Thread.start
    census = student.ThreadCensus()
    boom = _Boom("the block failed")
    escaped = "nothing"
    try:
        with census:
            _start_and_join(1)
            raise boom
    except Exception as error:
        escaped = "the same exception" if error is boom else type(error).__name__
    probe.note("escaped", escaped)
    at_exit = census.created
    _start_and_join(1)
    probe.note("created", {"at_exit": at_exit, "later": census.created})
    probe.note("put_back", Thread.start is start)


def same_name_twenty_times(student, probe):
    """About twenty threads, one after another, all of the same name; one to three results each, then parts of these."""
    draw, rans = probe.random, []
    for count in [draw.randrange(1, 4) for _ in range(draw.randrange(15, 25))]:
        thread = Thread(target=int, name="worker")
        thread.start()
        thread.join()
        rans += [student.Ran(value, thread) for value in (len(rans), None, None)[:count]]
    probe.note("distinct", student.distinct_threads(rans))
    parts = [draw.sample(rans, draw.randrange(5, 12)) for _ in range(5)]
    probe.note("distinct_of_parts", [student.distinct_threads(part) for part in parts])
    probe.note("distinct_of_none", student.distinct_threads([]))


def gated_threads(student, probe):
    """How many threads live before, while and after a few are held at a gate."""
    count = probe.random.randrange(3, 9)
    counts = [student.live_threads()]
    gate = threading.Event()
    threads = _start_gated(count, gate)
    counts.append(student.live_threads())
    gate.set()
    for thread in threads:
        thread.join()
    counts.append(student.live_threads())
    probe.note("live", counts)


def census_in_a_census(student, probe):
    """A few threads, a few inside an inner census, and a few more; all held at a gate."""
    before, within, after = (probe.random.randrange(1, 5) for _ in range(3))
    gate = threading.Event()
    outer, inner = student.ThreadCensus(), student.ThreadCensus()
    with outer:
        _start_gated(before, gate)
        with inner:
            _start_gated(within, gate)
        _start_gated(after, gate)
    probe.note("created", {"outer": outer.created, "inner": inner.created})
    gate.set()
