"""The checks of ex06. Every expectation lives here."""

from collections.abc import Collection
from typing import Any

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

NEAR_S = 0.001
"""How far from its moment something may come, in virtual seconds."""
STUCK = ("deadlock", "stalled", "spinning")
PERIODS = {"Async task 1": 0.5, "Async task 2": 0.7}
LINES = {"Async task 1": 4, "Async task 2": 2}
CLEANUP_S = 0.25
"""How long a contender or a fetch of the scenarios takes to clean up when it is cancelled."""
AT_ONCE = 3  # of the fetches that a witness holds


def _near(seconds: float, wanted_s: float) -> bool:
    return abs(seconds - wanted_s) <= NEAR_S


def _seconds(values: Collection[float]) -> list[float]:
    return [round(value, 6) for value in values]


def _log(trace: Trace, name: str = "log") -> list[tuple[float, str, str]]:
    """What fetches and contenders did: (virtual second, "begin", "cancelled" or "end", who)."""
    return [(moment_s, what, who) for moment_s, what, who in trace.note(name).value]


def _names(log: list[tuple[float, str, str]], what: str) -> list[str]:
    return sorted(who for _, did, who in log if did == what)


def _no_blocking_call(trace: Trace, function: str) -> None:
    """Nothing held up the loop in this run."""
    calls = trace.blocking_calls()
    first = calls[0] if calls else None
    lasted = "" if first is None or not first.lasted_s else f" for {first.lasted_s:g} s"
    expect(
        first is None,
        code="blocking-call",
        message=f"{function} blocks the thread of the event loop: {first.what if first else ''}{lasted}.",
        measured="calls that made the loop's thread wait, and the second of virtual time at which they began",
        seen=[f"{call.what} at {call.time_s:g} s" for call in calls[:5]],
        wanted=[],
        means="A blocking call stops every task of the loop, not only the one that makes it. Inside a coroutine, wait with "
        "`await`: asyncio.sleep, asyncio.Queue, asyncio.Lock; what really blocks belongs on another thread.",
        place=first.line if first and first.line else None,
    )
    spins = [event.line for event in trace.record.events if event.kind == "spin" and event.thread == 0 and event.line]
    expect(
        not spins,
        code="busy-wait",
        message=f"{function} keeps the thread of the event loop busy, asking again and again.",
        measured="what the loop's thread did",
        seen="thousands of steps in a row that had no effect on anybody",
        wanted="nothing",
        means="A loop without an `await` blocks like a sleep, and heats the processor. Await what you wait for.",
        place=spins[0] if spins else None,
    )


# ---- side by side


@check(
    points=3,
    title="The two tasks of the Tokio program sleep side by side",
    concept="async task",
    visibility="visible",
    about="two_tasks",
)
async def test_overlap(run: Run) -> None:
    trace = await run("both")
    said = {name: [note.time_s for note in trace.notes("said") if _whose(note.value) == name] for name in PERIODS}
    end_s = trace.note("returned").time_s
    expect(
        all(said.values()),
        code="nothing-said",
        message="One of the two tasks of two_tasks never said anything.",
        measured="lines said by each of the two tasks",
        seen=[len(moments) for moments in said.values()],
        wanted="at least one each",
        means="A coroutine that is only called does nothing. It runs when it is awaited, or when a task is made of it.",
    )
    blocked = trace.blocking_calls()
    longest_s = max(len(said[name]) * period for name, period in PERIODS.items())
    expect(
        end_s <= longest_s + NEAR_S,
        code="one-after-the-other",
        message="The two tasks sleep one after the other, not side by side.",
        measured="virtual seconds until two_tasks returned; the longer of the two tasks takes so many as are wanted",
        seen=round(end_s, 6),
        wanted=longest_s,
        means="While one task blocks the thread, the other cannot run, however many tasks there are."
        if blocked
        else "`await beats(...)` runs it to its end before the next line. Make tasks of both first, then await them.",
        place=blocked[0].line if blocked and blocked[0].line else None,
    )
    for name, period in PERIODS.items():
        wanted = [number * period for number in range(len(said[name]))]
        expect(
            all(_near(seen_s, wanted_s) for seen_s, wanted_s in zip(said[name], wanted, strict=True)),
            code="wrong-rhythm",
            message=f"{name} does not speak in its rhythm.",
            measured=f"virtual seconds at which {name} said its lines",
            seen=_seconds(said[name]),
            wanted=_seconds(wanted),
            means="Each task says a line, then sleeps its period, whatever the other one does.",
        )


