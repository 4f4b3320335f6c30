"""Uses of the standard library that must run unmodified under the engine. Each function asserts what is true of it."""

import asyncio
import concurrent.futures
import datetime
import logging
import multiprocessing.pool
import queue
import select
import socket
import threading
import time
from queue import SimpleQueue as EarlyQueue
from threading import Lock as EarlyLock
from threading import Thread as EarlyThread
from time import monotonic as early_monotonic
from time import sleep as early_sleep


def _together(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _took(seconds, since):
    assert abs(time.monotonic() - since - seconds) < 1e-6, time.monotonic() - since


class Collector(threading.Thread):
    def __init__(self, source):
        super().__init__()
        self.source = source
        self.items = []

    def run(self):
        while (item := self.source.get()) is not None:
            self.items.append(item)


def thread_subclass():
    source = queue.Queue()
    collector = Collector(source)
    collector.start()
    for item in (1, 2, 3, None):
        source.put(item)
    collector.join()
    assert collector.items == [1, 2, 3]


def early_bound_names():
    lock = EarlyLock()
    seen = []

    def work():
        early_sleep(2)
        with lock:
            seen.append(early_monotonic())

    threads = [EarlyThread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen[0] == seen[1]
    box = EarlyQueue()
    box.put(1)
    assert box.get() == 1


def lock_timeout():
    lock = threading.Lock()
    lock.acquire()
    started = time.monotonic()
    assert lock.acquire(timeout=3) is False
    assert lock.acquire(blocking=False) is False
    assert lock.locked()
    _took(3, started)


def rlock_is_reentrant_and_owned():
    lock = threading.RLock()
    order = []

    def other():
        with lock:
            order.append("other")

    with lock, lock:
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(1)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]
    try:
        lock.release()
    except RuntimeError:
        return
    raise AssertionError("released a lock that was not held")


def condition_with_notify():
    condition = threading.Condition()
    items = []
    taken = []

    def consume():
        with condition:
            while not items:
                condition.wait()
            taken.append(items.pop())

    threads = [threading.Thread(target=consume) for _ in range(3)]
    for thread in threads:
        thread.start()
    for item in range(3):
        with condition:
            items.append(item)
            condition.notify()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [0, 1, 2]


def condition_wait_for_times_out():
    condition = threading.Condition()
    started = time.monotonic()
    with condition:
        assert condition.wait_for(lambda: False, timeout=2.5) is False
    _took(2.5, started)


def event_wakes_all():
    event = threading.Event()
    woken = []
    threads = [threading.Thread(target=lambda: (event.wait(), woken.append(1))) for _ in range(3)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    assert threading.Event().wait(4) is False
    _took(4, started)
    event.set()
    for thread in threads:
        thread.join()
    assert len(woken) == 3


def semaphores():
    gate = threading.BoundedSemaphore(2)
    inside = []
    most = []

    def work():
        with gate:
            inside.append(1)
            most.append(len(inside))
            time.sleep(1)
            inside.pop()

    started = time.monotonic()
    _together(*[work] * 6)
    _took(3, started)
    assert max(most) == 2
    try:
        gate.release()
    except ValueError:
        return
    raise AssertionError("a bounded semaphore was released too often")


def barrier():
    meeting = threading.Barrier(3)
    past = []
    _together(*[lambda: (meeting.wait(), past.append(1))] * 3)
    assert len(past) == 3
    started = time.monotonic()
    try:
        threading.Barrier(2).wait(timeout=5)
    except threading.BrokenBarrierError:
        _took(5, started)
        return
    raise AssertionError("met nobody")


def timer():
    rung = []
    started = time.monotonic()
    alarm = threading.Timer(5, lambda: rung.append(time.monotonic()))
    cancelled = threading.Timer(1, lambda: rung.append("cancelled"))
    alarm.start()
    cancelled.start()
    cancelled.cancel()
    alarm.join()
    assert rung == [started + 5]


def thread_local():
    store = threading.local()
    seen = []

    def work(number):
        store.number = number
        time.sleep(0.1)
        seen.append(store.number)

    _together(*[lambda number=number: work(number) for number in range(3)])
    assert sorted(seen) == [0, 1, 2]
    assert not hasattr(store, "number")


def bounded_queue_with_join():
    jobs = queue.Queue(maxsize=2)

    def work():
        while True:
            jobs.get()
            time.sleep(1)
            jobs.task_done()

    threading.Thread(target=work, daemon=True).start()
    started = time.monotonic()
    for number in range(5):
        jobs.put(number)
    jobs.join()
    _took(5, started)


def other_queues():
    for kind, wanted in ((queue.LifoQueue, [2, 1, 3]), (queue.PriorityQueue, [1, 2, 3])):
        box = kind()
        for item in (3, 1, 2):
            box.put(item)
        assert [box.get() for _ in range(3)] == wanted
    started = time.monotonic()
    try:
        queue.SimpleQueue().get(timeout=4)
    except queue.Empty:
        _took(4, started)
        return
    raise AssertionError("got something from nowhere")


def simple_queue_between_threads():
    box = queue.SimpleQueue()
    got = []
    thread = threading.Thread(target=lambda: got.append(box.get()))
    thread.start()
    box.put(1)
    thread.join()
    assert got == [1]


def thread_pool_executor():
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(lambda delay: (time.sleep(delay), delay)[1], delay) for delay in (3, 1, 2)]
        assert [future.result() for future in concurrent.futures.as_completed(futures)] == [1, 2, 3]
        assert list(pool.map(lambda x: x * x, range(4))) == [0, 1, 4, 9]
    _took(3, started)


def executor_result_timeout():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        future = pool.submit(time.sleep, 5)
        try:
            future.result(timeout=1)
        except concurrent.futures.TimeoutError:
            _took(1, started)
            return
    raise AssertionError("no time-out")


def multiprocessing_thread_pool():
    with multiprocessing.pool.ThreadPool(3) as pool:
        assert pool.map(lambda x: x + 1, range(5)) == [1, 2, 3, 4, 5]
    pool = multiprocessing.pool.ThreadPool(2)
    answer = pool.apply_async(lambda: 5)
    pool.close()
    pool.join()
    assert answer.get() == 5


def logging_from_threads():
    rows = []

    class Rows(logging.Handler):
        def emit(self, record):
            rows.append(self.format(record))

    class Slow:
        def __str__(self):
            time.sleep(0.1)
            return "slow"

    logger = logging.getLogger("program")
    logger.addHandler(Rows())
    _together(*[lambda: logger.warning("%s", Slow())] * 3)
    assert rows == ["slow"] * 3


def sleepers_wake_in_order():
    woken = []

    def sleeper(number):
        time.sleep(0.5 * (20 - number))
        woken.append(number)

    _together(*[lambda number=number: sleeper(number) for number in range(20)])
    assert woken == list(reversed(range(20)))


def many_threads():
    started = time.monotonic()
    _together(*[lambda: time.sleep(1)] * 100)
    _took(1, started)


def daemon_is_left_behind():
    threading.Thread(target=queue.Queue().get, daemon=True).start()
    threading.Thread(target=threading.Event().wait).start()


def raw_threads():
    import _thread

    done = _thread.allocate_lock()
    done.acquire()
    names = []

    def work(name, *, suffix):
        names.append((name + suffix, threading.current_thread().name))
        done.release()

    _thread.start_new_thread(work, ("a",), {"suffix": "b"})
    done.acquire()
    assert names[0][0] == "ab"
    assert names[0][1].startswith("Dummy")


def thread_that_raises():
    caught = []
    threading.excepthook = lambda args: caught.append(args.exc_type)
    _together(lambda: 1 / 0)
    assert caught == [ZeroDivisionError]


def joining_oneself():
    try:
        threading.current_thread().join()
    except RuntimeError:
        return
    raise AssertionError("joined itself")


def join_with_timeout():
    thread = threading.Thread(target=time.sleep, args=(10,))
    thread.start()
    started = time.monotonic()
    thread.join(timeout=4)
    _took(4, started)
    assert thread.is_alive()
    thread.join()
    _took(10, started)
    assert not thread.is_alive()


def importing_in_threads():
    def work():
        import colorsys
        import statistics

        assert colorsys.rgb_to_hls(0, 0, 0)
        assert statistics.mean([1, 3]) == 2

    _together(*[work] * 3)


def dates_are_virtual():
    before = datetime.datetime.now()
    local = time.localtime()
    time.sleep(86_400)
    after = datetime.datetime.now()
    assert (after - before).total_seconds() == 86_400
    assert time.localtime().tm_yday == local.tm_yday + 1
    assert isinstance(after.replace(microsecond=0), datetime.datetime)


def asyncio_timers():
    async def main():
        order = []

        async def say(number, delay):
            await asyncio.sleep(delay)
            order.append(number)

        await asyncio.gather(say(0, 0.5), say(1, 0.2))
        return order

    started = time.monotonic()
    assert asyncio.run(main()) == [1, 0]
    _took(0.5, started)


def asyncio_wait_for():
    async def main():
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 4)
        except asyncio.TimeoutError:
            return True

    started = time.monotonic()
    assert asyncio.run(main())
    _took(4, started)


