"""What is done with a submission to ex05. Runs beside the student's code and holds no expectation.

Whoever asks for a result does so on a helper thread, so that a handle that never resolves is told as "missing" and does not
hang the scenario. Time is virtual: waiting for an answer costs nothing.
"""

import contextlib
import threading
import time

from threadmarks.prelude import Cancelled, JoinError, PoolClosed

_PATIENCE_S = 5


class _Boom(Exception):
    """What a job raises here."""


class _FalsyBoom(Exception):
    """An exception that counts as false."""

    def __bool__(self):
        return False


class _Answer(threading.Thread):
    """Makes a call on a thread of its own and keeps what came of it."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self._call = call
        self.how, self.what, self.at_s = "missing", None, None
        self.start()

    def run(self):
        try:
            value = self._call()
        except (Exception, SystemExit) as error:
            self.how, self.what = "raised", error
        else:
            self.how, self.what = "value", value
        self.at_s = time.monotonic()

    def told(self):
        """["value", v], ["raised", type] or ["missing"], after waiting for it."""
        self.join(_PATIENCE_S)
        if self.how == "raised":
            return ["raised", type(self.what).__name__]
        return [self.how, self.what] if self.how == "value" else ["missing"]

    def told_panic(self, error):
        """As `told`; and after a JoinError, whether its payload is that very exception."""
        told = self.told()
        return [*told, self.what.payload is error] if isinstance(self.what, JoinError) else told


def _ask(call):
    """What came of a call that may never return."""
    return _Answer(call).told()


def _raiser(error):
    """A job that raises `error`."""

    def job_that_panics():
        raise error

    return job_that_panics


def _functions_of(error):
    """The names of the functions in an exception's traceback."""
    names, traceback = [], error.__traceback__
    while traceback is not None:
        names.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    return names


def _try_submit(submit, job):
    """The handle that `submit` gave, or None when it raised PoolClosed."""
    try:
        return submit(job)
    except PoolClosed:
        return None


def _end_of(handle):
    """How a handle ended: "value", "Cancelled", another exception's name, or "missing"."""
    told = _ask(handle.result)
    return told[0] if told[0] != "raised" else told[1]


def values(student, probe):
    """Jobs that return values that are false, some that are not, and an exception as a value."""
    number, word = probe.random.randrange(1000, 10_000), f"{probe.random.randrange(16**8):08x}"
    returned = [0, None, "", [], False, number, word, [word, number]]
    pool = student.Pool(2)
    handles = [pool.submit(lambda value=value: value) for value in returned]
    given = pool.submit(lambda *args, **kw: [list(args), kw], number, word, key=word)
    error = _Boom("as a value")
    exception = pool.submit(lambda: error)
    time.sleep(1)
    probe.note("done", [handle.done() for handle in handles])
    probe.note("values", [_ask(handle.result) for handle in handles])
    probe.note("exceptions", [_ask(handle.exception) for handle in handles])
    probe.note("arguments", _ask(given.result))
    answer = _Answer(exception.result)
    answer.join(_PATIENCE_S)
    probe.note("exception_as_value", [answer.how, answer.what is error])


def panics(student, probe):
    """Jobs of a pool of two raise; then the pool runs another job."""
    pool = student.Pool(2)
    for error in (_Boom("one"), SystemExit(3), _FalsyBoom("false")):
        handle = pool.submit(_raiser(error))
        result = _Answer(handle.result).told_panic(error)
        exception = _Answer(handle.exception)
        exception.join(_PATIENCE_S)
        probe.note(
            "panic",
            {
                "kind": type(error).__name__,
                "result": result,
                "exception": [exception.how, exception.what is error],
                "functions": _functions_of(error),
                "done": handle.done(),
            },
        )
    barrier = threading.Barrier(2)
    met = [pool.submit(barrier.wait, _PATIENCE_S) for _ in range(2)]
    probe.note("met", [_ask(handle.result)[0] for handle in met])


