"""Locks, switches and tasks in full traces: what a picture shows beyond who waits and sleeps."""

from itertools import pairwise

import pytest

from tests.runner.playing import PROGRAMS
from threadmarks import wire
from threadmarks.judge.trace import Trace
from threadmarks.wire import EventKind

SUBJECTS = (PROGRAMS / "subjects.py").read_text()
LOCKS = """\
import queue
import threading
from dataclasses import dataclass, field

plain = threading.Lock()
again = threading.RLock()
condition = threading.Condition()
two = threading.Semaphore(2)
shared = threading.Lock()
over_it = threading.Condition(shared)


@dataclass
class Box:
    lock: object = field(default_factory=threading.Lock)


class Gate(threading.Condition):
    pass


def one_each():
    with plain:
        pass
    with again:
        with again:
            pass
    with condition:
        condition.wait(1)
    with two:
        pass
    with over_it:
        pass
    with Box().lock:
        pass
    with Gate():
        pass


def inside_others():
    things = queue.Queue()
    things.put(1)
    things.get()
    threading.Event().set()
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    threading.Barrier(1).wait()


def permits():
    two.acquire()
    two.release(3)
    for _ in range(4):
        two.acquire()
    return two.acquire(timeout=1)


def reset():
    plain.acquire()
    plain._at_fork_reinit()
    plain.acquire()


def blocked():
    def take():
        with plain:
            pass
    plain.acquire()
    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
"""


def told(trace, *kinds):
    """[kind, line, *data] of the events of some kinds."""
    return [[event.kind.value, event.line, *event.data] for event in trace.events if event.kind in kinds]


def locks(trace):
    """The same of locks, without kind and line of making: (kind, number, what)."""
    return [tuple(row[i] for i in (0, 2, 3)) for row in told(trace, EventKind.TAKE, EventKind.GIVE)]


def test_a_lock_is_what_the_student_made(play):
    """A Condition's lock is the Condition, an RLock is taken once however deep, a wait gives the lock back meanwhile."""
    trace = play(LOCKS, "one_each()")
    assert locks(trace) == [
        ("take", 0, "Lock"), ("give", 0, "Lock"),
        ("take", 1, "RLock"), ("give", 1, "RLock"),
        ("take", 2, "Condition"), ("give", 2, "Condition"), ("take", 2, "Condition"), ("give", 2, "Condition"),
        ("take", 3, "Semaphore"), ("give", 3, "Semaphore"),
        ("take", 4, "Lock"), ("give", 4, "Lock"),
        ("take", 5, "Lock"), ("give", 5, "Lock"),
        ("take", 6, "Condition"), ("give", 6, "Condition"),
    ]  # fmt: skip


def test_a_lock_is_told_with_its_lines(play):
    """Where it was made, and where it was taken."""
    first, last = told(play(LOCKS, "one_each()"), EventKind.TAKE, EventKind.GIVE)[:2]
    assert first == ["take", 23, 0, "Lock", 5]
    assert last == ["give", 23, 0, "Lock", 5]


def test_locks_inside_the_library_are_not_the_students(play):
    """A queue's, an event's, a thread's, a barrier's: the student holds none of them."""
    assert locks(play(LOCKS, "inside_others()")) == []


def test_a_semaphore_tells_its_permits(play):
    """Each one that is taken or given, and none for a wait that was in vain."""
    trace = play(LOCKS, "permits()")
    assert [kind for kind, _, what in locks(trace) if what == "Semaphore"] == ["take", *["give"] * 3, *["take"] * 4]
    assert trace.value is False


def test_a_lock_that_is_reset_was_given_back(play):
    """The record fits together whatever a program does to its locks."""
    assert [kind for kind, _, _ in locks(play(LOCKS, "reset()"))] == ["take", "give", "take"]


def test_who_waits_is_told_for_which_lock_and_where_it_was_taken(play):
    """A deadlock's story needs the holder's line."""
    trace = play(LOCKS, "blocked()")
    wait = next(event for event in trace.events if event.kind is EventKind.WAIT and event.data[0] == "Lock")
    assert wait.data == ("Lock", 0, -1, 0)
    held = next(row for row in trace.waits if row.what == "Lock")
    assert (held.made_line, held.holder, held.line, held.taken_line) == (5, 0, 67, 69)


