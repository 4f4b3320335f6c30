"""Scenarios of ex14: functions decorated with the student's `main`, and the two programs. No expectations."""

import contextlib
import threading
import time

from threadmarks.prelude import JoinError

FLAVORS = ("current_thread", "multi_thread")


class _FalsyBoom(Exception):
    """An exception that counts as false."""

    def __bool__(self):
        return False


class _Clock:
    """A clock that began long ago, and counts how often it is read."""

    def __init__(self, probe):
        self._probe = probe
        self._begin = probe.now()
        self.reads = 0

    def now(self):
        self.reads += 1
        return 500.0 + self._probe.now() - self._begin

    def park(self, timeout):
        time.sleep(timeout or 0.0)


class _Lines:
    """What is said, in order, each with the thread that says it and the second at which it does."""

    def __init__(self, probe):
        self._probe = probe
        self._begin = probe.now()
        self.said = []

    def say(self, text):
        self.said.append([text, self._probe.thread(), self._probe.now() - self._begin])

    def seconds(self):
        return self._probe.now() - self._begin


def _threads():
    """How many threads there are, the calling one included."""
    return threading.active_count()


def _start(*bodies):
    threads = [threading.Thread(target=body, daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    return threads


def _on_a_thread(function):
    """What a function returns that is called on another thread."""
    told = []
    for thread in _start(lambda: told.append(function())):
        thread.join()
    return told[0] if told else "it raised"


# ---- the forecast


def forecast(student, probe):
    """predict(), and what it starts and how long it takes."""
    begin, started = probe.now(), probe.started()
    told = student.predict()
    probe.note("forecast", told)
    probe.note("cost", [probe.started() - started, probe.now() - begin])


# ---- the decorator


def only_decorated(student, probe):
    """Functions that are decorated, and not called."""
    for flavor in FLAVORS:
        calls, started = [], probe.started()

        @student.main(flavor=flavor, worker_threads=2)
        async def body(calls=calls):
            calls.append("body")

        probe.note("at_decoration", [len(calls), probe.started() - started])
        del body


def decorated(student, probe):
    """Functions of both flavors that return, and that raise; each is called several times."""
    first, second, third = (probe.random.randrange(1000, 10_000) for _ in range(3))
    errors = [ValueError("boom"), SystemExit(3), _FalsyBoom("boom"), KeyError("boom")]
    bodies = []
    for flavor in FLAVORS:

        @student.main(flavor=flavor, worker_threads=2)
        async def body(one, *more, named=0, **others):
            """What it does."""
            return [one, list(more), named, sorted(others.items())]

        bodies.append(body)
        probe.note("names", [body.__name__, body.__doc__])
        probe.note("returned", [body(first), body(second, first, third, named=third, other=first)])
    for flavor, body in zip(FLAVORS, bodies, strict=True):

        @student.main(flavor=flavor, worker_threads=1)
        async def panics(number):
            raise errors[number]

        raised = []
        for number, wanted in enumerate(errors):
            try:
                raised.append(["returned", panics(number)])
            except BaseException as error:
                raised.append([type(error).__name__, error is wanted])
        probe.note("raised", raised)
        probe.note("again", probe.attempt(body, third))


def within_a_runtime(student, probe):
    """In the body, and in a task of it, a decorated function is called."""
    for flavor in FLAVORS:
        ran = []

        @student.main(flavor="current_thread")
        async def inner(ran=ran):
            ran.append("inner")

        @student.main(flavor="multi_thread", worker_threads=1)
        async def inner_with_a_worker(ran=ran):
            ran.append("inner")

        @student.main(flavor=flavor, worker_threads=2)
        async def outer(ran=ran, calls=(inner, inner_with_a_worker)):
            async def task():
                return [probe.attempt(call)[:2] for call in calls]

            before = probe.started()
            in_the_body = await task()
            in_a_task = await student.spawn(task())
            return [in_the_body, in_a_task, ran, probe.started() - before]

        probe.note("nested", [flavor, outer()])
        probe.note("afterwards", inner())
        probe.note("ran", ran)


def on_a_clock(student, probe):
    """A body of each flavor that sleeps, on a clock that is given."""
    for flavor in FLAVORS:
        clock = _Clock(probe)

        @student.main(flavor=flavor, worker_threads=2, clock=clock)
        async def body():
            begin = probe.now()
            await student.sleep(0.25)
            return probe.now() - begin

        probe.note("slept", [flavor, body(), clock.reads])


def one_worker_returns(student, probe):
    """A body that has a value at once."""
    value = probe.random.randrange(1000, 10_000)

    @student.main(worker_threads=1)
    async def body():
        return value

    probe.note("got", body())


def two_threads_call(student, probe):
    """Two threads call the same decorated function at once; each body spawns a task when both are there."""
    numbers = [probe.random.randrange(1000, 10_000) for _ in range(2)]
    both = threading.Barrier(2)
    got = [None, None]

    async def task(number):
        return [number, probe.thread()]

    @student.main(flavor="current_thread")
    async def body(number):
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(5)
        return await student.spawn(task(number))

    def call(place):
        caller = probe.thread()
        try:
            number, thread = body(numbers[place])
        except Exception as error:
            got[place] = f"{type(error).__name__}: {error}"
            raise
        got[place] = [number, thread == caller]

    for thread in _start(lambda: call(0), lambda: call(1)):
        thread.join()
    probe.note("got", got)


# ---- up and down


def up_and_down(student, probe):
    """How many threads there are before, in and after calls that return, and that panic."""
    workers = probe.random.choice((2, 3, 5, 6))  # not the default
    for how in ("returns", "panics"):
        for flavor in FLAVORS:
            name, before = f"{flavor}_{how}", _threads()

            @student.main(flavor=flavor, worker_threads=workers)
            async def body(name=name, how=how, before=before):
                probe.note(f"{name}_threads", _threads() - before)
                if how == "panics":
                    raise ValueError("boom")

            probe.mark(f"{name}_before")
            with contextlib.suppress(ValueError):
                body()
            left = _threads() - before
            probe.mark(f"{name}_after")
            probe.note(f"{name}_left", left)


# ---- spawn


def spawns(student, probe):
    """spawn in the body, in tasks, and after sleeps; tasks that return, and one that panics."""
    value = probe.random.randrange(1000, 10_000)
    error = ValueError("boom")

    async def returns(number):
        await student.sleep(0.1)
        return number

    async def panics():
        raise error

    async def spawns_more(number):
        await student.sleep(0.1)
        return await student.spawn(returns(number + 1))

    for flavor in FLAVORS:

        @student.main(flavor=flavor, worker_threads=2)
        async def body():
            handles = [student.spawn(returns(value)), student.spawn(spawns_more(value)), student.spawn(panics())]
            values = [await handles[0], await handles[1]]
            try:
                values.append(await handles[2])
            except JoinError as failure:
                values.append(["JoinError", failure.payload is error])
            except Exception as other:
                values.append([type(other).__name__, False])
            return values

        probe.note("values", [flavor, body()])


def _outside(student, probe):
    """What spawn does here."""

    async def nobody():
        return None

    coroutine = nobody()
    try:
        return probe.attempt(student.spawn, coroutine)[:2]
    finally:
        coroutine.close()


def outside(student, probe):
    """spawn beside and after a main. Beside it means on a thread that is no worker, while a task runs, and while all of them sleep."""
    for flavor in FLAVORS:

        @student.main(flavor=flavor, worker_threads=2)
        async def body():
            return _on_a_thread(lambda: _outside(student, probe))

        @student.main(flavor=flavor, worker_threads=2)
        async def sleeps():
            await student.sleep(1)

        @student.main(flavor=flavor, worker_threads=2)
        async def panics():
            raise ValueError("boom")

        def after_a_panic(panics=panics):
            with contextlib.suppress(ValueError):
                panics()
            return _outside(student, probe)

        def meanwhile(told):
            time.sleep(0.5)
            told.append(_outside(student, probe))

        probe.note("outside", [flavor, "on a thread of its own, while a task waits for it", body()])
        probe.note("outside", [flavor, "after a call that returned", _outside(student, probe)])
        probe.note("outside", [flavor, "after a call that raised", _on_a_thread(after_a_panic)])
        told = []
        threads = _start(lambda told=told, meanwhile=meanwhile: meanwhile(told))
        sleeps()
        for thread in threads:
            thread.join()
        probe.note("outside", [flavor, "on a thread of its own, while all tasks sleep", told[0]])


def spawns_after_a_sleep(student, probe):
    """Two workers. The body goes on after a sleep, perhaps on the other worker, and spawns a task, which does the same."""
    value = probe.random.randrange(1000, 10_000)

    async def last():
        probe.note("reached", value)

    async def middle():
        await student.sleep(0.1)
        await student.spawn(last())

    @student.main(worker_threads=2)
    async def body():
        await student.sleep(0.1)
        await student.spawn(middle())

    body()


# ---- the programs


def the_threads_program(student, probe):
    """threads_program, with a say and a sleep that keep count."""
    lines, sleeps = _Lines(probe), []

    def sleep(seconds):
        begin = lines.seconds()
        time.sleep(seconds)
        sleeps.append([probe.thread(), seconds, begin, lines.seconds()])

    before = _threads()
    probe.mark("begin")
    student.threads_program(lines.say, sleep)
    probe.note("returned", [lines.seconds(), len(lines.said), len(sleeps)])
    probe.note("left", _threads() - before)
    probe.mark("end")
    time.sleep(5)  # what comes too late is heard as well
    probe.note("lines", lines.said)
    probe.note("sleeps", sleeps)


def the_tokio_program(student, probe):
    """tokio_program, with a say that keeps count."""
    lines = _Lines(probe)
    probe.mark("begin")
    student.tokio_program(lines.say)
    probe.note("returned", [lines.seconds(), len(lines.said)])
    probe.mark("end")
    time.sleep(5)
    probe.note("lines", lines.said)


def the_second_task_is_slow(student, probe):
    """tokio_program, with a say that takes its time over the first line of task 2."""
    lines = _Lines(probe)

    def say(text):
        lines.say(text)
        if text == "Async task 2: iteration 1":
            time.sleep(1.5)

    student.tokio_program(say)
    time.sleep(5)
    probe.note("lines", lines.said)


def the_same_on_one_thread(student, probe):
    """Two tasks like those of the Tokio program, with another rhythm, on a runtime without workers."""
    periods = [tenths / 10 for tenths in probe.random.sample(range(2, 10), 2)]

    async def beats(name, period, say):
        for number in range(1, 4):
            say(f"{name}: iteration {number}")
            await student.sleep(period)
        return name

    @student.main(flavor="current_thread")
    async def body(say):
        first = student.spawn(beats("one", periods[0], say))
        second = student.spawn(beats("two", periods[1], say))
        return [await first, await second]

    lines, started = _Lines(probe), probe.started()
    names = body(lines.say)
    probe.note("one_thread", [names, lines.seconds(), probe.started() - started])
    probe.note("lines", lines.said)


# ---- what is not awaited


def left_behind(student, probe):
    """Bodies that return, or panic, while tasks of theirs still sleep."""
    for how in ("returns", "panics"):
        for flavor in FLAVORS:
            log = []

            async def sleeper(name, log):
                log.append(f"{name} begins")
                try:
                    await student.sleep(5)
                    log.append(f"{name} goes on")
                finally:
                    log.append(f"{name} is dropped")

            async def spawns_another(log):
                student.spawn(sleeper("its task", log))
                await sleeper("the task", log)

            @student.main(flavor=flavor, worker_threads=2)
            async def body(how=how, log=log):
                student.spawn(spawns_another(log))
                await student.sleep(0.5)
                if how == "panics":
                    raise ValueError("boom")

            begin = probe.now()
            with contextlib.suppress(ValueError):
                body()
            returned = [sorted(log), probe.now() - begin]
            time.sleep(6)
            probe.note("left_behind", [flavor, how, *returned, sorted(log)])
