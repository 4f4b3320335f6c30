# /// adapter
# library = "asyncio.to_thread"
# exercise = "ex11"
# must_fail = [
#   { check = "other_thread", finding = "begins-when-awaited" },
#   { check = "loop_thread_only", finding = "callback-ends-the-loop" },
#   { check = "panic", finding = "panic-not-told" },
#   { check = "shutdown", finding = "time-out-not-kept" },
#   { check = "find_blockers", finding = "not-implemented" },
# ]
# policy = ["asyncio", "concurrent.futures"]
# score = 10
# ///
"""`asyncio.to_thread`, each call in a task of asyncio's, as a submission to ex11.

As in the adapter of `run_in_executor`, ex07's executor polls the tasks, and to park is to run asyncio's loop.

True of it: `to_thread` is a coroutine function, so nothing is on its way before the loop has had a turn (`other_thread`); nor is anything at a
shutdown that comes before that (`shutdown`, which has no time-out either). A function's SystemExit ends the task it is awaited in, and the loop with it,
as a callback's does (`panic`, `loop_thread_only`). What asyncio has in place of `find_blockers` is its debug mode, which times what its own
loop calls, and these tasks are not among that. Its import is forbidden, which caps the exercise at half its points.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from ex07 import Executor

from threadmarks.prelude import PENDING, Cancelled, Future, JoinError, PoolClosed, Ready


class _Loop:
    """A parker."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()

    def park(self, timeout):
        timer = None if timeout is None else self.loop.call_later(timeout, self.loop.stop)
        self.loop.run_forever()
        if timer is not None:
            timer.cancel()

    def unpark(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


class _Handle(Future):
    def __init__(self, future):
        self._future = future
        self._waker = None
        future.add_done_callback(self._ended)

    def _ended(self, _future):
        if self._waker is not None:
            self._waker.wake()

    def poll(self, cx):
        if not self._future.done():
            self._waker = cx.waker
            return PENDING
        if self._future.cancelled():
            raise Cancelled
        error = self._future.exception()
        if error is not None:
            raise JoinError(error)
        return Ready(self._future.result())

    def abort(self):
        self._future.cancel()

    def close(self):
        self.abort()


class Runtime:
    def __init__(self, max_blocking_threads=8):
        self._parker = _Loop()
        self._loop = self._parker.loop
        self._executor = Executor(None, self._parker)
        self._expecting = ExitStack()
        self._expecting.enter_context(self._executor.expect_wake())
        self._pool = ThreadPoolExecutor(max_blocking_threads)
        self._loop.set_default_executor(self._pool)
        self._closed = False

    def spawn(self, fut):
        return self._executor.spawn(fut)

    def block_on(self, fut):
        return self._executor.block_on(fut)

    def spawn_blocking(self, f, *args):
        if self._closed:
            raise PoolClosed
        return _Handle(self._loop.create_task(asyncio.to_thread(f, *args)))

    def call_soon_threadsafe(self, fn):
        self._loop.call_soon_threadsafe(fn)

    def shutdown(self, timeout=None):
        self._closed = True
        self._pool.shutdown(cancel_futures=True)


def find_blockers(run, limit):
    raise NotImplementedError
