"""Plain runs of a submission to ex05, watched from outside. They hold no expectation; the judge says how many jobs there are."""

from threadmarks.prelude import Cancelled


def jobs_with_results(student, probe):
    """Each job returns what the judge answers; main asks all handles."""
    pool = student.Pool(probe.call("size"))
    handles = [pool.submit(probe.call, "job", number) for number in range(probe.call("jobs"))]
    probe.call("results", [handle.result() for handle in handles])


def map_at_a_gate(student, probe):
    """One map, whose jobs return what the judge answers."""
    pool = student.Pool(probe.call("size"))
    results = pool.map(lambda number: probe.call("job", number), range(probe.call("jobs")))
    probe.call("results", results)


def job_that_is_cancelled(student, probe):
    """A pool of one: the first job calls the judge, the second is cancelled meanwhile, the third shows that it is over."""
    pool = student.Pool(1)
    running = pool.submit(probe.call, "running")
    pending = pool.submit(probe.call, "cancelled")
    probe.call("submitted")
    probe.call("said", [pending.cancel(), running.cancel()])
    pool.submit(int).result()
    probe.call("over")


def pool_that_closes(student, probe):
    """The pool is closed, and what waits is cancelled, while jobs call the judge."""
    pool = student.Pool(probe.call("size"))
    handles = [pool.submit(probe.call, "job", number) for number in range(probe.call("jobs"))]
    probe.call("submitted")
    pool.close(cancel_pending=True)

    def cancelled(handle):
        try:
            handle.result(0)
        except Cancelled:
            return True
        return False

    done = [handle for handle in handles if handle.done()]
    probe.call("closed", [len(done), sum(map(cancelled, done))])