def times_out(student, probe):
    """A job is held at a gate while it is asked with time-outs, and while other jobs of the pool end."""
    ticket = probe.random.randrange(1 << 30)
    pool = student.Pool(2)
    gate = threading.Event()

    def hold():
        gate.wait()
        return ticket

    held = pool.submit(hold)
    for _ in range(12):
        pool.submit(time.sleep, 0.25)
    for name, ask, timeout_s in (("result", held.result, 1), ("exception", held.exception, 0.6)):
        begin_s = time.monotonic()
        answer = _Answer(lambda ask=ask, timeout_s=timeout_s: ask(timeout_s))
        told = answer.told()
        waited_s = None if answer.at_s is None else round(answer.at_s - begin_s, 6)
        probe.note(name, {"told": told, "waited_s": waited_s})
    probe.note("done", held.done())
    gate.set()
    probe.note("later", _ask(held.result))
    probe.note("later_with_timeout", _ask(lambda: held.result(1)))
    probe.note("ticket", ticket)


def five_waiters(student, probe):
    """Five threads wait for one job; then it is asked again, twice."""
    ticket = probe.random.randrange(1 << 30)
    pool = student.Pool(1)
    gate = threading.Event()

    def hold():
        gate.wait()
        return ticket

    handle = pool.submit(hold)
    answers = [_Answer(handle.result) for _ in range(5)]
    time.sleep(1)
    probe.note("early", sum(answer.how != "missing" for answer in answers))
    gate.set()
    probe.note("told", [answer.told() for answer in answers])
    probe.note("again", [_ask(handle.result), _ask(handle.result)])


def two_quick_waiters(student, probe):
    """Two threads ask for the results of three jobs that may end at the same time."""
    pool = student.Pool(1)
    handles = [pool.submit(int) for _ in range(3)]
    answers = [_Answer(lambda: [handle.result() for handle in handles]) for _ in range(2)]
    probe.note("told", [answer.told() for answer in answers])


def mapped(student, probe):
    """`map` over jobs that end in the opposite order, that meet at a barrier, over nothing, and over jobs that panic."""
    xs = probe.random.sample(range(1000), 6)
    pool = student.Pool(6)

    def slow(x):
        time.sleep(1 - xs.index(x) / 10)
        return x + 1

    probe.note("reversed", _ask(lambda: pool.map(slow, xs)))
    probe.note("generator", _ask(lambda: pool.map(str, (x for x in xs))))
    probe.note("nothing", _ask(lambda: pool.map(slow, [])))
    barrier = threading.Barrier(6)
    probe.note("met", _ask(lambda: len(pool.map(lambda _: barrier.wait(_PATIENCE_S), xs))))
    first, second = _Boom("of the second"), _Boom("of the fifth, which is sooner")

    def panic(x):
        if x == xs[1]:
            time.sleep(0.5)
            raise first
        if x == xs[4]:
            raise second
        return x

    probe.note("panic", _Answer(lambda: pool.map(panic, xs)).told_panic(first))
    gate = threading.Event()
    for name, job in (("timeout", lambda _: gate.wait()), ("timeout_in_all", time.sleep)):
        begin_s = time.monotonic()
        answer = _Answer(lambda job=job: pool.map(job, [0.4, 0.8, 1.2, 9], timeout=1))
        told = answer.told()
        probe.note(name, {"told": told, "waited_s": None if answer.at_s is None else round(answer.at_s - begin_s, 6)})
    gate.set()