def _whose(text: Any) -> str:
    return text.partition(":")[0] if isinstance(text, str) else ""


@check(
    points=4,
    title="Nothing blocks the thread on which all tasks run",
    concept="non-blocking sleep",
    visibility="visible",
)
async def test_never_blocks(run: Run) -> None:
    for scenario, function in (
        ("both", "two_tasks"),
        ("fetches", "fetch_all"),
        ("fetch_fails", "fetch_all"),
        ("first_wins", "first_of"),
        ("nobody_in_time", "first_of"),
    ):
        _no_blocking_call(await run(scenario, allow=STUCK), function)


@check(
    points=2,
    title="Tasks need no threads",
    concept="async task",
    evidence="outside",
    witness="tasks_start_no_thread",
)
async def test_one_thread(run: Run) -> None:
    for scenario, function in (("both", "two_tasks"), ("fetches", "fetch_all"), ("first_wins", "first_of")):
        threads = (await run(scenario, allow=STUCK)).student_threads
        expect(
            not threads,
            code="threads-started",
            message=f"{function} started threads; its tasks share the thread of the loop.",
            measured=f"threads started by {function}",
            seen=len(threads),
            wanted=0,
            means="A task that awaits needs no thread of its own: the loop runs another one meanwhile. Threads are for calls "
            "that cannot await.",
            place=threads[0] if threads else None,
        )


@witness("tasks_on_one_thread")
def tasks_start_no_thread(watch: Watch) -> None:
    """beats, fetch_all and first_of do their work while the process makes no thread."""
    watch.threads(most=0)
    urls = [f"u{watch.random.randrange(16**6):06x}" for _ in range(5)]
    watch.serve("urls", urls)
    watch.hold(over=1)
    seen = watch.open("over")[0].value
    wanted = [2, urls, "quick"]
    watch.fact(seen == wanted, "what beats, fetch_all and first_of returned", seen, wanted)


# ---- a bound


@check(
    points=3,
    title="fetch_all keeps exactly as many fetches in flight as allowed, in the order of urls, and ends with the first failure",
    concept="bounded concurrency",
    evidence="outside",
    witness="fetches_held_open",
    about="fetch_all",
)
async def test_limit(run: Run) -> None:
    trace = await run("fetches")
    draw = trace.inputs()
    urls = [f"u{number:02d}" for number in draw.sample(range(100), 9)]
    limit = draw.randrange(2, 5)
    for _ in urls[1:]:
        draw.randrange(1, 8)
    results = [draw.randrange(1 << 30) for _ in urls]
    _bounded(trace, urls, limit)
    expect(
        trace.note("results").value == results,
        code="results-out-of-order",
        message="fetch_all did not return the results in the order of urls.",
        measured="results of nine fetches that take different times",
        seen=trace.note("results").value,
        wanted=results,
        means="They end in any order. Keep each result with the place of its url; gather and a list of tasks do.",
    )
    await _failure_ends_it(run)
    await _first_failure_is_raised(run)
    ended = (await run("fetch_cancelled")).note("ended").value
    expect(
        ended == "cancelled",
        code="cancellation-swallowed",
        message="Whoever awaited fetch_all was cancelled, and fetch_all went on as if nothing had happened.",
        measured="how the task that awaits fetch_all ended after cancel()",
        seen=ended,
        wanted="cancelled",
        means="CancelledError is how a task is told to end. Clean up, in a `finally`, and let it through.",
    )


async def _first_failure_is_raised(run: Run) -> None:
    ended = (await run("two_fetches_fail")).note("ended").value
    expect(
        ended[0] == "raised" and ended[-1] in (0, 1),
        code="other-exception",
        message="fetch_all did not raise the exception of a fetch that failed.",
        measured="what fetch_all raised when two of three fetches failed and the third stumbled, with a KeyError, over its cancellation",
        seen=ended[:2],
        wanted=["raised", "_Boom"],
        means="What comes out of cleaning up is not why it is cleaned up. Keep the first exception, await the others, raise that one.",
    )


