"""Drivers of the pairs in which threads wait for each other: conditions, locks, queues, shutdown.

A driver runs beside the program, like an exercise's scenario: it uses it and notes what came of it, and holds no
expectation. `probe.attempt` tells a call's value or exception. Time is virtual: it passes when nobody can run, so after a
`time.sleep` in a driver everybody has got as far as possible.
"""

import io
import threading
import time


def _together(probe, *calls):
    """What each call gave; each is made in a thread of its own, all at once."""
    answers = [None] * len(calls)

    def make(number, call):
        answers[number] = probe.attempt(call)

    threads = [threading.Thread(target=make, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def if_for_while(student, probe):
    """Two letters, two who wait for one."""
    box = student.Mailbox()

    def put_two():
        box.put("a")
        box.put("b")

    answers = _together(probe, box.get, box.get, put_two)
    probe.note("letters", sorted(answer[1] for answer in answers[:2]))


def test_outside_lock(student, probe):
    """One waits for the gate that another opens."""
    gate = student.Gate()
    passed, _ = _together(probe, gate.pass_through, gate.open)
    probe.note("passed", passed[1])


def event_cleared_late(student, probe):
    """Two pages are submitted while the printer runs."""
    printer = student.Printer()

    def submit_two():
        printer.submit("a")
        printer.submit("b")

    _together(probe, lambda: printer.run(2), submit_two)
    probe.note("printed", printer.printed)


def notify_before_wait(student, probe):
    """One hears what another says."""
    handshake = student.Handshake()
    heard, _ = _together(probe, handshake.hear, lambda: handshake.say("hello"))
    probe.note("heard", heard[1])


def notify_one_of_mixed(student, probe):
    """Two producers and two consumers of two items each."""
    buffer = student.OnePlaceBuffer()

    def produce():
        buffer.put(1)
        buffer.put(2)

    def consume():
        return buffer.get() + buffer.get()

    first, second, _, _ = _together(probe, consume, consume, produce, produce)
    probe.note("sum", first[1] + second[1])


def two_accounts(student, probe):
    """Transfers in both directions."""
    a, b = student.Account(100), student.Account(100)
    _together(probe, lambda: student.transfer(a, b, 30), lambda: student.transfer(b, a, 10))
    probe.note("balances", [a.balance, b.balance])


def three_forks(student, probe):
    """A dinner."""
    probe.note("meals", student.dinner())


def nested_calls(student, probe):
    """A cart is filled during stock-taking."""
    stock = student.Stock()
    cart = student.Cart(stock)
    counted, _ = _together(probe, stock.recount, lambda: cart.add(3))
    probe.note("counted", counted[1])


def put_under_lock(student, probe):
    """Two parts."""
    pipeline = student.Pipeline()
    _, got = _together(probe, lambda: pipeline.produce(["a", "b"]), lambda: pipeline.consume(2))
    probe.note("got", got[1])


def join_under_lock(student, probe):
    """Stopped at once."""
    probe.note("written", student.Recorder([1, 2]).stop())


def wait_inside_outer_lock(student, probe):
    """One buys what another delivers."""
    shop = student.Shop()
    bought, _ = _together(probe, shop.buy, lambda: shop.deliver("tea"))
    probe.note("bought", bought[1])


def upgrade_read_lock(student, probe):
    """Two new names."""
    answers = _together(probe, lambda: student.number_of("ann"), lambda: student.number_of("bob"))
    probe.note("numbers", sorted(answer[1] for answer in answers))


def uncounted_reader(student, probe):
    """Two readers and a writer; who is inside together with the writer?"""
    lock = student.ReadWriteLock()
    inside = []
    seen = []

    def use(acquire, release, who):
        acquire()
        inside.append(who)
        seen.append("writer" in inside and len(inside) > 1)
        time.sleep(1)
        seen.append("writer" in inside and len(inside) > 1)
        inside.remove(who)
        release()

    answers = _together(
        probe,
        lambda: use(lock.acquire_write, lock.release_write, "writer"),
        lambda: use(lock.acquire_read, lock.release_read, "reader"),
        lambda: use(lock.acquire_read, lock.release_read, "reader"),
    )
    probe.note("together", any(seen))
    probe.note("kinds", [answer[0] for answer in answers])


def permit_returned_twice(student, probe):
    """Three pages at once."""
    scanner = student.Scanner()
    _together(probe, *(lambda page=page: scanner.scan(page) for page in "abc"))
    probe.note("most", scanner.most)


def barrier_reused(student, probe):
    """Two threads, three phases: in which order are the phases begun?"""
    barrier = student.Barrier(2)
    phases = []

    def run():
        for phase in range(3):
            phases.append(phase)
            barrier.wait()

    _together(probe, run, run)
    probe.note("phases", phases)


def first_answer_wins(student, probe):
    """Two servers answer."""
    race = student.Race()
    answers = _together(probe, lambda: race.answered("a", "hi"), lambda: race.answered("b", "ho"))
    probe.note("kinds", [answer[0] for answer in answers])


def callback_twice(student, probe):
    """A callback is added while the promise is resolved."""
    promise = student.Promise()
    called = []
    _together(probe, lambda: promise.then(called.append), lambda: promise.resolve(7))
    probe.note("called", called)


def submit_during_close(student, probe):
    """A job is submitted while the pool closes: if it was accepted, did it run?"""
    pool = student.Pool()
    ran = []
    submitted, _ = _together(probe, lambda: pool.submit(lambda: ran.append(1)), pool.close)
    probe.note("lost", submitted[0] == "value" and not ran)


def send_after_disconnect(student, probe):
    """One sends while another disconnects."""
    client = student.Client(io.StringIO())
    sent, _ = _together(probe, lambda: client.send("hi"), client.disconnect)
    probe.note("kind", sent[0])


def flag_before_queue(student, probe):
    """Two lines, then shutdown."""
    logger = student.Logger()
    logger.log("a")
    logger.log("b")
    logger.shutdown()
    probe.note("lines", logger.lines)


def sentinel_overtakes(student, probe):
    """A site of three pages."""
    probe.note("visited", student.crawl("index"))


def late_worker(student, probe):
    """A job is launched during close: is anything left running afterwards?"""
    launcher = student.Launcher()
    _together(probe, lambda: launcher.launch(lambda: time.sleep(1)), launcher.close)
    probe.note("alive", threading.active_count() - 1)


def writer_starves(student, probe):
    """Readers take turns, one beginning when the other ends; a writer asks half a second after the first."""
    lock = student.ReadWriteLock()
    written = []

    def read(first_at):
        time.sleep(first_at)
        for _ in range(4):
            lock.read(1)
            time.sleep(1)

    def write():
        time.sleep(0.5)
        begin = time.monotonic()
        lock.write(lambda: written.append(time.monotonic() - begin))

    _together(probe, lambda: read(0), lambda: read(1), write)
    probe.note("waited", round(written[0], 3))


def polling_starves(student, probe):
    """One uses the lock five times in a row; another asks during the first time. How often must it see the first go?"""
    lock = student.PollingLock()
    finished = []
    seen = []

    def ask():
        time.sleep(0.0005)
        lock.acquire()
        seen.append(len(finished))
        lock.release()

    _together(probe, lambda: student.work(lock, 5, finished), ask)
    probe.note("seen", seen[0] <= 1)
