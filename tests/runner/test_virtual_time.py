"""Virtual time: exact stamps, no real waiting."""

import pytest

from tests.runner.playing import notes
from threadmarks.wire import Outcome

THREADS_PROGRAM = """
import threading, time

def program(say):
    def child():
        for i in range(1, 5):
            say(f"Child thread: iteration {i}")
            time.sleep(0.5)

    handle = threading.Thread(target=child)
    handle.start()
    for i in range(1, 3):
        say(f"Main thread: iteration {i}")
        time.sleep(0.7)
    handle.join()
"""

TOKIO_PROGRAM = """
import asyncio

def program(say):
    async def task(number, rounds, pause):
        for i in range(1, rounds + 1):
            say(f"Async task {number}: iteration {i}")
            await asyncio.sleep(pause)

    async def main():
        first = asyncio.create_task(task(1, 4, 0.5))
        second = asyncio.create_task(task(2, 2, 0.7))
        await first
        await second

    asyncio.run(main())
"""

DRIVER = """
def go(student, probe):
    student.program(lambda text: probe.note("say", text))
    return probe.now()
"""


@pytest.mark.parametrize("program", [THREADS_PROGRAM, TOKIO_PROGRAM], ids=["threads", "asyncio"])
def test_both_programs_of_the_course_have_exact_stamps(play, program):
    """Two sleepers of 500 ms and 700 ms overlap, and the program ends at 2.0 s: the longer one, not the sum."""
    trace = play(program, DRIVER)
    said = notes(trace, "say")
    first = [time_s for time_s, text in said if text.startswith(("Child", "Async task 1"))]
    second = [time_s for time_s, text in said if not text.startswith(("Child", "Async task 1"))]
    assert first == [0.0, 0.5, 1.0, 1.5]
    assert second == [0.0, 0.7]
    assert trace.value == 2.0


def test_a_year_of_sleep_ends_at_once(play):
    """Time jumps; nobody waits for it."""
    trace = play("import time\ndef nap():\n    time.sleep(365 * 86400)\n", "nap()")
    assert trace.virtual_ns == 365 * 86_400 * 10**9


def test_equal_deadlines_wake_in_the_order_of_asking(play):
    """Floating point must not reorder sleepers whose deadlines are the same number of seconds away."""
    source = """
import threading, time

def nap(probe):
    def sleep(name, pieces):
        for piece in pieces:
            time.sleep(piece)
        probe.note("woke", name)
    threads = [threading.Thread(target=sleep, args=row) for row in (("a", [0.1, 0.2]), ("b", [0.3]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""
    trace = play(source, "nap(probe)")
    assert [time_s for time_s, _ in notes(trace, "woke")] == [0.3, 0.3]


def test_reading_the_clock_does_not_move_it(play):
    """Stamps stay exact however often a program looks at its watch."""
    source = """
import time

def look():
    return [len({time.monotonic() for _ in range(500)}), len({time.time_ns() for _ in range(500)})]
"""
    assert play(source, "look()").value == [1, 1]


@pytest.mark.parametrize("call", ["time.sleep(-1)", "threading.Lock().acquire(timeout=-2)"])
def test_wrong_times_raise_as_in_the_interpreter(play, call):
    """A student must meet the errors they would meet elsewhere."""
    trace = play(f"import threading, time\ndef wrong():\n    {call}\n", "wrong()")
    assert trace.outcome is Outcome.RAISED
    assert trace.error is not None
    assert trace.error.type == "ValueError"


def test_a_sleep_beyond_the_clock_raises_as_in_the_interpreter(play):
    """Its clock counts nanoseconds in 64 bits; a deadline of any length would reach the judge otherwise."""
    trace = play("import time\ndef wrong():\n    time.sleep(1e300)\n", "wrong()")
    assert trace.error is not None
    assert trace.error.type == "OverflowError"
    assert play("import time\ndef right():\n    time.sleep(9e9)\n", "right()").virtual_ns == 9 * 10**18