def _bounded(trace: Trace, urls: list[str], limit: int) -> None:
    """Never more than `limit` at once, and never fewer while some wait."""
    most = max((note.value for note in trace.notes("in_flight")), default=0)
    log = _log(trace)
    expect(
        _names(log, "begin") == _names(log, "end") == sorted(urls),
        code="not-fetched-once",
        message="fetch_all did not fetch every url exactly once, or returned before all had ended.",
        measured="fetches that began, and that had ended when fetch_all returned",
        seen=[len(_names(log, "begin")), len(_names(log, "end"))],
        wanted=[len(urls), len(urls)],
    )
    expect(
        most <= limit,
        code="too-many-at-once",
        message="fetch_all has more fetches in flight than its limit.",
        measured=f"most fetches in flight at once, of nine with limit={limit}",
        seen=most,
        wanted=limit,
        means="gather and create_task start everything at once. A Semaphore that each fetch takes first, or so many workers that "
        "take urls from a queue, bound it.",
    )
    idle = _idle(log, limit)
    expect(
        idle is None,
        code="held-back",
        message="fetch_all lets a place stand empty although urls are waiting.",
        measured=f"fetches in flight, and urls that had not begun, at second {idle[0] if idle else 0:g}; limit={limit}",
        seen=list(idle[1:]) if idle else [],
        wanted=f"{limit} in flight as long as urls wait",
        means="When one ends, the next should begin at once. Is the bound smaller than `limit`, or for all calls together? Does a "
        "place stay taken when its fetch has ended, or until the slowest of a batch has?",
    )


def _idle(log: list[tuple[float, str, str]], limit: int) -> tuple[float, int, int] | None:
    """The first moment after which a place stood empty: (second, in flight, not begun). The log is in order of time."""
    moments = sorted({round(moment_s, 6) for moment_s, _, _ in log})
    for now_s in moments:
        begun = sum(moment_s <= now_s + NEAR_S and what == "begin" for moment_s, what, _ in log)
        ended = sum(moment_s <= now_s + NEAR_S and what == "end" for moment_s, what, _ in log)
        waiting = sum(what == "begin" for _, what, _ in log) - begun
        if waiting and begun - ended < limit:
            return now_s, begun - ended, waiting
    return None


async def _failure_ends_it(run: Run) -> None:
    trace = await run("fetch_fails")
    ended, log = trace.note("ended"), _log(trace)
    expect(
        ended.value[0] == "raised",
        code="failure-hidden",
        message="A fetch raised, and fetch_all did not.",
        measured="how fetch_all ended when the second of six fetches raised",
        seen=ended.value,
        wanted=["raised", "_Boom"],
        means="`except Exception: pass` makes a wrong result look like a right one. Whoever called must hear of it.",
    )
    expect(
        ended.value == ["raised", "_Boom", 0],
        code="other-exception",
        message="fetch_all did not raise the very exception that the fetch raised.",
        measured="the type of what was raised, and whether it is the fetch's own exception object",
        seen=[ended.value[1], ended.value[2] == 0],
        wanted=["_Boom", True],
        means="The very object, neither wrapped nor made anew. (A TaskGroup raises a group; the exception is in its `exceptions`.)",
    )
    later = _log(trace, "log_later")
    failed = trace.note("failed").value
    failed_s = next((moment_s for moment_s, what, who in later if (what, who) == ("end", failed)), 0.5)
    begun = [who for moment_s, what, who in later if what == "begin" and moment_s > failed_s + NEAR_S]
    in_flight = {who for moment_s, what, who in later if what == "begin" and moment_s < failed_s - NEAR_S} - {failed}
    cancelled = sorted(in_flight & set(_names(later, "cancelled")))
    expect(
        cancelled == sorted(in_flight) and not begun,
        code="others-not-cancelled",
        message="A fetch raised, and the others went on, or further ones began.",
        measured="which of those in flight were cancelled; which began after the failure",
        seen=[cancelled, begun],
        wanted=[sorted(in_flight), []],
        means="An exception ends its own task and no other: neither gather nor asyncio.wait cancels the rest. Cancel them, whatever "
        "shields or repeats them; a TaskGroup does.",
    )
    expect(
        _names(log, "begin") == _names(log, "end") and _near(ended.time_s, failed_s + CLEANUP_S),
        code="others-not-awaited",
        message="fetch_all raised before the fetches that it cancelled had ended, or long after.",
        measured=f"fetches begun, and ended, when fetch_all raised; the virtual second at which it did. The failure came at {failed_s:g}, "
        f"cleaning up takes {CLEANUP_S:g}",
        seen=[len(_names(log, "begin")), len(_names(log, "end")), round(ended.time_s, 6)],
        wanted=f"as many ended as begun, at second {failed_s + CLEANUP_S:g}",
        means="cancel() only asks. Await each task that was cancelled, so that its `finally` is over when you go on.",
    )


