"""What is done with a submission to ex06. Runs beside the student's code and holds no expectation.

Each scenario runs an event loop in virtual time, and notes what that loop leaves behind. What several tasks do at one moment is noted
sorted: in which order a program cancels them is nobody's business, and a set of tasks has none.
"""

import asyncio
import gc
import re
import sys
import threading
import time
import warnings

_ORIGIN = re.compile(r'File "ex06\.py", line (\d+)')


class _Boom(Exception):
    """What a fetch, a contender or a piece of work raises here."""


class _Halt(BaseException):
    """What `except Exception` does not catch."""


def _drive(probe, main):
    """Run `main()` on a loop, and note the tasks, exceptions and coroutines that nobody took care of."""
    told = []

    async def watched():
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
        try:
            await main()
        finally:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            probe.note("left", sorted(_task(task) for task in left))

    sys.set_coroutine_origin_tracking_depth(1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(watched())
        gc.collect()  # a task whose exception nobody looked at says so when it goes
    never = [str(warning.message) for warning in caught if "was never awaited" in str(warning.message)]
    probe.note("never_awaited", sorted(_coroutine(text) for text in never))
    lost = [context for context in told if "never retrieved" in context["message"]]
    probe.note("never_retrieved", sorted(type(context.get("exception")).__name__ for context in lost))


def _task(task):
    """A task's coroutine, and the student's line that made it (0: not in their file)."""
    coroutine = task.get_coro()
    origin = getattr(coroutine, "cr_origin", None) or ((None, 0, None),)
    return [getattr(coroutine, "__name__", "?"), origin[0][1] if origin[0][0] == "ex06.py" else 0]


def _coroutine(text):
    """The same of a coroutine that was never awaited, out of the interpreter's warning."""
    line = _ORIGIN.search(text)
    return [text.split("'")[1].rpartition(".")[2] if "'" in text else "?", int(line[1]) if line else 0]


async def _end_of(awaitable, errors=()):
    """["value", v], ["raised", type, number of the exception among `errors` or -1], or ["cancelled"]."""
    try:
        value = await awaitable
    except NotImplementedError:
        raise  # a stub is told as one
    except asyncio.CancelledError:
        return ["cancelled"]
    except (Exception, _Halt) as error:
        error.__traceback__ = None  # it would keep the frames it came through, and in them tasks that nobody looked at
        return ["raised", type(error).__name__, next((n for n, known in enumerate(errors) if known is error), -1)]
    return ["value", value]


async def _cancelled_after(seconds, coroutine):
    """How a coroutine ended whose task was cancelled after so long."""
    task = asyncio.get_running_loop().create_task(coroutine)
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and isinstance(task.exception(), NotImplementedError):
        await task
    return "cancelled" if task.cancelled() else "raised" if task.exception() else "returned"


class _Works:
    """Coroutines that take their time; who began, ended and was cancelled when, in virtual seconds."""

    def __init__(self, probe, cleanup_s=0.0):
        self._probe = probe
        self._cleanup_s = cleanup_s
        self.log = []

    def _keep(self, what, name):
        self.log.append([self._probe.now(), what, name])

    async def work(self, name, seconds, outcome, stumbles=None):
        """Take `seconds`, then return the outcome, or raise it if it is an exception. Cleaning up takes its time when cancelled,
        and ends with an exception of its own if it `stumbles` over one.
        """
        self._keep("begin", name)
        try:
            await asyncio.sleep(seconds)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        except asyncio.CancelledError:
            self._keep("cancelled", name)
            await asyncio.sleep(self._cleanup_s)
            if stumbles is not None:
                raise stumbles from None
            raise
        finally:
            self._keep("end", name)

    def told(self):
        """The log up to now, in an order that depends on times and names only; ends come before begins."""
        order = {"cancelled": 0, "end": 1, "begin": 2}
        return sorted(self.log, key=lambda row: (round(row[0], 6), order[row[1]], row[2]))


# ---- beats, two_tasks


def both(student, probe):
    """The two tasks of the Tokio program."""

    async def main():
        returned = await student.two_tasks(lambda text: probe.note("said", text))
        probe.note("returned", returned)

    _drive(probe, main)


def one_alone(student, probe):
    """`beats` with a name, a count and a period of our own, and one that has nothing to say."""
    name, count = f"task {probe.random.randrange(16**6):06x}", probe.random.randrange(4, 9)
    period = probe.random.randrange(1, 9) / 8

    async def main():
        returned = await student.beats(name, count, period, lambda text: probe.note("said", text))
        probe.note("returned", returned)
        nothing = await student.beats(name, 1, period, lambda text: probe.note("said", text))
        probe.note("nothing", nothing)

    _drive(probe, main)


# ---- fetch_all


def _drawn_fetches(probe):
    """Urls in a drawn order, a limit, and for each url its seconds and its result. The first is by far the slowest."""
    urls = [f"u{number:02d}" for number in probe.random.sample(range(100), 9)]
    limit = probe.random.randrange(2, 5)
    seconds = [2.0, *(probe.random.randrange(1, 8) / 16 for _ in urls[1:])]
    results = [probe.random.randrange(1 << 30) for _ in urls]
    return urls, limit, dict(zip(urls, zip(seconds, results, strict=True), strict=True))


def fetches(student, probe):
    """Nine fetches of different lengths under a limit."""
    urls, limit, how = _drawn_fetches(probe)
    works = _Works(probe)
    in_flight = []

    async def fetch(url):
        in_flight.append(url)
        probe.note("in_flight", len(in_flight))
        try:
            return await works.work(url, *how[url])
        finally:
            in_flight.remove(url)

    async def main():
        probe.note("results", await student.fetch_all(fetch, urls, limit))
        probe.note("log", works.told())

    _drive(probe, main)


def fetch_fails(student, probe):
    """Six fetches, three at once; the second that begins fails while the first and the third have long to go."""
    works, error = _Works(probe, cleanup_s=0.25), _Boom("one fetch failed")
    begun = []

    async def fetch(url):
        begun.append(url)
        return await works.work(url, *((0.5, error) if len(begun) == 2 else (2, 1)))

    async def main():
        probe.note("ended", await _end_of(student.fetch_all(fetch, list("abcdef"), 3), [error]))
        probe.note("failed", begun[1] if len(begun) > 1 else "")
        probe.note("log", works.told())
        await asyncio.sleep(5)
        probe.note("log_later", works.told())

    _drive(probe, main)


def two_fetches_fail(student, probe):
    """Of three in flight, two fail at the same moment, and the third stumbles while it cleans up."""
    works, errors = _Works(probe, cleanup_s=0.25), [_Boom("one"), _Boom("another"), KeyError("while cleaning up")]
    hows = [(2, 1, errors[2]), (0.5, errors[0]), (0.5, errors[1])]

    async def fetch(url):
        return await works.work(url, *(hows.pop(0) if hows else (2, 1)))

    async def main():
        probe.note("ended", await _end_of(student.fetch_all(fetch, list("abcdef"), 3), errors))

    _drive(probe, main)


def fetch_cancelled(student, probe):
    """Whoever called fetch_all is cancelled while three of six fetches are in flight."""
    works = _Works(probe, cleanup_s=0.25)

    async def main():
        how = await _cancelled_after(0.5, student.fetch_all(lambda url: works.work(url, 2, url), "abcdef", 3))
        probe.note("ended", how)
        probe.note("log", works.told())

    _drive(probe, main)


# ---- first_of


def first_wins(student, probe):
    """Of four, one fails first, one succeeds, and two are slower. Cleaning up takes a quarter of a second, and longer than the
    time-out.
    """
    ticket = probe.random.randrange(1 << 30)
    works = _Works(probe, cleanup_s=0.25)

    async def main():
        contenders = [
            works.work("slow", 9, "slow"),
            works.work("fails", 0.25, TimeoutError("the first to end fails, with a time-out of its own")),
            works.work("wins", 0.5, ticket),
            works.work("slower", 99, "slower"),
        ]
        probe.note("ended", await _end_of(student.first_of(*contenders, timeout=0.6)))
        probe.note("log", works.told())
        await asyncio.sleep(1)
        probe.note("log_later", works.told())

    _drive(probe, main)


def false_values_win(student, probe):
    """The first success is false, or nothing; another would come later. The loser stumbles while it cleans up."""
    works = _Works(probe)

    async def main():
        for value in (0, None, ""):
            late = works.work("late", 0.5, "late", KeyError("while cleaning up"))
            probe.note("ended", await _end_of(student.first_of(works.work("wins", 0.25, value), late, timeout=5)))
            probe.note("log", works.told())

    _drive(probe, main)


def nobody_in_time(student, probe):
    """Two are too slow, and one fails before the time is over."""
    works = _Works(probe, cleanup_s=0.25)

    async def main():
        contenders = [works.work("slow", 9, 1), works.work("fails", 0.5, _Boom()), works.work("slower", 99, 2)]
        probe.note("ended", await _end_of(student.first_of(*contenders, timeout=1)))
        probe.note("log", works.told())
        await asyncio.sleep(1)
        probe.note("log_later", works.told())

    _drive(probe, main)


def all_fail(student, probe):
    """Both fail, one after the other."""
    works, errors = _Works(probe), [_Boom("sooner"), _Boom("later")]

    async def main():
        contenders = [works.work("sooner", 0.25, errors[0]), works.work("later", 0.5, errors[1])]
        probe.note("ended", await _end_of(student.first_of(*contenders, timeout=5), errors))
        probe.note("log", works.told())

    _drive(probe, main)


def first_cancelled(student, probe):
    """Whoever called first_of is cancelled while two are under way."""
    works = _Works(probe, cleanup_s=0.25)

    async def main():
        contenders = [works.work("slow", 9, 1), works.work("slower", 99, 2)]
        probe.note("ended", await _cancelled_after(0.5, student.first_of(*contenders, timeout=5)))
        probe.note("log", works.told())
        await asyncio.sleep(1)
        probe.note("log_later", works.told())

    _drive(probe, main)


# ---- from_thread


def work_beside_beats(student, probe):
    """The work waits for a gate that a task opens after five beats."""
    ticket = probe.random.randrange(1 << 30)
    gate = threading.Event()

    def work():
        probe.note("work_thread", probe.thread())
        gate.wait()
        return ticket

    async def heart():
        for _ in range(5):
            await asyncio.sleep(0.5)
            probe.note("beat")
        gate.set()

    async def main():
        probe.note("loop_thread", probe.thread())
        beating = asyncio.get_running_loop().create_task(heart())
        probe.note("ended", await _end_of(student.from_thread(work)))
        await beating

    _drive(probe, main)


def work_raises(student, probe):
    """The work takes a second and raises, and nothing else happens on the loop."""
    error = _Boom("the work failed")

    calls = []

    def work():
        calls.append(1)
        time.sleep(1)
        raise error

    async def main():
        probe.note("ended", await _end_of(student.from_thread(work), [error]))
        probe.note("calls", len(calls))

    _drive(probe, main)


def work_in_all_ways(student, probe):
    """Work that returns an exception, and work that raises one which is no Exception."""
    returned, error = _Boom("returned, not raised"), _Halt("no Exception")
    calls = []

    def raises():
        calls.append(1)
        raise error

    async def main():
        how = await _end_of(student.from_thread(lambda: returned), [returned])
        probe.note("returned", ["value", 0 if how[1] is returned else -1] if how[0] == "value" else how)
        probe.note("ended", await _end_of(student.from_thread(raises), [error]))
        probe.note("calls", len(calls))

    _drive(probe, main)


def quick_work(student, probe):
    """The work may be over at any moment, and nothing else would wake the loop."""

    async def main():
        probe.note("ended", await _end_of(student.from_thread(lambda: 7)))

    _drive(probe, main)


# ---- small print


def small_print(student, probe):
    """No urls; a limit beyond their number; tasks and futures as contenders."""
    works = _Works(probe)
    number = probe.random.randrange(2, 6)
    urls = [f"u{n}" for n in range(number)]

    async def main():
        loop = asyncio.get_running_loop()
        probe.note("nothing", await student.fetch_all(lambda url: works.work(url, 1, url), [], 3))
        probe.note("all_at_once", await student.fetch_all(lambda url: works.work(url, 1, url), urls, number + 5))
        task, future = loop.create_task(works.work("task", 9, 1)), loop.create_future()
        loop.call_later(0.5, future.set_result, number)
        probe.note("mixed", await _end_of(student.first_of(task, future, timeout=5)))
        probe.note("loser", "running" if not task.done() else "cancelled" if task.cancelled() else "ended")

    _drive(probe, main)
