"""Stories of waits, where they could tell what was not so: who slept, who took a signal back, and what a lock is called."""

from tests.judge.test_story import NEVER_SIGNALLED, failing, lines, story
from threadmarks.judge.story import story_in
from threadmarks.judge.story_timeouts import has_timeouts
from threadmarks.model import StoryKind

LATE_CALLBACK = """
condition = threading.Condition()

class Box:
    done = False
    callbacks = []

box = Box()
called = []

def first():
    with condition:
        done = box.done
    if not done:
        box.callbacks.append(called.append)
    with condition:
        condition.wait_for(lambda: box.done)

def second():
    with condition:
        box.done = True
        condition.notify_all()
    for each in list(box.callbacks):
        each(1)

def go():
    at_once(first, second)
    return called == [1] or not box.callbacks
"""
JOINED = """
condition = threading.Condition()

def first():
    with condition:
        condition.wait()

def go():
    thread = threading.Thread(target=first)
    thread.start()
    time.sleep(1)
    with condition:
        condition.notify()
        thread.join()
    return True
"""
LATE = """
event = threading.Event()
woken = []

class Box:
    ready = False

box = Box()

def first():
    if not box.ready:
        event.clear()
        woken.append(event.wait(5))
    event.clear()

def second():
    box.ready = True
    event.set()

def go():
    at_once(first, second)
    return False not in woken
"""


def test_who_found_what_it_waits_for_did_not_miss_a_signal(host):
    """`wait_for` of what is so already is no wait: the mistake is elsewhere, and a beginner must not look for it there."""
    assert story(host, LATE_CALLBACK).kind is not StoryKind.LOST_WAKEUP


def test_a_lock_is_called_so_when_a_woken_waiter_wants_it_back(host):
    """A `Condition.wait` is nothing that one can take."""
    told = lines(story(host, JOINED))
    assert "main takes the Condition" in told
    assert any(line.endswith("is woken, and waits for the Condition that main has") for line in told)


def test_a_signal_that_the_waiter_took_back_is_told_in_order_and_named_so(host):
    """An event does keep its signal: it is gone because somebody cleared it, and a later clear has nothing to do with it."""
    told = story(host, LATE)
    assert told.kind is StoryKind.LOST_WAKEUP
    assert lines(told)[-2:] == ["first clears event", "first begins to wait for event"]
    assert "it cleared event after the signal had come" in told.sentence


ONE_IS_WOKEN = """
condition = threading.Condition()
items = []

def first():
    with condition:
        while not items:
            condition.wait()

def second():
    with condition:
        while not items:
            condition.wait()

def third():
    with condition:
        items.append(1)
        condition.notify()

def go():
    at_once(first, second, third)
    return True
"""


def test_a_thread_that_died_without_a_signal_is_told_to_have_died(host):
    """What killed it is the thing to look for; "ends" would send the learner to the signal."""
    told = story(host, NEVER_SIGNALLED.replace("items.append(1)", "raise ValueError"))
    assert lines(told) == ["first waits for condition", "second dies of ValueError, and has never signalled condition"]


def test_who_ended_without_a_signal_is_told_where_it_was_last(host):
    """There the signal is missing; that everybody waits, the report says anyway."""
    told = story(host, NEVER_SIGNALLED)
    assert lines(told) == ["first waits for condition", "second ends, and has never signalled condition"]
    assert (told.steps[1].place.line - told.steps[0].place.line) == 4  # the producer's append
    assert told.sentence == (
        "first (T1) waits for a signal of condition that nobody can give any more: all who are left wait themselves, and "
        "second (T2) ended without having given one."
    )


def test_a_signal_that_went_to_another_is_told(host):
    """`notify` wakes one of two; the other one is the story."""
    told = story(host, ONE_IS_WOKEN)
    assert told.kind is StoryKind.NEVER_SIGNALLED
    assert "third signals condition, for which 2 waited" in lines(told)
    assert told.sentence.startswith("second (T2) waits for a signal of condition that nobody can give any more")


ITSELF = """
lock = threading.Lock()
got = []

def first():
    with lock:
        got.append(lock.acquire(timeout=1))

def go():
    at_once(first)
    return got == [True]
"""
EACH_OTHER = """
left, right = threading.Lock(), threading.Lock()
got = []

def first():
    with left:
        time.sleep(1)
        got.append(right.acquire(timeout=5))

def second():
    with right:
        time.sleep(1)
        with left:
            pass

def go():
    at_once(first, second)
    return got == [True]
"""
PATIENT = """
lock = threading.Lock()
got = []

def first():
    with lock:
        time.sleep(2)

def second():
    time.sleep(1)
    got.append(lock.acquire(timeout=0.5))

def go():
    at_once(first, second)
    return got == [True]
"""


def test_who_waits_for_a_lock_of_its_own_with_a_time_out_is_told(host):
    """The run goes on, and nobody was preempted: without the circle there would be nothing to tell."""
    told = story(host, ITSELF)
    assert told.kind is StoryKind.CIRCLE
    assert [line.partition(" made in line")[0] for line in lines(told)] == [
        "first takes the Lock A",
        "first waits for the Lock A",
        "first gives up: its time is over",
    ]
    assert lines(told)[1].endswith("that it has itself")
    assert told.sentence == "first (T1) waits for itself: only the time-out of first (T1) ended that."


def test_two_who_wait_for_each_other_until_a_time_out_are_told(host):
    """A lock order is a lock order, also where one of them gives up."""
    told = story(host, EACH_OTHER)
    assert told.kind is StoryKind.CIRCLE
    assert (
        told.sentence == "first (T1) and second (T2) wait for each other: only the time-out of first (T1) ended that."
    )
    assert lines(told)[-1] == "first gives up: its time is over"


def test_a_time_out_without_a_circle_is_no_story(host):
    """Somebody was slow: that is what the finding says already."""
    trace = failing(host, PATIENT)
    assert trace is not None
    assert has_timeouts(trace)
    assert story_in(trace) is None


LEFT_BEHIND = """
left, right = threading.Lock(), threading.Lock()
done = []

def first():
    with left:
        time.sleep(1)
        with right:
            done.append(1)

def second():
    with right:
        time.sleep(1)
        with left:
            done.append(2)

def go():
    threads = [threading.Thread(target=function, name=function.__name__, daemon=True) for function in (first, second)]
    for thread in threads:
        thread.start()
    threads[0].join(timeout=5)
    return done == [1, 2]
"""


def test_two_who_still_wait_for_each_other_when_the_run_ends_are_told(host):
    """Main gave up waiting for them, and nobody else did."""
    told = story(host, LEFT_BEHIND)
    assert told.kind is StoryKind.CIRCLE
    assert told.sentence == "first (T1) and second (T2) wait for each other: none of them can go on."
    assert len(told.steps) == 4