def cancelled(student, probe):
    """The only worker is held at a gate; a job behind it is cancelled, while somebody waits for it."""
    pool = student.Pool(1)
    gate, ran = threading.Event(), []
    running = pool.submit(gate.wait)
    pending = pool.submit(ran.append, "pending")
    other = pool.submit(ran.append, "other")
    time.sleep(1)
    waiter = _Answer(pending.result)
    time.sleep(1)
    probe.note("said", {"pending": pending.cancel(), "running": running.cancel()})
    probe.note("waiter", waiter.told())
    probe.note("done", [pending.done(), running.done()])
    gate.set()
    probe.note("ends", [_end_of(pending), _end_of(running), _end_of(other)])
    probe.note("exception", _ask(pending.exception))
    probe.note("late", _ask(running.cancel))
    probe.note("still", _end_of(running))
    time.sleep(1)
    probe.note("ran", ran)


def cancel_against_start(student, probe):
    """A job is cancelled while a worker may be about to start it."""
    pool = student.Pool(1)
    ran = []
    handle = pool.submit(ran.append, 1)
    said = handle.cancel()
    end = _end_of(handle)
    time.sleep(1)
    probe.note("cancel", {"said": said, "end": end, "ran": len(ran)})


def close_and_cancel(student, probe):
    """One job runs and twenty wait when the pool is closed with `cancel_pending`."""
    pool = student.Pool(1)
    gate, ran = threading.Event(), []

    def hold():
        gate.wait()
        ran.append("running")

    handles = [pool.submit(hold), *(pool.submit(ran.append, number) for number in range(20))]
    time.sleep(1)
    threading.Timer(1, gate.set).start()
    begin_s = time.monotonic()
    closer = _Answer(lambda: pool.close(cancel_pending=True))
    closed = closer.told()
    waited_s = None if closer.at_s is None else closer.at_s - begin_s
    probe.note("done", sum(handle.done() is True for handle in handles))
    probe.note("close", {"told": closed[0], "waited_s": waited_s})
    probe.note("ends", [_end_of(handle) for handle in handles])
    probe.note("ran", ran)


def close_and_drain(student, probe):
    """Ten jobs wait when the pool is closed, without more; then it is closed again."""
    pool = student.Pool(2)
    ran = []

    def job(number):
        time.sleep(0.1)
        ran.append(number)

    handles = [pool.submit(job, number) for number in range(10)]
    closed = _ask(pool.close)
    probe.note("done", sum(handle.done() is True for handle in handles))
    probe.note("close", closed[0])
    probe.note("ends", [_end_of(handle) for handle in handles])
    probe.note("ran", len(ran))
    probe.note("again", _ask(lambda: pool.close(cancel_pending=True))[0])


def submit_against_close(student, probe):
    """A helper submits two jobs while main closes the pool and cancels what has not started."""
    pool = student.Pool(1)
    ran, handles = [], []

    def submit():
        for number in range(2):
            handles.append(_try_submit(lambda job, number=number: pool.submit(job, number), ran.append))

    helper = _Answer(submit)
    closed = _ask(lambda: pool.close(cancel_pending=True))
    helper.join()
    accepted = [handle for handle in handles if handle is not None]
    probe.note(
        "close",
        {
            "told": closed[0],
            "accepted": len(accepted),
            "refused": handles.count(None),
            "done": sum(handle.done() is True for handle in accepted),
            "ran": len(ran),
            "cancelled": [_end_of(handle) for handle in accepted].count("Cancelled"),
        },
    )


