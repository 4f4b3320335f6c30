"""A generator stands between the runtime and the coroutine, and sets a context variable around each step."""

import threading
from contextvars import ContextVar
from functools import update_wrapper
from types import coroutine

import ex07
import ex12

from threadmarks.prelude import NoRuntime

RUNTIME = ContextVar("RUNTIME", default=None)


class Handles(list):
    """The tasks of an executor."""

    def abort_all(self):
        for handle in self:
            handle.abort()


@coroutine
def steps(runtime, coro):
    go, what = coro.send, None
    while True:
        before = RUNTIME.set(runtime)
        try:
            awaited = go(what)
        except StopIteration as stop:
            return stop.value
        finally:
            RUNTIME.reset(before)
        try:
            go, what = coro.send, (yield awaited)
        except GeneratorExit:
            coro.close()
            raise
        except BaseException as error:
            go, what = coro.throw, error


async def native(runtime, coro):
    return await steps(runtime, coro)


class _Runtime:
    """Both flavors in one class."""

    def __init__(self, flavor, worker_threads, clock):
        self.handles = Handles()
        if flavor == "current_thread":
            self.engine, self.asleep, self.down = ex07.Executor(clock), ex07.sleep, self.handles.abort_all
        else:
            self.engine = ex12.MultiRuntime(worker_threads, clock)
            self.asleep, self.down = ex12.sleep, self.engine.shutdown

    def spawn(self, coro):
        handle = self.engine.spawn(native(self, coro))
        self.handles.append(handle)
        return handle

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()


def main(*, flavor="multi_thread", worker_threads=4, clock=None):
    def decorate(body):
        def run(*a, **k):
            if RUNTIME.get():
                raise RuntimeError("no runtime within a runtime")
            with _Runtime(flavor, worker_threads, clock) as runtime:
                return runtime.engine.block_on(native(runtime, body(*a, **k)))

        return update_wrapper(run, body)

    return decorate


def spawn(coro):
    runtime = RUNTIME.get()
    if not runtime:
        raise NoRuntime("there is nobody who would run it")
    return runtime.spawn(coro)


async def sleep(s):
    runtime = RUNTIME.get()
    if not runtime:
        raise NoRuntime("whose clock?")
    await runtime.asleep(s)


def threads_program(say, sleep):
    def child():
        i = 1
        while i < 5:
            say(f"Child thread: iteration {i}")
            sleep(0.5)
            i += 1

    thread = threading.Thread(target=child, name="child", daemon=True)
    thread.start()
    i = 1
    while i < 3:
        say(f"Main thread: iteration {i}")
        sleep(0.7)
        i += 1
    thread.join()


def tokio_program(say):
    async def task(n, last, period):
        for i in range(1, last + 1):
            say(f"Async task {n}: iteration {i}")
            await sleep(period)

    @main(flavor="multi_thread")
    async def body():
        task1, task2 = spawn(task(1, 4, 0.5)), spawn(task(2, 2, 0.7))
        await task1
        await task2

    body()


def predict():
    threads = dict(threads=2, lines=4 + 2, end=2.0)
    tokio = dict(threads=1 + 4, lines=4 + 2, end=2.0)
    return dict(threads=threads, tokio=tokio)