def test_each_switch_is_told(play):
    """By which choice, from which line, to whom, among how many, and whether the thread could have gone on."""
    trace = play(SUBJECTS, "counter()", "random.p30.s1")
    switches = [event for event in trace.events if event.kind is EventKind.SWITCH]
    numbers = [event.data[0] for event in switches]
    assert numbers == sorted(numbers)
    assert any(event.data[3] for event in switches)
    assert all(event.line for event in switches if event.data[3])
    assert {following for _, following, _, _ in (event.data for event in switches)} == {0, 1, 2}
    assert all(before.data[1] == after.thread for before, after in pairwise(switches))


def test_run_to_block_preempts_nobody(play):
    """Its switches are all the program's own."""
    trace = play(SUBJECTS, "pool()")
    assert not any(event.data[3] for event in trace.events if event.kind is EventKind.SWITCH)


TASKS = """\
import asyncio

async def rest(seconds):
    await asyncio.sleep(seconds)

async def fails():
    raise KeyError

async def main():
    first = asyncio.create_task(rest(1), name="first")
    await asyncio.sleep(0)
    await first
    await asyncio.gather(fails(), return_exceptions=True)
    second = asyncio.create_task(rest(5))
    await asyncio.sleep(1)
    second.cancel()
    await asyncio.get_running_loop().create_future()

def go():
    asyncio.run(main())
"""


def test_tasks_are_told_step_by_step(play):
    """Where a task stands, what it awaits, and how it ended."""
    trace = play(TASKS, "go()")
    steps = told(trace, EventKind.STEP, EventKind.PARK, EventKind.FINISH)
    assert steps[:8] == [
        ["step", 9, 0, "Task-1"],
        ["park", 11, 0, "sleep", -1],
        ["step", 3, 1, "first"],
        ["park", 4, 1, "sleep", -1],
        ["step", 11, 0, "Task-1"],
        ["park", 12, 0, "Task", 1],
        ["step", 4, 1, "first"],
        ["finish", 0, 1, ""],
    ]
    assert ["park", 13, 0, "gather", 2] in [[*row[:4], 2] for row in steps]
    ends = [row[3] for row in steps if row[0] == "finish"]
    assert ends == ["", "KeyError", "CancelledError"]
    assert ["park", 17, 0, "Future", -1] in steps


ENTERS = """\
import asyncio

async def inside(lock):
    async with lock:
        await asyncio.sleep(1)

async def main(lock):
    await asyncio.gather(inside(lock), inside(lock))

def go(kind):
    asyncio.run(main(getattr(asyncio, kind)()))
"""


@pytest.mark.parametrize("kind", ["Lock", "Semaphore"])
def test_a_task_that_enters_a_lock_is_told_by_that_locks_name(play, kind):
    """And not by the name of the class in which asyncio keeps what all its locks share."""
    steps = told(play(ENTERS, f"go({kind!r})"), EventKind.PARK)
    assert ["park", 4, 2, kind, -1] in steps


HOSTILE = """\
import asyncio

ran = []

class Sly(asyncio.Task):
    def __getattribute__(self, name):
        ran.append(name)
        return super().__getattribute__(name)
    def __hash__(self):
        ran.append("hash")
        return 0
    def __eq__(self, other):
        ran.append("eq")
        return True

class Callback:
    def __getattr__(self, name):
        ran.append(name)
        raise AttributeError(name)
    def __call__(self):
        pass

async def nothing():
    pass

def go(full):
    loop = asyncio.new_event_loop()
    task = Sly(nothing(), loop=loop)
    loop.call_soon(Callback())
    loop.call_soon(loop.stop)
    del ran[:]
    loop.run_forever()
    seen = list(ran)
    loop.close()
    return seen
"""


def test_looking_at_tasks_runs_none_of_the_students_code(play_all):
    """A run that is looked at closely is the same run."""
    full, light = (
        next(m for m in play_all(HOSTILE, "go(0)", full=full) if isinstance(m, wire.ScheduleTrace))
        for full in (True, False)
    )
    assert full.value == light.value
    assert any(event.kind is EventKind.STEP for event in full.events)


