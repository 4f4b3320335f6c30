"""Spinning ends, and is reported."""

import pytest

from threadmarks.wire import EventKind, Outcome

WAITS = {
    "bare loop": "while not done: pass",
    "sleep(0)": "while not done: time.sleep(0)",
    "short sleeps": "while not done: time.sleep(0.001)",
    "clock": "while time.monotonic() < start + 3: pass",
    "get_nowait": "while not done:\n        try: box.get_nowait()\n        except queue.Empty: pass",
    "trylock": "while not done: lock.acquire(blocking=False)",
    "is_alive": "while thread.is_alive(): pass",
}
PROGRAM = """
import queue, threading, time

def spin():
    done = []
    box = queue.Queue()
    lock = threading.Lock()
    lock.acquire()
    start = time.monotonic()
    thread = threading.Thread(target=lambda: (time.sleep(3), done.append(1)))
    thread.start()
    {wait}
    return time.monotonic() - start
"""


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS.keys())
def test_a_polling_wait_ends_when_what_it_waits_for_comes(play, wait):
    """Virtual time must pass for a thread that burns it."""
    trace = play(PROGRAM.format(wait=wait), "spin()")
    assert trace.outcome is Outcome.COMPLETED
    assert trace.value == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize("wait", [row for name, row in WAITS.items() if name != "short sleeps"])
def test_a_polling_wait_is_reported_with_its_line(play, wait):
    """The student learns that their wait costs a whole core."""
    trace = play(PROGRAM.format(wait=wait), "spin()")
    spins = [event for event in trace.events if event.kind is EventKind.SPIN]
    assert spins
    assert spins[0].thread == 0
    assert spins[0].line >= 12


@pytest.mark.parametrize("spec", ["block", "random.s3", "pct.d2.k100.s3"])
@pytest.mark.parametrize(
    "body", ["while True: pass", "while True: time.sleep(0)", "while not threading.Event().is_set(): x = 1"]
)
def test_an_endless_loop_ends_the_run(play, body, spec):
    """Nothing depends on a wall clock: the limit is a count."""
    trace = play(f"import threading, time\ndef spin():\n    {body}\n", "spin()", spec, steps=300_000)
    assert trace.outcome is Outcome.SPINNING
    assert trace.waits[0].line == 3


@pytest.mark.parametrize("spec", ["block", "random.s3", "pct.d3.k100.s3"])
def test_a_spinning_thread_does_not_starve_the_one_it_waits_for(play, spec):
    """Run-to-block never preempts, and a spinner of the highest priority would never let go."""
    source = """
import threading

def spin():
    ready = []
    thread = threading.Thread(target=lambda: ready.append(1))
    def wait():
        while not ready:
            pass
    waiter = threading.Thread(target=wait)
    waiter.start()
    thread.start()
    waiter.join()
"""
    assert play(source, "spin()", spec).outcome is Outcome.COMPLETED


def test_long_computing_is_not_spinning(play):
    """A program may work hard."""
    source = "def work():\n    total = 0\n    for i in range(300_000):\n        total += i\n    return total\n"
    trace = play(source, "work()")
    assert trace.outcome is Outcome.COMPLETED
    assert trace.value == sum(range(300_000))


@pytest.mark.parametrize("look", ["if box.empty(): continue", "time.sleep(0)", "if not box.qsize(): continue"])
def test_a_poller_sees_new_work_before_time_passes(play, look):
    """A put wakes nobody who polls, but it is something that happened: the poller must get its look."""
    source = f"""
import queue, threading, time

def poll():
    box = queue.Queue()
    seen = []
    def work():
        while True:
            {look}
            try:
                box.get_nowait()
            except queue.Empty:
                continue
            seen.append(time.monotonic())
    for _ in range(2):
        threading.Thread(target=work).start()
    time.sleep(1)
    start = time.monotonic()
    for item in range(4):
        box.put(item)
    time.sleep(1)
    return [stamp - start for stamp in seen]
"""
    assert play(source, "poll()").value == [0, 0, 0, 0]


def test_a_fast_poller_is_counted_at_every_look(play):
    """A worker that wakes each millisecond must not look like one that sleeps."""
    source = """
import queue, threading, time

def poll(probe):
    box = queue.Queue()
    def work():
        while True:
            try:
                box.get(timeout=0.001)
            except queue.Empty:
                continue
    threading.Thread(target=work).start()
    probe.mark("begin")
    time.sleep(10)
    probe.mark("end")
"""
    trace = play(source, "poll(probe)")
    marks = {
        event.data[0]: {row[0]: row[1] for row in event.data[2]}
        for event in trace.events
        if event.kind is EventKind.MARK
    }
    assert marks["end"][1] - marks["begin"][1] == pytest.approx(10_000, abs=10)
