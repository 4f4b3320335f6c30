"""Deadlock is found at once, and told as a wait-for graph with the student's lines."""

import pytest

from threadmarks.wire import Outcome

TWO_LOCKS = """
import threading, time

def cross():
    a = threading.Lock()
    b = threading.Lock()

    def work(first, second):
        with first:
            time.sleep(1)
            with second:
                pass

    threads = [threading.Thread(target=work, args=pair, name=name) for name, pair in (("ab", (a, b)), ("ba", (b, a)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_a_cycle_of_locks_is_told_with_holders_and_lines(play):
    """The student sees who holds what, who wants it, and where."""
    trace = play(TWO_LOCKS, "cross()")
    assert trace.outcome is Outcome.DEADLOCK
    assert [(row.thread, row.what, row.holder, row.line, row.made_line) for row in trace.waits] == [
        (0, "Thread.join", 1, 18, 0),
        (1, "Lock", 2, 11, 6),
        (2, "Lock", 1, 11, 5),
    ]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("lock = threading.Lock(); lock.acquire(); lock.acquire()", "Lock"),
        ("threading.Event().wait()", "Event.wait"),
        ("queue.Queue().get()", "Queue.get"),
        ("queue.SimpleQueue().get()", "SimpleQueue.get"),
        ("q = queue.Queue(1); q.put(1); q.put(2)", "Queue.put"),
        ("q = queue.Queue(); q.put(1); q.join()", "Queue.join"),
        ("threading.Semaphore(0).acquire()", "Semaphore"),
        ("threading.Barrier(2).wait()", "Barrier.wait"),
        ("c = threading.Condition(); c.acquire(); c.wait()", "Condition.wait"),
        ("concurrent.futures.Future().result()", "Future.result"),
        ("t = threading.Thread(target=threading.Event().wait); t.start(); t.join()", "Thread.join"),
        ("asyncio.run(asyncio.Event().wait())", "run"),
        ("a, b = socket.socketpair(); a.recv(1)", "socket.recv"),
    ],
)
def test_every_wait_for_nobody_is_a_deadlock_with_its_name(play, body, what):
    """One word of the student's own program says where it hangs."""
    source = f"import asyncio, concurrent.futures, queue, socket, threading\ndef hang():\n    {body}\n"
    trace = play(source, "hang()")
    assert trace.outcome is Outcome.DEADLOCK
    assert trace.waits[0].line == 3
    assert what in trace.waits[0].what


def test_a_program_that_only_polls_for_ever_is_stalled(play):
    """A worker that polls with a time-out hides a deadlock; after a virtual minute of nothing it is named."""
    source = """
import queue, threading

def poll():
    jobs = queue.Queue()

    def work():
        while True:
            try:
                jobs.get(timeout=1)
            except queue.Empty:
                continue

    threading.Thread(target=work).start()
    jobs.join()
    threading.Event().wait()
"""
    trace = play(source, "poll()")
    assert trace.outcome is Outcome.STALLED
    assert trace.virtual_ns == 60 * 10**9
    assert [row.what for row in trace.waits] == ["Event.wait", "Queue.get"]


def test_polling_beside_a_long_sleep_is_not_stalled(play):
    """Something is still to come: the sleeper's end."""
    source = """
import queue, threading, time

def poll():
    jobs = queue.Queue()

    def work():
        while True:
            try:
                return jobs.get(timeout=1)
            except queue.Empty:
                continue

    worker = threading.Thread(target=work)
    worker.start()
    time.sleep(500)
    jobs.put(None)
    worker.join()
"""
    trace = play(source, "poll()")
    assert trace.outcome is Outcome.COMPLETED
    assert trace.virtual_ns == 500 * 10**9


def test_a_heartbeat_is_not_stalled(play):
    """A loop of sleeps that ends of itself is a program, not a hang."""
    source = "import time\ndef beat():\n    for _ in range(500):\n        time.sleep(1)\n"
    assert play(source, "beat()").outcome is Outcome.COMPLETED


def test_blocked_threads_at_the_end_of_main_are_no_deadlock(play):
    """As in Rust, a program ends with its main thread; the trace says who was left."""
    source = "import threading\ndef leave():\n    threading.Thread(target=threading.Event().wait).start()\n"
    trace = play(source, "leave()")
    assert trace.outcome is Outcome.COMPLETED
    assert [thread.ended_ns for thread in trace.threads] == [-1, -1]
