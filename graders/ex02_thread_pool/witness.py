"""Plain runs of a submission to ex02, watched from outside. They hold no expectation; the judge says how many jobs there are."""

import threading


def _job(probe, ticket):
    return lambda: probe.call("job", ticket)


def pool_at_work(student, probe):
    """Main submits jobs that call the judge."""
    pool = student.ThreadPool(probe.call("size"))
    tickets = probe.call("constructed")
    for ticket in tickets:
        pool.execute(_job(probe, ticket))
    probe.call("submitted")


def jobs_one_by_one(student, probe):
    """Main submits a job when the one before has called the judge and been answered."""
    pool = student.ThreadPool(probe.call("size"))

    def job_of(ticket, over):
        def job():
            try:
                probe.call("job", ticket)
            finally:
                over.release()

        return job

    for ticket in probe.call("tickets"):
        over = threading.Semaphore(0)
        pool.execute(job_of(ticket, over))
        over.acquire()
    probe.call("all_ran")


def pool_at_a_gate(student, probe):
    """A helper thread submits jobs that call the judge."""
    pool = student.ThreadPool(probe.call("size"))
    tickets = probe.call("constructed")

    def submit():
        for ticket in tickets:
            pool.execute(_job(probe, ticket))

    threading.Thread(target=submit, daemon=True).start()
    probe.call("main")


def pool_that_closes(student, probe):
    """Main submits jobs that call the judge, and closes the pool."""
    pool = student.ThreadPool(probe.call("size"))
    for ticket in probe.call("constructed"):
        pool.execute(_job(probe, ticket))
    pool.close()
    probe.call("closed")


def pool_without_jobs(student, probe):
    """A pool that has run one job and has nothing more to do."""
    pool = student.ThreadPool(probe.call("size"))
    pool.execute(_job(probe, 0))
    probe.call("idle")
    del pool
