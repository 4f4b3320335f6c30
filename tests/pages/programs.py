"""Pages of real runs, for the browser: a deadlock, a race, tasks, many threads, and hostile text."""

from tests.runner.playing import request_for
from threadmarks import wire
from threadmarks.judge.timeline import timeline
from threadmarks.model import CheckResult, CheckSpec, Evidence, Finding, Place, Report, Verdict, Visibility
from threadmarks.report.html import HtmlOptions, render
from threadmarks.sandbox.host import Host

DEADLOCK = """\
import threading

left = threading.Lock()
right = threading.Lock()


def take(first, second):
    with first:
        with second:
            pass


def go():
    threads = [threading.Thread(target=take, args=pair, name=name)
               for pair, name in (((left, right), "ann"), ((right, left), "bob"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""

RACE = """\
import threading


class Counter:
    def __init__(self):
        self.count = 0

    def add(self):
        seen = self.count
        self.count = seen + 1


def go():
    counter = Counter()
    threads = [threading.Thread(target=counter.add, name=name) for name in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter.count
"""

TASKS = """\
import asyncio


async def fetch(queue, name, seconds):
    await asyncio.sleep(seconds)
    await queue.put(name)


async def store(queue):
    while True:
        name = await queue.get()
        if name is None:
            return
        await asyncio.sleep(0.1)


async def main():
    queue = asyncio.Queue(maxsize=1)
    storing = asyncio.create_task(store(queue), name="store")
    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(fetch(queue, f"page {number}", number / 4), name=f"fetch-{number}")
    await queue.put(None)
    await storing


def go():
    asyncio.run(main())
"""

MANY = """\
import threading
import time

lock = threading.Lock()
seats = threading.Semaphore(4)


def visit(number):
    with seats:
        time.sleep(0.1 * (number % 5 + 1))
        with lock:
            time.sleep(0.01)


def go():
    threads = [threading.Thread(target=visit, args=(number,), name=f"guest-{number}") for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""

EVIL = "</script><script>document.title=1</script><img src=x onerror=document.title=2>"
HOSTILE = f'''\
import threading  # {EVIL} <!-- \u202e
lock = threading.Lock()

def go():
    def work():
        with lock:
            print("{EVIL}<!--<script>")
    threads = [threading.Thread(target=work, name="{{{{7*7}}}}\\u202e&amp;{EVIL}") for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
'''

LONG = """\
import threading

lock = threading.Lock()
done = []


def work():
    for number in range(160):
        with lock:
            done.append(number)


def go():
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def trace_of(host: Host, source: str, spec: str) -> wire.ScheduleTrace:
    """The full trace of `go()` under one schedule."""
    raw = host.run(request_for(source, "go()", spec))
    messages = [wire.decode_line(line) for line in raw.wire.splitlines()]
    return next(message for message in messages if isinstance(message, wire.ScheduleTrace))


def first(host: Host, source: str, wanted) -> wire.ScheduleTrace:
    """The first schedule of many whose trace is wanted."""
    for seed in range(200):
        trace = trace_of(host, source, f"random.p30.s{seed}")
        if wanted(trace):
            return trace
    raise AssertionError("no schedule shows it")


def report_of(*traces: wire.ScheduleTrace, message: str = "It went wrong.") -> Report:
    """A report with a failed check for each trace."""
    checks = tuple(
        CheckResult(
            spec=CheckSpec(
                name=f"check_{number}",
                title="What is wanted holds on every schedule",
                points=2,
                visibility=Visibility.VISIBLE,
                concept="threads",
                evidence=Evidence.TRACE,
            ),
            verdict=Verdict.RACE,
            findings=(
                Finding(code="race", message=message, seen="1", wanted="2", place=Place(file="program.py", line=1)),
            ),
            token=f"tm2.ex90.go.{trace.spec}",
            timeline=timeline(trace),
            schedules=9,
        )
        for number, trace in enumerate(traces)
    )
    return Report(
        exercise="ex90",
        file="program.py",
        verdict=Verdict.RACE,
        checks=checks,
        score=0,
        max_score=2 * len(checks),
        python="3.11",
        kit="0.1.0",
    )


def page_of(source: str, *traces: wire.ScheduleTrace, **options) -> str:
    """The page of such a report."""
    return render(report_of(*traces), HtmlOptions(title="A program", source=source, **options))


def pages(host: Host) -> dict[str, str]:
    """Every page by name."""
    deadlock = first(host, DEADLOCK, lambda trace: trace.outcome is wire.Outcome.DEADLOCK)
    race = first(host, RACE, lambda trace: trace.value == 1)
    return {
        "deadlock": page_of(DEADLOCK, deadlock),
        "race": page_of(RACE, race),
        "tasks": page_of(TASKS, trace_of(host, TASKS, "block")),
        "many": page_of(MANY, trace_of(host, MANY, "block")),
        "hostile": page_of(HOSTILE, trace_of(host, HOSTILE, "random.p30.s1")),
        "long": page_of(LONG, trace_of(host, LONG, "random.p30.s1")),
        "two": page_of(RACE, race, trace_of(host, RACE, "block")),
    }