@witness("fetches_at_a_gate")
def fetches_held_open(watch: Watch) -> None:
    """The judge holds every fetch: as many as allowed are open at once and never more; each gives what the judge answers."""
    urls = [f"u{watch.random.randrange(16**6):06x}" for _ in range(3 * AT_ONCE)]
    tickets = {url: watch.random.randrange(1 << 30) for url in urls}
    watch.never_more("fetch", AT_ONCE)
    watch.serve("limit", AT_ONCE)
    watch.serve("urls", urls)
    for _ in range(3):
        watch.hold(fetch=AT_ONCE)
        watch.settle()
        for call in watch.open("fetch"):
            watch.answer(call, tickets.get(str(call.value), -1))
    watch.hold(results=1)
    seen, wanted = watch.open("results")[0].value, [tickets[url] for url in urls]
    watch.fact(seen == wanted, "results of fetch_all, of answers that the judge drew", seen, wanted)


# ---- cancelling


@check(
    points=3,
    title="first_of gives the first success; the losers are cancelled, and have ended when it returns",
    concept="cancellation",
    about="first_of",
)
async def test_cancel(run: Run) -> None:
    trace = await run("first_wins")
    ticket = trace.inputs().randrange(1 << 30)
    ended = trace.note("ended")
    at_s = round(ended.time_s, 6)
    measured = (
        "how first_of ended, and at which second; timeout=0.6, one contender fails after 0.25 s, one succeeds after 0.5 s, two are "
        "slower, and take 0.25 s to clean up"
    )
    expect(
        ended.value[:2] != ["raised", "TimeoutError"] or at_s < 0.6,
        code="success-thrown-away",
        message="A contender had succeeded in time, and first_of raised TimeoutError all the same.",
        measured=measured,
        seen=[*ended.value[:2], at_s],
        wanted=["value", ticket, 0.75],
        means="The time-out is for a success. Cleaning up may take longer: it belongs outside of asyncio.timeout() and wait_for().",
    )
    expect(
        ended.value == ["value", ticket],
        code="not-the-first-success",
        message="first_of did not return the first success.",
        measured=measured,
        seen=[*ended.value[:2], at_s],
        wanted=["value", ticket, 0.75],
        means="They run side by side from the beginning. The first to end need not be a success; a failure is no success, and a "
        "contender's own TimeoutError is a failure like any other.",
    )
    expect(
        at_s <= 0.5 + CLEANUP_S + NEAR_S,
        code="success-late",
        message="first_of returned the first success, but long after it had come.",
        measured=measured,
        seen=[*ended.value, at_s],
        wanted=["value", ticket, 0.75],
        means="They run side by side from the beginning, and when one has succeeded, the others are of no interest: cancel them, then await "
        "them. One after the other, or awaited without being cancelled, they take as long as the slowest.",
    )
    _losers_gone(trace, 0.5, "when one has succeeded")
    false = [note.value for note in (await run("false_values_win")).notes("ended")]
    wanted = [["value", 0], ["value", None], ["value", ""]]
    expect(
        false == wanted,
        code="false-success",
        message="A contender returned 0, None or an empty text, and first_of did not take that for a success.",
        measured="how first_of ended when the first to end returned such a value",
        seen=false,
        wanted=wanted,
        means="Whether a task succeeded is told by exception() being None, not by the value.",
    )
    trace = await run("nobody_in_time")
    ended = trace.note("ended")
    expect(
        ended.value[:2] == ["raised", "TimeoutError"],
        code="no-timeout",
        message="first_of did not raise TimeoutError although nobody succeeded in time.",
        measured="how first_of ended; timeout=1, one contender fails after 0.5 s, the others take longer",
        seen=ended.value,
        wanted=["raised", "TimeoutError"],
        means="The time-out is counted from the call, for all contenders together; when it is over, and nobody has succeeded, it is "
        "TimeoutError that tells it.",
    )
    _losers_gone(trace, 1.0, "when the time is over")
    trace = await run("all_fail")
    ended = trace.note("ended")
    expect(
        ended.value[0] == "raised" and ended.value[2] >= 0 and _near(ended.time_s, 0.5),
        code="all-failed",
        message="When all contenders have failed, first_of does not raise the exception of one of them, that very object, at once.",
        measured="what first_of raised, whether it is a contender's own exception object, and at which second",
        seen=[*ended.value[:2], ended.value[-1] in (0, 1), round(ended.time_s, 6)],
        wanted=["raised", "_Boom", True, 0.5],
        means="As long as one of them runs, it may still succeed; when none does, waiting for the time-out is in vain. Neither a group "
        "nor a new exception tells the caller what happened.",
    )
    trace = await run("first_cancelled")
    ended = trace.note("ended")
    expect(
        ended.value == "cancelled",
        code="cancellation-swallowed",
        message="Whoever awaited first_of was cancelled, and first_of went on as if nothing had happened.",
        measured="how the task that awaits first_of ended after cancel()",
        seen=ended.value,
        wanted="cancelled",
        means="CancelledError is how a task is told to end. Clean up, in a `finally`, and let it through.",
    )
    _losers_gone(trace, 0.5, "when first_of itself is cancelled")


