"""What is done with a submission to ex01. Runs beside the student's code and holds no expectation."""

import atexit
import contextlib
import threading
import time

from threadmarks.prelude import AlreadyJoined, JoinError

_BREATH_S = 0.01
"""Time for a thread whose outcome is known already to leave its last lines; the closures sleep for whole seconds."""


class _Boom(Exception):
    """What a closure or a block raises here."""


class _FalsyBoom(Exception):
    """An exception that counts as false."""

    def __bool__(self):
        return False


def _attempt_join(probe, handle, *args):
    """What `join` did ("value", "panic", or the exception's type), and the value or payload object itself."""
    box = []

    def call():
        try:
            box.append(handle.join(*args))
        except JoinError as panic:
            box.append(panic.payload)
            return "panic"
        except AlreadyJoined:
            return "AlreadyJoined"
        except TimeoutError:
            return "TimeoutError"
        except NotImplementedError:
            raise
        except RuntimeError:
            return "RuntimeError"
        return "value"

    _, kind, *_ = probe.attempt(call)
    return kind, (box[0] if box else None)


def _words(random, count):
    """Texts that nobody can know before."""
    return [f"{random.randrange(16**8):08x}" for _ in range(count)]


def _sleeper(seconds, outcome):
    """A closure that sleeps, then returns `outcome`, or raises it if it is an exception."""

    def work():
        time.sleep(seconds)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return work


def spawn_three(student, probe):
    """Three closures that note where they run."""
    ran_on = [-1, -1, -1]

    def closure(index):
        def work():
            ran_on[index] = probe.thread()
            return "done"

        return work

    probe.mark("before")
    handles = [student.spawn(closure(index)) for index in range(3)]
    probe.mark("after")
    time.sleep(1)
    probe.note("ran_on", ran_on)
    probe.note("handles", [probe.serial(handle.thread) for handle in handles])


def gate_after_spawn(student, probe):
    """A closure that waits for a gate which main opens after spawn has returned."""
    gate = threading.Event()

    def work():
        gate.wait()
        probe.note("went_on")
        return "done"

    student.spawn(work)
    probe.note("returned")
    gate.set()
    time.sleep(1)


def meet_at_a_barrier(student, probe):
    """Main and three spawned closures meet at a barrier for four."""
    barrier = threading.Barrier(4)

    def work():
        probe.note("at_barrier")
        barrier.wait()
        return "done"

    for _ in range(3):
        student.spawn(work)
    work()
    probe.note("met")


def many_values(student, probe):
    """Closures that return every kind of value."""
    (word,) = _words(probe.random, 1)
    values = {
        "a text": word,
        "None": None,
        "0": 0,
        "False": False,
        "an empty list": [],
        "an exception object that was returned, not raised": ValueError("a value, not a panic"),
    }
    for label, value in values.items():
        ran = []

        def work(ran=ran, value=value):
            ran.append(True)
            return value

        handle = student.spawn(work)
        probe.note("joining", label)
        kind, got = _attempt_join(probe, handle)
        probe.note("joined", {"label": label, "ran": bool(ran), "kind": kind, "same": got is value, "got": got})


def many_arguments(student, probe):
    """A closure that tells what it was called with."""
    first, second, scale, timeout, alone = (probe.random.randrange(1000) for _ in range(5))
    seen = []

    def tell(*args, **kw):
        seen.append({"args": list(args), "kw": kw})
        return "done"

    student.spawn(tell, (first, second), "three", scale=scale, timeout=timeout)
    student.spawn(tell, [alone], name="teller")
    time.sleep(1)
    probe.note("seen", seen)


def two_quick_results(student, probe):
    """Two closures that return at once, joined at once."""
    first, second = _words(probe.random, 2)
    handles = [student.spawn(lambda: first), student.spawn(lambda: second)]
    joined = [_attempt_join(probe, handle) for handle in handles]
    probe.note("joined", [[kind, got] for kind, got in joined])


