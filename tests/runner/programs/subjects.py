"""Small programs, right and wrong, that the engine's own tests explore."""

import asyncio
import collections
import os
import random
import threading
import time
import uuid


class Pool:
    """A right pool."""

    def __init__(self, size):
        self.condition = threading.Condition()
        self.jobs = collections.deque()
        self.closed = False
        self.workers = [threading.Thread(target=self.work) for _ in range(size)]
        for worker in self.workers:
            worker.start()

    def work(self):
        while True:
            with self.condition:
                while not self.jobs and not self.closed:
                    self.condition.wait()
                if not self.jobs:
                    return
                job = self.jobs.popleft()
            job()

    def execute(self, job):
        with self.condition:
            self.jobs.append(job)
            self.condition.notify()

    def close(self):
        with self.condition:
            self.closed = True
            self.condition.notify_all()
        for worker in self.workers:
            worker.join()


class ForgetfulPool(Pool):
    """Looks at the queue before it takes the lock: a notify in between is lost."""

    def work(self):
        while True:
            if not self.jobs and not self.closed:
                with self.condition:
                    self.condition.wait()
                continue
            with self.condition:
                if not self.jobs:
                    if self.closed:
                        return
                    continue
                job = self.jobs.popleft()
            job()


def _use(pool):
    done = []
    for number in range(6):
        pool.execute(lambda number=number: done.append(number))
    pool.close()
    return [len(done), sum(worker.is_alive() for worker in pool.workers)]


def pool():
    return _use(Pool(3))


def lost_wakeup():
    return _use(ForgetfulPool(2))


class Counter:
    def __init__(self):
        self.count = 0

    def add(self):
        self.count += 1


def _in_threads(function, count):
    threads = [threading.Thread(target=function) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def counter():
    shared = Counter()

    def work():
        for _ in range(3):
            shared.add()

    _in_threads(work, 2)
    return shared.count


def lock_order():
    a, b = threading.Lock(), threading.Lock()

    def work(first, second):
        with first:
            with second:
                pass

    threads = [threading.Thread(target=work, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check_then_act():
    items = ["last"]
    errors = []

    def take():
        if items:
            try:
                items.pop()
            except IndexError as error:
                errors.append(error)

    _in_threads(take, 2)
    if errors:
        raise errors[0]


class Thing:
    """Compares and hashes by address."""


def objects_in_sets():
    things = {Thing() for _ in range(50)}
    order = []
    numbers = {thing: number for number, thing in enumerate(things)}
    _in_threads(lambda: order.extend(numbers[thing] for thing in set(things)), 2)
    idents = []
    _in_threads(lambda: idents.append(threading.get_ident()), 3)
    print(Thing(), threading.current_thread())
    return [order, idents]


def random_numbers():
    return [random.random(), random.Random().random(), os.urandom(4).hex(), str(uuid.uuid4()), hash("text"), time.time()]


def tasks():
    order = []

    async def work(name):
        for step in range(3):
            order.append((name, step))
            await asyncio.sleep(0.1)

    async def main():
        await asyncio.gather(work("a"), work("b"), asyncio.to_thread(time.sleep, 0.25))

    asyncio.run(main())
    return order
