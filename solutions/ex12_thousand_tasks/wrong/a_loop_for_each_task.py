# /// wrong
# misconception = "A pool of four threads, and asyncio.run for each task, is a runtime of four workers"
# must_fail = [{ check = "elapsed", finding = "not-side-by-side" }]
# may_fail = ["threads", "never_twice", "parallel", "one_blocked", "idle", "scale", "compare", "shutdown"]
# policy = ["import of asyncio", "import of concurrent.futures"]
# ///

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from threadmarks.prelude import PENDING, Future, JoinError, Ready


class Stats:
    def __init__(self, threads):
        self.threads = threads
        self.polls = 0
        self.parks = 0
        self.max_tasks_alive = 0


class JoinFuture(Future):
    def __init__(self, future):
        self._future = future

    def poll(self, cx):
        if not self._future.done():
            self._future.add_done_callback(lambda _future: cx.waker.wake())
            return PENDING
        error = self._future.exception()
        if error is not None:
            raise JoinError(error)
        return Ready(self._future.result())

    def __await__(self):
        return asyncio.wrap_future(self._future).__await__()


class MultiRuntime:
    def __init__(self, workers=4, clock=None):
        self._pool = ThreadPoolExecutor(workers)
        self._lock = threading.Lock()
        self._alive = 0
        self.stats = Stats(workers)

    def _run(self, coro):
        with self._lock:
            self._alive += 1
            self.stats.max_tasks_alive = max(self.stats.max_tasks_alive, self._alive)
            self.stats.polls += 1
        try:
            return asyncio.run(coro)
        finally:
            with self._lock:
                self._alive -= 1

    def spawn(self, coro):
        return JoinFuture(self._pool.submit(self._run, coro))

    def block_on(self, coro):
        return asyncio.run(coro)

    def shutdown(self):
        self._pool.shutdown(cancel_futures=True)


async def sleep(seconds):
    await asyncio.sleep(seconds)


@dataclass
class Report:
    n: int
    threads: int
    elapsed: float
    total: int


def compare(n, seconds):
    begin = time.monotonic()
    runtime = MultiRuntime(4)

    async def job(number):
        await sleep(seconds)
        return number

    async def all_jobs():
        handles = [runtime.spawn(job(number)) for number in range(n)]
        return sum([await handle for handle in handles])

    total = runtime.block_on(all_jobs())
    tasks = Report(n, 4, time.monotonic() - begin, total)
    runtime.shutdown()
    returned = [0] * n

    def thread_job(number):
        time.sleep(seconds)
        returned[number] = number

    begin = time.monotonic()
    threads = [threading.Thread(target=thread_job, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tasks, Report(n, n, time.monotonic() - begin, sum(returned))