def _losers_gone(trace: Trace, decided_s: float, when: str) -> None:
    """The two slow ones were cancelled when the matter was decided, and had ended when first_of came back."""
    log, ended, losers = _log(trace), trace.note("ended"), ["slow", "slower"]
    later, at_s = _log(trace, "log_later"), decided_s + CLEANUP_S
    expect(
        _names(later, "cancelled") == losers,
        code="losers-go-on",
        message=f"first_of came back and did not cancel those that are no longer needed {when}.",
        measured=f"contenders that were cancelled, a second after first_of came back, {when}",
        seen=_names(later, "cancelled"),
        wanted=losers,
        means="asyncio.wait cancels nobody, and a shield keeps a cancellation off. Whoever is still running must be told, on whatever way "
        "first_of ends: task.cancel(), in a `finally`.",
    )
    told_s = [moment_s for moment_s, what, _ in later if what == "cancelled"]
    expect(
        all(_near(moment_s, decided_s) for moment_s in told_s),
        code="cancelled-late",
        message="first_of did not cancel the losers at the moment at which it was decided.",
        measured=f"virtual seconds at which they were cancelled: {when}",
        seen=_seconds(told_s),
        wanted=[decided_s] * 2,
        means="The time-out is for all of it together: work out once when it ends, and wait for what is left.",
    )
    expect(
        set(losers) <= set(_names(log, "end")) and _near(ended.time_s, at_s),
        code="losers-not-awaited",
        message="first_of came back before the contenders that it cancelled had ended, or long after.",
        measured="cancelled contenders that had ended, and the virtual second at which first_of came back",
        seen=[[who for who in losers if who in _names(log, "end")], round(ended.time_s, 6)],
        wanted=[losers, at_s],
        means="cancel() only asks. The `finally` of a cancelled task runs afterwards, and may await; await the task too.",
    )


