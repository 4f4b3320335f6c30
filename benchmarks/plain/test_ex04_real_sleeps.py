"""What ex04 asks, written as one would without a virtual clock: a clock that really parks, and tolerances."""

import threading
import time

import pytest

from threadmarks.prelude import Deadlock


class RealClock:
    def __init__(self):
        self.parks = 0

    def now(self):
        return time.monotonic()

    def park(self, timeout):
        assert timeout is not None, "nobody could ever wake it"
        self.parks += 1
        time.sleep(timeout)


@pytest.fixture
def clock():
    return RealClock()


def _took(begin, seconds):
    assert seconds - 0.01 <= time.monotonic() - begin <= seconds + 0.25


def _sleeper(submission, seconds, log, name):
    yield submission.sleep(seconds)
    log.append(name)


def test_max_not_sum_and_order(submission, clock):
    scheduler, log, begin = submission.TimerScheduler(clock), [], time.monotonic()
    for name, seconds in (("c", 0.7), ("a", 0.3), ("b", 0.5)):
        scheduler.spawn(_sleeper(submission, seconds, log, name))
    scheduler.run()
    assert log == ["a", "b", "c"]
    _took(begin, 0.7)


def test_ties_in_order_of_asking(submission, clock):
    scheduler, log = submission.TimerScheduler(clock), []
    for name in "abcd":
        scheduler.spawn(_sleeper(submission, 0.3, log, name))
    scheduler.run()
    assert log == list("abcd")


def test_deadlock(submission, clock):
    scheduler, handles = submission.TimerScheduler(clock), []

    def wait_for(number):
        yield
        yield handles[number]

    handles += [scheduler.spawn(wait_for(1)), scheduler.spawn(wait_for(0))]
    with pytest.raises(Deadlock):
        scheduler.run()
    assert clock.parks == 0


def test_never_blocks_and_few_parks(submission, clock, monkeypatch):
    threads, log, steps = threading.active_count(), [], []
    for seconds in (0.2, 1.0):
        scheduler = submission.TimerScheduler(clock)
        clock.parks = 0
        for number in range(3):
            scheduler.spawn(_sleeper(submission, seconds, log, number))
        scheduler.run()
        assert clock.parks <= 3
        steps.append(scheduler.steps)
    assert steps[0] == steps[1]
    assert threading.active_count() == threads


def test_no_starvation(submission, clock):
    scheduler, log, turns = submission.TimerScheduler(clock), [], []

    def busy():
        while not log:
            time.sleep(0.001)
            turns.append(1)
            yield

    scheduler.spawn(busy())
    scheduler.spawn(_sleeper(submission, 0.3, log, "woke"))
    scheduler.run()
    assert log == ["woke"]
    assert len(turns) < 400


def test_zero_and_negative(submission, clock):
    scheduler, log = submission.TimerScheduler(clock), []

    def nap(seconds):
        log.append("before")
        yield submission.sleep(seconds)
        log.append("after")

    def other():
        log.append("other")
        yield

    for seconds in (0, -1):
        scheduler.spawn(nap(seconds))
        scheduler.spawn(other())
    scheduler.run()
    assert log.index("other") < log.index("after")
    late = submission.sleep(0.3)
    time.sleep(0.3)

    def use():
        yield late

    begin = time.monotonic()
    scheduler = submission.TimerScheduler(clock)
    scheduler.spawn(use())
    scheduler.run()
    _took(begin, 0.3)


def test_interval(submission, clock):
    scheduler, stamps, begin = submission.TimerScheduler(clock), [], time.monotonic()

    def ticks():
        ticker = submission.interval(0.2)
        for _ in range(6):
            yield next(ticker)
            stamps.append(time.monotonic() - begin)
            yield submission.sleep(0.08)

    scheduler.spawn(ticks())
    scheduler.run()
    assert len(stamps) == 6
    for number, stamp in enumerate(stamps):
        assert 0.2 * number - 0.01 <= stamp <= 0.2 * number + 0.15


def test_timeout(submission, clock):
    scheduler, log, begin = submission.TimerScheduler(clock), [], time.monotonic()

    def slow():
        try:
            yield submission.sleep(5)
        finally:
            log.append("cleaned")

    def quick():
        yield submission.sleep(0.2)
        return "value"

    def main():
        try:
            yield from submission.timeout(0.5, slow())
        except TimeoutError:
            log.append("timeout")
        log.append((yield from submission.timeout(2, quick())))

    scheduler.spawn(main())
    scheduler.run()
    assert log == ["cleaned", "timeout", "value"]
    _took(begin, 0.7)


def test_both_tasks_of_the_course(submission, clock):
    scheduler, stamps, begin = submission.TimerScheduler(clock), [], time.monotonic()

    def task(name, rounds, pause):
        for _ in range(rounds):
            stamps.append((name, round(time.monotonic() - begin, 1)))
            yield submission.sleep(pause)

    scheduler.spawn(task("one", 4, 0.5))
    scheduler.spawn(task("two", 2, 0.7))
    scheduler.run()
    assert [stamp for name, stamp in stamps if name == "one"] == [0.0, 0.5, 1.0, 1.5]
    assert [stamp for name, stamp in stamps if name == "two"] == [0.0, 0.7]
    _took(begin, 2.0)