def two_results_after_a_meeting(student, probe):
    """Two closures that meet main before they return: one is about to end as main begins to join it."""
    joined = []
    for word in _words(probe.random, 2):
        pair = threading.Barrier(2)

        def meet(pair=pair):
            with contextlib.suppress(threading.BrokenBarrierError):  # a spawn that calls or waits fails another check
                pair.wait(1)

        def work(word=word, meet=meet):
            meet()
            return word

        handle = student.spawn(work)
        meet()
        joined.append(_attempt_join(probe, handle))
    probe.note("joined", [[kind, got] for kind, got in joined])


def two_quick_panics(student, probe):
    """Two closures that raise at once, joined at once: as what they raised, and as which."""
    errors = [_Boom("first"), _Boom("second")]

    def raising(error):
        def explode():
            raise error

        return explode

    handles = [student.spawn(raising(error)) for error in errors]
    joined = [_attempt_join(probe, handle) for handle in handles]
    probe.note("joined", [[kind, got is error] for (kind, got), error in zip(joined, errors, strict=True)])


def many_panics(student, probe):
    """Closures that raise an ordinary exception, SystemExit, and an exception that is falsy."""
    for error in (_Boom("boom"), SystemExit(3), _FalsyBoom("still a panic")):
        ran = []

        def explode(error=error, ran=ran):
            ran.append(True)
            raise error

        handle = student.spawn(explode)
        kind, payload = _attempt_join(probe, handle)
        functions = []
        traceback = error.__traceback__
        while traceback is not None:
            functions.append(traceback.tb_frame.f_code.co_name)
            traceback = traceback.tb_next
        label = type(error).__name__.lstrip("_")
        named = "explode" in functions
        probe.note("joined", {"label": label, "ran": bool(ran), "kind": kind, "same": payload is error, "named": named})


def join_with_timeout(student, probe):
    """A timed-out join on a gated thread, then a join that waits."""
    (late,) = _words(probe.random, 1)
    gate = threading.Event()

    def work():
        gate.wait()
        return late

    handle = student.spawn(work)
    start = probe.now()
    kind, _ = _attempt_join(probe, handle, 0.01)
    probe.note("timed", {"kind": kind, "waited": probe.now() - start})
    gate.set()
    time.sleep(1)
    kind, value = _attempt_join(probe, handle)
    probe.note("later", [kind, value])


def join_twice(student, probe):
    """A second join after a value and after a panic."""
    for label, outcome in (("value", "done"), ("panic", _Boom("boom"))):
        handle = student.spawn(_sleeper(0, outcome))
        first, _ = _attempt_join(probe, handle)
        second, _ = _attempt_join(probe, handle)
        probe.note("joined", {"after": label, "first": first, "second": second})


def join_oneself(student, probe):
    """A thread that joins its own handle."""
    have_handle, told = threading.Event(), threading.Event()
    box = []

    def work():
        have_handle.wait()
        probe.note("asked")
        kind, _ = _attempt_join(probe, box[0])
        probe.note("self_join", kind)
        told.set()
        return "done"

    box.append(student.spawn(work))
    have_handle.set()
    told.wait(5)


def ask_is_finished(student, probe):
    """`is_finished` while the thread is gated, and after it has ended."""
    gate = threading.Event()

    def work():
        gate.wait()
        return "done"

    handle = student.spawn(work)
    asker = threading.Thread(target=lambda: probe.note("gated", handle.is_finished()), daemon=True)
    asker.start()
    asker.join(5)
    gate.set()
    time.sleep(1)
    probe.note("ended", handle.is_finished())


def end_of_the_program(student, probe):
    """What the interpreter does when main has returned, while a spawned thread is blocked for ever."""
    gate = threading.Event()

    def work():
        probe.note("blocked")
        gate.wait()
        return "never"

    student.spawn(work)
    time.sleep(1)
    probe.note("main_returned")
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    for call in reversed(getattr(threading, "_threading_atexits", [])):
        call()
    atexit._run_exitfuncs()
    probe.note("ended")