@check(
    points=2,
    title="Every task is awaited: none is left running, and no exception and no coroutine is forgotten",
    concept="async task",
)
async def test_awaited(run: Run) -> None:
    for scenario, function in (("both", "two_tasks"), ("fetches", "fetch_all"), ("fetch_cancelled", "fetch_all")):
        _nothing_left(await run(scenario), function)
    for scenario, function in (
        ("first_wins", "first_of"),
        ("nobody_in_time", "first_of"),
        ("all_fail", "first_of"),
        ("first_cancelled", "first_of"),
        ("work_beside_beats", "from_thread"),
        ("work_raises", "from_thread"),
    ):
        trace = await run(scenario, allow=STUCK)
        if trace.has("left") and _all_ended(trace):  # else it hangs, or contenders go on: another check's matter
            _nothing_left(trace, function)
    for scenario, function in (
        ("both", "two_tasks"),
        ("fetches", "fetch_all"),
        ("fetch_fails", "fetch_all"),
        ("two_fetches_fail", "fetch_all"),
        ("fetch_cancelled", "fetch_all"),
        ("first_wins", "first_of"),
        ("false_values_win", "first_of"),
        ("nobody_in_time", "first_of"),
        ("first_cancelled", "first_of"),
        ("work_beside_beats", "from_thread"),
        ("work_raises", "from_thread"),
    ):
        trace = await run(scenario, allow=STUCK)
        if function == "from_thread" and not trace.has("never_awaited"):
            continue  # it hangs: that is its own check's matter
        if scenario == "false_values_win" and not _all_ended(trace):
            continue  # losers that were not awaited: likewise
        never = trace.note("never_awaited").value
        expect(
            not never,
            code="never-awaited",
            message=f"While {function} ran, a coroutine was made that is never awaited.",
            measured="coroutines that were made and never awaited",
            seen=[name for name, _ in never],
            wanted=[],
            means="A coroutine that is only called does nothing. Make it when its turn has come, or await all that you made.",
            place=next((line for _, line in never if line), None),
        )
        lost = trace.note("never_retrieved").value
        expect(
            not lost,
            code="exception-never-retrieved",
            message=f"A task of {function} failed, and nobody asked it for its exception.",
            measured="exceptions of tasks that nobody looked at",
            seen=lost,
            wanted=[],
            means="Await every task, also those that lost: `await gather(*tasks, return_exceptions=True)` looks at all of them.",
        )


def _all_ended(trace: Trace) -> bool:
    """Whether all contenders had ended: whenever first_of came back, or a while later where that is noted."""
    logs = [note.value for note in trace.notes("log_later") or trace.notes("log")]
    return all(_names(log, "begin") == _names(log, "end") for log in logs)


def _nothing_left(trace: Trace, function: str) -> None:
    """When everything was over, no task of the function's own was left."""
    left = trace.note("left").value
    expect(
        not left,
        code="task-left-running",
        message=f"When {function} had come back, a task that it had started was still running.",
        measured="tasks of the loop that had not ended, by their coroutine",
        seen=[name for name, _ in left],
        wanted=[],
        means="Whoever starts a task awaits it, also one that only watches the clock: cancel it when it is not needed any more, and await it.",
        place=next((line for _, line in left if line), None),
    )


# ---- a call that really blocks


@check(
    points=2,
    title="from_thread keeps a blocking call off the loop, and brings back its result or its exception",
    concept="blocking calls",
    evidence="outside",
    witness="work_held_beside_beats",
    about="from_thread",
)
async def test_from_thread(run: Run, explore: Explore) -> None:
    trace = await run("work_beside_beats", allow=STUCK)
    if trace.has("work_thread"):  # a stub never comes so far, and is told as one by the notes that it misses
        _loop_went_on(trace)
        _it_comes_back(trace, "ended", "returned")
    ticket = trace.inputs().randrange(1 << 30)
    expect(
        trace.note("ended").value == ["value", ticket],
        code="wrong-result",
        message="from_thread did not return what the work returned.",
        measured="how from_thread ended",
        seen=trace.note("ended").value,
        wanted=["value", ticket],
        means="The value itself, once it is there: a coroutine or a future that is returned has to be awaited first.",
    )
    trace = await run("work_raises", allow=STUCK)
    _it_comes_back(trace, "ended", "raised")
    ended = trace.note("ended").value
    expect(
        ended == ["raised", "_Boom", 0],
        code="exception-lost",
        message="The work raised, and from_thread did not raise that exception.",
        measured="how from_thread ended, and whether it raised the work's own exception object (0: yes)",
        seen=ended,
        wanted=["raised", "_Boom", 0],
        means="What is raised on another thread does not come over by itself: carry it, and raise it here.",
    )
    _called_once(trace)
    trace = await run("work_in_all_ways", allow=STUCK)
    _it_comes_back(trace, "returned", "returned at once")
    expect(
        trace.note("returned").value == ["value", 0],
        code="wrong-result",
        message="The work returned an exception object, and from_thread did not return it.",
        measured="how from_thread ended, and whether with the very object (0: yes)",
        seen=trace.note("returned").value,
        wanted=["value", 0],
        means="An exception that is returned is a value; only what is raised is raised again. Keep apart how it ended and with what.",
    )
    _it_comes_back(trace, "ended", "raised what is no Exception")
    ended = trace.note("ended").value
    expect(
        ended == ["raised", "_Halt", 0],
        code="exception-lost",
        message="The work raised something that is no Exception, and from_thread did not raise it.",
        measured="how from_thread ended, and whether it raised the work's own exception object (0: yes)",
        seen=ended,
        wanted=["raised", "_Halt", 0],
        means="SystemExit, KeyboardInterrupt and others derive from BaseException only: `except Exception` lets them pass, and the thread dies.",
    )
    _called_once(trace)
    await explore("quick_work", _came_back, schedules=40, allow=STUCK)


