"""The checks of ex11. Every expectation lives here."""

import time
from collections.abc import Callable
from typing import Any

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

NEAR_S = 0.001
"""How late something may come, in virtual seconds."""
CAP = 3
CALLS = 9
WAKES = 3
"""How often the loop may wake while it has nothing to do but to wait for a call."""
POINTS = 2_000
"""Steps of the file meanwhile."""
POLLS_PER_SECOND = 10
"""Wake-ups of an idle thread of the pool, per virtual second, that are a remark and no failure."""
LIMIT_S = 0.05
"""The limit that find_blockers is given while the judge holds a task."""
BEATS = [0.1, 0.2, 0.3, 0.4, 0.5]
WAKE_MEANS = (
    "The loop's thread sleeps in the reactor, and looks at nothing else. A list that it would find there wakes nobody: first put down "
    "what there is to tell, then end the sleep. Waking a task does that (its executor unparks the reactor), and so does a byte in a pair "
    "of sockets that is watched: in a right order, also when the loop is just about to fall asleep."
)
CONFINED_MEANS = (
    "A task's state is touched by the loop's thread only. A worker leaves a message, under a lock, and the loop does the rest: "
    "no lock of yours can keep two threads out of code that knows nothing of it."
)


def _value(trace: Trace, name: str) -> Any:
    return trace.note(name).value if trace.has(name) else "nothing: everybody waits"


@check(
    points=4,
    title="While a call blocks, tasks go on",
    concept="blocking calls",
    evidence="outside",
    witness="beats_while_held",
    visibility="visible",
    about="Runtime.spawn_blocking",
)
async def test_heartbeat(run: Run) -> None:
    trace = await run("beats_while_it_blocks", allow=("deadlock",))
    beats = [round(note.time_s, 3) for note in trace.notes("beat")]
    expect(
        len(beats) == len(BEATS),
        code="loop-blocked",
        message="While a blocking call ran, no task went on.",
        measured="beats of a task, while a blocking call waits for the fifth of them",
        seen=len(beats),
        wanted=len(BEATS),
        means="The loop's thread was in the call, or waited for its result. Have the call made by another thread; what you give back is a "
        "future, which is pending until the result is there. Whoever awaits it is suspended, and the thread is free.",
    )
    expect(
        all(abs(seen - wanted) <= NEAR_S for seen, wanted in zip(beats, BEATS, strict=True)),
        code="loop-held-up",
        message="While a blocking call ran, tasks went on late.",
        measured="when a task beat that sleeps 0.1 s in between",
        seen=beats,
        wanted=BEATS,
    )
    expect(
        trace.has("over"),
        code="result-never-came",
        message="The blocking call returned, and the task that awaits it never went on.",
        measured="what awaiting it gave",
        seen=_value(trace, "got"),
        wanted=trace.inputs().randrange(1000, 10_000),
        means=WAKE_MEANS,
    )
    wanted = trace.inputs().randrange(1000, 10_000)
    expect(
        trace.note("got").value == wanted,
        code="wrong-result",
        message="Awaiting a blocking call did not give what the function returned.",
        measured="what it gave",
        seen=trace.note("got").value,
        wanted=wanted,
    )


@witness("heart_and_a_call")
def beats_while_held(watch: Watch) -> None:
    """The judge holds a blocking call, and a task beats all the same; then its result is the judge's answer."""
    value = watch.random.randrange(1 << 30)
    watch.serve("beat", lambda _call: len(watch.seen("beat")) >= 5 and len(watch.open("job")) == 1)
    watch.hold(job=1, beaten=1)
    watch.answer_all("job", value)
    watch.answer_all("beaten")
    watch.hold(got=1)
    got = watch.open("got")[0].value
    watch.fact(got == value, "what awaiting the call gave", got, value)
    watch.answer_all("got")
    watch.hold(over=1)