def scope_that_waits(student, probe):
    """A block with two threads that sleep."""
    slow, quick = _words(probe.random, 2)
    with student.scope() as s:
        handles = [s.spawn(_sleeper(2, slow)), s.spawn(_sleeper(1, quick))]
    time.sleep(_BREATH_S)
    probe.note("alive", [handle.thread.is_alive() for handle in handles])
    probe.note("joined", [list(_attempt_join(probe, handle)) for handle in handles])


def scope_that_raises(student, probe):
    """A block that raises while one of its threads sleeps and another one panics."""
    boom = _Boom("the block failed")
    left_with, handles = "nothing", []
    try:
        with student.scope() as s:
            handles.append(s.spawn(_sleeper(2, "slow")))
            handles.append(s.spawn(_sleeper(1, _Boom("a thread failed"))))
            raise boom
    except Exception as error:
        left_with = "the block's exception" if error is boom else type(error).__name__
    time.sleep(_BREATH_S)
    probe.note("alive", [handle.thread.is_alive() for handle in handles])
    probe.note("left_with", left_with)


def scope_with_panics(student, probe):
    """A block whose second and third thread panic, the third one first; nobody joins them."""
    (fine,) = _words(probe.random, 1)
    second, third = _Boom("second"), _Boom("third")
    left_with, handles = "nothing", []
    try:
        with student.scope() as s:
            handles += [s.spawn(_sleeper(3, fine)), s.spawn(_sleeper(2, second)), s.spawn(_sleeper(1, third))]
    except JoinError as error:
        payload = error.payload
        left_with = "the second's" if payload is second else "the third's" if payload is third else "another"
    time.sleep(_BREATH_S)
    probe.note("alive", [handle.thread.is_alive() for handle in handles])
    probe.note("left_with", left_with)
    kind, value = _attempt_join(probe, handles[0])
    panic, payload = _attempt_join(probe, handles[2])
    probe.note("joined", [[kind, value], [panic, payload is third]])


def scope_with_a_joined_panic(student, probe):
    """A block that joins its panicking thread itself."""
    left_with = "nothing"
    try:
        with student.scope() as s:
            _attempt_join(probe, s.spawn(_sleeper(1, _Boom("seen and handled"))))
    except Exception as error:
        left_with = type(error).__name__
    probe.note("left_with", left_with)


def join_all_values(student, probe):
    """Three threads that finish in another order than they were spawned."""
    values = _words(probe.random, 3)
    handles = [student.spawn(_sleeper(delay, value)) for value, delay in zip(values, (3, 1, 2), strict=True)]
    probe.note("values", student.join_all(iter(handles)))


def join_all_panics(student, probe):
    """Of four threads the second and the fourth panic, the fourth one first; the third ends last."""
    second, fourth = _Boom("second"), _Boom("fourth")
    handles = [
        student.spawn(_sleeper(delay, outcome))
        for delay, outcome in ((3, "first"), (2, second), (4, "third"), (1, fourth))
    ]
    raised = "nothing"
    try:
        student.join_all(handles)
    except JoinError as error:
        payload = error.payload
        raised = "the second's" if payload is second else "the fourth's" if payload is fourth else "another"
    time.sleep(_BREATH_S)
    probe.note("alive", [handle.thread.is_alive() for handle in handles])
    probe.note("raised", raised)


def two_deep_recursions(student, probe):
    """The child and main each recurse some 500 calls deep and meet at the bottom."""
    depth = probe.random.randrange(480, 520)
    bottom = threading.Barrier(2)

    def dive(depth):
        if depth == 0:
            bottom.wait()
            return 0
        return 1 + dive(depth - 1)

    handle = student.spawn(lambda: dive(depth))
    probe.note("main", dive(depth))
    probe.note("child", handle.join())
