"""Each worker is told once, before any task runs, whose it is: as many tasks as there are workers meet at a barrier, so each has one."""

import functools
import threading

from ex07 import Executor
from ex07 import sleep as ex07_sleep
from ex12 import MultiRuntime
from ex12 import sleep as ex12_sleep

from threadmarks.prelude import NoRuntime

mine = threading.local()


class MultiThread:
    def __init__(self, workers, clock):
        self.runtime = MultiRuntime(workers, clock)
        self.spawn = self.runtime.spawn
        self.sleep = ex12_sleep
        self.runtime.block_on(self._tell(workers))

    async def _tell(self, workers):
        everybody = threading.Barrier(workers)

        async def remember():
            mine.runtime = self
            everybody.wait()  # nobody can have a second one before all have theirs

        for handle in [self.runtime.spawn(remember()) for _ in range(workers)]:
            await handle

    def run(self, coro):
        return self.runtime.block_on(coro)

    def stop(self):
        self.runtime.shutdown()


class CurrentThread:
    def __init__(self, clock):
        self.executor = Executor(clock)
        self.sleep = ex07_sleep
        self.handles = []

    def spawn(self, coro):
        handle = self.executor.spawn(coro)
        self.handles.append(handle)
        return handle

    def run(self, coro):
        return self.executor.block_on(coro)

    def stop(self):
        while self.handles:
            self.handles.pop().abort()


def runtime_here():
    return getattr(mine, "runtime", None)


def main(*, flavor="multi_thread", worker_threads=4, clock=None):
    def decorate(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            if runtime_here():
                raise RuntimeError("this is within a runtime")
            if flavor == "current_thread":
                runtime = CurrentThread(clock)
            else:
                runtime = MultiThread(worker_threads, clock)
            mine.runtime = runtime  # the caller may poll the body itself
            try:
                return runtime.run(function(*args, **kwargs))
            finally:
                mine.runtime = None
                runtime.stop()

        return call

    return decorate


def spawn(coro):
    runtime = runtime_here()
    if runtime is None:
        raise NoRuntime("spawn outside of a runtime")
    return runtime.spawn(coro)


async def sleep(s):
    runtime = runtime_here()
    if runtime is None:
        raise NoRuntime("sleep outside of a runtime")
    await runtime.sleep(s)


class Child(threading.Thread):
    def __init__(self, say, sleep):
        super().__init__()
        self.say = say
        self.sleep = sleep

    def run(self):
        for iteration in (1, 2, 3, 4):
            self.say(f"Child thread: iteration {iteration}")
            self.sleep(0.5)


def threads_program(say, sleep):
    child = Child(say, sleep)
    child.start()
    for iteration in (1, 2):
        say(f"Main thread: iteration {iteration}")
        sleep(0.7)
    child.join()


def tokio_program(say):
    async def task_1():
        for iteration in (1, 2, 3, 4):
            say(f"Async task 1: iteration {iteration}")
            await sleep(0.5)

    async def task_2():
        for iteration in (1, 2):
            say(f"Async task 2: iteration {iteration}")
            await sleep(0.7)

    @main()
    async def both():
        first, second = spawn(task_1()), spawn(task_2())
        await second
        await first

    both()


def predict():
    forecast = {"lines": 6, "end": 2}
    return {"threads": {"threads": 2, **forecast}, "tokio": {"threads": 5, **forecast}}