@check(
    points=2,
    title="The function runs on another thread than the loop, with its arguments; what it returns comes back",
    concept="offloading",
    visibility="visible",
    about="Runtime.spawn_blocking",
)
async def test_other_thread(run: Run) -> None:
    trace = await run("where_it_runs", allow=("deadlock",))
    threads = [note.value for note in trace.notes("thread")]
    expect(
        0 not in threads,
        code="runs-on-the-loop",
        message="A function given to spawn_blocking did not run on a thread of its own.",
        measured="the threads on which functions ran; the loop's is number 0",
        seen=threads,
        wanted="two numbers, none of them 0",
        means="An `async def` around a blocking call changes nothing: its body runs on the thread that polls it.",
    )
    expect(
        trace.note("began").value,
        code="begins-when-awaited",
        message="A function given to spawn_blocking was not called until the loop had a turn.",
        measured="whether it was called while the task that gave it went on without awaiting anything",
        seen=False,
        wanted=True,
        means="The call is on its way when spawn_blocking returns: the pool's threads need no turn of the loop's.",
    )
    value = trace.inputs().randrange(1000, 10_000)
    wanted = [[], [value, None], True, True, True, str(value)]
    expect(
        trace.has("answers"),
        code="result-never-came",
        message="A function was called and returned, and the task that awaits it never went on.",
        measured="what came back of five calls, made one after the other, of functions that return at once",
        seen="not all of it: everybody waits",
        wanted=wanted[:-1],
        means="What a function returns is a value, None too. Keep whether a call has ended apart from what it gave. "
        + WAKE_MEANS,
    )
    expect(
        trace.has("got"),
        code="blocking-read-stalls",
        message="A function reads from a socket that blocks, a task would write into it, and nobody goes on.",
        measured="what came of the read",
        seen="nothing: everybody waits",
        wanted=str(value),
    )
    expect(
        trace.note("got").value == wanted,
        code="wrong-result",
        message="Awaiting a blocking call did not give what the function returned.",
        measured="what came back: the arguments of two calls; whether None, False and an exception object that was returned came back "
        "themselves; what was read from a socket",
        seen=trace.note("got").value,
        wanted=wanted,
        means="An exception object that is returned is a value like any other. Keep how a call ended apart from what it gave.",
    )


@check(
    points=3,
    title="The pool grows when calls need it, to its cap and no further; idle threads are used again",
    concept="bounded pool",
    evidence="outside",
    witness="calls_held_open",
    about="Runtime.spawn_blocking",
)
async def test_cap(run: Run, explore: Explore) -> None:
    trace = await run("more_calls_than_threads", allow=("deadlock",))
    early = trace.started_between("begin", "crowd")
    expect(
        not early,
        code="threads-too-early",
        message="Threads were started although nothing had to block yet.",
        measured="threads started by Runtime(3) and by a block_on in which nobody calls spawn_blocking",
        seen=len(early),
        wanted=0,
        means="Most programs block seldom. The pool grows when a call comes and no thread is idle.",
        place=early[0] if early else None,
    )
    inside, most = trace.note("inside").value
    expect(
        most <= CAP,
        code="more-than-the-cap",
        message="More functions ran at once than the runtime may have threads.",
        measured=f"functions at once, of {CALLS} that were given to Runtime({CAP})",
        seen=most,
        wanted=CAP,
        means="A thread costs memory and a place in the kernel's tables. Beyond the cap, calls wait in a queue.",
    )
    expect(
        inside == CAP,
        code="pool-does-not-grow",
        message="Not as many functions ran at once as there may be threads.",
        measured=f"functions at once, of {CALLS} that were given to Runtime({CAP})",
        seen=inside,
        wanted=CAP,
        means="When a call comes, no thread is idle and the cap is not reached, a thread is started for it.",
    )
    ran, wanted = _value(trace, "ran"), [list(range(CALLS)), CALLS, CAP]
    expect(
        ran == wanted,
        code="calls-lost" if isinstance(ran, str) or ran[2] <= CAP else "more-than-the-cap",
        message="Not every call was made once, by at most as many threads as there may be.",
        measured=f"what {CALLS} calls gave, how many were made, and how many at once",
        seen=ran,
        wanted=wanted,
    )
    trace = await run("more_calls_than_threads")
    made = [len(trace.started_between("begin", "small")), len(trace.started_between("small", "end"))]
    expect(
        made == [CAP, 1],
        code="idle-threads-not-used",
        message="A thread was started although another one was idle.",
        measured=f"threads started for {CALLS} calls and then four, one at a time, by Runtime({CAP}); and for three calls, one at a time, by "
        "another Runtime",
        seen=made,
        wanted=[CAP, 1],
        means="When its function has ended, a thread waits for the next one.",
    )
    wakes = max(trace.resumes_between("idle", "idle_end").values(), default=0)
    seconds = round(trace.mark("idle_end").time_s - trace.mark("idle").time_s)
    expect(
        wakes <= POLLS_PER_SECOND * seconds + 1,
        code="idle-threads-poll",
        message="An idle thread of the pool woke up again and again to look for work.",
        measured=f"wake-ups of the busiest thread in {seconds} virtual seconds without a call",
        seen=wakes,
        wanted=0,
        means="A thread that waits on a Condition, or in a queue's get(), sleeps until it is called.",
    )
    if wakes:
        expect.note(
            code="idle-threads-look",
            message="An idle thread of the pool wakes up now and then although there is nothing to do.",
            measured=f"wake-ups of the busiest thread in {seconds} virtual seconds without a call",
            seen=wakes,
            wanted=0,
            means="A time-out in a loop is a slow kind of spinning, and it hides lost wake-ups.",
        )
    _both_met(await run("two_that_need_each_other", allow=("deadlock",)))
    await _explore(run, explore, "three_that_need_each_other", _all_met, schedules=150, upon_own=100)


