"""A task is a future that enters its runtime for each poll; what a runtime can do is a row of functions."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from ex07 import Executor, from_coroutine
from ex07 import sleep as sleep_on_the_executor
from ex12 import MultiRuntime
from ex12 import sleep as sleep_on_workers

from threadmarks.prelude import Future, NoRuntime


@dataclass(frozen=True)
class Runtime:
    spawn: Callable
    block_on: Callable
    sleep: Callable
    stop: Callable


def on_this_thread(clock):
    executor = Executor(clock)
    handles = []

    def spawn(coro):
        handles.append(executor.spawn(coro))
        return handles[-1]

    def stop():
        for handle in handles:
            handle.abort()

    return Runtime(spawn, executor.block_on, sleep_on_the_executor, stop)


def on_workers(count, clock):
    runtime = MultiRuntime(count, clock)
    return Runtime(runtime.spawn, runtime.block_on, sleep_on_workers, runtime.shutdown)


local = threading.local()


def current():
    runtime = getattr(local, "runtime", None)
    if runtime is None:
        raise NoRuntime("no runtime is current on this thread")
    return runtime


class Inside(Future):
    """A future that is polled with its runtime as the current one."""

    def __init__(self, runtime, future):
        self.runtime = runtime
        self.future = future

    def poll(self, cx):
        before = getattr(local, "runtime", None)
        local.runtime = self.runtime
        try:
            return self.future.poll(cx)
        finally:
            local.runtime = before

    def close(self):
        self.future.close()


async def inside(runtime, coro):
    return await Inside(runtime, from_coroutine(coro))


def main(*, flavor="multi_thread", worker_threads=4, clock=None):
    def decorator(body):
        @wraps(body)
        def wrapper(*args, **kwargs):
            if getattr(local, "runtime", None) is not None:
                raise RuntimeError("cannot start a runtime from within a runtime")
            runtime = on_this_thread(clock) if flavor == "current_thread" else on_workers(worker_threads, clock)
            try:
                return runtime.block_on(inside(runtime, body(*args, **kwargs)))
            finally:
                runtime.stop()

        return wrapper

    return decorator


def spawn(coro):
    runtime = current()
    return runtime.spawn(inside(runtime, coro))


async def sleep(s):
    await current().sleep(s)


def threads_program(say, sleep):
    def speak(name, turns, period):
        for turn in turns:
            say(f"{name} thread: iteration {turn}")
            sleep(period)

    child = threading.Thread(target=speak, args=("Child", range(1, 5), 0.5))
    child.start()
    speak("Main", range(1, 3), 0.7)
    child.join()


@main()
async def _program(say):
    async def speak(name, turns, period):
        for turn in turns:
            say(f"Async {name}: iteration {turn}")
            await sleep(period)

    tasks = [spawn(speak("task 1", range(1, 5), 0.5)), spawn(speak("task 2", range(1, 3), 0.7))]
    for task in tasks:
        await task


def tokio_program(say):
    _program(say)


def predict():
    lines = len(range(1, 5)) + len(range(1, 3))
    end = max(4 * 0.5, 2 * 0.7)
    return {
        "threads": {"threads": 1 + 1, "lines": lines, "end": end},
        "tokio": {"threads": 1 + 4, "lines": lines, "end": end},
    }
