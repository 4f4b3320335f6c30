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
    """Fifty jobs that write to one log."""
    log = []

    def job(number):
        def work():
            log.append(number)
            return None if number == 7 else number * 10

        return work

    jobs = [job(number) for number in range(50)]
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
    log = []
    boom = _Boom("the third job failed")

    def job(number):
        def work():
            log.append(number)
            if number == 2:
                raise boom

        return work

    escaped = "nothing"
    try:
        student.run_in_order([job(number) for number in range(6)])
    except NotImplementedError:
        raise
    except Exception as error:
        escaped = "the same exception" if error is boom else type(error).__name__
    probe.note("escaped", escaped)
    probe.note("log", log)


def census_of_short_threads(student, probe):
    """Four threads that are dead before the block ends."""
    census = student.ThreadCensus()
    with census:
        _start_and_join(3)
        _start_and_join(1, _QuickThread)
    probe.note("created", census.created)
    probe.note("leaked", len(census.leaked))


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
    """Twenty threads, one after another, all of the same name; two results each."""
    rans = []
    for number in range(20):
        thread = Thread(target=int, name="worker")
        thread.start()
        thread.join()
        rans += [student.Ran(value, thread) for value in (number, None)]
    probe.note("distinct", student.distinct_threads(rans))
    probe.note("distinct_of_none", student.distinct_threads([]))


def three_gated_threads(student, probe):
    """How many threads live before, while and after three are held at a gate."""
    counts = [student.live_threads()]
    gate = threading.Event()
    threads = _start_gated(3, gate)
    counts.append(student.live_threads())
    gate.set()
    for thread in threads:
        thread.join()
    counts.append(student.live_threads())
    probe.note("live", counts)


def census_in_a_census(student, probe):
    """One thread, then two inside an inner census, then one; all held at a gate."""
    gate = threading.Event()
    outer, inner = student.ThreadCensus(), student.ThreadCensus()
    with outer:
        _start_gated(1, gate)
        with inner:
            _start_gated(2, gate)
        _start_gated(1, gate)
    probe.note("created", {"outer": outer.created, "inner": inner.created})
    gate.set()