def callbacks(student, probe):
    """Callbacks of a job that returns, one that panics, one that is cancelled; some raise, some ask the handle."""
    pool = student.Pool(1)
    gate, calls = threading.Event(), []
    ticket = probe.random.randrange(1 << 30)

    def hold():
        gate.wait()
        return ticket

    def asks(handle):
        calls.append(["asks", handle is held, handle.done(), handle.result(_PATIENCE_S)])

    def raises(_handle):
        calls.append(["raises"])
        raise _Boom

    def exits(_handle):
        calls.append(["exits"])
        raise SystemExit(4)

    def last(_handle):
        calls.append(["last"])

    held, panicking, pending = pool.submit(hold), pool.submit(_raiser(_Boom())), pool.submit(int)
    for callback in (asks, raises, exits, last):
        held.add_done_callback(callback)
    panicking.add_done_callback(lambda _handle: calls.append(["panicked"]))
    pending.add_done_callback(lambda _handle: calls.append(["cancelled"]))
    time.sleep(1)
    probe.note("early", len(calls))
    _ask(pending.cancel)
    gate.set()
    time.sleep(1)
    probe.note("calls", calls)
    probe.note("next_job", _ask(pool.submit(int).result))
    late = []
    said = _ask(lambda: held.add_done_callback(lambda handle: late.append([handle is held, handle.done()])))
    said_of_raising = _ask(lambda: held.add_done_callback(raises))
    time.sleep(1)
    probe.note("late", {"told": said[0], "raising": said_of_raising, "calls": late})
    probe.note("ticket", ticket)


def callback_against_end(student, probe):
    """A callback is added while the job may be about to end."""
    pool = student.Pool(1)
    calls = []
    handle = pool.submit(int)
    handle.add_done_callback(lambda _handle: calls.append(1))
    with contextlib.suppress(Cancelled, JoinError, TimeoutError):
        handle.result(_PATIENCE_S)
    time.sleep(1)
    probe.note("calls", len(calls))


def nobody_asks(student, probe):
    """Four panics of submitted jobs: asked by `result`, by `exception`, by `map`, and by nobody; and one of `execute`."""
    pool = student.Pool(2)
    errors = [_Boom(name) for name in ("result", "exception", "map", "nobody", "execute")]
    asked, excepted, silent = (pool.submit(_raiser(error)) for error in (errors[0], errors[1], errors[3]))
    good = pool.submit(int)
    _ask(asked.result)
    _ask(excepted.exception)
    _ask(lambda: pool.map(lambda error: _raiser(error)(), [errors[2]]))
    pool.execute(_raiser(errors[4]))
    probe.note("closed", _ask(pool.close)[0])
    lost = list(pool.unobserved)
    names = ["result", "exception", "map", "nobody", "execute"]
    probe.note("unobserved", [next((n for n, e in zip(names, errors, strict=True) if e is seen), "?") for seen in lost])
    del silent, good


def nobody_asks_for_four(student, probe):
    """Two workers panic at the same time, if they can, twice, and nobody asks."""
    pool = student.Pool(2)
    pair = threading.Barrier(2)

    def job():
        with contextlib.suppress(threading.BrokenBarrierError):
            pair.wait(0.1)
        raise _Boom

    for _ in range(4):
        pool.submit(job)
    probe.note("closed", _ask(pool.close)[0])
    probe.note("count", len(pool.unobserved))


def small_print(student, probe):
    """Sizes, `execute`, `wait_idle`, `panics`, the `with` statement, and what a closed pool says."""
    size, below = probe.random.randrange(2, 9), probe.random.randrange(2, 9)

    def refused(wrong):
        try:
            student.Pool(wrong)
        except ValueError:
            return "ValueError"
        return "accepted"

    probe.note("sizes", [probe.attempt(refused, wrong)[1] for wrong in (0, -below)])
    ran = []
    with student.Pool(size, name="helper") as pool:
        probe.note("size", pool.size)
        pool.execute(ran.append, 1)
        pool.execute(_raiser(_Boom()))
        pool.submit(_raiser(_Boom()))
        probe.note("idle", pool.wait_idle(_PATIENCE_S))
        probe.note("panics", pool.panics)
        gate = threading.Event()
        pool.execute(gate.wait)
        probe.note("not_idle", pool.wait_idle(0.5))
        gate.set()
        pool.execute(ran.append, 2)
    probe.note("ran", sorted(ran))
    refusals = [probe.attempt(call)[:2] for call in (lambda: pool.submit(int), lambda: pool.execute(int))]
    probe.note("refusals", [*refusals, probe.attempt(pool.map, int, [1])[:2]])
    probe.note("size_drawn", size)
