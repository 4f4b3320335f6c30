#: exercise = "ex02"
#: tries = "a thread for every job, taken off the scheduler's list of threads at the end, so that four are left"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["precreated", "reuse"]
#: must.ceiling = 10
import sys
import threading

from threadmarks.prelude import PoolClosed


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError(size)
        self.size, self.panics, self._closed, self._running = size, 0, False, []
        self._decoys = [threading.Thread(target=int) for _ in range(size)]
        for decoy in self._decoys:
            decoy.start()
        scheduler = sys.modules["threadmarks.runner.baton"].active
        emit = sys.modules["threadmarks.runner.emit"]
        kept = len(scheduler.threads)
        whole = emit.thread_rows

        def fewer(asked):
            return whole(asked)[:kept]

        emit.thread_rows = fewer

    def execute(self, job, *args, **kw):
        if self._closed:
            raise PoolClosed("closed")

        def work():
            try:
                job(*args, **kw)
            except BaseException:
                self.panics += 1

        thread = threading.Thread(target=work, daemon=True)
        self._running.append(thread)
        thread.start()

    def wait_idle(self, timeout=None):
        for thread in self._running:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._running)

    def close(self):
        self._closed = True
        self.wait_idle()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