def asyncio_to_thread():
    async def main():
        return await asyncio.gather(*[asyncio.to_thread(lambda: (time.sleep(1), 7)[1]) for _ in range(3)])

    started = time.monotonic()
    assert asyncio.run(main()) == [7, 7, 7]
    _took(1, started)


def asyncio_call_soon_threadsafe():
    async def main():
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        thread = threading.Thread(target=lambda: (time.sleep(2), loop.call_soon_threadsafe(future.set_result, 1)))
        thread.start()
        assert await future == 1
        thread.join()

    started = time.monotonic()
    asyncio.run(main())
    _took(2, started)


def subclassed_loop():
    class Loop(asyncio.SelectorEventLoop):
        def time(self):
            return super().time() + 1_000

    loop = Loop()
    started = time.monotonic()
    loop.run_until_complete(asyncio.sleep(3))
    _took(3, started)
    loop.close()


def asyncio_sockets():
    async def serve(reader, writer):
        writer.write((await reader.read(100)).upper())
        await writer.drain()
        writer.close()

    async def ask(port, text):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(text)
        await writer.drain()
        answer = await reader.read(100)
        writer.close()
        return answer

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        answers = await asyncio.gather(*[ask(port, b"client %d" % number) for number in range(5)])
        server.close()
        return answers

    assert asyncio.run(main()) == [b"CLIENT %d" % number for number in range(5)]


