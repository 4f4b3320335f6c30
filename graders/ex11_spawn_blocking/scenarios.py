"""Scenarios of ex11: calls that block, tasks that go on meanwhile, and threads that post callbacks. No expectations."""

import contextlib
import socket
import threading
import time

from ex07 import OneShotFuture, YieldNow, select, sleep

from threadmarks.prelude import Future


class _Meeting(Future):
    """Another future, at whose first poll a thread is met: `before` it is polled, or after."""

    def __init__(self, inner, meet, *, before):
        self._inner = inner
        self._meet = meet
        self._before = before

    def poll(self, cx):
        meet, self._meet = self._meet, lambda: None
        if self._before:
            meet()
            return self._inner.poll(cx)
        outcome = self._inner.poll(cx)
        meet()
        return outcome

    def close(self):
        self._inner.close()


class _FalsyBoom(Exception):
    """An exception that counts as false."""

    def __bool__(self):
        return False


class _Rooms:
    """Where functions are, and how many of them at once."""

    def __init__(self):
        self._lock = threading.Lock()
        self.inside = 0
        self.most = 0
        self.came = 0

    def __enter__(self):
        with self._lock:
            self.came += 1
            self.inside += 1
            self.most = max(self.most, self.inside)

    def __exit__(self, *_):
        with self._lock:
            self.inside -= 1


def _meet(barrier):
    """Wait for the others, but not for ever."""
    with contextlib.suppress(threading.BrokenBarrierError):
        barrier.wait(1.0)


