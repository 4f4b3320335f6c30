"""Stories: a failing schedule told by its parties, its steps and what came of it; the same everywhere; none where none is."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runner.playing import request_for
from threadmarks import wire
from threadmarks.explain.codes import explain
from threadmarks.judge.decode import decode
from threadmarks.judge.story import story_in
from threadmarks.model import Story, StoryKind
from threadmarks.sandbox.host import Host

SEEDS = 60
TEMPLATE = """
import asyncio
import queue
import threading
import time

{body}

def at_once(*functions):
    threads = [threading.Thread(target=function, name=function.__name__) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""

LOST_UPDATE = """
class Box:
    n = 0

box = Box()

def first():
    box.n += 1

def second():
    box.n += 10

def go():
    at_once(first, second)
    return box.n == 11
"""
STALE_CHECK = """
jobs = ["only"]
taken = []

def take():
    if jobs:
        try:
            taken.append(jobs.pop())
        except IndexError:
            taken.append(None)

def go():
    at_once(take, take)
    return None not in taken
"""
HALF_DONE = """
class Box:
    n = 10

box = Box()
seen = []

def first():
    box.n = 0
    box.n = 10

def second():
    seen.append(box.n)

def go():
    at_once(first, second)
    return seen == [10]
"""
OVERWRITTEN = """
class Page:
    user = None

page = Page()
right = []

def first():
    page.user = "first"
    right.append(page.user == "first")

def second():
    page.user = "second"

def go():
    at_once(first, second)
    return all(right)
"""
TOO_EARLY = """
class Box:
    value = None
    ready = False

box = Box()
seen = []

def first():
    box.ready = True
    box.value = 42

def second():
    if box.ready:
        seen.append(box.value)

def go():
    at_once(first, second)
    return None not in seen
"""
CIRCLE = """
left, right = threading.Lock(), threading.Lock()

def first():
    with left:
        with right:
            pass

def second():
    with right:
        with left:
            pass

def go():
    at_once(first, second)
    return True
"""
HOLDING = """
lock = threading.Lock()
parts = queue.Queue(1)

def first():
    with lock:
        parts.put(1)
        parts.put(2)

def second():
    with lock:
        parts.get()

def go():
    at_once(first, second)
    return True
"""
LOST_WAKEUP = """
condition = threading.Condition()

class Box:
    ready = False

box = Box()

def first():
    if not box.ready:
        with condition:
            condition.wait()

def second():
    with condition:
        box.ready = True
        condition.notify()

def go():
    at_once(first, second)
    return True
"""
NEVER_SIGNALLED = """
condition = threading.Condition()
items = []

def first():
    with condition:
        while not items:
            condition.wait()

def second():
    with condition:
        items.append(1)

def go():
    at_once(first, second)
    return True
"""
TASKS_LEFT = """
async def patient(event):
    await event.wait()

async def both():
    await asyncio.gather(patient(asyncio.Event()), patient(asyncio.Event()))

def go():
    asyncio.run(both())
    return True
"""


@pytest.fixture(scope="module")
def host():
    """One zygote for all."""
    with Host(1) as running:
        yield running


def traces(host: Host, body: str, *, touches: bool, specs: tuple[str, ...]) -> tuple[wire.ScheduleTrace, ...]:
    """Full runs of a program, one after the other in one process."""
    request = request_for(TEMPLATE.format(body=body), "go()", *specs)
    request = msgspec.structs.replace(request, touches=touches)
    answer = decode(host.run(request), request)
    assert answer.broken is None, answer.detail
    return answer.traces


def failing(host: Host, body: str) -> wire.ScheduleTrace | None:
    """The failing schedule with the fewest preemptions, of some; with what it touches. None when all are right."""
    specs = ("block", *(f"pct.d{2 + seed % 2}.k{20 + seed}.s{seed}" for seed in range(SEEDS)))
    failed = [each for each in traces(host, body, touches=False, specs=specs) if each.value is not True]
    if not failed:
        return None
    smallest = min(failed, key=lambda each: each.preempted)
    (told,) = traces(host, body, touches=True, specs=(smallest.spec,))
    assert told.digest == smallest.digest
    return told


def story(host: Host, body: str) -> Story:
    """The story of a program that fails."""
    trace = failing(host, body)
    assert trace is not None
    told = story_in(trace, TEMPLATE.format(body=body))
    assert told is not None
    return told


def lines(told: Story) -> list[str]:
    """The steps without thread numbers and lines."""
    return [f"{step.actor.partition(' ')[0]} {step.text}" for step in told.steps]


def test_a_lost_update_names_both_lines_and_the_value_that_is_lost(host):
    """Two parties, the order that hurt, the value."""
    told = story(host, LOST_UPDATE)
    assert told.kind is StoryKind.LOST_UPDATE
    loser, winner = told.parties[1].actor.partition(" ")[0], told.parties[0].actor.partition(" ")[0]
    by = {"first": 1, "second": 10}
    assert lines(told) == [
        f"{winner} reads box.n: 0",
        f"{loser} reads box.n: 0",
        f"{loser} writes box.n: {by[loser]}",
        f"{winner} writes box.n: {by[winner]}",
    ]
    source = TEMPLATE.format(body=LOST_UPDATE).splitlines()
    assert [source[party.place.line - 1].strip() for party in told.parties] == [
        f"box.n += {by[winner]}",
        f"box.n += {by[loser]}",
    ]
    assert f"wrote {by[loser]} to it" in told.sentence


@pytest.mark.parametrize(
    ("body", "kind", "step"),
    [
        (STALE_CHECK, StoryKind.STALE_CHECK, "changes jobs: list of 1 becomes empty list"),
        (HALF_DONE, StoryKind.HALF_DONE, "reads box.n: 0"),
        (OVERWRITTEN, StoryKind.OVERWRITTEN, "writes page.user: 'second'"),
        (TOO_EARLY, StoryKind.TOO_EARLY, "reads box.value: None"),
        (CIRCLE, StoryKind.CIRCLE, "takes the Lock"),
        (HOLDING, StoryKind.HOLDING, "waits for Queue.put"),
        (LOST_WAKEUP, StoryKind.LOST_WAKEUP, "signals condition; nobody waits for it yet"),
        (NEVER_SIGNALLED, StoryKind.NEVER_SIGNALLED, "waits for condition"),
        (TASKS_LEFT, StoryKind.TASKS_LEFT, "awaits Event.wait"),
    ],
    ids=lambda value: value.value if isinstance(value, StoryKind) else "",
)
def test_each_kind_is_told_by_a_step_of_its_own(host, body, kind, step):
    """What a beginner must see is in the steps, not in the kind's name."""
    told = story(host, body)
    assert told.kind is kind
    assert any(step in line for line in lines(told)), lines(told)
    assert all(each.place is not None for each in told.steps[-1:])
    assert told.sentence.endswith(".")


def test_a_circle_tells_where_each_lock_was_taken_and_where_it_is_waited_for(host):
    """Who holds which lock since which line is what a beginner cannot see."""
    told = story(host, CIRCLE)
    source = TEMPLATE.format(body=CIRCLE).splitlines()
    said = {
        (step.actor.partition(" ")[0], step.text.split()[0], source[step.place.line - 1].strip()) for step in told.steps
    }
    assert said == {
        ("first", "takes", "with left:"),
        ("second", "takes", "with right:"),
        ("first", "waits", "with right:"),
        ("second", "waits", "with left:"),
    }


def test_a_lost_wakeup_tells_the_check_that_went_stale(host):
    """The waiter did look: only too early."""
    assert lines(story(host, LOST_WAKEUP)) == [
        "first looks at box.ready: False",
        "second changes box.ready to True",
        "second signals condition; nobody waits for it yet",
        "first begins to wait for condition",
    ]


REPAIRED = {
    "lost update": LOST_UPDATE.replace("box.n += ", "with lock: box.n += ").replace(
        "box = Box()", "box = Box()\nlock = threading.Lock()"
    ),
    "circle": CIRCLE.replace("with right:\n        with left:", "with left:\n        with right:"),
    "lost wake-up": LOST_WAKEUP.replace(
        "    if not box.ready:\n        with condition:\n            condition.wait()",
        "    with condition:\n        while not box.ready:\n            condition.wait()",
    ),
    "overwritten": OVERWRITTEN.replace("page = Page()", "page = threading.local()"),
}


@pytest.mark.parametrize("body", REPAIRED.values(), ids=REPAIRED.keys())
def test_a_right_program_fails_nowhere_and_there_is_nothing_to_tell(host, body):
    """The rejecting case: the same program repaired."""
    assert failing(host, body) is None


def test_a_right_program_that_is_interrupted_has_no_pattern_of_a_race(host):
    """What a lock keeps together is not taken apart by a preemption around it."""
    specs = tuple(f"random.p30.s{seed}" for seed in range(30))
    told = [story_in(each) for each in traces(host, REPAIRED["lost update"], touches=True, specs=specs)]
    kinds = {each.kind for each in told if each is not None}
    assert kinds <= {StoryKind.INTERRUPTED}


@pytest.mark.parametrize("body", [LOST_UPDATE, LOST_WAKEUP, CIRCLE], ids=["update", "wake-up", "circle"])
def test_a_story_is_the_same_in_another_process(host, body):
    """It is read aloud in front of a class: it had better be the same twice."""
    once = story(host, body)
    with Host(1) as other:
        assert story(other, body) == once


@pytest.mark.parametrize("kind", StoryKind, ids=lambda kind: kind.value)
def test_each_kind_can_be_explained(kind):
    """The report puts the kind in brackets, and promises that `grade explain` says more."""
    told = explain(kind.value)
    assert told is not None
    assert told.advice


TEXTS = st.sampled_from(["", "n", "[]", "[0]", "0", "1", "None", "True", "x.n", "empty list", "list of 1", "an object"])
DATA = {
    "touch": st.tuples(st.sampled_from(list(wire.TouchKind)), st.integers(0, 3), TEXTS, TEXTS, TEXTS, TEXTS),
    "switch": st.tuples(st.integers(1, 9), st.integers(0, 2), st.integers(1, 3), st.booleans()),
    "step": st.tuples(st.integers(0, 2), TEXTS),
    "park": st.tuples(st.integers(0, 2), TEXTS, st.integers(-1, 2)),
    "finish": st.tuples(st.integers(0, 2), TEXTS),
}
EVENTS = st.lists(
    st.sampled_from(sorted(DATA)).flatmap(
        lambda kind: st.tuples(st.just(kind), st.integers(0, 2), st.integers(0, 5), DATA[kind])
    ),
    max_size=30,
)
WAITS = st.lists(
    st.tuples(st.integers(0, 2), TEXTS, st.integers(-1, 2), st.integers(0, 5), st.integers(0, 5)),
    max_size=3,
    unique_by=lambda row: row[0],
)


@settings(max_examples=300, deadline=None)
@given(events=EVENTS, waits=WAITS, outcome=st.sampled_from(["completed", "deadlock"]), preempted=st.integers(0, 1))
def test_no_forged_touches_bring_the_teller_down(events, waits, outcome, preempted):
    """A runner is untrusted: the worst that its lies may do is to tell a story that is not so."""
    record: dict[str, Any] = {
        "k": "schedule",
        "spec": "random.s1",
        "outcome": outcome,
        "virtual_ns": 0,
        "threads": [[n, "t", n - 1, "driver", 0, 0, -1, "", 1, 1] for n in range(3)],
        "events": [[1, 0, thread, kind, line, list(data)] for kind, thread, line, data in events],
        "dropped_events": 0,
        "choices": "0-1-1" if preempted else "",
        "points": 1,
        "waits": [[thread, what, 0, holder, line, -1, taken] for thread, what, holder, line, taken in waits],
        "error": None,
        "value": None,
        "digest": "0",
        "preempted": preempted,
    }
    trace = msgspec.convert(record, wire.ScheduleTrace)
    told = story_in(trace)
    assert told is None or (told.steps and told.sentence)


PERMITS = """
permits = threading.Semaphore(0)

def first():
    permits.release()
    permits.acquire()

def second():
    permits.acquire()

def go():
    at_once(first, second)
    return True
"""


def test_a_permit_is_no_signal_that_could_be_lost(host):
    """A semaphore keeps what was released for whoever comes later: one permit for two is another mistake."""
    trace = failing(host, PERMITS)
    assert trace is not None
    told = story_in(trace)
    assert told is None or told.kind is not StoryKind.LOST_WAKEUP
