"""Plain runs of a submission to ex00, watched from outside. They hold no expectation."""

import threading


def jobs_in_a_row(student, probe):
    """As many jobs as the judge says; each asks the judge what to return."""

    def job_of(number):
        return lambda: probe.call("job", number)

    rans = student.run_in_order([job_of(number) for number in range(probe.call("count"))])
    probe.call("values", [ran.value for ran in rans])


def threads_in_a_census(student, probe):
    """As many threads as the judge says, each joined inside a census."""
    count = probe.call("count")
    census = student.ThreadCensus()
    with census:
        for _ in range(count):
            thread = threading.Thread()
            thread.start()
            thread.join()
    probe.call("census", [census.created, len(census.leaked)])