ENDS = """\
import asyncio
import threading

class Seats(threading.Semaphore):
    def __del__(self):
        print("seats are gone")

async def fails():
    raise KeyError("nobody asks")

async def main():
    asyncio.get_running_loop().create_task(fails())
    await asyncio.sleep(1)
    print("after the task")

def go():
    seats = Seats(2)
    with seats:
        pass
    del seats
    print("after the seats")
    asyncio.run(main())
"""


def test_what_is_looked_at_ends_when_it_would(play_all):
    """A task's end tells of an exception that nobody asked for; a finalizer is the student's code."""
    full, light = (
        next(m for m in play_all(ENDS, "go()", full=full) if isinstance(m, wire.ScheduleTrace))
        for full in (True, False)
    )
    printed = [event.data[1] for event in light.events if event.kind is EventKind.OUTPUT]
    assert printed[:2] == ["seats are gone\n", "after the seats\n"]
    assert printed.index("after the task\n") > next(i for i, text in enumerate(printed) if "never retrieved" in text)
    assert [event.data[1] for event in full.events if event.kind is EventKind.OUTPUT] == printed
    assert full.digest == light.digest


@pytest.mark.parametrize("source", [SUBJECTS, LOCKS, TASKS], ids=["subjects", "locks", "tasks"])
def test_details_change_no_digest(play_all, source):
    """A schedule that was explored lightly is confirmed by a full run."""
    scenario = {SUBJECTS: "tasks()", LOCKS: "one_each()", TASKS: "go()"}[source]
    full, light = (
        next(m for m in play_all(source, scenario, "random.s3", full=full) if isinstance(m, wire.ScheduleTrace))
        for full in (True, False)
    )
    assert full.digest == light.digest
    assert not any(event.kind in wire.DETAILS for event in light.events)
    assert any(event.kind in wire.DETAILS for event in full.events)


def test_a_flood_of_details_leaves_the_other_events_their_room(play):
    """And is counted apart: a check's facts are whole all the same."""
    source = "import threading\nlock = threading.Lock()\ndef go():\n    for _ in range(50):\n        with lock:\n            pass\n"
    trace = play(source, "go()", events=20)
    assert sum(event.kind in wire.DETAILS for event in trace.events) == 20
    assert (trace.dropped_details, trace.dropped_events) == (80, 0)


BLOCKED = """\
import asyncio
import os
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

async def blocks():
    time.sleep(1)
    await asyncio.sleep(1)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(time.sleep, 1).result()
    inbox = queue.Queue()
    threading.Timer(1, inbox.put, (1,)).start()
    inbox.get()
    lock = threading.Lock()
    lock.acquire()
    threading.Timer(1, lock.release).start()
    lock.acquire()
    asyncio.get_running_loop().call_soon(lambda: time.sleep(1))
    await asyncio.sleep(0)
    open(os.devnull).close()
    Path(os.devnull).read_bytes()

async def waits_well():
    import colorsys
    await asyncio.sleep(1)
    await asyncio.to_thread(time.sleep, 1)
    await asyncio.wait_for(asyncio.Queue().get(), 1)

def go():
    time.sleep(1)
    asyncio.run(blocks())

def well():
    try:
        asyncio.run(waits_well())
    except TimeoutError:
        pass
    with open(os.devnull) as nothing:
        nothing.read()
"""


def blocking(trace):
    """What held up the loop: (what, line, seconds)."""
    return [(call.what, call.line, call.lasted_s) for call in Trace(trace, "token").blocking_calls()]


def test_what_holds_up_an_event_loop_is_told(play):
    """Whatever it is, in a task or in another callback, with its line; and nothing outside of the loop."""
    assert blocking(play(BLOCKED, "go()")) == [
        ("sleep", 10, 1.0),
        ("Future.result", 13, 1.0),
        ("Queue.get", 16, 1.0),
        ("Lock", 20, 1.0),
        ("sleep", 21, 1.0),
        ("open", 23, 0.0),
        ("Path.read_bytes", 24, 0.0),
    ]


def test_awaiting_holds_up_nothing(play):
    """An import opens files, an executor starts threads, a loop that closes joins them: none of that is a blocking call."""
    assert blocking(play(BLOCKED, "well()")) == []