def _start(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    return thread


async def _ticks(count):
    """A task that keeps the loop waking up: whether a call's end wakes it is another check's matter."""
    for _ in range(count):
        await sleep(0.1)


async def _told(handle):
    """What awaiting a handle gives."""
    try:
        return ["value", await handle]
    except BaseException as error:
        return [type(error).__name__]


def beats_while_it_blocks(student, probe):
    """A blocking call waits until a task has beaten five times."""
    value = probe.random.randrange(1000, 10_000)
    runtime = student.Runtime()
    enough = threading.Event()

    async def heart():
        for number in range(10):
            await sleep(0.1)
            if number < 5:
                probe.note("beat")
            if number == 4:
                enough.set()

    def blocks(number):
        enough.wait()
        return number

    async def main():
        beating = runtime.spawn(heart())
        probe.note("got", await runtime.spawn_blocking(blocks, value))
        await beating

    runtime.block_on(main())
    probe.note("over")


def where_it_runs(student, probe):
    """Functions say on which thread they run; one begins though nobody awaits it, one reads from a socket that blocks."""
    value = probe.random.randrange(1000, 10_000)
    runtime = student.Runtime()
    near, far = socket.socketpair()

    def where(*args):
        probe.note("thread", probe.thread())
        return list(args)

    def reads():
        return far.recv(100).decode()

    async def writes():
        await sleep(0.1)
        near.send(str(value).encode())

    async def main():
        runtime.spawn(_ticks(30))
        began = threading.Event()
        runtime.spawn_blocking(began.set)
        probe.note("began", began.wait(1.0))
        got = [await runtime.spawn_blocking(where), await runtime.spawn_blocking(where, value, None)]
        for answer in (None, False, ValueError("a value, not a panic")):
            told = await _told(runtime.spawn_blocking(lambda answer=answer: answer))
            got.append(told[-1] is answer)
        probe.note("answers", got[:])
        runtime.spawn(writes())
        got.append(await runtime.spawn_blocking(reads))
        probe.note("got", got)

    runtime.block_on(main())
    for end in (near, far):
        end.close()


def more_calls_than_threads(student, probe):
    """A cap of three and nine calls at a gate; then four calls, one after another, and another runtime with a cap of eight, which
    gets three calls, one after another.
    """
    probe.mark("begin")
    runtime = student.Runtime(3)
    gate, rooms = threading.Event(), _Rooms()

    def gated(number):
        with rooms:
            gate.wait()
        return number

    async def crowd():
        runtime.spawn(_ticks(30))
        await sleep(0.1)
        probe.mark("crowd")
        handles = [runtime.spawn_blocking(gated, number) for number in range(9)]
        await sleep(1.0)
        probe.note("inside", [rooms.inside, rooms.most])
        gate.set()
        got = [await handle for handle in handles]
        probe.note("ran", [got, rooms.came, rooms.most])

    async def one_by_one(its_runtime, count):
        its_runtime.spawn(_ticks(20))
        for _ in range(count):
            await its_runtime.spawn_blocking(time.sleep, 0.1)
            await sleep(0.1)

    async def idle():
        await sleep(1.0)
        probe.mark("idle")
        await sleep(5.0)
        probe.mark("idle_end")

    runtime.block_on(crowd())
    runtime.block_on(one_by_one(runtime, 4))
    probe.mark("small")
    other = student.Runtime()
    other.block_on(one_by_one(other, 3))
    probe.mark("end")
    runtime.block_on(idle())


def two_that_need_each_other(student, probe):
    """One thread is idle. Two calls come, each of which waits for the other; the cap is two."""
    runtime = student.Runtime(2)
    rooms, pair = _Rooms(), threading.Barrier(2)

    def meets():
        pair.wait()
        with rooms:
            pass

    async def main():
        runtime.spawn_blocking(int)
        await sleep(0.1)
        for _ in range(2):
            runtime.spawn_blocking(meets)
        await sleep(1.0)

    runtime.block_on(main())
    probe.note("met", rooms.came)


def three_that_need_each_other(student, probe):
    """Four times a call comes while one thread is idle and one is about to be. Then come three that wait for each other; the cap is three."""
    runtime = student.Runtime(3)
    rooms, together, trio = _Rooms(), threading.Barrier(2), threading.Barrier(3)

    def meets():
        trio.wait()
        with rooms:
            pass

    async def main():
        runtime.spawn_blocking(int)
        for _ in range(4):
            runtime.spawn_blocking(lambda: _meet(together))
            await sleep(0.1)
            _meet(together)
            runtime.spawn_blocking(int)
            await sleep(0.1)
        for _ in range(3):
            runtime.spawn_blocking(meets)
        await sleep(1.0)

    runtime.block_on(main())
    probe.note("met", rooms.came)


def asleep_without_a_timer(student, probe):
    """The loop has nothing to do but to wait for a call; the second takes long. Then a thread posts a callback."""
    runtime = student.Runtime()
    one = OneShotFuture()

    def long():
        time.sleep(1.0)
        probe.mark("long")
        time.sleep(30.0)
        probe.mark("long_end")
        return "done"

    def post():
        time.sleep(1.0)
        probe.note("posts")
        runtime.call_soon_threadsafe(lambda: one.set(None))

    async def main():
        await runtime.spawn_blocking(time.sleep, 0.5)
        probe.note("short_resumed")
        await runtime.spawn_blocking(long)
        probe.note("resumed")
        thread = _start(post)
        await one
        probe.note("called")
        thread.join()

    runtime.block_on(main())


def ends_as_the_loop_falls_asleep(student, probe):
    """A call ends while the loop's thread looks at its handle and goes to sleep."""
    value = probe.random.randrange(1000, 10_000)
    runtime = student.Runtime(1)
    together = threading.Barrier(2)

    def ends(number):
        _meet(together)
        return number

    async def main():
        handle = runtime.spawn_blocking(ends, value)
        probe.note("got", await _Meeting(handle, lambda: _meet(together), before=True))

    runtime.block_on(main())


def posts_as_the_loop_falls_asleep(student, probe):
    """A thread posts three callbacks while the loop's thread goes to sleep for five seconds; the last of them says that it was called."""
    runtime = student.Runtime(1)
    together = threading.Barrier(2)
    callbacks = (int, int, lambda: probe.note("called"))

    def post():
        together.wait()
        for callback in callbacks:
            runtime.call_soon_threadsafe(callback)

    thread = _start(post)

    async def main():
        await _Meeting(sleep(5.0), together.wait, before=False)
        runtime.call_soon_threadsafe(int)  # if one was forgotten, it is found now
        await sleep(1.0)

    runtime.block_on(main())
    thread.join()


def callbacks(student, probe):
    """Three threads post ten callbacks each, some of which panic, and a task posts one; a task looks where it runs after a call."""
    runtime = student.Runtime()
    calls, inside = [], []

    def callback(who, number):
        def call():
            calls.append([who, number, probe.thread(), bool(inside)])
            if number == 3:
                raise SystemExit(who) if who == 1 else ValueError(who)

        return call

    def post(who):
        for number in range(10):
            runtime.call_soon_threadsafe(callback(who, number))
            time.sleep(0.01)

    async def main():
        runtime.spawn(_ticks(20))
        before = probe.thread()
        await runtime.spawn_blocking(time.sleep, 0.1)
        probe.note("continued", [before, probe.thread()])
        threads = [_start(post, who) for who in range(3)]
        await sleep(0.5)
        inside.append(True)
        runtime.call_soon_threadsafe(callback(3, 0))
        inside.clear()
        await sleep(1.0)
        probe.note("calls", calls)
        for thread in threads:
            thread.join()

    runtime.block_on(main())


def two_threads_post(student, probe):
    """Two threads post two callbacks each while the loop runs some of them; a second later it is asked which."""
    runtime = student.Runtime(1)
    together = threading.Barrier(3)
    calls = []

    def post(who):
        together.wait()
        for number in range(2):
            runtime.call_soon_threadsafe(lambda number=number: calls.append([who, number]))

    threads = [_start(post, who) for who in range(2)]

    async def main():
        await _Meeting(sleep(1.0), together.wait, before=False)
        runtime.call_soon_threadsafe(int)  # if a wake was lost, that is another matter
        await sleep(1.0)
        for _ in range(3):
            await YieldNow()

    runtime.block_on(main())
    probe.note("calls", calls)
    for thread in threads:
        thread.join()


def panics(student, probe):
    """Two functions that return, and some that panic, on the one thread that there is; one whose handle nobody awaits; then one that
    returns.
    """
    word = f"{probe.random.randrange(16**8):08x}"
    runtime = student.Runtime(1)
    errors = [ValueError(word), SystemExit(3), _FalsyBoom(word), KeyError(word)]

    def bad(error):
        raise error

    async def payload(error):
        try:
            return ["returned", await runtime.spawn_blocking(bad, error)]
        except BaseException as raised:
            return [type(raised).__name__, getattr(raised, "payload", None) is error]

    async def others():
        for _ in range(20):
            await sleep(0.1)
            probe.note("others")

    async def main():
        runtime.spawn(others())
        for _ in range(2):
            await runtime.spawn_blocking(int)
        probe.note("before")
        probe.note("payloads", [await payload(error) for error in errors])
        lost = runtime.spawn_blocking(bad, ValueError("nobody asks"))  # noqa: F841
        probe.note("returned", await _told(runtime.spawn_blocking(word.upper)))
        await sleep(0.25)

    runtime.block_on(main())
    probe.note("over")


def given_up(student, probe):
    """Two calls are aborted while they run, and one loses against a time-out; they end later, one of them with a panic."""
    value = probe.random.randrange(1000, 10_000)
    runtime = student.Runtime()

    def ends(number):
        time.sleep(1.0)
        probe.note("ended")
        return number

    def panics():
        time.sleep(1.0)
        probe.note("ended")
        raise ValueError("late")

    async def main():
        runtime.spawn(_ticks(50))
        aborted = [runtime.spawn_blocking(ends, value), runtime.spawn_blocking(panics)]
        late = runtime.spawn_blocking(ends, value)
        unlooked = runtime.spawn_blocking(ends, value)
        await sleep(0.1)
        begin = probe.now()
        for handle in (*aborted, unlooked):
            handle.abort()
        got = [await _told(handle) for handle in aborted]
        probe.note("aborted", [got, round(probe.now() - begin, 3)])
        begin = probe.now()
        index, _ = await select(late, sleep(0.2))
        probe.note("selected", [index, round(probe.now() - begin, 3)])
        await sleep(2.0)
        probe.note("unlooked", await _told(unlooked))
        ended = runtime.spawn_blocking(int)
        await sleep(1.0)
        ended.abort()
        probe.note("next", [await _told(ended), await _told(runtime.spawn_blocking(str, value))])

    runtime.block_on(main())
    probe.note("over")


def shut_down(student, probe):
    """Two calls run and three wait when the runtime is shut down; afterwards their handles are looked at."""
    runtime = student.Runtime(2)
    ran = []

    def call(number):
        ran.append(number)
        time.sleep(5.0)
        return number

    handles = [runtime.spawn_blocking(call, number) for number in range(5)]
    runtime.block_on(sleep(1.0))
    begin = probe.now()
    runtime.shutdown()
    probe.note("took", round(probe.now() - begin, 3))
    probe.mark("down")

    probe.note("refused", probe.attempt(runtime.spawn_blocking, int)[:2])
    time.sleep(10.0)
    probe.note("ran", ran)

    async def look():
        runtime.spawn(_ticks(10))
        probe.note("handles", [await _told(handle) for handle in handles])

    runtime.block_on(look())


def shut_down_in_a_hurry(student, probe):
    """Two calls run for ten seconds, and two threads are idle; shutdown is given one second."""
    runtime = student.Runtime()

    async def main():
        runtime.spawn(_ticks(10))
        handles = [runtime.spawn_blocking(time.sleep, seconds) for seconds in (0.1, 0.1, 10.0, 10.0)]
        for handle in handles[:2]:
            await handle
        await sleep(0.5)

    runtime.block_on(main())
    begin = probe.now()
    runtime.shutdown(timeout=1.0)
    probe.note("took", round(probe.now() - begin, 3))
    time.sleep(20.0)


def shut_down_as_a_call_begins(student, probe):
    """The only thread is idle and gets two calls; right then the runtime is shut down."""
    runtime = student.Runtime(1)
    ran = []

    def call(number):
        ran.append(number)
        return number

    runtime.spawn_blocking(int)
    time.sleep(0.1)
    handles = [runtime.spawn_blocking(call, number) for number in range(2)]
    runtime.shutdown()
    probe.note("down")
    probe.note("ran", ran)

    async def look():
        runtime.spawn(_ticks(4))
        probe.note("handles", [await _told(handle) for handle in handles])

    runtime.block_on(look())


def blockers(student, probe):
    """Tasks that hold their thread for long, and tasks that only last long. Each name tells which."""
    tenths = probe.random.randrange(3, 8)
    runtime = student.Runtime()

    hold, asked = time.sleep, []

    async def sorts_a_big_list():
        await sleep(0.5)
        hold(tenths / 10)
        await sleep(0.5)

    async def panics_after_long():
        hold(tenths / 10)
        raise ValueError("after long")

    async def sleeps_politely():
        await sleep(5.0)

    async def gives_way_often():
        for _ in range(20):
            hold(0.05)
            await YieldNow()

    async def asks_the_pool():
        begin = probe.now()
        try:
            handle = runtime.spawn_blocking(time.sleep, 2.0)
        finally:
            asked.append(round(probe.now() - begin, 3))
        await handle

    async def holds_it_twice():
        hold(tenths / 10)
        await YieldNow()
        hold(tenths / 10)

    async def main():
        runtime.spawn(_ticks(100))
        bodies = (sleeps_politely, sorts_a_big_list, gives_way_often, asks_the_pool, panics_after_long)
        handles = [runtime.spawn(body()) for body in bodies]
        for handle in handles:
            await _told(handle)

    names = student.find_blockers(lambda: runtime.block_on(main()), 0.1)
    probe.note("names", sorted(map(str, names)))
    probe.note("again", sorted(map(str, student.find_blockers(lambda: runtime.block_on(asks_the_pool()), 0.1))))
    probe.note("asked", asked)
    probe.note("main", sorted(map(str, student.find_blockers(lambda: runtime.block_on(holds_it_twice()), 0.1))))
