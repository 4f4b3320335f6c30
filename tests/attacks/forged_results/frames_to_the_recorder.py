#: exercise = "ex02"
#: tries = "to walk the callers' frames to the recorder and put the facts of a good pool on the record before the true ones"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = "outside"
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import sys

from threadmarks.prelude import PoolClosed


class ThreadPool:
    """Runs each job on its submitter: no worker, no thread, no work done."""

    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError(size)
        self.size, self.panics, self._closed = size, 0, False

    def execute(self, job, *args, **kw):
        if self._closed:
            raise PoolClosed("closed")
        try:
            job(*args, **kw)
        except BaseException:
            self.panics += 1

    def wait_idle(self, timeout=None):
        return True

    def close(self):
        self._closed = True

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def __init__(self, size, name="worker"):
        self.size, self.panics, self._closed = size, 0, False
        frame = sys._getframe()
        while frame is not None:
            probe = frame.f_locals.get("probe")
            if probe is not None:
                return self._forge(frame.f_code.co_name, probe, probe._scheduler)
            frame = frame.f_back

    def _forge(self, scenario, probe, scheduler):
        facts = {
            "two_hundred_jobs": [("ran_on", [1, 2, 3, 4] * 50)],
            "one_job_after_another": [("ran", 3)],
            "gated_jobs": [("enter", 0), ("enter", 0), ("enter", 0), ("leave", 0), ("leave", 0), ("leave", 0), ("ran", 9)],
            "jobs_meet_at_a_barrier": [("met", 3)],
            "thousand_jobs_for_busy_workers": [("submitter", 0), ("busy", 2), ("accepted", 1000)],
            "panics_then_a_barrier": [("panics", 4), ("met", 3)],
            "close_with_fifty_queued": [("ran", 50)],
            "close_right_away": [("ran", 3)],
            "job_that_submits_a_job": [("ran", 1)],
            "wait_for_two_quick_jobs": [("idle", {"answer": True, "jobs": 2})],
            "wait_for_two_jobs_that_meet": [("idle", {"answer": True, "jobs": 2})],
        }
        original = type(scheduler)._new_thread
        for _ in range(self.size):
            thread = original(scheduler, scheduler.main.gate)
            thread.origin, thread.line, thread.ended_ns = "student", 10, 1
            scheduler.ready.remove(thread)
            thread.state = type(thread.state).DONE
        for name, value in facts.get(scenario, ()):
            probe.note(name, value)
        if scenario in facts:
            if scenario == "two_hundred_jobs":
                probe.mark("constructed")
            raise_out(scheduler)


def raise_out(scheduler):
    """End the schedule here, as if the scenario had returned."""
    scheduler.finish("completed")
    raise sys.modules["threadmarks.runner.signals"].Abort