def _it_comes_back(trace: Trace, note: str, how: str) -> None:
    """from_thread ends when the work has ended."""
    expect(
        trace.has(note),
        code="end-not-told",
        message=f"The work {how}, and from_thread waits for ever.",
        measured="how from_thread ended",
        seen="it did not",
        wanted="when the work has ended",
        means="Two things lead to this. The thread dies before it has told: of what the work raised, or of a call that needs the loop's own "
        "thread. Or it touches the loop's future itself, and the loop sleeps on: call_soon_threadsafe hands a call over, and wakes it.",
    )


def _called_once(trace: Trace) -> None:
    calls = trace.note("calls").value
    expect(
        calls == 1,
        code="work-called-again",
        message="The work raised, and from_thread called it again.",
        measured="calls of the work",
        seen=calls,
        wanted=1,
        means="What the work has done cannot be taken back. Whether it is worth another try is for the caller to say.",
    )


def _loop_went_on(trace: Trace) -> None:
    calls = trace.blocking_calls()
    beats = len(trace.notes("beat"))
    expect(
        trace.note("work_thread").value != trace.note("loop_thread").value,
        code="work-on-the-loop",
        message="from_thread calls the work on the thread of the event loop, and everything else stands still.",
        measured="the thread that runs the work (0 is main, which runs the loop); beats of another task meanwhile",
        seen=[trace.note("work_thread").value, beats],
        wanted="another thread, 5 beats",
        means="`async def` does not make a call non-blocking. asyncio.to_thread calls it on another thread.",
        place=calls[0].line if calls and calls[0].line else None,
    )
    expect(
        beats == 5 and not calls,
        code="loop-blocked",
        message="While the work was held, the event loop stood still.",
        measured="beats of another task while the work waits; blocking calls on the loop's thread",
        seen=[beats, [call.what for call in calls[:5]]],
        wanted=[5, []],
        means="Whatever blocks here stops all tasks: a sleep or a file before the thread is started, as well as waiting for its end with "
        "join(), result() or a loop of one's own. Await its end.",
        place=calls[0].line if calls and calls[0].line else None,
    )


def _came_back(trace: Trace) -> None:
    """Whenever the work ends, the loop hears of it."""
    _it_comes_back(trace, "ended", "returned, at about the moment at which from_thread begins to wait")
    expect(
        trace.note("ended").value == ["value", 7],
        code="wrong-result",
        message="from_thread did not return what the work returned.",
        measured="how from_thread ended",
        seen=trace.note("ended").value,
        wanted=["value", 7],
        means="The other thread may be quick or slow. What belongs to the loop is only touched on the loop's thread: "
        "call_soon_threadsafe hands it over, and wakes the loop.",
    )


@witness("work_at_a_gate")
def work_held_beside_beats(watch: Watch) -> None:
    """The judge holds the work, on another thread than main; meanwhile the loop's tasks go on calling."""
    ticket = watch.random.randrange(1 << 30)
    watch.not_on_main("work")
    for _ in range(3):
        watch.hold(work=1, beat=1)
        watch.answer_all("beat")
    watch.serve("beat")
    watch.answer_all("work", ticket)
    watch.hold(result=1)
    seen = watch.open("result")[0].value
    watch.fact(seen == ticket, "what from_thread returned, of an answer that the judge drew", seen, ticket)


# ---- what they return