def _both_met(trace: Trace) -> None:
    """An idle thread is counted once."""
    _met(trace, 2, "one thread is idle, and two calls come that wait for each other; there may be two threads")


def _all_met(trace: Trace) -> None:
    """Under any schedule there is a thread for each call, up to the cap."""
    _met(
        trace,
        3,
        "calls came while threads were about to be idle, and then three come that wait for each other; there may be three threads",
    )
    made = len(trace.student_threads)
    expect(
        made <= CAP,
        code="more-than-the-cap",
        message="More threads were started than the runtime may have.",
        measured=f"threads started by Runtime({CAP})",
        seen=made,
        wanted=f"at most {CAP}",
        place=trace.student_threads[-1] if made else None,
    )


def _met(trace: Trace, wanted: int, when: str) -> None:
    met = _value(trace, "met")
    expect(
        met == wanted,
        code="call-left-waiting",
        message="A call waited behind another one although there may be more threads.",
        measured=f"calls that came to their end, when {when}",
        seen=met,
        wanted=wanted,
        means="Is anybody idle? Between two calls that come in a row nobody has got up yet, and one idle thread answers twice. Compare how "
        "many calls wait with how many threads are idle, and change both numbers under one lock.",
    )


@witness("calls_that_are_held")
def calls_held_open(watch: Watch) -> None:
    """The judge holds every call: as many as the cap says are open at once, and never one more."""
    watch.never_more("job", CAP)
    watch.serve("cap", CAP)
    watch.serve("constructed", [watch.random.randrange(1 << 30) for _ in range(CALLS)])
    for _ in range(CALLS // CAP):
        watch.hold(job=CAP)
        watch.settle()
        watch.answer_all("job")
    watch.hold(over=1)


def _heard(trace: Trace) -> None:
    """Under any schedule the end of a call reaches the loop."""
    value = trace.inputs().randrange(1000, 10_000)
    expect(
        trace.has("got"),
        code="wake-lost",
        message="A call ended just as the loop was about to sleep, and the loop sleeps on.",
        measured="how block_on ended",
        seen="it waits for ever",
        wanted="it returns",
        means="Between looking whether the end is there and leaving a waker, or between looking into a list and falling asleep, there must "
        "be no gap. " + WAKE_MEANS,
    )
    expect(
        trace.note("got").value == value,
        code="wrong-result",
        message="Awaiting a blocking call did not give what the function returned.",
        measured="what it gave",
        seen=trace.note("got").value,
        wanted=value,
    )


def _called(trace: Trace) -> None:
    """Under any schedule a callback is called at once. (One that is never called is the next check's matter.)"""
    expect(
        not trace.has("called") or trace.note("called").time_s <= NEAR_S,
        code="wake-lost",
        message="A callback was posted just as the loop was about to sleep, and the loop slept on.",
        measured="seconds until the last of three callbacks that a thread posts is called, while the loop goes to sleep for five seconds",
        seen=round(trace.note("called").time_s, 3) if trace.has("called") else "never",
        wanted=0.0,
        means="Whoever clears a signal looks for messages afterwards, not before: what comes in between is then found. "
        + WAKE_MEANS,
    )


@check(
    points=3,
    title="A call that ends, and a callback that is posted, wake the loop at once; nobody looks in between",
    concept="waking the loop",
    about="Runtime.spawn_blocking",
)
async def test_prompt_wake(run: Run, explore: Explore) -> None:
    trace = await run("asleep_without_a_timer", allow=("deadlock", "stalled", "spinning", "raised"))
    expect(
        trace.error is None or trace.error.type != "Deadlock",
        code="taken-for-a-deadlock",
        message="block_on raised Deadlock, although a blocking call was under way.",
        measured="how block_on ended",
        seen="it raised Deadlock",
        wanted="it waits for the call",
        means="The executor sees only pending tasks and no timer: it cannot know that a thread outside will wake one. Tell it, with an "
        "`expect_wake()` of the executor that stays open; who lets go of its context manager has closed it.",
    )
    if trace.error is not None:
        await run("asleep_without_a_timer")
    spins = _spins(trace)
    expect(
        trace.has("short_resumed") or bool(spins),
        code="loop-sleeps-on",
        message="A blocking call ended, and the loop slept on.",
        measured="when the task that awaits it went on",
        seen="never",
        wanted=0.5,
        means=WAKE_MEANS,
    )
    begin, end = trace.mark("long") if not spins else None, trace.mark("long_end") if not spins else None
    wakes, points = (0, 0)
    if begin is not None and end is not None:
        before, after = begin.counters[0], end.counters[0]
        wakes, points = after[0] - before[0], after[1] - before[1]
    expect(
        not spins and wakes <= WAKES and points <= POINTS,
        code="loop-looks",
        message="While a blocking call ran and nothing else happened, the loop did not sleep.",
        measured="wake-ups of the loop's thread and its steps in 30 virtual seconds"
        if not spins
        else "your lines that were seen going round without any effect",
        seen=spins or [wakes, points],
        wanted=[] if spins else f"at most {WAKES} and {POINTS}",
        means="Asking again and again whether it is done, with a pause or without, costs the processor and comes late. Look also for what "
        "comes back at once: a byte in a pair of sockets that nobody has read.",
    )
    for name, what, due in (
        ("resumed", "a blocking call ended", "long_end"),
        ("called", "a callback was posted", "posts"),
    ):
        since = trace.mark(due).time_s if due == "long_end" else trace.note(due).time_s if trace.has(due) else 0.0
        late = round(trace.note(name).time_s - since, 4) if trace.has(name) else "never"
        expect(
            isinstance(late, float) and late <= NEAR_S,
            code="loop-sleeps-on" if late == "never" else "loop-wakes-late",
            message=f"When {what}, the loop did not wake at once.",
            measured=f"seconds until the task went on, after {what}",
            seen=late,
            wanted=0.0,
            means=WAKE_MEANS,
        )
    await run("asleep_without_a_timer")
    await _explore(run, explore, "ends_as_the_loop_falls_asleep", _heard, schedules=120, upon_own=200)
    await _explore(run, explore, "posts_as_the_loop_falls_asleep", _called, schedules=100, upon_own=600)


@check(
    points=2,
    title="Tasks and callbacks run on the loop's thread, each callback once, in order",
    concept="thread confinement",
    about="Runtime.call_soon_threadsafe",
)
async def test_loop_thread_only(run: Run, explore: Explore) -> None:
    trace = await run("callbacks", allow=("deadlock", "raised"))
    if trace.error is not None and trace.error.type == "NotImplementedError":
        await run("callbacks")
    expect(
        trace.error is None,
        code="callback-ends-the-loop",
        message="A callback raised an exception, and block_on ended with it.",
        measured="what came out of block_on",
        seen=trace.error.type if trace.error is not None else "",
        wanted="nothing",
        means="What a callback raises belongs to it alone, SystemExit too; the next one is called all the same.",
    )
    expect(
        trace.has("continued"),
        code="result-never-came",
        message="A blocking call returned, and the task that awaits it never went on.",
        measured="the thread on which the task ran before and after",
        seen="nothing: everybody waits",
        wanted=[0, 0],
        means=WAKE_MEANS,
    )
    continued = trace.note("continued").value
    expect(
        continued == [0, 0],
        code="continued-elsewhere",
        message="After a blocking call a task did not go on on the loop's thread.",
        measured="the thread on which the task ran before and after",
        seen=continued,
        wanted=[0, 0],
        means=CONFINED_MEANS,
    )
    calls = trace.note("calls").value
    elsewhere = sorted({thread for _, _, thread, _ in calls} - {0})
    expect(
        not elsewhere,
        code="callback-elsewhere",
        message="A callback was called on another thread than the loop's.",
        measured="threads on which callbacks were called, beside the loop's",
        seen=elsewhere,
        wanted=[],
        means=CONFINED_MEANS,
    )
    expect(
        not any(within for *_, within in calls),
        code="called-within-the-call",
        message="call_soon_threadsafe called its function before it returned.",
        measured="callbacks that were called within call_soon_threadsafe, by a task",
        seen=sum(within for *_, within in calls),
        wanted=0,
        means="Soon is not now: whoever posts something may be in the middle of a change.",
    )
    posted = [[number for who, number, *_ in calls if who == thread] for thread in range(4)]
    wanted = [list(range(10))] * 3 + [[0]]
    expect(
        posted == wanted,
        code="callbacks-lost" if sum(map(len, posted)) < 31 else "callbacks-out-of-order",
        message="Not every callback was called once, in the order in which its thread had posted it.",
        measured="callbacks called for three threads, of which the fourth callback raises, and for a task",
        seen=posted,
        wanted=wanted,
        means="What a callback raises belongs to it alone; the next one is called all the same.",
    )
    await run("callbacks")
    await _explore(run, explore, "two_threads_post", _each_once, schedules=80, upon_own=400)


def _each_once(trace: Trace) -> None:
    """Under any schedule each callback is called once."""
    calls = trace.note("calls").value if trace.has("calls") else []
    posted = [[number for who, number in calls if who == thread] for thread in range(2)]
    expect(
        posted == [[0, 1], [0, 1]],
        code="callbacks-lost" if len(calls) < 4 else "callbacks-out-of-order",
        message="Two threads posted callbacks, and not each of them was called once, in order.",
        measured="callbacks called, of two that each of two threads has posted",
        seen=posted,
        wanted=[[0, 1], [0, 1]],
        means="Taking a list and leaving an empty one are two steps: who has looked up the old list in between appends to it when nobody looks "
        "at it any more. Do both under the lock under which others append.",
    )


@check(
    points=2,
    title="A function that panics harms nobody; awaiting it raises JoinError with the very exception",
    concept="panics",
    about="Runtime.spawn_blocking",
)
async def test_panic(run: Run) -> None:
    trace = await run("panics", allow=("deadlock", "raised"))
    if trace.error is not None and trace.error.type == "NotImplementedError":
        await run("panics")
    expect(
        trace.has("before") or trace.error is not None,
        code="result-never-came",
        message="Two calls that return at once were made one after the other, and the task that awaits them never went on.",
        measured="how it ended, before any function panicked",
        seen="everybody waits",
        wanted="both calls return",
        means="With a cap of one, both are made by the same thread: it has to be called when there is more to do, and has to wake the loop each time.",
    )
    wanted = [["JoinError", True]] * 4
    payloads = _value(trace, "payloads") if trace.error is None else f"{trace.error.type} came out of block_on"
    expect(
        payloads == wanted,
        code="panic-not-told",
        message="Awaiting a function that panics did not raise JoinError with the very exception.",
        measured="for ValueError, SystemExit, a falsy exception and KeyError: what was raised, and whether its payload was the exception",
        seen=payloads,
        wanted=wanted,
        means="Every exception counts, SystemExit too: catch BaseException around the function, keep what was raised, and tell "
        "it to whoever awaits the handle. An exception can count as false; ask `is not None`.",
    )
    word = f"{trace.inputs().randrange(16**8):08x}".upper()
    expect(
        trace.error is None and _value(trace, "returned") == ["value", word],
        code="pool-died-of-a-panic",
        message="After functions that panicked, the next call was not made.",
        measured="what the next call gave, with a cap of one thread",
        seen=_value(trace, "returned") if trace.error is None else f"{trace.error.type} came out of block_on",
        wanted=["value", word],
        means="The thread belongs to the pool: the panic ends the function, and the thread takes the next call.",
    )
    expect(
        trace.has("over") and trace.has("others"),
        code="panic-harms-others",
        message="A function panicked, and other tasks did not go on.",
        measured="how it ended",
        seen="other tasks stand still",
        wanted="they go on",
    )
    await run("panics")


@check(
    points=1,
    title="A call that is given up runs on; what comes of it is ignored quietly",
    concept="cancellation",
    about="Runtime.spawn_blocking",
)
async def test_cancel(run: Run) -> None:
    trace = await run("given_up", allow=("deadlock",))
    wanted = [[["Cancelled"], ["Cancelled"]], 0.0]
    aborted = _value(trace, "aborted")
    expect(
        aborted == wanted,
        code="abort-not-cancelled",
        message="Awaiting a blocking call that was aborted did not raise Cancelled at once.",
        measured="what awaiting two aborted calls gave, and after how many seconds",
        seen=aborted,
        wanted=wanted,
        means="Nobody can stop a thread from outside. What is given up is the wait for its result.",
    )
    selected = _value(trace, "selected")
    expect(
        selected == [1, 0.2],
        code="time-out-waits",
        message="A blocking call lost against a sleep, and the task did not go on when the sleep was over.",
        measured="the winner of select(call, sleep(0.2)), and after how many seconds",
        seen=selected,
        wanted=[1, 0.2],
    )
    ended = len(trace.notes("ended"))
    expect(
        ended == 4,
        code="function-stopped",
        message="A function that runs was given up, and did not come to its end.",
        measured="functions that came to their end, of four that ran",
        seen=ended,
        wanted=4,
    )
    unlooked, value = _value(trace, "unlooked"), trace.inputs().randrange(1000, 10_000)
    expect(
        unlooked == ["Cancelled"],
        code="late-result-counts",
        message="A call was aborted, its function returned later, and awaiting it then gave its value.",
        measured="what awaiting it gave, long after",
        seen=unlooked,
        wanted=["Cancelled"],
        means="The first end counts. A result that comes after an abort finds a handle that has ended.",
    )
    wanted = [["value", 0], ["value", str(value)]]
    expect(
        _value(trace, "next") == wanted,
        code="late-result-hurts",
        message="After calls that were given up, others did not go well.",
        measured="what a call gave that had ended before it was aborted, and what the next one gave",
        seen=_value(trace, "next"),
        wanted=wanted,
        means="Aborting a call that has ended does nothing. And a late result is no error: nobody asks for it, that is all.",
    )
    trace = await run("given_up")
    died = [thread.panic for thread in trace.student_threads if thread.panic]
    expect(
        not died and not trace.stderr,
        code="late-result-not-quiet",
        message="A call was given up, and its late end was told to nobody's use.",
        measured="exceptions that ended threads of the pool, and what was written to stderr",
        seen=[died, trace.stderr[:200]],
        wanted=[[], ""],
    )


@check(
    points=2,
    title="shutdown cancels what has not begun, waits for what runs, and leaves no thread",
    concept="orderly shutdown",
    evidence="outside",
    witness="nothing_left",
    about="Runtime.shutdown",
)
async def test_shutdown(run: Run, explore: Explore) -> None:
    trace = await run("shut_down", allow=("deadlock",))
    expect(
        trace.has("took"),
        code="shutdown-hangs",
        message="shutdown did not return.",
        measured="shutdown() while two functions run and three calls wait",
        seen="it waits for ever",
        wanted="it returns after 4.0 s",
        means="A thread that sleeps does not see a flag: call it. One call ends one thread, so there have to be as many as threads.",
    )
    down = trace.mark("down")
    alive = [each for each in trace.student_threads if each.ended_ns < 0 or each.ended_ns > down.time_s * 1e9 + 1]
    expect(
        not alive,
        code="threads-left",
        message="When shutdown returned, threads of the pool were still alive.",
        measured="threads alive when shutdown returned",
        seen=len(alive),
        wanted=0,
        means="Tell the threads that there will be no more work, and join them.",
        place=alive[0] if alive else None,
    )
    took = trace.note("took").value
    expect(
        abs(took - 4.0) <= NEAR_S and _value(trace, "ran") == [0, 1],
        code="queued-calls-made"
        if trace.has("ran") and len(trace.note("ran").value) > 2
        else "shutdown-took-another-time",
        message="shutdown did not wait for the functions that run, and for nothing else.",
        measured="calls that were made, and how long shutdown took; two functions have 4 s to go, three calls wait",
        seen=[_value(trace, "ran"), took],
        wanted=[[0, 1], 4.0],
        means="A function that runs cannot be stopped. A call that has not begun can: take it out of the queue.",
    )
    wanted: list[Any] = [["value", 0], ["value", 1], ["Cancelled"], ["Cancelled"], ["Cancelled"]]
    expect(
        _value(trace, "handles") == wanted,
        code="handles-not-told",
        message="After shutdown, the handles do not tell how their calls ended.",
        measured="what awaiting them gives: two calls ran, three waited",
        seen=_value(trace, "handles"),
        wanted=wanted,
        means="Whoever awaits a call that will never be made has to be told so, or waits for ever. What ran has a result, "
        "also when it came during the shutdown.",
    )
    expect(
        trace.note("refused").value == ["raised", "PoolClosed"],
        code="calls-taken-after-shutdown",
        message="spawn_blocking after shutdown did not raise PoolClosed.",
        measured="spawn_blocking after shutdown",
        seen=trace.note("refused").value,
        wanted=["raised", "PoolClosed"],
    )
    trace = await run("shut_down_in_a_hurry", allow=("deadlock",))
    took, alive = _value(trace, "took"), trace.alive_at_end()
    expect(
        isinstance(took, float) and abs(took - 1.0) <= NEAR_S and not alive,
        code="time-out-not-kept" if not alive else "threads-left",
        message="shutdown(timeout=1.0) did not give up waiting after a second, with every thread told to end.",
        measured="seconds that it took, when two functions run for ten; threads alive long afterwards",
        seen=[took, len(alive)],
        wanted=[1.0, 0],
        means="The time-out is for all threads together. And a thread whose function ends later still has to end then.",
        place=alive[0] if alive else None,
    )
    await _explore(run, explore, "shut_down_as_a_call_begins", _ran_or_cancelled, schedules=120, upon_own=160)


def _ran_or_cancelled(trace: Trace) -> None:
    """Under any schedule a call is made, and its handle has the value; or it is not, and the handle says Cancelled."""
    alive = trace.alive_at_end()
    expect(
        trace.has("down") and not alive,
        code="threads-left" if trace.has("down") else "shutdown-hangs",
        message="After shutdown a thread of the pool was left." if trace.has("down") else "shutdown did not return.",
        measured="threads alive after the shutdown of a runtime whose only thread was about to take a call",
        seen=len(alive),
        wanted=0,
        means="The thread has looked for work and was about to sleep, or about to take a call. Looking whether the pool is closed, taking a "
        "call and falling asleep have to be one step, under the lock under which it is closed.",
        place=alive[0] if alive else None,
    )
    ran, handles = trace.note("ran").value, _value(trace, "handles")
    wanted = [["value", number] if number in ran else ["Cancelled"] for number in range(2)]
    expect(
        handles == wanted,
        code="neither-made-nor-cancelled",
        message="A call that was in the queue at the shutdown was neither made, with its value told, nor cancelled.",
        measured=f"what awaiting two calls gave, of which {ran or 'none'} {'was' if len(ran) < 2 else 'were'} made",
        seen=handles,
        wanted=wanted,
        means="The queue is emptied by shutdown and by the thread at the same time. Who takes a call out of it decides what becomes of it: take "
        "it out under the lock, and cancel only what you have taken out.",
    )


@witness("runtime_that_is_shut_down")
def nothing_left(watch: Watch) -> None:
    """When shutdown returns, no thread is left, and of the calls in the queue none was made."""
    watch.serve("first")
    watch.hold(shut_down=1, job=1)
    watch.answer_all("shut_down")
    inside = watch.settle()  # nobody can move: it is in shutdown, and waits for the thread that is held
    watch.serve("job")
    watch.hold(over=1)
    made = len(watch.seen("job"))
    watch.fact(made == 1 or not inside, "calls made, of one that ran and two that waited at the shutdown", made, 1)
    watch.alone("when shutdown returned")


@check(
    points=1,
    title="find_blockers names the tasks that hold up the loop, and no others",
    concept="finding blocking calls",
    witness="held_for_real",
    about="find_blockers",
)
async def test_find_blockers(run: Run) -> None:
    trace = await run("blockers")
    seconds = [
        *trace.note("asked").value,
        0.0,
        0.0,
    ]  # who is held up by its call holds up the loop: another check's matter
    asked = [["asks_the_pool"] if each > 0.1 else [] for each in seconds]
    names, wanted = trace.note("names").value, [*asked[0], "panics_after_long", "sorts_a_big_list"]
    expect(
        set(wanted) <= set(names),
        code="blocker-not-found",
        message="find_blockers did not name a task that held up the loop.",
        measured="names of tasks of which a single poll took more than 0.1 s",
        seen=names,
        wanted=wanted,
        means="Measure each poll, with a clock that goes on while a thread sleeps; one that ends with a panic, too.",
    )
    expect(
        names == wanted,
        code="others-blamed",
        message="find_blockers named a task that holds up nobody, or one twice.",
        measured="names of tasks of which a single poll took more than 0.1 s",
        seen=names,
        wanted=wanted,
        means="A task that is suspended holds up nobody, however long. Measure from the beginning of a poll to its end, and each poll by itself.",
    )
    again = trace.note("again").value
    expect(
        again == asked[1],
        code="others-blamed",
        message="find_blockers named tasks of another run.",
        measured="names, when the only task of this run asks the pool",
        seen=again,
        wanted=asked[1],
    )
    names, wanted = trace.note("main").value, ["holds_it_twice"]
    expect(
        wanted[0] in names,
        code="blocker-not-found",
        message="find_blockers did not name the coroutine given to block_on, which held up the loop.",
        measured="names, when the only task is the coroutine given to block_on, of which two polls took long",
        seen=names,
        wanted=wanted,
        means="The coroutine given to block_on is a task, too.",
    )
    expect(
        names == wanted,
        code="others-blamed",
        message="find_blockers named a task that holds up nobody, or one twice.",
        measured="names, when the only task is the coroutine given to block_on, of which two polls took long",
        seen=names,
        wanted=wanted,
    )


@witness("task_that_is_held")
def held_for_real(watch: Watch) -> None:
    """The judge holds a task within its poll, four times as long as the limit, in real time: that must have been seen."""
    watch.serve("limit", LIMIT_S)
    watch.hold(hold=1)
    time.sleep(4 * LIMIT_S)
    watch.answer_all("hold")
    watch.hold(names=1)
    names = watch.open("names")[0].value
    measured = (
        f"names from find_blockers, of a task that the judge held for {4 * LIMIT_S:g} s, with a limit of {LIMIT_S:g} s"
    )
    watch.fact(isinstance(names, list) and "holds_the_loop" in names, measured, names, ["holds_the_loop"])


def _spins(trace: Trace) -> list[int]:
    """The lines on which a thread was seen going round without any effect."""
    return sorted({event.line for event in trace.record.events if event.kind == "spin"})


async def _explore(
    run: Run,
    explore: Explore,
    scenario: str,
    predicate: Callable[[Trace], None],
    *,
    schedules: int,
    upon_own: int | None = None,
) -> None:
    """Hold `predicate` against many schedules; against one, if a thread spins: that costs a check of its own."""
    trace = await run(scenario, allow=("deadlock",))
    if not _spins(trace):
        await explore(scenario, predicate, schedules=schedules, upon_own=upon_own, allow=("deadlock",))
    else:
        predicate(trace)
        expect.note(
            code="not-explored",
            message="Threads that spin were tried under one schedule only; see the check about waking the loop.",
        )