def blocking_sockets():
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(1 << 16):
                connection.sendall(data)

    server = threading.Thread(target=serve)
    server.start()
    client = socket.create_connection(listener.getsockname())
    sent = bytes(range(256)) * 8192
    received = bytearray()

    def read():
        while len(received) < len(sent):
            received.extend(client.recv(1 << 16))

    reader = threading.Thread(target=read)
    reader.start()
    client.sendall(sent)
    reader.join()
    client.close()
    server.join()
    listener.close()
    assert bytes(received) == sent


def socket_files():
    left, right = socket.socketpair()
    with left.makefile("w") as out, right.makefile("r") as into:
        writer = threading.Thread(target=lambda: (time.sleep(1), out.write("line\n"), out.flush()))
        writer.start()
        assert into.readline() == "line\n"
        writer.join()


def socket_timeout():
    left, right = socket.socketpair()
    left.settimeout(3)
    started = time.monotonic()
    try:
        left.recv(1)
    except TimeoutError:
        _took(3, started)
        assert left.gettimeout() == 3
        right.send(b"x")
        assert left.recv(1) == b"x"
        return
    raise AssertionError("no time-out")


def select_call():
    left, right = socket.socketpair()
    started = time.monotonic()
    assert select.select([left], [], [], 2) == ([], [], [])
    _took(2, started)
    threading.Thread(target=lambda: (time.sleep(1), right.send(b"x"))).start()
    assert select.select([left], [], [], 9)[0] == [left]
    _took(3, started)