@check(
    points=1,
    title="beats says its lines, in order, and returns how many",
    concept="async task",
    evidence="outside",
    witness="lines_of_beats",
    about="beats",
)
async def test_values(run: Run) -> None:
    trace = await run("one_alone")
    draw = trace.inputs()
    name, count = f"task {draw.randrange(16**6):06x}", draw.randrange(4, 9)
    wanted: list[Any] = [f"{name}: iteration {number}" for number in range(1, count)]
    said = [note.value for note in trace.notes("said")]
    expect(
        said == wanted,
        code="wrong-lines",
        message="beats does not say what it should.",
        measured=f"lines of beats({name!r}, {count}, ...), and of one with count=1, which says nothing",
        seen=said,
        wanted=wanted,
        means="Rust's 1..5 is 1, 2, 3, 4: the end is not part of it, as in Python's range(1, 5).",
    )
    period = draw.randrange(1, 9) / 8
    moments = [note.time_s for note in trace.notes("said")] + [trace.note("returned").time_s]
    expect(
        all(_near(seen_s, number * period) for number, seen_s in enumerate(moments)),
        code="wrong-rhythm",
        message="beats does not sleep its period after each line, the last one included.",
        measured=f"virtual seconds of its lines, and of its return; period={period:g}",
        seen=_seconds(moments),
        wanted=_seconds([number * period for number in range(len(moments))]),
    )
    returned = [trace.note("returned").value, trace.note("nothing").value]
    expect(
        returned == [count - 1, 0],
        code="wrong-count",
        message="beats does not return how many lines it said.",
        measured=f"what beats returned, for counts of {count} and 1",
        seen=returned,
        wanted=[count - 1, 0],
    )
    trace = await run("both")
    lines = [sum(_whose(note.value) == name for note in trace.notes("said")) for name in LINES]
    seen = [trace.note("returned").value, lines]
    expect(
        seen == [[4, 2], [4, 2]],
        code="wrong-counts",
        message="two_tasks does not return what its two tasks returned, or they did not say all of their lines.",
        measured="what two_tasks returned, and how many lines each task said before that",
        seen=seen,
        wanted=[[4, 2], [4, 2]],
    )


@witness("beats_that_call")
def lines_of_beats(watch: Watch) -> None:
    """The judge hears each line."""
    name, count = f"task {watch.random.randrange(16**6):06x}", watch.random.randrange(4, 9)
    watch.serve("name", name)
    watch.serve("count", count)
    watch.serve("said")
    watch.hold(returned=1)
    seen = [[call.value for call in watch.seen("said")], watch.open("returned")[0].value]
    wanted = [[f"{name}: iteration {number}" for number in range(1, count)], count - 1]
    watch.fact(seen == wanted, "lines of beats, and what it returned", seen, wanted)


@check(
    points=0,
    title="Small print: no urls, a limit beyond their number, tasks and futures as contenders",
    concept="async task",
    visibility="visible",
)
async def test_small_print(run: Run) -> None:
    trace = await run("small_print")
    number = trace.inputs().randrange(2, 6)
    urls = [f"u{n}" for n in range(number)]
    seen = [trace.note("nothing").value, trace.note("all_at_once").value]
    expect(
        seen == [[], urls],
        code="fetch-all-small",
        message="fetch_all stumbles over an empty list of urls, or over a limit that is greater than their number.",
        measured=f"what it returned for no urls, and for {number} with a limit of {number + 5}",
        seen=seen,
        wanted=[[], urls],
    )
    seen = trace.note("mixed").value
    expect(
        seen == ["value", number],
        code="only-coroutines",
        message="first_of does not take tasks and futures as contenders, or not side by side.",
        measured="how first_of(task, future, timeout=5) ended when the future got its value",
        seen=seen,
        wanted=["value", number],
        means="Everything that can be awaited, side by side: asyncio.ensure_future makes a task of a coroutine and leaves the others as they "
        "are.",
    )
    seen = trace.note("loser").value
    expect(
        seen == "cancelled",
        code="contender-goes-on",
        message="first_of was given a task, the task lost, and it was not cancelled, or had not ended when first_of came back.",
        measured="what had become of the task",
        seen=seen,
        wanted="cancelled",
        means="Whoever made the task, first_of was given it to decide on: what goes for coroutines goes for tasks and futures.",
    )
