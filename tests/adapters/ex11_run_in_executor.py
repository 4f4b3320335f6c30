# /// adapter
# library = "asyncio's run_in_executor"
# exercise = "ex11"
# must_fail = [
#   { check = "loop_thread_only", finding = "callback-ends-the-loop" },
#   { check = "shutdown", finding = "time-out-not-kept" },
#   { check = "find_blockers", finding = "not-implemented" },
# ]
# policy = ["asyncio", "concurrent.futures"]
# score = 10
# ///
"""asyncio's loop, with `run_in_executor` on a ThreadPoolExecutor, as a submission to ex11.

ex07's executor polls the tasks; when none is ready it parks, and to park is to run asyncio's loop, until somebody calls it. So the loop's selector and
self-pipe, `call_soon_threadsafe` and the futures of `run_in_executor` are asyncio's own.

True of it: a callback that raises SystemExit ends the loop, and the callbacks behind it wait until it is run again (`loop_thread_only`). An executor's
shutdown knows no time-out (`shutdown`): it waits for the function that runs longest. What asyncio has in place of `find_blockers` is its
debug mode, which times what its own loop calls, and these tasks are not among that. The pool grows to its cap, an idle thread is counted
once, ends reach the loop at once, panics of every kind reach the handle, and late ends are ignored quietly. Its import is
forbidden, which caps the exercise at half its points.
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

    def spawn(self, fut):
        return self._executor.spawn(fut)

    def block_on(self, fut):
        return self._executor.block_on(fut)

    def spawn_blocking(self, f, *args):
        try:
            return _Handle(self._loop.run_in_executor(self._pool, f, *args))
        except RuntimeError:
            raise PoolClosed from None

    def call_soon_threadsafe(self, fn):
        self._loop.call_soon_threadsafe(fn)

    def shutdown(self, timeout=None):
        self._pool.shutdown(cancel_futures=True)


def find_blockers(run, limit):
    raise NotImplementedError
